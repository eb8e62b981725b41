"""Loops over serialized Examples, compiled by numba: where the features lie, how many values they have, the values.

They work on the bytes of the messages, so that no message objects are made. A *cell* is the value of a map entry, as
its start and end in the bytes; a start below 0 says that there is none. Holds no torch and no errors: what cannot be
read comes back as a count below 0. Imported at the first example, since numba takes half a second to import.

Source: the wire format of protocol buffers (protobuf.dev/programming-guides/encoding); example.proto, feature.proto.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

#: what a cell holds: nothing, a list of one of three kinds, or what no list is
NONE, BYTES, FLOATS, INTS, UNKNOWN = 0, 1, 2, 3, -1
MALFORMED = -1


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop at its first call, and keep the code where a folder can be written."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:
        return njit(nogil=True)(function)


@compiled
def varint(data, at, end):
    """The number at `at` and the place after it; the place is -1 where there is none."""
    value = np.uint64(0)
    shift = np.uint64(0)
    for _ in range(10):
        if at >= end:
            return np.int64(0), np.int64(-1)
        byte = np.uint64(data[at])
        at += 1
        value |= (byte & np.uint64(0x7F)) << shift
        if byte < np.uint64(0x80):
            return np.int64(value), np.int64(at)
        shift += np.uint64(7)
    return np.int64(0), np.int64(-1)


@compiled
def length(data, at, end):
    """The length at `at` and the place after it; the place is -1 where so much does not follow."""
    size, at = varint(data, at, end)
    if at < 0 or size < 0 or size > end - at:
        return np.int64(0), np.int64(-1)
    return size, at


@compiled
def skipped(data, at, end):
    """The place after the field at `at`; -1 where it is no field."""
    tag, at = varint(data, at, end)
    if at < 0:
        return at
    kind = tag & 7
    if kind == 0:
        _, at = varint(data, at, end)
        return at
    if kind == 2:
        size, at = length(data, at, end)
        return at if at < 0 else at + size
    size = 8 if kind == 1 else 4
    if kind not in (1, 5) or end - at < size:
        return np.int64(-1)
    return at + size


@compiled
def key_at(data, start, end, keys, key_ends, guess):
    """Which of the keys stands in the bytes; looked for from `guess` on, -1 if none does."""
    count = key_ends.shape[0]
    for i in range(count):
        k = guess + i
        if k >= count:
            k -= count
        first = key_ends[k - 1] if k else 0
        if key_ends[k] - first != end - start:
            continue
        for j in range(end - start):
            if keys[first + j] != data[start + j]:
                break
        else:
            return k
    return -1


@compiled
def read_map(data, at, end, keys, key_ends, cells, row):
    """Note the cells of the map entries from `at` to `end`; False where one is malformed."""
    guess = 0
    while at < end:
        if data[at] != 0x0A:
            return False
        size, at = length(data, at + 1, end)
        if at < 0:
            return False
        stop = at + size
        if at >= stop or data[at] != 0x0A:
            return False
        size, start = length(data, at + 1, stop)
        if start < 0:
            return False
        at = start + size
        key = key_at(data, start, at, keys, key_ends, guess)
        if at >= stop or data[at] != 0x12:
            return False
        size, at = length(data, at + 1, stop)
        if at < 0 or at + size != stop:
            return False
        if key >= 0:  # the last entry of a key counts
            cells[key, row, 0] = at
            cells[key, row, 1] = stop
            guess = key + 1 if key + 1 < key_ends.shape[0] else 0
        at = stop
    return True


@compiled
def find_cells(data, ends, tag, keys, key_ends, cells):
    """Fill cells [key, message, 2] from the map with that tag of each message; gives the first message that is
    malformed, -1 if none is."""
    at = np.int64(0)
    for row in range(ends.shape[0]):
        end = ends[row]
        while at < end:
            if data[at] != tag:
                at = skipped(data, at, end)
                if at < 0:
                    return row
                continue
            size, at = varint(data, at + 1, end)
            if at < 0 or size < 0:
                return row
            stop = min(at + size, end)  # TensorFlow takes a map that is cut off between two entries
            if not read_map(data, at, stop, keys, key_ends, cells, row):
                return row
            at = stop
    return -1


@compiled
def find_steps(data, cells, ends, steps):
    """Fill `ends` with the number of steps up to the end of each cell, a FeatureList, and `steps` with their cells
    (as long as there is room); the first cell that is malformed, -1 if none is."""
    count = np.int64(0)
    for i in range(cells.shape[0]):
        at, end = cells[i, 0], cells[i, 1]
        while 0 <= at < end:
            if data[at] != 0x0A:
                return i
            size, at = length(data, at + 1, end)
            if at < 0:
                return i
            if count < steps.shape[0]:
                steps[count, 0] = at
                steps[count, 1] = at + size
            count += 1
            at += size
        ends[i] = count
    return -1


@compiled
def count_packed(data, at, end, kind):
    """The number of values in a packed field; MALFORMED if it is cut off."""
    if kind == FLOATS:
        return (end - at) // 4
    count = 0
    while at < end:
        _, at = varint(data, at, end)
        if at < 0:
            return MALFORMED
        count += 1
    return count


@compiled
def count_single(data, at, end, kind):
    """The number of values that each have a tag; MALFORMED if one is no such value."""
    count = 0
    while at < end:
        if kind == FLOATS:
            if data[at] != 0x0D or end - at < 5:
                return MALFORMED
            at += 5
        elif kind == INTS:
            if data[at] != 0x08:
                return MALFORMED
            _, at = varint(data, at + 1, end)
        else:
            if data[at] != 0x0A:
                return MALFORMED
            size, at = length(data, at + 1, end)
            at = at if at < 0 else at + size
        if at < 0:
            return MALFORMED
        count += 1
    return count


@compiled
def measure(data, cells, kinds, counts, spans):
    """For each cell, a Feature: the kind of its list, the number of values, and the bytes with them (start, end, and 1
    if they are packed)."""
    for i in range(cells.shape[0]):
        at, end = cells[i, 0], cells[i, 1]
        kinds[i] = NONE
        counts[i] = 0
        spans[i, 0] = spans[i, 1] = spans[i, 2] = 0
        if at < 0 or at >= end:
            continue
        kind = data[at] >> 3
        if data[at] & 7 != 2 or kind < BYTES or kind > INTS:
            kinds[i] = UNKNOWN
            continue
        kinds[i] = kind
        size, at = length(data, at + 1, end)
        if at < 0:
            counts[i] = MALFORMED
            continue
        end = at + size
        packed = at < end and data[at] == 0x0A and kind != BYTES
        if packed:
            size, at = length(data, at + 1, end)
            if at < 0:
                counts[i] = MALFORMED
                continue
            end = at + size
        spans[i, 0], spans[i, 1], spans[i, 2] = at, end, packed
        counts[i] = count_packed(data, at, end, kind) if packed else count_single(data, at, end, kind)


@compiled
def fill_floats(data, counts, spans, places, out):
    """Put the floats of each cell at its place of `out`, whose elements are bytes."""
    for i in range(counts.shape[0]):
        at, packed = spans[i, 0], spans[i, 2]
        place = places[i] * 4
        if packed:
            size = counts[i] * 4
            out[place : place + size] = data[at : at + size]
            continue
        for _ in range(counts[i]):
            for j in range(4):
                out[place + j] = data[at + 1 + j]
            at += 5
            place += 4


@compiled
def fill_ints(data, counts, spans, places, out):
    """Put the integers of each cell at its place of `out`."""
    for i in range(counts.shape[0]):
        at, end, packed = spans[i, 0], spans[i, 1], spans[i, 2]
        place = places[i]
        for _ in range(counts[i]):
            value, at = varint(data, at if packed else at + 1, end)
            out[place] = value
            place += 1


@compiled
def fill_texts(data, counts, spans, places, out):
    """Put the start and the end of each string of each cell at its place of `out` [values, 2]."""
    for i in range(counts.shape[0]):
        at, end = spans[i, 0], spans[i, 1]
        place = places[i]
        for _ in range(counts[i]):
            size, at = length(data, at + 1, end)
            out[place, 0] = at
            out[place, 1] = at + size
            at += size
            place += 1


@compiled
def fill_indices(counts, out):
    """The indices (row, column) of the values of rows of so many."""
    place = 0
    for row in range(counts.shape[0]):
        for column in range(counts[row]):
            out[place, 0] = row
            out[place, 1] = column
            place += 1
