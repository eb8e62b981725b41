"""Checks of tensors' shapes and types: `with_shape`, `assert_scalar_int`, sums of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from rekindle._src.graph import convert, dtypes, scopes, shapes
from rekindle._src.graph import sparse as sparse_tensors
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import assertion, check_shape
from rekindle._src.ops import math as math_ops


@public("contrib.framework.assert_scalar_int")
def assert_scalar_int(tensor: Any, name: str | None = None) -> Tensor:
    """The tensor, which is one integer.

    Raises:
      ValueError: it is of another shape or type.
    """
    with scopes.name_scope(name, "assert_scalar_int", [tensor]) as scope:
        tensor = convert.convert_to_tensor(tensor)
        if not tensor.dtype.base_dtype.is_integer:
            raise ValueError(
                f"Expected integer type for {tensor.name}, received type: {tensor.dtype}."
            )
        return check_shape.assert_scalar(tensor, name=scope)


@public("contrib.framework.reduce_sum_n")
def reduce_sum_n(tensors: Any, name: str | None = None) -> Tensor:
    """The sum of all elements of several tensors: [].

    Raises:
      ValueError: there are no tensors.
    """
    if not tensors:
        raise ValueError("No tensors provided.")
    with scopes.name_scope(name, "reduce_sum_n", tensors) as scope:
        sums = [math_ops.reduce_sum(one, name=f"{one.op.name}/sum") for one in tensors]
        return sums[0] if len(sums) == 1 else math_ops.add_n(sums, name=scope)


@public("contrib.framework.with_same_shape")
def with_same_shape(expected_tensor: Any, tensor: Any) -> Any:
    """The tensor, checked to have the shape of another, at once or in the run."""
    with scopes.name_scope(f"{tensor.op.name}/", values=[expected_tensor, tensor]):
        known = expected_tensor.get_shape()
        if known.is_fully_defined():
            return with_shape(known.as_list(), tensor)
        return with_shape(array_ops.shape(expected_tensor, name="expected_shape"), tensor)


@public("contrib.framework.with_shape")
def with_shape(expected_shape: Any, tensor: Any) -> Any:
    """The tensor, checked to have a shape, at once or in the run.

    Args:
      expected_shape: integers, -1 for any size; or a vector of int32.
      tensor: any tensor that is not sparse.

    Raises:
      ValueError: the tensor has another shape, or `expected_shape` is none.
    """
    if isinstance(tensor, sparse_tensors.SparseTensor):
        raise ValueError("SparseTensor not supported.")
    expected = _vector(expected_shape, tensor)
    actual, is_given = tensor.get_shape(), isinstance(expected, Tensor)
    if is_given or not actual.is_fully_defined():
        with scopes.name_scope(f"{tensor.op.name}/", values=[tensor]):
            if not is_given and len(expected) < 1:
                return array_ops.reshape(tensor, [])
            with scopes.control_dependencies([_shape_assertion(expected, tensor)]):
                checked = array_ops.identity(tensor)
            if not is_given:
                checked.set_shape(expected)
            return checked
    if actual.is_compatible_with(expected):
        return tensor
    if len(expected) < 1 and actual.is_compatible_with([1]):
        with scopes.name_scope(f"{tensor.op.name}/", values=[tensor]):
            return array_ops.reshape(tensor, [])
    raise ValueError(
        f"Invalid shape for tensor {tensor.name}, expected {expected}, got {actual}."
    )


def _vector(shape: Any, tensor: Any) -> Any:
    """A shape as an array or tensor of int32."""
    if isinstance(shape, (list, tuple)):
        shape = np.asarray(shape, dtype=None if shape else np.int32)
        if shape.dtype == np.int64:
            shape = shape.astype(np.int32)
    if isinstance(shape, np.ndarray) and shape.ndim > 1:
        raise ValueError(
            f"Invalid rank {shape.ndim} for shape {shape} expected of tensor {tensor.name}."
        )
    dtype = getattr(shape, "dtype", np.int32)
    if dtypes.as_dtype(dtype).base_dtype != dtypes.int32:
        raise ValueError(
            f"Invalid dtype {dtype} for shape {shape} expected of tensor {tensor.name}."
        )
    return shape


def _shape_assertion(expected: Any, tensor: Any) -> Any:
    """An operation that fails where the tensor has another shape."""
    with scopes.name_scope("assert_shape", values=[tensor]) as scope:
        actual = array_ops.shape(tensor, name="actual")
        if isinstance(expected, shapes.TensorShape) and not expected.is_fully_defined():
            expected = [-1 if n is None else n for n in expected.as_list()]
        said = f"Wrong shape for {tensor.name} [expected] [actual]."
        return assertion.Assert(
            _is_shape(expected, tensor, actual), [said, expected, actual], name=scope
        )


def _is_shape(expected: Any, tensor: Any, actual: Any) -> Any:
    with scopes.name_scope("is_shape", values=[tensor]) as scope:
        size = array_ops.size(expected)
        with scopes.name_scope("is_rank", values=[tensor]) as inner:
            wanted = convert.convert_to_tensor(size, name="expected")
            rank = array_ops.rank(tensor, name="actual")
            is_rank = math_ops.equal(wanted, rank, name=inner)
        with scopes.name_scope("shape_tensor_equal", values=[expected, actual]) as inner:
            fits = math_ops.logical_or(
                math_ops.equal(expected, -1),
                math_ops.equal(expected, actual, name="equal"),
                name="exclude_partial_shape",
            )
            is_equal = math_ops.reduce_all(fits, name=inner)
        return math_ops.logical_and(is_rank, is_equal, name=scope)
