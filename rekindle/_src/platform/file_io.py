"""`tf.gfile` and `tf.io.gfile`: local files, with TensorFlow's errors.

Holds the functions under the names of TensorFlow's own file_io module, and `FileIO` with its
subclasses `GFile` and `FastGFile`. Only local paths and `file://` are known.
"""
from __future__ import annotations

import binascii
import errno
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from fnmatch import translate
from typing import IO, Any, NamedTuple

from rekindle._src import errors
from rekindle._src.compat import as_bytes, as_str_any
from rekindle._src.formats.files import file_error, local_path, open_file
from rekindle._src.names import public

_BLOCK = 16 * 1024 * 1024


class FileStatistics(NamedTuple):
    """What `stat` gives: bytes, time of the last change in nanoseconds, whether it is a folder."""

    length: int
    mtime_nsec: int
    is_directory: bool


class FileIO:
    """A file that is opened at the first read or write; reading and writing have own positions.

    Args:
      name: the path.
      mode: "r", "w", "a", "r+", "w+" or "a+", with "b" for bytes. As in TensorFlow, the first write
        to a "r+" or "w+" file empties it.
    """

    def __init__(self, name: str | bytes, mode: str = "r") -> None:
        self._reader: IO[bytes] | None = None
        self._writer: IO[bytes] | None = None
        kind = mode.replace("b", "")
        if kind not in ("r", "w", "a", "r+", "w+", "a+"):
            raise errors.InvalidArgumentError(
                None, None, "mode is not 'r' or 'w' or 'a' or 'r+' or 'w+' or 'a+'"
            )
        self._name = name
        self._mode = mode
        self._may_read = kind in ("r", "r+", "a+", "w+")
        self._may_write = kind != "r"

    @property
    def name(self) -> str | bytes:
        """The path as it was given."""
        return self._name

    @property
    def mode(self) -> str:
        """The mode as it was given."""
        return self._mode

    def size(self) -> int:
        """Bytes of the file on disk."""
        return stat(self._name).length

    def write(self, file_content: str | bytes) -> None:
        """Append to the end of the file; text is written as UTF-8."""
        self._open_writer().write(as_bytes(file_content))

    def read(self, n: int = -1) -> Any:
        """The next `n` bytes, or all up to the end: str, or bytes in a "b" mode."""
        reader = self._open_reader()
        count = self.size() - reader.tell() if n == -1 else n
        if count < 0:
            raise OverflowError(f"cannot read {count} bytes from {as_str_any(self._name)}")
        return self._value(reader.read(count))

    def seek(
        self, offset: int | None = None, whence: int = 0, position: int | None = None
    ) -> None:
        """Go to `offset` bytes from the start (whence 0), the current place (1) or the end (2)."""
        reader = self._open_reader()
        if offset is None and position is None:
            raise TypeError("seek(): offset argument required")
        if offset is not None and position is not None:
            raise TypeError("seek(): offset and position may not be set simultaneously.")
        target = position if offset is None else offset
        if whence not in (0, 1, 2):
            raise errors.InvalidArgumentError(
                None, None, f"Invalid whence argument: {whence}. Valid values are 0, 1, or 2."
            )
        if whence:
            target += reader.tell() if whence == 1 else self.size()
        if target < 0:
            message = f"Seeking to a negative position: {target}"
            raise errors.InvalidArgumentError(None, None, message)
        if target > self.size():
            reader.seek(0, os.SEEK_END)
            raise errors.OutOfRangeError(None, None, "reached end of file")
        reader.seek(target)

    def readline(self) -> Any:
        """The next line with its newline, without carriage returns; empty at the end."""
        return self._value(self._open_reader().readline().replace(b"\r", b""))

    def readlines(self) -> list[Any]:
        """All further lines."""
        return list(self)

    def tell(self) -> int:
        """The position for reading, or for writing where the file is only written."""
        return (self._open_reader() if self._may_read else self._open_writer()).tell()

    def next(self) -> Any:
        """The next line; StopIteration at the end."""
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    __next__ = next

    def __iter__(self) -> Iterator[Any]:
        return self

    def __enter__(self) -> FileIO:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def flush(self) -> None:
        """Hand what was written to the operating system."""
        if self._writer is not None:
            self._writer.flush()

    def close(self) -> None:
        """Close the file; a later read or write opens it anew."""
        for handle in (self._reader, self._writer):
            if handle is not None:
                handle.close()
        self._reader = self._writer = None

    def seekable(self) -> bool:
        """True."""
        return True

    def __del__(self) -> None:
        self.close()

    def _open_reader(self) -> IO[bytes]:
        if self._reader is None:
            if not self._may_read:
                raise errors.PermissionDeniedError(None, None, "File isn't open for reading")
            self._reader = open_file(as_bytes(self._name), "rb")
        return self._reader

    def _open_writer(self) -> IO[bytes]:
        if self._writer is None:
            if not self._may_write:
                raise errors.PermissionDeniedError(None, None, "File isn't open for writing")
            self._writer = open_file(as_bytes(self._name), "ab" if "a" in self._mode else "wb")
        return self._writer

    def _value(self, data: bytes) -> Any:
        return data if "b" in self._mode else data.decode("utf-8")


