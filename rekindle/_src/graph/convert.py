"""Python values as tensors: `tf.convert_to_tensor` and the registry of conversion functions.

Holds the registry, the conversions of plain values (which make Const nodes), and `const`. What variables or sparse
tensors do
is registered by their modules.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rekindle._src.graph import scopes, signatures, tensor_value
from rekindle._src.graph.dtypes import DType, as_dtype, int32, int64
from rekindle._src.graph.shapes import Dimension, TensorShape
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public

Conversion = Callable[..., Any]

_registry: list[tuple[int, int, Any, Conversion]] = []
_by_type: dict[type, list[Conversion]] = {}


@public("register_tensor_conversion_function")
def register_tensor_conversion_function(base_type: Any, conversion_func: Conversion, priority: int = 100) -> None:
    """Convert objects of `base_type` by `conversion_func(value, dtype, name, as_ref)`; lower priorities are asked
    first.

    Raises:
      TypeError: the arguments are not a type (or tuple of types) and a function.
    """
    kinds = base_type if isinstance(base_type, tuple) else (base_type,)
    if not all(isinstance(k, type) for k in kinds):
        raise TypeError("base_type must be a type or a tuple of types.")
    if not callable(conversion_func):
        raise TypeError("conversion_func must be callable.")
    _registry.append((priority, len(_registry), base_type, conversion_func))
    _registry.sort(key=lambda entry: entry[:2])
    _by_type.clear()


def _conversions(kind: type) -> list[Conversion]:
    found = _by_type.get(kind)
    if found is None:
        found = _by_type[kind] = [entry[3] for entry in _registry if issubclass(kind, entry[2])]
    return found


@public("convert_to_tensor")
def convert_to_tensor(value: Any, dtype: Any = None, name: str | None = None, preferred_dtype: Any = None,
                      dtype_hint: Any = None) -> Tensor:
    """A tensor of a Python value, array, variable or whatever has a conversion; tensors come back as they are.

    Args:
      value: what to convert.
      dtype: the element type that it must have.
      name: the name of the node that is made, if one is.
      preferred_dtype: the element type to try first.
      dtype_hint: the same.

    Raises:
      TypeError, ValueError: it does not convert to that type.
    """
    return internal_convert(value, dtype, name, False, dtype_hint if preferred_dtype is None else preferred_dtype)


def internal_convert(value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False,
                     preferred_dtype: Any = None) -> Tensor:
    """`convert_to_tensor` with a choice of reference or value for ref variables."""
    if dtype is not None:
        dtype = as_dtype(dtype)
    if isinstance(value, Tensor):
        if dtype is not None and not dtype.is_compatible_with(value._dtype):
            raise ValueError(f"Tensor conversion requested dtype {dtype.name} for Tensor with dtype "
                             f"{value._dtype.name}: {value!r}")
        return value
    conversions = _conversions(type(value))
    if preferred_dtype is not None and dtype is None:
        for convert in conversions:
            try:
                out = convert(value, dtype=as_dtype(preferred_dtype), name=name, as_ref=as_ref)
            except (TypeError, ValueError):
                continue
            if out is not NotImplemented and out is not None:
                return out
    for convert in conversions:
        out = convert(value, dtype=dtype, name=name, as_ref=as_ref)
        if out is NotImplemented:
            continue
        if not isinstance(out, Tensor):
            raise RuntimeError(f"{name}: Conversion function {convert!r} for type {type(value)} returned non-Tensor: "
                               f"{out!r}")
        if dtype is not None and not dtype.is_compatible_with(out._dtype):
            raise RuntimeError(f"{name}: Conversion function {convert!r} for type {type(value)} returned incompatible "
                               f"dtype: requested = {dtype.base_dtype.name}, actual = {out._dtype.name}")
        return out
    raise TypeError(f"Cannot convert {value!r} with type {type(value)} to Tensor: no conversion function registered.")


def convert_all(values: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False,
                preferred_dtype: Any = None) -> list[Tensor]:
    """Each of a list of values as a tensor, named `<name>_0`, `<name>_1`, ...

    Raises:
      TypeError: `values` is no list or tuple.
    """
    if not isinstance(values, (list, tuple)):
        raise TypeError("values must be a list.")
    return [internal_convert(value, dtype, None if name is None else f"{name}_{i}", as_ref, preferred_dtype)
            for i, value in enumerate(values)]


convert_n_to_tensor = convert_all

_CONST = signatures.signature("Const")


def const(array: np.ndarray, dtype: DType, name: str | None = None, graph: Any = None) -> Tensor:
    """A Const node that holds an array."""
    graph = scopes.get_default_graph() if graph is None else graph
    op = graph.add(_CONST, [], {"value": array, "dtype": dtype}, graph._scoped(name or "Const"), [dtype])
    tensor = op.outputs[0]
    tensor._static_shape = array.shape
    return tensor


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str | None = None,
             verify_shape: bool = False) -> Tensor:
    """A Const node of a Python or numpy value, by TensorFlow's typing rules."""
    array, actual = tensor_value.as_array(value, dtype, shape, verify_shape)
    if array.nbytes > (1 << 31):
        raise ValueError("Cannot create a tensor proto whose content is larger than 2GB.")
    if isinstance(value, np.ndarray) and np.shares_memory(array, value):
        array = array.copy()
    return const(array, actual, name)


def _plain(value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    return constant(value, dtype, name=name)


def _tensor_shape(value: TensorShape, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    if not value.is_fully_defined():
        raise ValueError(f"Cannot convert a partially known TensorShape to a Tensor: {value}")
    sizes = value.as_list()
    if dtype is None:
        dtype = int64 if any((d or 0) >= 2**31 for d in sizes) else int32
    elif dtype not in (int32, int64):
        raise TypeError(f"Cannot convert a TensorShape to dtype: {dtype}")
    return constant(sizes, dtype, name=name or "shape_as_tensor")


def _dimension(value: Dimension, dtype: Any = None, name: str | None = None, as_ref: bool = False) -> Tensor:
    if value.value is None:
        raise ValueError(f"Cannot convert an unknown Dimension to a Tensor: {value}")
    if dtype is None:
        dtype = int64 if value.value >= 2**31 else int32
    elif dtype not in (int32, int64):
        raise TypeError(f"Cannot convert a TensorShape to dtype: {dtype}")
    return constant(value.value, dtype, name=name or "shape_as_tensor")


register_tensor_conversion_function((list, tuple), _plain, 100)
register_tensor_conversion_function((np.ndarray, np.generic), _plain, 100)
register_tensor_conversion_function(TensorShape, _tensor_shape, 100)
register_tensor_conversion_function(Dimension, _dimension, 100)
register_tensor_conversion_function(object, _plain, 200)
