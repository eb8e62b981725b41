"""Special functions: error, gamma, beta, zeta and Bessel functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from rekindle._src.graph import convert, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import (
    math_broadcast,
    math_cast,
    math_divide,
    math_refusal,
    math_unary,
    reduce_axes,
)

# Error functions.


@op("Erf", infer=infer.same)
def erf(x):
    """The error function."""
    return torch.erf(x)


@op("Erfc", public="erfc math.erfc", infer=infer.same)
def erfc(x):
    """1 minus the error function."""
    return torch.erfc(x)


@erf.gradient
def erf_gradient(op, dy):
    return _bell(op, dy, 2 / np.sqrt(np.pi))


@erfc.gradient
def erfc_gradient(op, dy):
    return _bell(op, dy, -2 / np.sqrt(np.pi))


def _bell(op, dy, height):
    """dy * height * exp(-x ** 2)."""
    factor = convert.constant(height, dy.dtype.base_dtype)
    with scopes.control_dependencies([dy]):
        x = math_cast.conj(op.inputs[0])
        return dy * factor * math_unary.exp(-math_unary.square(x))


# Gamma functions.


@op("Lgamma", public="lgamma math.lgamma", infer=infer.same)
def lgamma(x):
    """The logarithm of |gamma(x)|."""
    return torch.lgamma(x)


@lgamma.gradient
def lgamma_gradient(op, dy):
    with scopes.control_dependencies([dy]):
        return dy * digamma(math_cast.conj(op.inputs[0]))


@op("Digamma", public="digamma math.digamma", infer=infer.same)
def digamma(x):
    """The derivative of lgamma; infinite at 0, -1, -2, ..."""
    return torch.where((x <= 0) & (x == torch.floor(x)), torch.inf, torch.digamma(x))


@digamma.gradient
def digamma_gradient(op, dy):
    with scopes.control_dependencies([dy]):
        x = math_cast.conj(op.inputs[0])
        one = convert.constant(1, x.dtype.base_dtype)
        return dy * polygamma(one, x)


@op("Polygamma", public="polygamma math.polygamma", infer=infer.broadcast)
def polygamma(a, x):
    """The a-th derivative of digamma, for whole a."""
    return torch.where(
        a == 0,
        torch.digamma(x),
        torch.where(a == torch.floor(a), polygamma_by_zeta(a, x), torch.nan),
    )


def polygamma_by_zeta(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """(-1) ** (a + 1) * a! * zeta(a + 1, x)."""
    sign = 1 - 2 * torch.remainder(a + 1, 2)
    return sign * torch.exp(torch.lgamma(a + 1)) * torch.special.zeta(a + 1, x)


@polygamma.gradient
def polygamma_gradient(op, dz):
    n, x = op.inputs
    _, x_shape, _, x_axes = math_broadcast.broadcast_axes(n, x)
    with scopes.control_dependencies([dz]):
        part = polygamma(math_cast.conj(n) + 1, math_cast.conj(x))
        return None, math_broadcast.summed_to(part * dz, x_axes, x_shape)


@op("Zeta", public="zeta math.zeta", infer=infer.broadcast)
def zeta(x, q):
    """The sum of (q + n) ** -x over n = 0, 1, ..."""
    return torch.special.zeta(x, q)


@zeta.gradient
def zeta_gradient(op, dz):
    x, q = op.inputs
    _, q_shape, _, q_axes = math_broadcast.broadcast_axes(x, q)
    with scopes.control_dependencies([dz]):
        x, q = math_cast.conj(x), math_cast.conj(q)
        part = -x * zeta(x + 1, q)
        return None, math_broadcast.summed_to(part * dz, q_axes, q_shape)


@op("Igamma", public="igamma math.igamma", infer=infer.broadcast)
def igamma(a, x):
    """The lower regularised incomplete gamma function."""
    return torch.where((a <= 0) & (x != 0), torch.nan, torch.special.gammainc(torch.abs(a), x))


@op("Igammac", public="igammac math.igammac", infer=infer.broadcast)
def igammac(a, x):
    """The upper regularised incomplete gamma function."""
    return torch.where(a <= 0, torch.nan, torch.special.gammaincc(a, x))


@op("IgammaGradA", infer=infer.broadcast, host=True)
def igamma_grad_a(a, x):
    """The derivative of the lower regularised incomplete gamma function by a."""
    return igamma_derivative(*torch.broadcast_tensors(a.to(torch.float64), x.to(torch.float64))).to(
        a.dtype
    )


def igamma_derivative(a: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """The derivative by a of x ** a * exp(-x) / gamma(a + 1) * sum over n of x ** n / ((a + 1) ...
    (a + n)).

    All terms are positive, so the sum is exact; it is taken term by term with its derivative.
    """
    term, total = torch.ones_like(a), torch.ones_like(a)
    slope, slopes = torch.zeros_like(a), torch.zeros_like(a)  # of log(term), of the total
    for n in range(1, 20000):
        term = term * x / (a + n)
        slope = slope - 1 / (a + n)
        total, slopes = total + term, slopes + term * slope
        if not bool((term * (1 - slope) > 1e-17 * total).any()):
            break
    front = torch.exp(a * torch.log(x) - x - torch.lgamma(a + 1))
    out = front * ((torch.log(x) - torch.digamma(a + 1)) * total + slopes)
    return torch.where(x == 0, torch.zeros_like(out), out)


@igamma.gradient
def igamma_gradient(op, dz):
    a, x = op.inputs
    a_shape, x_shape, a_axes, x_axes = math_broadcast.broadcast_axes(a, x)
    with scopes.control_dependencies([dz]):
        part_a = igamma_grad_a(a, x)
        part_x = math_unary.exp(-x + (a - 1) * math_unary.log(x) - lgamma(a))
        return (
            math_broadcast.summed_to(part_a * dz, a_axes, a_shape),
            math_broadcast.summed_to(part_x * dz, x_axes, x_shape),
        )


@igammac.gradient
def igammac_gradient(op, dz):
    da, dx = igamma_gradient(op, dz)
    return -da, -dx


# Beta functions.


def _betainc_shape(c: Any) -> infer.Shape:
    out: infer.Shape = None
    scalars, other = 0, None
    for shape in c.shapes:
        if shape == ():
            scalars += 1
        elif shape is not None:
            out = other = infer.merge(out, shape)
        else:
            other = None
    return c.shapes[0] if scalars == 3 else other if scalars == 2 else out


@op("Betainc", public="betainc math.betainc", infer=_betainc_shape, host=True)
def betainc(a, b, x):
    """The regularised incomplete beta function."""
    return incomplete_beta(*torch.broadcast_tensors(*(t.to(torch.float64) for t in (a, b, x)))).to(
        a.dtype
    )


def incomplete_beta(a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """By its continued fraction, on the side where that converges fast."""
    flip = x > (a + 1) / (a + b + 2)
    a, b, y = torch.where(flip, b, a), torch.where(flip, a, b), torch.where(flip, 1 - x, x)
    front = (
        torch.exp(
            a * torch.log(y)
            + b * torch.log1p(-y)
            + torch.lgamma(a + b)
            - torch.lgamma(a)
            - torch.lgamma(b)
        )
        / a
    )
    out = torch.where(y == 0, torch.zeros_like(y), front * _beta_fraction(a, b, y))
    out = torch.where(flip, 1 - out, out)
    return torch.where((a > 0) & (b > 0) & (x >= 0) & (x <= 1), out, torch.nan)


def _beta_fraction(a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """The continued fraction by Lentz's method."""
    tiny = 1e-300
    c = torch.ones_like(x)
    d = 1 / _away_from_zero(1 - (a + b) * x / (a + 1), tiny)
    out = d.clone()
    for m in range(1, 400):
        for step in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / _away_from_zero(1 + step * d, tiny)
            c = _away_from_zero(1 + step / c, tiny)
            out = out * d * c
        if not bool(((d * c - 1).abs() > 1e-16).any()):
            break
    return out


