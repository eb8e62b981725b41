"""Batches of single elements, through queues that threads fill: tf.train.batch and its kin."""

from __future__ import annotations

import dataclasses
from typing import Any

from rekindle._src.graph import convert, dtypes, scopes, shapes, sparse
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import cond, control, queues, summary
from rekindle._src.ops import math as math_ops
from rekindle._src.train import input_sparse, queue_runner


@dataclasses.dataclass(frozen=True)
class _Plan:
    """How elements become batches: the arguments that the functions below have in common."""

    scope: str
    batch_size: Any
    capacity: int
    keep_input: Any = True
    enqueue_many: bool = False
    shapes: Any = None
    smaller: bool = False
    shared_name: str | None = None
    name: str | None = None
    dynamic_pad: bool = False
    min_after_dequeue: int | None = None  # a number: shuffle
    seed: int | None = None
    threads: int | None = None  # of one list of tensors; None: a thread for each list

    def build(self, tensors: Any) -> Any:
        """The batches."""
        lists = _as_tensor_list_list(tensors) if self.threads is None else [_as_tensor_list(tensors)]
        every = [t for one in lists for t in one]
        with scopes.name_scope(self.name, self.scope, [*every, self.keep_input]) as name:
            least = self.min_after_dequeue
            if least is not None and self.capacity <= least:
                raise ValueError(f"capacity {self.capacity} must be bigger than min_after_dequeue {least}.")
            lists = [self._converted(one) for one in lists]
            keep_input = _checked_keep_input(self.keep_input, self.enqueue_many)
            lists, facts = input_sparse.store_each(lists, self.enqueue_many, keep_input)
            queue = self._queue(lists)
            self._fill(queue, lists, keep_input)
            self._summarize(queue)
            dequeue = queue.dequeue_up_to if self.smaller else queue.dequeue_many
            found = input_sparse.restore(dequeue(self.batch_size, name=name), facts)
            return _as_original_type(tensors if self.threads is not None else tensors[0], found)

    def _converted(self, tensors: Any) -> list[Any]:
        found = sparse.convert_n_to_tensor_or_indexed_slices(tensors)
        if not found and self.threads is not None:
            raise ValueError("Expected at least one tensor in batch().")
        return found

    def _queue(self, lists: list[Any]) -> Any:
        types = _types(lists)
        known = _shapes(lists, self.enqueue_many) if self.shapes is None else self.shapes
        common: dict[str, Any] = {
            "capacity": self.capacity, "dtypes": types, "shapes": known, "shared_name": self.shared_name
        }  # fmt: skip
        if self.min_after_dequeue is not None:
            return queues.RandomShuffleQueue(min_after_dequeue=self.min_after_dequeue, seed=self.seed, **common)
        return (queues.PaddingFIFOQueue if self.dynamic_pad else queues.FIFOQueue)(**common)

    def _fill(self, queue: Any, lists: list[Any], keep_input: Any) -> None:
        """Let threads fill the queue."""
        enqueue = queue.enqueue_many if self.enqueue_many else queue.enqueue
        fills = []
        for tensors in lists:
            if keep_input.shape.ndims == 1:
                fills.append(enqueue(_kept(tensors, keep_input)))
            else:
                fills.append(cond.smart_cond(keep_input, lambda one=tensors: enqueue(one), control.no_op))
        fills = fills * (self.threads or 1)
        queue_runner.add_queue_runner(queue_runner.QueueRunner(queue, fills))

    def _summarize(self, queue: Any) -> None:
        """Add a summary of how full the queue is."""
        least, capacity = self.min_after_dequeue, self.capacity
        if least is None:
            full = math_ops.cast(queue.size(), dtypes.float32) * (1.0 / capacity)
            summary.scalar(f"fraction_of_{capacity}_full", full)
            return
        over = math_ops.maximum(0, queue.size() - least)
        full = math_ops.cast(over, dtypes.float32) * (1.0 / (capacity - least))
        summary.scalar(f"fraction_over_{least}_of_{capacity - least}_full", full)


def _as_tensor_list(tensors: Any) -> Any:
    return [tensors[k] for k in sorted(tensors, key=str)] if isinstance(tensors, dict) else tensors


def _as_tensor_list_list(tensors_list: Any) -> list[Any]:
    if not tensors_list:
        raise ValueError("Expected at least one set of tensors")
    if isinstance(tensors_list[0], dict) and any(t.keys() != tensors_list[0].keys() for t in tensors_list[1:]):
        raise ValueError("All dictionaries in tensors_list must have the same keys")
    return [_as_tensor_list(t) for t in tensors_list]


