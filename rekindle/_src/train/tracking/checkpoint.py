"""`tf.train.Checkpoint`: objects saved and restored by their place below a root, not by variables' names."""

from __future__ import annotations

import os
from typing import Any

from rekindle._src import errors
from rekindle._src.formats.checkpoint_reader import NewCheckpointReader
from rekindle._src.graph import convert, dtypes, proto, scopes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.trackable import AutoTrackable, NoDependency, Trackable
from rekindle._src.names import public
from rekindle._src.ops import array_shape
from rekindle._src.state.variable import Variable
from rekindle._src.state.variable_store import default_initializer
from rekindle._src.train import checkpoint_files
from rekindle._src.train.tracking.object_graph import ObjectGraphView
from rekindle._src.train.tracking.restoring import CheckpointPosition, Restoration, next_uid
from rekindle._src.train.tracking.savers import MultiDeviceSaver, NoRestoreSaveable
from rekindle._src.train.tracking.status import (
    CheckpointLoadStatus,
    InitializationOnlyStatus,
    LoadStatus,
    NameBasedSaverStatus,
    session_or_default,
)

OBJECT_GRAPH_PROTO_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH"


def object_metadata(save_path: str) -> Any:
    """The TrackableObjectGraph of a checkpoint.

    Raises:
      ValueError: it has none: a Saver wrote it.
    """
    try:
        text = NewCheckpointReader(save_path).get_tensor(OBJECT_GRAPH_PROTO_KEY)
    except errors.NotFoundError:
        raise ValueError(
            f'The specified checkpoint "{save_path}" does not appear to be object-based (it is missing the key '
            f'"{OBJECT_GRAPH_PROTO_KEY}"). Likely it was created with a name-based saver and does not contain an '
            "object dependency graph."
        ) from None
    return proto.TrackableObjectGraph.FromString(text)


def add_variable(
    trackable: Any, name: str, shape: Any = None, dtype: Any = dtypes.float32, initializer: Any = None,
    trainable: bool = True,
) -> Any:  # fmt: skip
    """A new resource variable that an object depends on under that name."""
    return trackable._add_variable_with_custom_getter(
        name=name, shape=shape, dtype=dtype, initializer=initializer, getter=_made_variable, trainable=trainable
    )


def _made_variable(
    name: str, shape: Any, dtype: Any = dtypes.float32, initializer: Any = None, **kwargs: Any
) -> Variable:
    dtype = dtypes.as_dtype(dtype)
    if initializer is not None and not callable(initializer):
        if shape is not None:
            raise ValueError("If initializer is a constant, do not specify shape.")
        return Variable(initializer, name=name, dtype=dtype.base_dtype, use_resource=True, **kwargs)
    if initializer is None:
        initializer = default_initializer(name, dtype)
    elif isinstance(initializer, type):
        initializer = initializer(dtype=dtype)

    def initial_value() -> Any:
        return initializer(TensorShape(shape).as_list(), dtype=dtype)

    return Variable(initial_value, name=name, dtype=dtype.base_dtype, use_resource=True, **kwargs)


class TrackableSaver:
    """Saves and restores the objects that a view finds; operations are added once and used again."""

    def __init__(self, graph_view: ObjectGraphView) -> None:
        self._graph_view = graph_view
        self._fed: tuple[Any, Any] | None = None  # the tensors of the object graph and of the prefix, to save
        self._path_tensor: Any = None
        self._last_graph: Any = None
        self._save_op: Any = None
        self._known_ops: dict[str, Any] = {}

    def save(self, file_prefix: Any, checkpoint_number: int | None = None, session: Any = None) -> Any:
        """Write a checkpoint; gives its path.

        Args:
          file_prefix: the path.
          checkpoint_number: a number to add to the path.
          session: the session; default: the default session.
        """
        file_prefix = os.fspath(file_prefix)
        if checkpoint_number:
            file_prefix = f"{file_prefix}-{checkpoint_number}"
        if self._fed is None:
            with scopes.device("/cpu:0"):
                self._fed = convert.constant("", dtypes.string), convert.constant("", dtypes.string)
        graph_tensor, prefix_tensor = self._fed
        folder = os.path.dirname(file_prefix)
        if folder:
            os.makedirs(folder, exist_ok=True)
        saveables, graph, feeds = self._graph_view.serialize_object_graph()
        saveables.append(NoRestoreSaveable(graph_tensor, OBJECT_GRAPH_PROTO_KEY))
        if self._last_graph != graph:
            save = MultiDeviceSaver(saveables).save(prefix_tensor)
            with scopes.device("/cpu:0"), scopes.control_dependencies([save]):
                self._save_op = array_shape.identity(prefix_tensor)
            self._last_graph = graph
        feeds = {prefix_tensor: file_prefix, graph_tensor: graph.SerializeToString(), **feeds}
        return session_or_default(session).run(self._save_op, feeds)

    def restore(self, save_path: str | None) -> LoadStatus:
        """Bind the objects of a checkpoint to those of the program.

        Args:
          save_path: the checkpoint; None: there is none, variables will be initialised.
        """
        if save_path is None:
            return InitializationOnlyStatus(self._graph_view, next_uid())
        reader = NewCheckpointReader(save_path)
        if not reader.has_tensor(OBJECT_GRAPH_PROTO_KEY):
            return NameBasedSaverStatus(save_path, self._graph_view)
        if self._path_tensor is None:
            with scopes.device("/cpu:0"):
                self._path_tensor = convert.constant("model")
        graph = proto.TrackableObjectGraph.FromString(reader.get_tensor(OBJECT_GRAPH_PROTO_KEY))
        checkpoint = Restoration(graph, save_path, self._path_tensor, self._known_ops, self._graph_view)
        CheckpointPosition(checkpoint, 0).restore(self._graph_view.root)
        return CheckpointLoadStatus(checkpoint, {self._path_tensor: save_path}, self._graph_view)


