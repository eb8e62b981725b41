"""Trigonometric and hyperbolic functions, and their inverses, elementwise."""

from __future__ import annotations

import torch

from rekindle._src.graph import convert, infer, opdef, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.ops import math_cast, math_unary


@op("Sin", public="sin math.sin", infer=infer.same)
def sin(x):
    """The sine, elementwise."""
    return torch.sin(x)


@sin.gradient
def sin_gradient(op, dy):
    with scopes.control_dependencies([dy]):
        return dy * cos(math_cast.conj(op.inputs[0]))


@op("Cos", public="cos math.cos", infer=infer.same)
def cos(x):
    """The cosine, elementwise."""
    return torch.cos(x)


@cos.gradient
def cos_gradient(op, dy):
    with scopes.control_dependencies([dy]):
        x = math_cast.conj(op.inputs[0])
        return -dy * sin(x)


@op("Tan", public="tan math.tan", infer=infer.same)
def tan(x):
    """The tangent, elementwise."""
    return torch.tan(x)


@tan.gradient
def tan_gradient(op, dy):
    with scopes.control_dependencies([dy]):
        secant = math_unary.reciprocal(cos(math_cast.conj(op.inputs[0])))
        return math_unary.square(secant) * dy


@op("Asin", public="asin math.asin", infer=infer.same)
def asin(x):
    """The arcsine, elementwise."""
    return torch.asin(x)


@asin.gradient
def asin_gradient(op, dy):
    with scopes.control_dependencies([dy]):
        return dy * _inverse_of_root(op, dy)


def _inverse_of_root(op, dy):
    """1 / sqrt(1 - x ** 2)."""
    squared = math_unary.square(math_cast.conj(op.inputs[0]))
    one = convert.constant(1, dy.dtype.base_dtype)
    return math_unary.reciprocal(math_unary.sqrt(opdef.call("Sub", one, squared)))


@op("Acos", public="acos math.acos", infer=infer.same)
def acos(x):
    """The arccosine, elementwise."""
    return torch.acos(x)


@acos.gradient
def acos_gradient(op, dy):
    with scopes.control_dependencies([dy]):
        inverse = _inverse_of_root(op, dy)
        return -dy * inverse


@op("Atan", public="atan math.atan", infer=infer.same)
def atan(x):
    """The arctangent, elementwise."""
    return torch.atan(x)


@atan.gradient
def atan_gradient(op, dy):
    with scopes.control_dependencies([dy]):
        squared = math_unary.square(math_cast.conj(op.inputs[0]))
        one = convert.constant(1, dy.dtype.base_dtype)
        return dy * math_unary.reciprocal(opdef.call("Add", one, squared))


@op("Atan2", public="atan2 math.atan2", infer=infer.broadcast)
def atan2(y, x):
    """The angle of the point (x, y), elementwise."""
    return torch.atan2(y, x)


@atan2.gradient
def atan2_gradient(op, dz):
    y, x = op.inputs
    with scopes.control_dependencies([dz]):
        part = dz / (math_unary.square(x) + math_unary.square(y))
        return x * part, -y * part


@op("Sinh", public="sinh math.sinh", infer=infer.same)
def sinh(x):
    """The hyperbolic sine, elementwise."""
    return torch.sinh(x)


@sinh.gradient
def sinh_gradient(op, dy):
    with scopes.control_dependencies([dy]):
        return dy * cosh(math_cast.conj(op.inputs[0]))


@op("Cosh", public="cosh math.cosh", infer=infer.same)
def cosh(x):
    """The hyperbolic cosine, elementwise."""
    return torch.cosh(x)


@cosh.gradient
def cosh_gradient(op, dy):
    with scopes.control_dependencies([dy]):
        return dy * sinh(math_cast.conj(op.inputs[0]))


@op("Tanh", infer=infer.same)
def tanh(x):
    """The hyperbolic tangent, elementwise."""
    return torch.tanh(x)


@tanh.gradient
def tanh_gradient(op, dy):
    with scopes.control_dependencies([dy]):
        return tanh_grad(math_cast.conj(op.outputs[0]), dy)


@op("TanhGrad", infer=infer.same)
def tanh_grad(y, dy, *, T):
    """dy * (1 - y * y): the gradient of tanh."""
    return dy * (1 - y * y) if T.is_complex else torch.ops.aten.tanh_backward.default(dy, y)


@tanh_grad.gradient
def tanh_grad_gradient(op, ddy):
    with scopes.control_dependencies([ddy]):
        y, dy = math_cast.conj(op.inputs[0]), math_cast.conj(op.inputs[1])
        return ddy * -2.0 * dy * y, tanh_grad(y, ddy)


@op("Asinh", public="asinh math.asinh", infer=infer.same)
def asinh(x):
    """The inverse hyperbolic sine, elementwise."""
    return torch.asinh(x)


@asinh.gradient
def asinh_gradient(op, dy):
    with scopes.control_dependencies([dy]):
        return dy / cosh(math_cast.conj(op.outputs[0]))


@op("Acosh", public="acosh math.acosh", infer=infer.same)
def acosh(x):
    """The inverse hyperbolic cosine, elementwise."""
    return torch.acosh(x)


@acosh.gradient
def acosh_gradient(op, dy):
    with scopes.control_dependencies([dy]):
        return dy / sinh(math_cast.conj(op.outputs[0]))


@op("Atanh", public="atanh math.atanh", infer=infer.same)
def atanh(x):
    """The inverse hyperbolic tangent, elementwise."""
    return torch.atanh(x)


@atanh.gradient
def atanh_gradient(op, dy):
    with scopes.control_dependencies([dy]):
        squared = math_unary.square(math_cast.conj(op.inputs[0]))
        one = convert.constant(1, dy.dtype.base_dtype)
        return dy * math_unary.reciprocal(opdef.call("Sub", one, squared))
