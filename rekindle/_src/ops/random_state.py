"""Random ops whose stream stands in a variable: int64 [3], the counter's two halves and the key.

Holds the blocks beneath `tf.random.experimental.Generator`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import dtypes, infer
from rekindle._src.graph.buffer import Buffer
from rekindle._src.graph.opdef import op
from rekindle._src.ops import random as random_ops
from rekindle._src.ops.philox import STRIDE, PhiloxStream, Position

_PHILOX = 1
_SIZE = 3
_WORD64 = (1 << 64) - 1


def _shaped(c: Any) -> infer.Shape:
    infer.with_rank(c.shapes[1], 0)
    infer.with_rank(c.shapes[2], 1)
    return c.shape_value(2)


def _check(state: torch.Tensor, algorithm: int) -> None:
    problem = None
    if state.dtype is not torch.int64:
        found = str(state.dtype).removeprefix("torch.")
        problem = f"dtype of RNG state variable must be int64, not {found}"
    elif state.dim() != 1:
        problem = f"RNG state must have one and only one dimension, not {state.dim()}"
    elif algorithm != _PHILOX:
        problem = f"Unsupported algorithm id: {algorithm}"
    elif state.numel() < _SIZE:
        problem = (
            f"For the Philox algorithm, the size of state must be at least {_SIZE}; "
            f"got {state.numel()}"
        )
    if problem is not None:
        raise errors.InvalidArgumentError(None, None, problem)


def _draw(resource: Buffer, algorithm: torch.Tensor, draw: Callable[[PhiloxStream], Any]) -> Any:
    # Draw from the variable's stream and write back where it stands.
    state = resource.read()
    _check(state, random_ops.scalar_int(algorithm, "algorithm"))
    low, high, key = (int(v) & _WORD64 for v in state[:_SIZE].tolist())
    stream = PhiloxStream.starting(Position(key, high << 64 | low))
    drawn = draw(stream)
    counter = stream.position.counter
    resource.own()[:2] = torch.tensor([_signed(counter & _WORD64), _signed(counter >> 64)])
    return drawn


def _signed(word: int) -> int:
    return word - (1 << 64) if word >> 63 else word


@op("StatefulUniform", infer=_shaped, updates=("resource",), host=True)
def uniform_numbers(resource, algorithm, shape, *, dtype=dtypes.float32):
    """Uniform in [0, 1)."""
    sizes = random_ops.sizes(shape)
    return _draw(resource, algorithm, lambda stream: stream.uniform(sizes, dtype.torch))


@op("StatefulStandardNormalV2", infer=_shaped, updates=("resource",), host=True)
def normal_numbers(resource, algorithm, shape, *, dtype=dtypes.float32):
    """Normal with mean 0 and deviation 1."""
    sizes = random_ops.sizes(shape)
    return _draw(resource, algorithm, lambda stream: stream.normal(sizes, dtype.torch))


@op("StatefulTruncatedNormal", infer=_shaped, updates=("resource",), host=True)
def truncated_numbers(resource, algorithm, shape, *, dtype=dtypes.float32):
    """Normal with mean 0 and deviation 1, redrawn where it lies outside [-2, 2]."""
    sizes = random_ops.sizes(shape)
    return _draw(resource, algorithm, lambda stream: stream.truncated_normal(sizes, dtype.torch))


def _shaped_between(c: Any) -> infer.Shape:
    infer.with_rank(c.shapes[3], 0)
    infer.with_rank(c.shapes[4], 0)
    return _shaped(c)


@op("StatefulUniformInt", infer=_shaped_between, updates=("resource",), host=True)
def uniform_integers(resource, algorithm, shape, minval, maxval, *, dtype=dtypes.int64):
    """Integers in [minval, maxval)."""
    sizes = random_ops.sizes(shape)
    low = random_ops.scalar_int(minval, "minval")
    high = random_ops.scalar_int(maxval, "maxval")
    return _draw(
        resource, algorithm, lambda stream: stream.uniform_int(sizes, low, high, dtype.torch)
    )


@op("StatefulUniformFullInt", infer=_shaped, updates=("resource",), host=True)
def full_integers(resource, algorithm, shape, *, dtype=dtypes.uint64):
    """Integers over the whole range of the type."""
    sizes = random_ops.sizes(shape)
    return _draw(resource, algorithm, lambda stream: stream.full_int(sizes, dtype.torch))


def _shaped_by_vectors(c: Any) -> infer.Shape:
    infer.with_rank_at_most(c.shapes[3], 1)
    infer.with_rank_at_most(c.shapes[4], 1)
    return _shaped(c)


@op("StatefulRandomBinomial", infer=_shaped_by_vectors, updates=("resource",), host=True)
def binomial_numbers(resource, algorithm, shape, counts, probs, *, dtype=dtypes.int64):
    """Binomial counts; counts and probs are scalars or have one value for each of shape[0].

    TensorFlow 1.15 loses the stream's new position while someone else holds the variable's value,
    so that the next draw is the same; here the stream always moves on.
    """
    sizes = random_ops.sizes(shape)
    for name, values in (("counts", counts), ("probs", probs)):
        if not sizes or values.numel() not in (1, sizes[0]):
            message = (
                f"Input {name} should have length 1 or shape[0], got shape: {list(values.shape)}"
            )
            raise errors.InvalidArgumentError(None, None, message)
    return _draw(
        resource, algorithm, lambda stream: stream.binomial(sizes, counts, probs, dtype.torch)
    )


def _skip_shape(c: Any) -> list[infer.Shape]:
    infer.with_rank(c.shapes[1], 0)
    infer.with_rank(c.shapes[2], 0)
    return []


@op("RngSkip", infer=_skip_shape, updates=("resource",), host=True)
def skip(resource, algorithm, delta):
    """Move the stream on by as much as `delta` numbers take."""
    groups = random_ops.scalar_int(delta, "delta") * STRIDE
    _draw(resource, algorithm, lambda stream: stream.reserve(groups))


def _shaped_alone(c: Any) -> infer.Shape:
    infer.with_rank(c.shapes[0], 1)
    return c.shape_value(0)


@op("NonDeterministicInts", infer=_shaped_alone, host=True)
def unpredictable_integers(shape, *, dtype=dtypes.int64, ctx):
    """Integers over the whole range of the type that nothing determines."""
    stream = ctx.local(lambda: PhiloxStream(secrets.randbits(63) + 1, 0))
    return stream.full_int(random_ops.sizes(shape), dtype.torch)
