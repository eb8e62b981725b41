"""Threads that compute: as TensorFlow's do, they take floating-point numbers too small for full precision (denormals)
for zero."""
from __future__ import annotations

import contextlib
import functools
import threading
from typing import Any

import numpy as np
import torch

# numpy keeps the limits of a type from when it is first asked for them, and would find them wrong in a run
for _kind in "efdgFD":
    np.finfo(np.dtype(_kind))


class _Flushing(threading.local, contextlib.AbstractContextManager):
    """Denormals count as zero in this thread while at least one run is under way in it.

    The thread is the user's: it goes back to what it was, since numpy is to see denormals.
    """

    runs = 0

    def __enter__(self) -> None:
        if not self.runs:
            torch.set_flush_denormal(True)
        self.runs += 1

    def __exit__(self, *error: Any) -> None:
        self.runs -= 1
        if not self.runs:
            torch.set_flush_denormal(False)


_FLUSHING = _Flushing()


def flushing() -> contextlib.AbstractContextManager[None]:
    """A context in which the calling thread, and threads that it starts, take denormals for zero."""
    return _FLUSHING


@functools.cache
def start_workers() -> None:
    """Have torch start its threads now: they inherit the treatment of denormals."""
    with flushing():
        torch.ones(1 << 17).sqrt_()
