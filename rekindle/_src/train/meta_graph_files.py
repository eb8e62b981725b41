"""MetaGraphs in and out: `tf.train.export_meta_graph` and `tf.train.import_meta_graph`.

Writing is done by `graph/meta_graph.py`, the nodes are read by `formats/graph_import.py`; here the
collections come back, and a Saver for what was read.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from google.protobuf.message import DecodeError

from rekindle._src import errors
from rekindle._src import tf_logging as logging
from rekindle._src.formats.files import local_path
from rekindle._src.formats.graph_import import import_graph_def
from rekindle._src.graph import meta_graph, proto, scopes
from rekindle._src.graph.collections import GraphKeys
from rekindle._src.names import public
from rekindle._src.train import saveables
from rekindle._src.train.saver import Saver


@public("train.export_meta_graph")
def export_meta_graph(
    filename: str | None = None,
    meta_info_def: Any = None,
    graph_def: Any = None,
    saver_def: Any = None,
    collection_list: list[str] | None = None,
    as_text: bool = False,
    graph: Any = None,
    export_scope: str | None = None,
    clear_devices: bool = False,
    clear_extraneous_savers: bool = False,
    strip_default_attrs: bool = False,
    save_debug_info: bool = False,
    **kwargs: Any,
) -> Any:
    """A graph with its collections as a MetaGraphDef, also written to a file.

    Args:
      filename: the file to write; None: none.
      meta_info_def: the MetaInfoDef to begin with.
      graph_def: the GraphDef; default: that of the graph, with shapes.
      saver_def: the SaverDef to keep.
      collection_list: names of the collections to keep; default: all.
      as_text: write text instead of bytes.
      graph: the graph; default: the default graph.
      export_scope: the scope to export; it is taken off the names.
      clear_devices: leave the devices out.
      clear_extraneous_savers: leave out the nodes of other savers than `saver_def`'s.
      strip_default_attrs: leave attrs with their default out of the nodes.
      save_debug_info: not supported.
      **kwargs: `unbound_inputs_col_name`, the collection of inputs from outside the scope.
    """
    if save_debug_info:
        raise NotImplementedError("export_meta_graph(save_debug_info=True) is not supported")
    return meta_graph.export_scoped_meta_graph(
        filename and local_path(filename),
        graph_def,
        graph,
        export_scope,
        as_text,
        clear_devices=clear_devices,
        saver_def=saver_def,
        clear_extraneous_savers=clear_extraneous_savers,
        strip_default_attrs=strip_default_attrs,
        meta_info_def=meta_info_def,
        collection_list=collection_list,
        **kwargs,
    )[0]


@public("train.import_meta_graph")
def import_meta_graph(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    import_scope: str | None = None,
    **kwargs: Any,
) -> Saver | None:
    """Add a MetaGraph's nodes and collections to the default graph.

    Args:
      meta_graph_or_file: a MetaGraphDef, or the file of one.
      clear_devices: leave the devices out.
      import_scope: the scope to put names below.
      **kwargs: `input_map` and others of `import_scoped_meta_graph`.

    Returns:
      A Saver for its variables; None if it has none.

    Raises:
      OSError: there is no such file, or it is no MetaGraph.
      ValueError: inputs are missing.
    """
    return import_meta_graph_with_return_elements(
        meta_graph_or_file, clear_devices, import_scope, **kwargs
    )[0]


def import_meta_graph_with_return_elements(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    import_scope: str | None = None,
    return_elements: list[str] | None = None,
    **kwargs: Any,
) -> tuple[Saver | None, list[Any] | None]:
    """`import_meta_graph` that gives the operations and tensors of `return_elements` back, too."""
    given = meta_graph_or_file
    if not isinstance(given, proto.MetaGraphDef):
        given = meta_graph.read_meta_graph_file(local_path(given))
    variables, elements = import_scoped_meta_graph_with_return_elements(
        given, clear_devices, import_scope=import_scope, return_elements=return_elements, **kwargs
    )
    if not given.HasField("saver_def"):
        if saveables.all_saveable_objects(scope=import_scope):
            return Saver(), elements
        logging.info("Saver not created because there are no variables in the graph to restore")
        return None, elements
    scope = import_scope
    if variables:
        name, variable = next(iter(variables.items()))
        scope = variable.name[: -len(name)]
    return Saver(saver_def=given.saver_def, name=scope), elements


_import_meta_graph_with_return_elements = import_meta_graph_with_return_elements


def import_scoped_meta_graph(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    graph: Any = None,
    import_scope: str | None = None,
    input_map: dict[str, Any] | None = None,
    **kwargs: Any,
) -> dict[str, Any]:
    """Add a MetaGraph's nodes and collections to a graph; its variables by name without the scope.

    The arguments are those of `import_scoped_meta_graph_with_return_elements`.
    """
    return import_scoped_meta_graph_with_return_elements(
        meta_graph_or_file, clear_devices, graph, import_scope, input_map, **kwargs
    )[0]


def import_scoped_meta_graph_with_return_elements(
    meta_graph_or_file: Any,
    clear_devices: bool = False,
    graph: Any = None,
    import_scope: str | None = None,
    input_map: dict[str, Any] | None = None,
    *,
    unbound_inputs_col_name: str | None = "unbound_inputs",
    restore_collections_predicate: Callable[[str], bool] = lambda key: True,
    return_elements: list[str] | None = None,
) -> tuple[dict[str, Any], list[Any] | None]:
    """Add a MetaGraph's nodes and collections to a graph.

    Args:
      meta_graph_or_file: a MetaGraphDef, or the file of one.
      clear_devices: leave the devices out.
      graph: the graph; default: the default graph.
      import_scope: the scope to put names below.
      input_map: names of inputs to tensors that replace them.
      unbound_inputs_col_name: the collection that lists the inputs that must be replaced.
      restore_collections_predicate: says of a collection's name whether it is wanted.
      return_elements: names of operations and tensors to give back.

    Returns:
      The variables by name without the scope, and the elements asked for.

    Raises:
      OSError: there is no such file, or it is no MetaGraph.
      ValueError: inputs are missing.
    """
    given = meta_graph_or_file
    if not isinstance(given, proto.MetaGraphDef):
        given = meta_graph.read_meta_graph_file(local_path(given))
    _check_unbound(given, unbound_inputs_col_name, input_map)
    graph = graph or scopes.get_default_graph()
    with graph.as_default():
        if clear_devices:
            for node in given.graph_def.node:
                node.device = ""
        info = given.meta_info_def
        ops = info.stripped_op_list if info.HasField("stripped_op_list") else None
        scope = graph.unique_name(import_scope or "", mark_as_used=False)
        elements = import_graph_def(
            given.graph_def,
            name=import_scope or scope,
            input_map=input_map,
            producer_op_list=ops,
            return_elements=return_elements,
        )
        _restore_collections(
            given,
            graph,
            scope,
            lambda key: key != unbound_inputs_col_name and restore_collections_predicate(key),
        )
    found = graph.get_collection(GraphKeys.GLOBAL_VARIABLES, scope=scope)
    return {meta_graph.strip_name_scope(one.name, scope): one for one in found}, elements


def copy_scoped_meta_graph(
    from_scope: str, to_scope: str, from_graph: Any = None, to_graph: Any = None
) -> dict[str, Any]:
    """Copy what is in one name scope to another; its variables by name without the scope.

    Args:
      from_scope: the scope to copy.
      to_scope: the scope to put the copy in.
      from_graph: the graph to copy from; default: the default graph.
      to_graph: the graph to copy to; default: the default graph.

    Raises:
      ValueError: both scopes are the same in one graph.
    """
    from_graph = from_graph or scopes.get_default_graph()
    to_graph = to_graph or scopes.get_default_graph()
    if from_graph is to_graph and from_scope == to_scope:
        raise ValueError(
            "'from_scope' and 'to_scope' need to be different when performing copy in the same graph."
        )
    found = meta_graph.export_scoped_meta_graph(export_scope=from_scope, graph=from_graph)[0]
    return import_scoped_meta_graph(found, graph=to_graph, import_scope=to_scope)


def _check_unbound(given: Any, name: str | None, input_map: dict[str, Any] | None) -> None:
    """Refuse a MetaGraph whose inputs from outside are not all in `input_map`."""
    if not name or name not in given.collection_def:
        return
    collection = given.collection_def[name]
    kind = collection.WhichOneof("kind")
    names = [
        one.decode() if isinstance(one, bytes) else str(one)
        for one in (getattr(collection, kind).value if kind else ())
    ]
    if names and (not input_map or sorted(names) != sorted(input_map)):
        missing = ",".join(one for one in names if not input_map or one not in input_map)
        raise ValueError(
            f"Graph contains unbound inputs: {missing}. Must provide these inputs through "
            "input_map."
        )


def _restore_collections(
    given: Any, graph: Any, scope: str, is_wanted: Callable[[str], bool]
) -> None:
    # trainable variables first: older files say only there which variables are
    keys = sorted(given.collection_def, key=lambda k: (k != GraphKeys.TRAINABLE_VARIABLES, k))
    version = given.meta_info_def.tensorflow_version
    says_trainable = not version or _numbers(version) >= (1, 9)
    variables: dict[bytes, Any] = {}
    for key in keys:
        collection = given.collection_def[key]
        kind = collection.WhichOneof("kind")
        if not is_wanted(key):
            continue
        if kind is None:
            logging.error("Cannot identify data type for collection %s. Skipping.", key)
            continue
        values = getattr(collection, kind).value
        functions = meta_graph.proto_functions(key)
        if kind == "bytes_list" and functions.from_proto is not None:
            for value in values:
                item = variables.get(value)
                if item is None:
                    message = _item(functions.proto_type, value, key)
                    if isinstance(message, proto.VariableDef) and not says_trainable:
                        message.trainable = key == GraphKeys.TRAINABLE_VARIABLES
                    item = functions.from_proto(message, import_scope=scope)
                if key in GraphKeys._VARIABLE_COLLECTIONS:
                    variables[value] = item
                graph.add_to_collection(key, item)
        elif kind == "node_list":
            for value in values:
                name = meta_graph.prepend_name_scope(value, scope)
                graph.add_to_collection(key, graph.as_graph_element(name))
        else:
            for value in values:
                text = meta_graph.prepend_name_scope(value, scope) if kind == "bytes_list" else None
                graph.add_to_collection(key, value if text is None else text)


def _item(kind: Any, value: bytes, key: str) -> Any:
    """The message of an item of a collection.

    Raises:
      errors.DataLossError: the item is no such message.
    """
    try:
        return kind.FromString(value)
    except DecodeError as error:
        said = f"An item of the collection {key} is no {kind.DESCRIPTOR.full_name}: {error}"
        raise errors.DataLossError(None, None, said) from None


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")[:2]
    return tuple(int(one) if one.isdigit() else 0 for one in parts)
