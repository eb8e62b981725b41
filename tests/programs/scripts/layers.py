"""tf.layers: dense, convolution, pooling, dropout, batch normalisation; training two steps."""
import numpy as np
import tensorflow as tf

tf.set_random_seed(4)
images = tf.placeholder(tf.float32, [None, 8, 8, 3], name="images")
labels = tf.placeholder(tf.int64, [None], name="labels")
training = tf.placeholder_with_default(False, [], name="training")
net = tf.layers.conv2d(images, 4, 3, padding="same", activation=tf.nn.relu, name="conv1")
net = tf.layers.batch_normalization(net, training=training)
net = tf.layers.max_pooling2d(net, 2, 2)
net = tf.layers.conv2d(net, 6, [3, 2], strides=2, use_bias=False,
                       kernel_regularizer=lambda w: 0.01 * tf.nn.l2_loss(w))
net = tf.layers.average_pooling2d(net, 1, 1)
net = tf.layers.conv2d_transpose(net, 2, 2, strides=2)
net = tf.layers.separable_conv2d(net, 3, 2)
net = tf.layers.flatten(net)
net = tf.layers.dense(net, 7, tf.nn.tanh, kernel_initializer=tf.truncated_normal_initializer())
net = tf.layers.dropout(net, 0.4, training=training)
logits = tf.layers.dense(net, 3, name="logits")
loss = tf.losses.sparse_softmax_cross_entropy(labels, logits) + tf.losses.get_regularization_loss()
with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
    train = tf.train.MomentumOptimizer(0.05, 0.9).minimize(loss)
rng = np.random.RandomState(0)
feed = {images: rng.rand(5, 8, 8, 3), labels: rng.randint(0, 3, 5)}
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for _ in range(2):
        sess.run([train, loss], {**feed, training: True})
    sess.run([logits, loss], feed)
    sess.run(tf.global_variables())
