"""Scalars on the host: the kernels of a few ops on scalars of numpy, for values that steer loops.

A scalar of numpy has its tensor's type and wraps, rounds and overflows as that does, at a twentieth of the price.
Operations that round differently (exp, log) or may fail (division of integers) are not here.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from rekindle._src.graph import dtypes

FLOATS = frozenset([dtypes.float32, dtypes.float64])
INTEGERS = frozenset([dtypes.int32, dtypes.int64])
BOOLS = frozenset([dtypes.bool_])
ALL = FLOATS | INTEGERS | BOOLS


@dataclasses.dataclass(frozen=True, slots=True)
class HostKernel:
    """How to compute an op's output on the host."""

    function: Callable[..., Any]
    types: frozenset[Any]  # of the inputs
    operator: bool = False  # a constant among the operands may be a number of Python


def _operators(names: str, types: frozenset[Any], function: Callable[..., Any]) -> dict[str, HostKernel]:
    return {name: HostKernel(function, types, operator=True) for name in names.split()}


def _add(x, y):
    return x + y


def _subtract(x, y):
    return x - y


def _multiply(x, y):
    return x * y


def _divide(x, y):
    return x / y


def _less(x, y):
    return x < y


def _less_equal(x, y):
    return x <= y


def _greater(x, y):
    return x > y


def _greater_equal(x, y):
    return x >= y


def _equal(x, y):
    return x == y


def _not_equal(x, y):
    return x != y


def _and(x, y):
    return x & y


def _or(x, y):
    return x | y


def _not(x):
    return ~x


def _negative(x):
    return -x


def _square(x):
    return x * x


def _minimum(x, y):
    return x if x < y else y


def _maximum(x, y):
    return x if x > y else y


def _select(condition, t, e):
    return t if condition else e


def _cast(x, *, to):
    return to(x)


NUMBERS = FLOATS | INTEGERS
#: op type -> its kernel on the host
ON_HOST: dict[str, HostKernel] = {
    **_operators("Add AddV2", NUMBERS, _add), **_operators("Sub", NUMBERS, _subtract),
    **_operators("Mul", NUMBERS, _multiply), **_operators("RealDiv Div", FLOATS, _divide),
    **_operators("Less", NUMBERS, _less), **_operators("LessEqual", NUMBERS, _less_equal),
    **_operators("Greater", NUMBERS, _greater), **_operators("GreaterEqual", NUMBERS, _greater_equal),
    **_operators("Equal", ALL, _equal), **_operators("NotEqual", ALL, _not_equal),
    "LogicalAnd": HostKernel(_and, BOOLS), "LogicalOr": HostKernel(_or, BOOLS), "LogicalNot": HostKernel(_not, BOOLS),
    "Neg": HostKernel(_negative, NUMBERS), "Square": HostKernel(_square, NUMBERS),
    "Minimum": HostKernel(_minimum, INTEGERS), "Maximum": HostKernel(_maximum, INTEGERS),
    "Select": HostKernel(_select, ALL), "Cast": HostKernel(_cast, ALL)}

#: op type -> the inputs, counted, that its usual kernel takes as integers of numpy too
TAKES_HOST: dict[str, tuple[int, ...]] = {
    "TensorArrayReadV3": (1,), "TensorArrayWriteV3": (1,), "TensorArrayV3": (0,), "Range": (0, 1, 2)}


def casts(source: Any, target: Any) -> bool:
    """True if numbers of one type become those of another in one way only."""
    return source in ALL and target in ALL and (source not in FLOATS or target in FLOATS)


def numpy_type(dtype: Any) -> Any:
    """The class of numpy's scalars of a type."""
    return np.dtype(dtype.as_numpy_dtype).type


def array_size(handle: Any, flow_in: Any) -> Any:
    """The number of elements of a TensorArray."""
    handle.check_open()
    return np.int32(len(handle))


def to_host(value: Any) -> Any:
    """A scalar tensor as a scalar of numpy."""
    return value.cpu().numpy()[()]


def to_tensor(value: Any) -> Any:
    """A scalar of numpy as a tensor."""
    return torch.from_numpy(np.asarray(value))
