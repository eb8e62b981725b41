"""Tensors to safetensors files and back: names, types, shapes and values.

Holds `write_safetensors` and `read_safetensors`. What the format has no type for stands in its metadata: strings in
base64 under "rekindle.strings", other types' names under "rekindle.dtypes" with their values as the nearest type.
Nothing is unpickled: the format has no code in it.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import safetensors
from safetensors.numpy import save_file

from rekindle._src import errors
from rekindle._src.formats.files import file_error, open_file
from rekindle._src.graph import dtypes
from rekindle._src.graph.dtypes import DType

STRINGS, TYPES = "rekindle.strings", "rekindle.dtypes"
Named = tuple[str, DType, np.ndarray]


def write_safetensors(path: str, tensors: Iterable[Named], metadata: dict[str, str]) -> None:
    """Write (name, dtype, array) to a file; a reader sees the old file or the new one, never a part.

    Raises:
      errors.OpError: it cannot be written.
    """
    arrays: dict[str, np.ndarray] = {}
    strings: dict[str, Any] = {}
    types: dict[str, str] = {}
    for name, dtype, array in tensors:
        if dtype is dtypes.string:
            values = [base64.b64encode(one).decode() for one in array.reshape(-1).tolist()]
            strings[name] = {"shape": list(array.shape), "values": values}
            continue
        plain = _plain(array, dtype)
        if plain is not array:
            types[name] = dtype.name
        arrays[name] = np.ascontiguousarray(plain).reshape(plain.shape)
    whole = dict(metadata, format="np")
    if strings:
        whole[STRINGS] = json.dumps(strings)
    if types:
        whole[TYPES] = json.dumps(types)
    folder = os.path.dirname(os.path.abspath(path))
    try:
        handle, partial = tempfile.mkstemp(".tempstate", os.path.basename(path), folder)
        os.close(handle)
        try:
            save_file(arrays, partial, whole)
            os.replace(partial, path)
        except BaseException:
            os.remove(partial)
            raise
    except OSError as error:
        raise file_error(error, path) from None


def _plain(array: np.ndarray, dtype: DType) -> np.ndarray:
    """The array in a type that the format has."""
    if dtype.is_quantized:
        return array.view(array.dtype[0]) if array.dtype.fields else array.view()
    if dtype is dtypes.complex128:
        return array.reshape(-1).view(np.float64).reshape(*array.shape, 2)
    return array


def read_safetensors(path: str) -> Iterator[Named]:
    """Yield (name, dtype, array) of each tensor, one after the other.

    Raises:
      errors.NotFoundError: there is no such file.
      errors.DataLossError: it is no such file.
    """
    open_file(path, "rb").close()
    try:
        with safetensors.safe_open(path, "np") as file:
            metadata = file.metadata() or {}
            types = json.loads(metadata.get(TYPES, "{}"))
            for name in sorted(file.keys()):
                yield _named(name, file.get_tensor(name), types.get(name))
            for name, one in sorted(json.loads(metadata.get(STRINGS, "{}")).items()):
                array = np.empty(len(one["values"]), object)
                array[:] = [base64.b64decode(text, validate=True) for text in one["values"]]
                yield name, dtypes.string, array.reshape(one["shape"])
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        message = f"{path} is no safetensors file that can be read: {error}"
        raise errors.DataLossError(None, None, message) from None


def _named(name: str, array: np.ndarray, kind: str | None) -> Named:
    if kind is None:
        return name, dtypes.as_dtype(array.dtype), array
    dtype = dtypes.as_dtype(kind)
    if dtype is dtypes.complex128:
        return name, dtype, array.reshape(-1).view(np.complex128).reshape(array.shape[:-1])
    return name, dtype, array.view(dtype.as_numpy_dtype)
