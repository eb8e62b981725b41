"""Sorted string tables: files of sorted keys with values, which checkpoints are made of.

Holds `write_table` and `Table`. A file is blocks of entries, in which a key drops what it shares
with the one before, an index block with a key per block, and a footer that finds the index. Blocks
have a masked CRC-32C. Blocks compressed with Snappy are read, never written, as in TensorFlow.

Source: the table format of LevelDB (tensorflow/core/lib/io/format.h, block_builder.h); the format
description of Snappy (github.com/google/snappy, format_description.txt).
"""
from __future__ import annotations

import bisect
import os
import struct
from collections.abc import Iterable, Iterator
from typing import IO, NamedTuple

from rekindle._src import errors
from rekindle._src.formats.files import open_file
from rekindle._src.formats.tfrecord import masked_crc

_BLOCK_SIZE = 262144
_RESTART_INTERVAL = 16
_MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
_FOOTER_SIZE = 48
_TRAILER_SIZE = 5


class _Handle(NamedTuple):
    offset: int
    size: int


def varint(number: int) -> bytes:
    """A number from 0 on in seven bits a byte, the lowest first."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_varint(data: bytes | memoryview, place: int) -> tuple[int, int]:
    """The number that `varint` wrote at `place`, and the place after it.

    Raises:
      IndexError: the data ends before it does.
    """
    number = shift = 0
    while True:
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place
        shift += 7


class _Block:
    """Entries on the way into one block."""

    def __init__(self, restart_interval: int) -> None:
        self.data = bytearray()
        self._restarts = [0]
        self._interval = restart_interval
        self._count = 0
        self._last = b""

    def add(self, key: bytes, value: bytes) -> None:
        shared = 0
        if self._count < self._interval:
            limit = min(len(key), len(self._last))
            while shared < limit and key[shared] == self._last[shared]:
                shared += 1
        else:
            self._restarts.append(len(self.data))
            self._count = 0
        self.data += varint(shared) + varint(len(key) - shared) + varint(len(value))
        self.data += key[shared:] + value
        self._last = key
        self._count += 1

    @property
    def size(self) -> int:
        return len(self.data) + 4 * len(self._restarts) + 4

    def finish(self) -> bytes:
        restarts = (*self._restarts, len(self._restarts))
        return bytes(self.data) + struct.pack(f"<{len(restarts)}I", *restarts)


def write_table(file: IO[bytes], entries: Iterable[tuple[bytes, bytes]]) -> None:
    """Write a table of (key, value) pairs, whose keys must rise."""
    offset = 0

    def put(content: bytes) -> bytes:
        nonlocal offset
        kind = b"\0"
        file.write(content + kind + struct.pack("<I", masked_crc(content + kind)))
        handle = varint(offset) + varint(len(content))
        offset += len(content) + _TRAILER_SIZE
        return handle

    index = _Block(1)
    block = _Block(_RESTART_INTERVAL)
    last = b""
    waiting = b""  # the handle of a finished block whose index key needs the next key
    for key, value in entries:
        if block.data and len(key) + len(value) >= 2 * _BLOCK_SIZE:
            waiting, block = put(block.finish()), _Block(_RESTART_INTERVAL)
        if waiting:
            index.add(_separator(last, key), waiting)
            waiting = b""
        block.add(key, value)
        last = key
        if block.size >= _BLOCK_SIZE:
            waiting, block = put(block.finish()), _Block(_RESTART_INTERVAL)
    if block.data:
        waiting = put(block.finish())
    meta = put(_Block(_RESTART_INTERVAL).finish())
    if waiting:
        index.add(_successor(last), waiting)
    footer = meta + put(index.finish())
    file.write(footer.ljust(_FOOTER_SIZE - len(_MAGIC), b"\0") + _MAGIC)


def _separator(key: bytes, following: bytes) -> bytes:
    """The shortest key from `key` on that is below `following`."""
    i = 0
    while i < min(len(key), len(following)) and key[i] == following[i]:
        i += 1
    if i < min(len(key), len(following)) and key[i] + 1 < following[i]:
        return key[:i] + bytes([key[i] + 1])
    return key


def _successor(key: bytes) -> bytes:
    """The shortest key from `key` on."""
    for i, byte in enumerate(key):
        if byte != 0xFF:
            return key[:i] + bytes([byte + 1])
    return key


def unsnap(data: bytes) -> bytes:
    """What Snappy compressed to `data`.

    Raises:
      IndexError, ValueError: that is nothing that Snappy writes.
    """
    size, place = read_varint(data, 0)
    out = bytearray()
    while place < len(data):
        tag = data[place]
        place += 1
        if tag & 3 == 0:  # bytes as they are; their number may follow in 1 to 4 bytes
            length = tag >> 2
            if length >= 60:
                width = length - 59
                length = int.from_bytes(data[place : place + width], "little")
                place += width
            out += data[place : place + length + 1]
            place += length + 1
            continue
        length = (tag >> 2) + 1
        if tag & 3 == 1:
            length = (tag >> 2 & 7) + 4
            back = (tag >> 5) << 8 | data[place]
            place += 1
        else:
            width = 2 if tag & 3 == 2 else 4
            back = int.from_bytes(data[place : place + width], "little")
            place += width
        if not 0 < back <= len(out):
            raise ValueError("a copy from before the start")
        piece = out[-back:][:length]
        while len(piece) < length:  # the copy runs into what it writes
            piece += piece[: length - len(piece)]
        out += piece
        if len(out) > size:
            raise ValueError("more than announced")
    if len(out) != size:
        raise ValueError("less than announced")
    return bytes(out)


class Table:
    """Reads a table: `get` a key, or all `items` in order. Blocks are read when they are asked for.

    Args:
      path: the file.

    Raises:
      errors.OpError: it cannot be opened.
      errors.DataLossError: it is no table.
    """

    def __init__(self, path: str) -> None:
        self._file = open_file(path, "rb")
        self._size = os.fstat(self._file.fileno()).st_size
        self._keys: list[bytes] = []
        self._handles: list[_Handle] = []
        try:
            self._read_index()
        except errors.DataLossError:
            self._file.close()
            raise

    def __enter__(self) -> Table:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def get(self, key: bytes) -> bytes | None:
        """The value of a key, None if there is none.

        Raises:
          errors.DataLossError: the file is damaged.
        """
        block = bisect.bisect_left(self._keys, key)
        if block == len(self._keys):
            return None
        return next((v for k, v in self._entries(self._handles[block]) if k == key), None)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Yield every (key, value) in the order of the keys.

        Raises:
          errors.DataLossError: the file is damaged.
        """
        for handle in self._handles:
            yield from self._entries(handle)

    def _read_index(self) -> None:
        size = self._size
        if size < _FOOTER_SIZE:
            raise self._loss("file is too short to be an sstable")
        self._file.seek(size - _FOOTER_SIZE)
        footer = self._file.read()
        if not footer.endswith(_MAGIC):
            raise self._loss("not an sstable (bad magic number)")
        try:
            index_place = read_varint(footer, read_varint(footer, 0)[1])[1]
            handle = self._handle(footer, index_place)
        except IndexError:
            raise self._loss("bad block handle") from None
        for key, value in self._entries(handle):
            self._keys.append(key)
            try:
                self._handles.append(self._handle(value, 0))
            except IndexError:
                raise self._loss("bad block handle") from None

    @staticmethod
    def _handle(data: bytes, place: int) -> _Handle:
        offset, place = read_varint(data, place)
        return _Handle(offset, read_varint(data, place)[0])

    def _entries(self, handle: _Handle) -> Iterator[tuple[bytes, bytes]]:
        block = self._block(handle)
        if len(block) < 4:
            raise self._loss("bad block contents", handle.offset)
        end = len(block) - 4 - 4 * struct.unpack_from("<I", block, len(block) - 4)[0]
        if end < 0:
            raise self._loss("bad block contents", handle.offset)
        key, place = b"", 0
        while place < end:
            try:
                shared, place = read_varint(block, place)
                fresh, place = read_varint(block, place)
                size, place = read_varint(block, place)
            except IndexError:
                raise self._loss("bad entry in block", handle.offset) from None
            if shared > len(key) or place + fresh + size > end:
                raise self._loss("bad entry in block", handle.offset)
            key = key[:shared] + block[place : place + fresh]
            place += fresh + size
            yield key, block[place - size : place]

    def _block(self, handle: _Handle) -> bytes:
        if handle.offset + handle.size + _TRAILER_SIZE > self._size:
            raise self._loss("truncated block read", handle.offset)
        self._file.seek(handle.offset)
        data = self._file.read(handle.size + _TRAILER_SIZE)
        if masked_crc(data[:-4]) != struct.unpack_from("<I", data, len(data) - 4)[0]:
            raise self._loss("block checksum mismatch", handle.offset)
        kind = data[handle.size]
        if kind == 0:
            return data[: handle.size]
        if kind != 1:
            raise self._loss("bad block type", handle.offset)
        try:
            return unsnap(data[: handle.size])
        except (IndexError, ValueError):
            raise self._loss("corrupted compressed block contents", handle.offset) from None

    def _loss(self, message: str, offset: int | None = None) -> errors.DataLossError:
        error = errors.DataLossError(None, None, message)
        place = "" if offset is None else f", the block begins at {offset}"
        error.add_note(f"The file is {self._file.name}{place}.")
        return error
