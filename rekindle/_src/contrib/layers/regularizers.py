"""Regularizers: functions from weights to a loss."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

from rekindle._src import tf_logging
from rekindle._src.contrib.spaces import shown
from rekindle._src.graph import convert, scopes
from rekindle._src.graph.collections import GraphKeys, add_to_collection, get_collection
from rekindle._src.ops import loss
from rekindle._src.ops import math as math_ops

Regularizer = Callable[..., Any]


def _none(_: Any) -> None:
    """No loss."""


def _checked(scale: Any) -> bool:
    """Whether there is a scale other than 0.

    Raises:
      ValueError: it is an integer, or below 0.
    """
    if isinstance(scale, numbers.Integral):
        raise ValueError(f"scale cannot be an integer: {scale}")
    if isinstance(scale, numbers.Real):
        if scale < 0.0:
            raise ValueError(f"Setting a scale less than 0 on a regularizer: {scale:g}")
        if scale == 0.0:
            tf_logging.info("Scale of 0 disables regularizer.")
            return False
    return True


@shown("regularizers", "l1_regularizer")
def l1_regularizer(scale: Any, scope: str | None = None) -> Regularizer:
    """`scale` times the sum of the absolute weights.

    Raises:
      ValueError: `scale` is an integer, or below 0.
    """
    if not _checked(scale):
        return _none

    def l1(weights: Any, name: str | None = None) -> Any:
        with scopes.name_scope(scope, "l1_regularizer", [weights]) as name:
            factor = convert.constant(scale, dtype=weights.dtype.base_dtype, name="scale")
            return math_ops.multiply(factor, math_ops.reduce_sum(math_ops.abs(weights)), name=name)

    return l1


@shown("regularizers", "l2_regularizer")
def l2_regularizer(scale: Any, scope: str | None = None) -> Regularizer:
    """`scale` times half the sum of the squared weights.

    Raises:
      ValueError: `scale` is an integer, or below 0.
    """
    if not _checked(scale):
        return _none

    def l2(weights: Any) -> Any:
        with scopes.name_scope(scope, "l2_regularizer", [weights]) as name:
            factor = convert.constant(scale, dtype=weights.dtype.base_dtype, name="scale")
            return math_ops.multiply(factor, loss.l2_loss(weights), name=name)

    return l2


@shown("regularizers", "l1_l2_regularizer")
def l1_l2_regularizer(
    scale_l1: Any = 1.0, scale_l2: Any = 1.0, scope: str | None = None
) -> Regularizer | None:
    """The sum of an `l1_regularizer` and an `l2_regularizer`.

    Raises:
      ValueError: a scale is an integer.
    """
    for name, scale in (("scale_l1", scale_l1), ("scale_l2", scale_l2)):
        if isinstance(scale, numbers.Integral):
            raise ValueError(f"{name} cannot be an integer: {scale}")
    scope = scope or "l1_l2_regularizer"
    if scale_l1 == 0.0:
        return l2_regularizer(scale_l2, scope)
    if scale_l2 == 0.0:
        return l1_regularizer(scale_l1, scope)
    return sum_regularizer([l1_regularizer(scale_l1), l2_regularizer(scale_l2)], scope=scope)


@shown("regularizers", "sum_regularizer")
def sum_regularizer(regularizer_list: Any, scope: str | None = None) -> Regularizer | None:
    """The sum of several regularizers; None where there are none."""
    wanted = [one for one in regularizer_list if one is not None]
    if not wanted:
        return None

    def sum_reg(weights: Any) -> Any:
        with scopes.name_scope(scope, "sum_regularizer", [weights]) as name:
            penalties = [p for p in [one(weights) for one in wanted] if p is not None]
            return math_ops.add_n(penalties, name=name) if penalties else None

    return sum_reg


@shown("regularizers", "apply_regularization")
def apply_regularization(regularizer: Regularizer, weights_list: Any = None) -> Any:
    """The sum of the penalties of weights, which is put into REGULARIZATION_LOSSES: [].

    Args:
      regularizer: gives a penalty, or None, for weights.
      weights_list: the weights; default: the collection WEIGHTS.

    Raises:
      ValueError: there are no weights, or a penalty is no scalar.
    """
    if not weights_list:
        weights_list = get_collection(GraphKeys.WEIGHTS)
    if not weights_list:
        raise ValueError("No weights to regularize.")
    with scopes.name_scope("get_regularization_penalty", values=weights_list) as scope:
        penalties = [regularizer(w) for w in weights_list]
        penalties = [convert.constant(0.0) if p is None else p for p in penalties]
        for one in penalties:
            if one.get_shape().ndims != 0:
                raise ValueError(
                    "regularizer must return a scalar Tensor instead of a Tensor with rank "
                    f"{one.get_shape().ndims}."
                )
        total = math_ops.add_n(penalties, name=scope)
        add_to_collection(GraphKeys.REGULARIZATION_LOSSES, total)
        return total
