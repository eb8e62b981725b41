"""What Python and numpy had in TensorFlow 1's time and have no more: `np.float`, `time.clock`.

Holds `restore`, which `rekindle.install` calls, and `print_numbers_as_then`, which `rekindle run`
calls. A name that is there already is left as it is, and a call that works today gives what it
gives today, so nothing that works changes.
"""
from __future__ import annotations

import base64
import collections
import collections.abc
import ctypes
import fractions
import functools
import gc
import inspect
import math
import random
import threading
import time
import warnings
from collections.abc import Callable
from types import GetSetDescriptorType, ModuleType
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


class Casts:
    """What `np.cast` was: `np.cast[dtype](a)` is `a` as an array of that type."""

    def __getitem__(self, dtype: Any) -> Callable[[Any], Any]:
        return functools.partial(np.asarray, dtype=dtype)


#: module or class -> name -> what it was
NAMES: dict[ModuleType | type, dict[str, Any]] = {
    base64: {"encodestring": base64.encodebytes, "decodestring": base64.decodebytes},
    collections: {name: getattr(collections.abc, name) for name in collections.abc.__all__},
    fractions: {"gcd": math.gcd},
    inspect: {"getargspec": getargspec},
    np.lib: {"pad": np.pad},
    threading.Thread: {"isAlive": threading.Thread.is_alive},
    time: {"clock": time.perf_counter},
    np: {
        "Inf": np.inf,
        "Infinity": np.inf,
        "NINF": -np.inf,
        "NaN": np.nan,
        "PINF": np.inf,
        "alen": len,
        "alltrue": np.all,
        "asfarray": lambda a, dtype=np.float64: np.asarray(a, dtype),
        "asscalar": lambda a: np.asarray(a).item(),
        "bool": bool,
        "bool8": np.bool_,
        "cast": Casts(),
        "complex": complex,
        "complex_": np.complex128,
        "cumproduct": np.cumprod,
        "float": float,
        "float_": np.float64,
        "in1d": lambda a, b, **options: np.isin(np.ravel(a), b, **options),
        "infty": np.inf,
        "int": int,
        "long": int,
        "longfloat": np.longdouble,
        "mat": np.asmatrix,
        "math": math,
        "msort": lambda a: np.sort(a, axis=0),
        "object": object,
        "product": np.prod,
        "rank": np.ndim,
        "round_": np.round,
        "row_stack": np.vstack,
        "sometrue": np.any,
        "str": str,
        "string_": np.bytes_,
        "trapz": getattr(np, "trapezoid", None),
        "typeDict": np.sctypeDict,
        "unicode": str,
        "unicode_": np.str_,
    },
}


def _itemset(array: np.ndarray, *where_and_value: Any) -> None:
    *where, value = where_and_value
    if len(where) == 1 and not isinstance(where[0], tuple):
        array.flat[where[0]] = value
    else:
        array[tuple(where[0]) if len(where) == 1 else tuple(where)] = value


#: what arrays and scalars of numpy could do
METHODS: dict[type, dict[str, Any]] = {
    np.ndarray: {
        "itemset": _itemset,
        "ptp": lambda a, *where, **options: np.ptp(a, *where, **options),
        "tostring": lambda a, order="C": a.tobytes(order),
    },
    np.generic: {"tostring": lambda a, order="C": a.tobytes()},
}


def _made_as_then(make: Callable[..., Any]) -> Callable[..., Any]:
    """`np.array` or `np.asarray` that takes rows of different lengths, as an array of objects, and
    copies where it has to although `copy=False`."""

    def then(*arguments: Any, **options: Any) -> Any:
        try:
            return make(*arguments, **options)
        except ValueError as error:
            if "inhomogeneous shape" in str(error) and len(arguments) == 1 and "dtype" not in options:
                return make(*arguments, dtype=object, **options)
            if "Unable to avoid copy" in str(error) and options.get("copy") is False:
                return then(*arguments, **{**options, "copy": None})
            raise

    return then


def _read_as_then(read: Callable[..., Any]) -> Callable[..., Any]:
    """`np.fromstring` that takes bytes."""

    def then(string: Any, dtype: Any = float, count: int = -1, sep: str = "", **options: Any) -> Any:
        if sep == "" and not options:
            return np.frombuffer(string, dtype, count).copy()
        return read(string, dtype, count, sep=sep, **options)

    return then


def _shaped_as_then(reshape: Callable[..., Any]) -> Callable[..., Any]:
    """`np.reshape` whose shape may be called `newshape`."""

    def then(a: Any, *arguments: Any, **options: Any) -> Any:
        if "newshape" in options:
            options["shape"] = options.pop("newshape")
        return reshape(a, *arguments, **options)

    return then


def _sampled_as_then(sample: Callable[..., Any]) -> Callable[..., Any]:
    """`random.sample` that takes sets and the keys of dictionaries."""

    def then(population: Any, k: int, **options: Any) -> Any:
        if isinstance(population, collections.abc.Set):
            population = tuple(population)
        return sample(population, k, **options)

    return then


#: functions that took more than they do today -> what makes them take it again
CALLS: dict[ModuleType, dict[str, Callable[[Any], Any]]] = {
    np: {
        "array": _made_as_then,
        "asarray": _made_as_then,
        "fromstring": _read_as_then,
        "reshape": _shaped_as_then,
    },
    random: {"sample": _sampled_as_then},
}


_adapted: list[Callable[..., Any]] = []  # what `restore` put in place of functions


def restore() -> None:
    """Give back what `NAMES`, `METHODS` and `CALLS` list, as far as it is lost."""
    for place, names in NAMES.items():
        for name, value in names.items():
            if name not in vars(place):
                setattr(place, name, value)
    for kind, methods in METHODS.items():
        for name, method in methods.items():
            # numpy 2.0 to 2.3 have attributes in their place that say what to write instead
            if isinstance(vars(kind).get(name), GetSetDescriptorType | None):
                _set_method(kind, name, method)
    for module, calls in CALLS.items():
        for name, adapt in calls.items():
            today = getattr(module, name)
            if today not in _adapted:
                adapted = functools.wraps(today)(adapt(today))
                _adapted.append(adapted)
                setattr(module, name, adapted)
    for said in ("Conversion of an array with ndim > 0", r"tostring\(\) is deprecated"):
        warnings.filterwarnings("ignore", said, DeprecationWarning)


def _set_method(kind: type, name: str, method: Callable[..., Any]) -> None:
    """Give a class that is written in C a method: Python keeps that from being set, but not the dictionary."""
    [attributes] = gc.get_referents(vars(kind))
    attributes[name] = method
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(kind))


def print_numbers_as_then() -> None:
    """Let numpy 2 write scalars in lists and tuples as numpy 1 did: `[3.0]`, not
    `[np.float32(3.0)]`."""
    if np.lib.NumpyVersion(np.__version__) >= "2.0.0":
        np.set_printoptions(legacy="1.25")
