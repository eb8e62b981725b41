"""Quotients and remainders: true, floored, cut off, and those that are 0 instead of NaN."""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import math_broadcast, math_cast, math_logic, math_refusal, math_unary


@op("Div", infer=infer.broadcast)
def div_op(x, y):
    """x / y, elementwise; integers are cut off."""
    return (
        x / y if x.is_floating_point() or x.is_complex() else torch.div(x, y, rounding_mode="trunc")
    )


@op("RealDiv", public="realdiv", infer=infer.broadcast)
def real_div(x, y):
    """x / y, elementwise."""
    return x / y


@div_op.gradient
def div_gradient(op, dz):
    return _quotient_gradient(op, dz, divide)


@real_div.gradient
def real_div_gradient(op, dz):
    return _quotient_gradient(op, dz, real_div)


def _quotient_gradient(op, dz, quotient):
    """dz / y, and -x / y / y * dz, with the kind of division of the operation itself."""
    x_shape, y_shape, x_axes, y_axes = math_broadcast.broadcast_axes(*op.inputs)
    x, y = math_cast.conj(op.inputs[0]), math_cast.conj(op.inputs[1])
    dx = math_broadcast.summed_to(quotient(dz, y), x_axes, x_shape)
    dy = math_broadcast.summed_to(dz * quotient(quotient(-x, y), y), y_axes, y_shape)
    return dx, dy


@op("DivNoNan", infer=infer.broadcast)
def div_no_nan_op(x, y):
    """x / y, and 0 where y is 0."""
    return torch.where(y == 0, torch.zeros_like(y), x / y)


@div_no_nan_op.gradient
def div_no_nan_gradient(op, dz):
    return _quotient_gradient(op, dz, div_no_nan)


@op("Xdivy", public="math.xdivy", infer=infer.broadcast)
def xdivy(x, y):
    """x / y, and 0 where x is 0."""
    return torch.where(x == 0, torch.zeros_like(x), x / y)


@xdivy.gradient
def xdivy_gradient(op, dz):
    x, y = op.inputs
    x_shape, y_shape, x_axes, y_axes = math_broadcast.broadcast_axes(x, y)
    with scopes.control_dependencies([dz]):
        part_x = xdivy(not_zero(x), y)
        part_y = xdivy(math_unary.negative(x), y**2)
        return (
            math_broadcast.summed_to(part_x * dz, x_axes, x_shape),
            math_broadcast.summed_to(part_y * dz, y_axes, y_shape),
        )


def not_zero(x: Any) -> Any:
    """1 where x is not 0, else 0, in the type of x."""
    return math_cast.cast(
        math_logic.not_equal(x, math_cast.cast(0.0, dtype=x.dtype)), dtype=x.dtype
    )


@op("FloorDiv", public="floor_div", infer=infer.broadcast)
def floor_div(x, y):
    """The largest integer that is not larger than x / y, elementwise."""
    return torch.floor(x / y) if x.is_floating_point() else _whole_quotient(x, y)


