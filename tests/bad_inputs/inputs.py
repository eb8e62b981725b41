"""One function an input, each given the tf module; plain Python for tools/record.py."""
from __future__ import annotations

import os
import re
import tempfile

import numpy as np

#: what kills TensorFlow: here it has to raise
CRASHING = ("self_recursive_function", "reshape_overflow")


def add(graph_def, name, op, *inputs, **attrs):
    """A node of a GraphDef; attrs are given by `attr.field=value` texts in the text format."""
    node = graph_def.node.add(name=name, op=op)
    node.input.extend(inputs)
    for key, (field, value) in attrs.items():
        if field == "shape":
            for size in value:
                node.attr[key].shape.dim.add(size=size)
        else:
            setattr(node.attr[key], field, value)
    return node


def imported(tf, *nodes):
    graph_def = tf.GraphDef()
    for name, op, inputs, attrs in nodes:
        add(graph_def, name, op, *inputs, **attrs)
    tf.import_graph_def(graph_def, name="")


def constant(tf, dtype, sizes, content=b"", values=()):
    """Import a Const with that TensorProto and run it."""
    graph_def = tf.GraphDef()
    node = graph_def.node.add(name="a", op="Const")
    node.attr["dtype"].type = dtype
    tensor = node.attr["value"].tensor
    tensor.dtype = dtype
    for size in sizes:
        tensor.tensor_shape.dim.add(size=size)
    tensor.tensor_content = content
    tensor.float_val.extend(values)
    tf.import_graph_def(graph_def, name="")
    run(tf, "a:0")


def run(tf, fetch, feeds=None):
    with tf.Session() as session:
        return session.run(fetch, feeds)


FLOAT = {"dtype": ("type", 1)}


def unknown_op(tf):
    imported(tf, ("a", "NoSuchOp", (), {}))


def empty_op(tf):
    imported(tf, ("a", "", (), {}))


def duplicate_node(tf):
    imported(tf, ("a", "Placeholder", (), FLOAT), ("a", "Placeholder", (), FLOAT))


def cycle(tf):
    one = {"T": ("type", 1)}
    imported(tf, ("a", "Identity", ("b",), one), ("b", "Identity", ("a",), one))


def dangling_input(tf):
    imported(tf, ("a", "Identity", ("zz",), {"T": ("type", 1)}))


def bad_input_index(tf):
    imported(tf, ("a", "Placeholder", (), FLOAT), ("b", "Identity", ("a:5",), {"T": ("type", 1)}))


def attr_of_wrong_type(tf):
    imported(tf, ("a", "Placeholder", (), {"dtype": ("i", 3)}))


def missing_attr(tf):
    imported(tf, ("a", "Placeholder", (), {}))


def empty_name(tf):
    imported(tf, ("", "Placeholder", (), FLOAT))


def input_of_wrong_type(tf):
    imported(tf, ("a", "Placeholder", (), FLOAT), ("b", "Identity", ("a",), {"T": ("type", 3)}))


def missing_input(tf):
    imported(tf, ("b", "Identity", (), {"T": ("type", 3)}))


def version_of_the_future(tf):
    graph_def = tf.GraphDef()
    graph_def.versions.min_consumer = 99999
    graph_def.versions.producer = 99999
    tf.import_graph_def(graph_def)


def no_graph_def(tf):
    tf.import_graph_def("text")


def negative_dimension(tf):
    constant(tf, 1, [-3])


def overflowing_dimensions(tf):
    constant(tf, 1, [2**32, 2**32, 4])


def short_content(tf):
    constant(tf, 1, [4], content=b"\0" * 3)


def invalid_type(tf):
    constant(tf, 0, [1])


def self_recursive_function(tf):
    graph_def = tf.GraphDef()
    function = graph_def.library.function.add()
    function.signature.name = "F"
    function.signature.output_arg.add(name="y", type=1)
    node = function.node_def.add(name="again", op="F")
    function.ret["y"] = node.name + ":y:0"
    graph_def.node.add(name="call", op="F")
    tf.import_graph_def(graph_def, name="")
    run(tf, "call:0")


def bad_device(tf):
    with tf.device("/job:none/task:7"):
        value = tf.constant(1.0, name="a")
    run(tf, value)


