"""Queues as sessions hold them: elements, and runs that wait to put some in or take some out.

Holds the four kinds. An element is a list with a tensor (or an array of bytes) for each component. The ops on queues
are in queue_ops.py.

Source: the order in which a heap gives equal priorities is that of std::push_heap and std::pop_heap of libstdc++.
"""

from __future__ import annotations

import abc
import collections
from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import dtypes
from rekindle._src.ops.containers import handle_text
from rekindle._src.ops.philox import Position, words
from rekindle._src.ops.waiting import Desk, Line, Outcome

Element = list[Any]
_UNBOUNDED = 2**31 - 1
_WORD64 = (1 << 64) - 1
_DRAWN = 256  # words of random numbers drawn at a time


def shown(shape: Any) -> str:
    """A shape in the words of kernels: "[?,3]"."""
    if shape is None:
        return "<unknown>"
    return "[" + ",".join("?" if d is None or d < 0 else str(d) for d in shape) + "]"


def copied(value: Any) -> Any:
    """A value that is nobody else's memory."""
    return value.clone(memory_format=torch.contiguous_format) if isinstance(value, torch.Tensor) else value.copy()


def rows(value: Any) -> list[Any]:
    """The elements along the first axis."""
    if isinstance(value, torch.Tensor):
        return list(value.unbind(0))
    return [value[i : i + 1].reshape(value.shape[1:]) for i in range(len(value))]


def joined(values: list[Any]) -> Any:
    """Values of one shape as one, along a new first axis."""
    if isinstance(values[0], torch.Tensor):
        return torch.stack(values)
    out = np.empty((len(values), *values[0].shape), object)
    for i, value in enumerate(values):
        out[i] = value[()] if value.ndim == 0 else value
    return out


def nothing(dtype: Any, shape: Any) -> Any:
    """No elements of a type and shape; sizes that are not known are 0."""
    sizes = (0, *(d or 0 for d in shape))
    return np.empty(sizes, object) if dtype.torch is None else torch.empty(sizes, dtype=dtype.torch)


