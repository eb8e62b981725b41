"""What the benchmarks of recurrent cells measure with: tensorflow.contrib.rnn.python.kernel_tests.benchmarking."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

from rekindle._src.graph import scopes


def device(use_gpu: bool = False) -> Any:
    """A scope of the GPU or the CPU."""
    return scopes.device("/gpu:0" if use_gpu else "/cpu:0")


def seconds_per_run(op: Any, sess: Any, num_runs: int = 50) -> float:
    """The mean seconds of a run, after two that do not count."""
    for _ in range(2):
        sess.run(op)
    begin = time.time()
    for _ in range(num_runs):
        sess.run(op)
    return (time.time() - begin) / num_runs


def dict_product(dicts: dict[str, list[Any]]) -> Iterator[dict[str, Any]]:
    """All dicts with one value of each list."""
    for values in itertools.product(*dicts.values()):
        yield dict(zip(dicts, values, strict=True))
