"""Comparisons, logic on truth values, and logic on the bits of integers."""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import math_refusal


def _equality_shape(c: Any) -> infer.Shape:
    """The broadcast shape; if shapes may differ (then the result is one truth value),
    only where it is sure.
    """
    if c.attr("incompatible_shape_error"):
        return infer.broadcast(c)
    x, y = c.shapes
    if x is None or y is None:
        return None
    for a, b in zip(reversed(x), reversed(y), strict=False):
        if a != b and 1 not in (a, b) or a is None and b is None:
            return None if a is None or b is None else ()
    return infer.broadcast(c)


@op("Equal", infer=_equality_shape, structural=True)
def equal(x, y, *, incompatible_shape_error=True):
    """True where x and y are the same."""
    return (
        torch.eq(x, y)
        if incompatible_shape_error or fits(x, y)
        else torch.tensor(False, device=x.device)
    )


@op("NotEqual", infer=_equality_shape, structural=True)
def not_equal(x, y, *, incompatible_shape_error=True):
    """True where x and y differ."""
    return (
        torch.ne(x, y)
        if incompatible_shape_error or fits(x, y)
        else torch.tensor(True, device=x.device)
    )


@public("equal", "math.equal")
def tf_equal(x: Any, y: Any, name: str | None = None) -> Any:
    """True where x and y are the same; shapes that cannot be broadcast are an error."""
    return equal(x, y, name=name)


@public("not_equal", "math.not_equal")
def tf_not_equal(x: Any, y: Any, name: str | None = None) -> Any:
    """True where x and y differ; shapes that cannot be broadcast are an error."""
    return not_equal(x, y, name=name)


def fits(x: torch.Tensor, y: torch.Tensor) -> bool:
    """True if x and y can be broadcast to one shape."""
    return all(
        a == b or 1 in (a, b) for a, b in zip(reversed(x.shape), reversed(y.shape), strict=False)
    )


@op("Less", public="less math.less", infer=infer.broadcast)
def less(x, y):
    """True where x < y."""
    return torch.lt(x, y)


@op("LessEqual", public="less_equal math.less_equal", infer=infer.broadcast)
def less_equal(x, y):
    """True where x <= y."""
    return torch.le(x, y)


@op("Greater", public="greater math.greater", infer=infer.broadcast)
def greater(x, y):
    """True where x > y."""
    return torch.gt(x, y)


@op("GreaterEqual", public="greater_equal math.greater_equal", infer=infer.broadcast)
def greater_equal(x, y):
    """True where x >= y."""
    return torch.ge(x, y)


@op("ApproximateEqual", infer=lambda c: infer.merge(c.shapes[0], c.shapes[1]))
def approximate_equal(x, y, *, tolerance=1e-5):
    """True where |x - y| < tolerance."""
    return torch.abs(x - y) < tolerance


@op("LogicalAnd", public="logical_and math.logical_and", infer=infer.broadcast)
def logical_and(x, y):
    """True where both are."""
    return torch.logical_and(x, y)


@op("LogicalOr", public="logical_or math.logical_or", infer=infer.broadcast)
def logical_or(x, y):
    """True where one is."""
    return torch.logical_or(x, y)


@op("LogicalNot", public="logical_not math.logical_not", infer=infer.same)
def logical_not(x):
    """True where x is not."""
    return torch.logical_not(x)


@public("logical_xor", "math.logical_xor")
def logical_xor(x: Any, y: Any, name: str | None = "LogicalXor") -> Any:
    """True where one of them is and not the other."""
    either = logical_or(x, y)
    return logical_and(either, logical_not(logical_and(x, y)), name=name)


@op("BitwiseAnd", public="bitwise.bitwise_and", infer=infer.broadcast)
def bitwise_and(x, y):
    """The bits that both have."""
    return torch.bitwise_and(x, y)


@op("BitwiseOr", public="bitwise.bitwise_or", infer=infer.broadcast)
def bitwise_or(x, y):
    """The bits that one of them has."""
    return torch.bitwise_or(x, y)


@op("BitwiseXor", public="bitwise.bitwise_xor", infer=infer.broadcast)
def bitwise_xor(x, y):
    """The bits in which they differ."""
    return torch.bitwise_xor(x, y)


@op("LeftShift", public="bitwise.left_shift", infer=infer.broadcast)
def left_shift(x, y, *, T):
    """x << y; y is at least 0 and below the number of bits."""
    return (
        left_shift_wide(x, y)
        if T.name in _SIGNED
        else torch.bitwise_left_shift(x, torch.clamp(y, 0, x.element_size() * 8 - 1))
    )


@op("RightShift", public="bitwise.right_shift", infer=infer.broadcast)
def right_shift(x, y, *, T):
    """x >> y, with the sign kept; y is at least 0 and below the number of bits."""
    return (
        right_shift_wide(x, y)
        if T.name in _SIGNED
        else torch.bitwise_right_shift(x, torch.clamp(y, 0, x.element_size() * 8 - 1))
    )


@op("Invert", public="bitwise.invert", infer=infer.same)
def invert(x, *, T):
    """Every bit flipped."""
    return (
        torch.bitwise_not(x.view(_SIGNED[T.name])).view(T.torch)
        if T.name in _SIGNED
        else torch.bitwise_not(x)
    )


#: wide types without sign, with which torch does not compute -> the type of the same bits with a
#: sign
_SIGNED = {"uint16": torch.int16, "uint32": torch.int32, "uint64": torch.int64}


def left_shift_wide(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x << y of wide types without sign, by the same bits with one."""
    kind = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[x.element_size()]
    shift = y.view(kind).clamp(0, x.element_size() * 8 - 1)
    return torch.bitwise_left_shift(x.view(kind), shift).view(x.dtype)


def right_shift_wide(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x >> y of wide types without sign, with zeros from the left."""
    shift = y.to(torch.int64).clamp(0, x.element_size() * 8 - 1)
    out = x.to(torch.int64) >> shift
    if x.dtype is torch.uint64:
        out = torch.where(shift > 0, out & ~(torch.full_like(out, -1) << (64 - shift)), out)
    return out.to(x.dtype)


@op("PopulationCount", infer=infer.same)
def population_count(x):
    """The number of bits that are set."""
    bits = torch.arange(x.element_size() * 8, device=x.device)
    return ((x.to(torch.int64).unsqueeze(-1) >> bits) & 1).sum(-1).to(torch.uint8)


for _block in (
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    logical_and,
    logical_or,
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    left_shift,
    right_shift,
):
    _block.no_gradient().refusal(math_refusal.refuse_shapes)
for _block in (approximate_equal, logical_not, invert, population_count):
    _block.no_gradient()
