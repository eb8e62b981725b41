"""Cells around cells: dropout, residual connections, devices, layers upon layers."""

from __future__ import annotations

import hashlib
import numbers
from collections.abc import Callable
from typing import Any

from rekindle._src import nest, tf_logging
from rekindle._src.graph import constants, convert, scopes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.layers.base import Layer
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import dropout as dropout_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import random as random_ops
from rekindle._src.ops.tensor_array import TensorArray
from rekindle._src.rnn.cell import RNNCell, assert_like_cell
from rekindle._src.rnn.gated import LSTMStateTuple
from rekindle._src.state.variable_scope import variable_scope


class WrappedCell(RNNCell):
    """A cell that calls another one; subclasses say `step`."""

    def __init__(self, cell: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        assert_like_cell("cell", cell)
        self.cell = cell

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """The output and the new state of one step."""
        return self.step(inputs, state, scope)

    def step(self, inputs: Any, state: Any, scope: Any) -> Any:
        """One step around a call of the inner cell."""
        return self.cell(inputs, state, scope=scope)

    @property
    def wrapped_cell(self) -> Any:
        """The inner cell."""
        return self.cell

    @property
    def state_size(self) -> Any:
        """The sizes of the inner cell's state."""
        return self.cell.state_size

    @property
    def output_size(self) -> Any:
        """The size of the inner cell's output."""
        return self.cell.output_size

    @property
    def trainable_weights(self) -> list[Any]:
        """The variables that are trained."""
        return _weights([self.cell], "trainable_weights") if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The other variables."""
        found = _weights([self.cell], "non_trainable_weights")
        if self.trainable:
            return found
        return _weights([self.cell], "trainable_weights") + found

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """The inner cell's zeros."""
        with scopes.name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            return self.cell.zero_state(batch_size, dtype)


def _weights(cells: Any, kind: str) -> list[Any]:
    return [w for cell in cells if isinstance(cell, Layer) for w in getattr(cell, kind)]


def _keeps_memory(state: Any) -> Any:
    """Which parts of a state to drop from: all but an LSTM's memory and TensorArrays."""
    if isinstance(state, LSTMStateTuple):
        return LSTMStateTuple(c=False, h=True)
    return not isinstance(state, TensorArray)


def _numbered_map(shallow: Any, function: Callable[..., Any], *structures: Any) -> Any:
    """`map_structure_up_to` with the number of the leaf as first argument."""
    count = iter(range(1 << 30))
    return nest.map_structure_up_to(
        shallow, lambda *leaves: function(next(count), *leaves), *structures
    )


@public("nn.rnn_cell.DropoutWrapper", "contrib.rnn.DropoutWrapper")
class DropoutWrapper(WrappedCell):
    """A cell with dropout of its inputs, outputs and new states.

    Args:
      cell: the cell.
      input_keep_prob, output_keep_prob, state_keep_prob: the probabilities to keep an element,
        numbers in [0, 1] or scalar tensors; 1 for no dropout.
      variational_recurrent: drop the same elements in every step and row; needs `dtype`.
      input_size: the size of the inputs; needed by variational dropout of them.
      dtype: the type of inputs, states and outputs.
      seed: the seed.
      dropout_state_filter_visitor: gives True or False for each part of a state: whether to drop
        from it; default: all but an LSTM's memory and TensorArrays.

    Raises:
      TypeError: `cell` is no cell, or the visitor no function.
      ValueError: a probability is out of range, or an argument of variational dropout is missing.

    Source: Gal and Ghahramani, A Theoretically Grounded Application of Dropout in Recurrent Neural
    Networks, 2015.
    """

    def __init__(
        self, cell: Any, input_keep_prob: Any = 1.0, output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0, variational_recurrent: bool = False, input_size: Any = None,
        dtype: Any = None, seed: int | None = None, dropout_state_filter_visitor: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cell, dtype=dtype, **kwargs)
        visitor = dropout_state_filter_visitor
        if visitor is not None and not callable(visitor):
            raise TypeError("dropout_state_filter_visitor must be callable")
        self._dropout_state_filter = visitor or _keeps_memory
        with scopes.name_scope("DropoutWrapperInit"):
            self._input_keep_prob = _checked("input_keep_prob", input_keep_prob)
            self._state_keep_prob = _checked("state_keep_prob", state_keep_prob)
            self._output_keep_prob = _checked("output_keep_prob", output_keep_prob)
        self._variational_recurrent = variational_recurrent
        self._input_size = input_size
        self._seed = seed
        self._noise: dict[str, Any] = {"input": None, "state": None, "output": None}
        if variational_recurrent:
            self._draw_noise(dtype)

    def _draw_noise(self, dtype: Any) -> None:
        if dtype is None:
            raise ValueError("When variational_recurrent=True, dtype must be provided")
        sizes = {"state": self.cell.state_size, "output": self.cell.output_size}
        if not isinstance(self._input_keep_prob, numbers.Real) or self._input_keep_prob < 1.0:
            if self._input_size is None:
                raise ValueError(
                    "When variational_recurrent=True and input_keep_prob < 1.0 or is unknown, "
                    "input_size must be provided"
                )
            sizes = {"input": self._input_size, **sizes}
        for salt, size in sizes.items():

            def draw(index: int, part: Any, salt: str = salt) -> Any:
                shape = array_ops.concat(([1], TensorShape(part).as_list()), 0)
                seed = self._seed_of(salt, index)
                return random_ops.random_uniform(shape, seed=seed, dtype=dtype)

            self._noise[salt] = _numbered_map(size, draw, size)

    def _seed_of(self, salt: str, index: int) -> int | None:
        if self._seed is None:
            return None
        text = f"{self._seed}{salt}_{index}".encode()
        return int(hashlib.md5(text, usedforsecurity=False).hexdigest()[:8], 16) & 0x7FFFFFFF

    def step(self, inputs: Any, state: Any, scope: Any) -> Any:
        """One step with dropout around it."""
        if _drops(self._input_keep_prob):
            inputs = self._dropped(inputs, "input", self._input_keep_prob, inputs)
        output, state = self.cell(inputs, state, scope=scope)
        if _drops(self._state_keep_prob):
            parts = nest.get_traverse_shallow_structure(self._dropout_state_filter, state)
            state = self._dropped(state, "state", self._state_keep_prob, parts)
        if _drops(self._output_keep_prob):
            output = self._dropped(output, "output", self._output_keep_prob, output)
        return output, state

    def _dropped(self, values: Any, salt: str, keep_prob: Any, parts: Any) -> Any:
        def drop(index: int, chosen: Any, value: Any, *noise: Any) -> Any:
            if isinstance(chosen, bool) and not chosen:
                return value
            if not noise:
                seed = self._seed_of(salt, index)
                return dropout_ops.dropout_v2(value, rate=1.0 - keep_prob, seed=seed)
            kept = math_ops.floor(keep_prob + noise[0])
            scaled = math_ops.div(value, keep_prob) * kept
            scaled.set_shape(value.get_shape())
            return scaled

        structures = [parts, values]
        if self._variational_recurrent:
            structures.append(self._noise[salt])
        return _numbered_map(parts, drop, *structures)


def _checked(label: str, probability: Any) -> Any:
    tensor = convert.convert_to_tensor(probability)
    known = constants.constant_value(tensor)
    if known is None:
        return tensor
    if known < 0 or known > 1:
        raise ValueError(f"Parameter {label} must be between 0 and 1: {int(known)}")
    return float(known)


def _drops(probability: Any) -> bool:
    return not isinstance(probability, float) or probability < 1


@public("nn.rnn_cell.ResidualWrapper", "contrib.rnn.ResidualWrapper")
class ResidualWrapper(WrappedCell):
    """A cell whose inputs are added to its outputs.

    Args:
      cell: the cell.
      residual_fn: (inputs, outputs) -> outputs; default: their sum.

    Raises:
      TypeError, ValueError: inputs and outputs differ in structure or shape (when called).
    """

    def __init__(self, cell: Any, residual_fn: Any = None, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self._residual_fn = residual_fn or _sum

    def step(self, inputs: Any, state: Any, scope: Any) -> Any:
        """One step with the residual connection."""
        outputs, state = self.cell(inputs, state, scope=scope)
        return self._residual_fn(inputs, outputs), state


def _sum(inputs: Any, outputs: Any) -> Any:
    nest.assert_same_structure(inputs, outputs)
    nest.map_structure(
        lambda x, y: x.get_shape().assert_is_compatible_with(y.get_shape()), inputs, outputs
    )
    return nest.map_structure(lambda x, y: x + y, inputs, outputs)


@public("nn.rnn_cell.DeviceWrapper", "contrib.rnn.DeviceWrapper")
class DeviceWrapper(WrappedCell):
    """A cell whose operations are on a device.

    Args:
      cell: the cell.
      device: the device, or function from operation to device.
    """

    def __init__(self, cell: Any, device: Any, **kwargs: Any) -> None:
        super().__init__(cell, **kwargs)
        self._device = device

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """The inner cell's zeros, on the device."""
        with scopes.name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            with scopes.device(self._device):
                return self.cell.zero_state(batch_size, dtype)

    def step(self, inputs: Any, state: Any, scope: Any) -> Any:
        """One step on the device."""
        with scopes.device(self._device):
            return self.cell(inputs, state, scope=scope)


@public("nn.rnn_cell.MultiRNNCell", "contrib.rnn.MultiRNNCell")
class MultiRNNCell(RNNCell):
    """Cells one upon the other: the outputs of one are the inputs of the next.

    Args:
      cells: the cells, from the inputs on.
      state_is_tuple: the state is a tuple of the cells' states; False: all in one tensor.

    Raises:
      ValueError: there are no cells, or a state is a tuple where one tensor is to hold all.
      TypeError: `cells` is no list or tuple.
    """

    def __init__(self, cells: Any, state_is_tuple: bool = True) -> None:
        super().__init__()
        if not cells:
            raise ValueError("Must specify at least one cell for MultiRNNCell.")
        if not nest.is_nested(cells):
            raise TypeError(f"cells must be a list or tuple, but saw: {cells}.")
        if len({id(cell) for cell in cells}) < len(cells):
            tf_logging.log_first_n(
                tf_logging.WARN, "At least two cells provided to MultiRNNCell are the same object "
                "and will share weights.", 1,
            )
        self._cells = cells
        self._state_is_tuple = state_is_tuple
        sizes = [cell.state_size for cell in cells]
        if not state_is_tuple and any(nest.is_nested(size) for size in sizes):
            raise ValueError(
                "Some cells return tuples of states, but the flag state_is_tuple is not set.  "
                f"State sizes are: {sizes}"
            )

    @property
    def state_size(self) -> Any:
        """The sizes of the cells' states."""
        sizes = tuple(cell.state_size for cell in self._cells)
        return sizes if self._state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        """The size of the last cell's output."""
        return self._cells[-1].output_size

    @property
    def trainable_weights(self) -> list[Any]:
        """The variables that are trained."""
        return _weights(self._cells, "trainable_weights") if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The other variables."""
        found = _weights(self._cells, "non_trainable_weights")
        if self.trainable:
            return found
        return _weights(self._cells, "trainable_weights") + found

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """The zeros of all cells."""
        with scopes.name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            if self._state_is_tuple:
                return tuple(cell.zero_state(batch_size, dtype) for cell in self._cells)
            return super().zero_state(batch_size, dtype)

    def call(self, inputs: Any, state: Any) -> Any:
        """One step of all cells."""
        position = 0
        states = []
        for i, cell in enumerate(self._cells):
            with variable_scope(f"cell_{i}"):
                if not self._state_is_tuple:
                    size = cell.state_size
                    part = array_ops.slice(state, [0, position], [-1, size])
                    position += size
                elif nest.is_nested(state):
                    part = state[i]
                else:
                    raise ValueError(
                        f"Expected state to be a tuple of length {len(self.state_size)}, "
                        f"but received: {state}"
                    )
                inputs, new = cell(inputs, part)
                states.append(new)
        return inputs, tuple(states) if self._state_is_tuple else array_ops.concat(states, 1)
