"""The gradients of the gradients of FusedBatchNorm, in its three versions.

They differentiate the formula of the first gradients, built of plain ops. The values are
TensorFlow's; the operations stand in a name scope `gradients` of their own.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.autodiff.gradients import gradients
from rekindle._src.graph import dtypes
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import batch_norm
from rekindle._src.ops import math as math_ops


@batch_norm.fused_batch_norm_grad.gradient
def fused_batch_norm_grad_gradient(op, *grads):
    return (*_second(op, grads), None, None)


@batch_norm.fused_batch_norm_grad_v2.gradient
def fused_batch_norm_grad_v2_gradient(op, *grads):
    return (*_second(op, grads), None, None)


@batch_norm.fused_batch_norm_grad_v3.gradient
def fused_batch_norm_grad_v3_gradient(op, *grads):
    return (*_second(op, grads), None, None, None)


def _second(op: Any, grads: Any) -> list[Any]:
    """The gradients of dy, x and scale."""
    sources = [op.inputs[0], op.inputs[1], op.inputs[2]]
    first = _frozen if not op.get_attr("is_training") else _training
    built = first(op, *[array_ops.identity(x) for x in sources])
    return gradients(list(built), sources, grad_ys=list(grads[:3]), stop_gradients=sources)


def _layout(op: Any) -> tuple[list[int], Any]:
    """The axes of the examples and places, and how a vector of the channels becomes a factor."""
    if op.get_attr("data_format") == b"NHWC":
        return [0, 1, 2], lambda vector: vector
    return [0, 2, 3], lambda vector: array_ops.reshape(vector, [1, -1, 1, 1])


def _training(op: Any, dy: Any, x: Any, scale: Any) -> tuple[Any, Any, Any]:
    """(dx, dscale, doffset) where the moments are those of the batch."""
    dtype, epsilon = x.dtype.base_dtype, op.get_attr("epsilon")
    axes, factor = _layout(op)
    x, dy = math_ops.cast(x, dtypes.float32), math_ops.cast(dy, dtypes.float32)
    centered = x - math_ops.reduce_mean(x, axes, keepdims=True)
    variance = math_ops.reduce_mean(math_ops.square(centered), axes, keepdims=True)
    inverse = math_ops.rsqrt(variance + epsilon)
    shared = math_ops.reduce_mean(dy * centered, axes, keepdims=True)
    offset = dy - math_ops.reduce_mean(dy, axes, keepdims=True)
    dx = factor(scale) * inverse * (offset - inverse * inverse * shared * centered)
    dscale = math_ops.reduce_sum(dy * centered * inverse, axes)
    return math_ops.cast(dx, dtype), dscale, math_ops.reduce_sum(dy, axes)


def _frozen(op: Any, dy: Any, x: Any, scale: Any) -> tuple[Any, Any, Any]:
    """(dx, dscale, doffset) where the moments are given."""
    dtype = x.dtype.base_dtype
    axes, factor = _layout(op)
    x, dy = math_ops.cast(x, dtypes.float32), math_ops.cast(dy, dtypes.float32)
    inverse = math_ops.rsqrt(op.inputs[4] + op.get_attr("epsilon"))
    dx = dy * factor(scale) * factor(inverse)
    dscale = math_ops.reduce_sum(dy * (x - factor(op.inputs[3])) * factor(inverse), axes)
    return math_ops.cast(dx, dtype), dscale, math_ops.reduce_sum(dy, axes)
