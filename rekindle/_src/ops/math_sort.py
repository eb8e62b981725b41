"""Sorting along an axis, made of `top_k`: `tf.sort` and `tf.argsort`."""

from __future__ import annotations

from typing import Any

import numpy as np

from rekindle._src.graph import constants, convert, scopes
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math_ranges, top


@public("sort")
def sort(
    values: Any, axis: Any = -1, direction: str = "ASCENDING", name: str | None = None
) -> Tensor:
    """The values sorted along an axis.

    Args:
      values: a tensor of numbers.
      axis: the axis, a constant.
      direction: "ASCENDING" or "DESCENDING".
      name: the name scope.

    Raises:
      ValueError: the direction is neither, or the axis is no constant number.
    """
    with scopes.name_scope(name, "sort"):
        return _sorted(values, axis, direction, False)


@public("argsort")
def argsort(
    values: Any,
    axis: Any = -1,
    direction: str = "ASCENDING",
    stable: bool = False,
    name: str | None = None,
) -> Tensor:
    """The indices that sort the values along an axis, of equal values the lower first;
    arguments as `tf.sort`.
    """
    with scopes.name_scope(name, "argsort"):
        return _sorted(values, axis, direction, True)


def _sorted(values: Any, axis: Any, direction: str, indices: bool) -> Tensor:
    if direction not in ("ASCENDING", "DESCENDING"):
        raise ValueError(f"{direction} should be one of ASCENDING, DESCENDING")
    axis = convert.convert_to_tensor(axis, name="axis")
    known = constants.constant_value(axis)
    if axis.shape.ndims != 0 or known is None:
        raise ValueError("axis must be a constant scalar")
    values = convert.convert_to_tensor(values, name="values")
    if direction == "DESCENDING":
        return _descending(values, int(known), indices)
    out = _descending(-values, int(known), indices)
    return out if indices else -out


def _descending(values: Tensor, axis: int, indices: bool) -> Tensor:
    k = array_ops.shape(values)[axis]
    rank = array_ops.rank(values)
    if axis == -1 or axis + 1 == values.shape.ndims:
        found = top.top_k(values, k)
        return found[1] if indices else found[0]
    perm = _with_last(axis, values.shape.ndims, rank)
    found = top.top_k(array_ops.transpose(values, perm), k)
    return array_ops.transpose(found[1] if indices else found[0], perm)


def _with_last(axis: Any, known: int | None, rank: Tensor) -> Tensor:
    """The order of axes in which `axis` and the last one change places."""
    if axis < 0:
        axis += known or rank
    if known is None:
        parts = [math_ranges.range(axis), [rank - 1], math_ranges.range(axis + 1, rank - 1), [axis]]
        return array_ops.concat(parts, axis=0)
    order = np.r_[np.arange(axis), [known - 1], np.arange(axis + 1, known - 1), [axis]]
    return convert.constant(order, name="transposition")
