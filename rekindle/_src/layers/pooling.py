"""Pooling layers: the largest or the mean value of each window."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.graph.shapes import TensorShape
from rekindle._src.layers.base import Layer
from rekindle._src.layers.input_spec import InputSpec
from rekindle._src.layers.shapes import (
    checked_format,
    checked_padding,
    checked_tuple,
    conv_length,
    op_format,
)
from rekindle._src.names import public
from rekindle._src.ops import array_shape, pool, pool3d


class PoolingLayer(Layer):
    """Pooling over `rank` axes.

    Args:
      rank: the number of spatial axes.
      pool_function: the pooling function of `tf.nn`.
      pool_size, strides: an integer, or one for each spatial axis.
      padding: "valid" or "same".
      data_format: "channels_last" or "channels_first".
      name: the layer's name.

    Raises:
      ValueError: there are no strides.
    """

    def __init__(self, rank: int, pool_function: Callable[..., Any], pool_size: Any, strides: Any,
                 padding: str = "valid", data_format: str = "channels_last", name: Any = None,
                 **kwargs: Any) -> None:
        if strides is None:
            raise ValueError("Argument `strides` must not be None.")
        super().__init__(name=name, **kwargs)
        self.rank = rank
        self.pool_function = pool_function
        self.pool_size = checked_tuple(pool_size, rank, "pool_size")
        self.strides = checked_tuple(strides, rank, "strides")
        self.padding = checked_padding(padding)
        self.data_format = checked_format(data_format)
        self.input_spec = InputSpec(ndim=rank + 2)

    def call(self, inputs: Any) -> Any:
        """The outputs."""
        is_last = self.data_format == "channels_last"
        if self.rank == 1:
            return self._linear(inputs, 2 if is_last else 3)
        padding = self.padding.upper()
        ksize, strides = (1, *self.pool_size, 1), (1, *self.strides, 1)
        if self.rank == 2:
            if not is_last:
                ksize, strides = (1, 1, *self.pool_size), (1, 1, *self.strides)
            return self.pool_function(inputs, ksize=ksize, strides=strides, padding=padding,
                                      data_format=op_format(self.data_format, 4))
        if not is_last:  # which the ops of three dimensions have no kernel for
            inputs = array_shape.transpose(inputs, (0, 2, 3, 4, 1))
        outputs = self.pool_function(inputs, ksize=ksize, strides=strides, padding=padding)
        return outputs if is_last else array_shape.transpose(outputs, (0, 4, 1, 2, 3))

    def _linear(self, inputs: Any, axis: int) -> Any:
        """Pooling over one axis, as pooling over two of which one has size 1."""
        is_last = self.data_format == "channels_last"
        inputs = array_shape.expand_dims(inputs, axis)
        if not is_last:
            inputs = array_shape.transpose(inputs, (0, 2, 3, 1))
        outputs = self.pool_function(
            inputs, (1, *self.pool_size, 1, 1), (1, *self.strides, 1, 1),
            padding=self.padding.upper(), data_format="NHWC")
        if not is_last:
            outputs = array_shape.transpose(outputs, (0, 3, 1, 2))
        return array_shape.squeeze(outputs, axis)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The shape of the output for a shape of the input."""
        sizes = TensorShape(input_shape).as_list()
        first = 1 if self.data_format == "channels_last" else 2
        for i in range(self.rank):
            sizes[first + i] = conv_length(
                sizes[first + i], self.pool_size[i], self.padding, self.strides[i])
        return TensorShape(sizes)


@public("layers.MaxPooling1D")
class MaxPooling1D(PoolingLayer):
    """The largest value of each window of a 1-D input; arguments as for `PoolingLayer`."""

    def __init__(self, pool_size: Any, strides: Any, padding: str = "valid",
                 data_format: str = "channels_last", name: Any = None, **kwargs: Any) -> None:
        super().__init__(1, pool.max_pool_v1, pool_size, strides, padding=padding,
                         data_format=data_format, name=name, **kwargs)


@public("layers.max_pooling1d")
def max_pooling1d(inputs: Any, pool_size: Any, strides: Any, padding: str = "valid",
                  data_format: str = "channels_last", name: Any = None) -> Any:
    """The largest value of each window of a 1-D input; arguments as for `PoolingLayer`."""
    return MaxPooling1D(
        pool_size, strides, padding=padding, data_format=data_format, name=name).apply(inputs)


