"""Matrices with three diagonals: products and systems of equations."""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src.graph import convert, dtypes, infer
from rekindle._src.graph.opdef import op
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import linalg_solve, math_cast, reduce_axes


def _product_shape(c: Any) -> infer.Shape:
    diagonals = [infer.with_rank_at_least(s, 2) for s in c.shapes]
    rhs = diagonals.pop()
    upper, main, lower = diagonals
    main = infer.merge(upper, main)
    main = infer.merge(lower, main)
    if main is None or rhs is None:
        return rhs
    infer.merge(main[:-2], rhs[:-2])
    infer.merge_dim(main[-1], rhs[-2])
    if main[-2] not in (None, 1):
        raise ValueError(f"Dimension must be 1 but is {main[-2]}")
    return rhs


@op("TridiagonalMatMul", infer=_product_shape)
def tridiagonal_mat_mul(superdiag, maindiag, subdiag, rhs):
    """The product of a matrix given by its diagonals [..., 1, m] and rhs [..., m, n]."""
    nothing = torch.zeros_like(rhs[..., :1, :])
    after = torch.cat([rhs[..., 1:, :], nothing], -2)
    before = torch.cat([nothing, rhs[..., :-1, :]], -2)
    return superdiag.mT * after + maindiag.mT * rhs + subdiag.mT * before


@tridiagonal_mat_mul.gradient
def tridiagonal_mat_mul_gradient(op, dy):
    upper, main, lower = (array_ops.matrix_transpose(d, conjugate=True) for d in op.inputs[:3])
    rhs = math_cast.conj(op.inputs[3])
    dupper = reduce_axes.reduce_sum(_shifted_left(rhs) * dy, axis=-1)
    dmain = reduce_axes.reduce_sum(rhs * dy, axis=-1)
    dlower = reduce_axes.reduce_sum(_shifted_right(rhs) * dy, axis=-1)
    drhs = _shifted_right(upper * dy) + main * dy + _shifted_left(lower * dy)
    return (
        array_ops.expand_dims(dupper, -2),
        array_ops.expand_dims(dmain, -2),
        array_ops.expand_dims(dlower, -2),
        drhs,
    )


def _padding(x: Tensor, last: list[list[int]]) -> Tensor:
    rank = array_ops.rank(x)
    zeros = array_ops.zeros((rank - 2, 2), dtype=dtypes.int32)
    return array_ops.concat([zeros, convert.constant(last)], axis=0)


def _shifted_left(x: Tensor) -> Tensor:
    """Row i + 1 in place of row i, zeros in the last."""
    padding = _padding(x, [[0, 1], [0, 0]])
    return array_ops.pad(x[..., 1:, :], padding)


def _shifted_right(x: Tensor) -> Tensor:
    """Row i - 1 in place of row i, zeros in the first."""
    padding = _padding(x, [[1, 0], [0, 0]])
    return array_ops.pad(x[..., :-1, :], padding)


def _solution_shape(c: Any) -> infer.Shape:
    left, right = (infer.with_rank_at_least(s, 2) for s in c.shapes)
    if left is None or right is None:
        return right
    infer.merge(left[:-2], right[:-2])
    infer.merge_dim(left[-1], right[-2])
    if left[-2] not in (None, 3):
        raise ValueError(f"Dimension must be 3 but is {left[-2]}")
    return right


@op("TridiagonalSolve", infer=_solution_shape)
def tridiagonal_solve_op(diagonals, rhs, *, partial_pivoting=True):
    """x with matrix x = rhs, the matrix given by its upper, main and lower diagonals [..., 3,
    m].
    """
    upper, main, lower = diagonals[..., 0, :-1], diagonals[..., 1, :], diagonals[..., 2, 1:]
    matrix = torch.diag_embed(main) + torch.diag_embed(upper, 1) + torch.diag_embed(lower, -1)
    return torch.linalg.solve(matrix, rhs)


@tridiagonal_solve_op.refusal
def tridiagonal_solve_refusal(diagonals, rhs, **_):
    """Say why there is no solution."""
    if diagonals.shape[-2] != 3:
        raise linalg_solve.invalid(
            "Expected diagonals to be provided as a matrix with 3 rows, got "
            f"{diagonals.shape[-2]} rows."
        )
    if diagonals.shape[-1] != rhs.shape[-2]:
        raise linalg_solve.invalid(
            "Expected the same number of left-hand sides and right-hand sides, got "
            f"{diagonals.shape[-1]} and {rhs.shape[-2]}."
        )
    raise linalg_solve.invalid("The matrix is not invertible.")


