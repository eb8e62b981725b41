"""`AttentionWrapper`: a cell that looks at a memory in every step."""

from __future__ import annotations

import collections
from typing import Any

from rekindle._src import nest
from rekindle._src.contrib.rnn.linear import known_rows
from rekindle._src.contrib.seq2seq.attention import AttentionMechanism
from rekindle._src.contrib.seq2seq.shape_checks import with_same_shape
from rekindle._src.graph import dtypes, scopes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.tensor import Tensor
from rekindle._src.layers.core import Dense
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import check as check_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops.tensor_array import TensorArray
from rekindle._src.rnn.cell import RNNCell, assert_like_cell, zero_states

_Fields = collections.namedtuple(
    "AttentionWrapperState",
    ("cell_state", "attention", "time", "alignments", "alignment_history", "attention_state"),
)


@public("contrib.seq2seq.AttentionWrapperState")
class AttentionWrapperState(_Fields):
    """The state of an AttentionWrapper.

    Fields: `cell_state`; `attention` [B, A], the last attention; `time`, a scalar; `alignments` [B, T],
    `alignment_history`, a TensorArray or (), and `attention_state`, each a tuple where there are several mechanisms.
    """

    __slots__ = ()

    def clone(self, **kwargs: Any) -> Any:
        """The state with other fields, whose shapes are checked when the graph runs."""

        def checked(old: Any, new: Any) -> Any:
            if isinstance(old, Tensor) and isinstance(new, Tensor):
                return with_same_shape(old, new)
            return new

        return nest.map_structure(checked, self, self._replace(**kwargs))


def _attend(mechanism: Any, output: Any, state: Any, layer: Any) -> Any:
    """(attention, alignments, next state) of a mechanism."""
    alignments, new = mechanism(output, state=state)
    seen = math_ops.matmul(array_ops.expand_dims(alignments, 1), mechanism.values)
    seen = array_ops.squeeze(seen, [1])
    if layer is not None:
        seen = layer(array_ops.concat([output, seen], 1))
    return seen, alignments, new


def _width(tensor: Any) -> int:
    return tensor.shape.as_list()[-1]


