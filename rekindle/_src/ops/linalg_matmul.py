"""Matrix products: of two matrices, and of batches of them."""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer, opdef, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math_broadcast, math_cast, reduce_axes


def _matmul_shape(c: Any) -> infer.Shape:
    a, b = infer.with_rank(c.shapes[0], 2), infer.with_rank(c.shapes[1], 2)
    a = a[::-1] if c.attr("transpose_a") else a
    b = b[::-1] if c.attr("transpose_b") else b
    infer.merge_dim(a[1], b[0])
    return a[0], b[1]


@op("MatMul", infer=_matmul_shape)
def mat_mul(a, b, *, transpose_a=False, transpose_b=False):
    """The product of two matrices, each transposed first if asked for."""
    return torch.mm(a.t() if transpose_a else a, b.t() if transpose_b else b)


@mat_mul.refusal
def matmul_refusal(a, b, *, transpose_a=False, transpose_b=False):
    """Say which sizes do not go together."""
    if a.dim() != 2:
        raise _invalid(f"In[0] is not a matrix. Instead it has shape {infer.show(tuple(a.shape))}")
    if b.dim() != 2:
        raise _invalid(f"In[1] is not a matrix. Instead it has shape {infer.show(tuple(b.shape))}")
    if a.shape[0 if transpose_a else 1] != b.shape[1 if transpose_b else 0]:
        raise _invalid(
            f"Matrix size-incompatible: In[0]: {infer.show(tuple(a.shape))}, In[1]: "
            f"{infer.show(tuple(b.shape))}"
        )


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


@mat_mul.gradient
def matmul_gradient(op, dy):
    flip_a, flip_b = op.get_attr("transpose_a"), op.get_attr("transpose_b")
    a, b = math_cast.conj(op.inputs[0]), math_cast.conj(op.inputs[1])
    if flip_a:
        da = mat_mul(b, dy, transpose_a=flip_b, transpose_b=True)
    else:
        da = mat_mul(dy, b, transpose_b=not flip_b)
    if flip_b:
        db = mat_mul(dy, a, transpose_a=True, transpose_b=flip_a)
    else:
        db = mat_mul(a, dy, transpose_a=not flip_a)
    return da, db


@op("SparseMatMul", infer=_matmul_shape)
def sparse_mat_mul(a, b, *, transpose_a=False, transpose_b=False):
    """The product of two matrices of float32 or bfloat16, in float32."""
    return torch.mm(
        (a.t() if transpose_a else a).to(torch.float32),
        (b.t() if transpose_b else b).to(torch.float32),
    )


@public("sparse_matmul")
def sparse_matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Any:
    """The product of two matrices of float32 or bfloat16 with many zeros, in float32."""
    return sparse_mat_mul(a, b, transpose_a, transpose_b, a_is_sparse, b_is_sparse, name=name)


@sparse_mat_mul.gradient
def sparse_matmul_gradient(op, dy):
    a, b = op.inputs
    flip_a, flip_b = op.get_attr("transpose_a"), op.get_attr("transpose_b")
    sparse = {
        a: op.get_attr("a_is_sparse"),
        b: op.get_attr("b_is_sparse"),
        dy: dy.op.type == "ReluGrad",
    }

    def product(x, y, dtype, transpose_a=False, transpose_b=False):
        x_is_sparse, y_is_sparse = sparse[x], sparse[y]
        y = array_ops.transpose(y) if transpose_b else y
        out = matmul(
            x, y, transpose_a=transpose_a, a_is_sparse=x_is_sparse, b_is_sparse=y_is_sparse
        )
        return out if out.dtype == dtype else math_cast.cast(out, dtype)

    if flip_a:
        da = product(b, dy, a.dtype, flip_b, True)
    else:
        da = product(dy, b, a.dtype, False, not flip_b)
    if flip_b:
        db = product(dy, a, b.dtype, True, flip_a)
    else:
        db = product(a, dy, b.dtype, not flip_a)
    return da, db


def _batch_shape(c: Any, join: Any) -> infer.Shape:
    a, b = infer.with_rank_at_least(c.shapes[0], 2), infer.with_rank_at_least(c.shapes[1], 2)
    if a is None or b is None:
        return None
    rows, inner = (a[-1], a[-2]) if c.attr("adj_x") else (a[-2], a[-1])
    other, columns = (b[-1], b[-2]) if c.attr("adj_y") else (b[-2], b[-1])
    infer.merge_dim(inner, other)
    batch = join(a[:-2], b[:-2])
    return None if batch is None else (*batch, rows, columns)


@op("BatchMatMul", infer=lambda c: _batch_shape(c, infer.merge))
def batch_mat_mul(x, y, *, adj_x=False, adj_y=False):
    """The products of two batches of matrices: [..., a, b] x [..., b, c] -> [..., a, c]."""
    return torch.matmul(x.mH if adj_x else x, y.mH if adj_y else y)


@op("BatchMatMulV2", infer=lambda c: _batch_shape(c, infer.broadcast_shapes))
def batch_mat_mul_v2(x, y, *, adj_x=False, adj_y=False):
    """The products of two batches of matrices, with the batch axes broadcast:
    [..., a, b] x [..., b, c] -> [..., a, c].
    """
    return torch.matmul(x.mH if adj_x else x, y.mH if adj_y else y)


