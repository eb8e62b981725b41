"""Batch normalization.

Source: Ioffe and Szegedy 2015; renormalization: Ioffe 2017.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.layers.base import Layer
from rekindle._src.layers.input_spec import InputSpec
from rekindle._src.layers.named import ONES, ZEROS, get_initializer
from rekindle._src.names import public
from rekindle._src.ops import (
    activation,
    array_fill,
    array_shape,
    batch_norm,
    cond,
    math_cast,
    moments,
    norm,
)
from rekindle._src.ops import constant as constant_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.state import assign
from rekindle._src.state.variable import Variable, VariableAggregation, VariableSynchronization


def _known_truth(training: Any) -> bool | None:
    """Whether it is training, if that is known while the graph is built."""
    return None if isinstance(training, Variable) else cond.smart_constant_value(training)


def _chosen(training: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any]) -> Any:
    if isinstance(training, Variable):
        return cond.cond(training, true_fn=true_fn, false_fn=false_fn)
    return cond.smart_cond(training, true_fn, false_fn)


@public("layers.BatchNormalization")
class BatchNormalization(Layer):
    """gamma (x - mean) / sqrt(variance + epsilon) + beta, per channel.

    Mean and variance are those of the batch while training, else their moving averages, whose
    updates go into the collection UPDATE_OPS.

    Args:
      axis: the channels, an axis or a list of axes.
      momentum: of the moving averages.
      epsilon: added to the variance.
      center, scale: have beta, gamma.
      beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer:
        default: zeros, ones, zeros, ones.
      beta_regularizer, gamma_regularizer: functions from variable to loss.
      beta_constraint, gamma_constraint: functions that optimizers apply after an update.
      renorm: correct the batch's statistics by the moving ones while training.
      renorm_clipping: limits of the corrections: "rmax", "rmin", "dmax".
      renorm_momentum: of the averages for that.
      fused: use the op for it; default: if it can.
      trainable: train the variables.
      virtual_batch_size: normalize groups of so many examples by themselves.
      adjustment: a function from the shape of the input to (scale, offset) used while training.
      name: the layer's name.

    Raises:
      TypeError, ValueError: an argument is of the wrong kind.
    """

    def __init__(self, axis: Any = -1, momentum: float = 0.99, epsilon: float = 1e-3,
                 center: bool = True, scale: bool = True,
                 beta_initializer: Any = ZEROS, gamma_initializer: Any = ONES,
                 moving_mean_initializer: Any = ZEROS,
                 moving_variance_initializer: Any = ONES,
                 beta_regularizer: Any = None, gamma_regularizer: Any = None,
                 beta_constraint: Any = None, gamma_constraint: Any = None, renorm: bool = False,
                 renorm_clipping: Any = None, renorm_momentum: float = 0.99,
                 fused: bool | None = None, trainable: bool = True,
                 virtual_batch_size: int | None = None, adjustment: Any = None, name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(name=name, trainable=trainable, **kwargs)
        if not isinstance(axis, (int, list)):
            raise TypeError(f"axis must be int or list, type given: {type(axis)}")
        self.axis: Any = axis if isinstance(axis, int) else axis[:]
        self.momentum = momentum
        self.epsilon = epsilon
        self.center = center
        self.scale = scale
        self.beta_initializer = get_initializer(beta_initializer)
        self.gamma_initializer = get_initializer(gamma_initializer)
        self.moving_mean_initializer = get_initializer(moving_mean_initializer)
        self.moving_variance_initializer = get_initializer(moving_variance_initializer)
        self.beta_regularizer = beta_regularizer
        self.gamma_regularizer = gamma_regularizer
        self.beta_constraint = beta_constraint
        self.gamma_constraint = gamma_constraint
        self.renorm = renorm
        self.virtual_batch_size = virtual_batch_size
        self.adjustment = adjustment
        self.fused = True if fused is None else fused
        self._bessels_correction_test_only = True
        if renorm:
            clipping = renorm_clipping or {}
            keys = ["rmax", "rmin", "dmax"]
            if set(clipping) - set(keys):
                raise ValueError(f"renorm_clipping {clipping} contains keys not in {keys}")
            self.renorm_clipping = clipping
            self.renorm_momentum = renorm_momentum

    @property
    def _param_dtype(self) -> Any:
        dtype = dtypes.as_dtype(self.dtype or dtypes.float32)
        return dtypes.float32 if dtype in (dtypes.float16, dtypes.bfloat16) else dtype

    def _can_be_fused(self, rank: int) -> bool:
        return rank == 4 and self.axis in ([1], [3]) and not (
            self.renorm or self.virtual_batch_size is not None or self.adjustment is not None)

    def build(self, input_shape: Any) -> None:
        """Make beta, gamma and the moving averages."""
        input_shape = TensorShape(input_shape)
        if not input_shape.ndims:
            raise ValueError("Input has undefined rank:", input_shape)
        self._check_axes(len(input_shape))
        self.fused = self.fused and self._can_be_fused(len(input_shape))
        sizes = {axis: input_shape[axis].value for axis in self.axis}
        if None in sizes.values():
            raise ValueError("Input has undefined `axis` dimension. Input shape: ", input_shape)
        self.input_spec = InputSpec(ndim=len(input_shape), axes=sizes)
        shape: Any = self._param_shape(sizes, len(input_shape))
        self.gamma = self.beta = None
        if self.scale:
            self.gamma = self._trained("gamma", shape, self.gamma_initializer,
                                       self.gamma_regularizer, self.gamma_constraint)
        elif self.fused:
            self._gamma_const = constant_ops.constant(1.0, dtype=self._param_dtype, shape=shape)
        if self.center:
            self.beta = self._trained("beta", shape, self.beta_initializer, self.beta_regularizer,
                                      self.beta_constraint)
        elif self.fused:
            self._beta_const = constant_ops.constant(0.0, dtype=self._param_dtype, shape=shape)
        # The averages are not cut as the scope's variables are.
        partitioner = self._scope.partitioner if self._scope else None
        if self._scope:
            self._scope.set_partitioner(None)
        try:
            self._add_averages(shape)
        finally:
            if partitioner:
                self._scope.set_partitioner(partitioner)  # type: ignore[union-attr]
        self.built = True

    def _check_axes(self, rank: int) -> None:
        if isinstance(self.axis, int):
            self.axis = [self.axis]
        self.axis = [rank + axis if axis < 0 else axis for axis in self.axis]
        for axis in self.axis:
            if not 0 <= axis < rank:
                raise ValueError(f"Invalid axis: {axis}")
        if len(self.axis) != len(set(self.axis)):
            raise ValueError(f"Duplicate axis: {self.axis}")
        if self.virtual_batch_size is None:
            return
        if self.virtual_batch_size <= 0:
            raise ValueError("virtual_batch_size must be a positive integer that divides the true "
                             "batch size of the input Tensor")
        if 0 in self.axis:
            raise ValueError("When using virtual_batch_size, the batch dimension must be 0 and "
                             "thus axis cannot include 0")
        if self.adjustment is not None:
            raise ValueError("When using virtual_batch_size, adjustment cannot be specified")

    def _param_shape(self, sizes: dict[int, Any], rank: int) -> Any:
        if len(sizes) == 1 and self.virtual_batch_size is None:
            return (next(iter(sizes.values())),)
        shape = [sizes.get(i, 1) for i in range(rank)]
        if self.virtual_batch_size is not None:
            shape.insert(1, 1)
            self.axis = [axis + 1 for axis in self.axis]  # for the axis of virtual batches
        return shape

    def _trained(self, name: str, shape: Any, initializer: Any, regularizer: Any,
                 constraint: Any) -> Any:
        return self.add_weight(
            name=name, shape=shape, dtype=self._param_dtype, initializer=initializer,
            regularizer=regularizer, constraint=constraint, trainable=True)

    def _average(self, name: str, shape: Any, initializer: Any) -> Any:
        return self.add_weight(
            name=name, shape=shape, dtype=self._param_dtype, initializer=initializer,
            synchronization=VariableSynchronization.ON_READ, trainable=False,
            aggregation=VariableAggregation.MEAN)

    def _add_averages(self, shape: Any) -> None:
        self.moving_mean = self._average("moving_mean", shape, self.moving_mean_initializer)
        self.moving_variance = self._average(
            "moving_variance", shape, self.moving_variance_initializer)
        if not self.renorm:
            return

        def deviation(*args: Any, **kwargs: Any) -> Any:
            return math_ops.sqrt(self.moving_variance_initializer(*args, **kwargs))

        with scopes.colocate_with(self.moving_variance):
            self.moving_stddev = self._average("moving_stddev", shape, deviation)
        with scopes.colocate_with(self.moving_mean):
            self.renorm_mean = self._average("renorm_mean", shape, self.moving_mean_initializer)
        with scopes.colocate_with(self.moving_stddev):
            self.renorm_stddev = self._average("renorm_stddev", shape, deviation)

    # Updates.

    def _assign_moving_average(self, variable: Any, value: Any, momentum: Any) -> Any:
        with scopes.name_scope("AssignMovingAvg") as scope, scopes.colocate_with(variable):
            decay = convert.convert_to_tensor(1.0 - momentum, name="decay")
            if decay.dtype != variable.dtype.base_dtype:
                decay = math_cast.cast(decay, variable.dtype.base_dtype)
            delta = (variable - math_cast.cast(value, variable.dtype)) * decay
            return assign.assign_sub(variable, delta, name=scope)

    def _assign_variance(self, deviation: Any, momentum: Any) -> Any:
        """Update the moving deviation, and the moving variance from it."""
        moving = self._assign_moving_average(self.moving_stddev, deviation, momentum)
        value = activation.relu(moving * moving - self.epsilon)
        with scopes.name_scope("AssignNewValue") as scope, scopes.colocate_with(
                self.moving_variance):
            return assign.assign(self.moving_variance, value, name=scope)

    # The fused op.

    def _fused(self, inputs: Any, training: Any) -> Any:
        beta = self.beta if self.center else self._beta_const
        gamma = self.gamma if self.scale else self._gamma_const
        data_format = "NCHW" if self.axis == [1] else "NHWC"

        def by_batch() -> Any:
            return batch_norm.fused_batch_norm(
                inputs, gamma, beta, epsilon=self.epsilon, data_format=data_format)

        def by_averages() -> Any:
            return batch_norm.fused_batch_norm(
                inputs, gamma, beta, mean=self.moving_mean, variance=self.moving_variance,
                epsilon=self.epsilon, is_training=False, data_format=data_format)

        output, mean, variance = _chosen(training, by_batch, by_averages)
        if not self._bessels_correction_test_only:
            # the op's variance is that of a sample; make it that of the batch
            count = math_cast.cast(array_shape.size(inputs) / array_shape.size(variance),
                                   variance.dtype)
            variance *= (count - math_cast.cast(1.0, variance.dtype)) / count
        known = _known_truth(training)
        if known is None:
            momentum = _chosen(training, lambda: self.momentum, lambda: 1.0)
        else:
            momentum = convert.convert_to_tensor(self.momentum)
        if known is not False:
            self.add_update(
                lambda: self._assign_moving_average(self.moving_mean, mean, momentum))
            self.add_update(
                lambda: self._assign_moving_average(self.moving_variance, variance, momentum))
        return output

    # By single ops.

    def _renormalized(self, mean: Any, variance: Any, training: Any) -> tuple[Any, Any, Any, Any]:
        """The corrections r and d, and the statistics to average."""
        stddev = math_ops.sqrt(variance + self.epsilon)
        floor = math_ops.maximum(self.renorm_stddev, math_ops.sqrt(self.epsilon))
        r = stddev / floor
        d = (mean - self.renorm_mean) / floor
        with scopes.control_dependencies([r, d]):
            mean = array_shape.identity(mean)
            stddev = array_shape.identity(stddev)
        rmin, rmax, dmax = (self.renorm_clipping.get(key) for key in ("rmin", "rmax", "dmax"))
        if rmin is not None:
            r = math_ops.maximum(r, rmin)
        if rmax is not None:
            r = math_ops.minimum(r, rmax)
        if dmax is not None:
            d = math_ops.minimum(math_ops.maximum(d, -dmax), dmax)
        r = _chosen(training, lambda: r, lambda: array_fill.ones_like(r))
        d = _chosen(training, lambda: d, lambda: array_fill.zeros_like(d))

        def updated(variable: Any, value: Any) -> Any:
            value = array_shape.identity(value)
            return _chosen(
                training,
                lambda: self._assign_moving_average(variable, value, self.renorm_momentum),
                lambda: array_shape.identity(variable))

        updates = [updated(self.renorm_mean, mean), updated(self.renorm_stddev, stddev)]
        with scopes.control_dependencies(updates):
            return r, d, array_shape.identity(mean), array_shape.identity(variance)

    def call(self, inputs: Any, training: Any = False) -> Any:
        """The outputs; `training` may be a bool or a tensor."""
        if self.virtual_batch_size is None:
            return self._normalized(inputs, training)
        shape = [-1, *inputs.shape.as_list()[1:]]
        inputs = array_shape.reshape(inputs, [self.virtual_batch_size, -1, *shape[1:]])
        return array_shape.reshape(self._normalized(inputs, training), shape)

    def _normalized(self, inputs: Any, training: Any) -> Any:
        if self.fused:
            return self._fused(inputs, training)
        shape = inputs.shape
        rank = len(shape)
        axes = [i for i in range(rank) if i not in self.axis]
        if self.virtual_batch_size is not None:
            del axes[1]
        broadcast_shape = [1] * rank
        broadcast_shape[self.axis[0]] = shape[self.axis[0]].value

        def broadcast(v: Any) -> Any:
            if v is not None and len(v.shape) != rank and axes != list(range(rank - 1)):
                return array_shape.reshape(v, broadcast_shape)
            return v

        scale, offset = broadcast(self.gamma), broadcast(self.beta)
        if _known_truth(training) is False:
            mean, variance = self.moving_mean, self.moving_variance
        else:
            if self.adjustment:
                scale, offset = self._adjusted(inputs, training, scale, offset)
            mean, variance = self._batch_statistics(inputs, training, axes)
            new_mean, new_variance = self._averaged(mean, variance)
            if self.renorm:
                r, d, new_mean, new_variance = self._renormalized(new_mean, new_variance, training)
                r = broadcast(array_shape.stop_gradient(r, name="renorm_r"))
                d = broadcast(array_shape.stop_gradient(d, name="renorm_d"))
                scale, offset = _composed(r, d, scale, offset)
            self._add_updates(new_mean, new_variance, training)
        mean = math_cast.cast(mean, inputs.dtype)
        variance = math_cast.cast(variance, inputs.dtype)
        if offset is not None:
            offset = math_cast.cast(offset, inputs.dtype)
        if scale is not None:
            scale = math_cast.cast(scale, inputs.dtype)
        outputs = norm.batch_normalization(
            inputs, broadcast(mean), broadcast(variance), offset, scale, self.epsilon)
        outputs.set_shape(shape)
        return outputs

    def _adjusted(self, inputs: Any, training: Any, scale: Any, offset: Any) -> tuple[Any, Any]:
        adj_scale, adj_bias = self.adjustment(array_shape.shape(inputs))
        adj_scale = _chosen(training, lambda: adj_scale, lambda: array_fill.ones_like(adj_scale))
        adj_bias = _chosen(training, lambda: adj_bias, lambda: array_fill.zeros_like(adj_bias))
        return _composed(adj_scale, adj_bias, scale, offset)

    def _batch_statistics(self, inputs: Any, training: Any, axes: list[int]) -> tuple[Any, Any]:
        """Mean and variance to normalize by: those of the batch if training."""
        keep = self.virtual_batch_size is not None or len(self.axis) > 1
        mean, variance = moments.moments(
            math_cast.cast(inputs, self._param_dtype), axes, keep_dims=keep)
        return (
            _chosen(training, lambda: mean, lambda: convert.convert_to_tensor(self.moving_mean)),
            _chosen(training, lambda: variance,
                    lambda: convert.convert_to_tensor(self.moving_variance)))

    def _averaged(self, mean: Any, variance: Any) -> tuple[Any, Any]:
        """The mean over virtual batches."""
        if self.virtual_batch_size is None:
            return mean, variance
        return (math_ops.reduce_mean(mean, axis=1, keepdims=True),
                math_ops.reduce_mean(variance, axis=1, keepdims=True))

    def _add_updates(self, mean: Any, variance: Any, training: Any) -> None:
        def updated_mean() -> Any:
            return self._assign_moving_average(self.moving_mean, mean, self.momentum)

        def updated_variance() -> Any:
            if self.renorm:
                return self._assign_variance(
                    math_ops.sqrt(variance + self.epsilon), self.momentum)
            return self._assign_moving_average(self.moving_variance, variance, self.momentum)

        self.add_update(lambda: _chosen(training, updated_mean, lambda: self.moving_mean))
        self.add_update(lambda: _chosen(training, updated_variance, lambda: self.moving_variance))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the input."""
        return input_shape