@tridiagonal_solve_op.gradient
def tridiagonal_solve_gradient(op, dx):
    diagonals, x = op.inputs[0], op.outputs[0]
    flipped = _transposed(diagonals)
    drhs = tridiagonal_solve_op(flipped, dx, partial_pivoting=op.get_attr("partial_pivoting"))
    return -_diagonals_of_product(drhs, x), drhs


def _transposed(diagonals: Tensor) -> Tensor:
    main = diagonals[..., 1, :]
    if diagonals.shape.is_fully_defined():
        zeros = array_ops.zeros([*diagonals.shape[:-2], 1], dtype=diagonals.dtype)
        upper = array_ops.concat((diagonals[..., 2, 1:], zeros), axis=-1)
        lower = array_ops.concat((zeros, diagonals[..., 0, :-1]), axis=-1)
    else:
        rank = array_ops.rank(diagonals)
        zeros = array_ops.zeros((rank - 2, 2), dtype=dtypes.int32)
        after = array_ops.concat((zeros, convert.constant([[0, 1]])), axis=0)
        upper = array_ops.pad(diagonals[..., 2, 1:], after)
        before = array_ops.concat((zeros, convert.constant([[1, 0]])), axis=0)
        lower = array_ops.pad(diagonals[..., 0, :-1], before)
    return array_ops.stack([upper, main, lower], axis=-2)


def _diagonals_of_product(x: Tensor, y: Tensor) -> Tensor:
    """The three diagonals of x y^T, without the rest of the product."""
    main = reduce_axes.reduce_sum(x * y, axis=-1)
    if y.shape.is_fully_defined():
        zeros = array_ops.zeros([*x.shape[:-2], 1, x.shape[-1]], dtype=x.dtype)
        upper = reduce_axes.reduce_sum(
            x * array_ops.concat((y[..., 1:, :], zeros), axis=-2), axis=-1
        )
        lower = reduce_axes.reduce_sum(
            x * array_ops.concat((zeros, y[..., :-1, :]), axis=-2), axis=-1
        )
    else:
        rank = array_ops.rank(y)
        zeros = array_ops.zeros((rank - 2, 2), dtype=dtypes.int32)
        after = array_ops.concat((zeros, convert.constant([[0, 1], [0, 0]])), axis=0)
        upper = reduce_axes.reduce_sum(x * array_ops.pad(y[..., 1:, :], after), axis=-1)
        before = array_ops.concat((zeros, convert.constant([[1, 0], [0, 0]])), axis=0)
        lower = reduce_axes.reduce_sum(x * array_ops.pad(y[..., :-1, :], before), axis=-1)
    return array_ops.stack([upper, main, lower], axis=-2)


@public("linalg.tridiagonal_solve")
def tridiagonal_solve(
    diagonals: Any,
    rhs: Any,
    diagonals_format: str = "compact",
    transpose_rhs: bool = False,
    conjugate_rhs: bool = False,
    name: str | None = None,
    partial_pivoting: bool = True,
) -> Any:
    """x with matrix x = rhs, for a matrix with three diagonals.

    Args:
      diagonals: [..., 3, m] ("compact"), or the upper, main and lower diagonal ("sequence"), or
        [..., m, m] ("matrix").
      rhs: [..., m] or [..., m, k].
      diagonals_format: which of these.
      transpose_rhs: transpose rhs, and the result.
      conjugate_rhs: conjugate rhs.
      name: the name of the operation.
      partial_pivoting: exchange rows where that is more exact.

    Raises:
      ValueError: the shapes or the format are not as they must be.
    """
    if diagonals_format == "sequence":
        diagonals = _stacked(diagonals)
    elif diagonals_format == "matrix":
        diagonals = _picked(diagonals)
    elif diagonals_format != "compact":
        raise ValueError(f"Unrecognized diagonals_format: {diagonals_format}")
    rank = len(diagonals.shape)
    _check_system(diagonals, rhs, rank)
    if len(rhs.shape) == rank - 1:
        rhs = array_ops.expand_dims(math_cast.conj(rhs) if conjugate_rhs else rhs, -1)
        _check_rows(diagonals, rhs)
        return array_ops.squeeze(
            tridiagonal_solve_op(diagonals, rhs, partial_pivoting, name=name), -1
        )
    if transpose_rhs:
        rhs = array_ops.matrix_transpose(rhs, conjugate=conjugate_rhs)
    elif conjugate_rhs:
        rhs = math_cast.conj(rhs)
    _check_rows(diagonals, rhs)
    out = tridiagonal_solve_op(diagonals, rhs, partial_pivoting, name=name)
    return array_ops.matrix_transpose(out) if transpose_rhs else out


