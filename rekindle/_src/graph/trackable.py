"""Objects that know which other objects they depend on, so that a checkpoint can name variables by their path.

Holds `Trackable` (dependencies by name, and what waits for one that is not there yet), `AutoTrackable`, whose
attributes are dependencies, and the tracked list and dict. Reading and writing is done in train/tracking: a *position*
here is an object of a checkpoint, with its restore method.
"""

from __future__ import annotations

import collections
from collections.abc import Iterable
from typing import Any, NamedTuple

VARIABLE_VALUE_KEY = "VARIABLE_VALUE"


class TrackableReference(NamedTuple):
    """A dependency and its name."""

    name: str
    ref: Any


class _Tracked:
    """What a Trackable remembers."""

    __slots__ = ("references", "deferred", "update_uid")

    def __init__(self) -> None:
        self.references: dict[str, Any] = {}
        self.deferred: dict[str, list[Any]] = {}
        self.update_uid = -1


class Trackable:
    """An object with named dependencies that a checkpoint follows; subclasses say what of themselves is saved."""

    _self_tracked: _Tracked | None = None

    def _maybe_initialize_trackable(self) -> None:
        self._tracked()

    def _tracked(self) -> _Tracked:
        if self._self_tracked is None:
            object.__setattr__(self, "_self_tracked", _Tracked())
        return self._self_tracked  # type: ignore[return-value] - just set

    @property
    def _update_uid(self) -> int:
        return self._tracked().update_uid

    @_update_uid.setter
    def _update_uid(self, value: int) -> None:
        self._tracked().update_uid = value

    @property
    def _checkpoint_dependencies(self) -> list[TrackableReference]:
        return [TrackableReference(*one) for one in self._tracked().references.items()]

    def _lookup_dependency(self, name: str) -> Any:
        return self._tracked().references.get(name)

    def _gather_saveables_for_checkpoint(self) -> dict[str, Any]:
        """What of the object itself is saved, by attribute name: variables, or functions name -> SaveableObject."""
        return {}

    def _track_trackable(self, trackable: Any, name: str, overwrite: bool = False) -> Any:
        """Make an object a dependency of that name, and restore what waited for it; gives the object.

        Raises:
          TypeError: it cannot be tracked.
          ValueError: another has the name.
        """
        if not isinstance(trackable, Trackable):
            kind = type(trackable)
            raise TypeError(f"Trackable._track_trackable() passed type {kind}, not a Trackable.")
        known = self._lookup_dependency(name)
        if known is not None and known is not trackable and not overwrite:
            raise ValueError(
                f"Called Trackable._track_trackable() with name='{name}', but a Trackable with this name is already "
                "declared as a dependency. Names must be unique (or overwrite=True)."
            )
        self._tracked().references[name] = trackable
        if known is None:
            self._handle_deferred_dependencies(name, trackable)
        return trackable

    def _handle_deferred_dependencies(self, name: str, trackable: Any) -> None:
        """Restore an object from the checkpoints that were restored before it was there, the last one first."""
        for position in sorted(self._tracked().deferred.pop(name, ()), key=lambda one: -one.restore_uid):
            position.restore(trackable)

    def _restore_children(self, position: Any) -> Iterable[Any]:
        """Yield the positions of the children, bound to objects; those that are not there yet are put off."""
        for name, child in position.children():
            found = self._lookup_dependency(name)
            if found is None:
                self._tracked().deferred.setdefault(name, []).append(child)
            elif child.bind_object(found):
                yield child

    def _add_variable_with_custom_getter(
        self, name: str, shape: Any = None, dtype: Any = None, initializer: Any = None, getter: Any = None,
        overwrite: bool = False, **kwargs_for_getter: Any,
    ) -> Any:  # fmt: skip
        """Make a variable by `getter` and track it by its name."""
        given = {} if dtype is None else {"dtype": dtype}
        variable = getter(name=name, shape=shape, initializer=initializer, **given, **kwargs_for_getter)
        if overwrite and not isinstance(variable, Trackable):
            return variable
        return self._track_trackable(variable, name=name, overwrite=overwrite)


class NoDependency:
    """Wraps a value that is assigned to an attribute and shall not be tracked."""

    def __init__(self, value: Any) -> None:
        self.value = value


class AutoTrackable(Trackable):
    """A Trackable whose attributes are its dependencies: variables, layers, optimizers, lists and dicts of them."""

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, NoDependency):
            super().__setattr__(name, value.value)
            return
        value = tracked_form(value)
        if isinstance(value, Trackable):
            self._track_trackable(value, name, overwrite=True)
        super().__setattr__(name, value)

    def __delattr__(self, name: str) -> None:
        self._tracked().references.pop(name, None)
        super().__delattr__(name)


def tracked_form(value: Any) -> Any:
    """A list or dict as one that is tracked; anything else as it is."""
    if type(value) is list:
        return TrackedList(value)
    if type(value) in (dict, collections.OrderedDict):
        return TrackedDict(value)
    return value


class _Container(Trackable):
    """A container whose dependencies are the trackable values in it."""

    def _pairs(self) -> Iterable[tuple[Any, Any]]:
        raise NotImplementedError

    @property
    def _checkpoint_dependencies(self) -> list[TrackableReference]:
        return [TrackableReference(str(key), one) for key, one in self._pairs() if isinstance(one, Trackable)]

    def _lookup_dependency(self, name: str) -> Any:
        return dict(self._checkpoint_dependencies).get(name)

    def _settle(self) -> None:
        """Restore what waits for values that came since."""
        for name, one in self._checkpoint_dependencies:
            if name in self._tracked().deferred:
                self._handle_deferred_dependencies(name, one)


class TrackedList(_Container, list):
    """A list whose trackable elements are dependencies, named by their place."""

    def __init__(self, values: Iterable[Any] = ()) -> None:
        super().__init__(map(tracked_form, values))

    def _pairs(self) -> Iterable[tuple[Any, Any]]:
        return enumerate(self)

    def append(self, value: Any) -> None:
        """Add an element at the end."""
        super().append(tracked_form(value))
        self._settle()

    def extend(self, values: Iterable[Any]) -> None:
        """Add elements at the end."""
        super().extend(map(tracked_form, values))
        self._settle()


class TrackedDict(_Container, dict):
    """A dict whose trackable values are dependencies, named by their keys."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__({key: tracked_form(value) for key, value in dict(*args, **kwargs).items()})

    def _pairs(self) -> Iterable[tuple[Any, Any]]:
        return [(key, value) for key, value in self.items() if isinstance(key, str)]

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, tracked_form(value))
        self._settle()


