"""tf.train.Checkpoint and CheckpointManager: objects saved by their place, restored now or once they are made."""
from __future__ import annotations

import gc
import os

import numpy as np
import pytest

import rekindle as tf
from rekindle._src.graph.trackable import AutoTrackable, TrackedList
from rekindle._src.train.tracking.checkpoint import object_metadata
from rekindle._src.train.tracking.object_graph import gather_initializers, list_objects
from rekindle._src.train.tracking.savers import PythonStringStateSaveable
from rekindle._src.train.tracking.status import streaming_restore


@pytest.fixture(autouse=True)
def session():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def trained(session, value=2.0):
    """A Checkpoint of a variable and an optimizer after a step."""
    v = tf.get_variable("v", initializer=[value], use_resource=True)
    optimizer = tf.train.AdamOptimizer(0.5)
    step = optimizer.minimize(tf.reduce_sum(v * v))
    session.run(tf.global_variables_initializer())
    session.run(step)
    return tf.train.Checkpoint(v=v, optimizer=optimizer)


def saved(tmp_path, value=2.0):
    with tf.Graph().as_default(), tf.Session() as session:
        checkpoint = trained(session, value)
        path = checkpoint.save(str(tmp_path / "ck"))
        return path, session.run([checkpoint.v, checkpoint.optimizer.get_slot(checkpoint.v, "m")])


def test_names_follow_the_objects(tmp_path):
    path, _ = saved(tmp_path)
    assert path == str(tmp_path / "ck-1") and tf.train.latest_checkpoint(str(tmp_path)) == path
    names = [name.replace("/.ATTRIBUTES/VARIABLE_VALUE", "") for name, _ in tf.train.list_variables(path)]
    assert names == [
        "_CHECKPOINTABLE_OBJECT_GRAPH", "optimizer/beta1_power", "optimizer/beta2_power", "save_counter", "v",
        "v/.OPTIMIZER_SLOT/optimizer/m", "v/.OPTIMIZER_SLOT/optimizer/v"]  # fmt: skip
    root = object_metadata(path).nodes[0]
    assert [child.local_name for child in root.children] == ["optimizer", "v", "save_counter"]


def test_what_is_there_is_restored(session, tmp_path):
    path, expected = saved(tmp_path)
    checkpoint = trained(session, 7.0)
    checkpoint.restore(path).assert_consumed().initialize_or_restore()
    found = session.run([checkpoint.v, checkpoint.optimizer.get_slot(checkpoint.v, "m")])
    assert np.array_equal(found, expected)
    assert checkpoint.save(str(tmp_path / "ck")) == str(tmp_path / "ck-2")


def test_what_comes_later_is_restored(session, tmp_path):
    path, expected = saved(tmp_path)
    checkpoint = tf.train.Checkpoint()
    status = checkpoint.restore(path)
    with pytest.raises(AssertionError, match="Unresolved object"):
        status.assert_consumed()
    checkpoint.v = tf.get_variable("other", shape=[1])
    checkpoint.optimizer = tf.train.AdamOptimizer(0.5)
    checkpoint.optimizer.minimize(tf.reduce_sum(checkpoint.v))
    status.assert_consumed().run_restore_ops()
    slot = checkpoint.optimizer.get_slot(checkpoint.v, "m")
    assert np.array_equal(session.run([checkpoint.v, slot]), expected)


def test_streaming(session, tmp_path):
    path, (value, _) = saved(tmp_path)
    checkpoint = tf.train.Checkpoint()
    streaming_restore(checkpoint.restore(path).expect_partial())
    checkpoint.v = tf.get_variable("other", shape=[1])
    assert np.array_equal(session.run(checkpoint.v), value)


def test_saving_again_adds_nothing(session, tmp_path):
    checkpoint = trained(session)
    checkpoint.restore(checkpoint.save(str(tmp_path / "ck"))).initialize_or_restore()
    count = len(session.graph.get_operations())
    for _ in range(2):
        checkpoint.restore(checkpoint.save(str(tmp_path / "ck"))).initialize_or_restore()
    assert len(session.graph.get_operations()) == count


def test_what_does_not_match(session, tmp_path):
    path, _ = saved(tmp_path)
    other = tf.train.Checkpoint(w=tf.get_variable("w", shape=[1]))
    status = other.restore(path).expect_partial()
    with pytest.raises(AssertionError, match="Some Python objects were not bound"):
        status.assert_existing_objects_matched()
    status.initialize_or_restore()
    with pytest.raises(AssertionError, match="No checkpoint specified"):
        other.restore(None).assert_consumed()
    with pytest.raises(ValueError, match="was expecting a trackable object"):
        tf.train.Checkpoint(x=3)
    other.restore(None).initialize_or_restore()