class ElementQueue(abc.ABC):
    """Elements in some order, with a limit to their number.

    Args:
      name: what messages call it.
      types: the type of each component.
      shapes: the shape of each component, or [] where elements may be of any.
      capacity: how many elements it holds; negative: any number.
    """

    kind = ""
    asks = "DequeueMany and DequeueUpTo require"  # what shapes are needed for

    def __init__(self, name: str, types: list[Any], shapes: list[Any], capacity: int) -> None:
        self.name = name
        self.types = types
        self.shapes = shapes
        self.capacity = _UNBOUNDED if capacity < 0 else capacity
        self.closed = False
        self._putting = Line("Enqueue operation was cancelled")
        self._taking = Line("Dequeue operation was cancelled")
        self._desk = Desk(self._putting, self._taking)
        if shapes and len(shapes) != len(types):
            raise errors.InvalidArgumentError(
                None, None,
                f"Different number of component types.  Types: {', '.join(t.name for t in types)}, "
                f"Shapes: {self._shown(shapes)}",
            )

    @abc.abstractmethod
    def __len__(self) -> int:
        """How many elements it has."""

    @abc.abstractmethod
    def _put(self, element: Element) -> None:
        """Add an element."""

    @abc.abstractmethod
    def _take(self) -> Element:
        """Remove an element."""

    @abc.abstractmethod
    def _restore(self, elements: list[Element]) -> None:
        """Put elements back that were taken last."""

    def _available(self) -> int:
        return len(self)

    def enqueue(self, components: Element, types: list[Any]) -> None:
        """Put an element in, as soon as there is room.

        Raises:
          InvalidArgumentError: it does not fit the queue.
          CancelledError: the queue is closed.
        """
        self._check_types(components, types)
        for i, (value, wanted) in enumerate(zip(components, self.shapes, strict=False)):
            self._check_shape(i, tuple(value.shape), wanted, shown(wanted))
        self._enqueue_all([[copied(c) for c in components]])

    def enqueue_many(self, components: Element, types: list[Any]) -> None:
        """Put in an element for each row of the components, as soon as there is room for each.

        Raises:
          InvalidArgumentError: they do not fit the queue.
          CancelledError: the queue is closed.
        """
        self._check_types(components, types)
        count = components[0].shape[0]
        for i, value in enumerate(components):
            if self.shapes:
                wanted = (count, *self.shapes[i])
                self._check_shape(i, tuple(value.shape), wanted, shown(wanted))
            elif value.shape[0] != count:
                raise errors.InvalidArgumentError(
                    None, None,
                    "All input tensors must have the same size in the 0th dimension. Component "
                    f"{i} has {value.shape[0]}, and should have {count}",
                )
        if count:
            self._enqueue_all([list(e) for e in zip(*[rows(copied(c)) for c in components], strict=True)])

    def _enqueue_all(self, elements: list[Element]) -> None:
        at = 0

        def advance() -> Outcome:
            nonlocal at
            if self.closed:
                raise errors.CancelledError(None, None, f"{self.kind} '{self.name}' is closed.")
            began = at
            while len(self) < self.capacity:
                self._put(elements[at])
                at += 1
                if at == len(elements):
                    return Outcome.COMPLETE
            return Outcome.BLOCKED if at == began else Outcome.PROGRESS

        self._desk.join(self._putting, advance)

    def dequeue(self) -> Element:
        """Take an element out, as soon as there is one.

        Raises:
          OutOfRangeError: the queue is empty and closed.
        """
        found: Element = []

        def advance() -> Outcome:
            if self.closed and not len(self):
                raise self._too_few(1, 0)
            if self._available() <= 0:
                return Outcome.BLOCKED
            found.extend(self._take())
            return Outcome.COMPLETE

        self._desk.join(self._taking, advance)
        return found

    def dequeue_many(self, count: int, fewer: bool) -> Element:
        """Take `count` elements out, joined by components; fewer where allowed, once the queue is closed.

        Raises:
          InvalidArgumentError: the shapes are not known.
          OutOfRangeError: the queue is closed and has too few.
        """
        self._check_known()
        if count == 0:
            return [nothing(t, s) for t, s in zip(self.types, self.shapes, strict=True)]
        taken = self._take_many(count, fewer)
        return [self._joined(i, list(values)) for i, values in enumerate(zip(*taken, strict=True))]

    def _take_many(self, count: int, fewer: bool) -> list[Element]:
        taken: list[Element] = []
        wanted = count

        def advance() -> Outcome:
            nonlocal wanted
            left = len(self)
            if self.closed and left < wanted - len(taken):
                problem = self._too_few(wanted - len(taken), left)
                self._restore(taken)
                taken.clear()
                if not fewer or not len(self):
                    raise problem
                wanted = len(self)
            began = len(taken)
            for _ in range(self._available()):
                taken.append(self._take())
                if len(taken) == wanted:
                    return Outcome.COMPLETE
            return Outcome.BLOCKED if len(taken) == began else Outcome.PROGRESS

        self._desk.join(self._taking, advance)
        return taken

    def close(self, cancel: bool) -> None:
        """Take nothing more in; after what waits to be put in, unless that is cancelled.

        Raises:
          CancelledError: it is closed.
        """

        def advance() -> Outcome:
            if self.closed:
                raise errors.CancelledError(None, None, f"Queue '{self.name}' is already closed.")
            self.closed = True
            return Outcome.COMPLETE

        if not cancel:
            self._desk.join(self._putting, advance)
            return
        with self._desk.lock:
            self.closed = True
            self._putting.cancel()
            self._desk.serve()

    def cancel(self) -> None:
        """Let all runs that wait fail: the session ends."""
        self._desk.cancel()

    def read(self) -> Any:
        """What the edge of a handle of the old form carries for whoever reads it: container and name."""
        return handle_text(self.name)

    def check_alike(self, other: ElementQueue) -> None:
        """Refuse to stand for `other`, which another node describes under the same name.

        Raises:
          InvalidArgumentError: they differ.
        """
        prefix = f"Shared queue '{self.name}' has"
        if type(self) is not type(other):
            said = f"{prefix} type '{self.kind}' that does not match type of Node '{other.name}': {other.kind}V2"
        elif self.capacity != other.capacity:
            said = f"{prefix} capacity {self.capacity} but requested capacity was {other.capacity}"
        elif self.types != other.types:
            said = (f"{prefix} component types {type_names(self.types)} but requested component types were "
                    f"{type_names(other.types)}")  # fmt: skip
        elif self.shapes != other.shapes:
            said = (f"{prefix} component shapes {self._shown(self.shapes)} but requested component shapes were "
                    f"{self._shown(other.shapes)}")  # fmt: skip
        else:
            return
        raise errors.InvalidArgumentError(None, None, f"{said}{self._stop}")

    _stop = "."

    def _shown(self, shapes: list[Any]) -> str:
        return "[" + ", ".join(map(shown, shapes)) + "]"

    def _joined(self, index: int, values: list[Any]) -> Any:
        return joined(values)

    def _check_known(self) -> None:
        if not self.shapes:
            raise errors.InvalidArgumentError(
                None, None, f"{self.kind}'s {self.asks} the components to have specified shapes."
            )

    def _check_types(self, components: Element, types: list[Any]) -> None:
        if len(components) != len(self.types):
            raise errors.InvalidArgumentError(
                None, None, f"Wrong number of components in tuple. Expected {len(self.types)}, got {len(components)}"
            )
        for i, (found, wanted) in enumerate(zip(types, self.types, strict=True)):
            if found != wanted:
                raise errors.InvalidArgumentError(
                    None, None,
                    f"Type mismatch in tuple component {i}. Expected {type_names([wanted])}, "
                    f"got {type_names([found])}",
                )

    def _check_shape(self, i: int, found: Any, wanted: Any, text: str) -> None:
        if len(found) != len(wanted) or any(w is not None and w != f for w, f in zip(wanted, found, strict=True)):
            raise errors.InvalidArgumentError(
                None, None, f"Shape mismatch in tuple component {i}. Expected {text}, got {shown(found)}"
            )

    def _too_few(self, requested: int, left: int) -> errors.OpError:
        return errors.OutOfRangeError(
            None, None,
            f"{self.kind} '{self.name}' is closed and has insufficient elements (requested {requested}, "
            f"current size {left})",
        )


