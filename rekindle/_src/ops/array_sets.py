"""Vectors as collections: unique, unique_with_counts, setdiff1d, edit_distance, unravel_index."""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import dtypes, infer
from rekindle._src.graph.opdef import op
from rekindle._src.graph.sparse import is_sparse
from rekindle._src.names import public


def _unique_rule(c: Any) -> Any:
    infer.with_rank(c.shapes[0], 1)
    return [(None,), c.shapes[0]]


def _unique_counts_rule(c: Any) -> Any:
    infer.with_rank(c.shapes[0], 1)
    return [(None,), c.shapes[0], (None,)]


def uniques(x: Any, axis: int | None = None) -> tuple[Any, Any, Any]:
    """The distinct elements (or slices along an axis) in the order of their first occurrence.

    Returns: the elements, for each of x which one it is, how often each occurs.
    """
    if axis is None:
        found, which, counts = torch.unique(x, return_inverse=True, return_counts=True)
    else:
        found, which, counts = torch.unique(x, return_inverse=True, return_counts=True, dim=axis)
    number = len(counts)
    places = torch.arange(which.numel(), device=x.device)
    first = torch.full((number,), which.numel(), device=x.device)
    first = first.scatter_reduce(0, which.reshape(-1), places, "amin")
    order = torch.argsort(first)
    rank = torch.empty_like(order)
    rank[order] = torch.arange(number, device=x.device)
    return torch.index_select(found, axis or 0, order), rank[which], counts[order]


def _axis_of(axis: Any) -> int | None:
    return int(axis[0]) if axis.numel() else None


@op("Unique", infer=_unique_rule, structural=True)
def unique_op(x, *, out_idx=dtypes.int32):
    """The distinct elements, and for each element which of these it is."""
    _check_vector(x)
    y, idx, _ = uniques(x)
    return y, idx.to(out_idx.torch)


@op("UniqueWithCounts", infer=_unique_counts_rule, structural=True)
def unique_with_counts_op(x, *, out_idx=dtypes.int32):
    """The distinct elements, for each element which of these it is, and how often each occurs."""
    _check_vector(x)
    y, idx, count = uniques(x)
    return y, idx.to(out_idx.torch), count.to(out_idx.torch)


def _check_vector(x: Any) -> None:
    if x.dim() != 1:
        raise errors.InvalidArgumentError(None, None, "unique expects a 1D vector.")


def _unique_v2_rule(c: Any) -> Any:
    # TensorFlow says that slices are a vector, too: a shape that is wrong but in its graphs
    return [(None,), c.shapes[0], (None,)][: len(c.op.outputs)]


@op("UniqueV2", infer=_unique_v2_rule, structural=True)
def unique_v2(x, axis, *, out_idx=dtypes.int32):
    """The distinct slices along an axis, and for each slice which of these it is."""
    y, idx, _ = uniques(x, _axis_of(axis))
    return y, idx.to(out_idx.torch)


@op("UniqueWithCountsV2", infer=_unique_v2_rule, structural=True)
def unique_with_counts_v2(x, axis, *, out_idx=dtypes.int32):
    """The distinct slices along an axis, for each slice which of these it is, and how often each occurs."""
    y, idx, count = uniques(x, _axis_of(axis))
    return y, idx.to(out_idx.torch), count.to(out_idx.torch)


@public("unique")
def unique(x: Any, out_idx: Any = dtypes.int32, name: str | None = None) -> Any:
    """The distinct elements `y` of a vector, and `idx` such that y[idx] is the vector."""
    return unique_op(x, out_idx, name)


@public("unique_with_counts")
def unique_with_counts(x: Any, out_idx: Any = dtypes.int32, name: str | None = None) -> Any:
    """The distinct elements `y` of a vector, `idx` such that y[idx] is the vector, and `count`s."""
    return unique_with_counts_op(x, out_idx, name)


def _difference_rule(c: Any) -> Any:
    for shape in c.shapes:
        infer.with_rank(shape, 1)
    return [(None,), (None,)]


