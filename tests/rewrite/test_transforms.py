"""Graph transforms: what they make of a graph, and that it computes the same."""
import numpy as np
import pytest

import rekindle as tf
from rekindle._src.rewrite.transforms import parse_calls

RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(3, 3, 3, 4)).astype(np.float32)


@pytest.fixture(scope="module")
def graph_def():
    """x -> convolution, scale, bias -> y; beside it what no one needs."""
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [None, 8, 8, 3], name="x")
        with tf.device("/cpu:0"):
            c = tf.nn.conv2d(x, tf.constant(WEIGHTS, name="w"), 1, "SAME", name="conv")
        m = tf.multiply(c, tf.constant([1.0, 2.0, 3.0, 4.0], name="scale"), name="mul")
        one = tf.constant([1.0, 2.0, 3.0, 4.0], name="one")
        two = tf.constant([1.0, 2.0, 3.0, 4.0], name="two")
        a = tf.identity(tf.add(m, tf.add(one, two, name="bias"), name="sum"), name="a")
        halves = tf.split(tf.constant([5.0, 6.0]), 2, name="halves")
        with tf.control_dependencies([tf.no_op("nothing")]):
            tf.add(a, halves[1], name="y")
        tf.constant(1.0, name="unused")
    return graph.as_graph_def(add_shapes=True)


def transformed(graph_def, *calls, inputs=("x",), outputs=("y",)):
    """Nodes by name after transforms."""
    out = tf.tools.graph_transforms.TransformGraph(graph_def, list(inputs), list(outputs), list(calls))
    return {node.name: node for node in out.node}


def value(graph_def):
    with tf.Graph().as_default(), tf.Session() as session:
        (y,) = tf.import_graph_def(graph_def, return_elements=["y:0"], name="")
        return session.run(y, {"x:0": np.ones((2, 8, 8, 3))})


@pytest.mark.parametrize(
    "calls",
    [
        "strip_unused_nodes", "fold_constants", "fold_batch_norms", "remove_nodes(op=Identity)", "remove_device",
        "sort_by_execution_order", "merge_duplicate_nodes", "remove_control_dependencies", "add_default_attributes",
        "fold_old_batch_norms", "remove_attribute(attribute_name=_output_shapes)",
        'strip_unused_nodes(type=float, shape="1,8,8,3") remove_nodes(op=Identity) fold_constants(ignore_errors=true) '
        "fold_batch_norms merge_duplicate_nodes sort_by_execution_order remove_device",
    ],
)  # fmt: skip
def test_the_graph_computes_the_same(graph_def, calls):
    out = tf.tools.graph_transforms.TransformGraph(graph_def, ["x"], ["y"], [calls])
    np.testing.assert_allclose(value(out), value(graph_def), rtol=1e-5)


def test_constants_are_folded(graph_def):
    nodes = transformed(graph_def, "fold_constants")
    assert nodes["bias"].op == "Const" and not {"one", "two", "halves", "unused"} & nodes.keys()
    assert list(nodes["y"].input) == ["a", "halves/folded_1", "^nothing"]
    assert transformed(graph_def, "fold_constants(exclude_op=Add)")["bias"].op == "Add"
    assert transformed(graph_def, "fold_constants(exclude_node=bias)")["bias"].op == "Add"
    assert transformed(graph_def, "fold_constants(max_constant_size_in_bytes=8)")["bias"].op == "Add"


def test_factors_go_into_weights(graph_def):
    nodes = transformed(graph_def, "fold_batch_norms")
    assert nodes["mul"].op == "Conv2D" and not {"conv", "scale"} & nodes.keys()
    scaled = tf.make_ndarray(nodes["w"].attr["value"].tensor)
    np.testing.assert_allclose(scaled, WEIGHTS * [1.0, 2.0, 3.0, 4.0], rtol=1e-6)


