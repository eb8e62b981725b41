"""Checkpoints of the second format: a table of entries and files with the tensors' bytes.

Holds `BundleWriter`, `merge_bundles` and `BundleReader`. A bundle with prefix P is `P.index` (a
table of BundleEntryProto by tensor name, the BundleHeaderProto under "") and
`P.data-00000-of-00001` (and more, if it was merged from several). New files are written beside and
renamed at the end, the index last: whenever a process dies, the index that is there fits the data.

Source: tensorflow/core/util/tensor_bundle/tensor_bundle.h.
"""
from __future__ import annotations

import os
import random
import struct
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

import google_crc32c
import numpy as np
from google.protobuf.message import DecodeError

from rekindle._src import errors
from rekindle._src.formats import partial_files
from rekindle._src.formats.files import file_error
from rekindle._src.formats.partial_files import PartialFile
from rekindle._src.formats.table import Table, read_varint, varint, write_table
from rekindle._src.formats.tensor_slice import Slice, assemble
from rekindle._src.formats.tfrecord import mask, unmask
from rekindle._src.graph import attrs, dtypes, proto
from rekindle._src.graph.dtypes import DType

_VERSION = 1
_CHUNK = 1 << 17  # so much of a tensor stays in the processor's cache from one use to the next
_LENGTH = struct.Struct("<I")


def data_path(prefix: str, shard: int, count: int) -> str:
    """The file with the bytes of one of `count` shards."""
    return f"{prefix}.data-{shard:05d}-of-{count:05d}"


def index_path(prefix: str) -> str:
    """The file with the entries."""
    return f"{prefix}.index"


