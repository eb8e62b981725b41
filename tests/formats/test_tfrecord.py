"""TFRecord files: round trips, TensorFlow's own bytes, and what damage is answered with."""
from __future__ import annotations

import zlib

import pytest

from rekindle._src import errors
from rekindle._src.formats import tfrecord

RECORDS = [b"", b"x", b"x" * 10, b"x" * 1000]


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "a.tfrecord")


def write(path, records, options=None):
    with tfrecord.TFRecordWriter(path, options) as writer:
        for record in records:
            writer.write(record)
    with open(path, "rb") as file:
        return file.read()


def read(path, options=None):
    return list(tfrecord.tf_record_iterator(path, options))


@pytest.mark.parametrize("kind", ["", "ZLIB", "GZIP", 0, 1, 2, None])
def test_reads_what_it_wrote(path, kind):
    write(path, RECORDS, kind)
    assert read(path, kind) == RECORDS


def test_bytes_are_those_of_tensorflow(path):
    header = b",\x01\x00\x00\x00\x00\x00\x00\xf2\xfe[\x9d"
    assert write(path, [b"abc" * 100])[:12] == header


def test_gzip_has_a_gzip_header_and_options_reach_zlib(path):
    assert write(path, RECORDS, "GZIP")[:2] == b"\x1f\x8b"
    stored = tfrecord.TFRecordOptions("ZLIB", compression_level=0)
    assert len(write(path, RECORDS, stored)) > 1000
    assert read(path, stored) == RECORDS


def test_flush_makes_records_readable_before_close(path):
    with tfrecord.TFRecordWriter(path, "ZLIB") as writer:
        writer.write(b"abc")
        writer.flush()
        with open(path, "rb") as file:
            assert b"abc" in zlib.decompressobj().decompress(file.read())


@pytest.mark.parametrize(
    ("place", "message"),
    [(3, "corrupted record at 0"), (12, "corrupted record at 12"), (28, "corrupted record at 28")],
)
def test_flipped_bit_is_data_loss(path, place, message):
    damaged = bytearray(write(path, RECORDS))
    damaged[place] ^= 1
    with open(path, "wb") as file:
        file.write(damaged)
    with pytest.raises(errors.DataLossError) as raised:
        read(path)
    assert raised.value.message == message
    assert path in raised.value.__notes__[0]


def test_cut_record_is_data_loss_and_cut_header_is_the_end(path):
    whole = write(path, RECORDS)
    with open(path, "wb") as file:
        file.write(whole[:45])
    with pytest.raises(errors.DataLossError, match="truncated record at 33"):
        read(path)
    with open(path, "wb") as file:
        file.write(whole[:38])
    assert read(path) == RECORDS[:2]


def test_wrong_compression_is_data_loss(path):
    write(path, RECORDS)
    message = "inflate() failed with error -3: incorrect header check"
    with pytest.raises(errors.DataLossError) as raised:
        read(path, "GZIP")
    assert raised.value.message == message


def test_reader_goes_on_when_the_file_grew(path):
    with tfrecord.TFRecordWriter(path) as writer:
        writer.write(b"one")
        writer.flush()
        with tfrecord.RecordReader(path) as reader:
            assert [reader.read(), reader.read()] == [b"one", None]
            writer.write(b"two")
            writer.flush()
            assert reader.read() == b"two"


def test_bad_calls(path, tmp_path):
    with pytest.raises(errors.NotFoundError, match="nope; No such file or directory"):
        read(str(tmp_path / "nope"))
    with pytest.raises(ValueError, match='Not a valid compression_type: "LZ4"'):
        tfrecord.TFRecordWriter(path, "LZ4")
    writer = tfrecord.TFRecordWriter(path)
    with pytest.raises(TypeError, match="expected bytes, str found"):
        writer.write("text")
    writer.close()
    with pytest.raises(errors.FailedPreconditionError, match="previously closed"):
        writer.write(b"late")
