"""Reductions of rows by the segment that each row belongs to: sorted, unsorted, and of chosen rows.

Of chosen rows: reduce_sparse_segments.py.
"""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math_binary, math_cast, math_divide, math_logic, math_unary, reduce


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


# Sorted segments.


def _sorted_shape(c: Any) -> infer.Shape:
    data = infer.with_rank_at_least(c.shapes[0], 1)
    infer.with_rank(c.shapes[1], 1)
    return None if data is None else (None, *data[1:])


def count(ids: torch.Tensor, limit: int | None = None) -> int:
    """How many segments sorted ids name, or `limit` if that is given.

    Raises:
      InvalidArgumentError: the ids are not sorted, or out of range.
    """
    if not ids.numel():
        return limit or 0
    n = int(ids[-1]) + 1 if limit is None else limit
    if n <= 0:
        raise _invalid("segment ids must be >= 0")
    if int(ids[0]) < 0 or bool((ids[1:] < ids[:-1]).any()):
        _refuse_order(ids.tolist(), n)
    return n


def _refuse_order(ids: list[int], n: int) -> None:
    """Raise TensorFlow's error for the first segment that is out of order or out of range."""
    for i, one in enumerate(ids):
        after = ids[i + 1] if i + 1 < len(ids) else None
        if after == one:
            continue
        if after is not None and after < one:
            raise _invalid("segment ids are not increasing")
        if not 0 <= one < n:
            raise _invalid(
                f"Segment id {one} out of range [0, {n}), possibly because 'segment_ids' input is "
                "not sorted."
            )


def _checked(data: torch.Tensor, ids: torch.Tensor) -> int:
    if ids.dim() != 1:
        raise _invalid("segment_ids should be a vector.")
    if not data.dim() or ids.shape[0] != data.shape[0]:
        raise _invalid("segment_ids should be the same size as dimension 0 of input.")
    return count(ids)


def summed(data: torch.Tensor, ids: torch.Tensor, n: int) -> torch.Tensor:
    """The sum of the rows of each of n segments."""
    out = torch.zeros((n, *data.shape[1:]), dtype=data.dtype, device=data.device)
    return out.index_add_(0, ids, data)


def combined(data: torch.Tensor, ids: torch.Tensor, n: int, how: str, start: Any) -> torch.Tensor:
    """The rows of each of n segments combined ("prod", "amax", "amin") from a start value."""
    out = torch.full((n, *data.shape[1:]), start, dtype=data.dtype, device=data.device)
    places = ids.to(torch.int64).reshape((-1,) + (1,) * (data.dim() - 1)).expand(data.shape)
    return out.scatter_reduce_(0, places, data, how)


def counts(ids: torch.Tensor, n: int, rank: int, dtype: torch.dtype) -> torch.Tensor:
    """How many rows each of n segments has, at least 1: [n, 1, 1, ...]."""
    found = torch.bincount(ids, minlength=n).clamp(min=1).to(dtype)
    return found.reshape((n,) + (1,) * (rank - 1))


@op("SegmentSum", public="segment_sum math.segment_sum", infer=_sorted_shape)
def segment_sum(data, segment_ids):
    """The sum of the rows of each segment; ids are sorted."""
    return summed(data, segment_ids, _checked(data, segment_ids))


@op("SegmentMean", public="segment_mean math.segment_mean", infer=_sorted_shape)
def segment_mean(data, segment_ids):
    """The mean of the rows of each segment; ids are sorted."""
    n = _checked(data, segment_ids)
    size = counts(segment_ids, n, data.dim(), data.dtype)
    mode = None if data.is_floating_point() or data.is_complex() else "trunc"
    return torch.div(summed(data, segment_ids, n), size, rounding_mode=mode)


@op("SegmentProd", public="segment_prod math.segment_prod", infer=_sorted_shape)
def segment_prod(data, segment_ids):
    """The product of the rows of each segment; ids are sorted."""
    return combined(data, segment_ids, _checked(data, segment_ids), "prod", 1)


def _sorted_extreme(data: torch.Tensor, ids: torch.Tensor, how: str, start: Any) -> torch.Tensor:
    """Extremes of segments; 0 where a segment has no rows."""
    n = _checked(data, ids)
    out = combined(data, ids, n, how, start)
    empty = torch.bincount(ids, minlength=n) == 0
    return out.masked_fill(empty.reshape((n,) + (1,) * (data.dim() - 1)), 0)


@op("SegmentMax", public="segment_max math.segment_max", infer=_sorted_shape)
def segment_max(data, segment_ids):
    """The maximum of the rows of each segment; ids are sorted."""
    return _sorted_extreme(data, segment_ids, "amax", reduce.limits(data.dtype)[0])


