"""`tf.contrib.crf`: linear-chain conditional random fields.

Scores of tag sequences, the partition function by the forward algorithm, the best sequence by Viterbi's. A sequence of
one step has no transitions: where the length is not known, `cond` tells. Letters in shapes: B sequences, T steps, N
tags. Source: Lafferty, McCallum and Pereira, Conditional Random Fields (2001).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rekindle._src.graph import convert, dtypes
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import array_select, gather
from rekindle._src.ops import math as math_ops
from rekindle._src.ops.cond import smart_cond
from rekindle._src.rnn.cell import RNNCell
from rekindle._src.rnn.dynamic import dynamic_rnn
from rekindle._src.state.variable_scope import get_variable


def _by_length(inputs: Any, single: Callable[[], Any], several: Callable[[], Any]) -> Any:
    """What `single` gives if the inputs, [B, T, N], have one step, else what `several` gives."""
    steps = inputs.shape[1].value or array_ops.shape(inputs)[1]
    return smart_cond(math_ops.equal(steps, 1), single, several)


def _zero_if_empty(values: Any, lengths: Any) -> Any:
    """The values, [B], with 0 for sequences without steps."""
    return array_ops.where(math_ops.less_equal(lengths, 0), array_ops.zeros_like(values), values)


def _one_less(lengths: Any) -> Any:
    """The number of transitions of each sequence."""
    return math_ops.maximum(convert.constant(0, dtype=lengths.dtype), lengths - 1)


@public("contrib.crf.crf_sequence_score")
def crf_sequence_score(inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any) -> Any:
    """The unnormalised score of tag sequences: [B].

    Args:
      inputs: unary potentials, [B, T, N].
      tag_indices: [B, T].
      sequence_lengths: [B].
      transition_params: [N, N], from the tag of the row to that of the column.
    """

    def single() -> Any:
        size = array_ops.shape(inputs, out_type=tag_indices.dtype)[0]
        rows = array_ops.reshape(math_ops.range(size, dtype=tag_indices.dtype), [-1, 1])
        unary = array_ops.squeeze(inputs, [1])
        scores = array_ops.gather_nd(unary, array_ops.concat([rows, tag_indices], axis=1))
        return _zero_if_empty(scores, sequence_lengths)

    def several() -> Any:
        unary = crf_unary_score(tag_indices, sequence_lengths, inputs)
        return unary + crf_binary_score(tag_indices, sequence_lengths, transition_params)

    return _by_length(inputs, single, several)


@public("contrib.crf.crf_multitag_sequence_score")
def crf_multitag_sequence_score(inputs: Any, tag_bitmap: Any, sequence_lengths: Any, transition_params: Any) -> Any:
    """The log of the summed scores of all tag sequences that a bitmap, [B, T, N], allows: [B]."""

    def allowed() -> Any:
        return array_ops.where(tag_bitmap, inputs, array_ops.fill(array_ops.shape(inputs), float("-inf")))

    def single() -> Any:
        return math_ops.reduce_logsumexp(allowed(), axis=[1, 2], keepdims=False)

    def several() -> Any:
        return crf_log_norm(allowed(), sequence_lengths, transition_params)

    return _by_length(inputs, single, several)


@public("contrib.crf.crf_log_norm")
def crf_log_norm(inputs: Any, sequence_lengths: Any, transition_params: Any) -> Any:
    """The log of the partition function: [B].

    Args:
      inputs: unary potentials, [B, T, N].
      sequence_lengths: [B].
      transition_params: [N, N].
    """
    first = array_ops.squeeze(array_ops.slice(inputs, [0, 0, 0], [-1, 1, -1]), [1])

    def single() -> Any:
        return _zero_if_empty(math_ops.reduce_logsumexp(first, [1]), sequence_lengths)

    def several() -> Any:
        rest = array_ops.slice(inputs, [0, 1, 0], [-1, -1, -1])
        cell = CrfForwardRnnCell(transition_params)
        _, alphas = dynamic_rnn(
            cell, rest, sequence_length=_one_less(sequence_lengths), initial_state=first, dtype=dtypes.float32
        )
        return _zero_if_empty(math_ops.reduce_logsumexp(alphas, [1]), sequence_lengths)

    return _by_length(inputs, single, several)


@public("contrib.crf.crf_log_likelihood")
def crf_log_likelihood(
    inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any = None
) -> tuple[Any, Any]:
    """The log likelihood of tag sequences, [B], and the transition matrix.

    Args:
      inputs: unary potentials, [B, T, N].
      tag_indices: [B, T].
      sequence_lengths: [B].
      transition_params: [N, N]; default: the variable "transitions".
    """
    tags = inputs.shape[2].value
    if transition_params is None:
        transition_params = get_variable("transitions", [tags, tags])
    scores = crf_sequence_score(inputs, tag_indices, sequence_lengths, transition_params)
    return scores - crf_log_norm(inputs, sequence_lengths, transition_params), transition_params


@public("contrib.crf.crf_unary_score")
def crf_unary_score(tag_indices: Any, sequence_lengths: Any, inputs: Any) -> Any:
    """The sum of the unary potentials, [B, T, N], of tag sequences: [B]."""
    size, steps, tags = (array_ops.shape(inputs)[axis] for axis in range(3))
    flat = array_ops.reshape(inputs, [-1])
    offsets = array_ops.expand_dims(math_ops.range(size) * steps * tags, 1)
    offsets += array_ops.expand_dims(math_ops.range(steps) * tags, 0)
    if tag_indices.dtype == dtypes.int64:
        offsets = math_ops.cast(offsets, dtypes.int64)
    places = array_ops.reshape(offsets + tag_indices, [-1])
    scores = array_ops.reshape(array_ops.gather(flat, places), [size, steps])
    masks = _masks(tag_indices, sequence_lengths)
    return math_ops.reduce_sum(scores * masks, 1)


@public("contrib.crf.crf_binary_score")
def crf_binary_score(tag_indices: Any, sequence_lengths: Any, transition_params: Any) -> Any:
    """The sum of the transition potentials of tag sequences: [B]."""
    tags = transition_params.get_shape()[0]
    count = array_ops.shape(tag_indices)[1] - 1
    starts = array_ops.slice(tag_indices, [0, 0], [-1, count])
    ends = array_ops.slice(tag_indices, [0, 1], [-1, count])
    places = starts * tags + ends
    flat = array_ops.reshape(transition_params, [-1])
    scores = array_ops.gather(flat, places)
    masks = array_ops.slice(_masks(tag_indices, sequence_lengths), [0, 1], [-1, -1])
    return math_ops.reduce_sum(scores * masks, 1)


def _masks(tag_indices: Any, lengths: Any) -> Any:
    """1 for the steps that a sequence has: [B, T]."""
    return array_ops.sequence_mask(lengths, maxlen=array_ops.shape(tag_indices)[1], dtype=dtypes.float32)


class _TagCell(RNNCell):
    """A cell whose state and output have one number for each tag."""

    def __init__(self, transition_params: Any) -> None:
        self._transition_params = array_ops.expand_dims(transition_params, 0)
        self._num_tags = transition_params.shape[0].value

    @property
    def state_size(self) -> Any:
        """The number of tags."""
        return self._num_tags

    @property
    def output_size(self) -> Any:
        """The number of tags."""
        return self._num_tags


@public("contrib.crf.CrfForwardRnnCell")
class CrfForwardRnnCell(_TagCell):
    """A step of the forward algorithm: the state, [B, N], is the log of the summed scores of all beginnings."""

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """The next alphas, as output and as state."""
        scores = array_ops.expand_dims(state, 2) + self._transition_params
        alphas = inputs + math_ops.reduce_logsumexp(scores, [1])
        return alphas, alphas


@public("contrib.crf.CrfDecodeForwardRnnCell")
class CrfDecodeForwardRnnCell(_TagCell):
    """A step of Viterbi's algorithm: the state, [B, N], is the score of the best beginning for each tag."""

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """The tag before in the best beginning, int32, and the next scores."""
        scores = array_ops.expand_dims(state, 2) + self._transition_params
        best = inputs + math_ops.reduce_max(scores, [1])
        before = math_ops.argmax(scores, 1)
        return math_ops.cast(before, dtype=dtypes.int32), best


