"""Zeros and sums of values of type variant, of what kind they are: tensor lists, optionals, arrays of such.

A kind of value has the methods `zeros_like()` and `plus(other)`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from rekindle._src.ops.string_codes import VARIANT_KERNELS


def zeros_like(value: Any) -> Any:
    """A value with zeros in the place of all numbers in it, and empty strings."""
    if isinstance(value, torch.Tensor):
        return torch.zeros_like(value)
    if not isinstance(value, np.ndarray):
        return value.zeros_like()
    if value.size and not isinstance(value.flat[0], bytes):
        return _mapped(zeros_like, value)
    return np.full(value.shape, b"", object)


def plus(a: Any, b: Any) -> Any:
    """The sum of two values of one kind."""
    if isinstance(a, torch.Tensor):
        return a + b
    return _mapped(plus, a, b) if isinstance(a, np.ndarray) else a.plus(b)


def total(inputs: list[Any]) -> Any:
    """The sum of values of one kind."""
    return functools.reduce(plus, inputs)


def _mapped(function: Callable[..., Any], *arrays: np.ndarray) -> np.ndarray:
    out = np.empty(arrays[0].shape, object)
    for place in np.ndindex(out.shape):
        out[place] = function(*(array[place] for array in arrays))
    return out


VARIANT_KERNELS.update(AddN=total, ZerosLike=zeros_like)