@op("ListDiff", infer=_difference_rule, structural=True)
def list_diff(x, y, *, out_idx=dtypes.int32):
    """The elements of x that are not in y, and where they are."""
    places = torch.nonzero(~torch.isin(x, y)).reshape(-1)
    return x[places], places.to(out_idx.torch)


@public("setdiff1d")
def setdiff1d(x: Any, y: Any, index_dtype: Any = dtypes.int32, name: str | None = None) -> Any:
    """The elements `out` of x that are not in y, and `idx` where they are."""
    return list_diff(x, y, index_dtype, name)


def _unravel_rule(c: Any) -> Any:
    infer.with_rank(c.shapes[1], 1)
    places, dims = c.shapes
    if places is None:
        return None
    return dims + places if dims is not None and places else dims if not places else (None, *places)


@op("UnravelIndex", public="unravel_index", infer=_unravel_rule)
def unravel_index(indices, dims):
    """Flat places in a tensor of shape dims as a place per axis: [...] -> [rank, ...]."""
    sizes = dims.tolist()
    places, out = indices, []
    for size in reversed(sizes):
        out.append(places % size)
        places = places // size
    return torch.stack(out[::-1])


# Edit distance.


def _distance_rule(c: Any) -> Any:
    for i in (0, 3):
        infer.with_rank(c.shapes[i], 2)
    for i in (1, 2, 4, 5):
        infer.with_rank(c.shapes[i], 1)
    a, b = c.value(2), c.value(5)
    if a is None or b is None:
        return None
    if a.size != b.size:
        raise ValueError(
            f"rank of hypothesis_shape ({a.size}) must equal rank of truth_shape ({b.size})"
        )
    return tuple(max(m, n) for m, n in zip(a[:-1].tolist(), b[:-1].tolist()))


@op("EditDistance", infer=_distance_rule, structural=True)
def edit_distance_op(hypothesis_indices, hypothesis_values, hypothesis_shape, truth_indices, truth_values,
                     truth_shape, *, normalize=True):  # fmt: skip
    """Levenshtein distances of the rows of two sparse tensors, divided by the length of the truth."""
    sizes = [max(m, n) for m, n in zip(hypothesis_shape.tolist(), truth_shape.tolist())][:-1]
    guesses = _rows(hypothesis_indices, hypothesis_values)
    truths = _rows(truth_indices, truth_values)
    out = torch.zeros(sizes, dtype=torch.float32)
    for place in guesses.keys() | truths.keys():
        guess, truth = guesses.get(place, []), truths.get(place, [])
        distance = float(levenshtein(guess, truth))
        if normalize:
            distance = distance / len(truth) if truth else float("inf") if guess else 0.0
        out[place] = distance
    return out


def _rows(indices: Any, values: Any) -> dict[tuple[int, ...], list[Any]]:
    rows: dict[tuple[int, ...], list[Any]] = {}
    for place, value in zip(indices.tolist(), values.tolist()):
        rows.setdefault(tuple(place[:-1]), []).append(value)
    return rows


def levenshtein(a: list[Any], b: list[Any]) -> int:
    """How many insertions, deletions and substitutions make one sequence of the other."""
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y)))
        last = row
    return last[-1]


edit_distance_op.no_gradient()


@public("edit_distance")
def edit_distance(
    hypothesis: Any, truth: Any, normalize: bool = True, name: str = "edit_distance"
) -> Any:
    """Levenshtein distances between the rows of two SparseTensors.

    Raises:
      TypeError: one of them is not sparse.
    """
    if not is_sparse(hypothesis):
        raise TypeError("Hypothesis must be a SparseTensor.")
    if not is_sparse(truth):
        raise TypeError("Truth must be a SparseTensor.")
    return edit_distance_op(
        hypothesis.indices, hypothesis.values, hypothesis.dense_shape,
        truth.indices, truth.values, truth.dense_shape, normalize=normalize, name=name,
    )  # fmt: skip
