"""Reductions along axes: sum, mean, product, extremes, logic, and where the extremes are.

The functions that users call are in reduce_axes.py, gradients in reduce_gradients.py, reductions of
segments in reduce_segments.py; this file holds the blocks and gives all of their names.
"""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import dtypes, infer
from rekindle._src.graph.opdef import op


def _reduced(c: Any) -> infer.Shape:
    """The input's shape without the reduced axes."""
    infer.with_rank_at_most(c.shapes[1], 1)
    shape, axes, keep = c.shapes[0], c.value(1), c.attr("keep_dims")
    if shape is None or axes is None:
        return (None,) * len(shape) if keep and shape is not None else None
    rank = len(shape)
    gone = set()
    for axis in axes.reshape(-1).tolist():
        if not -rank <= axis < rank:
            raise ValueError(
                f"Invalid reduction dimension {axis} for input with {rank} dimensions."
            )
        gone.add(axis % rank)
    return tuple(1 if i in gone else d for i, d in enumerate(shape) if keep or i not in gone)


def is_plain(axes: torch.Tensor) -> bool:
    """True if no two axes can be the same one: all differ, and all count from the same end."""
    found = axes.reshape(-1).tolist()
    return len({a < 0 for a in found}) == 1 and len(set(found)) == len(found)


def along(function: Any, x: torch.Tensor, axes: torch.Tensor, keep: bool) -> torch.Tensor:
    """A reduction along axes that may be none, or the same one several times."""
    rank, found = x.dim(), axes.reshape(-1).tolist()
    if any(not -rank <= a < rank for a in found):
        raise IndexError("there is no such axis")
    gone = sorted({a % rank for a in found})
    return function(x, gone, keepdim=keep) if gone else x.clone()


@op("Sum", infer=_reduced)
def sum_op(input, reduction_indices, *, keep_dims=False, T):
    """The sum along axes."""
    return (
        torch.sum(input, reduction_indices.tolist(), keepdim=keep_dims, dtype=T.torch)
        if is_plain(reduction_indices)
        else along(total, input, reduction_indices, keep_dims)
    )


def total(x: torch.Tensor, axes: list[int], keepdim: bool) -> torch.Tensor:
    """The sum along axes in the type of x."""
    return torch.sum(x, axes, keepdim=keepdim, dtype=x.dtype)


@op("Mean", infer=_reduced)
def mean(input, reduction_indices, *, keep_dims=False, T):
    """The mean along axes; of integers, cut off."""
    return (
        torch.mean(input, reduction_indices.tolist(), keepdim=keep_dims)
        if is_plain(reduction_indices) and not T.is_integer
        else along(
            integer_mean if T.is_integer else torch.mean, input, reduction_indices, keep_dims
        )
    )


