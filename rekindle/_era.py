"""What Python and numpy had in TensorFlow 1's time and have no more: `np.float`, `time.clock`.

Holds `restore`, which `rekindle.install` calls, and `print_numbers_as_then`, which `rekindle run`
calls. A name that is there already is left as it is, so nothing that works today changes.
"""
from __future__ import annotations

import collections
import collections.abc
import inspect
import time
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np


class ArgSpec(NamedTuple):
    """What `inspect.getargspec` gave."""

    args: list[str]
    varargs: str | None
    keywords: str | None
    defaults: tuple[Any, ...] | None


def getargspec(function: Any) -> ArgSpec:
    """The parameters of a function, as `inspect.getargspec` gave them."""
    return ArgSpec(*inspect.getfullargspec(function)[:4])


#: module -> name -> what it was
NAMES: dict[ModuleType, dict[str, Any]] = {
    collections: {name: getattr(collections.abc, name) for name in collections.abc.__all__},
    inspect: {"getargspec": getargspec},
    time: {"clock": time.perf_counter},
    np: {
        "Inf": np.inf,
        "Infinity": np.inf,
        "NINF": -np.inf,
        "NaN": np.nan,
        "PINF": np.inf,
        "alltrue": np.all,
        "asscalar": lambda a: np.asarray(a).item(),
        "bool": bool,
        "complex": complex,
        "complex_": np.complex128,
        "cumproduct": np.cumprod,
        "float": float,
        "float_": np.float64,
        "in1d": lambda a, b, **options: np.isin(np.ravel(a), b, **options),
        "infty": np.inf,
        "int": int,
        "long": int,
        "msort": lambda a: np.sort(a, axis=0),
        "object": object,
        "product": np.prod,
        "round_": np.round,
        "row_stack": np.vstack,
        "sometrue": np.any,
        "str": str,
        "string_": np.bytes_,
        "trapz": getattr(np, "trapezoid", None),
        "unicode": str,
        "unicode_": np.str_,
    },
}


def restore() -> None:
    """Give the modules of `NAMES` the names that they have lost."""
    for module, table in NAMES.items():
        for name, value in table.items():
            if name not in vars(module):
                setattr(module, name, value)


def print_numbers_as_then() -> None:
    """Let numpy 2 write scalars in lists and tuples as numpy 1 did: `[3.0]`, not
    `[np.float32(3.0)]`."""
    if np.lib.NumpyVersion(np.__version__) >= "2.0.0":
        np.set_printoptions(legacy="1.25")
