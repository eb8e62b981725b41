"""Reductions of chosen rows by sorted segments: what embeddings of several ids are made of."""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import reduce_segments


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _shape(c: Any) -> infer.Shape:
    """[segments, ...] of data [rows, ...], indices [n],
    ids [n] and perhaps the number of segments.
    """
    data = infer.with_rank_at_least(c.shapes[0], 1)
    indices = infer.with_rank(c.shapes[1], 1)
    ids = infer.with_rank(c.shapes[2], 1)
    n = None
    if len(c.shapes) == 4:
        infer.with_rank(c.shapes[3], 0)
        n = c.value(3)
    infer.merge(indices, ids)
    if n is not None and n < 0:
        raise ValueError("Cannot specify a negative value for num_segments")
    return None if data is None else (None if n is None else int(n), *data[1:])


def _grad_shape(c: Any) -> infer.Shape:
    data = infer.with_rank_at_least(c.shapes[0], 1)
    infer.merge(c.shapes[2], infer.with_rank(c.shapes[1], 1))
    infer.with_rank(c.shapes[3], 0)
    n = c.value(3)
    if n is not None and n < 0:
        raise ValueError("Cannot specify a negative value for output_dim0")
    return None if data is None else (None if n is None else int(n), *data[1:])


def reduced(
    data: torch.Tensor, indices: torch.Tensor, ids: torch.Tensor, n: int | None, power: float
) -> torch.Tensor:
    """Sums of the chosen rows of each segment, over the number of rows to a power.

    Raises:
      InvalidArgumentError: indices or ids are out of range, or ids are not sorted.
    """
    if indices.dim() != 1:
        raise _invalid("indices should be a vector.")
    if ids.dim() != 1:
        raise _invalid("segment_ids should be a vector.")
    if ids.shape != indices.shape:
        raise _invalid("segment_ids and indices should have same size.")
    count = _count(ids, n)
    outside = (indices < 0) | (indices >= data.shape[0])
    if indices.device.type == "cpu" and bool(outside.any()):
        at = int(outside.nonzero()[0])
        raise _invalid(
            f"Bad: indices[{at}] == {int(indices[at])} out of range [0, {data.shape[0]})"
        )
    out = reduce_segments.summed(torch.index_select(data, 0, indices), ids, count)
    return (
        out / reduce_segments.counts(ids, count, data.dim(), data.dtype) ** power if power else out
    )


def _count(ids: torch.Tensor, n: int | None) -> int:
    if n is not None and n < 0:
        raise _invalid("segment ids must be >= 0")
    if n is not None and ids.device.type != "cpu":
        return n
    if n is not None and ids.numel() and int(ids[-1]) >= n:
        raise _invalid("segment ids must be < num_segments")
    return reduce_segments.count(ids, n)


@op("SparseSegmentSum", infer=_shape)
def sparse_segment_sum_op(data, indices, segment_ids):
    """The sum of the chosen rows of each segment."""
    return reduced(data, indices, segment_ids, None, 0)


@op("SparseSegmentSumWithNumSegments", infer=_shape)
def sparse_segment_sum_with_num_segments(data, indices, segment_ids, num_segments):
    """The sum of the chosen rows of each of a number of segments."""
    return reduced(data, indices, segment_ids, int(num_segments), 0)


@op("SparseSegmentMean", infer=_shape)
def sparse_segment_mean_op(data, indices, segment_ids):
    """The mean of the chosen rows of each segment."""
    return reduced(data, indices, segment_ids, None, 1)


@op("SparseSegmentMeanWithNumSegments", infer=_shape)
def sparse_segment_mean_with_num_segments(data, indices, segment_ids, num_segments):
    """The mean of the chosen rows of each of a number of segments."""
    return reduced(data, indices, segment_ids, int(num_segments), 1)


@op("SparseSegmentSqrtN", infer=_shape)
def sparse_segment_sqrt_n_op(data, indices, segment_ids):
    """The sum of the chosen rows of each segment over the square root of their number."""
    return reduced(data, indices, segment_ids, None, 0.5)


@op("SparseSegmentSqrtNWithNumSegments", infer=_shape)
def sparse_segment_sqrt_n_with_num_segments(data, indices, segment_ids, num_segments):
    """The sum of the chosen rows of each of a number of segments over the square root of their
    number.
    """
    return reduced(data, indices, segment_ids, int(num_segments), 0.5)


