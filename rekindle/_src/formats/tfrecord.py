"""TFRecord files: records with lengths and checksums, plain or compressed with zlib or gzip.

Holds the user's `TFRecordWriter`, `TFRecordOptions` and `tf_record_iterator`, and `RecordReader`,
which the kernels of readers and the event files use. Holds nothing about what is in a record.

A record is its length (8 bytes, little endian), the masked CRC-32C of these, the bytes, and the
masked CRC-32C of the bytes. Source: tensorflow/core/lib/io/record_writer.h.
"""
from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from typing import IO, Any

import google_crc32c

from rekindle._src import errors
from rekindle._src.formats.files import file_error, open_file
from rekindle._src.names import public

_HEADER = struct.Struct("<QI")
_FOOTER = struct.Struct("<I")
_CHUNK = 256 << 10
_MOST_AT_ONCE = 16 << 20
#: window bits that make zlib write or read its own format, or gzip's
_WINDOW = {"ZLIB": zlib.MAX_WBITS, "GZIP": zlib.MAX_WBITS + 16}


def masked_crc(data: bytes) -> int:
    """The CRC-32C of `data` as TensorFlow's files store it: rotated, and a constant added."""
    return mask(google_crc32c.value(data))


def mask(crc: int) -> int:
    """A CRC-32C so changed that the checksum of data that holds checksums stays good."""
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def unmask(masked: int) -> int:
    """The CRC-32C that `mask` changed."""
    rotated = (masked - 0xA282EAD8) & 0xFFFFFFFF
    return (rotated >> 17 | rotated << 15) & 0xFFFFFFFF


@public("python_io.TFRecordCompressionType", "io.TFRecordCompressionType")
class TFRecordCompressionType:
    """How the records of a file are compressed."""

    NONE = 0
    ZLIB = 1
    GZIP = 2


@public("python_io.TFRecordOptions", "io.TFRecordOptions")
class TFRecordOptions:
    """How a TFRecord file is compressed; None leaves a detail to zlib.

    Args:
      compression_type: "GZIP", "ZLIB", "" or a member of `TFRecordCompressionType`.
      flush_mode: zlib's mode for each write; default: Z_NO_FLUSH.
      input_buffer_size: taken, of no effect.
      output_buffer_size: taken, of no effect.
      window_bits: zlib's window bits.
      compression_level: 0 to 9.
      compression_method: zlib's method.
      mem_level: 1 to 9.
      compression_strategy: zlib's strategy.

    Raises:
      ValueError: there is no such compression type.
    """

    compression_type_map = {
        TFRecordCompressionType.ZLIB: "ZLIB",
        TFRecordCompressionType.GZIP: "GZIP",
        TFRecordCompressionType.NONE: "",
    }

    def __init__(
        self,
        compression_type: Any = None,
        flush_mode: int | None = None,
        input_buffer_size: int | None = None,
        output_buffer_size: int | None = None,
        window_bits: int | None = None,
        compression_level: int | None = None,
        compression_method: int | None = None,
        mem_level: int | None = None,
        compression_strategy: int | None = None,
    ) -> None:
        self.get_compression_type_string(compression_type)
        self.compression_type = compression_type
        self.flush_mode = flush_mode
        self.input_buffer_size = input_buffer_size
        self.output_buffer_size = output_buffer_size
        self.window_bits = window_bits
        self.compression_level = compression_level
        self.compression_method = compression_method
        self.mem_level = mem_level
        self.compression_strategy = compression_strategy

    @classmethod
    def get_compression_type_string(cls, options: Any) -> str:
        """"GZIP", "ZLIB" or "" of options, a compression type or such a string.

        Raises:
          ValueError: there is no such compression type.
        """
        if not options:
            return ""
        if isinstance(options, TFRecordOptions):
            return cls.get_compression_type_string(options.compression_type)
        if options in cls.compression_type_map:
            return cls.compression_type_map[options]
        if options in cls.compression_type_map.values():
            return options
        raise ValueError(f'Not a valid compression_type: "{options}"')

    def compressor(self) -> Any:
        """A new zlib compressor by these options; None where nothing is compressed."""
        kind = self.get_compression_type_string(self.compression_type)
        if not kind:
            return None
        return zlib.compressobj(
            _or(self.compression_level, zlib.Z_DEFAULT_COMPRESSION),
            _or(self.compression_method, zlib.DEFLATED),
            _or(self.window_bits, _WINDOW[kind]),
            _or(self.mem_level, zlib.DEF_MEM_LEVEL + 1),
            _or(self.compression_strategy, zlib.Z_DEFAULT_STRATEGY),
        )


