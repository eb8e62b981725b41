"""Convolution layers in one to three dimensions."""
from __future__ import annotations

from typing import Any

from rekindle._src.graph.shapes import TensorShape
from rekindle._src.layers.base import Layer
from rekindle._src.layers.input_spec import InputSpec
from rekindle._src.layers.named import ZEROS, get_activation, get_initializer
from rekindle._src.layers.shapes import (
    checked_format,
    checked_padding,
    checked_tuple,
    conv_length,
    op_format,
)
from rekindle._src.names import public
from rekindle._src.ops import array_pad, array_shape, bias
from rekindle._src.ops.convolution import Convolution


class ConvolutionLayer(Layer):
    """A convolution over `rank` axes, plus bias, through an activation.

    Args:
      rank: the number of spatial axes.
      filters: the number of output channels.
      kernel_size, strides, dilation_rate: an integer, or one for each spatial axis.
      padding: "valid" or "same"; "causal" in one dimension.
      data_format: "channels_last" or "channels_first".
      activation: a function, or its name; None for none.
      use_bias: add a bias.
      kernel_initializer, bias_initializer: default: the scope's, and zeros.
      kernel_regularizer, bias_regularizer: functions from variable to loss.
      activity_regularizer: a function from output to loss.
      kernel_constraint, bias_constraint: functions that optimizers apply after an update.
      trainable: train the variables.
      name: the layer's name.
    """

    def __init__(self, rank: int, filters: int, kernel_size: Any, strides: Any = 1,
                 padding: str = "valid", data_format: str | None = None, dilation_rate: Any = 1,
                 activation: Any = None, use_bias: bool = True, kernel_initializer: Any = None,
                 bias_initializer: Any = ZEROS, kernel_regularizer: Any = None,
                 bias_regularizer: Any = None, activity_regularizer: Any = None,
                 kernel_constraint: Any = None, bias_constraint: Any = None, trainable: bool = True,
                 name: Any = None, **kwargs: Any) -> None:
        super().__init__(trainable=trainable, name=name, activity_regularizer=activity_regularizer,
                         **kwargs)
        self.rank = rank
        self.filters = filters
        self.kernel_size = checked_tuple(kernel_size, rank, "kernel_size")
        self.strides = checked_tuple(strides, rank, "strides")
        self.padding = checked_padding(padding)
        if self.padding == "causal" and rank != 1:
            raise ValueError("Causal padding is only supported for `Conv1D`and ``SeparableConv1D`.")
        self.data_format = checked_format(data_format)
        self.dilation_rate = checked_tuple(dilation_rate, rank, "dilation_rate")
        self.activation = get_activation(activation)
        self.use_bias = use_bias
        self.kernel_initializer = get_initializer(kernel_initializer)
        self.bias_initializer = get_initializer(bias_initializer)
        self.kernel_regularizer = kernel_regularizer
        self.bias_regularizer = bias_regularizer
        self.kernel_constraint = kernel_constraint
        self.bias_constraint = bias_constraint
        self.input_spec = InputSpec(ndim=rank + 2)

    def _input_channels(self, input_shape: TensorShape) -> int:
        size = input_shape[1 if self.data_format == "channels_first" else -1].value
        if size is None:
            raise ValueError("The channel dimension of the inputs should be defined. Found `None`.")
        return int(size)

    def _channel_spec(self, channels: int) -> InputSpec:
        axis = 1 if self.data_format == "channels_first" else -1
        return InputSpec(ndim=self.rank + 2, axes={axis: channels})

    def _add_kernel(self, shape: Any) -> Any:
        return self.add_weight(
            name="kernel", shape=shape, initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer, constraint=self.kernel_constraint, trainable=True,
            dtype=self.dtype)

    def _add_bias(self) -> Any:
        if not self.use_bias:
            return None
        return self.add_weight(
            name="bias", shape=(self.filters,), initializer=self.bias_initializer,
            regularizer=self.bias_regularizer, constraint=self.bias_constraint, trainable=True,
            dtype=self.dtype)

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias."""
        input_shape = TensorShape(input_shape)
        channels = self._input_channels(input_shape)
        self.kernel = self._add_kernel((*self.kernel_size, channels, self.filters))
        self.bias = self._add_bias()
        self.input_spec = self._channel_spec(channels)
        padding = "valid" if self.padding == "causal" else self.padding
        self._convolution_op = Convolution(
            input_shape, filter_shape=self.kernel.shape, dilation_rate=self.dilation_rate,
            strides=self.strides, padding=padding if isinstance(padding, (list, tuple)) else
            padding.upper(), data_format=op_format(self.data_format, self.rank + 2))
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The outputs."""
        outputs = self._convolution_op(inputs, self.kernel)
        if self.use_bias:
            if self.data_format == "channels_first" and self.rank == 1:
                outputs = outputs + array_shape.reshape(self.bias, (1, self.filters, 1))
            else:
                layout = "NCHW" if self.data_format == "channels_first" else "NHWC"
                outputs = bias.bias_add(outputs, self.bias, data_format=layout)
        return self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The shape of the output for a shape of the input."""
        sizes = TensorShape(input_shape).as_list()
        is_last = self.data_format == "channels_last"
        space = [conv_length(size, self.kernel_size[i], self.padding, self.strides[i],
                             self.dilation_rate[i])
                 for i, size in enumerate(sizes[1:-1] if is_last else sizes[2:])]
        return TensorShape([sizes[0], *space, self.filters] if is_last else [
            sizes[0], self.filters, *space])

    def _left_padded(self, inputs: Any) -> Any:
        """The input of a causal convolution: as much before it as the window is long."""
        left = self.dilation_rate[0] * (self.kernel_size[0] - 1)
        middle = [left, 0]
        is_last = self.data_format == "channels_last"
        return array_pad.pad(
            inputs, [[0, 0], middle, [0, 0]] if is_last else [[0, 0], [0, 0], middle])


@public("layers.Conv1D")
class Conv1D(ConvolutionLayer):
    """A 1-D convolution; arguments as for `ConvolutionLayer`."""

    def __init__(self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid",
                 data_format: str = "channels_last", dilation_rate: Any = 1, activation: Any = None,
                 use_bias: bool = True, kernel_initializer: Any = None,
                 bias_initializer: Any = ZEROS, kernel_regularizer: Any = None,
                 bias_regularizer: Any = None, activity_regularizer: Any = None,
                 kernel_constraint: Any = None, bias_constraint: Any = None, trainable: bool = True,
                 name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(
            1, filters, kernel_size, strides=strides, padding=padding, data_format=data_format,
            dilation_rate=dilation_rate, activation=activation, use_bias=use_bias,
            kernel_initializer=kernel_initializer, bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer, kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint, trainable=trainable, name=name,
            **kwargs)

    def call(self, inputs: Any) -> Any:
        """The outputs."""
        return super().call(self._left_padded(inputs) if self.padding == "causal" else inputs)


@public("layers.conv1d")
def conv1d(inputs: Any, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid",
           data_format: str = "channels_last", dilation_rate: Any = 1, activation: Any = None,
           use_bias: bool = True, kernel_initializer: Any = None,
           bias_initializer: Any = ZEROS, kernel_regularizer: Any = None,
           bias_regularizer: Any = None, activity_regularizer: Any = None,
           kernel_constraint: Any = None, bias_constraint: Any = None, trainable: bool = True,
           name: Any = None,
           reuse: bool | None = None) -> Any:
    """A 1-D convolution, plus bias, through an activation; arguments as for `ConvolutionLayer`."""
    return Conv1D(
        filters, kernel_size, strides=strides, padding=padding, data_format=data_format,
        dilation_rate=dilation_rate, activation=activation, use_bias=use_bias,
        kernel_initializer=kernel_initializer, bias_initializer=bias_initializer,
        kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer,
        activity_regularizer=activity_regularizer, kernel_constraint=kernel_constraint,
        bias_constraint=bias_constraint, trainable=trainable, name=name,
        _reuse=reuse, _scope=name).apply(inputs)


@public("layers.Conv2D")
class Conv2D(ConvolutionLayer):
    """A 2-D convolution; arguments as for `ConvolutionLayer`."""

    def __init__(self, filters: int, kernel_size: Any, strides: Any = (1, 1),
                 padding: str = "valid", data_format: str = "channels_last",
                 dilation_rate: Any = (1, 1), activation: Any = None, use_bias: bool = True,
                 kernel_initializer: Any = None, bias_initializer: Any = ZEROS,
                 kernel_regularizer: Any = None,
                 bias_regularizer: Any = None, activity_regularizer: Any = None,
                 kernel_constraint: Any = None, bias_constraint: Any = None, trainable: bool = True,
                 name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(
            2, filters, kernel_size, strides=strides, padding=padding, data_format=data_format,
            dilation_rate=dilation_rate, activation=activation, use_bias=use_bias,
            kernel_initializer=kernel_initializer, bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer, kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint, trainable=trainable, name=name,
            **kwargs)


@public("layers.conv2d")
def conv2d(inputs: Any, filters: int, kernel_size: Any, strides: Any = (1, 1),
           padding: str = "valid", data_format: str = "channels_last", dilation_rate: Any = (1, 1),
           activation: Any = None, use_bias: bool = True, kernel_initializer: Any = None,
           bias_initializer: Any = ZEROS, kernel_regularizer: Any = None,
           bias_regularizer: Any = None, activity_regularizer: Any = None,
           kernel_constraint: Any = None, bias_constraint: Any = None, trainable: bool = True,
           name: Any = None,
           reuse: bool | None = None) -> Any:
    """A 2-D convolution, plus bias, through an activation; arguments as for `ConvolutionLayer`."""
    return Conv2D(
        filters, kernel_size, strides=strides, padding=padding, data_format=data_format,
        dilation_rate=dilation_rate, activation=activation, use_bias=use_bias,
        kernel_initializer=kernel_initializer, bias_initializer=bias_initializer,
        kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer,
        activity_regularizer=activity_regularizer, kernel_constraint=kernel_constraint,
        bias_constraint=bias_constraint, trainable=trainable, name=name,
        _reuse=reuse, _scope=name).apply(inputs)


@public("layers.Conv3D")
class Conv3D(ConvolutionLayer):
    """A 3-D convolution; arguments as for `ConvolutionLayer`."""

    def __init__(self, filters: int, kernel_size: Any, strides: Any = (1, 1, 1),
                 padding: str = "valid", data_format: str = "channels_last",
                 dilation_rate: Any = (1, 1, 1), activation: Any = None, use_bias: bool = True,
                 kernel_initializer: Any = None, bias_initializer: Any = ZEROS,
                 kernel_regularizer: Any = None,
                 bias_regularizer: Any = None, activity_regularizer: Any = None,
                 kernel_constraint: Any = None, bias_constraint: Any = None, trainable: bool = True,
                 name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(
            3, filters, kernel_size, strides=strides, padding=padding, data_format=data_format,
            dilation_rate=dilation_rate, activation=activation, use_bias=use_bias,
            kernel_initializer=kernel_initializer, bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer, kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint, trainable=trainable, name=name,
            **kwargs)


@public("layers.conv3d")
def conv3d(inputs: Any, filters: int, kernel_size: Any, strides: Any = (1, 1, 1),
           padding: str = "valid", data_format: str = "channels_last",
           dilation_rate: Any = (1, 1, 1), activation: Any = None, use_bias: bool = True,
           kernel_initializer: Any = None, bias_initializer: Any = ZEROS,
           kernel_regularizer: Any = None,
           bias_regularizer: Any = None, activity_regularizer: Any = None,
           kernel_constraint: Any = None, bias_constraint: Any = None, trainable: bool = True,
           name: Any = None,
           reuse: bool | None = None) -> Any:
    """A 3-D convolution, plus bias, through an activation; arguments as for `ConvolutionLayer`."""
    return Conv3D(
        filters, kernel_size, strides=strides, padding=padding, data_format=data_format,
        dilation_rate=dilation_rate, activation=activation, use_bias=use_bias,
        kernel_initializer=kernel_initializer, bias_initializer=bias_initializer,
        kernel_regularizer=kernel_regularizer, bias_regularizer=bias_regularizer,
        activity_regularizer=activity_regularizer, kernel_constraint=kernel_constraint,
        bias_constraint=bias_constraint, trainable=trainable, name=name,
        _reuse=reuse, _scope=name).apply(inputs)
