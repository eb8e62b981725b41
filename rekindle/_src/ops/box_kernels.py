"""The loop of non-maximum suppression, compiled by numba.

Imported at the first suppression, since numba takes half a second to import.
"""

from __future__ import annotations

import math

import numpy as np

from rekindle._src.ops.philox_kernels import compiled, inlined


@inlined
def _overlap(table, is_overlaps, i, j):
    """How much of two boxes together lies in both; or table[i, j] itself."""
    zero = np.float32(0)
    if is_overlaps:
        return table[i, j]
    top_i, bottom_i = min(table[i, 0], table[i, 2]), max(table[i, 0], table[i, 2])
    left_i, right_i = min(table[i, 1], table[i, 3]), max(table[i, 1], table[i, 3])
    top_j, bottom_j = min(table[j, 0], table[j, 2]), max(table[j, 0], table[j, 2])
    left_j, right_j = min(table[j, 1], table[j, 3]), max(table[j, 1], table[j, 3])
    area_i = (bottom_i - top_i) * (right_i - left_i)
    area_j = (bottom_j - top_j) * (right_j - left_j)
    if area_i <= zero or area_j <= zero:
        return zero
    height = max(min(bottom_i, bottom_j) - max(top_i, top_j), zero)
    width = max(min(right_i, right_j) - max(left_i, left_j), zero)
    common = height * width
    return common / (area_i + area_j - common)


@inlined
def _raise(heap, keys, hole, item):
    """Put an item into a heap at `hole` or above."""
    while hole > 0 and keys[heap[(hole - 1) // 2]] < keys[item]:
        heap[hole] = heap[(hole - 1) // 2]
        hole = (hole - 1) // 2
    heap[hole] = item


@inlined
def _take(heap, keys, size):
    """The greatest of a heap of `size` items, which then has one less."""
    # As the C++ library does it, so that equal keys come out in TensorFlow's order.
    greatest, item = heap[0], heap[size - 1]
    size -= 1
    hole = child = 0
    while child < (size - 1) // 2:
        child = 2 * (child + 1)
        if keys[heap[child]] < keys[heap[child - 1]]:
            child -= 1
        heap[hole] = heap[child]
        hole = child
    if size % 2 == 0 and child == (size - 2) // 2:
        child = 2 * (child + 1)
        heap[hole] = heap[child - 1]
        hole = child - 1
    if size > 0:
        _raise(heap, keys, hole, item)
    return greatest


@compiled
def suppress(table, is_overlaps, scores, limits, chosen, chosen_scores):
    """Choose boxes by score, none that overlaps much with one chosen before.

    Args:
      table: float32 [N, 4] boxes, or [N, N] overlaps.
      is_overlaps: which of the two.
      scores: float32 [N].
      limits: float32 [3]: overlap from which on a box is dropped, score that it must exceed, and -1
        / (2 * sigma) by which overlaps lower scores, or 0.
      chosen: int32 [K], for the indices.
      chosen_scores: float32 [K], for their scores then.

    Returns:
      How many were chosen.
    """
    most, least, scale = limits[0], limits[1], limits[2]
    keys = scores.copy()
    seen = np.zeros(len(scores), np.int32)
    heap = np.empty(len(scores) + 1, np.int32)
    size = 0
    for i in range(len(scores)):
        if scores[i] > least:
            _raise(heap, keys, size, i)
            size += 1
    count = 0
    while count < len(chosen) and size > 0:
        box = _take(heap, keys, size)
        size -= 1
        key = keys[box]
        is_dropped = False
        for j in range(count - 1, seen[box] - 1, -1):
            overlap = _overlap(table, is_overlaps, box, chosen[j])
            weight = np.float32(math.exp(scale * overlap * overlap))
            key *= weight if overlap <= most else np.float32(0)
            if overlap >= most:
                is_dropped = True
                break
            if key <= least:
                break
        seen[box] = count
        if is_dropped:
            continue
        if key == keys[box]:
            chosen[count] = box
            chosen_scores[count] = key
            count += 1
        if key > least:
            keys[box] = key
            _raise(heap, keys, size, box)
            size += 1
    return count
