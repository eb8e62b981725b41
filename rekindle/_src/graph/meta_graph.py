"""A graph with its collections and saver as a MetaGraphDef.

Holds `create_meta_graph_def`, `export_scoped_meta_graph`, `read_meta_graph_file`, and the registry
of collections whose items have a message of their own (`register_proto_function`).
"""
from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from google.protobuf import text_format
from google.protobuf.message import DecodeError, Message

from rekindle._src import tf_logging as logging
from rekindle._src.graph import attrs, proto, scopes, signatures
from rekindle._src.graph.collections import GraphKeys
from rekindle._src.graph.graph import Graph
from rekindle._src.graph.operation import op_def
from rekindle._src.names import export

#: the TensorFlow that files say wrote them
VERSION = "1.15.5"
GIT_VERSION = "v1.15.4-39-g3db52be"
for _name in ("VERSION", "version.VERSION", "__version__"):
    export(_name, __name__, "VERSION")
for _name in ("GIT_VERSION", "version.GIT_VERSION", "__git_version__"):
    export(_name, __name__, "GIT_VERSION")

UNBOUND_INPUT = "$unbound_inputs_"
_SAVER_OPS = frozenset(
    "SaveV2 Save SaveSlice LegacySave LegacySaveSlice RestoreV2 Restore RestoreSlice LegacyRestore "
    "LegacyRestoreSlice".split()
)
_FUNCTION_OPS = frozenset(("_Arg", "_Retval", "_ListToArray", "_ArrayToList"))


class ProtoFunctions(NamedTuple):
    """How the items of a collection become messages and are made from them."""

    proto_type: Any
    to_proto: Callable[..., Any] | None
    from_proto: Callable[..., Any] | None


_REGISTERED: dict[str, ProtoFunctions] = {}


def register_proto_function(
    collection_name: str,
    proto_type: Any = None,
    to_proto: Callable[..., Any] | None = None,
    from_proto: Callable[..., Any] | None = None,
) -> None:
    """Say how items of a collection are kept in a MetaGraph.

    Args:
      collection_name: the collection.
      proto_type: the message class.
      to_proto: `to_proto(item, export_scope=...)` gives the message, or None to leave the item out.
      from_proto: `from_proto(message, import_scope=...)` gives the item.

    Raises:
      TypeError: a function cannot be called.
      ValueError: the collection is registered already.
    """
    if to_proto is not None and not callable(to_proto):
        raise TypeError("to_proto must be callable.")
    if from_proto is not None and not callable(from_proto):
        raise TypeError("from_proto must be callable.")
    if collection_name in _REGISTERED:
        raise ValueError(f"proto functions of collection {collection_name} are registered already")
    _REGISTERED[collection_name] = ProtoFunctions(proto_type, to_proto, from_proto)


def proto_functions(collection_name: str) -> ProtoFunctions:
    """What was registered for a collection, or three times None."""
    return _REGISTERED.get(collection_name, ProtoFunctions(None, None, None))


def strip_name_scope(name: Any, export_scope: str | None) -> str:
    """`name` without its scope: "a/b:0" -> "b:0", "^a/b" -> "^b", "loc:@a/b" -> "loc:@b"."""
    name = name.decode() if isinstance(name, bytes) else str(name)
    if not export_scope:
        return name
    scope = export_scope.removesuffix("/")
    return re.sub(rf"(\^|loc:@|^){re.escape(scope)}[/]+(.*)", r"\1\2", name, count=1)


def prepend_name_scope(name: Any, import_scope: str | None) -> Any:
    """`name` below a scope: "b:0" -> "a/b:0", "^b" -> "^a/b", "loc:@b" -> "loc:@a/b"."""
    if not import_scope:
        return name
    name = name.decode() if isinstance(name, bytes) else str(name)
    scope = import_scope.removesuffix("/")
    return re.sub(r"(\^|loc:@|^)(.*)", lambda m: f"{m[1]}{scope}/{m[2]}", name, count=1)


def read_meta_graph_file(filename: str) -> Any:
    """The MetaGraphDef in a file, binary or text.

    Raises:
      OSError: there is no such file, or it is no MetaGraphDef.
    """
    if not os.path.exists(filename):
        raise OSError(f"File {filename} does not exist.")
    with open(filename, "rb") as file:
        content = file.read()
    try:
        return proto.MetaGraphDef.FromString(content)
    except DecodeError:
        pass  # it may be text
    try:
        return text_format.Parse(content.decode(), proto.MetaGraphDef())
    except (text_format.ParseError, UnicodeDecodeError) as error:
        raise OSError(f"Cannot parse file {filename}: {error}.") from None


