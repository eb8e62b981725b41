"""Sequences of numbers, and running sums and products along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math_cast, math_logic, math_unary


def range_size(start: Any, limit: Any, delta: Any) -> int:
    """How many numbers lie from start up to, not with, limit.

    Raises:
      ValueError: delta is 0 or points away from limit.
    """
    if start > limit and delta > 0:
        raise ValueError(f"Requires start <= limit when delta > 0: {start:g}/{limit:g}")
    if start < limit and delta < 0:
        raise ValueError(f"Requires start >= limit when delta < 0: {start:g}/{limit:g}")
    if delta == 0:
        raise ValueError("Requires delta != 0")
    if isinstance(start, np.floating):
        return int(np.ceil(np.abs((limit - start) / delta)))
    return -(-abs(int(limit) - int(start)) // abs(int(delta)))


def _range_shape(c: Any) -> infer.Shape:
    for i, name in enumerate(("start", "limit", "delta")):
        try:
            infer.with_rank(c.shapes[i], 0)
        except ValueError as error:
            raise ValueError(f"{error}\n\t for '{name}'") from None
    values = [c.value(i) for i in (0, 1, 2)]
    if any(v is None for v in values):
        return (None,)
    return (range_size(*(v[()] for v in values)),)


@op("Range", infer=_range_shape)
def range_op(start, limit, delta, *, Tidx):
    """start, start + delta, ... up to, not with, limit."""
    return (
        float_range(start, limit, delta)
        if Tidx.is_floating
        else torch.arange(start.tolist(), limit.tolist(), delta.tolist(), dtype=Tidx.torch)
    )


def float_range(start: torch.Tensor, limit: torch.Tensor, delta: torch.Tensor) -> torch.Tensor:
    """A range of floats, each number the one before plus delta, with its rounding."""
    first, last, step = (t.cpu().numpy()[()] for t in (start, limit, delta))
    steps = np.full(range_size(first, last, step), step, first.dtype)
    steps[:1] = first
    return torch.from_numpy(np.add.accumulate(steps))


@range_op.refusal
def range_refusal(start, limit, delta, **_):
    """Say what is wrong with the ends or the step."""
    try:
        range_size(*(t.cpu().numpy()[()] for t in (start, limit, delta)))
    except ValueError as error:
        shown = ": 0" if str(error) == "Requires delta != 0" else ""
        raise errors.InvalidArgumentError(None, None, f"{error}{shown}") from None


range_op.no_gradient()
_RANGE_TYPES = [dtypes.int32, dtypes.int64, dtypes.float32, dtypes.float64]


@public("range")
def range(
    start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str | None = "range"
) -> Any:
    """start, start + delta, ... up to, not with, limit; with one argument from 0 up to it.

    Args:
      start: the first number, or the limit if that is not given.
      limit: where to stop.
      delta: the step.
      dtype: the element type; default: the widest of the arguments'.
      name: the name of the operation.
    """
    if limit is None:
        start, limit = 0, start
    with scopes.name_scope(name, "Range", [start, limit, delta]) as scope:
        start = convert.convert_to_tensor(start, dtype, "start")
        limit = convert.convert_to_tensor(limit, dtype, "limit")
        delta = convert.convert_to_tensor(delta, dtype, "delta")
        if dtype is None:
            widest = max(
                (t.dtype.base_dtype for t in (start, limit, delta)), key=_RANGE_TYPES.index
            )
            start, limit, delta = (math_cast.cast(t, widest) for t in (start, limit, delta))
        return range_op(start, limit, delta, name=scope)


def _linspace_shape(c: Any) -> infer.Shape:
    for i, name in enumerate(("start", "stop", "num")):
        try:
            infer.with_rank(c.shapes[i], 0)
        except ValueError as error:
            raise ValueError(f"{error}\n\t for '{name}'") from None
    num = c.value(2)
    if num is not None and num <= 0:
        raise ValueError(f"Requires num > 0: {num}")
    return (None if num is None else int(num),)


@op("LinSpace", public="linspace lin_space", infer=_linspace_shape)
def lin_space(start, stop, num):
    """`num` numbers at equal distances from start to stop, both included."""
    n = int(num)
    if n <= 0:
        raise errors.InvalidArgumentError(None, None, f"Requires num > 0: {n}")
    places = torch.arange(n, device=start.device)
    out = start + (stop - start) / max(n - 1, 1) * places.to(start.dtype)
    return torch.where(places == n - 1, stop, out) if n > 1 else out


lin_space.no_gradient()


@op("Cumsum", infer=infer.same)
def cumsum_op(x, axis, *, exclusive=False, reverse=False):
    """Running sums along an axis."""
    return running(torch.cumsum, x, axis, exclusive, reverse, 0)


@op("Cumprod", infer=infer.same)
def cumprod_op(x, axis, *, exclusive=False, reverse=False):
    """Running products along an axis."""
    return running(torch.cumprod, x, axis, exclusive, reverse, 1)


@op("CumulativeLogsumexp", infer=infer.same)
def cumulative_logsumexp_op(x, axis, *, exclusive=False, reverse=False):
    """Running log(sum(exp(x))) along an axis."""
    return running(
        lambda x, axis, dtype: torch.logcumsumexp(x, axis),
        x,
        axis,
        exclusive,
        reverse,
        float(torch.finfo(x.dtype).min),
    )


def running(
    combine: Any, x: torch.Tensor, where: torch.Tensor, exclusive: bool, reverse: bool, start: Any
) -> torch.Tensor:
    """Running results along an axis, of the elements before each one if `exclusive`, from the end
    if `reverse`.

    Raises:
      InvalidArgumentError: there is no such axis.
    """
    if where.dim():
        raise errors.InvalidArgumentError(
            None, None, f"ScanOp: axis must be a scalar, not {infer.show(tuple(where.shape))}"
        )
    axis = int(where)
    if not -x.dim() <= axis < x.dim():
        raise errors.InvalidArgumentError(
            None,
            None,
            f"ScanOp: Expected scan axis in the range [{-x.dim()}, {x.dim()}), but got {axis}",
        )
    x = x.flip(axis) if reverse else x
    if exclusive:
        x = torch.cat(
            [
                torch.full_like(x.narrow(axis, 0, min(1, x.shape[axis])), start),
                x.narrow(axis, 0, max(x.shape[axis] - 1, 0)),
            ],
            axis,
        )
    out = combine(x, axis, dtype=x.dtype)
    return out.flip(axis) if reverse else out


@cumsum_op.gradient
def cumsum_gradient(op, dy):
    return [
        cumsum(
            dy, op.inputs[1], exclusive=op.get_attr("exclusive"), reverse=not op.get_attr("reverse")
        ),
        None,
    ]


@cumprod_op.gradient
def cumprod_gradient(op, dy):
    x, axis = op.inputs
    exclusive, reverse = op.get_attr("exclusive"), op.get_attr("reverse")
    products = cumprod(x, axis, exclusive=exclusive, reverse=reverse)
    out = cumsum(products * dy, axis, exclusive=exclusive, reverse=not reverse)
    return [out / x, None]


@cumulative_logsumexp_op.gradient
def cumulative_logsumexp_gradient(op, dy):
    x, axis = op.inputs
    y, lowest = op.outputs[0], dy.dtype.min
    options = {
        "axis": axis,
        "reverse": not op.get_attr("reverse"),
        "exclusive": op.get_attr("exclusive"),
    }
    positive = array_ops.where_v2(math_logic.greater(dy, 0), math_unary.log(dy), lowest)
    negative = array_ops.where_v2(math_logic.less(dy, 0), math_unary.log(-dy), lowest)
    gain = math_unary.exp(cumulative_logsumexp(positive - y, **options) + x)
    loss = math_unary.exp(cumulative_logsumexp(negative - y, **options) + x)
    return [gain - loss, None]


@public("cumsum", "math.cumsum")
def cumsum(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Any:
    """Running sums along an axis: [a, a + b, a + b + c].

    Args:
      x: a tensor.
      axis: the axis.
      exclusive: leave out the element itself: [0, a, a + b].
      reverse: begin at the end: [a + b + c, b + c, c].
      name: the name of the operation.
    """
    with scopes.name_scope(name, "Cumsum", [x]) as scope:
        x = convert.convert_to_tensor(x, name="x")
        return cumsum_op(x, axis, exclusive=exclusive, reverse=reverse, name=scope)


@public("cumprod", "math.cumprod")
def cumprod(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Any:
    """Running products along an axis; the arguments are those of `tf.cumsum`."""
    with scopes.name_scope(name, "Cumprod", [x]) as scope:
        x = convert.convert_to_tensor(x, name="x")
        return cumprod_op(x, axis, exclusive=exclusive, reverse=reverse, name=scope)


@public("math.cumulative_logsumexp")
def cumulative_logsumexp(
    x: Any, axis: Any = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None
) -> Any:
    """Running log(sum(exp(x))) along an axis; the arguments are those of `tf.cumsum`."""
    with scopes.name_scope(name, "CumulativeLogsumexp", [x]) as scope:
        x = convert.convert_to_tensor(x, name="x")
        return cumulative_logsumexp_op(x, axis, exclusive=exclusive, reverse=reverse, name=scope)


@public("math.polyval")
def polyval(coeffs: Any, x: Any, name: str | None = None) -> Any:
    """The polynomial with the given coefficients, highest power first, at x."""
    with scopes.name_scope(name, "polyval", [*coeffs, x]) as scope:
        x = convert.convert_to_tensor(x, name="x")
        if len(coeffs) < 1:
            return array_ops.zeros_like(x, name=scope)
        terms = [convert.convert_to_tensor(c, name=f"coeff_{i}") for i, c in enumerate(coeffs)]
        out = terms[0]
        for term in terms[1:]:
            out = term + out * x
        return out
