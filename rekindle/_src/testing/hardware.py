"""What the machine has and this build can use: GPUs; and device scopes that follow from it."""
from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from rekindle._src.graph import proto, scopes
from rekindle._src.names import public
from rekindle._src.run import devices


@public("test.gpu_device_name")
def gpu_device_name() -> str:
    """The name of the first GPU, as "/device:GPU:0"; "" if there is none."""
    return "/device:GPU:0" if _gpus() else ""


@public("test.is_gpu_available")
def is_gpu_available(cuda_only: bool = False,
                     min_cuda_compute_capability: tuple[int, int] | None = None) -> bool:
    """Whether a session can use a GPU.

    Args:
      cuda_only: only CUDA GPUs count; there are no others here.
      min_cuda_compute_capability: (major, minor) that a GPU must have; default: any.
    """
    if min_cuda_compute_capability is None:
        return bool(_gpus())
    found = (devices.compute_capability(i) for i in range(len(_gpus())))
    return any(one >= min_cuda_compute_capability for one in found)


@public("test.is_built_with_cuda")
def is_built_with_cuda() -> bool:
    """Whether the installed PyTorch was built with CUDA."""
    return devices.is_built_with_cuda()


@public("test.is_built_with_rocm")
def is_built_with_rocm() -> bool:
    """Whether the installed PyTorch was built with ROCm."""
    return devices.is_built_with_rocm()


@public("test.is_built_with_gpu_support")
def is_built_with_gpu_support() -> bool:
    """Whether the installed PyTorch was built for some GPU."""
    return is_built_with_cuda() or is_built_with_rocm()


@contextlib.contextmanager
def device(use_gpu: bool) -> Iterator[None]:
    """Put operations on the first GPU if it is wanted and there is one, else on the CPU."""
    gpu = use_gpu and is_gpu_available()
    with scopes.device("/device:GPU:0" if gpu else "/device:CPU:0"):
        yield


def use_gpu() -> Any:
    """`device(True)`."""
    return device(True)


def force_gpu() -> Any:
    """Put operations on the first GPU."""
    return scopes.device("/device:GPU:0")


def force_cpu() -> Any:
    """Put operations on the CPU."""
    return scopes.device("/device:CPU:0")


def IsGoogleCudaEnabled() -> bool:  # noqa: N802 - the name is TensorFlow's
    """`is_built_with_cuda`."""
    return is_built_with_cuda()


def IsBuiltWithROCm() -> bool:  # noqa: N802 - the name is TensorFlow's
    """`is_built_with_rocm`."""
    return is_built_with_rocm()


def GpuSupportsHalfMatMulAndConv() -> bool:  # noqa: N802 - the name is TensorFlow's
    """Whether there is a GPU that computes in float16."""
    return is_gpu_available(min_cuda_compute_capability=(5, 3))


def IsMklEnabled() -> bool:  # noqa: N802 - the name is TensorFlow's
    """False: this is not TensorFlow's build with MKL ops."""
    return False


def is_xla_enabled() -> bool:
    """False: there is no XLA."""
    return False


def _gpus() -> list[Any]:
    found = devices.local_devices(proto.ConfigProto())
    return [one for one in found if one.device_type == "GPU"]
