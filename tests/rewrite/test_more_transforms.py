"""Graph transforms that fuse convolutions, go back to older ops, quantize weights and log: values stay the same."""
import numpy as np
import pytest

import rekindle as tf

RNG = np.random.default_rng(0)
WEIGHTS = RNG.normal(size=(3, 3, 3, 4)).astype(np.float32)
INPUT = RNG.normal(size=(2, 8, 8, 3)).astype(np.float32)


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as made:
        yield made


def convolved(x):
    return tf.nn.conv2d(x, tf.constant(WEIGHTS, name="w"), [1, 1, 1, 1], "VALID", name="conv")


def padded(x):
    return tf.pad(x, [[0, 0], [1, 1], [2, 2], [0, 0]], mode="REFLECT")


def atrous(x, convolve):
    spread = tf.space_to_batch_nd(x, [2, 2], [[2, 2], [2, 2]])
    return tf.batch_to_space_nd(convolve(spread), [2, 2], [[0, 0], [0, 0]])


def depthwise(x):
    return tf.nn.depthwise_conv2d_native(x, tf.constant(WEIGHTS, name="w"), [1, 1, 1, 1], "VALID")


def large_constant(x):
    return x * tf.constant(RNG.normal(size=(8, 8, 3)), tf.float32, name="large")


def split(x):
    return tf.split(x, 3, axis=3)[1]


CASES = {
    "fuse_resize_pad_and_conv": (
        lambda x: convolved(padded(tf.image.resize_bilinear(x, [16, 16]))), "FusedResizeAndPadConv2D", 1e-5,
    ),
    "fuse_resize_and_conv": (
        lambda x: convolved(tf.image.resize_bilinear(x, [16, 16])), "FusedResizeAndPadConv2D", 1e-5,
    ),
    "fuse_pad_and_conv": (lambda x: convolved(padded(x)), "FusedPadConv2D", 1e-5),
    "flatten_atrous_conv": (lambda x: atrous(x, convolved), "Conv2D", 1e-4),
    "flatten_atrous_conv ": (lambda x: atrous(x, depthwise), "DepthwiseConv2dNative", 1e-4),
    "backport_concatv2": (lambda x: tf.concat([x, x], 1), "Concat", 0),
    "backport_tensor_array_v3": (lambda x: tf.TensorArray(tf.float32, 2).unstack(x).stack(), "TensorArrayV2", 0),
    "quantize_weights(minimum_size=100)": (large_constant, "Dequantize", 0.2),
    "insert_logging(op=Mul, message=here)": (large_constant, "Print", 0),
    "insert_logging(op=Split)": (split, "Print", 0),
}  # fmt: skip


def value(graph_def):
    with tf.Graph().as_default(), tf.Session() as session:
        (y,) = tf.import_graph_def(graph_def, return_elements=["y:0"], name="")
        return session.run(y, {"x:0": INPUT})


@pytest.mark.parametrize("call", CASES)
def test_the_graph_computes_the_same(graph, call, capfd):
    build, op, most = CASES[call]
    x = tf.placeholder(tf.float32, INPUT.shape, name="x")
    tf.identity(build(x), name="y")
    before = graph.as_graph_def()
    after = tf.tools.graph_transforms.TransformGraph(before, ["x"], ["y"], [call])
    assert op in {node.op for node in after.node}
    np.testing.assert_allclose(value(after), value(before), rtol=1e-5, atol=most)
    if "here" in call:
        assert capfd.readouterr().err.startswith("here[[[")


def test_what_others_need_stays(graph):
    x = tf.placeholder(tf.float32, INPUT.shape, name="x")
    pad = padded(x)
    tf.add(tf.reduce_sum(convolved(pad)), tf.reduce_sum(pad), name="y")
    after = tf.tools.graph_transforms.TransformGraph(graph.as_graph_def(), ["x"], ["y"], ["fuse_pad_and_conv"])
    assert {node.name for node in after.node} == {op.name for op in graph.get_operations()}


@pytest.mark.parametrize(
    ("values", "low", "high"), [(np.zeros(20), 0, 1), (-np.ones(20), -1, 0), (np.linspace(2, 3, 20), 0, 3)]
)
def test_ranges_of_quantized_weights(graph, values, low, high):
    tf.constant(values, tf.float32, name="y")
    after = tf.tools.graph_transforms.TransformGraph(graph.as_graph_def(), [], [], ["quantize_weights(minimum_size=2)"])
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(after, name="")
        assert session.run(["y_quantized_min:0", "y_quantized_max:0"]) == [low, high]
        np.testing.assert_allclose(session.run("y:0"), values, atol=0.01)


def ranges_of(graph, log, arguments=""):
    tf.raw_ops.RequantizationRange(
        input=tf.placeholder(tf.qint32), input_min=0.0, input_max=1.0, name="range"
    )
    tf.add(graph.get_tensor_by_name("range:0"), graph.get_tensor_by_name("range:1"), name="y")
    call = f'freeze_requantization_ranges(min_max_log_file="{log}"{arguments})'
    after = tf.tools.graph_transforms.TransformGraph(graph.as_graph_def(), [], ["y"], [call])
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(after, name="")
        return session.run(["range/frozen_min:0", "range/frozen_max:0", "y:0"])


def test_ranges_are_taken_from_a_log(graph, tmp_path):
    log = tmp_path / "log.txt"
    lines = [f"2017 x] ;range__print__;__requant_min_max:[{-i}][{2 * i}]" for i in range(1, 41)]
    log.write_text("\n".join([*lines, "other", ";range__print__;__requant_min_max:[a][b]"]))
    assert ranges_of(graph, log) == [-38, 78, 40]
    graph_2 = tf.Graph()
    with graph_2.as_default():
        assert ranges_of(graph_2, log, ", min_percentile=0, max_percentile=50") == [-40, 42, 2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing", "No min/max range logs were found in the log file"),
        (";other__print__;__requant_min_max:[1][2]", "Nodes were found in the log file that aren't present in the"),
        (";y__print__;__requant_min_max:[1][2]", "Node is expected to be a RequantizationRange op: y, but is: Add"),
    ],
)
def test_logs_that_do_not_fit(graph, tmp_path, text, said):
    (tmp_path / "log.txt").write_text(text)
    with pytest.raises(tf.errors.InvalidArgumentError, match=said):
        ranges_of(graph, tmp_path / "log.txt")
    with pytest.raises(tf.errors.NotFoundError):
        tf.tools.graph_transforms.TransformGraph(
            graph.as_graph_def(), [], ["y"], ['freeze_requantization_ranges(min_max_log_file="/none")']
        )
