"""What is known of a tensor's value while the graph is built: constants, and what follows from them.

Holds `constant_value` (public), and what shape rules ask: `value_of`, `shape_of`. The op layer sets the evaluator that
runs
kernels on known inputs.
"""
from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from rekindle._src.graph import dtypes, infer
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public

_LIMIT = 1 << 16  # elements; larger results are not worth to know
_evaluator: list[Callable[[Any, list[np.ndarray]], list[np.ndarray] | None]] = []


def set_evaluator(run: Callable[[Any, list[np.ndarray]], list[np.ndarray] | None]) -> None:
    """Say how an operation's outputs are computed from known inputs; None where they cannot be."""
    _evaluator[:] = [run]


def quick_value(tensor: Any) -> np.ndarray | None:
    """The value of a Const, else None."""
    return tensor._op._attrs["value"] if tensor._op.type == "Const" else None


def value_of(tensor: Any) -> np.ndarray | None:
    """The value if it follows from constants and static shapes, else None."""
    return _value(tensor, {}, 0)


def _value(tensor: Any, known: dict[Any, Any], depth: int) -> np.ndarray | None:
    op = tensor._op
    if op.type == "Const":
        return op._attrs["value"]
    if tensor in known:
        return known[tensor]
    result = None
    rule = infer.VALUES.get(op.type) if op.type != "ShapeN" else None  # TensorFlow passes over it
    if rule is not None:
        found = rule(infer.InferContext(op))
        result = None if found is None else found[tensor._value_index]
    if result is not None or op.type in infer.VALUES and not _follows_from_constants(op):
        pass
    elif op.type == "PlaceholderWithDefault":  # may be fed another value
        pass
    elif op._inputs and not op.signature.stateful and _evaluator and depth < 64 and _is_small(tensor):
        result = _computed(op, tensor, known, depth)
    known[tensor] = result
    return result


def _follows_from_constants(op: Any) -> bool:
    """True if nothing but constants leads to `op`; found once for each operation."""
    stack = [op]
    while stack:
        top = stack[-1]
        if top in _following:
            stack.pop()
            continue
        if top.type == "Const" or not top._inputs or top.signature.stateful or top.type in _OPEN:
            _following[top] = top.type == "Const"
            continue
        found = [_following.get(t._op) for t in top._inputs]
        if False in found or None not in found:
            _following[top] = False not in found
        else:
            stack.append(top._inputs[found.index(None)]._op)
    return _following[op]


_following: weakref.WeakKeyDictionary[Any, bool] = weakref.WeakKeyDictionary()
#: ops whose output is not a matter of their inputs alone, among them the two ends of a loop
_OPEN = ("PlaceholderWithDefault", "Enter", "RefEnter", "NextIteration", "RefNextIteration", "Merge", "RefMerge")


def _is_small(tensor: Any) -> bool:
    shape = tensor._static_shape
    return shape is None or None in shape or int(np.prod(shape, dtype=np.int64)) <= _LIMIT


def _computed(op: Any, tensor: Any, known: dict[Any, Any], depth: int) -> np.ndarray | None:
    inputs = []
    for one in op._inputs:
        value = _value(one, known, depth + 1)
        if value is None:
            return None
        inputs.append(value)
    outputs = _evaluator[0](op, inputs)
    return None if outputs is None else outputs[tensor._value_index]


def shape_of(tensor: Any) -> tuple[int | None, ...] | None:
    """A tensor read as a shape, as far as it is known: -1 and unknown entries are None; None for unknown rank."""
    if tensor._op.type == "Shape" and tensor._op._inputs[0]._static_shape is not None:
        return tensor._op._inputs[0]._static_shape  # TensorFlow asks no further, even of constants
    value = value_of(tensor)
    if value is not None:
        if value.ndim == 0:
            return None
        return tuple(None if d < 0 else int(d) for d in value.reshape(-1))
    op = tensor._op
    if op.type == "ShapeN":
        return op._inputs[tensor._value_index]._static_shape
    partial = _PARTIAL.get(op.type)
    if partial is not None:
        found = partial(op)
        if found is not _NOTHING:
            return found
    shape = tensor._static_shape
    if shape is None or len(shape) != 1 or shape[0] is None:
        return None
    return (None,) * shape[0]


_NOTHING: Any = object()


def _partial_shape(op: Any) -> Any:
    return op._inputs[0]._static_shape


