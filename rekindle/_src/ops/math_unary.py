"""Elementwise functions of one tensor: absolute value, powers and roots, exponentials and
logarithms, rounding, sign.

Trigonometric and hyperbolic functions are in math_trig.py, special functions in math_special.py,
conversions in math_cast.py.
"""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src.graph import convert, infer, opdef, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math_cast


@op("Abs", infer=infer.same)
def abs_op(x):
    """|x|, elementwise."""
    return torch.abs(x)


@abs_op.gradient
def abs_gradient(op, dy):
    return dy * sign(op.inputs[0])


@op("ComplexAbs", infer=infer.same)
def complex_abs(x):
    """The modulus of a complex number."""
    return torch.abs(x)


@complex_abs.gradient
def complex_abs_gradient(op, dy):
    x, y = op.inputs[0], op.outputs[0]
    with_phase = math_cast.complex(dy, array_ops.zeros_like(dy)) * x
    return opdef.call(
        "DivNoNan", with_phase, math_cast.complex(y, array_ops.zeros_like(y)), name="div_no_nan"
    )


def abs(x: Any, name: str | None = None) -> Any:
    """|x|, elementwise; the modulus of complex numbers."""
    with scopes.name_scope(name, "Abs", [x]) as scope:
        x = convert.convert_to_tensor(x, name="x")
        if x.dtype.is_complex:
            return complex_abs(x, Tout=x.dtype.real_dtype, name=scope)
        return abs_op(x, name=scope)


@op("Neg", infer=infer.same)
def neg(x):
    """-x, elementwise."""
    return torch.neg(x)


@neg.gradient
def neg_gradient(op, dy):
    return -dy


negative = neg


@op("Inv", infer=infer.same)
def inv(x):
    """1 / x, elementwise."""
    return torch.reciprocal(x)


@op("Reciprocal", public="reciprocal math.reciprocal", infer=infer.same)
def reciprocal(x):
    """1 / x, elementwise."""
    return torch.reciprocal(x)


@inv.gradient
@reciprocal.gradient
def reciprocal_gradient(op, dy):
    return reciprocal_grad(op.outputs[0], dy)


@op("InvGrad", infer=infer.same)
def inv_grad(y, dy):
    """-dy * y * y: the gradient of 1 / x."""
    return -dy * torch.conj_physical(y) * torch.conj_physical(y)


@op("ReciprocalGrad", infer=infer.same)
def reciprocal_grad(y, dy):
    """-dy * y * y: the gradient of 1 / x."""
    return -dy * torch.conj_physical(y) * torch.conj_physical(y)


@inv_grad.gradient
@reciprocal_grad.gradient
def reciprocal_grad_gradient(op, ddy):
    dy = op.inputs[1]
    with scopes.control_dependencies([ddy]):
        y, by = math_cast.conj(op.inputs[0]), math_cast.conj(ddy)
        return by * -2.0 * dy * y, reciprocal_grad(y, ddy)


@op("Square", infer=infer.same)
def square(x):
    """x * x, elementwise."""
    return x * x


@square.gradient
def square_gradient(op, dy):
    with scopes.control_dependencies([dy]):
        x = math_cast.conj(op.inputs[0])
        two = convert.constant(2.0, x.dtype.base_dtype)
        return opdef.call("Mul", dy, opdef.call("Mul", x, two))


@op("Sqrt", infer=infer.same)
def sqrt(x):
    """The square root, elementwise."""
    return torch.sqrt(x)


@sqrt.gradient
def sqrt_gradient(op, dy):
    return sqrt_grad(op.outputs[0], dy)


@op("SqrtGrad", infer=infer.same)
def sqrt_grad(y, dy):
    """dy / (2 y): the gradient of sqrt(x)."""
    return dy * 0.5 / torch.conj_physical(y)


@sqrt_grad.gradient
def sqrt_grad_gradient(op, ddy):
    with scopes.control_dependencies([ddy]):
        part = ddy / op.inputs[0]
        return -math_cast.conj(part) * op.outputs[0], 0.5 * part


@op("Rsqrt", public="rsqrt math.rsqrt", infer=infer.same)
def rsqrt(x):
    """1 / sqrt(x), elementwise."""
    return torch.rsqrt(x)


@rsqrt.gradient
def rsqrt_gradient(op, dy):
    return rsqrt_grad(op.outputs[0], dy)


@op("RsqrtGrad", infer=infer.same)
def rsqrt_grad(y, dy):
    """-dy * y ** 3 / 2: the gradient of 1 / sqrt(x)."""
    return -0.5 * (dy * torch.conj_physical(y)) * (torch.conj_physical(y) * torch.conj_physical(y))


@rsqrt_grad.gradient
def rsqrt_grad_gradient(op, ddy):
    with scopes.control_dependencies([ddy]):
        y, by = math_cast.conj(op.inputs[0]), math_cast.conj(ddy)
        dy = -1.5 * by * op.inputs[1] * square(y)
        return dy, rsqrt_grad(y, ddy)


