"""`rekindle convert`: checkpoints, frozen graphs and SavedModels to safetensors, and back."""
from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner

import rekindle as tf
from rekindle._src.formats.checkpoint_reader import open_checkpoint
from rekindle._src.formats.tensor_bundle import BundleWriter
from rekindle._src.graph import dtypes
from rekindle._src.tools.convert import convert
from rekindle._src.tools.safetensors_files import read_safetensors
from rekindle._src.tools.slots import is_slot
from rekindle.cli import commands

TYPES = [
    "float32", "float64", "float16", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
    "uint64", "bool", "complex64", "complex128", "qint8", "quint8", "qint32",
]  # fmt: skip


def trained(path):
    with tf.Graph().as_default(), tf.Session() as session:
        w = tf.get_variable("layer/w", initializer=np.arange(6, dtype=np.float32).reshape(3, 2))
        tf.train.AdamOptimizer(0.1).minimize(tf.reduce_sum(w * w))
        session.run(tf.global_variables_initializer())
        return tf.train.Saver().save(session, str(path))


def test_every_type_comes_back(tmp_path):
    writer = BundleWriter(str(tmp_path / "a"))
    for name in TYPES:
        dtype = dtypes.as_dtype(name)
        plain = dtype.as_numpy_dtype[0] if dtype.is_quantized else dtype.as_numpy_dtype
        array = np.array([[0, 1, 1]]).astype(plain)
        writer.add(name, array.view(dtype.as_numpy_dtype), dtype)
        writer.add(f"{name}/scalar", np.array(array[0, 1]).view(dtype.as_numpy_dtype), dtype)
    writer.add("string", np.array([[b"a\0b", b""]], object), dtypes.string)
    writer.finish()
    convert(str(tmp_path / "a"), str(tmp_path / "a.safetensors"))
    convert(str(tmp_path / "a.safetensors"), str(tmp_path / "b"))
    before, after = open_checkpoint(str(tmp_path / "a")), open_checkpoint(str(tmp_path / "b"))
    assert list(before.names()) == list(after.names())
    for name in before.names():
        assert before.facts(name) == after.facts(name), name
        assert before.read(name).tolist() == after.read(name).tolist(), name


def test_slots_are_dropped_or_kept(tmp_path):
    path = trained(tmp_path / "model.ckpt")
    kept = convert(path, str(tmp_path / "all.safetensors"))
    assert kept.tensors == 5 and not kept.dropped
    result = CliRunner().invoke(commands, ["convert", str(tmp_path), str(tmp_path / "own.safetensors"), "--no-slots"])
    assert "1 tensors written" in result.output and "dropped layer/w/Adam_1" in result.output
    assert [name for name, _, _ in read_safetensors(str(tmp_path / "own.safetensors"))] == ["layer/w"]


@pytest.mark.parametrize(("name", "expected"), [
    ("w/Adam", True), ("w/Adam_1", True), ("scope/w/Momentum", True), ("beta1_power", True), ("t/beta2_power_1", True),
    ("w", False), ("Adam/w", False), ("v/Adam", False), ("w/ExponentialMovingAverage", False),
])  # fmt: skip
def test_names_of_slots(name, expected):
    shapes = {"w": (2,), "v": (3,), name: (2,)}
    if "beta" in name:
        shapes[name] = ()
    assert is_slot(name, shapes) is expected


def test_a_frozen_graph(tmp_path):
    values = np.arange(8, dtype=np.float32).reshape(2, 4)
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 2], name="x")
        w = tf.get_variable("w", initializer=values)
        tf.identity(tf.matmul(x, w) + tf.constant(np.ones([4], np.float32)), name="y")
        session.run(tf.global_variables_initializer())
        frozen = tf.graph_util.convert_variables_to_constants(session, session.graph_def, ["y"])
        expected = session.run("y:0", {"x:0": [[1, 2]]})
    tf.train.write_graph(frozen, str(tmp_path), "frozen.pb", as_text=False)
    found = convert(str(tmp_path / "frozen.pb"), str(tmp_path / "out.safetensors"))
    assert found.tensors == 1
    ((name, _, array),) = read_safetensors(str(tmp_path / "out.safetensors"))
    assert name == "w" and np.array_equal(array, values)
    convert(str(tmp_path / "out.safetensors"), str(tmp_path / "out"))
    with tf.Graph().as_default(), tf.Session() as session:
        saver = tf.train.import_meta_graph(str(tmp_path / "out.meta"))
        session.run(tf.global_variables_initializer())
        assert not session.run("w:0").any()
        saver.restore(session, str(tmp_path / "out"))
        assert np.array_equal(session.run("y:0", {"x:0": [[1, 2]]}), expected)


def test_a_saved_model(tmp_path):
    with tf.Graph().as_default(), tf.Session() as session:
        x = tf.placeholder(tf.float32, [None], name="x")
        y = tf.multiply(x, tf.get_variable("w", initializer=2.0), name="y")
        session.run(tf.global_variables_initializer())
        tf.saved_model.simple_save(session, str(tmp_path / "model"), {"in": x}, {"out": y})
    convert(str(tmp_path / "model"), str(tmp_path / "out.safetensors"))
    convert(str(tmp_path / "out.safetensors"), str(tmp_path / "out"))
    with tf.Graph().as_default(), tf.Session() as session:
        tf.train.import_meta_graph(str(tmp_path / "out.meta")).restore(session, str(tmp_path / "out"))
        assert session.run("y:0", {"x:0": [3]}).tolist() == [6]


def test_what_cannot_be_converted(tmp_path):
    (tmp_path / "model.pkl").write_bytes(b"\x80\x04N.")
    result = CliRunner().invoke(commands, ["convert", str(tmp_path / "model.pkl"), str(tmp_path / "a")])
    assert result.exit_code == 1 and "is no file that TensorFlow writes" in result.output
    with pytest.raises(tf.errors.InvalidArgumentError, match="takes checkpoints"):
        convert(str(tmp_path), str(tmp_path / "a"))
    (tmp_path / "cut.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}      ?")
    with pytest.raises(tf.errors.DataLossError, match="no safetensors file"):
        convert(str(tmp_path / "cut.safetensors"), str(tmp_path / "a"))
    assert not list(tmp_path.glob("a*"))
