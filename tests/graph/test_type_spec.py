"""Specs of tensors, sparse tensors and slices, and nest with composites."""
from __future__ import annotations

import numpy as np
import pytest

import rekindle as tf
from rekindle._src import nest


@pytest.fixture(autouse=True)
def fresh_graph():
    with tf.Graph().as_default():
        yield


def test_tensor_spec():
    spec = tf.TensorSpec([None, 3], tf.float32, "x")
    assert spec.is_compatible_with(tf.zeros([2, 3])) and not spec.is_compatible_with(tf.zeros([2, 4]))
    assert spec == tf.TensorSpec([None, 3], name="x") != tf.TensorSpec([2, 3], name="x")
    assert repr(spec) == "TensorSpec(shape=(?, 3), dtype=tf.float32, name='x')"
    common = tf.TensorSpec([2, 3]).most_specific_compatible_type(tf.TensorSpec([4, 3]))
    assert common.shape.as_list() == [None, 3]
    with pytest.raises(ValueError, match="Types are not compatible"):
        spec.most_specific_compatible_type(tf.TensorSpec([2], tf.int32))


def test_sparse_spec():
    value = tf.SparseTensor([[0, 1]], [2.0], [2, 3])
    spec = tf.SparseTensorSpec.from_value(value)
    assert spec.shape.as_list() == [2, 3] and spec.dtype is tf.float32
    assert tf.SparseTensorSpec([None, 3]).is_compatible_with(value)
    assert not tf.SparseTensorSpec([None, 4]).is_compatible_with(value)


def test_slices_spec():
    value = tf.IndexedSlices(tf.zeros([2, 3]), tf.constant([0, 4]), tf.constant([9, 3]))
    spec = value._type_spec
    assert spec.value_type is tf.IndexedSlices
    assert [one.shape.as_list() for one in spec._component_specs] == [[2, 3], [2], [2]]


def test_nest_takes_sparse_tensors_apart():
    value = tf.SparseTensor([[0, 1]], [2.0], [2, 3])
    assert nest.flatten([value]) == [value]
    parts = nest.flatten([value], expand_composites=True)
    assert parts == [value.indices, value.values, value.dense_shape]
    again = nest.pack_sequence_as([value], parts, expand_composites=True)[0]
    assert isinstance(again, tf.SparseTensor) and again.values is value.values
    arrays = [np.zeros((1, 2)), np.zeros(1), np.zeros(2)]
    packed = nest.pack_sequence_as([value], arrays, expand_composites=True)[0]
    assert isinstance(packed, tf.SparseTensorValue)
