"""Barriers: components of elements that come one by one, by key; an element is ready once it has all of them."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import constants, dtypes, infer, shapes
from rekindle._src.graph.opdef import op
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops.containers import handle_text, held
from rekindle._src.ops.queue_ops import check_timeout
from rekindle._src.ops.queue_state import PriorityQueue, rows, shown, type_names
from rekindle._src.ops.queues import shape_list, type_list
from rekindle._src.ops.string import text_of

_FIRST = -(2**63)


class KeyedElements:
    """A barrier as sessions hold it."""

    def __init__(self, name: str, types: list[Any], given: list[Any]) -> None:
        self.name = name
        self.types = types
        self.shapes = given
        self.ready = PriorityQueue(f"{name}_queue", [dtypes.int64, dtypes.string, *types], [(), (), *given], -1)
        self.incomplete: dict[bytes, list[Any]] = {}  # key -> index, then a value or None for each component
        self._lock = threading.Lock()
        self._closed = self._cancelled = False
        self._index = _FIRST

    def read(self) -> Any:
        """What the edge of its handle carries for whoever reads it."""
        return handle_text(self.name)

    def cancel(self) -> None:
        """Let all runs that wait fail: the session ends."""
        self.ready.cancel()

    def insert(self, keys: list[bytes], component: int, values: Any) -> None:
        """Give a component of several elements.

        Raises:
          InvalidArgumentError: an element has it already.
          CancelledError: the barrier is closed, and an element is new.
        """
        if keys and not int(np.prod(values.shape)):
            raise errors.InvalidArgumentError(
                None, None, f"Tensors with no elements are not supported {self.name}: received shape "
                f"{shown(values.shape)}",
            )  # fmt: skip
        with self._lock:
            if self._closed and (self._cancelled or keys and not self.incomplete):
                raise errors.CancelledError(
                    None, None,
                    f"Barrier {self.name} is closed.  Pending enqueues cancelled: {int(self._cancelled)}.  Number of "
                    f"new insertions: {len(keys)}.  Number of incomplete keys: {len(self.incomplete)}.",
                )
            known = set(self.incomplete)
            complete = []
            for i, (key, value) in enumerate(zip(keys, rows(values) if keys else [], strict=True)):
                element = self._element(key, i)
                self._set(element, key, component, value)
                if all(part is not None for part in element):
                    del self.incomplete[key]
                    complete.append([torch.tensor(element[0]), text_of([key], ()), *element[1:]])
            if set(keys) - known:
                self._index += 1
            ended = self._closed and not self.incomplete and not self.ready.closed
        for element in complete:
            self.ready.put_keyed(element)
        if ended:
            self.ready.close(False)

    def _element(self, key: bytes, at: int) -> list[Any]:
        found = self.incomplete.get(key)
        if found is None:
            if self._closed:
                raise errors.CancelledError(
                    None, None,
                    f"Barrier {self.name} is closed, but attempted to insert a brand new key: {key.decode()}.  Pending "
                    f"enqueues cancelled: {int(self._cancelled)}.  Insertion index: {at}.  Number of incomplete keys: "
                    f"{len(self.incomplete)}.",
                )
            found = self.incomplete[key] = [self._index, *[None] * len(self.types)]
        return found

    def _set(self, element: list[Any], key: bytes, component: int, value: Any) -> None:
        if element[1 + component] is not None:
            raise errors.InvalidArgumentError(
                None, None,
                f"Key {key.decode()} already has a value for component {component} in barrier {self.name}",
            )
        wanted = self.shapes[component]
        known = zip(wanted, value.shape, strict=False)
        if len(wanted) != value.ndim or any(w is not None and w != f for w, f in known):
            raise errors.InvalidArgumentError(
                None, None,
                f"Shape mismatch in tuple component {component + 2}. Expected {shown(wanted)}, "
                f"got {shown(value.shape)}",
            )
        element[1 + component] = value.clone() if isinstance(value, torch.Tensor) else value.copy()

    def take(self, count: int, fewer: bool) -> list[Any]:
        """Take `count` ready elements out: indices, keys, components.

        Raises:
          OutOfRangeError: it is closed and has too few.
        """
        with self._lock:
            if self._closed:
                available = len(self.ready)
                if fewer:
                    count = min(count, available)
                else:
                    available += len(self.incomplete)
                if available < max(count, 1):
                    raise errors.OutOfRangeError(
                        None, None,
                        f"Barrier '{self.name}' is closed and has insufficient elements (requested {count}, "
                        f"total size {available})",
                    )
        return self.ready.dequeue_many(count, fewer)[1:]

    def close(self, cancel: bool) -> None:
        """Take no new keys; no components either if `cancel`.

        Raises:
          CancelledError: it is closed.
        """
        with self._lock:
            if self._closed and (self._cancelled or not cancel):
                raise errors.CancelledError(None, None, f"Barrier '{self.name}' is already closed.")
            self._cancelled = cancel
            self._closed = True
            if not cancel and self.incomplete:
                return
            self.incomplete.clear()
        if cancel or not self.ready.closed:
            self.ready.close(cancel)


def _pair(c: Any) -> Any:
    return (2,)


@op("Barrier", infer=_pair, host=True)
def barrier_op(*, component_types, shapes=(), capacity=-1, container="", shared_name="", ctx):
    """A barrier."""
    if len(shapes) != len(component_types):
        raise errors.InvalidArgumentError(None, None, "All of the component shapes must be specified")
    if capacity != -1:
        raise errors.InvalidArgumentError(
            None, None,
            "Barrier only accepts capacity=-1.  Feed the inputs to your Barrier through a queue to enforce a limited "
            "capacity.",
        )

    def find() -> KeyedElements:
        found = held(ctx, "barrier", container, shared_name, lambda name: KeyedElements(name, component_types, shapes))
        for what, mine, asked in (
            ("types", type_names(found.types), type_names(component_types)),
            ("shapes", [shown(s) for s in found.shapes], [shown(s) for s in shapes]),
        ):
            if mine != asked:
                raise errors.InvalidArgumentError(
                    None, None,
                    f"Shared barrier '{shared_name}' has component {what} {_text(mine)} but requested component {what} "
                    f"were {_text(asked)}",
                )
        return found

    return ctx.local(find)


def _text(listed: Any) -> str:
    return listed if isinstance(listed, str) else f"[{', '.join(listed)}]"


def _inserted(c: Any) -> Any:
    infer.with_rank(c.shapes[1], 1)
    return []


@op("BarrierInsertMany", infer=_inserted, host=True, pure=False, waits=True)
def barrier_insert_many(handle, keys, values, *, component_index):
    """Give a component of several elements."""
    if component_index >= len(handle.types):
        raise errors.InvalidArgumentError(
            None, None,
            f"The component ID is out of range {component_index} > num_components (= {len(handle.types)})",
        )
    handle.insert(keys.reshape(-1).tolist(), component_index, values)


@op("BarrierTakeMany", host=True, pure=False, waits=True)
def barrier_take_many(handle, num_elements, *, component_types, allow_small_batch=False, timeout_ms=-1):
    """Take ready elements out: indices, keys, and a list of components."""
    check_timeout(timeout_ms)
    if num_elements.ndim:
        raise errors.InvalidArgumentError(None, None, "num_elements must be a scalar.")
    indices, keys, *values = handle.take(int(num_elements), allow_small_batch)
    return indices, keys, values


@op("BarrierClose", infer=infer.nothing, host=True, pure=False, waits=True)
def barrier_close(handle, *, cancel_pending_enqueues=False):
    """Take no new keys."""
    handle.close(cancel_pending_enqueues)


@op("BarrierReadySize", infer=infer.scalar, host=True, pure=False)
def barrier_ready_size(handle):
    """How many elements are ready."""
    return torch.tensor(len(handle.ready), dtype=torch.int32)


@op("BarrierIncompleteSize", infer=infer.scalar, host=True, pure=False)
def barrier_incomplete_size(handle):
    """How many elements are not."""
    return torch.tensor(len(handle.incomplete), dtype=torch.int32)


class Barrier:
    """A queue of elements whose components come one by one, by key.

    Args:
      types: the type of each component.
      shapes: the shape of each component.
      shared_name: the name under which other nodes use it too.
      name: the operation's name.
    """

    def __init__(self, types: Any, shapes: Any = None, shared_name: str | None = None, name: str = "barrier") -> None:
        self._types = type_list(types)
        self._shapes = _known_shapes(shapes, len(self._types))
        self._barrier_ref = barrier_op(
            component_types=self._types, shapes=self._shapes, shared_name=shared_name, name=name
        )
        self._name = self._barrier_ref.op.name.split("/")[-1]

    @property
    def barrier_ref(self) -> Tensor:
        """The handle."""
        return self._barrier_ref

    @property
    def name(self) -> str:
        """The name of the operation that makes it."""
        return self._barrier_ref.op.name

    def insert_many(self, component_index: int, keys: Any, values: Any, name: str | None = None) -> Any:
        """An operation that gives a component of several elements.

        Args:
          component_index: which component.
          keys: string [N].
          values: [N, ...].
          name: the operation's name.
        """
        name = f"{self._name}_BarrierInsertMany" if name is None else name
        return barrier_insert_many(self._barrier_ref, keys, values, component_index, name=name)

    def take_many(self, num_elements: Any, allow_small_batch: bool = False, timeout: int | None = None,
                  name: str | None = None) -> Any:  # fmt: skip
        """Ready elements: their indices, keys, and a list of their components; the step waits for them.

        Args:
          num_elements: how many, N.
          allow_small_batch: be content with fewer once it is closed.
          timeout: has to be None.
          name: the operation's name.
        """
        name = f"{self._name}_BarrierTakeMany" if name is None else name
        found = barrier_take_many(
            self._barrier_ref, num_elements, self._types, allow_small_batch, timeout, name=name
        )
        size = None if allow_small_batch else constants.constant_value(found[0].op.inputs[1])
        outputs = found[0].op.outputs
        for output, shape in zip(outputs, [(), (), *self._shapes], strict=True):
            output.set_shape(shapes.TensorShape([size]).concatenate(shape))
        return found

    def close(self, cancel_pending_enqueues: bool = False, name: str | None = None) -> Any:
        """An operation after which it takes no new keys (and no components, if `cancel_pending_enqueues`)."""
        name = f"{self._name}_BarrierClose" if name is None else name
        return barrier_close(self._barrier_ref, cancel_pending_enqueues=cancel_pending_enqueues, name=name)

    def ready_size(self, name: str | None = None) -> Tensor:
        """How many elements are ready: an int32 scalar."""
        return barrier_ready_size(
            self._barrier_ref, name=f"{self._name}_BarrierReadySize" if name is None else name
        )

    def incomplete_size(self, name: str | None = None) -> Tensor:
        """How many elements are not: an int32 scalar."""
        name = f"{self._name}_BarrierIncompleteSize" if name is None else name
        return barrier_incomplete_size(self._barrier_ref, name=name)


def _known_shapes(given: Any, count: int) -> list[Any]:
    if given is None:
        return [shapes.unknown_shape()] * count
    found = [shapes.TensorShape(s) for s in shape_list(given) or []]
    for i, shape in enumerate(found):
        if shape.num_elements() == 0:
            raise ValueError(f"Empty tensors are not supported, but received shape '{shape}' at index {i}")
    return found
