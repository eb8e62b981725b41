"""Depthwise convolution: each channel has filters of its own. The op, its backprops,
`tf.nn.depthwise_conv2d`, separable.

Filters are [height, width, in, multiplier]; channel k * multiplier + q of the result comes from
channel k.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import arguments, conv, convolution, math_refusal, windows
from rekindle._src.ops import array as array_ops

_ATTRS = ("strides", "padding", "data_format", "dilations")


def _depthwise_shape(c: Any) -> infer.Shape:
    x, w = infer.with_rank(c.shapes[0], 4), infer.with_rank(c.shapes[1], 4)
    layout, strides = c.attr("data_format"), c.attr("strides")
    if len(strides) != 4:
        raise ValueError(
            "DepthwiseConv2D requires the stride attribute to contain 4 values, but got: "
            f"{len(strides)}"
        )
    depth = infer.merge_dim(windows.channels(x, layout), w[2])
    out = None if depth is None or w[3] is None else depth * w[3]
    extent = [
        windows.output_size(n, k, s, c.attr("padding"))
        for n, k, s in zip(windows.spatial(x, layout), w, windows.spatial(strides, layout))
    ]
    return windows.shaped(x[0], extent, out, layout)


@op("DepthwiseConv2dNative", public="nn.depthwise_conv2d_native", infer=_depthwise_shape)
def depthwise_conv2d_native(
    input, filter, *, strides, padding, data_format="NHWC", dilations=(1, 1, 1, 1)
):
    """A convolution of each channel on its own: [N, H, W, C] and [h, w, C, m] -> [N, H', W', C *
    m].
    """
    return conv.convolve(
        input,
        filter.reshape(*filter.shape[:2], 1, -1),
        strides,
        padding,
        (),
        data_format,
        dilations,
    )


@depthwise_conv2d_native.refusal
def depthwise_conv2d_native_refusal(input, filter, *, data_format="NHWC", **_):
    """Say which shape does not fit."""
    conv.refuse_image(input, filter)
    depth = input.shape[3 if data_format == "NHWC" else 1]
    if depth != filter.shape[2]:
        raise math_refusal.invalid(
            f"input and filter must have the same depth: {depth} vs {filter.shape[2]}"
        )


@depthwise_conv2d_native.gradient
def depthwise_conv2d_native_gradient(op, dy):
    same = arguments.attrs_of(op, *_ATTRS)
    return [
        depthwise_conv2d_native_backprop_input(
            array_ops.shape(op.inputs[0]), op.inputs[1], dy, **same
        ),
        depthwise_conv2d_native_backprop_filter(
            op.inputs[0], array_ops.shape(op.inputs[1]), dy, **same
        ),
    ]


@op(
    "DepthwiseConv2dNativeBackpropInput",
    public="nn.depthwise_conv2d_native_backprop_input nn.depthwise_conv2d_backprop_input",
    infer=lambda c: windows.shape_input(c, 0, 4),
)
def depthwise_conv2d_native_backprop_input(
    input_sizes,
    filter,
    out_backprop,
    *,
    strides,
    padding,
    data_format="NHWC",
    dilations=(1, 1, 1, 1),
):
    """The gradient of DepthwiseConv2dNative's input, of shape `input_sizes`."""
    return conv.input_backprop(
        input_sizes.tolist(),
        filter.reshape(*filter.shape[:2], 1, -1),
        out_backprop,
        strides,
        padding,
        (),
        data_format,
        dilations,
    )


@depthwise_conv2d_native_backprop_input.gradient
def depthwise_conv2d_native_backprop_input_gradient(op, dy):
    same = arguments.attrs_of(op, *_ATTRS)
    return [
        None,
        depthwise_conv2d_native_backprop_filter(
            dy, array_ops.shape(op.inputs[1]), op.inputs[2], **same
        ),
        depthwise_conv2d_native(dy, op.inputs[1], **same),
    ]


