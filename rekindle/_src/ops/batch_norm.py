"""Batch norm as one op: FusedBatchNorm in its three versions, their gradients,
`tf.nn.fused_batch_norm`.

The reserved outputs are the mean and the biased variance, on every device. `batch_variance`, for
moving averages, is the unbiased one.
"""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src.graph import convert, infer
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import arguments, windows
from rekindle._src.ops import array as array_ops

_LEAST_EPSILON = 1.001e-5


def _channel_shape(c: Any, first: int, last: int) -> tuple[infer.Shape, int | None, int]:
    """(x, channels, axis of the channels) after vectors `first` to `last` agreed with x."""
    axis = 1 if c.attr("data_format") == "NCHW" else 3
    x = infer.with_rank(c.shapes[0], 4)
    depth = x[axis]
    for i in range(first, last):
        depth = infer.merge_dim(depth, infer.with_rank(c.shapes[i], 1)[0])
    return (*x[:axis], depth, *x[axis + 1 :]), depth, axis


def _forward_shapes(c: Any) -> list[infer.Shape]:
    x, depth, _ = _channel_shape(c, 1, 3 if c.attr("is_training") else 5)
    return [x, *[(depth,)] * 4]


def _forward_v3_shapes(c: Any) -> list[infer.Shape]:
    return [*_forward_shapes(c), None]


def _backward_shapes(c: Any) -> list[infer.Shape]:
    axis = 1 if c.attr("data_format") == "NCHW" else 3
    dy, x = infer.with_rank(c.shapes[0], 4), infer.with_rank(c.shapes[1], 4)
    depth = infer.merge_dim(dy[axis], x[axis])
    for i in range(2, 5):
        depth = infer.merge_dim(depth, infer.with_rank(c.shapes[i], 1)[0])
    reserved = (0,) if c.attr("is_training") else (depth,)
    return [(*dy[:axis], depth, *dy[axis + 1 :]), (depth,), (depth,), reserved, reserved]


def _forward(x, scale, offset, mean, variance, epsilon, data_format, is_training):
    """(y, mean, variance for moving averages, mean, variance of the batch)."""
    if not is_training:
        y = torch.nn.functional.batch_norm(
            windows.channels_first(x, data_format), mean, variance, scale, offset, eps=epsilon
        )
        return windows.original(y, data_format), mean.clone(), variance.clone(), mean, variance
    count = x.numel() // max(scale.numel(), 1)
    if count == 0:
        empty = torch.full_like(scale, float("nan"))
        return torch.empty_like(x), empty, empty, torch.zeros_like(scale), torch.zeros_like(scale)
    mean, unbiased = torch.zeros_like(scale), torch.zeros_like(scale)
    y, _, inverse = torch.native_batch_norm(
        windows.channels_first(x, data_format), scale, offset, mean, unbiased, True, 1.0, epsilon
    )
    y = windows.original(y, data_format)
    if count == 1:
        zeros = torch.zeros_like(scale)
        return y, mean, zeros, mean, zeros
    return y, mean, unbiased, mean, unbiased * ((count - 1) / count)


def _backward(dy, x, scale, mean, variance, epsilon, data_format, is_training):
    """(dx, dscale, doffset, two reserved outputs)."""
    inverse = torch.rsqrt(variance + epsilon)
    dx, dscale, doffset = torch.ops.aten.native_batch_norm_backward(
        windows.channels_first(dy, data_format),
        windows.channels_first(x, data_format),
        scale,
        mean,
        variance,
        mean,
        inverse,
        is_training,
        epsilon,
        [True, True, True],
    )
    reserved = scale.new_zeros(0) if is_training else torch.zeros_like(scale)
    return windows.original(dx, data_format), dscale, doffset, reserved, reserved


@op("FusedBatchNorm", infer=_forward_shapes, aliases=(3, 4))
def fused_batch_norm_op(
    x, scale, offset, mean, variance, *, epsilon=1e-4, data_format="NHWC", is_training=True
):
    """x with mean 0 and variance 1 for each channel, times scale, plus offset: [N, H, W, C]."""
    return _forward(x, scale, offset, mean, variance, epsilon, data_format, is_training)