def ops_used_by_graph_def(graph_def: Any) -> list[str]:
    """The types of the ops that a GraphDef and those functions use that it calls, each once."""
    functions = {one.signature.name: one for one in graph_def.library.function}
    used: set[str] = set()
    waiting = [node.op for node in graph_def.node]
    while waiting:
        op_type = waiting.pop()
        if op_type not in used and op_type in functions:
            waiting += [node.op for node in functions[op_type].node_def]
        used.add(op_type)
    return sorted(used - functions.keys())


def stripped_op_list_for_graph(graph_def: Any) -> Any:
    """The OpList of the ops that a GraphDef and its functions use, sorted by name.

    Raises:
      ValueError: an op is not known.
    """
    used = set(ops_used_by_graph_def(graph_def))
    for op_type in sorted(used - _FUNCTION_OPS):
        if not signatures.is_known(op_type):
            raise ValueError(f"Op {op_type} is used by the graph, but is not registered")
    known = sorted(one for one in used if signatures.is_known(one))
    return proto.OpList(op=[op_def(signatures.signature(one)) for one in known])


def strip_default_attrs(graph_def: Any) -> None:
    """Take attrs that have their default out of the nodes of a GraphDef, its functions' too."""
    functions = {one.signature.name for one in graph_def.library.function}
    bodies = [graph_def.node, *(one.node_def for one in graph_def.library.function)]
    for node in (node for body in bodies for node in body):
        if node.op in functions or not signatures.is_known(node.op):
            continue
        for attr in signatures.signature(node.op).attrs:
            if attr.name not in node.attr or attr.default is signatures.REQUIRED:
                continue
            if node.attr[attr.name] == attrs.to_proto(attr.type, attr.default):
                del node.attr[attr.name]


def create_meta_graph_def(
    meta_info_def: Any = None,
    graph_def: Any = None,
    saver_def: Any = None,
    collection_list: Iterable[str] | None = None,
    graph: Any = None,
    *,
    export_scope: str | None = None,
    exclude_nodes: frozenset[str] = frozenset(),
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
) -> Any:
    """A MetaGraphDef of a graph.

    Args:
      meta_info_def: its MetaInfoDef; the versions and ops used are filled in.
      graph_def: its GraphDef; default: that of `graph`, with shapes.
      saver_def: its SaverDef.
      collection_list: names of the collections to keep; default: all.
      graph: the graph that has the collections; default: the default graph.
      export_scope: the scope to take off names; items elsewhere are left out.
      exclude_nodes: names of nodes that no collection is to list.
      clear_extraneous_savers: keep `saver_def` only in the collection of savers.
      strip_default_attrs: leave attrs with their default out of the nodes.

    Raises:
      TypeError: an argument is of the wrong type.
    """
    for name, given, wanted in (
        ("graph", graph, Graph),
        ("meta_info_def", meta_info_def, proto.MetaGraphDef.MetaInfoDef),
        ("graph_def", graph_def, proto.GraphDef),
        ("saver_def", saver_def, proto.SaverDef),
    ):
        if given and not isinstance(given, wanted):
            kind = wanted.__name__
            raise TypeError(f"{name} must be of type {kind}, not {type(given)}")
    graph = graph or scopes.get_default_graph()
    out = proto.MetaGraphDef(meta_info_def=meta_info_def)
    out.meta_info_def.tensorflow_version = VERSION
    out.meta_info_def.tensorflow_git_version = GIT_VERSION
    out.graph_def.CopyFrom(graph_def or graph.as_graph_def(add_shapes=True))
    if not out.meta_info_def.stripped_op_list.op:
        ops = stripped_op_list_for_graph(out.graph_def)
        out.meta_info_def.stripped_op_list.CopyFrom(ops)
    if strip_default_attrs:
        _strip(out)
    if saver_def:
        out.saver_def.CopyFrom(saver_def)
    keys = graph.get_all_collection_keys() if collection_list is None else collection_list
    for key in keys:
        items = graph.get_collection(key)
        if clear_extraneous_savers and key == GraphKeys.SAVERS:
            items = [proto_functions(key).from_proto(saver_def)]  # type: ignore[misc]
        _add_collection(out, key, items, export_scope, exclude_nodes)
    return out


