"""Linear algebra made of other operations: identity matrices, norms, adjoints, pseudo-inverses;
and the cross product.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.graph.shapes import dimension_value
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import (
    check_shape,
    linalg_decompose,
    linalg_matmul,
    linalg_solve,
    math_binary,
    math_cast,
    math_unary,
    reduce_axes,
)
from rekindle._src.ops.arguments import renamed


@public("eye", "linalg.eye")
def eye(
    num_rows: Any,
    num_columns: Any = None,
    batch_shape: Any = None,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """Identity matrices: [batch_shape..., num_rows, num_columns], square by default.

    Raises:
      TypeError: a size is no integer.
    """
    with scopes.name_scope(name, "eye", [num_rows, num_columns, batch_shape]):
        is_square = num_columns is None
        batch = [] if batch_shape is None else batch_shape
        num_columns = num_rows if num_columns is None else num_columns
        if isinstance(num_rows, Tensor) or isinstance(num_columns, Tensor):
            size = math_binary.minimum(num_rows, num_columns)
        else:
            if not isinstance(num_rows, (int, np.integer)) or not isinstance(
                num_columns, (int, np.integer)
            ):
                raise TypeError("num_rows and num_columns must be positive integer values.")
            is_square = num_rows == num_columns
            size = np.minimum(num_rows, num_columns)
        shape: Any = None
        if isinstance(batch, Tensor) or isinstance(size, Tensor):
            batch = convert.convert_to_tensor(batch, dtypes.int32, "shape")
            diagonal_shape = array_ops.concat((batch, [size]), axis=0)
            if not is_square:
                shape = array_ops.concat((batch, [num_rows, num_columns]), axis=0)
        else:
            batch = list(batch)
            diagonal_shape = [*batch, size]
            shape = [*batch, num_rows, num_columns]
        ones = array_ops.ones(diagonal_shape, dtype=dtype)
        if is_square:
            return array_ops.matrix_diag(ones)
        return array_ops.matrix_set_diag(array_ops.zeros(shape, dtype=dtype), ones)


@public("linalg.adjoint")
def adjoint(matrix: Any, name: str | None = None) -> Tensor:
    """Matrices transposed and conjugated: [..., n, m] -> [..., m, n]."""
    with scopes.name_scope(name, "adjoint", [matrix]):
        matrix = convert.convert_to_tensor(matrix, name="matrix")
        return array_ops.matrix_transpose(matrix, conjugate=True)


def _cross_shape(c: Any) -> infer.Shape:
    a = infer.with_rank_at_least(c.shapes[0], 1)
    shape = infer.merge(a, infer.with_rank_at_least(c.shapes[1], 1))
    if shape is not None and shape[-1] not in (None, 3):
        raise ValueError(f"Dimension must be 3 but is {shape[-1]}")
    return shape


@op("Cross", public="cross linalg.cross", infer=_cross_shape)
def cross(a, b):
    """The cross products of 3-element vectors along the last axis."""
    return torch.linalg.cross(a, b, dim=-1)


@cross.refusal
def cross_refusal(a, b):
    """Say why there is no cross product."""
    if a.shape != b.shape:
        raise linalg_solve.invalid(
            f"Both inputs must be of same shape: {infer.show(tuple(a.shape))} vs. "
            f"{infer.show(tuple(b.shape))}"
        )
    raise errors.FailedPreconditionError(
        None, None, "Cross-products are only defined for 3-element vectors."
    )


@cross.gradient
def cross_gradient(op, dy):
    a, b = op.inputs
    return cross(b, dy), cross(dy, a)


def _einsum_shape(c: Any) -> infer.Shape:
    """The sizes of the output's letters; nothing is said where there are ellipses."""
    left, arrow, right = c.attr("equation").replace(" ", "").partition("->")
    labels = left.split(",")
    if "." in left or not arrow or len(labels) != len(c.shapes):
        return None
    sizes: dict[str, int | None] = {}
    for own, shape in zip(labels, c.shapes, strict=True):
        for letter, size in zip(own, infer.with_rank(shape, len(own)), strict=True):
            sizes[letter] = infer.merge_dim(sizes.get(letter), size)
    return tuple(sizes[letter] for letter in right)


