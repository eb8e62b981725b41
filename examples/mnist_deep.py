"""Classify handwritten digits with two convolutions: a TensorFlow 1.x program.

    rekindle run examples/mnist_deep.py [--data_dir FOLDER] [--steps N] [--log_dir FOLDER]

Without --data_dir it trains on scikit-learn's digits (1,797 images of 8 x 8 pixels), with it on the
four MNIST files in that folder (28 x 28). Dropout, Adam, summaries for TensorBoard.
"""
import argparse
import os
import sys

import numpy as np
import tensorflow as tf
from tensorflow.contrib.learn.python.learn.datasets.mnist import DataSet, dense_to_one_hot
from tensorflow.examples.tutorials.mnist import input_data

FLAGS = None
CLASSES = 10


def deepnn(x, size):
    """Logits [N, 10] of flat images [N, size * size], and the keep probability's placeholder."""
    with tf.name_scope('reshape'):
        image = tf.reshape(x, [-1, size, size, 1])
    with tf.name_scope('conv1'):
        hidden = tf.nn.relu(conv2d(image, weight_variable([5, 5, 1, 32])) + bias_variable([32]))
        hidden = max_pool_2x2(hidden)
    with tf.name_scope('conv2'):
        hidden = tf.nn.relu(conv2d(hidden, weight_variable([5, 5, 32, 64])) + bias_variable([64]))
        hidden = max_pool_2x2(hidden)
    with tf.name_scope('fc1'):
        inputs = (size // 4) * (size // 4) * 64
        flat = tf.reshape(hidden, [-1, inputs])
        weights, bias = weight_variable([inputs, 1024]), bias_variable([1024])
        hidden = tf.nn.relu(tf.matmul(flat, weights) + bias)
    with tf.name_scope('dropout'):
        keep_prob = tf.placeholder(tf.float32)
        hidden = tf.nn.dropout(hidden, keep_prob)
    with tf.name_scope('fc2'):
        weights, bias = weight_variable([1024, CLASSES]), bias_variable([CLASSES])
        return tf.matmul(hidden, weights) + bias, keep_prob


def conv2d(x, weights):
    return tf.nn.conv2d(x, weights, strides=[1, 1, 1, 1], padding='SAME')


def max_pool_2x2(x):
    return tf.nn.max_pool(x, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding='SAME')


def weight_variable(shape):
    return tf.Variable(tf.truncated_normal(shape, stddev=0.1))


def bias_variable(shape):
    return tf.Variable(tf.constant(0.1, shape=shape))


def read_digits():
    """scikit-learn's digits as (train, test, pixels of a side)."""
    from sklearn.datasets import load_digits
    digits = load_digits()
    order = np.random.RandomState(0).permutation(len(digits.images))
    images = (digits.images[order] * (255. / 16.))[..., np.newaxis]
    labels = dense_to_one_hot(digits.target[order], CLASSES)
    train = DataSet(images[:1437], labels[:1437], seed=FLAGS.seed)
    test = DataSet(images[1437:], labels[1437:], seed=FLAGS.seed)
    return train, test, 8


def read_mnist():
    """MNIST as (train, test, pixels of a side)."""
    mnist = input_data.read_data_sets(FLAGS.data_dir, one_hot=True)
    return mnist.train, mnist.test, 28


def steps(count):
    """The numbers 0 ... count - 1, with a progress bar on a terminal."""
    if not sys.stderr.isatty():
        return range(count)
    from rich.console import Console
    from rich.progress import track
    return track(range(count), 'training', console=Console(stderr=True))


def main(_):
    if FLAGS.seed is not None:
        tf.set_random_seed(FLAGS.seed)
    train, test, size = read_mnist() if FLAGS.data_dir else read_digits()
    x = tf.placeholder(tf.float32, [None, size * size])
    y_ = tf.placeholder(tf.float32, [None, CLASSES])
    y, keep_prob = deepnn(x, size)
    with tf.name_scope('loss'):
        loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=y_, logits=y))
    with tf.name_scope('adam'):
        train_step = tf.train.AdamOptimizer(1e-4 if FLAGS.data_dir else 1e-3).minimize(loss)
    with tf.name_scope('accuracy'):
        correct = tf.equal(tf.argmax(y, 1), tf.argmax(y_, 1))
        accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
    tf.summary.scalar('loss', loss)
    tf.summary.scalar('accuracy', accuracy)
    merged = tf.summary.merge_all()

    log_dir = os.path.abspath(FLAGS.log_dir)
    with tf.Session() as sess:
        writer = tf.summary.FileWriter(os.path.join(log_dir, 'train'), sess.graph)
        test_writer = tf.summary.FileWriter(os.path.join(log_dir, 'test'))
        sess.run(tf.global_variables_initializer())
        some = {x: test.images[:1000], y_: test.labels[:1000], keep_prob: 1.0}
        for step in steps(FLAGS.steps):
            images, labels = train.next_batch(50)
            if step % 100 == 0:
                seen = sess.run(merged, {x: images, y_: labels, keep_prob: 1.0})
                writer.add_summary(seen, step)
                test_writer.add_summary(sess.run(merged, some), step)
            sess.run(train_step, {x: images, y_: labels, keep_prob: 0.5})
        final = sess.run(accuracy, {x: test.images, y_: test.labels, keep_prob: 1.0})
        writer.close()
        test_writer.close()
    print('test accuracy %.4f' % final)
    print('to see the curves and the graph: tensorboard --logdir %s' % log_dir)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--data_dir', help='the folder of the four MNIST files')
    parser.add_argument('--steps', type=int, default=2000)
    parser.add_argument('--log_dir', default='logs/mnist_deep')
    parser.add_argument('--seed', type=int, default=None)
    FLAGS, unparsed = parser.parse_known_args()
    tf.app.run(main=main, argv=[sys.argv[0]] + unparsed)
