"""`rekindle inspect`: what a path is and holds; and the tool inspect_checkpoint."""
from __future__ import annotations

import json
import os

import numpy as np
import pytest
from click.testing import CliRunner

import rekindle as tf
from rekindle._src.graph import proto
from rekindle._src.tools.describe import describe
from rekindle._src.tools.inspect_checkpoint import print_tensors_in_checkpoint_file
from rekindle._src.tools.kinds import recognize
from rekindle.cli import commands


@pytest.fixture
def saved(tmp_path):
    """A folder with a checkpoint of two variables."""
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable("w", initializer=np.ones([3, 2], np.float32))
        tf.get_variable("names", initializer=np.array([b"a", b"bc"], object))
        session.run(tf.global_variables_initializer())
        tf.train.Saver().save(session, str(tmp_path / "model.ckpt"), global_step=7)
    return tmp_path


def run(*arguments):
    result = CliRunner().invoke(commands, ["inspect", *map(str, arguments)], standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result.output


@pytest.mark.parametrize("name", ["model.ckpt-7", "model.ckpt-7.index", "model.ckpt-7.data-00000-of-00001"])
def test_a_checkpoint_by_each_of_its_names(saved, name):
    found = describe(str(saved / name))
    assert (found["kind"], found["form"]) == ("checkpoint", "V2")
    assert [(one["name"], one["dtype"], one["shape"]) for one in found["tensors"]] == [
        ("names", "string", [2]), ("w", "float32", [3, 2])]  # fmt: skip
    assert found["elements"] == 6 and not found["is_object_based"]


def test_a_folder_of_checkpoints(saved):
    found = describe(str(saved))
    assert found["kind"] == "checkpoint state" and found["latest"].endswith("model.ckpt-7")
    assert found["checkpoint"]["tensors"][1]["name"] == "w"
    assert "w      float32  [3, 2]  24 B" in run(saved)
    (saved / "checkpoint").write_text("garbage {")
    found = describe(str(saved))
    assert "is no list of checkpoints" in found["damage"]
    assert [one["path"] for one in found["checkpoints"]] == [str(saved / "model.ckpt-7")]


def test_a_meta_graph_and_a_graph(saved, tmp_path):
    found = describe(str(saved / "model.ckpt-7.meta"))
    assert found["kind"] == "meta graph" and found["collections"]["variables"] == 2
    assert {one["name"] for one in found["graph"]["variables"]} == {"w", "names"} and not found["graph"]["lacking"]
    with tf.Graph().as_default() as graph:
        tf.negative(tf.placeholder(tf.float32, [None, 3], name="x"), name="y")
    for name, as_text in (("graph.pb", False), ("graph.pbtxt", True)):
        tf.train.write_graph(graph, str(tmp_path), name, as_text)
        found = describe(str(tmp_path / name))
        assert (found["kind"], found["form"]) == ("graph", "text" if as_text else "binary")
        assert found["inputs"] == [{"name": "x", "op": "Placeholder", "dtype": "float32", "shape": [None, 3]}]
        assert found["outputs"] == [{"name": "y", "op": "Neg"}] and found["ops"] == {"Neg": 1, "Placeholder": 1}


def test_a_saved_model(tmp_path):
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None], name="x")
        y = x * tf.get_variable("w", initializer=2.0)
        session.run(tf.global_variables_initializer())
        tf.saved_model.simple_save(session, str(tmp_path / "model"), {"in": x}, {"out": y})
    found = describe(str(tmp_path / "model"))
    (graph,) = found["meta_graphs"]
    assert found["kind"] == "saved model" and graph["tags"] == ["serve"]
    assert graph["signatures"]["serving_default"]["inputs"]["in"]["shape"] == [None]
    assert [one["name"] for one in found["checkpoint"]["tensors"]] == ["w"]
    assert "signature serving_default: tensorflow/serving/predict" in run(tmp_path / "model")