@op("Einsum", infer=_einsum_shape)
def einsum_op(inputs, *, equation):
    """Sums of products of tensors whose axes are named by letters."""
    return torch.einsum(equation, *inputs)


@public("linalg.logdet")
def logdet(matrix: Any, name: str | None = None) -> Tensor:
    """The logarithms of the determinants of self-adjoint positive definite matrices."""
    with scopes.name_scope(name, "logdet", [matrix]):
        diagonal = array_ops.matrix_diag_part(linalg_solve.cholesky(matrix))
        return 2.0 * reduce_axes.reduce_sum(math_unary.log(math_cast.real(diagonal)), axis=[-1])


# Norms.

_EUCLIDEAN = ("fro", "euclidean", 2, 2.0)


def _check_norm(ord: Any, axis: Any) -> bool:
    """True for a norm of matrices."""
    wrong_axis = "'axis' must be None, an integer, or a tuple of 2 unique integers"
    if isinstance(axis, (tuple, list)) and len(axis) == 2:
        if not isinstance(axis[0], int) or not isinstance(axis[1], int) or axis[0] == axis[1]:
            raise ValueError(wrong_axis)
        known = ["euclidean", "fro", 1, 2, np.inf]
        if ord not in known:
            raise ValueError(f"'ord' must be a supported matrix norm in {known}, got {ord}")
        return True
    if not (isinstance(axis, int) or axis is None):
        raise ValueError(wrong_axis)
    if (
        isinstance(ord, str)
        and ord != "euclidean"
        or not isinstance(ord, str)
        and (not np.isreal(ord) or ord <= 0)
    ):
        raise ValueError(f"'ord' must be a supported vector norm, got {ord}")
    return False


@public("norm", "linalg.norm")
def norm(
    tensor: Any,
    ord: Any = "euclidean",
    axis: Any = None,
    keepdims: Any = None,
    name: str | None = None,
    keep_dims: Any = None,
) -> Tensor:
    """The norm of vectors, matrices, or of the whole tensor.

    Args:
      tensor: the tensor.
      ord: "euclidean", "fro", 1, 2, np.inf, or for vectors any positive number.
      axis: an axis for vectors, two for matrices, None for the whole tensor as one vector.
      keepdims: keep the axes with size 1.
      name: the name scope.
      keep_dims: the old name of keepdims.

    Raises:
      ValueError: `ord` or `axis` is none of these.
    """
    keepdims = renamed("keepdims", keepdims, "keep_dims", keep_dims) or False
    of_matrix = _check_norm(ord, axis)
    axis = tuple(axis) if of_matrix else None if axis is None else (axis,)
    with scopes.name_scope(name, "norm", [tensor]):
        tensor = convert.convert_to_tensor(tensor)
        if of_matrix and ord in (2, 2.0):
            out = _spectral_norm(tensor, axis)
        elif ord in _EUCLIDEAN:
            squares = tensor * math_cast.conj(tensor)
            out = math_unary.sqrt(reduce_axes.reduce_sum(squares, axis, keepdims=True))
        else:
            out = _other_norm(math_unary.abs(tensor), ord, axis, of_matrix)
        return out if keepdims else array_ops.squeeze(out, axis)


def _other_norm(x: Tensor, ord: Any, axis: Any, of_matrix: bool) -> Tensor:
    if ord == 1:
        out = reduce_axes.reduce_sum(x, None if axis is None else axis[0], keepdims=True)
        return reduce_axes.reduce_max(out, axis[-1], keepdims=True) if of_matrix else out
    if ord == np.inf:
        out = reduce_axes.reduce_sum(x, axis[1], keepdims=True) if of_matrix else x
        return reduce_axes.reduce_max(out, None if axis is None else axis[0], keepdims=True)
    powers = math_binary.pow(x, ord)
    return math_binary.pow(reduce_axes.reduce_sum(powers, axis, keepdims=True), 1.0 / ord)


def _spectral_norm(x: Tensor, axis: tuple[int, ...]) -> Tensor:
    """The largest singular value of the matrices along two axes."""
    rank = x.shape.ndims
    if rank is None:
        raise ValueError("The matrix norm of order 2 needs a tensor of known rank")
    axes = [a % rank for a in axis]
    before = [a for a in range(rank) if a not in axes] + axes
    s = linalg_decompose.svd_op(array_ops.transpose(x, perm=before), compute_uv=False)[0]
    largest = reduce_axes.reduce_max(math_unary.abs(s), axis=-1, keepdims=True)
    return array_ops.transpose(
        array_ops.expand_dims(largest, axis=-1), perm=np.argsort(before).tolist()
    )


