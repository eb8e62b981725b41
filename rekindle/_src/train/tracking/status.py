"""What `tf.train.Checkpoint.restore` gives: checks of what was matched, and the operations to run."""

from __future__ import annotations

from typing import Any

from rekindle._src import tf_logging as logging
from rekindle._src.graph import scopes
from rekindle._src.graph.trackable import TrackedDict, TrackedList
from rekindle._src.train import saveables as saveables_module
from rekindle._src.train.saver import Saver
from rekindle._src.train.tracking.object_graph import ObjectGraphView
from rekindle._src.train.tracking.restoring import Restoration, next_uid, node_names


def session_or_default(session: Any = None) -> Any:
    """The session, default the default session.

    Raises:
      ValueError: there is none.
    """
    session = scopes.get_default_session() if session is None else session
    if session is None:
        raise ValueError(
            "Checkpoints of objects need a session: pass `session=...`, or call them in `with tf.Session():`"
        )
    return session


class LoadStatus:
    """What the load statuses share."""

    def assert_consumed(self) -> LoadStatus:
        """Refuse if anything in the checkpoint or in the program found no match."""
        raise NotImplementedError

    def assert_existing_objects_matched(self) -> LoadStatus:
        """Refuse if anything in the program found no match."""
        raise NotImplementedError

    def assert_nontrivial_match(self) -> LoadStatus:
        """Refuse if nothing but the root found a match."""
        raise NotImplementedError

    def run_restore_ops(self, session: Any = None) -> None:
        """Run the operations that restore."""
        raise NotImplementedError

    def initialize_or_restore(self, session: Any = None) -> None:
        """Restore what is in the checkpoint, initialise the rest."""
        raise NotImplementedError

    def expect_partial(self) -> LoadStatus:
        """Do not warn of what the program did not take."""
        return self


class CheckpointLoadStatus(LoadStatus):
    """The status of a checkpoint of objects."""

    def __init__(self, checkpoint: Restoration, feed_dict: dict[Any, Any], graph_view: ObjectGraphView) -> None:
        self._checkpoint = checkpoint
        self._feed_dict = feed_dict
        self._graph_view = graph_view

    def assert_consumed(self) -> CheckpointLoadStatus:
        """Refuse if anything in the checkpoint or in the program found no match.

        Raises:
          AssertionError: something found none.
        """
        checkpoint = self._checkpoint
        names = node_names(checkpoint.graph)
        self.assert_existing_objects_matched()
        for number, node in enumerate(checkpoint.graph.nodes):
            if number not in checkpoint.bound:
                raise AssertionError(f"Unresolved object in checkpoint {names.get(number)}: {node}")
        if checkpoint.slots:
            raise AssertionError(f"Unresolved slot restorations: {checkpoint.slots}")
        if checkpoint.unused:
            lines = [f"{names.get(n)} ({checkpoint.bound[n]}): {found}" for n, found in checkpoint.unused.items()]
            raise AssertionError(
                "Unused attributes in these objects (the attributes exist in the checkpoint but were not restored):\n"
                + "\n".join(lines)
            )
        return self

    def assert_existing_objects_matched(self) -> CheckpointLoadStatus:
        """Refuse if anything in the program found no match.

        Raises:
          AssertionError: something found none.
        """
        checkpoint = self._checkpoint
        for number, one in checkpoint.bound.items():
            if one._update_uid < checkpoint.uid:
                raise AssertionError(f"Object not assigned a value from checkpoint: {checkpoint.graph.nodes[number]}")
        for one in self._graph_view.list_objects():
            if isinstance(one, TrackedList | TrackedDict) and not one._checkpoint_dependencies:
                continue
            checkpoint.seen[id(one)] = one
        unmatched = self._unmatched()
        if unmatched:
            raise AssertionError(
                "Some Python objects were not bound to checkpointed values, likely due to changes in the Python "
                f"program: {unmatched}"
            )
        return self

    def assert_nontrivial_match(self) -> CheckpointLoadStatus:
        """Refuse if nothing but the root found a match.

        Raises:
          AssertionError: so it is.
        """
        checkpoint = self._checkpoint
        checkpoint.seen.update((id(one), one) for one in self._graph_view.list_objects())
        if len(checkpoint.bound) > 1:
            return self
        unmatched = self._unmatched()
        if not unmatched:
            root = self._graph_view.root
            raise AssertionError(f"Nothing to load. No dependencies have been added to {root} yet.")
        raise AssertionError(
            "Nothing except the root object matched a checkpointed value. Typically this means that the checkpoint "
            "does not match the Python program. The following objects have no matching checkpointed value: "
            f"{unmatched}"
        )

    def _unmatched(self) -> list[Any]:
        bound = set(map(id, self._checkpoint.bound.values()))
        return [one for key, one in self._checkpoint.seen.items() if key not in bound]

    def run_restore_ops(self, session: Any = None) -> None:
        """Run the operations that restore."""
        session_or_default(session).run(self._checkpoint.restore_ops, self._feed_dict)

    def initialize_or_restore(self, session: Any = None) -> None:
        """Restore what is in the checkpoint, initialise the rest."""
        session = session_or_default(session)
        bound = set(map(id, self._checkpoint.bound.values()))
        rest = [
            one.initializer
            for one in self._graph_view.list_objects()
            if getattr(one, "initializer", None) is not None
            and id(one) not in bound
            and one._update_uid < self._checkpoint.uid
        ]
        self.run_restore_ops(session)
        session.run(rest)

    def expect_partial(self) -> CheckpointLoadStatus:
        """Do not warn of what the program did not take."""
        self._checkpoint.report.is_silent = True
        return self


