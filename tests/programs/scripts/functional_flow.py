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
table = tf.placeholder(tf.float32, [3, 2], name="table")
mapped = tf.map_fn(lambda row: tf.reduce_sum(row) * row, table)
scanned = tf.scan(lambda total, row: total * row + 1.0, table)
array = tf.TensorArray(tf.float32, 2, dynamic_size=True)
array = array.write(0, table[0]).write(1, table[1]).write(2, table[2] * 2)
array_values = [array.stack(), array.size(), array.gather([2, 0]), array.concat(), array.read(1)]
array_gradient = tf.gradients([mapped, scanned, array_values[0]], table)
pieces = tf.TensorArray(tf.float32, 2, infer_shape=False).split(table, [1, 2]).concat()
scattered = tf.TensorArray(tf.float32, 3).unstack(table).scatter([1], table[:1]).stack()
cell = tf.nn.rnn_cell.BasicLSTMCell(2)
with tf.variable_scope("rnn", initializer=tf.constant_initializer(0.1)):
    outputs, state = tf.nn.dynamic_rnn(cell, table[tf.newaxis], dtype=tf.float32, sequence_length=[2])
rnn_gradient = tf.gradients(outputs, [table] + tf.trainable_variables("rnn"))
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for value in (0.5, -0.7):
        feeds = {x: value, rows: [[1.0, 2.0]]}
        sess.run([branch, branch_gradient, count, power, power_gradient], feeds)
        sess.run([grown, grown_gradient, nested, nested_gradient, structured, doubled], feeds)
    feeds = {table: [[1, 2], [3, 4], [0.5, 1]]}
    sess.run([mapped, scanned, array_values, array_gradient, pieces, scattered], feeds)
    sess.run([outputs, state, rnn_gradient], feeds)