def _strip(meta_graph_def: Any) -> None:
    strip_default_attrs(meta_graph_def.graph_def)
    meta_graph_def.meta_info_def.stripped_default_attrs = True


def add_collection_def(
    meta_graph_def: Any, key: Any, graph: Any = None, export_scope: str | None = None
) -> None:
    """Add one collection of a graph to a MetaGraphDef."""
    items = (graph or scopes.get_default_graph()).get_collection(key)
    _add_collection(meta_graph_def, key, items, export_scope, frozenset())


def _add_collection(
    out: Any, key: Any, items: list[Any], export_scope: str | None, excluded: frozenset[str]
) -> None:
    """Add `items` as the collection `key`; a kind that has no form is left out with a warning."""
    if not isinstance(key, str | bytes):
        logging.warning(
            "Only collections with string type keys will be serialized. This key has %s", type(key)
        )
        return
    items = [one for one in items if _is_included(one, export_scope, excluded)]
    if not items:
        return
    try:
        name = key.decode() if isinstance(key, bytes) else key
        _fill_collection(out.collection_def[name], name, items, export_scope)
    except (TypeError, ValueError, AttributeError) as error:
        logging.warning(
            "Issue encountered when serializing %s.\nType is unsupported, or the types of the "
            "items don't match field type in CollectionDef. Note this is a warning and probably "
            "safe to ignore.\n%s",
            key,
            error,
        )
        del out.collection_def[key]


def _fill_collection(
    collection: Any, key: str, items: list[Any], export_scope: str | None
) -> None:
    to_proto = proto_functions(key).to_proto
    first = items[0]
    if to_proto is not None:
        found = [to_proto(one, export_scope=export_scope) for one in items]
        kept = [one.SerializeToString() for one in found if one is not None]
        collection.bytes_list.value.extend(kept)
    elif isinstance(first, str | bytes):
        values = [one.encode() if isinstance(one, str) else one for one in items]
        collection.bytes_list.value.extend(values)
    elif isinstance(first, int):
        collection.int64_list.value.extend(items)
    elif isinstance(first, float):
        collection.float_list.value.extend(items)
    elif _is_any(first):
        packed = [one.SerializeToString() for one in items]
        collection.any_list.value.extend(map(proto.Any.FromString, packed))
    else:
        inside = [one for one in items if not export_scope or one.name.startswith(export_scope)]
        names = [strip_name_scope(one.name, export_scope) for one in inside]
        collection.node_list.value.extend(names)


def _is_any(item: Any) -> bool:
    """Whether an item is a packed message, of whichever of protobuf's classes of that name."""
    return isinstance(item, Message) and item.DESCRIPTOR.full_name == "google.protobuf.Any"


def _is_included(item: Any, export_scope: str | None, excluded: frozenset[str]) -> bool:
    """Whether an item with a name (or a name) is to be exported; others always are."""
    name = item if isinstance(item, str) else getattr(item, "name", None)
    if name is None:
        return True
    if name in excluded:
        return False
    inside = not export_scope or name.startswith(export_scope)
    return inside or name.startswith(UNBOUND_INPUT)


