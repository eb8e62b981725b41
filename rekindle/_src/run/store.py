"""The state of a session: buffers of variables, and other resources, by container and name.

Holds `Store` and `Context`, the object that kernels with a `ctx` parameter get.
"""
from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, runtime_checkable

import torch

from rekindle._src.graph.buffer import Buffer

T = TypeVar("T")
_CPU = torch.device("cpu")


@runtime_checkable
class Cancellable(Protocol):
    """A resource on which runs may wait."""

    def cancel(self) -> None:
        """Let every run that waits fail with CancelledError."""


class Store:
    """What outlives a run: shared by all runs of a session, gone with it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._resources: dict[tuple[str, str, str], Any] = {}
        self._locals: dict[Any, Any] = {}
        #: why runs have to end; empty as long as they may go on
        self.ending: list[str] = []

    def buffer(self, container: str, name: str, dtype: Any = None, shape: Any = None) -> Buffer:
        """The buffer of a variable, made empty at the first call."""
        return self.resource("variable", container, name, lambda: Buffer(name, dtype, shape))

    def resource(self, kind: str, container: str, name: str, make: Callable[[], T]) -> T:
        """The resource of a kind under a name in a container, made at the first call."""
        key = (kind, container, name)
        with self._lock:
            found = self._resources.get(key)
            if found is None:
                found = self._resources[key] = make()
            return found

    def has(self, kind: str, container: str, name: str) -> bool:
        """True if there is such a resource."""
        return (kind, container, name) in self._resources

    def remove(self, kind: str, container: str, name: str) -> bool:
        """Forget a resource; True if it was there."""
        with self._lock:
            return self._resources.pop((kind, container, name), None) is not None

    def local(self, owner: Any, make: Callable[[], T]) -> T:
        """The object that belongs to one node of the graph, made at the first call."""
        with self._lock:
            found = self._locals.get(owner)
            if found is None:
                found = self._locals[owner] = make()
            return found

    def cancel(self) -> None:
        """Wake and cancel what waits on a resource of this store; loops that run end."""
        with self._lock:
            self.ending.append("the session was closed")
            waiting = [r for r in self._resources.values() if isinstance(r, Cancellable)]
        for one in waiting:
            one.cancel()

    def reset(self, containers: list[str] | None = None) -> None:
        """Forget the resources of the containers named, or all of them."""
        with self._lock:
            for key in list(self._resources):
                if not containers or (key[1] or "localhost") in containers:
                    del self._resources[key]

    def resources(self, kind: str) -> list[Any]:
        """All resources of one kind."""
        with self._lock:
            return [v for k, v in self._resources.items() if k[0] == kind]


class FunctionRunner(Protocol):
    """Runs functions of graphs' libraries."""

    def call(self, context: Context, name: str, attrs: Any, values: list[Any]) -> list[Any]:
        """The results of a function."""
        ...

    def call_gradient(self, context: Context, name: str, attrs: Any, values: list[Any]) -> list[Any]:
        """The gradients of a function's arguments."""
        ...


_runner: list[FunctionRunner] = []


def set_function_runner(runner: FunctionRunner) -> None:
    """Say what runs functions (called once, by functions.py, which builds on this file)."""
    _runner[:] = [runner]


class Context:
    """What a kernel may know of the run: its node's name, the device, the session's store and runs' cancellation."""

    __slots__ = ("name", "node", "device", "store", "session")

    def __init__(self, node: Any, store: Store, session: Any = None,
                 device: torch.device = _CPU) -> None:
        self.name = node.name
        self.node = node
        self.device = device
        self.store = store
        self.session = session

    def call(self, name: str, attrs: Any, values: list[Any]) -> list[Any]:
        """The results of a function of the graph's library."""
        return _runner[0].call(self, name, attrs, values)

    def call_gradient(self, name: str, attrs: Any, values: list[Any]) -> list[Any]:
        """The gradients of the arguments of a function of the graph's library."""
        return _runner[0].call_gradient(self, name, attrs, values)

    def local(self, make: Callable[[], T]) -> T:
        """The object of this node in this session, made at the first call."""
        return self.store.local(self.node, make)
