"""Matrix products: their biases, and the transposed matrices that many of them share."""
import numpy as np
import pytest

import rekindle as tf
from tests.compile.test_emitted_text import emitted


@pytest.mark.parametrize("add", [lambda y, b: y + b, lambda y, b: b + y, tf.nn.bias_add])
def test_a_bias_is_added_inside_of_a_large_product(add):
    with tf.Graph().as_default():
        x, w, b = (tf.placeholder(tf.float32, s) for s in ([64, 8], [8, 64], [64]))
        lines = emitted(add(tf.matmul(x, w), b), [x, w, b], [(64, 8), (8, 64), (64,)])
    assert sum("torch.addmm(" in line for line in lines) == 1
    assert not any("torch.mm(" in line or " + " in line for line in lines)


def test_a_product_that_is_needed_keeps_its_own_kernel():
    with tf.Graph().as_default():
        x, w, b = (tf.placeholder(tf.float32, s) for s in ([64, 8], [8, 64], [64]))
        y = tf.matmul(x, w)
        lines = emitted([y + b, y], [x, w, b], [(64, 8), (8, 64), (64,)])
    assert not any("addmm" in line for line in lines)


def test_a_column_is_no_bias():
    with tf.Graph().as_default():
        x, w, b = (tf.placeholder(tf.float32, s) for s in ([64, 8], [8, 64], [64, 1]))
        lines = emitted(tf.matmul(x, w) + b, [x, w, b], [(64, 8), (8, 64), (64, 1)])
    assert not any("addmm" in line for line in lines)


def products(count):
    """Placeholders of rows and a matrix, and the sum of `count` different products with it transposed."""
    x, w = tf.placeholder(tf.float32, [4, 6]), tf.placeholder(tf.float32, [5, 6])
    terms = [tf.matmul(tf.tanh(x * float(i)), w, transpose_b=True) for i in range(count)]
    return x, w, sum(terms[1:], terms[0])


def test_a_matrix_is_transposed_once_for_many_products():
    with tf.Graph().as_default():
        x, w, y = products(4)
        lines = emitted(y, [x, w], [(4, 6), (5, 6)])
    assert sum(".t().contiguous()" in line for line in lines) == 1
    assert sum("torch.mm(" in line for line in lines) == 4


def test_few_products_do_not_pay_for_a_copy():
    with tf.Graph().as_default():
        x, w, y = products(2)
        lines = emitted(y, [x, w], [(4, 6), (5, 6)])
    assert not any("contiguous" in line for line in lines)


def test_a_loop_transposes_before_its_steps():
    with tf.Graph().as_default():
        x, w = tf.placeholder(tf.float32, [4, 6]), tf.placeholder(tf.float32, [6, 6])
        y = tf.while_loop(lambda i, y: i < 3, lambda i, y: (i + 1, tf.matmul(y, w, transpose_b=True)), [0, x])[1]
        lines = emitted(y, [x, w], [(4, 6), (6, 6)])
        session = tf.Session()
        xs, ws = np.random.RandomState(0).randn(4, 6), np.random.RandomState(1).randn(6, 6)
        found = session.run(y, {x: xs, w: ws})
    copy = next(i for i, line in enumerate(lines) if ".t().contiguous()" in line)
    assert lines[copy - 2].startswith("if not started") or lines[copy - 3].startswith("if not started")
    np.testing.assert_allclose(found, xs @ ws.T @ ws.T @ ws.T, rtol=1e-4)


def test_a_matrix_that_the_loop_changes_is_not_shared():
    with tf.Graph().as_default():
        x, w = tf.placeholder(tf.float32, [4, 6]), tf.placeholder(tf.float32, [6, 6])
        y = tf.while_loop(lambda i, y, w: i < 3, lambda i, y, w: (i + 1, tf.matmul(y, w, transpose_b=True), w * 2.0),
                          [0, x, w])[1]
        xs, ws = np.random.RandomState(0).randn(4, 6), np.random.RandomState(1).randn(6, 6)
        found = tf.Session().run(y, {x: xs, w: ws})
    np.testing.assert_allclose(found, xs @ ws.T @ (2 * ws.T) @ (4 * ws.T), rtol=1e-4)


def test_sizes_that_are_known_are_not_asked_for():
    with tf.Graph().as_default():
        x = tf.placeholder(tf.float32, [None, 6], name="x")
        lines = emitted([*tf.split(x, 3, 1), tf.slice(x, [0, 2], [-1, 3])], [x], [(4, 6)])
    assert not any(".shape" in line for line in lines)
    assert any("torch.unsafe_split(x, 2, 1)" in line for line in lines)
