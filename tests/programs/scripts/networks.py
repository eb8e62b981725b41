"""tf.nn and tf.losses functions as a model uses them: their graphs, values and gradients."""
import numpy as np
import tensorflow as tf

tf.set_random_seed(9)
x = tf.placeholder(tf.float32, [2, 6, 6, 4], name="x")
logits = tf.placeholder(tf.float32, [3, 5], name="logits")
labels = tf.constant([1, 0, 4])
hot = tf.one_hot(labels, 5)
k = tf.Variable(tf.random_normal([3, 3, 4, 4], stddev=0.1), name="k")
d = tf.Variable(tf.random_normal([3, 3, 4, 2], stddev=0.1), name="d")
scale = tf.Variable(tf.ones([4]), name="scale")
offset = tf.Variable(tf.zeros([4]), name="offset")
mean, variance = tf.nn.moments(x, [0, 1, 2])
maps = [
    tf.nn.conv2d(x, k, [1, 2, 2, 1], "SAME"), tf.nn.conv2d(x, k, [1, 1, 1, 1], "VALID"),
    tf.nn.atrous_conv2d(x, k, 2, "SAME"), tf.nn.depthwise_conv2d(x, d, [1, 1, 1, 1], "SAME"),
    tf.nn.conv2d_transpose(x, k, [2, 12, 12, 4], [1, 2, 2, 1]),
    tf.nn.bias_add(x, offset), tf.nn.max_pool(x, [1, 3, 3, 1], [1, 2, 2, 1], "SAME"),
    tf.nn.avg_pool(x, [1, 2, 2, 1], [1, 2, 2, 1], "VALID"), tf.nn.lrn(x, 2),
    tf.nn.batch_normalization(x, mean, variance, offset, scale, 1e-3),
    tf.nn.fused_batch_norm(x, scale, offset)[0],
    tf.nn.l2_normalize(x, 3), tf.nn.dropout(x, 0.5), tf.nn.dropout(x, rate=0.25, seed=3),
]
activations = [f(x) for f in (tf.nn.relu, tf.nn.relu6, tf.nn.elu, tf.nn.selu, tf.nn.softplus,
                              tf.nn.softsign, tf.nn.sigmoid, tf.nn.tanh, tf.nn.leaky_relu,
                              tf.nn.crelu, tf.nn.swish, tf.nn.log_softmax)]
losses = [
    tf.nn.softmax_cross_entropy_with_logits(labels=hot, logits=logits),
    tf.nn.softmax_cross_entropy_with_logits_v2(labels=hot, logits=logits),
    tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits),
    tf.nn.sigmoid_cross_entropy_with_logits(labels=hot, logits=logits),
    tf.nn.weighted_cross_entropy_with_logits(hot, logits, 2.0), tf.nn.l2_loss(logits),
    tf.nn.log_softmax(logits), tf.nn.top_k(logits, 2)[0], tf.nn.in_top_k(logits, labels, 2),
]
total = tf.add_n([tf.reduce_mean(one) for one in maps + activations]) + tf.reduce_mean(losses[0])
grads = tf.gradients(total, [x, k, d, scale, offset, logits])
rng = np.random.RandomState(1)
feed = {x: rng.randn(2, 6, 6, 4), logits: rng.randn(3, 5)}
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    sess.run(maps[:-2] + activations, feed)
    sess.run(losses, feed)
    sess.run(maps[-2:], feed)
    sess.run(grads, feed)
