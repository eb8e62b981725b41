"""Attention that only moves forward: `monotonic_attention` and the mechanisms by it.

Source: Raffel et al., Online and Linear-Time Attention by Enforcing Monotonic Alignments, 2017.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from rekindle._src.contrib.rnn.linear import known_rows
from rekindle._src.contrib.seq2seq.attention import (
    MemoryAttention,
    bahdanau_score,
    dense,
    luong_score,
)
from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import clip as clip_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import random as random_ops
from rekindle._src.state.functional import scan
from rekindle._src.state.variable_scope import get_variable, variable_scope


@public("contrib.seq2seq.safe_cumprod")
def safe_cumprod(x: Any, *args: Any, **kwargs: Any) -> Any:
    """The cumulative product of numbers in [0, 1], by logarithms; further arguments as for tf.cumsum."""
    with scopes.name_scope(None, "SafeCumprod", [x]):
        x = convert.convert_to_tensor(x, name="x")
        tiny = np.finfo(x.dtype.as_numpy_dtype).tiny
        logarithms = math_ops.log(clip_ops.clip_by_value(x, tiny, 1))
        return math_ops.exp(math_ops.cumsum(logarithms, *args, **kwargs))


@public("contrib.seq2seq.monotonic_attention")
def monotonic_attention(p_choose_i: Any, previous_attention: Any, mode: str) -> Any:
    """The attention of a step, [B, T], from that of the step before.

    Args:
      p_choose_i: the probability to stay at each place once there, [B, T].
      previous_attention: the attention of the step before, [B, T].
      mode: "recursive" (exact, slow), "parallel" (fast, fails where probabilities are near 0 or 1) or "hard"
        (probabilities are 0 or 1).

    Raises:
      ValueError: `mode` is none of these.
    """
    p = convert.convert_to_tensor(p_choose_i, name="p_choose_i")
    previous = convert.convert_to_tensor(previous_attention, name="previous_attention")
    if mode == "recursive":
        return _recursive(p, previous)
    if mode == "parallel":
        passed = safe_cumprod(1 - p, axis=1, exclusive=True)
        stays = p * passed
        reached = previous / clip_ops.clip_by_value(passed, 1e-10, 1.0)
        return stays * math_ops.cumsum(reached, axis=1)
    if mode == "hard":
        p *= math_ops.cumsum(previous, axis=1)
        return p * math_ops.cumprod(1 - p, axis=1, exclusive=True)
    raise ValueError("mode must be 'recursive', 'parallel', or 'hard'.")


def _recursive(p: Any, previous: Any) -> Any:
    rows = known_rows(p)
    passed = array_ops.concat([array_ops.ones((rows, 1)), 1 - p[:, :-1]], 1)
    reached = scan(
        lambda x, given: array_ops.reshape(given[0] * x + given[1], (rows,)),
        [array_ops.transpose(passed), array_ops.transpose(previous)], array_ops.zeros((rows,)),
    )
    return p * array_ops.transpose(reached)


def _probability(score: Any, previous: Any, noise: float, mode: str, seed: int | None) -> Any:
    """The alignments that scores and the previous alignments give."""
    if noise > 0:
        normal = random_ops.random_normal(array_ops.shape(score), dtype=score.dtype, seed=seed)
        score += noise * normal
    if mode == "hard":
        p = math_ops.cast(score > 0, score.dtype)
    else:
        p = math_ops.sigmoid(score)
    return monotonic_attention(p, previous, mode)


class MonotonicAttention(MemoryAttention):
    """A mechanism that looks at the first place at first."""

    def initial_alignments(self, batch_size: Any, dtype: Any) -> Any:
        """The alignments before the first step: all at the first place."""
        first = array_ops.zeros((batch_size,), dtype=dtypes.int32)
        return array_ops.one_hot(first, self._alignments_size, dtype=dtype)


@public("contrib.seq2seq.BahdanauMonotonicAttention")
class BahdanauMonotonicAttention(MonotonicAttention):
    """`BahdanauAttention` that only moves forward.

    Args:
      num_units, memory, memory_sequence_length, normalize, score_mask_value, dtype, name: as for BahdanauAttention.
      sigmoid_noise: the standard deviation of noise added to the scores.
      sigmoid_noise_seed: its seed.
      score_bias_init: the initial value of a variable added to the scores.
      mode: as for `monotonic_attention`.
    """

    def __init__(
        self, num_units: int, memory: Any, memory_sequence_length: Any = None,
        normalize: bool = False, score_mask_value: Any = None, sigmoid_noise: float = 0.0,
        sigmoid_noise_seed: int | None = None, score_bias_init: float = 0.0,
        mode: str = "parallel", dtype: Any = None, name: str = "BahdanauMonotonicAttention",
    ) -> None:  # fmt: skip
        probability = functools.partial(
            _probability, noise=sigmoid_noise, mode=mode, seed=sigmoid_noise_seed
        )
        super().__init__(
            query_layer=dense(num_units, "query_layer", dtype),
            memory_layer=dense(num_units, "memory_layer", dtype), memory=memory,
            probability_fn=probability, memory_sequence_length=memory_sequence_length,
            score_mask_value=score_mask_value, name=name,
        )
        self._num_units = num_units
        self._normalize = normalize
        self._name = name
        self._score_bias_init = score_bias_init

    def __call__(self, query: Any, state: Any) -> Any:
        """(alignments [B, T], next state) of queries [B, D]."""
        with variable_scope(None, "bahdanau_monotonic_attention", [query]):
            seen = self.query_layer(query) if self.query_layer else query
            score = bahdanau_score(seen, query.dtype, self._keys, self._num_units, self._normalize)
            score += get_variable(
                "attention_score_bias", dtype=seen.dtype, initializer=self._score_bias_init
            )
        alignments = self._probability_fn(score, state)
        return alignments, alignments


@public("contrib.seq2seq.LuongMonotonicAttention")
class LuongMonotonicAttention(MonotonicAttention):
    """`LuongAttention` that only moves forward.

    Args:
      num_units, memory, memory_sequence_length, scale, score_mask_value, dtype, name: as for LuongAttention.
      sigmoid_noise: the standard deviation of noise added to the scores.
      sigmoid_noise_seed: its seed.
      score_bias_init: the initial value of a variable added to the scores.
      mode: as for `monotonic_attention`.
    """

    def __init__(
        self, num_units: int, memory: Any, memory_sequence_length: Any = None, scale: bool = False,
        score_mask_value: Any = None, sigmoid_noise: float = 0.0,
        sigmoid_noise_seed: int | None = None, score_bias_init: float = 0.0,
        mode: str = "parallel", dtype: Any = None, name: str = "LuongMonotonicAttention",
    ) -> None:  # fmt: skip
        probability = functools.partial(
            _probability, noise=sigmoid_noise, mode=mode, seed=sigmoid_noise_seed
        )
        super().__init__(
            query_layer=None, memory_layer=dense(num_units, "memory_layer", dtype), memory=memory,
            probability_fn=probability, memory_sequence_length=memory_sequence_length,
            score_mask_value=score_mask_value, name=name,
        )
        self._num_units = num_units
        self._scale = scale
        self._score_bias_init = score_bias_init
        self._name = name

    def __call__(self, query: Any, state: Any) -> Any:
        """(alignments [B, T], next state) of queries [B, D]."""
        with variable_scope(None, "luong_monotonic_attention", [query]):
            score = luong_score(query, self._keys, self._scale)
            score += get_variable(
                "attention_score_bias", dtype=query.dtype, initializer=self._score_bias_init
            )
        alignments = self._probability_fn(score, state)
        return alignments, alignments
