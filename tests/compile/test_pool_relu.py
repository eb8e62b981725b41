"""Rectified images that are pooled: what runs, and that it is equal to the definition."""
import numpy as np
import pytest

import rekindle as tf
from tests.compile.test_emitted_text import emitted

WINDOWS = [(2, 2, "SAME"), (3, 2, "SAME"), (3, 2, "VALID"), (3, 1, "SAME"), (2, 3, "VALID"), (5, 5, "VALID")]


def model(height, width, window, stride, padding):
    """Placeholder of images, the pooled images, and the gradients of the images and of a bias before."""
    x = tf.placeholder(tf.float32, [2, height, width, 3], name="x")
    bias = tf.constant([1.0, 0.0, -1.0])
    y = tf.nn.max_pool(tf.nn.relu(x + bias), [1, window, window, 1], [1, stride, stride, 1], padding)
    return x, y, tf.gradients(y * y, [x, bias])


def test_no_relu_runs_over_the_images():
    with tf.Graph().as_default():
        x, y, gradients = model(4, 4, 2, 2, "SAME")
        lines = emitted([y, *gradients], [x], [(2, 4, 4, 3)])
    assert not any("relu" in line for line in lines)
    assert any("sliding.maximum(v" in line and "positive=True" in line for line in lines)
    assert any("sliding.maximum_gradient_and_sum(v" in line and "positive=True" in line for line in lines)
    assert not any("torch.sum" in line for line in lines)


def test_a_relu_that_is_fetched_stays():
    with tf.Graph().as_default():
        x, y, gradients = model(4, 4, 2, 2, "SAME")
        lines = emitted([y, *gradients, y.op.inputs[0]], [x], [(2, 4, 4, 3)])
    assert sum("torch.relu" in line for line in lines) == 1


@pytest.mark.parametrize("height, width", [(6, 6), (7, 5)])
@pytest.mark.parametrize("window, stride, padding", WINDOWS)
def test_values_equal_the_definition(height, width, window, stride, padding, monkeypatch):
    value = np.random.RandomState(0).randint(-3, 4, (2, height, width, 3)).astype(np.float32)  # with ties
    with tf.Graph().as_default():
        x, y, gradients = model(height, width, window, stride, padding)
        found = tf.Session().run([y, *gradients], {x: value})
        monkeypatch.setenv("REKINDLE_INTERPRET", "1")
        expected = tf.Session().run([y, *gradients], {x: value})
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-6)
    np.testing.assert_allclose(found[2], expected[2], rtol=1e-5)
