"""Pooling: maxima by slices against torch, ties, and ops that TensorFlow has on GPUs only."""

from __future__ import annotations

import pytest
import torch

from rekindle._src.graph import dtypes, opdef
from rekindle._src.ops import sliding

torch.manual_seed(0)


def kernel(name, *inputs, **attrs):
    return opdef.OPS[name].kernel(*inputs, **attrs)


def by_torch(x, window, stride):
    x = x.detach().clone().requires_grad_()
    y = torch.nn.functional.max_pool2d(x.permute(0, 3, 1, 2), window, stride).permute(0, 2, 3, 1)
    return x, y


@pytest.mark.parametrize(
    ("window", "stride"), [((2, 2), (2, 2)), ((3, 3), (2, 2)), ((2, 3), (1, 3))]
)
def test_maxima_are_those_of_torch(window, stride):
    x, y = by_torch(torch.randn(2, 8, 9, 5), window, stride)
    attrs = {"ksize": [1, *window, 1], "strides": [1, *stride, 1], "padding": "VALID"}
    found = kernel("MaxPool", x.detach(), **attrs)
    torch.testing.assert_close(found, y.detach())
    dy = torch.randn_like(y)
    y.backward(dy)
    torch.testing.assert_close(kernel("MaxPoolGrad", x.detach(), found, dy, **attrs), x.grad)


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize(("window", "stride", "padding"), [(2, 2, "VALID"), (3, 2, "SAME"), (3, 1, "SAME")])
def test_compiled_loops_find_the_maxima_of_slices(window, stride, padding, positive, monkeypatch):
    x = torch.randn(3, 61, 40, 40)
    x[1, 2, 3, 4], x[0, 60, 39, 0] = float("nan"), float("-inf")
    plan = ([1, window, window, 1], [1, stride, stride, 1], padding, positive)
    found = sliding.maximum(x, *plan)
    monkeypatch.setattr(sliding, "_has_loops", lambda x, ksize: False)
    torch.testing.assert_close(found, sliding.maximum(x, *plan), equal_nan=True, rtol=0, atol=0)


def test_first_of_equal_maxima_gets_the_gradient():
    x = torch.zeros(1, 2, 4, 1)
    attrs = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"}
    y = kernel("MaxPool", x, **attrs)
    dx = kernel("MaxPoolGrad", x, y, torch.tensor([3.0, 5.0]).reshape(y.shape), **attrs)
    assert dx.flatten().tolist() == [3, 0, 5, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("with_batch", [False, True])
def test_places_of_maxima_and_back(with_batch):
    x = torch.randn(2, 4, 6, 3)
    attrs = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": "VALID"}
    y, places = kernel(
        "MaxPoolWithArgmax", x, Targmax=dtypes.int64, include_batch_in_index=with_batch, **attrs
    )
    found = kernel("MaxPoolGradGradWithArgmax", x, x, places, include_batch_in_index=with_batch)
    torch.testing.assert_close(found, y)
    dy = torch.randn_like(y)
    dx = kernel("MaxPoolGradWithArgmax", x, dy, places, include_batch_in_index=with_batch)
    torch.testing.assert_close(dx, kernel("MaxPoolGrad", x, y, dy, **attrs))
