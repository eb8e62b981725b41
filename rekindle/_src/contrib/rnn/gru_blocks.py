"""GRUs whose step is one op."""

from __future__ import annotations

from typing import Any

from rekindle._src.layers.input_spec import InputSpec
from rekindle._src.names import public
from rekindle._src.ops import rnn_blocks
from rekindle._src.platform.deprecation import deprecated_args
from rekindle._src.rnn.cell import LayerRNNCell
from rekindle._src.state import initializers


@public("contrib.rnn.GRUBlockCell")
class GRUBlockCell(LayerRNNCell):
    """A gated recurrent unit whose step is one op; `GRUBlockCellV2` has the variables of GRUCell.

    Args:
      num_units: the size of state and output.
      cell_size: the old name of `num_units`.
      reuse: reuse existing variables.
      name: the name of the cell and its scope.

    Raises:
      ValueError: not exactly one of `num_units` and `cell_size` is given.
    """

    _NAMES = ("w_ru", "b_ru", "w_c", "b_c")

    @deprecated_args(None, "cell_size is deprecated, use num_units instead", "cell_size")
    def __init__(
        self, num_units: int | None = None, cell_size: int | None = None, reuse: Any = None,
        name: str = "gru_cell",
    ) -> None:
        super().__init__(_reuse=reuse, name=name)
        if (cell_size is None) == (num_units is None):
            raise ValueError("Exactly one of num_units or cell_size must be provided.")
        self._cell_size = cell_size if num_units is None else num_units
        self.input_spec = InputSpec(ndim=2)

    @property
    def state_size(self) -> Any:
        """The size of the state."""
        return self._cell_size

    @property
    def output_size(self) -> Any:
        """The size of the output."""
        return self._cell_size

    def build(self, input_shape: Any) -> None:
        """Make the kernels and biases of the gates and the candidate."""
        depth = input_shape.as_list()[1]
        if depth is None:
            raise ValueError("Expecting input_size to be set.")
        rows, units = depth + self._cell_size, self._cell_size
        gate_kernel, gate_bias, kernel, offset = self._NAMES
        ones, zeros = initializers.Constant(1.0), initializers.Constant(0.0)
        self._gate_kernel = self.add_variable(gate_kernel, [rows, units * 2])
        self._gate_bias = self.add_variable(gate_bias, [units * 2], initializer=ones)
        self._candidate_kernel = self.add_variable(kernel, [rows, units])
        self._candidate_bias = self.add_variable(offset, [units], initializer=zeros)
        self.built = True

    def call(self, inputs: Any, h_prev: Any) -> Any:
        """One step."""
        size = h_prev.get_shape().with_rank(2)[1]
        if size != self._cell_size:
            raise ValueError(f"Shape of h_prev[1] incorrect: cell_size {self._cell_size} vs {size}")
        _, _, _, h = rnn_blocks.gru_block_cell(
            x=inputs, h_prev=h_prev, w_ru=self._gate_kernel, w_c=self._candidate_kernel,
            b_ru=self._gate_bias, b_c=self._candidate_bias,
        )
        return h, h


@public("contrib.rnn.GRUBlockCellV2")
class GRUBlockCellV2(GRUBlockCell):
    """`GRUBlockCell` with the names of GRUCell's variables."""

    _NAMES = ("gates/kernel", "gates/bias", "candidate/kernel", "candidate/bias")