@batch_mat_mul.refusal
@batch_mat_mul_v2.refusal
def batch_matmul_refusal(x, y, *, adj_x=False, adj_y=False):
    """Say which sizes do not go together."""
    for i, one in enumerate((x, y)):
        if one.dim() < 2:
            raise _invalid(f"In[{i}] ndims must be >= 2: {one.dim()}")
    a, b = x.shape[-2 if adj_x else -1], y.shape[-1 if adj_y else -2]
    if a != b:
        raise _invalid(
            f"In[0] mismatch In[1] shape: {a} vs. {b}: {infer.show(tuple(x.shape))} "
            f"{infer.show(tuple(y.shape))} {int(adj_x)} {int(adj_y)}"
        )
    if x.shape[:-2] != y.shape[:-2]:
        raise _invalid(
            f"In[0] and In[1] must have compatible batch dimensions: "
            f"{infer.show(tuple(x.shape))} vs. {infer.show(tuple(y.shape))}"
        )


@batch_mat_mul.gradient
def batch_matmul_gradient(op, dz):
    x, y = op.inputs
    adj_x, adj_y = op.get_attr("adj_x"), op.get_attr("adj_y")
    if adj_x:
        dx = matmul(y, dz, adjoint_a=adj_y, adjoint_b=True)
    else:
        dx = matmul(dz, y, adjoint_b=not adj_y)
    if adj_y:
        dy = matmul(dz, x, adjoint_a=True, adjoint_b=adj_x)
    else:
        dy = matmul(x, dz, adjoint_a=not adj_x)
    return dx, dy


@batch_mat_mul_v2.gradient
def batch_matmul_v2_gradient(op, dz):
    x, y = op.inputs
    dx, dy = batch_matmul_gradient(op, dz)
    if infer.is_known(x._static_shape) and x._static_shape == y._static_shape:
        return dx, dy
    x_shape, y_shape = array_ops.shape(x), array_ops.shape(y)
    x_axes, y_axes = opdef.call("BroadcastGradientArgs", x_shape[:-2], y_shape[:-2])
    return math_broadcast.summed_to(dx, x_axes, x_shape), math_broadcast.summed_to(
        dy, y_axes, y_shape
    )


@public("matmul", "linalg.matmul")
def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    adjoint_a: bool = False,
    adjoint_b: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Any:
    """The product of two matrices, or of batches of them: [..., n, k] x [..., k, m] -> [..., n, m].

    Args:
      a: the left matrices.
      b: the right matrices.
      transpose_a: transpose a first.
      transpose_b: transpose b first.
      adjoint_a: transpose and conjugate a first.
      adjoint_b: transpose and conjugate b first.
      a_is_sparse: a has many zeros.
      b_is_sparse: b has many zeros.
      name: the name of the operation.

    Raises:
      ValueError: a matrix is to be both transposed and adjoint.
    """
    with scopes.name_scope(name, "MatMul", [a, b]) as scope:
        if transpose_a and adjoint_a:
            raise ValueError("Only one of transpose_a and adjoint_a can be True.")
        if transpose_b and adjoint_b:
            raise ValueError("Only one of transpose_b and adjoint_b can be True.")
        a, b = convert.convert_to_tensor(a, name="a"), convert.convert_to_tensor(b, name="b")
        batched = any(t._static_shape is None or len(t._static_shape) > 2 for t in (a, b))
        if batched and not a_is_sparse and not b_is_sparse:
            a, b = math_cast.conj(a) if transpose_a else a, math_cast.conj(b) if transpose_b else b
            return batch_mat_mul_v2(
                a, b, adj_x=adjoint_a or transpose_a, adj_y=adjoint_b or transpose_b, name=scope
            )
        a, b = math_cast.conj(a) if adjoint_a else a, math_cast.conj(b) if adjoint_b else b
        flips = {"transpose_a": transpose_a or adjoint_a, "transpose_b": transpose_b or adjoint_b}
        if not _takes_sparse(a.dtype.base_dtype, b.dtype.base_dtype, a_is_sparse or b_is_sparse):
            return mat_mul(a, b, **flips, name=scope)
        out = sparse_mat_mul(
            a, b, **flips, a_is_sparse=a_is_sparse, b_is_sparse=b_is_sparse, name=scope
        )
        return (
            math_cast.cast(out, dtypes.bfloat16) if a.dtype == b.dtype == dtypes.bfloat16 else out
        )


def _takes_sparse(a: dtypes.DType, b: dtypes.DType, is_sparse: bool) -> bool:
    types = (dtypes.bfloat16, dtypes.float32)
    return is_sparse and a in types and b in types or dtypes.bfloat16 in (a, b) and a is not b


@public("linalg.matvec")
def matvec(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    adjoint_a: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Any:
    """The product of a matrix and a vector, or of batches of them:
    [..., n, k] x [..., k] -> [..., n].
    """
    with scopes.name_scope(name, "MatVec", [a, b]):
        column = array_ops.expand_dims(b, axis=-1)
        out = matmul(
            a,
            column,
            transpose_a=transpose_a,
            adjoint_a=adjoint_a,
            a_is_sparse=a_is_sparse,
            b_is_sparse=b_is_sparse,
        )
        return array_ops.squeeze(out, axis=-1)


@public("trace", "linalg.trace")
def trace(x: Any, name: str | None = None) -> Any:
    """The sums of the diagonals of matrices: [..., n, m] -> [...]."""
    with scopes.name_scope(name, "Trace", [x]) as scope:
        x = convert.convert_to_tensor(x, name="x")
        diagonal = array_ops.matrix_diag_part(x)
        return reduce_axes.reduce_sum(diagonal, [-1], name=scope)
