"""The file that lists checkpoints, and looking into checkpoints."""
from __future__ import annotations

import numpy as np
import pytest

import rekindle as tf
from rekindle._src import errors
from rekindle._src.formats.tensor_bundle import BundleWriter
from rekindle._src.graph import dtypes
from rekindle._src.run.session import Session
from rekindle._src.state import partitioned, variables
from rekindle._src.state.variable_scope import get_variable, variable_scope
from rekindle._src.train import checkpoint_files, checkpoint_variables


@pytest.fixture
def folder(tmp_path):
    writer = BundleWriter(str(tmp_path / "m-1"))
    writer.add("old/a", np.array([1, 2], np.float32), dtypes.float32)
    writer.add("old/b", np.array([[3], [4]], np.float32), dtypes.float32)
    writer.finish()
    checkpoint_files.update_checkpoint_state(str(tmp_path), str(tmp_path / "m-1"))
    return str(tmp_path)


def test_state_is_text_with_the_newest_last():
    state = checkpoint_files.generate_checkpoint_state_proto("/a", "/a/m", ["/a/x"], [1.0, 2.0])
    assert state.model_checkpoint_path == "/a/m"
    assert list(state.all_model_checkpoint_paths) == ["/a/x", "/a/m"]
    relative = checkpoint_files.generate_checkpoint_state_proto("a", "a/m")
    assert list(relative.all_model_checkpoint_paths) == ["m"]
    with pytest.raises(ValueError, match="Checkpoint timestamps, if provided, must match"):
        checkpoint_files.generate_checkpoint_state_proto("/a", "/a/m", ["/a/m"], [1.0, 2.0])


def test_state_must_not_take_the_place_of_a_checkpoint(tmp_path):
    path = str(tmp_path / "checkpoint")
    with pytest.raises(RuntimeError, match="conflicts with path used for checkpoint state"):
        checkpoint_files.update_checkpoint_state(str(tmp_path), path)


def test_latest_checkpoint(folder, tmp_path):
    assert checkpoint_files.latest_checkpoint(folder) == folder + "/m-1"
    assert checkpoint_files.latest_checkpoint(folder + "/nope") is None
    (tmp_path / "garbage").write_text("}{")
    assert checkpoint_files.latest_checkpoint(folder, "garbage") is None
    (tmp_path / "gone").write_text('model_checkpoint_path: "gone-7"')
    assert checkpoint_files.latest_checkpoint(folder, "gone") is None
    (tmp_path / "empty").write_text("")
    with pytest.raises(ValueError, match="Invalid checkpoint state loaded from"):
        checkpoint_files.latest_checkpoint(folder, "empty")


def test_files_of_checkpoints(folder):
    prefix = folder + "/m-1"
    assert checkpoint_files.checkpoint_exists(prefix)
    assert len(checkpoint_files.get_checkpoint_mtimes([prefix, folder + "/m-2"])) == 1
    checkpoint_files.remove_checkpoint(prefix)
    assert not checkpoint_files.checkpoint_exists(prefix)
    sharded = checkpoint_files.meta_graph_filename("m-5-?????-of-00003")
    assert sharded == checkpoint_files.meta_graph_filename("m-5") == "m-5.meta"


def test_looking_into_checkpoints(folder):
    assert checkpoint_variables.list_variables(folder) == [("old/a", [2]), ("old/b", [2, 1])]
    assert checkpoint_variables.load_variable(folder, "old/a:0").tolist() == [1, 2]
    with pytest.raises(errors.NotFoundError, match="Key nope not found in checkpoint"):
        checkpoint_variables.load_variable(folder + "/m-1", "nope")


def test_folder_without_checkpoints(tmp_path):
    with pytest.raises(ValueError, match="Couldn't find 'checkpoint' file or checkpoints in given"):
        checkpoint_variables.list_variables(str(tmp_path))


def test_iterator_yields_new_checkpoints_until_told_to_stop(folder):
    asked = []

    def stop():
        asked.append(1)
        return len(asked) == 2

    found = list(checkpoint_variables.checkpoints_iterator(folder, 0, 0, stop))
    assert found == [folder + "/m-1"]
    assert list(checkpoint_variables.checkpoints_iterator(folder, timeout=0)) == found


@pytest.mark.parametrize(
    "assignment",
    [
        {"old/": "new/"},
        {"old/a": "new/a", "old/b": "new/b"},
    ],
)
def test_initial_values_from_a_checkpoint(folder, assignment):
    with variable_scope("new"):
        a = get_variable("a", [2])
        b = get_variable("b", [2, 1], partitioner=partitioned.fixed_size_partitioner(2))
    checkpoint_variables.init_from_checkpoint(folder, assignment)
    session = Session()
    session.run(variables.global_variables_initializer())
    assert session.run(a).tolist() == [1, 2]
    assert [session.run(one).tolist() for one in b] == [[[3]], [[4]]]


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ({"nope": "new/a"}, "Tensor nope is not found in"),
        ({"old/b": "new/a"}, r"Shape of variable new/a:0 \(\(2,\)\) doesn't match with shape of"),
        ({"old/a": "other/"}, "Should be 'scope/': 'other_scope/'"),
        ({"/": "new/"}, r"Tensor a \(a in /\) is not found in"),
    ],
)
def test_assignments_that_do_not_fit(folder, assignment, message):
    with variable_scope("new"):
        get_variable("a", [2])
    with pytest.raises(ValueError, match=message):
        checkpoint_variables.init_from_checkpoint(folder, assignment)


@pytest.mark.parametrize("content", ["garbage {", "\x00\x01\x02", 'model_checkpoint_path: "gone-7"'])
def test_a_list_that_is_of_no_use_names_the_newest_whole_checkpoint(tmp_path, monkeypatch, content):
    said = []
    monkeypatch.setattr(checkpoint_files.logging, "error", lambda text, *args: said.append(text % args))
    with tf.Graph().as_default(), tf.Session() as session:
        tf.get_variable("v", initializer=1.0)
        session.run(tf.global_variables_initializer())
        saver = tf.train.Saver()
        paths = [saver.save(session, str(tmp_path / "model"), step) for step in (1, 2, 3)]
    (tmp_path / "model-3.data-00000-of-00001").write_bytes(b"")
    (tmp_path / "checkpoint").write_text(content)
    assert tf.train.latest_checkpoint(str(tmp_path)) is None
    assert f"The newest whole one is {paths[1]}: to go on from it" in said[-1]
