"""Opening files with TensorFlow's errors.

Holds `open_file` and `file_error`, which turns an OSError into the error class and message that
TensorFlow gives for it. Local files only.
"""
from __future__ import annotations

import errno
import os
from typing import IO, Any

from rekindle._src import errors

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


def open_file(path: str | bytes | os.PathLike[str], mode: str) -> IO[bytes]:
    """The file at `path`, opened in the binary mode `mode`.

    Raises:
      errors.OpError: it cannot be opened; the class is the one that TensorFlow raises.
    """
    name = os.fsdecode(path)
    try:
        return open(name, mode)  # noqa: SIM115 - the caller closes it
    except OSError as error:
        raise file_error(error, name) from None


def file_error(error: OSError, path: str) -> errors.OpError:
    """The error that TensorFlow raises for `error` at `path`: "path; No such file or directory"."""
    found = _CLASSES.get(error.errno, errors.UnknownError)
    return found(None, None, f"{path}; {os.strerror(error.errno or 0)}")
