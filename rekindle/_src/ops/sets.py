"""Sets in the rows of tensors: `tf.sets.intersection`, `difference`, `union`, `size`.

The last axis holds the elements of a set, the axes before it number the sets. Results are sparse,
each row sorted.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import dtypes, infer, sparse
from rekindle._src.graph.opdef import op
from rekindle._src.names import public

_TYPES = frozenset(
    [
        dtypes.int8,
        dtypes.int16,
        dtypes.int32,
        dtypes.int64,
        dtypes.uint8,
        dtypes.uint16,
        dtypes.string,
    ]
)
_COMBINE: dict[str, Callable[[set[Any], set[Any]], set[Any]]] = {
    "a-b": lambda a, b: a - b,
    "b-a": lambda a, b: b - a,
    "intersection": lambda a, b: a & b,
    "union": lambda a, b: a | b,
}
Rows = dict[tuple[int, ...], set[Any]]


def _dense_shapes(c: Any) -> list[infer.Shape]:
    first, second = infer.with_rank_at_least(c.shapes[0], 2), c.shapes[1]
    if first is not None and second is not None:
        infer.merge(first[:-1], infer.with_rank(second, len(first))[:-1])
    if first is None:
        infer.with_rank_at_least(second, 2)
    known = first if first is not None else second
    return _sparse_outputs(None if known is None else len(known))


def _sparse_outputs(rank: int | None) -> list[infer.Shape]:
    return [(None, rank), (None,), (rank,)]


def _mixed_shapes(c: Any) -> list[infer.Shape]:
    first = infer.with_rank_at_least(c.shapes[0], 2)
    rank = infer.with_rank(c.shapes[3], 1)[0]
    return _sparse_outputs(infer.merge_dim(rank, None if first is None else len(first)))


def _both_sparse_shapes(c: Any) -> list[infer.Shape]:
    ranks = [infer.with_rank(c.shapes[i], 1)[0] for i in (2, 5)]
    for i, rank in enumerate(ranks):
        if rank is not None and rank < 2:
            raise ValueError(f"Input {i}, expected rank >= 2, got {rank}.")
    return _sparse_outputs(infer.merge_dim(*ranks))


def _dense_rows(values: Any) -> tuple[Rows, tuple[int, ...]]:
    """The set of each row, and the shape of the rows."""
    shape = tuple(values.shape[:-1])
    flat = values.reshape(-1, values.shape[-1]).tolist() if values.shape[-1] else []
    places = itertools.product(*map(range, shape))
    return {place: set(row) for place, row in zip(places, flat)}, shape


def _sparse_rows(indices: Any, values: Any, shape: Any) -> tuple[Rows, tuple[int, ...]]:
    rows: Rows = {}
    for place, value in zip(indices.tolist(), values.tolist(), strict=True):
        rows.setdefault(tuple(place[:-1]), set()).add(value)
    return rows, tuple(shape.tolist()[:-1])


def _combined(
    first: tuple[Rows, tuple[int, ...]],
    second: tuple[Rows, tuple[int, ...]],
    operation: str,
    like: Any,
) -> tuple[Any, Any, Any]:
    if first[1] != second[1]:
        raise errors.InvalidArgumentError(
            None, None, f"Mismatched group shapes {list(first[1])} vs {list(second[1])}."
        )
    combine = _COMBINE[operation.lower()]
    found = {}
    for place in sorted(set(first[0]) | set(second[0])):
        found[place] = sorted(combine(first[0].get(place, set()), second[0].get(place, set())))
    indices = [[*place, i] for place, row in found.items() for i in range(len(row))]
    width = max(map(len, found.values()), default=0)
    values = _like(itertools.chain.from_iterable(found.values()), like)
    rank = len(first[1]) + 1
    return (
        torch.tensor(indices, dtype=torch.int64).reshape(-1, rank),
        values,
        torch.tensor([*first[1], width], dtype=torch.int64),
    )


def _like(values: Iterable[Any], like: Any) -> Any:
    values = list(values)
    if isinstance(like, torch.Tensor):
        return torch.tensor(values, dtype=like.dtype)
    out = np.empty(len(values), object)
    out[:] = values
    return out


@op("DenseToDenseSetOperation", infer=_dense_shapes, host=True)
def dense_to_dense_set_operation(set1, set2, *, set_operation):
    """The combination of the sets in the rows of two tensors, sparse."""
    return _combined(_dense_rows(set1), _dense_rows(set2), set_operation, set1)


@op("DenseToSparseSetOperation", infer=_mixed_shapes, host=True)
def dense_to_sparse_set_operation(set1, set2_indices, set2_values, set2_shape, *, set_operation):
    """The combination of the sets in the rows of a dense and a sparse tensor, sparse."""
    other = _sparse_rows(set2_indices, set2_values, set2_shape)
    return _combined(_dense_rows(set1), other, set_operation, set1)


@op("SparseToSparseSetOperation", infer=_both_sparse_shapes, host=True)
def sparse_to_sparse_set_operation(
    set1_indices, set1_values, set1_shape, set2_indices, set2_values, set2_shape, *, set_operation
):
    """The combination of the sets in the rows of two sparse tensors, sparse."""
    one = _sparse_rows(set1_indices, set1_values, set1_shape)
    other = _sparse_rows(set2_indices, set2_values, set2_shape)
    return _combined(one, other, set_operation, set1_values)


@op("SetSize", infer=infer.unknown, host=True)
def set_size_op(set_indices, set_values, set_shape):
    """How many elements the set in each row has."""
    rows, shape = _sparse_rows(set_indices, set_values, set_shape)
    sizes = torch.zeros(shape, dtype=torch.int32)
    for place, row in rows.items():
        sizes[place] = len(row)
    return sizes


for _block in (
    dense_to_dense_set_operation,
    dense_to_sparse_set_operation,
    sparse_to_sparse_set_operation,
    set_size_op,
):
    _block.no_gradient()


@public("sets.size", "sets.set_size")
def set_size(a: Any, validate_indices: bool = True) -> Any:
    """How many elements the set in each row of a SparseTensor has: [..., M] -> [...].

    Raises:
      TypeError: `a` is not sparse, or of a type that sets cannot have.
    """
    a = sparse.convert_to_tensor_or_sparse_tensor(a, name="a")
    if not isinstance(a, sparse.SparseTensor):
        raise TypeError(f"Expected `SparseTensor`, got {a}.")
    if a.values.dtype.base_dtype not in _TYPES:
        raise TypeError(f"Invalid dtype {a.values.dtype!r}.")
    return set_size_op(a.indices, a.values, a.dense_shape, validate_indices)


def _operands(a: Any, b: Any) -> tuple[Any, Any, bool]:
    """The two as tensors, a dense one first, and whether they changed places."""
    a = sparse.convert_to_tensor_or_sparse_tensor(a, name="a")
    if a.dtype.base_dtype not in _TYPES:
        raise TypeError(f"'a' invalid dtype {a.dtype!r}.")
    b = sparse.convert_to_tensor_or_sparse_tensor(b, name="b")
    if b.dtype.base_dtype != a.dtype.base_dtype:
        raise TypeError(f"Types don't match, {a.dtype!r} vs {b.dtype!r}.")
    if isinstance(a, sparse.SparseTensor) and not isinstance(b, sparse.SparseTensor):
        return b, a, True
    return a, b, False


def _operation(a: Any, b: Any, operation: str, validate: bool) -> Any:
    if isinstance(a, sparse.SparseTensor):
        found = sparse_to_sparse_set_operation(
            a.indices,
            a.values,
            a.dense_shape,
            b.indices,
            b.values,
            b.dense_shape,
            operation,
            validate,
        )
    elif isinstance(b, sparse.SparseTensor):
        found = dense_to_sparse_set_operation(
            a, b.indices, b.values, b.dense_shape, operation, validate
        )
    else:
        found = dense_to_dense_set_operation(a, b, operation, validate)
    return sparse.SparseTensor(*found)


@public("sets.intersection", "sets.set_intersection")
def set_intersection(a: Any, b: Any, validate_indices: bool = True) -> Any:
    """The elements that both sets of each row have, as a SparseTensor; a and b dense or sparse."""
    a, b, _ = _operands(a, b)
    return _operation(a, b, "intersection", validate_indices)


@public("sets.difference", "sets.set_difference")
def set_difference(a: Any, b: Any, aminusb: bool = True, validate_indices: bool = True) -> Any:
    """The elements of a's set in each row that b's has not (or the other way round), sparse."""
    a, b, is_flipped = _operands(a, b)
    return _operation(a, b, "b-a" if aminusb == is_flipped else "a-b", validate_indices)


@public("sets.union", "sets.set_union")
def set_union(a: Any, b: Any, validate_indices: bool = True) -> Any:
    """The elements that either set of each row has, as a SparseTensor; a and b dense or sparse."""
    a, b, _ = _operands(a, b)
    return _operation(a, b, "union", validate_indices)
