"""Helpers: what says the inputs of a decoder's steps, and what is drawn from its outputs."""

from __future__ import annotations

import abc
from typing import Any

from rekindle._src import nest
from rekindle._src.contrib.seq2seq.sampling import categorical_sample
from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops.cond import cond
from rekindle._src.ops.tensor_array import TensorArray
from rekindle._src.rnn.dynamic import transposed
from rekindle._src.state import embedding as embedding_ops


@public("contrib.seq2seq.Helper")
class Helper(abc.ABC):
    """The inputs of a decoder; subclasses say all members."""

    @property
    @abc.abstractmethod
    def batch_size(self) -> Any:
        """The number of rows."""

    @property
    @abc.abstractmethod
    def sample_ids_shape(self) -> Any:
        """The shape of what is drawn for a row."""

    @property
    @abc.abstractmethod
    def sample_ids_dtype(self) -> Any:
        """The type of what is drawn."""

    @abc.abstractmethod
    def initialize(self, name: str | None = None) -> Any:
        """(which rows have ended before the first step, the first inputs)."""

    @abc.abstractmethod
    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """What is drawn from the outputs of a step."""

    @abc.abstractmethod
    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None
    ) -> Any:
        """(which rows have ended, the inputs of the next step, the state)."""


class WordHelper(Helper):
    """A helper that draws one number a row."""

    @property
    def sample_ids_shape(self) -> Any:
        """The shape of what is drawn for a row."""
        return TensorShape([])

    @property
    def sample_ids_dtype(self) -> Any:
        """The type of what is drawn."""
        return dtypes.int32


@public("contrib.seq2seq.CustomHelper")
class CustomHelper(Helper):
    """A helper of three functions.

    Args:
      initialize_fn: () -> (which rows have ended, first inputs).
      sample_fn: (time, outputs, state) -> what is drawn.
      next_inputs_fn: (time, outputs, state, sample_ids) -> (which rows have ended, inputs, state).
      sample_ids_shape: the shape of what is drawn for a row; default: scalar.
      sample_ids_dtype: its type; default: int32.
    """

    def __init__(
        self, initialize_fn: Any, sample_fn: Any, next_inputs_fn: Any,
        sample_ids_shape: Any = None, sample_ids_dtype: Any = None,
    ) -> None:
        self._initialize_fn = initialize_fn
        self._sample_fn = sample_fn
        self._next_inputs_fn = next_inputs_fn
        self._batch_size: Any = None
        self._sample_ids_shape = TensorShape(sample_ids_shape or [])
        self._sample_ids_dtype = sample_ids_dtype or dtypes.int32

    @property
    def batch_size(self) -> Any:
        """The number of rows, known after `initialize`."""
        if self._batch_size is None:
            raise ValueError("batch_size accessed before initialize was called")
        return self._batch_size

    @property
    def sample_ids_shape(self) -> Any:
        """The shape of what is drawn for a row."""
        return self._sample_ids_shape

    @property
    def sample_ids_dtype(self) -> Any:
        """The type of what is drawn."""
        return self._sample_ids_dtype

    def initialize(self, name: str | None = None) -> Any:
        """(which rows have ended, the first inputs)."""
        with scopes.name_scope(name, f"{type(self).__name__}Initialize"):
            finished, inputs = self._initialize_fn()
            if self._batch_size is None:
                self._batch_size = array_ops.size(finished)
        return finished, inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """What is drawn from the outputs."""
        with scopes.name_scope(name, f"{type(self).__name__}Sample", (time, outputs, state)):
            return self._sample_fn(time=time, outputs=outputs, state=state)

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None
    ) -> Any:
        """(which rows have ended, the next inputs, the state)."""
        with scopes.name_scope(name, f"{type(self).__name__}NextInputs", (time, outputs, state)):
            return self._next_inputs_fn(
                time=time, outputs=outputs, state=state, sample_ids=sample_ids
            )


