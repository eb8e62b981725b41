"""LSTMs whose step, or whole sequence, is one op: LSTMBlockCell, LSTMBlockFusedCell."""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, dtypes
from rekindle._src.layers.base import Layer
from rekindle._src.layers.input_spec import InputSpec
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import rnn_blocks
from rekindle._src.rnn.cell import LayerRNNCell
from rekindle._src.rnn.gated import LSTMStateTuple
from rekindle._src.state import initializers


def _add_variables(layer: Any, depth: int, units: int, use_peephole: bool) -> None:
    layer._kernel = layer.add_variable("kernel", [depth + units, units * 4])
    layer._bias = layer.add_variable("bias", [units * 4], initializer=initializers.Constant(0.0))
    if use_peephole:
        layer._w_i_diag, layer._w_f_diag, layer._w_o_diag = (
            layer.add_variable(f"w_{gate}_diag", [units]) for gate in "ifo"
        )
    layer.built = True


def _peepholes(layer: Any, units: int, use_peephole: bool, dtype: Any) -> dict[str, Any]:
    if use_peephole:
        return {"wci": layer._w_i_diag, "wcf": layer._w_f_diag, "wco": layer._w_o_diag}
    zeros = array_ops.zeros([units], dtype=dtype)
    return {"wci": zeros, "wcf": zeros, "wco": zeros}


@public("contrib.rnn.LSTMBlockCell")
class LSTMBlockCell(LayerRNNCell):
    """An LSTM whose step is one op, with the variables of LSTMCell.

    Args:
      num_units: the size of memory and output.
      forget_bias: added to the bias of the forget gate.
      cell_clip: the largest absolute value in the memory; default: no limit.
      use_peephole: the gates see the memory.
      dtype: the type of the variables; default: that of the first input.
      reuse: reuse existing variables.
      name: the name of the cell and its scope.

    Source: Zaremba et al., Recurrent Neural Network Regularization, 2014.
    """

    def __init__(
        self, num_units: int, forget_bias: float = 1.0, cell_clip: float | None = None,
        use_peephole: bool = False, dtype: Any = None, reuse: Any = None, name: str = "lstm_cell",
    ) -> None:
        super().__init__(_reuse=reuse, dtype=dtype, name=name)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._use_peephole = use_peephole
        self._cell_clip = cell_clip if cell_clip is not None else -1
        self.input_spec = InputSpec(ndim=2)

    @property
    def state_size(self) -> Any:
        """The sizes of memory and output."""
        return LSTMStateTuple(self._num_units, self._num_units)

    @property
    def output_size(self) -> Any:
        """The size of the output."""
        return self._num_units

    def build(self, inputs_shape: Any) -> None:
        """Make kernel, bias and peepholes."""
        depth = inputs_shape.as_list()[1]
        if not depth:
            raise ValueError(f"Expecting inputs_shape[1] to be set: {inputs_shape}")
        _add_variables(self, depth, self._num_units, self._use_peephole)

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        if len(state) != 2:
            raise ValueError("Expecting state to be a tuple with length 2.")
        peepholes = _peepholes(self, self._num_units, self._use_peephole, self.dtype)
        cs_prev, h_prev = state
        _, cs, _, _, _, _, h = rnn_blocks.lstm_block_cell(
            x=inputs, cs_prev=cs_prev, h_prev=h_prev, w=self._kernel, b=self._bias, **peepholes,
            forget_bias=self._forget_bias, cell_clip=self._cell_clip,
            use_peephole=self._use_peephole,
        )
        return h, LSTMStateTuple(cs, h)