@public("gfile.GFile", "gfile.Open", "io.gfile.GFile")
class GFile(FileIO):
    """A file to read or write, opened at its first use."""


@public("gfile.FastGFile")
class FastGFile(FileIO):
    """The old name of GFile."""


def _path(name: Any) -> str:
    """The local path of `name`, which may begin with file://.

    Raises:
      errors.UnimplementedError: it names another file system.
    """
    return local_path(as_bytes(name))


def _try(action: Callable[..., Any], path: str, *args: Any) -> Any:
    """`action(path, *args)`, an OSError turned into TensorFlow's error about `path`."""
    try:
        return action(path, *args)
    except OSError as error:
        raise file_error(error, path) from None


@public("io.gfile.exists")
def file_exists_v2(path: str | bytes) -> bool:
    """Whether there is a file or folder at `path`."""
    return os.path.exists(_path(path))


@public("gfile.Exists")
def file_exists(filename: str | bytes) -> bool:
    """Whether there is a file or folder at `filename`."""
    return file_exists_v2(filename)


@public("io.gfile.remove")
def delete_file_v2(path: str | bytes) -> None:
    """Delete the file at `path`."""
    _try(os.unlink, _path(path))


@public("gfile.Remove")
def delete_file(filename: str | bytes) -> None:
    """Delete the file at `filename`."""
    delete_file_v2(filename)


def read_file_to_string(filename: str | bytes, binary_mode: bool = False) -> Any:
    """The whole file: str, or bytes with `binary_mode`."""
    with FileIO(filename, "rb" if binary_mode else "r") as file:
        return file.read()


def write_string_to_file(filename: str | bytes, file_content: str | bytes) -> None:
    """Write the file anew."""
    with FileIO(filename, "w") as file:
        file.write(file_content)


def atomic_write_string_to_file(
    filename: str, contents: str | bytes, overwrite: bool = True
) -> None:
    """Write the file so that a reader sees the old or the new contents, nothing between."""
    temporary = f"{filename}.tmp{uuid.uuid4().hex}"
    write_string_to_file(temporary, contents)
    try:
        rename(temporary, filename, overwrite)
    except errors.OpError:
        delete_file(temporary)
        raise


@public("io.gfile.glob")
def get_matching_files_v2(pattern: str | Iterable[str]) -> list[str]:
    """The paths that match `pattern` (or one of several): `*`, `?`, `[abc]`; `*` stops at `/`."""
    patterns = [pattern] if isinstance(pattern, str) else pattern
    return [path for one in patterns for path in _matching(one)]


@public("gfile.Glob")
def get_matching_files(filename: str | Iterable[str]) -> list[str]:
    """The paths that match `filename` (or one of several): `*`, `?`, `[abc]`; `*` stops at `/`."""
    return get_matching_files_v2(filename)


def _matching(pattern: str) -> list[str]:
    local = _path(pattern)
    if not local:
        return []
    prefix = pattern[: len(pattern) - len(local)]
    fixed = re.split(r"[*?\[\\]", local, maxsplit=1)[0]
    folder = os.path.dirname(fixed)
    if not folder:
        folder, local = ".", f"./{local}"
    _try(os.scandir, folder).close()  # a missing start is an error, as in TensorFlow
    rest = local[len(folder) :].lstrip("/")
    found = [folder if folder != "/" else ""]
    for part in rest.split("/"):
        name = re.compile(translate(re.sub(r"\\(.)", r"[\1]", part)))
        found = [f"{one}/{child}" for one in found for child in _children(one or "/")
                 if name.match(child)]
    return [prefix + one for one in found]


def _children(folder: str) -> list[str]:
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


@public("io.gfile.mkdir")
def create_dir_v2(path: str | bytes) -> None:
    """Make the folder `path`, whose parent is there; one that is there already is no error."""
    local = _path(path)
    if not os.path.exists(local):
        _try(os.mkdir, local)


@public("gfile.MkDir")
def create_dir(dirname: str | bytes) -> None:
    """Make the folder `dirname`, whose parent is there; one that is there already is no error."""
    create_dir_v2(dirname)


@public("io.gfile.makedirs")
def recursive_create_dir_v2(path: str | bytes) -> None:
    """Make the folder `path` and its parents."""
    local = _path(path)
    if not os.path.exists(local):
        _try(lambda one: os.makedirs(one, exist_ok=True), local)


@public("gfile.MakeDirs")
def recursive_create_dir(dirname: str | bytes) -> None:
    """Make the folder `dirname` and its parents."""
    recursive_create_dir_v2(dirname)


