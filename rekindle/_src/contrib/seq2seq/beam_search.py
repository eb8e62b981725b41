"""`BeamSearchDecoder`: the best sequences by a search that keeps some of them in each step."""

from __future__ import annotations

import collections
from typing import Any

import numpy as np

from rekindle._src import nest, tf_logging
from rekindle._src.contrib.seq2seq.basic_decoder import layer_output_size
from rekindle._src.contrib.seq2seq.beam_steps import (
    BeamSearchDecoderOutput,
    BeamSearchDecoderState,
    Search,
    attention_probs_of,
    check_rank,
)
from rekindle._src.contrib.seq2seq.decoder import Decoder
from rekindle._src.contrib.seq2seq.helpers import embedding_function
from rekindle._src.graph import constants, convert, dtypes, scopes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.tensor import Tensor
from rekindle._src.layers.base import Layer
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import assertion
from rekindle._src.ops import math as math_ops
from rekindle._src.ops.cond import cond
from rekindle._src.ops.gather_tree import gather_tree
from rekindle._src.ops.tensor_array import TensorArray
from rekindle._src.rnn.cell import assert_like_cell

_Final = collections.namedtuple(
    "FinalBeamDecoderOutput", ["predicted_ids", "beam_search_decoder_output"]
)


@public("contrib.seq2seq.FinalBeamSearchDecoderOutput")
class FinalBeamSearchDecoderOutput(_Final):
    """The best sequences, [B, T, beams], best first, and what the steps gave."""

    __slots__ = ()


@public("contrib.seq2seq.tile_batch")
def tile_batch(t: Any, multiplier: int, name: str | None = None) -> Any:
    """Each row `multiplier` times, one after the other: tensors [B, ...] -> [B * multiplier, ...].

    Raises:
      ValueError: a rank is not known.
    """
    with scopes.name_scope(name, "tile_batch", [*nest.flatten(t), multiplier]):
        return nest.map_structure(lambda one: _tiled(one, multiplier), t)


def _tiled(t: Any, multiplier: int) -> Any:
    t = convert.convert_to_tensor(t, name="t")
    shape = array_ops.shape(t)
    rank = t.shape.ndims
    if rank is None or rank < 1:
        raise ValueError("t must have statically known rank")
    rows = t.shape.as_list()[0]
    tiling = [1, multiplier, *[1] * (rank - 1)]
    tiled = array_ops.tile(array_ops.expand_dims(t, 1), tiling)
    whole = array_ops.concat(([shape[0] * multiplier], shape[1:]), 0)
    tiled = array_ops.reshape(tiled, whole)
    rows = None if rows is None else rows * multiplier
    tiled.set_shape(TensorShape([rows]).concatenate(t.shape[1:]))
    return tiled


def gather_tree_from_array(t: Any, parent_ids: Any, sequence_length: Any) -> Any:
    """What each beam's own steps had: t [T, B, beams, ...] in the order of the last beams.

    Args:
      t: a tensor [T, B, beams, ...] or [T, B * beams, ...].
      parent_ids: [T, B, beams] integers.
      sequence_length: [B, beams] integers.
    """
    known, dynamic = parent_ids.shape.as_list(), None
    sizes = []
    for axis in range(3):
        dynamic = known[axis] or array_ops.shape(parent_ids)[axis]
        sizes.append(dynamic)
    steps, rows, beams = sizes
    beam_ids = array_ops.expand_dims(array_ops.expand_dims(math_ops.range(beams), 0), 0)
    beam_ids = array_ops.tile(beam_ids, [steps, rows, 1])
    longest = math_ops.cast(math_ops.reduce_max(sequence_length, axis=1), dtypes.int32)
    order = gather_tree(
        step_ids=beam_ids, parent_ids=parent_ids, max_sequence_lengths=longest, end_token=beams + 1
    )
    mask = array_ops.sequence_mask(sequence_length, maxlen=steps)
    within = array_ops.transpose(mask, perm=[2, 0, 1])
    order = array_ops.where(within, x=order, y=beam_ids)
    time = array_ops.reshape(math_ops.range(steps), [-1, 1, 1])
    time = array_ops.tile(time, [1, rows, beams])
    row = array_ops.reshape(math_ops.range(rows), [-1, 1, 1])
    row = array_ops.transpose(array_ops.tile(row, [1, steps, beams]), perm=[1, 0, 2])
    indices = array_ops.stack([time, row, order], -1)
    shape = array_ops.shape(t)
    whole = array_ops.reshape(t, [steps, rows, beams, -1])
    return array_ops.reshape(array_ops.gather_nd(whole, indices), shape)


