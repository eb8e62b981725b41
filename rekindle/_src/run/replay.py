"""Replay: a step on a GPU is recorded once as a CUDA graph, and then only replayed.

Holds `Replay`, which stands where a compiled step does. What the host does (random numbers, feeds) runs anew each time,
then the graph, on tensors that stay where they were at the recording. Variables, too: what a step assigned otherwise is
moved there first. A step that cannot be recorded runs as it is.
"""
from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import torch

from rekindle._src.compile.emit import Emitted
from rekindle._src.compile.program import Instr
from rekindle._src.graph.buffer import Buffer

_WARM = 2  # runs before the recording: libraries choose their kernels in the first


def record(device: torch.device, work: Callable[[], None]) -> Callable[[], None]:
    """What does `work` again: a CUDA graph of it."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.device(device), torch.cuda.graph(graph):
        work()
    return graph.replay


class Replay:
    """A compiled step in two parts, of which the second is replayed."""

    def __init__(self, before: Emitted, rest: Emitted, crossing: int, outputs: tuple[int, ...], device: str) -> None:
        self.source = before.source + rest.source
        self.filename = before.filename
        self._before = before
        self._rest = rest
        self._crossing = crossing
        self._outputs = outputs
        self._device = torch.device(device)
        self._buffers = [b for b in rest.function.__globals__.values() if isinstance(b, Buffer)]
        self._lock = threading.Lock()
        self._runs = 0
        self._fits = True  # False once a recording failed
        self._again: Callable[[], None] | None = None
        self._inputs: list[torch.Tensor] = []
        self._held: list[torch.Tensor] = []
        self._found: tuple[Any, ...] = ()

    def failed(self, error: BaseException) -> tuple[Instr, list[Any]] | None:
        """The instruction that raised, and the values that it took; None if the error came from elsewhere."""
        return self._before.failed(error) or self._rest.failed(error)

    def function(self, *values: Any) -> tuple[Any, ...]:
        """The values of the step's outputs for those of its feeds."""
        first = self._before.function(*values)
        with self._lock:
            inputs = first[:self._crossing]
            self._runs += 1
            if self._fits and self._again is None and self._runs > _WARM:
                self._record(inputs)
            if self._again is None or not self._is_current():
                second = self._rest.function(*(v.to(self._device, non_blocking=True) for v in inputs))
            else:
                for place, value in zip(self._inputs, inputs, strict=True):
                    place.copy_(value, non_blocking=True)
                self._again()
                second = tuple(v.clone() for v in self._found)
        found = (*first[self._crossing:], *second)
        return tuple(found[i] for i in self._outputs)

    def _record(self, inputs: tuple[torch.Tensor, ...]) -> None:
        """Record the second part; on a failure, never again."""
        self._inputs = [v.to(self._device).clone() for v in inputs]
        self._held = [buffer.value for buffer in self._buffers]
        if any(tensor is None for tensor in self._held):
            return
        try:
            self._again = record(self._device, self._work)
        except RuntimeError:  # a kernel that waits for the GPU, memory that is not there
            self._fits = False
        finally:
            for buffer, tensor in zip(self._buffers, self._held, strict=True):
                buffer.value = tensor

    def _work(self) -> None:
        """The second part, after which variables hold the tensors that they held before."""
        self._found = self._rest.function(*self._inputs)
        for buffer, tensor in zip(self._buffers, self._held, strict=True):
            if buffer.value is not tensor:
                tensor.copy_(buffer.value)
                buffer.value = tensor

    def _is_current(self) -> bool:
        """Move what variables hold to where the recording takes it; False if it does not fit there any more."""
        for buffer, tensor in zip(self._buffers, self._held, strict=True):
            value = buffer.value
            if value is tensor:
                continue
            if value is None or (value.shape, value.dtype, value.device) != (tensor.shape, tensor.dtype, tensor.device):
                self._again = None
                self._runs = 0
                return False
            tensor.copy_(value)
            buffer.set(tensor)
        return True
