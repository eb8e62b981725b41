"""Cells whose units see of the state their own element only: IndRNNCell, IndyGRUCell, IndyLSTMCell."""

from __future__ import annotations

from typing import Any

from rekindle._src.contrib.rnn.small import SimpleCell, known_columns
from rekindle._src.graph import convert, dtypes
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import bias as bias_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.rnn.gated import LSTMStateTuple
from rekindle._src.state import initializers


class IndependentCell(SimpleCell):
    """A cell with kernels for the inputs [D, units] and vectors for the state [1, units]."""

    def __init__(
        self, num_units: int, activation: Any, reuse: Any, kernel_initializer: Any,
        bias_initializer: Any, name: Any, dtype: Any,
    ) -> None:  # fmt: skip
        super().__init__(num_units, _reuse=reuse, name=name, dtype=dtype)
        self._activation = activation or math_ops.tanh
        self._kernel_initializer = kernel_initializer
        self._bias_initializer = bias_initializer

    def _add(self, names: tuple[str, str, str], depth: int, width: int, offset: Any) -> Any:
        """(kernel, vector, bias) under their names."""
        kernel, vector, bias = names
        size = width * self._num_units
        made = self.add_variable(kernel, shape=[depth, size], initializer=self._kernel_initializer)
        uniform = initializers.RandomUniform(minval=-1, maxval=1, dtype=self.dtype)
        of_state = self.add_variable(vector, shape=[1, size], initializer=uniform)
        given = self._bias_initializer
        added = self.add_variable(bias, shape=[size], initializer=offset if given is None else given)
        return made, of_state, added


@public("contrib.rnn.IndRNNCell")
class IndRNNCell(IndependentCell):
    """output = new state = activation(inputs kernel + state * vector + bias).

    Args:
      num_units: the size of state and output.
      activation: default: tanh.
      reuse: reuse existing variables.
      name: the name of the cell and its scope.
      dtype: the type of the variables; default: that of the first input.

    Source: Li et al., Independently Recurrent Neural Network, 2018.
    """

    def __init__(
        self, num_units: int, activation: Any = None, reuse: Any = None, name: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(num_units, activation, reuse, None, None, name, dtype)

    def build(self, inputs_shape: Any) -> None:
        """Make kernel, vector and bias."""
        zeros = initializers.Zeros(dtype=self.dtype)
        names = ("kernel_w", "kernel_u", "bias")
        self._parts = self._add(names, known_columns(inputs_shape), 1, zeros)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        kernel, vector, bias = self._parts
        summed = math_ops.matmul(inputs, kernel) + state * vector
        output = self._activation(bias_ops.bias_add(summed, bias))
        return output, output


@public("contrib.rnn.IndyGRUCell")
class IndyGRUCell(IndependentCell):
    """A gated recurrent unit of independent units.

    Args:
      num_units: the size of state and output.
      activation: default: tanh.
      reuse: reuse existing variables.
      kernel_initializer: of the kernels; default: the scope's.
      bias_initializer: default: 1 for the gates, 0 for the candidate.
      name: the name of the cell and its scope.
      dtype: the type of the variables; default: that of the first input.

    Source: Gonnet and Deselaers, IndyLSTMs: Independently Recurrent LSTMs, 2019.
    """

    def __init__(
        self, num_units: int, activation: Any = None, reuse: Any = None,
        kernel_initializer: Any = None, bias_initializer: Any = None, name: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            num_units, activation, reuse, kernel_initializer, bias_initializer, name, dtype
        )

    def build(self, inputs_shape: Any) -> None:
        """Make kernels, vectors and biases of the gates and the candidate."""
        depth = known_columns(inputs_shape)
        ones = initializers.Constant(1.0, dtype=self.dtype)
        names = ("gates/kernel_w", "gates/kernel_u", "gates/bias")
        self._gate_parts = self._add(names, depth, 2, ones)
        zeros = initializers.Zeros(dtype=self.dtype)
        names = ("candidate/kernel", "candidate/kernel_u", "candidate/bias")
        self._candidate_parts = self._add(names, depth, 1, zeros)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        kernel, vector, bias = self._gate_parts
        gates = math_ops.matmul(inputs, kernel) + array_ops.tile(state, [1, 2]) * vector
        gates = math_ops.sigmoid(bias_ops.bias_add(gates, bias))
        r, u = array_ops.split(value=gates, num_or_size_splits=2, axis=1)
        reset = r * state
        kernel, vector, bias = self._candidate_parts
        candidate = math_ops.matmul(inputs, kernel) + reset * vector
        c = self._activation(bias_ops.bias_add(candidate, bias))
        new = u * state + (1 - u) * c
        return new, new


@public("contrib.rnn.IndyLSTMCell")
class IndyLSTMCell(IndependentCell):
    """An LSTM of independent units.

    Args:
      num_units: the size of memory and output.
      forget_bias: added to the forget gate.
      activation: default: tanh.
      reuse: reuse existing variables.
      kernel_initializer: of the kernel; default: the scope's.
      bias_initializer: default: 0.
      name: the name of the cell and its scope.
      dtype: the type of the variables; default: that of the first input.

    Source: Gonnet and Deselaers, IndyLSTMs: Independently Recurrent LSTMs, 2019.
    """

    def __init__(
        self, num_units: int, forget_bias: float = 1.0, activation: Any = None, reuse: Any = None,
        kernel_initializer: Any = None, bias_initializer: Any = None, name: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            num_units, activation, reuse, kernel_initializer, bias_initializer, name, dtype
        )
        self._forget_bias = forget_bias

    @property
    def state_size(self) -> Any:
        """The sizes of memory and output."""
        return LSTMStateTuple(self._num_units, self._num_units)

    def build(self, inputs_shape: Any) -> None:
        """Make kernel, vector and bias."""
        zeros = initializers.Zeros(dtype=self.dtype)
        names = ("kernel_w", "kernel_u", "bias")
        self._parts = self._add(names, known_columns(inputs_shape), 4, zeros)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        one = convert.constant(1, dtype=dtypes.int32)
        c, h = state
        kernel, vector, bias = self._parts
        gates = math_ops.matmul(inputs, kernel)
        gates += array_ops.tile(h, [1, 4]) * vector
        gates = bias_ops.bias_add(gates, bias)
        i, j, f, o = array_ops.split(value=gates, num_or_size_splits=4, axis=one)
        forget_bias = convert.constant(self._forget_bias, dtype=f.dtype)
        kept = math_ops.multiply(c, math_ops.sigmoid(math_ops.add(f, forget_bias)))
        c = math_ops.add(kept, math_ops.multiply(math_ops.sigmoid(i), self._activation(j)))
        h = math_ops.multiply(self._activation(c), math_ops.sigmoid(o))
        return h, LSTMStateTuple(c, h)
