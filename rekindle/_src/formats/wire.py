"""Protocol messages as they lie in bytes: fields read one by one, and values written, by a field's type alone.

Holds `fields`, `decoded` and `encoded`. Whole messages of known classes are read by protobuf itself.

Source: the encoding of protocol buffers, protobuf.dev/programming-guides/encoding.
"""
from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from google.protobuf.descriptor import FieldDescriptor

from rekindle._src.formats.table import read_varint, varint

VARINT, FIXED64, BYTES, GROUP, END_GROUP, FIXED32 = range(6)
_DEEPEST = 100  # groups in groups: what protobuf itself allows
_SIZES = {FIXED64: 8, FIXED32: 4}


def _signed(bits: int) -> Callable[[int], int]:
    """From the bits of a number to the number: two's complement."""
    half, mask = 1 << (bits - 1), (1 << bits) - 1
    return lambda number: ((number & mask) ^ half) - half


def _unsigned(bits: int) -> Callable[[int], int]:
    return lambda number: number & ((1 << bits) - 1)


def _zigzag(number: int) -> int:
    return (number >> 1) ^ -(number & 1)


def _zagged(bits: int) -> Callable[[int], int]:
    return lambda number: _zigzag(number & ((1 << bits) - 1))


#: type -> value of a varint
_OF_VARINT: dict[int, Callable[[int], Any]] = {
    FieldDescriptor.TYPE_INT64: _signed(64),
    FieldDescriptor.TYPE_UINT64: _unsigned(64),
    FieldDescriptor.TYPE_INT32: _signed(32),
    FieldDescriptor.TYPE_UINT32: _unsigned(32),
    FieldDescriptor.TYPE_BOOL: bool,
    FieldDescriptor.TYPE_ENUM: _signed(32),
    FieldDescriptor.TYPE_SINT32: _zagged(32),
    FieldDescriptor.TYPE_SINT64: _zagged(64),
}
#: type -> format of its bytes
_FIXED = {
    FieldDescriptor.TYPE_DOUBLE: struct.Struct("<d"),
    FieldDescriptor.TYPE_FLOAT: struct.Struct("<f"),
    FieldDescriptor.TYPE_FIXED64: struct.Struct("<Q"),
    FieldDescriptor.TYPE_FIXED32: struct.Struct("<I"),
    FieldDescriptor.TYPE_SFIXED32: struct.Struct("<i"),
    FieldDescriptor.TYPE_SFIXED64: struct.Struct("<q"),
}
_FLOATS = {FieldDescriptor.TYPE_DOUBLE: np.dtype("<f8").type, FieldDescriptor.TYPE_FLOAT: np.dtype("<f4").type}
_ZAGGED = {FieldDescriptor.TYPE_SINT32: 32, FieldDescriptor.TYPE_SINT64: 64}  # with their bits
_TEXTS = frozenset((FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES, FieldDescriptor.TYPE_MESSAGE))


def wire_type(kind: int) -> int:
    """How values of a field's type lie in bytes."""
    if kind in _TEXTS:
        return BYTES
    if kind == FieldDescriptor.TYPE_GROUP:
        return GROUP
    return VARINT if kind in _OF_VARINT else (FIXED64 if _FIXED[kind].size == 8 else FIXED32)


def fields(data: bytes) -> Iterator[tuple[int, int, Any]]:
    """Yield (number, wire type, value) for each field: a number of a varint, else bytes, a group's with its tags.

    Raises:
      ValueError: the bytes are no message.
    """
    place = 0
    while place < len(data):
        number, kind, value, place = _field(data, place, 0)
        if kind == END_GROUP:
            raise ValueError("a group ends that did not begin")
        yield number, kind, value


def _field(data: bytes, place: int, depth: int) -> tuple[int, int, Any, int]:
    """The field at `place`, and the place after it."""
    if depth > _DEEPEST:
        raise ValueError("groups are nested too deep")
    start = place
    tag, place = _varint(data, place)
    number, kind = tag >> 3, tag & 7
    if not number or tag >> 32:
        raise ValueError(f"{tag} is no tag")
    if kind == VARINT:
        value, place = _varint(data, place)
        return number, kind, value, place
    if kind == GROUP:
        inner, inner_kind = 0, GROUP
        while inner_kind != END_GROUP:
            inner, inner_kind, _, place = _field(data, place, depth + 1)
        if inner != number:
            raise ValueError(f"group {number} ends as {inner}")
        return number, kind, data[start:place], place
    if kind == END_GROUP:
        return number, kind, None, place
    if kind not in (BYTES, FIXED32, FIXED64):
        raise ValueError(f"there is no wire type {kind}")
    size = _SIZES.get(kind, 0)
    if kind == BYTES:
        size, place = _varint(data, place)
    if size > len(data) - place:
        raise ValueError("the bytes end within a field")
    return number, kind, data[place : place + size], place + size


def _varint(data: bytes, place: int) -> tuple[int, int]:
    try:
        number, after = read_varint(data[place : place + 10], 0)
    except IndexError:
        raise ValueError("the bytes end within a number, or it is longer than 64 bits") from None
    return number, place + after


def decoded(kind: int, wire: int, value: Any) -> list[Any]:
    """The values that a field of a type has: several where they are packed, none where the bytes are of another type.

    Raises:
      ValueError: packed values are cut off.
    """
    if wire == wire_type(kind):
        if kind in _OF_VARINT:
            return [_OF_VARINT[kind](value)]
        return [value] if kind not in _FIXED else list(_FIXED[kind].unpack(value))
    if wire != BYTES or wire_type(kind) == GROUP:
        return []
    if kind in _FIXED:
        if len(value) % _FIXED[kind].size:
            raise ValueError("packed values are cut off")
        return [one for (one,) in _FIXED[kind].iter_unpack(value)]
    found, place = [], 0
    while place < len(value):
        number, place = _varint(value, place)
        found.append(_OF_VARINT[kind](number))
    return found


def encoded(number: int, kind: int, values: list[Any], packed: bool) -> bytes:
    """The bytes of a field with values: a tag for each, or one for all where they are packed."""
    wire = wire_type(kind)
    if wire == GROUP:
        return b"".join(_tag(number, GROUP) + one + _tag(number, END_GROUP) for one in values)
    bodies = [_body(kind, one) for one in values]
    if packed and wire != BYTES:
        return _tag(number, BYTES) + varint(sum(map(len, bodies))) + b"".join(bodies)
    return b"".join(_tag(number, wire) + one for one in bodies)


def _tag(number: int, wire: int) -> bytes:
    return varint(number << 3 | wire)


def _body(kind: int, value: Any) -> bytes:
    if kind in _TEXTS:
        return varint(len(value)) + value
    if kind in _FLOATS:
        return _FLOATS[kind](value).tobytes()
    number = int(value)
    if kind in _FIXED:
        size = _FIXED[kind].size
        return (number & ((1 << 8 * size) - 1)).to_bytes(size, "little")
    if kind in _ZAGGED:
        number = (number << 1) ^ (number >> 63)
        return varint(number & ((1 << _ZAGGED[kind]) - 1))
    return varint(int(_OF_VARINT[kind](number)) & ((1 << 64) - 1))
