"""tf.contrib.legacy_seq2seq: encoders, decoders, attention, buckets, with outputs fed back."""
import tensorflow as tf

seq2seq = tf.contrib.legacy_seq2seq
rnn = tf.contrib.rnn
tf.set_random_seed(5)
values = [tf.constant([[0.1, 0.2], [0.3, -0.1]])] * 2
read = [tf.constant([1, 2]), tf.constant([0, 3])]
written = [tf.constant([1, 0]), tf.constant([2, 2]), tf.constant([3, 1])]
weights = [tf.ones([2])] * 3
is_fed = tf.placeholder(tf.bool, [])
projection = (tf.get_variable("w", [3, 5]), tf.get_variable("b", [5]))


def lstm():
    return rnn.BasicLSTMCell(3)


def layers():
    return rnn.MultiRNNCell([rnn.GRUCell(3), rnn.GRUCell(3)])


def projected():
    return rnn.OutputProjectionWrapper(rnn.GRUCell(3), 2)


def plain(x, y):
    return seq2seq.embedding_rnn_seq2seq(x, y, lstm(), 4, 5, 2)


def attending(x, y):
    return seq2seq.embedding_attention_seq2seq(x, y, rnn.GRUCell(3), 4, 5, 2)


MODELS = {
    "basic": lambda: seq2seq.basic_rnn_seq2seq(values, values, projected()),
    "tied": lambda: seq2seq.tied_rnn_seq2seq(values, values, projected()),
    "words": lambda: plain(read, written),
    "words_fed": lambda: seq2seq.embedding_rnn_seq2seq(
        read, written, lstm(), 4, 5, 2, output_projection=projection, feed_previous=True),
    "words_switched": lambda: seq2seq.embedding_rnn_seq2seq(
        read, written, lstm(), 4, 5, 2, feed_previous=is_fed),
    "tied_words": lambda: seq2seq.embedding_tied_rnn_seq2seq(
        read, written, lstm(), 5, 2, num_decoder_symbols=4),
    "tied_switched": lambda: seq2seq.embedding_tied_rnn_seq2seq(
        read, written, lstm(), 5, 2, feed_previous=is_fed),
    "heads": lambda: seq2seq.attention_decoder(
        [tf.ones([2, 2])] * 3, tf.ones([2, 3]), tf.ones([2, 4, 3]), rnn.GRUCell(3), output_size=4,
        num_heads=2, initial_state_attention=True),
    "attention": lambda: seq2seq.embedding_attention_seq2seq(read, written, layers(), 4, 5, 2),
    "attention_fed": lambda: seq2seq.embedding_attention_seq2seq(
        read, written, lstm(), 4, 5, 2, output_projection=projection, feed_previous=True),
    "many": lambda: seq2seq.one2many_rnn_seq2seq(
        read, {"a": written[:2]}, lstm(), {"a": lstm()}, 4, {"a": 5}, 2, feed_previous=is_fed),
    "buckets": lambda: seq2seq.model_with_buckets(
        read, written, written, weights, [(1, 1), (2, 2)], plain),
    "buckets_by_row": lambda: seq2seq.model_with_buckets(
        read, written, written, weights, [(1, 1), (2, 2)], attending, per_example_loss=True),
}
fetches = []
for name in sorted(MODELS):
    with tf.variable_scope(name):
        made = tf.contrib.framework.nest.flatten(MODELS[name]())
    own = [v for v in tf.trainable_variables() if v.name.startswith(name + "/")]
    slopes = tf.gradients(tf.reduce_sum(made[0]), own)
    fetches.append((made, [tf.convert_to_tensor(one) for one in slopes if one is not None]))
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    session.run(fetches, {is_fed: False})
    session.run(fetches, {is_fed: True})
