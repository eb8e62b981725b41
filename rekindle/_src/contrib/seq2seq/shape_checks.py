"""A tensor with a check, when the graph runs, that it has the shape of another one."""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, scopes
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import assertion
from rekindle._src.ops import math as math_ops


def with_same_shape(expected: Any, tensor: Any) -> Any:
    """The tensor, with a check that it has the shape of `expected` if one is not known.

    Raises:
      ValueError: both shapes are known, and differ.
    """
    with scopes.name_scope(f"{tensor.op.name}/", values=[expected, tensor]):
        shape, actual = expected.get_shape(), tensor.get_shape()
        if not shape.is_fully_defined():
            return _checked(array_ops.shape(expected, name="expected_shape"), tensor)
        if not actual.is_fully_defined():
            if shape.ndims == 0:
                with scopes.name_scope(f"{tensor.op.name}/", values=[tensor]):
                    return array_ops.reshape(tensor, [])
            return _checked(shape, tensor)
    if not actual.is_compatible_with(shape):
        sizes = " ".join(map(str, shape.as_list()))
        raise ValueError(
            f"Invalid shape for tensor {tensor.name}, expected [{sizes}], got {actual}."
        )
    return tensor


def _checked(shape: Any, tensor: Any) -> Any:
    """The tensor with a check; `shape` is a tensor or a known shape."""
    is_known = hasattr(shape, "as_list")
    sizes = shape.as_list() if is_known else shape
    with scopes.name_scope(f"{tensor.op.name}/", values=[tensor]):
        with scopes.name_scope("assert_shape", values=[tensor]) as scope:
            actual = array_ops.shape(tensor, name="actual")
            said = f"Wrong shape for {tensor.name} [expected] [actual]."
            check = assertion.Assert(_is_shape(sizes, tensor, actual), [said, sizes, actual], name=scope)
        with scopes.control_dependencies([check]):
            result = array_ops.identity(tensor)
        if is_known:
            result.set_shape(shape)
        return result


def _is_shape(sizes: Any, tensor: Any, actual: Any) -> Any:
    with scopes.name_scope("is_shape", values=[tensor]) as scope:
        rank = array_ops.size(sizes)
        with scopes.name_scope("is_rank", values=[tensor]) as inner:
            expected = convert.convert_to_tensor(rank, name="expected")
            is_rank = math_ops.equal(expected, array_ops.rank(tensor, name="actual"), name=inner)
        with scopes.name_scope("shape_tensor_equal", values=[sizes, actual]) as inner:
            is_equal = math_ops.logical_or(
                math_ops.equal(sizes, -1), math_ops.equal(sizes, actual, name="equal"),
                name="exclude_partial_shape",
            )
            is_equal = math_ops.reduce_all(is_equal, name=inner)
        return math_ops.logical_and(is_rank, is_equal, name=scope)
