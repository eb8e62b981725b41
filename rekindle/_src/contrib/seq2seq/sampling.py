"""Words drawn from logits, and choices by probability, as the helpers need them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import random as random_ops


def _sampled(draw: Callable[[Any], Any], sample_shape: Any) -> Any:
    """`draw(n)` [n, ...] as [*sample_shape, ...], with n elements in `sample_shape`."""
    with scopes.name_scope(None, "call_sampler", values=[sample_shape]):
        shape = convert.convert_to_tensor(sample_shape, dtype=dtypes.int32, name="sample_shape")
        pad = math_ops.cast(math_ops.equal(array_ops.rank(shape), 0), dtypes.int32)
        vector = array_ops.pad(array_ops.shape(shape), paddings=[[pad, 0]], constant_values=1)
        shape = array_ops.reshape(shape, vector)
        samples = draw(math_ops.reduce_prod(shape))
        rest = array_ops.shape(samples)[1:]
        return array_ops.reshape(samples, array_ops.concat([shape, rest], 0))


def bernoulli_sample(
    probs: Any = None, logits: Any = None, dtype: Any = dtypes.int32, sample_shape: Any = (),
    seed: int | None = None,
) -> Any:
    """1 with the probability `probs` or sigmoid(logits), else 0: [*sample_shape, *shape]."""
    if probs is None:
        probs = math_ops.sigmoid(logits, name="probs")
    else:
        probs = convert.convert_to_tensor(probs, name="probs")
    shape = array_ops.shape(probs)

    def draw(n: Any) -> Any:
        whole = array_ops.concat([[n], shape], 0)
        uniform = random_ops.random_uniform(whole, seed=seed, dtype=probs.dtype)
        return math_ops.cast(math_ops.less(uniform, probs), dtype)

    return _sampled(draw, sample_shape)


def categorical_sample(
    logits: Any, dtype: Any = dtypes.int32, sample_shape: Any = (), seed: int | None = None
) -> Any:
    """Numbers of classes drawn from softmax(logits [..., classes]): [*sample_shape, ...]."""
    logits = convert.convert_to_tensor(logits, name="logits")
    classes = array_ops.shape(logits)[-1]
    shape = array_ops.shape(logits)[:-1]

    def draw(n: Any) -> Any:
        rows = logits
        if logits.shape.ndims != 2:
            rows = array_ops.reshape(logits, [-1, classes])
        kind = dtypes.int64 if logits.dtype.size > 4 else dtypes.int32
        draws = random_ops.multinomial(rows, n, seed=seed, output_dtype=kind)
        draws = array_ops.reshape(
            array_ops.transpose(draws), array_ops.concat([[n], shape], 0)
        )
        return math_ops.cast(draws, dtype)

    return _sampled(draw, sample_shape)
