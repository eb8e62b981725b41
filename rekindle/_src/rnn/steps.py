"""What the loops over cells share: batch sizes, types, cached variables, steps of ragged batches."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from rekindle._src import nest
from rekindle._src.graph import constants, scopes
from rekindle._src.graph.shapes import as_shape
from rekindle._src.graph.tensor import Tensor
from rekindle._src.layers.base import Layer
from rekindle._src.ops import array as array_ops
from rekindle._src.ops.cond import cond
from rekindle._src.ops.tensor_array import TensorArray
from rekindle._src.rnn.cell import RNNCell
from rekindle._src.state.variable_scope import VariableScope, variable_scope


@contextlib.contextmanager
def loop_scope(scope: Any) -> Iterator[VariableScope]:
    """The variable scope of a loop, whose variables are read once, not in every step."""
    with variable_scope(scope or "rnn") as opened:
        cache_variables(opened)
        yield opened


def cache_variables(scope: VariableScope) -> None:
    """Let the variables of a scope be read once, where they are used."""
    if scope.caching_device is None and not _in_while_loop():
        scope.set_caching_device(lambda op: op.device)


def _in_while_loop() -> bool:
    # A loop around may update variables, which a copy made once would hide.
    context = scopes.get_default_graph()._get_control_flow_context()
    while context is not None:
        if context.IsWhileContext():
            return True
        context = context.outer_context
    return False


def state_dtype(dtype: Any, state: Any) -> Any:
    """`dtype`, or where it is None, the one of the state's tensors.

    Raises:
      ValueError: the tensors differ in type, or there are none.
    """
    if dtype is not None:
        return dtype
    if not nest.is_nested(state):
        return state.dtype
    found = [leaf.dtype for leaf in nest.flatten(state)]
    if not found:
        raise ValueError("Unable to infer dtype from empty state.")
    if any(one != found[0] for one in found):
        raise ValueError(
            "State has tensors of different inferred_dtypes. Unable to infer a single "
            "representative dtype."
        )
    return found[0]


def first_state(cell: Any, batch_size: Any, dtype: Any) -> Any:
    """The state that a cell starts from."""
    if getattr(cell, "get_initial_state", None) is not None:
        return cell.get_initial_state(inputs=None, batch_size=batch_size, dtype=dtype)
    return cell.zero_state(batch_size, dtype)


def known_shape(size: Any) -> Any:
    """The shape that a size means, as far as it is known."""
    if isinstance(size, Tensor):
        value = constants.constant_value(size)
        return as_shape(None if value is None else value.tolist())
    return size


class CellCall:
    """Calls of a cell, with states as it wants them: Keras cells take and give lists."""

    def __init__(self, cell: Any) -> None:
        self.cell = cell
        self.listed = (
            isinstance(cell, Layer)
            and not isinstance(cell, RNNCell)
            and getattr(cell, "zero_state", None) is None
        )

    def __call__(self, inputs: Any, state: Any) -> Any:
        """The output and the new state."""
        alone = self.listed and not nest.is_nested(state)
        output, new = self.cell(inputs, [state] if alone else state)
        return output, new[0] if alone else new


def ragged_step(
    time: Any, lengths: Any, shortest: Any, longest: Any, zero_output: Any, state: Any,
    call: Callable[[], Any], always_copy: bool = False,
) -> Any:
    """One step of a batch whose rows end at different times: past its end, a row gives zeros and
    keeps its state.

    Args:
      time: the number of the step.
      lengths: [B] int32.
      shortest, longest: the smallest and the largest length.
      zero_output: zeros in the structure of the output.
      state: the state before.
      call: makes the step: () -> (output, new state).
      always_copy: do not ask whether all or no rows have ended.
    """
    flat_state, flat_zeros = nest.flatten(state), nest.flatten(zero_output)
    ended = time >= lengths

    def chosen(old: Any, new: Any) -> Any:
        if isinstance(old, TensorArray) or old.shape.ndims == 0:
            return new
        with scopes.colocate_with(new):
            return array_ops.where(ended, old, new)

    def copied(outputs: list[Any], states: list[Any]) -> list[Any]:
        outputs = [chosen(old, new) for old, new in zip(flat_zeros, outputs, strict=True)]
        return outputs + [chosen(old, new) for old, new in zip(flat_state, states, strict=True)]

    def made() -> tuple[list[Any], list[Any]]:
        output, new = call()
        nest.assert_same_structure(zero_output, output)
        nest.assert_same_structure(state, new)
        return nest.flatten(output), nest.flatten(new)

    def computed() -> Any:
        outputs, states = made()
        return cond(time < shortest, lambda: outputs + states, lambda: copied(outputs, states))

    if always_copy:
        found = copied(*made())
    else:
        found = cond(time >= longest, lambda: flat_zeros + flat_state, computed)
    outputs, states = found[: len(flat_zeros)], found[len(flat_zeros) :]
    for new, old in zip(list(outputs) + list(states), flat_zeros + flat_state, strict=True):
        if not isinstance(new, TensorArray):
            new.set_shape(old.get_shape())
    return nest.pack_sequence_as(zero_output, outputs), nest.pack_sequence_as(state, states)
