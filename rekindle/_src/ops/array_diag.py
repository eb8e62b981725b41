"""Diagonals: of tensors (diag, diag_part) and of batches of matrices (matrix_diag, matrix_set_diag,
matrix_band_part)."""

from __future__ import annotations

import math
from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import array_fill, array_join, array_shape, slicing
from rekindle._src.ops import math as math_ops

# Diagonals of tensors.


def _diag_rule(c: Any) -> Any:
    sizes = infer.with_rank_at_least(c.shapes[0], 1)
    return None if sizes is None else sizes + sizes


@op("Diag", public="diag linalg.tensor_diag", infer=_diag_rule)
def diag(diagonal):
    """Zeros of twice the rank with the elements on the diagonal: [a, b] -> [a, b, a, b]."""
    return torch.diag(diagonal.reshape(-1)).reshape(diagonal.shape + diagonal.shape)


def _diag_part_rule(c: Any) -> Any:
    sizes = c.shapes[0]
    if sizes is None:
        return None
    if len(sizes) % 2 or not sizes:
        raise ValueError(f"Input must have even and non-zero rank, input rank is {len(sizes)}")
    half = len(sizes) // 2
    return tuple(infer.merge_dim(a, b) for a, b in zip(sizes[:half], sizes[half:]))


@op("DiagPart", public="diag_part linalg.tensor_diag_part", infer=_diag_part_rule, aliases=0)
def diag_part(input):
    """The elements on the diagonal: [a, b, a, b] -> [a, b]."""
    return diagonal_of(input)


def diagonal_of(x: Any) -> Any:
    """The elements of [a.., a..] whose two halves of indices are equal.

    Raises:
      InvalidArgumentError: the halves of the shape differ.
    """
    half = x.dim() // 2
    sizes = x.shape[:half]
    for i, (a, b) in enumerate(zip(sizes, x.shape[half:])):
        if a != b:
            raise errors.InvalidArgumentError(
                None,
                None,
                f"Invalid shape {infer.show(tuple(x.shape))}: dimensions {i} and {half + i} do not match.",
            )
    return torch.diagonal(x.reshape(math.prod(sizes), -1)).reshape(sizes)


@diag.gradient
def diag_gradient(op, dy):
    return diag_part(dy)


@diag_part.gradient
def diag_part_gradient(op, dy):
    return diag(dy)


# Diagonals of matrices.


def _matrix_diag_rule(c: Any) -> Any:
    sizes = infer.with_rank_at_least(c.shapes[0], 1)
    return None if sizes is None else sizes + sizes[-1:]


@op("MatrixDiag", infer=_matrix_diag_rule)
def matrix_diag_op(diagonal):
    """Square matrices with the given diagonals: [..., n] -> [..., n, n]."""
    return torch.diag_embed(diagonal)


def _smaller(a: Any, b: Any) -> Any:
    if a == 0 or b == 0:
        return 0
    return None if a is None or b is None else min(a, b)


def _matrix_diag_part_rule(c: Any) -> Any:
    sizes = infer.with_rank_at_least(c.shapes[0], 2)
    return None if sizes is None else sizes[:-2] + (_smaller(sizes[-2], sizes[-1]),)


@op("MatrixDiagPart", infer=_matrix_diag_part_rule)
def matrix_diag_part_op(input):
    """The diagonals of matrices: [..., m, n] -> [..., min(m, n)]."""
    return torch.diagonal(input, dim1=-2, dim2=-1).contiguous()


def _matrix_set_diag_rule(c: Any) -> Any:
    sizes = infer.with_rank_at_least(c.shapes[0], 2)
    diagonal = infer.with_rank_at_least(c.shapes[1], 1)
    if sizes is not None:
        diagonal = infer.with_rank(diagonal, len(sizes) - 1)
        infer.merge_dim(_smaller(sizes[-2], sizes[-1]), diagonal[-1])
    if diagonal is None or infer.is_known(sizes):
        return sizes
    return infer.merge(sizes, diagonal[:-1] + (None, None))