@op("Exp", public="exp math.exp", infer=infer.same)
def exp(x):
    """e ** x, elementwise."""
    return torch.exp(x)


@exp.gradient
def exp_gradient(op, dy):
    with scopes.control_dependencies([dy]):
        return dy * math_cast.conj(op.outputs[0])


@op("Expm1", public="expm1 math.expm1", infer=infer.same)
def expm1(x):
    """e ** x - 1, exact for small x."""
    return torch.expm1(x)


@expm1.gradient
def expm1_gradient(op, dy):
    with scopes.control_dependencies([dy]):
        return dy * exp(math_cast.conj(op.inputs[0]))


@op("Log", public="log math.log", infer=infer.same)
def log(x):
    """The natural logarithm, elementwise."""
    return torch.log(x)


@log.gradient
def log_gradient(op, dy):
    with scopes.control_dependencies([dy]):
        return dy * reciprocal(math_cast.conj(op.inputs[0]))


@op("Log1p", public="log1p math.log1p", infer=infer.same)
def log1p(x):
    """log(1 + x), exact for small x."""
    return torch.log1p(x)


@log1p.gradient
def log1p_gradient(op, dy):
    with scopes.control_dependencies([dy]):
        return dy * reciprocal(1 + math_cast.conj(op.inputs[0]))


@op("Sign", infer=infer.same)
def sign(x):
    """-1, 0 or 1, elementwise; x / |x| for complex numbers."""
    return torch.sgn(x)


@sign.gradient
def sign_gradient(op, dy):
    x = op.inputs[0]
    return array_ops.zeros(array_ops.shape(x), dtype=x.dtype)


def nothing_gradient(op, dy):
    """The gradient of a function that is constant almost everywhere."""
    return [None]


@op("Floor", public="floor math.floor", infer=infer.same)
def floor(x):
    """The largest integer that is not larger, elementwise."""
    return torch.floor(x)


@op("Ceil", public="ceil math.ceil", infer=infer.same)
def ceil(x):
    """The smallest integer that is not smaller, elementwise."""
    return torch.ceil(x)


@op("Rint", public="rint math.rint", infer=infer.same)
def rint(x):
    """The nearest integer, the even one of two."""
    return torch.round(x)


@op("Round", infer=infer.same)
def round_op(x):
    """The nearest integer, the even one of two."""
    return torch.round(x)


for _block in (floor, ceil, rint, round_op):
    _block.gradient(nothing_gradient)


@public("round", "math.round")
def round(x: Any, name: str | None = None) -> Any:
    """The nearest integer, the even one of two; integers as they are."""
    x = convert.convert_to_tensor(x, name="x")
    return x if x.dtype.is_integer else round_op(x, name=name)


@op("IsNan", public="is_nan math.is_nan debugging.is_nan", infer=infer.same)
def is_nan(x):
    """True where x is not a number."""
    return torch.isnan(x)


@op("IsInf", public="is_inf math.is_inf debugging.is_inf", infer=infer.same)
def is_inf(x):
    """True where x is infinite."""
    return torch.isinf(x)


@op("IsFinite", public="is_finite math.is_finite debugging.is_finite", infer=infer.same)
def is_finite(x):
    """True where x is a finite number."""
    return torch.isfinite(x)


@op("Sigmoid", infer=infer.same)
def sigmoid_op(x):
    """1 / (1 + exp(-x)), elementwise."""
    return torch.sigmoid(x)


@sigmoid_op.gradient
def sigmoid_gradient(op, dy):
    with scopes.control_dependencies([dy]):
        return sigmoid_grad(math_cast.conj(op.outputs[0]), dy)


@op("SigmoidGrad", infer=infer.same)
def sigmoid_grad(y, dy, *, T):
    """dy * y * (1 - y): the gradient of the sigmoid."""
    return dy * y * (1 - y) if T.is_complex else torch.ops.aten.sigmoid_backward.default(dy, y)


@sigmoid_grad.gradient
def sigmoid_grad_gradient(op, ddy):
    with scopes.control_dependencies([ddy]):
        y, dy = math_cast.conj(op.inputs[0]), math_cast.conj(op.inputs[1])
        part = ddy * dy
        return part - 2.0 * part * y, sigmoid_grad(y, ddy)


@public("sigmoid", "nn.sigmoid", "math.sigmoid")
def sigmoid(x: Any, name: str | None = None) -> Any:
    """1 / (1 + exp(-x)), elementwise."""
    with scopes.name_scope(name, "Sigmoid", [x]) as scope:
        return sigmoid_op(convert.convert_to_tensor(x, name="x"), name=scope)


@public("log_sigmoid", "math.log_sigmoid")
def log_sigmoid(x: Any, name: str | None = None) -> Any:
    """log(sigmoid(x)) = -softplus(-x), elementwise."""
    with scopes.name_scope(name, "LogSigmoid", [x]) as scope:
        x = convert.convert_to_tensor(x, name="x")
        return neg(opdef.call("Softplus", -x), name=scope)
