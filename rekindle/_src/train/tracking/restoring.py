"""Restoring the objects of a checkpoint: which object of it belongs to which of the program, and what that adds.

Holds `Restoration`, one read checkpoint on its way into a program, and `CheckpointPosition`, one object in it. Objects
that the program has not made yet are restored when they come (graph/trackable.py).
"""

from __future__ import annotations

import collections
import itertools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from rekindle._src import tf_logging as logging
from rekindle._src.formats.checkpoint_reader import NewCheckpointReader
from rekindle._src.train import saveables as saveables_module
from rekindle._src.train.saveables import SaveableObject
from rekindle._src.train.tracking.object_graph import ObjectGraphView
from rekindle._src.train.tracking.savers import MultiDeviceSaver, PythonStateSaveable

#: numbers restores in their order
next_uid = itertools.count(1).__next__


class _Slot(NamedTuple):
    """A slot of an optimizer in a checkpoint; `variable` is the number, or the object, of the variable."""

    optimizer: int
    slot: int
    name: str
    variable: Any = None


class Restoration:
    """A checkpoint whose objects are being bound to those of a program.

    Args:
      graph: its TrackableObjectGraph.
      path: where it is.
      path_tensor: the tensor that is fed with that.
      known_ops: restore operations by checkpoint key, from restores before.
      view: the objects of the program.
    """

    def __init__(
        self, graph: Any, path: str, path_tensor: Any, known_ops: dict[str, Any], view: ObjectGraphView
    ) -> None:
        self.graph = graph
        self.path = path
        self.path_tensor = path_tensor
        self.known_ops = known_ops
        self.view = view
        self.uid = next_uid()
        self.bound: dict[int, Any] = {}
        self.seen: dict[int, Any] = {}  # by id
        self.unused: dict[int, list[str]] = {}
        self.restore_ops: list[Any] = []
        self.on_new_ops: Callable[[list[Any]], Any] | None = None
        self.waiting_slots: dict[int, list[_Slot]] = {}
        self.slots: dict[int, list[_Slot]] = {}
        for number, node in enumerate(graph.nodes):
            for one in node.slot_variables:
                slot = _Slot(number, one.slot_variable_node_id, one.slot_name)
                self.slots.setdefault(one.original_variable_node_id, []).append(slot)
        self.report = _Report(self)

    def add_ops(self, found: list[Any]) -> None:
        """Note new restore operations."""
        self.restore_ops.extend(found)
        if self.on_new_ops is not None:
            self.on_new_ops(found)

    def restore_saveables(
        self, tensors: dict[str, SaveableObject], states: list[PythonStateSaveable]
    ) -> list[Any]:
        """Restore Python state now; gives the operations that restore the rest, in the order of their names."""
        if states:
            reader = NewCheckpointReader(self.path)
            for one in states:
                one.python_restore([reader.get_tensor(spec.name) for spec in one.specs])  # type: ignore[attr-defined]
        if not tensors:
            return []
        saveables = saveables_module.validate_and_slice_inputs(tensors)
        found = sorted(MultiDeviceSaver(saveables).restore(self.path_tensor).items())
        self.known_ops.update(found)
        return [restore for _, restore in found]


class _Report:
    """Warns of what a checkpoint had and the program did not take, when the restoration is forgotten."""

    def __init__(self, restoration: Restoration) -> None:
        self.is_silent = False
        self._graph = restoration.graph
        self._bound = restoration.bound
        self._unused = restoration.unused

    def __del__(self) -> None:
        if self.is_silent:
            return
        names = node_names(self._graph)
        lines = [
            f"Unresolved object in checkpoint: {names.get(number, number)}"
            for number in range(len(self._graph.nodes))
            if number not in self._bound
        ]
        lines += [
            f"Unused attribute in object {names.get(number, number)}: {attributes}"
            for number, attributes in self._unused.items()
        ]
        for line in lines:
            logging.warning(line)
        if lines:
            logging.warning(
                "A checkpoint was restored (e.g. tf.train.Checkpoint.restore or tf.keras.Model.load_weights) but not "
                "all checkpointed values were used. See above for specific issues. Use expect_partial() on the load "
                "status object, e.g. tf.train.Checkpoint.restore(...).expect_partial(), to silence these warnings, or "
                "use assert_consumed() to make the check explicit."
            )


