"""Loops over time that run in the graph: `dynamic_rnn` and its bidirectional form."""

from __future__ import annotations

from typing import Any

from rekindle._src import nest
from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import assertion
from rekindle._src.ops import math as math_ops
from rekindle._src.ops.tensor_array import TensorArray
from rekindle._src.ops.while_loop import while_loop
from rekindle._src.rnn.cell import assert_like_cell, joined_shape, joined_static_shape
from rekindle._src.rnn.steps import (
    CellCall,
    first_state,
    known_shape,
    loop_scope,
    ragged_step,
    state_dtype,
)
from rekindle._src.state.variable_scope import variable_scope


@public("contrib.rnn.transpose_batch_time")
def transposed(x: Tensor) -> Tensor:
    """x with batch and time swapped: [B, T, ...] -> [T, B, ...]; x itself if its rank is below 2."""
    shape = x.get_shape()
    if shape.ndims is not None and shape.ndims < 2:
        return x
    rank = array_ops.rank(x)
    turned = array_ops.transpose(
        x, array_ops.concat(([1, 0], math_ops.range(2, rank)), axis=0)
    )
    turned.set_shape(TensorShape([shape.dims[1], shape.dims[0]]).concatenate(shape[2:]))
    return turned


@public("contrib.rnn.best_effort_input_batch_size")
def known_batch_size(inputs: Any) -> Any:
    """The number of rows of inputs [T, B, ...]: a number if one of them knows it."""
    for one in inputs:
        if one.shape.ndims is None:
            continue
        if one.shape.ndims < 2:
            raise ValueError(f"Expected input tensor {one} to have rank at least 2")
        rows = one.shape.as_list()[1]
        if rows is not None:
            return rows
    return array_ops.shape(inputs[0])[1]


@public("nn.dynamic_rnn")
def dynamic_rnn(
    cell: Any, inputs: Any, sequence_length: Any = None, initial_state: Any = None,
    dtype: Any = None, parallel_iterations: int | None = None, swap_memory: bool = False,
    time_major: bool = False, scope: Any = None,
) -> Any:
    """(outputs [B, T, O], last state): a cell run over inputs [B, T, D] by a loop in the graph.

    Args:
      cell: the cell.
      inputs: [B, T, ...], or a structure of such tensors.
      sequence_length: [B] integers; a row gives zeros and keeps its state after so many steps.
      initial_state: default: zeros of type `dtype`.
      dtype: the type of states and outputs.
      parallel_iterations: as for tf.while_loop; default 32.
      swap_memory: as for tf.while_loop.
      time_major: inputs and outputs are [T, B, ...].
      scope: the variable scope; default "rnn".

    Raises:
      TypeError: `cell` is no cell.
      ValueError: an input size, the state or its type is not known, or the inputs differ in
        time or batch.
    """
    assert_like_cell("cell", cell)
    with loop_scope(scope):
        flat = nest.flatten(inputs)
        if not time_major:
            flat = [convert.convert_to_tensor(one) for one in flat]
            flat = [transposed(one) for one in flat]
        if sequence_length is not None:
            sequence_length = math_ops.cast(sequence_length, dtypes.int32)
            if sequence_length.get_shape().ndims not in (None, 1):
                raise ValueError(
                    "sequence_length must be a vector of length batch_size, but saw shape: "
                    f"{sequence_length.get_shape()}"
                )
            sequence_length = array_ops.identity(sequence_length, name="sequence_length")
        batch_size = known_batch_size(flat)
        state = initial_state
        if state is None:
            if not dtype:
                raise ValueError("If there is no initial_state, you must give a dtype.")
            state = first_state(cell, batch_size, dtype)
        if sequence_length is not None:
            sequence_length = _checked_lengths(sequence_length, batch_size)
        inputs = nest.pack_sequence_as(inputs, flat)
        loop = _Loop(cell, inputs, state, sequence_length, dtype)
        outputs, state = loop.run(parallel_iterations or 32, swap_memory)
        if not time_major:
            outputs = nest.map_structure(transposed, outputs)
        return outputs, state


def _checked_lengths(lengths: Tensor, batch_size: Any) -> Tensor:
    shape, wanted = array_ops.shape(lengths), array_ops.stack([batch_size])
    said = [
        f"Expected shape for Tensor {lengths.name} is ", wanted, " but saw shape: ", shape,
    ]
    check = assertion.Assert(math_ops.reduce_all(math_ops.equal(shape, wanted)), said)
    with scopes.control_dependencies([check]):
        return array_ops.identity(lengths, name="CheckSeqLen")


