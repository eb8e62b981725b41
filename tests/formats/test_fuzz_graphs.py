"""Damaged graphs: nodes, values, functions and collections that do not fit are errors of TensorFlow's classes."""
from __future__ import annotations

import random
from functools import partial

import numpy as np
import pytest

import rekindle as tf
from rekindle._src import errors
from rekindle._src.graph import proto
from rekindle._src.state import function
from rekindle._src.tools.convert import convert
from rekindle._src.tools.describe import describe

ROUNDS = 150
BIG = (-(2**63), -2, -1, 0, 1, 2**30, 2**31, 2**40, 2**62, 2**63 - 1)
NAMES = ("nope", "", "^", ":", "a:b:c", "x:7", "x:99999999999", "^x", "x" * 5000)
OPS = ("", "Nope", "Const", "Enter", "NextIteration", "Placeholder", "Switch", "Merge", "Split", "Reshape", "Fill")
TYPES = (0, 1, 3, 7, 14, 20, 99, 101, 2**31 - 1, -1)
#: what TensorFlow raises for graphs that do not fit
REFUSALS = (errors.OpError, ValueError, OSError)


@pytest.fixture(scope="module")
def meta_graph():
    """A model with a loop, a branch, a function, a variable, texts and a saver."""
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 4], name="x")
        w = tf.Variable(np.arange(12.0).reshape(4, 3).astype("f"), name="w")
        y = tf.nn.relu(tf.matmul(x, w) + tf.constant([1.0, 2.0, 3.0]), name="y")
        tf.while_loop(lambda i: i < 5, lambda i: i + 1, [tf.constant(0)], name="loop")
        branch = tf.cond(tf.reduce_sum(y) > 0, lambda: tf.constant(1.0), lambda: tf.reduce_mean(y), name="cond")
        tf.string_join([tf.constant(["a", "bc"]), "d"])
        tf.concat(tf.split(y, 3, 1), 0)

        @function.Defun(tf.float32, func_name="Twice")
        def twice(a):
            return a * 2.0

        twice(branch)
        return tf.train.export_meta_graph(saver_def=tf.train.Saver().saver_def)


def messages(message, kind):
    """All messages of a kind within another."""
    found = []
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        inner = value.values() if field.message_type.GetOptions().map_entry else value
        for one in [inner] if hasattr(inner, "DESCRIPTOR") else inner:
            if hasattr(one, "DESCRIPTOR"):
                found += [one] * (one.DESCRIPTOR.name == kind) + messages(one, kind)
    return found


def change_input(graph, node, rng):
    other = rng.choice(graph.node).name
    if node.input and rng.random() < 0.5:
        node.input[rng.randrange(len(node.input))] = rng.choice([*NAMES, other, node.name, f"{other}:1"])
    else:
        node.input.insert(rng.choice([0, len(node.input)]), rng.choice([other, f"^{other}", f"{other}:-1"]))


def change_name(graph, node, rng):
    node.name = rng.choice([*NAMES, rng.choice(graph.node).name, "a b", "é", "/"])


def change_op(graph, node, rng):
    node.op = rng.choice([*OPS, rng.choice(graph.node).op])


def change_attr(graph, node, rng):
    if not node.attr:
        return
    attr = node.attr[rng.choice(sorted(node.attr))]
    kind = rng.randrange(6)
    if kind == 0:
        attr.i = rng.choice(BIG)
    elif kind == 1:
        attr.type = rng.choice(TYPES)
    elif kind == 2:
        attr.s = rng.randbytes(5)
    elif kind == 3:
        attr.list.i.extend(rng.choices(BIG, k=3))
    elif kind == 4:
        attr.func.name = rng.choice(["Twice", "nope"])
    else:
        attr.Clear()


def change_value(graph, node, rng):
    tensor = rng.choice(messages(graph, "TensorProto"))
    del tensor.tensor_shape.dim[:]
    for size in rng.choices(BIG, k=rng.choice([1, 1, 2, 260])):
        tensor.tensor_shape.dim.add(size=size)
    if rng.random() < 0.3:
        tensor.dtype = rng.choice(TYPES)
    if rng.random() < 0.3:
        tensor.tensor_content = rng.randbytes(rng.randrange(50))


def change_shape(graph, node, rng):
    shape = rng.choice(messages(graph, "TensorShapeProto"))
    shape.unknown_rank = rng.random() < 0.3
    for size in rng.choices(BIG, k=rng.choice([1, 2, 260])):
        shape.dim.add(size=size)


def change_function(graph, node, rng):
    (one,) = graph.library.function
    kind = rng.randrange(5)
    if kind == 0:
        one.node_def[0].input.append("nope:z:0")
    elif kind == 1:
        one.ret[next(iter(one.ret))] = "zz:q:9"
    elif kind == 2:
        one.node_def[0].op = one.signature.name  # it calls itself
    elif kind == 3:
        one.signature.name = ""
    else:
        one.signature.input_arg[0].type = 99


