"""Checks of tensors: `tf.debugging.assert_*`, made when the graph is built where that is possible,
else when it runs.

Checks of ranks and shapes stand in check_shape.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rekindle._src import errors
from rekindle._src.graph import constants, convert, dtypes, scopes, sparse
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import assertion
from rekindle._src.ops import cond as cond_ops
from rekindle._src.ops import control as control_ops
from rekindle._src.ops import math as math_ops

_NUMERIC = frozenset(
    [
        dtypes.float32,
        dtypes.float64,
        dtypes.int8,
        dtypes.int16,
        dtypes.int32,
        dtypes.int64,
        dtypes.uint8,
        dtypes.qint8,
        dtypes.qint32,
        dtypes.quint8,
        dtypes.complex64,
    ]
)


def _compare(
    symbol: str,
    scope: str,
    function: str,
    static: Callable[..., Any],
    x: Any,
    y: Any,
    data: Any,
    summarize: int | None,
    message: str | None,
    name: str | None,
) -> Any:
    with scopes.name_scope(name, scope, [x, y, data]):
        x = convert.convert_to_tensor(x, name="x")
        y = convert.convert_to_tensor(y, name="y")
        if data is None:
            data = [
                f"Condition x {symbol} y did not hold element-wise:",
                f"x ({x.name}) = ",
                x,
                f"y ({y.name}) = ",
                y,
            ]
        if message is not None:
            data = [message, *data]
        condition = math_ops.reduce_all(getattr(math_ops, function)(x, y))
        known_x, known_y = constants.constant_value(x), constants.constant_value(y)
        if known_x is not None and known_y is not None and not np.all(static(known_x, known_y)):
            raise errors.InvalidArgumentError(None, None, "\n".join(map(_static_text, data)))
        return assertion.Assert(condition, data, summarize=summarize)


def _static_text(value: Any) -> str:
    if not isinstance(value, Tensor):
        return str(value)
    known = constants.constant_value(value)
    return str(value) if known is None else str(known)


@public("debugging.assert_equal", "assert_equal")
def assert_equal(
    x: Any,
    y: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Any:
    """An operation that fails unless x == y everywhere.

    Args:
      x: a tensor.
      y: a tensor that broadcasts with it.
      data: the tensors to show; default: both.
      summarize: how many elements of each to show.
      message: what to say first.
      name: the name scope.

    Raises:
      InvalidArgumentError: the check fails already while the graph is built.
    """
    with scopes.name_scope(name, "assert_equal", [x, y, data]):
        if x is y:
            return control_ops.no_op()
    return _compare("==", "assert_equal", "equal", np.equal, x, y, data, summarize, message, name)


@public("debugging.assert_none_equal", "assert_none_equal")
def assert_none_equal(
    x: Any,
    y: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Any:
    """An operation that fails unless x != y everywhere; arguments as in `assert_equal`."""
    return _compare(
        "!=", "assert_none_equal", "not_equal", np.not_equal, x, y, data, summarize, message, name
    )


@public("debugging.assert_less", "assert_less")
def assert_less(
    x: Any,
    y: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Any:
    """An operation that fails unless x < y everywhere; arguments as in `assert_equal`."""
    return _compare("<", "assert_less", "less", np.less, x, y, data, summarize, message, name)


@public("debugging.assert_less_equal", "assert_less_equal")
def assert_less_equal(
    x: Any,
    y: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Any:
    """An operation that fails unless x <= y everywhere; arguments as in `assert_equal`."""
    return _compare(
        "<=", "assert_less_equal", "less_equal", np.less_equal, x, y, data, summarize, message, name
    )


@public("debugging.assert_greater", "assert_greater")
def assert_greater(
    x: Any,
    y: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Any:
    """An operation that fails unless x > y everywhere; arguments as in `assert_equal`."""
    return _compare(
        ">", "assert_greater", "greater", np.greater, x, y, data, summarize, message, name
    )


@public("debugging.assert_greater_equal", "assert_greater_equal")
def assert_greater_equal(
    x: Any,
    y: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Any:
    """An operation that fails unless x >= y everywhere; arguments as in `assert_equal`."""
    return _compare(
        ">=",
        "assert_greater_equal",
        "greater_equal",
        np.greater_equal,
        x,
        y,
        data,
        summarize,
        message,
        name,
    )


def _sign(
    words: str,
    scope: str,
    x: Any,
    data: Any,
    message: str | None,
    name: str | None,
    compare: Callable[[Any, Any, Any], Any],
) -> Any:
    """A comparison with 0."""
    with scopes.name_scope(name, scope, [x, data]):
        x = convert.convert_to_tensor(x, name="x")
        if data is None:
            shown = [f"Condition {words} did not hold element-wise:", f"x ({x.name}) = "]
            data = [
                message or "",
                *(["".join(shown)] if scope == "assert_non_positive" else shown),
                x,
            ]
        return compare(x, convert.convert_to_tensor(0, dtype=x.dtype), data)


@public("debugging.assert_negative", "assert_negative")
def assert_negative(
    x: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Any:
    """An operation that fails unless x < 0 everywhere; arguments as in `assert_equal`."""
    return _sign(
        "x < 0",
        "assert_negative",
        x,
        data,
        message,
        name,
        lambda x, zero, data: assert_less(x, zero, data, summarize),
    )


@public("debugging.assert_positive", "assert_positive")
def assert_positive(
    x: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Any:
    """An operation that fails unless x > 0 everywhere; arguments as in `assert_equal`."""
    return _sign(
        "x > 0",
        "assert_positive",
        x,
        data,
        message,
        name,
        lambda x, zero, data: assert_less(zero, x, data, summarize),
    )


@public("debugging.assert_non_negative", "assert_non_negative")
def assert_non_negative(
    x: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Any:
    """An operation that fails unless x >= 0 everywhere; arguments as in `assert_equal`."""
    return _sign(
        "x >= 0",
        "assert_non_negative",
        x,
        data,
        message,
        name,
        lambda x, zero, data: assert_less_equal(zero, x, data, summarize),
    )


@public("debugging.assert_non_positive", "assert_non_positive")
def assert_non_positive(
    x: Any,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Any:
    """An operation that fails unless x <= 0 everywhere; arguments as in `assert_equal`."""
    return _sign(
        "x <= 0",
        "assert_non_positive",
        x,
        data,
        message,
        name,
        lambda x, zero, data: assert_less_equal(x, zero, data, summarize),
    )


@public("debugging.assert_near", "assert_near")
def assert_near(
    x: Any,
    y: Any,
    rtol: Any = None,
    atol: Any = None,
    data: Any = None,
    summarize: int | None = None,
    message: str | None = None,
    name: str | None = None,
) -> Any:
    """An operation that fails unless |x - y| < atol + rtol * |y| everywhere.

    Args:
      x: a float tensor.
      y: a tensor that broadcasts with it.
      rtol: the relative tolerance; default: 10 times the precision of the type.
      atol: the absolute tolerance; default: the same.
      data: the tensors to show; default: both.
      summarize: how many elements of each to show.
      message: what to say first.
      name: the name scope.
    """
    with scopes.name_scope(name, "assert_near", [x, y, rtol, atol, data]):
        x = convert.convert_to_tensor(x, name="x")
        y = convert.convert_to_tensor(y, name="y", dtype=x.dtype)
        precision = 10 * np.finfo(x.dtype.as_numpy_dtype).eps
        rtol = convert.convert_to_tensor(
            precision if rtol is None else rtol, name="rtol", dtype=x.dtype
        )
        atol = convert.convert_to_tensor(
            precision if atol is None else atol, name="atol", dtype=x.dtype
        )
        if data is None:
            data = [
                message or "",
                f"x and y not equal to tolerance rtol = {rtol}, atol = {atol}",
                f"x ({x.name}) = ",
                x,
                f"y ({y.name}) = ",
                y,
            ]
        tolerance = atol + rtol * math_ops.abs(y)
        condition = math_ops.reduce_all(math_ops.less(math_ops.abs(x - y), tolerance))
        return assertion.Assert(condition, data, summarize=summarize)


@public("debugging.assert_integer", "assert_integer")
def assert_integer(x: Any, message: str | None = None, name: str | None = None) -> Any:
    """Refuse a tensor that does not hold integers; gives an operation that does nothing.

    Raises:
      TypeError: `x` does not hold integers.
    """
    with scopes.name_scope(name, "assert_integer", [x]):
        x = convert.convert_to_tensor(x, name="x")
        if not x.dtype.is_integer:
            raise TypeError(
                f'{message or ""}  Expected "x" to be integer type.  '
                f"Found: {x.name} of dtype {x.dtype!r}"
            )
        return control_ops.no_op("statically_determined_was_integer")


@public("debugging.assert_type", "assert_type")
def assert_type(
    tensor: Any, tf_type: Any, message: str | None = None, name: str | None = None
) -> Any:
    """Refuse a tensor of another type; gives an operation that does nothing.

    Raises:
      TypeError: `tensor` is of another type.
    """
    with scopes.name_scope(name, "assert_type", [tensor]):
        tensor = convert.convert_to_tensor(tensor, name="tensor")
        if tensor.dtype != tf_type:
            raise TypeError(f"{message or ''}  {tensor.name} must be of type {tf_type!r}")
        return control_ops.no_op("statically_determined_correct_type")


@public("debugging.assert_proper_iterable", "assert_proper_iterable")
def assert_proper_iterable(values: Any) -> None:
    """Refuse what is no iterable, or is a tensor, array or text.

    Raises:
      TypeError: `values` is such.
    """
    if isinstance(values, (Tensor, sparse.SparseTensor, np.ndarray, bytes, str)):
        raise TypeError(
            f'Expected argument "values" to be a "proper" iterable.  Found: {type(values)}'
        )
    if not hasattr(values, "__iter__"):
        raise TypeError(f'Expected argument "values" to be iterable.  Found: {type(values)}')


@public("debugging.is_numeric_tensor", "is_numeric_tensor")
def is_numeric_tensor(tensor: Any) -> bool:
    """True for a tensor of numbers."""
    return isinstance(tensor, Tensor) and tensor.dtype in _NUMERIC


@public("debugging.is_non_decreasing", "math.is_non_decreasing", "is_non_decreasing")
def is_non_decreasing(x: Any, name: str | None = None) -> Any:
    """Whether no element, in row order, is less than the one before it."""
    with scopes.name_scope(name, "is_non_decreasing", [x]):
        steps = _steps(x)
        zero = convert.convert_to_tensor(0, dtype=steps.dtype)
        return math_ops.reduce_all(math_ops.less_equal(zero, steps))


@public("debugging.is_strictly_increasing", "math.is_strictly_increasing", "is_strictly_increasing")
def is_strictly_increasing(x: Any, name: str | None = None) -> Any:
    """Whether each element, in row order, is greater than the one before it."""
    with scopes.name_scope(name, "is_strictly_increasing", [x]):
        steps = _steps(x)
        zero = convert.convert_to_tensor(0, dtype=steps.dtype)
        return math_ops.reduce_all(math_ops.less(zero, steps))


def _steps(x: Any) -> Any:
    """The difference of each element and the one before it."""
    x = array_ops.reshape(x, [-1])
    if not is_numeric_tensor(x):
        raise TypeError(f"Expected x to be numeric, instead found: {x}")
    is_short = math_ops.less(array_ops.size(x), 2)
    count = array_ops.shape(x) - 1

    def nothing() -> Any:
        return convert.convert_to_tensor([], dtype=x.dtype)

    def differences() -> Any:
        return array_ops.strided_slice(x, [1], [1] + count) - array_ops.strided_slice(x, [0], count)

    return cond_ops.cond(is_short, nothing, differences)


@public("debugging.assert_same_float_dtype", "assert_same_float_dtype")
def assert_same_float_dtype(tensors: Any = None, dtype: Any = None) -> Any:
    """The float type that all `tensors` have, float32 if there are none.

    Raises:
      ValueError: they differ, or are no floats.
    """
    first = None
    expected = dtype
    for one in tensors or ():
        if one is None:
            continue
        kind = one.dtype.base_dtype
        if expected is None:
            expected, first = kind, getattr(one, "name", str(one))
        elif kind != expected:
            also = f" as {first}" if first else ""
            raise ValueError(
                f"{getattr(one, 'name', str(one))}, type={kind}, must be of the same type "
                f"({expected}){also}."
            )
    if expected is None:
        return dtypes.float32
    if not expected.is_floating:
        raise ValueError(f"Expected floating point type, got {expected!r}.")
    return expected
