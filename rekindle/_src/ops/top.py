"""The greatest elements along the last axis: TopK, InTopK, NthElement.

Among equal elements the one with the lower index comes first, as in TensorFlow.
"""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import dtypes, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops


def size_input(c: Any, index: int) -> int | None:
    """A scalar input read as a size, None if it is not known.

    Raises:
      ValueError: it is negative, or no scalar.
    """
    infer.with_rank(c.shapes[index], 0)
    value = c.value(index)
    if value is not None and value < 0:
        raise ValueError(
            f"Dimension size, given by scalar input {index}, must be non-negative but is {value}"
        )
    return None if value is None else int(value)


def _top_shapes(c: Any) -> list[infer.Shape]:
    x = infer.with_rank_at_least(c.shapes[0], 1)
    k = size_input(c, 1) if len(c.shapes) > 1 else c.attr("k")
    if x is None:
        return [None, None]
    if k is not None and x[-1] is not None and x[-1] < k:
        raise ValueError(f"input must have last dimension >= k = {k} but is {x[-1]}")
    return [(*x[:-1], k)] * 2


def _top(x: torch.Tensor, k: int) -> tuple[torch.Tensor, torch.Tensor]:
    if k < 0:
        raise errors.InvalidArgumentError(None, None, f"Need k >= 0, got {k}")
    if x.shape[-1] < k:
        raise errors.InvalidArgumentError(
            None, None, f"input must have at least k columns. Had {x.shape[-1]}, needed {k}"
        )
    values, indices = torch.sort(x, dim=-1, descending=True, stable=True)
    return values[..., :k], indices[..., :k].to(torch.int32)


@op("TopKV2", infer=_top_shapes)
def top_kv2(input, k):
    """The k greatest elements along the last axis, greatest first, and their indices."""
    return _top(input, int(k))


@op("TopK", infer=_top_shapes)
def top_k_op(input, *, k):
    """TopKV2 with k as an attr."""
    return _top(input, k)


@top_k_op.gradient
@top_kv2.gradient
def top_k_gradient(op, dy, _):
    shape = array_ops.shape(op.inputs[0])
    index_shape = array_ops.shape(op.outputs[1])
    last = array_ops.gather(
        math_ops.cast(index_shape, dtypes.int64), array_ops.size(index_shape) - 1
    )
    rows = array_ops.reshape(op.outputs[1], array_ops.stack([-1, last]))
    width = array_ops.gather(math_ops.cast(shape, dtypes.int64), array_ops.size(shape) - 1)
    count = array_ops.shape(rows)[0]
    starts = math_ops.range(0, math_ops.cast(count, dtypes.int64) * width, width)
    starts = math_ops.cast(array_ops.expand_dims(starts, -1), dtypes.int32)
    flat = array_ops.reshape(rows + starts, [-1])
    scattered = array_ops.scatter_nd(
        array_ops.expand_dims(flat, -1),
        array_ops.reshape(dy, [-1]),
        [math_ops.reduce_prod(shape)],
    )
    return [array_ops.reshape(scattered, shape), array_ops.zeros([], dtype=dtypes.int32)]


@public("nn.top_k", "math.top_k")
def top_k(input: Any, k: Any = 1, sorted: bool = True, name: str | None = None) -> Any:
    """The k greatest elements along the last axis: (values, indices), each [..., k].

    Args:
      input: numbers, [..., n].
      k: a scalar, at most n.
      sorted: kept in the graph; the elements come greatest first in any case.
      name: the operation's name.
    """
    return top_kv2(input, k=k, sorted=sorted, name=name)


def _in_top_shape(c: Any) -> infer.Shape:
    predictions, targets = infer.with_rank(c.shapes[0], 2), infer.with_rank(c.shapes[1], 1)
    return (infer.merge_dim(predictions[0], targets[0]),)


def _in_top(predictions: torch.Tensor, targets: torch.Tensor, k: int) -> torch.Tensor:
    """Whether each target is finite, in range, and has fewer than k greater predictions."""
    if predictions.shape[0] != targets.shape[0]:
        raise errors.InvalidArgumentError(
            None,
            None,
            f"First dimension of predictions {predictions.shape[0]} must match length of targets "
            f"{targets.shape[0]}",
        )
    targets = targets.long()
    inside = (targets >= 0) & (targets < predictions.shape[1])
    chosen = torch.gather(predictions, 1, torch.where(inside, targets, 0)[:, None])
    greater = (predictions > chosen).sum(1)
    return inside & (greater < k) & torch.isfinite(predictions).all(1)


@op("InTopK", infer=_in_top_shape)
def in_top_k_op(predictions, targets, *, k):
    """Whether each target is among the k greatest of its row: [N, C], [N] -> [N]."""
    return _in_top(predictions, targets, k)


@op("InTopKV2", infer=_in_top_shape)
def in_top_kv2(predictions, targets, k):
    """InTopK with k as a tensor."""
    return _in_top(predictions, targets, int(k))


@public("nn.in_top_k", "math.in_top_k")
def in_top_k(predictions: Any, targets: Any, k: Any, name: str | None = None) -> Any:
    """Whether each target is among the k greatest of its row, ties included: [N, C], [N] -> [N]."""
    with scopes.name_scope(name, "in_top_k"):
        return in_top_kv2(predictions, targets, k, name=name)


def _nth_shape(c: Any) -> infer.Shape:
    x = infer.with_rank_at_least(c.shapes[0], 1)
    n = size_input(c, 1)
    if x is None:
        return None
    if n is not None and x[-1] is not None and x[-1] <= n:
        raise ValueError(f"Input must have last dimension > n = {n} but is {x[-1]}")
    return x[:-1]


@op("NthElement", infer=_nth_shape, public="contrib.nn.nth_element")
def nth_element(input, n, *, reverse=False):
    """The element that stands at place n of each row when it is sorted: [..., C] -> [...]."""
    return torch.sort(input, dim=-1, descending=reverse).values[..., _checked_place(input, n)]


def _checked_place(x: torch.Tensor, n: torch.Tensor) -> int:
    place = int(n)
    if not 0 <= place < x.shape[-1]:
        raise errors.InvalidArgumentError(
            None, None, f"Input must have at least n+1 columns, got {x.shape[-1]}, n is {place}"
        )
    return place


@nth_element.gradient
def nth_element_gradient(op, dy):
    x, y = op.inputs[0], op.outputs[0]
    hits = math_ops.cast(math_ops.equal(array_ops.expand_dims(y, -1), x), dy.dtype)
    dy = array_ops.expand_dims(dy, -1)
    count = array_ops.expand_dims(math_ops.reduce_sum(hits, -1), -1)
    return [math_ops.div(hits, count) * dy, None]
