"""Readers as users have them: tf.TextLineReader and its kin, which read the files that a queue names.

The kernels are in reader_ops.py.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.formats.tfrecord import TFRecordOptions
from rekindle._src.graph import dtypes, opdef
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import queue_ops, reader_ops


@public("ReaderBase")
class ReaderBase:
    """Gives the records of the files that a queue names.

    Args:
      reader_ref: the handle.
      supports_serialize: whether it can tell where it stands.
    """

    def __init__(self, reader_ref: Tensor, supports_serialize: bool = False) -> None:
        self._reader_ref = reader_ref
        self._supports_serialize = supports_serialize

    @property
    def reader_ref(self) -> Tensor:
        """The handle."""
        return self._reader_ref

    @property
    def supports_serialize(self) -> bool:
        """Whether it can tell where it stands."""
        return self._supports_serialize

    def _apply(self, new: Any, old: Any, *inputs: Any, name: str | None) -> Any:
        return (new if self._is_new() else old)(self._reader_ref, *inputs, name=name)

    def _is_new(self) -> bool:
        return self._reader_ref.dtype == dtypes.resource

    def _queue(self, queue: Any) -> Tensor:
        handle = queue if isinstance(queue, Tensor) else queue.queue_ref
        return handle if self._is_new() else queue_ops.fake_queue(handle)

    def read(self, queue: Any, name: str | None = None) -> Any:
        """The next record, `(key, value)`, string scalars; the step waits for a file.

        Args:
          queue: a queue of names of files, or its handle.
          name: the operation's name.
        """
        return self._apply(reader_ops.reader_read_v2, reader_ops.reader_read, self._queue(queue), name=name)

    def read_up_to(self, queue: Any, num_records: Any, name: str | None = None) -> Any:
        """The next records of one file, `(keys, values)`, at most `num_records`.

        Args:
          queue: a queue of names of files, or its handle.
          num_records: how many, an int64 scalar.
          name: the operation's name.
        """
        blocks = reader_ops.reader_read_up_to_v2, reader_ops.reader_read_up_to
        return self._apply(*blocks, self._queue(queue), num_records, name=name)

    def num_records_produced(self, name: str | None = None) -> Tensor:
        """How many records it gave: an int64 scalar."""
        blocks = reader_ops.reader_num_records_produced_v2, reader_ops.reader_num_records_produced
        return self._apply(*blocks, name=name)

    def num_work_units_completed(self, name: str | None = None) -> Tensor:
        """How many files it read to the end: an int64 scalar."""
        blocks = reader_ops.reader_num_work_units_completed_v2, reader_ops.reader_num_work_units_completed
        return self._apply(*blocks, name=name)

    def serialize_state(self, name: str | None = None) -> Tensor:
        """Where it stands: a string scalar."""
        return self._apply(reader_ops.reader_serialize_state_v2, reader_ops.reader_serialize_state, name=name)

    def restore_state(self, state: Any, name: str | None = None) -> Any:
        """An operation that goes back to where it stood."""
        return self._apply(reader_ops.reader_restore_state_v2, reader_ops.reader_restore_state, state, name=name)

    def reset(self, name: str | None = None) -> Any:
        """An operation after which it begins with a new file."""
        return self._apply(reader_ops.reader_reset_v2, reader_ops.reader_reset, name=name)


@public("WholeFileReader")
class WholeFileReader(ReaderBase):
    """Gives whole files; their names are the keys."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(reader_ops.whole_file_reader_v2(name=name), supports_serialize=True)


@public("IdentityReader")
class IdentityReader(ReaderBase):
    """Gives the names of files themselves, as keys and as values."""

    def __init__(self, name: str | None = None) -> None:
        super().__init__(reader_ops.identity_reader_v2(name=name), supports_serialize=True)


@public("TextLineReader")
class TextLineReader(ReaderBase):
    """Gives the lines of files; the keys are "name:line".

    Args:
      skip_header_lines: how many lines to leave out at the start of each file; default: none.
      name: the operation's name.
    """

    def __init__(self, skip_header_lines: int | None = None, name: str | None = None) -> None:
        super().__init__(reader_ops.text_line_reader_v2(skip_header_lines=skip_header_lines, name=name))


@public("FixedLengthRecordReader")
class FixedLengthRecordReader(ReaderBase):
    """Gives records of one length; the keys are "name:number".

    Args:
      record_bytes: the length.
      header_bytes: what to leave out at the start of a file; default: nothing.
      footer_bytes: what to leave out at its end; default: nothing.
      hop_bytes: from the start of a record to that of the next; default: the length.
      name: the operation's name.
      encoding: "ZLIB", "GZIP" or "" (the default).
    """

    def __init__(self, record_bytes: int, header_bytes: int | None = None, footer_bytes: int | None = None,
                 hop_bytes: int | None = None, name: str | None = None,
                 encoding: str | None = None) -> None:  # fmt: skip
        super().__init__(reader_ops.fixed_length_record_reader_v2(
            record_bytes=record_bytes, header_bytes=header_bytes, footer_bytes=footer_bytes, hop_bytes=hop_bytes,
            encoding=encoding, name=name,
        ))  # fmt: skip


@public("TFRecordReader")
class TFRecordReader(ReaderBase):
    """Gives the records of TFRecord files; the keys are "name:offset".

    Args:
      name: the operation's name.
      options: a TFRecordOptions, for how they are compressed.
    """

    def __init__(self, name: str | None = None, options: Any = None) -> None:
        compression = TFRecordOptions.get_compression_type_string(options)
        super().__init__(reader_ops.tf_record_reader_v2(name=name, compression_type=compression))


@public("LMDBReader")
class LMDBReader(ReaderBase):
    """Gives the records of LMDB files, in graphs; Rekindle cannot run it.

    Args:
      name: the operation's name.
      options: of no effect.
    """

    def __init__(self, name: str | None = None, options: Any = None) -> None:
        super().__init__(opdef.call("LMDBReader", name=name))