def is_sortable(shape: Any, rows: int | None, beams: int) -> bool:
    """Whether the elements of a TensorArray can be [B, beams, ...], as far as is known."""
    sizes = shape.as_list()
    if rows is None or sizes[0] is None or (
        sizes[0] == rows * beams
        and not (len(sizes) >= 2 and sizes[1] is not None and (sizes[0] != rows or sizes[1] != beams))
    ):
        return True
    tf_logging.warn(
        f"TensorArray reordering expects elements to be reshapable to {TensorShape([rows, beams, None])} "
        f"which is incompatible with the current shape {shape}. Consider setting reorder_tensor_arrays to "
        "False to disable TensorArray reordering during the beam search."
    )
    return False


def sortable_check(t: Any, rows: Any, beams: int) -> Any:
    """An operation that fails where t [T, ...] cannot be [T, B, beams, ...]."""
    said = (
        "TensorArray reordering expects elements to be reshapable to [batch_size, beam_size, -1] which is "
        f"incompatible with the dynamic shape of {t.name} elements. Consider setting reorder_tensor_arrays to "
        "False to disable TensorArray reordering during the beam search."
    )
    shape = array_ops.shape(t)
    if t.shape.ndims == 2:
        return assertion.Assert(math_ops.equal(shape[1], rows * beams), [said])
    joined = math_ops.equal(shape[1], rows * beams)
    apart = math_ops.logical_and(math_ops.equal(shape[1], rows), math_ops.equal(shape[2], beams))
    return assertion.Assert(math_ops.logical_or(joined, apart), [said])


