"""Clipping: elements to a range, tensors to a norm, lists of tensors to a global norm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from rekindle._src.graph import convert, dtypes, infer, opdef, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.graph.sparse import IndexedSlices
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math_binary, math_cast, math_ranges, math_unary, reduce_axes


@op("ClipByValue", infer=infer.same)
def clip_by_value_op(t, clip_value_min, clip_value_max):
    """The elements of t, at least the minimum and at most the maximum."""
    return torch.maximum(torch.minimum(t, clip_value_max), clip_value_min)


def _values(t: Any, name: str = "t") -> Any:
    return convert.convert_to_tensor(t.values if isinstance(t, IndexedSlices) else t, name=name)


def _like(t: Any, values: Any) -> Any:
    """Clipped values in the form of what was clipped."""
    return (
        IndexedSlices(values, t.indices, t.dense_shape) if isinstance(t, IndexedSlices) else values
    )


@public("clip_by_value")
def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """The elements of t, at least the minimum and at most the maximum.

    Raises:
      ValueError: the limits do not broadcast to the shape of t.
    """
    with scopes.name_scope(name, "clip_by_value", [t, clip_value_min, clip_value_max]) as scope:
        values = _values(t)
        below = math_binary.minimum(values, clip_value_max)
        values.shape.merge_with(below.shape)
        clipped = math_binary.maximum(below, clip_value_min, name=scope)
        values.shape.merge_with(clipped.shape)
        return _like(t, clipped)


@public("clip_by_norm")
def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    """t scaled down so that its Euclidean norm along the axes (all by default) is at most
    `clip_norm`.
    """
    with scopes.name_scope(name, "clip_by_norm", [t, clip_norm]) as scope:
        values = _values(t)
        squares = reduce_axes.reduce_sum(values * values, axes, keepdims=True)
        is_positive = squares > 0
        safe = array_ops.where(is_positive, squares, array_ops.ones_like(squares))
        norm = array_ops.where(is_positive, math_unary.sqrt(safe), squares)
        scaled = values * clip_norm
        values.shape.merge_with(scaled.shape)
        return _like(
            t, array_ops.identity(scaled / math_binary.maximum(norm, clip_norm), name=scope)
        )


def _listed(t_list: Any) -> list[Any]:
    if not isinstance(t_list, Sequence) or isinstance(t_list, str):
        raise TypeError("t_list should be a sequence")
    return list(t_list)


def _all_values(tensors: list[Any]) -> list[Any]:
    return [None if t is None else _values(t, f"t_{i}") for i, t in enumerate(tensors)]


@public("global_norm", "linalg.global_norm")
def global_norm(t_list: Any, name: str | None = None) -> Any:
    """The square root of the sum of all squares in a list of tensors; None in the list is passed
    over.

    Raises:
      TypeError: `t_list` is no sequence.
    """
    tensors = _listed(t_list)
    with scopes.name_scope(name, "global_norm", tensors):
        halves = []
        for value in _all_values(tensors):
            if value is not None:
                with scopes.colocate_with(value):
                    halves.append(opdef.call("L2Loss", value))
        half = reduce_axes.reduce_sum(array_ops.stack(halves))
        two = convert.constant(2.0, half.dtype.base_dtype)
        return math_unary.sqrt(half * two, name="global_norm")


@public("clip_by_global_norm")
def clip_by_global_norm(
    t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None
) -> Any:
    """A list of tensors scaled down together so that their global norm is at most `clip_norm`, and
    the norm before.

    Args:
      t_list: tensors, IndexedSlices and None, which stays None.
      clip_norm: the largest norm.
      use_norm: the global norm, if it is known already.
      name: the name scope.

    Returns:
      (list of clipped tensors, global norm); a norm that is not finite makes the tensors NaN.

    Raises:
      TypeError: `t_list` is no sequence.
    """
    tensors = _listed(t_list)
    if use_norm is None:
        use_norm = global_norm(tensors, name)
    with scopes.name_scope(name, "clip_by_global_norm", [*tensors, clip_norm]) as scope:
        inverse = 1.0 / use_norm
        one = convert.constant(1.0, use_norm.dtype.base_dtype)
        scale = clip_norm * math_binary.minimum(inverse, one / clip_norm)
        is_finite = math_unary.is_finite(use_norm)
        nan = convert.constant(float("nan"), use_norm.dtype.base_dtype)
        scale = array_ops.where(is_finite, scale, nan)
        values, clipped = _all_values(tensors), []
        for i, (t, value) in enumerate(zip(tensors, values, strict=True)):
            if value is None:
                clipped.append(None)
                continue
            with scopes.colocate_with(value):
                clipped.append(_like(t, array_ops.identity(value * scale, name=f"{scope}_{i}")))
        return clipped, use_norm


@public("clip_by_average_norm")
def clip_by_average_norm(t: Any, clip_norm: Any, name: str | None = None) -> Any:
    """t scaled down so that its norm over its number of elements is at most `clip_norm`."""
    with scopes.name_scope(name, "clip_by_average_norm", [t, clip_norm]) as scope:
        t = convert.convert_to_tensor(t, name="t")
        count = math_cast.cast(array_ops.size(t), dtypes.float32)
        squares = t * t
        inverse = math_unary.rsqrt(
            reduce_axes.reduce_sum(squares, math_ranges.range(array_ops.rank(t)))
        )
        scaled = t * clip_norm
        largest = inverse * count
        scale = math_binary.minimum(largest, convert.constant(1.0) / clip_norm)
        return array_ops.identity(scaled * scale, name=scope)