@public("io.gfile.copy")
def copy_v2(src: str | bytes, dst: str | bytes, overwrite: bool = False) -> None:
    """Copy the file `src` to the path `dst`."""
    source, target = _path(src), _path(dst)
    _refuse_existing(target, overwrite)
    if os.path.isdir(source):
        raise file_error(OSError(errno.EINVAL, ""), target)
    if os.path.exists(target) and os.path.samefile(source, target):
        return
    with open_file(source, "rb") as reader, open_file(target, "wb") as writer:
        shutil.copyfileobj(reader, writer, _BLOCK)
    shutil.copymode(source, target)


@public("gfile.Copy")
def copy(oldpath: str | bytes, newpath: str | bytes, overwrite: bool = False) -> None:
    """Copy the file `oldpath` to the path `newpath`."""
    copy_v2(oldpath, newpath, overwrite)


@public("io.gfile.rename")
def rename_v2(src: str | bytes, dst: str | bytes, overwrite: bool = False) -> None:
    """Move the file or folder `src` to the path `dst`."""
    target = _path(dst)
    _refuse_existing(target, overwrite)
    _try(os.rename, _path(src), target)


@public("gfile.Rename")
def rename(oldname: str | bytes, newname: str | bytes, overwrite: bool = False) -> None:
    """Move the file or folder `oldname` to the path `newname`."""
    rename_v2(oldname, newname, overwrite)


def _refuse_existing(target: str, overwrite: bool) -> None:
    if not overwrite and os.path.exists(target):
        raise errors.AlreadyExistsError(None, None, "file already exists")


@public("io.gfile.rmtree")
def delete_recursively_v2(path: str | bytes) -> None:
    """Delete the folder `path` and all in it."""
    local = _path(path)
    if not os.path.exists(local):
        raise errors.NotFoundError(None, None, f"{local} not found")
    _try(os.scandir, local).close()
    _try(shutil.rmtree, local)


@public("gfile.DeleteRecursively")
def delete_recursively(dirname: str | bytes) -> None:
    """Delete the folder `dirname` and all in it."""
    delete_recursively_v2(dirname)


@public("io.gfile.isdir")
def is_directory_v2(path: str | bytes) -> bool:
    """Whether `path` is a folder."""
    return os.path.isdir(_path(path))


@public("gfile.IsDirectory")
def is_directory(dirname: str | bytes) -> bool:
    """Whether `dirname` is a folder."""
    return is_directory_v2(dirname)


@public("io.gfile.listdir")
def list_directory_v2(path: str | bytes) -> list[str]:
    """The names in the folder `path`, sorted, without "." and ".."."""
    if not is_directory(path):
        message = f"Could not find directory {as_str_any(path)}"
        raise errors.NotFoundError(None, None, message)
    return sorted(os.listdir(_path(path)))


@public("gfile.ListDirectory")
def list_directory(dirname: str | bytes) -> list[str]:
    """The names in the folder `dirname`, sorted, without "." and ".."."""
    return list_directory_v2(dirname)


@public("io.gfile.walk")
def walk_v2(
    top: str | bytes, topdown: bool = True, onerror: Callable[[Exception], None] | None = None
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield (folder, its folders, its files) for `top` and each folder below it."""
    folder = as_str_any(top)
    try:
        listing = list_directory(folder)
    except errors.NotFoundError as error:
        if onerror is not None:
            onerror(error)
        return
    folders = [one for one in listing if is_directory(os.path.join(folder, one))]
    here = folder, folders, [one for one in listing if one not in folders]
    if topdown:
        yield here
    for one in folders:
        yield from walk_v2(os.path.join(folder, one), topdown, onerror)
    if not topdown:
        yield here


@public("gfile.Walk")
def walk(
    top: str | bytes, in_order: bool = True
) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield (folder, its folders, its files) for `top` and each folder below it."""
    return walk_v2(top, in_order)


@public("io.gfile.stat")
def stat_v2(path: str | bytes) -> FileStatistics:
    """Size, time and kind of what is at `path`."""
    found = _try(os.stat, _path(path))
    return FileStatistics(found.st_size, found.st_mtime_ns, is_directory(path))


@public("gfile.Stat")
def stat(filename: str | bytes) -> FileStatistics:
    """Size, time and kind of what is at `filename`."""
    return stat_v2(filename)


def filecmp(filename_a: str | bytes, filename_b: str | bytes) -> bool:
    """Whether two files hold the same."""
    if stat(filename_a).length != stat(filename_b).length:
        return False
    return file_crc32(filename_a) == file_crc32(filename_b)


def file_crc32(filename: str | bytes, block_size: int = _BLOCK) -> str:
    """The CRC-32 of a file in hexadecimal, as "0x352441c2"."""
    crc = 0
    with FileIO(filename, "rb") as file:
        while chunk := file.read(block_size):
            crc = binascii.crc32(chunk, crc)
    return hex(crc)
