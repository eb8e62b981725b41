"""Decoders over lists of inputs [B, D] or of numbers of words [B], with attention or without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src import nest
from rekindle._src.contrib.rnn.linear import Linear
from rekindle._src.graph import convert, dtypes
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import bias as bias_ops
from rekindle._src.ops import conv as conv_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import softmax as softmax_ops
from rekindle._src.state import embedding as embedding_ops
from rekindle._src.state.variable_scope import get_variable, get_variable_scope, variable_scope


def greedy_loop(
    embedding: Any, output_projection: Any = None, update_embedding: bool = True
) -> Callable[[Any, int], Any]:
    """A loop function: the vector of the greatest output is the next input.

    Args:
      embedding: vectors of words.
      output_projection: (weights, biases) of a linear map of the outputs.
      update_embedding: gradients reach the vectors this way, too.
    """

    def loop(previous: Any, step: int) -> Any:
        if output_projection is not None:
            previous = bias_ops.xw_plus_b(previous, output_projection[0], output_projection[1])
        words = math_ops.argmax(previous, 1)
        vectors = embedding_ops.embedding_lookup(embedding, words)
        return vectors if update_embedding else array_ops.stop_gradient(vectors)

    return loop


def check_projection(projection: Any, words: int, dtype: Any) -> None:
    """Refuse weights and biases that do not give one number for each word.

    Raises:
      ValueError: a shape does not fit.
    """
    if projection is None:
        return
    weights = convert.convert_to_tensor(projection[0], dtype=dtype)
    weights.get_shape().assert_is_compatible_with([None, words])
    check_biases(projection, words, dtype)


def check_biases(projection: Any, words: int, dtype: Any) -> None:
    """Refuse biases that are not one number for each word.

    Raises:
      ValueError: the shape does not fit.
    """
    biases = convert.convert_to_tensor(projection[1], dtype=dtype)
    biases.get_shape().assert_is_compatible_with([words])


@public("contrib.legacy_seq2seq.rnn_decoder")
def rnn_decoder(
    decoder_inputs: Any, initial_state: Any, cell: Any, loop_function: Any = None,
    scope: Any = None,
) -> Any:
    """(outputs, state): a cell run over a list of inputs [B, D], or over its own outputs.

    Args:
      decoder_inputs: the inputs.
      initial_state: the first state.
      cell: the cell.
      loop_function: (previous output, step) -> input, in place of all inputs but the first.
      scope: the variable scope; default "rnn_decoder".
    """
    with variable_scope(scope or "rnn_decoder"):
        state, outputs, previous = initial_state, [], None
        for i, given in enumerate(decoder_inputs):
            if loop_function is not None and previous is not None:
                with variable_scope("loop_function", reuse=True):
                    given = loop_function(previous, i)
            if i > 0:
                get_variable_scope().reuse_variables()
            output, state = cell(given, state)
            outputs.append(output)
            previous = output
    return outputs, state


@public("contrib.legacy_seq2seq.embedding_rnn_decoder")
def embedding_rnn_decoder(
    decoder_inputs: list[Any], initial_state: Any, cell: Any, num_symbols: int,
    embedding_size: int, output_projection: Any = None, feed_previous: bool = False,
    update_embedding_for_previous: bool = True, scope: Any = None,
) -> Any:
    """(outputs, state): `rnn_decoder` on the vectors of words [B].

    Args:
      decoder_inputs: the numbers of words.
      initial_state: the first state.
      cell: the cell.
      num_symbols: how many words there are.
      embedding_size: the size of their vectors.
      output_projection: (weights [O, num_symbols], biases) from outputs to words.
      feed_previous: the next input is the greatest output; all inputs but the first are not used.
      update_embedding_for_previous: gradients reach the vectors this way, too.
      scope: the variable scope; default "embedding_rnn_decoder".

    Raises:
      ValueError: the shape of `output_projection` does not fit.
    """
    with variable_scope(scope or "embedding_rnn_decoder") as opened:
        check_projection(output_projection, num_symbols, opened.dtype)
        vectors = get_variable("embedding", [num_symbols, embedding_size])
        loop = None
        if feed_previous:
            loop = greedy_loop(vectors, output_projection, update_embedding_for_previous)
        inputs = (embedding_ops.embedding_lookup(vectors, words) for words in decoder_inputs)
        return rnn_decoder(inputs, initial_state, cell, loop_function=loop)


class _Attention:
    """Places [B, T, size] to look at, with `num_heads` sets of weights."""

    def __init__(self, states: Any, num_heads: int, dtype: Any) -> None:
        self.dtype = dtype
        self.length, self.size = states.get_shape().as_list()[1:]
        if self.length is None:
            self.length = array_ops.shape(states)[1]
        self.hidden = array_ops.reshape(states, [-1, self.length, 1, self.size])
        self.heads = [self._head(number) for number in range(num_heads)]

    def _head(self, number: int) -> Any:
        """(features of the places, vector) of a set of weights."""
        kernel = get_variable(
            f"AttnW_{number}", [1, 1, self.size, self.size], dtype=self.dtype
        )
        features = conv_ops.conv2d_v1(self.hidden, kernel, [1, 1, 1, 1], "SAME")
        return features, get_variable(f"AttnV_{number}", [self.size], dtype=self.dtype)

    def __call__(self, query: Any) -> list[Any]:
        """What each head sees, [B, size]."""
        if nest.is_nested(query):
            parts = nest.flatten(query)
            for part in parts:
                if part.get_shape().ndims not in (None, 2):
                    raise ValueError(f"A state must have rank 2, saw shape: {part.get_shape()}")
            query = array_ops.concat(parts, 1)
        seen = []
        for number, (features, vector) in enumerate(self.heads):
            with variable_scope(f"Attention_{number}"):
                asked = Linear(query, self.size, True)(query)
                asked = array_ops.reshape(asked, [-1, 1, 1, self.size])
                asked = math_ops.cast(asked, self.dtype)
                score = math_ops.reduce_sum(vector * math_ops.tanh(features + asked), [2, 3])
                weights = softmax_ops.softmax(math_ops.cast(score, dtype=dtypes.float32))
                weights = math_ops.cast(weights, self.dtype)
                weights = array_ops.reshape(weights, [-1, self.length, 1, 1])
                total = math_ops.reduce_sum(weights * self.hidden, [1, 2])
                seen.append(array_ops.reshape(total, [-1, self.size]))
        return seen

    def nothing(self, rows: Any) -> list[Any]:
        """Zeros for each head, as before the first step."""
        shape = array_ops.stack([rows, self.size])
        zeros = [array_ops.zeros(shape, dtype=self.dtype) for _ in self.heads]
        for one in zeros:
            one.set_shape([None, self.size])
        return zeros


@public("contrib.legacy_seq2seq.attention_decoder")
def attention_decoder(
    decoder_inputs: list[Any], initial_state: Any, attention_states: Any, cell: Any,
    output_size: int | None = None, num_heads: int = 1, loop_function: Any = None,
    dtype: Any = None, scope: Any = None, initial_state_attention: bool = False,
) -> Any:  # fmt: skip
    """(outputs, state): a cell run over a list of inputs [B, D] that looks at places in every step.

    Args:
      decoder_inputs: the inputs.
      initial_state: the first state.
      attention_states: the places to look at, [B, T, size].
      cell: the cell.
      output_size: the size of the outputs; default: the cell's.
      num_heads: how many sets of weights look.
      loop_function: (previous output, step) -> input, in place of all inputs but the first.
      dtype: the type of the variables; default: the scope's.
      scope: the variable scope; default "attention_decoder".
      initial_state_attention: look before the first step; default: zeros are seen there.

    Raises:
      ValueError: there are no inputs or no heads, or a size is not known.

    Source: Vinyals et al., Grammar as a Foreign Language, 2014.
    """
    if not decoder_inputs:
        raise ValueError("Must provide at least 1 input to attention decoder.")
    if num_heads < 1:
        raise ValueError("With less than 1 heads, use a non-attention decoder.")
    places = attention_states.get_shape()
    if places.as_list()[2] is None:
        raise ValueError(f"Shape[2] of attention_states must be known: {places}")
    if output_size is None:
        output_size = cell.output_size
    with variable_scope(scope or "attention_decoder", dtype=dtype) as opened:
        dtype = opened.dtype
        rows = array_ops.shape(decoder_inputs[0])[0]
        look = _Attention(attention_states, num_heads, dtype)
        state, outputs, previous = initial_state, [], None
        seen = look.nothing(rows)
        if initial_state_attention:
            seen = look(initial_state)
        for i, given in enumerate(decoder_inputs):
            if i > 0:
                get_variable_scope().reuse_variables()
            if loop_function is not None and previous is not None:
                with variable_scope("loop_function", reuse=True):
                    given = loop_function(previous, i)
            output, state = cell(_beside(given, seen, dtype), state)
            if i == 0 and initial_state_attention:
                with variable_scope(get_variable_scope(), reuse=True):
                    seen = look(state)
            else:
                seen = look(state)
            with variable_scope("AttnOutputProjection"):
                both = [math_ops.cast(output, dtype), *seen]
                output = Linear(both, output_size, True)(both)
            previous = output
            outputs.append(output)
    return outputs, state


def _beside(given: Any, seen: list[Any], dtype: Any) -> Any:
    """An input with what was seen, in the input's size."""
    depth = given.get_shape().with_rank(2).as_list()[1]
    if depth is None:
        raise ValueError(f"Could not infer input size from input: {given.name}")
    both = [math_ops.cast(one, dtype) for one in [given, *seen]]
    return Linear(both, depth, True)(both)