@pytest.mark.parametrize("compression", ["", "GZIP", "ZLIB"])
def test_records(tmp_path, compression):
    path = str(tmp_path / "records")
    with tf.python_io.TFRecordWriter(path, compression or None) as writer:
        for i in range(3):
            message = proto.Example()
            message.features.feature["n"].int64_list.value.extend([i] * (i + 1))
            writer.write(message.SerializeToString())
    found = describe(path)
    assert (found["kind"], found["records"], found["message"]) == ("records", 3, "Example")
    assert found["features"] == [
        {"key": "n", "is_list": False, "dtype": "int64", "in": 3, "least": 1, "most": 3}]  # fmt: skip


def test_damaged_records(tmp_path):
    path = tmp_path / "records"
    with tf.python_io.TFRecordWriter(str(path)) as writer:
        writer.write(b"one")
        writer.write(b"two")
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"?")
    found = describe(str(path))
    assert found["records"] == 1 and found["damage"].endswith("corrupted record at 31")
    path.write_bytes(content[:-5])
    assert "truncated record at 19" in describe(str(path))["damage"]
    path.write_bytes(content[:25])
    assert "6 bytes at 19 are no record" in describe(str(path))["damage"]


def test_events(tmp_path):
    writer = tf.summary.FileWriter(str(tmp_path))
    for step in (3, 4):
        writer.add_summary(tf.Summary(value=[tf.Summary.Value(tag="loss", simple_value=step / 2)]), step)
    writer.close()
    (name,) = os.listdir(tmp_path)
    found = describe(str(tmp_path / name))
    assert found["kind"] == "events" and found["version"] == "brain.Event:2"
    assert found["tags"] == [
        {"tag": "loss", "value": "simple_value", "count": 2, "first_step": 3, "last_step": 4, "last": 2.0}]  # fmt: skip
    assert describe(str(tmp_path))["inside"] == [{"path": str(tmp_path / name), "kind": "events", "form": ""}]


def test_json(saved):
    found = json.loads(run("--json", saved / "model.ckpt-7"))
    assert found["tensors"][1] == {"name": "w", "dtype": "float32", "shape": [3, 2], "bytes": 24}


@pytest.mark.parametrize("content", [b"", b"hello", b"\x80\x04N.", b"node { name: 3", bytes(100), b"\xff" * 50])
def test_what_is_none_of_them(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(tf.errors.DataLossError, match="is no file that TensorFlow writes"):
        recognize(str(path))
    with pytest.raises(tf.errors.NotFoundError):
        recognize(str(tmp_path / "none"))


def test_the_flags_of_inspect_checkpoint(saved, capsys):
    path = str(saved / "model.ckpt-7")
    assert run("--file_name", path, "--tensor_name=w").startswith("tensor_name:  w\n[[1. 1.]")
    print_tensors_in_checkpoint_file(path, "", False, True, "names")
    said = capsys.readouterr().out
    assert said == (
        "tensor_name:  names\ntensor_name:  w\n"
        "# Excluding 1 tensors (2 params) that match names when counting.\n# Total number of params: 6\n"
    )


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--file_name=none"], "Failed to find any matching files for none"),
        (["--file_name={}/model.ckpt-7", "--tensor_name=none"], "Key none not found in checkpoint"),
        (["--file_name={}/model.ckpt-7.index"], "It's likely that this is a V2 checkpoint"),
        (["--file_name={}/model.ckpt-7.meta", "--all_tensors"], "Unable to open table file"),
        (["--all_tensors"], "Usage: inspect_checkpoint"),
        (["--none"], "Usage: inspect_checkpoint"),
    ],
)
def test_flags_of_inspect_checkpoint_that_do_not_fit(saved, flags, said):
    result = CliRunner().invoke(commands, ["inspect", *(one.format(saved) for one in flags)], standalone_mode=False)
    assert isinstance(result.exception, SystemExit) and result.exit_code == 1
    assert said in " ".join(result.output.split())


def test_a_damaged_saved_model_is_an_error_in_one_line(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"\xff")
    for command in (["inspect", str(tmp_path)], ["convert", str(tmp_path), str(tmp_path / "out.safetensors")]):
        result = CliRunner().invoke(commands, command)
        assert result.exit_code == 1
        (line,) = result.output.splitlines()
        assert line.startswith("Error: ") and f"Cannot parse file {tmp_path}/saved_model.pb" in line
