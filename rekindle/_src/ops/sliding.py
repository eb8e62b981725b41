"""Pooling by strided slices: maxima and sums over windows along any axes, and their gradients.

A window of k entries along an axis is k slices of the tensor, so a pooling is a few elementwise
calls per axis. In the channels-last layout each call runs over contiguous channels. Among equal
maxima the first in the window's order counts, as in TensorFlow.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch

from rekindle._src import errors
from rekindle._src.ops import windows

_MANY = 1 << 18  # elements that make it worth to import numba


class Axis(NamedTuple):
    """Windows along one axis."""

    axis: int
    window: int
    stride: int
    size: int
    before: int
    count: int

    def valid(self, offset: int) -> tuple[int, int]:
        """The windows [low, high) whose entry at `offset` lies inside the axis."""
        low = max(-(-(self.before - offset) // self.stride), 0)
        return low, max(
            min((self.size - 1 + self.before - offset) // self.stride + 1, self.count), low
        )

    def inputs(self, x: torch.Tensor, offset: int) -> torch.Tensor:
        """The entry at `offset` of each window in which it is valid, a view."""
        low, high = self.valid(offset)
        start = low * self.stride + offset - self.before
        index = [slice(None)] * self.axis + [
            slice(start, start + (high - low - 1) * self.stride + 1, self.stride)
            if high > low
            else slice(0, 0)
        ]
        return x[tuple(index)]

    def outputs(self, y: torch.Tensor, offset: int) -> torch.Tensor:
        """The windows in which the entry at `offset` is valid, a view."""
        low, high = self.valid(offset)
        return y if low == 0 and high == self.count else y.narrow(self.axis, low, high - low)

    def is_whole(self, offset: int) -> bool:
        """True if the entry at `offset` is valid in every window."""
        return self.valid(offset) == (0, self.count)

    def counts(self) -> list[int]:
        """How many entries of each window are valid."""
        starts = [i * self.stride - self.before for i in range(self.count)]
        return [min(s + self.window, self.size) - max(s, 0) for s in starts]


def axes_of(
    shape: Sequence[int], ksize: Sequence[int], strides: Sequence[int], padding: str
) -> list[Axis]:
    """The axes along which there is something to do.

    Raises:
      UnimplementedError: the batch axis is among them.
    """
    if ksize[0] != 1 or strides[0] != 1:
        raise errors.UnimplementedError(
            None, None, "Pooling is not yet supported on the batch dimension."
        )
    plan = windows.padding_of(shape, ksize, strides, padding)
    return [
        Axis(i, ksize[i], strides[i], n, plan.before[i], plan.output[i])
        for i, n in enumerate(shape)
        if ksize[i] != 1 or strides[i] != 1
    ]


def maximum(
    x: torch.Tensor, ksize: Sequence[int], strides: Sequence[int], padding: str, positive: bool = False
) -> torch.Tensor:
    """The maximum of each window; zero where it is below, if `positive`."""
    axes = axes_of(x.shape, ksize, strides, padding)
    if x.numel() >= _MANY and _has_loops(x, ksize):
        from rekindle._src.ops import pool_kernels  # numba takes a while to import

        plan = windows.padding_of(x.shape, ksize, strides, padding)
        return pool_kernels.maximum(x, plan.output[1:3], _windows(ksize, strides, plan), positive)
    for axis in axes:
        x = _along(x, axis, torch.maximum, torch.amax)
    return torch.relu(x) if positive else x


def total(x: torch.Tensor, axes: Sequence[Axis]) -> torch.Tensor:
    """The sum of each window."""
    for axis in axes:
        x = _along(x, axis, torch.add, torch.sum)
    return x


def _along(x, axis, join, reduce):  # type: ignore[no-untyped-def]
    if axis.count == 1 and axis.window - axis.before >= axis.size:
        return reduce(x, axis.axis, keepdim=True)
    offsets = sorted(range(axis.window), key=lambda k: (not axis.is_whole(k), k))
    y = axis.inputs(x, offsets[0])
    fresh = False
    for k in offsets[1:]:
        if not fresh:
            y = join(y, axis.inputs(x, k)) if axis.is_whole(k) else y.clone()
            fresh = True
            if axis.is_whole(k):
                continue
        part = axis.outputs(y, k)
        join(part, axis.inputs(x, k), out=part)
    return y


def average(
    x: torch.Tensor, ksize: Sequence[int], strides: Sequence[int], padding: str
) -> torch.Tensor:
    """The mean of the entries of each window that lie inside."""
    axes = axes_of(x.shape, ksize, strides, padding)
    return _divided(total(x, axes), axes)


def _divided(y: torch.Tensor, axes: Sequence[Axis]) -> torch.Tensor:
    """y over the number of valid entries of each window."""
    scale = 1
    for axis in axes:
        counts = axis.counts()
        if len(set(counts)) <= 1:
            scale *= counts[0] if counts else 1
            continue
        shape = [1] * y.dim()
        shape[axis.axis] = axis.count
        y = y / torch.tensor(counts, dtype=y.dtype, device=y.device).view(shape)
    return y if scale == 1 else y / scale


def average_gradient(
    shape: Sequence[int],
    dy: torch.Tensor,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: str,
) -> torch.Tensor:
    """The gradient of an input of `average` that has this shape."""
    axes = axes_of(shape, ksize, strides, padding)
    dx = _divided(dy, axes)
    for axis in axes:
        dx = _spread(dx, axis)
    return dx


def _spread(dy: torch.Tensor, axis: Axis) -> torch.Tensor:
    """Each entry added to all places of its window."""
    size = list(dy.shape)
    size[axis.axis] = axis.size
    if axis.count == 1 and axis.window - axis.before >= axis.size:
        return dy.expand(size)
    if axis.window == axis.stride and axis.size == axis.count * axis.window:
        return dy.repeat_interleave(axis.window, axis.axis)
    dx = dy.new_zeros(size)
    for k in range(axis.window):
        axis.inputs(dx, k).add_(axis.outputs(dy, k))
    return dx


def _offsets(axes: Sequence[Axis]) -> Iterator[tuple[int, ...]]:
    return itertools.product(*(range(a.window) for a in axes))


def _inputs(x: torch.Tensor, axes: Sequence[Axis], offsets: Sequence[int]) -> torch.Tensor:
    for axis, k in zip(axes, offsets, strict=True):
        x = axis.inputs(x, k)
    return x


def _outputs(y: torch.Tensor, axes: Sequence[Axis], offsets: Sequence[int]) -> torch.Tensor:
    for axis, k in zip(axes, offsets, strict=True):
        y = axis.outputs(y, k)
    return y


def maximum_gradient(
    x: torch.Tensor,
    y: torch.Tensor | None,
    dy: torch.Tensor,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: str,
    positive: bool = False,
) -> torch.Tensor:
    """The gradient of the input of `maximum`: dy where the first maximum of each window was.

    Arguments as for `maximum_gradient_and_sum`.
    """
    return maximum_gradient_and_sum(x, y, dy, ksize, strides, padding, positive)[0]


def maximum_gradient_and_sum(
    x: torch.Tensor,
    y: torch.Tensor | None,
    dy: torch.Tensor,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: str,
    positive: bool = False,
) -> tuple[torch.Tensor, torch.Tensor]:
    """The gradient of the input of `maximum`, and its sum over all axes but the last.

    Args:
      x: the input.
      y: the maxima; None: find them again.
      dy: their gradient.
      ksize, strides, padding: the windows.
      positive: also zero where x is not above zero, as the gradient of a rectifier before or after does.
    """
    if y is None:
        y = maximum(x, ksize, strides, padding)
    if _has_loops(x, ksize):
        from rekindle._src.ops import pool_kernels  # numba takes a while to import

        plan = windows.padding_of(x.shape, ksize, strides, padding)
        return pool_kernels.gradient(x, y, dy, _windows(ksize, strides, plan), positive)
    axes = axes_of(x.shape, ksize, strides, padding)
    dx, rest, zero = torch.zeros_like(x), dy.clone(), dy.new_zeros(())
    for offsets in _offsets(axes):
        left = _outputs(rest, axes, offsets)
        hit = _inputs(x, axes, offsets) == _outputs(y, axes, offsets)
        _inputs(dx, axes, offsets).add_(torch.where(hit, left, zero))
        left.masked_fill_(hit, 0)
    dx = torch.ops.aten.threshold_backward.default(dx, x, 0) if positive else dx
    return dx, dx.sum(tuple(range(dx.dim() - 1)))


def _windows(ksize: Sequence[int], strides: Sequence[int],
             plan: windows.Padding) -> tuple[int, int, int, int, int, int]:
    """Windows over images as the compiled loops take them."""
    return (*ksize[1:3], *strides[1:3], *plan.before[1:3])


def _has_loops(x: torch.Tensor, ksize: Sequence[int]) -> bool:
    """True where compiled loops beat torch: images in the CPU's memory, channels last."""
    return (x.device.type == "cpu" and x.dtype in (torch.float32, torch.float64) and x.is_contiguous()
            and len(ksize) == 4 and ksize[0] == ksize[3] == 1 and x.numel() > 0)


def at_maximum(
    x: torch.Tensor,
    y: torch.Tensor,
    values: torch.Tensor,
    ksize: Sequence[int],
    strides: Sequence[int],
    padding: str,
) -> torch.Tensor:
    """Of `values`, of x's shape, those at the first maximum of each window."""
    axes = axes_of(x.shape, ksize, strides, padding)
    out = torch.zeros_like(y, dtype=values.dtype)
    for offsets in reversed(list(_offsets(axes))):
        part = _outputs(out, axes, offsets)
        hit = _inputs(x, axes, offsets) == _outputs(y, axes, offsets)
        torch.where(hit, _inputs(values, axes, offsets), part, out=part)
    return out