@public("contrib.seq2seq.BeamSearchDecoder")
class BeamSearchDecoder(Decoder):
    """A cell whose `beam_width` best sequences go on in each step.

    Memories of attention and initial states must be tiled by `tile_batch`.

    Args:
      cell: the cell.
      embedding: vectors of words [words, D], or a function from numbers of words to vectors.
      start_tokens: the first words, [B] int32.
      end_token: the word that ends a sequence, a scalar.
      initial_state: the cell's first state, with B * beam_width rows.
      beam_width: how many sequences are kept.
      output_layer: a layer behind the cell; default: none.
      length_penalty_weight: how much longer sequences are favoured; 0: not at all.
      coverage_penalty_weight: how much sequences are favoured that looked at all of the memory; 0: not at all.
      reorder_tensor_arrays: bring TensorArrays in the cell's state in the order of the last beams.

    Raises:
      TypeError: cell or layer are none.
      ValueError: the words are no vector and no scalar.

    Source: Wu et al., Google's Neural Machine Translation System, 2016.
    """

    def __init__(
        self, cell: Any, embedding: Any, start_tokens: Any, end_token: Any, initial_state: Any,
        beam_width: int, output_layer: Any = None, length_penalty_weight: Any = 0.0,
        coverage_penalty_weight: Any = 0.0, reorder_tensor_arrays: bool = True,
    ) -> None:  # fmt: skip
        assert_like_cell("cell", cell)
        if output_layer is not None and not isinstance(output_layer, Layer):
            raise TypeError(f"output_layer must be a Layer, received: {type(output_layer)}")
        self._cell = cell
        self._output_layer = output_layer
        self._reorder_tensor_arrays = reorder_tensor_arrays
        self._beam_width = beam_width
        self._penalties = length_penalty_weight, coverage_penalty_weight
        self._embedding_fn = embedding_function(embedding)
        self._start_tokens = convert.convert_to_tensor(
            start_tokens, dtype=dtypes.int32, name="start_tokens"
        )
        if self._start_tokens.get_shape().ndims != 1:
            raise ValueError("start_tokens must be a vector")
        self._end_token = convert.convert_to_tensor(
            end_token, dtype=dtypes.int32, name="end_token"
        )
        if self._end_token.get_shape().ndims != 0:
            raise ValueError("end_token must be a scalar")
        self._batch_size = array_ops.size(start_tokens)
        self._initial_cell_state = nest.map_structure(
            self._split_if_rows, initial_state, cell.state_size
        )
        self._start_tokens = array_ops.tile(
            array_ops.expand_dims(self._start_tokens, 1), [1, beam_width]
        )
        self._start_inputs = self._embedding_fn(self._start_tokens)
        self._finished = array_ops.one_hot(
            array_ops.zeros([self._batch_size], dtype=dtypes.int32), depth=beam_width,
            on_value=False, off_value=True, dtype=dtypes.bool_,
        )

    @property
    def batch_size(self) -> Any:
        """The number of rows."""
        return self._batch_size

    @property
    def tracks_own_finished(self) -> bool:
        """True: beams change places, so a place may go on."""
        return True

    @property
    def output_size(self) -> Any:
        """The shapes of a step's outputs."""
        shape = TensorShape([self._beam_width])
        return BeamSearchDecoderOutput(scores=shape, predicted_ids=shape, parent_ids=shape)

    @property
    def output_dtype(self) -> Any:
        """The types of a step's outputs."""
        dtype = nest.flatten(self._initial_cell_state)[0].dtype
        size = layer_output_size(self._cell, self._output_layer)
        return BeamSearchDecoderOutput(
            scores=nest.map_structure(lambda _: dtype, size), predicted_ids=dtypes.int32,
            parent_ids=dtypes.int32,
        )

    def initialize(self, name: str | None = None) -> Any:
        """(which beams have ended: all but the first; the first inputs, the first state)."""
        dtype = nest.flatten(self._initial_cell_state)[0].dtype
        rows, beams = self._batch_size, self._beam_width
        first = array_ops.zeros([rows], dtype=dtypes.int32)
        zero = convert.convert_to_tensor(0.0, dtype=dtype)
        never = convert.convert_to_tensor(-np.inf, dtype=dtype)
        log_probs = array_ops.one_hot(
            first, depth=beams, on_value=zero, off_value=never, dtype=dtype
        )
        seen = attention_probs_of(self._initial_cell_state, self._penalties[1])
        state = BeamSearchDecoderState(
            cell_state=self._initial_cell_state, log_probs=log_probs, finished=self._finished,
            lengths=array_ops.zeros([rows, beams], dtype=dtypes.int64),
            accumulated_attention_probs=() if seen is None else seen,
        )
        return self._finished, self._start_inputs, state

    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> Any:
        """(outputs, state, next inputs, which beams have ended)."""
        with scopes.name_scope(name, "BeamSearchDecoderStep", (time, inputs, state)):
            sizes = self._cell.state_size
            inputs = nest.map_structure(lambda one: self._merged(one, one.shape[2:]), inputs)
            cell_state = nest.map_structure(self._merge_if_beams, state.cell_state, sizes)
            outputs, cell_state = self._cell(inputs, cell_state)
            outputs = nest.map_structure(lambda one: self._split(one, one.shape[1:]), outputs)
            cell_state = nest.map_structure(self._split_if_rows, cell_state, sizes)
            if self._output_layer is not None:
                outputs = self._output_layer(outputs)
            search = Search(
                self._batch_size, self._beam_width, self._end_token, *self._penalties
            )
            output, new = search.step(time, outputs, cell_state, state)
            next_inputs = cond(
                math_ops.reduce_all(new.finished), lambda: self._start_inputs,
                lambda: self._embedding_fn(output.predicted_ids),
            )
        return output, new, next_inputs, new.finished

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Any) -> Any:
        """(the best sequences, the state with its TensorArrays in their order)."""
        lengths = math_ops.reduce_max(final_state.lengths, axis=1)
        words = gather_tree(
            outputs.predicted_ids, outputs.parent_ids,
            max_sequence_lengths=math_ops.cast(lengths, dtypes.int32), end_token=self._end_token,
        )
        if self._reorder_tensor_arrays:
            cell_state = nest.map_structure(
                lambda one: self._sorted(one, outputs.parent_ids, final_state.lengths),
                final_state.cell_state,
            )
            final_state = final_state._replace(cell_state=cell_state)
        return FinalBeamSearchDecoderOutput(words, outputs), final_state

    def _sorted(self, t: Any, parent_ids: Any, lengths: Any) -> Any:
        if not isinstance(t, TensorArray):
            return t
        shape = t.element_shape
        if shape.ndims is None or shape.ndims < 1:
            tf_logging.warn(
                f"The TensorArray {t.handle.name} in the cell state is not amenable to sorting based on the "
                "beam search result. For a TensorArray to be sorted, its elements shape must be defined and "
                f"have at least a rank of 1, but saw shape: {shape}"
            )
            return t
        if not is_sortable(shape, self._known_rows(), self._beam_width):
            return t
        t = t.stack()
        check = sortable_check(t, self._batch_size, self._beam_width)
        with scopes.control_dependencies([check]):
            return gather_tree_from_array(t, parent_ids, lengths)

    def _known_rows(self) -> int | None:
        known = constants.constant_value(self._batch_size)
        return None if known is None else int(known)

    # Cells see beams as rows.

    def _merged(self, t: Any, size: Any) -> Any:
        """[B, beams, ...] -> [B * beams, ...]."""
        size = _as_shape(size)
        shape = array_ops.shape(t)
        rows = self._known_rows()
        whole = array_ops.concat(([self._batch_size * self._beam_width], shape[2:]), 0)
        merged = array_ops.reshape(t, whole)
        known = None if rows is None else rows * self._beam_width
        merged.set_shape(TensorShape([known]).concatenate(size))
        return merged

    def _split(self, t: Any, size: Any) -> Any:
        """[B * beams, ...] -> [B, beams, ...]."""
        size = _as_shape(size)
        shape = array_ops.shape(t)
        whole = array_ops.concat(([self._batch_size, self._beam_width], shape[1:]), 0)
        split = array_ops.reshape(t, whole)
        expected = TensorShape([self._known_rows(), self._beam_width]).concatenate(size)
        if not split.shape.is_compatible_with(expected):
            raise ValueError(
                "Unexpected behavior when reshaping between beam width and batch size.  The reshaped tensor has "
                f"shape: {split.shape}.  We expected it to have shape (batch_size, beam_width, depth) == "
                f"{expected}.  Perhaps you forgot to create a zero_state with "
                "batch_size=encoder_batch_size * beam_width?"
            )
        split.set_shape(expected)
        return split

    def _split_if_rows(self, t: Any, size: Any) -> Any:
        if isinstance(t, TensorArray):
            return t
        check_rank(t)
        return self._split(t, size) if t.shape.ndims >= 1 else t

    def _merge_if_beams(self, t: Any, size: Any) -> Any:
        if isinstance(t, TensorArray):
            return t
        check_rank(t)
        return self._merged(t, size) if t.shape.ndims >= 2 else t


def _as_shape(size: Any) -> TensorShape:
    if isinstance(size, Tensor):
        known = constants.constant_value(size)
        return TensorShape(None if known is None else known.tolist())
    return TensorShape(size)