def test_nodes_go_and_are_merged(graph_def):
    nodes = transformed(graph_def, "remove_nodes(op=Identity)")
    assert "a" not in nodes and nodes["y"].input[0] == "sum"
    nodes = transformed(graph_def, "remove_nodes(op=Identity)", outputs=["a"])
    assert "a" in nodes
    nodes = transformed(graph_def, "merge_duplicate_nodes")
    assert not {"one", "two"} & nodes.keys() and list(nodes["bias"].input) == ["scale", "scale"]


def test_attrs_devices_and_names(graph_def):
    assert all("T" not in node.attr for node in transformed(graph_def, "remove_attribute(attribute_name=T)").values())
    nodes = transformed(graph_def, "rename_attribute(op_name=Conv2D, old_attribute_name=T, new_attribute_name=S)")
    assert "S" in nodes["conv"].attr and "T" in nodes["mul"].attr
    assert transformed(graph_def, "rename_op(old_op_name=Mul, new_op_name=Sub)")["mul"].op == "Sub"
    nodes = transformed(graph_def, 'set_device(device="/gpu:0", if_default=true)')
    assert (nodes["conv"].device, nodes["x"].device) == ("/device:CPU:0", "/gpu:0")
    nodes = transformed(graph_def, "obfuscate_names")
    assert {"x", "y", "0", "1"} < nodes.keys() and len(nodes) == len(graph_def.node)
    rounded = tf.make_ndarray(transformed(graph_def, "round_weights(num_steps=4)")["w"].attr["value"].tensor)
    assert len(np.unique(rounded)) <= 5 and np.abs(rounded - WEIGHTS).max() < np.ptp(WEIGHTS) / 7.9


def test_new_inputs_are_placeholders(graph_def):
    nodes = transformed(graph_def, 'strip_unused_nodes(type=half, shape="1,4")', inputs=["sum"])
    assert nodes["sum"].op == "Placeholder" and nodes["sum"].attr["dtype"].type == 19
    assert [one.size for one in nodes["sum"].attr["shape"].shape.dim] == [1, 4]
    call = 'strip_unused_nodes(name=sum, type_for_name=int32, shape_for_name="2,3")'
    assert transformed(graph_def, call, inputs=["sum"])["sum"].attr["dtype"].type == 3


@pytest.mark.parametrize(
    ("calls", "kind", "said"),
    [
        ("nope", "InvalidArgumentError", "Transform 'nope' not recognized."),
        ("quantize_nodes", "UnimplementedError", "Transform 'quantize_nodes' is not supported; these are: add_default"),
        ("remove_nodes", "InvalidArgumentError", "remove_nodes expects at least one 'op'argument"),
        ("rename_op", "InvalidArgumentError", "rename_op expects exactly one 'old_op_name' and 'new_op_name'"),
        ("set_device(if_default=maybe)", "InvalidArgumentError", "Couldn't interpret the if_default argument"),
        ("round_weights(num_steps=a)", "InvalidArgumentError", "Couldn't interpret the num_steps argument as a"),
        ("fold_constants(ignore_errors=1)", "InvalidArgumentError", "ignore_errors should be true or false, found 1"),
        ("*", "InvalidArgumentError", r"Looking for transform name, but found \*"),
        ("a(b c)", "InvalidArgumentError", "Looking for =, but found  c"),
        ("a(b=)", "InvalidArgumentError", r"Looking for parameter name, but found \)"),
    ],
)
def test_wrong_calls_are_refused(graph_def, calls, kind, said):
    with pytest.raises(getattr(tf.errors, kind), match=said):
        transformed(graph_def, calls)


def test_errors_can_be_ignored(graph_def):
    with pytest.raises(tf.errors.NotFoundError, match="FetchOutputs node nope: not found"):
        transformed(graph_def, "fold_constants", outputs=["nope"])
    assert len(transformed(graph_def, "fold_constants(ignore_errors=true)", outputs=["nope"])) == len(graph_def.node)


def test_calls_are_parsed():
    assert parse_calls('a b(x=1, x=-2.5/c_d, y="3,4") \\\n c()') == [
        ("a", {}), ("b", {"x": ["1", "-2.5/c_d"], "y": ["3,4"]}), ("c", {}),
    ]  # fmt: skip
    assert parse_calls("a(") == parse_calls("") == []
