"""Readers as sessions hold them: they take names of files from a queue and give the records in these.

Holds the kinds of readers. The ops on readers are in reader_ops.py.
"""

from __future__ import annotations

import abc
import threading
from typing import IO, Any

from google.protobuf.message import DecodeError

from rekindle._src import errors
from rekindle._src.formats.files import open_file
from rekindle._src.formats.tfrecord import Inflated, RecordReader
from rekindle._src.graph import dtypes, proto
from rekindle._src.ops.queue_state import ElementQueue

_STATE: Any = proto.ReaderBaseState
Record = tuple[bytes, bytes]


class Reader(abc.ABC):
    """Gives records, each with a key that tells where it is from; several runs may ask at once.

    Args:
      name: the node's name.
    """

    serializes = False

    def __init__(self, name: str) -> None:
        self.name = f"{type(self).__name__} '{name}'"
        self._lock = threading.Lock()
        self._state = _STATE()

    @property
    def produced(self) -> int:
        """How many records it gave."""
        return self._state.num_records_produced

    @property
    def finished(self) -> int:
        """How many files it read to the end."""
        return self._state.work_finished

    def read(self, queue: ElementQueue) -> Record:
        """The next record; waits for a file where there is none."""
        with self._lock:
            while True:
                record = self._next(queue)
                if record is not None:
                    return record

    def read_up_to(self, count: int, queue: ElementQueue) -> list[Record]:
        """The next records of one file, at most `count`, at least one."""
        found: list[Record] = []
        with self._lock:
            while len(found) < count:
                finished = self.finished
                record = self._next(queue)
                if record is not None:
                    found.append(record)
                if found and self.finished > finished:
                    break
        return found

    def _next(self, queue: ElementQueue) -> Record | None:
        """The next record; None if the file had no more."""
        state = self._state
        if state.work_started == state.work_finished:
            state.current_work = _next_work(queue)
            self._open(state.current_work)
            state.work_started += 1
        record, at_end = self._record()
        if at_end:
            self._close()
            state.work_finished = state.work_started
        if record is not None:
            state.num_records_produced += 1
        return record

    def reset(self) -> None:
        """Forget the file that is open, and the counts."""
        with self._lock:
            self._close()
            self._state = _STATE()

    def cancel(self) -> None:
        """Close the file that is open: the session ends."""
        if self._lock.acquire(blocking=False):  # a run that holds the lock waits for a name: no file is open
            try:
                self._close()
            finally:
                self._lock.release()

    def state(self) -> bytes:
        """Where it stands.

        Raises:
          UnimplementedError: its kind cannot tell.
        """
        if not self.serializes:
            raise errors.UnimplementedError(None, None, "Reader SerializeState")
        with self._lock:
            return self._state.SerializeToString()

    def restore(self, text: bytes) -> None:
        """Go back to where it stood; to the start if that is not possible.

        Raises:
          UnimplementedError: its kind cannot.
          InvalidArgumentError: `text` is no state.
        """
        with self._lock:
            self._state = _STATE()
            if not self.serializes:
                raise errors.UnimplementedError(None, None, "Reader RestoreState")
            self._state = self._parsed(text)

    def _parsed(self, text: bytes) -> Any:
        state = _STATE()
        try:
            state.ParseFromString(text)
        except DecodeError:
            shown = repr(text)[2:-1]
            message = f"Could not parse state for {self.name}: {shown}"
            raise errors.InvalidArgumentError(None, None, message) from None
        if min(state.work_started, state.work_finished, state.num_records_produced) < 0:
            problem = f"Unexpected negative value when restoring in {self.name}: {state}"
        elif state.work_started > state.work_finished:
            problem = f"Inconsistent work started vs. finished when restoring in {self.name}: {state}"
        else:
            return state
        raise errors.InvalidArgumentError(None, None, problem)

    @abc.abstractmethod
    def _record(self) -> tuple[Record | None, bool]:
        """The next record, and whether the file is at its end."""

    def _open(self, name: bytes) -> None:  # noqa: B027 - a reader may have nothing to open
        """Begin a file."""

    def _close(self) -> None:  # noqa: B027
        """End a file."""

    def _key(self, at: int) -> bytes:
        return b"%s:%d" % (self._state.current_work, at)


