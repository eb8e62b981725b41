"""Arithmetic in the memory of its first operand; the compiler puts it where nothing else needs the operand."""
from __future__ import annotations

from typing import Any

import torch


def mul(x: Any, y: Any) -> Any:
    """x y, of x's shape."""
    return x.mul_(y)


def add(x: Any, y: Any) -> Any:
    """x + y, of x's shape."""
    return x.add_(y)


def sub(x: Any, y: Any) -> Any:
    """x - y, of x's shape."""
    return x.sub_(y)


def div(x: Any, y: Any) -> Any:
    """x / y, of x's shape."""
    return x.div_(y)


def relu(x: Any) -> Any:
    """The greater of x and 0."""
    return torch.relu_(x)


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    return torch.sigmoid_(x)


def tanh(x: Any) -> Any:
    """The hyperbolic tangent."""
    return torch.tanh_(x)
