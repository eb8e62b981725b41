"""What Rekindle knows of TensorFlow 1.15's names."""
from rekindle._src import facts


def test_public_names_with_signatures():
    table = facts.symbols()
    assert len(table) == 4996
    assert table["matmul"].kind == "function"
    assert table["matmul"].signature.startswith("(a, b, transpose_a=False")


def test_inner_names():
    names = facts.deep_names("python.ops.init_ops")
    assert names["Constant"] == "constant_initializer"
    assert names["ones_initializer"] == "ones_initializer"
    assert names["ConvolutionOrthogonal"] == ""
    assert facts.deep_names("python.ops.nowhere") == {}


def test_explanations():
    ours = ["nn.conv2d", "matmul", "linalg.matmul"]
    assert facts.explain("nn.conv2", ours) == (
        "TensorFlow 1.15 has no tf.nn.conv2 either; the nearest that Rekindle has: tf.nn.conv2d"
    )
    said = "TensorFlow 1.15 has tf.nn.conv3d, Rekindle does not have it"
    assert facts.explain("nn.conv3d", []) == said
    assert facts.nearest("nn.matmul", ours) == "tf.matmul, tf.linalg.matmul"
