"""Sorted string tables: several blocks, shared beginnings, compressed blocks."""
from __future__ import annotations

import struct

import pytest

from rekindle._src import errors
from rekindle._src.formats import table, tensor_slice
from rekindle._src.formats.tfrecord import masked_crc


def written(tmp_path, entries):
    path = str(tmp_path / "table")
    with open(path, "wb") as file:
        table.write_table(file, entries)
    return path


@pytest.mark.parametrize(
    "entries",
    [
        [],
        [(b"", b"header")],
        [(b"%06d/name" % i, b"v" * (i % 300)) for i in range(6000)],
        [(b"a", b"x" * 600_000), (b"b", b""), (b"c" * 300_000, b"y"), (b"\xff" * 3, b"z")],
    ],
)
def test_reads_what_it_wrote(tmp_path, entries):
    with table.Table(written(tmp_path, entries)) as made:
        assert list(made.items()) == entries
        for key, value in entries[:: max(1, len(entries) // 20)]:
            assert made.get(key) == value
        assert made.get(b"nope") is None


def test_numbers_take_seven_bits_a_byte():
    for number in (0, 127, 128, 300, 2**63):
        packed = table.varint(number)
        assert table.read_varint(packed, 0) == (number, len(packed))


@pytest.mark.parametrize(
    ("packed", "text"),
    [
        (b"\x05\x10hello", b"hello"),
        (b"\x0a\x04ab\x11\x02", b"ababababab"[:10]),
        (b"\x0a\x04ab\x1e\x02\x00", b"ababababab"),
        (b"\x06\x04ab\x0f\x02\x00\x00\x00", b"ababab"),
        (b"\x02\xf0\x01ab", b"ab"),
        (b"\x03\x04ab", None),
        (b"\x03\x04ab\x01\x09", None),
        (b"\x03\x04", None),
    ],
)
def test_snappy(packed, text):
    if text is None:
        with pytest.raises((ValueError, IndexError)):
            table.unsnap(packed)
        return
    assert table.unsnap(packed) == text


def test_compressed_block_is_read(tmp_path):
    path = written(tmp_path, [(b"k", b"ab" * 30)])
    with open(path, "rb") as file:
        data = file.read()
    with table.Table(path) as made:
        body = data[: made._handles[0].size]
    packed = table.varint(len(body)) + bytes([60 << 2, len(body) - 1]) + body + b"\x01"
    packed += struct.pack("<I", masked_crc(packed))
    index = table._Block(1)
    index.add(b"l", table.varint(0) + table.varint(len(packed) - 5))
    tail = index.finish() + b"\0"
    footer = b"\0\0" + table.varint(len(packed)) + table.varint(len(tail) - 1)
    with open(path, "wb") as file:
        file.write(packed + tail + struct.pack("<I", masked_crc(tail)))
        file.write(footer.ljust(40, b"\0") + data[-8:])
    with table.Table(path) as made:
        assert list(made.items()) == [(b"k", b"ab" * 30)]


@pytest.mark.parametrize(
    ("place", "key"),
    [
        (((0, 4), (0, 3)), b"\0p\0\1\1\2\x80\x84\x80\x83"),
        (((200, 100), (0, 2), (0, 70)), b"\0p\0\1\1\3\xc0\xc8\xc0d\x80\x82\x80\xc0F"),
        (((0, -1),), b"\0p\0\1\1\1\x80\x7f"),
    ],
)
def test_slice_keys_are_those_of_tensorflow(place, key):
    assert tensor_slice.Slice(place).key("p") == key


def test_slice_key_escapes_bytes():
    assert tensor_slice.Slice(()).key("a\0b") == b"\0a\0\xffb\0\1\0"


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("5", errors.InvalidArgumentError, "Need least two elements in shape_and_slice"),
        ("x 0,1", errors.InvalidArgumentError, "Non numerical dimension in shape_and_slice: x 0,1"),
        ("5 0", errors.InvalidArgumentError, "Expected a pair of numbers or '-' but got '0'"),
        ("5 0,0", errors.InvalidArgumentError, "got start = 0, length = 0: string = 0,0"),
        ("5 3,3", errors.InternalError, r"Extent in dimension 0 out of bounds: shape = \[5\], sli"),
        ("5 3,3:-", errors.InternalError, r"Mismatching ranks: shape = \[5\], slice = 3,3:-"),
    ],
)
def test_bad_shape_and_slice(text, kind, message):
    with pytest.raises(kind, match=message):
        tensor_slice.parse_shape_and_slice(text)


def test_shape_and_slice():
    shape, place, sliced = tensor_slice.parse_shape_and_slice("10 3 4,5:-")
    assert (shape, sliced, str(place)) == ((10, 3), (5, 3), "4,5:-")
    assert tensor_slice.Slice.from_proto(place.to_proto()) == place
