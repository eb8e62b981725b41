"""Decompositions of batches of matrices: QR, singular values, eigenvalues;
and functions of matrices.
"""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src.graph import infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import (
    linalg,
    linalg_matmul,
    linalg_solve,
    math_binary,
    math_cast,
    math_unary,
    reduce_axes,
)


def _min(a: int | None, b: int | None) -> int | None:
    return 0 if 0 in (a, b) else None if a is None or b is None else min(a, b)


def _qr_shapes(c: Any) -> list[infer.Shape]:
    shape = infer.with_rank_at_least(c.shapes[0], 2)
    if shape is None:
        return [None, None]
    *batch, m, n = shape
    p = m if c.attr("full_matrices") else _min(m, n)
    return [(*batch, m, p), (*batch, p, n)]


@op("Qr", public="qr linalg.qr", infer=_qr_shapes)
def qr(input, *, full_matrices=False):
    """Q with orthonormal columns and R upper triangular, with Q R = input."""
    q, r = torch.linalg.qr(input, "complete" if full_matrices else "reduced")
    return q, r


@qr.gradient
def qr_gradient(op, dq, dr):
    q, r = op.outputs
    if q.dtype.is_complex:
        raise NotImplementedError(f"QrGrad not implemented for dtype: {q.dtype}")
    if r.shape.ndims is None or None in r.shape.as_list()[-2:]:
        raise NotImplementedError("QrGrad not implemented with dynamic shapes.")
    if r.shape.as_list()[-2] != r.shape.as_list()[-1]:
        raise NotImplementedError(
            "QrGrad not implemented when ncols > nrows or full_matrices is true and ncols != nrows."
        )
    qdq = linalg_matmul.matmul(q, dq, adjoint_a=True)
    qdq_skew = qdq - linalg.adjoint(qdq)
    rdr = linalg_matmul.matmul(r, dr, adjoint_b=True)
    rdr_skew = rdr - linalg.adjoint(rdr)
    lower = array_ops.matrix_band_part(qdq_skew + rdr_skew, -1, 0)
    first = linalg_matmul.matmul(q, dr + _times_inverse(lower, r))
    return first + _times_inverse(dq - linalg_matmul.matmul(q, qdq), r)


def _times_inverse(x: Tensor, r: Tensor) -> Tensor:
    """x times the adjoint of the inverse of an upper triangular r."""
    solved = linalg_solve.matrix_triangular_solve(r, linalg.adjoint(x), lower=False, adjoint=False)
    return linalg.adjoint(solved)


def _svd_shapes(c: Any) -> list[infer.Shape]:
    shape = infer.with_rank_at_least(c.shapes[0], 2)
    vectors = c.attr("compute_uv")
    if shape is None:
        return [None, None, None] if vectors else [None, (0,), (0,)]
    *batch, m, n = shape
    p = _min(m, n)
    if not vectors:
        return [(*batch, p), (0,), (0,)]
    full = c.attr("full_matrices")
    return [(*batch, p), (*batch, m, m if full else p), (*batch, n, n if full else p)]


@op("Svd", infer=_svd_shapes)
def svd_op(input, *, compute_uv=True, full_matrices=False):
    """Singular values, largest first, and the left and right singular vectors as columns."""
    if not compute_uv:
        nothing = input.new_empty((0,))
        return torch.linalg.svdvals(input).to(input.dtype), nothing, nothing.clone()
    u, s, vh = torch.linalg.svd(input, full_matrices)
    return s.to(input.dtype), u, vh.mH.clone(memory_format=torch.contiguous_format)


@public("svd", "linalg.svd")
def svd(
    tensor: Any, full_matrices: bool = False, compute_uv: bool = True, name: str | None = None
) -> Any:
    """The singular value decomposition: tensor = u diag(s) v^H.

    Args:
      tensor: [..., m, n].
      full_matrices: all m and n singular vectors, not only those with a singular value.
      compute_uv: give the vectors, not only the values.
      name: the name of the operation.

    Returns:
      s, u, v, or s alone.
    """
    s, u, v = svd_op(tensor, compute_uv=compute_uv, full_matrices=full_matrices, name=name)
    return (math_cast.real(s), u, v) if compute_uv else math_cast.real(s)


