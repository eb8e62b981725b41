"""Random ops that take their seed as an input: the same seed gives the same numbers in every run.

Holds the blocks and the functions that users call (`tf.random.stateless_uniform`, ...).
"""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import random as random_ops
from rekindle._src.ops.philox import PhiloxStream


def _check_seed(shape: infer.Shape) -> None:
    length = infer.with_rank(shape, 1)[0]
    if length not in (None, 2):
        raise ValueError(f"Dimension must be 2 but is {length}")


def _shaped(c: Any) -> infer.Shape:
    _check_seed(c.shapes[1])
    return random_ops.shaped(c)


def _shaped_between(c: Any) -> infer.Shape:
    _check_seed(c.shapes[1])
    return random_ops.shaped_between(c)


def _class_samples(c: Any) -> infer.Shape:
    _check_seed(c.shapes[2])
    return random_ops.class_samples(c)


def _stream(seed: torch.Tensor) -> PhiloxStream:
    if tuple(seed.shape) != (2,):
        message = f"seed must have shape [2], not {list(seed.shape)}"
        raise errors.InvalidArgumentError(None, None, message)
    return PhiloxStream.stateless(seed.tolist())


@op("StatelessRandomUniform", infer=_shaped, host=True)
def uniform_numbers(shape, seed, *, dtype=dtypes.float32):
    """Uniform in [0, 1)."""
    return _stream(seed).uniform(random_ops.sizes(shape), dtype.torch)


@op("StatelessRandomNormal", infer=_shaped, host=True)
def normal_numbers(shape, seed, *, dtype=dtypes.float32):
    """Normal with mean 0 and deviation 1."""
    return _stream(seed).normal(random_ops.sizes(shape), dtype.torch)


@op("StatelessTruncatedNormal", infer=_shaped, host=True)
def truncated_numbers(shape, seed, *, dtype=dtypes.float32):
    """Normal with mean 0 and deviation 1, redrawn where it lies outside [-2, 2]."""
    return _stream(seed).truncated_normal(random_ops.sizes(shape), dtype.torch)


@op("StatelessRandomUniformInt", infer=_shaped_between, host=True)
def uniform_integers(shape, seed, minval, maxval, *, dtype):
    """Integers in [minval, maxval)."""
    limits = [random_ops.scalar_int(v, n) for v, n in ((minval, "minval"), (maxval, "maxval"))]
    wanted = random_ops.sizes(shape)
    return _stream(seed).uniform_int(wanted, *limits, dtype.torch)


@op("StatelessMultinomial", infer=_class_samples, host=True)
def classes(logits, num_samples, seed, *, output_dtype=dtypes.int64):
    """Classes with probability softmax(logits): [B, C] -> [B, num_samples]."""
    number = random_ops.check_logits(logits, num_samples)
    return _stream(seed).multinomial(logits, number, output_dtype.torch)


for _block in (uniform_numbers, normal_numbers, truncated_numbers, uniform_integers, classes):
    _block.no_gradient()


@public("random.stateless_uniform", "contrib.stateless.stateless_random_uniform")
def stateless_random_uniform(
    shape: Any,
    seed: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """Uniform numbers of a shape in [minval, maxval) that follow from `seed` alone.

    Args:
      shape: the sizes, a list or an integer vector.
      seed: two integers.
      minval: the lower limit, a scalar.
      maxval: the upper limit, a scalar; default for floats: 1.
      dtype: the type of the numbers: a float type, int32 or int64.
      name: the name of the operation.

    Raises:
      ValueError: integers without `maxval`, or another type.
    """
    dtype, maxval = random_ops.check_limits(dtype, maxval)
    values = [shape, seed, minval, maxval]
    with scopes.name_scope(name, "stateless_random_uniform", values) as scope:
        wanted = random_ops.shape_tensor(shape)
        minval = convert.convert_to_tensor(minval, dtype, name="min")
        maxval = convert.convert_to_tensor(maxval, dtype, name="max")
        if dtype.is_integer:
            return uniform_integers(wanted, seed, minval, maxval, name=scope)
        drawn = uniform_numbers(wanted, seed=seed, dtype=dtype)
        return math_ops.add(drawn * (maxval - minval), minval, name=scope)


@public("random.stateless_normal", "contrib.stateless.stateless_random_normal")
def stateless_random_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """Normal numbers of a shape that follow from `seed`, two integers, alone."""
    with scopes.name_scope(name, "stateless_random_normal", [shape, seed, mean, stddev]) as scope:
        wanted = random_ops.shape_tensor(shape)
        mean = convert.convert_to_tensor(mean, dtype, name="mean")
        stddev = convert.convert_to_tensor(stddev, dtype, name="stddev")
        return math_ops.add(normal_numbers(wanted, seed, dtype) * stddev, mean, name=scope)


@public("random.stateless_truncated_normal", "contrib.stateless.stateless_truncated_normal")
def stateless_truncated_normal(
    shape: Any,
    seed: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = dtypes.float32,
    name: str | None = None,
) -> Tensor:
    """Normal numbers within two deviations that follow from `seed`, two integers, alone."""
    values = [shape, seed, mean, stddev]
    with scopes.name_scope(name, "stateless_truncated_normal", values) as scope:
        wanted = random_ops.shape_tensor(shape)
        mean = convert.convert_to_tensor(mean, dtype, name="mean")
        stddev = convert.convert_to_tensor(stddev, dtype, name="stddev")
        return math_ops.add(truncated_numbers(wanted, seed, dtype) * stddev, mean, name=scope)


@public("random.stateless_multinomial", "contrib.stateless.stateless_multinomial")
def stateless_multinomial(
    logits: Any,
    num_samples: Any,
    seed: Any,
    output_dtype: Any = dtypes.int64,
    name: str | None = None,
) -> Tensor:
    """Classes with probability softmax(logits), from `seed`: [B, C] -> [B, num_samples]."""
    with scopes.name_scope(name, "stateless_multinomial", [logits, seed]):
        logits = convert.convert_to_tensor(logits, name="logits")
        return classes(logits, num_samples, seed, output_dtype=output_dtype)


@public("random.stateless_categorical")
def stateless_categorical(
    logits: Any,
    num_samples: Any,
    seed: Any,
    dtype: Any = dtypes.int64,
    name: str | None = None,
) -> Tensor:
    """Classes with probability softmax(logits), from `seed`: [B, C] -> [B, num_samples]."""
    with scopes.name_scope(name, "stateless_categorical", [logits, seed]):
        logits = convert.convert_to_tensor(logits, name="logits")
        return classes(logits, num_samples, seed, output_dtype=dtype)
