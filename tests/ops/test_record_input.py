"""RecordInput: every record once an epoch, in an order that the seed decides."""
import numpy as np
import pytest

import rekindle as tf
from rekindle._src import errors


@pytest.fixture(autouse=True)
def graph():
    with tf.Graph().as_default():
        yield


def write(folder, files=3, records=4, compression=""):
    for i in range(files):
        with tf.python_io.TFRecordWriter(str(folder / f"part.{i}"), compression) as writer:
            for j in range(records):
                writer.write(b"%d" % (i * records + j))
    return str(folder / "part.*")


@pytest.mark.parametrize("compression", ["", "GZIP", "ZLIB"])
def test_every_record_once_an_epoch(tmp_path, compression):
    kind = {"GZIP": tf.python_io.TFRecordCompressionType.GZIP, "ZLIB": tf.python_io.TFRecordCompressionType.ZLIB}
    records = tf.contrib.framework.RecordInput(
        write(tmp_path, compression=compression), batch_size=3, buffer_size=100, parallelism=2, shift_ratio=0.4,
        compression_type=kind.get(compression),
    ).get_yield_op()  # fmt: skip
    assert records.shape.as_list() == [3] and records.op.get_attr("file_parallelism") == 2
    with tf.Session() as session:
        epochs = [np.concatenate([session.run(records) for _ in range(4)]).tolist() for _ in range(3)]
    assert all(sorted(map(int, one)) == list(range(12)) for one in epochs)
    assert epochs[0] != epochs[1]


def test_the_seed_decides(tmp_path):
    pattern = write(tmp_path)

    def order(seed):
        one = tf.contrib.framework.RecordInput(pattern, batch_size=12, buffer_size=5, seed=seed).get_yield_op()
        with tf.Session() as session:
            return session.run(one).tolist()

    assert order(1) == order(1) != order(2)


def test_batches_are_lists_of_scalars(tmp_path):
    records = tf.contrib.framework.RecordInput(write(tmp_path), batch_size=3, batches=2, name="in").get_yield_op()
    assert [len(one) for one in records] == [3, 3] and records[0][0].shape.as_list() == []
    with tf.Session() as session:
        found = session.run(records)
    assert len({one for batch in found for one in batch}) == 6


def test_files_without_records_or_none(tmp_path):
    with tf.Session() as session:
        missing = tf.contrib.framework.RecordInput(str(tmp_path / "none.*")).get_yield_op()
        with pytest.raises(errors.NotFoundError, match="Found no files at "):
            session.run(missing)
        empty = tf.contrib.framework.RecordInput(write(tmp_path, records=0)).get_yield_op()
        with pytest.raises(errors.OutOfRangeError, match="Found no records in the files at "):
            session.run(empty)
        (tmp_path / "bad").write_bytes(b"x" * 100)
        bad = tf.contrib.framework.RecordInput(str(tmp_path / "bad")).get_yield_op()
        with pytest.raises(errors.DataLossError, match="corrupted record at 0"):
            session.run(bad)