@svd_op.gradient
def svd_gradient(op, ds, du, dv):
    a = op.inputs[0]
    ds_matrix = array_ops.matrix_diag(ds)
    if not op.get_attr("compute_uv"):
        _, u, v = svd(a, compute_uv=True)
        da = linalg_matmul.matmul(u, linalg_matmul.matmul(ds_matrix, v, adjoint_b=True))
        da.set_shape(a.shape.with_rank_at_least(2))
        return da
    full = op.get_attr("full_matrices")
    shape = _svd_gradient_shape(a, du, dv)
    m, n = shape.dims[-2].value, shape.dims[-1].value
    s, u, v = op.outputs
    flipped = m > n
    if flipped:
        m, n, u, v, du, dv = n, m, v, u, dv, du
    with scopes.control_dependencies([ds, du, dv]):
        if full and abs(m - n) > 1:
            raise NotImplementedError(
                "svd gradient is not implemented for abs(m - n) > 1 when full_matrices is True"
            )
        da = _svd_gradient(s, u, v, ds_matrix, du, dv, m, n, full)
        if flipped:
            da = array_ops.matrix_transpose(da)
        da.set_shape(shape)
        return da


def _svd_gradient_shape(a: Tensor, du: Tensor, dv: Tensor) -> Any:
    """The shape of the gradient, as far as all that is given says it."""
    shape = a.shape.with_rank_at_least(2)
    if a.dtype.is_complex:
        raise NotImplementedError(
            "SVD gradient is not implemented for complex types and compute_uv=True."
        )
    u_shape, v_shape = du.shape.with_rank_at_least(2), dv.shape.with_rank_at_least(2)
    m, n = shape.dims[-2].merge_with(u_shape[-2]), shape.dims[-1].merge_with(v_shape[-2])
    batch = shape[:-2].merge_with(u_shape[:-2]).merge_with(v_shape[:-2])
    shape = batch.concatenate([m, n])
    if m.value is None or n.value is None:
        raise NotImplementedError(
            "SVD gradient has not been implemented for input with unknown inner matrix shape."
        )
    return shape


def _svd_gradient(s, u, v, ds_matrix, du, dv, m, n, full):
    """The gradient of a matrix [..., m, n] that is not taller than wide, by its decomposition's."""
    matmul = linalg_matmul.matmul
    s_matrix = array_ops.matrix_diag(s)
    squares = math_unary.square(s)
    s_shape = array_ops.shape(s)
    identity = linalg.eye(s_shape[-1], batch_shape=s_shape[:-1], dtype=s.dtype)
    distances = array_ops.expand_dims(squares, -2) - array_ops.expand_dims(squares, -1) + identity
    f = array_ops.matrix_set_diag(math_unary.reciprocal(distances), array_ops.zeros_like(s))
    inverse = array_ops.matrix_diag(math_unary.reciprocal(s))
    v1, dv1 = v[..., :, :m], dv[..., :, :m]
    f_u, f_v = matmul(u, du, adjoint_a=True), matmul(v1, dv1, adjoint_a=True)
    f_u, f_v = f * f_u, f * f_v
    inner = (
        ds_matrix
        + matmul(f_u + linalg.adjoint(f_u), s_matrix)
        + matmul(s_matrix, f_v + linalg.adjoint(f_v))
    )
    out = matmul(u, matmul(inner, v1, adjoint_b=True))
    if m == n:
        return out
    dv1_t = array_ops.matrix_transpose(dv1)
    rest = matmul(dv1_t, v1)
    rest = dv1_t - matmul(rest, v1, adjoint_b=True)
    if full:
        v2, dv2 = v[..., :, m:n], dv[..., :, m:n]
        cross = matmul(v1, dv2, adjoint_a=True)
        rest = rest - matmul(cross, v2, adjoint_b=True)
    return out + matmul(matmul(u, inverse), rest)


def _eig_shapes(c: Any) -> list[infer.Shape]:
    shape = linalg_solve.square(c.shapes[0])
    values = None if shape is None else shape[:-1]
    return [values, shape if c.attr("compute_v") else (0,)]


@op("SelfAdjointEigV2", infer=_eig_shapes)
def self_adjoint_eig_v2(input, *, compute_v=True):
    """Eigenvalues, smallest first, and eigenvectors as columns, of the lower triangles."""
    if not compute_v:
        return torch.linalg.eigvalsh(input).to(input.dtype), input.new_empty((0,))
    values, vectors = torch.linalg.eigh(input)
    return values.to(input.dtype), vectors


self_adjoint_eig_v2.refusal(lambda input, **_: linalg_solve.refuse_matrix(input))


