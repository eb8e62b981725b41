"""`raw_rnn`: a loop over a cell where a function says each step's input, state and output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src import nest
from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.shapes import TensorShape, dimension_at_index
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops.tensor_array import TensorArray
from rekindle._src.ops.while_loop import while_loop
from rekindle._src.rnn.cell import assert_like_cell, joined_shape
from rekindle._src.rnn.steps import known_shape, loop_scope


@public("nn.raw_rnn")
def raw_rnn(
    cell: Any, loop_fn: Callable[..., Any], parallel_iterations: int | None = None,
    swap_memory: bool = False, scope: Any = None,
) -> Any:
    """(TensorArrays of what was emitted, last state, last loop state).

    Args:
      cell: the cell.
      loop_fn: (time, cell_output, cell_state, loop_state) -> (elements_finished [B], next_input,
        next_cell_state, emit_output, next_loop_state); called first with time 0 and None for the
        rest, for the initial input and state and for the structure of what is emitted (None: that
        of the cell's output).
      parallel_iterations: as for tf.while_loop; default 32.
      swap_memory: as for tf.while_loop.
      scope: the variable scope; default "rnn".

    Raises:
      TypeError: `cell` is no cell, or `loop_fn` no function.
      ValueError: structures differ between steps.
    """
    assert_like_cell("cell", cell)
    if not callable(loop_fn):
        raise TypeError("loop_fn must be a callable")
    with loop_scope(scope):
        time = convert.constant(0, dtype=dtypes.int32)
        finished, given, state, emitted, first_loop_state = loop_fn(time, None, None, None)
        loop_state = first_loop_state
        if loop_state is None:
            loop_state = convert.constant(0, dtype=dtypes.int32)
        flat_input = nest.flatten(given)
        rows = dimension_at_index(flat_input[0].get_shape(), 0)
        for one in flat_input:
            rows.merge_with(dimension_at_index(one.get_shape(), 0))
        batch_size = array_ops.shape(flat_input[0])[0] if rows.value is None else rows.value
        nest.assert_same_structure(state, cell.state_size)
        state = nest.map_structure(convert.convert_to_tensor, state)
        arrays, zeros = _emissions(cell, emitted, state, rows.value, batch_size)
        body = _body(cell, loop_fn, zeros)
        returned = while_loop(
            lambda time, finished, *_: math_ops.logical_not(math_ops.reduce_all(finished)),
            body, loop_vars=[time, finished, given, arrays, state, loop_state],
            parallel_iterations=parallel_iterations or 32, swap_memory=swap_memory,
        )
        arrays, state, loop_state = returned[-3:]
        return arrays, state, None if first_loop_state is None else loop_state


def _emissions(cell: Any, emitted: Any, state: Any, rows: int | None, batch_size: Any) -> Any:
    """The arrays of what is emitted, and the zeros of rows that have ended."""
    if emitted is None:
        structure = cell.output_size
        sizes = nest.flatten(structure)
        kinds = [nest.flatten(state)[0].dtype] * len(sizes)
    else:
        structure = emitted
        leaves = nest.flatten(emitted)
        sizes = [
            leaf.shape if leaf.shape.is_fully_defined() else array_ops.shape(leaf)
            for leaf in leaves
        ]
        kinds = [leaf.dtype for leaf in leaves]
    arrays = [
        TensorArray(
            dtype=dtype, dynamic_size=True, size=0, name=f"rnn_output_{i}",
            element_shape=TensorShape([rows]).concatenate(known_shape(size)),
        )
        for i, (dtype, size) in enumerate(zip(kinds, sizes, strict=True))
    ]
    packed = nest.pack_sequence_as(structure, arrays)
    zeros = [
        array_ops.zeros(joined_shape(batch_size, size), dtype)
        for size, dtype in zip(sizes, kinds, strict=True)
    ]
    return packed, nest.pack_sequence_as(structure, zeros)


def _body(cell: Any, loop_fn: Callable[..., Any], zeros: Any) -> Callable[..., Any]:
    def body(
        time: Any, finished: Any, given: Any, arrays: Any, state: Any, loop_state: Any
    ) -> Any:
        output, cell_state = cell(given, state)
        nest.assert_same_structure(state, cell_state)
        nest.assert_same_structure(cell.output_size, output)
        following = time + 1
        ended, next_input, next_state, emitted, next_loop_state = loop_fn(
            following, output, cell_state, loop_state
        )
        nest.assert_same_structure(state, next_state)
        nest.assert_same_structure(given, next_input)
        nest.assert_same_structure(arrays, emitted)
        loop_state = loop_state if next_loop_state is None else next_loop_state

        def chosen(old: Any, new: Any) -> Any:
            if isinstance(old, TensorArray) or old.shape.ndims == 0:
                return new
            with scopes.colocate_with(new):
                return array_ops.where(finished, old, new)

        emitted = nest.map_structure(chosen, zeros, emitted)
        next_state = nest.map_structure(chosen, state, next_state)
        arrays = nest.map_structure(lambda array, one: array.write(time, one), arrays, emitted)
        ended = math_ops.logical_or(finished, ended)
        return following, ended, next_input, arrays, next_state, loop_state

    return body
