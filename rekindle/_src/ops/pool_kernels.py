"""Loops over pooling windows, compiled by numba: torch has no kernel that finds maxima again without their indices.

Holds the gradient of max pooling for windows that do not overlap. Imported at the first such gradient.
"""
from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor

import numba
import torch


@numba.njit(cache=True, nogil=True)
def _scatter(x, dy, dx, rows, columns, positive):  # type: ignore[no-untyped-def]
    """dx[n, i, j, c] = dy of the window if x is its first maximum (and above zero, if `positive`), else 0."""
    images, height, width, channels = dy.shape
    for n in range(images):
        for i in range(height):
            for j in range(width):
                for c in range(channels):
                    best = x[n, i * rows, j * columns, c]
                    where = 0
                    for k in range(1, rows * columns):
                        value = x[n, i * rows + k // columns, j * columns + k % columns, c]
                        if value > best:
                            best = value
                            where = k
                    for k in range(rows * columns):
                        dx[n, i * rows + k // columns, j * columns + k % columns, c] = 0
                    if best > 0 or not positive:
                        dx[n, i * rows + where // columns, j * columns + where % columns, c] = dy[n, i, j, c]


@numba.njit(cache=True, nogil=True)
def _scatter_pairs(x, dy, dx, positive):  # type: ignore[no-untyped-def]
    """The same for windows of two by two, without branches, so that it runs on vectors."""
    images, height, width, channels = dy.shape
    zero = dy.dtype.type(0)
    for n in range(images):
        for i in range(height):
            for j in range(width):
                x0, x1 = x[n, 2 * i, 2 * j], x[n, 2 * i, 2 * j + 1]
                x2, x3 = x[n, 2 * i + 1, 2 * j], x[n, 2 * i + 1, 2 * j + 1]
                d0, d1 = dx[n, 2 * i, 2 * j], dx[n, 2 * i, 2 * j + 1]
                d2, d3 = dx[n, 2 * i + 1, 2 * j], dx[n, 2 * i + 1, 2 * j + 1]
                g = dy[n, i, j]
                for c in range(channels):
                    best = max(max(x0[c], x1[c]), max(x2[c], x3[c]))
                    value = g[c] if best > 0 or not positive else zero
                    at0 = x0[c] == best
                    at1 = (not at0) and x1[c] == best
                    at2 = (not at0) and (not at1) and x2[c] == best
                    d0[c] = value if at0 else zero
                    d1[c] = value if at1 else zero
                    d2[c] = value if at2 else zero
                    d3[c] = zero if at0 or at1 or at2 else value


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, "rekindle-pool")


def gradient(x: torch.Tensor, dy: torch.Tensor, rows: int, columns: int, positive: bool) -> torch.Tensor:
    """The gradient of max pooling over whole windows that do not overlap: [N, H, W, C], [N, H/r, W/c, C] -> [N, H, W,
    C].

    Args:
      x: the images that were pooled, contiguous.
      dy: the gradient of the result.
      rows: the height of a window.
      columns: its width.
      positive: also zero where x is not above zero, as the gradient of a rectifier before does.
    """
    dy = dy.contiguous()
    dx = torch.empty_like(x)
    threads = min(torch.get_num_threads(), x.shape[0])
    parts = [[t.numpy() for t in part] for part in zip(
        x.chunk(threads), dy.chunk(threads), dx.chunk(threads), strict=True)]
    if (rows, columns) == (2, 2):
        work = [functools.partial(_scatter_pairs, *part, positive) for part in parts]
    else:
        work = [functools.partial(_scatter, *part, rows, columns, positive) for part in parts]
    others = [_pool(threads).submit(one) for one in work[1:]]
    work[0]()
    for other in others:
        other.result()
    return dx
