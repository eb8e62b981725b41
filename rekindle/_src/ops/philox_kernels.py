"""Counter-based random number loops, compiled by numba: one function fills one array.

Holds: Philox 4x32-10 and the distributions that TensorFlow builds on it, in TensorFlow's order of
drawing, so that the same key and counter give the same bits. A position in a stream is `(key, low,
high)`, three uint64: the 64-bit key and the two halves of the 128-bit counter; one counter value
yields one group of four 32-bit words. Holds no state and no torch. Importing this module imports
numba, so `philox` imports it at the first draw.

The float logarithm, sine and cosine are libm's (glibc 2.28 or later gives TensorFlow's bits;
another libm may differ by 1 ulp).

Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011; Box and
Muller, "A note on the generation of random normal deviates", 1958.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

inlined = njit(inline="always", error_model="numpy")


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a loop at its first call, and keep the code beside this file or in the user's cache.

    Where neither folder can be written, each process compiles anew.
    """
    try:
        return njit(cache=True, nogil=True, error_model="numpy")(function)
    except RuntimeError:
        return njit(nogil=True, error_model="numpy")(function)


WORD = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
MULTIPLIER_A = np.uint64(0xD2511F53)
MULTIPLIER_B = np.uint64(0xCD9E8D57)
WEYL_A = np.uint64(0x9E3779B9)
WEYL_B = np.uint64(0xBB67AE85)
BLOCK = 64

FLOAT_MANTISSA = np.uint32(0x7FFFFF)
FLOAT_UNIT = np.float32(2.0**-23)
DOUBLE_MANTISSA = np.uint64(0xFFFFF)
DOUBLE_UNIT = 2.0**-52
TWO_PI = 2.0 * math.pi
SMALLEST = 1.0e-7
SMALLEST_FLOAT = np.float32(1.0e-7)
MINUS_TWO = np.float32(-2.0)
CUT = 2.0
CUT_FLOAT = np.float32(2.0)


@inlined
def round_of_philox(a, b, c, d, key_a, key_b):
    """One round of the bijection on four words."""
    left = MULTIPLIER_A * a
    right = MULTIPLIER_B * c
    return (right >> HALF) ^ b ^ key_a, right & WORD, (left >> HALF) ^ d ^ key_b, left & WORD


@inlined
def raised(key_a, key_b):
    """The key of the next round."""
    return (key_a + WEYL_A) & WORD, (key_b + WEYL_B) & WORD


@inlined
def inlined_group(key, low, high):
    """`group` for loops that LLVM shall vectorise: it does not if they call."""
    a, b, c, d = low & WORD, low >> HALF, high & WORD, high >> HALF
    key_a, key_b = key & WORD, key >> HALF
    a, b, c, d = round_of_philox(a, b, c, d, key_a, key_b)
    key_a, key_b = raised(key_a, key_b)
    a, b, c, d = round_of_philox(a, b, c, d, key_a, key_b)
    key_a, key_b = raised(key_a, key_b)
    a, b, c, d = round_of_philox(a, b, c, d, key_a, key_b)
    key_a, key_b = raised(key_a, key_b)
    a, b, c, d = round_of_philox(a, b, c, d, key_a, key_b)
    key_a, key_b = raised(key_a, key_b)
    a, b, c, d = round_of_philox(a, b, c, d, key_a, key_b)
    key_a, key_b = raised(key_a, key_b)
    a, b, c, d = round_of_philox(a, b, c, d, key_a, key_b)
    key_a, key_b = raised(key_a, key_b)
    a, b, c, d = round_of_philox(a, b, c, d, key_a, key_b)
    key_a, key_b = raised(key_a, key_b)
    a, b, c, d = round_of_philox(a, b, c, d, key_a, key_b)
    key_a, key_b = raised(key_a, key_b)
    a, b, c, d = round_of_philox(a, b, c, d, key_a, key_b)
    key_a, key_b = raised(key_a, key_b)
    return round_of_philox(a, b, c, d, key_a, key_b)


