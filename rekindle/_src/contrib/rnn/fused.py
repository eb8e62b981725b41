"""Networks that run over a whole sequence [T, B, D], as LSTMBlockFusedCell does."""

from __future__ import annotations

import abc
from typing import Any

from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.rnn.dynamic import dynamic_rnn
from rekindle._src.rnn.static import static_rnn


@public("contrib.rnn.FusedRNNCell")
class FusedRNNCell(abc.ABC):
    """A network over whole sequences; subclasses say `__call__`."""

    @abc.abstractmethod
    def __call__(
        self, inputs: Any, initial_state: Any = None, dtype: Any = None,
        sequence_length: Any = None, scope: Any = None,
    ) -> Any:
        """(outputs, last state) of inputs [T, B, D], or of a list of [B, D].

        Args:
          inputs: the inputs.
          initial_state: default: zeros of type `dtype`.
          dtype: the type of states and outputs.
          sequence_length: [B] integers.
          scope: the variable scope.
        """


@public("contrib.rnn.FusedRNNCellAdaptor")
class FusedRNNCellAdaptor(FusedRNNCell):
    """A cell as a network over whole sequences.

    Args:
      cell: the cell.
      use_dynamic_rnn: run it by tf.nn.dynamic_rnn; default: by tf.nn.static_rnn.
    """

    def __init__(self, cell: Any, use_dynamic_rnn: bool = False) -> None:
        self._cell = cell
        self._use_dynamic_rnn = use_dynamic_rnn

    def __call__(
        self, inputs: Any, initial_state: Any = None, dtype: Any = None,
        sequence_length: Any = None, scope: Any = None,
    ) -> Any:
        """(outputs, last state); see FusedRNNCell."""
        is_list = isinstance(inputs, list)
        settings = {
            "initial_state": initial_state, "dtype": dtype, "sequence_length": sequence_length,
            "scope": scope,
        }  # fmt: skip
        if self._use_dynamic_rnn:
            if is_list:
                inputs = array_ops.stack(inputs)
            outputs, state = dynamic_rnn(self._cell, inputs, time_major=True, **settings)
            return array_ops.unstack(outputs) if is_list else outputs, state
        if not is_list:
            inputs = array_ops.unstack(inputs)
        outputs, state = static_rnn(self._cell, inputs, **settings)
        return outputs if is_list else array_ops.stack(outputs), state


@public("contrib.rnn.TimeReversedFusedRNN")
class TimeReversedFusedRNN(FusedRNNCell):
    """A network over whole sequences that runs backwards in time.

    Args:
      cell: a FusedRNNCell.
    """

    def __init__(self, cell: Any) -> None:
        self._cell = cell

    def __call__(
        self, inputs: Any, initial_state: Any = None, dtype: Any = None,
        sequence_length: Any = None, scope: Any = None,
    ) -> Any:
        """(outputs, state after the first input); see FusedRNNCell."""
        outputs, state = self._cell(
            _reversed(inputs, sequence_length), initial_state=initial_state, dtype=dtype,
            sequence_length=sequence_length, scope=scope,
        )
        return _reversed(outputs, sequence_length), state


def _reversed(x: Any, lengths: Any) -> Any:
    if isinstance(x, list):
        return list(reversed(x))
    if lengths is None:
        return array_ops.reverse_v2(x, [0])
    return array_ops.reverse_sequence(x, lengths, 0, 1)
