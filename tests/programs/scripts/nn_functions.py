"""tf.nn functions that networks.py leaves out: axes, ranks, old names; values and gradients."""

import numpy as np
import tensorflow as tf

tf.set_random_seed(4)
rng = np.random.RandomState(6)
x = tf.placeholder(tf.float32, [2, 3, 4], name="x")
some = tf.placeholder(tf.float32, [None, None, 4], name="some")
any_x = tf.placeholder(tf.float32, None, name="any_x")
image = tf.placeholder(tf.float32, [2, 4, 4, 3], name="image")
half = tf.placeholder(tf.float16, [3, 4], name="half")
keep = tf.placeholder(tf.float32, [], name="keep")
vector = tf.placeholder(tf.float32, [3], name="vector")
w = tf.placeholder(tf.float32, [4, 3], name="w")
labels = tf.placeholder(tf.int32, [2, 3], name="labels")
open_labels = tf.placeholder(tf.int64, [None, None], name="open_labels")

outputs = [
    tf.nn.softmax(x, axis=1),
    tf.nn.softmax(x, axis=-2, name="named"),
    tf.nn.softmax(some, dim=0),
    tf.nn.log_softmax(x, axis=0),
    tf.nn.softmax_cross_entropy_with_logits(labels=tf.nn.softmax(x), logits=x, dim=1),
    tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.nn.softmax(some), logits=some),
    tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.nn.softmax(any_x), logits=any_x),
    tf.nn.softmax_cross_entropy_with_logits_v2(labels=tf.nn.softmax(half), logits=half),
    tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=x),
    tf.nn.sparse_softmax_cross_entropy_with_logits(labels=open_labels, logits=some),
    tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[1, 2, 0], logits=half),
    tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.sigmoid(some), logits=some, name="named_too"),
    tf.nn.weighted_cross_entropy_with_logits(targets=tf.sigmoid(x), logits=x, pos_weight=1.5),
    tf.nn.log_poisson_loss(tf.square(x), x),
    tf.nn.log_poisson_loss(tf.square(x), x, compute_full_loss=True),
    tf.nn.bias_add(image, vector, data_format="NHWC"),
    tf.nn.bias_add(x, vector, data_format="NC..."),
    tf.nn.xw_plus_b(x[0], w, vector),
    tf.nn.relu_layer(x[0], w, vector),
    tf.nn.crelu(x, axis=1),
    tf.nn.leaky_relu(x, alpha=0.1),
    tf.nn.relu6(some),
    *tf.nn.moments(x, [0, 1], keep_dims=True),
    *tf.nn.moments(half, [0]),
    *tf.nn.moments(any_x, [1]),
    *tf.nn.weighted_moments(x, [0, 2], tf.square(x)),
    *tf.nn.weighted_moments(x, [1], 2.0, keepdims=True),
    *tf.nn.sufficient_statistics(x, [0, 2])[:3],
    *tf.nn.sufficient_statistics(some, [0], shift=0.5, keep_dims=True),
    *tf.nn.normalize_moments(*tf.nn.sufficient_statistics(x, [1])),
    *tf.nn.normalize_moments(*tf.nn.sufficient_statistics(x, [1], shift=1.0)),
    tf.nn.batch_normalization(image, vector, tf.square(vector), None, None, 0.01),
    tf.nn.batch_norm_with_global_normalization(
        image, vector, tf.square(vector), vector, vector, 0.01, True
    ),
    *tf.nn.fused_batch_norm(image, vector, vector, epsilon=0.1),
    tf.nn.fused_batch_norm(image, vector, vector, vector, tf.square(vector), is_training=False)[0],
    tf.nn.l2_normalize(x, [0, 2], epsilon=1e-3),
    tf.nn.l2_normalize(some, dim=1),
    tf.linalg.normalize(x)[0],
    tf.nn.local_response_normalization(image, 1, 1.0, 0.5, 0.75),
    tf.nn.zero_fraction(tf.nn.relu(x)),
    tf.nn.zero_fraction(any_x),
    *tf.nn.top_k(x, 2),
    *tf.nn.top_k(some, labels[0, 0] + 1, sorted=False),
    tf.nn.in_top_k(x[0], [1, 0, 3], 1),
    tf.nn.dropout(x, keep),
    tf.nn.dropout(x, 0.9, noise_shape=[2, 1, 4], seed=8),
    tf.nn.dropout(x, rate=0.3, noise_shape=[None, 1, 4]),
    tf.nn.dropout(x, 1.0),
    tf.nn.dropout(half, rate=tf.constant(0.25, tf.float16)),
    tf.contrib.nn.alpha_dropout(x, 0.8),
    tf.nn.swish(x),
    tf.nn.lrn(image, name="mine"),
]
floats = [one for one in outputs if one.dtype in (tf.float32, tf.float16)]
total = tf.add_n([tf.cast(tf.reduce_sum(one), tf.float32) for one in floats])
inputs = [x, some, any_x, image, half, vector, w]
grads = tf.gradients(total, inputs)
feed = {
    x: rng.randn(2, 3, 4),
    some: rng.randn(2, 3, 4),
    any_x: rng.randn(3, 4),
    image: rng.randn(2, 4, 4, 3),
    half: rng.randn(3, 4),
    keep: 0.7,
    vector: rng.randn(3),
    w: rng.randn(4, 3),
    labels: [[0, 1, 2], [3, 1, 0]],
    open_labels: [[0, 1, 2], [3, 1, 0]],
}
with tf.Session() as sess:
    sess.run(outputs, feed)
    sess.run(outputs, feed)
    sess.run(grads, feed)
    try:
        sess.run(outputs[8], {x: feed[x], labels: [[0, 1, 2], [4, 1, 0]]})
    except tf.errors.InvalidArgumentError as error:
        assert "Received a label value of 4" in error.message