def _composed(scale: Any, offset: Any, then_scale: Any, then_offset: Any) -> tuple[Any, Any]:
    """Two affine maps after each other."""
    if then_scale is not None:
        scale = scale * then_scale
        offset = offset * then_scale
    if then_offset is not None:
        offset = offset + then_offset
    return scale, offset


@public("layers.batch_normalization")
def batch_normalization(
        inputs: Any, axis: Any = -1, momentum: float = 0.99, epsilon: float = 1e-3,
        center: bool = True, scale: bool = True,
        beta_initializer: Any = ZEROS, gamma_initializer: Any = ONES,
        moving_mean_initializer: Any = ZEROS,
        moving_variance_initializer: Any = ONES,
        beta_regularizer: Any = None, gamma_regularizer: Any = None, beta_constraint: Any = None,
        gamma_constraint: Any = None, training: Any = False, trainable: bool = True,
        name: Any = None, reuse: bool | None = None, renorm: bool = False,
        renorm_clipping: Any = None, renorm_momentum: float = 0.99, fused: bool | None = None,
        virtual_batch_size: int | None = None, adjustment: Any = None) -> Any:
    """gamma (x - mean) / sqrt(variance + epsilon) + beta, per channel; see `BatchNormalization`.

    While training, run the operations in `tf.GraphKeys.UPDATE_OPS` with each step.
    """
    return BatchNormalization(
        axis=axis, momentum=momentum, epsilon=epsilon, center=center, scale=scale,
        beta_initializer=beta_initializer, gamma_initializer=gamma_initializer,
        moving_mean_initializer=moving_mean_initializer,
        moving_variance_initializer=moving_variance_initializer, beta_regularizer=beta_regularizer,
        gamma_regularizer=gamma_regularizer, beta_constraint=beta_constraint,
        gamma_constraint=gamma_constraint, renorm=renorm, renorm_clipping=renorm_clipping,
        renorm_momentum=renorm_momentum, fused=fused, trainable=trainable,
        virtual_batch_size=virtual_batch_size, adjustment=adjustment, name=name, _reuse=reuse,
        _scope=name).apply(inputs, training=training)
