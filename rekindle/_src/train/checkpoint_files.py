"""The `checkpoint` file of a folder, which lists its checkpoints, and the files of checkpoints.

Holds `tf.train.get_checkpoint_state`, `latest_checkpoint` and their kin. The contents of
checkpoints are read by `formats/`.
"""
from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable
from typing import Any

from google.protobuf import text_format

from rekindle._src import errors
from rekindle._src import tf_logging as logging
from rekindle._src.formats.checkpoint_reader import newest_whole
from rekindle._src.formats.files import file_error, local_path
from rekindle._src.graph import meta_graph, proto
from rekindle._src.names import public

_V2 = proto.SaverDef.V2


def _state_path(save_dir: str, latest_filename: str | None) -> str:
    return os.path.join(save_dir, latest_filename or "checkpoint")


@public("train.generate_checkpoint_state_proto")
def generate_checkpoint_state_proto(
    save_dir: str,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: list[str] | None = None,
    all_model_checkpoint_timestamps: list[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> Any:
    """The CheckpointState of a folder, with paths relative to it where the folder's path is.

    Args:
      save_dir: the folder.
      model_checkpoint_path: the newest checkpoint.
      all_model_checkpoint_paths: all of them, the oldest first; the newest is added.
      all_model_checkpoint_timestamps: when each was written, in seconds.
      last_preserved_timestamp: when the last one that stays for ever was written.

    Raises:
      ValueError: there are not as many times as paths.
    """
    # TensorFlow adds the newest to the caller's own list, and its tests count on it
    paths = [] if all_model_checkpoint_paths is None else all_model_checkpoint_paths
    if not paths or paths[-1] != model_checkpoint_path:
        logging.info(
            "%s is not in all_model_checkpoint_paths. Manually adding it.", model_checkpoint_path
        )
        paths.append(model_checkpoint_path)
    times = all_model_checkpoint_timestamps
    if times and len(times) != len(paths):
        raise ValueError(
            "Checkpoint timestamps, if provided, must match checkpoint paths (got "
            f"paths {paths} and timestamps {times})"
        )

    def relative(path: str) -> str:
        inside = not os.path.isabs(save_dir) and not os.path.isabs(path)
        return os.path.relpath(path, save_dir) if inside else path

    return proto.CheckpointState(
        model_checkpoint_path=relative(model_checkpoint_path),
        all_model_checkpoint_paths=map(relative, paths),
        all_model_checkpoint_timestamps=times,
        last_preserved_timestamp=last_preserved_timestamp,
    )


@public("train.update_checkpoint_state")
def update_checkpoint_state(
    save_dir: str,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: list[str] | None = None,
    latest_filename: str | None = None,
    all_model_checkpoint_timestamps: list[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> None:
    """Write the `checkpoint` file of a folder.

    Args:
      save_dir: the folder.
      model_checkpoint_path: the newest checkpoint.
      all_model_checkpoint_paths: all of them, the oldest first.
      latest_filename: the file's name; default: "checkpoint".
      all_model_checkpoint_timestamps: when each was written, in seconds.
      last_preserved_timestamp: when the last one that stays for ever was written.

    Raises:
      RuntimeError: a checkpoint has the path of the file.
    """
    state = generate_checkpoint_state_proto(
        save_dir,
        model_checkpoint_path,
        all_model_checkpoint_paths,
        all_model_checkpoint_timestamps,
        last_preserved_timestamp,
    )
    _write_state(save_dir, model_checkpoint_path, latest_filename, state)


def update_checkpoint_state_internal(
    save_dir: str,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Iterable[str] | None = None,
    latest_filename: str | None = None,
    save_relative_paths: bool = False,
    all_model_checkpoint_timestamps: Iterable[float] | None = None,
    last_preserved_timestamp: float | None = None,
) -> None:
    """`update_checkpoint_state` that can write paths relative to the folder wherever it is."""
    newest, paths = model_checkpoint_path, list(all_model_checkpoint_paths or ())
    times = None if all_model_checkpoint_timestamps is None else list(all_model_checkpoint_timestamps)
    if save_relative_paths:
        newest, *paths = (
            os.path.relpath(one, save_dir) if os.path.isabs(one) else one
            for one in (newest, *paths)
        )
    state = generate_checkpoint_state_proto(save_dir, newest, paths, times, last_preserved_timestamp)
    _write_state(save_dir, model_checkpoint_path, latest_filename, state)


def _write_state(save_dir: str, newest: str, latest_filename: str | None, state: Any) -> None:
    path = _state_path(save_dir, latest_filename)
    if path == state.model_checkpoint_path:
        raise RuntimeError(
            f"Save path '{newest}' conflicts with path used for checkpoint state.  Please use a "
            "different save path."
        )
    meta_graph.write_message(state, local_path(path), as_text=True)


@public("train.get_checkpoint_state")
def get_checkpoint_state(checkpoint_dir: str, latest_filename: str | None = None) -> Any:
    """The CheckpointState of a folder with full paths; None if it has none that can be read.

    Args:
      checkpoint_dir: the folder.
      latest_filename: the file's name; default: "checkpoint".

    Raises:
      ValueError: the file names no checkpoint.
    """
    path = _state_path(os.fspath(checkpoint_dir), latest_filename)
    if not os.path.exists(local_path(path)):
        return None
    try:
        with open(local_path(path), encoding="utf-8") as file:
            state = text_format.Parse(file.read(), proto.CheckpointState())
    except OSError as error:
        _warn_ignored(path, file_error(error, path))
        return None
    except (text_format.ParseError, UnicodeDecodeError) as error:
        _warn_ignored(path, error)
        return None
    if not state.model_checkpoint_path:
        raise ValueError(f"Invalid checkpoint state loaded from {checkpoint_dir}")
    state.model_checkpoint_path = os.path.join(checkpoint_dir, state.model_checkpoint_path)
    for i, one in enumerate(state.all_model_checkpoint_paths):
        state.all_model_checkpoint_paths[i] = os.path.join(checkpoint_dir, one)
    return state


def _warn_ignored(path: str, error: Exception) -> None:
    logging.warning("%s: %s", type(error).__name__, error)
    logging.warning("%s: Checkpoint ignored", path)
    _tell_newest(path)


def _tell_newest(state_path: str) -> None:
    """Say loudly which checkpoint a folder has whose list is of no use, so that no one starts anew unaware."""
    newest = newest_whole(os.path.dirname(local_path(state_path)) or ".")
    if newest is None:
        return
    logging.error(
        "The list of checkpoints %s cannot be used, but there are checkpoints beside it. The newest whole one is %s: "
        'to go on from it, restore it by this name, or write the list anew: model_checkpoint_path: "%s"',
        state_path,
        newest,
        os.path.basename(newest),
    )


@public("train.latest_checkpoint")
def latest_checkpoint(checkpoint_dir: str, latest_filename: str | None = None) -> str | None:
    """The path of the newest checkpoint in a folder, None if there is none.

    Args:
      checkpoint_dir: the folder.
      latest_filename: the name of the file that lists them; default: "checkpoint".
    """
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    if state is None:
        return None
    if checkpoint_exists(state.model_checkpoint_path):
        return state.model_checkpoint_path
    logging.error("Couldn't match files for checkpoint %s", state.model_checkpoint_path)
    _tell_newest(_state_path(os.fspath(checkpoint_dir), latest_filename))
    return None


@public("train.checkpoint_exists")
def checkpoint_exists(checkpoint_prefix: str) -> bool:
    """True if there is a checkpoint of either format with that path.

    Raises:
      NotFoundError: there is no such folder.
    """
    folder = os.path.dirname(checkpoint_prefix)
    if folder and not os.path.isdir(local_path(folder)):
        raise errors.NotFoundError(None, None, f"{folder}; No such file or directory")
    return _first_file(checkpoint_prefix) is not None


def _first_file(prefix: str) -> str | None:
    """The file that stands for a checkpoint: the index file, or that of the first format."""
    prefix = local_path(prefix)
    found = glob.glob(prefix + ".index") or glob.glob(prefix)
    return sorted(found)[0] if found else None


@public("train.get_checkpoint_mtimes")
def get_checkpoint_mtimes(checkpoint_prefixes: list[str]) -> list[float]:
    """When the checkpoints were written, in seconds; those that are not there are left out."""
    files = map(_first_file, checkpoint_prefixes)
    return [os.stat(one).st_mtime_ns / 1e9 for one in files if one is not None]


@public("train.remove_checkpoint")
def remove_checkpoint(
    checkpoint_prefix: str, checkpoint_format_version: int = _V2, meta_graph_suffix: str = "meta"
) -> None:
    """Delete the files of a checkpoint.

    Args:
      checkpoint_prefix: its path.
      checkpoint_format_version: `SaverDef.V1` or `SaverDef.V2`.
      meta_graph_suffix: the suffix of its MetaGraph.
    """
    patterns = [meta_graph_filename(checkpoint_prefix, meta_graph_suffix)]
    if checkpoint_format_version == _V2:
        patterns += [checkpoint_prefix + ".index", checkpoint_prefix + ".data-?????-of-?????"]
    else:
        patterns.append(checkpoint_prefix)
    for path in (path for pattern in patterns for path in glob.glob(local_path(pattern))):
        try:
            os.remove(path)
        except OSError as error:
            raise file_error(error, path) from None


def meta_graph_filename(checkpoint_filename: str, meta_graph_suffix: str = "meta") -> str:
    """The path of the MetaGraph that belongs to a checkpoint, sharded or not."""
    return re.sub(r"-[\d?]+-of-\d+$", "", checkpoint_filename) + "." + meta_graph_suffix