def _or(value: int | None, default: int) -> int:
    return default if value is None else value


@public("python_io.TFRecordWriter", "io.TFRecordWriter")
class TFRecordWriter:
    """Writes records to a TFRecord file, which it makes anew; a context manager, too.

    Args:
      path: the file.
      options: `TFRecordOptions`, a compression type or its name.

    Raises:
      errors.OpError: the file cannot be opened for writing.
      ValueError: there is no such compression type.
    """

    def __init__(self, path: str | bytes | os.PathLike[str], options: Any = None) -> None:
        if not isinstance(options, TFRecordOptions):
            options = TFRecordOptions(options)
        self._path = os.fsdecode(path)
        self._compressor = options.compressor()
        self._flush_mode = options.flush_mode
        self._file: IO[bytes] | None = open_file(path, "wb")

    def __enter__(self) -> TFRecordWriter:
        return self

    def __exit__(self, *raised: Any) -> None:
        self.close()

    def write(self, record: bytes) -> None:
        """Write one record.

        Raises:
          TypeError: the record is not bytes.
          errors.OpError: the file is closed or cannot be written.
        """
        if not isinstance(record, bytes | bytearray | memoryview):
            raise TypeError(f"expected bytes, {type(record).__name__} found")
        self._put(framed(bytes(record)))

    def flush(self) -> None:
        """Hand everything written so far to the operating system."""
        file = self._opened()
        if self._compressor is not None:
            file.write(self._compressor.flush(zlib.Z_SYNC_FLUSH))
        file.flush()

    def close(self) -> None:
        """Write what is left and close the file; the second time it does nothing."""
        if self._file is None:
            return
        if self._compressor is not None:
            self._file.write(self._compressor.flush())
        self._file.close()
        self._file = None

    def _put(self, data: bytes) -> None:
        file = self._opened()
        if self._compressor is not None:
            data = self._compressor.compress(data)
            if self._flush_mode:
                data += self._compressor.flush(self._flush_mode)
        try:
            file.write(data)
        except OSError as error:
            raise file_error(error, self._path) from None

    def _opened(self) -> IO[bytes]:
        if self._file is None:
            message = "Writer not initialized or previously closed"
            raise errors.FailedPreconditionError(None, None, message)
        return self._file


def framed(record: bytes) -> bytes:
    """A record as it stands in a file, with its length and checksums."""
    length = struct.pack("<Q", len(record))
    header = length + _FOOTER.pack(masked_crc(length))
    return b"".join((header, record, _FOOTER.pack(masked_crc(record))))


@public("python_io.tf_record_iterator", "io.tf_record_iterator")
def tf_record_iterator(
    path: str | bytes | os.PathLike[str], options: Any = None
) -> Iterator[bytes]:
    """Yield each record of a TFRecord file.

    Args:
      path: the file.
      options: `TFRecordOptions`, a compression type or its name.

    Raises:
      errors.NotFoundError: there is no such file.
      errors.DataLossError: a record is corrupt or cut off.
    """
    with RecordReader(path, TFRecordOptions.get_compression_type_string(options)) as reader:
        yield from reader


