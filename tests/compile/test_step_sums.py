"""Gradients of unrolled loops: sums over the steps are one operation each, equal to the definition."""
import numpy as np

import rekindle as tf
from tests.compile.test_emitted_text import emitted

STEPS = 6


def model():
    """Placeholder of inputs, and the gradients of inputs, kernel and bias of an unrolled loop."""
    x = tf.placeholder(tf.float32, [2, STEPS, 5], name="x")
    kernel = tf.constant(np.cos(np.arange(88)).reshape(11, 8).astype(np.float32)[:, :6])
    bias = tf.constant(np.sin(np.arange(6)).astype(np.float32))
    state = tf.zeros([2, 6])
    for step in range(STEPS):
        given = tf.concat([x[:, step, :], state], 1)
        state = tf.tanh(tf.nn.bias_add(tf.matmul(given, kernel), bias))
    return x, tf.gradients(state, [x, kernel, bias])


def test_each_sum_is_one_operation():
    with tf.Graph().as_default():
        x, gradients = model()
        lines = emitted(gradients, [x], [(2, STEPS, 5)])
    text = "\n".join(lines)
    assert sum("torch.mm(v" in line and ".t(), v" in line for line in lines) == 1
    assert "StridedSliceGrad(" not in text
    assert sum("torch.stack(" in line for line in lines) == 1


def test_values_equal_the_definition(monkeypatch):
    value = np.random.RandomState(0).randn(2, STEPS, 5).astype(np.float32)
    with tf.Graph().as_default():
        x, gradients = model()
        found = tf.Session().run(gradients, {x: value})
        monkeypatch.setenv("REKINDLE_INTERPRET", "1")
        expected = tf.Session().run(gradients, {x: value})
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_other_slices_are_added():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [STEPS, 3])
        parts = [x[step] * float(step + 1) for step in range(STEPS - 1)] + [x[0] * 7.0]
        gradient = tf.gradients(tf.add_n(parts), x)[0]
        value = tf.Session().run(gradient, {x: np.ones([STEPS, 3])})
    np.testing.assert_array_equal(value[:, 0], [8, 2, 3, 4, 5, 0])


def test_second_outputs_of_operations_are_added():
    x = tf.placeholder(tf.float32, [4])
    total = tf.add_n([tf.split(x * float(i), 2)[1] for i in range(1, 6)])
    assert tf.Session().run(total, {x: [1, 2, 3, 4]}).tolist() == [45, 60]