def _as_original_type(given: Any, found: Any) -> Any:
    """What came out, as a dictionary if a dictionary went in."""
    if not isinstance(given, dict):
        return found
    return dict(zip(sorted(given, key=str), [found] if len(given) == 1 else found, strict=True))


def _checked_keep_input(keep_input: Any, enqueue_many: bool) -> Any:
    keep_input = convert.convert_to_tensor(keep_input)
    rank = keep_input.shape.ndims
    if rank is None:
        raise ValueError("`keep_input` dimensions must be known at graph construction.")
    if not enqueue_many and rank == 1:
        raise ValueError("`keep_input` cannot be a vector when `enqueue_many=False`.")
    if rank > 1:
        raise ValueError("`keep_input` must be 0 or 1 dimensions.")
    return keep_input


def _kept(tensors: Any, keep_input: Any) -> list[Any]:
    chosen = math_ops.cast(keep_input, dtypes.int32)
    return [array_ops.dynamic_partition(t, chosen, num_partitions=2)[1] for t in tensors]


def _types(lists: list[Any]) -> list[Any]:
    every = [[t.dtype for t in one] for one in lists]
    for types in every[1:]:
        if types != every[0]:
            mine, others = (", ".join(str(t.name) for t in group) for group in (every[0], types))
            raise TypeError(f"Expected types to be consistent: {mine} vs. {others}.")
    return every[0]


def _shapes(lists: list[Any], enqueue_many: bool) -> list[Any]:
    for tensors in lists:
        for tensor in tensors:
            if tensor.shape.ndims is None:
                raise ValueError(f"Cannot infer Tensor's rank: {tensor}")
    return [_shape([one[i] for one in lists], enqueue_many) for i in range(len(lists[0]))]


def _shape(tensors: list[Any], enqueue_many: bool) -> list[Any]:
    """The shape of the first; the others must not contradict it."""
    found = [shapes.as_shape(t.shape.as_list()) for t in tensors]
    if enqueue_many:
        found = [s.with_rank_at_least(1)[1:] for s in found]
    for other in found[1:]:
        found[0].merge_with(other)
    return found[0].as_list()


@public("train.batch")
def batch(tensors: Any, batch_size: Any, num_threads: int = 1, capacity: int = 32, enqueue_many: bool = False,
          shapes: Any = None, dynamic_pad: bool = False, allow_smaller_final_batch: bool = False,
          shared_name: str | None = None, name: str | None = None) -> Any:  # fmt: skip
    """Batches of elements, through a queue that threads fill.

    Args:
      tensors: a list or dictionary of tensors, which are one element (or many).
      batch_size: how many elements a batch has.
      num_threads: how many threads run `tensors`.
      capacity: how many elements the queue holds.
      enqueue_many: each tensor holds many elements, along its first axis.
      shapes: of each element; default: those of the tensors.
      dynamic_pad: pad elements of different sizes with zeros.
      allow_smaller_final_batch: give what is left at the end.
      shared_name: the name under which sessions share the queue.
      name: the name scope.

    Returns:
      Tensors as those given, with one more axis in front.

    Raises:
      ValueError: the shapes are not known.
    """
    plan = _Plan("batch", batch_size, capacity, True, enqueue_many, shapes, allow_smaller_final_batch, shared_name,
                 name, dynamic_pad, threads=num_threads)  # fmt: skip
    return plan.build(tensors)


@public("train.maybe_batch")
def maybe_batch(tensors: Any, keep_input: Any, batch_size: Any, num_threads: int = 1, capacity: int = 32,
                enqueue_many: bool = False, shapes: Any = None, dynamic_pad: bool = False,
                allow_smaller_final_batch: bool = False, shared_name: str | None = None,
                name: str | None = None) -> Any:  # fmt: skip
    """`batch` of the elements for which `keep_input`, a bool scalar (or vector), is true."""
    plan = _Plan("batch", batch_size, capacity, keep_input, enqueue_many, shapes, allow_smaller_final_batch,
                 shared_name, name, dynamic_pad, threads=num_threads)  # fmt: skip
    return plan.build(tensors)


