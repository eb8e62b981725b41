"""Batch norm against its definition: values and gradients, training and not, the op of old."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rekindle as tf
from rekindle._src.graph import opdef

torch.manual_seed(0)
X = torch.randn(3, 4, 5, 2)
SCALE, OFFSET = torch.tensor([1.5, 0.5]), torch.tensor([0.1, -0.2])
MEAN, VARIANCE = torch.tensor([0.3, -0.1]), torch.tensor([0.7, 1.4])
NONE = torch.zeros(0)


def kernel(name, *inputs, **attrs):
    return opdef.OPS[name].kernel(*inputs, **attrs)


def defined(x, scale, offset, mean, variance, epsilon):
    return (x - mean) * torch.rsqrt(variance + epsilon) * scale + offset


def with_gradients(function, *inputs):
    inputs = [t.detach().clone().requires_grad_() for t in inputs]
    y = function(*inputs)
    dy = torch.randn_like(y)
    y.backward(dy)
    return y.detach(), dy, [t.grad for t in inputs]


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_training(layout):
    def whole(x, scale, offset):
        mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2), correction=0)
        return defined(x, scale, offset, mean, variance, 0.01)

    def ours(t):
        return t.permute(0, 3, 1, 2).contiguous() if layout == "NCHW" else t

    def back(t):
        return t.permute(0, 2, 3, 1) if layout == "NCHW" else t

    y, dy, gradients = with_gradients(whole, X, SCALE, OFFSET)
    attrs = {"epsilon": 0.01, "data_format": layout, "is_training": True}
    found = kernel("FusedBatchNormV3", ours(X), SCALE, OFFSET, NONE, NONE, **attrs)
    torch.testing.assert_close(back(found[0]), y, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(found[1], X.mean((0, 1, 2)))
    torch.testing.assert_close(found[2], X.var((0, 1, 2)))
    reserved = found[3:6]
    found = kernel("FusedBatchNormGradV3", ours(dy), ours(X), SCALE, *reserved, **attrs)
    torch.testing.assert_close(back(found[0]), gradients[0], rtol=1e-3, atol=1e-5)
    torch.testing.assert_close(found[1], gradients[1], rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(found[2], gradients[2], rtol=1e-3, atol=1e-4)


def test_inference():
    def whole(x, scale, offset):
        return defined(x, scale, offset, MEAN, VARIANCE, 0.01)

    y, dy, gradients = with_gradients(whole, X, SCALE, OFFSET)
    attrs = {"epsilon": 0.01, "is_training": False}
    found = kernel("FusedBatchNorm", X, SCALE, OFFSET, MEAN, VARIANCE, **attrs)[0]
    torch.testing.assert_close(found, y, rtol=1e-4, atol=1e-5)
    found = kernel("FusedBatchNormGrad", dy, X, SCALE, MEAN, VARIANCE, **attrs)
    for one, expected in zip(found, gradients, strict=False):
        torch.testing.assert_close(one, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("scales", [False, True])
def test_op_of_old(scales):
    # BatchNormWithGlobalNormalization and BatchNormWithGlobalNormalizationGrad, which graphs of
    # GraphDef version 9 or later may not use.
    def whole(x, mean, variance, beta, gamma):
        return defined(x, gamma if scales else 1 + 0 * gamma, beta, mean, variance, 0.01)

    y, dy, gradients = with_gradients(whole, X, MEAN, VARIANCE, OFFSET, SCALE)
    attrs = {"variance_epsilon": 0.01, "scale_after_normalization": scales}
    name = "BatchNormWithGlobalNormalization"
    found = kernel(name, X, MEAN, VARIANCE, OFFSET, SCALE, **attrs)
    torch.testing.assert_close(found, y, rtol=1e-4, atol=1e-5)
    found = kernel(name + "Grad", X, MEAN, VARIANCE, SCALE, dy, **attrs)
    for one, expected in zip(found, gradients, strict=True):
        torch.testing.assert_close(one, expected, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("is_training", [True, False])
def test_fused_batch_norm_has_second_derivatives(is_training):
    values = np.random.RandomState(0).randn(4, 3, 3, 2).astype(np.float32)
    with tf.Graph().as_default(), tf.Session() as session:
        moments = [None, None]
        if not is_training:
            moments = [tf.constant([0.1, 0.2]), tf.constant([1.1, 0.7])]
        x = tf.constant(values)
        scale, offset = tf.constant([1.0, 2.0]), tf.constant([0.5, 1.0])
        fused = tf.nn.fused_batch_norm(x, scale, offset, *moments, 0.01, is_training=is_training)[0]
        mean, variance = tf.nn.moments(x, [0, 1, 2]) if is_training else moments
        plain = tf.nn.batch_normalization(x, mean, variance, offset, scale, 0.01)
        seconds = []
        for y in (fused, plain):
            first = tf.gradients(tf.reduce_sum(y**3), x)[0]
            seconds.append(tf.gradients(tf.reduce_sum(first * first), x)[0])
        one, other = session.run(seconds)
    np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-3 * np.abs(other).max())