def _whole_quotient(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    if x.dtype in (torch.uint16, torch.uint32):  # which torch does not divide
        return torch.div(x.long(), y.long(), rounding_mode="floor").to(x.dtype)
    return torch.div(x, y, rounding_mode="floor")


@op("TruncateDiv", public="truncatediv", infer=infer.broadcast)
def truncate_div(x, y):
    """x / y without its fraction, elementwise."""
    return torch.div(x, y, rounding_mode="trunc")


def nothing_gradient(op, dz):
    """The gradient of a quotient that is constant almost everywhere."""
    return None, None


floor_div.gradient(nothing_gradient)
truncate_div.gradient(nothing_gradient)


@op("FloorMod", public="mod math.mod floormod math.floormod", infer=infer.broadcast)
def floor_mod(x, y):
    """The remainder with the sign of y: x - floor(x / y) * y, elementwise."""
    return torch.remainder(x, y)


@floor_mod.gradient
def floor_mod_gradient(op, dz):
    x, y = math_cast.conj(op.inputs[0]), math_cast.conj(op.inputs[1])
    x_shape, y_shape, x_axes, y_axes = math_broadcast.broadcast_axes(x, y)
    quotient = floor_div(x, y)
    dx = math_broadcast.summed_to(dz, x_axes, x_shape)
    dy = math_broadcast.summed_to(dz * math_unary.negative(quotient), y_axes, y_shape)
    return dx, dy


mod = floormod = floor_mod


@op("Mod", infer=infer.broadcast)
def mod_op(x, y):
    """The remainder with the sign of x, elementwise."""
    return torch.fmod(x, y)


@op("TruncateMod", public="truncatemod", infer=infer.broadcast)
def truncate_mod(x, y):
    """The remainder with the sign of x, elementwise."""
    return torch.fmod(x, y)


def _refusal(x, y):
    """Integers cannot be divided by 0."""
    math_refusal.refuse_shapes(x, y)
    if not x.is_floating_point() and bool((y == 0).any()):
        raise errors.InvalidArgumentError(None, None, "Integer division by zero")


for _block in (
    div_op,
    real_div,
    div_no_nan_op,
    xdivy,
    floor_div,
    truncate_div,
    floor_mod,
    mod_op,
    truncate_mod,
):
    _block.refusal(_refusal)


#: what each type is cast to before a true division
_TRUE_TYPES = {
    dtypes.uint8: dtypes.float32,
    dtypes.int8: dtypes.float32,
    dtypes.uint16: dtypes.float32,
    dtypes.int16: dtypes.float32,
    dtypes.int32: dtypes.float64,
    dtypes.int64: dtypes.float64,
    dtypes.bfloat16: None,
    dtypes.float16: None,
    dtypes.float32: None,
    dtypes.float64: None,
    dtypes.complex64: None,
    dtypes.complex128: None,
}


def true_type(dtype: dtypes.DType) -> dtypes.DType | None:
    """The type to which operands are cast for a true division, None to leave them.

    Raises:
      TypeError: the type cannot be divided.
    """
    if dtype not in _TRUE_TYPES:
        raise TypeError(f"Invalid dtype {dtype!r} in __truediv__")
    return _TRUE_TYPES[dtype]


@public("truediv", "math.truediv")
def truediv(x: Any, y: Any, name: str | None = None) -> Any:
    """x / y as Python 3 divides: integers give floats.

    Raises:
      TypeError: x and y differ in type, or cannot be divided.
    """
    with scopes.name_scope(name, "truediv", [x, y]) as scope:
        x, y = math_broadcast.of_one_type(x, y, False)
        wanted = true_type(x.dtype.base_dtype)
        if wanted is not None:
            x, y = math_cast.cast(x, wanted), math_cast.cast(y, wanted)
        return real_div(x, y, name=scope)


@public("div")
def div(x: Any, y: Any, name: str | None = None) -> Any:
    """x / y as Python 2 divides: integers are floored.

    Raises:
      TypeError: x and y differ in type.
    """
    with scopes.name_scope(name, "div", [x, y]) as scope:
        x, y = math_broadcast.of_one_type(x, y, True)
        if x.dtype.is_floating or x.dtype.is_complex:
            return real_div(x, y, name=scope)
        return floor_div(x, y, name=scope)


@public("divide", "math.divide")
def divide(x: Any, y: Any, name: str | None = None) -> Any:
    """x / y by the operands' own operator; with a name, as `tf.truediv`."""
    return x / y if name is None else truediv(x, y, name)


@public("div_no_nan", "math.divide_no_nan")
def div_no_nan(x: Any, y: Any, name: str | None = None) -> Any:
    """x / y, and 0 where y is 0.

    Raises:
      TypeError: x and y differ in type.
    """
    with scopes.name_scope(name, "div_no_nan", [x, y]) as scope:
        x, y = math_broadcast.of_one_type(x, y, True)
        return div_no_nan_op(x, y, name=scope)


@public("floordiv", "math.floordiv")
def floordiv(x: Any, y: Any, name: str | None = None) -> Any:
    """The largest integer that is not larger than x / y, elementwise."""
    with scopes.name_scope(name, "floordiv", [x, y]) as scope:
        return floor_div(x, y, name=scope)


@public("math.reciprocal_no_nan")
def reciprocal_no_nan(x: Any, name: str | None = None) -> Any:
    """1 / x, and 0 where x is 0."""
    with scopes.name_scope(name, "reciprocal_no_nan", [x]) as scope:
        x = convert.convert_to_tensor(x, name="x")
        one = convert.constant(1, x.dtype.base_dtype, name="one")
        return div_no_nan_op(one, x, name=scope)
