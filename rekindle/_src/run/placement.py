"""Placement: on which device each operation of a graph runs.

Holds `Placement`. A session places every operation of its graph before it runs any, as TensorFlow does, so that a wish
for a
device that is not there fails at once; with soft placement the CPU takes it.
"""
from __future__ import annotations

import sys
from typing import Any

from rekindle._src import errors, site
from rekindle._src.graph.devices import DeviceSpec
from rekindle._src.graph.opdef import OPS

_PREFIX = "/job:localhost/replica:0/task:0"


class Placement:
    """The devices of one session's operations, extended as the graph grows."""

    def __init__(self, graph: Any, config: Any, gpus: int) -> None:
        self._graph = graph
        self.gpus = gpus
        self._soft = config.allow_soft_placement
        self._log = config.log_device_placement
        self._placed = 0
        self._devices: dict[Any, str] = {}
        #: TensorFlow lets a session count one CPU as several; here they all are the one
        self._cpus = max(1, config.device_count.get("CPU", 1)) if config.device_count else 1
        counts = (("CPU", self._cpus), ("GPU", gpus))
        self._available = [f"{_PREFIX}/device:{kind}:{i}" for kind, count in counts for i in range(count)]

    def extend(self) -> None:
        """Place the operations that are new since the last call.

        Raises:
          InvalidArgumentError: an operation asks for a device that is not there, and placement is not soft.
        """
        operations = self._graph._operations
        if self._placed == len(operations):
            return
        if self._log and not self._placed:
            print("Device mapping:", *self._available, sep="\n", file=sys.stderr)
        for op in operations[self._placed:]:
            if op._device or self.gpus:
                self._devices[op] = self._place(op)
            if self._log:
                print(f"{op.name}: ({op.type}): {_PREFIX}/device:{self.device(op)}", file=sys.stderr)
        self._placed = len(operations)

    def device(self, op: Any) -> str:
        """Where an operation runs: "CPU:0", "GPU:1"."""
        return self._devices.get(op, "CPU:0")

    def _place(self, op: Any) -> str:
        wish = DeviceSpec.from_string(op._device)
        if wish.job not in (None, "localhost") or wish.replica not in (None, 0) or wish.task not in (None, 0):
            self._refuse(op)
        able = self.gpus > 0 and _runs_on_gpu(op)
        if wish.device_type is None:
            return "GPU:0" if able else "CPU:0"
        if wish.device_type == "GPU":
            index = wish.device_index or 0
            if index < self.gpus and able:
                return f"GPU:{index}"
        elif wish.device_type == "CPU" and (wish.device_index or 0) < self._cpus:
            return f"CPU:{wish.device_index or 0}"
        if not self._soft and not (wish.device_type == "GPU" and (wish.device_index or 0) < self.gpus):
            self._refuse(op)
        return "GPU:0" if able and wish.device_type == "GPU" else "CPU:0"

    def _refuse(self, op: Any) -> None:
        more = " The requested device appears to be a GPU, but CUDA is not enabled." if (
            "GPU" in op._device and not self.gpus) else ""
        raise errors.InvalidArgumentError(
            op.node_def, op,
            f"Cannot assign a device for operation {op.name}: node {op.name} (defined at {site.user_line(op.site)})  "
            f"was explicitly assigned to {op._device} but available devices are [ {', '.join(self._available)} ]. Make "
            f"sure the device specification refers to a valid device.{more}\n\t [[{op.name}]]")


def _runs_on_gpu(op: Any) -> bool:
    """True if the op's kernel works on CUDA tensors: not on strings, not on Python objects."""
    block = OPS.get(op.type)
    if block is None or block.host:
        return False
    return all(t._dtype._base.torch is not None or t._dtype._base.kind == "o" for t in [*op._inputs, *op.outputs])
