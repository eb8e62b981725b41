"""Transposed and separable convolution layers."""
from __future__ import annotations

from typing import Any

from rekindle._src.graph.shapes import TensorShape
from rekindle._src.layers.convolution import ConvolutionLayer
from rekindle._src.layers.named import ZEROS, get_initializer
from rekindle._src.layers.shapes import deconv_length, op_format
from rekindle._src.names import public
from rekindle._src.ops import array_join, array_shape, bias, conv_transpose, depthwise


class TransposedLayer(ConvolutionLayer):
    """The transpose of a convolution: makes outputs of the size of that convolution's inputs."""

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias."""
        input_shape = TensorShape(input_shape)
        if len(input_shape) != self.rank + 2:
            raise ValueError(f"Inputs should have rank {self.rank + 2}. Received input shape: "
                             f"{input_shape}")
        channels = self._input_channels(input_shape)
        self.input_spec = self._channel_spec(channels)
        self.kernel = self._add_kernel((*self.kernel_size, self.filters, channels))
        self.bias = self._add_bias()
        self.built = True

    def _lengths(self, sizes: Any) -> list[Any]:
        """The sizes of the output's spatial axes; `sizes` are numbers or a tensor."""
        first = 2 if self.data_format == "channels_first" else 1
        given = [sizes[first + i] for i in range(self.rank)]
        return [deconv_length(size, self.kernel_size[i], self.padding, None, self.strides[i],
                              self.dilation_rate[i]) for i, size in enumerate(given)]

    def _ordered(self, batch: Any, space: list[Any]) -> list[Any]:
        if self.data_format == "channels_first":
            return [batch, self.filters, *space]
        return [batch, *space, self.filters]

    def _transposed(self, inputs: Any, output_shape: Any) -> Any:
        """The transposed convolution itself."""
        raise NotImplementedError

    def call(self, inputs: Any) -> Any:
        """The outputs."""
        sizes = array_shape.shape(inputs)
        batch = sizes[0]
        output_shape = array_join.stack(self._ordered(batch, self._lengths(sizes)))
        outputs = self._transposed(inputs, output_shape)
        outputs.set_shape(self.compute_output_shape(inputs.shape))
        if self.use_bias:
            outputs = bias.bias_add(
                outputs, self.bias, data_format=op_format(self.data_format, 4))
        return self.activation(outputs)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The shape of the output for a shape of the input."""
        sizes = TensorShape(input_shape).as_list()
        return TensorShape(self._ordered(sizes[0], self._lengths(sizes)))


@public("layers.Conv2DTranspose")
class Conv2DTranspose(TransposedLayer):
    """A transposed 2-D convolution; arguments as for `ConvolutionLayer`."""

    def __init__(self, filters: int, kernel_size: Any, strides: Any = (1, 1),
                 padding: str = "valid", data_format: str = "channels_last", activation: Any = None,
                 use_bias: bool = True, kernel_initializer: Any = None,
                 bias_initializer: Any = ZEROS,
                 kernel_regularizer: Any = None, bias_regularizer: Any = None,
                 activity_regularizer: Any = None, kernel_constraint: Any = None,
                 bias_constraint: Any = None, trainable: bool = True, name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(
            2, filters, kernel_size, strides=strides, padding=padding, data_format=data_format,
            activation=activation, use_bias=use_bias, kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer, kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer, activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint, bias_constraint=bias_constraint,
            trainable=trainable, name=name,
            **kwargs)

    def _transposed(self, inputs: Any, output_shape: Any) -> Any:
        first = self.data_format == "channels_first"
        if first:
            inputs = array_shape.transpose(inputs, (0, 2, 3, 1))
            output_shape = (output_shape[0], output_shape[2], output_shape[3], output_shape[1])
        output_shape[0]  # TensorFlow's graph has this slice too
        outputs = conv_transpose.conv2d_transpose(
            inputs, self.kernel, output_shape, (1, *self.strides, 1), padding=self.padding.upper())
        return array_shape.transpose(outputs, (0, 3, 1, 2)) if first else outputs


@public("layers.conv2d_transpose")
def conv2d_transpose(inputs: Any, filters: int, kernel_size: Any, strides: Any = (1, 1),
                     padding: str = "valid", data_format: str = "channels_last",
                     activation: Any = None, use_bias: bool = True, kernel_initializer: Any = None,
                     bias_initializer: Any = ZEROS,
                     kernel_regularizer: Any = None, bias_regularizer: Any = None,
                     activity_regularizer: Any = None, kernel_constraint: Any = None,
                     bias_constraint: Any = None, trainable: bool = True, name: Any = None,
                     reuse: bool | None = None) -> Any:
    """A transposed 2-D convolution, plus bias, through an activation."""
    return Conv2DTranspose(
        filters, kernel_size, strides=strides, padding=padding, data_format=data_format,
        activation=activation, use_bias=use_bias, kernel_initializer=kernel_initializer,
        bias_initializer=bias_initializer, kernel_regularizer=kernel_regularizer,
        bias_regularizer=bias_regularizer, activity_regularizer=activity_regularizer,
        kernel_constraint=kernel_constraint, bias_constraint=bias_constraint, trainable=trainable,
        name=name,
        _reuse=reuse, _scope=name).apply(inputs)


@public("layers.Conv3DTranspose")
class Conv3DTranspose(TransposedLayer):
    """A transposed 3-D convolution; arguments as for `ConvolutionLayer`."""

    def __init__(self, filters: int, kernel_size: Any, strides: Any = (1, 1, 1),
                 padding: str = "valid", data_format: str = "channels_last", activation: Any = None,
                 use_bias: bool = True, kernel_initializer: Any = None,
                 bias_initializer: Any = ZEROS,
                 kernel_regularizer: Any = None, bias_regularizer: Any = None,
                 activity_regularizer: Any = None, kernel_constraint: Any = None,
                 bias_constraint: Any = None, trainable: bool = True, name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(
            3, filters, kernel_size, strides=strides, padding=padding, data_format=data_format,
            activation=activation, use_bias=use_bias, kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer, kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer, activity_regularizer=activity_regularizer,
            kernel_constraint=kernel_constraint, bias_constraint=bias_constraint,
            trainable=trainable, name=name,
            **kwargs)

    def _transposed(self, inputs: Any, output_shape: Any) -> Any:
        first = self.data_format == "channels_first"
        strides = (1, 1, *self.strides) if first else (1, *self.strides, 1)
        return conv_transpose.conv3d_transpose(
            inputs, self.kernel, output_shape, strides, padding=self.padding.upper(),
            data_format=op_format(self.data_format, 5))


@public("layers.conv3d_transpose")
def conv3d_transpose(inputs: Any, filters: int, kernel_size: Any, strides: Any = (1, 1, 1),
                     padding: str = "valid", data_format: str = "channels_last",
                     activation: Any = None, use_bias: bool = True, kernel_initializer: Any = None,
                     bias_initializer: Any = ZEROS,
                     kernel_regularizer: Any = None, bias_regularizer: Any = None,
                     activity_regularizer: Any = None, kernel_constraint: Any = None,
                     bias_constraint: Any = None, trainable: bool = True, name: Any = None,
                     reuse: bool | None = None) -> Any:
    """A transposed 3-D convolution, plus bias, through an activation."""
    return Conv3DTranspose(
        filters, kernel_size, strides=strides, padding=padding, data_format=data_format,
        activation=activation, use_bias=use_bias, kernel_initializer=kernel_initializer,
        bias_initializer=bias_initializer, kernel_regularizer=kernel_regularizer,
        bias_regularizer=bias_regularizer, activity_regularizer=activity_regularizer,
        kernel_constraint=kernel_constraint, bias_constraint=bias_constraint, trainable=trainable,
        name=name,
        _reuse=reuse, _scope=name).apply(inputs)


class SeparableLayer(ConvolutionLayer):
    """A convolution of each channel by itself, then one across channels.

    Args: as for `ConvolutionLayer`, with the kernel's twice, for the depthwise and pointwise one;
      `depth_multiplier` is the number of outputs of each channel of the first.
    """

    def __init__(self, rank: int, filters: int, kernel_size: Any, depth_multiplier: int = 1,
                 depthwise_initializer: Any = None, pointwise_initializer: Any = None,
                 depthwise_regularizer: Any = None, pointwise_regularizer: Any = None,
                 depthwise_constraint: Any = None, pointwise_constraint: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(rank, filters, kernel_size, **kwargs)
        self.depth_multiplier = depth_multiplier
        self.depthwise_initializer = get_initializer(depthwise_initializer)
        self.pointwise_initializer = get_initializer(pointwise_initializer)
        self.depthwise_regularizer = depthwise_regularizer
        self.pointwise_regularizer = pointwise_regularizer
        self.depthwise_constraint = depthwise_constraint
        self.pointwise_constraint = pointwise_constraint

    def build(self, input_shape: Any) -> None:
        """Make both kernels and the bias."""
        channels = self._input_channels(TensorShape(input_shape))
        self.input_spec = self._channel_spec(channels)
        self.depthwise_kernel = self.add_weight(
            name="depthwise_kernel", shape=(*self.kernel_size, channels, self.depth_multiplier),
            initializer=self.depthwise_initializer, regularizer=self.depthwise_regularizer,
            constraint=self.depthwise_constraint, trainable=True, dtype=self.dtype)
        self.pointwise_kernel = self.add_weight(
            name="pointwise_kernel",
            shape=(1,) * self.rank + (self.depth_multiplier * channels, self.filters),
            initializer=self.pointwise_initializer, regularizer=self.pointwise_regularizer,
            constraint=self.pointwise_constraint, trainable=True, dtype=self.dtype)
        self.bias = self._add_bias()
        self.built = True

    def _with_bias(self, outputs: Any) -> Any:
        if not self.use_bias:
            return outputs
        return bias.bias_add(outputs, self.bias, data_format=op_format(self.data_format, 4))


@public("layers.SeparableConv1D")
class SeparableConv1D(SeparableLayer):
    """A separable 1-D convolution; arguments as for `SeparableLayer`."""

    def __init__(self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid",
                 data_format: str = "channels_last", dilation_rate: Any = 1,
                 depth_multiplier: int = 1, activation: Any = None, use_bias: bool = True,
                 depthwise_initializer: Any = None, pointwise_initializer: Any = None,
                 bias_initializer: Any = ZEROS,
                 depthwise_regularizer: Any = None, pointwise_regularizer: Any = None,
                 bias_regularizer: Any = None, activity_regularizer: Any = None,
                 depthwise_constraint: Any = None, pointwise_constraint: Any = None,
                 bias_constraint: Any = None, trainable: bool = True, name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(
            1, filters, kernel_size, strides=strides, padding=padding, data_format=data_format,
            dilation_rate=dilation_rate, depth_multiplier=depth_multiplier, activation=activation,
            use_bias=use_bias, depthwise_initializer=depthwise_initializer,
            pointwise_initializer=pointwise_initializer, bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            pointwise_regularizer=pointwise_regularizer, bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer, depthwise_constraint=depthwise_constraint,
            pointwise_constraint=pointwise_constraint, bias_constraint=bias_constraint,
            trainable=trainable, name=name, **kwargs)

    def call(self, inputs: Any) -> Any:
        """The outputs."""
        if self.padding == "causal":
            inputs = self._left_padded(inputs)
        is_last = self.data_format == "channels_last"
        axis = 1 if is_last else 2
        inputs = array_shape.expand_dims(inputs, axis)
        outputs = depthwise.separable_conv2d(
            inputs, array_shape.expand_dims(self.depthwise_kernel, 0),
            array_shape.expand_dims(self.pointwise_kernel, 0),
            strides=(1, *self.strides * 2, 1) if is_last else (1, 1, *self.strides * 2),
            padding="VALID" if self.padding == "causal" else self.padding.upper(),
            rate=(1, *self.dilation_rate), data_format=op_format(self.data_format, 4))
        outputs = array_shape.squeeze(self._with_bias(outputs), [axis])
        return self.activation(outputs)


@public("layers.separable_conv1d")
def separable_conv1d(inputs: Any, filters: int, kernel_size: Any, strides: Any = 1,
                     padding: str = "valid", data_format: str = "channels_last",
                     dilation_rate: Any = 1, depth_multiplier: int = 1, activation: Any = None,
                     use_bias: bool = True, depthwise_initializer: Any = None,
                     pointwise_initializer: Any = None,
                     bias_initializer: Any = ZEROS,
                     depthwise_regularizer: Any = None, pointwise_regularizer: Any = None,
                     bias_regularizer: Any = None, activity_regularizer: Any = None,
                     depthwise_constraint: Any = None, pointwise_constraint: Any = None,
                     bias_constraint: Any = None, trainable: bool = True, name: Any = None,
                     reuse: bool | None = None) -> Any:
    """A separable 1-D convolution, plus bias, through an activation."""
    return SeparableConv1D(
        filters, kernel_size, strides=strides, padding=padding, data_format=data_format,
        dilation_rate=dilation_rate, depth_multiplier=depth_multiplier, activation=activation,
        use_bias=use_bias, depthwise_initializer=depthwise_initializer,
        pointwise_initializer=pointwise_initializer, bias_initializer=bias_initializer,
        depthwise_regularizer=depthwise_regularizer, pointwise_regularizer=pointwise_regularizer,
        bias_regularizer=bias_regularizer, activity_regularizer=activity_regularizer,
        depthwise_constraint=depthwise_constraint, pointwise_constraint=pointwise_constraint,
        bias_constraint=bias_constraint, trainable=trainable, name=name,
        _reuse=reuse, _scope=name).apply(inputs)


@public("layers.SeparableConv2D")
class SeparableConv2D(SeparableLayer):
    """A separable 2-D convolution; arguments as for `SeparableLayer`."""

    def __init__(self, filters: int, kernel_size: Any, strides: Any = (1, 1),
                 padding: str = "valid", data_format: str = "channels_last",
                 dilation_rate: Any = (1, 1), depth_multiplier: int = 1, activation: Any = None,
                 use_bias: bool = True, depthwise_initializer: Any = None,
                 pointwise_initializer: Any = None, bias_initializer: Any = ZEROS,
                 depthwise_regularizer: Any = None, pointwise_regularizer: Any = None,
                 bias_regularizer: Any = None, activity_regularizer: Any = None,
                 depthwise_constraint: Any = None, pointwise_constraint: Any = None,
                 bias_constraint: Any = None, trainable: bool = True, name: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(
            2, filters, kernel_size, strides=strides, padding=padding, data_format=data_format,
            dilation_rate=dilation_rate, depth_multiplier=depth_multiplier, activation=activation,
            use_bias=use_bias, depthwise_initializer=depthwise_initializer,
            pointwise_initializer=pointwise_initializer, bias_initializer=bias_initializer,
            depthwise_regularizer=depthwise_regularizer,
            pointwise_regularizer=pointwise_regularizer, bias_regularizer=bias_regularizer,
            activity_regularizer=activity_regularizer, depthwise_constraint=depthwise_constraint,
            pointwise_constraint=pointwise_constraint, bias_constraint=bias_constraint,
            trainable=trainable, name=name, **kwargs)

    def call(self, inputs: Any) -> Any:
        """The outputs."""
        is_last = self.data_format == "channels_last"
        outputs = depthwise.separable_conv2d(
            inputs, self.depthwise_kernel, self.pointwise_kernel,
            strides=(1, *self.strides, 1) if is_last else (1, 1, *self.strides),
            padding=self.padding.upper(), rate=self.dilation_rate,
            data_format=op_format(self.data_format, 4))
        return self.activation(self._with_bias(outputs))


@public("layers.separable_conv2d")
def separable_conv2d(inputs: Any, filters: int, kernel_size: Any, strides: Any = (1, 1),
                     padding: str = "valid", data_format: str = "channels_last",
                     dilation_rate: Any = (1, 1), depth_multiplier: int = 1, activation: Any = None,
                     use_bias: bool = True, depthwise_initializer: Any = None,
                     pointwise_initializer: Any = None,
                     bias_initializer: Any = ZEROS,
                     depthwise_regularizer: Any = None, pointwise_regularizer: Any = None,
                     bias_regularizer: Any = None, activity_regularizer: Any = None,
                     depthwise_constraint: Any = None, pointwise_constraint: Any = None,
                     bias_constraint: Any = None, trainable: bool = True, name: Any = None,
                     reuse: bool | None = None) -> Any:
    """A separable 2-D convolution, plus bias, through an activation."""
    return SeparableConv2D(
        filters, kernel_size, strides=strides, padding=padding, data_format=data_format,
        dilation_rate=dilation_rate, depth_multiplier=depth_multiplier, activation=activation,
        use_bias=use_bias, depthwise_initializer=depthwise_initializer,
        pointwise_initializer=pointwise_initializer, bias_initializer=bias_initializer,
        depthwise_regularizer=depthwise_regularizer, pointwise_regularizer=pointwise_regularizer,
        bias_regularizer=bias_regularizer, activity_regularizer=activity_regularizer,
        depthwise_constraint=depthwise_constraint, pointwise_constraint=pointwise_constraint,
        bias_constraint=bias_constraint, trainable=trainable, name=name,
        _reuse=reuse, _scope=name).apply(inputs)