@public("train.batch_join")
def batch_join(tensors_list: Any, batch_size: Any, capacity: int = 32, enqueue_many: bool = False,
               shapes: Any = None, dynamic_pad: bool = False, allow_smaller_final_batch: bool = False,
               shared_name: str | None = None, name: str | None = None) -> Any:  # fmt: skip
    """`batch` of several lists of tensors, each run by a thread of its own."""
    plan = _Plan("batch_join", batch_size, capacity, True, enqueue_many, shapes, allow_smaller_final_batch,
                 shared_name, name, dynamic_pad)  # fmt: skip
    return plan.build(tensors_list)


@public("train.maybe_batch_join")
def maybe_batch_join(tensors_list: Any, keep_input: Any, batch_size: Any, capacity: int = 32,
                     enqueue_many: bool = False, shapes: Any = None, dynamic_pad: bool = False,
                     allow_smaller_final_batch: bool = False, shared_name: str | None = None,
                     name: str | None = None) -> Any:  # fmt: skip
    """`batch_join` of the elements for which `keep_input`, a bool scalar (or vector), is true."""
    plan = _Plan("batch_join", batch_size, capacity, keep_input, enqueue_many, shapes, allow_smaller_final_batch,
                 shared_name, name, dynamic_pad)  # fmt: skip
    return plan.build(tensors_list)


@public("train.shuffle_batch")
def shuffle_batch(tensors: Any, batch_size: Any, capacity: int, min_after_dequeue: int, num_threads: int = 1,
                  seed: int | None = None, enqueue_many: bool = False, shapes: Any = None,
                  allow_smaller_final_batch: bool = False, shared_name: str | None = None,
                  name: str | None = None) -> Any:  # fmt: skip
    """`batch` in random order.

    Args:
      tensors: a list or dictionary of tensors, which are one element (or many).
      batch_size: how many elements a batch has.
      capacity: how many elements the queue holds.
      min_after_dequeue: how many stay in it for mixing.
      num_threads: how many threads run `tensors`.
      seed: of the order.
      enqueue_many: each tensor holds many elements, along its first axis.
      shapes: of each element; default: those of the tensors.
      allow_smaller_final_batch: give what is left at the end.
      shared_name: the name under which sessions share the queue.
      name: the name scope.
    """
    plan = _Plan("shuffle_batch", batch_size, capacity, True, enqueue_many, shapes, allow_smaller_final_batch,
                 shared_name, name, False, min_after_dequeue, seed, num_threads)  # fmt: skip
    return plan.build(tensors)


@public("train.maybe_shuffle_batch")
def maybe_shuffle_batch(tensors: Any, batch_size: Any, capacity: int, min_after_dequeue: int, keep_input: Any,
                        num_threads: int = 1, seed: int | None = None, enqueue_many: bool = False,
                        shapes: Any = None, allow_smaller_final_batch: bool = False,
                        shared_name: str | None = None, name: str | None = None) -> Any:  # fmt: skip
    """`shuffle_batch` of the elements for which `keep_input`, a bool scalar (or vector), is true."""
    plan = _Plan("shuffle_batch", batch_size, capacity, keep_input, enqueue_many, shapes, allow_smaller_final_batch,
                 shared_name, name, False, min_after_dequeue, seed, num_threads)  # fmt: skip
    return plan.build(tensors)


@public("train.shuffle_batch_join")
def shuffle_batch_join(tensors_list: Any, batch_size: Any, capacity: int, min_after_dequeue: int,
                       seed: int | None = None, enqueue_many: bool = False, shapes: Any = None,
                       allow_smaller_final_batch: bool = False, shared_name: str | None = None,
                       name: str | None = None) -> Any:  # fmt: skip
    """`shuffle_batch` of several lists of tensors, each run by a thread of its own."""
    plan = _Plan("shuffle_batch_join", batch_size, capacity, True, enqueue_many, shapes, allow_smaller_final_batch,
                 shared_name, name, False, min_after_dequeue, seed)  # fmt: skip
    return plan.build(tensors_list)


@public("train.maybe_shuffle_batch_join")
def maybe_shuffle_batch_join(tensors_list: Any, batch_size: Any, capacity: int, min_after_dequeue: int,
                             keep_input: Any, seed: int | None = None, enqueue_many: bool = False,
                             shapes: Any = None, allow_smaller_final_batch: bool = False,
                             shared_name: str | None = None, name: str | None = None) -> Any:  # fmt: skip
    """`shuffle_batch_join` of the elements for which `keep_input`, a bool scalar (or vector), is true."""
    plan = _Plan("shuffle_batch_join", batch_size, capacity, keep_input, enqueue_many, shapes,
                 allow_smaller_final_batch, shared_name, name, False, min_after_dequeue, seed)  # fmt: skip
    return plan.build(tensors_list)
