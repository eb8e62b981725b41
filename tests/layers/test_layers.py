"""Layers: names, reuse, collections, refusals; the graphs are compared by tests/programs."""
from __future__ import annotations

import numpy as np
import pytest

import rekindle as tf


def test_names_of_layers_and_variables():
    x = tf.ones([2, 3])
    tf.layers.dense(x, 4)
    tf.layers.dense(x, 4)
    tf.layers.dense(x, 4, name="last")
    assert [v.name for v in tf.global_variables()] == [
        "dense/kernel:0", "dense/bias:0", "dense_1/kernel:0", "dense_1/bias:0", "last/kernel:0",
        "last/bias:0"]


def test_a_layer_called_twice_shares_its_variables():
    layer = tf.layers.Dense(4, kernel_regularizer=tf.nn.l2_loss)
    a, b = layer(tf.ones([2, 3])), layer(tf.ones([5, 3]))
    assert (a.name, b.name) == ("dense/BiasAdd:0", "dense/BiasAdd_1:0")
    assert [v.name for v in layer.trainable_weights] == ["dense/kernel:0", "dense/bias:0"]
    assert (layer.scope_name, layer.count_params()) == ("dense", 16)
    assert len(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)) == 1


def test_reuse_by_name():
    x = tf.ones([2, 3])
    tf.layers.dense(x, 4, name="d")
    tf.layers.dense(x, 4, name="d", reuse=True)
    assert len(tf.global_variables()) == 2
    with pytest.raises(ValueError, match="Variable d/kernel already exists"):
        tf.layers.dense(x, 4, name="d")


def test_wrong_inputs():
    with pytest.raises(ValueError, match="Input 0 of layer dense_1 is incompatible with the layer: "
                       ": expected min_ndim=2, found ndim=1"):
        tf.layers.dense(tf.ones([3]), 2)
    with pytest.raises(ValueError, match="expected ndim=4, found ndim=2"):
        tf.layers.conv2d(tf.ones([3, 3]), 2, 3)
    with pytest.raises(ValueError, match="its rank is undefined"):
        tf.layers.dense(tf.placeholder(tf.float32), 2)
    with pytest.raises(ValueError, match="The last dimension of the inputs to `Dense`"):
        tf.layers.dense(tf.placeholder(tf.float32, [None, None]), 2)
    with pytest.raises(ValueError, match="The `kernel_size` argument must be a tuple of 2 integers"):
        tf.layers.conv2d(tf.ones([1, 3, 3, 1]), 2, (1, 2, 3))
    with pytest.raises(ValueError, match="Unknown activation function:rellu"):
        tf.layers.dense(tf.ones([2, 3]), 2, activation="rellu")
    layer = tf.layers.Dense(2)
    with pytest.raises(ValueError, match="No name available for layer scope"):
        layer.scope_name  # noqa: B018
    layer(tf.ones([2, 3]))
    with pytest.raises(ValueError, match="expected axis -1 of input shape to have value 3"):
        layer(tf.ones([2, 4]))


def test_batch_normalization_updates_its_averages():
    x = tf.constant(np.arange(8, dtype=np.float32).reshape(4, 2))
    training = tf.placeholder(tf.bool)
    y = tf.layers.batch_normalization(x, training=training, momentum=0.5)
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    assert len(updates) == 2
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        out, _ = session.run([y, updates], {training: True})
        assert np.allclose(out.mean(0), 0, atol=1e-5)
        mean, variance = session.run(tf.global_variables()[2:])
        assert np.allclose(mean, [1.5, 2]) and np.allclose(variance, [3, 3])
        assert np.allclose(session.run(y, {training: False})[0], (np.array([0, 1]) - mean) / np.sqrt(
            variance + 1e-3))


def test_untrained_batch_normalization_has_no_updates():
    tf.layers.batch_normalization(tf.ones([4, 2]), training=True, trainable=False)
    assert tf.get_collection(tf.GraphKeys.UPDATE_OPS) == []
    assert tf.trainable_variables() == []


def test_dropout_by_a_tensor():
    training = tf.placeholder(tf.bool)
    y = tf.layers.dropout(tf.ones([1000]), 0.4, training=training)
    with tf.Session() as session:
        assert session.run(y, {training: False}).min() == 1
        dropped = session.run(y, {training: True})
    assert set(np.round(np.unique(dropped), 5)) == {0, np.float32(1.66667)}


def test_own_layer():
    class Scale(tf.layers.Layer):
        def build(self, input_shape):
            self.scale = self.add_variable("scale", [int(input_shape[-1])],
                                           initializer=tf.ones_initializer())
            self.built = True

        def call(self, inputs, factor=1.0):
            return inputs * self.scale * factor

    layer = Scale(name="mine")
    y = layer(tf.ones([2, 3]), factor=2.0)
    assert (y.name, [v.name for v in layer.variables]) == ("mine/mul_1:0", ["mine/scale:0"])