def unstacked(x: Any) -> TensorArray:
    """A TensorArray with the parts of x [T, ...]."""
    array = TensorArray(
        dtype=x.dtype, size=array_ops.shape(x)[0], element_shape=x.get_shape()[1:]
    )
    return array.unstack(x)


@public("contrib.seq2seq.TrainingHelper")
class TrainingHelper(WordHelper):
    """The inputs are given; what is drawn is the greatest output, and goes nowhere.

    Args:
      inputs: [B, T, ...].
      sequence_length: [B] integers.
      time_major: the inputs are [T, B, ...].
      name: the name scope.

    Raises:
      ValueError: `sequence_length` is no vector.
    """

    def __init__(
        self, inputs: Any, sequence_length: Any, time_major: bool = False, name: str | None = None
    ) -> None:
        with scopes.name_scope(name, "TrainingHelper", [inputs, sequence_length]):
            inputs = convert.convert_to_tensor(inputs, name="inputs")
            self._inputs = inputs
            if not time_major:
                inputs = nest.map_structure(transposed, inputs)
            self._input_arrays = nest.map_structure(unstacked, inputs)
            self._sequence_length = convert.convert_to_tensor(
                sequence_length, name="sequence_length"
            )
            shape = self._sequence_length.get_shape()
            if shape.ndims != 1:
                raise ValueError(
                    f"Expected sequence_length to be a vector, but received shape: {shape}"
                )
            self._zero_inputs = nest.map_structure(
                lambda one: array_ops.zeros_like(one[0, :]), inputs
            )
            self._batch_size = array_ops.size(sequence_length)

    @property
    def inputs(self) -> Any:
        """The inputs."""
        return self._inputs

    @property
    def sequence_length(self) -> Any:
        """The lengths, [B]."""
        return self._sequence_length

    @property
    def batch_size(self) -> Any:
        """The number of rows."""
        return self._batch_size

    def initialize(self, name: str | None = None) -> Any:
        """(which rows are empty, the first inputs)."""
        with scopes.name_scope(name, "TrainingHelperInitialize"):
            finished = math_ops.equal(0, self._sequence_length)
            return finished, self._read(finished, 0)

    def _read(self, finished: Any, time: Any) -> Any:
        return cond(
            math_ops.reduce_all(finished), lambda: self._zero_inputs,
            lambda: nest.map_structure(lambda array: array.read(time), self._input_arrays),
        )

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None) -> Any:
        """The numbers of the greatest outputs."""
        with scopes.name_scope(name, "TrainingHelperSample", [time, outputs]):
            return math_ops.cast(math_ops.argmax(outputs, axis=-1), dtypes.int32)

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any = None, name: str | None = None
    ) -> Any:
        """(which rows have ended, the next inputs, the state)."""
        with scopes.name_scope(name, "TrainingHelperNextInputs", [time, outputs, state]):
            following = time + 1
            finished = following >= self._sequence_length
            return finished, self._read(finished, following), state


def embedding_function(embedding: Any) -> Any:
    """Numbers of words -> their vectors: `embedding` itself if it is a function, else a look-up."""
    if callable(embedding):
        return embedding
    return lambda ids: embedding_ops.embedding_lookup(embedding, ids)