def malformed_device(tf):
    with tf.device("/nonsense"):
        tf.constant(1.0)


def feed_of_wrong_shape(tf):
    p = tf.placeholder(tf.float32, [2, 3])
    run(tf, p, {p: np.zeros((3, 3))})


def feed_of_wrong_type(tf):
    p = tf.placeholder(tf.float32, [])
    run(tf, p, {p: "a"})


def fetch_that_is_missing(tf):
    run(tf, "nope:0")


def fetch_of_another_graph(tf):
    with tf.Graph().as_default():
        other = tf.constant(1)
    run(tf, other)


def fill_negative(tf):
    run(tf, tf.fill(tf.placeholder_with_default([-1], [1]), 0.0))


def reshape_overflow(tf):
    run(tf, tf.reshape(tf.placeholder_with_default([1.0], None), [2**31 - 1] * 3))


def reshape_that_does_not_fit(tf):
    run(tf, tf.reshape(tf.placeholder_with_default([1.0, 2.0, 3.0], None), [2, 2]))


def placeholder_unfed(tf):
    run(tf, tf.placeholder(tf.float32, [2, 3]))


def uninitialized_variable(tf):
    run(tf, tf.Variable(1.0, name="q"))


def uninitialized_resource_variable(tf):
    run(tf, tf.Variable(1.0, name="q", use_resource=True))


def gather_out_of_bounds(tf):
    run(tf, tf.gather([1.0, 2.0, 3.0], tf.placeholder_with_default([7], None)))


def scatter_out_of_bounds(tf):
    v = tf.Variable([1.0, 2.0, 3.0])
    with tf.Session() as session:
        session.run(v.initializer)
        session.run(tf.scatter_update(v, [7], [1.0]))


def shapes_that_do_not_match(tf):
    tf.matmul(tf.zeros([2, 3]), tf.zeros([2, 3]))


def ranks_that_do_not_match(tf):
    tf.nn.conv2d(tf.zeros([2, 3]), tf.zeros([1, 1, 1, 1]), [1, 1, 1, 1], "SAME")


def addition_that_does_not_broadcast(tf):
    p = tf.placeholder_with_default([1.0, 2.0], None)
    run(tf, p + tf.placeholder_with_default([1.0, 2.0, 3.0], None))


def types_that_do_not_match(tf):
    tf.constant(1.0) + tf.constant(1)


def closed_session(tf):
    session = tf.Session()
    session.close()
    session.run(tf.constant(1))


def empty_graph(tf):
    with tf.Session(graph=tf.Graph()) as session:
        session.run([])


def finalized_graph(tf):
    graph = tf.get_default_graph()
    graph.finalize()
    tf.constant(1)


def not_a_number(tf):
    run(tf, tf.check_numerics(tf.placeholder_with_default([1.0, np.nan], None), "here"))


def failed_assertion(tf):
    run(tf, tf.Assert(tf.placeholder_with_default(False, []), ["what", 3]))


def missing_file(tf):
    run(tf, tf.read_file("/nonexistent/file"))


def missing_checkpoint(tf):
    tf.Variable(1.0, name="a")
    with tf.Session() as session:
        tf.train.Saver().restore(session, "/nonexistent/model")


def checkpoint_without_the_key(tf):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model")
        with tf.Graph().as_default(), tf.Session() as session:
            v = tf.Variable(1.0, name="a")
            session.run(v.initializer)
            tf.train.Saver().save(session, path)
        tf.Variable(1.0, name="b")
        with tf.Session() as session:
            tf.train.Saver().restore(session, path)


def checkpoint_of_another_shape(tf):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model")
        with tf.Graph().as_default(), tf.Session() as session:
            v = tf.Variable([1.0, 2.0], name="a")
            session.run(v.initializer)
            tf.train.Saver().save(session, path)
        tf.Variable([1.0], name="a")
        with tf.Session() as session:
            tf.train.Saver().restore(session, path)


def variable_twice(tf):
    tf.get_variable("v", [1])
    tf.get_variable("v", [1])


def variable_that_is_not_there(tf):
    with tf.variable_scope("s", reuse=True):
        tf.get_variable("v", [1])