def _partial_pack(op: Any) -> Any:
    if op._attrs["axis"] != 0 or any(t._static_shape not in ((), None) for t in op._inputs):
        return _NOTHING
    values = [dimension_of(t) for t in op._inputs]
    return tuple(values)


def dimension_of(tensor: Any) -> int | None:
    """A scalar tensor read as a size: None if it is not known."""
    value = value_of(tensor)
    return None if value is None or value < 0 else int(value)


def _partial_concat(op: Any) -> Any:
    out: list[int | None] = []
    for tensor in op._inputs[:-1] if op.type == "ConcatV2" else op._inputs[1:]:
        part = shape_of(tensor)
        if part is None:
            return None
        out.extend(part)
    return tuple(out)


def _partial_slice(op: Any) -> Any:
    return _slice_of(op, shape_of(op._inputs[0]))


def _slice_of(op: Any, whole: Any) -> Any:
    """A slice [begin:end:stride] of a shape; other masks are not followed."""
    attrs = op._attrs
    if attrs["ellipsis_mask"] or attrs["new_axis_mask"] or attrs["shrink_axis_mask"]:
        return _NOTHING
    begin, end, stride = (value_of(t) for t in op._inputs[1:])
    if whole is None or begin is None or end is None or stride is None or begin.size != 1:
        return _NOTHING
    start = None if attrs["begin_mask"] & 1 else int(begin[0])
    stop = None if attrs["end_mask"] & 1 else int(end[0])
    return whole[start:stop:int(stride[0])]


_PARTIAL = {"Shape": _partial_shape, "Pack": _partial_pack, "ConcatV2": _partial_concat, "Concat": _partial_concat,
            "StridedSlice": _partial_slice}

_PYTHON_OPS = frozenset([
    "Const", "Shape", "Size", "Rank", "Range", "Cast", "Concat", "ConcatV2", "Pack", "Fill", "Equal", "NotEqual"])


@public("contrib.util.constant_value", "get_static_value")
def constant_value(tensor: Any, partial: bool = False) -> Any:
    """The value of a tensor as an array if it is known while the graph is built, else None.

    Follows the same few ops as TensorFlow does, so that graphs come out equal. A value that was given is no longer fed.
    What is no tensor is its own value, but that of a variable is not known.
    """
    if not isinstance(tensor, Tensor):
        return None if getattr(tensor, "_is_dense_tensor_like", False) else tensor
    if tensor._op.type not in _PYTHON_OPS:
        return None
    rule = infer.VALUES.get(tensor._op.type)
    if rule is not None:  # from the static shape, not from a value
        found = rule(infer.InferContext(tensor._op))
        value = None if found is None else found[tensor._value_index]
    elif any(constant_value(t) is None for t in tensor._op._inputs):
        return None
    else:
        value = value_of(tensor)
    if value is not None:
        tensor.graph.prevent_feeding(tensor)
    return value


@public("contrib.util.constant_value_as_shape")
def constant_value_as_shape(tensor: Any) -> TensorShape:
    """A 1-D integer tensor read as a TensorShape, as far as it is known while the graph is built."""
    if tensor._dtype.base_dtype not in (dtypes.int32, dtypes.int64):
        raise ValueError(f"constant_value_as_shape needs an integer tensor, not {tensor._dtype.name}")
    return TensorShape._of(_as_shape(tensor))


def _as_shape(tensor: Any) -> tuple[int | None, ...] | None:
    """`shape_of` through the few ops that TensorFlow's Python follows."""
    op = tensor._op
    if op.type == "Shape":
        return op._inputs[0]._static_shape
    if op.type == "Pack":
        return tuple(_as_size(constant_value(t)) for t in op._inputs)
    if op.type == "ConcatV2":
        parts = [_as_shape(t) for t in op._inputs[:-1]]
        return None if None in parts else tuple(d for part in parts for d in part or ())
    if op.type == "StridedSlice" and all(constant_value(t) is not None for t in op._inputs[1:]):
        sliced = _slice_of(op, _as_shape(op._inputs[0]))
        if sliced is not _NOTHING:
            return sliced
    value = constant_value(tensor)
    if value is not None:
        return tuple(_as_size(d) for d in value.reshape(-1))
    shape = tensor._static_shape
    return None if shape is None or shape[0] is None else (None,) * shape[0]


def _as_size(value: Any) -> int | None:
    return None if value is None or value < 0 else int(value)
