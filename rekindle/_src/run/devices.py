"""The devices of this machine, and what a ConfigProto says of threads.

Holds `local_devices` (as `Session.list_devices` shows them), `apply_threads`, and where an operation runs.
"""
from __future__ import annotations

import dataclasses
from typing import Any

import torch

from rekindle._src import errors, settings

_MEMORY = 268435456  # what TensorFlow says of a CPU device


@dataclasses.dataclass(frozen=True, slots=True)
class DeviceAttributes:
    """A device as `Session.list_devices` shows it."""

    name: str
    device_type: str
    memory_limit_bytes: int
    incarnation: int = 1

    def __repr__(self) -> str:
        return f"_DeviceAttributes({self.name}, {self.device_type}, {self.memory_limit_bytes}, {self.incarnation})"


def local_devices(config: Any) -> list[DeviceAttributes]:
    """The devices that a session of this process has under a configuration.

    Raises:
      NotFoundError: the configuration leaves no CPU.
    """
    prefix = "/job:localhost/replica:0/task:0/device:"
    cpus = config.device_count.get("CPU", 1) if config.device_count else 1
    if cpus < 1:
        raise errors.NotFoundError(None, None, "No CPU devices are available in this process")
    found = [DeviceAttributes(f"{prefix}CPU:{i}", "CPU", _MEMORY, i + 1) for i in range(cpus)]
    for i in range(gpu_count(config)):
        memory = torch.cuda.get_device_properties(i).total_memory
        found.append(DeviceAttributes(f"{prefix}GPU:{i}", "GPU", memory, 100 + i))
    return found


def gpu_count(config: Any) -> int:
    """How many GPUs a session may use."""
    if not torch.cuda.is_available():
        return 0
    count = torch.cuda.device_count()
    if config.device_count and "GPU" in config.device_count:
        count = min(count, config.device_count["GPU"])
    return count


def apply_threads(config: Any) -> None:
    """Give kernels as many threads as the configuration, or else REKINDLE_THREADS, asks for."""
    count = config.intra_op_parallelism_threads or settings.threads()
    if count:
        torch.set_num_threads(count)


def compute_capability(index: int) -> tuple[int, int]:
    """The CUDA compute capability of a GPU: (major, minor)."""
    return torch.cuda.get_device_capability(index)


def gpu_description(index: int) -> str:
    """What TensorFlow says of a GPU: "device: 0, name: Tesla P100, compute capability: 6.0"."""
    major, minor = compute_capability(index)
    name = torch.cuda.get_device_name(index)
    return f"device: {index}, name: {name}, compute capability: {major}.{minor}"


def is_built_with_cuda() -> bool:
    """Whether the installed PyTorch was built with CUDA."""
    return torch.version.cuda is not None


def is_built_with_rocm() -> bool:
    """Whether the installed PyTorch was built with ROCm."""
    return torch.version.hip is not None
