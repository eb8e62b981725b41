"""Functions of SparseTensors: what they give, and strings of them (SerializeSparse, DeserializeSparse, ...)."""
from __future__ import annotations

import numpy as np
import pytest

import rekindle as tf

INDICES = [[0, 1], [1, 0], [1, 2]]


def sparse(values=(1.0, 2.0, 3.0)):
    return tf.SparseTensor(INDICES, list(values), [2, 3])


def run(value, feed=None):
    with tf.Session(graph=tf.get_default_graph()) as session:
        return session.run(value, feed)


@pytest.fixture(autouse=True)
def fresh_graph():
    with tf.Graph().as_default():
        yield


def dense(value):
    return run(tf.sparse_tensor_to_dense(value)).tolist()


def test_strings_round_trip():
    """SerializeSparse and DeserializeSparse, SerializeManySparse and DeserializeManySparse."""
    many = tf.deserialize_many_sparse(tf.serialize_many_sparse(sparse()), tf.float32, rank=2)
    assert dense(many) == [[0, 1, 0], [2, 0, 3]]
    assert run(tf.shape(tf.serialize_sparse(sparse()))).tolist() == [3]


def test_concat_along_columns():
    both = tf.sparse_concat(1, [sparse(), sparse()])
    assert dense(both) == [[0, 1, 0, 0, 1, 0], [2, 0, 3, 2, 0, 3]]
    assert both.shape.as_list() == [2, 6]


def test_split_slice_transpose():
    left, right = tf.sparse_split(sp_input=sparse(), num_split=2, axis=1)
    assert dense(left) == [[0, 1], [2, 0]] and dense(right) == [[0], [3]]
    assert dense(tf.sparse_slice(sparse(), [1, 0], [1, 2])) == [[2, 0]]
    assert dense(tf.sparse_transpose(sparse())) == [[0, 2], [1, 0], [0, 3]]


def test_add_and_maximum():
    assert dense(tf.sparse_add(sparse(), sparse())) == [[0, 2, 0], [4, 0, 6]]
    assert run(tf.sparse_add(sparse(), tf.ones([2, 3]))).tolist() == [[1, 2, 1], [3, 1, 4]]
    assert dense(tf.sparse_maximum(sparse(), sparse((-1.0, 5.0, 0.0)))) == [[0, 1, 0], [5, 0, 3]]
    with pytest.raises(TypeError, match="At least one input should be SparseTensor"):
        tf.sparse_add(1.0, 2.0)


def test_reductions_over_all_axes_and_one():
    assert run(tf.sparse_reduce_sum(sparse())) == 6
    assert run(tf.sparse_reduce_sum(sparse(), 0)).tolist() == [2, 1, 3]
    assert run(tf.sparse_reduce_max(sparse(), 1)).tolist() == [1, 3]


def test_reshape_works_out_the_missing_size():
    out = tf.sparse_reshape(sparse(), [3, -1])
    assert out.shape.as_list() == [3, 2] and dense(out) == [[0, 1], [0, 2], [0, 3]]
    with pytest.raises(ValueError, match="Cannot reshape a tensor with 6 elements"):
        tf.sparse_reshape(sparse(), [4, 1])


def test_retain_fill_merge_indicator():
    assert dense(tf.sparse_retain(sparse(), [True, False, True])) == [[0, 1, 0], [0, 0, 3]]
    empty = tf.SparseTensor([[1, 1]], [5.0], [2, 2])
    filled, rows = tf.sparse_fill_empty_rows(empty, 9.0)
    assert dense(filled) == [[9, 0], [0, 5]] and run(rows).tolist() == [True, False]
    ids = tf.SparseTensor([[0, 0], [0, 1], [1, 0]], np.array([2, 0, 1]), [2, 2])
    assert run(tf.sparse_to_indicator(ids, 3)).tolist() == [[True, False, True], [False, True, False]]


def test_feeding_and_fetching_a_placeholder():
    place = tf.sparse_placeholder(tf.float32)
    found = run(tf.sparse_reorder(place), {place: (INDICES, [1.0, 2.0, 3.0], [2, 3])})
    assert isinstance(found, tf.SparseTensorValue) and found.values.tolist() == [1, 2, 3]


def test_strings_are_elements_too():
    words = tf.SparseTensor([[1, 0], [0, 1]], [b"b", b"a"], [2, 2])
    ordered = tf.sparse_tensor_to_dense(tf.sparse_reorder(words), default_value="-")
    assert run(ordered).tolist() == [[b"-", b"a"], [b"b", b"-"]]