@public("contrib.crf.CrfDecodeBackwardRnnCell")
class CrfDecodeBackwardRnnCell(RNNCell):
    """A step back along the best sequence: the state, [B, 1], is a tag, and the inputs, [B, N], tell those before."""

    def __init__(self, num_tags: Any) -> None:
        self._num_tags = num_tags

    @property
    def state_size(self) -> Any:
        """1."""
        return 1

    @property
    def output_size(self) -> Any:
        """1."""
        return 1

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """The tag before, as output and as state."""
        state = array_ops.squeeze(state, axis=[1])
        rows = math_ops.range(array_ops.shape(inputs)[0])
        places = array_ops.stack([rows, state], axis=1)
        tags = array_ops.expand_dims(gather.gather_nd_op(inputs, places), axis=-1)
        return tags, tags


@public("contrib.crf.viterbi_decode")
def viterbi_decode(score: Any, transition_params: Any) -> tuple[list[Any], Any]:
    """The best tag sequence of one matrix of unary potentials, [T, N], of numpy, and its score."""
    trellis = np.zeros_like(score)
    before = np.zeros_like(score, dtype=np.int32)
    trellis[0] = score[0]
    for t in range(1, score.shape[0]):
        scores = trellis[t - 1][:, None] + transition_params
        trellis[t] = score[t] + scores.max(0)
        before[t] = scores.argmax(0)
    tags = [np.argmax(trellis[-1])]
    for row in before[:0:-1]:
        tags.append(row[tags[-1]])
    return tags[::-1], trellis[-1].max()