@public("layers.MaxPooling2D")
class MaxPooling2D(PoolingLayer):
    """The largest value of each window of a 2-D input; arguments as for `PoolingLayer`."""

    def __init__(self, pool_size: Any, strides: Any, padding: str = "valid",
                 data_format: str = "channels_last", name: Any = None, **kwargs: Any) -> None:
        super().__init__(2, pool.max_pool_v1, pool_size, strides, padding=padding,
                         data_format=data_format, name=name, **kwargs)


@public("layers.max_pooling2d")
def max_pooling2d(inputs: Any, pool_size: Any, strides: Any, padding: str = "valid",
                  data_format: str = "channels_last", name: Any = None) -> Any:
    """The largest value of each window of a 2-D input; arguments as for `PoolingLayer`."""
    return MaxPooling2D(
        pool_size, strides, padding=padding, data_format=data_format, name=name).apply(inputs)


@public("layers.MaxPooling3D")
class MaxPooling3D(PoolingLayer):
    """The largest value of each window of a 3-D input; arguments as for `PoolingLayer`."""

    def __init__(self, pool_size: Any, strides: Any, padding: str = "valid",
                 data_format: str = "channels_last", name: Any = None, **kwargs: Any) -> None:
        super().__init__(3, pool3d.max_pool3d_v1, pool_size, strides, padding=padding,
                         data_format=data_format, name=name, **kwargs)


@public("layers.max_pooling3d")
def max_pooling3d(inputs: Any, pool_size: Any, strides: Any, padding: str = "valid",
                  data_format: str = "channels_last", name: Any = None) -> Any:
    """The largest value of each window of a 3-D input; arguments as for `PoolingLayer`."""
    return MaxPooling3D(
        pool_size, strides, padding=padding, data_format=data_format, name=name).apply(inputs)


@public("layers.AveragePooling1D")
class AveragePooling1D(PoolingLayer):
    """The mean of each window of a 1-D input; arguments as for `PoolingLayer`."""

    def __init__(self, pool_size: Any, strides: Any, padding: str = "valid",
                 data_format: str = "channels_last", name: Any = None, **kwargs: Any) -> None:
        super().__init__(1, pool.avg_pool_v1, pool_size, strides, padding=padding,
                         data_format=data_format, name=name, **kwargs)


@public("layers.average_pooling1d")
def average_pooling1d(inputs: Any, pool_size: Any, strides: Any, padding: str = "valid",
                      data_format: str = "channels_last", name: Any = None) -> Any:
    """The mean of each window of a 1-D input; arguments as for `PoolingLayer`."""
    return AveragePooling1D(
        pool_size, strides, padding=padding, data_format=data_format, name=name).apply(inputs)


@public("layers.AveragePooling2D")
class AveragePooling2D(PoolingLayer):
    """The mean of each window of a 2-D input; arguments as for `PoolingLayer`."""

    def __init__(self, pool_size: Any, strides: Any, padding: str = "valid",
                 data_format: str = "channels_last", name: Any = None, **kwargs: Any) -> None:
        super().__init__(2, pool.avg_pool_v1, pool_size, strides, padding=padding,
                         data_format=data_format, name=name, **kwargs)


@public("layers.average_pooling2d")
def average_pooling2d(inputs: Any, pool_size: Any, strides: Any, padding: str = "valid",
                      data_format: str = "channels_last", name: Any = None) -> Any:
    """The mean of each window of a 2-D input; arguments as for `PoolingLayer`."""
    return AveragePooling2D(
        pool_size, strides, padding=padding, data_format=data_format, name=name).apply(inputs)


@public("layers.AveragePooling3D")
class AveragePooling3D(PoolingLayer):
    """The mean of each window of a 3-D input; arguments as for `PoolingLayer`."""

    def __init__(self, pool_size: Any, strides: Any, padding: str = "valid",
                 data_format: str = "channels_last", name: Any = None, **kwargs: Any) -> None:
        super().__init__(3, pool3d.avg_pool3d_v1, pool_size, strides, padding=padding,
                         data_format=data_format, name=name, **kwargs)


@public("layers.average_pooling3d")
def average_pooling3d(inputs: Any, pool_size: Any, strides: Any, padding: str = "valid",
                      data_format: str = "channels_last", name: Any = None) -> Any:
    """The mean of each window of a 3-D input; arguments as for `PoolingLayer`."""
    return AveragePooling3D(
        pool_size, strides, padding=padding, data_format=data_format, name=name).apply(inputs)