class BundleWriter:
    """Writes a bundle of one shard; nothing is at its place before `finish`.

    Args:
      prefix: the path without ".index"; its folder is made if it is not there.

    Raises:
      errors.OpError: the folder or the file cannot be made.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._entries: dict[bytes, Any] = {}
        self._size = 0
        _make_folder(prefix)
        partial_files.remove_strays(os.path.dirname(prefix))
        partial_files.hold_parts(prefix)
        self._data = PartialFile(data_path(prefix, 0, 1))

    def add(self, name: str, array: np.ndarray, dtype: DType) -> None:
        """Write a tensor; strings are object arrays of bytes.

        Raises:
          InvalidArgumentError: the name was added before.
          UnimplementedError: values of that type cannot be written.
        """
        self._put(_key(name), array, dtype)

    def add_slice(
        self, name: str, shape: tuple[int, ...], place: Slice, array: np.ndarray, dtype: DType
    ) -> None:
        """Write a slice of a tensor of `shape`.

        Raises:
          InvalidArgumentError: the slice was added before.
        """
        if place.is_full(shape):
            self.add(name, array, dtype)
            return
        entry = self._entries.setdefault(_key(name), proto.BundleEntryProto())
        entry.dtype = dtype.as_datatype_enum
        entry.shape.CopyFrom(attrs.shape_to_proto(shape))
        entry.slices.append(place.to_proto())
        self._put(place.key(name), array, dtype)

    def finish(self) -> None:
        """Put both files at their place.

        Raises:
          errors.OpError: they cannot be written.
        """
        self._data.sync()
        header = proto.BundleHeaderProto(num_shards=1, version=proto.VersionDef(producer=_VERSION))
        _publish(self._prefix, header, self._entries, [self._data.move])

    def abandon(self) -> None:
        """Take away what was written."""
        self._data.remove()

    def _put(self, key: bytes, array: np.ndarray, dtype: DType) -> None:
        if key in self._entries:
            message = f"Adding duplicate key: {_name(key)}"
            raise errors.InvalidArgumentError(None, None, message)
        if dtype.name in ("resource", "variant"):
            message = f"Saving data type {dtype.name} not yet supported"
            raise errors.UnimplementedError(None, None, message)
        try:
            size, crc = self._written(array, dtype)
        except OSError as error:
            raise file_error(error, self._data.path) from None
        shape = attrs.shape_to_proto(array.shape)
        self._entries[key] = proto.BundleEntryProto(
            dtype=dtype.as_datatype_enum,
            shape=shape,
            offset=self._size,
            size=size,
            crc32c=mask(crc),
        )
        self._size += size

    def _written(self, array: np.ndarray, dtype: DType) -> tuple[int, int]:
        """Write an array; gives its size and the checksum, made of each piece on its way."""
        if dtype is dtypes.string:
            packed, crc = _packed_strings(array)
            self._data.file.write(packed)
            return len(packed), crc
        data = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
        crc = 0
        for start in range(0, data.size, _CHUNK):
            piece = data[start : start + _CHUNK].tobytes()  # the library takes bytes objects only
            crc = google_crc32c.extend(crc, piece)
            self._data.file.write(piece)
        return data.size, crc


def merge_bundles(prefixes: Iterable[str], merged: str) -> None:
    """Make one bundle of several, whose files it takes; slices of one tensor come together.

    Raises:
      InvalidArgumentError: two have a tensor of the same name, or their formats differ.
      errors.OpError: a file is not there, damaged, or cannot be written.
    """
    _make_folder(merged)
    header = None
    shards: dict[str, int] = {}
    entries: dict[bytes, Any] = {}
    prefixes = list(prefixes)
    for prefix in prefixes:
        own, found = _read_index(index_path(prefix))
        header = _merged_header(header, own)
        for key, packed in found:
            entry = _entry(key, packed)
            if key not in entries:
                path = data_path(prefix, entry.shard_id, own.num_shards)
                entry.shard_id = shards.setdefault(path, len(shards))
                entries[key] = entry
            elif not entries[key].slices:
                message = f"Duplicate tensor keyed by {_name(key)} encountered, "
                message += f"when merging prefix: {prefix}"
                raise errors.InvalidArgumentError(None, None, message)
            else:
                entries[key].slices.extend(entry.slices)
    if header is None:
        raise errors.InvalidArgumentError(None, None, "No checkpoints to merge")
    header.num_shards = len(shards)
    moves = [partial(_move, path) for path in shards]
    _publish(merged, header, entries, moves)
    for prefix in prefixes:
        os.remove(index_path(prefix))
    for folder in {os.path.dirname(one) for one in prefixes}:
        partial_files.release_parts(folder)


def _move(path: str, place: str) -> None:
    try:
        os.replace(path, place)
    except OSError as error:
        raise file_error(error, place) from None


def _publish(
    prefix: str, header: Any, entries: dict[bytes, Any], moves: list[Callable[[str], None]]
) -> None:
    """Put data files and their index at their places.

    Where a checkpoint is there already, the new data first gets names with another number of files, which the new
    index says; then the usual names and an index for them. So each index that is there at any time has its data.

    Args:
      prefix: the checkpoint.
      header: its header.
      entries: its entries.
      moves: a function for each data file, which moves it to a path.
    """
    count = len(moves)
    old = partial_files.shards(prefix)
    aside = count
    while old and any(one.endswith(f"-of-{aside:05d}") for one in old):
        aside += count
    for shard, move in enumerate(moves):
        move(data_path(prefix, shard, aside))
    header.num_shards = aside
    _write_index(prefix, header, entries)
    _remove(one for one in old if aside == count or not one.endswith(f"-of-{count:05d}"))
    if aside == count:
        return
    try:
        for shard in range(count):
            link = f"{data_path(prefix, shard, count)}.tempstate{random.SystemRandom().getrandbits(64)}"
            os.link(data_path(prefix, shard, aside), link)
            os.replace(link, data_path(prefix, shard, count))
    except OSError:  # no links on this file system: the names stay
        return
    header.num_shards = count
    _write_index(prefix, header, entries)
    _remove(data_path(prefix, shard, aside) for shard in range(count))


def _remove(paths: Iterable[str]) -> None:
    for path in paths:
        try:
            os.remove(path)
        except FileNotFoundError:
            continue


def _merged_header(header: Any, own: Any) -> Any:
    if header is None:
        return own
    if header.endianness != own.endianness:
        message = "Merging bundles with conflicting endianness; inputs corrupted?"
        raise errors.InvalidArgumentError(None, None, message)
    if header.version != own.version:
        message = (
            f"Merging bundles with different format versions: merged {header.version} vs. curr "
            f"{own.version}"
        )
        raise errors.InvalidArgumentError(None, None, message)
    header.num_shards += own.num_shards
    return header


class BundleReader:
    """Reads a bundle; several threads may read from one at once.

    Args:
      prefix: the path without ".index".

    Raises:
      NotFoundError: there is no such bundle.
      DataLossError: its index is damaged.
    """

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self._header, found = _read_index(index_path(prefix))
        if self._header.version.min_consumer > _VERSION:
            message = (
                f"Checkpoint min consumer version {self._header.version.min_consumer} above "
                f"current version {_VERSION} for TensorFlow 1.15.5.  Please upgrade TensorFlow: "
                "this checkpoint was written by a newer one."
            )
            raise errors.InvalidArgumentError(None, None, message)
        self._packed = dict(found)

    def __contains__(self, name: str) -> bool:
        return _key(name) in self._packed

    def names(self) -> Iterator[str]:
        """Yield the names of the tensors, sorted; a sliced one once."""
        slices = set()
        for key, packed in self._packed.items():
            entry = _entry(key, packed)
            if entry.slices:
                slices.update(Slice.from_proto(one).key(_name(key)) for one in entry.slices)
        for key in self._packed:
            if key not in slices:
                yield _name(key)

    def is_complete(self) -> bool:
        """True if the data files have the bytes of all tensors; they are not read."""
        ends: dict[int, int] = {}
        for key, packed in self._packed.items():
            entry = _entry(key, packed)
            ends[entry.shard_id] = max(ends.get(entry.shard_id, 0), entry.offset + entry.size)
        paths = ((data_path(self._prefix, shard, self._header.num_shards), end) for shard, end in ends.items())
        return all(os.path.exists(path) and os.stat(path).st_size >= end for path, end in paths)

    def facts(self, name: str) -> tuple[DType, tuple[int, ...]]:
        """The type and the (full) shape of a tensor.

        Raises:
          NotFoundError: there is none of that name.
        """
        return _facts(name, self._entry(_key(name)))

    def read(self, name: str) -> np.ndarray:
        """A tensor, put together if it is sliced; strings are object arrays of bytes.

        Raises:
          NotFoundError: there is none of that name.
          DataLossError, OutOfRangeError: the file is damaged.
        """
        entry = self._entry(_key(name))
        if not entry.slices:
            return self._value(name, entry)
        return self.read_slice(name, Slice.full(len(entry.shape.dim)))

    def read_slice(self, name: str, wanted: Slice) -> np.ndarray:
        """A slice of a tensor, however it was sliced when it was written.

        Raises:
          NotFoundError: there is no tensor of that name.
          InvalidArgumentError: the file has not all of the slice.
          DataLossError, OutOfRangeError: the file is damaged.
        """
        entry = self._entry(_key(name))
        dtype, shape = _facts(name, entry)
        stored = [Slice.from_proto(one) for one in entry.slices] or [Slice.full(len(shape))]

        def read(place: Slice) -> np.ndarray:
            found = self._entry(place.key(name)) if entry.slices else entry
            return self._value(name, found)

        return assemble(name, shape, dtype.as_numpy_dtype, wanted, stored, read)

    def _entry(self, key: bytes) -> Any:
        packed = self._packed.get(key)
        if packed is None:
            message = f"Key {_name(key)} not found in checkpoint"
            raise errors.NotFoundError(None, None, message)
        return _entry(key, packed)

    def _value(self, name: str, entry: Any) -> np.ndarray:
        dtype, shape = _facts(name, entry)
        count = int(np.prod(shape, dtype=object))
        if dtype is not dtypes.string and entry.size != count * dtype.size:
            message = f"Invalid size in bundle entry: key {name}; stored size {entry.size}"
            message += f"; expected size {count * dtype.size}"
            raise errors.DataLossError(None, None, message)
        path = data_path(self._prefix, entry.shard_id, self._header.num_shards)
        data, crc = _read(path, entry)
        try:
            array = _checked(data, crc, entry, dtype, count)
        except errors.DataLossError as error:
            error.add_note(f"The tensor is {name}, at {entry.offset} of {path}.")
            raise
        if self._header.endianness == proto.BundleHeaderProto.BIG and dtype is not dtypes.string:
            array = array.byteswap()
        return array.reshape(shape)


def _read(path: str, entry: Any) -> tuple[np.ndarray, int]:
    """The bytes of a tensor and their checksum, made of each piece while the processor has it at hand."""
    if not 0 <= entry.size <= _size_of(path) - entry.offset or entry.offset < 0:
        error = errors.OutOfRangeError(None, None, "Read less bytes than requested")
        error.add_note(f"The file is {path}.")
        raise error
    data = np.empty(entry.size, np.uint8)
    view, crc, place = memoryview(data), 0, 0
    try:
        with open(path, "rb", buffering=0) as file:
            file.seek(entry.offset)
            while place < entry.size and (count := file.readinto(view[place : place + _CHUNK])):
                crc = google_crc32c.extend(crc, bytes(view[place : place + count]))
                place += count
    except OSError as error:
        raise file_error(error, path) from None
    if place < entry.size:
        raise errors.OutOfRangeError(None, None, f"Read less bytes than requested of {path}")
    return data, crc


def _checked(data: np.ndarray, crc: int, entry: Any, dtype: DType, count: int) -> np.ndarray:
    """The values that a tensor's bytes, of that checksum, hold, flat.

    Raises:
      DataLossError: they are damaged.
    """
    if dtype is dtypes.string:
        array, crc = _unpacked_strings(data, count)
    else:
        array = data.view(dtype.as_numpy_dtype)
    if crc != unmask(entry.crc32c):
        message = f"Checksum does not match: stored {unmask(entry.crc32c):08} vs. calculated "
        raise errors.DataLossError(None, None, f"{message}on the restored bytes {crc}")
    return array


def _facts(name: str, entry: Any) -> tuple[DType, tuple[int, ...]]:
    shape = tuple(one.size for one in entry.shape.dim)
    if entry.shape.unknown_rank or min(shape, default=0) < 0 or np.prod(shape, dtype=object) >> 63:
        text = str(entry.shape).replace("\n", " ")
        raise errors.DataLossError(None, None, f"Invalid tensor shape: {name} {text}")
    try:
        dtype = dtypes.as_dtype(entry.dtype)
    except TypeError:
        message = f"Invalid tensor type: {name} {entry.dtype}"
        raise errors.DataLossError(None, None, message) from None
    if not dtype.is_numpy_compatible:
        message = f"Restoring data type {dtype.name} not yet supported"
        raise errors.UnimplementedError(None, None, message)
    return dtype, shape


def _key(name: str) -> bytes:
    return name.encode(errors="surrogateescape")


def _name(key: bytes) -> str:
    return key.decode(errors="surrogateescape")


def _entry(key: bytes, packed: bytes) -> Any:
    try:
        return proto.BundleEntryProto.FromString(packed)
    except DecodeError:
        message = f"Entry for key {_name(key)} not parseable."
        raise errors.DataLossError(None, None, message) from None


def _packed_strings(array: np.ndarray) -> tuple[bytes, int]:
    """Lengths, their checksum, and the strings; and a checksum that takes lengths as 4 bytes."""
    strings = array.reshape(-1).tolist()
    lengths = b"".join(_LENGTH.pack(len(one)) for one in strings)
    check = _LENGTH.pack(mask(google_crc32c.value(lengths)))
    body = b"".join(strings)
    crc = google_crc32c.value(lengths + check + body)
    return b"".join(varint(len(one)) for one in strings) + check + body, crc


def _unpacked_strings(data: np.ndarray, count: int) -> tuple[np.ndarray, int]:
    """The strings that `_packed_strings` wrote, and the checksum of what is there."""
    raw = data.tobytes()
    lengths, place = [], 0
    try:
        for _ in range(count):
            length, place = read_varint(raw, place)
            lengths.append(length)
    except IndexError:
        place = len(raw)
    if place + 4 + sum(lengths) != len(raw) or len(lengths) < count:
        message = f"String lengths longer than expected offset {len(raw)}"
        raise errors.DataLossError(None, None, message)
    sizes = b"".join(_LENGTH.pack(one) for one in lengths)
    stored = unmask(_LENGTH.unpack_from(raw, place)[0])
    actual = google_crc32c.value(sizes)
    if stored != actual:
        message = f"The length checksum does not match: expected {stored:08}"
        raise errors.DataLossError(None, None, f"{message} but actual is {actual:08}")
    out = np.empty(count, object)
    start = place + 4
    for i, length in enumerate(lengths):
        out[i] = raw[start : start + length]
        start += length
    return out, google_crc32c.value(sizes + raw[place:])


def _read_index(path: str) -> tuple[Any, list[tuple[bytes, bytes]]]:
    """The header and the other entries of an index file."""
    with Table(path) as table:
        try:
            found = list(table.items())
        except errors.DataLossError as error:
            raise _corrupt(path, "failed to seek to header entry", error.message) from None
    if not found or found[0][0] != b"":
        raise _corrupt(path, "failed to seek to header entry", "no header")
    try:
        return proto.BundleHeaderProto.FromString(found[0][1]), found[1:]
    except DecodeError:
        reason = "Entry for key  not parseable."
        raise _corrupt(path, "unable to parse header", reason) from None


def _corrupt(path: str, detail: str, reason: str) -> errors.DataLossError:
    message = (
        f"Unable to read file ({path}). Perhaps the file is corrupt or was produced by a newer "
        f"version of TensorFlow with format changes ({detail}): {reason}"
    )
    return errors.DataLossError(None, None, message)


def _write_index(prefix: str, header: Any, entries: dict[bytes, Any]) -> None:
    rows = [(key, entries[key].SerializeToString()) for key in sorted(entries)]
    index = PartialFile(index_path(prefix))
    try:
        write_table(index.file, [(b"", header.SerializeToString()), *rows])
    except OSError as error:
        index.remove()
        raise file_error(error, index.path) from None
    index.sync()
    index.move()


def _make_folder(prefix: str) -> None:
    folder = os.path.dirname(prefix)
    if not folder or os.path.isdir(folder):
        return
    try:
        os.mkdir(folder)
    except FileExistsError:
        return
    except OSError as error:
        raise file_error(error, folder) from None


def _size_of(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError as error:
        raise file_error(error, path) from None
