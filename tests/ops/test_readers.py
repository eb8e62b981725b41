"""Readers: keys and records as TensorFlow 1.15.5 gives them, waiting for names, state.

The ops: AddManySparseToTensorsMap AddSparseToTensorsMap FixedLengthRecordReader FixedLengthRecordReaderV2
IdentityReader IdentityReaderV2 ReaderNumRecordsProduced ReaderNumRecordsProducedV2 ReaderNumWorkUnitsCompleted
ReaderNumWorkUnitsCompletedV2 ReaderRead ReaderReadUpTo ReaderReadUpToV2 ReaderReadV2 ReaderReset ReaderResetV2
ReaderRestoreState ReaderRestoreStateV2 ReaderSerializeState ReaderSerializeStateV2 TFRecordReader TFRecordReaderV2
TakeManySparseFromTensorsMap TextLineReader TextLineReaderV2 WholeFileReader WholeFileReaderV2.
"""
from __future__ import annotations

import zlib

import numpy as np
import pytest

import rekindle as tf
from rekindle._src.ops import queue_ops, reader_ops, sparse_maps


@pytest.fixture
def sess():
    with tf.Graph().as_default(), tf.Session() as session:
        yield session


def files(sess, *paths):
    """A closed queue of names of files."""
    queue = tf.FIFOQueue(10, [tf.string], shapes=[[]])
    sess.run(queue.enqueue_many([[str(p) for p in paths]]))
    sess.run(queue.close())
    return queue


def records(sess, reader, queue):
    """Everything that a reader gives, [key less its folder, value]."""
    pair = reader.read(queue)
    found = []
    with pytest.raises(tf.errors.OutOfRangeError, match="is closed and has insufficient elements .requested 1"):
        while True:
            key, value = sess.run(pair)
            found.append((key.decode().rpartition("/")[2], value))
    return found


def test_lines_of_files_without_their_headers(sess, tmp_path):
    (tmp_path / "a").write_bytes(b"head\none\r\n\ntwo")
    (tmp_path / "b").write_bytes(b"head\nthree\n")
    reader = tf.TextLineReader(skip_header_lines=1)
    found = records(sess, reader, files(sess, tmp_path / "a", tmp_path / "b"))
    assert found == [("a:2", b"one"), ("a:3", b""), ("a:4", b"two"), ("b:2", b"three")]
    assert sess.run([reader.num_records_produced(), reader.num_work_units_completed()]) == [4, 2]


@pytest.mark.parametrize("packed", [False, True])
def test_records_of_one_length(sess, tmp_path, packed):
    content = b"HH" + bytes(range(65, 72)) + b"F"
    (tmp_path / "a").write_bytes(zlib.compress(content) if packed else content)
    reader = tf.FixedLengthRecordReader(3, header_bytes=2, footer_bytes=1, hop_bytes=2,
                                        encoding="ZLIB" if packed else None)
    assert records(sess, reader, files(sess, tmp_path / "a")) == [("a:0", b"ABC"), ("a:1", b"CDE"), ("a:2", b"EFG")]


def test_records_of_tfrecord_files_have_their_offset_in_the_key(sess, tmp_path):
    with tf.python_io.TFRecordWriter(str(tmp_path / "a")) as writer:
        writer.write(b"one")
        writer.write(b"three")
    found = records(sess, tf.TFRecordReader(), files(sess, tmp_path / "a"))
    assert found == [("a:0", b"one"), ("a:19", b"three")]


def test_whole_files_and_names(sess, tmp_path):
    (tmp_path / "a").write_bytes(b"all of it")
    assert records(sess, tf.WholeFileReader(), files(sess, tmp_path / "a")) == [("a", b"all of it")]
    name = str(tmp_path / "a")
    assert records(sess, tf.IdentityReader(), files(sess, name)) == [("a", name.encode())]


def test_several_records_of_one_file(sess, tmp_path):
    (tmp_path / "a").write_bytes(b"1\n2\n3\n")
    (tmp_path / "b").write_bytes(b"4\n")
    read = tf.TextLineReader().read_up_to(files(sess, tmp_path / "a", tmp_path / "b"), 2)
    assert [sess.run(read)[1].tolist() for _ in range(3)] == [[b"1", b"2"], [b"3"], [b"4"]]


def test_a_reader_goes_on_from_its_state(sess):
    reader, other = tf.IdentityReader(), tf.IdentityReader()
    queue = files(sess, "a", "b")
    sess.run(reader.read(queue))
    sess.run(other.restore_state(sess.run(reader.serialize_state())))
    assert sess.run(other.num_records_produced()) == 1
    sess.run(other.reset())
    assert sess.run(other.num_records_produced()) == 0
    with pytest.raises(tf.errors.InvalidArgumentError, match="Could not parse state for IdentityReader 'IdentityR"):
        sess.run(other.restore_state(b"\xff"))
    with pytest.raises(tf.errors.UnimplementedError, match="Reader SerializeState"):
        sess.run(tf.TFRecordReader().serialize_state())


def test_a_missing_file_is_reported(sess, tmp_path):
    with pytest.raises(tf.errors.NotFoundError, match="nowhere; No such file or directory"):
        sess.run(tf.TextLineReader().read(files(sess, tmp_path / "nowhere")))


def test_old_handles_work_with_the_old_ops(sess, tmp_path):
    (tmp_path / "a").write_bytes(b"1\n2\n")
    queue = queue_ops.fifo_queue(component_types=[tf.string], shapes=[[]])
    sess.run(queue_ops.queue_enqueue(queue, [tf.constant(str(tmp_path / "a"))]))
    reader = tf.ReaderBase(reader_ops.text_line_reader())
    read = reader_ops.reader_read(reader.reader_ref, queue)
    assert [sess.run(read)[1] for _ in range(2)] == [b"1", b"2"]
    assert sess.run(reader.num_records_produced()) == 2


def test_sparse_tensors_pass_through_a_map(sess):
    whole = tf.SparseTensor([[0, 1], [2, 0]], [5, 6], [3, 4])
    handles = sparse_maps.store_many_sparse(whole)
    back = sess.run(sparse_maps.restore_sparse(handles.op, handles, 2))
    np.testing.assert_array_equal(back.indices, [[0, 1], [2, 0]])
    assert back.values.tolist() == [5, 6] and back.dense_shape.tolist() == [3, 4]
    with pytest.raises(tf.errors.InvalidArgumentError, match="Unable to find SparseTensor: 9 in map: Add"):
        sess.run(sparse_maps.restore_sparse(handles.op, tf.constant([9], tf.int64), 2).values)
