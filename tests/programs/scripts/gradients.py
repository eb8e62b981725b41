"""tf.gradients in its forms: repeated, seeded, stopped, summed, sparse, custom, overridden."""
import numpy as np
import tensorflow as tf

x = tf.Variable([1.0, 2.0, -3.0], name="x")
y = tf.Variable([[0.5, 1.5, 2.5], [1.0, -1.0, 0.3]], name="y")
table = tf.Variable(np.arange(8, dtype=np.float32).reshape(4, 2), name="table")


@tf.RegisterGradient("Doubled")
def doubled(op, dy):
    return 2 * dy


@tf.custom_gradient
def clipped(t):
    def grad(dy):
        return tf.clip_by_value(dy, -0.1, 0.1)
    return t * t, grad


z = tf.reduce_sum(tf.exp(x) * tf.sin(y)) / 3.0
first = tf.gradients(z, [x, y])
second = tf.gradients(first[0], [x, y])
hessian = tf.hessians(tf.reduce_sum(x ** 3), x)
seeded = tf.gradients([tf.square(x), tf.tanh(x)], x, grad_ys=[tf.ones([3]), tf.fill([3], 2.0)])
unused = tf.gradients(z, table)
zero = tf.gradients(z, table, unconnected_gradients="zero")
middle = tf.square(x)
stopped = tf.gradients(middle * x, [x, middle], stop_gradients=[middle])
blocked = tf.gradients(tf.stop_gradient(middle) * x, x)
rows = tf.nn.embedding_lookup(table, [0, 3, 0])
sparse = tf.gradients(tf.reduce_sum(rows ** 2), table)
mixed = tf.gradients(tf.reduce_sum(rows) + tf.reduce_sum(table * 2.0), table)
custom = tf.gradients(clipped(x), x)
with tf.get_default_graph().gradient_override_map({"Identity": "Doubled"}):
    held = tf.identity(x)
overridden = tf.gradients(held, x)
many = tf.gradients(tf.add_n([x * float(i) for i in range(4)]), x,
                    aggregation_method=tf.AggregationMethod.EXPERIMENTAL_TREE)
colocated = tf.gradients(tf.matmul(y, y, transpose_b=True), y, colocate_gradients_with_ops=True)
gated = tf.gradients(tf.nn.softmax(y), y, gate_gradients=True)
picked = tf.gradients(y[0, 1:] * 2.0 + tf.gather(x, [1, 0]), [x, y])
joined = tf.gradients(tf.reduce_max(tf.concat([y, [x]], 0), 1), [x, y])
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    sess.run([first, second, hessian, seeded, stopped[0], blocked, custom, overridden])
    sess.run([zero, sparse[0].values, sparse[0].indices, mixed, many, colocated, gated])
    sess.run([picked, joined])
