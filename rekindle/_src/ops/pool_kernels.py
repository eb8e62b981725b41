"""Loops over pooling windows, compiled by numba: torch has no kernel that finds maxima again without their indices.

Holds the gradient of max pooling for images in the CPU's memory. Imported at the first such gradient.
"""
from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import torch


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


def gradient(x: torch.Tensor, y: torch.Tensor, dy: torch.Tensor, windows: tuple[int, ...], positive: bool,
             ) -> torch.Tensor:
    """The gradient of max pooling: of x, [N, H, W, C], from that of y, [N, h, w, C].

    Args:
      x: the images that were pooled, contiguous.
      y: the maxima.
      dy: the gradient of y.
      windows: their rows and columns, the steps down and right from one to the next, the rows above and columns left of
        the images at which the first begins.
      positive: also zero where x is not above zero, as the gradient of a rectifier before or after the pooling does.
    """
    height, width, count = *x.shape[1:3], y.shape[1:3]
    pairs = windows == (2, 2, 2, 2, 0, 0) and (height, width) == (2 * count[0], 2 * count[1])
    dx = torch.empty_like(x) if pairs else torch.zeros_like(x)
    threads = min(torch.get_num_threads(), x.shape[0])
    parts = [[t.numpy() for t in part] for part in zip(
        *(t.contiguous().chunk(threads) for t in (x, y, dy, dx)), strict=True)]
    work = [functools.partial(_scatter_pairs, *part, positive) if pairs
            else functools.partial(_scatter, *part, windows, positive) for part in parts]
    others = [_pool(threads).submit(one) for one in work[1:]]
    work[0]()
    for other in others:
        other.result()
    return dx
