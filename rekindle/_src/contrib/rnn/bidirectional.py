"""Bidirectional networks one upon the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.rnn.dynamic import bidirectional_dynamic_rnn
from rekindle._src.rnn.static import static_bidirectional_rnn
from rekindle._src.state.variable_scope import variable_scope


def _check(cells_fw: Any, cells_bw: Any, states_fw: Any, states_bw: Any) -> None:
    for word, cells in (("fw", cells_fw), ("bw", cells_bw)):
        if not cells:
            raise ValueError(f"Must specify at least one {word} cell for BidirectionalRNN.")
    for word, cells in (("fw", cells_fw), ("bw", cells_bw)):
        if not isinstance(cells, list):
            raise ValueError(f"cells_{word} must be a list of RNNCells (one per layer).")
    if len(cells_fw) != len(cells_bw):
        raise ValueError("Forward and Backward cells must have the same depth.")
    for word, states in (("fw", states_fw), ("bw", states_bw)):
        if states is not None and (not isinstance(states, list) or len(states) != len(cells_fw)):
            raise ValueError(f"initial_states_{word} must be a list of state tensors (one per layer).")


def _layers(cells_fw: Any, cells_bw: Any, states_fw: Any, states_bw: Any) -> Iterator[Any]:
    """The cells and states of each layer, inside its scope."""
    for i, cells in enumerate(zip(cells_fw, cells_bw, strict=True)):
        states = [given[i] if given else None for given in (states_fw, states_bw)]
        with variable_scope(f"cell_{i}") as opened:
            yield *cells, *states, opened


@public("contrib.rnn.stack_bidirectional_rnn")
def stack_bidirectional_rnn(
    cells_fw: Any, cells_bw: Any, inputs: Any, initial_states_fw: Any = None,
    initial_states_bw: Any = None, dtype: Any = None, sequence_length: Any = None,
    scope: Any = None,
) -> Any:
    """(outputs, forward states, backward states): each layer sees both directions of the one before.

    Args:
      cells_fw, cells_bw: a list of cells, one a layer.
      inputs: a list of tensors [B, D], one a step.
      initial_states_fw, initial_states_bw: a state for each layer; default: zeros of type `dtype`.
      dtype: the type of states and outputs.
      sequence_length: [B] integers.
      scope: the variable scope; default "stack_bidirectional_rnn".

    Raises:
      ValueError: cells or states are no lists, or differ in number.
    """
    _check(cells_fw, cells_bw, initial_states_fw, initial_states_bw)
    ends_fw, ends_bw = [], []
    outputs = inputs
    with variable_scope(scope or "stack_bidirectional_rnn"):
        for cell_fw, cell_bw, state_fw, state_bw, opened in _layers(
            cells_fw, cells_bw, initial_states_fw, initial_states_bw
        ):
            outputs, end_fw, end_bw = static_bidirectional_rnn(
                cell_fw, cell_bw, outputs, initial_state_fw=state_fw, initial_state_bw=state_bw,
                sequence_length=sequence_length, dtype=dtype, scope=opened,
            )
            ends_fw.append(end_fw)
            ends_bw.append(end_bw)
    return outputs, tuple(ends_fw), tuple(ends_bw)


@public("contrib.rnn.stack_bidirectional_dynamic_rnn")
def stack_bidirectional_dynamic_rnn(
    cells_fw: Any, cells_bw: Any, inputs: Any, initial_states_fw: Any = None,
    initial_states_bw: Any = None, dtype: Any = None, sequence_length: Any = None,
    parallel_iterations: int | None = None, time_major: bool = False, scope: Any = None,
    swap_memory: bool = False,
) -> Any:
    """(outputs [B, T, O], forward states, backward states): `stack_bidirectional_rnn` by loops in the graph.

    Args:
      cells_fw, cells_bw: a list of cells, one a layer.
      inputs: [B, T, D].
      initial_states_fw, initial_states_bw: a state for each layer; default: zeros of type `dtype`.
      dtype: the type of states and outputs.
      sequence_length: [B] integers.
      parallel_iterations, swap_memory: as for tf.while_loop.
      time_major: inputs and outputs are [T, B, ...].
      scope: the variable scope; default "stack_bidirectional_rnn".

    Raises:
      ValueError: cells or states are no lists, or differ in number.
    """
    _check(cells_fw, cells_bw, initial_states_fw, initial_states_bw)
    ends_fw, ends_bw = [], []
    outputs = inputs
    with variable_scope(scope or "stack_bidirectional_rnn"):
        for cell_fw, cell_bw, state_fw, state_bw, _ in _layers(
            cells_fw, cells_bw, initial_states_fw, initial_states_bw
        ):
            both, (end_fw, end_bw) = bidirectional_dynamic_rnn(
                cell_fw, cell_bw, outputs, initial_state_fw=state_fw, initial_state_bw=state_bw,
                sequence_length=sequence_length, parallel_iterations=parallel_iterations,
                dtype=dtype, swap_memory=swap_memory, time_major=time_major,
            )
            outputs = array_ops.concat(both, 2)
            ends_fw.append(end_fw)
            ends_bw.append(end_bw)
    return outputs, tuple(ends_fw), tuple(ends_bw)
