"""Device names: "/job:worker/task:1/device:GPU:0" in parts, and how nested scopes merge them.

Holds `DeviceSpec` and `merge`. Whether a device exists is the session's business.
"""
from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from rekindle._src.names import public

_FIELDS = ("job", "replica", "task", "device_type", "device_index")


@public("DeviceSpec")
class DeviceSpec:
    """A device name, possibly partial: job, replica, task, device type and device index."""

    __slots__ = _FIELDS

    def __init__(self, job: str | None = None, replica: int | None = None, task: int | None = None,
                 device_type: str | None = None, device_index: int | None = None) -> None:
        self.job = None if job is None else str(job)
        self.replica = None if replica is None else int(replica)
        self.task = None if task is None else int(task)
        if device_type is None:
            self.device_type = None
        else:
            self.device_type = device_type.upper() if device_type in ("cpu", "gpu") else device_type
        self.device_index = None if device_index is None else int(device_index)

    @staticmethod
    def from_string(spec: str) -> DeviceSpec:
        """The device that a text names: "/gpu:0", "/job:ps/task:1/cpu:0"."""
        return DeviceSpec(*_parse(spec))

    def parse_from_string(self, spec: str) -> DeviceSpec:
        """Take over the parts that a text names; gives this object."""
        self.job, self.replica, self.task, self.device_type, self.device_index = _parse(spec)
        return self

    def merge_from(self, dev: DeviceSpec) -> None:
        """Take over each part that `dev` has."""
        for field in _FIELDS:
            if getattr(dev, field) is not None:
                setattr(self, field, getattr(dev, field))

    def make_merged_spec(self, dev: DeviceSpec) -> DeviceSpec:
        """A new device: this one with each part replaced that `dev` has."""
        out = DeviceSpec(*[getattr(self, field) for field in _FIELDS])
        out.merge_from(dev)
        return out

    def replace(self, **kwargs: Any) -> DeviceSpec:
        """A new device with the given parts replaced."""
        return DeviceSpec(**{**{field: getattr(self, field) for field in _FIELDS}, **kwargs})

    def to_string(self) -> str:
        """The canonical text: "/job:ps/task:1/device:CPU:0"."""
        text = "" if self.job is None else "/job:" + self.job
        if self.replica is not None:
            text += f"/replica:{self.replica}"
        if self.task is not None:
            text += f"/task:{self.task}"
        if self.device_type is not None:
            index = "*" if self.device_index is None else self.device_index
            text += f"/device:{self.device_type}:{index}"
        return text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DeviceSpec) and self.to_string() == other.to_string()

    def __hash__(self) -> int:
        return hash(self.to_string())


@functools.cache
def _parse(spec: str) -> tuple[str | None, int | None, int | None, str | None, int | None]:
    job = replica = task = kind = index = None
    for part in spec.split("/"):
        words = part.split(":")
        if len(words) == 2 and words[0] in ("job", "replica", "task") and words[1]:
            if words[0] == "job":
                job = words[1]
            elif words[0] == "replica":
                replica = int(words[1])
            else:
                task = int(words[1])
        elif len(words) in (1, 2) and words[0].upper() in ("CPU", "GPU"):
            if kind is not None:
                raise ValueError(f"Cannot specify multiple device types: {spec}")
            kind = words[0].upper()
            index = int(words[1]) if len(words) == 2 and words[1] != "*" else None
        elif len(words) == 3 and words[0] == "device":
            if kind is not None:
                raise ValueError(f"Cannot specify multiple device types: {spec}")
            kind = words[1].upper() if words[1] in ("cpu", "gpu") else words[1]
            index = None if words[2] == "*" else int(words[2])
        elif words[0] != "":
            raise ValueError(f"Unknown attribute: '{words[0]}' in '{spec}'")
    return job, replica, task, kind, index


@functools.cache
def canonical(spec: str) -> str:
    """The canonical text of a device name; "" of ""."""
    return DeviceSpec.from_string(spec).to_string()


@functools.cache
def merge(outer: str, inner: str) -> str:
    """`inner` completed by the parts of `outer` that it does not name."""
    return DeviceSpec.from_string(outer).make_merged_spec(DeviceSpec.from_string(inner)).to_string()


def merge_device(spec: str | DeviceSpec | None) -> Callable[[Any], str]:
    """A device function which completes an operation's device by `spec`."""
    text = "" if spec is None else spec.to_string() if isinstance(spec, DeviceSpec) else canonical(spec)
    return lambda op: merge(text, op.device or "")
