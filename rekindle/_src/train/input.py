"""Queues of inputs, filled by threads: names of files, numbers, slices of tensors.

How their elements become batches is in input_batch.py.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, dtypes, scopes, sparse
from rekindle._src.graph.collections import GraphKeys
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import assertion, io, queues, summary
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import random as random_ops
from rekindle._src.state.variable import Variable
from rekindle._src.train import queue_runner


@public("train.match_filenames_once", "io.match_filenames_once")
def match_filenames_once(pattern: Any, name: str | None = None) -> Any:
    """A local variable with the names of the files that match a pattern as it is initialised.

    Args:
      pattern: one or several patterns.
      name: the name scope.
    """
    with scopes.name_scope(name, "matching_filenames", [pattern]) as name:
        return Variable(
            initial_value=io.matching_files(pattern), name=name, trainable=False, validate_shape=False,
            collections=[GraphKeys.LOCAL_VARIABLES],
        )  # fmt: skip


@public("train.limit_epochs")
def limit_epochs(tensor: Any, num_epochs: int | None = None, name: str | None = None) -> Any:
    """The tensor, for that many times; then OutOfRangeError. None: for ever.

    Raises:
      ValueError: `num_epochs` is not positive.
    """
    if num_epochs is None:
        return tensor
    if num_epochs <= 0:
        raise ValueError(f"num_epochs must be > 0 not {num_epochs}.")
    with scopes.name_scope(name, "limit_epochs", [tensor]) as name:
        zero = convert.constant(0, dtypes.int64)
        epochs = Variable(zero, name="epochs", trainable=False, collections=[GraphKeys.LOCAL_VARIABLES])
        counter = epochs.count_up_to(num_epochs)
        with scopes.control_dependencies([counter]):
            return array_ops.identity(tensor, name=name)


@public("train.input_producer")
def input_producer(input_tensor: Any, element_shape: Any = None, num_epochs: int | None = None, shuffle: bool = True,
                   seed: int | None = None, capacity: int = 32, shared_name: str | None = None,
                   summary_name: str | None = None, name: str | None = None,
                   cancel_op: Any = None) -> queues.FIFOQueue:  # fmt: skip
    """A queue of the rows of a tensor, which a thread fills again and again.

    Args:
      input_tensor: the rows.
      element_shape: their shape, if the tensor's is not known.
      num_epochs: how many times each row comes; None: for ever.
      shuffle: bring them in another order each time.
      seed: of the order.
      capacity: how many rows the queue holds.
      shared_name: the name under which sessions share it.
      summary_name: for the summary of how full it is; None: no summary.
      name: the name scope.
      cancel_op: the operation that closes it when the coordinator asks to stop.

    Raises:
      ValueError: the shape of a row is not known.
    """
    with scopes.name_scope(name, "input_producer", [input_tensor]):
        input_tensor = convert.convert_to_tensor(input_tensor, name="input_tensor")
        element_shape = input_tensor.shape[1:].merge_with(element_shape)
        if not element_shape.is_fully_defined():
            raise ValueError(
                "Either `input_tensor` must have a fully defined shape or `element_shape` must be specified"
            )
        if shuffle:
            input_tensor = random_ops.random_shuffle(input_tensor, seed=seed)
        input_tensor = limit_epochs(input_tensor, num_epochs)
        queue = queues.FIFOQueue(
            capacity=capacity, dtypes=[input_tensor.dtype.base_dtype], shapes=[element_shape],
            shared_name=shared_name, name=name or "fifo_queue",
        )  # fmt: skip
        fill = queue.enqueue_many([input_tensor])
        queue_runner.add_queue_runner(queue_runner.QueueRunner(queue, [fill], cancel_op=cancel_op))
        if summary_name is not None:
            summary.scalar(summary_name, math_ops.cast(queue.size(), dtypes.float32) * (1.0 / capacity))
        return queue


@public("train.string_input_producer")
def string_input_producer(string_tensor: Any, num_epochs: int | None = None, shuffle: bool = True,
                          seed: int | None = None, capacity: int = 32, shared_name: str | None = None,
                          name: str | None = None, cancel_op: Any = None) -> queues.FIFOQueue:  # fmt: skip
    """A queue of strings (names of files), which a thread fills again and again; see `input_producer`.

    Raises:
      ValueError: there are no strings.
    """
    problem = "string_input_producer requires a non-null input tensor"
    if not isinstance(string_tensor, Tensor) and not string_tensor:
        raise ValueError(problem)
    with scopes.name_scope(name, "input_producer", [string_tensor]) as name:
        string_tensor = convert.convert_to_tensor(string_tensor, dtype=dtypes.string)
        some = math_ops.greater(array_ops.size(string_tensor), 0)
        with scopes.control_dependencies([assertion.Assert(some, [problem])]):
            string_tensor = array_ops.identity(string_tensor)
        return input_producer(
            string_tensor, [], num_epochs, shuffle, seed, capacity, shared_name=shared_name, name=name,
            summary_name=f"fraction_of_{capacity}_full", cancel_op=cancel_op,
        )  # fmt: skip


@public("train.range_input_producer")
def range_input_producer(limit: Any, num_epochs: int | None = None, shuffle: bool = True, seed: int | None = None,
                         capacity: int = 32, shared_name: str | None = None,
                         name: str | None = None) -> queues.FIFOQueue:  # fmt: skip
    """A queue of the numbers 0 to limit - 1, which a thread fills again and again; see `input_producer`."""
    with scopes.name_scope(name, "input_producer", [limit]) as name:
        numbers = math_ops.range(limit)
        return input_producer(
            numbers, [], num_epochs, shuffle, seed, capacity, shared_name, f"fraction_of_{capacity}_full", name
        )


@public("train.slice_input_producer")
def slice_input_producer(tensor_list: Any, num_epochs: int | None = None, shuffle: bool = True,
                         seed: int | None = None, capacity: int = 32, shared_name: str | None = None,
                         name: str | None = None) -> list[Tensor]:  # fmt: skip
    """A row of each tensor of a list, at an index that comes from a queue; see `input_producer`.

    Raises:
      ValueError: the list is empty.
    """
    with scopes.name_scope(name, "input_producer", tensor_list):
        tensors = sparse.convert_n_to_tensor_or_indexed_slices(tensor_list)
        if not tensors:
            raise ValueError("Expected at least one tensor in slice_input_producer().")
        count = array_ops.shape(tensors[0])[0]
        queue = range_input_producer(
            count, num_epochs=num_epochs, shuffle=shuffle, seed=seed, capacity=capacity, shared_name=shared_name
        )
        index = queue.dequeue()
        return [array_ops.gather(t, index) for t in tensors]
