"""One step of a beam search: the best words of all beams, and the states that go on with them."""

from __future__ import annotations

import collections
from typing import Any

from rekindle._src import nest
from rekindle._src.contrib.seq2seq.attention_wrapper import AttentionWrapperState
from rekindle._src.graph import constants, convert, dtypes, scopes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import softmax as softmax_ops
from rekindle._src.ops import top as top_ops
from rekindle._src.ops.tensor_array import TensorArray

_State = collections.namedtuple(
    "BeamSearchDecoderState",
    ("cell_state", "log_probs", "finished", "lengths", "accumulated_attention_probs"),
)
_Output = collections.namedtuple(
    "BeamSearchDecoderOutput", ("scores", "predicted_ids", "parent_ids")
)


@public("contrib.seq2seq.BeamSearchDecoderState")
class BeamSearchDecoderState(_State):
    """The state of a beam search: the cell's, and of each beam [B, beams] the log probability, whether it has ended,
    its length, and how much it looked at each place of the memory."""

    __slots__ = ()


@public("contrib.seq2seq.BeamSearchDecoderOutput")
class BeamSearchDecoderOutput(_Output):
    """A step's scores, words and the beams they go on from, each [B, beams]."""

    __slots__ = ()


def check_rank(t: Any) -> None:
    """Refuse a tensor of unknown rank.

    Raises:
      ValueError: the rank is not known.
    """
    if t.shape.ndims is None:
        raise ValueError(f"Expected tensor ({t}) to have known rank, but ndims == None.")


def _mean(probs: list[Any]) -> Any:
    joined = array_ops.concat([array_ops.expand_dims(one, -1) for one in probs], -1)
    return math_ops.reduce_mean(joined, -1)


def _alignments(state: Any) -> Any:
    found = state.alignments
    return _mean(list(found)) if isinstance(found, tuple) else found


def attention_probs_of(state: Any, coverage_penalty_weight: Any) -> Any:
    """How much the attention of a cell's state looks at each place; None if nobody asks.

    Raises:
      ValueError: there is no attention in the state.
    """
    if isinstance(coverage_penalty_weight, float) and coverage_penalty_weight == 0.0:
        return None
    states = [state] if isinstance(state, AttentionWrapperState) else state
    found = []
    if isinstance(states, (list, tuple)):
        found = [_alignments(one) for one in states if isinstance(one, AttentionWrapperState)]
    if not found:
        raise ValueError("coverage_penalty_weight must be 0.0 if no cell is attentional.")
    return found[0] if len(found) == 1 else _mean(found)


def length_penalty(lengths: Any, factor: Any) -> Any:
    """((5 + length) / 6) ** factor; 1 if the factor is 0."""
    factor = convert.convert_to_tensor(factor, name="penalty_factor")
    factor.set_shape(())
    known = constants.constant_value(factor)
    if known is not None and known == 0:
        return 1.0
    longer = (5.0 + math_ops.cast(lengths, dtypes.float32)) ** factor
    return math_ops.div(longer, (5.0 + 1.0) ** factor)


def mask_probs(probs: Any, end_token: Any, finished: Any) -> Any:
    """Log probabilities [B, beams, words], where beams that have ended can only give `end_token`."""
    words = array_ops.shape(probs)[2]
    row = array_ops.one_hot(
        end_token, words, dtype=probs.dtype,
        on_value=convert.convert_to_tensor(0.0, dtype=probs.dtype), off_value=probs.dtype.min,
    )
    row = array_ops.reshape(row, [1, 1, -1])
    ended = array_ops.tile(row, array_ops.concat([array_ops.shape(finished), [1]], 0))
    mask = array_ops.tile(array_ops.expand_dims(finished, 2), [1, 1, words])
    return array_ops.where(mask, ended, probs)


def gathered(
    indices: Any, source: Any, rows: Any, size: Any, shape: Any, name: str | None = None
) -> Any:
    """The elements of each row of `source` at `indices` [B, beams].

    Args:
      indices: places in a row.
      source: [B, size, ...].
      rows: B.
      size: the number of places in a row.
      shape: the shape of `source` with rows and places in one axis.
      name: the name scope.
    """
    with scopes.name_scope(name, "tensor_gather_helper"):
        starts = array_ops.expand_dims(math_ops.range(rows) * size, 1)
        indices = array_ops.reshape(indices + starts, [-1])
        found = array_ops.gather(array_ops.reshape(source, shape), indices)
        whole = array_ops.shape(source)[: 1 + len(shape)]
        known = constants.constant_value(rows)
        static = TensorShape([None if known is None else int(known)])
        found = array_ops.reshape(found, whole, name="output")
        found.set_shape(static.concatenate(source.shape[1 : 1 + len(shape)]))
        return found