@op("FusedBatchNormV2", infer=_forward_shapes, aliases=(3, 4))
def fused_batch_norm_v2(
    x, scale, offset, mean, variance, *, epsilon=1e-4, data_format="NHWC", is_training=True
):
    """FusedBatchNorm with x in half precision and the rest in float32."""
    return _forward(x, scale, offset, mean, variance, epsilon, data_format, is_training)


@op("FusedBatchNormV3", infer=_forward_v3_shapes, aliases=(3, 4))
def fused_batch_norm_v3(
    x, scale, offset, mean, variance, *, epsilon=1e-4, data_format="NHWC", is_training=True
):
    """FusedBatchNormV2 with one more reserved output."""
    return (
        *_forward(x, scale, offset, mean, variance, epsilon, data_format, is_training),
        scale.new_zeros(()),
    )


@op("FusedBatchNormGrad", infer=_backward_shapes)
def fused_batch_norm_grad(
    y_backprop,
    x,
    scale,
    reserve_space_1,
    reserve_space_2,
    *,
    epsilon=1e-4,
    data_format="NHWC",
    is_training=True,
):
    """The gradients of FusedBatchNorm's x, scale and offset."""
    return _backward(
        y_backprop, x, scale, reserve_space_1, reserve_space_2, epsilon, data_format, is_training
    )


@op("FusedBatchNormGradV2", infer=_backward_shapes)
def fused_batch_norm_grad_v2(
    y_backprop,
    x,
    scale,
    reserve_space_1,
    reserve_space_2,
    *,
    epsilon=1e-4,
    data_format="NHWC",
    is_training=True,
):
    """The gradients of FusedBatchNormV2's x, scale and offset."""
    return _backward(
        y_backprop, x, scale, reserve_space_1, reserve_space_2, epsilon, data_format, is_training
    )


@op("FusedBatchNormGradV3", infer=_backward_shapes)
def fused_batch_norm_grad_v3(
    y_backprop,
    x,
    scale,
    reserve_space_1,
    reserve_space_2,
    reserve_space_3,
    *,
    epsilon=1e-4,
    data_format="NHWC",
    is_training=True,
):
    """The gradients of FusedBatchNormV3's x, scale and offset."""
    return _backward(
        y_backprop, x, scale, reserve_space_1, reserve_space_2, epsilon, data_format, is_training
    )


def _gradients(op: Any, block: Any, dy: Any, extra: list[Any]) -> Any:
    x, scale = op.inputs[0], op.inputs[1]
    attrs = arguments.attrs_of(op, "epsilon", "data_format", "is_training")
    if attrs["is_training"]:
        return block(dy, x, scale, op.outputs[3], op.outputs[4], *extra, **attrs)
    is_first = attrs["data_format"] == b"NCHW"
    if is_first:
        x = array_ops.transpose(x, [0, 2, 3, 1])
        dy = array_ops.transpose(dy, [0, 2, 3, 1])
    attrs["data_format"] = "NHWC"
    dx, dscale, doffset, _, _ = block(dy, x, scale, op.inputs[3], op.inputs[4], *extra, **attrs)
    if is_first:
        dx = array_ops.transpose(dx, [0, 3, 1, 2])
    return dx, dscale, doffset, None, None


@fused_batch_norm_op.gradient
def fused_batch_norm_gradient(op, dy, *_):
    return _gradients(op, fused_batch_norm_grad, dy, [])


@fused_batch_norm_v2.gradient
def fused_batch_norm_v2_gradient(op, dy, *_):
    return _gradients(op, fused_batch_norm_grad_v2, dy, [])


@fused_batch_norm_v3.gradient
def fused_batch_norm_v3_gradient(op, dy, *_):
    return _gradients(op, fused_batch_norm_grad_v3, dy, [op.outputs[5]])


