"""Loops over pooling windows, compiled by numba: torch has no kernel that finds maxima again without their indices.

Holds max pooling and its gradient for images in the CPU's memory. Imported when one of them first runs.
"""
from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
import torch

Windows = tuple[int, int, int, int, int, int]


@numba.njit(cache=True, nogil=True)
def _gather(x, y, windows, positive):  # type: ignore[no-untyped-def]
    """y[n, i, j, c] = the maximum of x in the window (zero if that is below, with `positive`); NaN if there is one."""
    rows, columns, down, right, top, left = windows
    height, width, channels = x.shape[1:]
    least = x.dtype.type(0) if positive else x.dtype.type(-np.inf)
    for n in range(y.shape[0]):
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


@numba.njit(cache=True, nogil=True)
def _scatter(x, y, dy, dx, windows, positive):  # type: ignore[no-untyped-def]
    """Add dy[n, i, j, c] to dx where x is the first maximum y of the window (and above zero, if `positive`)."""
    rows, columns, down, right, top, left = windows
    height, width, channels = x.shape[1:]
    zero = dy.dtype.type(0)
    rest = np.empty(channels, dy.dtype)
    for n in range(dy.shape[0]):
        for i in range(dy.shape[1]):
            for j in range(dy.shape[2]):
                best, g = y[n, i, j], dy[n, i, j]
                for c in range(channels):
                    rest[c] = g[c] if best[c] > 0 or not positive else zero
                for row in range(max(i * down - top, 0), min(i * down - top + rows, height)):
                    for column in range(max(j * right - left, 0), min(j * right - left + columns, width)):
                        here, there = x[n, row, column], dx[n, row, column]
                        for c in range(channels):
                            there[c] += rest[c] if here[c] == best[c] else zero
                            rest[c] = zero if here[c] == best[c] else rest[c]


@numba.njit(cache=True, nogil=True)
def _scatter_pairs(x, y, dy, dx, positive):  # type: ignore[no-untyped-def]
    """The same for windows of two by two that tile the images; every entry of dx is written."""
    _, height, width, channels = dy.shape
    x, y, dy, dx = x.reshape(-1), y.reshape(-1), dy.reshape(-1), dx.reshape(-1)
    zero = dy.dtype.type(0)
    line = 2 * width * channels
    for i in range(len(dy) // (width * channels)):
        for j in range(width):
            a, b = (2 * i * width + j) * 2 * channels, (i * width + j) * channels
            x0, x1, x2 = x[a:a + channels], x[a + channels:a + 2 * channels], x[a + line:a + line + channels]
            d0, d1, d2 = dx[a:a + channels], dx[a + channels:a + 2 * channels], dx[a + line:a + line + channels]
            d3 = dx[a + line + channels:a + line + 2 * channels]
            best, g = y[b:b + channels], dy[b:b + channels]
            for c in range(channels):
                rest = g[c] if best[c] > 0 or not positive else zero
                d0[c] = rest if x0[c] == best[c] else zero
                rest = zero if x0[c] == best[c] else rest
                d1[c] = rest if x1[c] == best[c] else zero
                rest = zero if x1[c] == best[c] else rest
                d2[c] = rest if x2[c] == best[c] else zero
                d3[c] = zero if x2[c] == best[c] else rest


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, "rekindle-pool")


def _run(kernel: Callable[..., None], tensors: Sequence[torch.Tensor], *settings: Any) -> None:
    """Call a kernel on parts of the batch, one a thread."""
    threads = min(torch.get_num_threads(), tensors[0].shape[0])
    parts = [[t.numpy() for t in part] for part in zip(*(t.chunk(threads) for t in tensors), strict=True)]
    others = [_pool(threads).submit(kernel, *part, *settings) for part in parts[1:]]
    kernel(*parts[0], *settings)
    for other in others:
        other.result()


def maximum(x: torch.Tensor, size: Sequence[int], windows: Windows, positive: bool) -> torch.Tensor:
    """The maximum of each window: [N, H, W, C] -> [N, h, w, C].

    Args:
      x: the images, contiguous.
      size: h and w.
      windows: as for `gradient`.
      positive: zero where the maximum is below, as a rectifier before or after the pooling gives.
    """
    y = x.new_empty((x.shape[0], *size, x.shape[3]))
    _run(_gather, (x, y), windows, positive)
    return y


def gradient(x: torch.Tensor, y: torch.Tensor, dy: torch.Tensor, windows: Windows, positive: bool) -> torch.Tensor:
    """The gradient of max pooling: of x, [N, H, W, C], from that of y, [N, h, w, C].

    Args:
      x: the images that were pooled, contiguous.
      y: the maxima.
      dy: the gradient of y.
      windows: their rows and columns, the steps down and right from one to the next, the rows above and columns left of
        the images at which the first begins.
      positive: also zero where x is not above zero, as the gradient of a rectifier before or after the pooling does.
    """
    y, dy = y.contiguous(), dy.contiguous()
    (_, height, width, _), (_, down, right, _) = x.shape, y.shape
    if windows == (2, 2, 2, 2, 0, 0) and (height, width) == (2 * down, 2 * right):
        dx = torch.empty_like(x)
        _run(_scatter_pairs, (x, y, dy, dx), positive)
    else:
        dx = torch.zeros_like(x)
        _run(_scatter, (x, y, dy, dx), windows, positive)
    return dx
