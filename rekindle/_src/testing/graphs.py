"""Assertions on GraphDefs, and the layouts of images."""
from __future__ import annotations

import re
from typing import Any

from rekindle._src.graph import meta_graph, proto
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops

#: attrs whose value is drawn anew in each program: the temporary names of sharded checkpoints
_SHARDED = re.compile(rb"_temp_[0-9a-z]{32}/part")
_TABLE = re.compile(rb"hash_table_[0-9a-z\-]+")


@public("test.assert_equal_graph_def")
def assert_equal_graph_def(actual: Any, expected: Any, checkpoint_v2: bool = False,
                           hash_table_shared_name: bool = False) -> None:
    """Raise AssertionError unless two GraphDefs have the same nodes, in whatever order.

    Args:
      actual, expected: the GraphDefs.
      checkpoint_v2: leave out the random names in the ops of sharded checkpoints.
      hash_table_shared_name: leave out the random names of hash tables.

    Raises:
      TypeError: one is no GraphDef.
    """
    for name, one in (("actual", actual), ("expected", expected)):
        if not isinstance(one, proto.GraphDef):
            raise TypeError(f"Expected tf.GraphDef for {name}, got {type(one).__name__}")
    theirs = {node.name: node for node in expected.node}
    for node in actual.node:
        if node.name not in theirs:
            raise AssertionError(f"Found unexpected node '{node.name}'")
        other = theirs.pop(node.name)
        texts = [_node_text(one, checkpoint_v2, hash_table_shared_name) for one in (node, other)]
        if texts[0] != texts[1]:
            raise AssertionError(f"Node named '{node.name}' is\n{texts[0]}\nexpected\n{texts[1]}")
    if theirs:
        raise AssertionError(f"Did not find expected nodes {sorted(theirs)}")


assert_equal_graph_def_v1 = assert_equal_graph_def


def assert_equal_graph_def_v2(expected: Any, actual: Any) -> None:
    """`assert_equal_graph_def` that leaves out all random names."""
    assert_equal_graph_def(actual, expected, True, True)


def assert_meta_graph_protos_equal(tester: Any, a: Any, b: Any) -> None:
    """Fail unless two MetaGraphDefs are equal; random names of checkpoints are left out.

    Args:
      tester: the test.
      a, b: the MetaGraphDefs; both are changed.
    """
    tester.assertEqual(set(a.collection_def), set(b.collection_def))
    for key in a.collection_def:
        kind = meta_graph.proto_functions(key).proto_type
        ours, theirs = a.collection_def[key], b.collection_def[key]
        if kind is None:
            tester.assertEqual(ours, theirs)
            continue
        tester.assertEqual(len(ours.bytes_list.value), len(theirs.bytes_list.value))
        for one, other in zip(ours.bytes_list.value, theirs.bytes_list.value, strict=True):
            tester.assertProtoEquals(kind.FromString(one), kind.FromString(other))
    assert_equal_graph_def(a.graph_def, b.graph_def, checkpoint_v2=True)
    tester.assertProtoEquals(a.graph_def.versions, b.graph_def.versions)
    for field in ("collection_def", "graph_def"):
        a.ClearField(field)
        b.ClearField(field)
    tester.assertProtoEquals(a, b)


def assert_ops_in_graph(expected_ops: dict[str, str], graph: Any) -> dict[str, Any]:
    """The NodeDefs of operations by name; ValueError unless all are there, of the types given."""
    nodes = {node.name: node for node in graph.as_graph_def().node if node.name in expected_ops}
    for name, node in nodes.items():
        if expected_ops[name] != node.op:
            raise ValueError(
                f"Expected op for node {name} is different. {expected_ops[name]} vs {node.op}"
            )
    if set(nodes) != set(expected_ops):
        raise ValueError(
            f"Not all expected ops are present. Expected {expected_ops.keys()}, found "
            f"{nodes.keys()}"
        )
    return nodes


def get_node_def_from_graph(node_name: str, graph_def: Any) -> Any:
    """The NodeDef of a name, or None."""
    return next((node for node in graph_def.node if node.name == node_name), None)


def set_producer_version(graph: Any, producer_version: int) -> None:
    """Make a graph claim to come from that version of TensorFlow."""
    graph._graph_def_versions.producer = producer_version


def NHWCToNCHW(input_tensor: Any) -> Any:  # noqa: N802 - the name is TensorFlow's
    """[N, H, W, C] -> [N, C, H, W] (or with depth) of a tensor, or of its shape as a list."""
    return _reordered(input_tensor, {4: (0, 3, 1, 2), 5: (0, 4, 1, 2, 3)})


def NCHWToNHWC(input_tensor: Any) -> Any:  # noqa: N802 - the name is TensorFlow's
    """[N, C, H, W] -> [N, H, W, C] (or with depth) of a tensor, or of its shape as a list."""
    return _reordered(input_tensor, {4: (0, 2, 3, 1), 5: (0, 2, 3, 4, 1)})


def _reordered(value: Any, orders: dict[int, tuple[int, ...]]) -> Any:
    is_tensor = isinstance(value, Tensor)
    order = orders[value.get_shape().ndims if is_tensor else len(value)]
    return array_ops.transpose(value, order) if is_tensor else [value[axis] for axis in order]


def _node_text(node: Any, checkpoint_v2: bool, hash_table_shared_name: bool) -> str:
    """A node as text that is equal for equal nodes; control inputs count as a set."""
    attrs = {}
    for key, value in node.attr.items():
        texts = value.tensor.string_val
        if checkpoint_v2 and len(texts) == 1 and _SHARDED.match(texts[0]):
            continue
        if hash_table_shared_name and key == "shared_name" and _TABLE.match(value.s):
            continue
        attrs[key] = str(value)
    data = [one for one in node.input if not one.startswith("^")]
    control = sorted(one for one in node.input if one.startswith("^"))
    listed = "".join(f"\n  {key}: {attrs[key]}" for key in sorted(attrs))
    return f"{node.op}({', '.join(data + control)}) on '{node.device}'{listed}"
