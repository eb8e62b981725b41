"""tf.metrics over two batches: graphs, values, updates, local variables, collections."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(8)
M = tf.metrics
x = tf.placeholder(tf.float32, [4, 3], name="x")
y = tf.placeholder(tf.float32, [4, 3], name="y")
w = tf.placeholder(tf.float32, [4, 1], name="w")
some = tf.placeholder(tf.float32, [None], name="some")
some_w = tf.placeholder(tf.float32, [None], name="some_w")
any_x = tf.placeholder(tf.float32, None, name="any_x")
score = tf.placeholder(tf.float32, [None], name="score")
truth = tf.placeholder(tf.bool, [None], name="truth")
kind = tf.placeholder(tf.int64, [4], name="kind")
guess = tf.placeholder(tf.int32, [4], name="guess")
many = tf.placeholder(tf.int64, [4, 2], name="many")
bits = tf.placeholder(tf.int32, [4], name="bits")
sparse = tf.sparse_placeholder(tf.int64, name="sparse")
limits = [0.2, 0.5, 0.7]

metrics = [
    M.mean(x),
    M.mean(x, w, metrics_collections=["kept"], updates_collections=["updates"], name="weighted"),
    M.mean(any_x, some_w),
    M.mean_tensor(x),
    M.mean_tensor(x, w),
    M.accuracy(kind, guess),
    M.accuracy(kind, guess, some_w),
    M.mean_absolute_error(y, x),
    M.mean_squared_error(y, x, w),
    M.root_mean_squared_error(y, x),
    M.mean_relative_error(y, x, tf.abs(y)),
    M.mean_cosine_distance(y, x, 1),
    M.percentage_below(x, 0.1),
    M.mean_per_class_accuracy(kind, guess, 3),
    M.mean_per_class_accuracy(kind, guess, 3, weights=some_w),
    M.mean_iou(kind, guess, 3),
    M.mean_iou(kind, guess, 3, weights=some_w, name="overlap"),
    M.true_positives(truth, bits),
    M.true_negatives(truth, bits, some_w),
    M.false_positives(truth, bits),
    M.false_negatives(truth, bits),
    M.precision(truth, bits),
    M.recall(truth, bits, some_w),
    M.true_positives_at_thresholds(truth, score, limits),
    M.false_positives_at_thresholds(truth, score, limits, some_w),
    M.true_negatives_at_thresholds(truth, score, limits),
    M.false_negatives_at_thresholds(truth, score, limits),
    M.precision_at_thresholds(truth, score, limits),
    M.recall_at_thresholds(truth, score, limits, some_w),
    M.auc(truth, score),
    M.auc(truth, score, some_w, 50, curve="PR", summation_method="careful_interpolation"),
    M.auc(truth, score, num_thresholds=20, summation_method="minoring"),
    M.auc(truth, score, curve="PR", summation_method="majoring", thresholds=[0.3, 0.6]),
    M.sensitivity_at_specificity(truth, score, 0.5, num_thresholds=20),
    M.specificity_at_sensitivity(truth, score, 0.5, num_thresholds=20),
    M.recall_at_k(kind, x, 2),
    M.recall_at_k(many, x, 1, weights=some_w, class_id=2),
    M.recall_at_k(sparse, x, 2),
    M.precision_at_k(many, x, 2),
    M.precision_at_k(sparse, x, 1, class_id=1),
    M.precision_at_top_k(kind, tf.nn.top_k(x, 2)[1]),
    M.average_precision_at_k(many, x, 2),
    M.average_precision_at_k(many, x, 3, weights=some_w),
    M.sparse_average_precision_at_k(sparse, x, 2),
]
values, updates = zip(*metrics)
assert tf.get_collection("kept") == [values[1]] and tf.get_collection("updates") == [updates[1]]


def batch():
    return {
        x: rng.rand(4, 3),
        y: rng.rand(4, 3),
        w: [[1], [0], [2], [0.5]],
        some: rng.rand(4),
        some_w: [1, 0.5, 2, 0],
        any_x: rng.rand(4),
        score: rng.rand(4),
        truth: [True, False, True, False],
        kind: rng.randint(0, 3, 4),
        guess: rng.randint(0, 3, 4),
        many: [[0, 1], [2, 1], [0, 2], [1, 1]],
        bits: [1, 1, 0, 0],
        sparse: ([[0, 0], [1, 0], [1, 1], [3, 0]], [1, 0, 2, 1], [4, 2]),
    }


with tf.Session() as sess:
    sess.run(tf.local_variables_initializer())
    sess.run(updates, batch())
    sess.run(values)
    sess.run(updates, batch())
    sess.run(values)
    sess.run(tf.get_collection(tf.GraphKeys.METRIC_VARIABLES))
