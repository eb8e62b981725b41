"""cond and while_loop as If and While operations (tf.enable_control_flow_v2), and gradients through them."""
import tensorflow as tf

tf.enable_control_flow_v2()
x = tf.placeholder(tf.float32, [], name="x")
rows = tf.placeholder(tf.float32, [None, 2], name="rows")
v = tf.get_variable("v", initializer=2.0, use_resource=True)
branch = tf.cond(x > 0, lambda: x * v, lambda: tf.sin(x))
branch_gradient = tf.gradients(branch, [x, v])
count, power = tf.while_loop(
    lambda i, y: i < 5, lambda i, y: (i + 1, y * x + tf.cond(y > 1, lambda: tf.sin(y) * v, lambda: y)), (0, x),
    maximum_iterations=4)
power_gradient = tf.gradients(power, [x, v])
_, grown = tf.while_loop(
    lambda i, y: i < 3, lambda i, y: (i + 1, tf.concat([y, rows * x], 0)), (0, rows),
    shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, 2])))
grown_gradient = tf.gradients(grown, [rows, x])
_, nested = tf.while_loop(
    lambda i, y: i < 3,
    lambda i, y: (i + 1, y + tf.while_loop(lambda j, z: j < i, lambda j, z: (j + 1, z * v), (0, x))[1]), (0, x))
nested_gradient = tf.gradients(nested, [x, v])
structured = tf.cond(x > 0, lambda: {"a": x, "b": (x, 1)}, lambda: {"a": v, "b": (x * 2, 2)})
doubled = tf.while_loop(lambda y: y < 100, lambda y: y * 2, [x * x + 1])
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for value in (0.5, -0.7):
        feeds = {x: value, rows: [[1.0, 2.0]]}
        sess.run([branch, branch_gradient, count, power, power_gradient], feeds)
        sess.run([grown, grown_gradient, nested, nested_gradient, structured, doubled], feeds)
