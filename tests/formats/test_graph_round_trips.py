"""Graphs out and in again lose nothing; damaged ones raise TensorFlow's errors and nothing else."""
import random

import numpy as np
import pytest
from google.protobuf.message import DecodeError

import rekindle as tf
from rekindle._src.graph import proto

#: what a damaged graph may raise
ANSWERS = (ValueError, TypeError, KeyError, OSError, DecodeError, tf.errors.OpError)
EDGES = (-1, -2, 0, 1, 7, 2**31 - 1, 2**31, 2**62, 2**63 - 1, -(2**63))


def grown(seed):
    """The default graph gets random operations: loops, branches, devices, colocation, control inputs."""
    choose = random.Random(seed)
    made = [tf.placeholder(tf.float32, [2, 3], name="x")]
    made += [tf.get_variable(f"v{i}", [2, 3], use_resource=choose.random() < 0.5) + 0.0 for i in range(2)]

    def waiting(a, b):
        with tf.control_dependencies([a, tf.no_op()]):
            return tf.identity(b)

    def colocated(a, b):
        with tf.colocate_with(a):
            return tf.zeros_like(b)

    kinds = (
        tf.add, waiting, colocated,
        lambda a, b: tf.concat(tf.split(a, 3, axis=1), 1),
        lambda a, b: tf.constant(np.arange(6.0, dtype=np.float32).reshape(2, 3)) - b,
        lambda a, b: tf.cond(tf.reduce_sum(a) > 0.0, lambda: a * 2.0, lambda: b),
        lambda a, b: tf.while_loop(lambda i, q: i < 3, lambda i, q: (i + 1, q + b), [0, a])[1],
        lambda a, b: tf.random_uniform([2, 3], seed=1) + a,
        lambda a, b: tf.string_to_number(tf.as_string(a)),
    )  # fmt: skip
    for _ in range(choose.randrange(5, 15)):
        with tf.device(choose.choice([None, "/cpu:0", "/job:w/task:1"])), tf.name_scope(choose.choice(["s", "t/u"])):
            made.append(choose.choice(kinds)(choose.choice(made), choose.choice(made)))
    tf.train.MomentumOptimizer(0.1, 0.9).minimize(tf.reduce_sum(made[1] + made[2]))
    tf.add_to_collection("last", made[-1])
    return made[-1]


def nodes(graph_def):
    """Nodes by name: operations that wait for later ones come in another order."""
    return {node.name: node for node in graph_def.node}


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_lost(seed):
    with tf.Graph().as_default() as graph:
        grown(seed)
        given, meta = graph.as_graph_def(add_shapes=True), tf.train.export_meta_graph()
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(proto.GraphDef.FromString(given.SerializeToString()), name="")
        assert nodes(graph.as_graph_def(add_shapes=True)) == nodes(given)
    with tf.Graph().as_default():
        tf.train.import_meta_graph(proto.MetaGraphDef.FromString(meta.SerializeToString()))
        again = tf.train.export_meta_graph()
    assert nodes(meta.graph_def).items() <= nodes(again.graph_def).items()
    assert meta.collection_def.keys() == again.collection_def.keys()
    for key, collection in meta.collection_def.items():
        assert len(collection.bytes_list.value) == len(again.collection_def[key].bytes_list.value)
        assert collection.node_list == again.collection_def[key].node_list


def flipped(content, choose):
    """Bytes cut off, or with bits turned."""
    if choose.random() < 0.15:
        return content[: choose.randrange(len(content))]
    changed = bytearray(content)
    for _ in range(choose.choice((1, 1, 2, 8))):
        changed[choose.randrange(len(changed))] ^= 1 << choose.randrange(8)
    return bytes(changed)


@pytest.mark.parametrize("seed", range(3))
def test_turned_bits_are_answered(seed):
    choose = random.Random(seed)
    with tf.Graph().as_default():
        grown(seed)
        content = tf.train.export_meta_graph().SerializeToString()
    for _ in range(60):
        with tf.Graph().as_default():
            try:
                tf.train.import_meta_graph(proto.MetaGraphDef.FromString(flipped(content, choose)))
            except ANSWERS:
                continue


def changed(graph_def, choose):
    """Change one thing of one node."""
    node = choose.choice(graph_def.node)
    attrs = sorted(node.attr)
    value = node.attr[choose.choice(attrs)] if attrs else proto.AttrValue()
    kind = choose.randrange(8)
    if kind == 0:
        other = choose.choice(graph_def.node).name
        node.input.append(choose.choice(["", "^"]) + other + choose.choice(["", ":7", ":x"]))
    elif kind == 1:
        del node.input[:1]
    elif kind == 2:
        node.op = choose.choice(graph_def.node).op
    elif kind == 3:
        value.CopyFrom(choose.choice([one for other in graph_def.node for one in other.attr.values()]))
    elif kind == 4:
        node.name = choose.choice(["", "_x", "a b", "é", choose.choice(graph_def.node).name])
    elif kind == 5:
        value.shape.dim.add(size=choose.choice(EDGES))
    elif kind == 6:
        value.tensor.tensor_shape.dim.add(size=choose.choice(EDGES))
    else:
        value.i = choose.choice(EDGES)


@pytest.mark.parametrize("seed", range(3))
def test_changed_nodes_are_answered(seed):
    choose = random.Random(seed)
    with tf.Graph().as_default() as graph:
        grown(seed)
        given = graph.as_graph_def(add_shapes=True)
    for _ in range(60):
        graph_def = proto.GraphDef.FromString(given.SerializeToString())
        for _ in range(choose.choice((1, 1, 3))):
            changed(graph_def, choose)
        with tf.Graph().as_default() as graph:
            try:
                tf.import_graph_def(graph_def, name="")
            except ANSWERS:
                assert graph.get_operations() == []
