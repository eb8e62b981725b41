"""Activations elementwise, with their gradients as ops: relu and its kin, elu, selu, softplus,
softsign, swish.

Softmax is in softmax.py; sigmoid and tanh are unary math.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops

_SELU_SCALE = 1.0507009873554805
_SELU_SCALE_ALPHA = 1.7580993408473768


def both(c: Any) -> infer.Shape:
    """The output has the shape that both inputs have."""
    return infer.merge(c.shapes[0], c.shapes[1])


@op("Relu", public="nn.relu", infer=infer.same)
def relu(features):
    """The greater of the number and 0."""
    return torch.relu(features)


@relu.gradient
def relu_gradient(op, dy):
    return relu_grad(dy, op.outputs[0])


@op("ReluGrad", infer=both)
def relu_grad(gradients, features):
    """The gradient where `features`, the input or output of relu, is above 0, else 0."""
    return torch.ops.aten.threshold_backward.default(gradients, features, 0)


@relu_grad.gradient
def relu_grad_gradient(op, dy):
    return relu_grad(dy, op.inputs[1]), _zeros(op.inputs[1])


def _zeros(x: Any) -> Any:
    return array_ops.zeros(array_ops.shape(x), x.dtype)


@op("Relu6", infer=infer.same)
def relu6_op(features):
    """The number, at least 0 and at most 6."""
    return torch.clamp(features, 0, 6)


@relu6_op.gradient
def relu6_gradient(op, dy):
    return relu6_grad(dy, op.outputs[0])


@op("Relu6Grad", infer=both)
def relu6_grad(gradients, features):
    """The gradient where `features` is between 0 and 6, else 0."""
    return torch.where((features > 0) & (features < 6), gradients, 0)


@relu6_grad.gradient
def relu6_grad_gradient(op, dy):
    return relu6_grad(dy, op.inputs[1]), _zeros(op.inputs[1])


@op("LeakyRelu", infer=infer.same)
def leaky_relu_op(features, *, alpha=0.2):
    """The number above 0, alpha times it below."""
    return torch.nn.functional.leaky_relu(features, alpha)


@leaky_relu_op.gradient
def leaky_relu_gradient(op, dy):
    return leaky_relu_grad(dy, op.inputs[0], alpha=op.get_attr("alpha"))


@op("LeakyReluGrad", infer=both)
def leaky_relu_grad(gradients, features, *, alpha=0.2):
    """The gradient where `features` is above 0, else alpha times it."""
    return torch.ops.aten.leaky_relu_backward.default(gradients, features, alpha, False)


@leaky_relu_grad.gradient
def leaky_relu_grad_gradient(op, dy):
    return leaky_relu_grad(dy, op.inputs[1], alpha=op.get_attr("alpha")), _zeros(op.inputs[1])


@op("Elu", public="nn.elu", infer=infer.same)
def elu(features):
    """The number above 0, exp(x) - 1 below."""
    return torch.nn.functional.elu(features)


@elu.gradient
def elu_gradient(op, dy):
    return elu_grad(dy, op.outputs[0])


@op("EluGrad", infer=both)
def elu_grad(gradients, outputs):
    """The gradient above 0, below it times elu's output + 1."""
    return torch.ops.aten.elu_backward.default(gradients, 1, 1, 1, True, outputs)


@elu_grad.gradient
def elu_grad_gradient(op, dy):
    y = op.inputs[1]
    return elu_grad(dy, y), array_ops.where(y < 0, dy * op.inputs[0], array_ops.zeros_like(y))


@op("Selu", public="nn.selu", infer=infer.same)
def selu(features):
    """scale * x above 0, scale * alpha * (exp(x) - 1) below, with the constants of self-normalizing
    networks.

    Source: Klambauer et al., Self-Normalizing Neural Networks, 2017.
    """
    return torch.selu(features)


@selu.gradient
def selu_gradient(op, dy):
    return selu_grad(dy, op.outputs[0])


@op("SeluGrad", infer=both)
def selu_grad(gradients, outputs):
    """The gradient times scale above 0, below it times selu's output + scale * alpha."""
    return torch.where(
        outputs < 0, gradients * (outputs + _SELU_SCALE_ALPHA), gradients * _SELU_SCALE
    )


@selu_grad.gradient
def selu_grad_gradient(op, dy):
    y = op.inputs[1]
    return selu_grad(dy, y), array_ops.where(y < 0.0, dy * op.inputs[0], array_ops.zeros_like(y))


@op("Softplus", public="nn.softplus math.softplus", infer=infer.same)
def softplus(features):
    """log(exp(x) + 1), without overflow."""
    return torch.nn.functional.softplus(features, 1.0, 40.0)


@softplus.gradient
def softplus_gradient(op, dy):
    return dy * math_ops.sigmoid(op.inputs[0])


@op("SoftplusGrad", infer=both)
def softplus_grad(gradients, features):
    """The gradient of Softplus."""
    return gradients / (torch.exp(-features) + 1)


@softplus_grad.gradient
def softplus_grad_gradient(op, dy):
    gradients, x = op.inputs
    with scopes.control_dependencies([dy]):
        ddy = softplus_grad(dy, x)
        return ddy, dy * gradients / (math_ops.exp(-x) + 2.0 + math_ops.exp(x))


@op("Softsign", public="nn.softsign math.softsign", infer=infer.same)
def softsign(features):
    """x / (|x| + 1)."""
    return features / (torch.abs(features) + 1)


@softsign.gradient
def softsign_gradient(op, dy):
    return softsign_grad(dy, op.inputs[0])


@op("SoftsignGrad", infer=both)
def softsign_grad(gradients, features):
    """The gradient of Softsign."""
    return gradients / torch.square(torch.abs(features) + 1)


@public("nn.relu6")
def relu6(features: Any, name: str | None = None) -> Any:
    """The number, at least 0 and at most 6."""
    with scopes.name_scope(name, "Relu6", [features]) as name:
        return relu6_op(convert.convert_to_tensor(features, name="features"), name=name)


@public("nn.leaky_relu")
def leaky_relu(features: Any, alpha: Any = 0.2, name: str | None = None) -> Any:
    """The number above 0, alpha times it below; integers become float32."""
    with scopes.name_scope(name, "LeakyRelu", [features, alpha]) as name:
        features = convert.convert_to_tensor(features, name="features")
        if features.dtype.is_integer:
            features = math_ops.cast(features, dtypes.float32)
        if isinstance(alpha, np.ndarray):
            alpha = alpha.item()
        return leaky_relu_op(features, alpha=alpha, name=name)


@public("nn.crelu")
def crelu(features: Any, name: str | None = None, axis: int = -1) -> Any:
    """relu of the features and of their negatives, joined along `axis`.

    Source: Shang et al., Understanding and Improving Convolutional Neural Networks via Concatenated
      ReLU, 2016.
    """
    with scopes.name_scope(name, "CRelu", [features]) as name:
        features = convert.convert_to_tensor(features, name="features")
        return relu(array_ops.concat([features, -features], axis, name=name))
