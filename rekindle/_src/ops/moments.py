"""Means and variances of tensors along axes: `tf.nn.moments`, weighted, and by sufficient
statistics.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.names import public
from rekindle._src.ops import arguments
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops


@public("nn.moments")
def moments(
    x: Any,
    axes: Any,
    shift: Any = None,
    name: str | None = None,
    keep_dims: Any = None,
    keepdims: Any = None,
) -> tuple[Any, Any]:
    """(mean, variance) along `axes`; the variance is that of the sample, divided by its size.

    Args:
      x: a float tensor.
      axes: the axes to reduce.
      shift: not used.
      name: the name scope.
      keep_dims: keep reduced axes with size 1; `keepdims` is its newer name.
    """
    keep = arguments.renamed("keepdims", keepdims, "keep_dims", keep_dims)
    with scopes.name_scope(name, "moments", [x, axes]):
        is_half = x.dtype == dtypes.float16
        y = math_ops.cast(x, dtypes.float32) if is_half else x
        mean = math_ops.reduce_mean(y, axes, keepdims=True, name="mean")
        distance = math_ops.squared_difference(y, array_ops.stop_gradient(mean))
        variance = math_ops.reduce_mean(distance, axes, keepdims=True, name="variance")
        if not keep:
            mean = array_ops.squeeze(mean, axes)
            variance = array_ops.squeeze(variance, axes)
        if is_half:
            return math_ops.cast(mean, dtypes.float16), math_ops.cast(variance, dtypes.float16)
        return mean, variance


@public("nn.weighted_moments")
def weighted_moments(
    x: Any,
    axes: Any,
    frequency_weights: Any,
    name: str | None = None,
    keep_dims: Any = None,
    keepdims: Any = None,
) -> tuple[Any, Any]:
    """(mean, variance) along `axes`, each element counted `frequency_weights` times.

    Args:
      x: a float tensor.
      axes: the axes to reduce.
      frequency_weights: a tensor that broadcasts with x.
      name: the name scope.
      keep_dims: keep reduced axes with size 1; `keepdims` is its newer name.
    """
    keep = arguments.renamed("keepdims", keepdims, "keep_dims", keep_dims)
    with scopes.name_scope(name, "weighted_moments", [x, frequency_weights, axes]):
        x = convert.convert_to_tensor(x, name="x")
        weights = convert.convert_to_tensor(frequency_weights, name="frequency_weights")
        is_half = x.dtype == dtypes.float16
        if is_half:
            x = math_ops.cast(x, dtypes.float32)
        if weights.dtype != x.dtype:
            weights = math_ops.cast(weights, x.dtype)
        total = math_ops.reduce_sum(weights * x, axes, name="weighted_input_sum", keepdims=True)
        broadcast = weights + array_ops.zeros_like(x)
        weight = math_ops.reduce_sum(broadcast, axes, name="sum_of_weights", keepdims=True)
        divisor = math_ops.reciprocal(weight, name="inv_weight_sum")
        mean = math_ops.multiply(total, divisor)
        distance = math_ops.reduce_sum(
            weights * math_ops.squared_difference(x, mean),
            axes,
            name="weighted_distsq",
            keepdims=True,
        )
        variance = math_ops.multiply(distance, divisor)
        if not keep:
            mean = array_ops.squeeze(mean, axis=axes)
            variance = array_ops.squeeze(variance, axis=axes)
        if is_half:
            return math_ops.cast(mean, dtypes.float16), math_ops.cast(variance, dtypes.float16)
        return mean, variance


@public("nn.sufficient_statistics")
def sufficient_statistics(
    x: Any,
    axes: Any,
    shift: Any = None,
    keep_dims: Any = None,
    name: str | None = None,
    keepdims: Any = None,
) -> tuple[Any, ...]:
    """(count, sum, sum of squares, shift) along `axes`, from which `normalize_moments` gives
    moments.

    Args:
      x: a float tensor.
      axes: the axes to reduce.
      shift: a value near the mean, taken off first for precision; None for none.
      keep_dims: keep reduced axes with size 1; `keepdims` is its newer name.
      name: the name scope.
    """
    axes = list(set(axes))
    keep = arguments.renamed("keepdims", keepdims, "keep_dims", keep_dims) or False
    with scopes.name_scope(name, "sufficient_statistics", [x, shift]):
        x = convert.convert_to_tensor(x, name="x")
        counts = _count(x, axes)
        if shift is not None:
            shift = convert.convert_to_tensor(shift, name="shift")
            first = math_ops.subtract(x, shift)
            second = math_ops.squared_difference(x, shift)
        else:
            first, second = x, math_ops.square(x)
        first = math_ops.reduce_sum(first, axes, keepdims=keep, name="mean_ss")
        second = math_ops.reduce_sum(second, axes, keepdims=keep, name="var_ss")
    return counts, first, second, shift


def _count(x: Any, axes: list[int]) -> Any:
    sizes = None if x.get_shape().ndims is None else x.get_shape().as_list()
    if sizes is not None and all(sizes[axis] is not None for axis in axes):
        count = 1
        for axis in axes:
            count *= sizes[axis]
        return convert.constant(count, dtype=x.dtype)
    gathered = array_ops.gather(math_ops.cast(array_ops.shape(x), x.dtype), axes)
    return math_ops.reduce_prod(gathered, name="count")


@public("nn.normalize_moments")
def normalize_moments(
    counts: Any, mean_ss: Any, variance_ss: Any, shift: Any, name: str | None = None
) -> tuple[Any, Any]:
    """(mean, variance) of what `sufficient_statistics` gave."""
    with scopes.name_scope(name, "normalize", [counts, mean_ss, variance_ss, shift]):
        divisor = math_ops.reciprocal(counts, name="divisor")
        if shift is not None:
            shifted = math_ops.multiply(mean_ss, divisor, name="shifted_mean")
            mean = math_ops.add(shifted, shift, name="mean")
        else:
            mean = shifted = math_ops.multiply(mean_ss, divisor, name="mean")
        scaled = math_ops.multiply(variance_ss, divisor)
        variance = math_ops.subtract(scaled, math_ops.square(shifted), name="variance")
    return mean, variance
