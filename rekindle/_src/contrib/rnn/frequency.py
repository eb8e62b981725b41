"""LSTMs that run along frequency, too: TimeFreqLSTMCell, GridLSTMCell, BidirectionalGridLSTMCell."""

from __future__ import annotations

import collections
from typing import Any

from rekindle._src.contrib.rnn.linear import RecurrentCell, known_rows
from rekindle._src.contrib.rnn.normalized import clipped, sharded_variable
from rekindle._src.graph import dtypes
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import bias as bias_ops
from rekindle._src.ops import constant as constant_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.rnn.gated import warn_of_joined_state
from rekindle._src.state import initializers
from rekindle._src.state.variable_scope import get_variable, variable_scope


def _known_width(inputs: Any) -> int:
    width = inputs.get_shape().with_rank(2).as_list()[-1]
    if width is None:
        raise ValueError("Cannot infer input_size from static shape inference.")
    return width


@public("contrib.rnn.TimeFreqLSTMCell")
class TimeFreqLSTMCell(RecurrentCell):
    """An LSTM that runs over windows of its inputs: each sees the output of the window before.

    Args:
      num_units: the size of memory and output of a window.
      use_peepholes: the gates see the memory.
      cell_clip: the largest absolute value in the memory.
      initializer: ignored; the scope's initializer makes the kernel.
      num_unit_shards: how many variables hold the kernel.
      forget_bias: added to the forget gate.
      feature_size: the size of a window.
      frequency_skip: the distance of windows.
      reuse: reuse existing variables.

    Source: Sainath and Li, Modeling Time-Frequency Patterns with LSTM vs. Convolutional Architectures, 2016.
    """

    def __init__(
        self, num_units: int, use_peepholes: bool = False, cell_clip: Any = None,
        initializer: Any = None, num_unit_shards: int = 1, forget_bias: float = 1.0,
        feature_size: int | None = None, frequency_skip: int = 1, reuse: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(num_units, reuse)
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._initializer = initializer
        self._num_unit_shards = num_unit_shards
        self._forget_bias = forget_bias
        self._feature_size = feature_size
        self._frequency_skip = frequency_skip

    @property
    def state_size(self) -> Any:
        """The size of memory and output together."""
        return 2 * self._num_units

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        units, dtype = self._num_units, inputs.dtype
        windows = self._windows(inputs)
        depth = windows[0].get_shape().as_list()[1]
        kernel = sharded_variable("W", [depth + 2 * units, 4 * units], dtype, self._num_unit_shards)
        offset = get_variable("B", shape=[4 * units], initializer=initializers.Zeros(), dtype=dtype)
        diagonals = None
        if self._use_peepholes:
            diagonals = [get_variable(f"W_{g}_diag", shape=[units], dtype=dtype) for g in "FIO"]
        rows = inputs.shape.as_list()[0] or inputs.get_shape()[0]
        below = array_ops.zeros([rows, units], dtype)
        output, new = None, None
        for number, window in enumerate(windows):
            c = array_ops.slice(state, [0, 2 * number * units], [-1, units])
            m = array_ops.slice(state, [0, (2 * number + 1) * units], [-1, units])
            product = math_ops.matmul(array_ops.concat([window, m, below], 1), kernel)
            c, below = self._step(bias_ops.bias_add(product, offset), c, diagonals)
            new = array_ops.concat([c, below] if new is None else [new, c, below], 1)
            output = below if output is None else array_ops.concat([output, below], 1)
        return output, new

    def _step(self, gates: Any, c: Any, diagonals: Any) -> Any:
        """The new memory and output of a window."""
        sigmoid, tanh = math_ops.sigmoid, math_ops.tanh
        i, j, f, o = array_ops.split(value=gates, num_or_size_splits=4, axis=1)
        if diagonals is None:
            c = sigmoid(f + self._forget_bias) * c + sigmoid(i) * tanh(j)
            c = clipped(c, self._cell_clip)
            return c, sigmoid(o) * tanh(c)
        of_f, of_i, of_o = diagonals
        c = sigmoid(f + self._forget_bias + of_f * c) * c + sigmoid(i + of_i * c) * tanh(j)
        c = clipped(c, self._cell_clip)
        return c, sigmoid(o + of_o * c) * tanh(c)

    def _windows(self, inputs: Any) -> list[Any]:
        size, skip = self._feature_size, self._frequency_skip
        count = int((_known_width(inputs) - size) / skip) + 1
        return [array_ops.slice(inputs, [0, f * skip], [-1, size]) for f in range(count)]


def _add(gate: Any, weights: Any, of_frequency: Any, of_time: Any) -> Any:
    """sigmoid of a gate that sees two memories through peepholes, if there are any."""
    if weights is not None:
        gate = gate + weights[0] * of_frequency
        gate = gate + weights[1] * of_time
    return math_ops.sigmoid(gate)


class _Kernels:
    """The variables of one direction, time or frequency, of a block."""

    def __init__(self, cell: Any, letter: str, block: int, depth: int, dtype: Any) -> None:
        units = cell._num_units
        width = (3 if cell._couple_input_forget_gates else 4) * units
        self.kernel = sharded_variable(
            f"W_{letter}_{block}", [depth + 2 * units, width], dtype, cell._num_unit_shards
        )
        self.bias = get_variable(
            f"B_{letter}_{block}", shape=[width], initializer=initializers.Zeros(), dtype=dtype
        )
        self.peepholes: dict[str, Any] = {"F": None, "I": None, "O": None}

    def add_peepholes(self, cell: Any, direction: str, block: int, dtype: Any) -> None:
        """Make the peepholes of the gates."""
        for gate in "IO" if cell._couple_input_forget_gates else "FIO":
            self.peepholes[gate] = [
                get_variable(
                    f"W_{gate}_diag_{direction}{kind}_{block}", shape=[cell._num_units], dtype=dtype
                )
                for kind in "ft"
            ]


class _Step:
    """The gates of one direction at one frequency."""

    def __init__(self, cell: Any, kernels: _Kernels, gates: Any) -> None:
        self.cell, self.peepholes = cell, kernels.peepholes
        self.i, self.j, *forget, self.o = gates
        self.f = forget[0] if forget else None

    def memory(self, c: Any, of_frequency: Any, of_time: Any) -> Any:
        """The new memory, from its own old one and the old ones of both directions."""
        cell = self.cell
        i = _add(self.i, self.peepholes["I"], of_frequency, of_time)
        if self.f is None:
            f = 1.0 - i
        else:
            f = _add(self.f + cell._forget_bias, self.peepholes["F"], of_frequency, of_time)
        return clipped(f * c + i * math_ops.tanh(self.j), cell._cell_clip)

    def output(self, c: Any, of_frequency: Any, of_time: Any) -> Any:
        """The output, from its own new memory and the new ones of both directions."""
        return _add(self.o, self.peepholes["O"], of_frequency, of_time) * math_ops.tanh(c)


@public("contrib.rnn.GridLSTMCell")
class GridLSTMCell(RecurrentCell):
    """Two LSTMs over windows of the inputs, one along time and one along frequency, that see each other.

    Args:
      num_units: the size of memory and output of a window.
      use_peepholes: the gates see the memories.
      share_time_frequency_weights: both LSTMs have the same variables.
      cell_clip: the largest absolute value in the memory.
      initializer: ignored; the scope's initializer makes the kernels.
      num_unit_shards: how many variables hold a kernel.
      forget_bias: added to the forget gate.
      feature_size: the size of a window.
      frequency_skip: the distance of windows.
      num_frequency_blocks: the number of windows in each block; blocks have variables of their own.
      start_freqindex_list, end_freqindex_list: where in the inputs each block starts and ends.
      couple_input_forget_gates: the forget gate is 1 minus the input gate.
      state_is_tuple: the state is a named tuple; False: all in one tensor.
      reuse: reuse existing variables.

    Raises:
      ValueError: `num_frequency_blocks` is missing, or does not fit the inputs (when called).

    Source: Kalchbrenner, Danihelka and Graves, Grid Long Short-Term Memory, 2015.
    """

    def __init__(
        self, num_units: int, use_peepholes: bool = False,
        share_time_frequency_weights: bool = False, cell_clip: Any = None, initializer: Any = None,
        num_unit_shards: int = 1, forget_bias: float = 1.0, feature_size: int | None = None,
        frequency_skip: int | None = None, num_frequency_blocks: Any = None,
        start_freqindex_list: Any = None, end_freqindex_list: Any = None,
        couple_input_forget_gates: bool = False, state_is_tuple: bool = True, reuse: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(num_units, reuse)
        warn_of_joined_state(self, state_is_tuple)
        self._use_peepholes = use_peepholes
        self._share_time_frequency_weights = share_time_frequency_weights
        self._couple_input_forget_gates = couple_input_forget_gates
        self._state_is_tuple = state_is_tuple
        self._cell_clip = cell_clip
        self._initializer = initializer
        self._num_unit_shards = num_unit_shards
        self._forget_bias = forget_bias
        self._feature_size = feature_size
        self._frequency_skip = frequency_skip
        self._start_freqindex_list = start_freqindex_list
        self._end_freqindex_list = end_freqindex_list
        if num_frequency_blocks is None:
            raise ValueError("Must specify num_frequency_blocks")
        self._num_frequency_blocks = num_frequency_blocks
        self._total_blocks = sum(int(count) for count in num_frequency_blocks)
        self._state_tuple_type: Any = None
        if state_is_tuple:
            fields = self._fields("state")
            self._state_tuple_type = collections.namedtuple("GridLSTMStateTuple", fields)

    def _fields(self, prefix: str) -> list[str]:
        return [
            f"{prefix}_f{number:02d}_b{block:02d}_{part}"
            for block, count in enumerate(self._num_frequency_blocks)
            for number in range(count)
            for part in "cm"
        ]

    @property
    def output_size(self) -> Any:
        """The size of the outputs of all windows, in time and frequency."""
        return self._num_units * self._total_blocks * 2

    @property
    def state_size(self) -> Any:
        """The sizes of memory and output of each window."""
        if self._state_tuple_type is None:
            return self._num_units * self._total_blocks * 2
        return self._state_tuple_type(*[self._num_units] * len(self._state_tuple_type._fields))

    @property
    def state_tuple_type(self) -> Any:
        """The class of the states; None if they are tensors."""
        return self._state_tuple_type

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        rows = known_rows(inputs)
        outputs, new = [], []
        for block, windows in enumerate(self._windows(inputs)):
            made, states = self._block(windows, block, state, rows, "state")
            outputs.extend(made)
            new.extend(states)
        if self._state_is_tuple:
            new = self._state_tuple_type(*new)
        else:
            new = array_ops.concat(new, 1)
        return array_ops.concat(outputs, 1), new

    def _block(self, windows: list[Any], block: int, state: Any, rows: Any, prefix: str) -> Any:
        """(outputs of time and frequency, states) of the windows of a block."""
        units, dtype = self._num_units, windows[0].dtype
        frequency, time = self._kernels(windows[0].get_shape().as_list()[1], block, dtype)
        m_frequency = array_ops.zeros([rows, units], dtype)
        c_frequency = array_ops.zeros([rows, units], dtype)
        outputs, states = [], []
        for number, window in enumerate(windows):
            c, m = self._before(state, number, f"{prefix}_f{number:02d}_b{block:02d}")
            given = array_ops.concat([window, m, m_frequency], 1)
            across = _Step(self, frequency, self._gates(given, frequency))
            along = across if time is frequency else _Step(self, time, self._gates(given, time))
            new_frequency = across.memory(c_frequency, c_frequency, c)
            new_time = along.memory(c, c_frequency, c)
            m_frequency = across.output(new_frequency, new_frequency, new_time)
            m_time = along.output(new_time, new_frequency, new_time)
            c_frequency = new_frequency
            outputs += [m_time, m_frequency]
            states += [new_time, m_time]
        return outputs, states

    def _kernels(self, depth: int, block: int, dtype: Any) -> tuple[_Kernels, _Kernels]:
        """The variables of frequency and of time."""
        frequency = time = _Kernels(self, "f", block, depth, dtype)
        if not self._share_time_frequency_weights:
            time = _Kernels(self, "t", block, depth, dtype)
        if self._use_peepholes:
            frequency.add_peepholes(self, "freq", block, dtype)
            if time is not frequency:
                time.add_peepholes(self, "time", block, dtype)
        return frequency, time

    def _gates(self, given: Any, kernels: _Kernels) -> Any:
        gates = bias_ops.bias_add(math_ops.matmul(given, kernels.kernel), kernels.bias)
        count = 3 if self._couple_input_forget_gates else 4
        return array_ops.split(value=gates, num_or_size_splits=count, axis=1)

    def _before(self, state: Any, number: int, name: str) -> Any:
        """Memory and output of a window before the step."""
        if self._state_is_tuple:
            return getattr(state, f"{name}_c"), getattr(state, f"{name}_m")
        units = self._num_units
        c = array_ops.slice(state, [0, 2 * number * units], [-1, units])
        return c, array_ops.slice(state, [0, (2 * number + 1) * units], [-1, units])

    def _windows(self, inputs: Any, offset: int = 0) -> list[list[Any]]:
        """The windows of each block, from `offset` on; zeros stand beyond the inputs."""
        width = _known_width(inputs)
        if offset:
            around = [0, 0, 0, offset] if offset > 0 else [0, 0, -offset, 0]
            paddings = constant_ops.constant(around, shape=[2, 2], dtype=dtypes.int32)
            inputs = array_ops.pad(inputs, paddings, "CONSTANT")
            offset = max(offset, 0)
        starts, ends = self._start_freqindex_list, self._end_freqindex_list
        counts = self._num_frequency_blocks
        if not starts:
            if len(counts) != 1:
                raise ValueError(f"Length of num_frequency_blocks is not 1, but instead is {len(counts)}")
            starts, ends = [0], [width]
        elif len(starts) != len(ends):
            raise ValueError(
                "Length of start and end freqindex_list does not match %d %d", len(starts), len(ends)
            )
        elif len(counts) != len(starts):
            raise ValueError(
                "Length of num_frequency_blocks is not equal to start_freqindex_list %d %d",
                len(counts), len(starts),
            )  # fmt: skip
        bounds = zip(starts, ends, counts, strict=True)
        return [self._windows_of(inputs, a + offset, b - a, count) for a, b, count in bounds]

    def _windows_of(self, inputs: Any, start: int, width: int, wanted: int) -> list[Any]:
        size, skip = self._feature_size, self._frequency_skip
        count = int((width - size) / skip) + 1
        if count != wanted:
            raise ValueError(
                f"Invalid num_frequency_blocks, requires {wanted} but gets {count}, please check the input "
                "size and filter config are correct."
            )
        return [array_ops.slice(inputs, [0, start + f * skip], [-1, size]) for f in range(count)]


@public("contrib.rnn.BidirectionalGridLSTMCell")
class BidirectionalGridLSTMCell(GridLSTMCell):
    """A `GridLSTMCell` that runs over the frequencies upwards and downwards.

    Args:
      num_units: the size of memory and output of a window.
      use_peepholes, share_time_frequency_weights, cell_clip, initializer, num_unit_shards, forget_bias,
        feature_size, frequency_skip, num_frequency_blocks, start_freqindex_list, end_freqindex_list,
        couple_input_forget_gates: as for GridLSTMCell.
      backward_slice_offset: how far the windows of the way down are moved.
      reuse: reuse existing variables.
    """

    def __init__(
        self, num_units: int, use_peepholes: bool = False,
        share_time_frequency_weights: bool = False, cell_clip: Any = None, initializer: Any = None,
        num_unit_shards: int = 1, forget_bias: float = 1.0, feature_size: int | None = None,
        frequency_skip: int | None = None, num_frequency_blocks: Any = None,
        start_freqindex_list: Any = None, end_freqindex_list: Any = None,
        couple_input_forget_gates: bool = False, backward_slice_offset: int = 0, reuse: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(
            num_units, use_peepholes, share_time_frequency_weights, cell_clip, initializer,
            num_unit_shards, forget_bias, feature_size, frequency_skip, num_frequency_blocks,
            start_freqindex_list, end_freqindex_list, couple_input_forget_gates, True, reuse,
        )  # fmt: skip
        self._backward_slice_offset = int(backward_slice_offset)
        fields = self._fields("fwd_state") + self._fields("bwd_state")
        self._state_tuple_type = collections.namedtuple("BidirectionalGridLSTMStateTuple", fields)

    @property
    def output_size(self) -> Any:
        """The size of the outputs of all windows, in both directions."""
        return 2 * super().output_size

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        rows = known_rows(inputs)
        upwards = downwards = self._windows(inputs)
        if self._backward_slice_offset:
            downwards = self._windows(inputs, self._backward_slice_offset)
        outputs, new = [], []
        for name, blocks, order in (("fwd", upwards, 1), ("bwd", downwards, -1)):
            with variable_scope(name):
                for block, windows in enumerate(blocks):
                    made, states = self._block(windows[::order], block, state, rows, f"{name}_state")
                    outputs.extend(made)
                    new.extend(states)
        return array_ops.concat(outputs, 1), self._state_tuple_type(*new)