def saver_with_op_caching(root: Any) -> TrackableSaver:
    """A TrackableSaver of the objects below a root."""
    return TrackableSaver(ObjectGraphView(root, saveables_cache={}))


def frozen_saver(root_trackable: Any) -> MultiDeviceSaver:
    """A saver of the objects below a root as they are now."""
    return MultiDeviceSaver(ObjectGraphView(root_trackable).frozen_saveable_objects())


@public("train.Checkpoint")
class Checkpoint(AutoTrackable):
    """Groups objects, and saves and restores them.

    Args:
      **kwargs: the objects, by the names under which the checkpoint has them: variables, layers, optimizers, other
        Checkpoints.

    Raises:
      ValueError: one cannot be tracked.
    """

    def __init__(self, **kwargs: Any) -> None:
        for name, value in sorted(kwargs.items()):
            if not isinstance(value, Trackable):
                raise ValueError(
                    "`Checkpoint` was expecting a trackable object (an object derived from `TrackableBase`), got "
                    f"{value}. If you believe this object should be trackable (i.e. it is part of the TensorFlow "
                    "Python API and manages state), please open an issue."
                )
            setattr(self, name, value)
        self._save_counter: Any = None
        self._save_assign_op: Any = None
        self._saver = saver_with_op_caching(self)

    def _maybe_create_save_counter(self) -> None:
        if self._save_counter is None:
            with scopes.device("/cpu:0"):
                counter = add_variable(
                    self, "save_counter", dtype=dtypes.int64, initializer=0, trainable=False
                )
            self._save_counter = NoDependency(counter)

    @property
    def save_counter(self) -> Any:
        """The variable that counts the saves; it is made when it is first asked for."""
        self._maybe_create_save_counter()
        return self._save_counter

    def write(self, file_prefix: Any, session: Any = None) -> str:
        """Write a checkpoint at exactly that path, not numbered and not listed; gives the path."""
        found = self._saver.save(file_prefix, session=session)
        return found.decode() if isinstance(found, bytes) else found

    def save(self, file_prefix: Any, session: Any = None) -> str:
        """Write a checkpoint, numbered, and list it as the newest of its folder; gives its path."""
        file_prefix = os.fspath(file_prefix)
        session = session_or_default(session)
        if self._save_counter is None:
            session.run(self.save_counter.initializer)
        if self._save_assign_op is None:
            with scopes.colocate_with(self.save_counter):
                self._save_assign_op = NoDependency(self.save_counter.assign_add(1, read_value=True))
        path = self.write(f"{file_prefix}-{session.run(self._save_assign_op)}", session)
        checkpoint_files.update_checkpoint_state_internal(
            os.path.dirname(file_prefix), path, [path], save_relative_paths=True
        )
        return path

    def restore(self, save_path: str | None) -> LoadStatus:
        """Bind the objects of a checkpoint to these; `initialize_or_restore` of what it gives runs it.

        Objects that come later are restored as well, once they are dependencies.

        Args:
          save_path: the path that `save` or `tf.train.latest_checkpoint` gave; None: initialise only.

        Raises:
          NotFoundError: there is no checkpoint.
        """
        status = self._saver.restore(save_path)
        self._maybe_create_save_counter()
        return status
