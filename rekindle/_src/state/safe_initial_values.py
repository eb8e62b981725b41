"""Initial values that depend on other variables, made safe to compute before those are initialised.

Holds `guarded`: it rebuilds what lies between an initial value and the variables under it, on
`initialized_value()` of these.
"""
from __future__ import annotations

from typing import Any

from rekindle._src.graph.collections import GraphKeys
from rekindle._src.graph.tensor import Tensor

_VARIABLES = frozenset(["Variable", "VariableV2", "VarHandleOp"])
_LEFT_ALONE = frozenset(["IsVariableInitialized", "VarIsInitializedOp", "ReadVariableOp", "If"])


def guarded(name: str, value: Any) -> Tensor:
    """The initial value of the variable `name`, with each variable under it replaced by its
    initialised value.

    A value computed in a loop, and variables that are in neither the global nor the local
    collection, stay as they are.

    Raises:
      TypeError: `value` is no tensor.
    """
    if not isinstance(value, Tensor):
        raise TypeError(f"initial_value needs to be a Tensor: {value}")
    order = _upstream(value.op)
    if order is None or not any(op.type in _VARIABLES for op in order):
        return value
    return _safe_tensor(name.replace(":", "_"), value, {})


def _upstream(op: Any) -> list[Any] | None:
    """What an operation depends on, itself included; None if there is a loop among it."""
    open_now, order = {op}, []
    closed: set[Any] = set()
    path = [(op, iter([t._op for t in op._inputs] + op._control_inputs))]
    while path:
        one, rest = path[-1]
        other = next(rest, None)
        if other is None:
            path.pop()
            open_now.discard(one)
            closed.add(one)
            order.append(one)
        elif other in open_now:
            return None
        elif other not in closed:
            open_now.add(other)
            path.append((other, iter([t._op for t in other._inputs] + other._control_inputs)))
    return order


def _safe_tensor(name: str, tensor: Tensor, known: dict[Any, Any]) -> Tensor:
    op = tensor.op
    if op not in known:
        known[op] = _safe_op(name, op, known)
    return known[op].outputs[tensor.value_index]


def _safe_op(name: str, op: Any, known: dict[Any, Any]) -> Any:
    if op.type in _LEFT_ALONE:
        return op
    if op.type in _VARIABLES:
        initialized = _initialized_value(op)
        return op if initialized is None else initialized.op
    inputs = [_safe_tensor(name, tensor, known) for tensor in op._inputs]
    if all(new is old for new, old in zip(inputs, op._inputs, strict=True)):
        return op
    op_type = "Switch" if op.type == "RefSwitch" else op.type
    dtypes = [tensor.dtype.base_dtype for tensor in op.outputs]  # copies of switches carry values
    return op.graph.create_op(op_type, inputs, dtypes, name=f"{op.name}_{name}",
                              attrs=dict(op._attrs))


def _initialized_value(op: Any) -> Tensor | None:
    for collection in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.LOCAL_VARIABLES):
        for variable in op.graph.get_collection(collection):
            if variable.name in (op.name, op.name + ":0"):
                return variable.initialized_value()
    return None
