"""Parts of graphs, and variables as constants."""
import numpy as np
import pytest

import rekindle as tf
from rekindle._src.formats.graph_files import read_message


def model():
    """(session, GraphDef) of a matmul of a placeholder with variables of both kinds; output "y"."""
    x = tf.placeholder(tf.float32, [None, 2], name="x")
    w = tf.get_variable("w", initializer=[[1.0], [2.0]])
    r = tf.get_variable("r", initializer=[3.0], use_resource=True)
    table = tf.get_variable("table", initializer=[[10.0], [20.0]], use_resource=True)
    rows = tf.nn.embedding_lookup(table, [1])
    tf.add(tf.matmul(x, w) + r, rows, name="y")
    tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_sum(w))
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session, session.graph.as_graph_def()


def test_part_of_a_graph_keeps_order_and_what_is_colocated():
    with tf.Graph().as_default() as graph:
        a = tf.constant(1.0, name="a")
        with tf.colocate_with(a.op):
            b = tf.constant(2.0, name="b")
        tf.identity(b, name="c")
        tf.constant(3.0, name="d")
        part = tf.graph_util.extract_sub_graph(graph.as_graph_def(), ["c"])
    assert [node.name for node in part.node] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("graph_def", "names", "kind", "said"),
    [
        ("text", ["a"], TypeError, "graph_def must be a graph_pb2.GraphDef proto."),
        (tf.GraphDef(), "a", TypeError, "dest_nodes must be a list."),
        (tf.GraphDef(), ["a"], AssertionError, "a is not in graph"),
        (tf.GraphDef(node=[tf.NodeDef(name="a", input=["b"])]), ["a"], ValueError, "no node 'b', which 'a' needs"),
    ],
)
def test_part_of_a_graph_refuses(graph_def, names, kind, said):
    with pytest.raises(kind, match=said):
        tf.graph_util.extract_sub_graph(graph_def, names)


def test_variables_become_constants_of_their_values():
    with tf.Graph().as_default():
        session, graph_def = model()
        frozen = tf.graph_util.convert_variables_to_constants(session, graph_def, ["y"])
        session.close()
    ops = {node.name: node.op for node in frozen.node}
    assert {ops[name] for name in ("w", "r", "table")} == {"Const"}
    assert not {"VariableV2", "VarHandleOp", "ReadVariableOp", "ResourceGather"} & set(ops.values())
    with tf.Graph().as_default(), tf.Session() as session:
        (y,) = tf.import_graph_def(frozen, return_elements=["y:0"], name="")
        np.testing.assert_allclose(session.run(y, {"x:0": [[1.0, 1.0]]}), [[26.0]])


def test_listed_variables_stay():
    with tf.Graph().as_default():
        session, graph_def = model()
        convert = tf.graph_util.convert_variables_to_constants
        some = convert(session, graph_def, ["y"], variable_names_whitelist=["w"])
        others = convert(session, graph_def, ["y"], variable_names_blacklist=["w", "r"])
        session.close()
    ops = {node.name: node.op for node in some.node}
    assert (ops["w"], ops["r"], ops["add/ReadVariableOp"]) == ("Const", "VarHandleOp", "ReadVariableOp")
    ops = {node.name: node.op for node in others.node}
    assert (ops["w"], ops["r"], ops["table"]) == ("VariableV2", "VarHandleOp", "Const")
    with tf.Graph().as_default():
        tf.import_graph_def(some)
        tf.import_graph_def(others)


def test_training_nodes_go():
    with tf.Graph().as_default() as graph:
        a = tf.constant(1.0, name="a")
        checked = tf.check_numerics(a, "bad", name="checked")
        passed = tf.identity(checked, name="passed")
        with tf.control_dependencies([tf.identity(a, name="waited")]):
            tf.add(passed, 1.0, name="sum")
        tf.identity(graph.get_tensor_by_name("sum:0"), name="out")
        found = tf.graph_util.remove_training_nodes(graph.as_graph_def(), ["out"])
    assert {node.name: list(node.input) for node in found.node} == {
        "a": [], "waited": ["a"], "sum/y": ["^waited"], "sum": ["a", "sum/y"], "out": ["sum"],
    }  # fmt: skip


def test_shapes_and_places_of_nodes():
    with tf.Graph().as_default() as graph:
        number = tf.constant(1, name="number")
        tf.constant([1.0, 2.0], name="floats")
        count = tf.Variable(0, name="count")
    shape = tf.graph_util.tensor_shape_from_node_def_name
    assert shape(graph, "floats").as_list() == [2] == shape(graph, "floats:0").as_list()
    on_cpu = tf.graph_util.must_run_on_cpu
    assert on_cpu(number.op) and on_cpu(number.op.node_def)
    assert not on_cpu(graph.get_operation_by_name("floats"))
    assert not on_cpu(count.op) and on_cpu(count.op, pin_variables_on_cpu=True)


@pytest.mark.parametrize("as_text", [True, False])
def test_written_graphs_are_read_again(tmp_path, as_text):
    with tf.Graph().as_default() as graph:
        tf.constant([1.0, 2.0], name="a")
    path = tf.train.write_graph(graph, str(tmp_path / "new" / "folder"), "graph", as_text)
    assert path == str(tmp_path / "new" / "folder" / "graph")
    assert read_message(path, tf.GraphDef) == graph.as_graph_def()
    with pytest.raises(tf.errors.DataLossError, match=rf"Can't parse {path} as .* proto: tensorflow.GraphDef"):
        read_message(path, tf.GraphDef, binary=as_text)
