"""`RNNCell`: what all recurrent cells share, and the zeros that they start from."""

from __future__ import annotations

from typing import Any

from rekindle._src import nest
from rekindle._src.graph import constants, convert, dtypes, scopes
from rekindle._src.graph.shapes import as_shape
from rekindle._src.graph.tensor import Tensor
from rekindle._src.layers.base import Layer
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.state import variables
from rekindle._src.state.partitioned import PartitionedVariable
from rekindle._src.state.variable_scope import get_variable_scope, variable_scope


def assert_like_cell(name: str, cell: Any) -> None:
    """Refuse what cannot serve as a cell.

    Args:
      name: the argument's name, for the error.
      cell: what was given.

    Raises:
      TypeError: it lacks a part of a cell.
    """
    errors = []
    if not _has(cell, "output_size"):
        errors.append("'output_size' property is missing")
    if not _has(cell, "state_size"):
        errors.append("'state_size' property is missing")
    if not (_has(cell, "get_initial_state") or _has(cell, "zero_state")):
        errors.append("either 'zero_state' or 'get_initial_state' method is required")
    if not callable(cell):
        errors.append("is not callable")
    if errors:
        raise TypeError(f"The argument {name!r} ({cell}) is not an RNNCell: {', '.join(errors)}.")


def _has(cell: Any, name: str) -> bool:
    try:
        getattr(cell, name)
    except AttributeError:
        return False
    return True


def joined_shape(prefix: Any, suffix: Any) -> Tensor:
    """[*prefix, *suffix] as an int32 vector; each is a number, a shape or a tensor.

    Raises:
      ValueError: one of them is not known, or a tensor has more than one axis.
    """
    first, second = _vector("prefix", prefix), _vector("suffix", suffix)
    if first is None or second is None:
        raise ValueError(f"Provided a prefix or suffix of None: {prefix} and {suffix}")
    return array_ops.concat((first, second), 0)


def joined_static_shape(prefix: Any, suffix: Any) -> list[int | None] | None:
    """What is known of [*prefix, *suffix] while the graph is built.

    Adds the nodes of both vectors, since TensorFlow's graphs have them here, too.
    """
    _vector("prefix", prefix)
    _vector("suffix", suffix)
    shape = as_shape(_known(prefix)).concatenate(_known(suffix))
    return None if shape.ndims is None else shape.as_list()


def _known(part: Any) -> Any:
    if isinstance(part, Tensor):
        value = constants.constant_value(part)
        return None if value is None else value.tolist()
    shape = as_shape(part)
    return None if shape.ndims is None else shape.as_list()


def _vector(label: str, part: Any) -> Tensor | None:
    if isinstance(part, Tensor):
        if part.shape.ndims == 0:
            return array_ops.expand_dims(part, 0)
        if part.shape.ndims != 1:
            raise ValueError(
                f"{label} tensor must be either a scalar or vector, but saw tensor: {part}"
            )
        return part
    shape = as_shape(part)
    if not shape.is_fully_defined():
        return None
    return convert.constant(shape.as_list(), dtype=dtypes.int32)


def zero_states(state_size: Any, batch_size: Any, dtype: Any) -> Any:
    """Zeros [batch_size, *size] for each size, in the structure of `state_size`."""

    def zeros(size: Any) -> Tensor:
        made = array_ops.zeros(joined_shape(batch_size, size), dtype=dtype)
        made.set_shape(joined_static_shape(batch_size, size))
        return made

    return nest.map_structure(zeros, state_size)


def check_dtype(dtype: Any) -> None:
    """Refuse element types that tanh and sigmoid do not take.

    Raises:
      ValueError: the type has no fractions.
    """
    if dtype is None:
        return
    dtype = dtypes.as_dtype(dtype)
    if not (dtype.is_floating or dtype.is_complex):
        raise ValueError(
            f"RNN cell only supports floating point inputs, but saw dtype: {dtype}"
        )


def check_dtypes(inputs: Any) -> None:
    """`check_dtype` of every tensor."""
    for tensor in nest.flatten(inputs):
        check_dtype(tensor.dtype)


