"""Event files, which TensorBoard reads: TFRecord files of `Event` messages.

Holds `EventsWriter` (one file, written by one thread at a time) and `summary_iterator`. The user's
`FileWriter`, with its queue, is in `summary/`.
"""
from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from typing import IO, Any

from rekindle._src import tf_logging as logging
from rekindle._src.formats.files import file_error, open_file
from rekindle._src.formats.tfrecord import framed, tf_record_iterator
from rekindle._src.graph import proto
from rekindle._src.names import public

_VERSION = "brain.Event:2"


@public("train.summary_iterator")
def summary_iterator(path: str) -> Iterator[Any]:
    """Yield each `Event` of an event file.

    Args:
      path: the file, also while it is still being written.

    Raises:
      errors.NotFoundError: there is no such file.
      errors.DataLossError: a record is corrupt or cut off.
    """
    for record in tf_record_iterator(path):
        yield proto.Event.FromString(record)


class EventsWriter:
    """Appends events to `<prefix>.out.tfevents.<seconds>.<host><suffix>`.

    The file is made with the first event (with `open`, at once). Records reach the operating system
    whole, so a killed process leaves a file that reads to its last flush.

    Args:
      prefix: folder and first part of the file name.
      suffix: the last part of the file name.
    """

    def __init__(self, prefix: str, suffix: str = "") -> None:
        self._prefix = prefix
        self._suffix = suffix
        self._file: IO[bytes] | None = None
        #: the file's path; "" before it is made
        self.path = ""
        self._pending: list[bytes] = []

    def open(self) -> None:
        """Make the file, with its version record, if it is not open.

        Raises:
          errors.OpError: it cannot be made.
        """
        if self._file is not None:
            return
        seconds = int(time.time())
        while os.path.exists(self._path_at(seconds)):
            seconds += 1  # another writer of this folder began in the same second
        self.path = self._path_at(seconds)
        self._file = open_file(self.path, "wb")
        version = proto.Event(wall_time=seconds, file_version=_VERSION)
        self._file.write(framed(version.SerializeToString()))
        self._file.flush()

    def write(self, event: bytes) -> None:
        """Take one serialised event; it is in the file after the next `flush`."""
        self._pending.append(framed(event))

    def flush(self) -> None:
        """Hand all events written so far to the operating system.

        Raises:
          errors.OpError: the file cannot be written.
        """
        if not self._pending:
            return
        if self._file is not None and not os.path.exists(self.path):
            logging.warning("The events file %s has disappeared; going on in a new one.", self.path)
            self._file.close()
            self._file = None
            os.makedirs(os.path.dirname(self.path) or ".", exist_ok=True)
        self.open()
        data = b"".join(self._pending)
        self._pending.clear()
        try:
            self._file.write(data)  # type: ignore[union-attr]
            self._file.flush()  # type: ignore[union-attr]
        except OSError as error:
            raise file_error(error, self.path) from None

    def close(self) -> None:
        """Flush and close; a later event begins a new file."""
        self.flush()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _path_at(self, seconds: int) -> str:
        host = socket.gethostname()
        return f"{self._prefix}.out.tfevents.{seconds:010d}.{host}{self._suffix}"
