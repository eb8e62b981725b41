"""Recurrent cells and loops: variables' names, masks by length, what is refused."""
import numpy as np
import pytest

import rekindle as tf


@pytest.fixture(autouse=True)
def fresh_graph():
    tf.reset_default_graph()
    yield
    tf.reset_default_graph()


def run(fetches, feeds):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feeds)


def test_variables_stand_below_loop_and_cell():
    cells = [tf.nn.rnn_cell.BasicLSTMCell(2), tf.nn.rnn_cell.GRUCell(2)]
    x = tf.placeholder(tf.float32, [None, 3, 4])
    tf.nn.dynamic_rnn(tf.nn.rnn_cell.MultiRNNCell(cells), x, dtype=tf.float32)
    below = "rnn/multi_rnn_cell/cell_"
    assert [v.op.name for v in tf.trainable_variables()] == [
        below + "0/basic_lstm_cell/kernel", below + "0/basic_lstm_cell/bias",
        below + "1/gru_cell/gates/kernel", below + "1/gru_cell/gates/bias",
        below + "1/gru_cell/candidate/kernel", below + "1/gru_cell/candidate/bias"]


@pytest.mark.parametrize("make", [
    lambda: tf.nn.rnn_cell.BasicRNNCell(2), lambda: tf.nn.rnn_cell.BasicLSTMCell(2),
    lambda: tf.nn.rnn_cell.LSTMCell(2, use_peepholes=True, num_proj=3),
    lambda: tf.nn.rnn_cell.GRUCell(2)])
def test_unrolled_and_dynamic_loops_agree(make):
    tf.set_random_seed(1)
    x = tf.placeholder(tf.float32, [2, 3, 4])
    lengths = tf.placeholder(tf.int32, [2])
    cell = make()
    dynamic, last = tf.nn.dynamic_rnn(cell, x, lengths, dtype=tf.float32)
    static, same_last = tf.nn.static_rnn(
        cell, tf.unstack(x, axis=1), sequence_length=lengths, dtype=tf.float32)
    feeds = {x: np.arange(24.0).reshape(2, 3, 4) / 24, lengths: [1, 3]}
    a, b, c, d = run([dynamic, tf.stack(static, 1), last, same_last], feeds)
    np.testing.assert_allclose(a, b, rtol=1e-5)
    for one, other in zip(tf.nest.flatten(c), tf.nest.flatten(d), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)
    assert not a[0, 1:].any() and a[1].all()


def test_gradients_of_the_loop_are_those_of_the_unrolled_one():
    tf.set_random_seed(1)
    x = tf.placeholder(tf.float32, [2, 3, 4])
    cell = tf.nn.rnn_cell.BasicLSTMCell(2)
    dynamic, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    static, _ = tf.nn.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32)
    kernel = cell.trainable_weights[0]
    grads = [tf.gradients(tf.reduce_sum(y), kernel)[0] for y in (dynamic, tf.stack(static))]
    a, b = run(grads, {x: np.arange(24.0).reshape(2, 3, 4) / 24})
    np.testing.assert_allclose(a, b, rtol=1e-5)


def test_raw_loop_emits_what_the_function_says():
    x = tf.ones([2, 4])
    cell = tf.nn.rnn_cell.BasicRNNCell(3)

    def step(time, output, state, loop_state):
        state = cell.zero_state(2, tf.float32) if output is None else state
        return tf.tile(time[None] >= 5, [2]), x, state, output, None

    arrays, _, loop_state = tf.nn.raw_rnn(cell, step)
    assert loop_state is None
    assert run(arrays.stack(), {}).shape == (5, 2, 3)


def test_what_is_no_cell_is_refused():
    with pytest.raises(TypeError, match="is not an RNNCell: 'output_size' property is missing"):
        tf.nn.static_rnn(object(), [tf.ones([2, 3])], dtype=tf.float32)


def test_integers_are_refused():
    with pytest.raises(ValueError, match="RNN cell only supports floating point inputs"):
        tf.nn.rnn_cell.BasicRNNCell(3)(tf.ones([2, 3], tf.int32), tf.ones([2, 3], tf.int32))