@public("nn.rnn_cell.RNNCell", "contrib.rnn.RNNCell")
class RNNCell(Layer):
    """A step of a recurrent network: (inputs [B, D], state) -> (output [B, O], new state).

    Subclasses say `call`, `state_size` and `output_size`; variables may be made by `call` with
    tf.get_variable.

    Args:
      trainable: add the variables to TRAINABLE_VARIABLES.
      name: the name of the cell and its scope.
      dtype: the type of the variables; default: that of the first input.
    """

    def __init__(
        self, trainable: bool = True, name: Any = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(trainable=trainable, name=name, dtype=dtype, **kwargs)
        self._is_tf_rnn_cell = True
        self._capturing_scope: variable_scope | None = None

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> Any:
        """The output and the new state of one step."""
        if scope is not None:
            with variable_scope(scope, custom_getter=self._captured_variable) as opened:
                return super().__call__(inputs, state, scope=opened)
        # Subclasses of users may set no attributes by `__init__`.
        held = self.__dict__.get("_capturing_scope")
        if held is None:
            held = variable_scope(get_variable_scope(), custom_getter=self._captured_variable)
            self._capturing_scope = held
        with held:
            return super().__call__(inputs, state)

    def _captured_variable(self, getter: Any, *args: Any, **kwargs: Any) -> Any:
        variable = getter(*args, **kwargs)
        trained = variables.trainable_variables()
        part = next(iter(variable)) if isinstance(variable, PartitionedVariable) else variable
        kept = self._non_trainable_weights
        if any(part is v for v in trained):
            kept = self._trainable_weights
        if all(variable is not v for v in kept):
            kept.append(variable)
        return variable

    @property
    def state_size(self) -> Any:
        """The sizes of the state: integers or shapes, in the structure of the state."""
        raise NotImplementedError("Abstract method")

    @property
    def output_size(self) -> Any:
        """The size of the output: an integer or a shape."""
        raise NotImplementedError("Abstract method")

    def build(self, _: Any) -> None:
        """Nothing: `call` makes the variables."""

    def get_initial_state(
        self, inputs: Any = None, batch_size: Any = None, dtype: Any = None
    ) -> Any:
        """`zero_state` for the batch of `inputs`, or for `batch_size` and `dtype`.

        Raises:
          ValueError: batch size or type are missing, or differ from those of the inputs.
        """
        if inputs is not None:
            inputs = convert.convert_to_tensor(inputs, name="inputs")
            self._check_like(inputs, batch_size, dtype)
            batch_size = inputs.shape.dims[0].value or array_ops.shape(inputs)[0]
            dtype = inputs.dtype
        if batch_size is None or dtype is None:
            raise ValueError(
                "batch_size and dtype cannot be None while constructing initial state: "
                f"batch_size={batch_size}, dtype={dtype}"
            )
        return self.zero_state(batch_size, dtype)

    def _check_like(self, inputs: Tensor, batch_size: Any, dtype: Any) -> None:
        rows = inputs.shape.dims[0].value
        if batch_size is not None:
            known = batch_size
            if isinstance(batch_size, Tensor):
                known = constants.constant_value(batch_size)
            if rows != known:
                raise ValueError(
                    "batch size from input tensor is different from the input param. Input tensor "
                    f"batch: {rows}, batch_size: {batch_size}"
                )
        if dtype is not None and inputs.dtype != dtype:
            raise ValueError(
                "dtype from input tensor is different from the input param. Input tensor dtype: "
                f"{inputs.dtype}, dtype: {dtype}"
            )

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """Zeros [batch_size, size] for each size of the state."""
        with scopes.name_scope(type(self).__name__ + "ZeroState", values=[batch_size]):
            return zero_states(self.state_size, batch_size, dtype)


@public("contrib.rnn.LayerRNNCell")
class LayerRNNCell(RNNCell):
    """A cell whose variables are made by `build`, as those of any layer."""

    def __call__(
        self, inputs: Any, state: Any, scope: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        """The output and the new state of one step."""
        return Layer.__call__(self, inputs, state, *args, scope=scope, **kwargs)