class RecordReader:
    """Reads a TFRecord file in order; iterate over it for the records.

    As in TensorFlow, a header that is cut off counts as the end: a writer may be about to go on.

    Args:
      path: the file.
      compression: "GZIP", "ZLIB" or "".
      offset: where to begin, in bytes of the uncompressed file.

    Raises:
      errors.OpError: the file cannot be opened.
    """

    def __init__(
        self, path: str | bytes | os.PathLike[str], compression: str = "", offset: int = 0
    ) -> None:
        self.path = os.fsdecode(path)
        #: where the next record begins, in bytes of the uncompressed file
        self.offset = offset
        file = open_file(path, "rb")
        self._file: Any = Inflated(file, self.path, compression) if compression else file
        if compression:
            self._file.read(offset)
        else:
            self._file.seek(offset)

    def __enter__(self) -> RecordReader:
        return self

    def __exit__(self, *raised: Any) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        while (record := self.read()) is not None:
            yield record

    def read(self) -> bytes | None:
        """The next record; None at the end of what is complete (call again when the file grew).

        Raises:
          errors.DataLossError: the record is corrupt or cut off; `offset` stays at its start.
        """
        header = self._file.read(_HEADER.size)
        if len(header) < _HEADER.size:
            self._rewind(len(header))
            return None
        length, crc = _HEADER.unpack(header)
        if masked_crc(header[:8]) != crc:
            raise self._loss("corrupted", self.offset)
        body = self._body(length + _FOOTER.size)
        start = self.offset + _HEADER.size
        if len(body) < length + _FOOTER.size:
            self._rewind(len(header) + len(body))
            raise self._loss("truncated", self.offset)
        record = body[:length]
        if masked_crc(record) != _FOOTER.unpack_from(body, length)[0]:
            raise self._loss("corrupted", start)
        self.offset = start + len(body)
        return record

    def _body(self, count: int) -> bytes:
        """So many bytes, fewer at the end; memory grows with what is there, not with what a header claims."""
        if count <= _MOST_AT_ONCE:
            return self._file.read(count)
        parts = []
        while count > 0 and (part := self._file.read(min(count, _MOST_AT_ONCE))):
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _rewind(self, count: int) -> None:
        if count and not isinstance(self._file, Inflated):
            self._file.seek(self.offset)

    def _loss(self, what: str, offset: int) -> errors.DataLossError:
        message = f"{what} record at {offset}"
        error = errors.DataLossError(None, None, message)
        error.add_note(f"The file is {self.path}, the record begins at {self.offset}.")
        return error


class Inflated:
    """A file's content uncompressed, to be read in order; several streams in a row are one."""

    def __init__(self, file: IO[bytes], path: str, compression: str) -> None:
        self._file = file
        self._path = path
        self._window = _WINDOW[compression]
        self._inflater = zlib.decompressobj(self._window)
        self._ready = bytearray()

    def read(self, count: int) -> bytes:
        """The next `count` bytes; fewer at the end."""
        while len(self._ready) < count and self._fill():
            pass
        found = bytes(self._ready[:count])
        del self._ready[:count]
        return found

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _fill(self) -> bool:
        """Uncompress one more chunk; False at the end of the file."""
        old = self._inflater
        data = old.unconsumed_tail or old.unused_data or self._file.read(_CHUNK)
        if not data:
            # the end of the file, but perhaps not of what fitted into the last chunk
            rest = b"" if old.eof else old.decompress(b"", _CHUNK)
            self._ready += rest
            return bool(rest)
        if old.eof:
            self._inflater = zlib.decompressobj(self._window)
        try:
            self._ready += self._inflater.decompress(data, _CHUNK)
        except zlib.error as error:
            code, _, reason = str(error).removeprefix("Error ").partition(" ")
            message = f"inflate() failed with error {code}: {reason.rpartition(': ')[2]}"
            found = errors.DataLossError(None, None, message)
            found.add_note(f"The file is {self._path}.")
            raise found from None
        return True
