"""Unrolled loops: `static_rnn`, its bidirectional form, and the one with saved states."""

from __future__ import annotations

from typing import Any

from rekindle._src import nest
from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.shapes import TensorShape, unknown_shape
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.rnn.cell import assert_like_cell, joined_shape, joined_static_shape
from rekindle._src.rnn.steps import CellCall, first_state, loop_scope, ragged_step, state_dtype
from rekindle._src.state.variable_scope import variable_scope


@public("nn.static_rnn", "contrib.rnn.static_rnn")
def static_rnn(
    cell: Any, inputs: Any, initial_state: Any = None, dtype: Any = None,
    sequence_length: Any = None, scope: Any = None,
) -> Any:
    """(outputs, state): a list with the output of each input, and the last state.

    Args:
      cell: the cell.
      inputs: a list of tensors [B, D], or of structures of them, one a step.
      initial_state: default: zeros of type `dtype`.
      dtype: the type of states and outputs.
      sequence_length: [B] integers; a row gives zeros and keeps its state after so many steps.
      scope: the variable scope; default "rnn".

    Raises:
      TypeError: `cell` is no cell, or `inputs` no sequence.
      ValueError: there are no inputs, or an input size, the state or its type is not known.
    """
    assert_like_cell("cell", cell)
    _check_inputs(inputs)
    with loop_scope(scope) as opened:
        first = inputs
        while nest.is_nested(first):
            first = first[0]
        rows = _rows(first, inputs)
        batch_size = rows if rows else array_ops.shape(first)[0]
        state = initial_state
        if state is None:
            if not dtype:
                raise ValueError("If no initial_state is provided, dtype must be specified")
            state = first_state(cell, batch_size, dtype)
        lengths = ()
        if sequence_length is not None:
            lengths = _lengths(cell, sequence_length, batch_size, rows, state_dtype(dtype, state))
        call = CellCall(cell)
        outputs = []
        for time, input_ in enumerate(inputs):
            if time > 0:
                opened.reuse_variables()
            if not lengths:
                output, state = call(input_, state)
            else:
                output, state = _step(time, lengths, state, call, input_)
            outputs.append(output)
        return outputs, state


def _step(time: int, lengths: Any, state: Any, call: CellCall, input_: Any) -> Any:
    return ragged_step(time, *lengths, state, lambda: call(input_, state))


def _check_inputs(inputs: Any) -> None:
    if not nest.is_nested(inputs):
        raise TypeError("inputs must be a sequence")
    if not inputs:
        raise ValueError("inputs must not be empty")


def _rows(first: Any, inputs: Any) -> int | None:
    """The number of rows in each input, if known."""
    if first.get_shape().ndims == 1:  # numbers of words, for EmbeddingWrapper
        return first.get_shape().as_list()[0]
    rows = first.get_shape().with_rank_at_least(2).dims[0]
    for one in nest.flatten(inputs):
        shape = one.get_shape().with_rank_at_least(2)
        rows.merge_with(shape.dims[0])
        for i, size in enumerate(shape.as_list()[1:]):
            if size is None:
                raise ValueError(
                    f"Input size (dimension {i} of inputs) must be accessible via shape "
                    "inference, but saw value None."
                )
    return rows.value


def _lengths(cell: Any, lengths: Any, batch_size: Any, rows: int | None, dtype: Any) -> Any:
    """The lengths, their minimum and maximum, and the output of rows that have ended."""
    lengths = convert.convert_to_tensor(lengths, name="sequence_length")
    if lengths.get_shape().ndims not in (None, 1):
        raise ValueError("sequence_length must be a vector of length batch_size")

    def zeros(size: Any) -> Any:
        made = array_ops.zeros(array_ops.stack(joined_shape(batch_size, size)), dtype)
        made.set_shape(TensorShape(joined_static_shape(rows, size)))
        return made

    leaves = [zeros(size) for size in nest.flatten(cell.output_size)]
    zero_output = nest.pack_sequence_as(cell.output_size, leaves)
    lengths = math_ops.cast(lengths, dtypes.int32)
    shortest = math_ops.reduce_min(lengths)
    return lengths, shortest, math_ops.reduce_max(lengths), zero_output


