"""Steps that are recorded and replayed. Without a GPU, "cpu:0" stands in for one, another device than "cpu" to the
compiler, and a recording is the work itself."""
import numpy as np
import pytest

import rekindle as tf
from rekindle._src.run import devices, replay
from rekindle._src.run.steps import Link


@pytest.fixture
def recordings(monkeypatch):
    """The devices of the recordings that sessions make, which believe in one GPU."""
    made = []

    def record(device, work):
        made.append(str(device))
        return work

    monkeypatch.setattr(devices, "gpu_count", lambda config: 1)
    monkeypatch.setattr(devices, "local_devices", lambda config: [])
    monkeypatch.setattr(replay, "record", record)
    on_cpu = Link.device
    monkeypatch.setattr(Link, "device", lambda self, node: on_cpu(self, node).replace("cuda:0", "cpu:0"))
    return made


def digits(seed=1):
    """A small net with dropout: placeholders, loss, and the operation that trains it with momentum."""
    tf.set_random_seed(seed)
    x, y = tf.placeholder(tf.float32, [None, 6]), tf.placeholder(tf.float32, [None, 3])
    net = tf.nn.dropout(tf.layers.dense(x, 5, tf.nn.relu), keep_prob=0.5)
    loss = tf.losses.softmax_cross_entropy(y, tf.layers.dense(net, 3))
    step = tf.train.get_or_create_global_step()
    optimizer = tf.train.MomentumOptimizer(tf.train.exponential_decay(0.5, step, 2, 0.9), 0.9)
    return x, y, loss, optimizer.minimize(loss, step)


def losses(steps=8):
    with tf.Graph().as_default():
        x, y, loss, train = digits()
        random = np.random.RandomState(0)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            return [session.run([loss, train], {x: random.rand(4, 6), y: np.eye(3)[random.randint(0, 3, 4)]})[0]
                    for _ in range(steps)]


def test_a_step_whose_shapes_repeat_is_recorded_and_gives_the_same(request):
    expected = losses()
    made = request.getfixturevalue("recordings")
    assert losses() == pytest.approx(expected, rel=1e-6)
    assert "cpu:0" in made


def test_other_shapes_are_other_recordings(recordings):
    x = tf.placeholder(tf.float32, [None])
    y = x * 2.0
    with tf.Session() as session:
        for size in [2, 3] * 4:
            np.testing.assert_array_equal(session.run(y, {x: np.arange(size)}), 2 * np.arange(size))
    assert len(recordings) == 2


def test_what_is_fetched_is_not_overwritten_by_the_next_run(recordings):
    x = tf.placeholder(tf.float32, [2])
    y = x + 1.0
    with tf.Session() as session:
        found = [session.run(y, {x: [i, i]})[0] for i in range(6)]
    assert found == [1, 2, 3, 4, 5, 6]
    assert recordings


def test_a_variable_assigned_elsewhere_is_seen(recordings):
    v = tf.Variable([1.0, 2.0])
    double, reset = tf.assign(v, v * 2.0), tf.assign(v, [5.0, 5.0])
    with tf.Session() as session:
        session.run(v.initializer)
        for _ in range(4):
            session.run(double.op)
        assert session.run(v).tolist() == [16, 32]
        session.run(reset.op)
        session.run(double.op)
        assert session.run(v).tolist() == [10, 10]
    assert recordings


def test_a_variable_of_another_shape_is_recorded_anew(recordings):
    shape = tf.placeholder(tf.float32, None)
    v = tf.Variable([1.0], validate_shape=False)
    change, double = tf.assign(v, shape, validate_shape=False), tf.assign(v, v * 2.0)
    with tf.Session() as session:
        for value in ([1.0], [1.0, 2.0, 3.0]):
            session.run(change.op, {shape: value})
            for _ in range(4):
                session.run(double.op)
            assert session.run(v).tolist() == [16 * one for one in value]


def test_what_cannot_be_recorded_runs_as_it_is(recordings, monkeypatch):
    def refuse(device, work):
        raise RuntimeError("operation not permitted when stream is capturing")

    monkeypatch.setattr(replay, "record", refuse)
    x = tf.placeholder(tf.float32, [2])
    with tf.Session() as session:
        assert [session.run(x + 1.0, {x: [i, i]})[0] for i in range(3)] == [1, 2, 3]
        y = x + 1.0
        assert [session.run(y, {x: [i, i]})[0] for i in range(5)] == [1, 2, 3, 4, 5]


def test_a_step_in_which_the_host_waits_for_the_gpu_stays_whole(recordings):
    x = tf.placeholder(tf.float32, [2])
    seen = []
    y = tf.py_func(lambda v: seen.append(v.tolist()) or v, [x * 2.0], tf.float32) + 1.0
    with tf.Session() as session:
        found = [session.run(y, {x: [i, i]})[0] for i in range(5)]
    assert found == [1, 3, 5, 7, 9]
    assert len(seen) == 5
    assert not recordings


@pytest.mark.gpu
def test_a_cuda_graph_trains_as_the_cpu_does(monkeypatch):
    made = []
    record = replay.record
    monkeypatch.setattr(replay, "record", lambda device, work: made.append(record(device, work)) or made[-1])
    found = losses()
    monkeypatch.setattr(devices, "gpu_count", lambda config: 0)
    assert found == pytest.approx(losses(), rel=1e-4)
    assert made
