"""Random numbers, bit for bit those of TensorFlow's CPU kernels: a counter-based stream and what it
draws.

Holds: `PhiloxStream`, one per random op and session, and `work_blocks`, TensorFlow's division of
work, on which the numbers of two ops depend. Holds no graph, no seeds' rules (`graph/seeds.py`) and
no loops (`philox_kernels`, `philox_rejection`, both compiled by numba and imported at the first
draw, since numba takes half a second to import).

What each draw takes from the stream is fixed by its size, not by how many words it used, so a
second run of an op continues where TensorFlow's would. Exact for every type, except the bounded
normal in half precision (drawn in single precision and rounded); where libm is not glibc 2.28 or
later, logarithm, sine and cosine may differ by 1 ulp.
"""

from __future__ import annotations

import functools
import math
import os
import secrets
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import torch

from rekindle._src import errors

_WORD64 = (1 << 64) - 1
_COUNTER = (1 << 128) - 1
#: Groups of four words that the stream moves on per output.
STRIDE = 256
#: Outputs from which on a draw is spread over threads.
_SPREAD = 1 << 17
_CPUS = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
_BOUNDED_FAILURES = (
    "TruncatedNormal randn rejection sampler failed to accept a sample.",
    "TruncatedNormal uniform rejection sampler failed to  accept a sample.",
    "TruncatedNormal exponential distribution rejection sampler failed to accept a sample.",
)


@functools.cache
def kernels() -> ModuleType:
    """The compiled loops."""
    # Here, since numba takes half a second to import, which not every program need pay.
    from rekindle._src.ops import philox_kernels

    return philox_kernels


@functools.cache
def _rejection() -> ModuleType:
    # Here for the same reason.
    from rekindle._src.ops import philox_rejection

    return philox_rejection


class Position(NamedTuple):
    """A place in a stream: the 64-bit key and the 128-bit counter."""

    key: int
    counter: int

    def ahead(self, groups: int) -> Position:
        """The place `groups` of four words further on."""
        return Position(self.key, (self.counter + groups) & _COUNTER)

    def words(self) -> tuple[np.uint64, np.uint64, np.uint64]:
        """What the loops take: key, lower and upper half of the counter."""
        return np.uint64(self.key), np.uint64(self.counter & _WORD64), np.uint64(self.counter >> 64)


