"""What files hold, as plain values that JSON can write: names, shapes, types, sizes, signatures, ops.

Holds `describe`, which takes any path, and the descriptions of checkpoints and graphs; records and events are in
describe_records.py. Printing is in show.py.
"""

from __future__ import annotations

import collections
import json
import math
import os
import struct
from collections.abc import Callable, Iterable
from typing import Any

from rekindle._src import errors
from rekindle._src.formats import files, tensor_bundle
from rekindle._src.formats.checkpoint_reader import open_checkpoint
from rekindle._src.formats.tensor_bundle import BundleReader
from rekindle._src.graph import attrs, dtypes, opdef, proto
from rekindle._src.saved_model import constants
from rekindle._src.saved_model.files import get_variables_path, read_saved_model
from rekindle._src.tools import describe_records
from rekindle._src.tools.kinds import Found, data_files, recognize

_VARIABLES = ("Variable", "VariableV2", "VarHandleOp")
_OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"
Description = dict[str, Any]


def describe(path: str) -> Description:
    """What a path is and holds: "path", "kind", and more by kind.

    Raises:
      errors.OpError: nothing is there, or it is none of TensorFlow's files, or damaged.
    """
    found = recognize(path)
    out: Description = {"path": path, "kind": found.kind}
    if found.form:
        out["form"] = found.form
    return out | _DESCRIBERS[found.kind](found)


# Checkpoints.


def _checkpoint(found: Found) -> Description:
    reader = open_checkpoint(found.path)
    tensors = []
    for name in reader.names():
        dtype, shape = reader.facts(name)
        size = math.prod(shape) * dtype.size if dtype.is_numpy_compatible and dtype is not dtypes.string else None
        tensors.append({"name": name, "dtype": dtype.name, "shape": list(shape), "bytes": size})
    paths = data_files(found.path) if isinstance(reader, BundleReader) else [found.path]
    out: Description = {
        "prefix": found.path,
        "files": [{"path": one, "bytes": os.stat(one).st_size} for one in paths if os.path.exists(one)],
        "tensors": tensors,
        "elements": sum(math.prod(one["shape"]) for one in tensors if one["bytes"] is not None),
        "is_object_based": _OBJECT_GRAPH in reader,
    }
    if out["is_object_based"]:
        graph = proto.TrackableObjectGraph.FromString(reader.read(_OBJECT_GRAPH).item())
        out["objects"] = [
            {"children": {child.local_name: child.node_id for child in node.children},
             "attributes": {one.name: one.checkpoint_key for one in node.attributes}}
            for node in graph.nodes
        ]  # fmt: skip
    return out


def _state(found: Found) -> Description:
    folder = os.path.dirname(found.path)
    state = found.message
    if state is None:
        return {"damage": f"{found.path} is no list of checkpoints", "checkpoints": _checkpoints_in(folder)}
    paths = list(state.all_model_checkpoint_paths) or [state.model_checkpoint_path]
    out: Description = {
        "latest": state.model_checkpoint_path,
        "checkpoints": [_listed(os.path.join(folder, one)) for one in paths],
    }
    latest = os.path.join(folder, state.model_checkpoint_path)
    if _is_there(latest):
        out["checkpoint"] = describe(latest)
    else:
        out["damage"] = f"the files of {latest} are missing"
    return out


def _listed(prefix: str) -> Description:
    return {"path": prefix, "is_there": _is_there(prefix)}


def _is_there(prefix: str) -> bool:
    return os.path.exists(tensor_bundle.index_path(prefix)) or os.path.isfile(prefix)


def _checkpoints_in(folder: str) -> list[Description]:
    names = [one.removesuffix(".index") for one in os.listdir(folder or ".") if one.endswith(".index")]
    return [_listed(os.path.join(folder, one)) for one in sorted(names)]


def _safetensors(found: Found) -> Description:
    with files.open_file(found.path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        text = file.read(length)
    try:
        header = json.loads(text)
        metadata = header.pop("__metadata__", {})
        tensors = [
            {"name": name, "dtype": one["dtype"], "shape": [int(size) for size in one["shape"]],
             "bytes": one["data_offsets"][1] - one["data_offsets"][0]}
            for name, one in sorted(header.items())
        ]  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        message = f"{found.path} at offset 8: the header is not one of safetensors: {type(error).__name__} {error}"
        raise errors.DataLossError(None, None, message) from None
    elements = sum(math.prod(one["shape"]) for one in tensors)
    return {"tensors": tensors, "elements": elements, "metadata": metadata}


# Graphs.


def _graph(found: Found) -> Description:
    return graph_facts(found.message)


def graph_facts(graph: Any) -> Description:
    """What a GraphDef has: op counts, inputs, outputs, variables, constants, functions, and ops without a kernel."""
    counts = collections.Counter(node.op for node in graph.node)
    consumed = {source.lstrip("^").partition(":")[0] for node in graph.node for source in node.input}
    constants_ = [node for node in graph.node if node.op == "Const"]
    functions = [one.signature.name for one in graph.library.function]
    return {
        "nodes": len(graph.node),
        "ops": dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))),
        "inputs": [_typed(node) for node in graph.node if node.op.startswith("Placeholder")],
        "outputs": [
            {"name": node.name, "op": node.op}
            for node in graph.node
            if node.name not in consumed and node.op not in ("NoOp", "Const", *_VARIABLES)
        ],
        "variables": [_typed(node) for node in graph.node if node.op in _VARIABLES],
        "constants": {"count": len(constants_), "bytes": sum(node.ByteSize() for node in constants_)},
        "functions": functions,
        "producer": graph.versions.producer,
        "lacking": sorted(counts.keys() - opdef.OPS.keys() - set(functions)),
    }


