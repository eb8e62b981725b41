"""Losses and decoders of label sequences: connectionist temporal classification, conditional random fields."""
import numpy as np
import tensorflow as tf

rng = np.random.RandomState(3)
STEPS, BATCH, CLASSES, LABELS = 8, 3, 6, 4
LOGITS = rng.randn(STEPS, BATCH, CLASSES).astype(np.float32)
LENGTHS = np.array([8, 6, 7], np.int32)
DENSE = np.array([[1, 2, 2, 4], [3, 1, 0, 0], [2, 4, 1, 0]], np.int32)
COUNTS = np.array([4, 2, 3], np.int32)


def show(name, fetches, feeds):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for one in session.run(fetches, feeds):
            print(name, np.asarray(one).dtype, np.asarray(one).shape)


def sparse_labels(time_major):
    tf.reset_default_graph()
    order = [0, 1, 2] if time_major else [1, 0, 2]
    logits = tf.placeholder(tf.float32, [None, None, CLASSES], name="logits")
    places = [[b, t] for b in range(BATCH) for t in range(COUNTS[b])]
    labels = tf.SparseTensor(places, [int(DENSE[b, t]) for b, t in places], [BATCH, LABELS])
    loss = tf.nn.ctc_loss(labels, logits, tf.constant(LENGTHS), time_major=time_major)
    slopes = tf.gradients(tf.reduce_mean(loss), [logits])
    fetches = [loss] + slopes
    if time_major:
        for decoded, scores in (
            tf.nn.ctc_greedy_decoder(logits, LENGTHS),
            tf.nn.ctc_beam_search_decoder(logits, LENGTHS, beam_width=4, top_paths=2),
            tf.nn.ctc_beam_search_decoder_v2(logits, LENGTHS, beam_width=10, top_paths=1),
        ):
            fetches.append(scores)
            for one in decoded:
                fetches += [one.indices, one.values, one.dense_shape]
        truth = tf.cast(labels, tf.int64)
        fetches.append(tf.edit_distance(decoded[0], truth))
        fetches.append(tf.nn.ctc_loss_v2(labels, logits, None, LENGTHS, blank_index=-1))
    show("sparse", fetches, {logits: LOGITS.transpose(order)})


def dense_labels(shape, use_unique=False, **options):
    tf.reset_default_graph()
    logits = tf.placeholder(tf.float32, [shape and STEPS, shape and BATCH, CLASSES], name="logits")
    labels = tf.placeholder(tf.int32, [shape and BATCH, shape and LABELS], name="labels")
    if use_unique:
        options["unique"] = tf.nn.ctc_unique_labels(labels)
    loss = tf.nn.ctc_loss_v2(labels, logits, tf.constant(COUNTS), tf.constant(LENGTHS), **options)
    slopes = tf.gradients(loss, [logits])
    fetches = [loss] + slopes + list(tf.nn.collapse_repeated(labels, tf.constant(COUNTS)))
    show("dense", fetches, {logits: LOGITS, labels: DENSE})


def random_field(steps, known, kind):
    tf.reset_default_graph()
    tags = 4
    inputs = tf.placeholder(tf.float32, [None, steps if known else None, tags], name="inputs")
    indices = tf.placeholder(kind, [None, steps if known else None], name="indices")
    lengths = tf.placeholder(kind, [None], name="lengths")
    with tf.variable_scope("crf", initializer=tf.constant_initializer(rng.randn(tags, tags))):
        likelihood, transitions = tf.contrib.crf.crf_log_likelihood(inputs, indices, lengths)
    slopes = [g for g in tf.gradients(-tf.reduce_mean(likelihood), [inputs, transitions]) if g is not None]
    decoded, scores = tf.contrib.crf.crf_decode(inputs, transitions, lengths)
    bitmap = rng.rand(BATCH, steps, tags) > 0.3
    bitmap[:, :, 0] = True
    several = tf.contrib.crf.crf_multitag_sequence_score(inputs, tf.constant(bitmap), lengths, transitions)
    feeds = {
        inputs: rng.randn(BATCH, steps, tags), indices: rng.randint(0, tags, (BATCH, steps)),
        lengths: np.array([steps, max(steps - 1, 0), 0]),
    }
    show("field", [likelihood, decoded, scores, several] + slopes, feeds)


sparse_labels(True)
sparse_labels(False)
dense_labels(True)
dense_labels(True, use_unique=True)
dense_labels(True, blank_index=-1)
for count in (5, 1):
    random_field(count, True, tf.int64)
    random_field(count, False, tf.int32)
