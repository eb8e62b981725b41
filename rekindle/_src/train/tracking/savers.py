"""Savers of SaveableObjects on several devices, and SaveableObjects that hold no variable."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import checkpoint, control, string
from rekindle._src.train.saveables import SaveableObject, SaveSpec, set_cpu0


class MultiDeviceSaver:
    """Adds the operations that write SaveableObjects, those of a device together, and restore them.

    Raises:
      ValueError: one is no SaveableObject.
    """

    def __init__(self, saveable_objects: Iterable[SaveableObject]) -> None:
        self._by_device: dict[str, list[SaveableObject]] = {}
        for one in saveable_objects:
            if not isinstance(one, SaveableObject):
                raise ValueError(f"Expected a dictionary of SaveableObjects, got {one}.")
            self._by_device.setdefault(one.device or "", []).append(one)

    def save(self, file_prefix: Tensor) -> Any:
        """Add what writes a checkpoint: a part for each device, then all as one."""
        with scopes.device("cpu:0"):
            temporary = string.string_join([file_prefix, f"_temp_{uuid.uuid4().hex}/part"])
        count = convert.constant(len(self._by_device), name="num_shards")
        saves, prefixes, device = [], [], ""
        for shard, (device, saveables) in enumerate(sorted(self._by_device.items())):
            with scopes.device(set_cpu0(device)):
                prefix = checkpoint.sharded_filename(temporary, shard, count)
            prefixes.append(prefix)
            with scopes.device(device):
                saves.append(_save(prefix, saveables))
        with scopes.control_dependencies(saves), scopes.device(set_cpu0(device)):
            return checkpoint.merge_v2_checkpoints(prefixes, file_prefix, delete_old_dirs=True)

    def restore(self, file_prefix: Tensor) -> dict[str, Any]:
        """Add what restores; the operations by the objects' names."""
        found: dict[str, Any] = {}
        for device, saveables in sorted(self._by_device.items()):
            with scopes.device(device):
                found.update(_restore(file_prefix, saveables))
        return found


def _save(prefix: Tensor, saveables: list[SaveableObject]) -> Any:
    names, slices, tensors = [], [], []
    for spec in (spec for one in saveables for spec in one.specs):
        names.append(spec.name)
        tensors.append(spec.tensor)
        slices.append(spec.slice_spec)
    with scopes.device("cpu:0"):
        return checkpoint.save_v2(prefix, names, slices, tensors)


def _restore(prefix: Tensor, saveables: list[SaveableObject]) -> dict[str, Any]:
    specs = [spec for one in saveables for spec in one.specs]
    names, slices = [spec.name for spec in specs], [spec.slice_spec for spec in specs]
    with scopes.device("cpu:0"):
        tensors = iter(checkpoint.restore_v2(prefix, names, slices, [spec.dtype for spec in specs]))
    return {one.name: one.restore([next(tensors) for _ in one.specs], None) for one in saveables}


class NoRestoreSaveable(SaveableObject):
    """A tensor that is written and never restored."""

    def __init__(self, tensor: Any, name: str, dtype: Any = None, device: Any = None) -> None:
        super().__init__(tensor, [SaveSpec(tensor, "", name, dtype, device)], name)

    def restore(self, restored_tensors: list[Tensor], restored_shapes: list[Any] | None) -> Any:
        """Do nothing."""
        return control.no_op()


class PythonStateSaveable(SaveableObject):
    """State of a Python object: written by a feed, restored by a call."""

    def feed_dict_additions(self) -> dict[Any, Any]:
        """What to feed to write the state as it is now."""
        raise NotImplementedError

    def freeze(self) -> SaveableObject:
        """A SaveableObject with the state as it is now, as a constant."""
        raise NotImplementedError


class PythonStringStateSaveable(PythonStateSaveable):
    """State that a function gives as a string.

    Args:
      name: its name in the checkpoint.
      state_callback: gives the string to write.
      restore_callback: takes the string that was read; None: a checkpoint without it is complete.
    """

    def __init__(
        self, name: str, state_callback: Callable[[], Any], restore_callback: Callable[[Any], Any] | None = None
    ) -> None:
        self._state_callback = state_callback
        self._restore_callback = restore_callback
        with scopes.device("/cpu:0"):
            self._save_string = convert.constant("", dtype=dtypes.string)
        super().__init__(self._save_string, [SaveSpec(self._save_string, "", name, dtypes.string)], name)

    @property
    def optional_restore(self) -> bool:
        """True if nothing takes the string."""
        return self._restore_callback is None

    def feed_dict_additions(self) -> dict[Any, Any]:
        """What to feed to write the state as it is now."""
        return {self._save_string: self._state_callback()}

    def freeze(self) -> SaveableObject:
        """A SaveableObject with the state as it is now, as a constant."""
        with scopes.device("/cpu:0"):
            state = convert.constant(self._state_callback(), dtype=dtypes.string)
        return NoRestoreSaveable(state, self.name, dtypes.string)

    def python_restore(self, restored_strings: list[Any]) -> None:
        """Hand the string that was read to the callback."""
        if self._restore_callback is not None:
            (text,) = restored_strings
            self._restore_callback(text)

    def restore(self, restored_tensors: list[Tensor], restored_shapes: list[Any] | None) -> Any:
        """Do nothing: the state is Python's."""
        return control.no_op()
