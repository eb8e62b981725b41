"""Cells with an LSTM's state: NASCell, PhasedLSTMCell, GLSTMCell, and those of convolutions."""

from __future__ import annotations

from typing import Any

from rekindle._src.contrib.rnn.linear import Linear, MemoryCell, known_rows
from rekindle._src.graph import dtypes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.names import public
from rekindle._src.ops import activation as activation_ops
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import bias as bias_ops
from rekindle._src.ops import conv as conv_ops
from rekindle._src.ops import conv3d as conv3d_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import random as random_ops
from rekindle._src.rnn.cell import LayerRNNCell, RNNCell
from rekindle._src.rnn.gated import LSTMStateTuple
from rekindle._src.state import initializers
from rekindle._src.state.variable_scope import get_variable, get_variable_scope, variable_scope


@public("contrib.rnn.NASCell")
class NASCell(LayerRNNCell):
    """A cell that a search over architectures found.

    Args:
      num_units: the size of the memory.
      num_proj: the size of the output; default: no projection.
      use_bias: add biases.
      reuse: reuse existing variables.

    Source: Zoph and Le, Neural Architecture Search with Reinforcement Learning, 2016.
    """

    _PARTS = 8

    def __init__(
        self, num_units: int, num_proj: int | None = None, use_bias: bool = False,
        reuse: Any = None, **kwargs: Any,
    ) -> None:
        super().__init__(_reuse=reuse, **kwargs)
        self._num_units = num_units
        self._num_proj = num_proj
        self._use_bias = use_bias

    @property
    def state_size(self) -> Any:
        """The sizes of memory and output."""
        return LSTMStateTuple(self._num_units, self.output_size)

    @property
    def output_size(self) -> Any:
        """The size of the output."""
        return self._num_units if self._num_proj is None else self._num_proj

    def build(self, inputs_shape: Any) -> None:
        """Make kernels, bias and projection."""
        depth = TensorShape(inputs_shape).with_rank(2).as_list()[1]
        if depth is None:
            raise ValueError("Could not infer input size from inputs.get_shape()[-1]")
        units = self._PARTS * self._num_units
        self.recurrent_kernel = self.add_variable("recurrent_kernel", [self.output_size, units])
        self.kernel = self.add_variable("kernel", [depth, units])
        if self._use_bias:
            self.bias = self.add_variable("bias", shape=[units], initializer=initializers.Zeros())
        if self._num_proj is not None:
            self.projection_weights = self.add_variable(
                "projection_weights", [self._num_units, self._num_proj]
            )
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        c, m = state
        sigmoid, tanh, relu = math_ops.sigmoid, math_ops.tanh, activation_ops.relu
        of_state = math_ops.matmul(m, self.recurrent_kernel)
        of_inputs = math_ops.matmul(inputs, self.kernel)
        if self._use_bias:
            of_state = bias_ops.bias_add(of_state, self.bias)
        m = array_ops.split(axis=1, num_or_size_splits=self._PARTS, value=of_state)
        x = array_ops.split(axis=1, num_or_size_splits=self._PARTS, value=of_inputs)
        functions = (sigmoid, relu, sigmoid, relu, tanh, sigmoid, tanh, sigmoid)
        first = [
            function(x[i] * m[i] if i == 3 else x[i] + m[i]) for i, function in enumerate(functions)
        ]
        second = [
            tanh(first[0] * first[1]), tanh(first[2] + first[3]), tanh(first[4] * first[5]),
            sigmoid(first[6] + first[7]),
        ]  # fmt: skip
        c = tanh(second[0] + c) * second[1]
        m = tanh(c * tanh(second[2] + second[3]))
        if self._num_proj is not None:
            m = math_ops.matmul(m, self.projection_weights)
        return m, LSTMStateTuple(c, m)


def _exponential_initializer(low: float, high: float) -> Any:
    """Numbers between `low` and `high` whose logarithms are uniform."""

    def initial(shape: Any, dtype: Any = dtypes.float32, partition_info: Any = None) -> Any:
        bounds = math_ops.log(low), math_ops.log(high)
        return math_ops.exp(random_ops.random_uniform(shape, *bounds, dtype))

    return initial


