"""The graph of the objects below a root, as a checkpoint keeps it: TrackableObjectGraph.

Holds `ObjectGraphView`, which finds the objects, names them by the shortest path from the root, and gives the message
and the SaveableObjects of all.
"""

from __future__ import annotations

import collections
from typing import Any

from rekindle._src.graph import proto
from rekindle._src.graph.trackable import TrackableReference
from rekindle._src.train import saveables as saveables_module
from rekindle._src.train.saveables import SaveableObject
from rekindle._src.train.tracking.savers import PythonStateSaveable

_ATTRIBUTES, _SLOT = ".ATTRIBUTES", ".OPTIMIZER_SLOT"
#: attribute name -> its SaveableObjects, of each object
SaveableCache = dict[int, dict[str, list[SaveableObject]]]


def escaped(name: str) -> str:
    """A local name without slashes, and with its dots doubled, so that it is none of the marks."""
    return name.replace(".", "..").replace("/", ".S")


class ObjectGraphView:
    """The objects that a root depends on, itself first, breadth first.

    Args:
      root: the root.
      saveables_cache: where SaveableObjects are kept from one save to the next; None: they are made anew, and the state
        of Python objects becomes constants.
    """

    def __init__(self, root: Any, saveables_cache: SaveableCache | None = None) -> None:
        self.root = root
        self.saveables_cache = saveables_cache

    def list_dependencies(self, obj: Any) -> list[TrackableReference]:
        """The dependencies of an object."""
        return obj._checkpoint_dependencies

    def list_objects(self) -> list[Any]:
        """All objects, slots of optimizers last."""
        return self._named_objects()[0]

    def serialize_object_graph(self) -> tuple[list[SaveableObject], Any, dict[Any, Any]]:
        """The SaveableObjects of all, the message, and what to feed to write the state of Python objects."""
        objects, names, slots = self._named_objects()
        graph = proto.TrackableObjectGraph()
        numbers = {id(one): number for number, one in enumerate(objects)}
        for one in objects:
            node = graph.nodes.add()
            node.slot_variables.extend(slots.get(id(one), ()))
            for name, ref in self.list_dependencies(one):
                node.children.add(node_id=numbers[id(ref)], local_name=name)
        feeds: dict[Any, Any] = {}
        found = []
        for one, node in zip(objects, graph.nodes):
            found += self._add_attributes(one, node, names[id(one)], feeds)
        return found, graph, feeds

    def frozen_saveable_objects(self) -> list[SaveableObject]:
        """The SaveableObjects of all, the state of Python objects as constants."""
        return ObjectGraphView(self.root).serialize_object_graph()[0]

    def _named_objects(self) -> tuple[list[Any], dict[int, str], dict[int, list[Any]]]:
        """The objects, the path of each by its id, and the SlotVariableReferences of optimizers by their ids."""
        objects: list[Any] = []
        names: dict[int, str] = {id(self.root): ""}
        waiting = collections.deque([self.root])
        while waiting:
            one = waiting.popleft()
            objects.append(one)
            for name, ref in self.list_dependencies(one):
                if id(ref) not in names:
                    path = names[id(one)]
                    names[id(ref)] = f"{path}/{escaped(name)}" if path else escaped(name)
                    waiting.append(ref)
        return objects, names, _append_slots(objects, names)

    def _add_attributes(self, one: Any, node: Any, path: str, feeds: dict[Any, Any]) -> list[SaveableObject]:
        found = []
        cache = None if self.saveables_cache is None else self.saveables_cache.setdefault(id(one), {})
        for name, factory in one._gather_saveables_for_checkpoint().items():
            key = f"{path}/{_ATTRIBUTES}/{escaped(name)}" if path else f"{_ATTRIBUTES}/{escaped(name)}"
            saveables = cache.get(name) if cache is not None else None
            if saveables is None or any(key not in saveable.name for saveable in saveables):
                saveables = _saveables(one, name, factory, key)
                if cache is not None:
                    cache[name] = saveables
            attribute = node.attributes.add(name=name, checkpoint_key=key)
            attribute.full_name = next((s.full_name for s in saveables if s.full_name), "")
            attribute.optional_restore = bool(saveables) and all(saveable.optional_restore for saveable in saveables)
            for saveable in saveables:
                if isinstance(saveable, PythonStateSaveable):
                    if cache is None:
                        saveable = saveable.freeze()
                    else:
                        feeds.update(saveable.feed_dict_additions())
                found.append(saveable)
        return found


def _append_slots(objects: list[Any], names: dict[int, str]) -> dict[int, list[Any]]:
    """Add the slot variables of optimizers to the objects and their names; gives the references.

    Raises:
      NotImplementedError: a slot is a dependency, too.
    """
    slots: dict[int, list[Any]] = {}
    plain = list(objects)
    for optimizer in plain:
        get_slot = getattr(optimizer, "_slot_of", None)
        if get_slot is None:
            continue
        for slot_name in optimizer.get_slot_names():
            for number, original in enumerate(plain):
                slot = get_slot(original, slot_name)
                if slot is None:
                    continue
                if id(slot) in names:
                    raise NotImplementedError(
                        "A slot variable was re-used as a dependency of a Trackable object. This is not currently "
                        "allowed. File a feature request if this limitation bothers you."
                    )
                names[id(slot)] = f"{names[id(original)]}/{_SLOT}/{names[id(optimizer)]}/{escaped(slot_name)}"
                reference = proto.TrackableObjectGraph.TrackableObject.SlotVariableReference(
                    slot_name=slot_name, original_variable_node_id=number, slot_variable_node_id=len(objects)
                )
                slots.setdefault(id(optimizer), []).append(reference)
                objects.append(slot)
    return slots


def _saveables(one: Any, name: str, factory: Any, key: str) -> list[SaveableObject]:
    """The SaveableObjects of an attribute.

    Raises:
      AssertionError: one has another name than it should.
    """
    made = factory(name=key) if callable(factory) else factory
    if isinstance(made, SaveableObject):
        found = [made]
    else:
        (full_name,) = saveables_module.op_list_to_dict([made], convert_variable_to_tensor=False)
        found = list(saveables_module.saveable_objects_for_op(made, key))
        for saveable in found:
            saveable.full_name = full_name
    for saveable in found:
        if key not in saveable.name:
            raise AssertionError(
                f"The object {one} produced a SaveableObject with name '{saveable.name}' for attribute '{name}'. "
                f"Expected a name containing '{key}'."
            )
    return found


def list_objects(root_trackable: Any) -> list[Any]:
    """The objects that a root depends on, itself first."""
    return ObjectGraphView(root_trackable).list_objects()


def gather_initializers(root_trackable: Any) -> list[Any]:
    """The initializers of all variables below a root."""
    found = (getattr(one, "initializer", None) for one in list_objects(root_trackable))
    return [one for one in found if one is not None]
