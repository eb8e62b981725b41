"""Inverses, determinants, and systems of linear equations, for batches of matrices: [..., n, n]."""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import cond, linalg, linalg_matmul, math_cast


def invalid(message: str) -> errors.InvalidArgumentError:
    """The error of bad input."""
    return errors.InvalidArgumentError(None, None, message)


def square(shape: infer.Shape) -> infer.Shape:
    """The shape, known to end with a square matrix."""
    shape = infer.with_rank_at_least(shape, 2)
    if shape is None:
        return None
    n = infer.merge_dim(shape[-2], shape[-1])
    return (*shape[:-2], n, n)


def _square(c: Any) -> infer.Shape:
    return square(c.shapes[0])


def _batch(c: Any) -> infer.Shape:
    shape = square(c.shapes[0])
    return None if shape is None else shape[:-2]


def _solution(c: Any, is_square: bool) -> infer.Shape:
    """[..., n, k] of a matrix [..., m, n] and right-hand sides [..., m, k]."""
    left = square(c.shapes[0]) if is_square else infer.with_rank_at_least(c.shapes[0], 2)
    right = infer.with_rank_at_least(c.shapes[1], 2)
    if left is None or right is None:
        return None
    batch = infer.merge(left[:-2], right[:-2])
    m = infer.merge_dim(left[-2], right[-2])
    n = infer.merge_dim(m, left[-1]) if is_square else left[-1]
    return None if batch is None else (*batch, n, right[-1])


def refuse_matrix(matrix: torch.Tensor) -> None:
    """Raise TensorFlow's error for what is no batch of square matrices."""
    if matrix.dim() < 2:
        raise invalid(f"Input tensor 0 must have rank >= 2, got {matrix.dim()}")
    if matrix.shape[-1] != matrix.shape[-2]:
        raise invalid("Input matrix must be square.")


def refuse_system(matrix: torch.Tensor, rhs: torch.Tensor, is_square: bool = True) -> None:
    """Raise TensorFlow's error for a matrix and right-hand sides that do not go together."""
    if matrix.dim() < 2:
        raise invalid(f"Input tensor 0 must have rank >= 2, got {matrix.dim()}")
    if matrix.dim() != rhs.dim():
        raise invalid("All input tensors must have the same rank.")
    if matrix.shape[:-2] != rhs.shape[:-2]:
        raise invalid("All input tensors must have the same outer dimensions.")
    if is_square and matrix.shape[-1] != matrix.shape[-2]:
        raise invalid("First input (lhs) must be a square matrix.")
    if matrix.shape[-2] != rhs.shape[-2]:
        raise invalid("Input matrix and rhs are incompatible.")


@op("MatrixInverse", public="matrix_inverse linalg.inv", infer=_square)
def matrix_inverse(input, *, adjoint=False):
    """The inverse of each matrix, or of its adjoint."""
    return torch.linalg.inv(input.mH if adjoint else input)


@matrix_inverse.refusal
def matrix_inverse_refusal(input, *, adjoint=False):
    """Say why there is no inverse."""
    refuse_matrix(input)
    raise invalid("Input is not invertible.")


@matrix_inverse.gradient
def matrix_inverse_gradient(op, dy):
    y = op.outputs[0]
    return -linalg_matmul.matmul(y, linalg_matmul.matmul(dy, y, adjoint_b=True), adjoint_a=True)


@op("MatrixDeterminant", public="matrix_determinant linalg.det", infer=_batch)
def matrix_determinant(input):
    """The determinant of each matrix: [..., n, n] -> [...]."""
    return torch.linalg.det(input)


@matrix_determinant.gradient
def matrix_determinant_gradient(op, dy):
    x, y = op.inputs[0], op.outputs[0]
    inverse = matrix_inverse(x, adjoint=True)
    factor = array_ops.reshape(dy * y, array_ops.concat([array_ops.shape(y), [1, 1]], 0))
    return factor * inverse


