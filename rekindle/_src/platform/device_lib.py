"""`tensorflow.python.client.device_lib`: the devices of this process, as messages."""
from __future__ import annotations

from typing import Any

from rekindle._src.graph import proto
from rekindle._src.run import devices


def list_local_devices(session_config: Any = None) -> list[Any]:
    """A DeviceAttributes message for each device: the CPU, then the GPUs.

    Args:
      session_config: a ConfigProto that may limit them.
    """
    config = proto.ConfigProto() if session_config is None else session_config
    message = proto.message("core/framework/device_attributes", "DeviceAttributes")
    found = []
    for device in devices.local_devices(config):
        number = int(device.name.rpartition(":")[2])
        is_gpu = device.device_type == "GPU"
        found.append(
            message(
                name=f"/device:{device.device_type}:{number}",
                device_type=device.device_type,
                memory_limit=device.memory_limit_bytes,
                incarnation=device.incarnation,
                physical_device_desc=devices.gpu_description(number) if is_gpu else "",
            )
        )
    return found
