"""`Decoder`, what one step of decoding is, and `dynamic_decode`, the loop over its steps."""

from __future__ import annotations

import abc
from typing import Any

from rekindle._src import nest
from rekindle._src.graph import constants, convert, dtypes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops.tensor_array import TensorArray
from rekindle._src.ops.while_loop import while_loop
from rekindle._src.rnn.cell import zero_states
from rekindle._src.rnn.dynamic import transposed
from rekindle._src.rnn.steps import cache_variables
from rekindle._src.state.variable_scope import variable_scope


@public("contrib.seq2seq.Decoder")
class Decoder(abc.ABC):
    """What `dynamic_decode` repeats; subclasses say `initialize`, `step` and the properties."""

    @property
    def batch_size(self) -> Any:
        """The number of rows."""
        raise NotImplementedError

    @property
    def output_size(self) -> Any:
        """The sizes of a step's outputs: integers or shapes, in their structure."""
        raise NotImplementedError

    @property
    def output_dtype(self) -> Any:
        """The types of a step's outputs, in their structure."""
        raise NotImplementedError

    @abc.abstractmethod
    def initialize(self, name: str | None = None) -> Any:
        """(which rows have ended before the first step, the first inputs, the first state)."""

    @abc.abstractmethod
    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> Any:
        """(outputs, state, next inputs, which rows have ended) of one step.

        Args:
          time: the number of the step.
          inputs: its inputs.
          state: the state before.
          name: the name scope.
        """

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Any) -> Any:
        """(outputs, state) as they are to be given, of all outputs [T, B, ...], the last state and lengths [B]."""
        raise NotImplementedError

    @property
    def tracks_own_finished(self) -> bool:
        """True if a row that has ended may go on, as where beams are reordered."""
        return False


@public("contrib.seq2seq.dynamic_decode")
def dynamic_decode(
    decoder: Any, output_time_major: bool = False, impute_finished: bool = False,
    maximum_iterations: Any = None, parallel_iterations: int = 32, swap_memory: bool = False,
    scope: Any = None, **kwargs: Any,
) -> Any:
    """(outputs, last state, lengths [B]): the steps of a decoder until all rows have ended.

    Args:
      decoder: the decoder.
      output_time_major: give outputs [T, B, ...]; default: [B, T, ...].
      impute_finished: rows that have ended give zeros and keep their state.
      maximum_iterations: a scalar, after so many steps all ends; default: no limit.
      parallel_iterations, swap_memory: as for tf.while_loop.
      scope: the variable scope; default "decoder".

    Raises:
      TypeError: `decoder` is no decoder.
      ValueError: `maximum_iterations` is no scalar.
    """
    if not isinstance(decoder, Decoder):
        raise TypeError(f"Expected decoder to be type Decoder, but saw: {type(decoder)}")
    with variable_scope(scope, "decoder") as opened:
        cache_variables(opened)
        if maximum_iterations is not None:
            maximum_iterations = convert.convert_to_tensor(
                maximum_iterations, dtype=dtypes.int32, name="maximum_iterations"
            )
            if maximum_iterations.get_shape().ndims != 0:
                raise ValueError("maximum_iterations must be a scalar")
        loop_vars, zeros = _first(decoder, maximum_iterations)
        returned = while_loop(
            lambda time, arrays, state, inputs, finished, lengths: math_ops.logical_not(
                math_ops.reduce_all(finished)
            ),
            _body(decoder, impute_finished, zeros), loop_vars=loop_vars,
            parallel_iterations=parallel_iterations, maximum_iterations=maximum_iterations,
            swap_memory=swap_memory,
        )
        _, arrays, state, _, _, lengths = returned
        outputs = nest.map_structure(lambda array: array.stack(), arrays)
        try:
            outputs, state = decoder.finalize(outputs, state, lengths)
        except NotImplementedError:  # most have nothing to do
            pass
        if not output_time_major:
            outputs = nest.map_structure(transposed, outputs)
    return outputs, state, lengths


def _first(decoder: Any, maximum_iterations: Any) -> Any:
    """The variables of the loop before it, and the outputs of rows that have ended."""
    finished, inputs, state = decoder.initialize()
    sizes, kinds = decoder.output_size, decoder.output_dtype
    zeros = nest.map_structure(
        lambda size, dtype: zero_states(size, decoder.batch_size, dtype), sizes, kinds
    )
    if maximum_iterations is not None:
        finished = math_ops.logical_or(finished, 0 >= maximum_iterations)
    lengths = array_ops.zeros_like(finished, dtype=dtypes.int32)
    time = convert.constant(0, dtype=dtypes.int32)

    def element_shape(size: Any) -> Any:
        if not isinstance(size, TensorShape) or size.ndims == 0:
            return None
        rows = convert.convert_to_tensor(decoder.batch_size, name="batch_size")
        known = constants.constant_value(rows)
        return TensorShape([None if known is None else int(known)]).concatenate(size)

    arrays = nest.map_structure(
        lambda size, dtype: TensorArray(
            dtype=dtype, size=0, dynamic_size=True, element_shape=element_shape(size)
        ),
        sizes, kinds,
    )  # fmt: skip
    return (time, arrays, state, inputs, finished, lengths), zeros


def _body(decoder: Any, impute_finished: bool, zeros: Any) -> Any:
    def body(
        time: Any, arrays: Any, state: Any, inputs: Any, finished: Any, lengths: Any
    ) -> Any:
        outputs, new, next_inputs, ended = decoder.step(time, inputs, state)
        if not decoder.tracks_own_finished:
            ended = math_ops.logical_or(ended, finished)
        going_on = math_ops.logical_not(finished)
        so_long = array_ops.fill(array_ops.shape(lengths), time + 1)
        lengths = array_ops.where(going_on, so_long, lengths)
        nest.assert_same_structure(state, new)
        nest.assert_same_structure(arrays, outputs)
        nest.assert_same_structure(inputs, next_inputs)
        if impute_finished:
            outputs = nest.map_structure(
                lambda made, zero: array_ops.where(finished, zero, made), outputs, zeros
            )
            new = nest.map_structure(lambda made, old: _kept(finished, made, old), new, state)
        arrays = nest.map_structure(lambda array, one: array.write(time, one), arrays, outputs)
        return time + 1, arrays, new, next_inputs, ended, lengths

    return body


def _kept(finished: Any, new: Any, old: Any) -> Any:
    """The new state, the old one in rows that have ended."""
    if isinstance(old, TensorArray):
        return new
    new.set_shape(old.shape)
    return new if new.shape.ndims == 0 else array_ops.where(finished, old, new)