def _typed(node: Any) -> Description:
    dtype = node.attr["dtype"].type if "dtype" in node.attr else 0
    shape = attrs.shape_from_proto(node.attr["shape"].shape) if "shape" in node.attr else None
    return {
        "name": node.name,
        "op": node.op,
        "dtype": type_name(dtype),
        "shape": None if shape is None else list(shape),
    }


def type_name(number: int) -> str:
    """The name of a type by its number in messages: "float32"; "unknown" for none."""
    try:
        return dtypes.as_dtype(number).name
    except TypeError:
        return "unknown"


def _meta_graph(found: Found) -> Description:
    return meta_graph_facts(found.message)


def meta_graph_facts(message: Any) -> Description:
    """What a MetaGraphDef has: tags, signatures, collections, assets, and its graph."""
    collected = {}
    for name, one in sorted(message.collection_def.items()):
        kind = one.WhichOneof("kind")
        collected[name] = len(getattr(one, kind).value) if kind else 0
    return {
        "tags": list(message.meta_info_def.tags),
        "written_by": message.meta_info_def.tensorflow_version,
        "signatures": {name: _signature(one) for name, one in sorted(message.signature_def.items())},
        "collections": collected,
        "saver": message.saver_def.restore_op_name or None,
        "assets": [one.filename for one in message.asset_file_def],
        "graph": graph_facts(message.graph_def),
    }


def _signature(signature: Any) -> Description:
    return {
        "method": signature.method_name,
        "inputs": {name: _tensor_info(one) for name, one in sorted(signature.inputs.items())},
        "outputs": {name: _tensor_info(one) for name, one in sorted(signature.outputs.items())},
    }


def _tensor_info(info: Any) -> Description:
    kind = info.WhichOneof("encoding")
    if kind == "coo_sparse":
        name = f"sparse({info.coo_sparse.indices_tensor_name}, {info.coo_sparse.values_tensor_name})"
    else:
        name = info.name
    shape = attrs.shape_from_proto(info.tensor_shape) if info.HasField("tensor_shape") else None
    return {
        "name": name,
        "dtype": type_name(info.dtype),
        "shape": None if shape is None else list(shape),
    }


def _saved_model(found: Found) -> Description:
    is_folder = found.message is None
    message = read_saved_model(found.path) if is_folder else found.message
    out: Description = {"meta_graphs": [meta_graph_facts(one) for one in message.meta_graphs]}
    folder = found.path if is_folder else os.path.dirname(found.path)
    variables = get_variables_path(folder)
    if _is_there(variables):
        out["checkpoint"] = describe(variables)
    assets = os.path.join(folder, constants.ASSETS_DIRECTORY)
    if os.path.isdir(assets):
        out["assets"] = sorted(os.listdir(assets))
    return out


# Folders.


def _folder(found: Found) -> Description:
    """The kinds of what is in a folder, not of what is further down."""
    inside = []
    names = sorted(os.listdir(found.path))
    prefixes = {name.removesuffix(".index") for name in names if name.endswith(".index")}
    for name in names:
        if any(name.startswith((f"{one}.index", f"{one}.data-")) for one in prefixes):
            continue
        inside.append(_child(found.path, name))
    inside += [_child(found.path, name) for name in sorted(prefixes)]
    return {"inside": inside}


def _child(folder: str, name: str) -> Description:
    path = os.path.join(folder, name)
    try:
        found = recognize(path)
        return {"path": path, "kind": found.kind, "form": found.form}
    except errors.OpError:
        return {"path": path, "kind": "other", "form": ""}


def _records(found: Found) -> Description:
    return describe_records.records(found.path, found.form)


def _events(found: Found) -> Description:
    return describe_records.events(found.path)


_DESCRIBERS: dict[str, Callable[[Found], Description]] = {
    "checkpoint": _checkpoint, "checkpoint state": _state, "safetensors": _safetensors, "graph": _graph,
    "meta graph": _meta_graph, "saved model": _saved_model, "folder": _folder, "records": _records, "events": _events,
}  # fmt: skip


def tensor_lines(tensors: Iterable[Description]) -> list[tuple[str, str, str, str]]:
    """Name, dtype, shape and size of tensors, as text."""
    return [
        (one["name"], one["dtype"], shape_text(one["shape"]), size_text(one.get("bytes"))) for one in tensors
    ]


def shape_text(shape: list[int | None] | None) -> str:
    """A shape: "[2, ?]"; "unknown" for none."""
    return "unknown" if shape is None else "[" + ", ".join("?" if d is None else str(d) for d in shape) + "]"


def size_text(size: int | None) -> str:
    """A number of bytes in words: "1.5 MiB"; "" for none."""
    if size is None:
        return ""
    value, unit = float(size), 0
    while value >= 1024 and unit < 4:
        value, unit = value / 1024, unit + 1
    return f"{size} B" if unit == 0 else f"{value:.1f} {('B', 'KiB', 'MiB', 'GiB', 'TiB')[unit]}"
