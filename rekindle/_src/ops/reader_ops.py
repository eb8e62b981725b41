"""The ops on readers, in the form with resource handles and in the old one with ref handles.

What a reader does is in reader_state.py; the classes that users have (tf.TextLineReader) are in readers.py.
"""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op
from rekindle._src.ops.containers import held
from rekindle._src.ops.reader_state import (
    FixedLengthRecordReader,
    IdentityReader,
    Reader,
    TextLineReader,
    TFRecordReader,
    WholeFileReader,
)
from rekindle._src.ops.string import text_of


def _scalar(c: Any) -> Any:
    return ()


def _pair(c: Any) -> Any:
    return (2,)


def _reader(ctx: Any, container: str, shared_name: str, kind: Any, *arguments: Any) -> Reader:
    return ctx.local(
        lambda: held(ctx, "reader", container, shared_name, lambda name: kind(ctx.name, *arguments))
    )


@op("WholeFileReaderV2", infer=_scalar, host=True)
def whole_file_reader_v2(*, container="", shared_name="", ctx):
    """A reader of whole files."""
    return _reader(ctx, container, shared_name, WholeFileReader)


@op("WholeFileReader", infer=_pair, host=True)
def whole_file_reader(*, container="", shared_name="", ctx):
    """A reader of whole files."""
    return _reader(ctx, container, shared_name, WholeFileReader)


@op("IdentityReaderV2", infer=_scalar, host=True)
def identity_reader_v2(*, container="", shared_name="", ctx):
    """A reader that gives the names of files themselves."""
    return _reader(ctx, container, shared_name, IdentityReader)


@op("IdentityReader", infer=_pair, host=True)
def identity_reader(*, container="", shared_name="", ctx):
    """A reader that gives the names of files themselves."""
    return _reader(ctx, container, shared_name, IdentityReader)


@op("TextLineReaderV2", infer=_scalar, host=True)
def text_line_reader_v2(*, skip_header_lines=0, container="", shared_name="", ctx):
    """A reader of lines."""
    return _reader(ctx, container, shared_name, TextLineReader, skip_header_lines)


@op("TextLineReader", infer=_pair, host=True)
def text_line_reader(*, skip_header_lines=0, container="", shared_name="", ctx):
    """A reader of lines."""
    return _reader(ctx, container, shared_name, TextLineReader, skip_header_lines)


@op("FixedLengthRecordReaderV2", infer=_scalar, host=True)
def fixed_length_record_reader_v2(*, header_bytes=0, record_bytes, footer_bytes=0, hop_bytes=0, encoding="",
                                  container="", shared_name="", ctx):  # fmt: skip
    """A reader of records of one length."""
    return _reader(ctx, container, shared_name, FixedLengthRecordReader, header_bytes, record_bytes, footer_bytes,
                   hop_bytes, encoding)  # fmt: skip


@op("FixedLengthRecordReader", infer=_pair, host=True)
def fixed_length_record_reader(*, header_bytes=0, record_bytes, footer_bytes=0, hop_bytes=0, container="",
                               shared_name="", ctx):  # fmt: skip
    """A reader of records of one length."""
    return _reader(ctx, container, shared_name, FixedLengthRecordReader, header_bytes, record_bytes, footer_bytes,
                   hop_bytes, "")  # fmt: skip


@op("TFRecordReaderV2", infer=_scalar, host=True)
def tf_record_reader_v2(*, container="", shared_name="", compression_type="", ctx):
    """A reader of TFRecord files."""
    return _reader(ctx, container, shared_name, TFRecordReader, compression_type)


@op("TFRecordReader", infer=_pair, host=True)
def tf_record_reader(*, container="", shared_name="", compression_type="", ctx):
    """A reader of TFRecord files."""
    return _reader(ctx, container, shared_name, TFRecordReader, compression_type)


def _scalars(count: int) -> infer.Rule:
    """Handles and other inputs are scalars, and so are `count` outputs."""

    def rule(c: Any) -> Any:
        for shape in c.shapes:
            infer.with_rank(shape, 0)
        return [()] * count

    return rule


def _pairs(count: int) -> infer.Rule:
    """Handles of the old form are vectors of two; `count` outputs are scalars."""

    def rule(c: Any) -> Any:
        for shape in c.shapes:
            infer.with_rank(shape, 1)
        return [()] * count

    return rule


