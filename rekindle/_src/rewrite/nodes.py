"""`tf.graph_util` on nodes: the part of a GraphDef that outputs need, and what only training needs.

Variables become constants in `constants.py`.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rekindle._src.graph import dtypes, proto
from rekindle._src.graph.operation import Operation
from rekindle._src.names import public

_OF_VARIABLES = frozenset((
    "Assign", "AssignAdd", "AssignSub", "Queue", "ScatterAdd", "ScatterSub", "ScatterUpdate",
    "TruncatedNormal", "Variable", "VariableV2",
))  # fmt: skip
#: op -> the attr that has its type, the types for which TensorFlow has a CPU kernel only
_ON_HOST: dict[str, tuple[str, tuple[Any, ...]]] = {
    "Const": ("dtype", (dtypes.string, dtypes.int32)),
    "DynamicStitch": ("T", (dtypes.int32,)),
    "ParallelDynamicStitch": ("T", (dtypes.int32,)),
    "Cast": ("SrcT", (dtypes.int32,)),
}


@public("graph_util.must_run_on_cpu")
def must_run_on_cpu(node: Any, pin_variables_on_cpu: bool = False) -> bool:
    """Whether TensorFlow can run a node only on the CPU.

    Args:
      node: an Operation or a NodeDef.
      pin_variables_on_cpu: say so of variables and what changes them, too.
    """
    node = node.node_def if isinstance(node, Operation) else node
    if pin_variables_on_cpu and node.op in _OF_VARIABLES:
        return True
    attr, types = _ON_HOST.get(node.op, ("", ()))
    return bool(types) and node.attr[attr].type in [one.as_datatype_enum for one in types]


@public("graph_util.tensor_shape_from_node_def_name")
def tensor_shape_from_node_def_name(graph: Any, input_name: str) -> Any:
    """The TensorShape of a tensor by its name in a NodeDef, as "x", "x:0" or "x:1".

    Raises:
      KeyError: the graph has no such tensor.
    """
    name = input_name if ":" in input_name else f"{input_name}:0"
    return graph.get_tensor_by_name(name).get_shape()


@public("graph_util.extract_sub_graph")
def extract_sub_graph(graph_def: Any, dest_nodes: list[str]) -> Any:
    """The GraphDef of those nodes that `dest_nodes` need, in their order.

    Args:
      graph_def: a GraphDef.
      dest_nodes: names of nodes.

    Raises:
      TypeError: an argument is of the wrong type.
      AssertionError: a name is not in the graph.
    """
    if not isinstance(graph_def, proto.GraphDef):
        raise TypeError("graph_def must be a graph_pb2.GraphDef proto.")
    if isinstance(dest_nodes, str):
        raise TypeError("dest_nodes must be a list.")
    inputs, by_name, _ = _extract_graph_summary(graph_def)
    _assert_nodes_are_present(by_name, dest_nodes)
    kept = _bfs_for_reachable_nodes(list(dest_nodes), inputs)
    lost = kept - by_name.keys()
    if lost:
        raise ValueError(f"graph_def has no node '{min(lost)}', which '{_user(inputs, min(lost))}' needs")
    out = proto.GraphDef(library=graph_def.library, versions=graph_def.versions)
    out.node.extend(node for node in graph_def.node if node_name(node.name) in kept)
    return out


def _user(inputs: dict[str, list[str]], name: str) -> str:
    return next(user for user, names in inputs.items() if name in names)


def node_name(text: str) -> str:
    """The node that an input of a NodeDef names: "x:1" -> "x", "^x" -> "x"."""
    return text[1:] if text.startswith("^") else text.partition(":")[0]


def _extract_graph_summary(
    graph_def: Any,
) -> tuple[dict[str, list[str]], dict[str, Any], dict[str, int]]:
    """Node name -> names of its inputs and of what it is colocated with, -> node, -> position."""
    inputs, by_name, position = {}, {}, {}
    for number, node in enumerate(graph_def.node):
        name = node_name(node.name)
        by_name[name] = node
        inputs[name] = [node_name(one) for one in node.input]
        if "_class" in node.attr:
            groups = (one.decode() for one in node.attr["_class"].list.s)
            inputs[name] += [one.removeprefix("loc:@") for one in groups if one.startswith("loc:@")]
        position[name] = number
    return inputs, by_name, position


def _assert_nodes_are_present(by_name: dict[str, Any], nodes: Iterable[str]) -> None:
    for name in nodes:
        if name not in by_name:
            raise AssertionError(f"{name} is not in graph")


def _bfs_for_reachable_nodes(targets: list[str], inputs: dict[str, list[str]]) -> set[str]:
    """Names of the nodes that `targets` need, themselves included."""
    found: set[str] = set()
    waiting = list(targets)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += inputs.get(name, ())
    return found


@public("graph_util.remove_training_nodes")
def remove_training_nodes(input_graph: Any, protected_nodes: list[str] | None = None) -> Any:
    """A GraphDef without CheckNumerics nodes, and without Identity nodes that no control edge meets.

    Args:
      input_graph: a GraphDef.
      protected_nodes: names of nodes that stay, as outputs.
    """
    protected = frozenset(protected_nodes or ())
    checks = {
        node.name: node.input[0]
        for node in input_graph.node
        if node.op == "CheckNumerics" and node.name not in protected
    }
    nodes = [_without(node, checks) for node in input_graph.node if node.name not in checks]
    waited_for = {one[1:] for node in nodes for one in node.input if one.startswith("^")}
    passed = {
        node.name: node.input[0]
        for node in nodes
        if node.op == "Identity"
        and node.name not in protected | waited_for
        and not any(one.startswith("^") for one in node.input)
    }
    out = proto.GraphDef()
    out.node.extend(_without(node, passed) for node in nodes if node.name not in passed)
    return out


def _without(node: Any, removed: dict[str, str]) -> Any:
    """A NodeDef that takes its inputs from before the removed nodes; it waits for none of these."""
    made = proto.NodeDef()
    made.CopyFrom(node)
    del made.input[:]
    for name in node.input:
        if name.startswith("^") and name[1:] in removed:
            continue
        seen = set()
        while name.removesuffix(":0") in removed and name not in seen:
            seen.add(name)
            name = removed[name.removesuffix(":0")]
        made.input.append(name)
    return made
