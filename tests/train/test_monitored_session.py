"""Monitored sessions, their hooks, SessionManager and Supervisor."""
from __future__ import annotations

import os

import numpy as np
import pytest

import rekindle as tf
from rekindle._src.train.global_step import get_or_create_global_step_read


@pytest.fixture(autouse=True)
def _fresh_graph():
    with tf.Graph().as_default():
        tf.summary.FileWriterCache.clear()
        yield
        tf.summary.FileWriterCache.clear()


def counting():
    """The global step and an operation that increases it."""
    step = tf.train.get_or_create_global_step()
    return step, tf.assign_add(step, 1)


class Recorder(tf.train.SessionRunHook):
    """Remembers its calls."""

    def __init__(self, fetches=None, feeds=None):
        self.calls = []
        self.fetches, self.feeds = fetches, feeds

    def begin(self):
        self.calls.append("begin")

    def after_create_session(self, session, coord):
        self.calls.append("create")

    def before_run(self, run_context):
        return tf.train.SessionRunArgs(self.fetches, self.feeds)

    def after_run(self, run_context, run_values):
        self.calls.append(run_values.results)

    def end(self, session):
        self.calls.append("end")


def test_hooks_are_asked_and_told():
    x = tf.placeholder(tf.float32, [])
    y = x * 2.0
    hook = Recorder(y, {x: 4.0})
    with tf.train.MonitoredSession(hooks=[hook]) as session:
        assert session.run(y) == 8.0
    assert hook.calls == ["begin", "create", 8.0, "end"]


def test_a_tensor_is_not_fed_twice():
    x = tf.placeholder(tf.float32, [])
    hook = tf.train.FeedFnHook(lambda: {x: 1.0})
    with tf.train.MonitoredSession(hooks=[hook]) as session:
        with pytest.raises(RuntimeError, match="Same tensor is fed by a SessionRunHook and user. Conflict"):
            session.run(x, {x: 2.0})
        assert session.run(x) == 1.0


@pytest.mark.parametrize("arguments, steps", [({"num_steps": 3}, 3), ({"last_step": 5}, 5)])
def test_it_stops_at_a_step(arguments, steps):
    step, add = counting()
    done = 0
    with tf.train.MonitoredSession(hooks=[tf.train.StopAtStepHook(**arguments)]) as session:
        while not session.should_stop():
            session.run(add)
            done += 1
        with pytest.raises(RuntimeError, match="Run called even after should_stop requested."):
            session.run(step)
    assert done == steps


def test_hooks_read_the_step_before_its_update():
    _, add = counting()
    read = get_or_create_global_step_read()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run([add, read])[1] == 0
        assert session.run([read, add])[0] == 1


def test_the_end_of_the_input_ends_it():
    number = tf.train.range_input_producer(3, num_epochs=1, shuffle=False).dequeue()
    found = []
    with tf.train.MonitoredSession() as session:
        while not session.should_stop():
            found.append(session.run(number))
    assert found == [0, 1, 2]


def test_training_saves_and_restores(tmp_path):
    step, add = counting()
    tf.summary.scalar("twice", step * 2)
    folder = str(tmp_path)

    def train(until):
        hooks = [tf.train.StopAtStepHook(last_step=until)]
        with tf.train.MonitoredTrainingSession(checkpoint_dir=folder, hooks=hooks, save_checkpoint_steps=4,
                                               save_summaries_steps=2, log_step_count_steps=5) as session:
            while not session.should_stop():
                session.run(add)

    train(6)
    assert tf.train.latest_checkpoint(folder) == os.path.join(folder, "model.ckpt-6")
    train(8)
    assert tf.train.latest_checkpoint(folder) == os.path.join(folder, "model.ckpt-8")
    with tf.train.SingularMonitoredSession(checkpoint_dir=folder) as session:
        assert session.run(step) == 8
    names = {name.split("-")[0].split(".")[0] for name in os.listdir(folder)}
    assert names == {"checkpoint", "events", "graph", "model"}
    events = [e for name in sorted(os.listdir(folder)) if name.startswith("events")
              for e in tf.train.summary_iterator(os.path.join(folder, name))]
    tags = {v.tag for e in events for v in e.summary.value}
    assert tags == {"twice", "global_step/sec"}


def test_listeners_are_told_of_checkpoints_and_may_stop_it(tmp_path):
    step, add = counting()

    class Listener(tf.train.CheckpointSaverListener):
        calls = []

        def before_save(self, session, global_step_value):
            self.calls.append(int(global_step_value))

        def after_save(self, session, global_step_value):
            return global_step_value >= 2

    hook = tf.train.CheckpointSaverHook(str(tmp_path), save_steps=1, saver=tf.train.Saver(), listeners=[Listener()])
    with tf.train.MonitoredSession(hooks=[hook]) as session:
        while not session.should_stop():
            session.run(add)
    assert Listener.calls == [0, 1, 2]


