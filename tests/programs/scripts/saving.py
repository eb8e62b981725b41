"""tf.train.Saver: several checkpoints, a partial restore, the meta graph."""
import tensorflow as tf

a = tf.Variable([1.0, 2.0], name="a")
b = tf.Variable(tf.fill([2, 3], 4), name="b")
with tf.variable_scope("s"):
    c = tf.get_variable("c", [2], initializer=tf.ones_initializer())
bump = tf.group(a.assign_add([1.0, 1.0]), c.assign(c * 2.0))
saver = tf.train.Saver(max_to_keep=2)
some = tf.train.Saver({"renamed": a, "c": c}, sharded=True)
with tf.Session() as sess:
    sess.run(tf.global_variables_initializer())
    for i in range(3):
        saver.save(sess, "./model", global_step=i)
        sess.run(bump)
    some.save(sess, "./some")
    saver.restore(sess, saver.last_checkpoints[-1])
    sess.run([a, b, c])
with tf.Session() as sess:
    sess.run(b.initializer)
    saver.restore(sess, "./model-1")
    sess.run([a, b, c])
with tf.Graph().as_default(), tf.Session() as sess:
    tf.train.import_meta_graph("./model-2.meta").restore(sess, "./model-2")
    sess.run(["a:0", "s/c:0"])
