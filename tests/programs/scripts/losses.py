"""tf.losses with weights, reductions, unknown shapes: graphs, values, gradients, collections."""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(5)
x = tf.placeholder(tf.float32, [4, 3], name="x")
y = tf.placeholder(tf.float32, [4, 3], name="y")
some = tf.placeholder(tf.float32, [None, 3], name="some")
any_x = tf.placeholder(tf.float32, None, name="any_x")
weights = tf.placeholder(tf.float32, [4, 1], name="weights")
per_row = tf.placeholder(tf.float32, [None], name="per_row")
any_w = tf.placeholder(tf.float32, None, name="any_w")
labels = tf.constant([0, 2, 1, 1])
column = tf.constant([[0], [2], [1], [1]])
hot = tf.one_hot(labels, 3)
R = tf.losses.Reduction

outputs = [
    tf.losses.absolute_difference(y, x),
    tf.losses.absolute_difference(y, x, weights, scope="weighted"),
    tf.losses.mean_squared_error(y, x, 0.5),
    tf.losses.mean_squared_error(y, some, weights),
    tf.losses.mean_squared_error(any_x, x, any_w),
    tf.losses.mean_squared_error(y, x, weights, reduction=R.NONE),
    tf.losses.mean_squared_error(y, x, weights, reduction=R.SUM),
    tf.losses.mean_squared_error(y, x, weights, reduction=R.MEAN),
    tf.losses.mean_squared_error(y, x, weights, reduction=R.SUM_OVER_BATCH_SIZE),
    tf.losses.mean_squared_error(y, x, 0.0, loss_collection=None),
    tf.losses.cosine_distance(y, x, axis=1),
    tf.losses.hinge_loss(hot, x),
    tf.losses.huber_loss(y, x, delta=0.5),
    tf.losses.log_loss(hot, tf.sigmoid(x)),
    tf.losses.mean_pairwise_squared_error(y, x),
    tf.losses.mean_pairwise_squared_error(y, x, weights),
    tf.losses.sigmoid_cross_entropy(hot, x, label_smoothing=0.1),
    tf.losses.softmax_cross_entropy(hot, x),
    tf.losses.softmax_cross_entropy(hot, some, per_row, label_smoothing=0.2),
    tf.losses.sparse_softmax_cross_entropy(labels, x),
    tf.losses.sparse_softmax_cross_entropy(column, x, weights),
    tf.losses.compute_weighted_loss(tf.square(x), weights, scope="mine"),
    tf.confusion_matrix(labels, [0, 1, 2, 1]),
    tf.confusion_matrix(labels, [0, 1, 2, 1], 4, tf.float32, weights=[0.5, 1.0, 2.0, 1.0]),
]
tf.add_to_collection(tf.GraphKeys.REGULARIZATION_LOSSES, tf.nn.l2_loss(x, name="decay"))
outputs += [
    tf.losses.get_regularization_loss(),
    tf.add_n([tf.reduce_sum(one) for one in tf.losses.get_losses()], name="sum_of_all"),
    tf.losses.get_total_loss(scope="huber"),
]
total = tf.add_n([tf.reduce_sum(one) for one in outputs[:22]])
grads = tf.gradients(total, [x, some, weights, any_x])
feed = {
    x: rng.randn(4, 3),
    y: rng.randn(4, 3),
    some: rng.randn(4, 3),
    any_x: rng.randn(4, 3),
    weights: [[1], [0], [2], [0.5]],
    per_row: [1, 2, 0, 3],
    any_w: rng.rand(4, 3),
}
with tf.Session() as sess:
    sess.run(outputs, feed)
    sess.run(grads, feed)
    sess.run(outputs[4], {x: feed[x], any_x: feed[any_x], any_w: 2.0})
    try:
        sess.run(outputs[4], {x: feed[x], any_x: feed[any_x], any_w: [1.0, 2.0]})
    except tf.errors.InvalidArgumentError as error:
        assert "weights can not be broadcast to values" in error.message