@public("contrib.legacy_seq2seq.embedding_attention_decoder")
def embedding_attention_decoder(
    decoder_inputs: list[Any], initial_state: Any, attention_states: Any, cell: Any,
    num_symbols: int, embedding_size: int, num_heads: int = 1, output_size: int | None = None,
    output_projection: Any = None, feed_previous: bool = False,
    update_embedding_for_previous: bool = True, dtype: Any = None, scope: Any = None,
    initial_state_attention: bool = False,
) -> Any:  # fmt: skip
    """(outputs, state): `attention_decoder` on the vectors of words [B].

    Args:
      decoder_inputs: the numbers of words.
      initial_state, attention_states, cell, num_heads, output_size, initial_state_attention: as for
        `attention_decoder`.
      num_symbols: how many words there are.
      embedding_size: the size of their vectors.
      output_projection: (weights, biases) from outputs to words.
      feed_previous: the next input is the greatest output; all inputs but the first are not used.
      update_embedding_for_previous: gradients reach the vectors this way, too.
      dtype: the type of the variables; default: the scope's.
      scope: the variable scope; default "embedding_attention_decoder".

    Raises:
      ValueError: the shape of `output_projection` does not fit.
    """
    if output_size is None:
        output_size = cell.output_size
    if output_projection is not None:
        check_biases(output_projection, num_symbols, dtype)
    with variable_scope(scope or "embedding_attention_decoder", dtype=dtype):
        vectors = get_variable("embedding", [num_symbols, embedding_size])
        loop = None
        if feed_previous:
            loop = greedy_loop(vectors, output_projection, update_embedding_for_previous)
        inputs = [embedding_ops.embedding_lookup(vectors, words) for words in decoder_inputs]
        return attention_decoder(
            inputs, initial_state, attention_states, cell, output_size=output_size,
            num_heads=num_heads, loop_function=loop,
            initial_state_attention=initial_state_attention,
        )