@op("SegmentMin", public="segment_min math.segment_min", infer=_sorted_shape)
def segment_min(data, segment_ids):
    """The minimum of the rows of each segment; ids are sorted."""
    return _sorted_extreme(data, segment_ids, "amin", reduce.limits(data.dtype)[1])


@segment_sum.gradient
def segment_sum_gradient(op, dy):
    return array_ops.gather(dy, op.inputs[1]), None


@segment_mean.gradient
def segment_mean_gradient(op, dy):
    rank = array_ops.rank(op.inputs[0])
    ids = array_ops.shape(op.inputs[1])
    ones_shape = array_ops.concat([ids, array_ops.fill(array_ops.expand_dims(rank - 1, 0), 1)], 0)
    ones = array_ops.fill(ones_shape, convert.constant(1, dy.dtype.base_dtype))
    scaled = math_divide.divide(dy, segment_sum(ones, op.inputs[1]))
    return array_ops.gather(scaled, op.inputs[1]), None


@segment_min.gradient
@segment_max.gradient
def segment_extreme_gradient(op, dy):
    data, ids = op.inputs
    zeros = array_ops.zeros_like(data, dtype=data.dtype)
    chosen = math_logic.equal(data, array_ops.gather(op.outputs[0], ids))
    count = segment_sum(math_cast.cast(chosen, dy.dtype), ids)
    spread = array_ops.gather(math_divide.divide(dy, count), ids)
    return array_ops.where(chosen, spread, zeros), None


# Unsorted segments.


def _unsorted_shape(c: Any) -> infer.Shape:
    infer.with_rank(c.shapes[2], 0)
    data, ids = c.shapes[0], c.shapes[1]
    if ids is None:
        return None
    n = c.value(2)
    if n is not None and n < 0:
        raise ValueError(
            f"Dimension size, given by scalar input 2, must be non-negative but is {n}"
        )
    if data is None:
        return None
    infer.with_rank_at_least(data, len(ids))
    for a, b in zip(data, ids, strict=False):
        infer.merge_dim(a, b)
    return (None if n is None else int(n), *data[len(ids) :])


