"""Staging areas: queues of the next inputs beside the step that uses the last ones.

MapStagingArea, whose elements have keys, is not here.
"""

from __future__ import annotations

import collections
from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import convert, infer, scopes, shapes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import control
from rekindle._src.ops.queue_state import copied
from rekindle._src.ops.waiting import Desk, Line, Outcome


def _bytes(value: Any) -> int:
    return value.nbytes if isinstance(value, torch.Tensor) else sum(map(len, value.reshape(-1)))


class Stage:
    """A staging area as sessions hold it: elements in order, with limits to their number and size (0: none)."""

    def __init__(self, capacity: int, memory: int) -> None:
        self.capacity = capacity
        self.memory = memory
        self.held: collections.deque[list[Any]] = collections.deque()
        self._bytes = 0
        self._putting = Line("Stage operation was cancelled")
        self._taking = Line("Unstage operation was cancelled")
        self._looking = Line("StagePeek operation was cancelled")
        self._desk = Desk(self._putting, self._taking, self._looking)

    def cancel(self) -> None:
        """Let all runs that wait fail: the session ends."""
        self._desk.cancel()

    def put(self, element: list[Any]) -> None:
        """Put an element in, as soon as there is room.

        Raises:
          ResourceExhaustedError: it is larger than all that may be there.
        """
        size = sum(map(_bytes, element))
        if 0 < self.memory < size:
            raise errors.ResourceExhaustedError(
                None, None,
                f"Attempted to insert tensors with combined size of '{size}' bytes into Staging Area with a memory "
                f"limit of '{self.memory}'.",
            )
        kept = [copied(value) for value in element]

        def advance() -> Outcome:
            full = 0 < self.capacity <= len(self.held) or 0 < self.memory < self._bytes + size
            if full:
                return Outcome.BLOCKED
            self._bytes += size
            self.held.append(kept)
            return Outcome.COMPLETE

        self._desk.join(self._putting, advance)

    def take(self, count: int) -> list[Any]:
        """Take the first element out, as soon as there is one."""
        found: list[Any] = []

        def advance() -> Outcome:
            if not self.held:
                return Outcome.BLOCKED
            found.extend(self.held.popleft())
            self._bytes -= sum(map(_bytes, found))
            return Outcome.COMPLETE

        self._desk.join(self._taking, advance)
        return _checked(found, count)

    def peek(self, index: int, count: int) -> list[Any]:
        """The element at a place, as soon as there are so many."""
        found: list[Any] = []

        def advance() -> Outcome:
            if index >= len(self.held):
                return Outcome.BLOCKED
            found.extend(map(copied, self.held[index]))
            return Outcome.COMPLETE

        self._desk.join(self._looking, advance)
        return _checked(found, count)

    def clear(self) -> None:
        """Forget all elements."""
        with self._desk.lock:
            self.held.clear()
            self._bytes = 0
            self._desk.serve()


def _checked(found: list[Any], count: int) -> list[Any]:
    if len(found) != count:
        raise errors.InvalidArgumentError(None, None, f"Mismatch stage/unstage: {len(found)} vs. {count}")
    return found


def _stage(ctx: Any, container: str, shared_name: str, capacity: int, memory_limit: int) -> Stage:
    return ctx.store.resource("stage", container, shared_name or ctx.name, lambda: Stage(capacity, memory_limit))


def _unknown(c: Any) -> Any:
    return [None] * len(c.attr("dtypes"))


@op("Stage", infer=infer.nothing, host=True)
def stage(values, *, capacity=0, memory_limit=0, container="", shared_name="", ctx):
    """Put an element in; wait while the area is full."""
    _stage(ctx, container, shared_name, capacity, memory_limit).put(values)


@op("Unstage", infer=_unknown, host=True)
def unstage(*, capacity=0, memory_limit=0, dtypes, container="", shared_name="", ctx):
    """Take the first element out; wait while the area is empty."""
    return _stage(ctx, container, shared_name, capacity, memory_limit).take(len(dtypes))


@op("StagePeek", infer=_unknown, host=True)
def stage_peek(index, *, capacity=0, memory_limit=0, dtypes, container="", shared_name="", ctx):
    """The element at a place; wait until there are so many."""
    return _stage(ctx, container, shared_name, capacity, memory_limit).peek(int(index), len(dtypes))


@op("StageSize", infer=infer.scalar, host=True)
def stage_size(*, capacity=0, memory_limit=0, container="", shared_name="", ctx):
    """How many elements the area has."""
    held = _stage(ctx, container, shared_name, capacity, memory_limit).held
    return torch.tensor(len(held), dtype=torch.int32)


@op("StageClear", infer=infer.nothing, host=True)
def stage_clear(*, capacity=0, memory_limit=0, container="", shared_name="", ctx):
    """Forget all elements."""
    _stage(ctx, container, shared_name, capacity, memory_limit).clear()


def _listed(values: Any) -> Any:
    if isinstance(values, (list, tuple)):
        return values
    return list(values.values()) if isinstance(values, dict) else [values]


