"""`tf.graph_util.convert_variables_to_constants`: a graph that holds the values of its variables."""
from __future__ import annotations

from collections.abc import Container
from typing import Any

from rekindle._src import tf_logging as logging
from rekindle._src.graph import proto
from rekindle._src.graph.tensor_value import make_tensor_proto
from rekindle._src.names import public
from rekindle._src.rewrite.nodes import extract_sub_graph, node_name

_VARIABLES = ("Variable", "VariableV2", "VarHandleOp")
_READS = ("ReadVariableOp", "ResourceGather")
#: ops through which a handle may come to where the variable is read -> how many inputs bring it
_THROUGH = {"Switch": 1, "Enter": 1, "Exit": 1, "Identity": 1, "Merge": 2, "NextIteration": 1}


@public("graph_util.convert_variables_to_constants")
def convert_variables_to_constants(
    sess: Any,
    input_graph_def: Any,
    output_node_names: list[str],
    variable_names_whitelist: Container[str] | None = None,
    variable_names_blacklist: Container[str] | None = None,
) -> Any:
    """A GraphDef of what the outputs need, its variables as Const nodes with their values.

    Args:
      sess: the session that has the values.
      input_graph_def: the GraphDef.
      output_node_names: names of the nodes to keep, with what they need.
      variable_names_whitelist: names of the variables to convert; default: all.
      variable_names_blacklist: names of variables to keep.

    Raises:
      ValueError: a read has no variable, or a gather has batch dimensions.
    """
    graph_def = extract_sub_graph(input_graph_def, output_node_names)
    by_name = {node.name: node for node in graph_def.node}
    variables = [
        node
        for node in graph_def.node
        if node.op in _VARIABLES
        and (variable_names_whitelist is None or node.name in variable_names_whitelist)
        and (variable_names_blacklist is None or node.name not in variable_names_blacklist)
    ]
    handles = _handle_types(graph_def, by_name)
    fetches = [_value_name(sess.graph, node) for node in variables]
    values = dict(zip((one.name for one in variables), sess.run(fetches) if fetches else (), strict=True))
    logging.info("Froze %d variables.", len(values))
    kept = {node.name for node in graph_def.node if node.op == "VarHandleOp"} - values.keys()
    out = proto.GraphDef(library=graph_def.library)
    for node in graph_def.node:
        if node.name in values:
            value = values[node.name]
            out.node.append(const_node(node.name, node.attr["dtype"], value, value.shape))
        elif node.name in handles and not _sources(node, by_name) & kept:
            out.node.append(_typed(node, handles[node.name]))
        elif node.op in _READS and not _sources(node, by_name) & kept:
            out.node.extend(_read_nodes(node))
        else:
            out.node.append(node)
    logging.info("Converted %d variables to const ops.", len(values))
    return out


def const_node(name: str, dtype: Any, value: Any, shape: Any = None) -> Any:
    """A Const NodeDef; `dtype` is an AttrValue."""
    node = proto.NodeDef(op="Const", name=name)
    node.attr["dtype"].CopyFrom(dtype)
    node.attr["value"].tensor.CopyFrom(make_tensor_proto(value, dtype.type, shape))
    return node


def _value_name(graph: Any, node: Any) -> str:
    """The tensor that has the value of a variable."""
    if node.op != "VarHandleOp":
        return f"{node.name}:0"
    usual = f"{node.name}/Read/ReadVariableOp"
    handle = graph.get_operation_by_name(node.name).outputs[0]
    reads = [op.name for op in handle.consumers() if op.type == "ReadVariableOp"]
    return f"{reads[0]}:0" if reads and usual not in reads else f"{usual}:0"


def _handle_types(graph_def: Any, by_name: dict[str, Any]) -> dict[str, Any]:
    """Node between a variable and where it is read -> the AttrValue of the variable's type."""
    found: dict[str, Any] = {}
    for node in graph_def.node:
        if node.op not in _READS:
            continue
        waiting = [node_name(node.input[0])]
        while waiting:
            source = by_name[waiting.pop()]
            if source.op in _THROUGH:
                if source.name not in found:
                    found[source.name] = node.attr["dtype"]
                    waiting += [node_name(one) for one in source.input[: _THROUGH[source.op]]]
            elif source.op != "VarHandleOp":
                raise ValueError("Cannot find the variable that is an input to the ReadVariableOp.")
    return found


def _sources(node: Any, by_name: dict[str, Any]) -> set[str]:
    """Names of the variables whose handles come to a node."""
    found: set[str] = set()
    waiting, seen = [node_name(node.input[0])], set()
    while waiting:
        name = waiting.pop()
        source = by_name[name]
        if name in seen:
            continue
        seen.add(name)
        if source.op in _THROUGH:
            waiting += [node_name(one) for one in source.input[: _THROUGH[source.op]]]
        found.add(name)
    return found


def _typed(node: Any, dtype: Any) -> Any:
    """A node that passes a handle on, passing the value on."""
    out = proto.NodeDef()
    out.CopyFrom(node)
    out.device = ""
    out.attr.pop("_output_shapes", None)
    out.attr["T"].CopyFrom(dtype)
    return out


def _read_nodes(node: Any) -> list[Any]:
    """What reads a constant in place of a variable: Identity, or GatherV2 with its axis."""
    out = proto.NodeDef(name=node.name)
    if "_class" in node.attr:
        out.attr["_class"].CopyFrom(node.attr["_class"])
    if node.op == "ReadVariableOp":
        out.op = "Identity"
        out.input.append(node.input[0])
        out.attr["T"].CopyFrom(node.attr["dtype"])
        return [out]
    if node.attr["batch_dims"].i:
        raise ValueError("batch_dims != 0 is not supported by freeze_graph.")
    indices = node.attr["Tindices"]
    axis = const_node(f"{node.name}/axis", indices, 0)
    out.op = "GatherV2"
    out.input.extend([*node.input[:2], axis.name])
    out.attr["Tparams"].CopyFrom(node.attr["dtype"])
    for attr in ("Tindices", "Taxis"):
        out.attr[attr].CopyFrom(indices)
    return [axis, out]
