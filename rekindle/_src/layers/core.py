"""Densely connected layers, dropout and flattening."""
from __future__ import annotations

from typing import Any

import numpy as np

from rekindle._src.graph import convert, dtypes, sparse
from rekindle._src.graph.shapes import TensorShape, dimension_value
from rekindle._src.layers.base import Layer
from rekindle._src.layers.input_spec import InputSpec
from rekindle._src.layers.named import ZEROS, get_activation, get_initializer
from rekindle._src.layers.shapes import checked_format
from rekindle._src.names import public
from rekindle._src.ops import array_shape, bias, cond, math_cast
from rekindle._src.ops import dropout as dropout_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import sparse as sparse_ops


@public("layers.Dense")
class Dense(Layer):
    """activation(inputs x kernel + bias): [..., K] -> [..., units].

    Args:
      units: the size of the output.
      activation: a function, or its name; None for none.
      use_bias: add a bias.
      kernel_initializer, bias_initializer: default: the scope's, and zeros.
      kernel_regularizer, bias_regularizer: functions from variable to loss.
      activity_regularizer: a function from output to loss.
      kernel_constraint, bias_constraint: functions that optimizers apply after an update.
      trainable: train the variables.
      name: the layer's name.
    """

    def __init__(self, units: int, activation: Any = None, use_bias: bool = True,
                 kernel_initializer: Any = None, bias_initializer: Any = ZEROS,
                 kernel_regularizer: Any = None, bias_regularizer: Any = None,
                 activity_regularizer: Any = None, kernel_constraint: Any = None,
                 bias_constraint: Any = None, trainable: bool = True, name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(trainable=trainable, name=name, activity_regularizer=activity_regularizer,
                         **kwargs)
        self.units = int(units)
        self.activation = get_activation(activation)
        self.use_bias = use_bias
        self.kernel_initializer = get_initializer(kernel_initializer)
        self.bias_initializer = get_initializer(bias_initializer)
        self.kernel_regularizer = kernel_regularizer
        self.bias_regularizer = bias_regularizer
        self.kernel_constraint = kernel_constraint
        self.bias_constraint = bias_constraint
        self.input_spec = InputSpec(min_ndim=2)

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias."""
        dtype = dtypes.as_dtype(self.dtype or dtypes.float32)
        if not (dtype.is_floating or dtype.is_complex):
            raise TypeError(f"Unable to build `Dense` layer with non-floating point dtype {dtype}")
        input_shape = TensorShape(input_shape)
        size = dimension_value(input_shape[-1])
        if size is None:
            raise ValueError("The last dimension of the inputs to `Dense` should be defined. Found "
                             "`None`.")
        self.input_spec = InputSpec(min_ndim=2, axes={-1: size})
        self.kernel = self.add_weight(
            "kernel", shape=[size, self.units], initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer, constraint=self.kernel_constraint,
            dtype=self.dtype, trainable=True)
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                "bias", shape=[self.units], initializer=self.bias_initializer,
                regularizer=self.bias_regularizer, constraint=self.bias_constraint,
                dtype=self.dtype, trainable=True)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The outputs."""
        rank = len(inputs.shape)
        if rank > 2:
            outputs = math_ops.tensordot(inputs, self.kernel, [[rank - 1], [0]])
            outputs.set_shape(inputs.shape.as_list()[:-1] + [self.units])
        elif isinstance(inputs, sparse.SparseTensor):
            outputs = sparse_ops.sparse_tensor_dense_matmul(inputs, self.kernel)
        else:
            inputs = math_cast.cast(inputs, dtypes.as_dtype(self.dtype))
            outputs = math_ops.mat_mul(inputs, self.kernel)
        if self.use_bias:
            outputs = bias.bias_add(outputs, self.bias)
        return self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """[..., units]."""
        input_shape = TensorShape(input_shape).with_rank_at_least(2)
        if dimension_value(input_shape[-1]) is None:
            raise ValueError("The innermost dimension of input_shape must be defined, but saw: "
                             f"{input_shape}")
        return input_shape[:-1].concatenate(self.units)


@public("layers.dense")
def dense(inputs: Any, units: int, activation: Any = None, use_bias: bool = True,
          kernel_initializer: Any = None, bias_initializer: Any = ZEROS,
          kernel_regularizer: Any = None, bias_regularizer: Any = None,
          activity_regularizer: Any = None, kernel_constraint: Any = None,
          bias_constraint: Any = None, trainable: bool = True, name: Any = None,
          reuse: bool | None = None) -> Any:
    """activation(inputs x kernel + bias): [..., K] -> [..., units]; arguments as for `Dense`."""
    return Dense(
        units, activation=activation, use_bias=use_bias, kernel_initializer=kernel_initializer,
        bias_initializer=bias_initializer, kernel_regularizer=kernel_regularizer,
        bias_regularizer=bias_regularizer, activity_regularizer=activity_regularizer,
        kernel_constraint=kernel_constraint, bias_constraint=bias_constraint, trainable=trainable,
        name=name, _scope=name, _reuse=reuse).apply(inputs)


@public("layers.Dropout")
class Dropout(Layer):
    """Zeros for a share of the inputs while training, the rest scaled up.

    Args:
      rate: the share to drop.
      noise_shape: the shape of the mask, which broadcasts; None entries are those of the input.
      seed: the op seed.
      name: the layer's name.
    """

    def __init__(self, rate: Any = 0.5, noise_shape: Any = None, seed: int | None = None,
                 name: Any = None, **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.rate = rate
        self.noise_shape = noise_shape
        self.seed = seed

    def _mask_shape(self, inputs: Any) -> Any:
        if self.noise_shape is None:
            return None
        sizes = array_shape.shape(inputs)
        given = [sizes[i] if size is None else size for i, size in enumerate(self.noise_shape)]
        return convert.convert_to_tensor(given)

    def call(self, inputs: Any, training: Any = False) -> Any:
        """The outputs; `training` may be a bool or a tensor."""
        def dropped() -> Any:
            return dropout_ops.dropout(inputs, noise_shape=self._mask_shape(inputs), seed=self.seed,
                                       rate=self.rate)

        return cond.smart_cond(training, dropped, lambda: array_shape.identity(inputs))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shape of the input."""
        return input_shape


@public("layers.dropout")
def dropout(inputs: Any, rate: Any = 0.5, noise_shape: Any = None, seed: int | None = None,
            training: Any = False, name: Any = None) -> Any:
    """Zeros for a share of the inputs if `training`, the rest scaled up; arguments as for
    `Dropout`.
    """
    return Dropout(rate, noise_shape=noise_shape, seed=seed, name=name).apply(
        inputs, training=training)


@public("layers.Flatten")
class Flatten(Layer):
    """All axes but the first made one: [B, ...] -> [B, size].

    Args:
      data_format: "channels_last", or "channels_first" to put the second axis last before.
    """

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = checked_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs: Any) -> Any:
        """The outputs."""
        rank = inputs.shape.ndims
        if self.data_format == "channels_first" and rank is not None and rank > 1:
            inputs = array_shape.transpose(inputs, perm=[0, *range(2, rank), 1])
        batch = dimension_value(inputs.shape[0]) or array_shape.shape(inputs)[0]
        outputs = array_shape.reshape(inputs, (batch, -1))
        outputs.set_shape(self.compute_output_shape(inputs.shape))
        return outputs

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """[B, size]."""
        sizes = TensorShape(input_shape).as_list()
        return TensorShape([sizes[0], int(np.prod(sizes[1:])) if all(sizes[1:]) else None])


@public("layers.flatten")
def flatten(inputs: Any, name: Any = None, data_format: str = "channels_last") -> Any:
    """All axes but the first made one: [B, ...] -> [B, size]."""
    return Flatten(name=name, data_format=data_format).apply(inputs)
