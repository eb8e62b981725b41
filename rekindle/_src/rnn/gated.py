"""The plain cells: BasicRNNCell, GRUCell, BasicLSTMCell, LSTMCell."""

from __future__ import annotations

import collections
from typing import Any

from rekindle._src import tf_logging
from rekindle._src.graph import convert, dtypes
from rekindle._src.graph.tensor import Tensor
from rekindle._src.layers.input_spec import InputSpec
from rekindle._src.layers.named import get_activation, get_initializer
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import bias
from rekindle._src.ops import math as math_ops
from rekindle._src.rnn.cell import LayerRNNCell, check_dtype, check_dtypes
from rekindle._src.state import initializers, partitioned

_StateTuple = collections.namedtuple("LSTMStateTuple", ("c", "h"))


@public("nn.rnn_cell.LSTMStateTuple", "contrib.rnn.LSTMStateTuple")
class LSTMStateTuple(_StateTuple):
    """The state of an LSTM: the memory `c` and the output `h`."""

    __slots__ = ()

    @property
    def dtype(self) -> Any:
        """The type of both.

        Raises:
          TypeError: they differ.
        """
        c, h = self
        if c.dtype != h.dtype:
            raise TypeError(f"Inconsistent internal state: {c.dtype} vs {h.dtype}")
        return c.dtype


