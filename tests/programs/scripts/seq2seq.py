"""tf.contrib.seq2seq: helpers, attention of all kinds, losses, beam search."""
import numpy as np
import tensorflow as tf

seq2seq = tf.contrib.seq2seq
rnn = tf.contrib.rnn
tf.set_random_seed(5)
x = tf.placeholder(tf.float32, [None, None, 3], name="x")
lengths = tf.placeholder(tf.int32, [None], name="lengths")
memory = tf.placeholder(tf.float32, [None, None, 5], name="memory")
known = tf.placeholder(tf.float32, [2, 3, 5], name="known")
memory_lengths = tf.placeholder(tf.int32, [None], name="memory_lengths")
vectors = tf.get_variable("vectors", [7, 3])
rows = tf.shape(x)[0]
places = np.cos(np.arange(30)).reshape(2, 3, 5)
feeds = {
    x: np.arange(24).reshape(2, 4, 3) / 24 - 0.4, lengths: [3, 4], memory: places, known: places,
    memory_lengths: [2, 3],
}


def decoded(helper, cell, count, layer=None, **options):
    state = cell.zero_state(count, tf.float32)
    decoder = seq2seq.BasicDecoder(cell, helper, state, layer)
    return seq2seq.dynamic_decode(decoder, **options)


def training():
    helper = seq2seq.TrainingHelper(x, lengths)
    return decoded(helper, rnn.BasicLSTMCell(4), rows, tf.layers.Dense(7))


def imputed():
    helper = seq2seq.TrainingHelper(x, lengths)
    options = {"output_time_major": True, "maximum_iterations": 3}
    return decoded(helper, rnn.GRUCell(4), rows, impute_finished=True, **options)


def greedy():
    helper = seq2seq.GreedyEmbeddingHelper(vectors, tf.constant([1, 2]), 0)
    return decoded(helper, rnn.GRUCell(7), 2, maximum_iterations=4)


def sampling():
    helper = seq2seq.SampleEmbeddingHelper(vectors, tf.constant([1, 2]), 0, 0.5, seed=3)
    return decoded(helper, rnn.GRUCell(7), 2, maximum_iterations=4)


def inference():
    helper = seq2seq.InferenceHelper(
        lambda y: tf.cast(y > 0, tf.float32), [3], tf.float32, tf.ones([2, 3]),
        lambda drawn: tf.reduce_all(drawn > 0.5, 1), next_inputs_fn=lambda drawn: drawn * 2)
    return decoded(helper, rnn.GRUCell(3), 2, maximum_iterations=4)


def custom():
    helper = seq2seq.CustomHelper(
        lambda: (tf.tile([False], [2]), tf.zeros([2, 3])),
        lambda time, outputs, state: tf.cast(tf.argmax(outputs, -1), tf.int32),
        lambda time, outputs, state, sample_ids: (tf.tile([time > 2], [2]), outputs, state))
    return decoded(helper, rnn.GRUCell(3), 2)


def scheduled():
    helper = seq2seq.ScheduledEmbeddingTrainingHelper(
        x, lengths, vectors, 0.5, seed=4, scheduling_seed=8)
    return decoded(helper, rnn.GRUCell(7), rows)


def scheduled_outputs():
    helper = seq2seq.ScheduledOutputTrainingHelper(
        x, lengths, 0.5, seed=4, next_inputs_fn=lambda y: y * 2, auxiliary_inputs=x * 3)
    return decoded(helper, rnn.GRUCell(3), rows)


def attending(mechanism, **options):
    cell = seq2seq.AttentionWrapper(rnn.GRUCell(4), mechanism, **options)
    outputs, state, ends = decoded(seq2seq.TrainingHelper(x, lengths), cell, rows)
    history = state.alignment_history
    history = history.stack() if options.get("alignment_history") else history
    return outputs, state._replace(alignment_history=()), ends, history