def node_names(graph: Any) -> dict[int, str]:
    """The path of each object of a TrackableObjectGraph from the root, with dots."""
    paths = {0: "(root)"}
    waiting = collections.deque([0] if graph.nodes else [])
    while waiting:
        number = waiting.popleft()
        for child in graph.nodes[number].children:
            if child.node_id not in paths and child.node_id < len(graph.nodes):
                paths[child.node_id] = f"{paths[number]}.{child.local_name}"
                waiting.append(child.node_id)
    for number, node in enumerate(graph.nodes):
        for slot in node.slot_variables:
            original = paths.get(slot.original_variable_node_id)
            paths[slot.slot_variable_node_id] = f"{paths.get(number)}'s state '{slot.slot_name}' for {original}"
    return paths


class CheckpointPosition:
    """One object of a checkpoint."""

    def __init__(self, checkpoint: Restoration, proto_id: int) -> None:
        self.checkpoint = checkpoint
        self._number = proto_id

    @property
    def restore_uid(self) -> int:
        """The number of the restore; later ones win."""
        return self.checkpoint.uid

    @property
    def object_proto(self) -> Any:
        """The object in the message."""
        return self.checkpoint.graph.nodes[self._number]

    def children(self) -> Iterator[tuple[str, CheckpointPosition]]:
        """Yield the name and the position of each dependency."""
        for child in self.object_proto.children:
            yield child.local_name, CheckpointPosition(self.checkpoint, child.node_id)

    def restore(self, trackable: Any) -> None:
        """Restore an object and what it depends on."""
        if not self.bind_object(trackable):
            return
        checkpoint = self.checkpoint
        waiting = collections.deque([self])
        found: list[Any] = []
        tensors: dict[str, SaveableObject] = {}
        states: list[PythonStateSaveable] = []
        while waiting:
            position = waiting.popleft()
            one = checkpoint.bound[position._number]
            if checkpoint.uid > one._update_uid:
                found += position._gather(one, tensors, states)
                one._update_uid = checkpoint.uid
            waiting.extend(one._restore_children(position))
        found += checkpoint.restore_saveables(tensors, states)
        if found:
            checkpoint.add_ops(found)

    def bind_object(self, trackable: Any) -> bool:
        """Say that an object of the program is this one; False if that was known, or another is."""
        checkpoint, number = self.checkpoint, self._number
        checkpoint.seen[id(trackable)] = trackable
        known = checkpoint.bound.get(number)
        if known is not None:
            if known is not trackable:
                logging.warning(
                    "Inconsistent references when loading the checkpoint into this object graph. Either the Trackable "
                    "object references in the Python program have changed in an incompatible way, or the checkpoint "
                    "was generated in an incompatible program.\n\nTwo checkpoint references resolved to different "
                    "objects (%s and %s).",
                    known,
                    trackable,
                )
            return False
        checkpoint.bound[number] = trackable
        for slot in checkpoint.waiting_slots.pop(number, ()):
            _restore_slot(checkpoint, trackable, slot, slot.variable)
        for slot in checkpoint.slots.pop(number, ()):
            optimizer = checkpoint.bound.get(slot.optimizer)
            if optimizer is None:
                waiting = checkpoint.waiting_slots.setdefault(slot.optimizer, [])
                waiting.append(slot._replace(variable=trackable))
            else:
                _restore_slot(checkpoint, optimizer, slot, trackable)
        return True

    def _gather(
        self, trackable: Any, tensors: dict[str, SaveableObject], states: list[PythonStateSaveable]
    ) -> list[Any]:
        """Add the SaveableObjects of an object to `tensors` and `states`; gives operations that are there already."""
        found = []
        factories = trackable._gather_saveables_for_checkpoint()
        for attribute in self.object_proto.attributes:
            key = attribute.checkpoint_key
            if key in self.checkpoint.known_ops:
                found.append(self.checkpoint.known_ops[key])
                continue
            if attribute.name not in factories:
                if not attribute.optional_restore:
                    self.checkpoint.unused.setdefault(self._number, []).append(attribute.name)
                continue
            saveable = self._saveable(trackable, attribute.name, key, factories[attribute.name])
            if isinstance(saveable, PythonStateSaveable):
                states.append(saveable)
            else:
                tensors[key] = saveable
        return found

    def _saveable(self, trackable: Any, name: str, key: str, factory: Any) -> Any:
        cache = self.checkpoint.view.saveables_cache
        kept = (cache or {}).get(id(trackable), {}).get(name, [])
        if len(kept) == 1 and key in kept[0].name:
            return kept[0]
        made = factory(name=key) if callable(factory) else factory
        if cache is not None and isinstance(made, SaveableObject):
            cache.setdefault(id(trackable), {})[name] = [made]
        return made


def _restore_slot(checkpoint: Restoration, optimizer: Any, slot: _Slot, variable: Any) -> None:
    position = CheckpointPosition(checkpoint, slot.slot)
    optimizer._create_or_restore_slot_variable(
        slot_variable_position=position, slot_name=slot.name, variable=variable
    )