@op("LogMatrixDeterminant", public="linalg.slogdet", infer=lambda c: [_batch(c)] * 2)
def log_matrix_determinant(input):
    """The sign of each determinant and the logarithm of its absolute value."""
    sign, logs = torch.linalg.slogdet(input)
    return sign, logs.to(sign.dtype)


@log_matrix_determinant.gradient
def log_matrix_determinant_gradient(op, dsign, dlog):
    inverse = matrix_inverse(op.inputs[0], adjoint=True)
    shape = array_ops.concat([array_ops.shape(op.outputs[1]), [1, 1]], 0)
    return array_ops.reshape(dlog, shape) * inverse


for _block in (matrix_determinant, log_matrix_determinant):
    _block.refusal(refuse_matrix)


@op("MatrixSolve", public="matrix_solve linalg.solve", infer=lambda c: _solution(c, True))
def matrix_solve(matrix, rhs, *, adjoint=False):
    """x with matrix x = rhs: [..., n, n], [..., n, k] -> [..., n, k]."""
    return torch.linalg.solve(matrix.mH if adjoint else matrix, rhs)


@matrix_solve.refusal
def matrix_solve_refusal(matrix, rhs, *, adjoint=False):
    """Say why there is no solution."""
    refuse_system(matrix, rhs)
    raise invalid("Input matrix is not invertible.")


@matrix_solve.gradient
def matrix_solve_gradient(op, dx):
    adjoint = op.get_attr("adjoint")
    drhs = matrix_solve(op.inputs[0], dx, adjoint=not adjoint)
    return _matrix_gradient(op.outputs[0], drhs, adjoint), drhs


def _matrix_gradient(x: Tensor, drhs: Tensor, adjoint: bool) -> Tensor:
    if adjoint:
        return -linalg_matmul.matmul(x, drhs, adjoint_b=True)
    return -linalg_matmul.matmul(drhs, x, adjoint_b=True)


@op(
    "MatrixTriangularSolve",
    public="matrix_triangular_solve linalg.triangular_solve",
    infer=lambda c: _solution(c, True),
)
def matrix_triangular_solve(matrix, rhs, *, lower=True, adjoint=False):
    """x with matrix x = rhs, where only the lower or upper triangle of the matrix counts."""
    refuse_system(matrix, rhs)
    if matrix.device.type == "cpu" and bool((torch.diagonal(matrix, dim1=-2, dim2=-1) == 0).any()):
        raise invalid("Input matrix is not invertible.")
    left = matrix.mH if adjoint else matrix
    return torch.linalg.solve_triangular(left, rhs, upper=lower == adjoint)


@matrix_triangular_solve.gradient
def matrix_triangular_solve_gradient(op, dx):
    adjoint, lower = op.get_attr("adjoint"), op.get_attr("lower")
    drhs = matrix_triangular_solve(op.inputs[0], dx, lower=lower, adjoint=not adjoint)
    dmatrix = _matrix_gradient(op.outputs[0], drhs, adjoint)
    if lower:
        return array_ops.matrix_band_part(dmatrix, -1, 0), drhs
    return array_ops.matrix_band_part(dmatrix, 0, -1), drhs


@op("Cholesky", public="cholesky linalg.cholesky", infer=_square)
def cholesky(input):
    """The lower triangular L with L L^H = input."""
    return torch.linalg.cholesky(input)


@cholesky.refusal
def cholesky_refusal(input):
    """Say why there is no decomposition."""
    refuse_matrix(input)
    raise invalid("Cholesky decomposition was not successful. The input might not be valid.")


@cholesky.gradient
def cholesky_gradient(op, dl):
    l = op.outputs[0]  # noqa: E741 - as the literature has it
    n = array_ops.shape(l)[-1]
    batch = array_ops.shape(l)[:-2]
    inverse = matrix_triangular_solve(l, linalg.eye(n, batch_shape=batch, dtype=l.dtype))
    middle = linalg_matmul.matmul(l, dl, adjoint_a=True)
    middle = array_ops.matrix_set_diag(middle, 0.5 * array_ops.matrix_diag_part(middle))
    middle = array_ops.matrix_band_part(middle, -1, 0)
    out = linalg_matmul.matmul(linalg_matmul.matmul(inverse, middle, adjoint_a=True), inverse)
    out = out + linalg.adjoint(out)
    return out * 0.5


