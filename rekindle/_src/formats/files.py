"""Opening files with TensorFlow's errors.

Holds `open_file`, `file_error`, which turns an OSError into the error class and message that TensorFlow gives for it,
and `local_path`. Local files only, by their path or as `file://`; another scheme raises the UnimplementedError that
TensorFlow raises for a file system that it was not built with.
"""
from __future__ import annotations

import errno
import os
import re
from typing import IO, Any

from rekindle._src import errors

_SCHEME = re.compile(r"([a-zA-Z][0-9a-zA-Z.]*)://(.*)", re.DOTALL)
_CLASSES: dict[int | None, Any] = {
    errno.ENOENT: errors.NotFoundError,
    errno.ENOTDIR: errors.FailedPreconditionError,
    errno.EISDIR: errors.FailedPreconditionError,
    errno.ENOTEMPTY: errors.FailedPreconditionError,
    errno.EEXIST: errors.AlreadyExistsError,
    errno.EACCES: errors.PermissionDeniedError,
    errno.EPERM: errors.PermissionDeniedError,
    errno.EROFS: errors.PermissionDeniedError,
    errno.ENOSPC: errors.ResourceExhaustedError,
    errno.EDQUOT: errors.ResourceExhaustedError,
    errno.EMFILE: errors.ResourceExhaustedError,
    errno.EINVAL: errors.InvalidArgumentError,
}


def local_path(path: str | bytes | os.PathLike[str]) -> str:
    """The path of a local file, "file://" taken off.

    Raises:
      errors.UnimplementedError: it names another file system.
    """
    text = os.fsdecode(path)
    scheme = _SCHEME.fullmatch(text) if "://" in text else None
    if scheme is None:
        return text
    if scheme[1] != "file":
        message = f"File system scheme '{scheme[1]}' not implemented (file: '{text}')"
        raise errors.UnimplementedError(None, None, message)
    # the host is left out, as TensorFlow does: file://tmp/x is /x
    _, slash, rest = scheme[2].partition("/")
    return slash + rest


def open_file(path: str | bytes | os.PathLike[str], mode: str) -> IO[bytes]:
    """The file at `path`, opened in the binary mode `mode`.

    Raises:
      errors.OpError: it cannot be opened; the class is the one that TensorFlow raises.
    """
    name = os.fsdecode(path)
    try:
        return open(local_path(path), mode)  # noqa: SIM115 - the caller closes it
    except OSError as error:
        raise file_error(error, name) from None


def file_error(error: OSError, path: str) -> errors.OpError:
    """The error that TensorFlow raises for `error` at `path`: "path; No such file or directory"."""
    found = _CLASSES.get(error.errno, errors.UnknownError)
    return found(None, None, f"{path}; {os.strerror(error.errno or 0)}")
