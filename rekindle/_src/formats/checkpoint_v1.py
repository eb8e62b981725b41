"""Checkpoints of the first format: one table whose values are messages with the tensors in them.

Holds `write_slices` and `SliceReader`. Under "" the table has a SavedTensorSlices with the names,
types, shapes and slices; under each slice's key one with its values.

Source: tensorflow/core/util/saved_tensor_slice.proto, tensor_slice_writer.h, tensor_slice_reader.h.
"""
from __future__ import annotations

import glob
import math
import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from rekindle._src import errors
from rekindle._src.formats import partial_files
from rekindle._src.formats.files import file_error
from rekindle._src.formats.partial_files import PartialFile
from rekindle._src.formats.table import Table, write_table
from rekindle._src.formats.tensor_slice import Slice, assemble
from rekindle._src.graph import attrs, dtypes, proto
from rekindle._src.graph.dtypes import DType

_VERSION = 1
#: field of a TensorProto -> names of the types whose values it has
_FIELDS = {
    "float_val": "float32",
    "double_val": "float64",
    "int_val": "int32 uint8 int16 int8 uint16 qint8 quint8 qint16 quint16 qint32",
    "int64_val": "int64",
    "bool_val": "bool",
    "string_val": "string",
    "half_val": "float16",
    "scomplex_val": "complex64",
    "dcomplex_val": "complex128",
}
_FIELD_OF = {name: field for field, names in _FIELDS.items() for name in names.split()}
#: bytes of a message at most, of one without values at most, and of a number in one at most
_LARGEST_MESSAGE = (1 << 31) - 1
_HEADER = 1 << 20
_MOST_OF_VARINT = 10
#: types whose elements are two numbers, or bits, in the field
_FORM = {"float16": np.uint16, "complex64": np.float32, "complex128": np.float64}


def write_slices(
    path: str,
    slices: Iterable[tuple[str, tuple[int, ...], Slice, np.ndarray, DType]],
) -> None:
    """Write a checkpoint at once.

    Args:
      path: the file.
      slices: name, full shape, slice, values and type of each; slices of a tensor in any order.

    Raises:
      InvalidArgumentError: a slice comes twice or is too large for a message, or slices of one tensor differ in shape
        or type.
      UnimplementedError: values of that type cannot be written.
      errors.OpError: the file cannot be written.
    """
    meta = proto.SavedTensorSliceMeta(versions=proto.VersionDef(producer=_VERSION))
    tensors: dict[str, Any] = {}
    rows: dict[bytes, bytes] = {}
    for name, shape, place, array, dtype in sorted(slices, key=lambda one: one[0]):
        if dtype.name not in _FIELD_OF:
            message = f"Saving data type {dtype.name} not yet supported"
            raise errors.UnimplementedError(None, None, message)
        shape_proto = attrs.shape_to_proto(shape)
        if name not in tensors:
            tensors[name] = meta.tensor.add(name=name, type=dtype.as_datatype_enum)
            tensors[name].shape.CopyFrom(shape_proto)
        entry = tensors[name]
        key = place.key(name)
        same = entry.type == dtype.as_datatype_enum and entry.shape == shape_proto
        if key in rows or not same:
            message = f"Mismatching shapes, types or slices of {name}"
            raise errors.InvalidArgumentError(None, None, message)
        _check_size(array, _FIELD_OF[dtype.name])
        entry.slice.append(place.to_proto())
        saved = proto.SavedTensorSlices()
        saved.data.name = name
        saved.data.slice.CopyFrom(place.to_proto())
        saved.data.data.SetInParent()
        getattr(saved.data.data, _FIELD_OF[dtype.name]).extend(_flat(array, dtype).tolist())
        rows[key] = saved.SerializeToString()
    rows[b""] = proto.SavedTensorSlices(meta=meta).SerializeToString()
    partial_files.remove_strays(os.path.dirname(path))
    partial = PartialFile(path)
    try:
        write_table(partial.file, sorted(rows.items()))
    except OSError as error:
        partial.remove()
        raise file_error(error, path) from None
    partial.sync()
    partial.move()


def _check_size(array: np.ndarray, field: str) -> None:
    """Refuse a slice whose message could be larger than a message may be."""
    size = _HEADER
    if field == "string_val":
        size += sum(len(one) + _MOST_OF_VARINT for one in array.reshape(-1).tolist())
    else:
        size += array.size * (_MOST_OF_VARINT if field in ("int_val", "int64_val", "half_val") else array.itemsize)
    if size >= _LARGEST_MESSAGE:
        said = f"Tensor slice is too large to serialize (conservative estimate: {size} bytes)"
        raise errors.InvalidArgumentError(None, None, said)


def _flat(array: np.ndarray, dtype: DType) -> np.ndarray:
    flat = np.ascontiguousarray(array).reshape(-1)
    if dtype.is_quantized:
        return flat.view(flat.dtype[0])
    return flat.view(_FORM[dtype.name]) if dtype.name in _FORM else flat