@op("MatrixSetDiag", infer=_matrix_set_diag_rule)
def matrix_set_diag_op(input, diagonal):
    """The matrices with other diagonals."""
    return torch.diagonal_scatter(input, diagonal, 0, -2, -1)


@op("MatrixBandPart", public="matrix_band_part linalg.band_part", infer=infer.same)
def matrix_band_part(input, num_lower, num_upper):
    """The matrices with zeros below so many and above so many diagonals; -1 keeps all."""
    return band_of(input, int(num_lower), int(num_upper))


def band_of(x: Any, lower: int, upper: int) -> Any:
    """`matrix_band_part` for known numbers.

    Raises:
      InvalidArgumentError: a number is greater than the matrices are large.
    """
    m, n = x.shape[-2:]
    for name, size, whole in (("num_lower", lower, m), ("num_upper", upper, n)):
        if size > whole:
            what = "rows" if name == "num_lower" else "columns"
            raise errors.InvalidArgumentError(
                None,
                None,
                f"{name} must be negative or less or equal to number of {what} ({whole}) got: {size}",
            )
    if lower >= 0:
        x = torch.triu(x, -lower)
    return torch.tril(x, upper) if upper >= 0 else x.clone() if lower < 0 else x


@matrix_diag_op.gradient
def matrix_diag_gradient(op, dy):
    return matrix_diag_part(dy)


@matrix_diag_part_op.gradient
def matrix_diag_part_gradient(op, dy):
    sizes = op.inputs[0].shape[-2:]
    if sizes.is_fully_defined() and sizes[0] == sizes[1]:
        return matrix_diag(dy)
    return matrix_set_diag(array_fill.zeros_like(op.inputs[0]), dy)


@matrix_set_diag_op.gradient
def matrix_set_diag_gradient(op, dy):
    whole = op.inputs[0].shape.merge_with(dy.shape)
    batch = whole[:-2].merge_with(op.inputs[1].shape[:-1])
    matrix = whole[-2:]
    if batch.is_fully_defined() and matrix.is_fully_defined():
        shape: Any = batch.as_list() + [min(matrix.as_list())]
    else:
        with scopes.colocate_with(dy.op):
            sizes, rank = array_shape.shape(dy), array_shape.rank(dy)
            outer = slicing.slice(sizes, [0], [rank - 2])
            inner = slicing.slice(sizes, [rank - 2], [2])
            least = math_ops.reduce_min(inner)
            shape = array_join.concat([outer, [least]], 0)
    kept = matrix_set_diag(dy, array_fill.zeros(shape, dtype=dy.dtype))
    return kept, matrix_diag_part(dy)


@matrix_band_part.gradient
def matrix_band_part_gradient(op, dy):
    return matrix_band_part(dy, op.inputs[1], op.inputs[2]), None, None


@public("matrix_diag", "linalg.diag")
def matrix_diag(
    diagonal: Any, name: str = "diag", k: Any = 0, num_rows: Any = -1, num_cols: Any = -1,
    padding_value: Any = 0,
) -> Any:  # fmt: skip
    """Square matrices with the given diagonals: [..., n] -> [..., n, n].

    TensorFlow 1.15 does not look at the other arguments yet.
    """
    return matrix_diag_op(diagonal, name=name)


@public("matrix_diag_part", "linalg.diag_part")
def matrix_diag_part(
    input: Any, name: str = "diag_part", k: Any = 0, padding_value: Any = 0
) -> Any:
    """The diagonals of matrices: [..., m, n] -> [..., min(m, n)].

    TensorFlow 1.15 does not look at the other arguments yet.
    """
    return matrix_diag_part_op(input, name=name)


@public("matrix_set_diag", "linalg.set_diag")
def matrix_set_diag(input: Any, diagonal: Any, name: str = "set_diag", k: Any = 0) -> Any:
    """The matrices with other diagonals; TensorFlow 1.15 does not look at `k` yet."""
    return matrix_set_diag_op(input, diagonal, name=name)
