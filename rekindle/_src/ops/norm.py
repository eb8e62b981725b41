"""Normalization of activations by their neighbours, their length, or given moments: LRN,
l2_normalize, batchnorm.

Moments are computed in moments.py; the fused batch norm, which does both, stands in batch_norm.py.
"""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src.graph import convert, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import arguments
from rekindle._src.ops import math as math_ops


def _neighbour_sum(x: torch.Tensor, radius: int) -> torch.Tensor:
    """The sum over the channels from c - radius to c + radius: [..., C] -> [..., C]."""
    channels = x.shape[-1]
    band = torch.ones(channels, channels, dtype=x.dtype, device=x.device)
    return x @ band.tril(radius).triu(-radius)


def _divisor(x: torch.Tensor, radius: int, bias: float, alpha: float) -> torch.Tensor:
    return _neighbour_sum(torch.square(x), radius) * alpha + bias


@op(
    "LRN",
    public="nn.lrn nn.local_response_normalization",
    infer=lambda c: infer.with_rank(c.shapes[0], 4),
)
def lrn(input, *, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5):
    """x / (bias + alpha * sum of squares over the channels near) ** beta: [N, H, W, C] -> same.

    Source: Krizhevsky et al., ImageNet classification with deep convolutional networks, 2012.
    """
    return input * torch.pow(_divisor(input, depth_radius, bias, alpha), -beta)


@lrn.gradient
def lrn_gradient(op, dy):
    return [
        lrn_grad(
            dy,
            op.inputs[0],
            op.outputs[0],
            op.get_attr("depth_radius"),
            op.get_attr("bias"),
            op.get_attr("alpha"),
            op.get_attr("beta"),
        )
    ]


def _lrn_grad_shape(c: Any) -> infer.Shape:
    return infer.merge(infer.merge(infer.with_rank(c.shapes[0], 4), c.shapes[1]), c.shapes[2])


@op("LRNGrad", infer=_lrn_grad_shape)
def lrn_grad(
    input_grads, input_image, output_image, *, depth_radius=5, bias=1.0, alpha=1.0, beta=0.5
):
    """The gradient of LRN."""
    divisor = _divisor(input_image, depth_radius, bias, alpha)
    shared = _neighbour_sum(input_grads * output_image / divisor, depth_radius)
    return input_grads * torch.pow(divisor, -beta) - input_image * shared * (2 * alpha * beta)


@public("nn.l2_normalize", "math.l2_normalize", "linalg.l2_normalize")
def l2_normalize(
    x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None, dim: Any = None
) -> Any:
    """x / sqrt(max(sum of squares along `axis`, epsilon)).

    Args:
      x: a float tensor.
      axis: one axis or several; default: all. `dim` is its older name.
      epsilon: the least sum of squares.
      name: the operation's name.
    """
    axis = arguments.renamed("axis", axis, "dim", dim)
    with scopes.name_scope(name, "l2_normalize", [x]) as name:
        x = convert.convert_to_tensor(x, name="x")
        total = math_ops.reduce_sum(math_ops.square(x), axis, keepdims=True)
        inverse = math_ops.rsqrt(math_ops.maximum(total, epsilon))
        return math_ops.multiply(x, inverse, name=name)


@public("linalg.normalize")
def normalize(
    tensor: Any, ord: Any = "euclidean", axis: Any = None, name: str | None = None
) -> tuple[Any, Any]:
    """(tensor / norm, norm) with the norm of `tf.norm` along `axis`, its axes kept with size 1."""
    with scopes.name_scope(name, "normalize", [tensor]):
        tensor = convert.convert_to_tensor(tensor)
        norm = math_ops.cast(math_ops.norm(tensor, ord, axis, keepdims=True), tensor.dtype)
        return tensor / norm, norm


@public("nn.batch_normalization")
def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    offset: Any,
    scale: Any,
    variance_epsilon: float,
    name: str | None = None,
) -> Any:
    """scale * (x - mean) / sqrt(variance + variance_epsilon) + offset.

    Args:
      x: a float tensor.
      mean: a tensor that broadcasts with it.
      variance: the same.
      offset: the same, or None for 0.
      scale: the same, or None for 1.
      variance_epsilon: a small number against division by 0.
      name: the name scope.

    Source: Ioffe and Szegedy, Batch normalization, 2015.
    """
    with scopes.name_scope(name, "batchnorm", [x, mean, variance, scale, offset]):
        inverse = math_ops.rsqrt(variance + variance_epsilon)
        if scale is not None:
            inverse *= scale
        scaled = x * math_ops.cast(inverse, x.dtype)
        shift = offset - mean * inverse if offset is not None else -mean * inverse
        return scaled + math_ops.cast(shift, x.dtype)


@public("nn.batch_norm_with_global_normalization")
def batch_norm_with_global_normalization(
    t: Any = None,
    m: Any = None,
    v: Any = None,
    beta: Any = None,
    gamma: Any = None,
    variance_epsilon: Any = None,
    scale_after_normalization: Any = None,
    name: str | None = None,
    input: Any = None,
    mean: Any = None,
    variance: Any = None,
) -> Any:
    """`batch_normalization` with the arguments of its old form.

    Args:
      t: the tensor; `input` is its newer name.
      m: the mean; `mean` is its newer name.
      v: the variance; `variance` is its newer name.
      beta: the offset.
      gamma: the scale.
      variance_epsilon: a small number against division by 0.
      scale_after_normalization: whether to use gamma.
      name: the name scope.
    """
    t = arguments.renamed("input", input, "t", t)
    m = arguments.renamed("mean", mean, "m", m)
    v = arguments.renamed("variance", variance, "v", v)
    return batch_normalization(
        t, m, v, beta, gamma if scale_after_normalization else None, variance_epsilon, name
    )
