"""Optimizers: slots, errors, constraints; the numbers are compared by tests/programs."""
from __future__ import annotations

import pytest

import rekindle as tf

ALL = {
    "GradientDescent": lambda: tf.train.GradientDescentOptimizer(0.1),
    "Momentum": lambda: tf.train.MomentumOptimizer(0.01, 0.9),
    "Adam": lambda: tf.train.AdamOptimizer(0.1),
    "Adagrad": lambda: tf.train.AdagradOptimizer(0.5),
    "Adadelta": lambda: tf.train.AdadeltaOptimizer(1.0, epsilon=0.1),
    "RMSProp": lambda: tf.train.RMSPropOptimizer(0.1),
    "CenteredRMSProp": lambda: tf.train.RMSPropOptimizer(0.1, centered=True),
    "Ftrl": lambda: tf.train.FtrlOptimizer(0.5),
    "ProximalGradientDescent": lambda: tf.train.ProximalGradientDescentOptimizer(0.1),
    "ProximalAdagrad": lambda: tf.train.ProximalAdagradOptimizer(0.5),
}


def initialized():
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session


@pytest.mark.parametrize("use_resource", [False, True], ids=["ref", "resource"])
@pytest.mark.parametrize("name", ALL)
def test_goes_down(name, use_resource):
    v = tf.Variable([1.0, -2.0], use_resource=use_resource)
    loss = tf.reduce_sum(tf.square(v))
    train = ALL[name]().minimize(loss)
    with initialized() as session:
        before = session.run(loss)
        for _ in range(10):
            session.run(train)
        assert session.run(loss) < before


@pytest.mark.parametrize("use_resource", [False, True], ids=["ref", "resource"])
@pytest.mark.parametrize("name", ALL)
def test_sparse_update_leaves_other_rows(name, use_resource):
    v = tf.Variable([[1.0], [2.0], [3.0]], use_resource=use_resource)
    train = ALL[name]().minimize(tf.reduce_sum(tf.square(tf.gather(v, [2, 0, 2]))))
    with initialized() as session:
        session.run(train)
        rows = session.run(v).reshape(-1)
    assert rows[1] == 2 and rows[0] != 1 and rows[2] != 3


def test_slots_are_named_after_the_variable():
    v = tf.Variable([1.0], name="v")
    adam = tf.train.AdamOptimizer()
    adam.minimize(v * v)
    assert adam.get_slot_names() == ["m", "v"]
    assert adam.get_slot(v, "m").name == "v/Adam:0"
    assert adam.get_slot(v, "v").name == "v/Adam_1:0"
    assert adam.get_slot(v, "none") is None
    assert [one.name for one in adam.variables()] == [
        "beta1_power:0", "beta2_power:0", "v/Adam:0", "v/Adam_1:0"]
    assert all(one not in tf.trainable_variables() for one in adam.variables())


def test_global_step_counts_the_steps():
    step = tf.train.get_or_create_global_step()
    assert tf.train.get_or_create_global_step() is step
    v = tf.Variable(1.0)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(v * v, global_step=step)
    with initialized() as session:
        session.run(train)
        session.run(train)
        assert tf.train.global_step(session, step) == 2
    with pytest.raises(ValueError, match='"global_step" already exists'):
        tf.train.create_global_step()


@pytest.mark.parametrize("use_resource", [False, True], ids=["ref", "resource"])
def test_constraint_follows_the_update(use_resource):
    v = tf.Variable([1.0, -1.0], constraint=tf.nn.relu, use_resource=use_resource)
    train = tf.train.GradientDescentOptimizer(1.0).minimize(-tf.reduce_sum(v * [1.0, 0.5]))
    with initialized() as session:
        session.run(train)
        assert session.run(v).tolist() == [2, 0]


def test_wrong_losses():
    sgd = tf.train.GradientDescentOptimizer(0.1)
    with pytest.raises(ValueError, match="No variables to optimize"):
        sgd.minimize(tf.constant(1.0))
    v = tf.Variable(1.0)
    with pytest.raises(ValueError, match="No gradients provided for any variable, check your graph"):
        sgd.minimize(tf.constant(1.0))
    with pytest.raises(ValueError, match="Invalid type tf.int32"):
        sgd.minimize(tf.Variable(1) * 2)
    with pytest.raises(ValueError, match="gate_gradients must be one of"):
        sgd.minimize(v * v, gate_gradients=7)
    with pytest.raises(ValueError, match="No variables provided"):
        sgd.apply_gradients([])
    with pytest.raises(ValueError, match="No gradients provided for any variable:"):
        sgd.apply_gradients([(None, v)])
    with pytest.raises(ValueError, match="Must specify the optimizer name"):
        tf.train.GradientDescentOptimizer(0.1, name="")
    with pytest.raises(ValueError, match="initial_accumulator_value must be positive"):
        tf.train.AdagradOptimizer(0.1, 0.0)


def test_own_optimizer():
    class Halving(tf.train.Optimizer):
        def __init__(self):
            super().__init__(False, "Halving")

        def _apply_dense(self, grad, var):
            return tf.assign(var, var * 0.5).op

    v = tf.Variable(8.0)
    train = Halving().minimize(v * v)
    with initialized() as session:
        session.run(train)
        assert session.run(v) == 4


def test_averages_follow_the_updates():
    v = tf.Variable([4.0], name="v")
    average = tf.train.ExponentialMovingAverage(0.5)
    train = tf.train.GradientDescentOptimizer(0.25).minimize(tf.reduce_sum(v * v))
    with tf.control_dependencies([train]):
        update = average.apply([v])
    assert average.average(v).name == average.average_name(v) + ":0" == (
        "v/ExponentialMovingAverage:0")
    assert sorted(average.variables_to_restore()) == ["v/ExponentialMovingAverage"]
    with initialized() as session:
        session.run(update)
        assert session.run([v, average.average(v)]) == [[2], [3]]
