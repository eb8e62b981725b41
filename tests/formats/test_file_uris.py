"""Paths as `file://`: what reads or writes files takes them, and refuses other schemes as TensorFlow does."""
from __future__ import annotations

import os

import pytest

import rekindle as tf
from rekindle._src import errors
from rekindle._src.formats.files import local_path


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default() as made:
        yield made


@pytest.fixture
def uri(tmp_path):
    return f"file://{tmp_path}"


@pytest.mark.parametrize(
    ("path", "local"),
    [
        ("/a/b", "/a/b"),
        (b"a b", "a b"),
        ("file:///a/b", "/a/b"),
        ("file://host/a", "/a"),
        ("file://host", ""),
        ("file:a", "file:a"),
        ("a+b://c", "a+b://c"),
    ],
)
def test_the_local_path(path, local):
    assert local_path(path) == local


def test_another_file_system():
    said = r"^File system scheme 's3' not implemented \(file: 's3://a/b'\)"
    with pytest.raises(errors.UnimplementedError, match=said):
        local_path("s3://a/b")


@pytest.mark.parametrize("version", [tf.train.SaverDef.V1, tf.train.SaverDef.V2])
@pytest.mark.parametrize("sharded", [False, True])
def test_checkpoints(tmp_path, uri, version, sharded):
    v = tf.get_variable("v", initializer=[1.0, 2.0])
    saver = tf.train.Saver(write_version=version, sharded=sharded, max_to_keep=1)
    with tf.Session() as session:
        session.run(v.initializer)
        saver.save(session, f"{uri}/m", global_step=1)
        path = saver.save(session, f"{uri}/m", global_step=2)
        assert path.startswith(f"{uri}/m-2") and tf.train.latest_checkpoint(uri) == path
        assert tf.train.list_variables(uri) == tf.train.list_variables(path) == [("v", [2])]
        session.run(v.assign([0.0, 0.0]))
        saver.restore(session, path)
        assert session.run(v).tolist() == [1, 2]
    assert tf.train.import_meta_graph(f"{uri}/m-2.meta", import_scope="again") is not None
    assert not [name for name in os.listdir(tmp_path) if "m-1" in name]


def test_a_saved_model(tmp_path, uri):
    v = tf.get_variable("v", initializer=1.0)
    with tf.Session() as session:
        session.run(v.initializer)
        tf.saved_model.simple_save(session, f"{uri}/model", {"x": tf.placeholder(tf.float32)}, {"y": v.read_value()})
    assert sorted(os.listdir(tmp_path / "model")) == ["saved_model.pb", "variables"]
    with tf.Graph().as_default(), tf.Session() as session:
        tf.saved_model.loader.load(session, ["serve"], f"{uri}/model")
        assert session.run("v:0") == 1


def test_events_records_and_graphs(tmp_path, uri, graph):
    tf.constant(1.0, name="one")
    with tf.summary.FileWriter(f"{uri}/events", graph) as writer:
        assert writer.get_logdir() == f"{uri}/events"
    (name,) = os.listdir(tmp_path / "events")
    assert len(list(tf.train.summary_iterator(f"{uri}/events/{name}"))) > 1
    with tf.python_io.TFRecordWriter(f"{uri}/records") as writer:
        writer.write(b"a")
    assert list(tf.python_io.tf_record_iterator(f"{uri}/records")) == [b"a"]
    tf.train.write_graph(graph, uri, "graph.pbtxt")
    assert "one" in (tmp_path / "graph.pbtxt").read_text()


def test_files_of_a_running_graph(tmp_path, uri):
    with tf.Session() as session:
        session.run(tf.write_file(f"{uri}/folder/text", "hello"))
        assert session.run(tf.read_file(f"{uri}/folder/text")) == b"hello"
        assert session.run(tf.matching_files(f"{uri}/folder/*")).tolist() == [f"{uri}/folder/text".encode()]
        with pytest.raises(errors.UnimplementedError, match="scheme 's3' not implemented"):
            session.run(tf.matching_files("s3://a/*"))
