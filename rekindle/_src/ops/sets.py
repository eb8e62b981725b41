"""tf.sets: the last axis of a tensor holds a set; unions, intersections and differences of them, row by row."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import dtypes, infer
from rekindle._src.graph.opdef import op
from rekindle._src.graph.sparse import SparseTensor, convert_to_tensor_or_sparse_tensor
from rekindle._src.names import public
from rekindle._src.ops.sparse_places import check_order
from rekindle._src.ops.string import text_of

_ALLOWED = frozenset(
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
_OPERATIONS = {
    "a-b": set.difference,
    "b-a": lambda a, b: b - a,
    "intersection": set.intersection,
    "union": set.union,
}

#: row -> the elements of its set
Rows = dict[tuple[int, ...], set[Any]]


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _dense_rows(x: Any) -> tuple[Rows, list[int]]:
    outer = list(x.shape[:-1])
    flat = x.reshape(-1, x.shape[-1]).tolist()
    return dict(zip(np.ndindex(*outer), map(set, flat))), outer


def _sparse_rows(indices: Any, values: Any, shape: Any, check: bool) -> tuple[Rows, list[int]]:
    sizes = shape.tolist()
    if check:
        check_order(indices, sizes)
    rows: Rows = {}
    for place, value in zip(indices.tolist(), values.tolist()):
        rows.setdefault(tuple(place[:-1]), set()).add(value)
    return rows, sizes[:-1]


def _combined(
    a: tuple[Rows, list[int]], b: tuple[Rows, list[int]], name: str, like: Any
) -> tuple[Any, Any, Any]:
    """The sets of each row of both, sorted, as indices, values and shape."""
    if name.lower() not in _OPERATIONS:
        raise _invalid(f"Invalid set_operation {name}.")
    if a[1] != b[1]:
        raise _invalid(
            f"Mismatched group shapes: {infer.show(tuple(a[1]))} vs. {infer.show(tuple(b[1]))}"
        )
    combine = _OPERATIONS[name.lower()]
    places, elements, widest = [], [], 0
    for row in sorted(a[0].keys() | b[0].keys()):
        found = sorted(combine(a[0].get(row, set()), b[0].get(row, set())))
        places += [(*row, i) for i in range(len(found))]
        elements += found
        widest = max(widest, len(found))
    rank = len(a[1]) + 1
    indices = torch.tensor(places, dtype=torch.int64).reshape(-1, rank)
    if isinstance(like, np.ndarray):
        values: Any = text_of(elements, [len(elements)])
    else:
        values = torch.tensor(elements, dtype=like.dtype)
    return indices, values, torch.tensor([*a[1], widest], dtype=torch.int64)


def _ranked(rank: int | None) -> list[Any]:
    return [(None, rank), (None,), (rank,)]


def _rank_of_shape(c: Any, first: int) -> int | None:
    """The rank of the sparse tensor whose parts begin at input `first`."""
    infer.with_rank(c.shapes[first], 2)
    infer.with_rank(c.shapes[first + 1], 1)
    return infer.with_rank(c.shapes[first + 2], 1)[0]


def _dense_rule(c: Any) -> Any:
    a, b = c.shapes
    a = infer.with_rank_at_least(a, 2)
    if a is None:
        b = infer.with_rank_at_least(b, 2)
        return _ranked(None if b is None else len(b))
    if b is not None:
        b = infer.with_rank(b, len(a))
        infer.merge(a[:-1], b[:-1])
    return _ranked(len(a))


def _mixed_rule(c: Any) -> Any:
    rank, a = _rank_of_shape(c, 1), infer.with_rank_at_least(c.shapes[0], 2)
    if a is None:
        return _ranked(rank)
    if rank not in (None, len(a)):
        raise ValueError(f"Dimension must be {len(a)} but is {rank}")
    return _ranked(len(a))


def _sparse_rule(c: Any) -> Any:
    a, b = _rank_of_shape(c, 0), _rank_of_shape(c, 3)
    for i, rank in enumerate((a, b)):
        if rank is not None and rank < 2 and (i == 0 or a is None):
            raise ValueError(f"Input {i}, expected rank >= 2, got {rank}.")
    if None not in (a, b) and a != b:
        raise ValueError(f"Dimension must be {a} but is {b}")
    return _ranked(b if a is None else a)


@op("DenseToDenseSetOperation", infer=_dense_rule, host=True)
def dense_to_dense_set_operation(set1, set2, *, set_operation, validate_indices=True):
    """The sets of two dense tensors combined row by row."""
    return _combined(_dense_rows(set1), _dense_rows(set2), set_operation, set1)


@op("DenseToSparseSetOperation", infer=_mixed_rule, host=True)
def dense_to_sparse_set_operation(set1, set2_indices, set2_values, set2_shape, *, set_operation,
                                  validate_indices=True):  # fmt: skip
    """The sets of a dense and a sparse tensor combined row by row."""
    b = _sparse_rows(set2_indices, set2_values, set2_shape, validate_indices)
    return _combined(_dense_rows(set1), b, set_operation, set1)


@op("SparseToSparseSetOperation", infer=_sparse_rule, host=True)
def sparse_to_sparse_set_operation(set1_indices, set1_values, set1_shape, set2_indices, set2_values, set2_shape, *,
                                   set_operation, validate_indices=True):  # fmt: skip
    """The sets of two sparse tensors combined row by row."""
    a = _sparse_rows(set1_indices, set1_values, set1_shape, validate_indices)
    b = _sparse_rows(set2_indices, set2_values, set2_shape, validate_indices)
    return _combined(a, b, set_operation, set1_values)


@op("SetSize", infer=infer.unknown, host=True)
def set_size_op(set_indices, set_values, set_shape, *, validate_indices=True):
    """How many elements the set of each row has."""
    rows, outer = _sparse_rows(set_indices, set_values, set_shape, validate_indices)
    out = torch.zeros(outer, dtype=torch.int32)
    for row, elements in rows.items():
        out[row] = len(elements)
    return out


for _block in (
    dense_to_dense_set_operation,
    dense_to_sparse_set_operation,
    sparse_to_sparse_set_operation,
    set_size_op,
):
    _block.no_gradient()


@public("sets.size", "sets.set_size")
def set_size(a: Any, validate_indices: bool = True) -> Any:
    """How many distinct elements the last axis of a SparseTensor has, row by row.

    Raises:
      TypeError: it is no SparseTensor, or its elements are no integers or strings.
    """
    a = convert_to_tensor_or_sparse_tensor(a, name="a")
    if not isinstance(a, SparseTensor):
        raise TypeError(f"Expected `SparseTensor`, got {a}.")
    if a.values.dtype.base_dtype not in _ALLOWED:
        raise TypeError(f"Invalid dtype {a.values.dtype}.")
    return set_size_op(a.indices, a.values, a.dense_shape, validate_indices)


def _pair(a: Any, b: Any) -> tuple[Any, Any, bool]:
    """Both as tensors, the dense one first, and whether they changed places."""
    a = convert_to_tensor_or_sparse_tensor(a, name="a")
    if a.dtype.base_dtype not in _ALLOWED:
        raise TypeError(f"'a' invalid dtype {a.dtype}.")
    b = convert_to_tensor_or_sparse_tensor(b, name="b")
    if b.dtype.base_dtype != a.dtype.base_dtype:
        raise TypeError(f"Types don't match, {a.dtype} vs {b.dtype}.")
    if isinstance(a, SparseTensor) and not isinstance(b, SparseTensor):
        return b, a, True
    return a, b, False


def _operation(a: Any, b: Any, name: str, check: bool) -> SparseTensor:
    if isinstance(a, SparseTensor):
        parts = (a.indices, a.values, a.dense_shape, b.indices, b.values, b.dense_shape)
        return SparseTensor(*sparse_to_sparse_set_operation(*parts, name, check))
    if isinstance(b, SparseTensor):
        parts = (a, b.indices, b.values, b.dense_shape)
        return SparseTensor(*dense_to_sparse_set_operation(*parts, name, check))
    return SparseTensor(*dense_to_dense_set_operation(a, b, name, check))


@public("sets.intersection", "sets.set_intersection")
def set_intersection(a: Any, b: Any, validate_indices: bool = True) -> SparseTensor:
    """The elements that are in the sets of both, row by row."""
    a, b, _ = _pair(a, b)
    return _operation(a, b, "intersection", validate_indices)


@public("sets.difference", "sets.set_difference")
def set_difference(
    a: Any, b: Any, aminusb: bool = True, validate_indices: bool = True
) -> SparseTensor:
    """The elements of the sets of a that are not in those of b (the other way if not `aminusb`), row by row."""
    a, b, is_flipped = _pair(a, b)
    name = "a-b" if aminusb != is_flipped else "b-a"
    return _operation(a, b, name, validate_indices)


@public("sets.union", "sets.set_union")
def set_union(a: Any, b: Any, validate_indices: bool = True) -> SparseTensor:
    """The elements that are in the sets of either, row by row."""
    a, b, _ = _pair(a, b)
    return _operation(a, b, "union", validate_indices)
