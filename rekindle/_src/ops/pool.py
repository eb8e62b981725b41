"""Pooling in two dimensions: the ops MaxPool, AvgPool, their kin and gradients, and
`tf.nn.max_pool`, `tf.nn.avg_pool`.

The arithmetic stands in sliding.py, three dimensions in pool3d.py.
"""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src.graph import dtypes, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import arguments, pool3d, sliding, windows
from rekindle._src.ops import array as array_ops

_ATTRS = ("ksize", "strides", "padding", "data_format")


def _pooled(c: Any, kind: str, ksize: Any, strides: Any, depth_too: bool) -> infer.Shape:
    for name, values in (("stride", strides), ("ksize", ksize)):
        if len(values) != 4:
            raise ValueError(
                f"{kind} requires the {name} attribute to contain 4 values, but got: {len(values)}"
            )
    layout = c.attr("data_format") if "data_format" in c.op._attrs else "NHWC"
    x, padding = infer.with_rank(c.shapes[0], 4), c.attr("padding")
    size, window, step = (windows.spatial(v, layout) for v in (x, ksize, strides))
    extent = [windows.output_size(n, k, s, padding) for n, k, s in zip(size, window, step)]
    depth = windows.channels(x, layout)
    if depth_too:
        depth = windows.output_size(
            depth, windows.channels(ksize, layout), windows.channels(strides, layout), padding
        )
    return windows.shaped(x[0], extent, depth, layout)


def max_pool_shape(c: Any) -> infer.Shape:
    """[N, H, W, C] -> [N, H', W', C']."""
    return _pooled(c, "MaxPool", c.attr("ksize"), c.attr("strides"), True)


def _max_pool_v2_shape(c: Any) -> infer.Shape:
    infer.with_rank(c.shapes[0], 4)
    last = len(c.shapes) - 2
    for i in (last, last + 1):
        count = infer.with_rank(c.shapes[i], 1)[0]
        if count not in (None, 4):
            raise ValueError(f"Dimension must be 4 but is {count}")
    ksize, strides = c.value(last), c.value(last + 1)
    if ksize is None or strides is None:
        return None
    return _pooled(c, "MaxPool", ksize.tolist(), strides.tolist(), True)


def _rank4(c: Any) -> infer.Shape:
    return infer.with_rank(c.shapes[0], 4)


@op("MaxPool", infer=max_pool_shape, aliases=0)
def max_pool(input, *, ksize, strides, padding):
    """The maximum of each window: [N, H, W, C] -> [N, H', W', C]."""
    return sliding.maximum(input, ksize, strides, padding)


@max_pool.gradient
def max_pool_gradient(op, dy):
    return max_pool_grad(op.inputs[0], op.outputs[0], dy, **arguments.attrs_of(op, *_ATTRS))


@op("MaxPoolV2", infer=_max_pool_v2_shape, aliases=0)
def max_pool_v2(input, ksize, strides, *, padding):
    """MaxPool with windows and strides that are tensors."""
    return sliding.maximum(input, ksize.tolist(), strides.tolist(), padding)


@max_pool_v2.gradient
def max_pool_v2_gradient(op, dy):
    return (
        max_pool_grad_v2(
            op.inputs[0],
            op.outputs[0],
            dy,
            op.inputs[1],
            op.inputs[2],
            **arguments.attrs_of(op, "padding", "data_format"),
        ),
        None,
        None,
    )


@op("MaxPoolGrad", infer=_rank4)
def max_pool_grad(orig_input, orig_output, grad, *, ksize, strides, padding):
    """The gradient of MaxPool: `grad` where the first maximum of each window was, whatever `orig_output` says."""
    return sliding.maximum_gradient(orig_input, None, grad, ksize, strides, padding)


@max_pool_grad.gradient
def max_pool_grad_gradient(op, dy):
    return (
        *pool3d.zeros_for(op, 0, 1),
        max_pool_grad_grad(op.inputs[0], op.inputs[1], dy, **arguments.attrs_of(op, *_ATTRS)),
    )


@op("MaxPoolGradV2", infer=_rank4)
def max_pool_grad_v2(orig_input, orig_output, grad, ksize, strides, *, padding):
    """MaxPoolGrad with windows and strides that are tensors."""
    return sliding.maximum_gradient(orig_input, None, grad, ksize.tolist(), strides.tolist(), padding)


@max_pool_grad_v2.gradient
def max_pool_grad_v2_gradient(op, dy):
    return (
        *pool3d.zeros_for(op, 0, 1),
        max_pool_grad_grad_v2(
            op.inputs[0],
            op.inputs[1],
            dy,
            op.inputs[3],
            op.inputs[4],
            **arguments.attrs_of(op, "padding", "data_format"),
        ),
        None,
        None,
    )


