"""Adding a bias to each channel: BiasAdd, BiasAddV1, BiasAddGrad, `tf.nn.bias_add`, and layers made
of matmul and bias.
"""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src.graph import convert, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import activation, math_refusal
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops


def _layout(c: Any) -> str:
    return c.attr("data_format") if "data_format" in c.op._attrs else "NHWC"


def _bias_add_shape(c: Any) -> infer.Shape:
    is_first = _layout(c) == "NCHW"
    x = infer.with_rank_at_least(c.shapes[0], 3 if is_first else 2)
    bias = infer.with_rank(c.shapes[1], 1)
    if x is None:
        return None
    axis = 1 if is_first else len(x) - 1
    return (*x[:axis], infer.merge_dim(x[axis], bias[0]), *x[axis + 1 :])


def _bias_grad_shape(c: Any) -> infer.Shape:
    is_first = _layout(c) == "NCHW"
    x = infer.with_rank_at_least(c.shapes[0], 3 if is_first else 2)
    return (None,) if x is None else (x[1 if is_first else -1],)


def _per_channel(bias: torch.Tensor, rank: int) -> torch.Tensor:
    return bias.view(-1, *[1] * (rank - 2))


@op("BiasAdd", infer=_bias_add_shape)
def bias_add_op(value, bias, *, data_format="NHWC"):
    """The bias added along the channels: [..., C] and [C] -> [..., C]."""
    return value + (bias if data_format == "NHWC" else _per_channel(bias, value.dim()))


@bias_add_op.refusal
def bias_add_refusal(value, bias, *, data_format="NHWC"):
    """Say which shape does not fit."""
    if value.dim() < 2:
        raise math_refusal.invalid(
            f"Input tensor must be at least 2D: {math_refusal.listed(value)}"
        )
    if bias.dim() != 1:
        raise math_refusal.invalid(f"Biases must be 1D: {math_refusal.listed(bias)}")
    if bias.shape[0] != value.shape[-1 if data_format == "NHWC" else 1]:
        which = "last" if data_format == "NHWC" else "channel"
        raise math_refusal.invalid(
            f"Must provide as many biases as the {which} dimension of the input tensor: "
            f"{math_refusal.listed(bias)} vs. {math_refusal.listed(value)}"
        )


@bias_add_op.gradient
def bias_add_gradient(op, dy):
    return dy, bias_add_grad(out_backprop=dy, data_format=op.get_attr("data_format"))


@op("BiasAddV1", infer=_bias_add_shape)
def bias_add_v1_op(value, bias):
    """The bias added along the last axis: [..., C] and [C] -> [..., C]."""
    return value + bias


@bias_add_v1_op.gradient
def bias_add_v1_gradient(op, dy):
    axes = math_ops.range(array_ops.rank(dy) - 1)
    return dy, math_ops.reduce_sum(dy, axes)


@op("BiasAddGrad", infer=_bias_grad_shape)
def bias_add_grad(out_backprop, *, data_format="NHWC"):
    """The sum over all axes but the channels: [..., C] -> [C]."""
    return torch.sum(
        out_backprop, _other_axes(out_backprop.dim(), data_format), dtype=out_backprop.dtype
    )


def _other_axes(rank: int, data_format: str) -> list[int]:
    return [axis for axis in range(rank) if axis != (rank - 1 if data_format == "NHWC" else 1)]


@bias_add_grad.gradient
def bias_add_grad_gradient(op, dy):
    shape = array_ops.shape(op.inputs[0])
    size = array_ops.shape(dy)
    if op.get_attr("data_format") == b"NCHW":
        expanded = array_ops.concat(
            [array_ops.ones_like(shape[:1]), size, array_ops.ones_like(shape[2:])], 0
        )
        repeats = array_ops.concat([shape[:1], [1], shape[2:]], 0)
    else:
        expanded = array_ops.concat([array_ops.ones_like(shape[:-1]), size], 0)
        repeats = array_ops.concat([shape[:-1], [1]], 0)
    return array_ops.tile(array_ops.reshape(dy, expanded), repeats)


@public("nn.bias_add")
def bias_add(value: Any, bias: Any, data_format: str | None = None, name: str | None = None) -> Any:
    """The bias added along the channels.

    Args:
      value: [N, ..., C], or [N, C, ...] for a data format "NC...".
      bias: [C].
      data_format: "N...C" (the default) or "NC...".
      name: the operation's name.

    Raises:
      ValueError: `data_format` is another, or the sizes do not fit.
    """
    with scopes.name_scope(name, "BiasAdd", [value, bias]) as name:
        if data_format is not None:
            if data_format.startswith("NC"):
                data_format = "NCHW"
            elif data_format.startswith("N") and data_format.endswith("C"):
                data_format = "NHWC"
            else:
                raise ValueError("data_format must be of the form `N...C` or `NC...`")
        value = convert.convert_to_tensor(value, name="input")
        bias = convert.convert_to_tensor(bias, dtype=value.dtype, name="bias")
        return bias_add_op(value, bias, data_format=data_format, name=name)


def bias_add_v1(value: Any, bias: Any, name: str | None = None) -> Any:
    """The bias added along the last axis, by the op that old graphs have."""
    with scopes.name_scope(name, "BiasAddV1", [value, bias]) as name:
        value = convert.convert_to_tensor(value, name="input")
        bias = convert.convert_to_tensor(bias, dtype=value.dtype, name="bias")
        return bias_add_v1_op(value, bias, name=name)


def _converted(x: Any, weights: Any, biases: Any) -> tuple[Any, Any, Any]:
    return (
        convert.convert_to_tensor(x, name="x"),
        convert.convert_to_tensor(weights, name="weights"),
        convert.convert_to_tensor(biases, name="biases"),
    )


@public("nn.xw_plus_b")
def xw_plus_b(x: Any, weights: Any, biases: Any, name: str | None = None) -> Any:
    """x @ weights + biases: [N, in], [in, out], [out] -> [N, out]."""
    with scopes.name_scope(name, "xw_plus_b", [x, weights, biases]) as name:
        x, weights, biases = _converted(x, weights, biases)
        return bias_add(math_ops.matmul(x, weights), biases, name=name)


def xw_plus_b_v1(x: Any, weights: Any, biases: Any, name: str | None = None) -> Any:
    """`xw_plus_b` by BiasAddV1."""
    with scopes.name_scope(name, "xw_plus_b_v1", [x, weights, biases]) as name:
        x, weights, biases = _converted(x, weights, biases)
        return bias_add_v1(math_ops.matmul(x, weights), biases, name=name)


@public("nn.relu_layer")
def relu_layer(x: Any, weights: Any, biases: Any, name: str | None = None) -> Any:
    """relu(x @ weights + biases): [N, in], [in, out], [out] -> [N, out]."""
    with scopes.name_scope(name, "relu_layer", [x, weights, biases]) as name:
        x, weights, biases = _converted(x, weights, biases)
        return activation.relu(bias_add(math_ops.matmul(x, weights), biases), name=name)