@compiled
def group(key, low, high):
    """The four 32-bit words at a counter, each in a uint64."""
    return inlined_group(key, low, high)


@inlined
def ahead(low, high, count):
    """The counter `count` groups further on: (low, high)."""
    moved = low + np.uint64(count)
    return moved, high + np.uint64(moved < low)


@compiled
def unit_float(word):
    """Uniform in [0, 1) from the lower 23 bits."""
    return np.float32(np.int32(np.uint32(word) & FLOAT_MANTISSA)) * FLOAT_UNIT


@compiled
def unit_double(word_a, word_b):
    """Uniform in [0, 1) from 20 bits of the first word and all of the second."""
    return np.float64(np.int64(((word_a & DOUBLE_MANTISSA) << HALF) | word_b)) * DOUBLE_UNIT


@compiled
def normal_floats(word_a, word_b):
    """Two standard normal float32 from two words (Box-Muller)."""
    radius = math.sqrt(MINUS_TWO * math.log(max(unit_float(word_a), SMALLEST_FLOAT)))
    angle = np.float32(TWO_PI * np.float64(unit_float(word_b)))
    return math.sin(angle) * radius, math.cos(angle) * radius


@compiled
def normal_doubles(word_a, word_b, word_c, word_d):
    """Two standard normal float64 from four words (Box-Muller)."""
    radius = math.sqrt(-2.0 * math.log(max(unit_double(word_a, word_b), SMALLEST)))
    angle = TWO_PI * unit_double(word_c, word_d)
    return math.sin(angle) * radius, math.cos(angle) * radius


@compiled
def words(key, low, high, out):
    """Consecutive groups: uint32 [4, n], a row for each word of the group."""
    first, second, third, fourth = out[0], out[1], out[2], out[3]
    for i in range(out.shape[1]):
        at, over = ahead(low, high, i)
        a, b, c, d = inlined_group(key, at, over)
        first[i], second[i], third[i], fourth[i] = a, b, c, d


