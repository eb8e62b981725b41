"""Feeds: what users give for tensors, as arrays of the right type and shape.

Holds `expand` (feed_dict keys to tensors) and `as_value` (a Python value for one tensor).
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rekindle._src.graph import dtypes, sparse
from rekindle._src.graph.tensor import Tensor

_LIMITED = (np.integer, int)


def expand(graph: Any, key: Any, value: Any) -> list[tuple[Tensor, Any]]:
    """The tensors that a feed_dict entry stands for, each with its value.

    Raises:
      TypeError: the key is nothing that can be fed.
    """
    for kind, function in _EXPANSIONS:
        if isinstance(key, kind):
            return function(key, value)
    try:
        return [(graph.as_graph_element(key, allow_operation=False), value)]
    except (TypeError, ValueError, KeyError) as error:
        raise TypeError(f"Cannot interpret feed_dict key as Tensor: {error.args[0]}") from None


def _sparse(key: Any, value: Any) -> list[tuple[Tensor, Any]]:
    return list(zip([key.indices, key.values, key.dense_shape], tuple(value), strict=False))


def _slices(key: Any, value: Any) -> list[tuple[Tensor, Any]]:
    parts = [key.values, key.indices] + ([] if key.dense_shape is None else [key.dense_shape])
    given = [value.values, value.indices, value.dense_shape] if hasattr(value, "values") else list(value)
    return list(zip(parts, given, strict=False))


_EXPANSIONS: list[tuple[Any, Callable[[Any, Any], list[tuple[Tensor, Any]]]]] = [
    (sparse.SparseTensor, _sparse), (sparse.IndexedSlices, _slices)]


def as_value(tensor: Tensor, value: Any) -> np.ndarray:
    """A Python value as an array to feed for `tensor`.

    Raises:
      TypeError: it is a tensor, or an integer that the type cannot hold.
      ValueError: it does not convert, or its shape does not fit.
    """
    dtype = tensor._dtype._base
    kind = dtype.as_numpy_dtype
    if type(value) is np.ndarray and value.dtype == kind:
        array = value
    else:
        array = _convert(tensor, dtype, kind, value)
    shape = tensor._static_shape
    if shape is not None and (len(shape) != array.ndim or any(
            d is not None and d != n for d, n in zip(shape, array.shape, strict=True))):
        raise ValueError(f"Cannot feed value of shape {array.shape!r} for Tensor {tensor.name!r}, which has shape "
                         f"{str(tensor.get_shape())!r}")
    return array


def _convert(tensor: Tensor, dtype: Any, kind: Any, value: Any) -> np.ndarray:
    if isinstance(value, Tensor):
        raise TypeError("The value of a feed cannot be a tf.Tensor object. Acceptable feed values include Python "
                        "scalars, strings, lists, numpy ndarrays, or TensorHandles. For reference, the tensor object "
                        f"was {value} which was passed to the feed with key {tensor}.")
    if isinstance(value, _LIMITED) and dtype.is_numpy_compatible and dtype is not dtypes.string and (
            np.array(value).astype(kind) != value):
        raise TypeError(f"Type of feed value {value} with type {type(value)} is not compatible with Tensor type "
                        f"{kind}. "
                        "Try explicitly setting the type of the feed tensor to a larger type (e.g. int64).")
    if dtype is dtypes.string:
        return _strings(value)
    if dtype.kind == "o":
        array = np.empty((), object)
        array[()] = value
        return array
    return np.asarray(value, kind)


def _strings(value: Any) -> np.ndarray:
    array = np.asarray(value, object) if not isinstance(value, (str, bytes)) else np.array(value, object)
    flat = [one.encode() if isinstance(one, str) else one for one in array.reshape(-1).tolist()]
    out = np.empty(len(flat), object)
    out[:] = flat
    return out.reshape(array.shape)


