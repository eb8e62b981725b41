"""Numbers too small for full precision: zero in a run, as in TensorFlow, and untouched outside."""
import threading

import numpy as np
import pytest

import rekindle as tf

SMALL = np.full(1 << 18, 1e-39, np.float32)  # enough for several threads


def doubled():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None])
        return tf.Session().run([x * 2.0, tf.identity(x)], {x: SMALL})


def test_arithmetic_takes_denormals_for_zero():
    product, same = doubled()
    assert not product.any()
    np.testing.assert_array_equal(same, SMALL)


def test_also_in_other_threads():
    found = []
    thread = threading.Thread(target=lambda: found.append(doubled()[0]))
    thread.start()
    thread.join()
    assert not found[0].any()


def test_the_users_own_arithmetic_is_as_before():
    doubled()
    assert (SMALL * np.float32(2)).all()


def test_a_run_inside_of_a_run_does_not_end_it():
    def inner(x):
        doubled()
        return x * np.float32(2)

    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None])
        y = tf.py_func(inner, [x], tf.float32)
        found = tf.Session().run(y, {x: SMALL[:8]})
    assert not found.any()


def test_a_failed_run_leaves_the_thread_as_it_was():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None])
        with pytest.raises(tf.errors.InvalidArgumentError):
            tf.Session().run(tf.reshape(x, [3]), {x: SMALL})
    assert (SMALL * np.float32(2)).all()