class SliceReader:
    """Reads a checkpoint of one or more files.

    Args:
      pattern: the file, or a glob pattern of the shards.

    Raises:
      NotFoundError: there is no such file.
      DataLossError: a file is damaged or something else.
    """

    def __init__(self, pattern: str) -> None:
        folder = os.path.dirname(pattern)
        if folder and not os.path.isdir(folder):
            message = "Unsuccessful TensorSliceReader constructor: Failed to get matching files on "
            message += f"{pattern}: Not found: {folder}; No such file or directory"
            raise errors.InvalidArgumentError(None, None, message)
        paths = sorted(glob.glob(pattern))
        if not paths:
            message = "Unsuccessful TensorSliceReader constructor: Failed to find any matching "
            raise errors.NotFoundError(None, None, f"{message}files for {pattern}")
        self._pattern = pattern
        self._tensors: dict[str, tuple[DType, tuple[int, ...], dict[Slice, str]]] = {}
        for path in paths:
            self._load(path)

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def names(self) -> Iterator[str]:
        """Yield the names of the tensors, sorted."""
        yield from sorted(self._tensors)

    def facts(self, name: str) -> tuple[DType, tuple[int, ...]]:
        """The type and the full shape of a tensor.

        Raises:
          NotFoundError: there is none of that name.
        """
        return self._found(name)[:2]

    def read(self, name: str) -> np.ndarray:
        """A tensor, put together if it is sliced.

        Raises:
          NotFoundError: there is none of that name.
          DataLossError: the file is damaged.
        """
        if name not in self._tensors:
            raise errors.NotFoundError(None, None, f"{name} not found in checkpoint file")
        return self.read_slice(name, Slice.full(len(self._found(name)[1])))

    def read_slice(self, name: str, wanted: Slice) -> np.ndarray:
        """A slice of a tensor.

        Raises:
          NotFoundError: there is no tensor of that name.
          InvalidArgumentError: the files have not all of the slice.
          DataLossError: a file is damaged.
        """
        dtype, shape, stored = self._found(name)

        def read(place: Slice) -> np.ndarray:
            array = self._values(name, place, stored[place], dtype)
            if array.size != math.prod(place.of(shape)):
                message = f"Slice {place} of tensor {name} is stored with {array.size} elements"
                raise errors.DataLossError(None, None, message)
            return array.reshape(place.of(shape))

        return assemble(name, shape, dtype.as_numpy_dtype, wanted, stored, read)

    def _found(self, name: str) -> tuple[DType, tuple[int, ...], dict[Slice, str]]:
        if name not in self._tensors:
            message = f'Tensor name "{name}" not found in checkpoint files {self._pattern}'
            raise errors.NotFoundError(None, None, message)
        return self._tensors[name]

    def _load(self, path: str) -> None:
        try:
            with Table(path) as table:
                packed = table.get(b"")
        except errors.DataLossError as error:
            message = (
                f"Unable to open table file {path}: Data loss: {error.message}: perhaps your file "
                "is in a different file format and you need to use a different restore operator?"
            )
            raise errors.DataLossError(None, None, message) from None
        try:
            meta = proto.SavedTensorSlices.FromString(packed or b"").meta
        except DecodeError:
            packed = None
        if not packed:
            message = "Failed to find the saved tensor slices at the beginning of the checkpoint "
            raise errors.InternalError(None, None, f"{message}file: {path}")
        for one in meta.tensor:
            shape = attrs.shape_from_proto(one.shape)
            if shape is None or None in shape:
                message = f"Invalid tensor shape: {one.name} {one.shape}"
                raise errors.DataLossError(None, None, message)
            try:
                facts = (dtypes.as_dtype(one.type), shape, {})
            except TypeError:
                message = f"Invalid tensor type: {one.name} {one.type}"
                raise errors.DataLossError(None, None, message) from None
            places = self._tensors.setdefault(one.name, facts)[2]
            places.update((Slice.from_proto(place), path) for place in one.slice)

    def _values(self, name: str, place: Slice, path: str, dtype: DType) -> np.ndarray:
        with Table(path) as table:
            packed = table.get(place.key(name))
        if packed is None:
            raise errors.NotFoundError(None, None, f"{name} not found in checkpoint file")
        if dtype.name not in _FIELD_OF:
            raise errors.UnimplementedError(None, None, "Data type not supported")
        try:
            data = proto.SavedTensorSlices.FromString(packed).data.data
        except DecodeError:
            raise errors.DataLossError(None, None, f"Entry for {name} not parseable") from None
        held = getattr(data, _FIELD_OF[dtype.name])
        if dtype is dtypes.string:
            out = np.empty(len(held), object)
            out[:] = list(held)
            return out
        if dtype.is_quantized:
            return np.array(held, dtype.as_numpy_dtype[0]).view(dtype.as_numpy_dtype)
        if dtype.name in _FORM:
            return np.array(held, _FORM[dtype.name]).view(dtype.as_numpy_dtype)
        return np.array(held, dtype.as_numpy_dtype)
