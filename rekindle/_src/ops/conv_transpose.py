"""Transposed convolution: `tf.nn.conv2d_transpose` and its kin, which run convolution's gradient
forward.

Filters are [*window, out, in]: the first of the two counts the channels of the result.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

import numpy as np

from rekindle._src.graph import convert, scopes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import arguments, conv, conv3d
from rekindle._src.ops import array as array_ops


@public("nn.conv2d_transpose")
def conv2d_transpose(
    value: Any = None,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: Any = "SAME",
    data_format: str = "NHWC",
    name: str | None = None,
    input: Any = None,
    filters: Any = None,
    dilations: Any = None,
) -> Any:
    """The transpose of `tf.nn.conv2d`: [N, H, W, in] and a filter [h, w, out, in] ->
    `output_shape`.

    Args:
      value: the images; `input` is its newer name.
      filter: the filter; `filters` is its newer name.
      output_shape: the shape of the result, for convolution of which `value` has the right shape.
      strides: the steps of that convolution.
      padding: its padding, "SAME" or "VALID".
      data_format: "NHWC" or "NCHW".
      name: the operation's name.
      dilations: the distance of the filter's entries.

    Raises:
      ValueError: an argument has the wrong length.
    """
    value = arguments.renamed("input", input, "value", value)
    filter = arguments.renamed("filters", filters, "filter", filter)
    with scopes.name_scope(name, "conv2d_transpose", [value, filter, output_shape]) as name:
        return conv2d_transpose_v2(
            value, filter, output_shape, strides, padding, data_format, dilations, name
        )


def conv2d_transpose_v2(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """`conv2d_transpose` with the arguments of TensorFlow 2."""
    with scopes.name_scope(name, "conv2d_transpose", [input, output_shape]) as name:
        data_format = data_format or "NHWC"
        channel = 1 if data_format.startswith("NC") else 3
        return conv.conv2d_backprop_input(
            output_shape,
            filters,
            input,
            strides=arguments.per_axis(strides, 2, channel, "strides"),
            padding=padding,
            data_format=data_format,
            dilations=arguments.per_axis(dilations, 2, channel, "dilations"),
            name=name,
        )


@public("nn.conv1d_transpose")
def conv1d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = "NWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The transpose of `tf.nn.conv1d`: [N, W, in] and filters [w, out, in] -> `output_shape`.

    Raises:
      ValueError: `data_format` is neither NWC nor NCW.
    """
    with scopes.name_scope(name, "conv1d_transpose", [input, filters, output_shape]) as name:
        if data_format not in (None, "NWC", "NCW"):
            raise ValueError('data_format must be "NWC" or "NCW".')
        data_format, start, channel = arguments.one_dimensional(data_format)
        strides = [1, *arguments.per_axis(strides, 1, channel, "stride")]
        dilations = [1, *arguments.per_axis(dilations, 1, channel, "dilations")]
        input = array_ops.expand_dims(input, start)
        filters = array_ops.expand_dims(filters, 0)
        sizes = output_shape if isinstance(output_shape, Tensor) else list(output_shape)
        sizes = array_ops.concat([sizes[:start], [1], sizes[start:]], 0)
        result = conv.conv2d_backprop_input(
            sizes,
            filters,
            input,
            strides=strides,
            padding=padding,
            data_format=data_format,
            dilations=dilations,
            name=name,
        )
        return array_ops.squeeze(result, start)


@public("nn.conv3d_transpose")
def conv3d_transpose(
    value: Any,
    filter: Any = None,
    output_shape: Any = None,
    strides: Any = None,
    padding: Any = "SAME",
    data_format: str = "NDHWC",
    name: str | None = None,
    input: Any = None,
    filters: Any = None,
    dilations: Any = None,
) -> Any:
    """The transpose of `tf.nn.conv3d`: [N, D, H, W, in] and a filter [d, h, w, out, in] ->
    `output_shape`.
    """
    filter = arguments.renamed("filters", filters, "filter", filter)
    value = arguments.renamed("input", input, "value", value)
    return conv3d_transpose_v2(
        value, filter, output_shape, strides, padding, data_format, dilations, name
    )