def type_names(types: list[Any]) -> str:
    names = {"float32": "float", "float64": "double", "float16": "half"}
    return ", ".join(names.get(t.name) or str(t.name) for t in types)


class FifoQueue(ElementQueue):
    """The element that was put in first comes out first."""

    kind = "FIFOQueue"

    def __init__(self, name: str, types: list[Any], shapes: list[Any], capacity: int) -> None:
        super().__init__(name, types, shapes, capacity)
        self._elements: collections.deque[Element] = collections.deque()

    def __len__(self) -> int:
        return len(self._elements)

    def _put(self, element: Element) -> None:
        self._elements.append(element)

    def _take(self) -> Element:
        return self._elements.popleft()

    def _restore(self, elements: list[Element]) -> None:
        self._elements.extendleft(reversed(elements))


class PaddingQueue(FifoQueue):
    """A FIFO queue whose elements differ in size; those taken together are padded with zeros (empty strings)."""

    kind = "PaddingFIFOQueue"

    def __init__(self, name: str, types: list[Any], shapes: list[Any], capacity: int) -> None:
        if len(shapes) != len(types):
            raise errors.InvalidArgumentError(
                None, None,
                f"Shapes must be provided for all components, but received {len(types)} dtypes and "
                f"{len(shapes)} shapes.",
            )
        super().__init__(name, types, shapes, capacity)

    def _joined(self, index: int, values: list[Any]) -> Any:
        if all(d is not None for d in self.shapes[index]):
            return joined(values)
        sizes = [max(s) for s in zip(*[v.shape for v in values], strict=True)]
        if isinstance(values[0], torch.Tensor):
            out = values[0].new_zeros((len(values), *sizes))
        else:
            out = np.full((len(values), *sizes), b"", object)
        for i, value in enumerate(values):
            out[(i, *[slice(d) for d in value.shape])] = value
        return out


