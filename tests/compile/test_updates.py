"""Updates of many variables at once, and of rows: what runs, and that it is equal to the definition."""
import numpy as np
import pytest

import rekindle as tf
from tests.compile.test_emitted_text import emitted

OPTIMIZERS = {
    "ApplyGradientDescentGroup": lambda: tf.train.GradientDescentOptimizer(0.1),
    "ApplyMomentumGroup": lambda: tf.train.MomentumOptimizer(0.1, 0.9),
    "use_nesterov=True": lambda: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True),
    "ApplyAdamGroup": lambda: tf.train.AdamOptimizer(0.1),
    "ApplyRMSProp": lambda: tf.train.RMSPropOptimizer(0.1, momentum=0.5),
}


def model(optimizer, use_resource):
    """A placeholder, a step of training, and all variables."""
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    with tf.variable_scope("net", use_resource=use_resource, initializer=tf.random_uniform_initializer(seed=1)):
        h = tf.layers.dense(x, 4, tf.tanh)
        y = tf.layers.dense(h, 2)
    train = optimizer().minimize(tf.reduce_mean(tf.square(y)))
    return x, train, tf.global_variables()


def after(steps, x, train, variables):
    """The values of all variables after some steps."""
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    for i in range(steps):
        session.run(train, {x: np.random.RandomState(i).randn(5, 3)})
    return session.run(variables)


@pytest.mark.parametrize("use_resource", [False, True])
@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_updates_at_once_equal_single_ones(kind, use_resource, monkeypatch):
    with tf.Graph().as_default():
        x, train, variables = model(OPTIMIZERS[kind], use_resource)
        assert sum(kind in line for line in emitted(train, [x], [(5, 3)])) == (4 if kind == "ApplyRMSProp" else 1)
        found = after(3, x, train, variables)
        monkeypatch.setenv("REKINDLE_INTERPRET", "1")
        expected = after(3, x, train, variables)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-5, atol=1e-7)


def test_rates_that_differ_are_not_joined():
    with tf.Graph().as_default():
        a, b = tf.Variable([1.0]), tf.Variable([1.0])
        train = tf.group(tf.train.GradientDescentOptimizer(0.5).minimize(a * a, var_list=[a]),
                         tf.train.GradientDescentOptimizer(0.25).minimize(b * b, var_list=[b]))
        session = tf.Session()
        session.run(tf.global_variables_initializer())
        session.run(train)
        assert session.run([a, b]) == [[0.0], [0.5]]


def embedding(rows):
    """Placeholder of row numbers, and a step of Adam on these rows of an embedding."""
    ids = tf.placeholder(tf.int32, [4], name="ids")
    table = tf.get_variable("table", [rows, 3], initializer=tf.random_uniform_initializer(seed=1))
    loss = tf.reduce_sum(tf.square(tf.nn.embedding_lookup(table, ids)))
    return ids, tf.train.AdamOptimizer(0.1).minimize(loss)


def test_adam_passes_once_over_an_embedding():
    with tf.Graph().as_default():
        ids, train = embedding(6)
        lines = emitted(train, [ids], [(4,)])
    assert sum("AdamStep(table" in line for line in lines) == 1
    assert sum("Decay(" in line for line in lines) == 2
    assert not any("torch.sqrt(v" in line and "table" in line for line in lines)


@pytest.mark.parametrize("rows", [6, 20000])
def test_adam_on_rows_equals_the_definition(rows, monkeypatch):
    def trained():
        session = tf.Session()
        session.run(tf.global_variables_initializer())
        for i in range(4):
            session.run(train, {ids: [i, 2, 2, i + 1]})
        return session.run(tf.global_variables())

    with tf.Graph().as_default():
        ids, train = embedding(rows)
        found = trained()
        monkeypatch.setenv("REKINDLE_INTERPRET", "1")
        expected = trained()
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9)


def test_a_slot_that_is_changed_in_between_is_not_scaled_in_place():
    with tf.Graph().as_default():
        v = tf.Variable([1.0, 2.0])
        half = v.read_value() * 0.5
        with tf.control_dependencies([half]):
            changed = tf.assign_add(v, [10.0, 10.0])
        with tf.control_dependencies([changed]):
            update = tf.assign(v, half)
        session = tf.Session()
        session.run(tf.global_variables_initializer())
        session.run(update.op)
        np.testing.assert_array_equal(session.run(v), [0.5, 1.0])
