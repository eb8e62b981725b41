"""Dropout: elements set to 0 at random, the others scaled up; and alpha dropout for selu."""

from __future__ import annotations

import numbers
from typing import Any

from rekindle._src import tf_logging
from rekindle._src.graph import constants, convert, scopes
from rekindle._src.graph.shapes import TensorShape, as_shape
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import random as random_ops

_SELU_FLOOR = -1.7580993408473766


@public("nn.dropout")
def dropout(
    x: Any,
    keep_prob: Any = None,
    noise_shape: Any = None,
    seed: int | None = None,
    name: str | None = None,
    rate: Any = None,
) -> Any:
    """x with each element set to 0 with probability `rate`, the others over 1 - rate.

    Args:
      x: a float tensor.
      keep_prob: the old form of `rate`: 1 - rate.
      noise_shape: the shape of the random decisions, which broadcasts to that of x; default: x's.
      seed: the op's seed.
      name: the name scope.
      rate: the probability, a number in [0, 1) or a scalar tensor.

    Raises:
      ValueError: x has no floats, or rate and keep_prob are both given or both missing, or the rate
        is out of range.

    Source: Srivastava et al., Dropout, 2014.
    """
    try:
        dropped = None if keep_prob is None else 1.0 - keep_prob
    except TypeError:
        raise ValueError(
            f"keep_prob must be a floating point number or Tensor (got {keep_prob!r})"
        ) from None
    if rate is not None and dropped is not None:
        raise ValueError("Cannot specify both 'keep_prob' and 'rate'")
    rate = dropped if rate is None else rate
    if rate is None:
        raise ValueError("You must provide a rate to dropout.")
    return dropout_v2(x, rate, noise_shape, seed, name)


def dropout_v2(
    x: Any, rate: Any, noise_shape: Any = None, seed: int | None = None, name: str | None = None
) -> Any:
    """`dropout` with the arguments of TensorFlow 2."""
    with scopes.name_scope(name, "dropout", [x]):
        x = convert.convert_to_tensor(x, name="x")
        if not x.dtype.is_floating:
            raise ValueError(
                "x has to be a floating point tensor since it's going to be scaled. "
                f"Got a {x.dtype!r} tensor instead."
            )
        if isinstance(rate, numbers.Real):
            _check_rate(rate)
            if rate == 0:
                return x
        rate = convert.convert_to_tensor(rate, dtype=x.dtype, name="rate")
        rate.get_shape().assert_has_rank(0)
        if constants.constant_value(rate) == 0:
            return x
        noise_shape = _noise_shape(x, noise_shape)
        drawn = random_ops.random_uniform(noise_shape, seed=seed, dtype=x.dtype)
        scale = 1 / (1 - rate)
        kept = drawn >= rate
        out = x * scale * math_ops.cast(kept, x.dtype)
        out.set_shape(x.get_shape())
        return out


def _check_rate(rate: Any) -> None:
    if not 0 <= rate < 1:
        raise ValueError(
            f"rate must be a scalar tensor or a float in the range [0, 1), got {rate:g}"
        )
    if rate > 0.5:
        tf_logging.log_first_n(
            tf_logging.WARN,
            "Large dropout rate: %g (>0.5). In TensorFlow 2.x, dropout() uses dropout rate instead "
            "of keep_prob. Please ensure that this is intended.",
            5,
            rate,
        )


def _noise_shape(x: Any, noise_shape: Any) -> Any:
    if noise_shape is None:
        return array_ops.shape(x)
    try:
        given = as_shape(noise_shape)
    except (TypeError, ValueError):
        return noise_shape
    sizes = x.get_shape().dims_tuple
    if sizes is None or given.dims is None or len(sizes) != len(given.dims):
        return noise_shape
    return TensorShape([n if m is None else m for n, m in zip(sizes, given.as_list(), strict=True)])


@public("contrib.nn.alpha_dropout")
def alpha_dropout(
    x: Any,
    keep_prob: Any,
    noise_shape: Any = None,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """x with elements set to selu's floor at random, then scaled to keep mean and variance.

    Args:
      x: a float tensor, the output of selu.
      keep_prob: the probability to keep an element, a number in (0, 1] or a scalar tensor.
      noise_shape: the shape of the random decisions, which broadcasts to that of x; default: x's.
      seed: the op's seed.
      name: the name scope.

    Raises:
      ValueError: keep_prob is out of range.

    Source: Klambauer et al., Self-Normalizing Neural Networks, 2017.
    """
    with scopes.name_scope(name, "alpha_dropout", [x]):
        x = convert.convert_to_tensor(x, name="x")
        if isinstance(keep_prob, numbers.Real) and not 0 < keep_prob <= 1:
            raise ValueError(
                "keep_prob must be a scalar tensor or a float in the range (0, 1], "
                f"got {keep_prob:g}"
            )
        keep_prob = convert.convert_to_tensor(keep_prob, dtype=x.dtype, name="keep_prob")
        keep_prob.get_shape().assert_has_rank(0)
        if constants.constant_value(keep_prob) == 1:
            return x
        noise_shape = array_ops.shape(x) if noise_shape is None else noise_shape
        drawn = random_ops.random_uniform(noise_shape, seed=seed, dtype=x.dtype)
        kept = math_ops.cast(math_ops.greater_equal(drawn, 1 - keep_prob), x.dtype)
        x = x * kept + _SELU_FLOOR * (1 - kept)
        a = (keep_prob + keep_prob * (1 - keep_prob) * _SELU_FLOOR**2) ** -0.5
        b = -a * _SELU_FLOOR * (1 - keep_prob)
        return a * x + b