class ShuffleQueue(ElementQueue):
    """Any element may come out, while more than `least` are left; all of them once it is closed."""

    kind = "RandomShuffleQueue"

    def __init__(self, name: str, types: list[Any], shapes: list[Any], capacity: int, *, least: int,
                 seeds: tuple[int, int], drawn: tuple[int, int]) -> None:  # fmt: skip
        super().__init__(name, types, shapes, capacity)
        if least < 0:
            raise errors.InvalidArgumentError(None, None, f"min_after_dequeue {least} must be >= 0")
        if least >= self.capacity:
            raise errors.InvalidArgumentError(
                None, None, f"min_after_dequeue {least} must be < capacity {self.capacity}"
            )
        self._least = least
        self._seeds = seeds
        self._at = Position(drawn[0] & _WORD64, (drawn[1] & _WORD64) << 64)
        self._words: list[int] = []
        self._elements: list[Element] = []

    def __len__(self) -> int:
        return len(self._elements)

    def _available(self) -> int:
        return len(self) if self.closed else len(self) - self._least

    def _put(self, element: Element) -> None:
        self._elements.append(element)

    def _take(self) -> Element:
        if not self._words:
            self._words = words(self._at, _DRAWN, 1).tolist()[::-1]
            self._at = self._at.ahead(_DRAWN // 4)
        index = self._words.pop() % len(self._elements)
        last = self._elements.pop()
        if index == len(self._elements):
            return last
        taken, self._elements[index] = self._elements[index], last
        return taken

    def _restore(self, elements: list[Element]) -> None:
        self._elements.extend(reversed(elements))

    def check_alike(self, other: ElementQueue) -> None:
        """Refuse to stand for `other`.

        Raises:
          InvalidArgumentError: they differ.
        """
        super().check_alike(other)
        assert isinstance(other, ShuffleQueue)
        prefix = f"Shared queue '{self.name}' has"
        if self._least != other._least:
            raise errors.InvalidArgumentError(
                None, None,
                f"{prefix} min_after_dequeue {self._least} but requested min_after_dequeue was {other._least}.",
            )
        if any(other._seeds) and self._seeds != other._seeds:
            raise errors.InvalidArgumentError(
                None, None, f"{prefix} random seeds {self._seeds} but requested seeds are {other._seeds}."
            )


class PriorityQueue(ElementQueue):
    """The element with the least first component comes out first."""

    kind = "PriorityQueue"
    asks = "DequeueMany requires"

    def __init__(self, name: str, types: list[Any], shapes: list[Any], capacity: int) -> None:
        super().__init__(name, [dtypes.int64, *types], [(), *shapes], capacity)
        self._heap: list[tuple[int, Element]] = []

    def __len__(self) -> int:
        return len(self._heap)

    def _put(self, element: Element) -> None:
        self._heap.append((int(element[0]), element))
        self._rise(len(self._heap) - 1, 0)

    def put_keyed(self, element: Element) -> None:
        """Put an element in whose first component is its priority too."""
        self._enqueue_all([[element[0], *element]])

    def _take(self) -> Element:
        heap = self._heap
        last = heap.pop()
        if not heap:
            return last[1]
        first, hole, size = heap[0], 0, len(heap)
        child = 0
        while child < (size - 1) // 2:  # the hole sinks to a leaf
            child = 2 * (child + 1)
            if heap[child][0] > heap[child - 1][0]:
                child -= 1
            heap[hole] = heap[child]
            hole = child
        if size % 2 == 0 and child == (size - 2) // 2:
            child = 2 * (child + 1)
            heap[hole] = heap[child - 1]
            hole = child - 1
        heap[hole] = last
        self._rise(hole, 0)
        return first[1]

    def _rise(self, at: int, top: int) -> None:
        heap = self._heap
        element = heap[at]
        while at > top and heap[(at - 1) // 2][0] > element[0]:
            heap[at] = heap[(at - 1) // 2]
            at = (at - 1) // 2
        heap[at] = element

    def _restore(self, elements: list[Element]) -> None:
        for element in elements:
            self._put(element)

    def _take_many(self, count: int, fewer: bool) -> list[Element]:
        taken: list[Element] = []

        def advance() -> Outcome:
            size = len(self)
            if self.closed and (size == 0 or not fewer and size < count):
                raise self._too_few(count, size)
            if size < count and (size == 0 or not (self.closed and fewer)):
                return Outcome.BLOCKED
            taken.extend([self._take() for _ in range(min(size, count))])
            return Outcome.COMPLETE

        self._desk.join(self._taking, advance)
        return taken
