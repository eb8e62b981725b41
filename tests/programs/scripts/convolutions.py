"""Convolutions and poolings of all kinds, with unknown sizes and without: graphs, values,
gradients.
"""

import numpy as np
import tensorflow as tf

rng = np.random.RandomState(3)
x = tf.placeholder(tf.float32, [2, 8, 8, 4], name="x")
open_x = tf.placeholder(tf.float32, [None, None, None, 4], name="open_x")
line = tf.placeholder(tf.float32, [2, 9, 4], name="line")
cube = tf.placeholder(tf.float32, [1, 4, 5, 6, 2], name="cube")
w = tf.placeholder(tf.float32, [3, 3, 4, 4], name="w")
open_w = tf.placeholder(tf.float32, [None, None, 4, 4], name="open_w")
d = tf.placeholder(tf.float32, [3, 2, 4, 2], name="d")
p = tf.placeholder(tf.float32, [1, 1, 8, 3], name="p")
w1 = tf.placeholder(tf.float32, [3, 4, 4], name="w1")
w3 = tf.placeholder(tf.float32, [2, 2, 3, 2, 2], name="w3")
m = tf.placeholder(tf.float32, [3, 2, 4], name="m")

outputs = [
    tf.nn.conv2d(x, w, 2, "SAME"),
    tf.nn.conv2d(x, w, [1, 2], [[0, 0], [1, 0], [2, 1], [0, 0]], name="padded"),
    tf.nn.conv2d(x, filters=w, strides=[1, 1, 1, 1], padding="VALID", dilations=[1, 1, 1, 1]),
    tf.nn.conv2d(open_x, open_w, [1, 3, 2, 1], "SAME"),
    tf.nn.conv1d(line, w1, 2, "SAME"),
    tf.nn.conv1d(line, w1, 1, "VALID", data_format="NWC", name="narrow"),
    tf.nn.conv3d(cube, w3, [1, 1, 2, 1, 1], "SAME"),
    tf.nn.convolution(x, w, "SAME", strides=[2, 1]),
    tf.nn.convolution(line, w1, "VALID"),
    tf.nn.convolution(cube, w3, "VALID"),
    tf.nn.convolution(x, w, "SAME", dilation_rate=[2, 3], name="dilated"),
    tf.nn.convolution(line, w1, "SAME", dilation_rate=[2]),
    tf.nn.convolution(open_x, w, "VALID", dilation_rate=[1, 2]),
    tf.nn.convolution(open_x, w, "SAME", dilation_rate=[2, 2]),
    tf.nn.atrous_conv2d(x, w, 2, "VALID"),
    tf.nn.depthwise_conv2d(x, d, [1, 2, 2, 1], "SAME"),
    tf.nn.depthwise_conv2d(x, d, [1, 1, 1, 1], "SAME", rate=[2, 2], name="spread"),
    tf.nn.depthwise_conv2d(open_x, d, [1, 1, 1, 1], "VALID", rate=[2, 1]),
    tf.nn.separable_conv2d(x, d, p, [1, 1, 1, 1], "SAME"),
    tf.nn.separable_conv2d(x, d, p, [1, 1, 1, 1], "VALID", rate=[2, 2], name="both"),
    tf.nn.conv2d_transpose(x, w, [2, 16, 16, 4], [1, 2, 2, 1]),
    tf.nn.conv2d_transpose(x, w, tf.stack([tf.shape(x)[0], 17, 17, 4]), 2, "VALID"),
    tf.nn.conv1d_transpose(line, w1, [2, 18, 4], 2),
    tf.nn.conv3d_transpose(cube, w3, [1, 8, 5, 6, 2], [1, 2, 1, 1, 1]),
    tf.nn.conv_transpose(x, w, [2, 8, 8, 4], 1),
    tf.nn.atrous_conv2d_transpose(x, w, [2, 12, 12, 4], 2, "VALID"),
    tf.nn.atrous_conv2d_transpose(x, w, [2, 8, 8, 4], 2, "SAME"),
    tf.nn.atrous_conv2d_transpose(x, w, [2, 8, 8, 4], 1, "SAME"),
    tf.nn.dilation2d(x, m, [1, 1, 1, 1], [1, 2, 1, 1], "SAME"),
    tf.nn.erosion2d(x, m, [1, 2, 1, 1], [1, 1, 1, 1], "VALID"),
    tf.nn.max_pool(x, 2, 2, "SAME"),
    tf.nn.max_pool(open_x, [3, 3], [2, 2], "VALID", name="pooled"),
    tf.nn.avg_pool(x, 3, 1, "SAME"),
    tf.nn.max_pool1d(line, 3, 2, "SAME"),
    tf.nn.avg_pool1d(line, 2, 2, "VALID"),
    tf.nn.max_pool2d(x, 2, 1, "VALID"),
    tf.nn.max_pool3d(cube, 2, 2, "SAME"),
    tf.nn.avg_pool3d(cube, [1, 2, 2, 2, 1], [1, 1, 1, 1, 1], "VALID"),
    tf.nn.max_pool_v2(line, 2, 1, "VALID"),
    tf.nn.avg_pool_v2(x, 2, 2, "VALID"),
    tf.nn.max_pool_v2(cube, 2, 1, "VALID"),
    tf.nn.max_pool_with_argmax(x, [1, 2, 2, 1], [1, 2, 2, 1], "SAME")[0],
    tf.nn.pool(x, [2, 2], "MAX", "VALID"),
    tf.nn.pool(x, [2, 3], "AVG", "VALID", dilation_rate=[2, 1]),
    tf.nn.pool(line, [2], "AVG", "SAME", strides=[2]),
    tf.nn.pool(cube, [2, 2, 2], "MAX", "SAME"),
    tf.nn.with_space_to_batch(
        x, [2, 2], "VALID", lambda a, n, padding: tf.nn.avg_pool(a, 2, 1, padding)
    ),
]
total = tf.add_n([tf.reduce_mean(tf.square(one)) for one in outputs])
inputs = [x, open_x, line, cube, w, open_w, d, p, w1, w3, m]
grads = tf.gradients(total, inputs)
feed = {one: rng.randn(*[6 if n.value is None else n.value for n in one.shape]) for one in inputs}
feed[open_w] = rng.randn(2, 3, 4, 4)
with tf.Session() as sess:
    sess.run(outputs, feed)
    sess.run(grads, feed)
