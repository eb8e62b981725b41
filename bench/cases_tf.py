"""The measured programs, in TensorFlow 1 code: the same file runs on Rekindle, TensorFlow 1.15 and TensorFlow 2's
compat.v1.

Each case is a function of `tf` that builds a graph and gives the step to time, a function without arguments.
"""
import time

import numpy as np


def null_run(tf):
    """`session.run` of an operation that does nothing."""
    nothing = tf.no_op()
    session = tf.Session()
    return lambda: session.run(nothing)


def lab4_step(tf):
    """One step of gradient descent for a line through four points."""
    w = tf.Variable([.3], dtype=tf.float32)
    b = tf.Variable([-.3], dtype=tf.float32)
    x = tf.placeholder(tf.float32)
    y = tf.placeholder(tf.float32)
    loss = tf.reduce_sum(tf.square(w * x + b - y))
    train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    feed = {x: [1, 2, 3, 4], y: [0, -1, -2, -3]}
    return lambda: session.run(train, feed)


def _weight(tf, shape):
    return tf.Variable(tf.truncated_normal(shape, stddev=0.1))


def _bias(tf, size):
    return tf.Variable(tf.constant(0.1, shape=[size]))


def _digits(tf):
    """The deep MNIST classifier: two 5x5 convolutions, 1,024 units, dropout, Adam."""
    x = tf.placeholder(tf.float32, [None, 784])
    y = tf.placeholder(tf.float32, [None, 10])
    keep = tf.placeholder(tf.float32)
    net = tf.reshape(x, [-1, 28, 28, 1])
    for channels, filters in ((1, 32), (32, 64)):
        net = tf.nn.conv2d(net, _weight(tf, [5, 5, channels, filters]), strides=[1, 1, 1, 1], padding='SAME')
        net = tf.nn.relu(net + _bias(tf, filters))
        net = tf.nn.max_pool(net, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding='SAME')
    net = tf.reshape(net, [-1, 7 * 7 * 64])
    net = tf.nn.relu(tf.matmul(net, _weight(tf, [7 * 7 * 64, 1024])) + _bias(tf, 1024))
    net = tf.nn.dropout(net, keep)
    logits = tf.matmul(net, _weight(tf, [1024, 10])) + _bias(tf, 10)
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y, logits=logits))
    train = tf.train.AdamOptimizer(1e-4).minimize(loss)
    hits = tf.equal(tf.argmax(logits, 1), tf.argmax(y, 1))
    accuracy = tf.reduce_mean(tf.cast(hits, tf.float32))
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session, x, y, keep, train, accuracy


def images(count):
    """Random digits: images and one-hot labels."""
    rng = np.random.RandomState(0)
    return (rng.rand(count, 784).astype(np.float32),
            np.eye(10, dtype=np.float32)[rng.randint(0, 10, count)])


def lab7_step(tf):
    """One training step of the digit classifier, 50 images."""
    session, x, y, keep, train, _ = _digits(tf)
    xs, ys = images(50)
    return lambda: session.run(train, {x: xs, y: ys, keep: 0.5})


def lab7_inference(tf):
    """The accuracy of the digit classifier on 1,000 images."""
    session, x, y, keep, _, accuracy = _digits(tf)
    xs, ys = images(1000)
    return lambda: session.run(accuracy, {x: xs, y: ys, keep: 1.0})


def _dense(tf, layers):
    """A net of dense layers of 10 units with Adam."""
    x = tf.placeholder(tf.float32, [None, 10])
    net = x
    for i in range(layers):
        with tf.variable_scope(f'layer{i}'):
            w = tf.get_variable('w', [10, 10])
            b = tf.get_variable('b', [10], initializer=tf.zeros_initializer())
            net = tf.nn.relu(tf.matmul(net, w) + b)
    loss = tf.reduce_mean(tf.square(net))
    return x, tf.train.AdamOptimizer(1e-3).minimize(loss)


def dense_build(tf):
    """Building the graph of 300 dense layers with Adam."""
    def build():
        with tf.Graph().as_default():
            _dense(tf, 300)
    return build


def dense_step(tf):
    """One training step of 300 dense layers with Adam, 32 rows."""
    x, train = _dense(tf, 300)
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    xs = np.ones((32, 10), np.float32)
    return lambda: session.run(train, {x: xs})


def feed_fetch(tf):
    """13 MB in and out again."""
    x = tf.placeholder(tf.float32, [None, 1024])
    y = x + 1.0
    session = tf.Session()
    xs = np.ones((3328, 1024), np.float32)
    return lambda: session.run(y, {x: xs})


#: name -> (builder, steps in one round)
CASES = {
    'null run': (null_run, 2000),
    'lab4 step': (lab4_step, 1000),
    'lab7 step': (lab7_step, 10),
    'lab7 inference': (lab7_inference, 3),
    'dense300 build': (dense_build, 1),
    'dense300 step': (dense_step, 5),
    '13 MB feed and fetch': (feed_fetch, 20),
}


def median_of(step, count):
    """The median seconds of `count` steps; short ones are timed in groups of ten."""
    group = 10 if count >= 100 else 1
    times = []
    for _ in range(max(1, count // group)):
        begin = time.perf_counter()
        for _ in range(group):
            step()
        times.append((time.perf_counter() - begin) / group)
    return sorted(times)[len(times) // 2]
