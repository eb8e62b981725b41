"""Padding: with zeros, a constant, or the mirrored tensor."""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import constants, infer
from rekindle._src.graph.opdef import op
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array_join, array_shape, slicing


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _padded(c: Any) -> Any:
    shape = infer.with_rank(c.shapes[1], 2)
    if shape[1] not in (2, None):
        raise ValueError(f"Dimension must be 2 but is {shape[1]}")
    sizes, pairs = c.shapes[0], c.value(1)
    if shape[0] is not None:
        sizes = infer.with_rank(sizes, shape[0])
    if pairs is None:
        return None if sizes is None else (None,) * len(sizes)
    if (pairs < 0).any():
        raise ValueError("Paddings must be non-negative")
    totals = pairs.sum(1).tolist()
    return tuple(None if d is None else d + n for d, n in zip(sizes, totals))


@op("Pad", infer=_padded, structural=True)
def pad_op(input, paddings):
    """The tensor with zeros before and after along each axis."""
    return torch.nn.functional.pad(input, widths(paddings.tolist(), input.shape))


def widths(paddings: list[list[int]], shape: Any) -> list[int]:
    """Paddings in torch's order: the last axis first.

    Raises:
      InvalidArgumentError: they are negative, or not of so many axes.
    """
    if len(paddings) != len(shape):
        raise _invalid(
            f"The first dimension of paddings must be the rank of inputs[{len(paddings)},2] "
            f"{infer.show(tuple(shape))}"
        )
    for before, after in paddings:
        if before < 0 or after < 0:
            raise _invalid(f"Paddings must be non-negative: {before} {after}")
    return [n for pair in reversed(paddings) for n in pair]


@op("PadV2", infer=_padded, structural=True)
def pad_v2(input, paddings, constant_values):
    """The tensor with a constant before and after along each axis."""
    pairs = paddings.tolist()
    widths(pairs, input.shape)
    sizes = [before + n + after for n, (before, after) in zip(input.shape, pairs)]
    out = constant_values.expand(sizes).clone()
    out[tuple(slice(before, before + n) for n, (before, _) in zip(input.shape, pairs))] = input
    return out


@pad_op.gradient
@pad_v2.gradient
def pad_gradient(op, dy):
    x, paddings = op.inputs[0], op.inputs[1]
    column = array_join.stack([array_shape.rank(x), 1])
    begin = array_shape.reshape(slicing.slice(paddings, [0, 0], column), [-1])
    dx = slicing.slice(dy, begin, array_shape.shape(x))
    return [dx] + [None] * (len(op.inputs) - 1)


@op("MirrorPad", infer=_padded, structural=True, aliases=0)
def mirror_pad(input, paddings, *, mode):
    """The tensor with itself mirrored before and after along each axis."""
    for axis, places in mirrored(input.shape, paddings.tolist(), mode):
        input = torch.index_select(input, axis, torch.tensor(places, device=input.device))
    return input


def mirrored(sizes: Any, paddings: list[list[int]], mode: str) -> list[tuple[int, list[int]]]:
    """For each axis that is padded: where the elements come from.

    Raises:
      InvalidArgumentError: there is not enough to mirror.
    """
    offset = 1 if mode == "REFLECT" else 0
    out = []
    if len(paddings) != len(sizes):
        raise _invalid(
            "The first dimension of paddings must be the rank of inputs"
            f"[{len(paddings)},2] {infer.show(tuple(sizes))}"
        )
    for axis, (size, (before, after)) in enumerate(zip(sizes, paddings)):
        if before < 0 or after < 0:
            raise _invalid(f"paddings must be non-negative: {before} {after}")
        limit = size - offset
        if before > limit or after > limit:
            what = "less than" if offset else "no greater than"
            raise _invalid(
                f"paddings must be {what} the dimension size: {before}, {after} "
                f"{'not less than' if offset else 'greater than'} {size}"
            )
        if before or after:
            head = list(range(offset + before - 1, offset - 1, -1))
            tail = list(range(size - 1 - offset, size - 1 - offset - after, -1))
            out.append((axis, [*head, *range(size), *tail]))
    return out


def _cropped(c: Any) -> Any:
    shape = infer.with_rank(c.shapes[1], 2)
    if shape[0] is None:
        return None
    sizes, pairs = infer.with_rank(c.shapes[0], shape[0]), c.value(1)
    if pairs is None:
        return (None,) * len(sizes)
    if (pairs < 0).any():
        raise ValueError("Paddings must be non-negative")
    return tuple(None if d is None else d - n for d, n in zip(sizes, pairs.sum(1).tolist()))


@op("MirrorPadGrad", infer=_cropped, aliases=0)
def mirror_pad_grad(input, paddings, *, mode):
    """The elements summed back to where `mirror_pad` took them from."""
    pairs = paddings.tolist()
    sizes = [n - before - after for n, (before, after) in zip(input.shape, pairs)]
    for axis, places in mirrored(sizes, pairs, mode):
        shape = list(input.shape)
        shape[axis] = sizes[axis]
        out = torch.zeros(shape, dtype=input.dtype, device=input.device)
        input = out.index_add_(axis, torch.tensor(places, device=input.device), input)
    return input


@mirror_pad.gradient
def mirror_pad_gradient(op, dy):
    return [mirror_pad_grad(dy, op.inputs[1], mode=op.get_attr("mode")), None]


@mirror_pad_grad.gradient
def mirror_pad_grad_gradient(op, dy):
    return [mirror_pad(dy, op.inputs[1], mode=op.get_attr("mode")), None]


@public("pad")
def pad(
    tensor: Any,
    paddings: Any,
    mode: str = "CONSTANT",
    name: str | None = None,
    constant_values: Any = 0,
) -> Any:
    """The tensor with more before and after along each axis: [rank, 2] `paddings`.

    Args:
      tensor: what to pad.
      paddings: how many elements before and after, per axis.
      mode: "CONSTANT", "REFLECT" (the edge is not repeated) or "SYMMETRIC" (it is).
      name: the name of the node.
      constant_values: the scalar to pad with.

    Raises:
      ValueError: the mode is unknown.
    """
    mode = mode.upper()
    if mode == "CONSTANT":
        if not isinstance(constant_values, Tensor) and constant_values == 0:
            out = pad_op(tensor, paddings, name=name)
        else:
            out = pad_v2(tensor, paddings, constant_values, name=name)
    elif mode in ("REFLECT", "SYMMETRIC"):
        out = mirror_pad(tensor, paddings, mode=mode, name=name)
    else:
        raise ValueError(f"Unknown padding mode: {mode}")
    sizes = out.op._inputs[0]._static_shape
    if sizes is not None and not infer.is_known(out._static_shape):
        known = constants.constant_value(out.op._inputs[1])
        if known is not None:
            totals = known.sum(1).tolist()
            out.set_shape([None if d is None else d + n for d, n in zip(sizes, totals)])
    return out
