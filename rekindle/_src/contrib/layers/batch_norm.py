"""`batch_norm`: the batch normalization of contrib.layers and TF-Slim.

There are three ways to build it, and which one is taken decides the names in the graph: the layer
of `tf.layers`; FusedBatchNorm with updates made here; or plain ops.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from rekindle._src.contrib.framework.arg_scope import add_arg_scope
from rekindle._src.contrib.framework.variables import model_variable
from rekindle._src.contrib.layers import utils
from rekindle._src.contrib.layers.making import activated, collect_variable, renaming_getter
from rekindle._src.contrib.spaces import shown
from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.collections import GraphKeys, add_to_collections
from rekindle._src.layers import normalization
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import batch_norm as fused_ops
from rekindle._src.ops import moments, norm
from rekindle._src.state.initializers import Ones, Zeros
from rekindle._src.state.variable_scope import get_variable_scope, variable_scope
from rekindle._src.train.moving_averages import assign_moving_average


@shown("layers", "batch_norm")
@add_arg_scope
def batch_norm(
    inputs: Any,
    decay: float = 0.999,
    center: bool = True,
    scale: bool = False,
    epsilon: float = 0.001,
    activation_fn: Callable[..., Any] | None = None,
    param_initializers: dict[str, Any] | None = None,
    param_regularizers: dict[str, Any] | None = None,
    updates_collections: Any = GraphKeys.UPDATE_OPS,
    is_training: Any = True,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    batch_weights: Any = None,
    fused: bool | None = None,
    data_format: str = "NHWC",
    zero_debias_moving_mean: bool = False,
    scope: Any = None,
    renorm: bool = False,
    renorm_clipping: dict[str, Any] | None = None,
    renorm_decay: float = 0.99,
    adjustment: Callable[..., Any] | None = None,
) -> Any:
    """The inputs with mean 0 and variance 1 for each channel over the batch, plus `beta`.

    Args:
      inputs: [N, ..., C], or [N, C, ...] by `data_format`.
      decay: of the moving averages, which stand for the moments when not training.
      center: add a variable `beta`.
      scale: multiply by a variable `gamma`.
      epsilon: added to the variance.
      activation_fn: applied last; None for none.
      param_initializers: "beta", "gamma", "moving_mean", "moving_variance" -> initializer.
      param_regularizers: "beta", "gamma" -> regularizer.
      updates_collections: where the updates of the moving averages go, to be run with the training
        step; None runs them with the outputs.
      is_training: use the moments of the batch and update the averages; a bool or a tensor.
      reuse: share the variables of the scope.
      variables_collections: a list of collections, or name of a variable -> list.
      outputs_collections: where the outputs go.
      trainable: add the variables to TRAINABLE_VARIABLES.
      batch_weights: [N], how much each example counts.
      fused: use FusedBatchNorm where possible (None and True).
      data_format: "NHWC" or "NCHW".
      zero_debias_moving_mean: start the moving mean without a bias towards 0.
      scope: the variable scope.
      renorm, renorm_clipping, renorm_decay: batch renormalization, as in `tf.layers`.
      adjustment: a function from the shape of the inputs to (scale, bias), in training.

    Raises:
      ValueError: another format, or the rank or the number of channels is not known.
    """
    if fused is None:
        fused = True
    inputs = convert.convert_to_tensor(inputs)
    rank = inputs.get_shape().ndims
    by_default = updates_collections is GraphKeys.UPDATE_OPS and not zero_debias_moving_mean
    how = _Norm(decay, center, scale, epsilon, activation_fn, param_initializers or {},
                param_regularizers or {}, updates_collections, is_training, reuse,
                variables_collections, outputs_collections, trainable, batch_weights, fused,
                data_format, zero_debias_moving_mean)
    fusible = batch_weights is None and not renorm and rank in (2, 4) and adjustment is None
    if fused and fusible and (not by_default or rank == 2):
        return _fused(inputs, how, scope)
    how.check_format()
    with variable_scope(
        scope, "BatchNorm", [inputs], reuse=reuse, custom_getter=renaming_getter()
    ) as sc:
        inputs = convert.convert_to_tensor(inputs)
        if batch_weights is None and by_default:
            renormed = {"renorm": renorm, "renorm_clipping": renorm_clipping,
                        "renorm_momentum": renorm_decay, "adjustment": adjustment}
            return _by_layer(inputs, how, sc, renormed)
        if renorm:
            raise ValueError("renorm is not supported with batch_weights, updates_collections or "
                             "zero_debias_moving_mean")
        return _plain(inputs, how, sc)


@dataclasses.dataclass(frozen=True, slots=True)
class _Norm:
    """The arguments of `batch_norm`."""

    decay: float
    center: bool
    scale: bool
    epsilon: float
    activation_fn: Callable[..., Any] | None
    initializers: dict[str, Any]
    regularizers: dict[str, Any]
    updates_collections: Any
    is_training: Any
    reuse: Any
    variables_collections: Any
    outputs_collections: Any
    trainable: bool
    batch_weights: Any
    fused: bool
    data_format: str
    zero_debias: bool

    @property
    def channels_first(self) -> bool:
        return self.data_format == "NCHW"

    def check_format(self) -> None:
        if self.data_format not in ("NCHW", "NHWC"):
            raise ValueError("data_format has to be either NCHW or NHWC.")

    def initializer(self, name: str) -> Any:
        default = Ones if name in ("gamma", "moving_variance") else Zeros
        return self.initializers.get(name, default())

    def may_train(self) -> bool:
        known = utils.constant_value(self.is_training)
        return known is None or bool(known)

    def variable(self, name: str, shape: Any, dtype: Any, **more: Any) -> Any:
        return model_variable(
            name,
            shape=shape,
            dtype=dtype,
            initializer=self.initializer(name),
            collections=utils.get_variable_collections(self.variables_collections, name),
            **more,
        )

    def averages(self, shape: Any, dtype: Any) -> tuple[Any, Any]:
        """The moving mean and variance, which no partitioner cuts."""
        with variable_scope(get_variable_scope()) as own:
            own.set_partitioner(None)
            return (
                self.variable("moving_mean", shape, dtype, trainable=False),
                self.variable("moving_variance", shape, dtype, trainable=False),
            )

    def update(self, averages: tuple[Any, Any], mean: Any, variance: Any) -> tuple[Any, Any]:
        return (
            assign_moving_average(averages[0], mean, self.decay, zero_debias=self.zero_debias),
            assign_moving_average(averages[1], variance, self.decay, zero_debias=False),
        )

    def collect_updates(self, averages: tuple[Any, Any], mean: Any, variance: Any) -> None:
        updates = utils.smart_cond(
            self.is_training, lambda: self.update(averages, mean, variance), lambda: averages
        )
        for one in updates:
            add_to_collections(self.updates_collections, one)


def _by_layer(inputs: Any, how: _Norm, sc: Any, renormed: dict[str, Any]) -> Any:
    layer = normalization.BatchNormalization(
        axis=1 if how.channels_first else -1,
        momentum=how.decay,
        epsilon=how.epsilon,
        center=how.center,
        scale=how.scale,
        beta_initializer=how.initializer("beta"),
        gamma_initializer=how.initializer("gamma"),
        moving_mean_initializer=how.initializer("moving_mean"),
        moving_variance_initializer=how.initializer("moving_variance"),
        beta_regularizer=how.regularizers.get("beta"),
        gamma_regularizer=how.regularizers.get("gamma"),
        trainable=how.trainable,
        name=sc.name,
        _scope=sc,
        _reuse=how.reuse,
        fused=how.fused,
        **renormed,
    )
    outputs = layer.apply(inputs, training=how.is_training)
    for name in ("moving_mean", "moving_variance", "beta", "gamma"):
        if getattr(layer, name) is not None:
            collect_variable(getattr(layer, name), how.variables_collections, name)
    return activated(outputs, how.activation_fn, how.outputs_collections, sc.name)


def _fused(given: Any, how: _Norm, scope: Any) -> Any:
    how.check_format()
    with variable_scope(scope, "BatchNorm", [given], reuse=how.reuse) as sc:
        inputs = convert.convert_to_tensor(given)
        if inputs.get_shape().ndims == 2:
            inputs = _with_places(inputs, how)
        shape = inputs.get_shape()
        channels = shape[1:2] if how.channels_first else shape[-1:]
        if not channels.is_fully_defined():
            raise ValueError(f"Inputs {inputs.name} has undefined `C` dimension {channels}.")
        beta = _factor("beta", how.center, 0.0, channels, how)
        gamma = _factor("gamma", how.scale, 1.0, channels, how)
        averages = how.averages(channels, dtypes.float32)
        shared = {"epsilon": how.epsilon, "data_format": how.data_format}
        outputs, mean, variance = utils.smart_cond(
            how.is_training,
            lambda: fused_ops.fused_batch_norm(inputs, gamma, beta, **shared),
            lambda: fused_ops.fused_batch_norm(
                inputs, gamma, beta, mean=averages[0], variance=averages[1], is_training=False,
                **shared,
            ),
        )
        if how.may_train() and how.updates_collections is None:
            outputs = _after_updates(how, averages, outputs, mean, variance)
        elif how.may_train():
            how.collect_updates(averages, mean, variance)
        outputs.set_shape(shape)
        if given.get_shape().ndims == 2:
            outputs = array_ops.reshape(outputs, array_ops.shape(given))
        return activated(outputs, how.activation_fn, how.outputs_collections, sc.name)


def _with_places(inputs: Any, how: _Norm) -> Any:
    """[N, C] as one place of images."""
    channels = inputs.get_shape().as_list()[-1]
    if channels is None:
        raise ValueError("`C` dimension must be known but is None")
    shape = [-1, channels, 1, 1] if how.channels_first else [-1, 1, 1, channels]
    return array_ops.reshape(inputs, shape)


def _factor(name: str, wanted: bool, fixed: float, shape: Any, how: _Norm) -> Any:
    """A variable of FusedBatchNorm, which takes float32 only, or a constant in its place."""
    if not wanted:
        return convert.constant(fixed, dtype=dtypes.float32, shape=shape)
    return how.variable(
        name,
        shape,
        dtypes.float32,
        regularizer=how.regularizers.get(name),
        trainable=how.trainable,
    )


def _after_updates(how: _Norm, averages: Any, outputs: Any, mean: Any, variance: Any) -> Any:
    def updated() -> Any:
        with scopes.control_dependencies(how.update(averages, mean, variance)):
            return array_ops.identity(outputs)

    return utils.smart_cond(how.is_training, updated, lambda: outputs)


def _plain(inputs: Any, how: _Norm, sc: Any) -> Any:
    shape = inputs.get_shape()
    if shape.ndims is None:
        raise ValueError(f"Inputs {inputs.name} has undefined rank.")
    dtype = inputs.dtype.base_dtype
    weights = how.batch_weights
    if weights is not None:
        weights = convert.convert_to_tensor(weights)
        shape[0:1].assert_is_compatible_with(weights.get_shape())
        weights = array_ops.reshape(weights, [-1] + [1] * (shape.ndims - 1))
    channels = shape[1:2] if how.channels_first else shape[-1:]
    if not channels.is_fully_defined():
        raise ValueError(
            f"Inputs {inputs.name} has undefined channels dimension {channels}."
        )
    beta = how.variable("beta", channels, dtype, trainable=how.trainable) if how.center else None
    gamma = how.variable("gamma", channels, dtype, trainable=how.trainable) if how.scale else None
    averages = how.averages(channels, dtype)
    mean, variance = averages
    if how.may_train():
        mean, variance = _moments_in_use(how, averages, *_moments(inputs, weights, how))
    if how.channels_first:
        wide = [1, channels.as_list()[0]] + [1] * (shape.ndims - 2)
        mean, variance = array_ops.reshape(mean, wide), array_ops.reshape(variance, wide)
        beta = None if beta is None else array_ops.reshape(beta, wide)
        gamma = None if gamma is None else array_ops.reshape(gamma, wide)
    outputs = norm.batch_normalization(inputs, mean, variance, beta, gamma, how.epsilon)
    outputs.set_shape(shape)
    return activated(outputs, how.activation_fn, how.outputs_collections, sc.name)


def _moments(inputs: Any, weights: Any, how: _Norm) -> tuple[Any, Any]:
    """The mean and variance of each channel of the batch."""
    rank = inputs.get_shape().ndims
    axes = [0, *range(2, rank)] if how.channels_first else list(range(rank - 1))
    keep = how.channels_first or None
    if weights is None:
        mean, variance = moments.moments(inputs, axes, keepdims=keep)
    else:
        mean, variance = moments.weighted_moments(inputs, axes, weights, keepdims=keep)
    if how.channels_first:
        return array_ops.reshape(mean, [-1]), array_ops.reshape(variance, [-1])
    return mean, variance


def _moments_in_use(how: _Norm, averages: Any, mean: Any, variance: Any) -> Any:
    """The moments to normalize with, after the updates or with the updates collected."""
    if how.updates_collections is not None:
        how.collect_updates(averages, mean, variance)
        return utils.smart_cond(how.is_training, lambda: (mean, variance), lambda: averages)

    def updated() -> Any:
        with scopes.control_dependencies(how.update(averages, mean, variance)):
            return array_ops.identity(mean), array_ops.identity(variance)

    return utils.smart_cond(how.is_training, updated, lambda: averages)