@op("CholeskyGrad", infer=_square)
def cholesky_grad(l, grad):  # noqa: E741 - the name is TensorFlow's
    """The gradient of the Cholesky decomposition."""
    middle = torch.tril(l.mH @ grad)
    middle = middle - 0.5 * torch.diag_embed(torch.diagonal(middle, dim1=-2, dim2=-1))
    out = torch.linalg.solve_triangular(l.mH, middle, upper=True)
    out = torch.linalg.solve_triangular(l, out, upper=False, left=False)
    return 0.5 * (out + out.mH)


@public("cholesky_solve", "linalg.cholesky_solve")
def cholesky_solve(chol: Any, rhs: Any, name: str | None = None) -> Any:
    """x with A x = rhs, given the Cholesky decomposition of A."""
    with scopes.name_scope(name, "cholesky_solve", [chol, rhs]):
        y = matrix_triangular_solve(chol, rhs, adjoint=False, lower=True)
        return matrix_triangular_solve(chol, y, adjoint=True, lower=True)


@op(
    "Lu",
    public="linalg.lu",
    infer=lambda c: [_square(c), None if _square(c) is None else _square(c)[:-1]],
)
def lu(input, *, output_idx_type=dtypes.int32):
    """Lower and upper triangle in one matrix, and the order of the rows of the input that they are
    made of.
    """
    refuse_matrix(input)
    packed, pivots, _ = torch.linalg.lu_factor_ex(input)
    if input.device.type == "cpu" and bool((torch.diagonal(packed, dim1=-2, dim2=-1) == 0).any()):
        raise invalid("Input is not invertible.")
    rows = packed.real if packed.is_complex() else packed
    order = torch.lu_unpack(rows, pivots, unpack_data=False)[0].to(torch.int8)
    order = order.argmax(-2) if order.numel() else order.sum(-2)
    return packed, order.to(output_idx_type.torch)


# Least squares.


@op("MatrixSolveLs", infer=lambda c: _solution(c, False))
def matrix_solve_ls_op(matrix, rhs, l2_regularizer, *, fast=True):
    """The least-squares solution of matrix x = rhs, of least norm where there are several."""
    refuse_system(matrix, rhs, False)
    if not fast:
        return torch.linalg.pinv(matrix) @ rhs
    tall = matrix.shape[-2] >= matrix.shape[-1]
    gram = matrix.mH @ matrix if tall else matrix @ matrix.mH
    gram = gram + l2_regularizer.to(gram.dtype) * torch.eye(
        gram.shape[-1], dtype=gram.dtype, device=gram.device
    )
    return (
        torch.linalg.solve(gram, matrix.mH @ rhs)
        if tall
        else matrix.mH @ torch.linalg.solve(gram, rhs)
    )


@matrix_solve_ls_op.gradient
def matrix_solve_ls_gradient(op, dx):
    if op.get_attr("fast") is False:
        raise ValueError("Gradient not defined for fast=False")
    sizes = op.inputs[0].shape[-2:]
    if sizes.is_fully_defined():
        return _tall_gradient(op, dx) if sizes[-2] >= sizes[-1] else _wide_gradient(op, dx)
    sizes = array_ops.shape(op.inputs[0])[-2:]
    return cond.cond(
        sizes[-2] >= sizes[-1], lambda: _tall_gradient(op, dx), lambda: _wide_gradient(op, dx)
    )


def _tall_gradient(op, dx):
    a, b, x = op.inputs[0], op.inputs[1], op.outputs[0]
    chol = regularised_cholesky(a, math_cast.cast(op.inputs[2], a.dtype.base_dtype), True)
    z = cholesky_solve(chol, dx)
    xz = linalg_matmul.matmul(x, z, adjoint_b=True)
    both = xz + array_ops.matrix_transpose(xz)
    da = -linalg_matmul.matmul(a, both) + linalg_matmul.matmul(b, z, adjoint_b=True)
    return da, linalg_matmul.matmul(a, z), None


