"""Helpers that mix given inputs with what the decoder itself makes: scheduled sampling.

Source: Bengio et al., Scheduled Sampling for Sequence Prediction with Recurrent Neural Networks, 2015.
"""

from __future__ import annotations

from typing import Any

from rekindle._src import nest
from rekindle._src.contrib.seq2seq.helpers import TrainingHelper, embedding_function, unstacked
from rekindle._src.contrib.seq2seq.sampling import bernoulli_sample, categorical_sample
from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops.cond import cond
from rekindle._src.rnn.dynamic import transposed


def _probability(given: Any) -> Any:
    made = convert.convert_to_tensor(given, name="sampling_probability")
    if made.get_shape().ndims not in (0, 1):
        raise ValueError(
            "sampling_probability must be either a scalar or a vector. saw shape: "
            f"{made.get_shape()}"
        )
    return made


def _mixed(chosen: Any, own: Any, others: Any, given: Any, shape: Any) -> Any:
    """`own` in the rows `chosen`, `given` in the rows `others`."""
    first = array_ops.scatter_nd(indices=chosen, updates=own, shape=shape)
    return first + array_ops.scatter_nd(indices=others, updates=given, shape=shape)


@public("contrib.seq2seq.ScheduledEmbeddingTrainingHelper")
class ScheduledEmbeddingTrainingHelper(TrainingHelper):
    """Given inputs, some replaced by the vectors of words drawn from the outputs before.

    Args:
      inputs, sequence_length, time_major: as for TrainingHelper.
      embedding: vectors of words [words, D], or a function from numbers of words to vectors.
      sampling_probability: the probability to draw, a scalar or [B].
      seed: the seed of the words.
      scheduling_seed: the seed of the choice.
      name: the name scope.

    Raises:
      ValueError: the probability is no scalar or vector.
    """

    def __init__(
        self, inputs: Any, sequence_length: Any, embedding: Any, sampling_probability: Any,
        time_major: bool = False, seed: int | None = None, scheduling_seed: int | None = None,
        name: str | None = None,
    ) -> None:  # fmt: skip
        values = [embedding, sampling_probability]
        with scopes.name_scope(name, "ScheduledEmbeddingSamplingWrapper", values):
            self._embedding_fn = embedding_function(embedding)
            self._sampling_probability = _probability(sampling_probability)
            self._seed = seed
            self._scheduling_seed = scheduling_seed
            super().__init__(inputs, sequence_length, time_major, name)

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None) -> Any:
        """The words drawn, -1 where none is."""
        values = [time, outputs, state]
        with scopes.name_scope(name, "ScheduledEmbeddingTrainingHelperSample", values):
            chosen = bernoulli_sample(
                probs=self._sampling_probability, dtype=dtypes.bool_, sample_shape=self.batch_size,
                seed=self._scheduling_seed,
            )
            words = categorical_sample(logits=outputs, seed=self._seed)
            return array_ops.where(chosen, words, array_ops.fill([self.batch_size], -1))

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any = None, name: str | None = None
    ) -> Any:
        """(which rows have ended, the next inputs, the state)."""
        values = [time, outputs, state, sample_ids]
        with scopes.name_scope(name, "ScheduledEmbeddingTrainingHelperNextInputs", values):
            finished, given, state = super().next_inputs(time, outputs, state, sample_ids, name)

            def drawn() -> Any:
                chosen = math_ops.cast(array_ops.where(sample_ids > -1), dtypes.int32)
                others = math_ops.cast(array_ops.where(sample_ids <= -1), dtypes.int32)
                words = array_ops.gather_nd(sample_ids, chosen)
                kept = array_ops.gather_nd(given, others)
                own = self._embedding_fn(words)
                return _mixed(chosen, own, others, kept, array_ops.shape(given))

            return finished, cond(math_ops.reduce_all(finished), lambda: given, drawn), state


