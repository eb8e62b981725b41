"""Initializers that keep the variance of signals: `xavier_initializer` and its kin."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from rekindle._src.contrib.spaces import show, shown
from rekindle._src.graph import dtypes
from rekindle._src.ops import random


@shown("initializers", "xavier_initializer")
def xavier_initializer(
    uniform: bool = True, seed: int | None = None, dtype: Any = dtypes.float32
) -> Callable[..., Any]:
    """Random values with the variance 2 / (fan in + fan out).

    Args:
      uniform: draw from a uniform distribution, not from a truncated normal one.
      seed: of the random values.
      dtype: a floating-point type.

    Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural
    networks, 2010.
    """
    return variance_scaling_initializer(1.0, "FAN_AVG", uniform, seed, dtype)


xavier_initializer_conv2d = xavier_initializer
show("initializers", "xavier_initializer_conv2d", __name__)


@shown("initializers", "variance_scaling_initializer")
def variance_scaling_initializer(
    factor: float = 2.0,
    mode: str = "FAN_IN",
    uniform: bool = False,
    seed: int | None = None,
    dtype: Any = dtypes.float32,
) -> Callable[..., Any]:
    """Random values with the variance `factor` / n.

    Args:
      factor: 2 suits rectifiers.
      mode: what n is: "FAN_IN", "FAN_OUT", or "FAN_AVG", their mean.
      uniform: draw from a uniform distribution, not from a truncated normal one.
      seed: of the random values.
      dtype: a floating-point type.

    Raises:
      ValueError, TypeError: another mode or type.
    """
    if not dtype.is_floating:
        raise TypeError("Cannot create initializer for non-floating point type.")
    if mode not in ("FAN_IN", "FAN_OUT", "FAN_AVG"):
        raise TypeError("Unknown mode %s [FAN_IN, FAN_OUT, FAN_AVG]", mode)

    def _initializer(shape: Any, dtype: Any = dtype, partition_info: Any = None) -> Any:
        if not dtype.is_floating:
            raise TypeError("Cannot create initializer for non-floating point type.")
        n = _fan(mode, [float(size) for size in shape])
        if uniform:
            limit = math.sqrt(3.0 * factor / n)
            return random.random_uniform(shape, -limit, limit, dtype, seed=seed)
        # 1.3 makes up for the variance that truncation at two deviations takes away
        deviation = math.sqrt(1.3 * factor / n)
        return random.truncated_normal(shape, 0.0, deviation, dtype, seed=seed)

    return _initializer


def _fan(mode: str, sizes: list[float]) -> float:
    if not sizes:
        return 1.0
    window = math.prod(sizes[:-2])
    fan_in = window * (sizes[-2] if len(sizes) > 1 else sizes[-1])
    fan_out = window * sizes[-1]
    if mode == "FAN_AVG":
        return (fan_in + fan_out) / 2.0
    return fan_in if mode == "FAN_IN" else fan_out
