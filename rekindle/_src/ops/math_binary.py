"""Sums, differences, products, powers, extremes of two tensors, with broadcasting.

Division and remainders are in math_divide.py, comparisons in math_logic.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer, opdef, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.graph.sparse import IndexedSlices
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import (
    math_broadcast,
    math_cast,
    math_logic,
    math_refusal,
    math_unary,
)

# Sums and products.


@op("Add", public="add math.add", infer=infer.broadcast)
def add(x, y, *, T):
    """x + y, elementwise; joins strings."""
    return np.array(np.add(x, y), object) if T.kind == "s" else x + y


@op("AddV2", infer=infer.broadcast)
def add_v2(x, y):
    """x + y, elementwise."""
    return x + y


@add.gradient
@add_v2.gradient
def add_gradient(op, dz):
    x, y = op.inputs
    if math_broadcast.shapes_known_and_equal(x, y, dz):
        return dz, dz
    (x_shape, x_axes, sum_x), (y_shape, y_axes, sum_y) = math_broadcast.smart_broadcast_axes(
        x, y, dz
    )
    dx = math_broadcast.summed_to(dz, x_axes, x_shape) if sum_x else dz
    dy = math_broadcast.summed_to(dz, y_axes, y_shape) if sum_y else dz
    return dx, dy


@op("Sub", public="subtract math.subtract", infer=infer.broadcast)
def sub(x, y):
    """x - y, elementwise."""
    return x - y


subtract = sub


@sub.gradient
def sub_gradient(op, dz):
    x, y = op.inputs
    if math_broadcast.shapes_known_and_equal(x, y, dz):
        return dz, -dz
    (x_shape, x_axes, sum_x), (y_shape, y_axes, sum_y) = math_broadcast.smart_broadcast_axes(
        x, y, dz
    )
    dx = math_broadcast.summed_to(dz, x_axes, x_shape) if sum_x else dz
    dy = math_broadcast.summed_to(-dz, y_axes, y_shape) if sum_y else -dz
    return dx, dy


@op("Mul", public="multiply math.multiply", infer=infer.broadcast)
def mul(x, y):
    """x * y, elementwise."""
    return x * y


multiply = mul


@mul.gradient
def mul_gradient(op, dz):
    x, y = op.inputs
    if math_broadcast.shapes_known_and_equal(x, y, dz) and dz.dtype in (
        dtypes.int32,
        dtypes.float32,
    ):
        return mul(dz, y), mul(dz, x)
    (x_shape, x_axes, sum_x), (y_shape, y_axes, sum_y) = math_broadcast.smart_broadcast_axes(
        x, y, dz
    )
    x, y = math_cast.conj(x), math_cast.conj(y)
    dx = math_broadcast.summed_to(mul(dz, y), x_axes, x_shape) if sum_x else mul(dz, y)
    dy = math_broadcast.summed_to(mul(x, dz), y_axes, y_shape) if sum_y else mul(x, dz)
    return dx, dy


@op("MulNoNan", infer=infer.broadcast)
def mul_no_nan(x, y):
    """x * y, and 0 where y is 0 whatever x is."""
    return torch.where(y == 0, torch.zeros_like(y), x * y)


@mul_no_nan.gradient
def mul_no_nan_gradient(op, dz):
    x, y = op.inputs
    if math_broadcast.shapes_known_and_equal(x, y, dz):
        return mul_no_nan(dz, y), mul_no_nan(x, dz)
    x_shape, y_shape, x_axes, y_axes = math_broadcast.broadcast_axes(x, y)
    return math_broadcast.summed_to(mul_no_nan(dz, y), x_axes, x_shape), math_broadcast.summed_to(
        mul_no_nan(x, dz), y_axes, y_shape
    )


@public("math.multiply_no_nan")
def multiply_no_nan(x: Any, y: Any, name: str | None = None) -> Any:
    """x * y, and 0 where y is 0 whatever x is.

    Raises:
      TypeError: x and y differ in type.
    """
    with scopes.name_scope(name, "multiply_no_nan", [x, y]) as scope:
        x, y = math_broadcast.of_one_type(x, y, True)
        return mul_no_nan(x, y, name=scope)


@public("scalar_mul", "math.scalar_mul")
def scalar_mul(scalar: Any, x: Any, name: str | None = None) -> Any:
    """A scalar times a tensor or IndexedSlices.

    Raises:
      ValueError: `scalar` is none.
    """
    scalar = convert.convert_to_tensor(scalar, x.dtype.base_dtype, "scalar")
    if scalar.shape.ndims != 0:
        raise ValueError(f"Only scalar multiply works, got shape {scalar.shape}")
    if isinstance(x, IndexedSlices):
        return IndexedSlices(mul(scalar, x.values, name), x.indices, x.dense_shape)
    return mul(scalar, x, name)


@op("SquaredDifference", public="squared_difference math.squared_difference", infer=infer.broadcast)
def squared_difference(x, y, *, T):
    """(x - y) ** 2, elementwise."""
    return (x - y) * torch.conj_physical(x - y) if T.is_complex else torch.square(x - y)


@squared_difference.gradient
def squared_difference_gradient(op, dz):
    x, y = op.inputs
    with scopes.control_dependencies([dz]):
        full = scalar_mul(2.0, dz) * (x - y)
    if math_broadcast.shapes_known_and_equal(x, y, dz):
        return full, -full
    (x_shape, x_axes, sum_x), (y_shape, y_axes, sum_y) = math_broadcast.smart_broadcast_axes(
        x, y, dz
    )
    dx = math_broadcast.summed_to(full, x_axes, x_shape) if sum_x else full
    dy = -math_broadcast.summed_to(full, y_axes, y_shape) if sum_y else -full
    return dx, dy


# Powers.


@op("Pow", infer=infer.broadcast)
def pow_op(x, y):
    """x ** y, elementwise."""
    return torch.pow(x, y) if x.is_floating_point() or x.is_complex() else integer_power(x, y)


def integer_power(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x ** y of integers.

    Raises:
      InvalidArgumentError: y is negative somewhere.
    """
    if bool((y < 0).any()):
        raise errors.InvalidArgumentError(
            None, None, "Integers to negative integer powers are not allowed"
        )
    return torch.pow(x, y)


