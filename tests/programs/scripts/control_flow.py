"""cond, case, while_loop and gradients through them."""
import tensorflow as tf

x = tf.placeholder(tf.float32, [], name="x")
v = tf.Variable(2.0, name="v")
chosen = tf.cond(x > 0, lambda: x * v, lambda: x - 1.0)
nested = tf.cond(x > 0, lambda: tf.cond(x > 5, lambda: v, lambda: -v), lambda: x)
assigned = tf.cond(x < 0, lambda: tf.assign_add(v, 1.0), lambda: tf.identity(v))
cased = tf.case([(x < 0, lambda: tf.constant(-1)), (x < 5, lambda: tf.constant(0))],
                default=lambda: tf.constant(1))
_, total = tf.while_loop(lambda i, s: i < 5, lambda i, s: [i + 1, s + tf.cast(i, tf.float32) * x],
                         [0, 0.0], name="sum")
power = tf.while_loop(lambda i, p: i < 3, lambda i, p: (i + 1, p * v), (tf.constant(0), x))[1]
inner = tf.while_loop(
    lambda i, s: i < 2,
    lambda i, s: (i + 1, tf.while_loop(lambda j, t: j < 3, lambda j, t: (j + 1, t + x), [0, s])[1]),
    [0, 1.0])[1]
branch_gradient = tf.gradients(chosen, [x, v])
loop_gradient = tf.gradients(power, [x, v])
grown = tf.while_loop(lambda i, a: i < 3, lambda i, a: [i + 1, tf.concat([a, [x]], 0)],
                      [0, tf.zeros([1])],
                      shape_invariants=[tf.TensorShape([]), tf.TensorShape([None])])[1]
mapped = tf.map_fn(lambda e: e * x, tf.constant([1.0, 2.0, 3.0]))
scanned = tf.scan(lambda a, e: a + e, tf.constant([1.0, 2.0, 3.0]))
folded = tf.foldl(lambda a, e: a * e, tf.constant([1.0, 2.0, 3.0]))
checked = tf.Assert(x < 100, [x])
with tf.control_dependencies([checked]):
    safe = tf.identity(x)
grouped = tf.tuple([x, v])
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for value in (3.0, 7.0, -2.0):
        sess.run([chosen, nested, cased, total, power, inner, grown, safe, grouped], {x: value})
        sess.run([mapped, scanned, folded], {x: value})
        sess.run([branch_gradient, loop_gradient], {x: value})
        sess.run(assigned, {x: value})
