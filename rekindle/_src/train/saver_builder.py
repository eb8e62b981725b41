"""The operations of a Saver: what `tf.train.Saver` adds to the graph to save and restore.

Holds `BaseSaverBuilder`, which restores each object by itself, and `BulkSaverBuilder`, which
restores all in one operation; users may derive others and give them to the Saver.
"""
from __future__ import annotations

import uuid
from typing import Any

from rekindle._src.graph import convert, devices, dtypes, proto, scopes
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import array_shape, checkpoint, control, string
from rekindle._src.ops.placeholder import placeholder_with_default
from rekindle._src.state.partitioned import PartitionedVariable
from rekindle._src.train import saveables as saveables_module
from rekindle._src.train.saveables import SaveableObject, set_cpu0

V1, V2 = proto.SaverDef.V1, proto.SaverDef.V2
_PerDevice = list[tuple[str, list[SaveableObject]]]


class BaseSaverBuilder:
    """Adds the operations of a Saver; derived classes may make others.

    Args:
      write_version: `SaverDef.V1` or `SaverDef.V2`, the format to write.
    """

    SaveSpec = saveables_module.SaveSpec
    SaveableObject = saveables_module.SaveableObject
    VariableSaveable = saveables_module.ReferenceVariableSaveable
    ResourceVariableSaveable = saveables_module.ResourceVariableSaveable

    def __init__(self, write_version: int = V2) -> None:
        self._write_version = write_version

    def save_op(self, filename_tensor: Tensor, saveables: list[SaveableObject]) -> Any:
        """Add the operation that writes `saveables`.

        Raises:
          RuntimeError: the format is unknown.
        """
        names, slices, tensors = [], [], []
        for spec in (spec for one in saveables for spec in one.specs):
            names.append(spec.name)
            tensors.append(spec.tensor)
            slices.append(spec.slice_spec)
        if self._write_version == V1:
            return checkpoint.save_slices(filename_tensor, names, slices, tensors, name="save")
        if self._write_version == V2:
            return checkpoint.save_v2(filename_tensor, names, slices, tensors)
        raise RuntimeError(f"Unexpected write_version: {self._write_version}")

    def bulk_restore(
        self,
        filename_tensor: Tensor,
        saveables: list[SaveableObject],
        preferred_shard: int,
        restore_sequentially: bool,
    ) -> list[Tensor]:
        """Add what reads `saveables`; gives their tensors in order."""
        found: list[Tensor] = []
        for one in saveables:
            with scopes.device(set_cpu0(one.device) if one.device else None):
                found.extend(self.restore_op(filename_tensor, one, preferred_shard))
        return found

    def restore_op(
        self, filename_tensor: Tensor, saveable: SaveableObject, preferred_shard: int
    ) -> list[Tensor]:
        """Add what reads one object; gives its tensors."""
        return [
            checkpoint.restore_v2(filename_tensor, [spec.name], [spec.slice_spec], [spec.dtype])[0]
            for spec in saveable.specs
        ]

    def sharded_filename(self, filename_tensor: Tensor, shard: int, num_shards: Tensor) -> Tensor:
        """Add what makes the file name of one shard."""
        return checkpoint.sharded_filename(filename_tensor, shard, num_shards)

    def build(
        self,
        names_to_saveables: Any,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
        filename: str | None = "model",
    ) -> Any:
        """Add the operations that save and restore; gives the SaverDef that names them.

        Args:
          names_to_saveables: a dict of names to variables or SaveableObjects, or a list of these.
          reshape: give what is read the shape of the variable.
          sharded: write a file for each device.
          max_to_keep: the number of checkpoints that stay; None or 0: all.
          keep_checkpoint_every_n_hours: keep one of each so many hours besides.
          name: the name scope; default "save".
          restore_sequentially: restore one after the other.
          filename: the default path.

        Raises:
          TypeError, ValueError: something given cannot be saved, or comes twice.
        """
        saveables = saveables_module.validate_and_slice_inputs(names_to_saveables)
        with scopes.name_scope(name, "save", [one.op for one in saveables]):
            path = placeholder_with_default(filename or "model", shape=(), name="filename")
            path = placeholder_with_default(path, shape=(), name="Const")
            if sharded:
                per_device = self._by_device(saveables)
                save = self._add_sharded_save(path, per_device)
                restore = self._add_sharded_restore(
                    path, per_device, restore_sequentially, reshape
                )
            else:
                save = self._add_save(path, saveables)
                restore = self._add_restore(path, saveables, restore_sequentially, reshape)
        _concat_collected()
        return proto.SaverDef(
            filename_tensor_name=path.name,
            save_tensor_name=save.name,
            restore_op_name=restore.name,
            max_to_keep=max_to_keep or 0,
            sharded=sharded,
            keep_checkpoint_every_n_hours=keep_checkpoint_every_n_hours,
            version=self._write_version,
        )

    def _add_save(self, filename_tensor: Tensor, saveables: list[SaveableObject]) -> Tensor:
        save = self.save_op(filename_tensor, saveables)
        return control.with_dependencies([save], filename_tensor)

    def _add_sharded_save(self, filename_tensor: Tensor, per_device: _PerDevice) -> Tensor:
        if self._write_version == V2:
            return self._add_merged_save(filename_tensor, per_device)
        count = convert.convert_to_tensor(len(per_device), dtypes.int32, name="num_shards")
        saves = []
        for shard, (device, saveables) in enumerate(per_device):
            with scopes.device(device):
                name = self.sharded_filename(filename_tensor, shard, count)
                saves.append(self._add_save(name, saveables))
        with scopes.control_dependencies([one.op for one in saves]):
            return checkpoint.sharded_filespec(filename_tensor, count)

    def _add_merged_save(self, prefix: Tensor, per_device: _PerDevice) -> Tensor:
        """Each device writes a part into a folder of its own, then the parts become one."""
        suffix = f"_temp_{uuid.uuid4().hex}/part"
        temporary = string.string_join([prefix, suffix])
        count = convert.convert_to_tensor(len(per_device), dtypes.int32, name="num_shards")
        names, saves, device = [], [], ""
        for shard, (device, saveables) in enumerate(per_device):
            with scopes.device(set_cpu0(device)):
                name = self.sharded_filename(temporary, shard, count)
                names.append(name)
                saves.append(self._add_save(name, saveables))
        with (
            scopes.control_dependencies([one.op for one in saves]),
            scopes.device(set_cpu0(device)),
        ):
            merge = checkpoint.merge_v2_checkpoints(names, prefix, delete_old_dirs=True)
            with scopes.control_dependencies([merge]):
                return array_shape.identity(prefix)

    def _add_restore(
        self,
        filename_tensor: Tensor,
        saveables: list[SaveableObject],
        restore_sequentially: bool,
        reshape: bool,
        preferred_shard: int = -1,
        name: str = "restore_all",
    ) -> Any:
        tensors = iter(
            self.bulk_restore(filename_tensor, saveables, preferred_shard, restore_sequentially)
        )
        assigned = []
        for one in saveables:
            shapes = [_shape_of(spec.tensor) for spec in one.specs] if reshape else None
            assigned.append(one.restore([next(tensors) for _ in one.specs], shapes))
        return control.group(*assigned, name=name)

    def _add_sharded_restore(
        self,
        filename_tensor: Tensor,
        per_device: _PerDevice,
        restore_sequentially: bool,
        reshape: bool,
    ) -> Any:
        restored = []
        for shard, (device, saveables) in enumerate(per_device):
            with scopes.device(device):
                options = (restore_sequentially, reshape, shard, "restore_shard")
                restored.append(self._add_restore(filename_tensor, saveables, *options))
        return control.group(*restored, name="restore_all")

    def _by_device(self, saveables: list[SaveableObject]) -> _PerDevice:
        found: dict[str, list[SaveableObject]] = {}
        for one in saveables:
            names = {devices.canonical(spec.tensor.device or "") for spec in one.specs}
            if len(names) != 1:
                raise ValueError(
                    f"All tensors of a saveable object must be on the same device: {one.name}"
                )
            found.setdefault(names.pop(), []).append(one)
        return sorted(found.items(), key=lambda pair: pair[0])


class BulkSaverBuilder(BaseSaverBuilder):
    """Restores all objects of a device by one operation."""

    def bulk_restore(
        self,
        filename_tensor: Tensor,
        saveables: list[SaveableObject],
        preferred_shard: int,
        restore_sequentially: bool,
    ) -> list[Tensor]:
        """Add what reads `saveables`; gives their tensors in order."""
        specs = [spec for one in saveables for spec in one.specs]
        names, slices = [spec.name for spec in specs], [spec.slice_spec for spec in specs]
        with scopes.device("cpu:0"):
            return checkpoint.restore_v2(
                filename_tensor, names, slices, [spec.dtype for spec in specs]
            )


def _shape_of(tensor: Tensor) -> Any:
    shape = tensor.get_shape()
    return shape if shape.is_fully_defined() else array_shape.shape(tensor)


def _concat_collected() -> None:
    """Make the whole of each partitioned variable in a collection: a MetaGraph names it."""
    graph = scopes.get_default_graph()
    operations = {one.name for one in graph.get_operations()}
    for key in graph.get_all_collection_keys():
        for one in graph.get_collection(key):
            if isinstance(one, PartitionedVariable) and one.name not in operations:
                one.as_tensor()
