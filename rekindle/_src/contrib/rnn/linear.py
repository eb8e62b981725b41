"""What several cells are made of: linear maps with variables of their own, and layer normalization."""

from __future__ import annotations

from typing import Any

from rekindle._src import nest
from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import bias as bias_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import moments as moments_ops
from rekindle._src.ops import norm as norm_ops
from rekindle._src.rnn.cell import RNNCell
from rekindle._src.rnn.gated import LSTMStateTuple
from rekindle._src.state import initializers
from rekindle._src.state.variable_scope import get_variable, get_variable_scope, variable_scope


def input_sizes(args: list[Any]) -> list[int]:
    """The sizes D of tensors [B, D].

    Raises:
      ValueError: one has another rank, or its size is not known.
    """
    shapes = [one.get_shape() for one in args]
    for shape in shapes:
        if shape.ndims != 2:
            raise ValueError(f"linear is expecting 2D arguments: {shapes}")
        if shape.as_list()[1] is None:
            raise ValueError(f"linear expects shape[1] to be provided for shape {shape}, but saw {shape[1]}")
    return [shape.as_list()[1] for shape in shapes]


def bias_variable(size: int, dtype: Any, initializer: Any = None) -> Any:
    """The variable "bias" [size], never cut into parts."""
    with variable_scope(get_variable_scope()) as inner:
        inner.set_partitioner(None)
        if initializer is None:
            initializer = initializers.Constant(0.0, dtype=dtype)
        return get_variable("bias", [size], dtype=dtype, initializer=initializer)


def known_depth(inputs: Any) -> int:
    """The size D of inputs [B, D].

    Raises:
      ValueError: it is not known.
    """
    depth = inputs.get_shape().with_rank(2).as_list()[1]
    if depth is None:
        raise ValueError("Could not infer input size from inputs.get_shape()[-1]")
    return depth


class Linear:
    """[x, y, ...] kernel + bias, of tensors [B, *] -> [B, output_size]; the variables are made at once.

    Args:
      args: a tensor or a list of tensors, for the sizes.
      output_size: the size of the output.
      has_bias: add a bias.
      bias_initializer: default: 0.
      kernel_initializer: default: the scope's.

    Raises:
      ValueError: there are no tensors, or a size is not known.
    """

    def __init__(
        self, args: Any, output_size: int, has_bias: bool, bias_initializer: Any = None,
        kernel_initializer: Any = None,
    ) -> None:
        if args is None or (nest.is_nested(args) and not args):
            raise ValueError("`args` must be specified")
        self._listed = nest.is_nested(args)
        tensors = args if self._listed else [args]
        rows = sum(input_sizes(tensors))
        dtype = tensors[0].dtype
        self._bias = None
        with variable_scope(get_variable_scope()):
            self._kernel = get_variable(
                "kernel", [rows, output_size], dtype=dtype, initializer=kernel_initializer
            )
            if has_bias:
                self._bias = bias_variable(output_size, dtype, bias_initializer)

    def __call__(self, args: Any) -> Any:
        """The map of one tensor, or of a list of them side by side."""
        tensors = args if self._listed else [args]
        if len(tensors) == 1:
            product = math_ops.matmul(tensors[0], self._kernel)
        else:
            one = convert.constant(1, dtype=dtypes.int32)
            product = math_ops.matmul(array_ops.concat(tensors, one), self._kernel)
        return product if self._bias is None else bias_ops.bias_add(product, self._bias)


def layer_norm(x: Any, scope: str, gain: float, shift: float, dtype: Any = dtypes.float32) -> Any:
    """x [B, D] with mean 0 and variance 1 in each row, times "gamma" plus "beta" of the scope."""
    shape = x.get_shape()[-1:]
    gains = initializers.Constant(gain)
    shifts = initializers.Constant(shift)
    with variable_scope(scope):
        get_variable("gamma", shape=shape, initializer=gains, dtype=dtype)
        get_variable("beta", shape=shape, initializer=shifts, dtype=dtype)
    with variable_scope(scope, "LayerNorm", [x], reuse=True):
        beta = get_variable("beta", shape=shape, dtype=x.dtype.base_dtype)
        gamma = get_variable("gamma", shape=shape, dtype=x.dtype.base_dtype)
        mean, variance = moments_ops.moments(x, [1], keep_dims=True)
        epsilon = 1e-3 if x.dtype.base_dtype == dtypes.float16 else 1e-12
        normal = norm_ops.batch_normalization(
            x, mean, variance, offset=beta, scale=gamma, variance_epsilon=epsilon
        )
        normal.set_shape(x.get_shape())
    return normal


class RecurrentCell(RNNCell):
    """A cell of `num_units` units, whose state and output have that size."""

    def __init__(self, num_units: int, reuse: Any = None, **kwargs: Any) -> None:
        super().__init__(_reuse=reuse, **kwargs)
        self._num_units = num_units

    @property
    def state_size(self) -> Any:
        """The size of the state."""
        return self._num_units

    @property
    def output_size(self) -> Any:
        """The size of the output."""
        return self._num_units


class MemoryCell(RecurrentCell):
    """A cell with an LSTM's state: memory [B, num_units] and output [B, num_proj or num_units]."""

    def __init__(
        self, num_units: int, num_proj: int | None = None, reuse: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(num_units, reuse, **kwargs)
        self._num_proj = num_proj

    @property
    def state_size(self) -> Any:
        """The sizes of memory and output."""
        return LSTMStateTuple(self._num_units, self.output_size)

    @property
    def output_size(self) -> Any:
        """The size of the output."""
        return self._num_proj or self._num_units


class CellAround(RNNCell):
    """A cell around another one: with its state and, if a subclass says no other, its output."""

    def __init__(self, cell: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._cell = cell

    @property
    def state_size(self) -> Any:
        """The sizes of the inner cell's state."""
        return self._cell.state_size

    @property
    def output_size(self) -> Any:
        """The size of the inner cell's output."""
        return self._cell.output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """The inner cell's zeros."""
        with scopes.name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            return self._cell.zero_state(batch_size, dtype)


def known_rows(inputs: Any) -> Any:
    """The number of rows of inputs [B, ...]: a number if it is known, else a tensor."""
    return TensorShape(inputs.shape).as_list()[0] or array_ops.shape(inputs)[0]
