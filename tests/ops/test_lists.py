"""Tensor lists: errors word for word as TensorFlow says them; lists never change; graphs with functions and lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rekindle as tf
from rekindle._src.ops import list_blocks as blocks
from rekindle._src.ops import lists
from rekindle._src.state import calls, function

F32 = tf.float32


def two() -> Any:
    return lists.tensor_list_from_tensor([1.0, 2.0], [])


def hidden(value: Any, dtype: Any = tf.int32) -> Any:
    """A tensor whose shape and value are not known while the graph is built."""
    return tf.placeholder_with_default(tf.constant(value, dtype), None)


def unset(shape: Any, count: int) -> Any:
    return lists.tensor_list_reserve(shape, count, F32)


REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "set beyond the end": (
        lambda: lists.tensor_list_set_item(two(), 5, 1.0), tf.errors.InvalidArgumentError,
        "Trying to modify element 5 in a list with 2 elements."),
    "get before the start": (
        lambda: lists.tensor_list_get_item(two(), -1, F32), tf.errors.InvalidArgumentError,
        "Trying to access element -1 in a list with 2 elements."),
    "gather beyond the end": (
        lambda: lists.tensor_list_gather(two(), [5], F32), tf.errors.InvalidArgumentError,
        "Index 5 out o range; list only has 2 elements."),
    "array of lists": (
        lambda: blocks.tensor_list_length(tf.stack([two(), two()])), tf.errors.InvalidArgumentError,
        "Input list must be a scalar saw: [2]"),
    "scalar shape": (
        lambda: blocks.tensor_list_length(lists.empty_tensor_list(hidden(3), F32)),
        tf.errors.InvalidArgumentError,
        "The only valid scalar shape tensor is the fully unknown shape specified as -1."),
    "negative size": (
        lambda: blocks.tensor_list_length(lists.empty_tensor_list(hidden([-2]), F32)),
        tf.errors.InvalidArgumentError, "Dimension -2 must be >= -1"),
    "count no scalar": (
        lambda: blocks.tensor_list_length(blocks.empty_tensor_list(-1, [1], element_dtype=F32)),
        tf.errors.InvalidArgumentError, "max_num_elements expected to be a scalar but got shape: [1]"),
    "push another shape": (
        lambda: blocks.tensor_list_length(blocks.tensor_list_push_back(two(), hidden([1.0], F32))),
        tf.errors.InvalidArgumentError,
        "Tried to append a tensor with incompatible shape to a list. Op element shape: [1] list shape: []"),
    "push another type": (
        lambda: blocks.tensor_list_push_back(two(), 1), ValueError,
        "Trying to push to list with wrong element dtype. List has type float but trying to push element with type "
        "int32 for 'TensorListPushBack' (op: 'TensorListPushBack') with input shapes: [], []."),
    "pop another type": (
        lambda: lists.tensor_list_pop_back(two(), tf.int32), ValueError,
        "Trying to read from list with wrong element dtype. List has type float but trying to push element with type "
        "int32 for 'TensorListPopBack' (op: 'TensorListPopBack') with input shapes: [], []."),
    "get another type": (
        lambda: lists.tensor_list_get_item(two(), 0, tf.int32), ValueError,
        "Expected list with element dtype int32 but got list with element dtype float for 'TensorListGetItem' "
        "(op: 'TensorListGetItem') with input shapes: [], [], []."),
    "stack another count": (
        lambda: lists.tensor_list_stack(two(), F32, 3), tf.errors.InvalidArgumentError,
        "Operation expected a list with 3 elements but got a list with 2 elements."),
    "stack another shape": (
        lambda: lists.tensor_list_stack(two(), F32, element_shape=[2]), ValueError,
        "Shapes must be equal rank, but are 0 and 1 for 'TensorListStack' (op: 'TensorListStack') with input shapes: "
        "[], [1]."),
    "rows of a scalar": (
        lambda: blocks.tensor_list_length(blocks.tensor_list_from_tensor(hidden(1.0, F32), -1)),
        tf.errors.InvalidArgumentError, "Tensor must be at least a vector, but saw shape: []"),
    "rows of another shape": (
        lambda: blocks.tensor_list_length(blocks.tensor_list_from_tensor(hidden([[1.0]], F32), [2])),
        tf.errors.InvalidArgumentError, "Specified a list with shape [2] from a tensor with shape [1]"),
    "two rows for one index": (
        lambda: blocks.tensor_list_length(lists.tensor_list_scatter([1.0, 2.0], [1], input_handle=two())),
        tf.errors.InvalidArgumentError, "Expected len(indices) == tensor.shape[0], but saw: 1 vs. 2"),
    "sum of other types": (
        lambda: tf.add_n([two(), lists.tensor_list_from_tensor([1], [])]), ValueError,
        "shapes_and_types[0][0].dtype() == float != shapes_and_types[0][0].dtype == int32 for 'AddN' (op: 'AddN') "
        "with input shapes: [], []."),
    "sum of other lengths": (
        lambda: blocks.tensor_list_length(tf.add_n([unset([], 2), unset([], 3)])), tf.errors.InvalidArgumentError,
        "Trying to add two lists of tensors with different lengths. One is 2 and the other is 3"),
    "a fetched list": (
        two, tf.errors.InternalError, "Tensorflow type 21 not convertible to numpy dtype."),
    "pop of what is not set": (
        lambda: lists.tensor_list_pop_back(unset(None, 1), F32)[1], tf.errors.InvalidArgumentError,
        "Trying to read an uninitialized tensor but element_shape is not fully defined.<unknown>"),
    "negative length": (
        lambda: blocks.tensor_list_length(blocks.tensor_list_resize(two(), -2)), tf.errors.InvalidArgumentError,
        "TensorListSlice expects size to be non-negative. Got: -2"),
    "unset elements joined by the old op": (
        lambda: blocks.tensor_list_concat(unset(None, 2), F32, element_shape=[None, 2]),
        tf.errors.InvalidArgumentError,
        "Concating lists with uninitialized tensors is not supported in this version of TensorListConcat. Consider "
        "updating your GraphDef to run the newer version."),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_are_worded_as_in_tensorflow(name: str) -> None:
    build, kind, text = REFUSED[name]
    with tf.Graph().as_default(), tf.Session() as sess:
        with pytest.raises(kind) as caught:
            sess.run(build())
    assert str(caught.value).splitlines()[0] == text


def test_a_list_stays_as_it_was_when_others_are_made_of_it() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        first = two()
        longer = blocks.tensor_list_push_back(first, 3.0)
        changed = lists.tensor_list_set_item(first, 0, 9.0)
        shorter, _ = lists.tensor_list_pop_back(first, F32)
        found = sess.run([lists.tensor_list_stack(one, F32) for one in (first, longer, changed, shorter)])
    assert [one.tolist() for one in found] == [[1, 2], [1, 2, 3], [9, 2], [1]]


def test_an_element_keeps_its_value_when_its_variable_changes() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        v = tf.get_variable("v", initializer=[1.0, 2.0], use_resource=True)
        held = blocks.tensor_list_push_back(lists.empty_tensor_list([2], F32), v.read_value())
        with tf.control_dependencies([held]):
            added = v.assign_add([10.0, 10.0])
        with tf.control_dependencies([added]):
            first = lists.tensor_list_get_item(held, 0, F32)
        sess.run(v.initializer)
        np.testing.assert_array_equal(sess.run([first, added]), [[1, 2], [11, 12]])


def test_lists_of_strings_and_of_lists() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        words = lists.tensor_list_from_tensor(["a", "b"], [])
        words = lists.tensor_list_set_item(words, 0, "c")
        outer = blocks.tensor_list_push_back(lists.empty_tensor_list([], tf.variant), words)
        inner = lists.tensor_list_get_item(outer, 0, tf.variant)
        assert sess.run(lists.tensor_list_stack(inner, tf.string)).tolist() == [b"c", b"b"]
        assert sess.run(lists.tensor_list_stack(tf.zeros_like(words), tf.string)).tolist() == [b"", b""]


def test_functions_take_lists_and_give_them() -> None:
    with tf.Graph().as_default(), tf.Session() as sess:
        @function.Defun(tf.int32, tf.float32, tf.variant)
        def body(i: Any, x: Any, held: Any) -> Any:
            return i + 1, x, blocks.tensor_list_push_back(held, x * tf.cast(i, F32))

        @function.Defun(tf.int32, tf.float32, tf.variant)
        def condition(i: Any, x: Any, held: Any) -> Any:
            return i < 4

        start = [tf.constant(0), tf.constant(2.0), lists.empty_tensor_list([], F32)]
        out = calls.While(start, condition, body)
        assert sess.run(lists.tensor_list_stack(out[2], F32)).tolist() == [0, 2, 4, 6]
