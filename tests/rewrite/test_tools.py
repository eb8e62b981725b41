"""The tools that freeze, strip and optimize graphs: their functions and command lines."""
import numpy as np
import pytest

import rekindle as tf
from rekindle._src.formats.graph_files import read_message
from rekindle._src.rewrite import freeze, inference, unused


@pytest.fixture
def saved(tmp_path):
    """A folder with a checkpoint "model", "graph.pb", "graph.pbtxt" and the SavedModel "export"; y = x w + b."""
    with tf.Graph().as_default() as graph, tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        w = tf.get_variable("w", initializer=[[1.0], [2.0]])
        b = tf.get_variable("b", initializer=[3.0], use_resource=True)
        y = tf.add(tf.matmul(x, w), b, name="y")
        tf.constant(1.0, name="unused")
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, str(tmp_path / "model"))
        tf.train.write_graph(graph, str(tmp_path), "graph.pbtxt")
        tf.train.write_graph(graph, str(tmp_path), "graph.pb", as_text=False)
        tf.saved_model.simple_save(session, str(tmp_path / "export"), {"x": x}, {"y": y})
    return tmp_path


def value(graph_def):
    """y of [[1, 1]] in a graph without variables."""
    with tf.Graph().as_default(), tf.Session() as session:
        (y,) = tf.import_graph_def(graph_def, return_elements=["y:0"], name="")
        return session.run(y, {"x:0": [[1.0, 1.0]]}).tolist()


@pytest.mark.parametrize(
    "flags",
    [
        ["--input_graph={}/graph.pb", "--input_binary", "--input_checkpoint={}/model"],
        ["--input_graph={}/graph.pbtxt", "--input_binary=false", "--input_checkpoint", "{}/model"],
        ["--input_meta_graph={}/model.meta", "--input_binary=true", "--input_checkpoint={}/model"],
        ["--input_saved_model_dir={}/export", "--saved_model_tags=serve"],
    ],
)
def test_freeze_graph(saved, flags):
    flags = [one.format(saved) for one in flags]
    with tf.Graph().as_default():
        freeze.run_main([*flags, "--output_node_names=y", f"--output_graph={saved}/frozen.pb"])
    assert value(read_message(f"{saved}/frozen.pb", tf.GraphDef)) == [[6.0]]


@pytest.mark.parametrize(
    ("flags", "kind", "said"),
    [
        ({"input_checkpoint": "none"}, ValueError, "Input checkpoint 'none' doesn't exist!"),
        ({"output_node_names": ""}, ValueError, "You need to supply the name of a node to --output_node_names."),
        ({"input_graph": "none"}, OSError, "Input graph file 'none' does not exist!"),
        ({"input_meta_graph": "none"}, OSError, "Input meta graph file 'none' does not exist!"),
    ],
)
def test_freeze_graph_refuses(saved, flags, kind, said):
    given = {
        "input_graph": f"{saved}/graph.pb", "input_saver": "", "input_binary": True,
        "input_checkpoint": f"{saved}/model", "output_node_names": "y", "restore_op_name": None,
        "filename_tensor_name": None, "output_graph": "", "clear_devices": True, "initializer_nodes": "",
    }  # fmt: skip
    with tf.Graph().as_default(), pytest.raises(kind, match=said):
        freeze.freeze_graph(**given | flags)


def test_graphs_are_not_written_where_no_folder_is(saved):
    common = ["--output_node_names=y", f"--output_graph={saved}/none/out.pb"]
    with tf.Graph().as_default(), pytest.raises(tf.errors.NotFoundError, match="/none/out.pb; No such file"):
        freeze.run_main([f"--input_saved_model_dir={saved}/export", *common])
    with pytest.raises(tf.errors.NotFoundError, match="/none/out.pb; No such file"):
        unused.run_main([f"--input_graph={saved}/graph.pb", "--input_binary", "--input_node_names=x", *common])


def test_a_graph_is_frozen_once(saved):
    with tf.Graph().as_default():
        freeze.run_main([
            "--input_graph", f"{saved}/graph.pb", "--input_binary", "--input_checkpoint", f"{saved}/model",
            "--output_node_names=y", f"--output_graph={saved}/frozen.pb",
        ])  # fmt: skip
    with tf.Graph().as_default(), pytest.raises(ValueError, match="You cannot freeze a graph twice"):
        freeze.run_main([
            "--input_graph", f"{saved}/frozen.pb", "--input_binary", "--input_checkpoint", f"{saved}/model",
            "--output_node_names=y",
        ])  # fmt: skip