# Ranks and pseudo-inverses.


def _checked_matrix(a: Tensor, validate_args: bool) -> Tensor:
    if not a.dtype.is_floating:
        raise TypeError(f"Input `a` must have `float`-like `dtype` (saw {a.dtype.name}).")
    too_low = "Input `a` must have at least 2 dimensions"
    if a.shape.ndims is not None:
        if a.shape.ndims < 2:
            raise ValueError(f"{too_low} (saw: {a.shape.ndims}).")
    elif validate_args:
        with scopes.control_dependencies(
            [check_shape.assert_rank_at_least(a, rank=2, message=f"{too_low}.")]
        ):
            return array_ops.identity(a)
    return a


@public("linalg.matrix_rank")
def matrix_rank(
    a: Any, tol: Any = None, validate_args: bool = False, name: str | None = None
) -> Tensor:
    """How many singular values of each matrix are larger than `tol`.

    Args:
      a: [..., m, n].
      tol: the limit; default: the largest singular value times max(m, n) times the precision.
      validate_args: check the rank while the graph runs, if it is not known.
      name: the name scope.

    Raises:
      TypeError: `a` is not of a floating type.
      ValueError: it has less than 2 axes.
    """
    with scopes.name_scope(name or "matrix_rank"):
        a = convert.convert_to_tensor(a, dtype_hint=dtypes.float32, name="a")
        a = _checked_matrix(a, validate_args)
        s = linalg_decompose.svd(a, compute_uv=False)
        if tol is None:
            if a.shape[-2:].is_fully_defined():
                m = np.max(a.shape[-2:].as_list())
            else:
                m = reduce_axes.reduce_max(array_ops.shape(a)[-2:])
            precision = np.finfo(a.dtype.as_numpy_dtype).eps
            tol = (
                precision
                * math_cast.cast(m, a.dtype)
                * reduce_axes.reduce_max(s, axis=-1, keepdims=True)
            )
        return reduce_axes.reduce_sum(math_cast.cast(s > tol, dtypes.int32), axis=-1)


@public("linalg.pinv")
def pinv(a: Any, rcond: Any = None, validate_args: bool = False, name: str | None = None) -> Tensor:
    """The Moore-Penrose pseudo-inverse of each matrix: [..., m, n] -> [..., n, m].

    Args:
      a: the matrices.
      rcond: singular values below this times the largest one count as 0; default: 10 max(m, n)
        times the precision.
      validate_args: check the rank while the graph runs, if it is not known.
      name: the name scope.

    Raises:
      TypeError: `a` is not of a floating type.
      ValueError: it has less than 2 axes.
    """
    with scopes.name_scope(name or "pinv"):
        a = _checked_matrix(convert.convert_to_tensor(a, name="a"), validate_args)
        dtype = a.dtype.as_numpy_dtype
        if rcond is None:
            rcond = 10.0 * _longer_side(a, dtype) * np.finfo(dtype).eps
        rcond = convert.convert_to_tensor(rcond, dtype=dtype, name="rcond")
        s, u, v = linalg_decompose.svd(a, full_matrices=False, compute_uv=True)
        limit = rcond * reduce_axes.reduce_max(s, axis=-1)
        is_large = s > array_ops.expand_dims(limit, -1)
        s = array_ops.where_v2(is_large, s, np.array(np.inf, dtype))
        out = linalg_matmul.matmul(v / array_ops.expand_dims(s, -2), u, adjoint_b=True)
        if a.shape.ndims is not None:
            out.set_shape(a.shape[:-2].concatenate([a.shape[-1], a.shape[-2]]))
        return out


def _longer_side(a: Tensor, dtype: Any) -> Any:
    sides = []
    for axis in (-2, -1):
        known = dimension_value(a.shape[axis])
        sides.append(array_ops.shape(a)[axis] if known is None else known)
    if all(isinstance(s, int) for s in sides):
        return float(max(sides))
    return math_cast.cast(math_binary.maximum(*sides), dtype)