def spread(
    dy: torch.Tensor, indices: torch.Tensor, ids: torch.Tensor, rows: int, power: float
) -> torch.Tensor:
    """The gradients of segments carried back to the rows that they were made of.

    Raises:
      InvalidArgumentError: indices or ids are out of range.
    """
    if ids.device.type == "cpu" and ids.numel():
        _check_ids(ids, dy.shape[0])
    outside = (indices < 0) | (indices >= rows)
    if indices.device.type == "cpu" and bool(outside.any()):
        raise _invalid(f"Index {int(indices[outside][0])} out of range [0, {rows}).")
    scaled = dy / reduce_segments.counts(ids, dy.shape[0], dy.dim(), dy.dtype) ** power
    return reduce_segments.summed(torch.index_select(scaled, 0, ids), indices, rows)


def _check_ids(ids: torch.Tensor, n: int) -> None:
    if int(ids[-1]) + 1 > n:
        raise _invalid("Invalid number of segments")
    outside = (ids < 0) | (ids >= n)
    if bool(outside.any()):
        raise _invalid(f"Segment id {int(ids[outside][0])} out of range [0, {n}).")


@op("SparseSegmentMeanGrad", infer=_grad_shape)
def sparse_segment_mean_grad(grad, indices, segment_ids, output_dim0):
    """The gradient of the mean of chosen rows."""
    return spread(grad, indices, segment_ids, int(output_dim0), 1)


@op("SparseSegmentSqrtNGrad", infer=_grad_shape)
def sparse_segment_sqrt_n_grad(grad, indices, segment_ids, output_dim0):
    """The gradient of the sum of chosen rows over the square root of their number."""
    return spread(grad, indices, segment_ids, int(output_dim0), 0.5)


@sparse_segment_sum_op.gradient
@sparse_segment_sum_with_num_segments.gradient
def sum_gradient(op, dy):
    rows = array_ops.shape(op.inputs[0])[0]
    gathered = array_ops.gather(dy, op.inputs[2])
    dx = reduce_segments.unsorted_segment_sum(gathered, op.inputs[1], rows)
    return (dx, *[None] * (len(op.inputs) - 1))


@sparse_segment_mean_op.gradient
@sparse_segment_mean_with_num_segments.gradient
def mean_gradient(op, dy):
    rows = array_ops.shape(op.inputs[0])[0]
    dx = sparse_segment_mean_grad(dy, op.inputs[1], op.inputs[2], rows)
    return (dx, *[None] * (len(op.inputs) - 1))


@sparse_segment_sqrt_n_op.gradient
@sparse_segment_sqrt_n_with_num_segments.gradient
def sqrt_n_gradient(op, dy):
    rows = array_ops.shape(op.inputs[0])[0]
    dx = sparse_segment_sqrt_n_grad(dy, op.inputs[1], op.inputs[2], rows)
    return (dx, *[None] * (len(op.inputs) - 1))


@public("sparse_segment_sum", "sparse.segment_sum")
def sparse_segment_sum(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None, num_segments: Any = None
) -> Any:
    """The sum of the chosen rows of each segment: [rows, ...], [n], [n] -> [segments, ...]."""
    if num_segments is None:
        return sparse_segment_sum_op(data, indices, segment_ids, name=name)
    return sparse_segment_sum_with_num_segments(data, indices, segment_ids, num_segments, name=name)


@public("sparse_segment_mean", "sparse.segment_mean")
def sparse_segment_mean(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None, num_segments: Any = None
) -> Any:
    """The mean of the chosen rows of each segment: [rows, ...], [n], [n] -> [segments, ...]."""
    if num_segments is None:
        return sparse_segment_mean_op(data, indices, segment_ids, name=name)
    return sparse_segment_mean_with_num_segments(
        data, indices, segment_ids, num_segments, name=name
    )


@public("sparse_segment_sqrt_n", "sparse.segment_sqrt_n")
def sparse_segment_sqrt_n(
    data: Any, indices: Any, segment_ids: Any, name: str | None = None, num_segments: Any = None
) -> Any:
    """The sum of the chosen rows of each segment over the square root of their number."""
    if num_segments is None:
        return sparse_segment_sqrt_n_op(data, indices, segment_ids, name=name)
    return sparse_segment_sqrt_n_with_num_segments(
        data, indices, segment_ids, num_segments, name=name
    )
