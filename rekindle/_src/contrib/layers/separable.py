"""Separable convolutions: a filter for each channel, then a mix of the channels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.contrib.framework.arg_scope import add_arg_scope
from rekindle._src.contrib.framework.variables import model_variable
from rekindle._src.contrib.layers import utils
from rekindle._src.contrib.layers.making import (
    XAVIER,
    ZEROS,
    check_format,
    collect_variable,
    finished,
    renaming_getter,
)
from rekindle._src.contrib.spaces import shown
from rekindle._src.graph import convert
from rekindle._src.layers import convolution_transpose as layers
from rekindle._src.ops import activation, bias, depthwise
from rekindle._src.state.variable_scope import variable_scope

_NAMES = {
    "bias": "biases",
    "depthwise_kernel": "depthwise_weights",
    "pointwise_kernel": "pointwise_weights",
}


@shown("layers", "separable_convolution2d separable_conv2d")
@add_arg_scope
def separable_convolution2d(
    inputs: Any,
    num_outputs: int | None,
    kernel_size: Any,
    depth_multiplier: int = 1,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str = "NHWC",
    rate: Any = 1,
    activation_fn: Callable[..., Any] | None = activation.relu,
    normalizer_fn: Callable[..., Any] | None = None,
    normalizer_params: dict[str, Any] | None = None,
    weights_initializer: Any = XAVIER,
    pointwise_initializer: Any = None,
    weights_regularizer: Any = None,
    biases_initializer: Any = ZEROS,
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Any:
    """A convolution of each channel, then one over the channels: [N, H, W, num_outputs].

    Args:
      inputs: [N, H, W, C], or [N, C, H, W] by `data_format`.
      num_outputs: the number of outputs; None leaves the second convolution out.
      kernel_size: [height, width] of the filters, or one number.
      depth_multiplier: the number of filters for each channel.
      stride, padding, data_format, rate: as for `conv2d`.
      activation_fn, normalizer_fn, normalizer_params: as for `conv2d`.
      weights_initializer, weights_regularizer: of the filters.
      pointwise_initializer: of the second convolution's; default: weights_initializer.
      biases_initializer, biases_regularizer: of the biases; without an initializer there are none.
      reuse, variables_collections, outputs_collections, trainable, scope: as for `conv2d`.

    Raises:
      ValueError: another format.
    """
    layout = check_format(data_format, "NCHW", "NHWC")
    build = _depthwise if num_outputs is None else _separable
    with variable_scope(
        scope, "SeparableConv2d", [inputs], reuse=reuse, custom_getter=renaming_getter(_NAMES)
    ) as sc:
        given = {
            "num_outputs": num_outputs,
            "kernel_size": kernel_size,
            "depth_multiplier": depth_multiplier,
            "stride": stride,
            "padding": padding,
            "data_format": data_format,
            "layout": layout,
            "rate": utils.two_element_tuple(rate),
            "has_bias": not normalizer_fn and biases_initializer,
            "weights_initializer": weights_initializer,
            "pointwise_initializer": pointwise_initializer or weights_initializer,
            "weights_regularizer": weights_regularizer,
            "biases_initializer": biases_initializer,
            "biases_regularizer": biases_regularizer,
            "collections": variables_collections,
            "trainable": trainable,
            "reuse": reuse,
        }
        outputs = build(convert.convert_to_tensor(inputs), sc, given)
        return finished(
            outputs, normalizer_fn, normalizer_params, activation_fn, outputs_collections, sc.name
        )


def _separable(inputs: Any, sc: Any, given: dict[str, Any]) -> Any:
    layer = layers.SeparableConv2D(
        filters=given["num_outputs"],
        kernel_size=given["kernel_size"],
        strides=given["stride"],
        padding=given["padding"],
        data_format=given["layout"],
        dilation_rate=given["rate"],
        activation=None,
        depth_multiplier=given["depth_multiplier"],
        use_bias=given["has_bias"],
        depthwise_initializer=given["weights_initializer"],
        pointwise_initializer=given["pointwise_initializer"],
        bias_initializer=given["biases_initializer"],
        depthwise_regularizer=given["weights_regularizer"],
        pointwise_regularizer=given["weights_regularizer"],
        bias_regularizer=given["biases_regularizer"],
        activity_regularizer=None,
        trainable=given["trainable"],
        name=sc.name,
        dtype=inputs.dtype.base_dtype,
        _scope=sc,
        _reuse=given["reuse"],
    )
    outputs = layer.apply(inputs)
    collect_variable(layer.depthwise_kernel, given["collections"], "weights")
    collect_variable(layer.pointwise_kernel, given["collections"], "weights")
    if layer.bias is not None:
        collect_variable(layer.bias, given["collections"], "biases")
    return outputs


def _depthwise(inputs: Any, sc: Any, given: dict[str, Any]) -> Any:
    """The first convolution alone."""
    dtype, first = inputs.dtype.base_dtype, given["layout"] == "channels_first"
    down, right = utils.two_element_tuple(given["stride"])
    channels = utils.channel_dimension(inputs.get_shape(), given["layout"], min_rank=4)
    size = utils.two_element_tuple(given["kernel_size"])
    weights = model_variable(
        "depthwise_weights",
        shape=[*size, channels, given["depth_multiplier"]],
        dtype=dtype,
        initializer=given["weights_initializer"],
        regularizer=given["weights_regularizer"],
        trainable=given["trainable"],
        collections=utils.get_variable_collections(given["collections"], "weights"),
    )
    outputs = depthwise.depthwise_conv2d(
        inputs,
        weights,
        [1, 1, down, right] if first else [1, down, right, 1],
        given["padding"],
        rate=given["rate"],
        data_format=given["data_format"],
    )
    if not given["has_bias"]:
        return outputs
    biases = model_variable(
        "biases",
        shape=[given["depth_multiplier"] * channels],
        dtype=dtype,
        initializer=given["biases_initializer"],
        regularizer=given["biases_regularizer"],
        trainable=given["trainable"],
        collections=utils.get_variable_collections(given["collections"], "biases"),
    )
    return bias.bias_add(outputs, biases, data_format=given["data_format"])
