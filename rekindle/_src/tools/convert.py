"""Checkpoints, frozen graphs and SavedModels to safetensors, and safetensors to checkpoints.

Holds `convert`. Tensors go one by one; nothing is unpickled.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, NamedTuple

from rekindle._src import errors
from rekindle._src.formats.checkpoint_reader import open_checkpoint
from rekindle._src.formats.graph_files import write_message
from rekindle._src.formats.tensor_bundle import BundleWriter
from rekindle._src.saved_model.files import get_variables_path, read_saved_model
from rekindle._src.tools.kinds import Found, recognize
from rekindle._src.tools.safetensors_files import Named, read_safetensors, write_safetensors
from rekindle._src.tools.slots import is_slot
from rekindle._src.tools.unfreeze import unfrozen

_SUFFIX = ".safetensors"


class Converted(NamedTuple):
    """What `convert` wrote: the paths, the tensors, and the names of those that it left out."""

    paths: list[str]
    tensors: int
    dropped: list[str]


def convert(source: str, target: str, keep_slots: bool = True) -> Converted:
    """Write what is at `source` in another format at `target`.

    Args:
      source: a checkpoint (a prefix, or a folder whose newest is meant), a SavedModel's folder, a frozen graph, a meta
        graph with constants, or a safetensors file.
      target: a path that ends with ".safetensors", or else the prefix of a checkpoint. Of a graph, its nodes are
        written beside as a MetaGraphDef with the suffix ".meta", the weights as variables.
      keep_slots: keep the optimizers' tensors.

    Raises:
      errors.OpError: the source cannot be read, or the target not be written.
    """
    found = recognize(source)
    if found.kind == "checkpoint state":
        found = _newest(found)
    graph = None
    if found.kind == "checkpoint":
        tensors, dropped = _checkpoint_tensors(found.path, keep_slots)
    elif found.kind == "safetensors":
        tensors, dropped = read_safetensors(found.path), []
    elif found.kind == "saved model":
        graph, tensors, dropped = _saved_model(found, keep_slots)
    elif found.kind in ("graph", "meta graph"):
        message = found.message if found.kind == "graph" else found.message.graph_def
        graph, weights = unfrozen(message)
        tensors, dropped = ((name, *one) for name, one in sorted(weights.items())), []
    else:
        message = f"{source} ({found.kind}): rekindle convert takes checkpoints, graphs, SavedModels and safetensors"
        raise errors.InvalidArgumentError(None, None, message)
    count = _write(target, tensors, {"source": f"{found.kind} {found.form}".strip()})
    paths = [target]
    if graph is not None:
        paths.append(target.removesuffix(_SUFFIX) + ".meta")
        write_message(graph, paths[-1])
    return Converted(paths, count, dropped)


def _newest(found: Found) -> Found:
    if found.message is None or not found.message.model_checkpoint_path:
        raise errors.DataLossError(None, None, f"{found.path} is no list of checkpoints")
    return recognize(os.path.join(os.path.dirname(found.path), found.message.model_checkpoint_path))


def _checkpoint_tensors(prefix: str, keep_slots: bool) -> tuple[Iterator[Named], list[str]]:
    reader = open_checkpoint(prefix)
    facts = {name: reader.facts(name) for name in reader.names()}
    shapes = {name: shape for name, (_, shape) in facts.items()}
    dropped = [] if keep_slots else [name for name in facts if is_slot(name, shapes)]
    kept = [name for name in facts if name not in set(dropped)]
    return ((name, facts[name][0], reader.read(name)) for name in kept), dropped


def _saved_model(found: Found, keep_slots: bool) -> tuple[Any, Iterator[Named], list[str]]:
    """The MetaGraphDef for serving (or the only one), and the variables."""
    folder = found.path if found.message is None else os.path.dirname(found.path)
    message = read_saved_model(folder)
    serving = [one for one in message.meta_graphs if "serve" in one.meta_info_def.tags]
    if not message.meta_graphs:
        raise errors.DataLossError(None, None, f"{folder} has no graph")
    graph = (serving or list(message.meta_graphs))[0]
    variables = get_variables_path(folder)
    if os.path.exists(variables + ".index") or os.path.isfile(variables):
        return graph, *_checkpoint_tensors(variables, keep_slots)
    unfixed, weights = unfrozen(graph.graph_def)
    for key, value in unfixed.collection_def.items():
        graph.collection_def[key].CopyFrom(value)
    graph.graph_def.CopyFrom(unfixed.graph_def)
    return graph, ((name, *one) for name, one in sorted(weights.items())), []


def _write(target: str, tensors: Iterator[Named], metadata: dict[str, str]) -> int:
    """Write the tensors; gives their number."""
    count = 0

    def counted() -> Iterator[Named]:
        nonlocal count
        for one in tensors:
            count += 1
            yield one

    if target.endswith(_SUFFIX):
        write_safetensors(target, counted(), metadata)
        return count
    writer = BundleWriter(target)
    try:
        for name, dtype, array in counted():
            writer.add(name, array, dtype)
    except BaseException:
        writer.abandon()
        raise
    writer.finish()
    return count
