"""Cells with few parts: UGRNNCell, IntersectionRNNCell, SRUCell, MinimalRNNCell, CFNCell."""

from __future__ import annotations

from typing import Any

from rekindle._src.contrib.rnn.linear import Linear, RecurrentCell, known_depth
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.layers.input_spec import InputSpec
from rekindle._src.layers.named import get_activation, get_initializer
from rekindle._src.names import public
from rekindle._src.ops import activation as activation_ops
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import bias as bias_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.rnn.cell import LayerRNNCell
from rekindle._src.state import initializers
from rekindle._src.state.variable_scope import get_variable_scope, variable_scope


def known_columns(shape: Any) -> int:
    """The last size of the inputs' shape.

    Raises:
      ValueError: it is not known.
    """
    depth = TensorShape(shape).as_list()[-1]
    if depth is None:
        raise ValueError(f"Expected inputs.shape[-1] to be known, saw shape: {shape}")
    return depth


@public("contrib.rnn.UGRNNCell")
class UGRNNCell(RecurrentCell):
    """A cell with one gate between its state and a candidate.

    Args:
      num_units: the size of state and output.
      initializer: of all variables; default: the scope's.
      forget_bias: added to the gate.
      activation: of the candidate.
      reuse: reuse existing variables.

    Source: Collins, Sohl-Dickstein and Sussillo, Capacity and Trainability in Recurrent Neural Networks, 2016.
    """

    def __init__(
        self, num_units: int, initializer: Any = None, forget_bias: float = 1.0,
        activation: Any = math_ops.tanh, reuse: Any = None,
    ) -> None:
        super().__init__(num_units, reuse)
        self._initializer = initializer
        self._forget_bias = forget_bias
        self._activation = activation
        self._linear: Linear | None = None

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        known_depth(inputs)
        with variable_scope(get_variable_scope(), initializer=self._initializer):
            given = array_ops.concat([inputs, state], 1)
            if self._linear is None:
                self._linear = Linear(given, 2 * self._num_units, True)
            parts = array_ops.split(axis=1, num_or_size_splits=2, value=self._linear(given))
            gate, candidate = parts
            c = self._activation(candidate)
            g = math_ops.sigmoid(gate + self._forget_bias)
            new = g * state + (1.0 - g) * c
        return new, new


@public("contrib.rnn.IntersectionRNNCell")
class IntersectionRNNCell(RecurrentCell):
    """A cell with one gate for its state and one between its inputs and its output, for deep stacks.

    Args:
      num_units: the size of state and output.
      num_in_proj: project inputs of another size; default: they must have size `num_units`.
      initializer: of all variables; default: the scope's.
      forget_bias: added to both gates.
      y_activation: of the candidate of the output.
      reuse: reuse existing variables.

    Source: Collins, Sohl-Dickstein and Sussillo, Capacity and Trainability in Recurrent Neural Networks, 2016.
    """

    def __init__(
        self, num_units: int, num_in_proj: int | None = None, initializer: Any = None,
        forget_bias: float = 1.0, y_activation: Any = activation_ops.relu, reuse: Any = None,
    ) -> None:
        super().__init__(num_units, reuse)
        self._initializer = initializer
        self._forget_bias = forget_bias
        self._num_input_proj = num_in_proj
        self._y_activation = y_activation
        self._projection: Linear | None = None
        self._linear: Linear | None = None

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        units = self._num_units
        depth = known_depth(inputs)
        with variable_scope(get_variable_scope(), initializer=self._initializer):
            if depth != units:
                inputs = self._projected(inputs)
            given = array_ops.concat([inputs, state], 1)
            if self._linear is None:
                self._linear = Linear(given, 4 * units, True)
            whole = self._linear(given)
            state_gate = whole[:, :units]
            candidate = whole[:, units : 2 * units]
            output_gate = whole[:, 2 * units : 3 * units]
            shown = whole[:, 3 * units : 4 * units]
            h = math_ops.tanh(candidate)
            y = self._y_activation(shown)
            gh = math_ops.sigmoid(state_gate + self._forget_bias)
            gy = math_ops.sigmoid(output_gate + self._forget_bias)
            new = gh * state + (1.0 - gh) * h
            output = gy * inputs + (1.0 - gy) * y
        return output, new

    def _projected(self, inputs: Any) -> Any:
        if not self._num_input_proj:
            raise ValueError(
                "Must have input size == output size for Intersection RNN. To fix, num_in_proj should be "
                "set to num_units at cell init."
            )
        with variable_scope("in_projection"):
            if self._projection is None:
                self._projection = Linear(inputs, self._num_units, True)
            return self._projection(inputs)


