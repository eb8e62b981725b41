"""Every initializer of tf.initializers under a graph seed, with variable scopes around them."""
import numpy as np
import tensorflow as tf

tf.set_random_seed(11)
INITIALIZERS = [
    tf.zeros_initializer(), tf.ones_initializer(), tf.constant_initializer(0.5),
    tf.constant_initializer([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
    tf.random_uniform_initializer(-1, 1), tf.random_uniform_initializer(-1, 1, seed=5),
    tf.random_normal_initializer(), tf.truncated_normal_initializer(stddev=0.1),
    tf.uniform_unit_scaling_initializer(1.5), tf.variance_scaling_initializer(2.0, "fan_out"),
    tf.variance_scaling_initializer(1.0, "fan_avg", "uniform"),
    tf.variance_scaling_initializer(1.0, "fan_in", "untruncated_normal"),
    tf.glorot_uniform_initializer(), tf.glorot_normal_initializer(),
    tf.initializers.he_normal(), tf.initializers.he_uniform(), tf.initializers.lecun_normal(),
    tf.initializers.lecun_uniform(),
]
with tf.variable_scope("all"):
    for i, initializer in enumerate(INITIALIZERS):
        tf.get_variable(f"v{i}", [2, 3], initializer=initializer)
with tf.variable_scope("default", initializer=tf.random_normal_initializer(stddev=0.5)):
    tf.get_variable("a", [4])
    with tf.variable_scope("inner"):
        tf.get_variable("b", [4], dtype=tf.float64)
    tf.get_variable("count", [2], dtype=tf.int32, initializer=tf.zeros_initializer())
tf.get_variable("none", [3, 2])
tf.Variable(tf.random_uniform([3]), name="drawn")
tf.Variable(lambda: tf.truncated_normal([2, 2]), name="lazy")
tf.Variable(np.arange(4, dtype=np.int64), name="counted", trainable=False)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    sess.run(tf.global_variables())
