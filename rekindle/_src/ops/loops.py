"""Loops over arrays in the CPU's memory, compiled by numba, for what would take torch many passes.

Holds `Loops`. Modules that use it are imported when one of their kernels first runs, since numba takes a while to
import.
"""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import torch
from numba.core.config import NUMBA_NUM_THREADS

#: elements below which one thread is as fast as several
_FEW = 1 << 15


@functools.cache
def _shared_threads() -> bool:
    """True if the loops can run on OpenMP's threads, which torch's kernels have kept awake."""
    try:
        from numba.np.ufunc import omppool  # noqa: F401 - whether its library is there shows in the import
    except ImportError:
        return False
    numba.config.THREADING_LAYER = "omp"
    return True


class Loops:
    """A function whose outer loop is a `numba.prange`, compiled for one thread and for several."""

    def __init__(self, kernel: Callable[..., None]) -> None:
        self._one = numba.njit(cache=True, nogil=True)(kernel)
        self._several = numba.njit(cache=True, nogil=True, parallel=True)(kernel)

    def __call__(self, array: np.ndarray, *others: Any) -> None:
        """Run it on an array, which says how much there is to do, and other arguments."""
        if array.size >= _FEW and torch.get_num_threads() > 1 and _shared_threads():
            numba.set_num_threads(min(torch.get_num_threads(), NUMBA_NUM_THREADS))
            self._several(array, *others)
        else:
            self._one(array, *others)
