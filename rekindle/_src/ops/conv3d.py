"""Convolution in three dimensions: Conv3D, its backprops in both versions, `tf.nn.conv3d`.

Filters are [depth, height, width, in / groups, out]; the arithmetic is that of conv.py.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import arguments, conv, windows
from rekindle._src.ops import array as array_ops

_ATTRS = ("strides", "padding", "data_format", "dilations")


def _conv3d_shape(c: Any) -> infer.Shape:
    x, w = infer.with_rank(c.shapes[0], 5), infer.with_rank(c.shapes[1], 5)
    layout, strides, dilations, padding = (
        c.attr(n) for n in ("data_format", "strides", "dilations", "padding")
    )
    for name, values in (("dilation", dilations), ("stride", strides)):
        if len(values) != 5:
            raise ValueError(
                f"Conv3D requires the {name} attribute to contain 5 values, but got: {len(values)}"
            )
    conv.check_depths(windows.channels(x, layout), w[3], w[4])
    extent = [
        windows.output_size(n, k, s, padding, d)
        for n, k, s, d in zip(
            windows.spatial(x, layout),
            w,
            windows.spatial(strides, layout),
            windows.spatial(dilations, layout),
        )
    ]
    return windows.shaped(x[0], extent, w[4], layout)


@op("Conv3D", infer=_conv3d_shape)
def conv3d(input, filter, *, strides, padding, data_format="NDHWC", dilations=(1, 1, 1, 1, 1)):
    """The sum over a window of products with the filter: [N, D, H, W, C] and [d, h, w, C, out] ->
    [N, D', H', W', out].
    """
    return conv.convolve(input, filter, strides, padding, (), data_format, dilations)


@conv3d.gradient
def conv3d_gradient(op, dy):
    same = arguments.attrs_of(op, *_ATTRS)
    return [
        conv3d_backprop_input_v2(array_ops.shape(op.inputs[0]), op.inputs[1], dy, **same),
        conv3d_backprop_filter_v2(op.inputs[0], array_ops.shape(op.inputs[1]), dy, **same),
    ]


@op("Conv3DBackpropInputV2", infer=lambda c: windows.shape_input(c, 0, 5))
def conv3d_backprop_input_v2(
    input_sizes,
    filter,
    out_backprop,
    *,
    strides,
    padding,
    data_format="NDHWC",
    dilations=(1, 1, 1, 1, 1),
):
    """The gradient of Conv3D's input, of shape `input_sizes`."""
    return conv.input_backprop(
        input_sizes.tolist(), filter, out_backprop, strides, padding, (), data_format, dilations
    )


@conv3d_backprop_input_v2.gradient
def conv3d_backprop_input_v2_gradient(op, dy):
    same = arguments.attrs_of(op, *_ATTRS)
    return [
        None,
        conv3d_backprop_filter_v2(dy, array_ops.shape(op.inputs[1]), op.inputs[2], **same),
        conv3d(dy, op.inputs[1], **same),
    ]


@op(
    "Conv3DBackpropFilterV2",
    public="nn.conv3d_backprop_filter nn.conv3d_backprop_filter_v2",
    infer=lambda c: windows.shape_input(c, 1, 5),
)
def conv3d_backprop_filter_v2(
    input,
    filter_sizes,
    out_backprop,
    *,
    strides,
    padding,
    data_format="NDHWC",
    dilations=(1, 1, 1, 1, 1),
):
    """The gradient of Conv3D's filter, of shape `filter_sizes`."""
    return conv.filter_backprop(
        input, filter_sizes.tolist(), out_backprop, strides, padding, (), data_format, dilations
    )


@conv3d_backprop_filter_v2.gradient
def conv3d_backprop_filter_v2_gradient(op, dy):
    same = arguments.attrs_of(op, *_ATTRS)
    return [
        conv3d_backprop_input_v2(array_ops.shape(op.inputs[0]), dy, op.inputs[2], **same),
        None,
        conv3d(op.inputs[0], dy, **same),
    ]


@op("Conv3DBackpropInput", infer=lambda c: infer.with_rank(c.shapes[0], 5))
def conv3d_backprop_input(
    input, filter, out_backprop, *, strides, padding, dilations=(1, 1, 1, 1, 1)
):
    """The gradient of Conv3D's input, which gives the shape."""
    return conv.input_backprop(
        input.shape, filter, out_backprop, strides, padding, (), "NDHWC", dilations
    )


@op("Conv3DBackpropFilter", infer=lambda c: infer.with_rank(c.shapes[1], 5))
def conv3d_backprop_filter(
    input, filter, out_backprop, *, strides, padding, dilations=(1, 1, 1, 1, 1)
):
    """The gradient of Conv3D's filter, which gives the shape."""
    return conv.filter_backprop(
        input, filter.shape, out_backprop, strides, padding, (), "NDHWC", dilations
    )


@public("nn.conv3d")
def conv3d_v1(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    data_format: str = "NDHWC",
    dilations: Any = (1, 1, 1, 1, 1),
    name: str | None = None,
    filters: Any = None,
) -> Any:
    """A 3-D convolution: [N, D, H, W, C] and a filter [d, h, w, C, out] -> [N, D', H', W', out].

    Args:
      input: the volumes.
      filter: the filter; `filters` is its newer name.
      strides: the steps, one for each of the five axes.
      padding: "SAME" or "VALID".
      data_format: "NDHWC" or "NCDHW".
      dilations: the distance of the filter's entries, one for each axis.
      name: the operation's name.
    """
    return conv3d(
        input,
        arguments.renamed("filters", filters, "filter", filter),
        strides,
        padding,
        data_format,
        dilations,
        name,
    )