def _global_shape(c: Any) -> infer.Shape:
    x = infer.with_rank(c.shapes[0], 4)
    depth = x[3]
    for i in range(1, 5):
        depth = infer.merge_dim(depth, infer.with_rank(c.shapes[i], 1)[0])
    return (*x[:3], depth)


@op("BatchNormWithGlobalNormalization", infer=_global_shape)
def batch_norm_with_global_normalization(
    t, m, v, beta, gamma, *, variance_epsilon, scale_after_normalization
):
    """(t - m) / sqrt(v + epsilon), times gamma if it is to scale, plus beta."""
    inverse = torch.rsqrt(v + variance_epsilon)
    return (t - m) * (inverse * gamma if scale_after_normalization else inverse) + beta


@batch_norm_with_global_normalization.gradient
def batch_norm_with_global_normalization_gradient(op, dy):
    return batch_norm_with_global_normalization_grad(
        op.inputs[0],
        op.inputs[1],
        op.inputs[2],
        op.inputs[4],
        dy,
        op.get_attr("variance_epsilon"),
        op.get_attr("scale_after_normalization"),
    )


def _global_grad_shapes(c: Any) -> list[infer.Shape]:
    x = infer.merge(infer.with_rank(c.shapes[0], 4), c.shapes[4])
    depth = x[3]
    for i in range(1, 4):
        depth = infer.merge_dim(depth, infer.with_rank(c.shapes[i], 1)[0])
    return [(*x[:3], depth), *[(depth,)] * 4]


@op("BatchNormWithGlobalNormalizationGrad", infer=_global_grad_shapes)
def batch_norm_with_global_normalization_grad(
    t, m, v, gamma, backprop, *, variance_epsilon, scale_after_normalization
):
    """The gradients of BatchNormWithGlobalNormalization: (dt, dm, dv, dbeta, dgamma)."""
    inverse = torch.rsqrt(v + variance_epsilon)
    dbeta = backprop.sum((0, 1, 2))
    product = (backprop * (t - m)).sum((0, 1, 2))
    scale = inverse * gamma if scale_after_normalization else inverse
    dgamma = product * inverse if scale_after_normalization else torch.zeros_like(gamma)
    dv = product * scale * -0.5 / (v + variance_epsilon)
    return backprop * scale, dbeta * -scale, dv, dbeta, dgamma


@public("nn.fused_batch_norm")
def fused_batch_norm(
    x: Any,
    scale: Any,
    offset: Any,
    mean: Any = None,
    variance: Any = None,
    epsilon: float = 0.001,
    data_format: str = "NHWC",
    is_training: bool = True,
    name: str | None = None,
) -> tuple[Any, Any, Any]:
    """(y, batch mean, batch variance) of batch norm in one op.

    Args:
      x: [N, H, W, C], or [N, C, H, W] by `data_format`.
      scale: [C].
      offset: [C].
      mean: [C], to normalize with when not training.
      variance: [C], the same.
      epsilon: added to the variance, at least 1.001e-5.
      data_format: "NHWC" or "NCHW".
      is_training: use the moments of the batch.
      name: the operation's name.

    Raises:
      ValueError: moments are given for training.
    """
    x = convert.convert_to_tensor(x, name="input")
    scale = convert.convert_to_tensor(scale, name="scale")
    offset = convert.convert_to_tensor(offset, name="offset")
    if is_training and (mean is not None or variance is not None):
        raise ValueError("Both 'mean' and 'variance' must be None if is_training is True.")
    mean = convert.constant([]) if mean is None else mean
    variance = convert.constant([]) if variance is None else variance
    epsilon = max(epsilon, _LEAST_EPSILON)
    y, batch_mean, batch_variance, *_ = fused_batch_norm_v3(
        x,
        scale,
        offset,
        mean,
        variance,
        epsilon=epsilon,
        data_format=data_format,
        is_training=is_training,
        name=name,
    )
    return y, batch_mean, batch_variance
