"""Damaged files of every format: an error of TensorFlow's classes that names the file, in bounded time and memory."""
from __future__ import annotations

import gzip
import os
import random
import struct
import time
import tracemalloc

import numpy as np
import pytest

import rekindle as tf
from rekindle._src import errors
from rekindle._src.formats import table, tfrecord
from rekindle._src.formats.checkpoint_reader import CheckpointReader
from rekindle._src.formats.checkpoint_v1 import write_slices
from rekindle._src.formats.tensor_bundle import BundleWriter
from rekindle._src.formats.tensor_slice import Slice
from rekindle._src.graph import dtypes, proto
from rekindle._src.tools.convert import convert
from rekindle._src.tools.describe import describe
from rekindle._src.tools.safetensors_files import write_safetensors

ROUNDS = 120
TENSORS = [
    ("floats", dtypes.float32, np.arange(60, dtype=np.float32).reshape(5, 12)),
    ("ints", dtypes.int64, np.arange(7)),
    ("strings", dtypes.string, np.array([b"a", b"bcd", b""], object)),
    ("scalar", dtypes.float64, np.array(1.5)),
]


def write_v2(folder):
    writer = BundleWriter(str(folder / "file"))
    for name, dtype, array in TENSORS:
        writer.add(name, array, dtype)
    half = Slice(((0, 2), (0, -1)))
    writer.add_slice("sliced", (4, 3), half, np.zeros((2, 3), np.float32), dtypes.float32)
    writer.add_slice("sliced", (4, 3), Slice(((2, 2), (0, -1))), np.ones((2, 3), np.float32), dtypes.float32)
    writer.finish()


def write_v1(folder):
    rows = [(name, array.shape, Slice.full(array.ndim), array, dtype) for name, dtype, array in TENSORS]
    write_slices(str(folder / "file"), rows)


def write_records(compression):
    def write(folder):
        with tf.python_io.TFRecordWriter(str(folder / "file"), compression) as writer:
            for i in range(20):
                writer.write(bytes([i]) * (7 * i))

    return write


def write_events(folder):
    writer = tf.summary.FileWriter(str(folder / "events"))
    for step in range(5):
        writer.add_summary(tf.Summary(value=[tf.Summary.Value(tag="a", simple_value=step)]), step)
    writer.close()
    (name,) = os.listdir(folder / "events")
    os.rename(folder / "events" / name, folder / "file")


def write_tensors(folder):
    write_safetensors(str(folder / "file.safetensors"), [(n, d, a) for n, d, a in TENSORS], {"a": "b"})
    os.rename(folder / "file.safetensors", folder / "file")


def write_graph(folder):
    with tf.Graph().as_default() as graph:
        tf.nn.relu(tf.placeholder(tf.float32, [3]) + tf.constant(np.arange(50.0)[:3], tf.float32))
    tf.train.write_graph(graph, str(folder), "file", as_text=False)


def read_checkpoint(path):
    reader = CheckpointReader(path)
    for name in reader.get_variable_to_shape_map():
        reader.get_tensor(name)


def read_records(compression):
    def read(path):
        for _ in tf.python_io.tf_record_iterator(path, compression):
            pass

    return read


def read_events(path):
    for _ in tf.train.summary_iterator(path):
        pass


def convert_it(path):
    convert(path, path + ".out")


FORMATS = {
    "index": (write_v2, "file.index", "file", read_checkpoint),
    "data": (write_v2, "file.data-00000-of-00001", "file", read_checkpoint),
    "v1": (write_v1, "file", "file", read_checkpoint),
    "records": (write_records(""), "file", "file", read_records("")),
    "gzip": (write_records("GZIP"), "file", "file", read_records("GZIP")),
    "zlib": (write_records("ZLIB"), "file", "file", read_records("ZLIB")),
    "events": (write_events, "file", "file", read_events),
    "safetensors": (write_tensors, "file", "file", convert_it),
    "graph": (write_graph, "file", "file", convert_it),
}


