"""Fully connected layers, biases, dropout, and layers one after another."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from rekindle._src.contrib.framework.arg_scope import add_arg_scope
from rekindle._src.contrib.framework.variables import model_variable
from rekindle._src.contrib.layers import utils
from rekindle._src.contrib.layers.making import (
    WEIGHTS_AND_BIASES,
    XAVIER,
    ZEROS,
    activated,
    collect_variable,
    finished,
    model_variable_getter,
    renaming_getter,
)
from rekindle._src.contrib.spaces import show, shown
from rekindle._src.graph import convert
from rekindle._src.layers import core
from rekindle._src.ops import activation, bias
from rekindle._src.state.variable_scope import variable_scope


@shown("layers", "fully_connected")
@add_arg_scope
def fully_connected(
    inputs: Any,
    num_outputs: int,
    activation_fn: Callable[..., Any] | None = activation.relu,
    normalizer_fn: Callable[..., Any] | None = None,
    normalizer_params: dict[str, Any] | None = None,
    weights_initializer: Any = XAVIER,
    weights_regularizer: Any = None,
    biases_initializer: Any = ZEROS,
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Any:
    """The product of the inputs and a matrix `weights`, plus `biases`: [..., num_outputs].

    Args:
      inputs: [..., depth]; the depth is known.
      num_outputs: the number of outputs.
      activation_fn: applied last; None for none.
      normalizer_fn: applied in place of the biases.
      normalizer_params: its keyword arguments.
      weights_initializer, weights_regularizer: of the weights.
      biases_initializer, biases_regularizer: of the biases; without an initializer there are none.
      reuse: share the variables of the scope.
      variables_collections: a list of collections, or "weights" and "biases" -> list.
      outputs_collections: where the outputs go.
      trainable: add the variables to TRAINABLE_VARIABLES.
      scope: the variable scope.

    Raises:
      ValueError: num_outputs is no integer.
    """
    if not isinstance(num_outputs, int):
        raise ValueError(
            f"num_outputs type should be one of {[int]}, got {type(num_outputs)}."
        )
    getter = renaming_getter(WEIGHTS_AND_BIASES)
    with variable_scope(
        scope, "fully_connected", [inputs], reuse=reuse, custom_getter=getter
    ) as sc:
        inputs = convert.convert_to_tensor(inputs)
        layer = core.Dense(
            units=num_outputs,
            activation=None,
            use_bias=not normalizer_fn and biases_initializer,
            kernel_initializer=weights_initializer,
            bias_initializer=biases_initializer,
            kernel_regularizer=weights_regularizer,
            bias_regularizer=biases_regularizer,
            activity_regularizer=None,
            trainable=trainable,
            name=sc.name,
            dtype=inputs.dtype.base_dtype,
            _scope=sc,
            _reuse=reuse,
        )
        outputs = layer.apply(inputs)
        collect_variable(layer.kernel, variables_collections, "weights")
        if layer.bias is not None:
            collect_variable(layer.bias, variables_collections, "biases")
        return finished(
            outputs, normalizer_fn, normalizer_params, activation_fn, outputs_collections, sc.name
        )


relu = functools.partial(fully_connected, activation_fn=activation.relu)
relu6 = functools.partial(fully_connected, activation_fn=activation.relu6)
elu = functools.partial(fully_connected, activation_fn=activation.elu)
linear = functools.partial(fully_connected, activation_fn=None)
for _name in ("relu", "relu6", "elu", "linear"):
    show("layers", _name, __name__)


@shown("layers", "bias_add")
@add_arg_scope
def bias_add(
    inputs: Any,
    activation_fn: Callable[..., Any] | None = None,
    initializer: Any = ZEROS,
    regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    data_format: str = "NHWC",
    scope: Any = None,
) -> Any:
    """The inputs plus a variable `biases`: the shape of the inputs.

    Args:
      inputs: [..., C], or [N, C, H, W] by `data_format`; C is known.
      activation_fn: applied last; None for none.
      initializer, regularizer: of the biases.
      reuse, variables_collections, outputs_collections, trainable: as for `fully_connected`.
      data_format: "NHWC" or "NCHW".
      scope: the variable scope.

    Raises:
      ValueError: another format, or the shape is not known.
    """
    if data_format not in ("NCHW", "NHWC"):
        raise ValueError("data_format has to be either NCHW or NHWC.")
    with variable_scope(scope, "BiasAdd", [inputs], reuse=reuse) as sc:
        inputs = convert.convert_to_tensor(inputs)
        rank = inputs.get_shape().ndims
        if rank is None:
            raise ValueError("Dims of shape must be known but is None")
        if rank != 4 and data_format == "NCHW":
            raise ValueError("Data format NCHW only supports 4D Tensor")
        features = inputs.get_shape().as_list()[1 if data_format == "NCHW" else -1]
        if features is None:
            raise ValueError("`C` dimension must be known but is None")
        biases = model_variable(
            "biases",
            shape=[features],
            dtype=inputs.dtype.base_dtype,
            initializer=initializer,
            regularizer=regularizer,
            collections=utils.get_variable_collections(variables_collections, "biases"),
            trainable=trainable,
        )
        outputs = bias.bias_add(inputs, biases, data_format=data_format)
        return activated(outputs, activation_fn, outputs_collections, sc.name)


@shown("layers", "dropout")
@add_arg_scope
def dropout(
    inputs: Any,
    keep_prob: Any = 0.5,
    noise_shape: Any = None,
    is_training: Any = True,
    outputs_collections: Any = None,
    scope: Any = None,
    seed: int | None = None,
) -> Any:
    """In training, each element with probability `keep_prob`, scaled up by its inverse, else 0.

    Args:
      inputs: any shape.
      keep_prob: a probability.
      noise_shape: an axis of size 1 is kept or dropped as a whole.
      is_training: a bool or a tensor; the inputs are passed on if it is false.
      outputs_collections: where the outputs go.
      scope: the variable scope.
      seed: of the random choice.
    """
    with variable_scope(
        scope, "Dropout", [inputs], custom_getter=model_variable_getter
    ) as sc:
        inputs = convert.convert_to_tensor(inputs)
        layer = core.Dropout(
            rate=1 - keep_prob, noise_shape=noise_shape, seed=seed, name=sc.name, _scope=sc
        )
        outputs = layer.apply(inputs, training=is_training)
        return utils.collect_named_outputs(outputs_collections, sc.name, outputs)


def _scope_of(layer: Callable[..., Any], default: str) -> str:
    """The name that a layer is known by; that of the function inside of a `functools.partial`."""
    named = getattr(layer, "func", layer)
    return getattr(layer, "__name__", getattr(named, "__name__", default))


@shown("layers", "repeat")
def repeat(
    inputs: Any, repetitions: int, layer: Callable[..., Any], *args: Any, **kwargs: Any
) -> Any:
    """A layer applied several times: `repeat(x, 3, conv2d, 64, 3, scope="conv1")`.

    The scopes are `conv1/conv1_1` and so on.
    """
    scope = kwargs.pop("scope", None)
    with variable_scope(scope, "Repeat", [inputs]):
        outputs = convert.convert_to_tensor(inputs)
        scope = _scope_of(layer, "repeat") if scope is None else scope
        for i in range(repetitions):
            outputs = layer(outputs, *args, **{**kwargs, "scope": f"{scope}_{i + 1}"})
        return outputs


@shown("layers", "stack")
def stack(inputs: Any, layer: Callable[..., Any], stack_args: Any, **kwargs: Any) -> Any:
    """A layer applied with one argument, or one list of arguments, after another.

    `stack(x, fully_connected, [32, 64], scope="fc")` makes `fc/fc_1` and `fc/fc_2`.

    Raises:
      ValueError: stack_args is no list or tuple.
    """
    scope = kwargs.pop("scope", None)
    if not isinstance(stack_args, (list, tuple)):
        raise ValueError("stack_args need to be a list or tuple")
    with variable_scope(scope, "Stack", [inputs]):
        outputs = convert.convert_to_tensor(inputs)
        scope = _scope_of(layer, "stack") if scope is None else scope
        for i, one in enumerate(stack_args):
            own = one if isinstance(one, (list, tuple)) else [one]
            outputs = layer(outputs, *own, **{**kwargs, "scope": f"{scope}_{i + 1}"})
        return outputs
