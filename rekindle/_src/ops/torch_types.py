"""The torch dtype of each TensorFlow dtype, and the way between numpy arrays and torch tensors.

Holds `to_torch` and `to_numpy`; importing it fills `DType.torch`. Strings stay numpy arrays of bytes on both sides.
"""
from __future__ import annotations

from typing import Any

import numpy as np
import torch

from rekindle._src.graph import dtypes
from rekindle._src.graph.dtypes import DType

TORCH = {
    dtypes.float32: torch.float32, dtypes.float64: torch.float64, dtypes.float16: torch.float16,
    dtypes.bfloat16: torch.bfloat16, dtypes.int8: torch.int8, dtypes.int16: torch.int16, dtypes.int32: torch.int32,
    dtypes.int64: torch.int64, dtypes.uint8: torch.uint8, dtypes.uint16: torch.uint16, dtypes.uint32: torch.uint32,
    dtypes.uint64: torch.uint64, dtypes.bool_: torch.bool, dtypes.complex64: torch.complex64,
    dtypes.complex128: torch.complex128, dtypes.qint8: torch.int8, dtypes.quint8: torch.uint8,
    dtypes.qint16: torch.int16, dtypes.quint16: torch.uint16, dtypes.qint32: torch.int32}
for _dtype, _torch in TORCH.items():
    _dtype.torch = _dtype._as_ref.torch = _torch
FROM_TORCH = {_torch: _dtype for _dtype, _torch in reversed(TORCH.items())}


def to_torch(array: np.ndarray, dtype: DType) -> Any:
    """An array as the value of a tensor of type `dtype`; it may share the array's memory."""
    if dtype.torch is None:
        return array
    if dtype.kind == "q" and array.dtype.fields:
        array = array.view(array.dtype[0])
    elif dtype is dtypes.bfloat16:
        return torch.from_numpy(_plain(array).view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(_plain(array))


def _plain(array: np.ndarray) -> np.ndarray:
    """The array, copied if torch could not share its memory."""
    if array.flags.c_contiguous and array.flags.writeable:
        return array
    return np.array(array, order="C")


def to_numpy(value: Any, dtype: DType | None = None) -> Any:
    """A value as an array; it may share the tensor's memory. Other objects come back as they are."""
    if not isinstance(value, torch.Tensor):
        return value
    value = value.detach()
    if value.device.type != "cpu":
        value = value.cpu()
    if value.dtype is torch.bfloat16:
        return value.view(torch.int16).numpy().view(dtypes.bfloat16.as_numpy_dtype)
    if dtype is not None and dtype.kind == "q":
        return np.ascontiguousarray(value.numpy()).view(dtype.as_numpy_dtype)
    return value.resolve_conj().resolve_neg().numpy() if value.is_complex() else value.numpy()