@op("MaxPoolGradGrad", infer=max_pool_shape)
def max_pool_grad_grad(orig_input, orig_output, grad, *, ksize, strides, padding):
    """Of `grad`, the entries at the first maximum of each window."""
    return sliding.at_maximum(orig_input, orig_output, grad, ksize, strides, padding)


@max_pool_grad_grad.gradient
def max_pool_grad_grad_gradient(op, dy):
    return (
        *pool3d.zeros_for(op, 0, 1),
        max_pool_grad(op.inputs[0], op.inputs[1], dy, **arguments.attrs_of(op, *_ATTRS)),
    )


@op("MaxPoolGradGradV2", infer=_max_pool_v2_shape)
def max_pool_grad_grad_v2(orig_input, orig_output, grad, ksize, strides, *, padding):
    """MaxPoolGradGrad with windows and strides that are tensors."""
    return sliding.at_maximum(
        orig_input, orig_output, grad, ksize.tolist(), strides.tolist(), padding
    )


def _flat_places(x: torch.Tensor, with_batch: bool) -> torch.Tensor:
    """The place of each entry of x in its image, or in the whole tensor."""
    size = x[0].numel() if not with_batch else x.numel()
    places = torch.arange(size, device=x.device)
    return places.view(x.shape) if with_batch else places.view(1, *x.shape[1:]).expand_as(x)


@op("MaxPoolWithArgmax", infer=lambda c: [max_pool_shape(c)] * 2)
def max_pool_with_argmax(input, *, ksize, strides, padding, Targmax, include_batch_in_index=False):
    """The maximum of each window and its place in the flattened image (or batch)."""
    y = sliding.maximum(input, ksize, strides, padding)
    places = sliding.at_maximum(
        input, y, _flat_places(input, include_batch_in_index), ksize, strides, padding
    )
    return y, places.to(Targmax.torch)


@max_pool_with_argmax.gradient
def max_pool_with_argmax_gradient(op, dy, _):
    return max_pool_grad_with_argmax(
        op.inputs[0],
        dy,
        op.outputs[1],
        **arguments.attrs_of(op, "ksize", "strides", "padding", "include_batch_in_index"),
    )


@op("MaxPoolGradWithArgmax", infer=_rank4)
def max_pool_grad_with_argmax(input, grad, argmax, *, include_batch_in_index=False):
    """`grad` added at the places that MaxPoolWithArgmax gave."""
    rows = (1, -1) if include_batch_in_index else (input.shape[0], -1)
    out = torch.zeros_like(input).view(rows)
    return out.scatter_add(1, argmax.long().reshape(rows), grad.reshape(rows)).view(input.shape)


@op("MaxPoolGradGradWithArgmax", infer=max_pool_shape)
def max_pool_grad_grad_with_argmax(input, grad, argmax, *, include_batch_in_index=False):
    """Of `grad`, the entries at the places that MaxPoolWithArgmax gave."""
    rows = (1, -1) if include_batch_in_index else (input.shape[0], -1)
    return grad.reshape(rows).gather(1, argmax.long().reshape(rows)).view(argmax.shape)


@op(
    "AvgPool", aliases=0,
    infer=lambda c: _pooled(c, "AvgPool", c.attr("ksize"), c.attr("strides"), False),
)
def avg_pool(value, *, ksize, strides, padding):
    """The mean of each window's entries inside the image: [N, H, W, C] -> [N, H', W', C]."""
    return sliding.average(value, ksize, strides, padding)


@avg_pool.gradient
def avg_pool_gradient(op, dy):
    return avg_pool_grad(array_ops.shape(op.inputs[0]), dy, **arguments.attrs_of(op, *_ATTRS))


@op("AvgPoolGrad", infer=lambda c: windows.shape_input(c, 0, 4), aliases=1)
def avg_pool_grad(orig_input_shape, grad, *, ksize, strides, padding):
    """The gradient of AvgPool for an input of shape `orig_input_shape`."""
    return sliding.average_gradient(orig_input_shape.tolist(), grad, ksize, strides, padding)


@avg_pool_grad.gradient
def avg_pool_grad_gradient(op, dy):
    return array_ops.stop_gradient(op.inputs[0]), avg_pool(dy, **arguments.attrs_of(op, *_ATTRS))