@public("contrib.seq2seq.GreedyEmbeddingHelper")
class GreedyEmbeddingHelper(WordHelper):
    """The input of a step is the vector of the greatest output of the step before.

    Args:
      embedding: vectors of words [words, D], or a function from numbers of words to vectors.
      start_tokens: the first words, [B] int32.
      end_token: the word that ends a row, a scalar.

    Raises:
      ValueError: the words are no vector and no scalar.
    """

    def __init__(self, embedding: Any, start_tokens: Any, end_token: Any) -> None:
        self._embedding_fn = embedding_function(embedding)
        self._start_tokens = convert.convert_to_tensor(
            start_tokens, dtype=dtypes.int32, name="start_tokens"
        )
        self._end_token = convert.convert_to_tensor(
            end_token, dtype=dtypes.int32, name="end_token"
        )
        if self._start_tokens.get_shape().ndims != 1:
            raise ValueError("start_tokens must be a vector")
        self._batch_size = array_ops.size(start_tokens)
        if self._end_token.get_shape().ndims != 0:
            raise ValueError("end_token must be a scalar")
        self._start_inputs = self._embedding_fn(self._start_tokens)

    @property
    def batch_size(self) -> Any:
        """The number of rows."""
        return self._batch_size

    def initialize(self, name: str | None = None) -> Any:
        """(no row has ended, the vectors of the first words)."""
        return array_ops.tile([False], [self._batch_size]), self._start_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """The numbers of the greatest outputs.

        Raises:
          TypeError: the outputs are no tensor.
        """
        _check_outputs(outputs)
        return math_ops.argmax(outputs, axis=-1, output_type=dtypes.int32)

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None
    ) -> Any:
        """(which rows have ended, the vectors of the words, the state)."""
        finished = math_ops.equal(sample_ids, self._end_token)
        inputs = cond(
            math_ops.reduce_all(finished), lambda: self._start_inputs,
            lambda: self._embedding_fn(sample_ids),
        )
        return finished, inputs, state


def _check_outputs(outputs: Any) -> None:
    if not isinstance(outputs, Tensor):
        raise TypeError(f"Expected outputs to be a single Tensor, got: {type(outputs)}")


@public("contrib.seq2seq.SampleEmbeddingHelper")
class SampleEmbeddingHelper(GreedyEmbeddingHelper):
    """The input of a step is the vector of a word drawn by the outputs of the step before.

    Args:
      embedding, start_tokens, end_token: as for GreedyEmbeddingHelper.
      softmax_temperature: what the outputs are divided by; default 1.
      seed: the seed.
    """

    def __init__(
        self, embedding: Any, start_tokens: Any, end_token: Any, softmax_temperature: Any = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(embedding, start_tokens, end_token)
        self._softmax_temperature = softmax_temperature
        self._seed = seed

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """Words drawn by the outputs as logits.

        Raises:
          TypeError: the outputs are no tensor.
        """
        _check_outputs(outputs)
        if self._softmax_temperature is not None:
            outputs = outputs / self._softmax_temperature
        return categorical_sample(logits=outputs, seed=self._seed)


@public("contrib.seq2seq.InferenceHelper")
class InferenceHelper(Helper):
    """The input of a step is what was drawn in the step before, by functions.

    Args:
      sample_fn: outputs -> what is drawn.
      sample_shape: the shape of what is drawn for a row.
      sample_dtype: its type.
      start_inputs: the first inputs, [B, ...].
      end_fn: what is drawn -> which rows have ended.
      next_inputs_fn: what is drawn -> inputs; default: the same.
    """

    def __init__(
        self, sample_fn: Any, sample_shape: Any, sample_dtype: Any, start_inputs: Any, end_fn: Any,
        next_inputs_fn: Any = None,
    ) -> None:
        self._sample_fn = sample_fn
        self._end_fn = end_fn
        self._sample_shape = TensorShape(sample_shape)
        self._sample_dtype = sample_dtype
        self._next_inputs_fn = next_inputs_fn
        self._batch_size = array_ops.shape(start_inputs)[0]
        self._start_inputs = convert.convert_to_tensor(start_inputs, name="start_inputs")

    @property
    def batch_size(self) -> Any:
        """The number of rows."""
        return self._batch_size

    @property
    def sample_ids_shape(self) -> Any:
        """The shape of what is drawn for a row."""
        return self._sample_shape

    @property
    def sample_ids_dtype(self) -> Any:
        """The type of what is drawn."""
        return self._sample_dtype

    def initialize(self, name: str | None = None) -> Any:
        """(no row has ended, the first inputs)."""
        return array_ops.tile([False], [self._batch_size]), self._start_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """What is drawn from the outputs."""
        return self._sample_fn(outputs)

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None
    ) -> Any:
        """(which rows have ended, the next inputs, the state)."""
        inputs = sample_ids
        if self._next_inputs_fn is not None:
            inputs = self._next_inputs_fn(sample_ids)
        return self._end_fn(sample_ids), inputs, state