class _Loop:
    """A loop over time of inputs [T, B, ...]."""

    def __init__(self, cell: Any, inputs: Any, state: Any, lengths: Any, dtype: Any) -> None:
        self.cell, self.inputs, self.state, self.lengths = cell, inputs, state, lengths
        self.dtype = dtype
        self.flat = nest.flatten(inputs)
        self.sizes = nest.flatten(cell.output_size)
        self.steps = array_ops.shape(self.flat[0])[0]
        self.batch_size = known_batch_size(self.flat)
        self.times, self.rows = self._check_shapes()
        zeros = [self._zeros(size) for size in self.sizes]
        self.zero_output = nest.pack_sequence_as(cell.output_size, zeros)
        self.shortest, self.longest = None, self.steps
        if lengths is not None:
            self.shortest = math_ops.reduce_min(lengths)
            self.longest = math_ops.reduce_max(lengths)

    def _check_shapes(self) -> tuple[int | None, int | None]:
        """The known numbers of steps and rows."""
        shapes = [one.get_shape().with_rank_at_least(3) for one in self.flat]
        times, rows = shapes[0].as_list()[:2]
        for shape in shapes:
            if not shape[2:].is_fully_defined():
                raise ValueError(
                    "Input size (depth of inputs) must be accessible via shape inference, but saw "
                    "value None."
                )
            if shape.as_list()[0] != times:
                raise ValueError(
                    "Time steps is not the same for all the elements in the input in a batch."
                )
            if shape.as_list()[1] != rows:
                raise ValueError(
                    "Batch_size is not the same for all the elements in the input."
                )
        return times, rows

    def _zeros(self, size: Any) -> Tensor:
        shape = array_ops.stack(joined_shape(self.batch_size, size))
        return array_ops.zeros(shape, state_dtype(self.dtype, self.state))

    def _arrays(self) -> tuple[Any, Any]:
        """The arrays of outputs and of inputs."""
        with scopes.name_scope("dynamic_rnn") as base:
            pass
        outputs = tuple(
            TensorArray(
                dtype=state_dtype(self.dtype, self.state), size=self.steps,
                element_shape=TensorShape([self.rows]).concatenate(known_shape(size)),
                tensor_array_name=f"{base}output_{i}",
            )
            for i, size in enumerate(self.sizes)
        )
        inputs = [
            TensorArray(
                dtype=one.dtype, size=self.steps, element_shape=one.shape[1:],
                tensor_array_name=f"{base}input_{i}",
            )
            for i, one in enumerate(self.flat)
        ]
        inputs = [array.unstack(one) for array, one in zip(inputs, self.flat, strict=True)]
        return outputs, inputs

    def run(self, parallel_iterations: int, swap_memory: bool) -> Any:
        """Build the loop; gives outputs [T, B, ...] and the last state."""
        time = convert.constant(0, dtype=dtypes.int32, name="time")
        outputs, inputs = self._arrays()
        call = CellCall(self.cell)

        def step(time: Any, arrays: Any, state: Any) -> Any:
            rows = [array.read(time) for array in inputs]
            for row, whole in zip(rows, self.flat, strict=True):
                row.set_shape(whole.get_shape()[1:])
            given = nest.pack_sequence_as(self.inputs, rows)
            if self.lengths is None:
                output, new = call(given, state)
            else:
                output, new = ragged_step(
                    time, self.lengths, self.shortest, self.longest, self.zero_output, state,
                    lambda: call(given, state), always_copy=True,
                )
            pairs = zip(arrays, nest.flatten(output), strict=True)
            arrays = tuple(array.write(time, one) for array, one in pairs)
            return time + 1, arrays, new

        # One step at least, for the shape of the outputs.
        bound = math_ops.minimum(self.steps, math_ops.maximum(1, self.longest))
        _, arrays, state = while_loop(
            cond=lambda time, *_: time < bound, body=step, loop_vars=(time, outputs, self.state),
            parallel_iterations=parallel_iterations, maximum_iterations=self.steps,
            swap_memory=swap_memory,
        )
        found = [array.stack() for array in arrays]
        for output, size in zip(found, self.sizes, strict=True):
            output.set_shape(joined_static_shape([self.times, self.rows], size))
        return nest.pack_sequence_as(self.cell.output_size, found), state


@public("nn.bidirectional_dynamic_rnn")
def bidirectional_dynamic_rnn(
    cell_fw: Any, cell_bw: Any, inputs: Any, sequence_length: Any = None,
    initial_state_fw: Any = None, initial_state_bw: Any = None, dtype: Any = None,
    parallel_iterations: int | None = None, swap_memory: bool = False, time_major: bool = False,
    scope: Any = None,
) -> Any:
    """((forward, backward outputs), (forward, backward last states)) of inputs [B, T, D].

    Args:
      cell_fw, cell_bw: the cells.
      inputs: [B, T, ...].
      sequence_length: [B] integers; each row is reversed by its own length.
      initial_state_fw, initial_state_bw: default: zeros of type `dtype`.
      dtype: the type of states and outputs.
      parallel_iterations, swap_memory: as for tf.while_loop.
      time_major: inputs and outputs are [T, B, ...].
      scope: the variable scope; default "bidirectional_rnn".

    Raises:
      TypeError, ValueError: as `dynamic_rnn`.
    """
    assert_like_cell("cell_fw", cell_fw)
    assert_like_cell("cell_bw", cell_bw)
    time_axis, batch_axis = (0, 1) if time_major else (1, 0)

    def turned(x: Any) -> Any:
        if sequence_length is None:
            return array_ops.reverse_v2(x, axis=[time_axis])
        return array_ops.reverse_sequence(
            input=x, seq_lengths=sequence_length, seq_axis=time_axis, batch_axis=batch_axis
        )

    def run(cell: Any, given: Any, state: Any, inner: Any) -> Any:
        return dynamic_rnn(
            cell=cell, inputs=given, sequence_length=sequence_length, initial_state=state,
            dtype=dtype, parallel_iterations=parallel_iterations, swap_memory=swap_memory,
            time_major=time_major, scope=inner,
        )

    with variable_scope(scope or "bidirectional_rnn"):
        with variable_scope("fw") as inner:
            forward, state_fw = run(cell_fw, inputs, initial_state_fw, inner)
        with variable_scope("bw") as inner:
            reversed_inputs = nest.map_structure(turned, inputs)
            backward, state_bw = run(cell_bw, reversed_inputs, initial_state_bw, inner)
    return (forward, nest.map_structure(turned, backward)), (state_fw, state_bw)