def conv3d_transpose_v2(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = "NDHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """`conv3d_transpose` with the arguments of TensorFlow 2."""
    with scopes.name_scope(name, "conv3d_transpose", [input, output_shape]) as name:
        data_format = data_format or "NDHWC"
        channel = 1 if data_format.startswith("NC") else 4
        return conv3d.conv3d_backprop_input_v2(
            output_shape,
            filters,
            input,
            strides=arguments.per_axis(strides, 3, channel, "strides"),
            padding=padding,
            data_format=data_format,
            dilations=arguments.per_axis(dilations, 3, channel, "dilations"),
            name=name,
        )


@public("nn.conv_transpose")
def conv_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """The transpose of a convolution along one, two or three axes, by the length of `output_shape`.

    Raises:
      ValueError: `output_shape` has no length, or not one of 3, 4 and 5.
    """
    with scopes.name_scope(name, "conv_transpose", [input, output_shape]) as name:
        if isinstance(output_shape, Tensor):
            n = output_shape.shape[0] - 2
        elif isinstance(output_shape, Sized):
            n = len(output_shape) - 2
        else:
            raise ValueError("output_shape must be a tensor or sized collection.")
        if not 1 <= n <= 3:
            raise ValueError(f"output_shape must be of length 3, 4 or 5 but was {n + 2}.")
        function = (conv1d_transpose, conv2d_transpose_v2, conv3d_transpose_v2)[int(n) - 1]
        return function(
            input, filters, output_shape, strides, padding, data_format, dilations, name
        )


@public("nn.atrous_conv2d_transpose")
def atrous_conv2d_transpose(
    value: Any, filters: Any, output_shape: Any, rate: int, padding: str, name: str | None = None
) -> Any:
    """The transpose of `tf.nn.atrous_conv2d`: [N, H, W, in] and filters [h, w, out, in] ->
    `output_shape`.

    Args:
      value: the images.
      filters: the filters.
      output_shape: the shape of the result.
      rate: the distance of the filter's entries.
      padding: "SAME" or "VALID".
      name: the operation's name.

    Raises:
      ValueError: channels do not match, or an argument is not of its range.
    """
    with scopes.name_scope(name, "atrous_conv2d_transpose", [value, filters, output_shape]) as name:
        value = convert.convert_to_tensor(value, name="value")
        filters = convert.convert_to_tensor(filters, name="filters")
        depth, kernel = value.get_shape(), filters.get_shape()
        if not depth.dims[3].is_compatible_with(kernel[3]):
            raise ValueError(
                f"value's input channels does not match filters' input channels, {depth[3]} != "
                f"{kernel[3]}"
            )
        if rate < 1:
            raise ValueError(f"rate {rate} cannot be less than one")
        if rate == 1:
            return conv2d_transpose(
                value, filters, output_shape, strides=[1, 1, 1, 1], padding=padding
            )
        return _by_space_to_batch(
            value,
            filters,
            _checked_output_shape(output_shape, kernel),
            rate,
            _dilated_padding(filters, rate, padding),
        )


def _checked_output_shape(output_shape: Any, kernel: TensorShape) -> Any:
    given = convert.convert_to_tensor(output_shape, name="output_shape")
    if not given.get_shape().is_compatible_with(TensorShape([4])):
        raise ValueError(f"output_shape must have shape (4,), got {given.get_shape()}")
    if isinstance(output_shape, tuple):
        output_shape = list(output_shape)
    if isinstance(output_shape, (list, np.ndarray)) and not kernel.dims[2].is_compatible_with(
        output_shape[3]
    ):
        raise ValueError(
            f"output_shape does not match filter's output channels, {output_shape[3]} != "
            f"{kernel[2]}"
        )
    return output_shape


def _dilated_padding(filters: Any, rate: int, padding: str) -> list[tuple[Any, Any]]:
    """(before, after) of height and width, numbers or tensors."""
    if padding == "VALID":
        return [(0, 0), (0, 0)]
    if padding != "SAME":
        raise ValueError(f"padding must be either VALID or SAME: {padding}")
    shape = filters.get_shape()
    sizes = shape.as_list() if shape.is_fully_defined() else array_ops.shape(filters)
    height, width = sizes[0], sizes[1]
    extents = [height + (height - 1) * (rate - 1), width + (width - 1) * (rate - 1)]
    totals = [extents[0] - 1, extents[1] - 1]
    pads = []
    for total in totals:
        before = total // 2
        pads.append((before, total - before))
    return pads


def _by_space_to_batch(
    value: Any, filters: Any, output_shape: Any, rate: int, pads: list[tuple[Any, Any]]
) -> Any:
    (top, bottom), (left, right) = pads
    height = output_shape[1] + top + bottom
    width = output_shape[2] + left + right
    more_bottom = (rate - height % rate) % rate
    more_right = (rate - width % rate) % rate
    value = array_ops.space_to_batch(
        input=value, paddings=[[0, more_bottom], [0, more_right]], block_size=rate
    )
    sizes = [
        rate * rate * output_shape[0],
        (height + more_bottom) // rate,
        (width + more_right) // rate,
        output_shape[3],
    ]
    value = conv.conv2d_backprop_input(
        sizes, filters, value, strides=[1, 1, 1, 1], padding="VALID", data_format="NHWC"
    )
    crops = [[top, bottom + more_bottom], [left, right + more_right]]
    return array_ops.batch_to_space(input=value, crops=crops, block_size=rate)
