"""`Layer`: what all layers share: variables made at the first call, and the scopes that name
them.
"""
from __future__ import annotations

import contextlib
import copy
import functools
import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from rekindle._src import nest
from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.collections import GraphKeys
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.tensor import Tensor
from rekindle._src.graph.trackable import Trackable
from rekindle._src.layers.input_spec import check_inputs
from rekindle._src.layers.named import get_initializer
from rekindle._src.layers.reach import reachable
from rekindle._src.names import public
from rekindle._src.ops import array_shape, math_cast
from rekindle._src.state import initializers, variables
from rekindle._src.state.partitioned import PartitionedVariable
from rekindle._src.state.variable import VariableAggregation, VariableSynchronization
from rekindle._src.state.variable_scope import VariableScope, get_variable, variable_scope

_NAME_COUNTS = ("__layer_name_counts",)


def to_snake_case(name: str) -> str:
    """A class name as the name of a layer: "Conv2DTranspose" -> "conv2d_transpose"."""
    words = re.sub("([a-z])([A-Z])", r"\1_\2", re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", name))
    words = words.lower()
    return words if not words.startswith("_") else "private" + words


def unique_layer_name(base: str) -> str:
    """`base` with "_1", "_2", ... of this graph."""
    held = scopes.get_default_graph().get_collection_ref(_NAME_COUNTS)
    if not held:
        held.append({})
    counts = held[0]
    counts[base] = counts.get(base, 0) + 1
    return f"{base}_{counts[base]}"


def add_new(elements: Any, collection: str) -> None:
    """Append to a collection what it does not hold yet."""
    held = scopes.get_default_graph().get_collection_ref(collection)
    known = {id(one) for one in held}
    held.extend(one for one in nest.flatten(elements) if id(one) not in known)


_keras_style = [False]


@public("layers.experimental.keras_style_scope")
@contextlib.contextmanager
def keras_style_scope() -> Iterator[None]:
    """Layers made inside share variables by being the same object only, not by variable scopes."""
    old, _keras_style[0] = _keras_style[0], True
    try:
        yield
    finally:
        _keras_style[0] = old


@public("layers.experimental.set_keras_style")
def set_keras_style() -> None:
    """From now on, layers share variables by being the same object only."""
    _keras_style[0] = True


@public("layers.Layer")
class Layer(Trackable):
    """A function of tensors with variables of its own; subclasses say `build` and `call`.

    Variables are made by `build` at the first call, in a variable scope named after the layer.

    Args:
      trainable: add the variables to TRAINABLE_VARIABLES.
      name: the name of the layer and its scope; default: the class's, made unique.
      dtype: the type of the variables; default: that of the first input.
    """

    def __init__(self, trainable: bool = True, name: Any = None, dtype: Any = None,
                 **kwargs: Any) -> None:
        scope = kwargs.pop("_scope", None)
        self._reuse = kwargs.pop("_reuse", None)
        self._activity_regularizer = kwargs.pop("activity_regularizer", None)
        for key in ("autocast", "dynamic", "input_shape", "batch_input_shape", "batch_size",
                    "weights"):
            kwargs.pop(key, None)
        for key in kwargs:
            raise TypeError("Keyword argument not understood:", key)
        self._keras_style = _keras_style[0]
        if self._keras_style and (scope is not None or self._reuse is not None):
            which, value = ("scope", scope) if scope is not None else ("reuse", self._reuse)
            raise ValueError(f"{which} argument not allowed when keras style layers are enabled, "
                             f"but saw: {value}")
        self._use_resource_variables = self._keras_style
        self._trainable = trainable
        self._dtype = None if dtype is None else dtypes.as_dtype(dtype).name
        self.built = False
        self.stateful = False
        self._input_spec: Any = None
        self._trainable_weights: list[Any] = []
        self._non_trainable_weights: list[Any] = []
        self._updates: list[Any] = []
        self._losses: list[Any] = []
        self._callable_losses: list[Callable[[], Any]] = []
        self._called_with: Any = []  # the inputs, while the layer is being called
        self._init_set_name(name)
        self._call_has_scope_arg = "scope" in inspect.signature(self.call).parameters
        self._scope: VariableScope | None = None
        if scope:
            with variable_scope(scope) as captured:
                self._scope = captured
        self._current_scope: VariableScope | None = None
        self._always_reuse: variable_scope | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        # `add_weight` has tracked the layer's own variables by the names in their scope
        if isinstance(value, Trackable) and not any(one is value for _, one in self._checkpoint_dependencies):
            self._track_trackable(value, name, overwrite=True)
        super().__setattr__(name, value)

    def _init_set_name(self, name: Any) -> None:
        base = to_snake_case(type(self).__name__)
        if isinstance(name, VariableScope):
            self._name, self._base_name = unique_layer_name(base), name.name
        elif name:
            self._name = self._base_name = name
        else:
            self._name, self._base_name = unique_layer_name(base), base

    # What a layer says of itself.

    @property
    def name(self) -> str:
        """The layer's name."""
        return self._name

    @property
    def dtype(self) -> str | None:
        """The name of the variables' type, None before it is known."""
        return self._dtype

    @property
    def dynamic(self) -> bool:
        """False: layers are made of graph nodes."""
        return False

    @property
    def graph(self) -> None:
        """None; layers do not hold on to a graph."""
        return None

    @property
    def scope_name(self) -> str:
        """The name of the variable scope.

        Raises:
          ValueError: the layer was not called yet.
        """
        if self._scope is None:
            raise ValueError(
                f'No name available for layer scope because the layer "{self._name}" has not been '
                "used yet. The scope name  is determined the first time the layer instance is "
                "called. You must therefore call the layer before querying `scope_name`.")
        return self._scope.name

    @property
    def trainable(self) -> bool:
        """Whether the variables are trained."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = value

    @property
    def input_spec(self) -> Any:
        """What the layer asks of its inputs."""
        return self._input_spec

    @input_spec.setter
    def input_spec(self, value: Any) -> None:
        self._input_spec = value

    @property
    def activity_regularizer(self) -> Any:
        """A function from output to loss, or None."""
        return self._activity_regularizer

    @activity_regularizer.setter
    def activity_regularizer(self, regularizer: Any) -> None:
        self._activity_regularizer = regularizer

    @property
    def trainable_weights(self) -> list[Any]:
        """The variables that are trained."""
        return list(self._trainable_weights) if self._trainable else []

    @property
    def non_trainable_weights(self) -> list[Any]:
        """The other variables."""
        if self._trainable:
            return list(self._non_trainable_weights)
        return self._trainable_weights + self._non_trainable_weights

    @property
    def weights(self) -> list[Any]:
        """All variables, those that are trained first."""
        return self.trainable_weights + self.non_trainable_weights

    @property
    def variables(self) -> list[Any]:
        """The same as `weights`."""
        return self.weights

    @property
    def trainable_variables(self) -> list[Any]:
        """The same as `trainable_weights`."""
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Any]:
        """The same as `non_trainable_weights`."""
        return self.non_trainable_weights

    @property
    def updates(self) -> list[Any]:
        """The operations that are to run with each training step."""
        return list(self._updates) if self._trainable or self.stateful else []

    @property
    def losses(self) -> list[Any]:
        """The losses of regularizers."""
        made = [loss() for loss in self._callable_losses]
        return self._losses + [loss for loss in made if loss is not None]

    def count_params(self) -> int:
        """The number of numbers in the variables.

        Raises:
          ValueError: the layer was not built yet.
        """
        if not self.built:
            raise ValueError(f"You tried to call `count_params` on {self.name}, but the layer "
                             "isn't built. You can build it manually via: "
                             f"`{self.name}.build(batch_input_shape)`.")
        return int(sum(np.prod(w.shape.as_list()) for w in self.weights))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as far as the layer gives them."""
        return {"name": self.name, "trainable": self.trainable, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """The layer that `get_config` describes."""
        return cls(**config)

    def get_updates_for(self, inputs: Any) -> list[Any]:
        """The updates that depend on `inputs`; with None, those that depend on none."""
        return _of_inputs(self.updates, "_unconditional_update", inputs)

    def get_losses_for(self, inputs: Any) -> list[Any]:
        """The losses that depend on `inputs`; with None, those that depend on none."""
        return _of_inputs(self.losses, "_unconditional_loss", inputs)

    # What subclasses say.

    def build(self, input_shape: Any) -> None:
        """Make the variables; called once, with the shape of the first input."""
        self.built = True

    def call(self, inputs: Any, **kwargs: Any) -> Any:
        """The outputs."""
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the output for a shape of the input."""
        raise NotImplementedError

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the output: none.

        Raises:
          TypeError: there is a mask, which this layer does not take.
        """
        if mask is not None and any(m is not None for m in nest.flatten(mask)):
            raise TypeError(f"Layer {self.name} does not support masking, but was passed an "
                            f"input_mask: {mask}")

    # Variables.

    def _set_scope(self, scope: Any = None) -> None:
        if self._scope is not None:
            return
        if self._reuse:
            opened = variable_scope(self._base_name if scope is None else scope)
        else:
            opened = variable_scope(scope, default_name=self._base_name)
        with opened as captured:
            self._scope = captured

    def _name_scope(self) -> str:
        if self._keras_style:
            return self._name
        return self._current_scope.original_name_scope  # type: ignore[union-attr]

    def add_weight(self, name: str, shape: Any, dtype: Any = None, initializer: Any = None,
                   regularizer: Any = None, trainable: bool | None = None, constraint: Any = None,
                   use_resource: bool | None = None,
                   synchronization: Any = VariableSynchronization.AUTO,
                   aggregation: Any = VariableAggregation.NONE, partitioner: Any = None,
                   **kwargs: Any) -> Any:
        """A variable of the layer, made or shared as its variable scope says.

        Args:
          name: the name below the layer's scope.
          shape: its shape.
          dtype: its type; default: the layer's, or float32.
          initializer: default: the scope's, else Glorot uniform for floats and zeros for integers.
          regularizer: a function from variable to loss.
          trainable: default True.
          constraint: a function that optimizers apply after an update.
          use_resource: make it a resource variable.
          synchronization, aggregation: for distributed variables.
          partitioner: how to cut it.

        Raises:
          ValueError: a variable that is read for synchronization cannot be trained.
        """
        for key in kwargs:
            if key != "experimental_autocast":
                raise TypeError("Unknown keyword argument:", key)
        if synchronization == VariableSynchronization.ON_READ:
            if trainable:
                raise ValueError(
                    "Synchronization value can be set to VariableSynchronization.ON_READ only for "
                    "non-trainable variables. You have specified trainable=True and "
                    "synchronization=VariableSynchronization.ON_READ.")
            trainable = False
        elif trainable is None:
            trainable = True
        existing = set(variables.global_variables())
        dtype = dtypes.as_dtype(dtype or self.dtype or dtypes.float32)
        if self._dtype is None:
            self._dtype = dtype.base_dtype.name
        self._set_scope(None)
        with variable_scope(self._scope, reuse=self.built or self._reuse,
                            auxiliary_name_scope=False) as scope:
            self._current_scope = scope
            with scopes.name_scope(self._name_scope()):
                variable = get_variable(
                    name, shape=shape, dtype=dtype,
                    initializer=self._initializer_of(scope, initializer, name, dtype),
                    trainable=trainable and self.trainable, constraint=constraint,
                    partitioner=partitioner, synchronization=synchronization,
                    use_resource=use_resource or self._use_resource_variables or scope.use_resource,
                    aggregation=aggregation)
                if regularizer and existing.isdisjoint(_parts(variable)):
                    self._regularize(name, variable, regularizer)
        # A custom getter may have made it not trainable.
        trained = variables.trainable_variables()
        is_trained = trainable and self.trainable and all(v in trained for v in _parts(variable))
        kept = self._trainable_weights if is_trained or trainable and not self.trainable else (
            self._non_trainable_weights)
        kept.append(variable)
        if isinstance(variable, Trackable):
            self._track_trackable(variable, name, overwrite=True)
        return variable

    def _initializer_of(self, scope: VariableScope, initializer: Any, name: str, dtype: Any) -> Any:
        found = get_initializer(scope.initializer if initializer is None else initializer)
        if found is not None:
            return found
        if dtype.is_floating:
            return initializers.GlorotUniform()
        if dtype.is_integer or dtype.is_unsigned or dtype.is_bool:
            return initializers.Zeros()
        raise ValueError(f"An initializer for variable {name} of type {dtype.base_dtype} is "
                         f"required for layer {self.name}")

    def add_variable(self, *args: Any, **kwargs: Any) -> Any:
        """The older name of `add_weight`."""
        return self.add_weight(*args, **kwargs)

    def _regularize(self, name: str, variable: Any, regularizer: Any) -> None:
        def loss(part: Any) -> Any:
            with scopes.name_scope(name + "/Regularizer"):
                return regularizer(part)

        for part in _parts(variable):
            self.add_loss(functools.partial(loss, part))

    # Losses and updates.

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Add losses (tensors, or functions that give them), also to REGULARIZATION_LOSSES.

        Args:
          losses: one or several.
          inputs: what they depend on; None for nothing.
        """
        added = []
        for loss in nest.flatten(losses):
            if callable(loss):
                make = functools.partial(_tagged, loss, inputs)
                self._callable_losses.append(make)
                loss = make()
            elif loss is not None:
                loss = _tagged(loss, inputs)
                self._losses.append(loss)
            if loss is not None:
                added.append(loss)
        add_new(added, GraphKeys.REGULARIZATION_LOSSES)

    def add_update(self, updates: Any, inputs: Any = None) -> None:
        """Add operations to run with each training step; functions are called now."""
        for update in updates if isinstance(updates, list) else [updates]:
            while callable(update):
                update = update()
            if not isinstance(update, Operation):
                update = getattr(update, "op", None) or convert.convert_to_tensor(update)
            update._unconditional_update = update not in reachable(self._called_with, [update])
            self._updates.append(update)

    # The call.

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        scope = kwargs.pop("scope", None)
        if self._keras_style:
            if scope is not None:
                raise ValueError("scope argument not allowed when keras style layers are enabled, "
                                 f"but saw: {scope}")
            return self._run(inputs, args, kwargs)
        self._set_scope(scope)
        if not self.built:
            opened = variable_scope(self._scope, reuse=self._reuse, auxiliary_name_scope=False)
        else:
            if self._always_reuse is None:
                self._always_reuse = variable_scope(
                    self._scope, reuse=True, auxiliary_name_scope=False)
            opened = self._always_reuse
        with opened as captured:
            self._current_scope = captured
            if self._call_has_scope_arg:
                kwargs["scope"] = captured
            outputs = self._run(inputs, args, kwargs)
        add_new(self.updates, GraphKeys.UPDATE_OPS)
        return outputs

    def apply(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """The same as calling the layer."""
        return self(inputs, *args, **kwargs)

    def _run(self, inputs: Any, args: Any, kwargs: Any) -> Any:
        if any(isinstance(x, (np.ndarray, float, int)) for x in nest.flatten(inputs)):
            inputs = nest.map_structure(
                lambda x: convert.convert_to_tensor(x) if isinstance(x, (np.ndarray, float, int))
                else x, inputs)
        check_inputs(self.input_spec, inputs, self.name)
        with scopes.name_scope(self._name_scope()), self._called(inputs):
            self._maybe_build(inputs)
            outputs = self.call(inputs, *args, **kwargs)
            if outputs is None:
                raise ValueError("A layer's `call` method should return a Tensor or a list of "
                                 f"Tensors, not None (layer: {self.name}).")
            self._regularize_activity(inputs, outputs)
        return outputs

    @contextlib.contextmanager
    def _called(self, inputs: Any) -> Iterator[None]:
        old, self._called_with = self._called_with, [x for x in nest.flatten(inputs) if x is not None]
        try:
            yield
        finally:
            self._called_with = old

    def _maybe_build(self, inputs: Any) -> None:
        if self.built:
            return
        check_inputs(self.input_spec, inputs, self.name)
        flat = nest.flatten(inputs)
        if flat and self._dtype is None and hasattr(flat[0], "dtype"):
            self._dtype = flat[0].dtype.base_dtype.name
        shapes = None
        if all(hasattr(x, "shape") for x in flat):
            shapes = nest.map_structure(lambda x: x.shape, inputs)
        self.build(shapes)
        self.built = True

    def _regularize_activity(self, inputs: Any, outputs: Any) -> None:
        if not self._activity_regularizer:
            return
        with scopes.name_scope("ActivityRegularizer"):
            for output in nest.flatten(outputs):
                loss = self._activity_regularizer(output)
                batch = math_cast.cast(array_shape.shape(output)[0], loss.dtype)
                self.add_loss(loss / batch, inputs=inputs)

    def __deepcopy__(self, memo: Any) -> Any:
        out = type(self).__new__(type(self))
        memo[id(self)] = out
        for key, value in self.__dict__.items():
            if key in ("_scope", "_always_reuse"):
                value = copy.copy(value)
            elif not isinstance(value, Tensor):
                value = copy.deepcopy(value, memo)
            setattr(out, key, value)
        return out


def _parts(variable: Any) -> list[Any]:
    return list(variable) if isinstance(variable, PartitionedVariable) else [variable]


def _of_inputs(found: list[Any], mark: str, inputs: Any) -> list[Any]:
    """What depends on `inputs` of updates or losses; with None, what is marked as unconditional."""
    if inputs is None:
        return [x for x in found if getattr(x, mark)]
    conditional = [x for x in found if not getattr(x, mark)]
    after = reachable(inputs, conditional)
    return [x for x in conditional if x in after]


def _tagged(loss: Any, inputs: Any) -> Any:
    """A loss as a tensor that says whether it depends on inputs."""
    if callable(loss):
        loss = loss()
    if loss is None:
        return None
    if not isinstance(loss, Tensor):
        loss = convert.convert_to_tensor(loss, dtype=dtypes.float32)
    loss._unconditional_loss = inputs is None
    return loss
