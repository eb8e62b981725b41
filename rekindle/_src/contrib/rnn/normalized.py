"""LSTMs with layer or weight normalization, and the one whose input gate is what the forget gate leaves."""

from __future__ import annotations

import math
from typing import Any

from rekindle._src import tf_logging
from rekindle._src.contrib.rnn.linear import (
    MemoryCell,
    bias_variable,
    input_sizes,
    known_depth,
    layer_norm,
)
from rekindle._src.graph import scopes
from rekindle._src.graph.collections import GraphKeys, add_to_collection, get_collection
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import bias as bias_ops
from rekindle._src.ops import clip as clip_ops
from rekindle._src.ops import dropout as dropout_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import norm as norm_ops
from rekindle._src.rnn.gated import LSTMStateTuple, warn_of_joined_state
from rekindle._src.state import initializers
from rekindle._src.state.variable_scope import get_variable, get_variable_scope, variable_scope


def clipped(x: Any, bound: Any) -> Any:
    """x within [-bound, bound]; x itself if there is no bound."""
    return x if bound is None else clip_ops.clip_by_value(x, -bound, bound)


@public("contrib.rnn.LayerNormBasicLSTMCell")
class LayerNormBasicLSTMCell(MemoryCell):
    """An LSTM with layer normalization of gates and memory, and dropout of what enters the memory.

    Args:
      num_units: the size of memory and output.
      forget_bias: added to the forget gate.
      input_size: ignored.
      activation: of candidate and memory.
      layer_norm: normalize.
      norm_gain, norm_shift: the initial scale and offset behind the normalization.
      dropout_keep_prob: the probability to keep an element of the candidate: a number or a scalar tensor.
      dropout_prob_seed: the seed of dropout.
      reuse: reuse existing variables.

    Source: Ba, Kiros and Hinton, Layer Normalization, 2016; Semeniuta, Severyn and Barth, Recurrent Dropout
    without Memory Loss, 2016.
    """

    def __init__(
        self, num_units: int, forget_bias: float = 1.0, input_size: Any = None,
        activation: Any = math_ops.tanh, layer_norm: bool = True, norm_gain: float = 1.0,
        norm_shift: float = 0.0, dropout_keep_prob: Any = 1.0, dropout_prob_seed: int | None = None,
        reuse: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(num_units, reuse=reuse)
        if input_size is not None:
            tf_logging.warn("%s: The input_size parameter is deprecated.", self)
        self._activation = activation
        self._forget_bias = forget_bias
        self._keep_prob = dropout_keep_prob
        self._seed = dropout_prob_seed
        self._layer_norm = layer_norm
        self._norm_gain = norm_gain
        self._norm_shift = norm_shift

    def _normal(self, x: Any, scope: str, dtype: Any) -> Any:
        return layer_norm(x, scope, self._norm_gain, self._norm_shift, dtype)

    def _gates(self, given: Any) -> Any:
        units = 4 * self._num_units
        kernel = get_variable("kernel", [given.get_shape()[-1], units], dtype=given.dtype)
        product = math_ops.matmul(given, kernel)
        if self._layer_norm:
            return product
        return bias_ops.bias_add(product, get_variable("bias", [units], dtype=given.dtype))

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        c, h = state
        given = array_ops.concat([inputs, h], 1)
        dtype = given.dtype
        parts = array_ops.split(value=self._gates(given), num_or_size_splits=4, axis=1)
        if self._layer_norm:
            names = ("input", "transform", "forget", "output")
            parts = [self._normal(x, name, dtype) for x, name in zip(parts, names, strict=True)]
        i, j, f, o = parts
        g = self._activation(j)
        if not isinstance(self._keep_prob, float) or self._keep_prob < 1:
            g = dropout_ops.dropout(g, self._keep_prob, seed=self._seed)
        c = c * math_ops.sigmoid(f + self._forget_bias) + math_ops.sigmoid(i) * g
        if self._layer_norm:
            c = self._normal(c, "state", dtype)
        h = self._activation(c) * math_ops.sigmoid(o)
        return h, LSTMStateTuple(c, h)


class LayerNormLSTMCell(MemoryCell):
    """An LSTM with peepholes, clipping, projection and layer normalization, each if asked for.

    Args:
      num_units: the size of the memory.
      use_peepholes: the gates see the memory.
      cell_clip: the largest absolute value in the memory.
      initializer: of all variables; default: the scope's.
      num_proj: the size of the output; default: no projection.
      proj_clip: the largest absolute value in the projected output.
      forget_bias: added to the forget gate.
      activation: default: tanh.
      layer_norm: normalize gates and memory; there is no bias then.
      norm_gain, norm_shift: the initial scale and offset behind the normalization.
      reuse: reuse existing variables.
    """

    def __init__(
        self, num_units: int, use_peepholes: bool = False, cell_clip: Any = None,
        initializer: Any = None, num_proj: int | None = None, proj_clip: Any = None,
        forget_bias: float = 1.0, activation: Any = None, layer_norm: bool = False,
        norm_gain: float = 1.0, norm_shift: float = 0.0, reuse: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(num_units, num_proj, reuse)
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._initializer = initializer
        self._proj_clip = proj_clip
        self._forget_bias = forget_bias
        self._activation = activation or math_ops.tanh
        self._layer_norm = layer_norm
        self._norm_gain = norm_gain
        self._norm_shift = norm_shift

    def _normal(self, x: Any, scope: str) -> Any:
        return layer_norm(x, scope, self._norm_gain, self._norm_shift) if self._layer_norm else x

    def _product(self, args: list[Any], size: int, has_bias: bool) -> Any:
        rows, dtype = sum(input_sizes(args)), args[0].dtype
        with variable_scope(get_variable_scope()):
            kernel = get_variable("kernel", [rows, size], dtype=dtype)
            given = args[0] if len(args) == 1 else array_ops.concat(args, 1)
            product = math_ops.matmul(given, kernel)
            if not has_bias:
                return product
            offset = bias_variable(size, dtype)
        # The variable is there with layer normalization, too, which makes no use of it.
        return product if self._layer_norm else bias_ops.bias_add(product, offset)

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        c, m = state
        known_depth(inputs)
        with variable_scope(get_variable_scope(), initializer=self._initializer) as opened:
            gates = self._product([inputs, m], 4 * self._num_units, True)
            parts = array_ops.split(value=gates, num_or_size_splits=4, axis=1)
            names = ("input", "transform", "forget", "output")
            i, j, f, o = (self._normal(x, name) for x, name in zip(parts, names, strict=True))
            diagonals = None
            if self._use_peepholes:
                with variable_scope(opened):
                    diagonals = diagonal_variables(self._num_units, inputs.dtype)
            c = memory_of(i, j, f, c, diagonals, self._forget_bias, self._activation)
            c = clipped(self._normal(c, "state"), self._cell_clip)
            m = output_of(o, c, diagonals, self._activation)
            if self._num_proj is not None:
                with variable_scope("projection"):
                    m = self._product([m], self._num_proj, False)
                m = clipped(m, self._proj_clip)
        return m, LSTMStateTuple(c, m)


def diagonal_variables(units: int, dtype: Any) -> tuple[Any, Any, Any]:
    """The peepholes of forget, input and output gate, each [units]."""
    f, i, o = (get_variable(f"w_{gate}_diag", shape=[units], dtype=dtype) for gate in "fio")
    return f, i, o


def memory_of(
    i: Any, j: Any, f: Any, c: Any, diagonals: Any, forget_bias: float, activation: Any
) -> Any:
    """The new memory, of gates before their nonlinearities."""
    if diagonals is None:
        kept = math_ops.sigmoid(f + forget_bias) * c
        return kept + math_ops.sigmoid(i) * activation(j)
    kept = math_ops.sigmoid(f + forget_bias + diagonals[0] * c) * c
    return kept + math_ops.sigmoid(i + diagonals[1] * c) * activation(j)


def output_of(o: Any, c: Any, diagonals: Any, activation: Any) -> Any:
    """The output, of the output gate before its nonlinearity and the new memory."""
    seen = o if diagonals is None else o + diagonals[2] * c
    return math_ops.sigmoid(seen) * activation(c)


class WeightNormLSTMCell(MemoryCell):
    """An LSTM whose kernels are made of columns of length 1, times a variable each.

    Args:
      num_units: the size of the memory.
      norm: normalize the kernels.
      use_peepholes: the gates see the memory.
      cell_clip: the largest absolute value in the memory.
      initializer: of all variables; default: the scope's.
      num_proj: the size of the output; default: no projection.
      proj_clip: the largest absolute value in the projected output.
      forget_bias: added to the forget gate.
      activation: default: tanh.
      reuse: reuse existing variables.

    Source: Salimans and Kingma, Weight Normalization, 2016.
    """

    def __init__(
        self, num_units: int, norm: bool = True, use_peepholes: bool = False, cell_clip: Any = None,
        initializer: Any = None, num_proj: int | None = None, proj_clip: Any = None,
        forget_bias: float = 1, activation: Any = None, reuse: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(num_units, num_proj, reuse)
        self._scope: Any = "wn_lstm_cell"  # `call` opens it once more, as in TensorFlow
        self._norm = norm
        self._initializer = initializer
        self._use_peepholes = use_peepholes
        self._cell_clip = cell_clip
        self._proj_clip = proj_clip
        self._activation = activation or math_ops.tanh
        self._forget_bias = forget_bias

    def _product(self, args: list[Any], size: int, has_bias: bool) -> Any:
        rows, dtype = input_sizes(args), args[0].dtype
        with variable_scope(get_variable_scope()):
            kernel = get_variable("kernel", [sum(rows), size], dtype=dtype)
            if self._norm:
                with scopes.control_dependencies(None):
                    kernel = self._normal(kernel, rows)
            given = args[0] if len(args) == 1 else array_ops.concat(args, 1)
            product = math_ops.matmul(given, kernel)
            return bias_ops.bias_add(product, bias_variable(size, dtype)) if has_bias else product

    def _normal(self, kernel: Any, rows: list[int]) -> Any:
        parts, start = [], 0
        for i, count in enumerate(rows):
            part = kernel[start : start + count, :]
            start += count
            scale = get_variable(f"norm_{i}", [part.get_shape().as_list()[1]], dtype=part.dtype)
            parts.append(norm_ops.l2_normalize(part, axis=0) * scale)
        return array_ops.concat(parts, axis=0)

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        c, h = state
        known_depth(inputs)
        with variable_scope("wn_lstm_cell", initializer=self._initializer):
            gates = self._product([inputs, h], 4 * self._num_units, True)
            i, j, f, o = array_ops.split(value=gates, num_or_size_splits=4, axis=1)
            diagonals = None
            if self._use_peepholes:
                diagonals = diagonal_variables(self._num_units, inputs.dtype)
                kept = c * math_ops.sigmoid(f + self._forget_bias + diagonals[0] * c)
                c = kept + math_ops.sigmoid(i + diagonals[1] * c) * self._activation(j)
            else:
                kept = c * math_ops.sigmoid(f + self._forget_bias)
                c = kept + math_ops.sigmoid(i) * self._activation(j)
            c = clipped(c, self._cell_clip)
            h = output_of(o, c, diagonals, self._activation)
            if self._num_proj is not None:
                with variable_scope("projection"):
                    h = self._product([h], self._num_proj, False)
                h = clipped(h, self._proj_clip)
        return h, LSTMStateTuple(c, h)


def sharded_variable(name: str, shape: list[int], dtype: Any, num_shards: int) -> Any:
    """A variable [rows, columns], or the concatenation of `num_shards` variables with its rows.

    Raises:
      ValueError: there are more parts than rows.
    """
    if num_shards > shape[0]:
        raise ValueError(f"Too many shards: shape={shape}, num_shards={num_shards}")
    size = math.floor(shape[0] / num_shards)
    longer = shape[0] - size * num_shards
    parts = [
        get_variable(f"{name}_{i}", [size + (i < longer), *shape[1:]], dtype=dtype)
        for i in range(num_shards)
    ]
    if len(parts) == 1:
        return parts[0]
    full_name = f"{get_variable_scope().name}/{name}/concat:0"
    for joined in get_collection(GraphKeys.CONCATENATED_VARIABLES):
        if joined.name == full_name:
            return joined
    joined = array_ops.concat(parts, 0, name=f"{name}/concat")
    add_to_collection(GraphKeys.CONCATENATED_VARIABLES, joined)
    return joined


@public("contrib.rnn.CoupledInputForgetGateLSTMCell")
class CoupledInputForgetGateLSTMCell(MemoryCell):
    """An LSTM that takes in what it forgets: its input gate is 1 minus the forget gate.

    Args:
      num_units: the size of the memory.
      use_peepholes: the gates see the memory.
      initializer: ignored; the scope's initializer makes the kernels.
      num_proj: the size of the output; default: no projection.
      proj_clip: the largest absolute value in the projected output.
      num_unit_shards, num_proj_shards: how many variables hold a kernel.
      forget_bias: added to the forget gate.
      state_is_tuple: the state is an LSTMStateTuple; False: both parts side by side in one tensor.
      activation: of candidate and memory.
      reuse: reuse existing variables.
      layer_norm: normalize gates and memory.
      norm_gain, norm_shift: the initial scale and offset behind the normalization.

    Source: Greff et al., LSTM: A Search Space Odyssey, 2015.
    """

    def __init__(
        self, num_units: int, use_peepholes: bool = False, initializer: Any = None,
        num_proj: int | None = None, proj_clip: Any = None, num_unit_shards: int = 1,
        num_proj_shards: int = 1, forget_bias: float = 1.0, state_is_tuple: bool = True,
        activation: Any = math_ops.tanh, reuse: Any = None, layer_norm: bool = False,
        norm_gain: float = 1.0, norm_shift: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__(num_units, num_proj, reuse)
        warn_of_joined_state(self, state_is_tuple)
        self._use_peepholes = use_peepholes
        self._initializer = initializer
        self._proj_clip = proj_clip
        self._num_unit_shards = num_unit_shards
        self._num_proj_shards = num_proj_shards
        self._forget_bias = forget_bias
        self._state_is_tuple = state_is_tuple
        self._activation = activation
        self._layer_norm = layer_norm
        self._norm_gain = norm_gain
        self._norm_shift = norm_shift

    @property
    def state_size(self) -> Any:
        """The sizes of memory and output."""
        sizes = super().state_size
        return sizes if self._state_is_tuple else sum(sizes)

    def _normal(self, x: Any, scope: str) -> Any:
        if not self._layer_norm:
            return x
        return layer_norm(x, scope, self._norm_gain, self._norm_shift)

    def _gates(self, inputs: Any, m: Any) -> Any:
        units, dtype = 3 * self._num_units, inputs.dtype
        rows = known_depth(inputs) + (self._num_units if self._num_proj is None else self._num_proj)
        kernel = sharded_variable("W", [rows, units], dtype, self._num_unit_shards)
        offset = get_variable("B", shape=[units], initializer=initializers.Zeros(), dtype=dtype)
        gates = math_ops.matmul(array_ops.concat([inputs, m], 1), kernel)
        if not self._layer_norm:
            gates = bias_ops.bias_add(gates, offset)
        parts = array_ops.split(value=gates, num_or_size_splits=3, axis=1)
        names = ("transform", "forget", "output")
        return [self._normal(x, name) for x, name in zip(parts, names, strict=True)]

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        units, dtype = self._num_units, inputs.dtype
        if self._state_is_tuple:
            c, m = state
        else:
            out = units if self._num_proj is None else self._num_proj
            c = array_ops.slice(state, [0, 0], [-1, units])
            m = array_ops.slice(state, [0, units], [-1, out])
        j, f, o = self._gates(inputs, m)
        diagonals = None
        if self._use_peepholes:
            diagonals = [get_variable(f"W_{gate}_diag", shape=[units], dtype=dtype) for gate in "FO"]
            forget = math_ops.sigmoid(f + self._forget_bias + diagonals[0] * c)
        else:
            forget = math_ops.sigmoid(f + self._forget_bias)
        c = self._normal(forget * c + (1 - forget) * self._activation(j), "state")
        seen = o if diagonals is None else o + diagonals[1] * c
        m = math_ops.sigmoid(seen) * self._activation(c)
        if self._num_proj is not None:
            kernel = sharded_variable("W_P", [units, self._num_proj], dtype, self._num_proj_shards)
            m = clipped(math_ops.matmul(m, kernel), self._proj_clip)
        return m, LSTMStateTuple(c, m) if self._state_is_tuple else array_ops.concat([c, m], 1)
