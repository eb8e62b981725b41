"""`tf.train.Saver`: checkpoints of a session's variables, numbered, limited and listed.

Holds the Saver. The operations that it adds are made in `saver_builder.py`, the files that list
checkpoints are in `checkpoint_files.py`, MetaGraphs in `meta_graph_files.py`.
"""
from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from rekindle._src import errors
from rekindle._src import tf_logging as logging
from rekindle._src.formats.checkpoint_reader import NewCheckpointReader
from rekindle._src.formats.files import local_path
from rekindle._src.graph import meta_graph, proto, scopes
from rekindle._src.graph.collections import GraphKeys, add_to_collection, get_collection
from rekindle._src.names import public
from rekindle._src.run.session import BaseSession
from rekindle._src.state import variable_protos  # noqa: F401 - MetaGraphs hold variables
from rekindle._src.train import checkpoint_files, saveables
from rekindle._src.train.saver_builder import V2, BaseSaverBuilder, BulkSaverBuilder

_OBJECT_GRAPH = "_CHECKPOINTABLE_OBJECT_GRAPH"


@public("train.Saver")
class Saver:
    """Saves variables to checkpoints and restores them.

    Args:
      var_list: variables, or a dict of names in the checkpoint to variables; default: all global
        variables, and what else asks to be saved.
      reshape: restore also what has another shape with as many elements.
      sharded: write a file for each device.
      max_to_keep: the number of newest checkpoints that stay; None or 0: all.
      keep_checkpoint_every_n_hours: keep one of each so many hours besides.
      name: the name scope of the operations; default "save".
      restore_sequentially: restore one after the other.
      saver_def: the SaverDef of a Saver whose operations are in the graph already.
      builder: makes the operations; default: a `BulkSaverBuilder`.
      defer_build: add the operations when `build` is called.
      allow_empty: do nothing, instead of failing, where there are no variables.
      write_version: `SaverDef.V1` or `SaverDef.V2`, the format to write.
      pad_step_number: write the step with eight digits.
      save_relative_paths: list paths relative to the folder.
      filename: the default path.

    Raises:
      TypeError: `var_list` holds something that cannot be saved.
      ValueError: something comes twice, or there is nothing to save.
    """

    def __init__(
        self,
        var_list: Any = None,
        reshape: bool = False,
        sharded: bool = False,
        max_to_keep: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000.0,
        name: str | None = None,
        restore_sequentially: bool = False,
        saver_def: Any = None,
        builder: BaseSaverBuilder | None = None,
        defer_build: bool = False,
        allow_empty: bool = False,
        write_version: int = V2,
        pad_step_number: bool = False,
        save_relative_paths: bool = False,
        filename: str | None = None,
    ) -> None:
        if defer_build and var_list:
            raise ValueError(
                "If `var_list` is provided then build cannot be deferred. Either set "
                "defer_build=False or var_list=None."
            )
        self._var_list = var_list
        self._reshape = reshape
        self._sharded = sharded
        self._max_to_keep = max_to_keep
        self._keep_checkpoint_every_n_hours = keep_checkpoint_every_n_hours
        self._name = name
        self._restore_sequentially = restore_sequentially
        self.saver_def = saver_def
        self._builder = builder
        self._is_built = False
        self._allow_empty = allow_empty
        self._is_empty = False
        self._write_version = write_version
        self._pad_step_number = pad_step_number
        self._save_relative_paths = save_relative_paths
        self._filename = filename
        self._last_checkpoints: list[tuple[str, float]] = []
        self._checkpoints_to_be_deleted: list[tuple[str, float]] = []
        self._next_checkpoint_time = float("inf")
        self._object_restore_saver: Saver | None = None
        if not defer_build:
            self.build()
        if self.saver_def:
            self._check_saver_def()
            self._write_version = self.saver_def.version

    def build(self) -> None:
        """Add the operations, if they are not there.

        Raises:
          ValueError: there is nothing to save.
        """
        if self._is_built:
            return
        self._is_built = True
        if not self.saver_def:
            if not self._find_variables():
                return
            self._builder = self._builder or BulkSaverBuilder(self._write_version)
            self.saver_def = self._builder.build(
                self._var_list,
                self._reshape,
                self._sharded,
                self._max_to_keep,
                self._keep_checkpoint_every_n_hours,
                self._name,
                self._restore_sequentially,
                self._filename,
            )
        elif self._name:
            self.saver_def = _scoped(self.saver_def, self._name)
        self._check_saver_def()
        hours = self.saver_def.keep_checkpoint_every_n_hours
        self._next_checkpoint_time = time.time() + hours * 3600

    def _find_variables(self) -> bool:
        if self._var_list is None:
            self._var_list = saveables.all_saveable_objects()
        self._is_empty = not self._var_list
        if self._is_empty and not self._allow_empty:
            raise ValueError("No variables to save")
        return not self._is_empty

    def _check_saver_def(self) -> None:
        if not isinstance(self.saver_def, proto.SaverDef):
            raise ValueError(f"saver_def must be a saver_pb2.SaverDef: {self.saver_def}")
        for field in ("save_tensor_name", "restore_op_name"):
            if not getattr(self.saver_def, field):
                raise ValueError(f"saver_def must specify the {field}: {self.saver_def}")

    def as_saver_def(self) -> Any:
        """The SaverDef, which names the operations."""
        return self.saver_def

    def to_proto(self, export_scope: str | None = None) -> Any:
        """The SaverDef without a scope; None if the operations are not in it."""
        if export_scope is None or self.saver_def is None:
            return self.saver_def
        found = proto.SaverDef()
        found.CopyFrom(self.saver_def)
        for field in ("filename_tensor_name", "save_tensor_name", "restore_op_name"):
            name = getattr(found, field)
            if not name.startswith(export_scope):
                return None
            setattr(found, field, meta_graph.strip_name_scope(name, export_scope))
        return found

    @staticmethod
    def from_proto(saver_def: Any, import_scope: str | None = None) -> Saver:
        """The Saver of a SaverDef whose operations are in the graph, below a scope."""
        return Saver(saver_def=saver_def, name=import_scope)

    @property
    def last_checkpoints(self) -> list[str]:
        """The paths of the checkpoints that stay, the oldest first."""
        return [path for path, _ in self._last_checkpoints]

    def set_last_checkpoints(self, last_checkpoints: list[str]) -> None:
        """Take over a list of paths; deprecated: these are never deleted."""
        self._last_checkpoints = [(path, np.inf) for path in last_checkpoints]

    def set_last_checkpoints_with_time(
        self, last_checkpoints_with_time: list[tuple[str, float]]
    ) -> None:
        """Take over a list of paths with the times at which they were written."""
        self._last_checkpoints = last_checkpoints_with_time

    def recover_last_checkpoints(self, checkpoint_paths: list[str]) -> None:
        """After a restart, take over those paths of which there are files."""
        found = [(one, checkpoint_files.get_checkpoint_mtimes([one])) for one in checkpoint_paths]
        self._last_checkpoints = [(path, times[0]) for path, times in found if times]

    def save(
        self,
        sess: Any,
        save_path: str,
        global_step: Any = None,
        latest_filename: str | None = None,
        meta_graph_suffix: str = "meta",
        write_meta_graph: bool = True,
        write_state: bool = True,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> str | None:
        """Write a checkpoint.

        Args:
          sess: the session that has the values.
          save_path: the path; its folder must be there.
          global_step: a number, or a variable or tensor with one, to add to the path.
          latest_filename: the name of the file that lists checkpoints; default "checkpoint".
          meta_graph_suffix: the suffix of the MetaGraph's file.
          write_meta_graph: write the graph, too.
          write_state: list the checkpoint, and delete those that are too many.
          strip_default_attrs: leave attrs with their default out of the graph.
          save_debug_info: not supported.

        Returns:
          The path to give to `restore`; None if there is nothing to save.

        Raises:
          TypeError: `sess` is no session.
          ValueError: the path collides with the file that lists checkpoints, or there is no folder.
          RuntimeError: `build` was deferred and not called.
        """
        latest_filename = latest_filename or "checkpoint"
        save_path = os.fspath(save_path)
        if not self._is_built:
            raise RuntimeError("`build()` should be called before save if defer_build==True")
        if save_debug_info:
            raise NotImplementedError("Saver.save(save_debug_info=True) is not supported")
        if os.path.split(latest_filename)[0]:
            raise ValueError("'latest_filename' must not contain path components")
        path = self._numbered(sess, save_path, global_step)
        if path == save_path and not self._sharded:
            if os.path.basename(save_path) == latest_filename:
                raise ValueError(
                    f"'latest_filename' collides with 'save_path': '{latest_filename}' and "
                    f"'{save_path}'"
                )
        if not isinstance(sess, BaseSession):
            raise TypeError(f"'sess' must be a Session; {sess}")
        if self._write_version != V2:
            logging.warning("TensorFlow's V1 checkpoint format has been deprecated.")
        saved = None if self._is_empty else self._written(sess, path)
        if saved is not None and write_state:
            self._list_and_prune(save_path, saved, latest_filename, meta_graph_suffix)
        if write_meta_graph:
            name = checkpoint_files.meta_graph_filename(path, meta_graph_suffix)
            with sess.graph.as_default():
                self.export_meta_graph(name, strip_default_attrs=strip_default_attrs)
        return saved

    def _numbered(self, sess: Any, save_path: str, global_step: Any) -> str:
        if global_step is None:
            return save_path
        if not isinstance(global_step, int | np.integer):
            global_step = int(sess.run(global_step))
        return f"{save_path}-{global_step:0{8 if self._pad_step_number else 1}d}"

    def _written(self, sess: Any, path: str) -> str:
        """Run the operation that saves; gives the path that it gives."""
        try:
            found = sess.run(
                self.saver_def.save_tensor_name, {self.saver_def.filename_tensor_name: path}
            )
        except (errors.FailedPreconditionError, errors.NotFoundError):
            folder = os.path.dirname(path)
            if folder and not os.path.isdir(local_path(folder)):
                raise ValueError(f"Parent directory of {path} doesn't exist, can't save.") from None
            raise
        return found.decode() if isinstance(found, bytes) else str(found)

    def _list_and_prune(
        self, save_path: str, saved: str, latest_filename: str, meta_graph_suffix: str
    ) -> None:
        """Write the file that lists checkpoints, then delete one that is too many."""
        if self.saver_def.max_to_keep:
            self._last_checkpoints = [one for one in self._last_checkpoints if one[0] != saved]
            self._last_checkpoints.append((saved, time.time()))
            if len(self._last_checkpoints) > self.saver_def.max_to_keep:
                self._checkpoints_to_be_deleted.append(self._last_checkpoints.pop(0))
        checkpoint_files.update_checkpoint_state_internal(
            os.path.dirname(save_path),
            saved,
            self.last_checkpoints,
            latest_filename,
            self._save_relative_paths,
        )
        if not self._checkpoints_to_be_deleted:
            return
        path, written = self._checkpoints_to_be_deleted.pop(0)
        if written > self._next_checkpoint_time:
            self._next_checkpoint_time += self.saver_def.keep_checkpoint_every_n_hours * 3600
            return
        try:
            version = self.saver_def.version
            checkpoint_files.remove_checkpoint(path, version, meta_graph_suffix)
        except errors.OpError as error:
            logging.warning("Ignoring: %s", error)

    def export_meta_graph(
        self,
        filename: str | None = None,
        collection_list: list[str] | None = None,
        as_text: bool = False,
        export_scope: str | None = None,
        clear_devices: bool = False,
        clear_extraneous_savers: bool = False,
        strip_default_attrs: bool = False,
        save_debug_info: bool = False,
    ) -> Any:
        """The default graph with this Saver as a MetaGraphDef, also written to `filename`."""
        if save_debug_info:
            raise NotImplementedError("export_meta_graph(save_debug_info=True) is not supported")
        return meta_graph.export_scoped_meta_graph(
            filename and local_path(filename),
            scopes.get_default_graph().as_graph_def(add_shapes=True),
            saver_def=self.saver_def,
            collection_list=collection_list,
            as_text=as_text,
            export_scope=export_scope,
            clear_devices=clear_devices,
            clear_extraneous_savers=clear_extraneous_savers,
            strip_default_attrs=strip_default_attrs,
        )[0]

    def _add_collection_def(self, meta_graph_def: Any, key: Any, export_scope: str | None = None) -> None:
        """Add one collection of the default graph to a MetaGraphDef."""
        meta_graph.add_collection_def(meta_graph_def, key, export_scope=export_scope)

    def restore(self, sess: Any, save_path: str) -> None:
        """Give the variables the values of a checkpoint; they need no initialising before.

        Args:
          sess: the session to restore in.
          save_path: the path that `save` or `latest_checkpoint` gave.

        Raises:
          ValueError: there is no checkpoint at that path.
          NotFoundError: the checkpoint lacks a variable.
          InvalidArgumentError: a variable has another shape or type there.
        """
        if self._is_empty:
            return
        if save_path is None:
            raise ValueError("Can't load save_path when it is None.")
        path = os.fsdecode(save_path)
        if not checkpoint_files.checkpoint_exists(path):
            raise ValueError(f"The passed save_path is not a valid checkpoint: {path}")
        logging.info("Restoring parameters from %s", path)
        feeds = {self.saver_def.filename_tensor_name: path}
        try:
            sess.run(self.saver_def.restore_op_name, feeds)
        except errors.NotFoundError as error:
            keys = keys_by_name(path)
            if keys is None:
                what = "a Variable name or other graph key that is missing"
                raise _explained(error, what) from None
        except errors.InvalidArgumentError as error:
            what = "a mismatch between the current graph and the graph"
            raise _explained(error, what) from None
        else:
            return
        self._restore_by_keys(sess, path, keys)

    def _restore_by_keys(self, sess: Any, path: str, keys: dict[str, str]) -> None:
        """Restore from a checkpoint that `tf.train.Checkpoint` wrote, which names objects."""
        logging.warning(
            "Restoring an object-based checkpoint using a name-based saver. This may be somewhat "
            "fragile, and will re-build the Saver. Instead, consider loading object-based "
            "checkpoints using tf.train.Checkpoint()."
        )
        if self._object_restore_saver is None:
            with sess.graph.as_default():
                self._object_restore_saver = _saver_of_keys(self._var_list, keys)
        self._object_restore_saver.restore(sess, path)


def _scoped(saver_def: Any, scope: str) -> Any:
    found = proto.SaverDef()
    found.CopyFrom(saver_def)
    for field in ("filename_tensor_name", "save_tensor_name", "restore_op_name"):
        setattr(found, field, meta_graph.prepend_name_scope(getattr(found, field), scope))
    return found


def _explained(error: Any, what: str) -> errors.OpError:
    message = (
        f"Restoring from checkpoint failed. This is most likely due to {what} from the "
        "checkpoint. Please ensure that you have not altered the graph expected based on the "
        f"checkpoint. Original error:\n\n{error.message}"
    )
    return type(error)(error.node_def, error.op, message)


def keys_by_name(path: str) -> dict[str, str] | None:
    """Variable name -> key in an object-based checkpoint; None if it is another one."""
    reader = NewCheckpointReader(path)
    if not reader.has_tensor(_OBJECT_GRAPH):
        return None
    graph = proto.TrackableObjectGraph.FromString(reader.get_tensor(_OBJECT_GRAPH))
    attributes = (one for node in graph.nodes for one in node.attributes)
    return {one.full_name: one.checkpoint_key for one in attributes}


def object_graph_key_mapping(checkpoint_path: str) -> dict[str, str]:
    """Variable name -> key in a checkpoint of objects.

    Raises:
      NotFoundError: it is another one.
    """
    found = keys_by_name(checkpoint_path)
    if found is None:
        raise errors.NotFoundError(None, None, f"Key {_OBJECT_GRAPH} not found in checkpoint")
    return found


def _saver_of_keys(var_list: Any, keys: dict[str, str]) -> Saver:
    if var_list is None:
        var_list = saveables.all_saveable_objects()
    found = saveables.validate_and_slice_inputs(var_list)
    specs = [spec for one in found for spec in one.specs]
    missing = sorted({spec.name for spec in specs} - keys.keys())
    if missing:
        extra = sorted(keys.keys() - {spec.name for spec in specs})
        message = (
            f"\n\nExisting variables not in the checkpoint: {', '.join(missing)}\n\nVariables "
            f"names when this checkpoint was written which don't exist now: {', '.join(extra)}"
            f"\n\n({len(keys) - len(extra)} variable name(s) did match)\n\nCould not find some "
            "variables in the checkpoint (see names above). Saver was attempting to load an "
            "object-based checkpoint (saved using tf.train.Checkpoint or "
            "tf.keras.Model.save_weights) using variable names."
        )
        raise errors.NotFoundError(None, None, message)
    for spec in specs:
        spec.name = keys[spec.name]
    return Saver(found)


def get_saver_or_default() -> Saver:
    """The Saver in the collection of savers; if there is none, a new sharded one of all variables.

    Raises:
      RuntimeError: the collection has several.
    """
    savers = get_collection(GraphKeys.SAVERS)
    if len(savers) > 1:
        raise RuntimeError(
            f"More than one item in collection {GraphKeys.SAVERS}. Please indicate which one to "
            "use by passing it to the constructor."
        )
    if savers:
        return savers[0]
    saver = Saver(sharded=True, allow_empty=True)
    add_to_collection(GraphKeys.SAVERS, saver)
    return saver


def _to_proto(saver: Any, export_scope: str | None = None) -> Any:
    return saver.to_proto(export_scope)


meta_graph.register_proto_function(
    GraphKeys.SAVERS, proto.SaverDef, _to_proto, Saver.from_proto
)
