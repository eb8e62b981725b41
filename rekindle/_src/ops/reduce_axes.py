"""The reductions that users call: `tf.reduce_sum` and its kin,
with the old names of their arguments.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math_binary, math_cast, math_logic, math_ranges, math_unary, reduce
from rekindle._src.ops.arguments import renamed


def axes_to_reduce(x: Any, axis: Any) -> Any:
    """The axes to reduce along: those given, else all."""
    if axis is not None:
        return axis
    if isinstance(x, Tensor) and x._static_shape is not None:
        return convert.constant(np.arange(len(x._static_shape)), dtypes.int32)
    return math_ranges.range(0, array_ops.rank(x))


def _known_scalar(keepdims: Any, axis: Any, output: Tensor) -> Tensor:
    if not keepdims and axis is None and not output.shape.is_fully_defined():
        output.set_shape(())
    return output


def _reduce(block: Any, x: Any, axis: Any, keepdims: Any, name: str | None) -> Tensor:
    keepdims = False if keepdims is None else keepdims
    return _known_scalar(keepdims, axis, block(x, axes_to_reduce(x, axis), keepdims, name=name))


def _old(
    block: Any, x: Any, axes: tuple[Any, Any], keeps: tuple[Any, Any], name: str | None
) -> Tensor:
    axis = renamed("axis", axes[0], "reduction_indices", axes[1])
    return _reduce(block, x, axis, renamed("keepdims", keeps[0], "keep_dims", keeps[1]), name)


@public("reduce_sum", "math.reduce_sum")
def reduce_sum(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """The sum along axes, all of them by default:
    without these axes, or with size 1 there if `keepdims`.
    """
    return _old(reduce.sum_op, input_tensor, (axis, reduction_indices), (keepdims, keep_dims), name)


@public("reduce_mean", "math.reduce_mean")
def reduce_mean(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """The mean along axes, all of them by default:
    without these axes, or with size 1 there if `keepdims`.
    """
    return _old(reduce.mean, input_tensor, (axis, reduction_indices), (keepdims, keep_dims), name)


@public("reduce_prod", "math.reduce_prod")
def reduce_prod(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """The product along axes, all of them by default:
    without these axes, or with size 1 there if `keepdims`.
    """
    return _old(reduce.prod, input_tensor, (axis, reduction_indices), (keepdims, keep_dims), name)


@public("reduce_max", "math.reduce_max")
def reduce_max(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """The maximum along axes, all of them by default:
    without these axes, or with size 1 there if `keepdims`.
    """
    return _old(reduce.max_op, input_tensor, (axis, reduction_indices), (keepdims, keep_dims), name)


@public("reduce_min", "math.reduce_min")
def reduce_min(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """The minimum along axes, all of them by default:
    without these axes, or with size 1 there if `keepdims`.
    """
    return _old(reduce.min_op, input_tensor, (axis, reduction_indices), (keepdims, keep_dims), name)


@public("reduce_all", "math.reduce_all")
def reduce_all(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """True where all along the axes are, all axes by default."""
    return _old(reduce.all_op, input_tensor, (axis, reduction_indices), (keepdims, keep_dims), name)


@public("reduce_any", "math.reduce_any")
def reduce_any(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """True where one along the axes is, all axes by default."""
    return _old(reduce.any_op, input_tensor, (axis, reduction_indices), (keepdims, keep_dims), name)


@public("math.reduce_euclidean_norm")
def reduce_euclidean_norm(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The square root of the sum of squares along axes, all of them by default."""
    return _reduce(reduce.euclidean_norm, input_tensor, axis, keepdims, name)


@public("math.reduce_variance")
def reduce_variance(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The mean of the squared distances from the mean, along axes, all of them by default."""
    with scopes.name_scope(name or "reduce_variance"):
        means = reduce_mean(input_tensor, axis=axis, keepdims=True)
        squares = math_unary.square(input_tensor - means)
        return reduce_mean(squares, axis=axis, keepdims=keepdims)


@public("math.reduce_std")
def reduce_std(
    input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None
) -> Tensor:
    """The square root of the variance along axes, all of them by default."""
    with scopes.name_scope(name or "reduce_std"):
        return math_unary.sqrt(reduce_variance(input_tensor, axis=axis, keepdims=keepdims))


@public("reduce_logsumexp", "math.reduce_logsumexp")
def reduce_logsumexp(
    input_tensor: Any,
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
) -> Tensor:
    """log(sum(exp(x))) along axes, all of them by default; does not overflow."""
    axis = renamed("axis", axis, "reduction_indices", reduction_indices)
    keepdims = renamed("keepdims", keepdims, "keep_dims", keep_dims) or False
    x = convert.convert_to_tensor(input_tensor)
    with scopes.name_scope(name, "ReduceLogSumExp", [x]):
        top = reduce_max(x, axis=axis, keepdims=True)
        finite = math_unary.is_finite(top)
        top = array_ops.stop_gradient(array_ops.where(finite, top, array_ops.zeros_like(top)))
        out = math_unary.log(
            reduce_sum(math_unary.exp(math_binary.sub(x, top)), axis, keepdims=keepdims)
        )
        if not keepdims:
            top = array_ops.reshape(top, array_ops.shape(out))
        return _known_scalar(keepdims, axis, math_binary.add(out, top))


@public("count_nonzero", "math.count_nonzero")
def count_nonzero(
    input_tensor: Any = None,
    axis: Any = None,
    keepdims: Any = None,
    dtype: Any = dtypes.int64,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: Any = None,
    input: Any = None,
) -> Tensor:
    """How many elements along the axes are not zero (or empty strings), all axes by default."""
    keepdims = renamed("keepdims", keepdims, "keep_dims", keep_dims) or False
    x = renamed("input_tensor", input_tensor, "input", input)
    axis = renamed("axis", axis, "reduction_indices", reduction_indices)
    with scopes.name_scope(name, "count_nonzero", [x]):
        x = convert.convert_to_tensor(x, name="input")
        zero = array_ops.zeros([], dtype=x.dtype)
        counted = math_cast.cast(math_logic.not_equal(x, zero), dtypes.int64)
        return math_cast.cast(reduce_sum(counted, axis=axis, keepdims=keepdims), dtype=dtype)


@public("argmax", "math.argmax")
def argmax(
    input: Any,
    axis: Any = None,
    name: str | None = None,
    dimension: Any = None,
    output_type: Any = dtypes.int64,
) -> Tensor:
    """The index of the largest element along an axis, 0 by default."""
    axis = renamed("axis", axis, "dimension", dimension)
    return reduce.arg_max(input, 0 if axis is None else axis, output_type=output_type, name=name)


@public("argmin", "math.argmin")
def argmin(
    input: Any,
    axis: Any = None,
    name: str | None = None,
    dimension: Any = None,
    output_type: Any = dtypes.int64,
) -> Tensor:
    """The index of the smallest element along an axis, 0 by default."""
    axis = renamed("axis", axis, "dimension", dimension)
    return reduce.arg_min(input, 0 if axis is None else axis, output_type=output_type, name=name)


def reduced_shape(input_shape: Any, axes: Any) -> Tensor:
    """The shape of a reduction that keeps its axes."""
    input_shape = math_cast.cast(input_shape, dtypes.int32)
    axes = math_cast.cast(axes, dtypes.int32)
    rank = array_ops.size(input_shape)
    axes = (axes + rank) % rank
    axes_shape = array_ops.shape(axes)
    every = math_ranges.range(rank)
    return array_ops.dynamic_stitch([every, axes], [input_shape, array_ops.fill(axes_shape, 1)])