class Search:
    """What the steps of a search have in common."""

    def __init__(
        self, rows: Any, beams: int, end_token: Any, length_weight: Any, coverage_weight: Any
    ) -> None:
        self.rows, self.beams, self.end_token = rows, beams, end_token
        self.length_weight, self.coverage_weight = length_weight, coverage_weight

    def step(self, time: Any, logits: Any, cell_state: Any, state: Any) -> Any:
        """(output, state) of logits [B, beams, words]."""
        rows, beams = self.rows, self.beams
        finished = state.finished
        going_on = math_ops.logical_not(finished)
        log_probs = mask_probs(softmax_ops.log_softmax(logits), self.end_token, finished)
        total = array_ops.expand_dims(state.log_probs, 2) + log_probs
        words = logits.shape.as_list()[-1] or array_ops.shape(logits)[-1]
        lengths = self._lengths(words, going_on, state.lengths)
        seen = attention_probs_of(cell_state, self.coverage_weight)
        if seen is not None:
            seen *= array_ops.expand_dims(math_ops.cast(going_on, dtypes.float32), 2)
            seen = state.accumulated_attention_probs + seen
        scores = self._scores(total, lengths, finished, seen)
        convert.convert_to_tensor(time, name="time")
        flat = array_ops.reshape(scores, [rows, -1])
        size = convert.convert_to_tensor(beams, dtype=dtypes.int32, name="beam_width")
        best, places = top_ops.top_k(flat, k=size)
        known = constants.constant_value(rows)
        for one in (best, places):
            one.set_shape([None if known is None else int(known), beams])
        probs = gathered(places, total, rows, beams * words, [-1], "next_beam_probs")
        word_ids = math_ops.mod(places, words, name="next_beam_word_ids")
        word_ids = math_ops.cast(word_ids, dtypes.int32)
        parents = math_ops.cast(places / words, dtypes.int32, name="next_beam_parent_ids")
        new = self._next(parents, word_ids, cell_state, state, seen)._replace(log_probs=probs)
        return BeamSearchDecoderOutput(best, word_ids, parents), new

    def _lengths(self, words: Any, going_on: Any, lengths: Any) -> Any:
        """The lengths with each word: [B, beams, words]; the end does not count."""
        more = array_ops.one_hot(
            indices=array_ops.fill([self.rows, self.beams], self.end_token), depth=words,
            on_value=math_ops.to_int64(0), off_value=math_ops.to_int64(1), dtype=dtypes.int64,
        )
        mask = math_ops.cast(going_on, dtypes.int64)
        more *= array_ops.expand_dims(mask, 2)
        return more + array_ops.expand_dims(lengths, 2)

    def _scores(self, log_probs: Any, lengths: Any, finished: Any, seen: Any) -> Any:
        """Log probabilities with the penalties."""
        penalty = length_penalty(lengths, self.length_weight)
        penalty = math_ops.cast(penalty, dtype=log_probs.dtype)
        scores = log_probs / penalty
        weight = convert.convert_to_tensor(self.coverage_weight, name="coverage_penalty_weight")
        if weight.shape.ndims != 0:
            raise ValueError(
                f"coverage_penalty_weight should be a scalar, but saw shape: {weight.shape}"
            )
        known = constants.constant_value(weight)
        if known is not None and known == 0.0:
            return scores
        if seen is None:
            raise ValueError(
                "accumulated_attention_probs can be None only if coverage penalty is disabled."
            )
        nowhere = math_ops.equal(seen, 0.0)
        seen = array_ops.where(nowhere, array_ops.ones_like(seen), seen)
        covered = math_ops.reduce_sum(math_ops.log(math_ops.minimum(seen, 1.0)), 2)
        covered *= math_ops.cast(finished, dtypes.float32)
        return scores + array_ops.expand_dims(covered * weight, 2)

    def _next(self, parents: Any, word_ids: Any, cell_state: Any, state: Any, seen: Any) -> Any:
        """The state of the beams that go on."""
        rows, beams = self.rows, self.beams
        ended = gathered(parents, state.finished, rows, beams, [-1])
        finished = math_ops.logical_or(
            ended, math_ops.equal(word_ids, self.end_token), name="next_beam_finished"
        )
        more = math_ops.cast(math_ops.logical_not(ended), dtypes.int64)
        lengths = gathered(parents, state.lengths, rows, beams, [-1])
        lengths += more
        if seen is not None:
            name = "next_accumulated_attention_probs"
            seen = gathered(parents, seen, rows, beams, [rows * beams, -1], name)
        cell_state = nest.map_structure(lambda one: self._of_parents(parents, one), cell_state)
        return BeamSearchDecoderState(
            cell_state=cell_state, log_probs=None, finished=finished, lengths=lengths,
            accumulated_attention_probs=() if seen is None else seen,
        )

    def _of_parents(self, parents: Any, one: Any) -> Any:
        """A part of the cell's state, taken from the beams that go on; scalars and TensorArrays as they are."""
        shape = [self.rows * self.beams, -1]  # its nodes are in TensorFlow's graph even if nobody needs them
        if isinstance(one, TensorArray):
            return one
        check_rank(one)
        if one.shape.ndims < len(shape):
            return one
        return gathered(parents, one, self.rows, self.beams, shape)
