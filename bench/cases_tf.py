"""The measured programs, in TensorFlow 1 code: the same file runs on Rekindle, TensorFlow 1.15 and TensorFlow 2's
compat.v1.

Each case is a function of `tf` that builds a graph and gives the step to time, a function without arguments.
"""
import time

import cases_models
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


def ptb_step(tf):
    """One step of a language model: 2 x 200 LSTM unrolled over 35 words, 20 rows, 10,000 words, clipped SGD."""
    rows, steps, units, words = 20, 35, 200, 10000
    x = tf.placeholder(tf.int32, [rows, steps])
    y = tf.placeholder(tf.int32, [rows, steps])
    with tf.variable_scope('model', initializer=tf.random_uniform_initializer(-0.1, 0.1)):
        with tf.device('/cpu:0'):
            embedding = tf.get_variable('embedding', [words, units], dtype=tf.float32)
            inputs = tf.nn.embedding_lookup(embedding, x)
        cells = [tf.nn.rnn_cell.BasicLSTMCell(units, forget_bias=0.0) for _ in range(2)]
        cell = tf.nn.rnn_cell.MultiRNNCell(cells)
        first_state = cell.zero_state(rows, tf.float32)
        outputs, state = [], first_state
        with tf.variable_scope('RNN'):
            for step in range(steps):
                if step > 0:
                    tf.get_variable_scope().reuse_variables()
                output, state = cell(inputs[:, step, :], state)
                outputs.append(output)
        output = tf.reshape(tf.concat(outputs, 1), [-1, units])
        weights = tf.get_variable('softmax_w', [units, words], dtype=tf.float32)
        biases = tf.get_variable('softmax_b', [words], dtype=tf.float32)
        logits = tf.nn.xw_plus_b(output, weights, biases)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.reshape(y, [-1]), logits=logits)
        cost = tf.reduce_sum(losses) / rows
        variables = tf.trainable_variables()
        gradients, _ = tf.clip_by_global_norm(tf.gradients(cost, variables), 5)
        optimizer = tf.train.GradientDescentOptimizer(1.0)
        train = optimizer.apply_gradients(
            zip(gradients, variables), global_step=tf.train.get_or_create_global_step())
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    text = np.random.RandomState(0).randint(0, words, (rows, steps + 1))
    feed = {x: text[:, :-1], y: text[:, 1:]}
    for pair in zip(tf.nest.flatten(first_state), session.run(tf.nest.flatten(first_state))):
        feed[pair[0]] = pair[1]
    fetches = [cost, state, train]
    return lambda: session.run(fetches, feed)


def while_count(tf):
    """A scalar loop of 1,000 iterations."""
    last = tf.while_loop(lambda i: i < 1000, lambda i: i + 1, [0])
    session = tf.Session()
    return lambda: session.run(last)


def while_sum(tf):
    """A scalar loop of 1,000 iterations that also computes with floats."""
    def body(i, x):
        return i + 1, x * 1.0001 + tf.cast(i, tf.float32)

    last = tf.while_loop(lambda i, x: i < 1000, body, [0, 1.0])
    session = tf.Session()
    return lambda: session.run(last)


def _recurrent(tf):
    """An LSTM of 128 units over 30 steps of 20 rows, and the gradients of its mean square."""
    x = tf.placeholder(tf.float32, [None, None, 64])
    outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.LSTMCell(128), x, dtype=tf.float32)
    loss = tf.reduce_mean(tf.square(outputs))
    train = tf.train.GradientDescentOptimizer(0.1).minimize(loss)
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session, x, loss, train, np.random.RandomState(0).randn(20, 30, 64).astype(np.float32)


def dynamic_rnn(tf):
    """The outputs of tf.nn.dynamic_rnn."""
    session, x, loss, _, xs = _recurrent(tf)
    return lambda: session.run(loss, {x: xs})


def dynamic_rnn_step(tf):
    """One training step of tf.nn.dynamic_rnn."""
    session, x, _, train, xs = _recurrent(tf)
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
    'ptb step': (ptb_step, 5),
    'while 1000': (while_count, 100),
    'while 1000, floats': (while_sum, 100),
    'dynamic_rnn': (dynamic_rnn, 10),
    'dynamic_rnn step': (dynamic_rnn_step, 5),
    '13 MB feed and fetch': (feed_fetch, 20),
    **cases_models.CASES,
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