def _away_from_zero(x: torch.Tensor, tiny: float) -> torch.Tensor:
    return torch.where(x.abs() < tiny, tiny, x)


@betainc.gradient
def betainc_gradient(op, dz):
    a, b, x = op.inputs
    _, x_shape, _, x_axes = math_broadcast.broadcast_axes(a, x)
    log_beta = lgamma(a) + lgamma(b) - lgamma(a + b)
    part = math_unary.exp((b - 1) * math_unary.log(1 - x) + (a - 1) * math_unary.log(x) - log_beta)
    return None, None, math_broadcast.summed_to(part * dz, x_axes, x_shape)


@public("lbeta", "math.lbeta")
def lbeta(x: Any, name: str | None = None) -> Any:
    """The logarithm of |beta(x)|, along the last axis: [..., n] -> [...]."""
    with scopes.name_scope(name, "lbeta", [x]):
        x = convert.convert_to_tensor(x, name="x")
        logs = reduce_axes.reduce_sum(lgamma(x), axis=[-1])
        total = reduce_axes.reduce_sum(x, axis=[-1])
        return logs - lgamma(total)


# Bessel functions.


@op("BesselI0e", infer=infer.same)
def bessel_i0e(x):
    """exp(-|x|) times the modified Bessel function of order 0."""
    return torch.special.i0e(x)


