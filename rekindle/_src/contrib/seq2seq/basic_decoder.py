"""`BasicDecoder`: a cell whose inputs come from a helper."""

from __future__ import annotations

import collections
from typing import Any

from rekindle._src import nest
from rekindle._src.contrib.seq2seq.decoder import Decoder
from rekindle._src.contrib.seq2seq.helpers import Helper
from rekindle._src.graph import scopes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.layers.base import Layer
from rekindle._src.names import public
from rekindle._src.rnn.cell import assert_like_cell

_Output = collections.namedtuple("BasicDecoderOutput", ("rnn_output", "sample_id"))


@public("contrib.seq2seq.BasicDecoderOutput")
class BasicDecoderOutput(_Output):
    """A step's output, and the words drawn from it."""

    __slots__ = ()


def layer_output_size(cell: Any, layer: Any) -> Any:
    """The size of a cell's output behind a layer, if there is one."""
    size = cell.output_size
    if layer is None:
        return size
    whole = nest.map_structure(lambda one: TensorShape([None]).concatenate(one), size)
    return nest.map_structure(lambda one: one[1:], layer.compute_output_shape(whole))


@public("contrib.seq2seq.BasicDecoder")
class BasicDecoder(Decoder):
    """A cell, an optional layer behind it, and a helper that makes the next inputs.

    Args:
      cell: the cell.
      helper: a Helper.
      initial_state: the cell's first state.
      output_layer: a layer, as tf.layers.Dense; default: none.

    Raises:
      TypeError: an argument is not what it should be.
    """

    def __init__(self, cell: Any, helper: Any, initial_state: Any, output_layer: Any = None) -> None:
        assert_like_cell("cell", cell)
        if not isinstance(helper, Helper):
            raise TypeError(f"helper must be a Helper, received: {type(helper)}")
        if output_layer is not None and not isinstance(output_layer, Layer):
            raise TypeError(f"output_layer must be a Layer, received: {type(output_layer)}")
        self._cell = cell
        self._helper = helper
        self._initial_state = initial_state
        self._output_layer = output_layer

    @property
    def batch_size(self) -> Any:
        """The number of rows."""
        return self._helper.batch_size

    @property
    def output_size(self) -> Any:
        """The sizes of outputs and words."""
        size = layer_output_size(self._cell, self._output_layer)
        return BasicDecoderOutput(rnn_output=size, sample_id=self._helper.sample_ids_shape)

    @property
    def output_dtype(self) -> Any:
        """The types of outputs, the state's, and of words."""
        dtype = nest.flatten(self._initial_state)[0].dtype
        size = layer_output_size(self._cell, self._output_layer)
        return BasicDecoderOutput(
            nest.map_structure(lambda _: dtype, size), self._helper.sample_ids_dtype
        )

    def initialize(self, name: str | None = None) -> Any:
        """(which rows have ended, the first inputs, the first state)."""
        return (*self._helper.initialize(), self._initial_state)

    def step(self, time: Any, inputs: Any, state: Any, name: str | None = None) -> Any:
        """(outputs, state, next inputs, which rows have ended)."""
        with scopes.name_scope(name, "BasicDecoderStep", (time, inputs, state)):
            outputs, new = self._cell(inputs, state)
            if self._output_layer is not None:
                outputs = self._output_layer(outputs)
            words = self._helper.sample(time=time, outputs=outputs, state=new)
            finished, next_inputs, new = self._helper.next_inputs(
                time=time, outputs=outputs, state=new, sample_ids=words
            )
        return BasicDecoderOutput(outputs, words), new, next_inputs, finished