@op(
    "DepthwiseConv2dNativeBackpropFilter",
    public="nn.depthwise_conv2d_native_backprop_filter nn.depthwise_conv2d_backprop_filter",
    infer=lambda c: windows.shape_input(c, 1, 4),
)
def depthwise_conv2d_native_backprop_filter(
    input,
    filter_sizes,
    out_backprop,
    *,
    strides,
    padding,
    data_format="NHWC",
    dilations=(1, 1, 1, 1),
):
    """The gradient of DepthwiseConv2dNative's filter, of shape `filter_sizes`."""
    height, width, depth, multiplier = filter_sizes.tolist()
    return conv.filter_backprop(
        input,
        [height, width, 1, depth * multiplier],
        out_backprop,
        strides,
        padding,
        (),
        data_format,
        dilations,
    ).view(height, width, depth, multiplier)


@depthwise_conv2d_native_backprop_filter.gradient
def depthwise_conv2d_native_backprop_filter_gradient(op, dy):
    same = arguments.attrs_of(op, *_ATTRS)
    return [
        depthwise_conv2d_native_backprop_input(
            array_ops.shape(op.inputs[0]), dy, op.inputs[2], **same
        ),
        None,
        depthwise_conv2d_native(op.inputs[0], dy, **same),
    ]


@public("nn.depthwise_conv2d")
def depthwise_conv2d(
    input: Any,
    filter: Any,
    strides: Any,
    padding: str,
    rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Any:
    """A convolution of each channel on its own: [N, H, W, C] and [h, w, C, m] -> [N, H', W', C *
    m].

    Args:
      input: the images.
      filter: the filters.
      strides: the steps, one for each of the four axes.
      padding: "SAME" or "VALID".
      rate: the distance of the filter's entries in height and width; `dilations` is its newer name.
      name: the operation's name.
      data_format: "NHWC" (the default) or "NCHW".
    """
    rate = arguments.renamed("dilations", dilations, "rate", rate)
    with scopes.name_scope(name, "depthwise", [input, filter]) as name:
        input = convert.convert_to_tensor(input, name="tensor_in")
        filter = convert.convert_to_tensor(filter, name="filter_in")
        return _dilated(input, filter, strides, padding, rate, data_format, name)


def _dilated(
    input: Any,
    filter: Any,
    strides: Any,
    padding: str,
    rate: Any,
    data_format: str | None,
    name: str | None,
) -> Any:
    def convolve(converted: Any, _: int, padding: str) -> Any:
        return depthwise_conv2d_native(
            converted, filter, strides=strides, padding=padding, data_format=data_format, name=name
        )

    return convolution.with_space_to_batch(
        input,
        [1, 1] if rate is None else rate,
        padding,
        convolve,
        filter_shape=array_ops.shape(filter),
        data_format=data_format,
    )


@public("nn.separable_conv2d")
def separable_conv2d(
    input: Any,
    depthwise_filter: Any,
    pointwise_filter: Any,
    strides: Any,
    padding: str,
    rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Any:
    """A depthwise convolution, then one that mixes the channels of each pixel.

    Args:
      input: [N, H, W, C].
      depthwise_filter: [h, w, C, m].
      pointwise_filter: [1, 1, C * m, out].
      strides: the steps of the first, one for each of the four axes.
      padding: the padding of the first, "SAME" or "VALID".
      rate: the distance of its filter's entries in height and width; `dilations` is its newer name.
      name: the operation's name.
      data_format: "NHWC" (the default) or "NCHW".

    Raises:
      ValueError: `pointwise_filter` is not [1, 1, ?, ?].
    """
    rate = arguments.renamed("dilations", dilations, "rate", rate)
    with scopes.name_scope(
        name, "separable_conv2d", [input, depthwise_filter, pointwise_filter]
    ) as name:
        input = convert.convert_to_tensor(input, name="tensor_in")
        depthwise_filter = convert.convert_to_tensor(depthwise_filter, name="depthwise_filter")
        pointwise_filter = convert.convert_to_tensor(pointwise_filter, name="pointwise_filter")
        shape = pointwise_filter.get_shape().with_rank(4)
        shape.dims[0].assert_is_compatible_with(1)
        shape.dims[1].assert_is_compatible_with(1)
        depthwise = _dilated(
            input, depthwise_filter, strides, padding, rate, data_format, "depthwise"
        )
        return conv.conv2d_v1(
            depthwise,
            pointwise_filter,
            [1, 1, 1, 1],
            padding="VALID",
            data_format=data_format,
            name=name,
        )