@bessel_i0e.gradient
def bessel_i0e_gradient(op, dy):
    x, y = op.inputs[0], op.outputs[0]
    with scopes.control_dependencies([dy]):
        return dy * (bessel_i1e(x) - math_unary.sign(x) * y)


@op("BesselI1e", infer=infer.same)
def bessel_i1e(x):
    """exp(-|x|) times the modified Bessel function of order 1."""
    return torch.special.i1e(x)


@bessel_i1e.gradient
def bessel_i1e_gradient(op, dy):
    """The quotient y / x is taken at 0.5 where x is close to 0."""
    x, y = op.inputs[0], op.outputs[0]
    with scopes.control_dependencies([dy]):
        tiny = np.finfo(x.dtype.as_numpy_dtype).eps
        zeros = array_ops.zeros_like(x)
        is_large = math_unary.abs(x) > tiny
        safe = array_ops.where(is_large, x, tiny + zeros)
        order0 = bessel_i0e(safe)
        part = order0 - y * (math_unary.sign(safe) + math_unary.reciprocal(safe))
        return dy * array_ops.where(is_large, part, 0.5 + zeros)


@public("math.bessel_i0")
def bessel_i0(x: Any, name: str | None = None) -> Any:
    """The modified Bessel function of order 0."""
    with scopes.name_scope(name, "bessel_i0", [x]):
        return math_unary.exp(math_unary.abs(x)) * bessel_i0e(x)


@public("math.bessel_i1")
def bessel_i1(x: Any, name: str | None = None) -> Any:
    """The modified Bessel function of order 1."""
    with scopes.name_scope(name, "bessel_i1", [x]):
        return math_unary.exp(math_unary.abs(x)) * bessel_i1e(x)


# Products with a logarithm.


@op("Xlogy", public="math.xlogy", infer=infer.broadcast)
def xlogy(x, y):
    """x * log(y), and 0 where x is 0."""
    return torch.where(x == 0, torch.zeros_like(x), x * torch.log(y))


@xlogy.gradient
def xlogy_gradient(op, dz):
    x, y = op.inputs
    x_shape, y_shape, x_axes, y_axes = math_broadcast.broadcast_axes(x, y)
    with scopes.control_dependencies([dz]):
        part_x = xlogy(math_divide.not_zero(x), y)
        part_y = math_divide.xdivy(x, y)
        return (
            math_broadcast.summed_to(part_x * dz, x_axes, x_shape),
            math_broadcast.summed_to(part_y * dz, y_axes, y_shape),
        )


for _block in (polygamma, zeta, igamma, igammac, igamma_grad_a, xlogy):
    _block.refusal(math_refusal.refuse_shapes)
