"""Checks in the graph of what `validate_args` asks for: events that are whole numbers, not too many classes."""
from __future__ import annotations

from typing import Any

import numpy as np

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.ops import array_shape, check, check_shape, control, math_cast


def _largest(dtype: Any) -> int:
    """The largest whole number up to which a type has all."""
    if dtype.base_dtype == dtypes.bool_:
        return 1
    if dtype.is_floating:
        return 2 ** (np.finfo(dtype.as_numpy_dtype).nmant + 1)
    return int(np.iinfo(dtype.as_numpy_dtype).max)


def whole_numbers(x: Any, target_dtype: Any) -> Any:
    """`x`, with checks that it holds numbers of `target_dtype`, none negative.

    Raises:
      TypeError: `x` is of a type that has no such numbers.
    """
    with scopes.name_scope("embed_check_casting_closed", values=[x]):
        x = convert.convert_to_tensor(x, name="x")
        if not (x.dtype.is_integer or x.dtype.is_floating or x.dtype.base_dtype == dtypes.bool_):
            raise TypeError(f"{x.dtype.name}.dtype must be floating- or integer-type.")
        checks = [check.assert_non_negative(x, message="Elements must be non-negative.")]
        if x.dtype.is_floating:
            checks.append(_same_when_cast(x, target_dtype))
        elif _largest(x.dtype) > _largest(target_dtype):
            largest = _largest(target_dtype)
            checks.append(check.assert_less_equal(x, largest, message=f"Elements cannot exceed {largest}."))
        return control.with_dependencies(checks, x)


def _same_when_cast(x: Any, target_dtype: Any) -> Any:
    with scopes.name_scope("assert_integer_form", values=[x]):
        there_and_back = math_cast.cast(math_cast.cast(x, target_dtype), x.dtype)
        text = f"Elements must be {target_dtype.name}-equivalent."
        return check.assert_equal(x, there_and_back, message=text, name="assert_integer_form")


def countable_classes(values: Any) -> Any:
    """`values` [..., K], with checks that K is at least 2 and that their type can count to K.

    Raises:
      ValueError: K is known and out of these bounds.
    """
    with scopes.name_scope("embed_check_categorical_event_shape", values=[values]):
        most = _largest(values.dtype)
        known = values.shape
        if known.ndims == 0:
            raise ValueError("A categorical-distribution parameter must have at least 1 dimension.")
        classes = None if known.ndims is None else known.as_list()[-1]
        name = values.dtype.base_dtype.name
        if classes is None:
            return control.with_dependencies(_class_checks(values, most, name), values)
        if classes < 2:
            raise ValueError("A categorical-distribution parameter must have at least 2 events.")
        if classes > most:
            raise ValueError(f"Number of classes exceeds `dtype` precision, i.e., {name} implies shape ({classes}) "
                             f"cannot exceed {most}.")
        return values


def _class_checks(values: Any, most: int, name: str) -> list[Any]:
    count = array_shape.shape(values, name="x_shape")[-1]
    return [
        check_shape.assert_rank_at_least(
            values, 1, message="A categorical-distribution parameter must have at least 1 dimension."),
        check.assert_greater_equal(
            array_shape.shape(values)[-1], 2,
            message="A categorical-distribution parameter must have at least 2 events."),
        check.assert_less_equal(
            count, most,
            message=f"Number of classes exceeds `dtype` precision, i.e., {name} dtype cannot exceed {most} shape."),
    ]