def change_place(graph, node, rng):
    node.device = rng.choice(["/gpu:99", "bad:", "/job:x/task:99999999999", "\\"])
    node.attr["_class"].list.s.append(rng.choice([b"loc:@nope", b"loc:@\xec\xff", b"\xff"]))


def repeat(graph, node, rng):
    rng.choice([lambda: graph.node.add().CopyFrom(node), lambda: node.input.extend(list(node.input) * 99)])()


CHANGES = (
    change_input, change_input, change_name, change_op, change_attr, change_value, change_shape, change_function,
    change_place, repeat,
)  # fmt: skip


def damaged(message, rng):
    out = type(message).FromString(message.SerializeToString())
    graph = getattr(out, "graph_def", out)
    for _ in range(rng.randrange(1, 4)):
        rng.choice(CHANGES)(graph, rng.choice(graph.node), rng)
    return out


def import_and_run(graph_def):
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(graph_def, name="")
        with tf.Session(config=tf.ConfigProto(operation_timeout_in_ms=3000)) as session:
            session.run(["y:0", "loop/Exit:0"], {"x:0": np.ones((1, 4))} if "x" in graph._by_name else None)


@pytest.mark.parametrize("seed", range(4))
def test_graphs(tmp_path, meta_graph, seed):
    rng = random.Random(seed)
    for round_ in range(ROUNDS):
        graph = damaged(meta_graph.graph_def, rng)
        (tmp_path / "graph.pb").write_bytes(graph.SerializeToString())
        path = str(tmp_path / "graph.pb")
        refused(partial(import_and_run, graph), (*REFUSALS, KeyError), round_)
        refused(partial(describe, path), REFUSALS[::2], round_)
        refused(partial(convert, path, path + ".safetensors"), REFUSALS[::2], round_)


@pytest.mark.parametrize("seed", range(2))
def test_meta_graphs(tmp_path, meta_graph, seed):
    rng = random.Random(seed)
    for round_ in range(ROUNDS):
        message = damaged(meta_graph, rng) if rng.random() < 0.5 else with_damaged_items(meta_graph, rng)
        (tmp_path / "m.meta").write_bytes(message.SerializeToString())

        refused(partial(import_meta, str(tmp_path / "m.meta")), (*REFUSALS, KeyError), round_)


def import_meta(path):
    with tf.Graph().as_default():
        tf.train.import_meta_graph(path)


def with_damaged_items(message, rng):
    out = proto.MetaGraphDef.FromString(message.SerializeToString())
    for key in sorted(out.collection_def):
        values = out.collection_def[key].bytes_list.value
        for i in range(len(values)):
            text = bytearray(values[i])
            text[rng.randrange(len(text))] ^= 1 << rng.randrange(8)
            values[i] = bytes(text) + rng.randbytes(rng.choice([0, 0, 9]))
    return out


def refused(read, kinds, what):
    try:
        read()
    except kinds as error:
        assert not isinstance(error, UnicodeError), what


def test_a_value_that_stands_for_many_stays_a_constant(tmp_path):
    with tf.Graph().as_default() as graph:
        tf.constant(1.0, shape=[2], name="w")
        tf.constant(np.arange(40.0), tf.float32, name="v")
    out = graph.as_graph_def()
    for size in (2**30, 2**31):
        del out.node[0].attr["value"].tensor.tensor_shape.dim[:]
        out.node[0].attr["value"].tensor.tensor_shape.dim.add(size=size)
        (tmp_path / "graph.pb").write_bytes(out.SerializeToString())
        found = convert(str(tmp_path / "graph.pb"), str(tmp_path / "out.safetensors"))
        assert found.tensors == 1 and (tmp_path / "out.safetensors").stat().st_size < 1000


def test_an_item_of_a_collection_that_is_no_message(meta_graph):
    out = proto.MetaGraphDef.FromString(meta_graph.SerializeToString())
    out.collection_def["variables"].bytes_list.value.append(b"\xff\xff")
    said = "An item of the collection variables is no tensorflow.VariableDef: "
    with tf.Graph().as_default(), pytest.raises(errors.DataLossError, match=said):
        tf.train.import_meta_graph(out)


def test_a_function_whose_argument_has_no_type(meta_graph):
    out = proto.GraphDef.FromString(meta_graph.graph_def.SerializeToString())
    out.library.function[0].signature.input_arg[0].type = 99
    said = "Cannot add function 'Twice': Cannot convert value 99"
    with tf.Graph().as_default(), pytest.raises(ValueError, match=said):
        tf.import_graph_def(out)
