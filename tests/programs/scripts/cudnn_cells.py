"""The cells of tf.contrib.cudnn_rnn that run anywhere."""
import numpy as np
import tensorflow as tf

tf.set_random_seed(3)
x = tf.placeholder(tf.float32, [3, 2, 4])
fetches = []
for make in (tf.contrib.cudnn_rnn.CudnnCompatibleLSTMCell, tf.contrib.cudnn_rnn.CudnnCompatibleGRUCell):
    with tf.variable_scope(make.__name__):
        outputs, state = tf.nn.static_rnn(make(3), tf.unstack(x, axis=1), dtype=tf.float32)
    own = [v for v in tf.trainable_variables() if v.name.startswith(make.__name__ + "/")]
    fetches.append((outputs, state, tf.gradients(tf.reduce_sum(tf.square(outputs[-1])), own)))
with tf.Session() as session:
    session.run(tf.global_variables_initializer())
    session.run(fetches, {x: np.arange(24).reshape(3, 2, 4) / 24 - 0.4})