def _several(rank: int) -> infer.Rule:
    def rule(c: Any) -> Any:
        infer.with_rank(c.shapes[0], rank)
        infer.with_rank(c.shapes[1], rank)
        infer.with_rank(c.shapes[2], 0)
        return [(None,), (None,)]

    return rule


def _one(reader: Reader, queue: Any) -> Any:
    key, value = reader.read(queue)
    return text_of([key], ()), text_of([value], ())


def _some(reader: Reader, queue: Any, count: Any) -> Any:
    records = reader.read_up_to(int(count), queue)
    return tuple(text_of([r[i] for r in records], (len(records),)) for i in (0, 1))


@op("ReaderReadV2", infer=_scalars(2), host=True, pure=False)
def reader_read_v2(reader_handle, queue_handle):
    """The next record: its key and itself."""
    return _one(reader_handle, queue_handle)


@op("ReaderRead", infer=_pairs(2), host=True, pure=False)
def reader_read(reader_handle, queue_handle):
    """The next record: its key and itself."""
    return _one(reader_handle, queue_handle)


@op("ReaderReadUpToV2", infer=_several(0), host=True, pure=False)
def reader_read_up_to_v2(reader_handle, queue_handle, num_records):
    """The next records of one file: their keys and themselves."""
    return _some(reader_handle, queue_handle, num_records)


@op("ReaderReadUpTo", infer=_several(1), host=True, pure=False)
def reader_read_up_to(reader_handle, queue_handle, num_records):
    """The next records of one file: their keys and themselves."""
    return _some(reader_handle, queue_handle, num_records)


@op("ReaderNumRecordsProducedV2", infer=_scalars(1), host=True, pure=False)
def reader_num_records_produced_v2(reader_handle):
    """How many records the reader gave."""
    return torch.tensor(reader_handle.produced)


@op("ReaderNumRecordsProduced", infer=_pairs(1), host=True, pure=False)
def reader_num_records_produced(reader_handle):
    """How many records the reader gave."""
    return torch.tensor(reader_handle.produced)


@op("ReaderNumWorkUnitsCompletedV2", infer=_scalars(1), host=True, pure=False)
def reader_num_work_units_completed_v2(reader_handle):
    """How many files the reader read to the end."""
    return torch.tensor(reader_handle.finished)


@op("ReaderNumWorkUnitsCompleted", infer=_pairs(1), host=True, pure=False)
def reader_num_work_units_completed(reader_handle):
    """How many files the reader read to the end."""
    return torch.tensor(reader_handle.finished)


@op("ReaderSerializeStateV2", infer=_scalars(1), host=True, pure=False)
def reader_serialize_state_v2(reader_handle):
    """Where the reader stands."""
    return text_of([reader_handle.state()], ())


@op("ReaderSerializeState", infer=_pairs(1), host=True, pure=False)
def reader_serialize_state(reader_handle):
    """Where the reader stands."""
    return text_of([reader_handle.state()], ())


@op("ReaderRestoreStateV2", infer=_scalars(0), host=True, pure=False)
def reader_restore_state_v2(reader_handle, state):
    """Let the reader go on from where it stood."""
    reader_handle.restore(state[()])


def _pair_and_scalar(c: Any) -> Any:
    infer.with_rank(c.shapes[0], 1)
    infer.with_rank(c.shapes[1], 0)
    return []


@op("ReaderRestoreState", infer=_pair_and_scalar, host=True, pure=False)
def reader_restore_state(reader_handle, state):
    """Let the reader go on from where it stood."""
    reader_handle.restore(state[()])


@op("ReaderResetV2", infer=_scalars(0), host=True, pure=False)
def reader_reset_v2(reader_handle):
    """Let the reader begin with a new file."""
    reader_handle.reset()


@op("ReaderReset", infer=_pairs(0), host=True, pure=False)
def reader_reset(reader_handle):
    """Let the reader begin with a new file."""
    reader_handle.reset()


for _block in (reader_read, reader_read_up_to, reader_num_records_produced, reader_num_work_units_completed,
               reader_serialize_state, reader_restore_state, reader_reset, whole_file_reader, text_line_reader,
               fixed_length_record_reader, tf_record_reader, identity_reader):  # fmt: skip
    _block.no_gradient()
