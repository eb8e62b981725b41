"""Choosing between two tensors, element by element: the ops below `tf.where`."""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import infer, opdef
from rekindle._src.graph.opdef import op
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math_refusal, reduce_axes


def _select_shape(c: Any) -> infer.Shape:
    """The shape of both choices; the condition has it too, or is a scalar,
    or a vector along the first axis.
    """
    data = infer.merge(c.shapes[1], c.shapes[2])
    condition = c.shapes[0]
    if condition is None or data is None or not condition:
        return data
    if len(condition) != 1 or not data:
        return infer.merge(data, condition)
    infer.merge(condition, (data[0],))
    return data


@op("Select", infer=_select_shape, structural=True)
def select(condition, t, e):
    """Elements of t where the condition is true, else of e."""
    return torch.where(
        condition
        if condition.dim() == t.dim()
        else condition.reshape(condition.shape + (1,) * (t.dim() - condition.dim())),
        t,
        e,
    )


@select.refusal
def select_refusal(condition, t, e):
    """Say which shape is not as it must be."""
    for i, other in enumerate((t, e), 1):
        if condition.dim() == t.dim() and condition.shape != other.shape:
            raise math_refusal.invalid(
                "Inputs to operation {node} of type Select must have the same size and shape.  "
                f"Input 0: {math_refusal.listed(condition)} != input {i}: "
                f"{math_refusal.listed(other)}"
            )
    if t.shape != e.shape:
        raise math_refusal.invalid(
            "'then' and 'else' must have the same size.  but received: "
            f"{math_refusal.listed(t)} vs. {math_refusal.listed(e)}"
        )
    if condition.dim() == 1 and t.dim() > 1 and condition.shape[0] != t.shape[0]:
        raise errors.InvalidArgumentError(
            None,
            None,
            f"Number of batches of 'then' must match size of 'cond', but saw: {t.shape[0]} vs. "
            f"{condition.shape[0]}",
        )


@select.gradient
def select_gradient(op, dz):
    condition, t, _ = op.inputs
    zeros = array_ops.zeros_like(t)
    return None, array_ops.where(condition, dz, zeros), array_ops.where(condition, zeros, dz)


def _select_v2_shape(c: Any) -> infer.Shape:
    return infer.broadcast_shapes(c.shapes[0], infer.broadcast_shapes(c.shapes[1], c.shapes[2]))


@op("SelectV2", infer=_select_v2_shape, structural=True)
def select_v2(condition, t, e):
    """Elements of t where the condition is true, else of e, all broadcast to one shape."""
    return torch.where(condition, t, e)


@select_v2.gradient
def select_v2_gradient(op, dz):
    condition, t, e = op.inputs
    zeros = array_ops.zeros([], dtype=dz.dtype.base_dtype)
    dt = array_ops.where_v2(condition, dz, zeros)
    t_shape, out_shape = array_ops.shape(t), array_ops.shape(op.outputs[0])
    dt = _summed_keeping(dt, t_shape, out_shape)
    de = array_ops.where_v2(condition, zeros, dz)
    return None, dt, _summed_keeping(de, array_ops.shape(e), out_shape)


def _summed_keeping(dx, shape, out_shape):
    axes, _ = opdef.call("BroadcastGradientArgs", shape, out_shape)
    return array_ops.reshape(reduce_axes.reduce_sum(dx, keepdims=True, axis=axes), shape)


select_v2.refusal(lambda condition, t, e: math_refusal.refuse_shapes(t, e))