@public("contrib.rnn.PhasedLSTMCell")
class PhasedLSTMCell(MemoryCell):
    """An LSTM for events at irregular times, whose units open and close in rhythms of their own.

    The inputs of a step are (times [B, 1], values [B, D]).

    Args:
      num_units: the size of memory and output.
      use_peepholes: the gates see the memory.
      leak: how far a closed unit is open.
      ratio_on: the part of a period in which a unit is open.
      trainable_ratio_on: train that part.
      period_init_min, period_init_max: between what the initial periods are.
      reuse: reuse existing variables.

    Source: Neil, Pfeiffer and Liu, Phased LSTM, 2016.
    """

    def __init__(
        self, num_units: int, use_peepholes: bool = False, leak: float = 0.001,
        ratio_on: float = 0.1, trainable_ratio_on: bool = True, period_init_min: float = 1.0,
        period_init_max: float = 1000.0, reuse: Any = None,
    ) -> None:
        super().__init__(num_units, reuse=reuse, autocast=False)
        self._use_peepholes = use_peepholes
        self._leak = leak
        self._ratio_on = ratio_on
        self._trainable_ratio_on = trainable_ratio_on
        self._periods = period_init_min, period_init_max
        self._linears: dict[str, Linear] = {}

    def _mapped(self, scope: str, args: list[Any], size: int, function: Any) -> Any:
        if scope not in self._linears:
            self._linears[scope] = Linear(args, size, True)
        return function(self._linears[scope](args))

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        c_prev, h_prev = state
        time, x = inputs
        units = self._num_units
        given = [x, h_prev]
        seen = [*given, c_prev] if self._use_peepholes else given
        with variable_scope("mask_gates"):
            gates = self._mapped("mask_gates", seen, 2 * units, math_ops.sigmoid)
            i, f = array_ops.split(axis=1, num_or_size_splits=2, value=gates)
        with variable_scope("new_input"):
            j = self._mapped("new_input", given, units, math_ops.tanh)
        c = c_prev * f + i * j
        seen = [*given, c] if self._use_peepholes else given
        with variable_scope("output_gate"):
            o = self._mapped("output_gate", seen, units, math_ops.sigmoid)
        h = math_ops.tanh(c) * o
        k = self._openness(time)
        c = k * c + (1 - k) * c_prev
        h = k * h + (1 - k) * h_prev
        return h, LSTMStateTuple(c, h)

    def _openness(self, time: Any) -> Any:
        """How far each unit is open at a time."""
        units = self._num_units
        period = get_variable(
            "period", [units], initializer=_exponential_initializer(*self._periods)
        )
        phases = initializers.RandomUniform(0.0, period.initial_value)
        phase = get_variable("phase", [units], initializer=phases)
        ratio_on = get_variable(
            "ratio_on", [units], initializer=initializers.Constant(self._ratio_on),
            trainable=self._trainable_ratio_on,
        )
        phase, period = (math_ops.cast(one, dtype=time.dtype) for one in (phase, period))
        shifted = time - phase
        within = array_ops.stop_gradient(math_ops.mod(shifted, period) - shifted) + shifted
        cycle = math_ops.cast(within / period, dtype=dtypes.float32)
        up = 2 * cycle / ratio_on
        down = 2 - up
        closed = self._leak * cycle
        k = array_ops.where(cycle < ratio_on, down, closed)
        return array_ops.where(cycle < 0.5 * ratio_on, up, k)