class InitializationOnlyStatus(LoadStatus):
    """The status where there is no checkpoint."""

    def __init__(self, graph_view: ObjectGraphView, restore_uid: int) -> None:
        self._graph_view = graph_view
        self._uid = restore_uid

    def _refuse(self) -> Any:
        raise AssertionError("No checkpoint specified (save_path=None); nothing is being restored.")

    assert_consumed = assert_existing_objects_matched = assert_nontrivial_match = _refuse

    def run_restore_ops(self, session: Any = None) -> None:
        """Refuse: there is nothing to restore.

        Raises:
          AssertionError: always.
        """
        raise AssertionError(
            "No checkpoint specified, so no restore ops are available (save_path=None to Saver.restore)."
        )

    def initialize_or_restore(self, session: Any = None) -> None:
        """Initialise all variables."""
        found = [
            one.initializer
            for one in self._graph_view.list_objects()
            if getattr(one, "initializer", None) is not None and one._update_uid < self._uid
        ]
        session_or_default(session).run(found)


class NameBasedSaverStatus(LoadStatus):
    """The status of a checkpoint that a Saver wrote: objects are found by the names of their variables."""

    def __init__(self, save_path: str, graph_view: ObjectGraphView) -> None:
        logging.warning(
            "Restoring a name-based tf.train.Saver checkpoint using the object-based restore API. This mode uses "
            "global names to match variables, and so is somewhat fragile. It also adds new restore ops to the graph "
            "each time it is called when graph building. Prefer re-encoding training checkpoints in the object-based "
            "format: run save() on the object-based saver (the same one this message is coming from) and use that "
            "checkpoint in the future."
        )
        self._path = save_path
        self._graph_view = graph_view
        self._uid = next_uid()
        self._unused: list[tuple[Any, str]] = []

    def assert_consumed(self) -> NameBasedSaverStatus:
        """Refuse if anything in the program was not restored.

        Raises:
          AssertionError: something was not.
        """
        if self._unused:
            lines = "".join(f"\n    {one}: {name}" for one, name in self._unused)
            raise AssertionError(f"Some objects had attributes which were not restored:{lines}")
        for one in self._graph_view.list_objects():
            if one._update_uid < self._uid:
                raise AssertionError(f"Object not restored: {one}")
        return self

    def assert_existing_objects_matched(self) -> NameBasedSaverStatus:
        """As `assert_consumed`."""
        return self.assert_consumed()

    def assert_nontrivial_match(self) -> NameBasedSaverStatus:
        """As `assert_consumed`."""
        return self.assert_consumed()

    def run_restore_ops(self, session: Any = None) -> None:
        """Restore by a new Saver."""
        session = session_or_default(session)
        with scopes.device("/cpu:0"):
            Saver(self._saveables()).restore(session, self._path)

    def initialize_or_restore(self, session: Any = None) -> None:
        """As `run_restore_ops`."""
        self.run_restore_ops(session)

    def _saveables(self) -> list[Any]:
        found = []
        for one in self._graph_view.list_objects():
            if one._update_uid >= self._uid:
                continue
            one._update_uid = self._uid
            for name, factory in one._gather_saveables_for_checkpoint().items():
                try:
                    made = factory() if callable(factory) else factory
                except TypeError:  # it needs a name, which only checkpoints of objects have
                    if not factory("").optional_restore:
                        self._unused.append((one, name))
                    continue
                by_name = saveables_module.op_list_to_dict([made], convert_variable_to_tensor=False)
                for key, item in by_name.items():
                    found += saveables_module.saveable_objects_for_op(item, key)
        return found


def streaming_restore(status: Any, session: Any = None) -> None:
    """Run the restore operations, and those of objects that come later as soon as they do.

    Raises:
      NotImplementedError: the checkpoint names variables.
    """
    session = session_or_default(session)
    if isinstance(status, NameBasedSaverStatus):
        raise NotImplementedError(
            "Streaming restore not supported from name-based checkpoints when graph building."
        )
    status.run_restore_ops(session=session)
    status._checkpoint.on_new_ops = lambda found: session.run(found, status._feed_dict)