def test_a_warning_tells_what_was_not_taken(tmp_path, caplog):
    path, _ = saved(tmp_path)
    del caplog.records[:]
    status = tf.train.Checkpoint(v=tf.get_variable("v", shape=[1])).restore(path)
    del status
    gc.collect()
    said = caplog.text
    assert "Unresolved object in checkpoint: (root).optimizer.beta1_power" in said
    assert "(root).optimizer's state 'm' for (root).v" in said


def test_lists_dicts_and_attributes(session, tmp_path):
    a, b = tf.get_variable("a", initializer=1.0), tf.get_variable("b", initializer=2.0)
    root = AutoTrackable()
    root.both = [a]
    root.both.append(b)
    root.named = {"b": b, "n": 3}
    assert isinstance(root.both, TrackedList) and list_objects(root) == [root, root.both, root.named, a, b]
    session.run(gather_initializers(root))
    path = tf.train.Checkpoint(root=root).save(str(tmp_path / "ck"))
    assert [name for name, _ in tf.train.list_variables(path)][1:3] == [
        "root/both/0/.ATTRIBUTES/VARIABLE_VALUE", "root/both/1/.ATTRIBUTES/VARIABLE_VALUE"]  # fmt: skip


def test_layers_and_cells(session, tmp_path):
    dense, cell = tf.layers.Dense(4), tf.nn.rnn_cell.BasicLSTMCell(3)
    cell(dense(tf.ones([2, 3])), cell.zero_state(2, tf.float32))
    session.run(tf.global_variables_initializer())
    path = tf.train.Checkpoint(dense=dense, cell=cell).save(str(tmp_path / "ck"))
    names = [name.replace("/.ATTRIBUTES/VARIABLE_VALUE", "") for name, _ in tf.train.list_variables(path)]
    assert names[1:] == ["cell/bias", "cell/kernel", "dense/bias", "dense/kernel", "save_counter"]


def test_a_saver_reads_it_by_variables_names(session, tmp_path):
    path, (value, _) = saved(tmp_path)
    v = tf.get_variable("v", shape=[1], use_resource=True)
    tf.train.Saver([v]).restore(session, path)
    assert np.array_equal(session.run(v), value)


def test_it_reads_what_a_saver_wrote(session, tmp_path):
    checkpoint = trained(session)
    session.run(checkpoint.save_counter.initializer)
    expected = session.run(checkpoint.v)
    path = tf.train.Saver().save(session, str(tmp_path / "model"))
    session.run(checkpoint.v.initializer)
    checkpoint.restore(path).run_restore_ops()
    assert np.array_equal(session.run(checkpoint.v), expected)


class Counter(AutoTrackable):
    """Python state that is saved as a string."""

    def __init__(self):
        self.count = 0

    def _gather_saveables_for_checkpoint(self):
        def make(name=""):
            return PythonStringStateSaveable(name, lambda: str(self.count).encode(), self.take)

        return {"count": make}

    def take(self, text):
        """Take the state that was read."""
        self.count = int(text)


def test_state_of_python_objects(tmp_path):
    counter = Counter()
    checkpoint = tf.train.Checkpoint(counter=counter)
    counter.count = 5
    first = checkpoint.save(str(tmp_path / "ck"))
    counter.count = 6
    checkpoint.save(str(tmp_path / "ck"))
    checkpoint.restore(first)
    assert counter.count == 5


def test_the_newest_stay(session, tmp_path):
    checkpoint = trained(session)
    manager = tf.train.CheckpointManager(checkpoint, str(tmp_path), max_to_keep=2)
    paths = [manager.save() for _ in range(4)]
    assert manager.checkpoints == paths[2:] and manager.latest_checkpoint == paths[3]
    assert not os.path.exists(paths[1] + ".index") and os.path.exists(paths[2] + ".index")
    again = tf.train.CheckpointManager(checkpoint, str(tmp_path), max_to_keep=1)
    assert again.checkpoints == paths[2:] and again.latest_checkpoint == paths[3]
    again.save(checkpoint_number=77)
    assert again.checkpoints == [str(tmp_path / "ckpt-77")] == [tf.train.latest_checkpoint(str(tmp_path))]
    with pytest.raises(ValueError, match="Expected a positive integer"):
        tf.train.CheckpointManager(checkpoint, str(tmp_path), max_to_keep=0)