@public("contrib.rnn.GLSTMCell")
class GLSTMCell(MemoryCell):
    """An LSTM whose inputs and outputs are cut into groups that do not see each other.

    Args:
      num_units: the size of the memory.
      initializer: of all variables; default: the scope's.
      num_proj: the size of the output; default: no projection.
      number_of_groups: how many groups there are.
      forget_bias: added to the forget gate.
      activation: of the memory.
      reuse: reuse existing variables.

    Raises:
      ValueError: a size cannot be cut into so many groups.

    Source: Kuchaiev and Ginsburg, Factorization Tricks for LSTM Networks, 2017.
    """

    def __init__(
        self, num_units: int, initializer: Any = None, num_proj: int | None = None,
        number_of_groups: int = 1, forget_bias: float = 1.0, activation: Any = math_ops.tanh,
        reuse: Any = None,
    ) -> None:
        super().__init__(num_units, num_proj, reuse)
        self._initializer = initializer
        self._forget_bias = forget_bias
        self._activation = activation
        self._number_of_groups = number_of_groups
        if num_units % number_of_groups:
            raise ValueError("num_units must be divisible by number_of_groups")
        if num_proj and num_proj % number_of_groups:
            raise ValueError("num_proj must be divisible by number_of_groups")
        self._linears: list[Linear | None] = [None] * number_of_groups
        self._projection: Linear | None = None

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        c, m = state
        count, units = self._number_of_groups, self._num_units
        rows = known_rows(inputs)
        depth = inputs.shape.as_list()[1]
        if depth is None:
            raise ValueError("input size must be statically known")
        if depth % count:
            raise ValueError(
                f"input size ({depth}) must be divisible by number_of_groups ({count})"
            )
        with variable_scope(get_variable_scope(), initializer=self._initializer):
            groups = [self._group(number, rows, inputs, m) for number in range(count)]
            zeros = initializers.Constant(0.0, dtype=inputs.dtype)
            offsets = [
                get_variable(name=f"bias_{gate}", shape=[units], dtype=inputs.dtype, initializer=zeros)
                for gate in "ijfo"
            ]
            i, j, f, o = (
                bias_ops.bias_add(array_ops.concat(parts, axis=1), offset)
                for parts, offset in zip(zip(*groups, strict=True), offsets, strict=True)
            )
        kept = math_ops.sigmoid(f + self._forget_bias) * c
        c = kept + math_ops.sigmoid(i) * math_ops.tanh(j)
        m = math_ops.sigmoid(o) * self._activation(c)
        if self._num_proj is not None:
            with variable_scope("projection"):
                if self._projection is None:
                    self._projection = Linear(m, self._num_proj, False)
                m = self._projection(m)
        return m, LSTMStateTuple(c, m)

    def _group(self, number: int, rows: Any, inputs: Any, m: Any) -> Any:
        """The four gates of a group."""
        count = self._number_of_groups
        parts = []
        with variable_scope(f"group{number}"):
            for whole, size in ((inputs, inputs.shape.as_list()[1] // count), (m, self.output_size // count)):
                name = f"GLSTM_group{number}_input_generation"
                begin = [0, number * size]
                parts.append(array_ops.slice(whole, begin=begin, size=[rows, size], name=name))
            given = array_ops.concat(parts, axis=1)
            linear = self._linears[number]
            if linear is None:
                linear = self._linears[number] = Linear(given, 4 * (self._num_units // count), False)
            return array_ops.split(linear(given), 4, 1)


@public("contrib.rnn.ConvLSTMCell")
class ConvLSTMCell(RNNCell):
    """An LSTM of images: its matrices are convolutions.

    Args:
      conv_ndims: how many axes the convolution has: 1, 2 or 3.
      input_shape: the shape of an input: sizes and channels, without the batch.
      output_channels: the channels of memory and output.
      kernel_shape: the size of the filters.
      use_bias: add a bias.
      skip_connection: the output has the inputs' channels, too.
      forget_bias: added to the forget gate.
      initializers: ignored.
      name: the name of the cell and its scope.

    Raises:
      ValueError: `conv_ndims` is not the number of sizes in `input_shape`.

    Source: Shi et al., Convolutional LSTM Network, 2015.
    """

    def __init__(
        self, conv_ndims: int, input_shape: Any, output_channels: int, kernel_shape: Any,
        use_bias: bool = True, skip_connection: bool = False, forget_bias: float = 1.0,
        initializers: Any = None, name: str = "conv_lstm_cell",
    ) -> None:
        super().__init__(name=name)
        if conv_ndims != len(input_shape) - 1:
            raise ValueError(f"Invalid input_shape {input_shape} for conv_ndims={conv_ndims}.")
        self._conv_ndims = conv_ndims
        self._input_shape = input_shape
        self._output_channels = output_channels
        self._kernel_shape = list(kernel_shape)
        self._use_bias = use_bias
        self._forget_bias = forget_bias
        self._skip_connection = skip_connection

    def _image(self, channels: int) -> TensorShape:
        return TensorShape([*self._input_shape[:-1], channels])

    @property
    def output_size(self) -> Any:
        """The shape of the output, without the batch."""
        more = self._input_shape[-1] if self._skip_connection else 0
        return self._image(self._output_channels + more)

    @property
    def state_size(self) -> Any:
        """The shapes of memory and output, without the batch."""
        shape = self._image(self._output_channels)
        return LSTMStateTuple(shape, shape)

    def call(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """One step."""
        cell, hidden = state
        gates = self._convolved([inputs, hidden])
        parts = array_ops.split(value=gates, num_or_size_splits=4, axis=self._conv_ndims + 1)
        input_gate, new_input, forget_gate, output_gate = parts
        new = math_ops.sigmoid(forget_gate + self._forget_bias) * cell
        new += math_ops.sigmoid(input_gate) * math_ops.tanh(new_input)
        output = math_ops.tanh(new) * math_ops.sigmoid(output_gate)
        if self._skip_connection:
            output = array_ops.concat([output, inputs], axis=-1)
        return output, LSTMStateTuple(new, output)

    def _convolved(self, args: list[Any]) -> Any:
        shapes = [one.get_shape().as_list() for one in args]
        rank = len(shapes[0])
        for shape in shapes:
            if len(shape) not in (3, 4, 5):
                raise ValueError(f"Conv Linear expects 3D, 4D or 5D arguments: {shapes}")
            if len(shape) != rank:
                raise ValueError(f"Conv Linear expects all args to be of same Dimension: {shapes}")
        depth = sum(shape[-1] for shape in shapes)
        dtype, width = args[0].dtype, 4 * self._output_channels
        kernel = get_variable("kernel", [*self._kernel_shape, depth, width], dtype=dtype)
        whole = array_ops.concat(axis=rank - 1, values=args)
        if rank == 3:
            result = conv_ops.conv1d(whole, kernel, 1, padding="SAME")
        elif rank == 4:
            result = conv_ops.conv2d_v1(whole, kernel, rank * [1], padding="SAME")
        else:
            result = conv3d_ops.conv3d_v1(whole, kernel, rank * [1], padding="SAME")
        if not self._use_bias:
            return result
        zeros = initializers.Constant(0.0, dtype=dtype)
        return result + get_variable("biases", [width], dtype=dtype, initializer=zeros)


@public("contrib.rnn.Conv1DLSTMCell")
class Conv1DLSTMCell(ConvLSTMCell):
    """`ConvLSTMCell` of one axis."""

    def __init__(self, name: str = "conv_1d_lstm_cell", **kwargs: Any) -> None:
        super().__init__(conv_ndims=1, name=name, **kwargs)


@public("contrib.rnn.Conv2DLSTMCell")
class Conv2DLSTMCell(ConvLSTMCell):
    """`ConvLSTMCell` of two axes."""

    def __init__(self, name: str = "conv_2d_lstm_cell", **kwargs: Any) -> None:
        super().__init__(conv_ndims=2, name=name, **kwargs)


@public("contrib.rnn.Conv3DLSTMCell")
class Conv3DLSTMCell(ConvLSTMCell):
    """`ConvLSTMCell` of three axes."""

    def __init__(self, name: str = "conv_3d_lstm_cell", **kwargs: Any) -> None:
        super().__init__(conv_ndims=3, name=name, **kwargs)
