"""Counting numbers: bincount, histograms, and the bucket that a number falls into."""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import (
    clip,
    math_binary,
    math_cast,
    math_divide,
    math_unary,
    reduce_axes,
    reduce_segments,
)


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _bincount_shape(c: Any) -> infer.Shape:
    infer.with_rank(c.shapes[1], 0)
    size = c.value(1)
    if size is not None and size < 0:
        raise ValueError(f"size ({size}) must be non-negative")
    return (None if size is None else int(size),)


@op("Bincount", infer=_bincount_shape)
def bincount_op(arr, size, weights, *, T):
    """How often each of 0, 1, ... size - 1 occurs, or the sum of its weights;
    larger numbers are left out.
    """
    n = int(size)
    if n < 0:
        raise _invalid(f"size ({n}) must be non-negative")
    flat = arr.reshape(-1)
    if arr.device.type == "cpu" and bool((flat < 0).any()):
        raise _invalid("Input arr must be non-negative!")
    values = weights.reshape(-1) if weights.numel() else torch.ones_like(flat, dtype=T.torch)
    places = torch.where(flat < n, flat, n)
    return torch.zeros(n + 1, dtype=T.torch, device=arr.device).index_add_(0, places, values)[:n]


@public("bincount", "math.bincount")
def bincount(
    arr: Any,
    weights: Any = None,
    minlength: Any = None,
    maxlength: Any = None,
    dtype: Any = dtypes.int32,
) -> Any:
    """How often each of 0, 1, ... occurs in an int32 tensor, or the sum of its weights.

    Args:
      arr: numbers that are not negative.
      weights: a weight for each; default: 1.
      minlength: the least length of the result.
      maxlength: the greatest length; larger numbers are left out.
      dtype: the type of the counts, if there are no weights.
    """
    with scopes.name_scope("bincount"):
        arr = convert.convert_to_tensor(arr, dtypes.int32, "arr")
        is_filled = reduce_axes.reduce_prod(array_ops.shape(arr)) > 0
        size = math_cast.cast(is_filled, dtypes.int32) * (reduce_axes.reduce_max(arr) + 1)
        if minlength is not None:
            size = math_binary.maximum(
                convert.convert_to_tensor(minlength, dtypes.int32, "minlength"), size
            )
        if maxlength is not None:
            size = math_binary.minimum(
                convert.convert_to_tensor(maxlength, dtypes.int32, "maxlength"), size
            )
        if weights is not None:
            weights = convert.convert_to_tensor(weights, name="weights")
            return reduce_segments.unsorted_segment_sum(weights, arr, size)
        return bincount_op(arr, size, convert.constant([], dtype))


def _histogram_shape(c: Any) -> infer.Shape:
    limits = infer.with_rank(c.shapes[1], 1)
    if limits[0] not in (None, 2):
        raise ValueError(f"Dimension must be 2 but is {limits[0]}")
    infer.with_rank(c.shapes[2], 0)
    nbins = c.value(2)
    if nbins is not None and nbins <= 0:
        raise ValueError(f"Requires nbins > 0: {nbins}")
    return (None if nbins is None else int(nbins),)


@op("HistogramFixedWidth", infer=_histogram_shape)
def histogram_fixed_width_op(values, value_range, nbins, *, dtype=dtypes.int32):
    """How many values fall into each of nbins equal parts of a range;
    outer values count for the outer parts.
    """
    n = int(nbins)
    if n <= 0:
        raise _invalid(f"nbins should be a positive number, but got '{n}'")
    low, high = value_range[0], value_range[1]
    if values.device.type == "cpu" and bool(low >= high):
        raise _invalid(
            f"value_range should satisfy value_range[0] < value_range[1], but got '[{low:g}, "
            f"{high:g}]'"
        )
    step = (high - low).to(torch.float64) / n
    places = (
        ((values - low) / step.to(values.dtype)).to(torch.float64).clamp(0, n - 1).to(torch.int64)
    )
    return torch.bincount(places.reshape(-1), minlength=n).to(dtype.torch)


@public("histogram_fixed_width")
def histogram_fixed_width(
    values: Any,
    value_range: Any,
    nbins: Any = 100,
    dtype: Any = dtypes.int32,
    name: str | None = None,
) -> Any:
    """How many values fall into each of `nbins` equal parts of a range: [nbins]."""
    with scopes.name_scope(name, "histogram_fixed_width", [values, value_range, nbins]) as scope:
        return histogram_fixed_width_op(values, value_range, nbins, dtype=dtype, name=scope)


@public("histogram_fixed_width_bins")
def histogram_fixed_width_bins(
    values: Any,
    value_range: Any,
    nbins: Any = 100,
    dtype: Any = dtypes.int32,
    name: str | None = None,
) -> Any:
    """The part of a range, of `nbins` equal ones, into which each value falls;
    in the shape of the values.
    """
    with scopes.name_scope(name, "histogram_fixed_width_bins", [values, value_range, nbins]):
        values = convert.convert_to_tensor(values, name="values")
        shape = array_ops.shape(values)
        values = array_ops.reshape(values, [-1])
        value_range = convert.convert_to_tensor(value_range, name="value_range")
        nbins = convert.convert_to_tensor(nbins, dtypes.int32, "nbins")
        count = math_cast.cast(nbins, values.dtype)
        distance = values - value_range[0]
        scaled = math_divide.truediv(
            distance, value_range[1] - value_range[0], name="scaled_values"
        )
        places = math_unary.floor(count * scaled, name="indices")
        places = math_cast.cast(clip.clip_by_value(places, 0, count - 1), dtypes.int32)
        return array_ops.reshape(places, shape)


@op("Bucketize", infer=infer.same)
def bucketize_op(input, *, boundaries):
    """How many of the sorted boundaries are not larger than each number."""
    limits = torch.tensor(list(boundaries), dtype=torch.float32, device=input.device)
    return torch.bucketize(
        input.to(torch.promote_types(input.dtype, torch.float32)),
        limits,
        right=True,
        out_int32=True,
    )


_bucketize = bucketize_op  # an inner name of TensorFlow's that programs import
