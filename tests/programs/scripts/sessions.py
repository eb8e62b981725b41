"""Sessions: nested fetches, feeds of any tensor, callables, partial runs, errors."""
import collections

import tensorflow as tf

Pair = collections.namedtuple("Pair", "x y")
a = tf.placeholder(tf.float32, [], name="a")
b = tf.placeholder_with_default(2.0, [], name="b")
c = tf.add(a, b, name="c")
d = tf.multiply(c, 3.0, name="d")
v = tf.Variable(5.0, name="v")
sparse = tf.SparseTensor([[0, 1], [1, 0]], [1.0, 2.0], [2, 2])
found = []


def attempt(fetch, feed=None):
    try:
        sess.run(fetch, feed)
    except (tf.errors.OpError, ValueError, TypeError, RuntimeError) as error:
        found.append(type(error).__name__)


sess = tf.Session()
attempt(v)
sess.run(v.initializer)
sess.run({"d": d, "pair": Pair(c, [v]), "none": []}, {a: 1.0})
sess.run(d, {c: 10.0})
sess.run(["d:0", "v:0"], {"a:0": 4.0})
sess.run([sparse, d], {a: 1.0, b: 0.5})
attempt(d)
attempt(d, {a: [1.0, 2.0]})
attempt(d, {a: "text"})
attempt("nothing:0")
attempt(tf.matmul(tf.zeros([2, 3]), tf.placeholder_with_default(tf.zeros([3, 1]), None)))
attempt(tf.reshape(tf.placeholder_with_default(tf.zeros([3]), None), [2, 2]))
call = sess.make_callable(d, [a])
found.append(float(call(2.0)))
handle = sess.partial_run_setup([c, d], [a])
found.append(float(sess.partial_run(handle, c, {a: 1.0})))
found.append(float(sess.partial_run(handle, d)))
with sess.as_default():
    found.append(float(v.eval()))
tf.constant([str(one) for one in found], name="found")
sess.run("found:0")
sess.close()
attempt(c)