@compiled
def fill_words(key, low, high, out):
    """The stream itself: uint32 [n]."""
    block = np.empty((4, BLOCK), np.uint32)
    first, second, third, fourth = block[0], block[1], block[2], block[3]
    for start in range(0, out.size, 4 * BLOCK):
        at, over = ahead(low, high, start // 4)
        words(key, at, over, block)
        part = out[start : start + 4 * BLOCK]
        for i in range(part.size // 4):
            part[4 * i] = first[i]
            part[4 * i + 1] = second[i]
            part[4 * i + 2] = third[i]
            part[4 * i + 3] = fourth[i]
    for i in range(out.size // 4 * 4, out.size):
        out[i] = block[i % 4, i // 4 % BLOCK]


@compiled
def fill_uniform_floats(key, low, high, out):
    """Uniform in [0, 1): float32 [n]."""
    block = np.empty((4, BLOCK), np.uint32)
    first, second, third, fourth = block[0], block[1], block[2], block[3]
    for start in range(0, out.size, 4 * BLOCK):
        at, over = ahead(low, high, start // 4)
        words(key, at, over, block)
        part = out[start : start + 4 * BLOCK]
        for i in range(part.size // 4):
            part[4 * i] = unit_float(first[i])
            part[4 * i + 1] = unit_float(second[i])
            part[4 * i + 2] = unit_float(third[i])
            part[4 * i + 3] = unit_float(fourth[i])
    for i in range(out.size // 4 * 4, out.size):
        out[i] = unit_float(block[i % 4, i // 4 % BLOCK])


@compiled
def fill_normal_floats(key, low, high, out):
    """Standard normal: float32 [n]."""
    for i in range((out.size + 3) // 4):
        at, over = ahead(low, high, i)
        a, b, c, d = group(key, at, over)
        values = normal_floats(a, b) + normal_floats(c, d)
        for j in range(min(4, out.size - 4 * i)):
            out[4 * i + j] = values[j]


@compiled
def fill_normal_doubles(key, low, high, out):
    """Standard normal: float64 [n]."""
    for i in range((out.size + 1) // 2):
        at, over = ahead(low, high, i)
        a, b, c, d = group(key, at, over)
        values = normal_doubles(a, b, c, d)
        for j in range(min(2, out.size - 2 * i)):
            out[2 * i + j] = values[j]


@compiled
def fill_truncated_floats(key, low, high, out):
    """Normal, redrawn outside two standard deviations: float32 [n].

    Each four outputs have 256 groups of their own to draw from, so no output depends on how often
    another was redrawn.
    """
    for i in range((out.size + 3) // 4):
        low_i, high_i = ahead(low, high, 256 * i)
        start, stop = 4 * i, min(4 * i + 4, out.size)
        while start < stop:
            a, b, c, d = group(key, low_i, high_i)
            low_i, high_i = ahead(low_i, high_i, 1)
            for value in normal_floats(a, b) + normal_floats(c, d):
                if abs(value) < CUT_FLOAT and start < stop:
                    out[start] = value
                    start += 1


@compiled
def fill_truncated_doubles(key, low, high, out):
    """Normal, redrawn outside two standard deviations: float64 [n]."""
    for i in range((out.size + 1) // 2):
        low_i, high_i = ahead(low, high, 128 * i)
        start, stop = 2 * i, min(2 * i + 2, out.size)
        while start < stop:
            a, b, c, d = group(key, low_i, high_i)
            low_i, high_i = ahead(low_i, high_i, 1)
            for value in normal_doubles(a, b, c, d):
                if abs(value) < CUT and start < stop:
                    out[start] = value
                    start += 1


@compiled
def shuffle(key, low, high, out):
    """Put an array in random order in place: the element at i goes where the i-th word says, from
    the first on.
    """
    block = np.empty((4, BLOCK), np.uint32)
    for i in range(out.size - 1):
        if i % (4 * BLOCK) == 0:
            at, over = ahead(low, high, i // 4)
            words(key, at, over, block)
        j = i + np.int64(block[i % 4, i // 4 % BLOCK]) % (out.size - i)
        out[i], out[j] = out[j], out[i]


@compiled
def fill_inclusion(probability, tries, out):
    """How likely a class is among those of `tries` draws: float32 [n] -> [n]."""
    for i in range(out.size):
        out[i] = -math.expm1(tries * math.log1p(-probability[i]))


@compiled
def distort(weights, power, out):
    """Weights to a power: float32 [n] -> [n]; gives their sum, added up in float32."""
    total = np.float32(0)
    for i in range(out.size):
        out[i] = math.pow(weights[i], power)
        total += out[i]
    return total


@compiled
def fill_alias_table(weights, keep, other):
    """Walker's table: float32 [n] -> how likely each place keeps its draw, float32 [n], and where
    the draw goes if not.
    """
    size = weights.size
    share = np.empty(size)
    total = 0.0
    for i in range(size):
        total += weights[i]
    above, below = np.empty(size, np.int64), np.empty(size, np.int64)
    n_above = n_below = 0
    for i in range(size):
        share[i] = np.float32(weights[i] * np.float32(size)) / total
        other[i] = i
        if share[i] < 1:
            below[n_below] = i
            n_below += 1
        else:
            above[n_above] = i
            n_above += 1
    while n_above and n_below:
        n_below -= 1
        n_above -= 1
        low, high = below[n_below], above[n_above]
        other[low] = high
        keep[low] = share[low]
        share[high] -= 1 - share[low]
        if share[high] < 1:
            below[n_below] = high
            n_below += 1
        else:
            above[n_above] = high
            n_above += 1
    for i in range(n_above):
        keep[above[i]] = 1
    for i in range(n_below):
        keep[below[i]] = 1
