"""tf.sort and tf.argsort, by top_k along the last axis."""

from __future__ import annotations

from typing import Any

import numpy as np

from rekindle._src.graph import constants, convert, scopes
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math_ranges, top


@public("sort", "contrib.framework.sort")
def sort(values: Any, axis: Any = -1, direction: str = "ASCENDING", name: str | None = None) -> Any:
    """The values in order along an axis.

    Args:
      values: numbers of at least one dimension.
      axis: a constant scalar.
      direction: "ASCENDING" or "DESCENDING".
      name: the scope's name.

    Raises:
      ValueError: the axis is no constant scalar, or the direction is another word.
    """
    with scopes.name_scope(name, "sort"):
        return _ordered(values, axis, direction, 0)


@public("argsort", "contrib.framework.argsort")
def argsort(
    values: Any,
    axis: Any = -1,
    direction: str = "ASCENDING",
    stable: bool = False,
    name: str | None = None,
) -> Any:
    """The places, int32, that the values have before `sort`; equal values keep their order.

    Args:
      values: numbers of at least one dimension.
      axis: a constant scalar.
      direction: "ASCENDING" or "DESCENDING".
      stable: without effect, since the order is stable in any case.
      name: the scope's name.

    Raises:
      ValueError: the axis is no constant scalar, or the direction is another word.
    """
    with scopes.name_scope(name, "argsort"):
        return _ordered(values, axis, direction, 1)


def _ordered(values: Any, axis: Any, direction: str, output: int) -> Any:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"{direction} should be one of ASCENDING, DESCENDING")
    axis = convert.convert_to_tensor(axis, name="axis")
    fixed = constants.constant_value(axis)
    if axis.shape.ndims != 0 or fixed is None:
        raise ValueError("axis must be a constant scalar")
    values = convert.convert_to_tensor(values, name="values")
    if direction == "DESCENDING":
        return _greatest_first(values, int(fixed), output)
    found = _greatest_first(-values, int(fixed), output)
    return found if output else -found


def _greatest_first(values: Any, axis: int, output: int) -> Any:
    k = array_ops.shape(values)[axis]
    rank = array_ops.rank(values)
    if axis in (-1, (values.shape.ndims or 0) - 1):
        return top.top_k(values, k)[output]
    swap = _swap_with_last(axis, values.shape.ndims, rank)
    return array_ops.transpose(top.top_k(array_ops.transpose(values, swap), k)[output], swap)


def _swap_with_last(axis: int, static_rank: int | None, rank: Any) -> Any:
    """The permutation that exchanges an axis and the last one; its own inverse."""
    if static_rank is not None:
        order = np.arange(static_rank)
        order[[axis, -1]] = order[[-1, axis]]
        return convert.constant(order, name="transposition")
    at = axis + rank if axis < 0 else axis
    parts = [math_ranges.range(at), [rank - 1], math_ranges.range(at + 1, rank - 1), [at]]
    return array_ops.concat(parts, axis=0)
