"""Learn to write a text letter by letter: a TensorFlow 1.x program.

    rekindle run examples/char_rnn.py [--data FILE_OR_FOLDER] [--steps N] [--log_dir FOLDER]

Two layers of LSTM read the text in parallel rows and guess each next letter; the state goes on
from batch to batch. Without --data they learn a short nursery rhyme. Gradients clipped by their
global norm, Adam, a checkpoint, summaries for TensorBoard, and a sample of what was learned.
"""
import argparse
import os
import sys
import time

import numpy as np
import tensorflow as tf

FLAGS = None
RHYME = '''Twinkle, twinkle, little star,
How I wonder what you are!
Up above the world so high,
Like a diamond in the sky.
''' * 20


def read_text():
    """The text of a file, or of input.txt in a folder."""
    if not FLAGS.data:
        return RHYME
    path = FLAGS.data
    if os.path.isdir(path):
        path = os.path.join(path, 'input.txt')
    with open(path) as source:
        return source.read()


def batches(codes, rows, length):
    """Endless (is this the start of the text, letters, next letters), each [rows, length]."""
    columns = (len(codes) - 1) // rows
    letters = codes[:rows * columns].reshape(rows, columns)
    following = codes[1:rows * columns + 1].reshape(rows, columns)
    while True:
        for start in range(0, columns - length + 1, length):
            part = slice(start, start + length)
            yield start == 0, letters[:, part], following[:, part]


class CharacterModel:
    """The distribution of the next letter, for letters [rows, length]."""

    def __init__(self, letters, rows, length):
        self.x = tf.placeholder(tf.int32, [rows, length], name='x')
        self.y = tf.placeholder(tf.int32, [rows, length], name='y')
        cells = [tf.nn.rnn_cell.BasicLSTMCell(FLAGS.units) for _ in range(FLAGS.layers)]
        cell = tf.nn.rnn_cell.MultiRNNCell(cells)
        self.first_state = cell.zero_state(rows, tf.float32)
        with tf.variable_scope('model'):
            embedding = tf.get_variable('embedding', [letters, FLAGS.units])
            inputs = tf.nn.embedding_lookup(embedding, self.x)
            outputs, self.last_state = tf.nn.dynamic_rnn(
                cell, inputs, initial_state=self.first_state)
            weights = tf.get_variable('softmax_w', [FLAGS.units, letters])
            biases = tf.get_variable('softmax_b', [letters], initializer=tf.zeros_initializer())
        self.logits = tf.matmul(tf.reshape(outputs, [-1, FLAGS.units]), weights) + biases
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=tf.reshape(self.y, [-1]), logits=self.logits)
        self.loss = tf.reduce_mean(losses)

    def add_training(self):
        """The step of Adam, on clipped gradients."""
        variables = tf.trainable_variables()
        gradients, norm = tf.clip_by_global_norm(tf.gradients(self.loss, variables), 5.0)
        optimizer = tf.train.AdamOptimizer(FLAGS.learning_rate)
        self.global_step = tf.train.get_or_create_global_step()
        self.train = optimizer.apply_gradients(
            zip(gradients, variables), global_step=self.global_step)
        tf.summary.scalar('loss', self.loss)
        tf.summary.scalar('gradient_norm', norm)
        self.summary = tf.summary.merge_all()


def train(sess, model, codes, writer):
    """The mean loss of the last steps."""
    state = sess.run(model.first_state)
    zeros = state
    recent = []
    begin = time.time()
    feeds = batches(codes, FLAGS.rows, FLAGS.length)
    for step in range(1, FLAGS.steps + 1):
        is_start, x, y = next(feeds)
        feed = {model.x: x, model.y: y, model.first_state: zeros if is_start else state}
        state, loss, _ = sess.run([model.last_state, model.loss, model.train], feed)
        recent = recent[-49:] + [loss]
        if step % 100 == 0 or step == FLAGS.steps:
            writer.add_summary(sess.run(model.summary, feed), step)
            print('step %d: loss %.3f, %.0f s' % (step, np.mean(recent), time.time() - begin))
            sys.stdout.flush()
    return np.mean(recent)


def sample(sess, model, alphabet, count):
    """Some letters, each drawn from the model after the ones before."""
    random = np.random.RandomState(FLAGS.seed)
    state = sess.run(model.first_state)
    code = alphabet.index('\n') if '\n' in alphabet else 0
    text = []
    for _ in range(count):
        feed = {model.x: [[code]], model.first_state: state}
        logits, state = sess.run([model.logits, model.last_state], feed)
        chances = np.exp((logits[0] - logits[0].max()) / FLAGS.temperature)
        code = random.choice(len(alphabet), p=chances / chances.sum())
        text.append(alphabet[code])
    return ''.join(text)


def main(_):
    if FLAGS.seed is not None:
        tf.set_random_seed(FLAGS.seed)
    text = read_text()
    alphabet = sorted(set(text))
    numbers = {letter: number for number, letter in enumerate(alphabet)}
    codes = np.array([numbers[letter] for letter in text], np.int32)
    with tf.variable_scope('letters'):
        model = CharacterModel(len(alphabet), FLAGS.rows, FLAGS.length)
    model.add_training()
    with tf.variable_scope('letters', reuse=True):
        writing = CharacterModel(len(alphabet), 1, 1)
    saver = tf.train.Saver()
    log_dir = os.path.abspath(FLAGS.log_dir)
    with tf.Session() as sess:
        writer = tf.summary.FileWriter(log_dir, sess.graph)
        sess.run(tf.global_variables_initializer())
        loss = train(sess, model, codes, writer)
        writer.close()
        saved = saver.save(sess, os.path.join(log_dir, 'model'), global_step=model.global_step)
        print('loss %.4f, saved as %s' % (loss, saved))
        print(sample(sess, writing, alphabet, FLAGS.sample))


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--data', help='a text file, or a folder with an input.txt')
    parser.add_argument('--steps', type=int, default=1000)
    parser.add_argument('--rows', type=int, default=50, help='parts of the text read at a time')
    parser.add_argument('--length', type=int, default=50, help='letters in a step')
    parser.add_argument('--units', type=int, default=128)
    parser.add_argument('--layers', type=int, default=2)
    parser.add_argument('--learning_rate', type=float, default=4e-3)
    parser.add_argument('--temperature', type=float, default=0.8)
    parser.add_argument('--sample', type=int, default=400, help='letters to write at the end')
    parser.add_argument('--log_dir', default='logs/char_rnn')
    parser.add_argument('--seed', type=int, default=None)
    FLAGS, unparsed = parser.parse_known_args()
    tf.app.run(main=main, argv=[sys.argv[0]] + unparsed)
