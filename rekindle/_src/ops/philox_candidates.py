"""Samplers of candidate classes, bit for bit those of TensorFlow: uniform, log-uniform, learned and
fixed.

Holds: `sample` and a class per distribution. Holds no ops (`random_candidates`). The classes are
drawn many at a time; where they must differ, repeated ones are dropped in order and more are drawn.

Sources: Walker's alias method in Knuth, "Seminumerical algorithms", 3.4.1; expected counts after
Jean and others, "On using very large target vocabulary for neural machine translation", 2015.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Protocol

import numpy as np

from rekindle._src import errors
from rekindle._src.ops import philox

_INT32_MAX = 2**31 - 1


class Candidates(NamedTuple):
    """Sampled classes int64 [n], how often each true class [B, T] and each sampled class [n] is
    expected: float32.
    """

    sampled: np.ndarray
    true_expected: np.ndarray
    sampled_expected: np.ndarray


class Distribution(Protocol):
    """What a sampler must know: how to draw classes in a row and how likely each class is."""

    range: int

    def draw(self, position: philox.Position, count: int) -> np.ndarray:
        """At least `count` classes in the order in which TensorFlow draws them: int64."""

    def probability(self, classes: np.ndarray) -> np.ndarray:
        """How likely a single draw gives each class: float32."""


def sample(
    distribution: Distribution,
    position: philox.Position,
    count: int,
    unique: bool,
    true: np.ndarray,
) -> Candidates:
    """Draw `count` classes, different ones if `unique`.

    Raises:
      InvalidArgumentError: fewer than `count` classes exist and they must differ.
    """
    if unique and count > distribution.range:
        raise errors.InvalidArgumentError(None, None, "Sampler's range is too small.")
    sampled, tries = _pick(distribution, position, count, unique)
    return Candidates(
        sampled,
        _expected(distribution.probability(true), count, tries),
        _expected(distribution.probability(sampled), count, tries),
    )


def _pick(
    distribution: Distribution, position: philox.Position, count: int, unique: bool
) -> tuple[np.ndarray, int]:
    # The classes and the number of draws that they took.
    if not unique or count == 0:
        return distribution.draw(position, count)[:count], count
    drawn = 2 * count
    while True:
        classes = distribution.draw(position, drawn)
        first = np.sort(np.unique(classes, return_index=True)[1])
        if first.size >= count:
            return classes[first[:count]], int(first[count - 1]) + 1
        drawn *= 2


def _expected(probability: np.ndarray, count: int, tries: int) -> np.ndarray:
    probability = np.ascontiguousarray(probability, np.float32)
    if tries == count:
        return probability * np.float32(count)
    out = np.empty_like(probability)
    philox.kernels().fill_inclusion(probability.reshape(-1), np.float32(tries), out.reshape(-1))
    return out


def _unbiased(words: np.ndarray, size: int) -> np.ndarray:
    # Integers in [0, size); words that would favour small ones are skipped.
    kind = words.dtype.type
    if size & (size - 1) == 0:
        return (words & kind(size - 1)).astype(np.int64)
    return (words[words >= _refused(words.dtype, size)] % kind(size)).astype(np.int64)


def _refused(dtype: np.dtype, size: int) -> np.integer:
    # Words below this would favour small integers.
    return dtype.type(np.iinfo(dtype).max % size + 1)


def _unbiased_row(position: philox.Position, count: int, size: int, dtype: type) -> np.ndarray:
    # At least `count` integers in [0, size).
    extra = 16
    while True:
        words = philox.words(position, count + extra, np.dtype(dtype).itemsize // 4)
        found = _unbiased(words.view(dtype), size)
        if found.size >= count:
            return found
        extra *= 2


class Uniform:
    """Every class in [0, range) is as likely."""

    __slots__ = ("range",)

    def __init__(self, range: int) -> None:
        self.range = range

    def draw(self, position: philox.Position, count: int) -> np.ndarray:
        """See `Distribution`."""
        return _unbiased_row(position, count, self.range, np.uint64)

    def probability(self, classes: np.ndarray) -> np.ndarray:
        """See `Distribution`."""
        return np.full(classes.shape, 1.0 / self.range, np.float32)


class LogUniform:
    """Class c has probability log((c + 2) / (c + 1)) / log(range + 1): for classes sorted by
    falling frequency.
    """

    __slots__ = ("range", "_log_range")

    def __init__(self, range: int) -> None:
        self.range = range
        self._log_range = math.log1p(range)

    def draw(self, position: philox.Position, count: int) -> np.ndarray:
        """See `Distribution`."""
        uniform = philox.doubles(philox.words(position, count, 2))
        return (np.exp(uniform * self._log_range).astype(np.int64) - 1) % self.range

    def probability(self, classes: np.ndarray) -> np.ndarray:
        """See `Distribution`."""
        return (np.log((classes + 2.0) / (classes + 1.0)) / self._log_range).astype(np.float32)


class Learned:
    """Each class as likely as it was frequent among the true classes so far, all once before the
    first.
    """

    __slots__ = ("range", "_weights", "_sums")

    def __init__(self, range: int) -> None:
        self.range = range
        self._weights = np.ones(range, np.int64)
        self._sums = np.cumsum(self._weights)

    def draw(self, position: philox.Position, count: int) -> np.ndarray:
        """See `Distribution`."""
        at = _unbiased_row(position, count, int(self._sums[-1]), np.uint32)
        return np.searchsorted(self._sums, at, side="right")

    def probability(self, classes: np.ndarray) -> np.ndarray:
        """See `Distribution`."""
        self._check(classes)
        return self._weights[classes].astype(np.float32) / np.float32(self._sums[-1])

    def learn(self, classes: np.ndarray) -> None:
        """Count true classes."""
        self._check(classes)
        room = _INT32_MAX - int(self._sums[-1])
        np.add.at(self._weights, classes.reshape(-1)[:room], 1)
        self._sums = np.cumsum(self._weights)

    def _check(self, classes: np.ndarray) -> None:
        if classes.size and not (0 <= classes.min() and classes.max() < self.range):
            raise errors.InvalidArgumentError(
                None, None, f"true_classes has a class outside [0, {self.range})"
            )


class Fixed:
    """Each class as likely as its weight says; raised to a power, and dealt out to shards.

    Args:
      weights: one for each class that is not reserved, in order.
      distortion: the power; 0 makes all equal.
      reserved: classes in front that are never drawn.
      shards: the number of samplers that share the classes.
      shard: the number of this one.
    """

    __slots__ = ("range", "_weights", "_total", "_table")

    def __init__(
        self, weights: np.ndarray, distortion: float, reserved: int, shards: int, shard: int
    ) -> None:
        mine = np.arange(reserved) % shards == shard
        start = int(mine.sum())
        mine = (start + np.arange(weights.size)) % shards == shard
        self._weights = np.zeros(start + int(mine.sum()), np.float32)
        self._total = philox.kernels().distort(
            weights.astype(np.float32)[mine], np.float32(distortion), self._weights[start:]
        )
        self.range = self._weights.size
        self._table = np.empty(self.range, np.float32), np.empty(self.range, np.int64)
        philox.kernels().fill_alias_table(self._weights, *self._table)

    def draw(self, position: philox.Position, count: int) -> np.ndarray:
        """See `Distribution`."""
        keep, other = self._table
        words = philox.words(position, 2 * count + 32, 1)
        uniform, at = self._pairs(words)
        at = (at % np.uint32(self.range)).astype(np.int64)
        return np.where(uniform < keep[at], at, other[at])

    def _pairs(self, words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        # A word for the uniform, then one for the class, where biased words are skipped.
        if self.range & (self.range - 1):
            refused = _refused(words.dtype, self.range)
            while (biased := np.flatnonzero(words[1::2] < refused)).size:
                words = np.delete(words, 2 * biased[0] + 1)
        size = words.size // 2
        uniform = (words[0 : 2 * size : 2] & 0x7FFFFF).astype(np.float32) * np.float32(2.0**-23)
        return uniform, words[1 : 2 * size : 2]

    def probability(self, classes: np.ndarray) -> np.ndarray:
        """See `Distribution`; 0 for a class that does not exist."""
        inside = (classes >= 0) & (classes < self.range)
        weights = np.where(inside, self._weights[np.where(inside, classes, 0)], np.float32(0))
        return weights / np.float32(self._total)
