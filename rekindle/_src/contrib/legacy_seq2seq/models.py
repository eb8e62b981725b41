"""Encoders with decoders: what they read ends in a state, from which they write."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from rekindle._src import nest
from rekindle._src.contrib.legacy_seq2seq.decoders import (
    check_projection,
    embedding_attention_decoder,
    embedding_rnn_decoder,
    greedy_loop,
    rnn_decoder,
)
from rekindle._src.contrib.rnn.projections import EmbeddingWrapper, OutputProjectionWrapper
from rekindle._src.graph import dtypes
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops.cond import cond
from rekindle._src.rnn.cell import RNNCell
from rekindle._src.rnn.static import static_rnn
from rekindle._src.state import embedding as embedding_ops
from rekindle._src.state.variable_scope import get_variable, get_variable_scope, variable_scope


def _decoded(
    feed_previous: Any, decode: Callable[[bool, bool], Any], count: int, structure: Callable[[], Any]
) -> Any:
    """(outputs, state) of a decoder whose `feed_previous` is a bool or a tensor.

    Args:
      feed_previous: whether the next input is the output before.
      decode: (feed_previous, update_embedding) -> (outputs, state).
      count: the number of outputs.
      structure: gives a state, for its structure.
    """
    if isinstance(feed_previous, bool):
        return decode(feed_previous, True)

    def branch(feeds: bool) -> Any:
        with variable_scope(get_variable_scope(), reuse=None if feeds else True):
            outputs, state = decode(feeds, False)
            return outputs + (nest.flatten(state) if nest.is_nested(state) else [state])

    found = cond(feed_previous, lambda: branch(True), lambda: branch(False))
    states = found[count:]
    like = structure()
    state = nest.pack_sequence_as(like, states) if nest.is_nested(like) else states[0]
    return found[:count], state


@public("contrib.legacy_seq2seq.basic_rnn_seq2seq")
def basic_rnn_seq2seq(
    encoder_inputs: list[Any], decoder_inputs: list[Any], cell: Any, dtype: Any = dtypes.float32,
    scope: Any = None,
) -> Any:
    """(outputs, state): a copy of a cell reads, the cell writes.

    Args:
      encoder_inputs, decoder_inputs: lists of tensors [B, D].
      cell: the cell.
      dtype: the type of the first state.
      scope: the variable scope; default "basic_rnn_seq2seq".
    """
    with variable_scope(scope or "basic_rnn_seq2seq"):
        _, state = static_rnn(copy.deepcopy(cell), encoder_inputs, dtype=dtype)
        return rnn_decoder(decoder_inputs, state, cell)


@public("contrib.legacy_seq2seq.tied_rnn_seq2seq")
def tied_rnn_seq2seq(
    encoder_inputs: list[Any], decoder_inputs: list[Any], cell: Any, loop_function: Any = None,
    dtype: Any = dtypes.float32, scope: Any = None,
) -> Any:
    """(outputs, state): one cell reads and writes.

    Args:
      encoder_inputs, decoder_inputs: lists of tensors [B, D].
      cell: the cell.
      loop_function: (previous output, step) -> input, in place of all inputs but the first.
      dtype: the type of the first state.
      scope: the variable scope in "combined_tied_rnn_seq2seq"; default "tied_rnn_seq2seq".
    """
    with variable_scope("combined_tied_rnn_seq2seq"):
        scope = scope or "tied_rnn_seq2seq"
        _, state = static_rnn(cell, encoder_inputs, dtype=dtype, scope=scope)
        get_variable_scope().reuse_variables()
        return rnn_decoder(decoder_inputs, state, cell, loop_function=loop_function, scope=scope)


@public("contrib.legacy_seq2seq.embedding_rnn_seq2seq")
def embedding_rnn_seq2seq(
    encoder_inputs: list[Any], decoder_inputs: list[Any], cell: Any, num_encoder_symbols: int,
    num_decoder_symbols: int, embedding_size: int, output_projection: Any = None,
    feed_previous: Any = False, dtype: Any = None, scope: Any = None,
) -> Any:  # fmt: skip
    """(outputs, state): a copy of a cell reads words, the cell writes words.

    Args:
      encoder_inputs, decoder_inputs: lists of numbers of words [B].
      cell: the cell.
      num_encoder_symbols, num_decoder_symbols: how many words there are.
      embedding_size: the size of their vectors.
      output_projection: (weights, biases) from outputs to words; default: made here.
      feed_previous: the next input is the greatest output: a bool or a boolean scalar tensor.
      dtype: the type of the first state; default: the scope's.
      scope: the variable scope; default "embedding_rnn_seq2seq".
    """
    with variable_scope(scope or "embedding_rnn_seq2seq") as opened:
        if dtype is not None:
            opened.set_dtype(dtype)
        encoder = EmbeddingWrapper(
            copy.deepcopy(cell), embedding_classes=num_encoder_symbols,
            embedding_size=embedding_size,
        )
        _, state = static_rnn(
            encoder, encoder_inputs, dtype=opened.dtype if dtype is None else dtype
        )
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols)

        def decode(feeds: bool, updates: bool) -> Any:
            return embedding_rnn_decoder(
                decoder_inputs, state, cell, num_decoder_symbols, embedding_size,
                output_projection=output_projection, feed_previous=feeds,
                update_embedding_for_previous=updates,
            )

        return _decoded(feed_previous, decode, len(decoder_inputs), lambda: state)


@public("contrib.legacy_seq2seq.embedding_tied_rnn_seq2seq")
def embedding_tied_rnn_seq2seq(
    encoder_inputs: list[Any], decoder_inputs: list[Any], cell: Any, num_symbols: int,
    embedding_size: int, num_decoder_symbols: int | None = None, output_projection: Any = None,
    feed_previous: Any = False, dtype: Any = None, scope: Any = None,
) -> Any:  # fmt: skip
    """(outputs, state): one cell reads and writes words, with one set of vectors.

    Args:
      encoder_inputs, decoder_inputs: lists of numbers of words [B].
      cell: the cell.
      num_symbols: how many words there are.
      embedding_size: the size of their vectors.
      num_decoder_symbols: how many words may be written; default: all.
      output_projection: (weights, biases) from outputs to words; default: made here.
      feed_previous: the next input is the greatest output: a bool or a boolean scalar tensor.
      dtype: the type of the variables; default: the scope's.
      scope: the variable scope; default "embedding_tied_rnn_seq2seq".

    Raises:
      ValueError: the shape of `output_projection` does not fit.
    """
    with variable_scope(scope or "embedding_tied_rnn_seq2seq", dtype=dtype) as opened:
        dtype = opened.dtype
        check_projection(output_projection, num_symbols, dtype)
        vectors = get_variable("embedding", [num_symbols, embedding_size], dtype=dtype)
        read = [embedding_ops.embedding_lookup(vectors, words) for words in encoder_inputs]
        given = [embedding_ops.embedding_lookup(vectors, words) for words in decoder_inputs]
        if output_projection is None:
            count = num_symbols if num_decoder_symbols is None else num_decoder_symbols
            cell = OutputProjectionWrapper(cell, count)

        def decode(feeds: bool, updates: bool) -> Any:
            loop = greedy_loop(vectors, output_projection, updates) if feeds else None
            return tied_rnn_seq2seq(read, given, cell, loop_function=loop, dtype=dtype)

        def first_state() -> Any:
            rows = encoder_inputs[0].get_shape()[0]
            for words in encoder_inputs[1:]:
                rows.merge_with(words.get_shape()[0])
            known = rows.value
            return cell.zero_state(
                array_ops.shape(encoder_inputs[0])[0] if known is None else known, dtype
            )

        return _decoded(feed_previous, decode, len(decoder_inputs), first_state)


@public("contrib.legacy_seq2seq.embedding_attention_seq2seq")
def embedding_attention_seq2seq(
    encoder_inputs: list[Any], decoder_inputs: list[Any], cell: Any, num_encoder_symbols: int,
    num_decoder_symbols: int, embedding_size: int, num_heads: int = 1,
    output_projection: Any = None, feed_previous: Any = False, dtype: Any = None,
    scope: Any = None, initial_state_attention: bool = False,
) -> Any:  # fmt: skip
    """(outputs, state): a copy of a cell reads words, the cell writes words and looks at what was read.

    Args:
      encoder_inputs, decoder_inputs: lists of numbers of words [B].
      cell: the cell.
      num_encoder_symbols, num_decoder_symbols: how many words there are.
      embedding_size: the size of their vectors.
      num_heads: how many sets of weights look.
      output_projection: (weights, biases) from outputs to words; default: made here.
      feed_previous: the next input is the greatest output: a bool or a boolean scalar tensor.
      dtype: the type of the variables; default: the scope's.
      scope: the variable scope; default "embedding_attention_seq2seq".
      initial_state_attention: look before the first step.
    """
    with variable_scope(scope or "embedding_attention_seq2seq", dtype=dtype) as opened:
        encoder = EmbeddingWrapper(
            copy.deepcopy(cell), embedding_classes=num_encoder_symbols,
            embedding_size=embedding_size,
        )
        read, state = static_rnn(encoder, encoder_inputs, dtype=opened.dtype)
        tops = [array_ops.reshape(one, [-1, 1, cell.output_size]) for one in read]
        places = array_ops.concat(tops, 1)
        output_size = None
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols)
            output_size = num_decoder_symbols

        def decode(feeds: bool, updates: bool) -> Any:
            return embedding_attention_decoder(
                decoder_inputs, state, places, cell, num_decoder_symbols, embedding_size,
                num_heads=num_heads, output_size=output_size, output_projection=output_projection,
                feed_previous=feeds, update_embedding_for_previous=updates,
                initial_state_attention=initial_state_attention,
            )

        return _decoded(feed_previous, decode, len(decoder_inputs), lambda: state)


@public("contrib.legacy_seq2seq.one2many_rnn_seq2seq")
def one2many_rnn_seq2seq(
    encoder_inputs: list[Any], decoder_inputs_dict: dict[Any, Any], enc_cell: Any,
    dec_cells_dict: dict[Any, Any], num_encoder_symbols: int,
    num_decoder_symbols_dict: dict[Any, int], embedding_size: int, feed_previous: Any = False,
    dtype: Any = None, scope: Any = None,
) -> Any:  # fmt: skip
    """({name: outputs}, {name: state}): one cell reads words, several write.

    Args:
      encoder_inputs: a list of numbers of words [B].
      decoder_inputs_dict: name -> such a list.
      enc_cell: the cell that reads.
      dec_cells_dict: name -> the cell that writes.
      num_encoder_symbols: how many words are read.
      num_decoder_symbols_dict: name -> how many words may be written.
      embedding_size: the size of the words' vectors.
      feed_previous: the next input is the greatest output: a bool or a boolean scalar tensor.
      dtype: the type of the variables; default: the scope's.
      scope: the variable scope; default "one2many_rnn_seq2seq".

    Raises:
      TypeError: a cell is none.
      ValueError: the names differ.
    """
    if not isinstance(enc_cell, RNNCell):
        raise TypeError(f"enc_cell is not an RNNCell: {type(enc_cell)}")
    if set(dec_cells_dict) != set(decoder_inputs_dict):
        raise ValueError("keys of dec_cells_dict != keys of decodre_inputs_dict")
    for cell in dec_cells_dict.values():
        if not isinstance(cell, RNNCell):
            raise TypeError(f"dec_cell is not an RNNCell: {type(cell)}")
    outputs, states = {}, {}
    with variable_scope(scope or "one2many_rnn_seq2seq", dtype=dtype) as opened:
        encoder = EmbeddingWrapper(
            enc_cell, embedding_classes=num_encoder_symbols, embedding_size=embedding_size
        )
        _, read = static_rnn(encoder, encoder_inputs, dtype=opened.dtype)
        for name, given in decoder_inputs_dict.items():
            words = num_decoder_symbols_dict[name]
            with variable_scope(f"one2many_decoder_{name}"):
                cell = OutputProjectionWrapper(dec_cells_dict[name], words)

                def decode(
                    feeds: bool, _: bool, given: Any = given, cell: Any = cell, words: int = words
                ) -> Any:
                    return embedding_rnn_decoder(
                        given, read, cell, words, embedding_size, feed_previous=feeds
                    )

                outputs[name], states[name] = _decoded(
                    feed_previous, decode, len(given), lambda: read
                )
    return outputs, states
