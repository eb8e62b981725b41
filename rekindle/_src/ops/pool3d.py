"""Pooling in three dimensions: MaxPool3D, AvgPool3D, their gradients, and `tf.nn.max_pool3d`,
`tf.nn.avg_pool3d`.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import arguments, sliding, windows
from rekindle._src.ops import array as array_ops

_ATTRS = ("ksize", "strides", "padding", "data_format")


def _pool3d_shape(c: Any) -> infer.Shape:
    x = infer.with_rank(c.shapes[0], 5)
    layout, ksize, strides = c.attr("data_format"), c.attr("ksize"), c.attr("strides")
    if len(strides) != 5:
        raise ValueError(
            f"Pool3D ops require the stride attribute to contain 5 values, but got: {len(strides)}"
        )
    if len(ksize) != 5:
        raise ValueError(
            f"Pool3D requires the ksize attribute to contain 5 values, but got: {len(ksize)}"
        )
    extent = [
        windows.output_size(n, k, s, c.attr("padding"))
        for n, k, s in zip(*(windows.spatial(v, layout) for v in (x, ksize, strides)))
    ]
    return windows.shaped(x[0], extent, windows.channels(x, layout), layout)


def zeros_for(op: Any, *inputs: int) -> list[Any]:
    """Zeros in the shape and type of inputs of an operation: the gradient of inputs that only
    choose.
    """
    return [array_ops.zeros(array_ops.shape(op.inputs[i]), op.inputs[i].dtype) for i in inputs]


def _rank5(c: Any) -> infer.Shape:
    return infer.with_rank(c.shapes[0], 5)


@op("MaxPool3D", infer=_pool3d_shape, aliases=0)
def max_pool3d(input, *, ksize, strides, padding):
    """The maximum of each window: [N, D, H, W, C] -> [N, D', H', W', C]."""
    return sliding.maximum(input, ksize, strides, padding)


@max_pool3d.gradient
def max_pool3d_gradient(op, dy):
    return max_pool3d_grad(op.inputs[0], op.outputs[0], dy, **arguments.attrs_of(op, *_ATTRS))


@op("MaxPool3DGrad", infer=_rank5)
def max_pool3d_grad(orig_input, orig_output, grad, *, ksize, strides, padding):
    """The gradient of MaxPool3D: `grad` where the first maximum of each window was."""
    return sliding.maximum_gradient(orig_input, orig_output, grad, ksize, strides, padding)


@max_pool3d_grad.gradient
def max_pool3d_grad_gradient(op, dy):
    return (
        *zeros_for(op, 0, 1),
        max_pool3d_grad_grad(op.inputs[0], op.inputs[1], dy, **arguments.attrs_of(op, *_ATTRS)),
    )


@op("MaxPool3DGradGrad", infer=_pool3d_shape)
def max_pool3d_grad_grad(orig_input, orig_output, grad, *, ksize, strides, padding):
    """Of `grad`, the entries at the first maximum of each window."""
    return sliding.at_maximum(orig_input, orig_output, grad, ksize, strides, padding)


@max_pool3d_grad_grad.gradient
def max_pool3d_grad_grad_gradient(op, dy):
    return (
        *zeros_for(op, 0, 1),
        max_pool3d_grad(op.inputs[0], op.inputs[1], dy, **arguments.attrs_of(op, *_ATTRS)),
    )


@op("AvgPool3D", infer=_pool3d_shape, aliases=0)
def avg_pool3d(input, *, ksize, strides, padding):
    """The mean of each window's entries that lie inside: [N, D, H, W, C] -> [N, D', H', W', C]."""
    return sliding.average(input, ksize, strides, padding)


@avg_pool3d.gradient
def avg_pool3d_gradient(op, dy):
    return avg_pool3d_grad(array_ops.shape(op.inputs[0]), dy, **arguments.attrs_of(op, *_ATTRS))


@op("AvgPool3DGrad", infer=lambda c: windows.shape_input(c, 0, 5), aliases=1)
def avg_pool3d_grad(orig_input_shape, grad, *, ksize, strides, padding):
    """The gradient of AvgPool3D for an input of shape `orig_input_shape`."""
    return sliding.average_gradient(orig_input_shape.tolist(), grad, ksize, strides, padding)


@avg_pool3d_grad.gradient
def avg_pool3d_grad_gradient(op, dy):
    return array_ops.stop_gradient(op.inputs[0]), avg_pool3d(dy, **arguments.attrs_of(op, *_ATTRS))


@public("nn.max_pool3d")
def max_pool3d_v1(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NDHWC",
    name: str | None = None,
) -> Any:
    """The maximum of each window: [N, D, H, W, C] -> [N, D', H', W', C]."""
    with scopes.name_scope(name, "MaxPool3D", [input]) as name:
        return _spatial(max_pool3d, input, ksize, strides, padding, data_format, name, 4)


@public("nn.avg_pool3d")
def avg_pool3d_v1(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str = "NDHWC",
    name: str | None = None,
) -> Any:
    """The mean of each window's entries that lie inside: [N, D, H, W, C] -> [N, D', H', W', C]."""
    with scopes.name_scope(name, "AvgPool3D", [input]) as name:
        return _spatial(avg_pool3d, input, ksize, strides, padding, data_format, name, 3)


def _spatial(
    block: Any,
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str | None,
    name: Any,
    last: int,
) -> Any:
    data_format = data_format or "NDHWC"
    channel = 1 if data_format.startswith("NC") else last
    return block(
        input,
        ksize=arguments.per_axis(ksize, 3, channel, "ksize"),
        strides=arguments.per_axis(strides, 3, channel, "strides"),
        padding=padding,
        data_format=data_format,
        name=name,
    )
