"""What the scopes of a graph do to the operations made inside them.

Holds the scope half of `Graph`: names, devices, control dependencies, colocation, containers, attr and gradient
overrides.
"""
from __future__ import annotations

import contextlib
import copy
import functools
import re
import threading
from collections.abc import Iterator
from typing import Any

from rekindle._src.graph import convert, devices, proto
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.tensor import Tensor

_OP_NAME = re.compile(r"^[A-Za-z0-9.][A-Za-z0-9_.\-/]*$")
_SCOPE_NAME = re.compile(r"^[A-Za-z0-9_.\-/]*$")


class ControlDependencies:
    """One `with graph.control_dependencies(...)`: its operations, and those made inside."""

    __slots__ = ("_graph", "ops", "seen", "_fresh", "_old")

    def __init__(self, graph: ScopeStacks, ops: list[Operation] | None) -> None:
        self._graph = graph
        self.ops = ops or []
        self._fresh = ops is None
        self.seen: set[Operation] = set()
        self._old: Any = None

    def __enter__(self) -> None:
        graph = self._graph
        if self._fresh:
            self._old = (graph._control_stack, graph._control_flow_context)
            graph._control_stack, graph._control_flow_context = [], None
        graph._control_stack.append(self)

    def __exit__(self, *_: Any) -> None:
        graph = self._graph
        graph._control_stack.pop()
        if self._fresh:
            graph._control_stack, graph._control_flow_context = self._old


