"""Memory that nobody needs any more is used again, and never memory that somebody does."""
import numpy as np
import pytest

import rekindle as tf
from tests.compile.test_emitted_text import emitted


def test_arithmetic_works_in_the_memory_of_what_it_takes():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [3], name="x")
        lines = emitted(tf.tanh((x * 2.0 + 1.0) / 3.0), [x], [(3,)])
    assert [line.split(" = ")[-1] for line in lines[1:-1]] == [
        "x * k", "v2.add_(k_2)", "v4.div_(k_3)", "torch.tanh_(v6)"]


def test_a_new_value_is_given_to_a_variable():
    with tf.Graph().as_default():
        v = tf.Variable([1.0, 2.0], name="v")
        x = tf.placeholder(tf.float32, [2], name="x")
        lines = emitted(tf.assign(v, tf.exp(x)).op, [x], [(2,)])
    assert any(line.startswith("AssignGiven(v, ") for line in lines)


@pytest.mark.parametrize("build", [
    lambda x: [x * 2.0, (x * 2.0) + 1.0],  # fetched too
    lambda x: tf.square(x * 2.0) + tf.reshape(x * 2.0, [4]),  # seen through a view
    lambda x: tf.reverse(x * 2.0, [0]) * (x * 2.0),
    lambda x: (lambda y: y * y)(x + 1.0),  # taken twice
    lambda x: tf.broadcast_to(tf.reduce_sum(x) * 1.0, [4]) * 2.0,
    lambda x: tf.cond(x[0] > 0, lambda: x * 2.0, lambda: x) + 1.0,
    lambda x: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, (y + 1.0) * x), [0, x * 3.0])[1] + x,
    lambda x: tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, y * 2.0), [0, tf.zeros([4])])[1] + x,
    lambda x: tf.map_fn(lambda e: e * 2.0 + 1.0, x),
    lambda x: tf.gradients(tf.reduce_sum(tf.tanh(x * 2.0) * tf.sigmoid(x)), x)[0],
])
def test_values_equal_the_definition(build, monkeypatch):
    value = np.array([1.0, -2.0, 3.0, 0.5], np.float32)
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [4])
        y = build(x)
        session = tf.Session()
        for _ in range(2):  # constants are as they were
            found = session.run(y, {x: value})
        monkeypatch.setenv("REKINDLE_INTERPRET", "1")
        np.testing.assert_allclose(found, tf.Session().run(y, {x: value}), rtol=1e-6)
    np.testing.assert_array_equal(value, [1.0, -2.0, 3.0, 0.5])


def test_two_variables_given_one_value_stay_apart():
    with tf.Graph().as_default():
        a, b = tf.Variable([0.0]), tf.Variable([0.0])
        x = tf.placeholder(tf.float32, [1])
        y = x * 2.0
        both = tf.group(tf.assign(a, y), tf.assign(b, y))
        session = tf.Session()
        session.run(both, {x: [1.0]})
        session.run(tf.assign_add(a, [5.0]))
        assert session.run([a, b]) == [[7.0], [2.0]]


def test_a_fetched_value_is_not_the_variables_own():
    with tf.Graph().as_default():
        v = tf.Variable([0.0])
        x = tf.placeholder(tf.float32, [1])
        y = tf.assign(v, x * 2.0)
        session = tf.Session()
        found = session.run(y, {x: [1.0]})
        session.run(tf.assign_add(v, [5.0]))
        assert found == [2.0]
