"""Programs of two devices. torch's meta device stands in for a GPU: it computes shapes only, but refuses, as CUDA does,
to take tensors of another device."""
import numpy as np
import pytest

import rekindle as tf
from rekindle._src.run import devices
from rekindle._src.run.steps import Link


@pytest.fixture
def session(monkeypatch):
    """Makes sessions that believe in one GPU."""
    monkeypatch.setattr(devices, "gpu_count", lambda config: 1)
    monkeypatch.setattr(devices, "local_devices", lambda config: [])
    on_cpu = Link.device
    monkeypatch.setattr(Link, "device", lambda self, node: on_cpu(self, node).replace("cuda:0", "meta"))
    return tf.Session


def run(session, target, feeds=None):
    with session() as one:
        one.run(tf.global_variables_initializer())
        one.run(target, feeds)


@pytest.mark.parametrize("optimizer", [tf.train.GradientDescentOptimizer(0.1), tf.train.MomentumOptimizer(0.1, 0.9),
                                       tf.train.RMSPropOptimizer(0.1)])
def test_a_training_step_never_mixes_devices(session, optimizer):
    images, labels = tf.placeholder(tf.float32, [None, 64]), tf.placeholder(tf.float32, [None, 3])
    keep = tf.placeholder(tf.float32)
    net = tf.layers.conv2d(tf.reshape(images, [-1, 8, 8, 1]), 4, 3, activation=tf.nn.relu)
    net = tf.layers.batch_normalization(tf.layers.max_pooling2d(net, 2, 2), training=True)
    net = tf.nn.dropout(tf.layers.dense(tf.layers.flatten(net), 8, tf.nn.relu), keep_prob=keep)
    loss = tf.losses.softmax_cross_entropy(labels, tf.layers.dense(net, 3))
    step = tf.train.get_or_create_global_step()
    train = optimizer.minimize(loss, step)
    run(session, train, {images: np.ones((2, 64)), labels: np.eye(3)[:2], keep: 0.5})


def test_axes_after_lists_stay_on_the_host(session):
    x, axis = tf.placeholder(tf.float32, [2, 2]), tf.placeholder(tf.int32, [])
    run(session, tf.concat([x, x * 2], axis).op, {x: np.ones((2, 2)), axis: 1})


def test_what_is_asked_for_on_the_cpu_is_there(session):
    with tf.device("/cpu:0"):
        v = tf.Variable([1.0, 2.0])
        total = tf.reduce_sum(v)
    with session() as one:
        one.run(v.initializer)
        assert one.run(total) == 3


def test_a_loop_keeps_its_tensors_on_the_device_and_what_steers_it_on_the_host(session):
    x = tf.placeholder(tf.float32, [None, None, 8])
    outputs, _ = tf.nn.dynamic_rnn(tf.nn.rnn_cell.LSTMCell(4), x, dtype=tf.float32)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(tf.square(outputs)))
    run(session, train, {x: np.ones((2, 5, 8))})