def variable_of_another_shape(tf):
    tf.get_variable("v", [1])
    with tf.variable_scope("", reuse=True):
        tf.get_variable("v", [2])


def gradient_of_nothing(tf):
    x = tf.Variable(1.0)
    tf.train.GradientDescentOptimizer(0.1).minimize(tf.constant(1.0), var_list=[x])


def tensor_as_bool(tf):
    if tf.constant(True):
        pass


def bad_op_name(tf):
    tf.constant(1, name="a b")


def negative_top_k(tf):
    run(tf, tf.nn.top_k([1.0, 2.0], tf.placeholder_with_default(5, [])))


def of_shapes(tf, function, *shapes):
    """Run a function of values whose shapes come as a surprise."""
    values = [tf.placeholder(tf.float32) for _ in shapes]
    run(tf, function(*values), {v: np.zeros(s, np.float32) for v, s in zip(values, shapes)})


def product_of_other_sizes(tf):
    of_shapes(tf, tf.matmul, (2, 3), (4, 5))


def convolution_of_other_depths(tf):
    of_shapes(tf, lambda x, w: tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME"), (1, 4, 4, 3), (3, 3, 2, 2))


def convolution_of_no_image(tf):
    of_shapes(tf, lambda x, w: tf.nn.conv2d(x, w, [1, 1, 1, 1], "SAME"), (4, 4, 3), (3, 3, 3, 2))


def depthwise_convolution_of_other_depths(tf):
    of_shapes(tf, lambda x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME"), (1, 4, 4, 3),
              (3, 3, 2, 2))


def bias_of_another_size(tf):
    of_shapes(tf, tf.nn.bias_add, (2, 3), (4,))


def bias_that_is_a_matrix(tf):
    of_shapes(tf, tf.nn.bias_add, (2, 3), (3, 3))


def cross_entropy_of_other_classes(tf):
    of_shapes(tf, lambda x, y: tf.nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=x),
              (2, 4), (2, 3))


def unstack_of_another_number(tf):
    of_shapes(tf, lambda x: tf.unstack(x, num=2), (3,))


def one_hot_of_no_axis(tf):
    run(tf, tf.one_hot(tf.placeholder_with_default(3, None), 3, axis=5))


def paddings_of_another_rank(tf):
    of_shapes(tf, lambda x: tf.pad(x, [[1, 1]]), (3, 2))


def choice_of_other_shapes(tf):
    of_shapes(tf, lambda x, y: tf.where(x > 0, x, y), (3,), (2,))


def blocks_that_do_not_fit(tf):
    of_shapes(tf, lambda x: tf.space_to_depth(x, 2), (1, 3, 2, 3))


def depth_that_does_not_fit(tf):
    of_shapes(tf, lambda x: tf.depth_to_space(x, 2), (1, 2, 2, 3))


def placeholder_of_a_negative_size(tf):
    tf.placeholder(tf.float32, [-2])


def operation_without_a_session(tf):
    tf.no_op().run()


INPUTS = {name: value for name, value in sorted(globals().items())
          if callable(value) and getattr(value, "__code__", None) is not None
          and value.__code__.co_varnames[:value.__code__.co_argcount] == ("tf",)
          and not value.__code__.co_flags & 0x04}  # not the helper that takes *nodes


def answer(tf, name):
    """[class, message] of what the input is answered with; [None, None] if nothing is raised.

    Messages are cut where the node, its place and a stack begin; places, hosts and temporary folders
    are masked.
    """
    with tf.Graph().as_default():
        try:
            INPUTS[name](tf)
        except Exception as error:  # the answer
            text = getattr(error, "message", None) or str(error)
            text = re.split(r"\n\t \[\[|\n\nOriginal stack|\n\n  File", text)[0]
            text = re.sub(r"\(defined at [^)]*\)", "(defined at ?)", text)
            text = re.sub(r", \S*XLA_CPU:0", "", text)  # a device that only TensorFlow has
            text = re.sub(r"running on \w+\.", "running on ?.", text)
            text = re.sub(tempfile.gettempdir() + r"\S*", "<tmp>", text)
            return [type(error).__name__, text]
    return [None, None]
