"""The optimizers on resource variables, with gradients clipped and a shared global step."""
import numpy as np
import tensorflow as tf

OPTIMIZERS = [
    tf.train.GradientDescentOptimizer(0.1),
    tf.train.MomentumOptimizer(0.1, 0.9),
    tf.train.AdamOptimizer(0.1, epsilon=1e-4),
    tf.train.AdagradOptimizer(0.1),
    tf.train.AdadeltaOptimizer(0.1),
    tf.train.RMSPropOptimizer(0.1),
    tf.train.FtrlOptimizer(0.1),
]

tf.set_random_seed(3)
global_step = tf.train.get_or_create_global_step()
x = tf.placeholder(tf.float32, [4, 3])
train = []
for i, optimizer in enumerate(OPTIMIZERS):
    with tf.variable_scope(f"v{i}", use_resource=True):
        w = tf.get_variable("w", [3, 2], initializer=tf.glorot_uniform_initializer())
        b = tf.get_variable("b", [2], initializer=tf.zeros_initializer())
        table = tf.get_variable("table", [5, 2], initializer=tf.random_normal_initializer())
    loss = tf.nn.l2_loss(tf.nn.xw_plus_b(x, w, b)) + tf.reduce_sum(tf.gather(table, [1, 3, 1]) ** 2)
    pairs = optimizer.compute_gradients(loss, [w, b, table])
    clipped, norm = tf.clip_by_global_norm([grad for grad, _ in pairs], 5.0)
    pairs = list(zip(clipped, [w, b, table]))
    train.append(optimizer.apply_gradients(pairs, global_step if i == 0 else None))
feed = {x: np.linspace(-1, 1, 12).reshape(4, 3)}
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for _ in range(3):
        sess.run(train, feed)
        sess.run([norm, global_step], feed)
        sess.run(tf.trainable_variables())