@pow_op.gradient
def pow_gradient(op, dz):
    x, y = op.inputs
    (x_shape, x_axes, sum_x), (y_shape, y_axes, sum_y) = math_broadcast.smart_broadcast_axes(
        x, y, dz
    )
    x, y = math_cast.conj(x), math_cast.conj(y)
    dx = dz * y * pow(x, y - 1)
    if sum_x:
        dx = math_broadcast.summed_to(dx, x_axes, x_shape)
    z = math_cast.conj(op.outputs[0])
    is_valid = math_logic.not_equal(x, 0) if x.dtype.is_complex else x > 0
    safe = array_ops.where(is_valid, x, array_ops.ones_like(x))
    log_x = array_ops.where(is_valid, math_unary.log(safe), array_ops.zeros_like(x))
    dy = dz * z * log_x
    if sum_y:
        dy = math_broadcast.summed_to(dy, y_axes, y_shape)
    return dx, dy


@public("pow", "math.pow")
def pow(x: Any, y: Any, name: str | None = None) -> Any:
    """x ** y, elementwise."""
    with scopes.name_scope(name, "Pow", [x]) as scope:
        return pow_op(x, y, name=scope)


# Extremes.


@op("Maximum", public="maximum math.maximum", infer=infer.broadcast)
def maximum(x, y):
    """The larger of x and y, elementwise."""
    return torch.maximum(x, y)


@maximum.gradient
def maximum_gradient(op, dz):
    return _extreme_gradient(op, dz, math_logic.greater_equal)


@op("Minimum", public="minimum math.minimum", infer=infer.broadcast)
def minimum(x, y):
    """The smaller of x and y, elementwise."""
    return torch.minimum(x, y)


@minimum.gradient
def minimum_gradient(op, dz):
    return _extreme_gradient(op, dz, math_logic.less_equal)


def _extreme_gradient(op, dz, is_chosen):
    """The gradient goes to x where it is chosen, ties included, else to y."""
    x, y = op.inputs
    x_shape, y_shape = array_ops.shape(x), array_ops.shape(y)
    zeros = array_ops.zeros(array_ops.shape(dz), dz.dtype)
    chosen = is_chosen(x, y)
    x_axes, y_axes = opdef.call("BroadcastGradientArgs", x_shape, y_shape)
    dx = math_broadcast.summed_to(array_ops.where(chosen, dz, zeros), x_axes, x_shape)
    dy = math_broadcast.summed_to(array_ops.where(chosen, zeros, dz), y_axes, y_shape)
    return dx, dy


@op("NextAfter", public="math.nextafter", infer=infer.broadcast)
def next_after(x1, x2):
    """The next representable number after x1 in the direction of x2."""
    return torch.nextafter(x1, x2)


@next_after.gradient
def next_after_gradient(op, dz):
    x1, x2 = op.inputs
    x1_shape, x2_shape, x1_axes, x2_axes = math_broadcast.broadcast_axes(x1, x2)
    with scopes.control_dependencies([dz]):
        part1 = array_ops.ones(x1_shape, dtype=x1.dtype)
        part2 = array_ops.zeros(x2_shape, dtype=x2.dtype)
        return math_broadcast.summed_to(part1 * dz, x1_axes, x1_shape), math_broadcast.summed_to(
            part2 * dz, x2_axes, x2_shape
        )


for _block in (
    add,
    add_v2,
    sub,
    mul,
    mul_no_nan,
    squared_difference,
    pow_op,
    maximum,
    minimum,
    next_after,
):
    _block.refusal(math_refusal.refuse_shapes)