def damaged(content, rng):
    """One way to damage a file."""
    kind = rng.randrange(6)
    if kind == 0:
        return content[: rng.randrange(len(content))]
    if kind == 1:
        return content + rng.randbytes(rng.randrange(1, 50))
    if kind == 2:
        return rng.randbytes(rng.randrange(0, 300))
    out = bytearray(content)
    for _ in range(rng.randrange(1, 4)):
        place = rng.randrange(len(out))
        if kind == 3:
            out[place] ^= 1 << rng.randrange(8)
        elif kind == 4:
            out[place] = rng.choice([0, 0x7F, 0x80, 0xFF])
        else:
            out[place : place + 8] = rng.choice([b"\xff" * 8, b"\0" * 8, struct.pack("<Q", 1 << 62)])
    return bytes(out)


@pytest.mark.parametrize("name", FORMATS)
def test_damage_is_an_error_or_harmless(tmp_path, name):
    write, file, opened, read = FORMATS[name]
    write(tmp_path)
    content = (tmp_path / file).read_bytes()
    rng = random.Random(name)
    for round_ in range(ROUNDS):
        broken = damaged(content, rng)
        (tmp_path / file).write_bytes(broken)
        start = time.monotonic()
        tracemalloc.start()
        try:
            for reader in (read, describe):
                with_an_error_of_ours(reader, str(tmp_path / opened), (name, round_))
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert time.monotonic() - start < 20 and peak < 40e6, (name, round_)


def with_an_error_of_ours(read, path, what):
    try:
        read(path)
    except errors.OpError as error:
        said = "\n".join([str(error), *getattr(error, "__notes__", ())])
        if not isinstance(error, errors.NotFoundError | errors.UnimplementedError):
            assert path in said, (what, said)
    except OSError as error:
        assert path in str(error), what


def record(body, length=None):
    head = struct.pack("<Q", len(body) if length is None else length)
    crcs = [struct.pack("<I", tfrecord.masked_crc(one)) for one in (head, body)]
    return head + crcs[0] + body + crcs[1]


@pytest.mark.parametrize("length", [1 << 62, (1 << 64) - 1, 1 << 31])
def test_a_record_that_claims_to_be_huge(tmp_path, length):
    path = tmp_path / "records"
    path.write_bytes(record(b"good") + record(b"bad", length))
    with pytest.raises(errors.DataLossError, match="truncated record at 20") as caught:
        list(tf.python_io.tf_record_iterator(str(path)))
    assert str(path) in caught.value.__notes__[0] and "begins at 20" in caught.value.__notes__[0]


def test_a_small_file_that_unpacks_to_a_big_one(tmp_path):
    path = tmp_path / "records"
    path.write_bytes(gzip.compress(record(b"x", 1 << 40) + bytes(200 << 20)))
    tracemalloc.start()
    try:
        with pytest.raises(errors.DataLossError):
            list(tf.python_io.tf_record_iterator(str(path), "GZIP"))
        assert tracemalloc.get_traced_memory()[1] < 700e6  # the claimed record's bytes are there to be read
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("sizes", [[1 << 62, 4], [-3], [1 << 32, 1 << 32], [0, 1 << 62], [1 << 30]])
def test_shapes_that_do_not_fit(tmp_path, sizes):
    write_v2(tmp_path)
    index = str(tmp_path / "file.index")
    with table.Table(index) as found:
        rows = dict(found.items())
    entry = proto.BundleEntryProto.FromString(rows[b"floats"])
    del entry.shape.dim[:]
    for size in sizes:
        entry.shape.dim.add(size=size)
    rows[b"floats"] = entry.SerializeToString()
    with open(index, "wb") as file:
        table.write_table(file, sorted(rows.items()))
    with pytest.raises(errors.OpError):
        read_checkpoint(str(tmp_path / "file"))
