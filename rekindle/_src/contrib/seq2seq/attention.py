"""Attention mechanisms: `LuongAttention`, `BahdanauAttention`, and what all of them share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rekindle._src import nest
from rekindle._src.contrib.rnn.linear import known_rows
from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.layers.base import Layer
from rekindle._src.layers.core import Dense
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import check as check_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import softmax as softmax_ops
from rekindle._src.rnn.cell import zero_states
from rekindle._src.state import initializers
from rekindle._src.state.variable_scope import get_variable, variable_scope


@public("contrib.seq2seq.AttentionMechanism")
class AttentionMechanism:
    """What an AttentionWrapper asks where to look: (query, state) -> (alignments, next state)."""

    @property
    def alignments_size(self) -> Any:
        """The number of places to look at."""
        raise NotImplementedError

    @property
    def state_size(self) -> Any:
        """The size of the state."""
        raise NotImplementedError


def _prepared_memory(memory: Any, lengths: Any, is_checked: bool) -> Any:
    """The memory [B, T, ...], zeros past the lengths."""
    memory = nest.map_structure(lambda m: convert.convert_to_tensor(m, name="memory"), memory)
    if lengths is not None:
        lengths = convert.convert_to_tensor(lengths, name="memory_sequence_length")
    first = nest.flatten(memory)[0]
    for one in nest.flatten(memory) if is_checked else []:
        if not one.get_shape()[2:].is_fully_defined():
            raise ValueError(
                f"Expected memory {one.name} to have fully defined inner dims, but saw shape: "
                f"{one.get_shape()}"
            )
    if lengths is None:
        return memory
    mask = array_ops.sequence_mask(lengths, maxlen=array_ops.shape(first)[1], dtype=first.dtype)

    def masked(m: Any) -> Any:
        rank = m.get_shape().ndims
        rank = array_ops.rank(m) if rank is None else rank
        ones = array_ops.ones(rank - 2, dtype=dtypes.int32)
        shape = array_ops.concat((array_ops.shape(mask), ones), 0)
        return m * array_ops.reshape(mask, shape)

    return nest.map_structure(masked, memory)


def _masked_score(score: Any, lengths: Any, mask_value: Any) -> Any:
    """The scores [B, T], `mask_value` past the lengths."""
    if lengths is None:
        return score
    message = "All values in memory_sequence_length must be greater than zero."
    with scopes.control_dependencies([check_ops.assert_positive(lengths, message=message)]):
        mask = array_ops.sequence_mask(lengths, maxlen=array_ops.shape(score)[1])
    return array_ops.where(mask, score, mask_value * array_ops.ones_like(score))


class MemoryAttention(AttentionMechanism):
    """A mechanism over a memory [B, T, ...]; subclasses say `__call__`.

    Args:
      query_layer: the layer that queries pass, or None.
      memory: the memory.
      probability_fn: (scores, previous alignments) -> alignments.
      memory_sequence_length: [B] integers; what is past them is not seen.
      memory_layer: the layer that makes keys of the memory.
      check_inner_dims_defined: the sizes of the memory past batch and time must be known.
      score_mask_value: the score past the lengths; default: minus infinity.
      custom_key_value_fn: (keys, values) -> (keys, values).
      name: the name scope.

    Raises:
      TypeError: a layer is no layer, or a function no function.
      ValueError: a size of the memory is not known.
    """

    def __init__(
        self, query_layer: Any, memory: Any, probability_fn: Any, memory_sequence_length: Any = None,
        memory_layer: Any = None, check_inner_dims_defined: bool = True,
        score_mask_value: Any = None, custom_key_value_fn: Any = None, name: str | None = None,
    ) -> None:  # fmt: skip
        for said, layer in (("query_layer", query_layer), ("memory_layer", memory_layer)):
            if layer is not None and not isinstance(layer, Layer):
                raise TypeError(f"{said} is not a Layer: {type(layer).__name__}")
        self._query_layer = query_layer
        self._memory_layer = memory_layer
        self.dtype = memory_layer.dtype
        if not callable(probability_fn):
            raise TypeError(
                f"probability_fn must be callable, saw type: {type(probability_fn).__name__}"
            )
        if score_mask_value is None:
            score_mask_value = dtypes.as_dtype(self.dtype).as_numpy_dtype(-np.inf)
        self._probability_fn = lambda score, previous: probability_fn(
            _masked_score(score, memory_sequence_length, score_mask_value), previous
        )
        with scopes.name_scope(name, "BaseAttentionMechanismInit", nest.flatten(memory)):
            self._values = _prepared_memory(
                memory, memory_sequence_length, check_inner_dims_defined
            )
            self._keys = self._memory_layer(self._values) if self._memory_layer else self._values
            if custom_key_value_fn is not None:
                self._keys, self._values = custom_key_value_fn(self._keys, self._values)
            self._batch_size = known_rows(self._keys)
            steps = self._keys.shape.as_list()[1]
            self._alignments_size = steps or array_ops.shape(self._keys)[1]

    @property
    def memory_layer(self) -> Any:
        """The layer that makes the keys."""
        return self._memory_layer

    @property
    def query_layer(self) -> Any:
        """The layer that queries pass."""
        return self._query_layer

    @property
    def values(self) -> Any:
        """The memory."""
        return self._values

    @property
    def keys(self) -> Any:
        """What queries are compared with."""
        return self._keys

    @property
    def batch_size(self) -> Any:
        """The number of rows."""
        return self._batch_size

    @property
    def alignments_size(self) -> Any:
        """The number of steps in the memory."""
        return self._alignments_size

    @property
    def state_size(self) -> Any:
        """The size of the state: of the alignments."""
        return self._alignments_size

    def initial_alignments(self, batch_size: Any, dtype: Any) -> Any:
        """The alignments before the first step: zeros."""
        return zero_states(self._alignments_size, batch_size, dtype)

    def initial_state(self, batch_size: Any, dtype: Any) -> Any:
        """The state before the first step."""
        return self.initial_alignments(batch_size, dtype)


def dense(units: int, name: str, dtype: Any) -> Dense:
    """A linear layer without bias."""
    return Dense(units, name=name, use_bias=False, dtype=dtypes.float32 if dtype is None else dtype)


def luong_score(query: Any, keys: Any, is_scaled: bool) -> Any:
    """query [B, D] times keys [B, T, D] -> [B, T], times the variable "attention_g" if scaled.

    Raises:
      ValueError: the sizes differ.
    """
    scale = None
    if is_scaled:
        ones = initializers.Ones()
        scale = get_variable("attention_g", dtype=query.dtype, initializer=ones, shape=())
    depth, key_units = query.get_shape()[-1], keys.get_shape()[-1]
    if depth != key_units:
        raise ValueError(
            "Incompatible or unknown inner dimensions between query and keys.  "
            f"Query ({query}) has units: {depth}.  Keys ({keys}) have units: {key_units}.  "
            f"Perhaps you need to set num_units to the keys' dimension ({key_units})?"
        )
    score = math_ops.matmul(array_ops.expand_dims(query, 1), keys, transpose_b=True)
    score = array_ops.squeeze(score, [1])
    return score if scale is None else scale * score


def bahdanau_score(query: Any, dtype: Any, keys: Any, units: int, is_normal: bool) -> Any:
    """The sum of v tanh(query + keys): [B, D] and [B, T, D] -> [B, T], with v of one length if `is_normal`."""
    vector = get_variable("attention_v", [units], dtype=dtype)
    offset = None
    if is_normal:
        length = initializers.Constant(math.sqrt(1.0 / units))
        scale = get_variable("attention_g", dtype=dtype, initializer=length, shape=())
        offset = get_variable("attention_b", [units], dtype=dtype, initializer=initializers.Zeros())
    query = array_ops.expand_dims(query, 1)
    if offset is None:
        return math_ops.reduce_sum(vector * math_ops.tanh(keys + query), [2])
    scaled = scale * vector
    vector = scaled * math_ops.rsqrt(math_ops.reduce_sum(math_ops.square(vector)))
    return math_ops.reduce_sum(vector * math_ops.tanh(keys + query + offset), [2])


@public("contrib.seq2seq.LuongAttention")
class LuongAttention(MemoryAttention):
    """Scores that are products of queries and keys.

    Args:
      num_units: the size of the keys, which must be that of the queries.
      memory: [B, T, ...].
      memory_sequence_length: [B] integers; what is past them is not seen.
      scale: times a variable.
      probability_fn: scores -> alignments; default: softmax.
      score_mask_value: the score past the lengths; default: minus infinity.
      dtype: the type of the layers; default float32.
      custom_key_value_fn: (keys, values) -> (keys, values).
      name: the name scope.

    Source: Luong, Pham and Manning, Effective Approaches to Attention-based Neural Machine Translation, 2015.
    """

    def __init__(
        self, num_units: int, memory: Any, memory_sequence_length: Any = None, scale: bool = False,
        probability_fn: Any = None, score_mask_value: Any = None, dtype: Any = None,
        custom_key_value_fn: Any = None, name: str = "LuongAttention",
    ) -> None:  # fmt: skip
        normalized = softmax_ops.softmax if probability_fn is None else probability_fn
        super().__init__(
            query_layer=None, memory_layer=dense(num_units, "memory_layer", dtype), memory=memory,
            probability_fn=lambda score, _: normalized(score),
            memory_sequence_length=memory_sequence_length, score_mask_value=score_mask_value,
            custom_key_value_fn=custom_key_value_fn, name=name,
        )
        self._num_units = num_units
        self._scale = scale
        self._name = name

    def __call__(self, query: Any, state: Any) -> Any:
        """(alignments [B, T], next state) of queries [B, D]."""
        with variable_scope(None, "luong_attention", [query]):
            score = luong_score(query, self._keys, self._scale)
        alignments = self._probability_fn(score, state)
        return alignments, alignments


@public("contrib.seq2seq.BahdanauAttention")
class BahdanauAttention(MemoryAttention):
    """Scores by a small network over queries and keys.

    Args:
      num_units: the size of what queries and keys are compared in.
      memory: [B, T, ...].
      memory_sequence_length: [B] integers; what is past them is not seen.
      normalize: the last vector has a length that is a variable.
      probability_fn: scores -> alignments; default: softmax.
      score_mask_value: the score past the lengths; default: minus infinity.
      dtype: the type of the layers; default float32.
      custom_key_value_fn: (keys, values) -> (keys, values).
      name: the name scope.

    Source: Bahdanau, Cho and Bengio, Neural Machine Translation by Jointly Learning to Align and Translate, 2014.
    """

    def __init__(
        self, num_units: int, memory: Any, memory_sequence_length: Any = None,
        normalize: bool = False, probability_fn: Any = None, score_mask_value: Any = None,
        dtype: Any = None, custom_key_value_fn: Any = None, name: str = "BahdanauAttention",
    ) -> None:  # fmt: skip
        normalized = softmax_ops.softmax if probability_fn is None else probability_fn
        super().__init__(
            query_layer=dense(num_units, "query_layer", dtype),
            memory_layer=dense(num_units, "memory_layer", dtype), memory=memory,
            probability_fn=lambda score, _: normalized(score),
            memory_sequence_length=memory_sequence_length, score_mask_value=score_mask_value,
            custom_key_value_fn=custom_key_value_fn, name=name,
        )
        self._num_units = num_units
        self._normalize = normalize
        self._name = name

    def __call__(self, query: Any, state: Any) -> Any:
        """(alignments [B, T], next state) of queries [B, D]."""
        with variable_scope(None, "bahdanau_attention", [query]):
            seen = self.query_layer(query) if self.query_layer else query
            score = bahdanau_score(seen, query.dtype, self._keys, self._num_units, self._normalize)
        alignments = self._probability_fn(score, state)
        return alignments, alignments


@public("contrib.seq2seq.hardmax")
def hardmax(logits: Any, name: str | None = None) -> Any:
    """1 for the greatest of each row, else 0: [..., C] -> [..., C]."""
    with scopes.name_scope(name, "Hardmax", [logits]):
        logits = convert.convert_to_tensor(logits, name="logits")
        depth = logits.get_shape().as_list()[-1]
        if depth is None:
            depth = array_ops.shape(logits)[-1]
        return array_ops.one_hot(math_ops.argmax(logits, -1), depth, dtype=logits.dtype)