def _rows(data: torch.Tensor, ids: torch.Tensor, n: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The rows and their segments in one list; rows without a segment go to one more, the n-th.

    Raises:
      InvalidArgumentError: the ids do not go with the rows, or one is n or more.
    """
    if tuple(data.shape[: ids.dim()]) != tuple(ids.shape):
        raise _invalid(
            f"data.shape = {infer.show(tuple(data.shape))} does not start with segment_ids.shape = "
            f"{infer.show(tuple(ids.shape))}"
        )
    if n < 0:
        raise _invalid(f"Input num_segments == {n} must not be negative.")
    flat = ids.reshape(-1)
    rows = data.reshape(ids.numel(), *data.shape[ids.dim() :])
    outside = flat >= n
    if ids.device.type == "cpu" and bool(outside.any()):
        raise _invalid(
            f"segment_ids{_place(int(outside.nonzero()[0]), ids.shape)} = "
            f"{int(flat[outside][0])} is out of range [0, {n})"
        )
    return rows, torch.where((flat < 0) | outside, n, flat)


def _place(at: int, shape: Any) -> str:
    """The indices of a flat place: "[1,2]", "" in a scalar."""
    found: list[int] = []
    for size in reversed(shape):
        found.insert(0, at % size)
        at //= size
    return f"[{','.join(map(str, found))}]" if found else ""


@op(
    "UnsortedSegmentSum",
    public="unsorted_segment_sum math.unsorted_segment_sum",
    infer=_unsorted_shape,
)
def unsorted_segment_sum(data, segment_ids, num_segments):
    """The sum of the rows of each segment; negative ids are left out."""
    n = int(num_segments)
    rows, ids = _rows(data, segment_ids, n)
    return summed(rows, ids, n + 1)[:n]


@op(
    "UnsortedSegmentProd",
    public="unsorted_segment_prod math.unsorted_segment_prod",
    infer=_unsorted_shape,
)
def unsorted_segment_prod(data, segment_ids, num_segments):
    """The product of the rows of each segment; negative ids are left out."""
    n = int(num_segments)
    rows, ids = _rows(data, segment_ids, n)
    return combined(rows, ids, n + 1, "prod", 1)[:n]


@op(
    "UnsortedSegmentMax",
    public="unsorted_segment_max math.unsorted_segment_max",
    infer=_unsorted_shape,
)
def unsorted_segment_max(data, segment_ids, num_segments):
    """The maximum of the rows of each segment, the lowest number without rows;
    negative ids are left out.
    """
    n = int(num_segments)
    rows, ids = _rows(data, segment_ids, n)
    return combined(rows, ids, n + 1, "amax", _limits(data.dtype).min)[:n]


@op(
    "UnsortedSegmentMin",
    public="unsorted_segment_min math.unsorted_segment_min",
    infer=_unsorted_shape,
)
def unsorted_segment_min(data, segment_ids, num_segments):
    """The minimum of the rows of each segment, the highest number without rows;
    negative ids are left out.
    """
    n = int(num_segments)
    rows, ids = _rows(data, segment_ids, n)
    return combined(rows, ids, n + 1, "amin", _limits(data.dtype).max)[:n]


def _limits(dtype: torch.dtype) -> Any:
    return torch.finfo(dtype) if dtype.is_floating_point else torch.iinfo(dtype)


def _gathered(params, ids, clipped=None, is_valid=None):
    """The row of each id, zeros for negative ones;
    with the ids raised to 0 and which were not negative.
    """
    if clipped is None:
        clipped = math_binary.maximum(ids, array_ops.zeros_like(ids))
    rows = array_ops.gather(params, clipped)
    if is_valid is None:
        is_valid = math_logic.greater_equal(ids, 0)
        for _ in range(rows.shape.ndims - is_valid.shape.ndims):
            is_valid = array_ops.expand_dims(is_valid, -1)
        is_valid = is_valid & array_ops.ones_like(rows, dtype=dtypes.bool_)
    zeros = array_ops.zeros_like(rows)
    return array_ops.where(is_valid, rows, zeros), clipped, is_valid


@unsorted_segment_sum.gradient
def unsorted_sum_gradient(op, dy):
    return _gathered(dy, op.inputs[1])[0], None, None


@unsorted_segment_max.gradient
@unsorted_segment_min.gradient
def unsorted_extreme_gradient(op, dy):
    data, ids, n = op.inputs
    rows, clipped, is_valid = _gathered(op.outputs[0], ids)
    chosen = math_logic.logical_and(math_logic.equal(data, rows), is_valid)
    count = unsorted_segment_sum(math_cast.cast(chosen, dy.dtype), ids, n)
    spread, _, _ = _gathered(math_divide.divide(dy, count), None, clipped, is_valid)
    return array_ops.where(chosen, spread, array_ops.zeros_like(spread)), None, None


@unsorted_segment_prod.gradient
def unsorted_prod_gradient(op, dy):
    """The product of the others: by division, or without the one zero of a segment;
    0 where there are two.
    """
    data, ids, n = op.inputs
    is_zero = math_logic.equal(data, 0)
    zeros = unsorted_segment_sum(math_cast.cast(is_zero, dtypes.int32), ids, n)
    dy = array_ops.where(math_logic.greater(zeros, 1), array_ops.zeros_like(dy), dy)
    others = array_ops.where(is_zero, array_ops.ones_like(data), data)
    product = unsorted_segment_prod(others, ids, n)
    clipped = math_binary.maximum(ids, array_ops.zeros_like(ids))
    whole = array_ops.gather(op.outputs[0], clipped)
    without_zero = array_ops.gather(product, clipped)
    part = array_ops.where(is_zero, without_zero, whole / data)
    return _gathered(dy, ids, clipped)[0] * part, None, None


def _sizes(data, ids, n):
    """How many rows each segment has, at least 1, shaped to divide the sums."""
    ones = array_ops.ones(array_ops.shape_internal(ids), dtype=data.dtype)
    count = unsorted_segment_sum(ones, ids, n)
    shape = [n] + [1] * (data.shape.ndims - ids.shape.ndims)
    return math_binary.maximum(array_ops.reshape(count, shape), 1)


@public("unsorted_segment_mean", "math.unsorted_segment_mean")
def unsorted_segment_mean(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Any:
    """The mean of the rows of each segment; negative ids are left out."""
    with scopes.name_scope(name, "UnsortedSegmentMean"):
        data, segment_ids = convert.convert_to_tensor(data), convert.convert_to_tensor(segment_ids)
        size = _sizes(data, segment_ids, num_segments)
        return unsorted_segment_sum(data, segment_ids, num_segments) / size


@public("unsorted_segment_sqrt_n", "math.unsorted_segment_sqrt_n")
def unsorted_segment_sqrt_n(
    data: Any, segment_ids: Any, num_segments: Any, name: str | None = None
) -> Any:
    """The sum of the rows of each segment over the square root of their number;
    negative ids are left out.
    """
    with scopes.name_scope(name, "UnsortedSegmentSqrtN"):
        data, segment_ids = convert.convert_to_tensor(data), convert.convert_to_tensor(segment_ids)
        size = _sizes(data, segment_ids, num_segments)
        total = unsorted_segment_sum(data, segment_ids, num_segments)
        return total / math_unary.sqrt(size)