def export_scoped_meta_graph(
    filename: str | None = None,
    graph_def: Any = None,
    graph: Any = None,
    export_scope: str | None = None,
    as_text: bool = False,
    *,
    unbound_inputs_col_name: str | None = "unbound_inputs",
    clear_devices: bool = False,
    saver_def: Any = None,
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
    meta_info_def: Any = None,
    collection_list: Iterable[str] | None = None,
) -> tuple[Any, dict[str, Any]]:
    """The MetaGraphDef of a graph, or of what is in one name scope of it; also written to a file.

    Args:
      filename: the file to write; None: none.
      graph_def: the GraphDef; default: that of the graph, with shapes.
      graph: the graph; default: the default graph.
      export_scope: the scope to export; it is taken off the names.
      as_text: write text instead of bytes.
      unbound_inputs_col_name: the collection that lists inputs from outside the scope.
      clear_devices: leave the devices out.
      saver_def: the SaverDef to keep.
      clear_extraneous_savers: leave out the nodes of other savers than `saver_def`'s.
      strip_default_attrs: leave attrs with their default out of the nodes.
      meta_info_def: the MetaInfoDef to begin with.
      collection_list: names of the collections to keep; default: all.

    Returns:
      The MetaGraphDef, and the variables in it by name without the scope.
    """
    graph = graph or scopes.get_default_graph()
    excluded: frozenset[str] = frozenset()
    if export_scope or clear_extraneous_savers or clear_devices:
        source = graph_def or graph.as_graph_def(add_shapes=True)
        if clear_extraneous_savers:
            excluded = extraneous_saver_nodes(source, saver_def)
        unbound: list[str] = []
        graph_def = _cut_graph_def(source, export_scope, excluded, clear_devices, unbound)
        if unbound_inputs_col_name:
            graph.clear_collection(unbound_inputs_col_name)
            for name in unbound:
                graph.add_to_collection(unbound_inputs_col_name, name)
    variables = {
        strip_name_scope(one.name, export_scope): one
        for one in graph.get_collection(GraphKeys.GLOBAL_VARIABLES, scope=export_scope)
        if _is_included(one, export_scope, excluded)
    }
    made = create_meta_graph_def(
        meta_info_def,
        graph_def,
        saver_def,
        collection_list,
        graph,
        export_scope=export_scope,
        exclude_nodes=excluded,
        clear_extraneous_savers=clear_extraneous_savers,
        strip_default_attrs=strip_default_attrs,
    )
    if filename:
        write_message(made, filename, as_text)
    return made, variables


def write_message(message: Any, path: str, as_text: bool = False) -> None:
    """Write a message to a file; a reader sees the old file or the new one, never a part."""
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    text = text_format.MessageToString(message) if as_text else ""
    partial = f"{path}.tmp{os.getpid()}.{threading.get_ident()}"
    with open(partial, "wb") as file:
        file.write(text.encode() if as_text else message.SerializeToString())
    os.replace(partial, path)


def extraneous_saver_nodes(graph_def: Any, saver_def: Any) -> frozenset[str]:
    """Names of the nodes in the scopes of savers other than that of `saver_def`."""
    kept: set[str] = set()
    if saver_def is not None:
        for name in (saver_def.save_tensor_name, saver_def.restore_op_name):
            kept.add(_scope_of(name))
    savers = {node.name for node in graph_def.node if node.op in _SAVER_OPS}
    dropped = tuple({_scope_of(one) for one in savers} - kept - {"/"})
    return frozenset(node.name for node in graph_def.node if node.name.startswith(dropped))


def _scope_of(name: str) -> str:
    return name.removeprefix("^").partition(":")[0].rpartition("/")[0] + "/"


def _cut_graph_def(
    source: Any,
    export_scope: str | None,
    excluded: frozenset[str],
    clear_devices: bool,
    unbound: list[str],
) -> Any:
    """A GraphDef's part inside a scope, without the scope; inputs from outside go to `unbound`."""
    out = proto.GraphDef(versions=source.versions)
    if source.HasField("library"):
        out.library.CopyFrom(source.library)
    for node in source.node:
        if not _is_included(node.name, export_scope, excluded):
            continue
        made = out.node.add()
        made.CopyFrom(node)
        if clear_devices:
            made.device = ""
        if export_scope:
            _strip_node(made, export_scope, unbound)
    return out


def _strip_node(node: Any, scope: str, unbound: list[str]) -> None:
    node.name = strip_name_scope(node.name, scope)
    for i, name in enumerate(node.input):
        if name.removeprefix("^").startswith(scope):
            node.input[i] = strip_name_scope(name, scope)
            continue
        mark = "^" if name.startswith("^") else ""
        node.input[i] = mark + UNBOUND_INPUT + name.removeprefix("^")
        unbound.append(node.input[i])
    if "_class" in node.attr:
        groups = node.attr["_class"].list.s
        inside = [one for one in groups if one.decode().partition("@")[2].startswith(scope)]
        stripped = [strip_name_scope(one, scope).encode() for one in inside]
        node.attr["_class"].list.ClearField("s")
        node.attr["_class"].list.s.extend(stripped)
    if node.op in ("Enter", "RefEnter"):
        frame = node.attr["frame_name"]
        frame.s = strip_name_scope(frame.s, scope).encode()