@public("nn.static_state_saving_rnn", "contrib.rnn.static_state_saving_rnn")
def static_state_saving_rnn(
    cell: Any, inputs: Any, state_saver: Any, state_name: Any, sequence_length: Any = None,
    scope: Any = None,
) -> Any:
    """`static_rnn` from the state that `state_saver` holds, where the last one is saved again.

    Args:
      cell: the cell.
      inputs: a list of tensors [B, D], one a step.
      state_saver: an object with `state(name)` and `save_state(name, value)`.
      state_name: the name of the state there; a tuple of names if the state is a tuple.
      sequence_length: [B] integers.
      scope: the variable scope; default "rnn".

    Raises:
      TypeError: `cell` is no cell.
      ValueError: names and states differ in structure, or as `static_rnn`.
    """
    sizes = cell.state_size
    nested = nest.is_nested(sizes)
    if nested != nest.is_nested(state_name):
        raise ValueError(
            "state_name should be the same type as cell.state_size.  "
            f"state_name: {state_name}, cell.state_size: {sizes}"
        )
    names, flat_sizes = nest.flatten(state_name), nest.flatten(sizes)
    if len(names) != len(flat_sizes):
        raise ValueError(
            f"#elems(state_name) != #elems(state_size): {len(names)} vs. {len(flat_sizes)}"
        )
    first = nest.pack_sequence_as(sizes, [state_saver.state(name) for name in names])
    outputs, state = static_rnn(
        cell, inputs, initial_state=first, sequence_length=sequence_length, scope=scope
    )
    leaves = nest.flatten(state)
    saved = [state_saver.save_state(n, leaf) for n, leaf in zip(names, leaves, strict=True)]
    with scopes.control_dependencies(saved):
        outputs[-1] = nest.map_structure(array_ops.identity, outputs[-1])
        state = nest.pack_sequence_as(state, [array_ops.identity(leaf) for leaf in leaves])
    return outputs, state


def _reversed(inputs: Any, lengths: Any) -> list[Any]:
    """The inputs in the order of time reversed, each row by its own length."""
    if lengths is None:
        return list(reversed(inputs))
    results: list[list[Any]] = [[] for _ in inputs]
    for sequence in zip(*(nest.flatten(one) for one in inputs), strict=True):
        shape = unknown_shape(rank=sequence[0].get_shape().ndims)
        for one in sequence:
            shape.merge_with(one.get_shape())
            one.set_shape(shape)
        joined = array_ops.stack(sequence)
        turned = array_ops.unstack(array_ops.reverse_sequence(joined, lengths, 0, 1))
        for part, leaves in zip(turned, results, strict=True):
            part.set_shape(shape)
            leaves.append(part)
    return [
        nest.pack_sequence_as(one, leaves) for one, leaves in zip(inputs, results, strict=True)
    ]


@public("nn.static_bidirectional_rnn", "contrib.rnn.static_bidirectional_rnn")
def static_bidirectional_rnn(
    cell_fw: Any, cell_bw: Any, inputs: Any, initial_state_fw: Any = None,
    initial_state_bw: Any = None, dtype: Any = None, sequence_length: Any = None,
    scope: Any = None,
) -> Any:
    """(outputs, last forward state, last backward state): one cell runs forward, one backward.

    Args:
      cell_fw, cell_bw: the cells.
      inputs: a list of tensors [B, D], one a step.
      initial_state_fw, initial_state_bw: default: zeros of type `dtype`.
      dtype: the type of states and outputs.
      sequence_length: [B] integers.
      scope: the variable scope; default "bidirectional_rnn".

    Returns:
      As outputs a list with [B, forward output + backward output] for each step.

    Raises:
      TypeError, ValueError: as `static_rnn`.
    """
    assert_like_cell("cell_fw", cell_fw)
    assert_like_cell("cell_bw", cell_bw)
    _check_inputs(inputs)
    with variable_scope(scope or "bidirectional_rnn"):
        with variable_scope("fw") as inner:
            forward, state_fw = static_rnn(
                cell_fw, inputs, initial_state_fw, dtype, sequence_length, scope=inner
            )
        with variable_scope("bw") as inner:
            backward, state_bw = static_rnn(
                cell_bw, _reversed(inputs, sequence_length), initial_state_bw, dtype,
                sequence_length, scope=inner,
            )
    backward = _reversed(backward, sequence_length)
    pairs = zip(nest.flatten(forward), nest.flatten(backward), strict=True)
    outputs = [array_ops.concat([x, y], 1) for x, y in pairs]
    return nest.pack_sequence_as(forward, outputs), state_fw, state_bw
