"""Reductions along axes and of segments, contractions, with shapes known in part: values and gradients."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(5)
x = tf.placeholder(tf.float32, [2, 3, 4], name="x")
some = tf.placeholder(tf.float32, [None, 3, None], name="some")
any_x = tf.placeholder(tf.float32, None, name="any_x")
rows = tf.placeholder(tf.float32, [6, 2], name="rows")
matrix = tf.placeholder(tf.float32, [4, 3], name="matrix")
axis = tf.placeholder(tf.int32, [], name="axis")

reductions = []
for t in (x, some):
    reductions += [
        tf.reduce_sum(t, 1),
        tf.reduce_mean(t, [0, 2]),
        tf.reduce_max(t, -1, keepdims=True),
        tf.reduce_prod(t, 0),
        tf.reduce_sum(t),
        tf.reduce_mean(t),
        tf.reduce_min(t, axis=[1]),
        tf.reduce_logsumexp(t, 1),
        tf.reduce_logsumexp(t),
        tf.reduce_max(t, reduction_indices=[0], keep_dims=True),
        tf.norm(t),
        tf.norm(t, 1),
        tf.norm(t, np.inf, axis=1),
        tf.norm(t, 3, axis=0),
        tf.norm(t, axis=[0, 1]),
        tf.norm(t, 1, axis=(0, 1)),
        tf.math.reduce_variance(t, 0),
        tf.math.reduce_std(t),
        tf.reduce_sum(t, axis),
        tf.reduce_mean(t, axis),
    ]
reductions += [
    tf.reduce_sum(any_x, 1),
    tf.reduce_mean(any_x),
    tf.reduce_sum(any_x),
    tf.reduce_max(any_x, [0]),
]
of_reductions = tf.gradients(reductions, [x, some, any_x])
seconds = tf.gradients(of_reductions, [x, some, any_x])
others = [
    tf.math.reduce_euclidean_norm(x, 1),
    tf.reduce_any(x > 0.5, 1),
    tf.reduce_all(some > 0),
    tf.reduce_any(any_x > 0.9),
]

sorted_ids = tf.constant([0, 0, 2, 2, 2, 3])
ids = tf.constant([0, 3, -1, 2, 0, 3])
picks = tf.constant([0, 5, 2, 2])
of_picks = tf.constant([0, 0, 2, 2])
segments = [
    tf.segment_sum(rows, sorted_ids),
    tf.segment_mean(rows, sorted_ids),
    tf.segment_max(rows, sorted_ids),
    tf.segment_min(rows, sorted_ids),
    tf.unsorted_segment_sum(rows, ids, 4),
    tf.unsorted_segment_max(rows, ids, 4),
    tf.unsorted_segment_min(rows, ids, 4),
    tf.unsorted_segment_prod(rows, ids, 4),
    tf.unsorted_segment_mean(rows, ids, 4),
    tf.unsorted_segment_sqrt_n(rows, ids, 4),
    tf.sparse_segment_sum(rows, picks, of_picks),
    tf.sparse_segment_mean(rows, picks, of_picks),
    tf.sparse_segment_sqrt_n(rows, picks, of_picks),
    tf.sparse_segment_sum(rows, picks, of_picks, num_segments=5),
]
of_segments = tf.gradients(segments, rows)

products = [
    tf.matmul(matrix, matrix, transpose_a=True),
    tf.matmul(matrix, matrix, transpose_b=True),
    tf.matmul(x, matrix[:, :2]),
    tf.matmul(x, x, adjoint_b=True),
    tf.matmul(some, some, transpose_a=True),
    tf.linalg.matvec(matrix, matrix[0]),
    tf.tensordot(x, matrix, 1),
    tf.tensordot(x, matrix, [[1, 2], [1, 0]]),
    tf.tensordot(some, matrix, [[1], [1]]),
    tf.tensordot(any_x, any_x, [[0], [0]]),
    tf.tensordot(x, x, 0),
    tf.einsum("ijk,kl->ijl", x, matrix),
    tf.einsum("ijk,kj->i", x, matrix),
    tf.einsum("ij->ji", matrix),
    tf.einsum("ij->", matrix),
    tf.einsum("i,j->ij", matrix[:, 0], matrix[0]),
    tf.einsum("bij,bij->b", some, some),
    tf.einsum("...ij,...kj->...ik", x, x),
    tf.einsum("ij,ij,ij->ij", matrix, matrix, matrix),
    tf.einsum("a,a,a->", *[matrix[0]] * 3),
    tf.einsum("bij,bkj->bik", some, some),
    tf.einsum("ij,jk", matrix, tf.transpose(matrix)),
    tf.trace(matrix[:3]),
]
of_products = tf.gradients(products, [x, some, any_x, matrix])

feeds = {
    x: rng.uniform(0.1, 0.9, (2, 3, 4)),
    some: rng.uniform(0.1, 0.9, (2, 3, 4)),
    any_x: rng.uniform(0.1, 0.9, (2, 3)),
    rows: rng.uniform(0.1, 0.9, (6, 2)),
    matrix: rng.uniform(0.1, 0.9, (4, 3)),
    axis: 1,
}
with tf.Session() as sess:
    for fetches in (
        reductions,
        of_reductions,
        seconds,
        others,
        segments,
        of_segments,
        products,
        of_products,
    ):
        sess.run([f for f in fetches if f is not None], feeds)