def luong():
    mechanism = seq2seq.LuongAttention(4, memory, memory_lengths, scale=True)
    return attending(mechanism, attention_layer_size=6)


def luong_known():
    mechanism = seq2seq.LuongAttention(4, known)
    return attending(mechanism, alignment_history=True, output_attention=False)


def bahdanau():
    mechanism = seq2seq.BahdanauAttention(4, memory, memory_lengths, normalize=True)
    return attending(mechanism, attention_layer=tf.layers.Dense(3, activation=tf.tanh))


def hard_and_soft():
    mechanisms = [
        seq2seq.BahdanauAttention(3, memory, probability_fn=seq2seq.hardmax),
        seq2seq.LuongAttention(4, known)]
    return attending(mechanisms, attention_layer_size=[2, 3])


def monotonic():
    mechanism = seq2seq.BahdanauMonotonicAttention(
        3, memory, memory_lengths, sigmoid_noise=0.5, sigmoid_noise_seed=3, score_bias_init=-0.5)
    return attending(mechanism)


def monotonic_hard():
    return attending(seq2seq.LuongMonotonicAttention(4, memory, mode="hard", scale=True))


def monotonic_recursive():
    p = tf.constant([[0.1, 0.5, 0.9], [0.3, 0.2, 0.7]])
    return seq2seq.monotonic_attention(p, tf.constant([[1.0, 0, 0], [0.5, 0.5, 0]]), "recursive")


def losses():
    logits = tf.layers.dense(x, 7)
    targets = tf.constant([[1, 2, 3, 4], [3, 2, 1, 0]])
    weights = tf.sequence_mask(lengths, 4, tf.float32)
    choices = [
        (True, True), (True, False), (False, True), (False, False), (False, False, True, True),
        (False, False, True, False), (False, False, False, True)]
    return [seq2seq.sequence_loss(logits, targets, weights, *one) for one in choices]


def beams():
    cell = rnn.MultiRNNCell([rnn.BasicLSTMCell(4), rnn.GRUCell(4)])
    decoder = seq2seq.BeamSearchDecoder(
        cell, vectors, [1, 2], 0, cell.zero_state(6, tf.float32), 3, tf.layers.Dense(7))
    return seq2seq.dynamic_decode(decoder, maximum_iterations=5)


def beams_attending():
    tiled = seq2seq.tile_batch(memory, 3)
    mechanism = seq2seq.BahdanauAttention(4, tiled, seq2seq.tile_batch(memory_lengths, 3))
    cell = seq2seq.AttentionWrapper(
        rnn.GRUCell(4), mechanism, attention_layer_size=6, alignment_history=True)
    count = tf.shape(memory)[0] * 3
    state = cell.zero_state(count, tf.float32).clone(cell_state=tf.ones([count, 4]))
    decoder = seq2seq.BeamSearchDecoder(
        cell, vectors, tf.tile([1], [tf.shape(memory)[0]]), 0, state, 3, tf.layers.Dense(7),
        length_penalty_weight=0.6, coverage_penalty_weight=0.3)
    return seq2seq.dynamic_decode(decoder, maximum_iterations=5)


TRAINED = [
    training, imputed, scheduled, scheduled_outputs, luong, luong_known, bahdanau, hard_and_soft,
    monotonic, losses]
OTHERS = [
    greedy, sampling, inference, custom, monotonic_hard, monotonic_recursive, beams,
    beams_attending]
fetches = []
for part in TRAINED + OTHERS:
    with tf.variable_scope(part.__name__):
        made = tf.contrib.framework.nest.flatten(part())
    fetches.append(made)
    if part in TRAINED:
        own = [v for v in tf.trainable_variables() if v.name.startswith(part.__name__ + "/")]
        slopes = tf.gradients(tf.reduce_sum(tf.square(made[0])), own)
        fetches.append([one for one in slopes if one is not None])
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    session.run(fetches, feeds)
