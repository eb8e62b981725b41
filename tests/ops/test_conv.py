"""Convolutions that TensorFlow's CPU kernels refuse: channels first, dilated backprops, old ops."""

from __future__ import annotations

import pytest
import torch

from rekindle._src.graph import opdef

torch.manual_seed(0)
ONES = [1, 1, 1, 1]


def kernel(name, *inputs, **attrs):
    return opdef.OPS[name].kernel(*inputs, **attrs)


def by_torch(x, w, dy, **options):
    """What torch gives for an NHWC convolution: result, dx, dw."""
    x, w = (t.detach().clone().requires_grad_() for t in (x, w))
    y = torch.nn.functional.conv2d(x.permute(0, 3, 1, 2), w.permute(3, 2, 0, 1), **options)
    y = y.permute(0, 2, 3, 1)
    if dy is not None:
        y.backward(dy)
    return y.detach(), x.grad, w.grad


def assert_close(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size, window", [((9, 6, 1), (3, 6)), ((9, 6, 3), (3, 6)), ((5, 5, 2), (5, 5)),
                                          ((8, 7, 1), (3, 2))], ids=str)
def test_windows_as_wide_as_the_image_and_images_of_one_channel(size, window, stride):
    x, w = torch.randn(2, *size), torch.randn(*window, size[2], 4)
    y, _, _ = by_torch(x, w, None, stride=stride)
    dy = torch.randn_like(y)
    y, dx, dw = by_torch(x, w, dy, stride=stride)
    attrs = {"strides": [1, stride, stride, 1], "padding": "VALID", "explicit_paddings": [], "data_format": "NHWC",
             "dilations": ONES}
    assert_close(kernel("Conv2D", x, w, **attrs), y)
    assert_close(kernel("Conv2DBackpropInput", torch.tensor(x.shape), w, dy, **attrs), dx)
    assert_close(kernel("Conv2DBackpropFilter", x, torch.tensor(w.shape), dy, **attrs), dw)


@pytest.mark.parametrize("dilation", [(1, 1), (2, 1), (2, 3)])
@pytest.mark.parametrize("stride", [(1, 1), (2, 1)])
@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_layouts_and_dilations(layout, stride, dilation):
    x, w = torch.randn(2, 9, 10, 3), torch.randn(3, 2, 3, 4)
    y, _, _ = by_torch(x, w, None, stride=stride, dilation=dilation)
    dy = torch.randn_like(y)
    y, dx, dw = by_torch(x, w, dy, stride=stride, dilation=dilation)

    def ours(t):
        return t.permute(0, 3, 1, 2).contiguous() if layout == "NCHW" else t

    def back(t):
        return t.permute(0, 2, 3, 1) if layout == "NCHW" else t

    def full(pair):
        return [1, 1, *pair] if layout == "NCHW" else [1, *pair, 1]

    attrs = {
        "strides": full(stride),
        "padding": "VALID",
        "data_format": layout,
        "dilations": full(dilation),
    }
    assert_close(back(kernel("Conv2D", ours(x), w, **attrs)), y)
    sizes = torch.tensor(ours(x).shape)
    found = kernel("Conv2DBackpropInput", sizes, w, ours(dy), **attrs)
    assert_close(back(found), dx)
    found = kernel("Conv2DBackpropFilter", ours(x), torch.tensor(w.shape), ours(dy), **attrs)
    assert_close(found, dw)


def test_same_padding_puts_the_odd_row_at_the_end():
    x, w = torch.ones(1, 4, 1, 1), torch.tensor([1.0, 10.0]).reshape(2, 1, 1, 1)
    y = kernel("Conv2D", x, w, strides=ONES, padding="SAME")
    assert y.flatten().tolist() == [11, 11, 11, 1]


def test_groups():
    x, w = torch.randn(2, 5, 6, 4), torch.randn(3, 3, 2, 6)
    y = kernel("Conv2D", x, w, strides=ONES, padding="VALID")
    assert_close(y, by_torch(x, w, None, groups=2)[0])


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_depthwise_layouts(layout):
    x, w = torch.randn(2, 6, 7, 3), torch.randn(3, 2, 3, 2)
    expected = kernel("DepthwiseConv2dNative", x, w, strides=ONES, padding="SAME")
    dense = torch.zeros(3, 2, 3, 6)
    for c in range(3):
        dense[:, :, c, 2 * c : 2 * c + 2] = w[:, :, c]
    same = kernel("Conv2D", x, dense, strides=ONES, padding="SAME")
    assert_close(expected, same)
    if layout == "NCHW":
        found = kernel(
            "DepthwiseConv2dNative",
            x.permute(0, 3, 1, 2).contiguous(),
            w,
            strides=ONES,
            padding="SAME",
            data_format=layout,
        )
        assert_close(found.permute(0, 2, 3, 1), expected)


def test_old_gradients_of_three_dimensions():
    # Conv3DBackpropInput and Conv3DBackpropFilter, which graphs of GraphDef version 10 or later may
    # not use, take the shapes from tensors.
    x, w, dy = torch.randn(2, 4, 5, 6, 3), torch.randn(2, 3, 2, 3, 4), torch.randn(2, 4, 5, 6, 4)
    attrs = {"strides": [1, 1, 1, 1, 1], "padding": "SAME"}
    found = kernel("Conv3DBackpropInput", x, w, dy, **attrs)
    sizes = torch.tensor(x.shape)
    assert_close(found, kernel("Conv3DBackpropInputV2", sizes, w, dy, **attrs))
    found = kernel("Conv3DBackpropFilter", x, w, dy, **attrs)
    sizes = torch.tensor(w.shape)
    assert_close(found, kernel("Conv3DBackpropFilterV2", x, sizes, dy, **attrs))
