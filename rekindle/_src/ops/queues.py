"""Queues as users have them: tf.FIFOQueue and its kin, tensors between the steps of a session.

The kernels are in queue_ops.py; input pipelines made of queues in train/input.py.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from typing import Any

from rekindle._src.graph import constants, convert, dtypes, scopes, seeds, shapes
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array_join, gather, queue_ops


def type_list(types: Any) -> list[Any]:
    """One or several dtypes as a list."""
    return list(types) if isinstance(types, (list, tuple)) else [types]


def shape_list(given: Any, partial: bool = False) -> list[Any] | None:
    """One or several shapes as a list; None for None.

    Raises:
      ValueError, TypeError: there are no shapes where there must be, or they are less known than they must be.
    """
    if partial and (
        not isinstance(given, Sequence) or not given or any(s is None or isinstance(s, int) for s in given)
    ):
        raise ValueError("When providing partial shapes, a list of shapes must be provided.")
    if given is None:
        return None
    if isinstance(given, shapes.TensorShape):
        given = [given]
    if not isinstance(given, (tuple, list)):
        raise TypeError("shapes must be a TensorShape or a list or tuple of TensorShapes.")
    if all(s is None or isinstance(s, int) for s in given):
        given = [given]
    found = [shapes.as_shape(s) for s in given]
    if not partial and any(not s.is_fully_defined() for s in found):
        raise ValueError(f"All shapes must be fully defined: {found}")
    if any(s.dims is None for s in found):
        raise ValueError(f"All shapes must have a defined rank: {found}")
    return found


def _name_list(names: Any, types: list[Any]) -> list[Any] | None:
    if names is None:
        return None
    names = list(names) if isinstance(names, (list, tuple)) else [names]
    if len(names) != len(types):
        raise ValueError("List of names must have the same length as the list of dtypes")
    return names


def _common(a: Any, b: Any) -> shapes.TensorShape:
    a, b = shapes.TensorShape(a), shapes.TensorShape(b)
    if a.ndims is None or b.ndims is None or a.ndims != b.ndims:
        return shapes.unknown_shape()
    pairs = zip(a.as_list(), b.as_list(), strict=True)
    return shapes.TensorShape([x if x is not None and x == y else None for x, y in pairs])


def _listed(values: Any) -> Any:
    if isinstance(values, (list, tuple)):
        return values
    return list(values.values()) if isinstance(values, dict) else [values]


@public("queue.QueueBase", "io.QueueBase", "QueueBase")
class QueueBase:
    """Elements, each of one or several tensors, that steps put in and take out, and for which they wait.

    Args:
      dtypes: the type of each component.
      shapes: the shape of each component; None: any.
      names: the name of each component, for elements given as dictionaries; None: they have none.
      queue_ref: the handle.
    """

    def __init__(self, dtypes: Any, shapes: Any, names: Any, queue_ref: Tensor) -> None:
        if shapes is not None and len(shapes) != len(dtypes):
            raise ValueError("Queue shapes must have the same length as dtypes")
        if names is not None and len(names) != len(dtypes):
            raise ValueError("Queue names must have the same length as dtypes")
        self._dtypes = dtypes
        self._shapes = _tensor_shapes(shapes, len(dtypes))
        self._names = names
        self._queue_ref = queue_ref
        self._name = queue_ref.op.name.split("/")[-1]

    @staticmethod
    def from_list(index: Any, queues: list[QueueBase]) -> QueueBase:
        """The queue at an index, a scalar integer tensor, of a list.

        Raises:
          TypeError: the list holds something else, or queues with other components.
        """
        if not queues or not isinstance(queues, list) or not all(isinstance(q, QueueBase) for q in queues):
            raise TypeError("A list of queues expected")
        first = queues[0]
        if any(q.dtypes != first.dtypes for q in queues[1:]):
            raise TypeError("Queues do not have matching component dtypes.")
        if any(q.names != first.names for q in queues[1:]):
            raise TypeError("Queues do not have matching component names.")
        common = [functools.reduce(_common, s) for s in zip(*[q.shapes for q in queues], strict=True)]
        handles = array_join.stack([q.queue_ref for q in queues])
        return QueueBase(first.dtypes, common, first.names, gather.gather(handles, index))

    @property
    def queue_ref(self) -> Tensor:
        """The handle."""
        return self._queue_ref

    @property
    def name(self) -> str:
        """The name of the operation that makes it."""
        return self._queue_ref.op.name

    @property
    def dtypes(self) -> Any:
        """The type of each component."""
        return self._dtypes

    @property
    def shapes(self) -> list[Any]:
        """The shape of each component."""
        return self._shapes

    @property
    def names(self) -> Any:
        """The name of each component, or None."""
        return self._names

    def _components(self, values: Any) -> list[Tensor]:
        if isinstance(values, dict):
            if not self._names:
                raise ValueError("Queue must have names to enqueue a dictionary")
            if sorted(self._names, key=str) != sorted(values, key=str):
                raise ValueError(
                    "Keys in dictionary to enqueue do not match names of Queue.  Dictionary: "
                    f"({sorted(values)}), Queue: ({sorted(self._names)})"
                )
            values = [values[k] for k in self._names]
        elif self._names:
            raise ValueError("You must enqueue a dictionary in a Queue with names")
        elif not isinstance(values, (list, tuple)):
            values = [values]
        return [
            convert.convert_to_tensor(v, dtype=d, name=f"component_{i}")
            for i, (v, d) in enumerate(zip(values, self._dtypes, strict=False))
        ]

    def enqueue(self, vals: Any, name: str | None = None) -> Any:
        """An operation that puts an element in, and waits while the queue is full.

        Args:
          vals: a tensor, a list of the components, or a dictionary of them by name.
          name: the operation's name.
        """
        with scopes.name_scope(name, f"{self._name}_enqueue", _listed(vals)) as scope:
            components = self._components(vals)
            for component, shape in zip(components, self._shapes, strict=False):
                component.get_shape().assert_is_compatible_with(shape)
            block = queue_ops.queue_enqueue_v2 if self._has_resource() else queue_ops.queue_enqueue
            return block(self._queue_ref, components, name=scope)

    def enqueue_many(self, vals: Any, name: str | None = None) -> Any:
        """An operation that puts an element in for each row of the components.

        Args:
          vals: as in `enqueue`, each with one more axis in front.
          name: the operation's name.
        """
        with scopes.name_scope(name, f"{self._name}_EnqueueMany", _listed(vals)) as scope:
            components = self._components(vals)
            size = shapes.Dimension(None)
            for component, shape in zip(components, self._shapes, strict=False):
                known = component.get_shape().with_rank_at_least(1)
                size = size.merge_with(shapes.Dimension(shapes.dimension_value(known[0])))
                component.get_shape()[1:].assert_is_compatible_with(shape)
            return queue_ops.queue_enqueue_many_v2(self._queue_ref, components, name=scope)

    def _has_resource(self) -> bool:
        return self._queue_ref.dtype == dtypes.resource

    def _given(self, outputs: Any, prefix: Any) -> Any:
        for output, shape in zip(outputs, self._shapes, strict=True):
            output.set_shape(shape if prefix is None else shapes.TensorShape(prefix).concatenate(shape))
        if self._names:
            return dict(zip(self._names, outputs, strict=True))
        return outputs[0] if len(outputs) == 1 else outputs

    def dequeue(self, name: str | None = None) -> Any:
        """An element, for which the step waits: a tensor, a list, or a dictionary."""
        name = f"{self._name}_Dequeue" if name is None else name
        block = queue_ops.queue_dequeue_v2 if self._has_resource() else queue_ops.queue_dequeue
        return self._given(block(self._queue_ref, self._dtypes, name=name), None)

    def dequeue_many(self, n: Any, name: str | None = None) -> Any:
        """`n` elements joined along a new first axis; the step waits for all of them."""
        name = f"{self._name}_DequeueMany" if name is None else name
        found = queue_ops.queue_dequeue_many_v2(self._queue_ref, n=n, component_types=self._dtypes, name=name)
        return self._given(found, [shapes.Dimension(constants.constant_value(found[0].op.inputs[1]))])

    def dequeue_up_to(self, n: Any, name: str | None = None) -> Any:
        """`n` elements joined along a new first axis, or what is left once the queue is closed."""
        name = f"{self._name}_DequeueUpTo" if name is None else name
        found = queue_ops.queue_dequeue_up_to_v2(self._queue_ref, n=n, component_types=self._dtypes, name=name)
        return self._given(found, [None])

    def close(self, cancel_pending_enqueues: bool = False, name: str | None = None) -> Any:
        """An operation after which the queue takes nothing in; those who wait for more elements than are left fail.

        Args:
          cancel_pending_enqueues: let also those fail that wait to put something in.
          name: the operation's name.
        """
        name = f"{self._name}_Close" if name is None else name
        block = queue_ops.queue_close_v2 if self._has_resource() else queue_ops.queue_close
        return block(self._queue_ref, cancel_pending_enqueues=cancel_pending_enqueues, name=name)

    def is_closed(self, name: str | None = None) -> Tensor:
        """Whether it is closed: a bool scalar."""
        name = f"{self._name}_Is_Closed" if name is None else name
        block = queue_ops.queue_is_closed_v2 if self._has_resource() else queue_ops.queue_is_closed
        return block(self._queue_ref, name=name)

    def size(self, name: str | None = None) -> Tensor:
        """How many elements it has: an int32 scalar."""
        name = f"{self._name}_Size" if name is None else name
        block = queue_ops.queue_size_v2 if self._has_resource() else queue_ops.queue_size
        return block(self._queue_ref, name=name)


def _tensor_shapes(given: Any, count: int) -> list[Any]:
    return [shapes.unknown_shape()] * count if given is None else [shapes.TensorShape(s) for s in given]


@public("queue.RandomShuffleQueue", "io.RandomShuffleQueue", "RandomShuffleQueue")
class RandomShuffleQueue(QueueBase):
    """A queue that gives its elements in random order.

    Args:
      capacity: how many elements it holds.
      min_after_dequeue: how many stay in it for mixing until it is closed.
      dtypes: the type of each component.
      shapes: the shape of each component; None: any.
      names: the name of each component.
      seed: of the order.
      shared_name: the name under which other nodes use it too.
      name: the operation's name.
    """

    def __init__(self, capacity: int, min_after_dequeue: int, dtypes: Any, shapes: Any = None, names: Any = None,
                 seed: int | None = None, shared_name: str | None = None,
                 name: str = "random_shuffle_queue") -> None:  # fmt: skip
        types = type_list(dtypes)
        known = shape_list(shapes)
        names = _name_list(names, types)
        seed1, seed2 = seeds.get_seed(seed)
        if seed1 is None and seed2 is None:
            seed1, seed2 = 0, 0
        elif seed is None and shared_name is not None:
            # those who share it in other graphs must come to the same seed
            text = f"{seed1}{shared_name}".encode()
            seed2 = int(hashlib.md5(text).hexdigest()[:8], 16) & 0x7FFFFFFF
        handle = queue_ops.random_shuffle_queue_v2(
            component_types=types, shapes=known, capacity=capacity, min_after_dequeue=min_after_dequeue,
            seed=seed1, seed2=seed2, shared_name=shared_name, name=name,
        )  # fmt: skip
        super().__init__(types, known, names, handle)


@public("queue.FIFOQueue", "FIFOQueue")
class FIFOQueue(QueueBase):
    """A queue that gives its elements in the order in which they came.

    Args:
      capacity: how many elements it holds.
      dtypes: the type of each component.
      shapes: the shape of each component; None: any.
      names: the name of each component.
      shared_name: the name under which other nodes use it too.
      name: the operation's name.
    """

    def __init__(self, capacity: int, dtypes: Any, shapes: Any = None, names: Any = None,
                 shared_name: str | None = None, name: str = "fifo_queue") -> None:  # fmt: skip
        types = type_list(dtypes)
        known = shape_list(shapes)
        names = _name_list(names, types)
        handle = queue_ops.fifo_queue_v2(
            component_types=types, shapes=known, capacity=capacity, shared_name=shared_name, name=name
        )
        super().__init__(types, known, names, handle)


@public("queue.PaddingFIFOQueue", "io.PaddingFIFOQueue", "PaddingFIFOQueue")
class PaddingFIFOQueue(QueueBase):
    """A FIFO queue whose elements may differ in the sizes that `shapes` leaves open; those that are taken together are
    padded with zeros at the end.

    Args:
      capacity: how many elements it holds.
      dtypes: the type of each component.
      shapes: the shape of each component, with None for sizes that differ.
      names: the name of each component.
      shared_name: the name under which other nodes use it too.
      name: the operation's name.
    """

    def __init__(self, capacity: int, dtypes: Any, shapes: Any, names: Any = None, shared_name: str | None = None,
                 name: str = "padding_fifo_queue") -> None:  # fmt: skip
        types = type_list(dtypes)
        known = shape_list(shapes, partial=True) or []
        names = _name_list(names, types)
        if len(types) != len(known):
            raise ValueError(
                f"Shapes must be provided for all components, but received {len(types)} dtypes and "
                f"{len(known)} shapes."
            )
        handle = queue_ops.padding_fifo_queue_v2(
            component_types=types, shapes=known, capacity=capacity, shared_name=shared_name, name=name
        )
        super().__init__(types, known, names, handle)


@public("queue.PriorityQueue", "io.PriorityQueue", "PriorityQueue")
class PriorityQueue(QueueBase):
    """A queue that gives the element with the least priority, an int64 scalar that comes before the other components.

    Args:
      capacity: how many elements it holds.
      types: the type of each component, without the priority.
      shapes: the shape of each component, without the priority.
      names: the name of each component.
      shared_name: the name under which other nodes use it too.
      name: the operation's name.
    """

    def __init__(self, capacity: int, types: Any, shapes: Any = None, names: Any = None,
                 shared_name: str | None = None, name: str = "priority_queue") -> None:  # fmt: skip
        types = type_list(types)
        known = shape_list(shapes)
        handle = queue_ops.priority_queue_v2(
            component_types=types, shapes=known, capacity=capacity, shared_name=shared_name, name=name
        )
        super().__init__([dtypes.int64, *types], [(), *known] if known else known, names, handle)