def _wide_gradient(op, dx):
    a, b = op.inputs[0], op.inputs[1]
    chol = regularised_cholesky(a, math_cast.cast(op.inputs[2], a.dtype.base_dtype), False)
    db = cholesky_solve(chol, linalg_matmul.matmul(a, dx))
    part = cholesky_solve(chol, b)
    first = linalg_matmul.matmul(part, a, adjoint_a=True)
    first = -linalg_matmul.matmul(db, first)
    second = dx - linalg_matmul.matmul(a, db, adjoint_a=True)
    second = linalg_matmul.matmul(part, second, adjoint_b=True)
    return first + second, db, None


def regularised_cholesky(matrix: Tensor, l2: Any, tall: bool) -> Tensor:
    """The Cholesky decomposition of the smaller Gram matrix plus l2 times the identity."""
    gram = linalg_matmul.matmul(matrix, matrix, adjoint_a=tall, adjoint_b=not tall)
    if isinstance(l2, Tensor) or l2 != 0:
        sizes = array_ops.shape(matrix)
        batch = sizes[:-2]
        n = sizes[-1 if tall else -2]
        identity = linalg.eye(n, batch_shape=batch, dtype=matrix.dtype)
        known = matrix.shape[-1 if tall else -2]
        identity.set_shape(matrix.shape[:-2].concatenate([known, known]))
        gram = gram + l2 * identity
    return cholesky(gram)


@public("matrix_solve_ls", "linalg.lstsq")
def matrix_solve_ls(
    matrix: Any, rhs: Any, l2_regularizer: Any = 0.0, fast: bool = True, name: str | None = None
) -> Any:
    """The least-squares solution of matrix x = rhs: [..., m, n], [..., m, k] -> [..., n, k].

    Args:
      matrix: the matrices.
      rhs: the right-hand sides.
      l2_regularizer: what to add to the diagonal of the normal equations.
      fast: solve the normal equations; else decompose the matrix itself, slower and more exact.
      name: the name scope.

    Raises:
      NotImplementedError: complex128 with a regularizer.
    """
    matrix = convert.convert_to_tensor(matrix, name="matrix")
    if matrix.dtype == dtypes.complex128 and l2_regularizer != 0:
        raise NotImplementedError(
            "matrix_solve_ls is currently disabled for complex128 and l2_regularizer != 0 due to "
            "poor accuracy."
        )
    if not _is_composed(fast, matrix):
        return matrix_solve_ls_op(matrix, rhs, l2_regularizer, fast=fast, name=name)
    with scopes.name_scope(name, "matrix_solve_ls", [matrix, rhs, l2_regularizer]):
        sizes = matrix.shape[-2:]
        if sizes.is_fully_defined():
            solve = _tall if sizes[-2] >= sizes[-1] else _wide
            return solve(matrix, rhs, l2_regularizer)
        sizes = array_ops.shape(matrix)[-2:]
        return cond.cond(
            sizes[-2] >= sizes[-1],
            lambda: _tall(matrix, rhs, l2_regularizer),
            lambda: _wide(matrix, rhs, l2_regularizer),
        )


def _is_composed(fast: bool, matrix: Tensor) -> bool:
    """True where TensorFlow makes the solution of several operations:
    unless many small matrices fill the cache.
    """
    shape = matrix.shape
    if fast is False:
        return False
    if not shape.is_fully_defined():
        return True
    smallest = min(d.value for d in shape.dims[-2:])
    return not (
        shape.num_elements() * matrix.dtype.size > 256000 and shape[:-2].num_elements() > smallest
    )


def _tall(matrix: Tensor, rhs: Any, l2: Any) -> Tensor:
    chol = regularised_cholesky(matrix, l2, True)
    return cholesky_solve(chol, linalg_matmul.matmul(matrix, rhs, adjoint_a=True))


def _wide(matrix: Tensor, rhs: Any, l2: Any) -> Tensor:
    chol = regularised_cholesky(matrix, l2, False)
    return linalg_matmul.matmul(matrix, cholesky_solve(chol, rhs), adjoint_a=True)