@public("self_adjoint_eig", "linalg.eigh")
def self_adjoint_eig(tensor: Any, name: str | None = None) -> Any:
    """Eigenvalues, smallest first, and eigenvectors as columns, of self-adjoint matrices."""
    values, vectors = self_adjoint_eig_v2(tensor, compute_v=True, name=name)
    return values, vectors


@public("self_adjoint_eigvals", "linalg.eigvalsh")
def self_adjoint_eigvals(tensor: Any, name: str | None = None) -> Any:
    """Eigenvalues, smallest first, of self-adjoint matrices."""
    return self_adjoint_eig_v2(tensor, compute_v=False, name=name)[0]


@self_adjoint_eig_v2.gradient
def self_adjoint_eig_gradient(op, de, dv):
    e = op.outputs[0]
    matmul = linalg_matmul.matmul
    with scopes.control_dependencies([de, dv]):
        if op.get_attr("compute_v"):
            v = op.outputs[1]
            distances = array_ops.expand_dims(e, -2) - array_ops.expand_dims(e, -1)
            f = array_ops.matrix_set_diag(math_unary.reciprocal(distances), array_ops.zeros_like(e))
            inner = array_ops.matrix_diag(de) + f * matmul(v, dv, adjoint_a=True)
        else:
            _, v = self_adjoint_eig(op.inputs[0])
            inner = array_ops.matrix_diag(de)
        out = matmul(v, matmul(inner, v, adjoint_b=True))
        out = array_ops.matrix_band_part(out + linalg.adjoint(out), -1, 0)
        return array_ops.matrix_set_diag(out, 0.5 * array_ops.matrix_diag_part(out))


def _square(c: Any) -> infer.Shape:
    return linalg_solve.square(c.shapes[0])


def by_eigenvalues(matrix: torch.Tensor, function: Any) -> torch.Tensor:
    """A function of matrices, by that function of their eigenvalues."""
    linalg_solve.refuse_matrix(matrix)
    values, vectors = torch.linalg.eig(matrix.to(torch.complex128))
    out = vectors @ torch.diag_embed(function(values)) @ torch.linalg.inv(vectors)
    return (out if matrix.is_complex() else out.real).to(matrix.dtype)


@op("MatrixSquareRoot", public="linalg.sqrtm", infer=_square)
def matrix_square_root(input):
    """The matrix whose square is the input."""
    return by_eigenvalues(input, torch.sqrt)


@op("MatrixLogarithm", public="linalg.logm", infer=_square)
def matrix_logarithm(input):
    """The matrix whose exponential is the input."""
    return by_eigenvalues(input, torch.log)


@op("MatrixExponential", infer=_square)
def matrix_exponential_op(input):
    """The sum of input ** n / n!."""
    return torch.linalg.matrix_exp(input)


@matrix_square_root.gradient
def matrix_square_root_gradient(op, dy):
    """Solves the Sylvester equation of R R = A, written out with Kronecker products."""
    root = op.outputs[0]
    shape = array_ops.shape(root)
    n = shape[-1]
    count = reduce_axes.reduce_prod(shape[0:-2])
    identity = array_ops.reshape(linalg.eye(n, dtype=root.dtype), [-1])
    identities = array_ops.reshape(array_ops.tile(identity, [count]), shape)
    flipped = array_ops.matrix_transpose(root)
    left = _kronecker(identities, flipped)
    system = math_binary.add(left, _kronecker(root, identities))
    batch = array_ops.slice(shape, [0], [math_binary.subtract(array_ops.size(shape), 2)])
    column_shape = array_ops.concat([batch, [n * n], [1]], 0)
    column = array_ops.reshape(array_ops.matrix_transpose(dy), column_shape)
    solved = array_ops.reshape(linalg_solve.matrix_solve(system, column), shape)
    return array_ops.matrix_transpose(solved)


def _kronecker(a: Tensor, b: Tensor) -> Tensor:
    a_shape, b_shape = array_ops.shape(a), array_ops.shape(b)
    n, m = a_shape[-1], b_shape[-1]
    batch = array_ops.slice(a_shape, [0], [math_binary.subtract(array_ops.size(a_shape), 2)])
    a_spread = array_ops.concat([batch, [n], [1], [n], [1]], 0)
    b_spread = array_ops.concat([batch, [1], [m], [1], [m]], 0)
    a, b = array_ops.reshape(a, a_spread), array_ops.reshape(b, b_spread)
    size = n * m
    shape = array_ops.concat([batch, [size], [size]], 0)
    return array_ops.reshape(a * b, shape)