class _OfThread:
    """An attribute of a graph of which each thread has its own value, at first a copy of the graph's."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, graph: Any, kind: Any = None) -> Any:
        own = graph._of_threads.__dict__
        if self._name not in own:
            own[self._name] = copy.copy(graph.__dict__[self._name])
        return own[self._name]

    def __set__(self, graph: Any, value: Any) -> None:
        graph._of_threads.__dict__[self._name] = value


@functools.cache
def _threaded(kind: type) -> type:
    """The kind of graph whose scopes are of the thread that enters them."""
    stacks = ("_name_stack", "_control_stack", "_device_stack", "_colocation_stack")
    return type(kind.__name__, (kind,), {"__module__": kind.__module__} | {name: _OfThread(name) for name in stacks})


class ScopeStacks:
    """The scope half of a graph."""

    def __init__(self) -> None:
        self._name_stack = ""
        self._names_in_use: dict[str, int] = {}
        self._control_stack: list[ControlDependencies] = []
        self._device_stack: list[Any] = []
        self._colocation_stack: list[Operation] = []
        self._container = ""
        self._control_flow_context: Any = None
        self._attr_scope_map: dict[str, Any] = {}
        self._gradient_override: dict[str, str] = {}
        self._kernel_label_map: dict[str, str] = {}

    def switch_to_thread_local(self) -> None:
        """From now on scopes hold only for the thread that enters them."""
        if "_of_threads" not in self.__dict__:
            self._of_threads = threading.local()
            self.__class__ = _threaded(type(self))

    def unique_name(self, name: str, mark_as_used: bool = True) -> str:
        """`name` in the current scope, with "_1", "_2", ... where it is taken, whatever the case of its letters."""
        if self._name_stack:
            name = f"{self._name_stack}/{name}"
        key = name.lower()
        used = self._names_in_use
        count = used.get(key, 0)
        if mark_as_used:
            used[key] = count + 1
        if count == 0:
            return name
        base = key
        while key in used:
            key = f"{base}_{count}"
            count += 1
        if mark_as_used:
            used[key] = 1
        return f"{name}_{count - 1}"

    def get_name_scope(self) -> str:
        """The current scope without its last slash, "" at the root."""
        return self._name_stack

    @contextlib.contextmanager
    def name_scope(self, name: Any) -> Iterator[str]:
        """Prefix the names of operations made inside; a name that ends in "/" re-enters that scope, None or "" the
        root.

        Raises:
          ValueError: the name has characters that names cannot have.
        """
        old = self._name_stack
        self._name_stack = self._entered(name)
        try:
            yield self._name_stack + "/" if self._name_stack else ""
        finally:
            self._name_stack = old

    def _entered(self, name: Any) -> str:
        if not name:
            return ""
        name = name.decode() if isinstance(name, bytes) else name
        if not isinstance(name, str):
            raise TypeError(f"name for name_scope must be a string, not {name!r} of type {type(name).__name__}.")
        valid = _SCOPE_NAME if self._name_stack else _OP_NAME
        if not valid.match(name):
            raise ValueError(f"'{name}' is not a valid scope name")
        return name[:-1] if name.endswith("/") else self.unique_name(name)

    @contextlib.contextmanager
    def device(self, device_name_or_function: Any) -> Iterator[None]:
        """Ask for a device for operations made inside."""
        spec = device_name_or_function
        if spec is not None and not callable(spec):
            text = spec if isinstance(spec, str) else spec.to_string()
            spec = devices.canonical(text)
        self._device_stack.append(spec)
        try:
            yield
        finally:
            self._device_stack.pop()

    def _apply_devices(self, op: Operation) -> None:
        for spec in reversed(self._device_stack):
            if spec is None:
                return
            op._set_device(spec(op) if callable(spec) else devices.merge(spec, op.device))

    @contextlib.contextmanager
    def container(self, container_name: str) -> Iterator[str]:
        """Put the state of stateful operations made inside into a named container."""
        old, self._container = self._container, container_name
        try:
            yield container_name
        finally:
            self._container = old

    def control_dependencies(self, control_inputs: Any) -> ControlDependencies:
        """Operations made inside run after `control_inputs`; None forgets those of outer scopes.

        Raises:
          TypeError: one of them is no operation or tensor.
        """
        if control_inputs is None:
            return ControlDependencies(self, None)
        current = {op for controller in self._control_stack for op in controller.ops}
        ops = []
        for one in control_inputs:
            if not isinstance(one, (Tensor, Operation, str)):
                one = getattr(one, "op", one)
            one = self.as_graph_element(one)
            if isinstance(one, Tensor):
                one = one.op
            elif not isinstance(one, Operation):
                raise TypeError(f"Control input must be Operation or Tensor: {one}")
            if one not in current:
                ops.append(one)
                current.add(one)
        return ControlDependencies(self, ops)

    def _control_inputs_for(self, inputs: list[Tensor]) -> list[Operation]:
        """The operations to wait for: a scope adds none where an input was itself made inside it."""
        out: list[Operation] = []
        ops = {t._op for t in inputs}
        for controller in self._control_stack:
            if ops.isdisjoint(controller.seen):
                out.extend(op for op in controller.ops if op not in ops)
        return out

    def _current_control_dependencies(self) -> set[Operation]:
        return {op for controller in self._control_stack for op in controller.ops}

    @contextlib.contextmanager
    def colocate_with(self, op: Any, ignore_existing: bool = False) -> Iterator[None]:
        """Operations made inside share the device of `op`.

        Raises:
          ValueError: `op` is None although existing colocations are not to be ignored.
        """
        if op is None and not ignore_existing:
            raise ValueError("Trying to reset colocation (op is None) but ignore_existing is not True")
        if op is not None and not isinstance(op, Operation):
            beside = getattr(op, "op", getattr(getattr(op, "handle", None), "op", None))
            op = beside if isinstance(beside, Operation) else convert.internal_convert(op, as_ref=True).op
        old_devices, old_stack = self._device_stack, self._colocation_stack
        self._device_stack = []
        self._colocation_stack = ([] if ignore_existing else list(old_stack)) + ([] if op is None else [op])
        try:
            yield
        finally:
            self._device_stack, self._colocation_stack = old_devices, old_stack

    def _apply_colocation(self, op: Operation) -> None:
        groups: set[bytes] = set()
        for other in self._colocation_stack:
            groups.update(other.colocation_groups())
            if other.device:
                op._set_device(other.device)
        op._attrs["_class"] = proto.AttrValue(list=proto.AttrValue.ListValue(s=sorted(groups)))

    @contextlib.contextmanager
    def gradient_override_map(self, op_type_map: dict[str, str]) -> Iterator[None]:
        """Operations of the types that are keys, made inside, take the gradient registered under the value.

        Raises:
          TypeError: the map is not from string to string.
        """
        if not isinstance(op_type_map, dict):
            raise TypeError("op_type_map must be a dictionary mapping strings to strings")
        for key, value in op_type_map.items():
            if not isinstance(key, str) or not isinstance(value, str):
                raise TypeError("op_type_map must be a dictionary mapping strings to strings")
        old = self._gradient_override
        self._gradient_override = {**old, **op_type_map}
        try:
            yield
        finally:
            self._gradient_override = old

    @contextlib.contextmanager
    def _attr_scope(self, attr_map: dict[str, Any]) -> Iterator[None]:
        """Operations made inside get the given attrs: AttrValue, None to remove, or a function of the node."""
        if not isinstance(attr_map, dict):
            raise TypeError("attr_map must be a dictionary mapping strings to Callable or AttrValue")
        for name, attr in attr_map.items():
            if not (name is not None and isinstance(name, str)) or not (
                    attr is None or callable(attr) or isinstance(attr, proto.AttrValue)):
                raise TypeError("attr_map must be a dictionary mapping strings to Callable or AttrValue")
        old = self._attr_scope_map
        merged = {**old, **attr_map}
        self._attr_scope_map = {k: v for k, v in merged.items() if v is not None}
        try:
            yield
        finally:
            self._attr_scope_map = old

    @contextlib.contextmanager
    def _kernel_label(self, op_to_kernel_label_map: dict[str, str]) -> Iterator[None]:
        old = self._kernel_label_map
        self._kernel_label_map = {**old, **op_to_kernel_label_map}
        try:
            yield
        finally:
            self._kernel_label_map = old

    def _apply_scopes(self, op: Operation) -> None:
        """Give a new operation what the scopes around it say."""
        if self._attr_scope_map:
            for key, value in self._attr_scope_map.items():
                value = value(op.node_def) if callable(value) else value
                if isinstance(value, proto.AttrValue):
                    op._attrs[key] = value
        if op.type in self._kernel_label_map:
            op._attrs["_kernel"] = proto.AttrValue(s=self._kernel_label_map[op.type].encode())
        if op.type in self._gradient_override:
            op._attrs["_gradient_op_type"] = proto.AttrValue(s=self._gradient_override[op.type].encode())
        for controller in self._control_stack:
            controller.seen.add(op)
        if self._device_stack:
            self._apply_devices(op)
        if self._colocation_stack:
            self._apply_colocation(op)
        named = op.signature.stateful and "container" in op.signature.attr
        if self._container and named and not op._attrs["container"]:
            op._attrs["container"] = self._container.encode()

    def _get_control_flow_context(self) -> Any:
        return self._control_flow_context

    def _set_control_flow_context(self, context: Any) -> None:
        self._control_flow_context = context

    def as_graph_element(self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True) -> Any:
        """The tensor or operation that `obj` is or names."""
        raise NotImplementedError


def check_op_name(name: str) -> None:
    """Refuse a name that no operation can have.

    Raises:
      ValueError: the name has characters that names cannot have.
    """
    if not _OP_NAME.match(name):
        raise ValueError(f"'{name}' is not a valid node name")


