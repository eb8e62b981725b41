"""Solvers, decompositions that are unique, tridiagonal matrices, identity matrices: values and gradients."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(7)
a = tf.placeholder(tf.float64, [3, 3], name="a")
batch = tf.placeholder(tf.float64, [2, 3, 3], name="batch")
open_batch = tf.placeholder(tf.float64, [None, None, None], name="open_batch")
rhs = tf.placeholder(tf.float64, [2, 3, 2], name="rhs")
tall = tf.placeholder(tf.float64, [4, 3], name="tall")
right = tf.placeholder(tf.float64, [4, 2], name="right")
diagonals = tf.placeholder(tf.float64, [3, 3], name="diagonals")
n = tf.placeholder(tf.int32, [], name="n")

solved = [
    tf.matrix_inverse(batch),
    tf.matrix_inverse(open_batch, adjoint=True),
    tf.matrix_determinant(batch),
    tf.linalg.slogdet(batch)[1],
    tf.linalg.logdet(batch),
    tf.matrix_solve(batch, rhs),
    tf.matrix_solve(open_batch, rhs, adjoint=True),
    tf.matrix_triangular_solve(batch, rhs),
    tf.matrix_triangular_solve(batch, rhs, lower=False, adjoint=True),
    tf.cholesky(batch),
    tf.cholesky_solve(tf.cholesky(batch), rhs),
    tf.matrix_solve_ls(tall, right),
    tf.matrix_solve_ls(tf.transpose(tall), right[:3], l2_regularizer=0.1),
    tf.linalg.pinv(tall),
]
of_solved = tf.gradients(solved, [batch, open_batch, rhs, tall, right])
q, r = tf.qr(a)
s, u, v = tf.svd(tall)
e, vectors = tf.self_adjoint_eig(a)
decomposed = [
    q,
    r,
    s,
    tf.matmul(u, v, adjoint_b=True),
    e,
    tf.matmul(vectors, vectors, adjoint_b=True),
    tf.linalg.sqrtm(a),
    tf.svd(tall, compute_uv=False),
    tf.self_adjoint_eigvals(a),
    tf.linalg.lu(a)[0],
    tf.linalg.matrix_rank(tall),
]
of_decomposed = tf.gradients(decomposed[:9], [a, tall])
tridiagonal = [
    tf.linalg.tridiagonal_solve(diagonals, rhs[0]),
    tf.linalg.tridiagonal_matmul(diagonals, rhs[0]),
    tf.linalg.tridiagonal_solve(
        [diagonals[0, :2], diagonals[1], diagonals[2, 1:]], rhs[0, :, 0], "sequence"
    ),
    tf.linalg.tridiagonal_matmul(a, rhs[0], "matrix"),
]
of_tridiagonal = tf.gradients(tridiagonal, [diagonals, a, rhs])
others = [
    tf.eye(3),
    tf.eye(2, 3),
    tf.eye(2, batch_shape=[2]),
    tf.eye(n),
    tf.eye(n, 4),
    tf.cross(a, a + 1.0),
    tf.linalg.adjoint(tf.complex(a, a)),
    tf.trace(batch),
    tf.norm(a, "fro", axis=[-2, -1], keepdims=True),
]

symmetric = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 5.0]])
batches = np.stack([symmetric, symmetric + np.eye(3)])
feeds = {
    a: symmetric,
    batch: batches,
    open_batch: batches,
    rhs: rng.rand(2, 3, 2),
    tall: rng.rand(4, 3),
    right: rng.rand(4, 2),
    diagonals: [[1.0, 2.0, 0.0], [4.0, 5.0, 6.0], [0.0, 1.0, 2.0]],
    n: 3,
}
with tf.Session() as sess:
    for fetches in (
        solved,
        of_solved,
        decomposed,
        of_decomposed,
        tridiagonal,
        of_tridiagonal,
        others,
    ):
        sess.run([f for f in fetches if f is not None], feeds)
