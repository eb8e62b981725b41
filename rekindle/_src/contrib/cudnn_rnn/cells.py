"""Cells that run checkpoints of cuDNN's recurrent networks anywhere.

The networks themselves (CudnnLSTM, CudnnGRU, ...) are not here: TensorFlow has them for GPUs only.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.contrib.rnn.lstm_blocks import LSTMBlockCell
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import bias as bias_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.rnn.gated import GRUCell, affine
from rekindle._src.state import initializers


@public("contrib.cudnn_rnn.CudnnCompatibleLSTMCell")
class CudnnCompatibleLSTMCell(LSTMBlockCell):
    """An LSTM as cuDNN has it: without forget bias, clipping and peepholes.

    Args:
      num_units: the size of memory and output.
      reuse: reuse existing variables.
    """

    def __init__(self, num_units: int, reuse: Any = None) -> None:
        super().__init__(num_units, forget_bias=0, reuse=reuse, name="cudnn_compatible_lstm_cell")


@public("contrib.cudnn_rnn.CudnnCompatibleGRUCell")
class CudnnCompatibleGRUCell(GRUCell):
    """A gated recurrent unit as cuDNN has it: the candidate is reset behind the state's matrix, not before.

    Args:
      num_units: the size of state and output.
      reuse: reuse existing variables.
      kernel_initializer: default: the scope's.
    """

    def __init__(self, num_units: int, reuse: Any = None, kernel_initializer: Any = None) -> None:
        super().__init__(num_units, reuse=reuse, kernel_initializer=kernel_initializer)

    def build(self, inputs_shape: Any) -> None:
        """Make the kernels and biases of the gates and of both parts of the candidate."""
        units, depth = self._num_units, self.input_depth(inputs_shape)
        ones = initializers.Constant(1.0, dtype=self._known_dtype())
        self._gate_kernel = self._kernel("gates", depth + units, 2 * units)
        self._gate_bias = self._offset("gates", 2 * units, ones)
        inputs, hidden = "candidate/input_projection", "candidate/hidden_projection"
        self._input_kernel = self._kernel(inputs, depth, units)
        self._hidden_kernel = self._kernel(hidden, units, units)
        self._input_bias = self._offset(inputs, units, self.zeros())
        self._hidden_bias = self._offset(hidden, units, self.zeros())
        self.built = True

    def _kernel(self, name: str, rows: int, columns: int) -> Any:
        return self.add_variable(
            f"{name}/kernel", shape=[rows, columns], initializer=self._kernel_initializer
        )

    def _offset(self, name: str, size: int, initializer: Any) -> Any:
        return self.add_variable(f"{name}/bias", shape=[size], initializer=initializer)

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        gates = math_ops.sigmoid(affine([inputs, state], self._gate_kernel, self._gate_bias))
        r, u = array_ops.split(value=gates, num_or_size_splits=2, axis=1)
        candidate = math_ops.matmul(inputs, self._input_kernel)
        candidate = bias_ops.bias_add(candidate, self._input_bias)
        hidden = math_ops.matmul(state, self._hidden_kernel)
        candidate += r * bias_ops.bias_add(hidden, self._hidden_bias)
        candidate = self._activation(candidate)
        new = (1 - u) * candidate + u * state
        return new, new