def integer_mean(x: torch.Tensor, axes: list[int], keepdim: bool) -> torch.Tensor:
    """The mean of integers along axes, cut off."""
    out = total(x, axes, keepdim)
    return torch.div(out, x.numel() // max(out.numel(), 1), rounding_mode="trunc")


@op("Prod", infer=_reduced)
def prod(input, reduction_indices, *, keep_dims=False, T):
    """The product along axes."""
    return (
        torch.prod(input, reduction_indices.tolist()[0], keepdim=keep_dims, dtype=T.torch)
        if reduction_indices.dim() and reduction_indices.numel() == 1
        else along(product, input, reduction_indices, keep_dims)
    )


def product(x: torch.Tensor, axes: list[int], keepdim: bool) -> torch.Tensor:
    """The product along several axes."""
    for axis in reversed(axes):
        x = torch.prod(x, axis, keepdim=keepdim, dtype=x.dtype)
    return x


@op("Max", infer=_reduced)
def max_op(input, reduction_indices, *, keep_dims=False):
    """The maximum along axes; of no elements, the lowest number."""
    return (
        torch.amax(input, reduction_indices.tolist(), keepdim=keep_dims)
        if input.numel() and is_plain(reduction_indices)
        else along(highest, input, reduction_indices, keep_dims)
    )


@op("Min", infer=_reduced)
def min_op(input, reduction_indices, *, keep_dims=False):
    """The minimum along axes; of no elements, the highest number."""
    return (
        torch.amin(input, reduction_indices.tolist(), keepdim=keep_dims)
        if input.numel() and is_plain(reduction_indices)
        else along(lowest, input, reduction_indices, keep_dims)
    )


def limits(dtype: torch.dtype) -> tuple[Any, Any]:
    """What the maximum and the minimum of no elements are."""
    if dtype.is_floating_point:
        return -torch.inf, torch.inf
    return torch.iinfo(dtype).min, torch.iinfo(dtype).max


def highest(x: torch.Tensor, axes: list[int], keepdim: bool) -> torch.Tensor:
    """The maximum along axes."""
    return (
        torch.amax(x, axes, keepdim=keepdim)
        if x.numel()
        else filled(x, axes, keepdim, limits(x.dtype)[0])
    )


def lowest(x: torch.Tensor, axes: list[int], keepdim: bool) -> torch.Tensor:
    """The minimum along axes."""
    return (
        torch.amin(x, axes, keepdim=keepdim)
        if x.numel()
        else filled(x, axes, keepdim, limits(x.dtype)[1])
    )


def filled(x: torch.Tensor, axes: list[int], keepdim: bool, value: Any) -> torch.Tensor:
    """What a reduction of no elements gives."""
    sizes = [1 if i in axes else d for i, d in enumerate(x.shape) if keepdim or i not in axes]
    return torch.full(sizes, value, dtype=x.dtype, device=x.device)


@op("All", infer=_reduced)
def all_op(input, reduction_indices, *, keep_dims=False):
    """True where all along the axes are."""
    return (
        torch.all(input, reduction_indices.tolist(), keepdim=keep_dims)
        if is_plain(reduction_indices)
        else along(torch.all, input, reduction_indices, keep_dims)
    )


@op("Any", infer=_reduced)
def any_op(input, reduction_indices, *, keep_dims=False):
    """True where one along the axes is."""
    return (
        torch.any(input, reduction_indices.tolist(), keepdim=keep_dims)
        if is_plain(reduction_indices)
        else along(torch.any, input, reduction_indices, keep_dims)
    )


@op("EuclideanNorm", infer=_reduced)
def euclidean_norm(input, reduction_indices, *, keep_dims=False):
    """The square root of the sum of squares along axes."""
    return along(euclidean, input, reduction_indices, keep_dims)


def euclidean(x: torch.Tensor, axes: list[int], keepdim: bool) -> torch.Tensor:
    """The square root of the sum of squares along axes, in the type of x."""
    return torch.sqrt(torch.sum(x * torch.conj_physical(x), axes, keepdim=keepdim)).to(x.dtype)


euclidean_norm.no_gradient()


def _refusal(input, reduction_indices, **_):
    """An axis is not one of the input's."""
    for axis in reduction_indices.reshape(-1).tolist():
        if not -input.dim() <= axis < input.dim():
            raise errors.InvalidArgumentError(
                None,
                None,
                f"Invalid reduction dimension ({axis} for input with {input.dim()} dimension(s)",
            )


for _block in (sum_op, mean, prod, max_op, min_op, all_op, any_op, euclidean_norm):
    _block.refusal(_refusal)


def _without_axis(c: Any) -> infer.Shape:
    """The input's shape without one axis."""
    infer.with_rank(c.shapes[1], 0)
    shape = c.shapes[0]
    if shape is None:
        return None
    rank = len(shape)
    if rank <= 1:
        return ()
    axis = c.value(1)
    if axis is None:
        return (None,) * (rank - 1)
    if not -rank <= axis < rank:
        raise ValueError(
            f"Dimension ({axis}) must be in the range [{-rank}, {rank}), where {rank} is the "
            "number of "
            "dimensions in the input."
        )
    axis = int(axis) % rank
    return shape[:axis] + shape[axis + 1 :]


@op("ArgMax", public="arg_max", infer=_without_axis)
def arg_max(input, dimension, *, output_type=dtypes.int64):
    """The index of the largest element along an axis, the first of several."""
    return torch.argmax(input, dimension.tolist()).to(output_type.torch)


@op("ArgMin", public="arg_min", infer=_without_axis)
def arg_min(input, dimension, *, output_type=dtypes.int64):
    """The index of the smallest element along an axis, the first of several."""
    return torch.argmin(input, dimension.tolist()).to(output_type.torch)


def _arg_refusal(input, dimension, **_):
    """The axis is not one of the input's, or has no elements."""
    axis, rank = dimension.tolist(), input.dim()
    if not -rank <= axis < rank:
        raise errors.InvalidArgumentError(
            None, None, f"Expected dimension in the range [{-rank}, {rank}), but got {axis}"
        )
    if not input.shape[axis]:
        raise errors.InvalidArgumentError(
            None, None, f"Reduction axis {axis} is empty in shape {infer.show(tuple(input.shape))}"
        )


for _block in (arg_max, arg_min):
    _block.refusal(_arg_refusal)
    _block.gradient(lambda op, dy: [None, None])
