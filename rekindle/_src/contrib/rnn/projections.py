"""Cells with something before or behind another cell: embeddings, projections, highways."""

from __future__ import annotations

import math
from typing import Any

from rekindle._src import nest, tf_logging
from rekindle._src.contrib.rnn.linear import CellAround, Linear
from rekindle._src.graph import scopes
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import bias as bias_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.rnn.cell import assert_like_cell
from rekindle._src.state import embedding as embedding_ops
from rekindle._src.state import initializers
from rekindle._src.state.variable_scope import get_variable, get_variable_scope


@public("contrib.rnn.EmbeddingWrapper")
class EmbeddingWrapper(CellAround):
    """A cell whose inputs are numbers of words [B] or [B, 1], which stand for rows of a variable.

    Args:
      cell: the cell.
      embedding_classes: how many words there are.
      embedding_size: the size of their vectors.
      initializer: default: the scope's, else uniform with variance 1.
      reuse: reuse existing variables.

    Raises:
      TypeError: `cell` is no cell.
      ValueError: a size is not positive.
    """

    def __init__(
        self, cell: Any, embedding_classes: int, embedding_size: int, initializer: Any = None,
        reuse: Any = None,
    ) -> None:
        super().__init__(cell, _reuse=reuse)
        assert_like_cell("cell", cell)
        if embedding_classes <= 0 or embedding_size <= 0:
            raise ValueError(
                "Both embedding_classes and embedding_size must be > 0: "
                f"{embedding_classes}, {embedding_size}."
            )
        self._embedding_classes = embedding_classes
        self._embedding_size = embedding_size
        self._initializer = initializer

    def call(self, inputs: Any, state: Any) -> Any:
        """One step on the vectors of the words."""
        with scopes.device("/cpu:0"):
            initializer = self._initializer or get_variable_scope().initializer
            if not initializer:
                bound = math.sqrt(3)
                initializer = initializers.RandomUniform(-bound, bound)
            first = state[0] if isinstance(state, tuple) else state
            vectors = get_variable(
                "embedding", [self._embedding_classes, self._embedding_size],
                initializer=initializer, dtype=first.dtype,
            )
            embedded = embedding_ops.embedding_lookup(vectors, array_ops.reshape(inputs, [-1]))
            return self._cell(embedded, state)


@public("contrib.rnn.InputProjectionWrapper")
class InputProjectionWrapper(CellAround):
    """A cell behind a linear map of its inputs.

    Args:
      cell: the cell.
      num_proj: the size of the map's output.
      activation: a function of it; default: none.
      input_size: ignored.
      reuse: reuse existing variables.

    Raises:
      TypeError: `cell` is no cell.
    """

    def __init__(
        self, cell: Any, num_proj: int, activation: Any = None, input_size: Any = None,
        reuse: Any = None,
    ) -> None:
        super().__init__(cell, _reuse=reuse)
        if input_size is not None:
            tf_logging.warn("%s: The input_size parameter is deprecated.", self)
        assert_like_cell("cell", cell)
        self._num_proj = num_proj
        self._activation = activation
        self._linear: Linear | None = None

    def call(self, inputs: Any, state: Any) -> Any:
        """The map, then one step."""
        if self._linear is None:
            self._linear = Linear(inputs, self._num_proj, True)
        projected = self._linear(inputs)
        if self._activation:
            projected = self._activation(projected)
        return self._cell(projected, state)


@public("contrib.rnn.OutputProjectionWrapper")
class OutputProjectionWrapper(CellAround):
    """A cell before a linear map of its outputs.

    Args:
      cell: the cell.
      output_size: the size of the map's output.
      activation: a function of it; default: none.
      reuse: reuse existing variables.

    Raises:
      TypeError: `cell` is no cell.
      ValueError: the size is not positive.
    """

    def __init__(
        self, cell: Any, output_size: int, activation: Any = None, reuse: Any = None
    ) -> None:
        super().__init__(cell, _reuse=reuse)
        assert_like_cell("cell", cell)
        if output_size < 1:
            raise ValueError(f"Parameter output_size must be > 0: {output_size}.")
        self._output_size = output_size
        self._activation = activation
        self._linear: Linear | None = None

    @property
    def output_size(self) -> Any:
        """The size of the map's output."""
        return self._output_size

    def call(self, inputs: Any, state: Any) -> Any:
        """One step, then the map."""
        output, new = self._cell(inputs, state)
        if self._linear is None:
            self._linear = Linear(output, self._output_size, True)
        projected = self._linear(output)
        if self._activation:
            projected = self._activation(projected)
        return projected, new


@public("contrib.rnn.HighwayWrapper")
class HighwayWrapper(CellAround):
    """A cell whose outputs are mixed with its inputs, by a gate that sees the inputs.

    Args:
      cell: the cell.
      couple_carry_transform_gates: one gate decides how much of the inputs and of the outputs.
      carry_bias_init: the initial bias of the inputs' gate.

    Source: Srivastava, Greff and Schmidhuber, Highway Networks, 2015.
    """

    def __init__(
        self, cell: Any, couple_carry_transform_gates: bool = True, carry_bias_init: float = 1.0
    ) -> None:
        super().__init__(cell)
        self._couple_carry_transform_gates = couple_carry_transform_gates
        self._carry_bias_init = carry_bias_init

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """One step, and the mix.

        Raises:
          TypeError, ValueError: inputs and outputs differ in structure or shape.
        """
        outputs, new = self._cell(inputs, state, scope=scope)
        nest.assert_same_structure(inputs, outputs)
        nest.map_structure(
            lambda x, y: x.get_shape().assert_is_compatible_with(y.get_shape()), inputs, outputs
        )
        return nest.map_structure(self._mixed, inputs, outputs), new

    def _mixed(self, given: Any, output: Any) -> Any:
        size = given.get_shape().with_rank(2).as_list()[1]
        carry = self._gate("carry", given, size, self._carry_bias_init)
        if self._couple_carry_transform_gates:
            transform = 1 - carry
        else:
            transform = self._gate("transform", given, size, -self._carry_bias_init)
        return given * carry + output * transform

    def _gate(self, name: str, given: Any, size: int, start: float) -> Any:
        weights = get_variable(f"{name}_w", [size, size])
        offset = get_variable(f"{name}_b", [size], initializer=initializers.Constant(start))
        return math_ops.sigmoid(bias_ops.xw_plus_b(given, weights, offset))