def _stacked(diagonals: Any) -> Tensor:
    if not isinstance(diagonals, (tuple, list)) or len(diagonals) != 3:
        raise ValueError("Expected diagonals to be a sequence of length 3.")
    upper, main, lower = diagonals
    if not lower.shape[:-1].is_compatible_with(main.shape[:-1]) or not upper.shape[
        :-1
    ].is_compatible_with(main.shape[:-1]):
        raise ValueError(
            "Tensors representing the three diagonals must have the same shape,except for the last "
            f"dimension, got {lower.shape}, {main.shape}, {upper.shape}"
        )
    m = main.shape.dims[-1].value

    def padded(x: Tensor, name: str, last: list[int]) -> Tensor:
        n = x.shape.dims[-1].value
        if not n or n == m:
            return x
        if n == m - 1:
            return array_ops.pad(x, [[0, 0] for _ in range(len(x.shape) - 1)] + [last])
        raise ValueError(f"Expected {name} to be have length {m} or {m - 1}, got {n}.")

    lower = padded(lower, "subdiagonal", [1, 0])
    upper = padded(upper, "superdiagonal", [0, 1])
    return array_ops.stack((upper, main, lower), axis=-2)


def _picked(matrix: Tensor) -> Tensor:
    m1, m2 = matrix.shape.dims[-1].value, matrix.shape.dims[-2].value
    if m1 and m2 and m1 != m2:
        raise ValueError(f"Expected last two dimensions of diagonals to be same, got {m1} and {m2}")
    m = m1 or m2
    if not m:
        raise ValueError('The size of the matrix needs to be known for diagonals_format="matrix"')
    any_place = [0, 0]
    places = (
        [[[1, 0], [0, 0], any_place]]
        + [[[i + 1, i], [i, i], [i - 1, i]] for i in range(1, m - 1)]
        + [[any_place, [m - 1, m - 1], [m - 2, m - 1]]]
    )
    return array_ops.transpose(array_ops.gather_nd(array_ops.transpose(matrix), places))


def _check_system(diagonals: Tensor, rhs: Tensor, rank: int) -> None:
    if rank < 2:
        raise ValueError(f"Expected diagonals to have rank at least 2, got {rank}")
    if len(rhs.shape) not in (rank, rank - 1):
        raise ValueError(
            f"Expected the rank of rhs to be {rank - 1} or {rank}, got {len(rhs.shape)}"
        )
    if diagonals.shape.dims[-2].value not in (None, 3):
        raise ValueError(f"Expected 3 diagonals got {diagonals.shape[-2]}")
    if not diagonals.shape[:-2].is_compatible_with(rhs.shape[: rank - 2]):
        raise ValueError(
            f"Batch shapes {diagonals.shape[:-2]} and {rhs.shape[: rank - 2]} are incompatible"
        )


def _check_rows(diagonals: Tensor, rhs: Tensor) -> None:
    left, right = diagonals.shape.dims[-1].value, rhs.shape.dims[-2].value
    if left and right and left != right:
        raise ValueError(
            "Expected number of left-hand sided and right-hand sides to be equal, got "
            f"{left} and {right}"
        )


@public("linalg.tridiagonal_matmul")
def tridiagonal_matmul(
    diagonals: Any, rhs: Any, diagonals_format: str = "compact", name: str | None = None
) -> Any:
    """The product of a matrix with three diagonals and rhs [..., m, n]; formats as in
    `tridiagonal_solve`.

    Raises:
      ValueError: the shapes or the format are not as they must be.
    """
    if diagonals_format == "compact":
        upper, main, lower = diagonals[..., 0, :], diagonals[..., 1, :], diagonals[..., 2, :]
    elif diagonals_format == "sequence":
        upper, main, lower = diagonals
    elif diagonals_format == "matrix":
        upper, main, lower = _separated(diagonals)
    else:
        raise ValueError(f"Unrecognized diagonals_format: {diagonals_format}")
    upper, main, lower = (array_ops.expand_dims(d, -2) for d in (upper, main, lower))
    return tridiagonal_mat_mul(upper, main, lower, rhs, name=name)


def _separated(matrix: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    m1, m2 = matrix.shape.dims[-1].value, matrix.shape.dims[-2].value
    if not m1 or not m2:
        raise ValueError('The size of the matrix needs to be known for diagonals_format="matrix"')
    if m1 != m2:
        raise ValueError(f"Expected last two dimensions of diagonals to be same, got {m1} and {m2}")
    main = array_ops.matrix_diag_part(matrix)
    matrix = array_ops.transpose(matrix)
    above = [[i + 1, i] for i in range(m1 - 1)] + [[0, 0]]
    below = [[0, 0]] + [[i - 1, i] for i in range(1, m1)]
    upper = array_ops.transpose(array_ops.gather_nd(matrix, above))
    lower = array_ops.transpose(array_ops.gather_nd(matrix, below))
    return upper, main, lower
