"""Files on their way to their place: written under another name, then moved there whole.

Holds `PartialFile`, which has a lock on what it writes, and `remove_strays`, which takes away what dead processes left:
the lock tells them from the living. Also a lock on folders of parts. Local and NFS 4 file systems have such locks.
"""

from __future__ import annotations

import fcntl
import glob
import os
import random
import re
import shutil
import time
from typing import IO

from rekindle._src.formats.files import file_error, open_file

_STRAY = re.compile(r"\.tempstate\d+$")
_MESSAGE = re.compile(r"\.tmp(\d+)\.\d+$")  # of graph/meta_graph.py, with the number of the process
_PARTS = re.compile(r"_temp_[0-9a-f]{32}$")
_LOCK = ".lock"
#: a folder of parts without a lock, as TensorFlow leaves one, counts as left behind after so many seconds
_PATIENCE = 24 * 3600
#: a file younger than so many seconds may not be locked yet
_YOUTH = 1
#: locks that this process has on folders of parts, by folder
_held: dict[str, int] = {}


class PartialFile:
    """A new file beside its place, locked; `sync` and then `move` put it there.

    Args:
      path: the place.

    Raises:
      errors.OpError: it cannot be made.
    """

    def __init__(self, path: str) -> None:
        self.path = f"{path}.tempstate{random.SystemRandom().getrandbits(64)}"
        self._place = path
        self.file: IO[bytes] = open_file(self.path, "wb")
        _try_lock(self.file.fileno())

    def sync(self) -> None:
        """Hand everything to the disk.

        Raises:
          errors.OpError: it cannot be written.
        """
        try:
            self.file.flush()
            os.fdatasync(self.file.fileno())
        except OSError as error:
            raise file_error(error, self.path) from None

    def move(self, place: str | None = None) -> None:
        """Put the file at its place, or at another.

        Raises:
          errors.OpError: it cannot be moved.
        """
        try:
            os.replace(self.path, place or self._place)
            self.file.close()
        except OSError as error:
            raise file_error(error, place or self._place) from None

    def remove(self) -> None:
        """Take the file away."""
        self.file.close()
        if os.path.exists(self.path):
            os.remove(self.path)


def _try_lock(handle: int) -> bool:
    """Lock an open file; False if another has the lock, or there are none on that file system."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_left_behind(path: str) -> bool:
    """Whether nobody has a lock on a file."""
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        return False  # gone meanwhile, or another's
    try:
        return _try_lock(handle)
    finally:
        os.close(handle)


def remove_strays(folder: str) -> None:
    """Take away partial files, and folders of parts, whose writers are dead; of a folder of parts, beside it."""
    if _PARTS.search(folder):
        folder = os.path.dirname(folder)
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return
    for name in names:
        path = os.path.join(folder, name)
        message = _MESSAGE.search(name)
        if _STRAY.search(name):
            if _is_older(path, _YOUTH) and _is_left_behind(path):
                _unlink(path)
        elif message is not None:
            # without a lock: another machine may have such a process, so it also has to be old
            if _is_older(path, 60 * _YOUTH) and not os.path.exists(f"/proc/{message[1]}"):
                _unlink(path)
        elif _PARTS.search(name) and path not in _held and _is_old_folder(path):
            shutil.rmtree(path, ignore_errors=True)


def _is_old_folder(path: str) -> bool:
    lock = os.path.join(path, _LOCK)
    if not os.path.isdir(path):
        return False
    if os.path.exists(lock):
        return _is_older(lock, _YOUTH) and _is_left_behind(lock)
    # empty: made, or emptied, by a process that died before the next step
    return _is_older(path, _PATIENCE) or not os.listdir(path) and _is_older(path, 10 * _YOUTH)


def _is_older(path: str, seconds: float) -> bool:
    try:
        return time.time() - os.stat(path).st_mtime > seconds
    except OSError:
        return False


def _unlink(path: str) -> None:
    try:
        os.remove(path)
    except FileNotFoundError:
        pass


def hold_parts(prefix: str) -> None:
    """Lock the folder that a part is written to until `release_parts`, or this process ends."""
    folder = os.path.dirname(prefix)
    if not _PARTS.search(folder) or folder in _held:
        return
    handle = os.open(os.path.join(folder, _LOCK), os.O_RDWR | os.O_CREAT, 0o666)
    _try_lock(handle)
    _held[folder] = handle


def release_parts(folder: str) -> None:
    """Give up the lock on a folder of parts, and take the lock's file away."""
    handle = _held.pop(folder, None)
    if handle is not None:
        _unlink(os.path.join(folder, _LOCK))
        os.close(handle)


def shards(prefix: str) -> list[str]:
    """The data files of a checkpoint, whatever their number should be."""
    return sorted(glob.glob(glob.escape(prefix) + ".data-?????-of-?????"))
