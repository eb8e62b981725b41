"""Loops over pooling windows: torch has no kernel that finds maxima again without their indices.

Holds max pooling and its gradient for images in the CPU's memory. Imported when one of them first runs.
"""
from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np
import torch

from rekindle._src.ops.loops import Loops

Windows = tuple[int, int, int, int, int, int]


def _gather(x, y, windows, positive):  # type: ignore[no-untyped-def]
    """y[n, i, j, c] = the maximum of x in the window (zero if that is below, with `positive`); NaN if there is one."""
    rows, columns, down, right, top, left = windows
    height, width, channels = x.shape[1:]
    least = x.dtype.type(0) if positive else x.dtype.type(-np.inf)
    for n in numba.prange(y.shape[0]):
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                best = y[n, i, j]
                for c in range(channels):
                    best[c] = least
                for row in range(max(i * down - top, 0), min(i * down - top + rows, height)):
                    for column in range(max(j * right - left, 0), min(j * right - left + columns, width)):
                        here = x[n, row, column]
                        for c in range(channels):
                            best[c] = here[c] if here[c] > best[c] or here[c] != here[c] else best[c]


def _scatter(x, y, dy, dx, sums, windows, positive):  # type: ignore[no-untyped-def]
    """Add dy[n, i, j, c] to dx where x is the first maximum y of the window (and above zero, if `positive`).

    sums[n, c] becomes the sum of dx[n, :, :, c].
    """
    rows, columns, down, right, top, left = windows
    height, width, channels = x.shape[1:]
    zero = dy.dtype.type(0)
    for n in numba.prange(dy.shape[0]):
        rest, total = np.empty(channels, dy.dtype), sums[n]
        for i in range(dy.shape[1]):
            for j in range(dy.shape[2]):
                best, g = y[n, i, j], dy[n, i, j]
                for c in range(channels):
                    rest[c] = g[c] if best[c] > 0 or not positive else zero
                for row in range(max(i * down - top, 0), min(i * down - top + rows, height)):
                    for column in range(max(j * right - left, 0), min(j * right - left + columns, width)):
                        here, there = x[n, row, column], dx[n, row, column]
                        for c in range(channels):
                            found = rest[c] if here[c] == best[c] else zero
                            there[c] += found
                            total[c] += found
                            rest[c] = zero if here[c] == best[c] else rest[c]


def _scatter_pairs(x, y, dy, dx, sums, positive):  # type: ignore[no-untyped-def]
    """The same for windows of two by two that tile the images; every entry of dx is written."""
    _, height, width, channels = dy.shape
    zero = dy.dtype.type(0)
    for n in numba.prange(dy.shape[0]):
        total = sums[n]
        for i in range(height):
            upper, lower = x[n, 2 * i].reshape(-1), x[n, 2 * i + 1].reshape(-1)
            above, below = dx[n, 2 * i].reshape(-1), dx[n, 2 * i + 1].reshape(-1)
            for j in range(width):
                a, b = 2 * j * channels, (2 * j + 1) * channels
                x0, x1, x2 = upper[a:b], upper[b:b + channels], lower[a:b]
                d0, d1, d2, d3 = above[a:b], above[b:b + channels], below[a:b], below[b:b + channels]
                best, g = y[n, i, j], dy[n, i, j]
                for c in range(channels):
                    rest = g[c] if best[c] > 0 or not positive else zero
                    total[c] += rest
                    d0[c] = rest if x0[c] == best[c] else zero
                    rest = zero if x0[c] == best[c] else rest
                    d1[c] = rest if x1[c] == best[c] else zero
                    rest = zero if x1[c] == best[c] else rest
                    d2[c] = rest if x2[c] == best[c] else zero
                    d3[c] = zero if x2[c] == best[c] else rest


_GATHER, _SCATTER, _SCATTER_PAIRS = Loops(_gather), Loops(_scatter), Loops(_scatter_pairs)


def maximum(x: torch.Tensor, size: Sequence[int], windows: Windows, positive: bool) -> torch.Tensor:
    """The maximum of each window: [N, H, W, C] -> [N, h, w, C].

    Args:
      x: the images, contiguous.
      size: h and w.
      windows: as for `gradient`.
      positive: zero where the maximum is below, as a rectifier before or after the pooling gives.
    """
    y = x.new_empty((x.shape[0], *size, x.shape[3]))
    _GATHER(x.numpy(), y.numpy(), windows, positive)
    return y


def gradient(x: torch.Tensor, y: torch.Tensor, dy: torch.Tensor, windows: Windows,
             positive: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """The gradient of max pooling: of x, [N, H, W, C], from that of y, [N, h, w, C]; and its sum over images, [C].

    Args:
      x: the images that were pooled, contiguous.
      y: the maxima.
      dy: the gradient of y.
      windows: their rows and columns, the steps down and right from one to the next, the rows above and columns left of
        the images at which the first begins.
      positive: also zero where x is not above zero, as the gradient of a rectifier before or after the pooling does.
    """
    y, dy = y.contiguous(), dy.contiguous()
    (count, height, width, channels), (_, down, right, _) = x.shape, y.shape
    sums = x.new_zeros((count, channels))
    if windows == (2, 2, 2, 2, 0, 0) and (height, width) == (2 * down, 2 * right):
        dx = torch.empty_like(x)
        _SCATTER_PAIRS(*(t.numpy() for t in (x, y, dy, dx, sums)), positive)
    else:
        dx = torch.zeros_like(x)
        _SCATTER(*(t.numpy() for t in (x, y, dy, dx, sums)), windows, positive)
    return dx, sums.sum(0)
