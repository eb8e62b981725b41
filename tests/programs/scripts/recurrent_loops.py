"""Loops over cells: fused, convolutional, embedded, bidirectional and stacked ones."""
import numpy as np
import tensorflow as tf

rnn = tf.contrib.rnn
tf.set_random_seed(3)
x = tf.placeholder(tf.float32, [3, 5, 4])
lengths = tf.placeholder(tf.int32, [3])
steps = tf.unstack(x, axis=1)
whole = tf.transpose(x, [1, 0, 2])
fetches = []


def keep(name, output, state=()):
    """Fetch outputs, states and the gradients of the variables below a scope."""
    own = [v for v in tf.trainable_variables() if v.name.startswith(name + "/")]
    total = sum(tf.reduce_sum(tf.square(one)) for one in tf.contrib.framework.nest.flatten(output))
    fetches.append((output, state, tf.gradients(total, own)))


with tf.variable_scope("fused"):
    made = rnn.LSTMBlockFusedCell(3)(whole, dtype=tf.float32)
keep("fused", *made)
with tf.variable_scope("fused_ragged"):
    cell = rnn.LSTMBlockFusedCell(3, use_peephole=True, cell_clip=0.3)
    made = rnn.TimeReversedFusedRNN(cell)(whole, dtype=tf.float32, sequence_length=lengths)
keep("fused_ragged", *made)
with tf.variable_scope("fused_state"):
    state = rnn.LSTMStateTuple(tf.ones([3, 3]), tf.ones([3, 3]))
    made = rnn.LSTMBlockFusedCell(3)(whole, initial_state=state)
keep("fused_state", *made)
for is_dynamic in (False, True):
    with tf.variable_scope(f"adapted_{is_dynamic:d}"):
        adapted = rnn.FusedRNNCellAdaptor(rnn.BasicRNNCell(3), use_dynamic_rnn=is_dynamic)
        made = adapted(whole, dtype=tf.float32, sequence_length=lengths)
    keep(f"adapted_{is_dynamic:d}", *made)
for axes, sizes in ((1, [4, 1]), (2, [2, 2, 1]), (3, [2, 2, 1, 1])):
    with tf.variable_scope(f"convolution_{axes:d}"):
        cell = (rnn.Conv1DLSTMCell, rnn.Conv2DLSTMCell, rnn.Conv3DLSTMCell)[axes - 1](
            input_shape=sizes, output_channels=2, kernel_shape=[2] * axes,
            skip_connection=axes == 2, use_bias=axes != 3)
        images = [tf.reshape(one, [3] + sizes) for one in steps[:1 if axes == 2 else 2]]
        made = tf.nn.static_rnn(cell, images, dtype=tf.float32)
    keep(f"convolution_{axes:d}", *made)
with tf.variable_scope("words"):
    words = [tf.constant([1, 2, 0]), tf.constant([2, 2, 1])]
    cell = rnn.EmbeddingWrapper(rnn.GRUCell(3), embedding_classes=3, embedding_size=2)
    made = tf.nn.static_rnn(cell, words, dtype=tf.float32)
fetches.append(made)
with tf.variable_scope("both"):
    outputs, _, state = tf.nn.static_bidirectional_rnn(
        rnn.GRUCell(2), rnn.GRUCell(3), steps, dtype=tf.float32, sequence_length=lengths)
keep("both", outputs, state)
with tf.variable_scope("both_loops"):
    made = tf.nn.bidirectional_dynamic_rnn(rnn.GRUCell(2), rnn.GRUCell(3), x, dtype=tf.float32)
keep("both_loops", *made)
with tf.variable_scope("backwards"):
    made = rnn.TimeReversedFusedRNN(rnn.LSTMBlockFusedCell(2))(whole, dtype=tf.float32)
keep("backwards", *made)
with tf.variable_scope("stacked"):
    outputs, _, state = rnn.stack_bidirectional_rnn(
        [rnn.GRUCell(2), rnn.GRUCell(2)], [rnn.GRUCell(2), rnn.GRUCell(3)], steps[:2],
        dtype=tf.float32)
keep("stacked", outputs, state)
with tf.variable_scope("stacked_loops"):
    outputs, _, state = rnn.stack_bidirectional_dynamic_rnn(
        [rnn.GRUCell(2), rnn.GRUCell(2)], [rnn.GRUCell(2), rnn.GRUCell(3)], x, dtype=tf.float32,
        sequence_length=lengths)
keep("stacked_loops", outputs, state)
phased = rnn.PhasedLSTMCell(3, use_peepholes=True)
times = tf.cast(tf.reshape(lengths, [3, 1]), tf.float32)
first = rnn.LSTMStateTuple(tf.ones([3, 3]), tf.ones([3, 3]))
with tf.variable_scope("phased"):
    made = phased((times, steps[0]), first)
keep("phased", *made)

feeds = {x: np.arange(60, dtype=np.float32).reshape(3, 5, 4) / 60 - 0.4, lengths: [2, 5, 3]}
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    session.run(fetches, feeds)