class SimpleCell(LayerRNNCell):
    """A cell of inputs [B, D] whose state and output have one size."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = units

    @property
    def state_size(self) -> Any:
        """The size of the state."""
        return self._num_units

    @property
    def output_size(self) -> Any:
        """The size of the output."""
        return self._num_units


@public("contrib.rnn.SRUCell")
class SRUCell(SimpleCell):
    """A cell whose matrices see the inputs only, not the state.

    Args:
      num_units: the size of state and output.
      activation: default: tanh.
      reuse: reuse existing variables.
      name: the name of the cell and its scope.

    Source: Lei, Zhang and Artzi, Training RNNs as Fast as CNNs, 2017.
    """

    def __init__(
        self, num_units: int, activation: Any = None, reuse: Any = None, name: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, _reuse=reuse, name=name, **kwargs)
        self._activation = activation or math_ops.tanh

    def build(self, inputs_shape: Any) -> None:
        """Make kernel and bias."""
        depth, units = known_columns(inputs_shape), self._num_units
        self._kernel = self.add_variable("kernel", shape=[depth, 4 * units])
        self._bias = self.add_variable("bias", shape=[2 * units], initializer=initializers.Zeros())
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        product = math_ops.matmul(inputs, self._kernel)
        x_bar, f, r, x = array_ops.split(value=product, num_or_size_splits=4, axis=1)
        gates = bias_ops.bias_add(array_ops.concat([f, r], 1), self._bias)
        f, r = array_ops.split(value=math_ops.sigmoid(gates), num_or_size_splits=2, axis=1)
        c = f * state + (1.0 - f) * x_bar
        h = r * self._activation(c) + (1.0 - r) * x
        return h, c


class MinimalRNNCell(SimpleCell):
    """A cell whose state moves towards a function of the inputs alone.

    Args:
      units: the size of state and output.
      activation: of the inputs' map: a function or its name.
      kernel_initializer, bias_initializer: initializers or their names.
      name: the name of the cell and its scope.
      dtype: the type of the variables; default: that of the first input.

    Source: Chen, MinimalRNN: Toward More Interpretable and Trainable Recurrent Neural Networks, 2017.
    """

    def __init__(
        self, units: int, activation: Any = "tanh", kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "ones", name: Any = None, dtype: Any = None, **kwargs: Any,
    ) -> None:
        super().__init__(units, name=name, dtype=dtype, **kwargs)
        self.units = units
        self.activation = get_activation(activation)
        self.kernel_initializer = get_initializer(kernel_initializer)
        self.bias_initializer = get_initializer(bias_initializer)

    def build(self, inputs_shape: Any) -> None:
        """Make kernel and bias."""
        self._depth, units = known_columns(inputs_shape), self.units
        self.kernel = self.add_weight(
            name="kernel", shape=[self._depth + 2 * units, units], initializer=self.kernel_initializer
        )
        self.bias = self.add_weight(name="bias", shape=[units], initializer=self.bias_initializer)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        sizes = [known_depth(inputs), 2 * self.units]
        forward, gate = array_ops.split(value=self.kernel, num_or_size_splits=sizes, axis=0)
        seen = self.activation(math_ops.matmul(inputs, forward))
        kept = bias_ops.bias_add(math_ops.matmul(array_ops.concat([seen, state], 1), gate), self.bias)
        u = math_ops.sigmoid(kept)
        new = u * state + (1 - u) * seen
        return new, new


class CFNCell(SimpleCell):
    """A cell without chaotic dynamics: two gates, and no matrix between states but in them.

    Args:
      units: the size of state and output.
      activation: of state and inputs: a function or its name.
      kernel_initializer, bias_initializer: initializers or their names.
      name: the name of the cell and its scope.
      dtype: the type of the variables; default: that of the first input.

    Source: Laurent and von Brecht, A Recurrent Neural Network without Chaos, 2016.
    """

    def __init__(
        self, units: int, activation: Any = "tanh", kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "ones", name: Any = None, dtype: Any = None, **kwargs: Any,
    ) -> None:
        super().__init__(units, name=name, dtype=dtype, **kwargs)
        self.units = units
        self.activation = get_activation(activation)
        self.kernel_initializer = get_initializer(kernel_initializer)
        self.bias_initializer = get_initializer(bias_initializer)

    def build(self, inputs_shape: Any) -> None:
        """Make the kernels and the bias."""
        depth, units = known_columns(inputs_shape), self.units
        self.kernel = self.add_weight(
            shape=[depth, 3 * units], name="kernel", initializer=self.kernel_initializer
        )
        self.recurrent_kernel = self.add_weight(
            shape=[units, 2 * units], name="recurrent_kernel", initializer=self.kernel_initializer
        )
        self.bias = self.add_weight(shape=[2 * units], name="bias", initializer=self.bias_initializer)
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        known_depth(inputs)
        sizes = [2 * self.units, self.units]
        v, w = array_ops.split(value=self.kernel, num_or_size_splits=sizes, axis=1)
        gates = math_ops.matmul(state, self.recurrent_kernel) + math_ops.matmul(inputs, v)
        gates = math_ops.sigmoid(bias_ops.bias_add(gates, self.bias))
        theta, eta = array_ops.split(value=gates, num_or_size_splits=2, axis=1)
        taken = math_ops.matmul(inputs, w)
        new = theta * self.activation(state) + (1 - eta) * self.activation(taken)
        return new, new
