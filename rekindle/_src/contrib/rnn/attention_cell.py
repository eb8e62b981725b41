"""A cell that looks back over its last outputs."""

from __future__ import annotations

from typing import Any

from rekindle._src import nest
from rekindle._src.contrib.rnn.linear import CellAround, Linear
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import conv as conv_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import softmax as softmax_ops
from rekindle._src.rnn.cell import RNNCell, assert_like_cell
from rekindle._src.rnn.gated import warn_of_joined_state
from rekindle._src.state.variable_scope import get_variable, variable_scope


@public("contrib.rnn.AttentionCellWrapper")
class AttentionCellWrapper(CellAround):
    """A cell that attends to its last `attn_length` outputs.

    Args:
      cell: the cell.
      attn_length: how many outputs are kept.
      attn_size: the size of the outputs; default: that of the cell's.
      attn_vec_size: the size of what outputs are compared in; default: `attn_size`.
      input_size: the size of the cell's inputs; default: that of the inputs.
      state_is_tuple: the state is (cell's state, attention, outputs); False: all in one tensor.
      reuse: reuse existing variables.

    Raises:
      TypeError: `cell` is no cell.
      ValueError: the cell's state is a tuple where one tensor is to hold all, or `attn_length` is not positive.

    Source: Bahdanau, Cho and Bengio, Neural Machine Translation by Jointly Learning to Align and Translate, 2014.
    """

    def __init__(
        self, cell: Any, attn_length: int, attn_size: int | None = None,
        attn_vec_size: int | None = None, input_size: int | None = None,
        state_is_tuple: bool = True, reuse: Any = None,
    ) -> None:
        super().__init__(cell, _reuse=reuse)
        assert_like_cell("cell", cell)
        if nest.is_nested(cell.state_size) and not state_is_tuple:
            raise ValueError(
                "Cell returns tuple of states, but the flag state_is_tuple is not set. State size is: "
                f"{cell.state_size}"
            )
        if attn_length <= 0:
            raise ValueError(f"attn_length should be greater than zero, got {attn_length}")
        warn_of_joined_state(self, state_is_tuple)
        self._attn_size = cell.output_size if attn_size is None else attn_size
        self._attn_vec_size = self._attn_size if attn_vec_size is None else attn_vec_size
        self._state_is_tuple = state_is_tuple
        self._input_size = input_size
        self._attn_length = attn_length
        self._linears: dict[str, Linear] = {}

    @property
    def state_size(self) -> Any:
        """The sizes of the cell's state, of the attention and of the outputs kept."""
        sizes = (self._cell.state_size, self._attn_size, self._attn_size * self._attn_length)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        """The size of the output."""
        return self._attn_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Zeros for the state."""
        return RNNCell.zero_state(self, batch_size, dtype)

    def _linear(self, name: str, args: Any, size: int) -> Any:
        if name not in self._linears:
            self._linears[name] = Linear(args, size, True)
        return self._linears[name](args)

    def call(self, inputs: Any, state: Any) -> Any:
        """One step."""
        size, length = self._attn_size, self._attn_length
        if self._state_is_tuple:
            state, attention, kept = state
        else:
            own, whole = self._cell.state_size, state
            state = array_ops.slice(whole, [0, 0], [-1, own])
            attention = array_ops.slice(whole, [0, own], [-1, size])
            kept = array_ops.slice(whole, [0, own + size], [-1, size * length])
        kept = array_ops.reshape(kept, [-1, length, size])
        depth = self._input_size
        if depth is None:
            depth = inputs.get_shape().as_list()[1]
        inputs = self._linear("inputs", [inputs, attention], depth)
        output, new = self._cell(inputs, state)
        query = array_ops.concat(nest.flatten(new), 1) if self._state_is_tuple else new
        attention, kept = self._attend(query, kept)
        with variable_scope("attn_output_projection"):
            output = self._linear("output", [output, attention], size)
        kept = array_ops.concat([kept, array_ops.expand_dims(output, 1)], 1)
        kept = array_ops.reshape(kept, [-1, length * size])
        new = (new, attention, kept)
        return output, new if self._state_is_tuple else array_ops.concat(list(new), 1)

    def _attend(self, query: Any, kept: Any) -> Any:
        """The attention, and the outputs kept without the oldest."""
        size, length, width = self._attn_size, self._attn_length, self._attn_vec_size
        with variable_scope("attention"):
            kernel = get_variable("attn_w", [1, 1, size, width])
            vector = get_variable("attn_v", [width])
            hidden = array_ops.reshape(kept, [-1, length, 1, size])
            features = conv_ops.conv2d_v1(hidden, kernel, [1, 1, 1, 1], "SAME")
            asked = array_ops.reshape(self._linear("query", query, width), [-1, 1, 1, width])
            score = math_ops.reduce_sum(vector * math_ops.tanh(features + asked), [2, 3])
            weights = softmax_ops.softmax(score)
            weights = array_ops.reshape(weights, [-1, length, 1, 1])
            seen = math_ops.reduce_sum(weights * hidden, [1, 2])
            attention = array_ops.reshape(seen, [-1, size])
            return attention, array_ops.slice(kept, [0, 1, 0], [-1, -1, -1])