@public("contrib.staging.StagingArea")
class StagingArea:
    """A queue of elements, which steps put in and take out, on the device that it was made on.

    Args:
      dtypes: the type of each component.
      shapes: the shape of each component; None: any.
      names: the name of each component, for elements given as dictionaries.
      shared_name: its name in the session; default: a new one.
      capacity: how many elements it holds; 0: any number.
      memory_limit: how many bytes it holds; 0: any number.

    Raises:
      ValueError: there are not as many shapes or names as types.
    """

    def __init__(self, dtypes: Any, shapes: Any = None, names: Any = None, shared_name: str | None = None,
                 capacity: int = 0, memory_limit: int = 0) -> None:  # fmt: skip
        if shared_name is not None and not isinstance(shared_name, str):
            raise ValueError("shared_name must be a string")
        if shapes is not None and len(shapes) != len(dtypes):
            raise ValueError("StagingArea shapes must be the same length as dtypes")
        if names is not None and len(names) != len(dtypes):
            raise ValueError("StagingArea names must be the same length as dtypes")
        unique = scopes.get_default_graph().unique_name
        self._name = unique(type(self).__name__) if shared_name is None else shared_name
        self._dtypes = dtypes
        self._shapes = _tensor_shapes(shapes, len(dtypes))
        self._names = names
        self._capacity = capacity
        self._memory_limit = memory_limit
        with scopes.name_scope(f"{self._name}_root"):
            self._coloc_op = control.no_op()

    @property
    def name(self) -> str:
        """Its name in the session."""
        return self._name

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

    @property
    def capacity(self) -> int:
        """How many elements it holds; 0: any number."""
        return self._capacity

    @property
    def memory_limit(self) -> int:
        """How many bytes it holds; 0: any number."""
        return self._memory_limit

    def _common(self, name: str | None, default: str) -> dict[str, Any]:
        return {
            "shared_name": self._name, "capacity": self._capacity, "memory_limit": self._memory_limit,
            "name": f"{self._name}_{default}" if name is None else name,
        }  # fmt: skip

    def _components(self, values: Any) -> list[Any]:
        if isinstance(values, dict):
            if not self._names:
                raise ValueError("Staging areas must have names to enqueue a dictionary")
            if not set(values) <= set(self._names):
                raise ValueError(
                    "Keys in dictionary to put do not match names of staging area. Dictionary: "
                    f"({sorted(values)}), Queue: ({sorted(self._names)})"
                )
            places = [i for i, n in enumerate(self._names) if n in values]
            values = [values[self._names[i]] for i in places]
        elif self._names:
            raise ValueError("You must enqueue a dictionary in a staging area with names")
        else:
            places = list(range(len(values)))
        if len(values) > len(self._dtypes):
            raise ValueError(f"Unexpected number of inputs '{len(values)}' vs '{len(self._dtypes)}'")
        out = []
        for value, i in zip(values, places, strict=True):
            if value.dtype != self._dtypes[i]:
                raise ValueError(f"Datatypes do not match. '{value.dtype}' != '{self._dtypes[i]}'")
            value.get_shape().assert_is_compatible_with(self._shapes[i])
            out.append(convert.convert_to_tensor(value, dtype=self._dtypes[i], name=f"component_{i}"))
        return out

    def put(self, values: Any, name: str | None = None) -> Any:
        """An operation that puts an element in, and waits while the area is full.

        Args:
          values: a tensor, a list of the components, or a dictionary of them by name.
          name: the operation's name.
        """
        with scopes.name_scope(name, f"{self._name}_put", _listed(values)) as scope:
            components = self._components(values if isinstance(values, (list, tuple, dict)) else [values])
            with scopes.get_default_graph().colocate_with(self._coloc_op):
                return stage(values=components, **self._common(scope, ""))

    def _given(self, tensors: Any) -> Any:
        if control.no_op().device != self._coloc_op.device:  # they come from another device
            tensors = [array_ops.identity(t) for t in tensors]
        for tensor, shape in zip(tensors, self._shapes, strict=True):
            tensor.set_shape(shape)
        return dict(zip(self._names, tensors, strict=True)) if self._names else tensors

    def get(self, name: str | None = None) -> Any:
        """The first element, for which the step waits: a list, or a dictionary."""
        with scopes.get_default_graph().colocate_with(self._coloc_op):
            found = unstage(dtypes=self._dtypes, **self._common(name, "get"))
        return self._given(found)

    def peek(self, index: Any, name: str | None = None) -> Any:
        """The element at a place, which stays there; the step waits until there are so many."""
        with scopes.get_default_graph().colocate_with(self._coloc_op):
            found = stage_peek(index, dtypes=self._dtypes, **self._common(name, "peek"))
        return self._given(found)

    def size(self, name: str | None = None) -> Any:
        """How many elements it has: an int32 scalar."""
        return stage_size(dtypes=self._dtypes, **self._common(name, "size"))

    def clear(self, name: str | None = None) -> Any:
        """An operation after which it has no elements."""
        return stage_clear(dtypes=self._dtypes, **self._common(name, "clear"))


def _tensor_shapes(given: Any, count: int) -> list[Any]:
    return [shapes.unknown_shape()] * count if given is None else [shapes.TensorShape(s) for s in given]
