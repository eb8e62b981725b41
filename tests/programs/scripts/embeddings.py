"""Embedding lookups of one table and of parts, dense and sparse, and sampled losses."""

import numpy as np
import tensorflow as tf

tf.set_random_seed(2)
rng = np.random.RandomState(7)
table = tf.Variable(rng.randn(10, 4).astype(np.float32), name="table")
handle = tf.get_variable("handle", initializer=rng.randn(10, 4).astype("f"), use_resource=True)
parts = [tf.Variable(rng.randn(n, 4).astype(np.float32), name=f"part{n}") for n in (4, 3, 3)]
sliced = tf.get_variable(
    "sliced", [10, 4], partitioner=tf.fixed_size_partitioner(2), initializer=tf.ones_initializer()
)
bias = tf.Variable(tf.zeros([10]), name="bias")
ids = tf.placeholder(tf.int32, [None, 2], name="ids")
inputs = tf.placeholder(tf.float32, [3, 4], name="inputs")
targets = tf.placeholder(tf.int64, [3, 1], name="targets")
sparse_ids = tf.SparseTensor(
    [[0, 0], [0, 1], [2, 0], [3, 2]], tf.constant([1, 3, 3, 7], tf.int64), [4, 3]
)
sparse_weights = tf.SparseTensor(sparse_ids.indices, [0.5, 2.0, 1.0, 3.0], [4, 3])
full_ids = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], tf.constant([1, 3, 9], tf.int64), [2, 3])
full_weights = tf.SparseTensor(full_ids.indices, [0.5, 2.0, 3.0], [2, 3])

outputs = [
    tf.nn.embedding_lookup(table, ids),
    tf.nn.embedding_lookup([table], ids, name="named", max_norm=1.0),
    tf.nn.embedding_lookup(handle, ids),
    tf.nn.embedding_lookup(parts, ids),
    tf.nn.embedding_lookup(parts, ids, partition_strategy="div", max_norm=0.5),
    tf.nn.embedding_lookup(sliced, ids, partition_strategy="div"),
    tf.nn.embedding_lookup_sparse(table, full_ids, None, combiner="sum"),
    tf.nn.embedding_lookup_sparse(table, full_ids, None, combiner="mean"),
    tf.nn.embedding_lookup_sparse(
        parts, full_ids, None, combiner="sqrtn", partition_strategy="div"
    ),
    tf.nn.embedding_lookup_sparse(table, sparse_ids, sparse_weights, combiner="sum"),
    tf.nn.embedding_lookup_sparse(table, full_ids, full_weights, combiner="sqrtn"),
    tf.nn.embedding_lookup_sparse(table, full_ids, full_weights, combiner="mean", name="mean"),
    tf.nn.nce_loss(table, bias, targets, inputs, 3, 10, name="noise"),
    tf.nn.nce_loss(parts, bias, targets, inputs, 3, 10, remove_accidental_hits=True),
    tf.nn.sampled_softmax_loss(table, bias, targets, inputs, 4, 10, seed=5),
    tf.nn.sampled_softmax_loss(
        table,
        bias,
        targets,
        inputs,
        4,
        10,
        sampled_values=tf.nn.uniform_candidate_sampler(targets, 1, 4, True, 10, seed=3),
    ),
    tf.nn.safe_embedding_lookup_sparse(table, sparse_ids, combiner="sum"),
    tf.nn.safe_embedding_lookup_sparse([table], sparse_ids, sparse_weights, default_id=2),
]
total = tf.add_n([tf.reduce_sum(one) for one in outputs])
grads = tf.gradients(total, [table, handle, bias, *parts, inputs])
dense = [tf.convert_to_tensor(one) for one in grads]
step = tf.train.GradientDescentOptimizer(0.1).minimize(total)
feed = {ids: [[0, 3], [9, 5], [7, 7]], inputs: rng.randn(3, 4), targets: [[1], [7], [2]]}
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    sess.run(outputs, feed)
    sess.run(dense, feed)
    sess.run(step, feed)
    sess.run([table, handle, *parts])
