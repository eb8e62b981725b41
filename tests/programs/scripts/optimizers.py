"""Every optimizer of tf.train on dense and sparse variables: slots, update ops, values."""
import numpy as np
import tensorflow as tf

OPTIMIZERS = [
    ("sgd", lambda: tf.train.GradientDescentOptimizer(0.1)),
    ("momentum", lambda: tf.train.MomentumOptimizer(0.1, 0.9)),
    ("nesterov", lambda: tf.train.MomentumOptimizer(0.1, 0.9, use_nesterov=True)),
    ("adam", lambda: tf.train.AdamOptimizer(0.1)),
    ("adagrad", lambda: tf.train.AdagradOptimizer(0.1)),
    ("adadelta", lambda: tf.train.AdadeltaOptimizer(0.1)),
    ("rmsprop", lambda: tf.train.RMSPropOptimizer(0.1, momentum=0.5)),
    ("centered", lambda: tf.train.RMSPropOptimizer(0.1, centered=True)),
    ("ftrl", lambda: tf.train.FtrlOptimizer(
        0.1, l1_regularization_strength=0.01, l2_regularization_strength=0.02)),
    ("proximal_sgd", lambda: tf.train.ProximalGradientDescentOptimizer(
        0.1, l1_regularization_strength=0.01)),
    ("proximal_adagrad", lambda: tf.train.ProximalAdagradOptimizer(
        0.1, l2_regularization_strength=0.01)),
]

x = tf.placeholder(tf.float32, [None, 3], name="x")
ids = tf.constant([2, 0, 2], name="ids")
steps = []
for name, make in OPTIMIZERS:
    with tf.variable_scope(name):
        w = tf.get_variable("w", initializer=np.float32([[0.5], [-0.3], [0.2]]))
        table = tf.get_variable("table", initializer=np.float32([[1, 2], [3, 4], [5, 6], [7, 8]]))
        loss = tf.reduce_mean(tf.square(tf.matmul(x, w))) + tf.reduce_sum(
            tf.square(tf.nn.embedding_lookup(table, ids)))
        steps.append(make().minimize(loss))
with tf.variable_scope("adagrad_da"):
    w = tf.get_variable("w", initializer=np.float32([[0.5], [-0.3], [0.2]]))
    step = tf.train.get_or_create_global_step()
    loss = tf.reduce_mean(tf.square(tf.matmul(x, w)))
    optimizer = tf.train.AdagradDAOptimizer(0.1, step, l1_regularization_strength=0.001)
    steps.append(optimizer.minimize(loss, global_step=step))
train = tf.group(*steps)
feed = {x: np.float32([[1, 2, 3], [4, 5, 6]])}
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for _ in range(3):
        sess.run(train, feed)
        sess.run(tf.trainable_variables())
