"""Memory: freed buffers are kept for the next step instead of going back to the system.

glibc gives large blocks back as soon as they are free, so each step would fault all its pages in again. Holds
`keep_freed`,
which raises the thresholds once for the process; on other C libraries it does nothing.
"""
from __future__ import annotations

import ctypes
import functools
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_MAX = -1, -2, -4  # the parameters of mallopt(3)
_KEPT = 1 << 30  # bytes that may stay free at the top of the heap


@functools.cache
def keep_freed() -> None:
    """Keep up to 1 GB of freed memory, and serve large blocks from the heap as well."""
    if not sys.platform.startswith("linux"):
        return
    try:
        libc = ctypes.CDLL("libc.so.6")
    except OSError:
        return
    for parameter, value in ((_MMAP_MAX, 0), (_TRIM_THRESHOLD, _KEPT), (_TOP_PAD, 64 << 20)):
        libc.mallopt(parameter, value)