class PlainCell(LayerRNNCell):
    """A cell of `num_units` units on inputs [B, D]."""

    def __init__(
        self, num_units: int, activation: Any, reuse: Any, name: Any, dtype: Any, **kwargs: Any
    ) -> None:
        super().__init__(_reuse=reuse, name=name, dtype=dtype, **kwargs)
        check_dtype(self.dtype)
        self.input_spec = InputSpec(ndim=2)
        self._num_units = num_units
        self._activation = get_activation(activation) if activation else math_ops.tanh

    @property
    def state_size(self) -> Any:
        """The size of the state."""
        return self._num_units

    @property
    def output_size(self) -> Any:
        """The size of the output."""
        return self._num_units

    def input_depth(self, shape: Any) -> int:
        """The size D of inputs [B, D].

        Raises:
          ValueError: it is not known.
        """
        depth = shape.as_list()[-1]
        if depth is None:
            known = tuple(shape.as_list())
            raise ValueError(f"Expected inputs.shape[-1] to be known, saw shape: {known}")
        check_dtype(self.dtype)
        return depth

    def zeros(self) -> Any:
        """The initializer of biases."""
        return initializers.Zeros(dtype=self._known_dtype())

    def _known_dtype(self) -> Any:
        return dtypes.float32 if self.dtype is None else dtypes.as_dtype(self.dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        config.update(num_units=self._num_units, reuse=self._reuse)
        return config


def affine(tensors: list[Tensor], kernel: Any, offset: Any) -> Tensor:
    """[x, h] kernel + offset: tensors [B, *] -> [B, N]."""
    product = math_ops.matmul(array_ops.concat(tensors, 1), kernel)
    return bias.bias_add(product, offset)


@public("nn.rnn_cell.BasicRNNCell", "contrib.rnn.BasicRNNCell")
class BasicRNNCell(PlainCell):
    """output = new state = activation([inputs, state] kernel + bias).

    Args:
      num_units: the size of state and output.
      activation: default: tanh.
      reuse: reuse existing variables.
      name: the name of the cell and its scope.
      dtype: the type of the variables; default: that of the first input.
    """

    def __init__(
        self, num_units: int, activation: Any = None, reuse: Any = None, name: Any = None,
        dtype: Any = None, **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)

    def build(self, inputs_shape: Any) -> None:
        """Make kernel and bias."""
        depth = self.input_depth(inputs_shape)
        units = self._num_units
        self._kernel = self.add_variable("kernel", shape=[depth + units, units])
        self._bias = self.add_variable("bias", shape=[units], initializer=self.zeros())
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        check_dtypes([inputs, state])
        output = self._activation(affine([inputs, state], self._kernel, self._bias))
        return output, output


@public("nn.rnn_cell.GRUCell", "contrib.rnn.GRUCell")
class GRUCell(PlainCell):
    """Gated recurrent unit.

    Args:
      num_units: the size of state and output.
      activation: default: tanh.
      reuse: reuse existing variables.
      kernel_initializer: default: the scope's.
      bias_initializer: default: 1 for the gates, 0 for the candidate.
      name: the name of the cell and its scope.
      dtype: the type of the variables; default: that of the first input.

    Source: Cho et al., Learning Phrase Representations using RNN Encoder-Decoder, 2014.
    """

    def __init__(
        self, num_units: int, activation: Any = None, reuse: Any = None,
        kernel_initializer: Any = None, bias_initializer: Any = None, name: Any = None,
        dtype: Any = None, **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        self._kernel_initializer = get_initializer(kernel_initializer)
        self._bias_initializer = get_initializer(bias_initializer)

    def build(self, inputs_shape: Any) -> None:
        """Make the kernels and biases of the gates and the candidate."""
        units = self._num_units
        rows = self.input_depth(inputs_shape) + units
        given = self._bias_initializer
        ones = initializers.Constant(1.0, dtype=self._known_dtype())
        for part, width, offset in (("gates", 2, ones), ("candidate", 1, self.zeros())):
            kernel = self.add_variable(
                f"{part}/kernel", shape=[rows, width * units], initializer=self._kernel_initializer
            )
            made = self.add_variable(
                f"{part}/bias", shape=[width * units],
                initializer=offset if given is None else given,
            )
            if part == "gates":
                self._gate_kernel, self._gate_bias = kernel, made
            else:
                self._candidate_kernel, self._candidate_bias = kernel, made
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        check_dtypes([inputs, state])
        gates = math_ops.sigmoid(affine([inputs, state], self._gate_kernel, self._gate_bias))
        r, u = array_ops.split(value=gates, num_or_size_splits=2, axis=1)
        candidate = affine([inputs, r * state], self._candidate_kernel, self._candidate_bias)
        c = self._activation(candidate)
        new = u * state + (1 - u) * c
        return new, new


@public("nn.rnn_cell.BasicLSTMCell", "contrib.rnn.BasicLSTMCell")
class BasicLSTMCell(PlainCell):
    """Long short-term memory without peepholes, clipping or projection.

    Args:
      num_units: the size of memory and output.
      forget_bias: added to the bias of the forget gate.
      state_is_tuple: the state is an LSTMStateTuple; False: c and h side by side in one tensor.
      activation: default: tanh.
      reuse: reuse existing variables.
      name: the name of the cell and its scope.
      dtype: the type of the variables; default: that of the first input.

    Source: Zaremba et al., Recurrent Neural Network Regularization, 2014.
    """

    def __init__(
        self, num_units: int, forget_bias: float = 1.0, state_is_tuple: bool = True,
        activation: Any = None, reuse: Any = None, name: Any = None, dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        warn_of_joined_state(self, state_is_tuple)
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple

    @property
    def state_size(self) -> Any:
        """The sizes of c and h."""
        units = self._num_units
        return LSTMStateTuple(units, units) if self._state_is_tuple else 2 * units

    def build(self, inputs_shape: Any) -> None:
        """Make kernel and bias."""
        depth = self.input_depth(inputs_shape)
        units = self._num_units
        self._kernel = self.add_variable("kernel", shape=[depth + units, 4 * units])
        self._bias = self.add_variable("bias", shape=[4 * units], initializer=self.zeros())
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        check_dtypes([inputs, state])
        one = convert.constant(1, dtype=dtypes.int32)
        if self._state_is_tuple:
            c, h = state
        else:
            c, h = array_ops.split(value=state, num_or_size_splits=2, axis=one)
        gates = affine([inputs, h], self._kernel, self._bias)
        i, j, f, o = array_ops.split(value=gates, num_or_size_splits=4, axis=one)
        forget_bias = convert.constant(self._forget_bias, dtype=f.dtype)
        kept = math_ops.multiply(c, math_ops.sigmoid(math_ops.add(f, forget_bias)))
        taken = math_ops.multiply(math_ops.sigmoid(i), self._activation(j))
        c = math_ops.add(kept, taken)
        h = math_ops.multiply(self._activation(c), math_ops.sigmoid(o))
        return h, LSTMStateTuple(c, h) if self._state_is_tuple else array_ops.concat([c, h], 1)


def warn_of_joined_state(cell: Any, state_is_tuple: bool) -> None:
    """Warn where c and h are to stand in one tensor."""
    if not state_is_tuple:
        tf_logging.warn(
            "%s: Using a concatenated state is slower and will soon be deprecated.  "
            "Use state_is_tuple=True.", cell,
        )


@public("nn.rnn_cell.LSTMCell", "contrib.rnn.LSTMCell")
class LSTMCell(PlainCell):
    """Long short-term memory with optional peepholes, clipping and projection.

    Args:
      num_units: the size of the memory.
      use_peepholes: the gates see the memory.
      cell_clip: the largest absolute value in the memory.
      initializer: of kernels and peepholes; default: the scope's.
      num_proj: the size of the output; default: no projection.
      proj_clip: the largest absolute value in the projected output.
      num_unit_shards, num_proj_shards: how many parts to cut the kernels into.
      forget_bias: added to the bias of the forget gate.
      state_is_tuple: the state is an LSTMStateTuple; False: c and h side by side in one tensor.
      activation: default: tanh.
      reuse: reuse existing variables.
      name: the name of the cell and its scope.
      dtype: the type of the variables; default: that of the first input.

    Source: Sak et al., Long short-term memory recurrent neural network architectures for large
    scale acoustic modeling, 2014.
    """

    def __init__(
        self, num_units: int, use_peepholes: bool = False, cell_clip: Any = None,
        initializer: Any = None, num_proj: int | None = None, proj_clip: Any = None,
        num_unit_shards: int | None = None, num_proj_shards: int | None = None,
        forget_bias: float = 1.0, state_is_tuple: bool = True, activation: Any = None,
        reuse: Any = None, name: Any = None, dtype: Any = None, **kwargs: Any,
    ) -> None:
        super().__init__(num_units, activation, reuse, name, dtype, **kwargs)
        warn_of_joined_state(self, state_is_tuple)
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._initializer = get_initializer(initializer)
        self._num_proj = num_proj
        self._proj_clip = proj_clip
        self._num_unit_shards = num_unit_shards
        self._num_proj_shards = num_proj_shards
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple

    @property
    def state_size(self) -> Any:
        """The sizes of c and h."""
        units, out = self._num_units, self.output_size
        return LSTMStateTuple(units, out) if self._state_is_tuple else units + out

    @property
    def output_size(self) -> Any:
        """The size of the output."""
        return self._num_proj or self._num_units

    def build(self, inputs_shape: Any) -> None:
        """Make kernel, bias, peepholes and projection."""
        depth = self.input_depth(inputs_shape)
        units = self._num_units
        out = units if self._num_proj is None else self._num_proj
        self._kernel = self.add_variable(
            "kernel", shape=[depth + out, 4 * units], initializer=self._initializer,
            partitioner=_shards(self._num_unit_shards),
        )
        self._bias = self.add_variable("bias", shape=[4 * units], initializer=self.zeros())
        if self._use_peepholes:
            self._w_f_diag, self._w_i_diag, self._w_o_diag = (
                self.add_variable(f"w_{g}_diag", shape=[units], initializer=self._initializer)
                for g in "fio"
            )
        if self._num_proj is not None:
            self._proj_kernel = self.add_variable(
                "projection/kernel", shape=[units, self._num_proj], initializer=self._initializer,
                partitioner=_shards(self._num_proj_shards),
            )
        self.built = True

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        check_dtypes([inputs, state])
        c, h = self._parts(state)
        if inputs.get_shape().with_rank(2).as_list()[1] is None:
            raise ValueError("Could not infer input size from inputs.get_shape()[-1]")
        gates = affine([inputs, h], self._kernel, self._bias)
        i, j, f, o = array_ops.split(value=gates, num_or_size_splits=4, axis=1)
        c = self._memory(i, j, f, c)
        if self._cell_clip is not None:
            c = math_ops.clip_by_value(c, -self._cell_clip, self._cell_clip)
        seen = o + self._w_o_diag * c if self._use_peepholes else o
        h = math_ops.sigmoid(seen) * self._activation(c)
        if self._num_proj is not None:
            h = math_ops.matmul(h, self._proj_kernel)
            if self._proj_clip is not None:
                h = math_ops.clip_by_value(h, -self._proj_clip, self._proj_clip)
        return h, LSTMStateTuple(c, h) if self._state_is_tuple else array_ops.concat([c, h], 1)

    def _parts(self, state: Any) -> Any:
        if self._state_is_tuple:
            return state
        units = self._num_units
        out = units if self._num_proj is None else self._num_proj
        c = array_ops.slice(state, [0, 0], [-1, units])
        return c, array_ops.slice(state, [0, units], [-1, out])

    def _memory(self, i: Any, j: Any, f: Any, c: Any) -> Any:
        forget = f + self._forget_bias
        if self._use_peepholes:
            kept = math_ops.sigmoid(forget + self._w_f_diag * c) * c
            return kept + math_ops.sigmoid(i + self._w_i_diag * c) * self._activation(j)
        return math_ops.sigmoid(forget) * c + math_ops.sigmoid(i) * self._activation(j)


def _shards(count: int | None) -> Any:
    return None if count is None else partitioned.fixed_size_partitioner(count)
