"""The list of devices."""
import pytest

from rekindle._src.graph import proto
from rekindle._src.platform import device_lib


def test_the_cpu_comes_first():
    found = device_lib.list_local_devices()
    assert (found[0].name, found[0].device_type) == ("/device:CPU:0", "CPU")
    assert found[0].memory_limit == 268435456


def test_a_configuration_limits_them():
    config = proto.ConfigProto(device_count={"CPU": 2, "GPU": 0})
    names = [one.name for one in device_lib.list_local_devices(config)]
    assert names == ["/device:CPU:0", "/device:CPU:1"]


@pytest.mark.gpu
def test_gpus_are_described():
    found = [one for one in device_lib.list_local_devices() if one.device_type == "GPU"]
    assert found[0].physical_device_desc.startswith("device: 0, name: ")