def test_strip_unused(saved, capsys):
    flags = ["--input_node_names=MatMul", "--output_node_names=y", "--placeholder_type_enum=1"]
    files = [f"--input_graph={saved}/graph.pbtxt", f"--output_graph={saved}/small.pb"]
    assert unused.run_main([*files, *flags]) is None
    small = read_message(f"{saved}/small.pb", tf.GraphDef, binary=True)
    assert {node.name: node.op for node in small.node} == {
        "MatMul": "Placeholder", "b": "VarHandleOp", "y/ReadVariableOp": "ReadVariableOp", "y": "Add",
    }  # fmt: skip
    assert capsys.readouterr().out == "4 ops in the final graph.\n"
    assert unused.run_main([f"--input_graph={saved}/none"]) == -1
    with pytest.raises(KeyError, match="The following input nodes were not found"):
        unused.strip_unused(tf.GraphDef(), ["x"], [], 1)
    with pytest.raises(ValueError, match="'x:0' appears to refer to a Tensor"):
        unused.strip_unused(tf.GraphDef(), ["x:0"], [], 1)


@pytest.mark.parametrize("depthwise", [False, True])
def test_batch_norms_are_folded_into_weights(depthwise):
    rng = np.random.default_rng(0)
    images = rng.normal(size=(2, 5, 5, 3))
    with tf.Graph().as_default() as graph, tf.Session() as session:
        x = tf.placeholder(tf.float32, images.shape, name="x")
        channels = 6 if depthwise else 4
        weights = tf.constant(rng.normal(size=(3, 3, 3, 2 if depthwise else 4)), tf.float32)
        convolve = tf.nn.depthwise_conv2d_native if depthwise else tf.nn.conv2d
        y = convolve(x, weights, strides=[1, 1, 1, 1], padding="SAME")
        mean, beta, gamma = (tf.constant(rng.normal(size=channels), tf.float32) for _ in range(3))
        variance = tf.constant(rng.uniform(0.5, 2.0, channels), tf.float32)
        out = tf.nn.fused_batch_norm(y, gamma, beta, mean, variance, epsilon=0.01, is_training=False)[0]
        wanted = session.run(out, {x: images})
        graph_def = graph.as_graph_def()
    for node in graph_def.node:
        node.op = {"FusedBatchNormV3": "FusedBatchNorm"}.get(node.op, node.op)
    folded = inference.optimize_for_inference(graph_def, ["x"], [out.op.name], 1)
    assert {"BiasAdd"} < {one.op for one in folded.node} and "FusedBatchNorm" not in {one.op for one in folded.node}
    with tf.Graph().as_default(), tf.Session() as session:
        tf.import_graph_def(folded, name="")
        np.testing.assert_allclose(session.run(out.name, {"x:0": images}), wanted, rtol=1e-4, atol=1e-5)


def test_resizes_and_pads_are_fused():
    with tf.Graph().as_default() as graph:
        x = tf.placeholder(tf.float32, [1, 4, 4, 3], name="x")
        resized = tf.image.resize_bilinear(x, [8, 8])
        padded = tf.pad(resized, [[0, 0], [1, 1], [1, 1], [0, 0]], "REFLECT")
        tf.nn.conv2d(padded, tf.ones([3, 3, 3, 2]), 1, "VALID", name="both")
        tf.nn.conv2d(resized, tf.ones([3, 3, 3, 2]), 1, "VALID", name="resized")
    found = inference.fuse_resize_and_conv(graph.as_graph_def(), ["both", "resized"])
    ops = {node.name: node.op for node in found.node}
    assert ops["both"] == ops["resized"] == "FusedResizeAndPadConv2D"
    assert ops["resized_dummy_paddings"] == "Const"
    assert not {"Conv2D", "MirrorPad", "ResizeBilinear"} & set(ops.values())


def test_malformed_graphs_are_refused():
    twice = tf.GraphDef(node=[tf.NodeDef(name="a"), tf.NodeDef(name="a")])
    with pytest.raises(ValueError, match="Duplicate node names detected for"):
        inference.ensure_graph_is_valid(twice)
    with pytest.raises(ValueError, match="not found"):
        inference.ensure_graph_is_valid(tf.GraphDef(node=[tf.NodeDef(name="a", input=["b"])]))