@public("contrib.crf.crf_decode")
def crf_decode(potentials: Any, transition_params: Any, sequence_length: Any) -> Any:
    """The best tag sequences, int32 [B, T], and their scores, [B].

    Args:
      potentials: unary potentials, [B, T, N].
      transition_params: [N, N].
      sequence_length: [B].
    """

    def single() -> Any:
        squeezed = array_ops.squeeze(potentials, [1])
        tags = array_ops.expand_dims(math_ops.argmax(squeezed, axis=1), 1)
        best = math_ops.reduce_max(squeezed, axis=1)
        return math_ops.cast(tags, dtype=dtypes.int32), best

    def several() -> Any:
        return _decode(potentials, transition_params, sequence_length)

    return _by_length(potentials, single, several)


def _decode(potentials: Any, transition_params: Any, lengths: Any) -> tuple[Any, Any]:
    """Viterbi's algorithm: forward for the best scores, then back along the best sequences."""
    cell = CrfDecodeForwardRnnCell(transition_params)
    first = array_ops.squeeze(array_ops.slice(potentials, [0, 0, 0], [-1, 1, -1]), axis=[1])
    rest = array_ops.slice(potentials, [0, 1, 0], [-1, -1, -1])
    transitions = _one_less(lengths)
    before, scores = dynamic_rnn(
        cell, rest, sequence_length=transitions, initial_state=first, time_major=False, dtype=dtypes.int32
    )
    before = array_select.reverse_sequence_op(before, transitions, seq_dim=1)
    back = CrfDecodeBackwardRnnCell(potentials.shape[2].value)
    last = array_ops.expand_dims(math_ops.cast(math_ops.argmax(scores, axis=1), dtype=dtypes.int32), axis=-1)
    tags, _ = dynamic_rnn(
        back, before, sequence_length=transitions, initial_state=last, time_major=False, dtype=dtypes.int32
    )
    tags = array_ops.concat([last, array_ops.squeeze(tags, axis=[2])], axis=1)
    tags = array_select.reverse_sequence_op(tags, lengths, seq_dim=1)
    return tags, math_ops.reduce_max(scores, axis=1)