@public("contrib.rnn.LSTMBlockWrapper")
class LSTMBlockWrapper(Layer):
    """An LSTM over whole sequences; subclasses say `num_units` and `_call_cell`."""

    @property
    def num_units(self) -> int:
        """The size of memory and output."""
        raise NotImplementedError("Abstract method")

    def _call_cell(
        self, inputs: Any, initial_cell_state: Any, initial_output: Any, dtype: Any, sequence_length: Any
    ) -> Any:
        """(memories, outputs), each [T, B, num_units]."""
        raise NotImplementedError("Abstract method")

    def call(
        self, inputs: Any, initial_state: Any = None, dtype: Any = None, sequence_length: Any = None
    ) -> Any:
        """(outputs [T, B, num_units], last state) of inputs [T, B, D], or of a list of [B, D].

        Args:
          inputs: the inputs.
          initial_state: (memory, output); default: zeros of type `dtype`.
          dtype: the type of states and outputs.
          sequence_length: [B] integers; later outputs are zeros, and the state is that of the last step.

        Raises:
          ValueError: state or type are missing.
        """
        is_list = isinstance(inputs, list)
        if is_list:
            inputs = array_ops.stack(inputs)
        steps, rows, _ = inputs.get_shape().with_rank(3).as_list()
        if not inputs.get_shape().as_list()[2]:
            raise ValueError(f"Expecting inputs_shape[2] to be set: {inputs.get_shape()}")
        if rows is None:
            rows = array_ops.shape(inputs)[1]
        if steps is None:
            steps = array_ops.shape(inputs)[0]
        memory, output, dtype = self._first(initial_state, rows, dtype)
        if sequence_length is not None:
            sequence_length = convert.convert_to_tensor(sequence_length)
        memories, outputs = self._call_cell(inputs, memory, output, dtype, sequence_length)
        if sequence_length is not None:
            mask = array_ops.transpose(array_ops.sequence_mask(sequence_length, steps, dtype=dtype), [1, 0])
            mask = array_ops.tile(array_ops.expand_dims(mask, [-1]), [1, 1, self.num_units])
            outputs *= mask
            last = self._last([(memory, memories), (output, outputs)], sequence_length, rows)
        else:
            last = memories[-1], outputs[-1]
        return array_ops.unstack(outputs) if is_list else outputs, LSTMStateTuple(*last)

    def _first(self, state: Any, rows: Any, dtype: Any) -> Any:
        """The memory and output to start from, and their type."""
        if state is None:
            if dtype is None:
                raise ValueError("Either initial_state or dtype needs to be specified")
            zeros = array_ops.zeros(array_ops.stack([rows, self.num_units]), dtype=dtype)
            return zeros, zeros, dtype
        if len(state) != 2:
            raise ValueError("Expecting initial_state to be a tuple with length 2 or None")
        return *state, state[0].dtype if dtype is None else dtype

    def _last(self, pairs: Any, lengths: Any, rows: Any) -> Any:
        """Each row's value after its last step, of (first value, values)."""
        whole = [array_ops.concat([array_ops.expand_dims(first, [0]), rest], 0) for first, rest in pairs]
        return [
            array_ops.gather_nd(one, array_ops.stack([lengths, math_ops.range(rows)], axis=1))
            for one in whole
        ]


@public("contrib.rnn.LSTMBlockFusedCell")
class LSTMBlockFusedCell(LSTMBlockWrapper):
    """An LSTM that runs over a whole sequence [T, B, D] in one op.

    Args:
      num_units: the size of memory and output.
      forget_bias: added to the bias of the forget gate.
      cell_clip: the largest absolute value in the memory; default: no limit.
      use_peephole: the gates see the memory.
      reuse: reuse existing variables.
      dtype: the type of the variables; default: that of the inputs.
      name: the name of the layer and its scope.
    """

    def __init__(
        self, num_units: int, forget_bias: float = 1.0, cell_clip: float | None = None,
        use_peephole: bool = False, reuse: Any = None, dtype: Any = None,
        name: str = "lstm_fused_cell",
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype)
        self._num_units = num_units
        self._forget_bias = forget_bias
        self._cell_clip = cell_clip if cell_clip is not None else -1
        self._use_peephole = use_peephole
        self.input_spec = InputSpec(ndim=3)

    @property
    def num_units(self) -> int:
        """The size of memory and output."""
        return self._num_units

    def build(self, input_shape: Any) -> None:
        """Make kernel, bias and peepholes."""
        _add_variables(self, input_shape.as_list()[2], self._num_units, self._use_peephole)

    def _call_cell(
        self, inputs: Any, initial_cell_state: Any = None, initial_output: Any = None,
        dtype: Any = None, sequence_length: Any = None,
    ) -> Any:
        steps = inputs.get_shape().with_rank(3).as_list()[0]
        if steps is None:
            steps = array_ops.shape(inputs)[0]
        peepholes = _peepholes(self, self._num_units, self._use_peephole, dtype)
        longest = steps if sequence_length is None else math_ops.reduce_max(sequence_length)
        _, cs, _, _, _, _, h = rnn_blocks.block_lstm(
            seq_len_max=math_ops.cast(longest, dtypes.int64), x=inputs, cs_prev=initial_cell_state,
            h_prev=initial_output, w=self._kernel, b=self._bias, **peepholes,
            forget_bias=self._forget_bias, cell_clip=self._cell_clip,
            use_peephole=self._use_peephole,
        )
        return cs, h
