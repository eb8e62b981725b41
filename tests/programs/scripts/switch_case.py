"""tf.switch_case: branches as functions, their captures and effects, and gradients through them."""
import tensorflow as tf

x = tf.placeholder(tf.float32, [], name="x")
rows = tf.placeholder(tf.float32, [None, 2], name="rows")
i = tf.placeholder(tf.int32, [], name="i")
v = tf.get_variable("v", initializer=2.0, use_resource=True)
table = tf.get_variable("table", initializer=[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], use_resource=True)

chosen = tf.switch_case(i, [lambda: x * v, lambda: tf.sin(x) * x, lambda: tf.constant(7.0)])
chosen_gradient = tf.gradients(chosen, [x, v])
pair = tf.switch_case(
    i, {1: lambda: (rows + x, {"n": tf.constant(1)}), 0: lambda: (rows * v, {"n": tf.constant(0)})},
    default=lambda: (tf.matmul(rows, [[x, 1.0], [0.0, v]]), {"n": tf.constant(-1)}), name="structured")
pair_gradient = tf.gradients(pair[0], [rows, x, v])
assigned = tf.switch_case(i, [lambda: v.assign_add(1.0).op, lambda: tf.no_op()], name="assigned")
inner = tf.switch_case(
    i, [lambda: tf.switch_case(i + 1, [lambda: x, lambda: x * x * v]), lambda: tf.exp(x)], name="nested")
inner_gradient = tf.gradients(inner, [x, v])
looked = tf.switch_case(
    i, [lambda: tf.nn.embedding_lookup(table, [0, 2]), lambda: tf.nn.embedding_lookup(table, [1, 1]) * x],
    name="looked")
looked_gradient = tf.gradients(looked, [table, x])
_, looped = tf.while_loop(
    lambda k, total: k < 4,
    lambda k, total: (k + 1, total + tf.switch_case(k, [lambda: x, lambda: tf.to_float(k), lambda: v * x])),
    [0, 0.0])

with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for value in (-1, 0, 1, 2, 5):
        feeds = {x: 3.0, i: value, rows: [[1, 2], [3, 4]]}
        sess.run([chosen, chosen_gradient, pair, pair_gradient], feeds)
        sess.run([inner, inner_gradient, looped], feeds)
        sess.run(looked, feeds)
        sess.run(looked_gradient, feeds)
        sess.run(assigned, feeds)
        sess.run(v)