def _planar(
    block: Any,
    value: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str | None,
    name: Any,
) -> Any:
    """A pooling op with arguments in any of their forms."""
    data_format = data_format or "NHWC"
    channel = 1 if data_format.startswith("NC") else 3
    return block(
        value,
        ksize=arguments.per_axis(ksize, 2, channel, "ksize"),
        strides=arguments.per_axis(strides, 2, channel, "strides"),
        padding=padding,
        data_format=data_format,
        name=name,
    )


@public("nn.max_pool")
def max_pool_v1(
    value: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    name: str | None = None,
    input: Any = None,
) -> Any:
    """The maximum of each window: [N, H, W, C] -> [N, H', W', C].

    Args:
      value: the images; `input` is its newer name.
      ksize: the window: one size, one for height and width, or one for each axis.
      strides: the steps, in the same forms.
      padding: "SAME" or "VALID".
      data_format: "NHWC" or "NCHW".
      name: the operation's name.

    Raises:
      ValueError: a window of size 0, or lengths that do not fit.
    """
    value = arguments.renamed("input", input, "value", value)
    with scopes.name_scope(name, "MaxPool", [value]) as name:
        sizes = arguments.per_axis(ksize, 2, 3, "ksize")
        if any(size == 0 for size in sizes):
            raise ValueError("ksize cannot be zero.")
        return _planar(max_pool, value, ksize, strides, padding, data_format, name)


@public("nn.max_pool2d")
def max_pool2d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    name: str | None = None,
) -> Any:
    """The maximum of each window: [N, H, W, C] -> [N, H', W', C]."""
    with scopes.name_scope(name, "MaxPool2d", [input]) as name:
        return _planar(max_pool, input, ksize, strides, padding, data_format, name)


@public("nn.avg_pool", "nn.avg_pool2d")
def avg_pool_v1(
    value: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    name: str | None = None,
    input: Any = None,
) -> Any:
    """The mean of each window's entries that lie inside: [N, H, W, C] -> [N, H', W', C]; arguments
    as in `max_pool`.
    """
    with scopes.name_scope(name, "AvgPool", [value]) as name:
        value = arguments.renamed("input", input, "value", value)
        return _planar(avg_pool, value, ksize, strides, padding, data_format, name)


def _linear(
    block: Any,
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str | None,
    name: Any,
) -> Any:
    """A pooling of [N, W, C] (or [N, C, W]) as images of height 1."""
    data_format = data_format or "NWC"
    channel = 1 if data_format.startswith("NC") else 2
    ksize = [1, *arguments.per_axis(ksize, 1, channel, "ksize")]
    strides = [1, *arguments.per_axis(strides, 1, channel, "strides")]
    axis, layout = (1, "NHWC") if data_format == "NWC" else (2, "NCHW")
    result = block(
        array_ops.expand_dims(input, axis),
        ksize=ksize,
        strides=strides,
        padding=padding,
        data_format=layout,
        name=name,
    )
    return array_ops.squeeze(result, axis)


@public("nn.max_pool1d")
def max_pool1d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NWC",
    name: str | None = None,
) -> Any:
    """The maximum of each window: [N, W, C] -> [N, W', C]."""
    with scopes.name_scope(name, "MaxPool1d", [input]) as name:
        return _linear(max_pool, input, ksize, strides, padding, data_format, name)


@public("nn.avg_pool1d")
def avg_pool1d(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NWC",
    name: str | None = None,
) -> Any:
    """The mean of each window's entries that lie inside: [N, W, C] -> [N, W', C]."""
    with scopes.name_scope(name, "AvgPool1D", [input]) as name:
        return _linear(avg_pool, input, ksize, strides, padding, data_format, name)


@public("nn.max_pool_with_argmax")
def max_pool_with_argmax_v1(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NHWC",
    Targmax: Any = None,
    name: str | None = None,
    output_dtype: Any = None,
    include_batch_in_index: bool = False,
) -> Any:
    """The maximum of each window and its place in the flattened image.

    Args:
      input: [N, H, W, C].
      ksize: the window, one size for each axis.
      strides: the steps, one for each axis.
      padding: "SAME" or "VALID".
      data_format: "NHWC".
      Targmax: the type of the places, int64 by default; `output_dtype` is its newer name.
      name: the operation's name.
      include_batch_in_index: places count through the whole batch.

    Raises:
      ValueError: `data_format` is another.
    """
    if data_format != "NHWC":
        raise ValueError("Data formats other than 'NHWC' are not yet supported")
    kind = arguments.renamed("output_dtype", output_dtype, "Targmax", Targmax) or dtypes.int64
    return max_pool_with_argmax(
        input,
        ksize=ksize,
        strides=strides,
        padding=padding,
        Targmax=kind,
        include_batch_in_index=include_batch_in_index,
        name=name,
    )