def _next_work(queue: ElementQueue) -> bytes:
    element = queue.dequeue()
    if len(element) != 1:
        problem = "Expected single component queue"
    elif queue.types[0] != dtypes.string:
        problem = "Expected queue with single string component"
    elif element[0].size != 1:
        problem = "Expected to dequeue a one-element string tensor"
    else:
        return element[0].reshape(-1)[0]
    raise errors.InvalidArgumentError(None, None, problem)


class IdentityReader(Reader):
    """Gives the names themselves."""

    serializes = True

    def _record(self) -> tuple[Record | None, bool]:
        return (self._state.current_work, self._state.current_work), True


class WholeFileReader(Reader):
    """Gives whole files."""

    serializes = True

    def _record(self) -> tuple[Record | None, bool]:
        name = self._state.current_work
        with open_file(name, "rb") as file:
            return (name, file.read()), True


class TextLineReader(Reader):
    """Gives the lines of files, without line ends."""

    def __init__(self, name: str, skip_header_lines: int) -> None:
        super().__init__(name)
        if skip_header_lines < 0:
            raise errors.InvalidArgumentError(
                None, None, f"skip_header_lines must be >= 0 not {skip_header_lines}"
            )
        self._skipped = skip_header_lines
        self._line = 0
        self._file: IO[bytes] | None = None

    def _open(self, name: bytes) -> None:
        self._file = open_file(name, "rb")
        self._line = 0
        while self._line < self._skipped and self._file.readline():
            self._line += 1

    def _record(self) -> tuple[Record | None, bool]:
        assert self._file is not None
        line = self._file.readline()
        self._line += 1
        text = line.removesuffix(b"\n").replace(b"\r", b"")
        if not line or not text and not line.endswith(b"\n"):
            return None, True
        return (self._key(self._line), text), False

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class FixedLengthRecordReader(Reader):
    """Gives records of one length, `hop` bytes from each to the next."""

    def __init__(self, name: str, header: int, record: int, footer: int, hop: int, encoding: str) -> None:
        super().__init__(name)
        for what, size in (("header", header), ("record", record), ("footer", footer), ("hop", hop)):
            if size < 0:
                raise errors.InvalidArgumentError(None, None, f"{what}_bytes must be >= 0 not {size}")
        self._header, self._length, self._footer, self._hop = header, record, footer, hop or record
        self._encoding = encoding
        self._number = 0
        self._ahead = b""
        self._file: Any = None

    def _open(self, name: bytes) -> None:
        file = open_file(name, "rb")
        packed = self._encoding in ("ZLIB", "GZIP")
        self._file = Inflated(file, str(name), self._encoding) if packed else file
        self._number = 0
        self._ahead = b""
        self._skip(self._header)

    def _skip(self, count: int) -> bool:
        return len(self._file.read(count)) == count

    def _record(self) -> tuple[Record | None, bool]:
        if self._number:
            short = self._hop - len(self._ahead)
            self._ahead = self._ahead[self._hop :]
            if short > 0 and not self._skip(short):
                return None, True
        wanted = self._length + self._footer - len(self._ahead)
        found = self._file.read(wanted)
        if len(found) < wanted:
            return None, True
        self._ahead += found
        record = self._key(self._number), self._ahead[: self._length]
        self._number += 1
        return record, False

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None


class TFRecordReader(Reader):
    """Gives the records of TFRecord files."""

    def __init__(self, name: str, compression: str) -> None:
        super().__init__(name)
        self._compression = compression
        self._reader: RecordReader | None = None

    def _open(self, name: bytes) -> None:
        self._reader = RecordReader(name, self._compression)

    def _record(self) -> tuple[Record | None, bool]:
        assert self._reader is not None
        key = self._key(self._reader.offset)
        record = self._reader.read()
        return (None, True) if record is None else ((key, record), False)

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.close()
            self._reader = None