class PhiloxStream:
    """A stream of random numbers with TensorFlow's numbers and order; draws are CPU tensors;
    threads may share it.

    Args:
      seed: the op's attr `seed`.
      seed2: the op's attr `seed2`; both zero: the stream starts somewhere unpredictable.
    """

    __slots__ = ("_at", "_lock")

    def __init__(self, seed: int, seed2: int) -> None:
        if seed == 0 and seed2 == 0:
            seed, seed2 = secrets.randbits(64), secrets.randbits(64)
        self._at = Position(seed & _WORD64, (seed2 & _WORD64) << 64)
        self._lock = threading.Lock()

    @classmethod
    def starting(cls, position: Position) -> PhiloxStream:
        """The stream that goes on from a position."""
        stream = cls(1, 0)
        stream._at = position
        return stream

    @classmethod
    def stateless(cls, seed: Sequence[int]) -> PhiloxStream:
        """The stream of a stateless op: the two seeds are scrambled, so that either may be weak."""
        counter = (int(seed[1]) & _WORD64) << 64 | int(seed[0]) & _WORD64
        mixed = words(Position(0x02461E293EC8F720, counter), 4, 1).tolist()
        return cls.starting(Position(mixed[1] << 32 | mixed[0], (mixed[3] << 32 | mixed[2]) << 64))

    @property
    def position(self) -> Position:
        """Where the next draw starts."""
        return self._at

    def reserve(self, groups: int) -> Position:
        """Where the stream stands now; it moves on by `groups` of four words."""
        with self._lock:
            at = self._at
            self._at = at.ahead(groups)
        return at

    def uniform(self, shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
        """Uniform in [0, 1)."""
        size = math.prod(shape)
        at = self.reserve(size * STRIDE)
        if dtype is torch.float32:
            out = _fill(kernels().fill_uniform_floats, at, np.empty(size, np.float32), 4)
        elif dtype is torch.float64:
            out = doubles(words(at, size, 2))
        elif dtype is torch.float16:
            out = (words(at, size, 1) & 0x3FF).astype(np.float32) * np.float32(2.0**-10)
        elif dtype is torch.bfloat16:
            out = (words(at, size, 1) & 0x7F).astype(np.float32) * np.float32(2.0**-7)
        else:
            raise TypeError(f"no uniform numbers of type {dtype}")
        return _shaped(out, shape, dtype)

    def normal(self, shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
        """Normal with mean 0 and deviation 1."""
        size = math.prod(shape)
        at = self.reserve(size * STRIDE)
        if dtype is torch.float64:
            out = _fill(kernels().fill_normal_doubles, at, np.empty(size), 2)
        else:
            out = _fill(kernels().fill_normal_floats, at, np.empty(size, np.float32), 4)
        return _shaped(out, shape, dtype)

    def truncated_normal(self, shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
        """Normal with mean 0 and deviation 1, redrawn where it lies outside [-2, 2]."""
        size = math.prod(shape)
        at = self.reserve(size * STRIDE)
        if dtype is torch.float64:
            out = _fill(kernels().fill_truncated_doubles, at, np.empty(size), 2, STRIDE // 2)
        else:
            empty = np.empty(size, np.float32)
            out = _fill(kernels().fill_truncated_floats, at, empty, 4, STRIDE)
        return _shaped(out, shape, dtype)

    def uniform_int(
        self, shape: Sequence[int], low: int, high: int, dtype: torch.dtype
    ) -> torch.Tensor:
        """Integers in [low, high), int32 or int64; slightly biased where the width is no power of
        two, as TensorFlow's.

        Raises:
          InvalidArgumentError: low >= high.
        """
        if math.prod(shape) == 0:
            return torch.empty(tuple(shape), dtype=dtype)
        if low >= high:
            raise errors.InvalidArgumentError(
                None, None, f"Need minval < maxval, got {low} >= {high}"
            )
        bits = self._bits(math.prod(shape), dtype)
        bits %= bits.dtype.type(high - low)
        bits += bits.dtype.type(low & (_WORD64 >> (64 - 8 * bits.itemsize)))
        return torch.from_numpy(bits.view(f"i{bits.itemsize}")).reshape(tuple(shape))

    def full_int(self, shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
        """Integers over the whole range of the type: int32, int64, uint32 or uint64."""
        bits = self._bits(math.prod(shape), dtype)
        if dtype.is_signed:
            bits = bits.view(f"i{bits.itemsize}")
        return torch.from_numpy(bits).reshape(tuple(shape))

    def _bits(self, size: int, dtype: torch.dtype) -> np.ndarray:
        each = dtype.itemsize // 4
        return words(self.reserve(size * STRIDE), size, each).view(f"u{dtype.itemsize}")

    def permutation(self, size: int) -> torch.Tensor:
        """The order that shuffles `size` rows: int64 [size]."""
        out = np.arange(size)
        if size > 1:
            kernels().shuffle(*self.reserve((size + 2) // 4).words(), out)
        return torch.from_numpy(out)

    def gamma(self, shape: Sequence[int], alpha: torch.Tensor) -> torch.Tensor:
        """Gamma with rate 1: alpha [...] -> [*shape, ...]; nan where alpha is not positive."""
        alphas = alpha.detach().to("cpu", torch.float64).reshape(-1).numpy()
        out = np.empty((math.prod(shape), alphas.size))
        if out.size:
            at = self.reserve(out.size * STRIDE)
            _rejection().fill_gamma(*at.words(), alphas, out)
        return _rounded(out, alpha.dtype).reshape((*shape, *alpha.shape))

    def poisson(self, shape: Sequence[int], rate: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """Poisson counts: rate [...] -> [*shape, ...] of type `dtype`; nan where rate is not
        finite.
        """
        rates = rate.detach().to("cpu", torch.float64).reshape(-1).numpy()
        out = np.empty((math.prod(shape), rates.size))
        if out.size:
            at = self.reserve(out.size * STRIDE)
            limits = torch.finfo(dtype) if dtype.is_floating_point else torch.iinfo(dtype)
            _rejection().fill_poisson(*at.words(), rates, float(limits.max), out)
        return _rounded(out, dtype).reshape((*shape, *rate.shape))

    def multinomial(self, logits: torch.Tensor, samples: int, dtype: torch.dtype) -> torch.Tensor:
        """Classes with probability softmax(logits): [B, C] -> [B, samples].

        TensorFlow's numbers depend on how many CPUs it works on when the work is large; these are
        for as many as here.
        """
        rows, classes = logits.shape
        out = np.empty((rows, samples), np.int64)
        if out.size:
            at = self.reserve(rows * ((samples + 3) // 4 * 4) * 2 * STRIDE)
            cost = int(50 * (samples * math.log(classes) / math.log(2) + classes))
            starts = np.array(work_blocks(rows, cost), np.int64)
            values = logits.detach().to("cpu", torch.float64).contiguous().numpy()
            _rejection().fill_classes(*at.words(), values, starts, out)
        return torch.from_numpy(out).to(dtype)

    def bounded_normal(
        self, shape: Sequence[int], parameters: Sequence[torch.Tensor]
    ) -> torch.Tensor:
        """Normal within bounds: mean, deviation, least and greatest, scalars or one for each of
        shape[0] -> [*shape].

        TensorFlow's numbers depend on how many CPUs it works on when the work is large; these are
        for as many as here.

        Raises:
          InvalidArgumentError: a deviation is not positive or a range is empty or unbounded on both
            sides.
          InternalError: too many draws in a row were refused.
        """
        dtype = parameters[0].dtype
        real = torch.float64 if dtype is torch.float64 else torch.float32
        out = np.empty(math.prod(shape), np.float64 if real is torch.float64 else np.float32)
        mean, deviation, least, greatest = parameters
        alone = mean.numel() == deviation.numel() == 1 and least.dim() == greatest.dim() == 0
        batches = -(-out.size // 100) if alone else shape[0]
        size = 100 if alone else out.size // max(batches, 1)
        groups = _wrapped(batches * 2000 * (size + 3))
        at = self.reserve(math.trunc(groups / 4))
        flat = [p.detach().to("cpu", real).reshape(-1) for p in parameters]
        table = torch.stack(torch.broadcast_tensors(*flat), 1).contiguous().numpy()
        starts = np.array(work_blocks(batches, _bounded_cost(out.itemsize, size)), np.int64)
        problem = _rejection().fill_bounded(*at.words(), table, starts, size, out)
        if problem == 1:
            raise errors.InvalidArgumentError(None, None, "Invalid parameters")
        if problem:
            raise errors.InternalError(None, None, _BOUNDED_FAILURES[problem - 2])
        return torch.from_numpy(out).to(dtype).reshape(tuple(shape))

    def binomial(
        self, shape: Sequence[int], counts: torch.Tensor, shares: torch.Tensor, dtype: torch.dtype
    ) -> torch.Tensor:
        """Binomial counts; counts and shares are scalars or have one value for each of shape[0].

        TensorFlow's numbers depend on how many CPUs it works on when the work is large; these are
        for as many as here.
        """
        out = np.empty(math.prod(shape))
        alone = counts.numel() == shares.numel() == 1
        batches = -(-out.size // 100) if alone else shape[0]
        size = 100 if alone else out.size // max(batches, 1)
        at = self.reserve(math.trunc(_wrapped(batches * 200 * (size + 3)) / 4) * STRIDE)
        counts, shares = torch.broadcast_tensors(counts.reshape(-1), shares.reshape(-1))
        misses = shares > 0.5
        small = torch.where(misses, 1 - shares, shares)
        columns = [counts, small, misses, counts * small >= 10]
        table = torch.stack([column.double() for column in columns], 1).numpy()
        root, exponential = _function_cost(counts.element_size())
        starts = work_blocks(batches, 11 + root + exponential + 607 * size)
        arguments = table, np.array(starts, np.int64), size, out
        _rejection().fill_binomial(*at.words(), *arguments)
        return _rounded(out, dtype).reshape(tuple(shape))


def work_blocks(total: int, cost: int, threads: int = _CPUS) -> list[int]:
    """Where TensorFlow's thread pool cuts `total` units of work of `cost` cycles each: [0, ...,
    total].
    """
    wanted = (float(total) * cost - 100000) / 100000 + 0.9
    if total <= 1 or min(threads, int(max(wanted, 1))) == 1:
        return [0, total]
    size = min(total, max(-(-total // (4 * threads)), int(40000 / cost)))
    largest = min(total, 2 * size)
    count = -(-total // size)
    efficiency = _efficiency(count, threads)
    while efficiency < 1 and count > 1:
        coarser = -(-total // (count - 1))
        if coarser > largest:
            break
        count = -(-total // coarser)
        gained = _efficiency(count, threads)
        if gained + 0.01 >= efficiency:
            size, efficiency = coarser, max(efficiency, gained)
    return [*range(0, total, size), total]


def _efficiency(blocks: int, threads: int) -> float:
    return blocks / (-(-blocks // threads) * threads)


def _bounded_cost(itemsize: int, size: int) -> int:
    # Cycles for a batch of bounded normals, as TensorFlow counts them for its AVX kernels.
    root, exponential = _function_cost(itemsize)
    return 11 + root + exponential + (33 + exponential) * 2 * size


def _function_cost(itemsize: int) -> tuple[int, int]:
    # Of a square root and of an exponential.
    return (28, 51) if itemsize == 8 else (8, 34)


def _wrapped(value: int) -> int:
    # TensorFlow counts what it reserves in int32.
    return (value + (1 << 31)) % (1 << 32) - (1 << 31)


def _fill(
    kernel: Callable[..., Any], at: Position, out: np.ndarray, width: int, stride: int = 1
) -> np.ndarray:
    # `width` outputs make a share of work, which starts `stride` groups of words after the last.
    threads = torch.get_num_threads()
    if out.size < _SPREAD or threads == 1:
        kernel(*at.words(), out)
        return out
    groups = -(-out.size // width)
    share = -(-groups // threads)

    def fill_share(first: int) -> None:
        part = out[first * width : (first + share) * width]
        kernel(*at.ahead(first * stride).words(), part)

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill_share, range(0, groups, share)))
    return out


def words(at: Position, size: int, each: int) -> np.ndarray:
    """The words of `size` outputs that take `each`: uint32 [size * each]."""
    return _fill(kernels().fill_words, at, np.empty(size * each, np.uint32), 4)


def doubles(words: np.ndarray) -> np.ndarray:
    """Uniform in [0, 1): uint32 [2 * n] -> float64 [n]."""
    pairs = words.reshape(-1, 2).astype(np.int64)
    return ((pairs[:, 0] & 0xFFFFF) << 32 | pairs[:, 1]) * 2.0**-52


def _shaped(values: np.ndarray, shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
    out = torch.from_numpy(values.reshape(tuple(shape)))
    return out if out.dtype is dtype else out.to(dtype)


def _rounded(values: np.ndarray, dtype: torch.dtype) -> torch.Tensor:
    # TensorFlow rounds double to half by way of float.
    out = torch.from_numpy(values)
    return out.float().half() if dtype is torch.float16 else out.to(dtype)
