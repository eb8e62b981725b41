"""Records of many files in a random order: the op RecordInput and `tf.contrib.framework.RecordInput`."""
from __future__ import annotations

import glob
import random
import threading
from collections.abc import Iterator
from typing import Any

from rekindle._src import errors
from rekindle._src.formats.files import local_path
from rekindle._src.formats.tfrecord import RecordReader, TFRecordOptions
from rekindle._src.graph import scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import array_shape, array_split
from rekindle._src.ops.string import text_of


class ShuffledRecords:
    """The records of files over and over, each once an epoch, through a buffer from which any may come next.

    Args:
      patterns: glob patterns with commas between.
      compression: "GZIP", "ZLIB" or "".
      size: records in the buffer.
      shift: the share of the files by which each epoch begins later in their order.
      seed: of all that is random.
    """

    def __init__(self, patterns: str, compression: str, size: int, shift: float, seed: int) -> None:
        self._patterns = patterns
        self._compression = compression
        self._size = max(1, size)
        self._shift = shift
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._buffer: list[bytes] = []
        self._epoch: Iterator[bytes] = iter(())

    def take(self, count: int) -> list[bytes]:
        """The next records.

        Raises:
          NotFoundError: no file matches.
          OutOfRangeError: the files have no records.
          DataLossError: a record is damaged.
        """
        with self._lock:
            return [self._one() for _ in range(count)]

    def _one(self) -> bytes:
        self._fill()
        if not self._buffer:
            self._epoch = self._records()
            self._fill()
        if not self._buffer:
            raise errors.OutOfRangeError(None, None, f"Found no records in the files at {self._patterns}")
        place = self._random.randrange(len(self._buffer))
        self._buffer[place], self._buffer[-1] = self._buffer[-1], self._buffer[place]
        return self._buffer.pop()

    def _fill(self) -> None:
        while len(self._buffer) < self._size:
            record = next(self._epoch, None)
            if record is None:
                return
            self._buffer.append(record)

    def _records(self) -> Iterator[bytes]:
        paths = [path for one in self._patterns.split(",") for path in sorted(glob.glob(local_path(one)))]
        if not paths:
            raise errors.NotFoundError(None, None, f"Found no files at {self._patterns}")
        self._random.shuffle(paths)
        first = int(self._shift * len(paths)) if 0 <= self._shift < 1 else 0
        for path in paths[first:] + paths[:first]:
            with RecordReader(path, self._compression) as reader:
                yield from reader


@op("RecordInput", infer=lambda c: (c.attr("batch_size"),), host=True, pure=False)
def record_input(
    *, file_pattern, file_random_seed=301, file_shuffle_shift_ratio=0, file_buffer_size=10000, batch_size=32,
    compression_type="", ctx,
):  # fmt: skip
    """The next records of files, in a random order."""
    records = ctx.local(
        lambda: ShuffledRecords(
            file_pattern, compression_type, file_buffer_size, file_shuffle_shift_ratio, file_random_seed
        )
    )
    return text_of(records.take(batch_size), [batch_size])


record_input.no_gradient()


@public("contrib.framework.RecordInput")
class RecordInput:
    """Reads TFRecord files over and over and gives their records in a random order.

    Args:
      file_pattern: glob patterns, with commas between.
      batch_size: records in a batch.
      buffer_size: records from which the next is drawn.
      parallelism: how many files TensorFlow reads at once; here one after the other.
      shift_ratio: the share of the files by which each epoch begins later.
      seed: of the order.
      name: the operation's name.
      batches: if given, so many batches come at once.
      compression_type: how the files are compressed.
    """

    def __init__(
        self, file_pattern: str, batch_size: int = 1, buffer_size: int = 1, parallelism: int = 1,
        shift_ratio: float = 0, seed: int = 0, name: str | None = None, batches: int | None = None,
        compression_type: Any = None,
    ) -> None:  # fmt: skip
        self._batches = batches
        self._name = name
        self._batch_size = batch_size * (1 if batches is None else batches)
        self._attrs = {
            "file_pattern": file_pattern,
            "file_buffer_size": buffer_size,
            "file_parallelism": parallelism,
            "file_shuffle_shift_ratio": shift_ratio,
            "file_random_seed": seed,
            "compression_type": TFRecordOptions.get_compression_type_string(compression_type),
        }

    def get_yield_op(self) -> Any:
        """A tensor of records, others in each run; a list of lists of scalars if there are several batches."""
        records = record_input(batch_size=self._batch_size, name=self._name, **self._attrs)
        if self._batches is None:
            return records
        with scopes.name_scope(self._name):
            found: list[list[Any]] = [[] for _ in range(self._batches)]
            for index, one in enumerate(array_split.split(records, self._batch_size, 0)):
                found[index % self._batches].append(array_shape.reshape(one, []))
            return found