@public("contrib.seq2seq.ScheduledOutputTrainingHelper")
class ScheduledOutputTrainingHelper(TrainingHelper):
    """Given inputs, some replaced by the outputs before.

    Args:
      inputs, sequence_length, time_major: as for TrainingHelper.
      sampling_probability: the probability to take an output, a scalar or [B].
      seed: the seed of the choice.
      next_inputs_fn: outputs -> inputs; default: the same.
      auxiliary_inputs: [B, T, ...], joined to all inputs.
      name: the name scope.

    Raises:
      ValueError: the probability is no scalar or vector.
    """

    def __init__(
        self, inputs: Any, sequence_length: Any, sampling_probability: Any,
        time_major: bool = False, seed: int | None = None, next_inputs_fn: Any = None,
        auxiliary_inputs: Any = None, name: str | None = None,
    ) -> None:  # fmt: skip
        values = [inputs, auxiliary_inputs, sampling_probability]
        with scopes.name_scope(name, "ScheduledOutputTrainingHelper", values):
            self._sampling_probability = _probability(sampling_probability)
            self._auxiliary_arrays = None
            joined = inputs
            if auxiliary_inputs is not None:
                inputs = convert.convert_to_tensor(inputs, name="inputs")
                auxiliary = convert.convert_to_tensor(auxiliary_inputs, name="auxiliary_inputs")
                joined = array_ops.concat((inputs, auxiliary), -1)
                if not time_major:
                    auxiliary = transposed(auxiliary)
                self._auxiliary_arrays = unstacked(auxiliary)
            self._seed = seed
            self._next_inputs_fn = next_inputs_fn
            super().__init__(joined, sequence_length, time_major, name)

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None) -> Any:
        """1 where the output is taken, else 0."""
        values = [time, outputs, state]
        with scopes.name_scope(name, "ScheduledOutputTrainingHelperSample", values):
            return bernoulli_sample(
                probs=self._sampling_probability, sample_shape=self.batch_size, seed=self._seed
            )

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any = None, name: str | None = None
    ) -> Any:
        """(which rows have ended, the next inputs, the state)."""
        values = [time, outputs, state, sample_ids]
        with scopes.name_scope(name, "ScheduledOutputTrainingHelperNextInputs", values):
            finished, given, state = super().next_inputs(time, outputs, state, sample_ids, name)
            taken = math_ops.cast(sample_ids, dtypes.bool_)
            all_finished = math_ops.reduce_all(finished)
            none_taken = math_ops.logical_not(math_ops.reduce_any(taken))
            inputs = cond(
                math_ops.logical_or(all_finished, none_taken), lambda: given,
                lambda: self._taken(time, taken, outputs, given),
            )
            return finished, inputs, state

    def _taken(self, time: Any, taken: Any, outputs: Any, given: Any) -> Any:
        """The outputs in the rows `taken`, the given inputs in the others."""
        if self._next_inputs_fn is None:
            return array_ops.where(taken, self._joined(time, outputs), given)
        chosen = math_ops.cast(array_ops.where(taken), dtypes.int32)
        others = math_ops.cast(array_ops.where(math_ops.logical_not(taken)), dtypes.int32)
        rows = array_ops.gather_nd(outputs, chosen)
        kept = array_ops.gather_nd(given, others)
        own = self._joined(time, self._next_inputs_fn(rows), chosen)
        return _mixed(chosen, own, others, kept, array_ops.shape(given))

    def _joined(self, time: Any, outputs: Any, rows: Any = None) -> Any:
        """The outputs with the auxiliary inputs of the next step, of some rows or of all."""
        if self._auxiliary_arrays is None:
            return outputs
        auxiliary = self._auxiliary_arrays.read(time + 1)
        if rows is not None:
            auxiliary = array_ops.gather_nd(auxiliary, rows)
        return nest.map_structure(lambda x, y: array_ops.concat((x, y), -1), outputs, auxiliary)
