"""`tf.train.CheckpointManager`: keeps the newest checkpoints of a `tf.train.Checkpoint`, and deletes the others."""

from __future__ import annotations

import glob
import os
import time
from typing import Any

import numpy as np

from rekindle._src import tf_logging as logging
from rekindle._src.names import public
from rekindle._src.state.variable_scope import variable_creator_scope
from rekindle._src.train import checkpoint_files
from rekindle._src.train.global_step import global_step
from rekindle._src.train.tracking.status import session_or_default


@public("train.CheckpointManager")
class CheckpointManager:
    """Saves a `tf.train.Checkpoint` under numbered names and deletes old ones.

    Args:
      checkpoint: the Checkpoint.
      directory: the folder; its list of checkpoints is taken over.
      max_to_keep: the number of newest checkpoints that stay; None: all.
      keep_checkpoint_every_n_hours: keep one of each so many hours besides.
      checkpoint_name: the first part of the names.

    Raises:
      ValueError: `max_to_keep` is no positive number.
    """

    def __init__(
        self, checkpoint: Any, directory: str, max_to_keep: int | None,
        keep_checkpoint_every_n_hours: float | None = None, checkpoint_name: str = "ckpt",
    ) -> None:  # fmt: skip
        if max_to_keep is not None and max_to_keep <= 0:
            raise ValueError(f"Expected a positive integer or `None` for `max_to_max_to_keep`, got {max_to_keep}.")
        self._checkpoint = checkpoint
        self._max_to_keep = max_to_keep
        self._hours = keep_checkpoint_every_n_hours
        self._directory = os.fspath(directory)
        self._prefix = os.path.join(self._directory, checkpoint_name)
        self._count_op: Any = None
        now = time.time()
        self._latest: str | None = None
        self._last_preserved = now - 1
        self._kept: dict[str, float] = {}  # path -> when it was written
        state = checkpoint_files.get_checkpoint_state(self._directory)
        if state is not None:
            self._take_over(state, now)

    def _take_over(self, state: Any, now: float) -> None:
        self._latest = state.model_checkpoint_path
        self._last_preserved = state.last_preserved_timestamp
        if now < self._last_preserved:
            logging.warning(
                "time.time() returned a value %f seconds behind the last preserved checkpoint timestamp.",
                self._last_preserved - now,
            )
            self._last_preserved = now
        paths = list(state.all_model_checkpoint_paths)
        times = list(state.all_model_checkpoint_timestamps) or [self._last_preserved] * len(paths)
        for path, written in zip(paths, times):
            written = min(written, now)
            if written > self._last_preserved:
                self._kept[path] = written

    @property
    def latest_checkpoint(self) -> str | None:
        """The path of the newest checkpoint; None if there is none."""
        return self._latest

    @property
    def checkpoints(self) -> list[str]:
        """The paths of the checkpoints that may be deleted one day, the oldest first."""
        return list(self._kept)

    def save(self, checkpoint_number: Any = None) -> str:
        """Write a checkpoint, list it, and delete what is too many; gives its path.

        Args:
          checkpoint_number: its number, or a variable or tensor with one; default: the Checkpoint's count of saves.
        """
        session = session_or_default()

        def make_initialized(next_creator: Any, **kwargs: Any) -> Any:
            made = next_creator(**kwargs)
            session.run(made.initializer)
            return made

        with variable_creator_scope(make_initialized):
            counter = self._checkpoint.save_counter
        if self._count_op is None:
            self._count_op = counter.assign_add(1, read_value=False)
        session.run(self._count_op)
        number = counter if checkpoint_number is None else checkpoint_number
        if not isinstance(number, int | np.integer):
            number = global_step(session, number)
        path = self._checkpoint.write(f"{self._prefix}-{number}")
        self._kept.pop(path, None)
        self._kept[path] = time.time()
        self._latest = path
        # listed before and after: a list names files that are there, whenever the process ends
        self._list()
        self._sweep()
        self._list()
        return path

    def _list(self) -> None:
        checkpoint_files.update_checkpoint_state_internal(
            self._directory,
            self._latest or "",
            self._kept.keys(),
            save_relative_paths=True,
            all_model_checkpoint_timestamps=self._kept.values(),
            last_preserved_timestamp=self._last_preserved,
        )

    def _sweep(self) -> None:
        while self._max_to_keep and len(self._kept) > self._max_to_keep:
            path, written = next(iter(self._kept.items()))
            del self._kept[path]
            if self._hours and written - self._hours * 3600 >= self._last_preserved:
                self._last_preserved = written
                continue
            for file in glob.glob(glob.escape(path) + ".index") + glob.glob(glob.escape(path) + ".data-?????-of-?????"):
                os.remove(file)