def test_a_loss_that_is_no_number_ends_it():
    loss = tf.log(tf.constant(-1.0))
    with pytest.raises(tf.train.NanLossDuringTrainingError, match="NaN loss during training."):
        with tf.train.MonitoredSession(hooks=[tf.train.NanTensorHook(loss)]) as session:
            session.run(loss)


def test_tensors_are_logged(monkeypatch):
    lines = []
    hook = tf.train.LoggingTensorHook({"x": tf.constant(1.5, name="x")}, every_n_iter=2, formatter=str)
    monkeypatch.setattr("rekindle._src.tf_logging.info", lambda *line: lines.append(line))
    noop = tf.no_op()
    with tf.train.MonitoredSession(hooks=[hook]) as session:
        for _ in range(3):
            session.run(noop)
    assert [line for line in lines if "'x'" in line[0]] == [(str({"x": np.float32(1.5)}),)] * 2


def test_profiles_are_written(tmp_path):
    step, add = counting()
    hook = tf.train.ProfilerHook(save_steps=2, output_dir=str(tmp_path))
    with tf.train.MonitoredSession(hooks=[hook]) as session:
        for _ in range(5):
            session.run(add)
    assert {n for n in os.listdir(tmp_path) if n.startswith("timeline")} == {"timeline-2.json", "timeline-4.json"}


def test_a_lost_session_is_made_anew():
    three = tf.constant(3)

    class Creator(tf.train.SessionCreator):
        made = 0

        def create_session(self):
            self.made += 1
            return tf.Session()

    creator, failed = Creator(), []

    class Failing(tf.train.SessionRunHook):
        def before_run(self, run_context):
            if not failed:
                failed.append(True)
                raise tf.errors.AbortedError(None, None, "lost")

    with tf.train.MonitoredSession(creator, hooks=[Failing()]) as session:
        assert session.run(three) == 3
    assert creator.made == 2


def test_a_step_function_may_stop_the_loop():
    step, add = counting()

    def step_fn(step_context):
        value = step_context.run_with_hooks(add)
        if value == 2:
            step_context.request_stop()
        return value

    last = 0
    with tf.train.MonitoredSession() as session:
        while not session.should_stop():
            last = session.run_step_fn(step_fn)
        pytest.fail("the loop ends by StopIteration")
    assert last == 1


def test_the_graph_is_finalized_while_it_runs():
    tf.constant(1)
    with tf.train.MonitoredSession():
        with pytest.raises(RuntimeError, match="Graph is finalized and cannot be modified."):
            tf.constant(2)
    tf.constant(3)


def test_a_manager_says_what_is_not_initialised():
    tf.Variable(1.0, name="v")
    manager = tf.train.SessionManager(ready_op=tf.report_uninitialized_variables())
    with pytest.raises(RuntimeError, match="error: Variables not initialized: v"):
        manager.prepare_session("", init_op=tf.no_op())
    with pytest.raises(tf.errors.DeadlineExceededError, match="Session was not ready after waiting 1 secs."):
        manager.wait_for_session("", max_wait_secs=1)


def test_a_supervisor_trains_saves_and_restores(tmp_path):
    step, add = counting()
    tf.summary.scalar("twice", step * 2)
    supervisor = tf.train.Supervisor(logdir=str(tmp_path), save_model_secs=0, save_summaries_secs=1)
    with supervisor.managed_session() as session:
        for _ in range(4):
            session.run(add)
        supervisor.saver.save(session, supervisor.save_path, global_step=supervisor.global_step)
    supervisor = tf.train.Supervisor(logdir=str(tmp_path))
    with supervisor.managed_session() as session:
        assert session.run(step) == 4
    assert os.path.exists(tmp_path / "graph.pbtxt")


def test_a_supervisor_raises_what_its_context_raised():
    counting()
    supervisor = tf.train.Supervisor()
    with pytest.raises(KeyError, match="mine"), supervisor.managed_session():
        raise KeyError("mine")


def test_a_basic_loop_runs_until_it_is_asked_to_stop():
    _, add = counting()
    supervisor = tf.train.Supervisor()

    def train(session, limit):
        if session.run(add) == limit:
            supervisor.request_stop()

    tf.train.basic_train_loop(supervisor, train, args=(3,))
    assert supervisor.should_stop()