@public("contrib.seq2seq.AttentionWrapper")
class AttentionWrapper(RNNCell):
    """A cell whose inputs have the last attention beside them, and whose output asks for the next.

    Args:
      cell: the cell.
      attention_mechanism: a mechanism, or a list of several.
      attention_layer_size: the size of the layer behind output and what was seen, or a list of one for each mechanism;
        default: the attention is what was seen.
      alignment_history: keep the alignments of all steps.
      cell_input_fn: (inputs, attention) -> inputs of the cell; default: both side by side.
      output_attention: the output is the attention; False: the cell's.
      initial_cell_state: the cell's first state; default: its zeros.
      name: the name of the cell and its scope.
      attention_layer: the layer itself, or a list of one for each mechanism.
      attention_fn: (mechanism, output, state, layer) -> (attention, alignments, next state).
      dtype: the type of the variables.

    Raises:
      TypeError: a mechanism or function is none.
      ValueError: the numbers of layers and mechanisms differ, or size and layer are given.

    Source: Luong, Pham and Manning, Effective Approaches to Attention-based Neural Machine Translation, 2015.
    """

    def __init__(
        self, cell: Any, attention_mechanism: Any, attention_layer_size: Any = None,
        alignment_history: bool = False, cell_input_fn: Any = None, output_attention: bool = True,
        initial_cell_state: Any = None, name: Any = None, attention_layer: Any = None,
        attention_fn: Any = None, dtype: Any = None,
    ) -> None:  # fmt: skip
        super().__init__(name=name, dtype=dtype)
        assert_like_cell("cell", cell)
        self._cell = cell
        self._is_multi = isinstance(attention_mechanism, (list, tuple))
        self._attention_mechanisms = _checked(attention_mechanism)
        if cell_input_fn is None:
            cell_input_fn = lambda inputs, seen: array_ops.concat([inputs, seen], -1)  # noqa: E731
        elif not callable(cell_input_fn):
            raise TypeError(
                f"cell_input_fn must be callable, saw type: {type(cell_input_fn).__name__}"
            )
        self._set_layers(attention_layer_size, attention_layer)
        self._attention_fn = _attend if attention_fn is None else attention_fn
        self._cell_input_fn = cell_input_fn
        self._output_attention = output_attention
        self._alignment_history = alignment_history
        self._initial_cell_state = None
        with scopes.name_scope(name, "AttentionWrapperInit"):
            if initial_cell_state is not None:
                rows = known_rows(nest.flatten(initial_cell_state)[-1])
                said = (
                    f"When constructing AttentionWrapper {self._base_name}: Non-matching batch sizes "
                    "between the memory (encoder output) and initial_cell_state.  Are you using the "
                    "BeamSearchDecoder?  You may need to tile your initial state via the "
                    "tf.contrib.seq2seq.tile_batch function with argument multiple=beam_width."
                )
                self._initial_cell_state = self._checked_state(
                    initial_cell_state, rows, said, "check_initial_cell_state"
                )

    def _set_layers(self, sizes: Any, layers: Any) -> None:
        if sizes is not None and layers is not None:
            raise ValueError("Only one of attention_layer_size and attention_layer should be set")
        mechanisms = self._attention_mechanisms
        self._attention_layers = None
        if sizes is not None:
            sizes = _one_each("size", "integer", sizes, mechanisms)
            self._attention_layers = tuple(
                Dense(size, name="attention_layer", use_bias=False, dtype=mechanism.dtype)
                for size, mechanism in zip(sizes, mechanisms, strict=True)
            )
            self._attention_layer_size = sum(sizes)
        elif layers is not None:
            layers = _one_each("", "layer", layers, mechanisms)
            self._attention_layers = layers
            self._attention_layer_size = sum(
                TensorShape(
                    layer.compute_output_shape(
                        [None, self._cell.output_size + _width(mechanism.values)]
                    )
                ).as_list()[-1]
                for layer, mechanism in zip(layers, mechanisms, strict=True)
            )
        else:
            self._attention_layer_size = sum(_width(one.values) for one in mechanisms)

    def _checked_state(self, state: Any, rows: Any, said: str, name: str) -> Any:
        """The state, with a check that it has the mechanisms' number of rows."""
        with scopes.control_dependencies(self._row_checks(rows, said)):
            return nest.map_structure(lambda one: array_ops.identity(one, name=name), state)

    def _row_checks(self, rows: Any, said: str) -> list[Any]:
        return [
            check_ops.assert_equal(rows, mechanism.batch_size, message=said)
            for mechanism in self._attention_mechanisms
        ]

    def _for_each(self, values: Any) -> Any:
        """A tuple of the values, or the only one if there is one mechanism."""
        values = tuple(values)
        return values if self._is_multi else values[0]

    @property
    def output_size(self) -> Any:
        """The size of the attention or of the cell's output."""
        return self._attention_layer_size if self._output_attention else self._cell.output_size

    @property
    def state_size(self) -> Any:
        """The sizes of the state's fields."""
        mechanisms = self._attention_mechanisms
        return AttentionWrapperState(
            cell_state=self._cell.state_size, time=TensorShape([]),
            attention=self._attention_layer_size,
            alignments=self._for_each(one.alignments_size for one in mechanisms),
            attention_state=self._for_each(one.state_size for one in mechanisms),
            alignment_history=self._for_each(
                one.alignments_size if self._alignment_history else () for one in mechanisms
            ),
        )

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """The state before the first step, with the initial cell state if one was given."""
        with scopes.name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            state = self._initial_cell_state
            if state is None:
                state = self._cell.get_initial_state(batch_size=batch_size, dtype=dtype)
            said = (
                f"When calling zero_state of AttentionWrapper {self._base_name}: Non-matching batch sizes "
                "between the memory (encoder output) and the requested batch size.  Are you using the "
                "BeamSearchDecoder?  If so, make sure your encoder output has been tiled to beam_width via "
                "tf.contrib.seq2seq.tile_batch, and the batch_size= argument passed to zero_state is "
                "batch_size * beam_width."
            )
            state = self._checked_state(state, batch_size, said, "checked_cell_state")
            mechanisms = self._attention_mechanisms
            alignments = [one.initial_alignments(batch_size, dtype) for one in mechanisms]
            return AttentionWrapperState(
                cell_state=state, time=array_ops.zeros([], dtype=dtypes.int32),
                attention=zero_states(self._attention_layer_size, batch_size, dtype),
                alignments=self._for_each(alignments),
                attention_state=self._for_each(
                    one.initial_state(batch_size, dtype) for one in mechanisms
                ),
                alignment_history=self._for_each(
                    TensorArray(dtype, size=0, dynamic_size=True, element_shape=one.shape)
                    if self._alignment_history else ()
                    for one in alignments
                ),
            )  # fmt: skip

    def call(self, inputs: Any, state: Any) -> Any:
        """One step.

        Raises:
          TypeError: the state is no AttentionWrapperState.
        """
        if not isinstance(state, AttentionWrapperState):
            raise TypeError(
                "Expected state to be instance of AttentionWrapperState. "
                f"Received type {type(state)} instead."
            )
        given = self._cell_input_fn(inputs, state.attention)
        output, cell_state = self._cell(given, state.cell_state)
        said = (
            f"When applying AttentionWrapper {self.name}: Non-matching batch sizes between the memory "
            "(encoder output) and the query (decoder output).  Are you using the BeamSearchDecoder?  You may "
            "need to tile your memory input via the tf.contrib.seq2seq.tile_batch function with argument "
            "multiple=beam_width."
        )
        rows = known_rows(output)
        with scopes.control_dependencies(self._row_checks(rows, said)):
            output = array_ops.identity(output, name="checked_cell_output")
        attentions, alignments, states, histories = self._look(output, state)
        attention = array_ops.concat(attentions, 1)
        new = AttentionWrapperState(
            time=state.time + 1, cell_state=cell_state, attention=attention,
            attention_state=self._for_each(states), alignments=self._for_each(alignments),
            alignment_history=self._for_each(histories),
        )
        return attention if self._output_attention else output, new

    def _look(self, output: Any, state: Any) -> Any:
        """(attentions, alignments, states, histories) of the mechanisms."""
        states, histories = state.attention_state, state.alignment_history
        if not self._is_multi:
            states, histories = [states], [histories]
        found = []
        for i, mechanism in enumerate(self._attention_mechanisms):
            layer = self._attention_layers[i] if self._attention_layers else None
            attention, alignments, new = self._attention_fn(mechanism, output, states[i], layer)
            history = ()
            if self._alignment_history:
                history = histories[i].write(state.time, alignments)
            found.append((attention, alignments, new, history))
        return [list(one) for one in zip(*found, strict=True)]


def _checked(mechanism: Any) -> Any:
    """The mechanisms as a tuple or list."""
    if isinstance(mechanism, (list, tuple)):
        for one in mechanism:
            if not isinstance(one, AttentionMechanism):
                raise TypeError(
                    "attention_mechanism must contain only instances of AttentionMechanism, saw type: "
                    f"{type(one).__name__}"
                )
        return mechanism
    if not isinstance(mechanism, AttentionMechanism):
        raise TypeError(
            "attention_mechanism must be an AttentionMechanism or list of multiple AttentionMechanism "
            f"instances, saw type: {type(mechanism).__name__}"
        )
    return (mechanism,)


def _one_each(suffix: str, noun: str, given: Any, mechanisms: Any) -> Any:
    given = tuple(given) if isinstance(given, (list, tuple)) else (given,)
    if len(given) != len(mechanisms):
        word = f"attention_layer_{suffix}" if suffix else "attention_layer"
        raise ValueError(
            f"If provided, {word} must contain exactly one {noun} per attention_mechanism, saw: "
            f"{len(given)} vs {len(mechanisms)}"
        )
    return given
