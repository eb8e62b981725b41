"""`tf.train.SessionManager`: sessions whose variables are initialised or restored."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import numpy as np

from rekindle._src import errors
from rekindle._src import tf_logging as logging
from rekindle._src.graph import scopes
from rekindle._src.names import public
from rekindle._src.run.session import Session
from rekindle._src.train import checkpoint_files


@public("train.SessionManager")
class SessionManager:
    """Makes sessions, and initialises or restores what they need.

    Args:
      local_init_op: run in each new session.
      ready_op: gives the names of variables that are not initialised.
      ready_for_local_init_op: the same, for what `local_init_op` needs.
      graph: the graph; default: the default graph.
      recovery_wait_secs: how long to wait between looks at what others do.
      local_init_run_options: RunOptions for `local_init_op`.

    Raises:
      ValueError: `ready_for_local_init_op` is given without `local_init_op`.
    """

    def __init__(self, local_init_op: Any = None, ready_op: Any = None, ready_for_local_init_op: Any = None,
                 graph: Any = None, recovery_wait_secs: float = 30,
                 local_init_run_options: Any = None) -> None:  # fmt: skip
        self._local_init_op = local_init_op
        self._ready_op = ready_op
        self._ready_for_local_init_op = ready_for_local_init_op
        self._graph = scopes.get_default_graph() if graph is None else graph
        self._recovery_wait_secs = recovery_wait_secs
        self._target: str | None = None
        self._local_init_run_options = local_init_run_options
        if ready_for_local_init_op is not None and local_init_op is None:
            raise ValueError(
                "If you pass a ready_for_local_init_op you must also pass a local_init_op , "
                f"ready_for_local_init_op [{ready_for_local_init_op}]"
            )

    def _restore_checkpoint(self, master: str, saver: Any, checkpoint_dir: str | None, path: str | None,
                            wait_for_checkpoint: bool, max_wait_secs: float,
                            config: Any) -> tuple[Session, bool]:  # fmt: skip
        """A session, and whether it was restored from a checkpoint."""
        self._target = master
        sess = Session(master, graph=self._graph, config=config)
        if checkpoint_dir and path:
            raise ValueError("Can not provide both checkpoint_dir and checkpoint_filename_with_path.")
        if not saver or not (checkpoint_dir or path):
            return sess, False
        if path:
            saver.restore(sess, path)
            return sess, True
        waited = 0.0
        state = checkpoint_files.get_checkpoint_state(checkpoint_dir or "")
        while not state or not state.model_checkpoint_path:
            if not wait_for_checkpoint or waited >= max_wait_secs:
                return sess, False
            logging.info("Waiting for checkpoint to be available.")
            time.sleep(self._recovery_wait_secs)
            waited += self._recovery_wait_secs
            state = checkpoint_files.get_checkpoint_state(checkpoint_dir or "")
        saver.restore(sess, state.model_checkpoint_path)
        saver.recover_last_checkpoints(state.all_model_checkpoint_paths)
        return sess, True

    def prepare_session(self, master: str, init_op: Any = None, saver: Any = None, checkpoint_dir: str | None = None,
                        checkpoint_filename_with_path: str | None = None, wait_for_checkpoint: bool = False,
                        max_wait_secs: float = 7200, config: Any = None, init_feed_dict: Any = None,
                        init_fn: Any = None) -> Session:  # fmt: skip
        """A session that is ready: restored from a checkpoint if there is one, else initialised.

        Args:
          master: the target of the session.
          init_op: initialises, without a checkpoint.
          saver: the Saver that restores.
          checkpoint_dir: where the checkpoint is.
          checkpoint_filename_with_path: the checkpoint, instead.
          wait_for_checkpoint: wait for one.
          max_wait_secs: how long.
          config: a ConfigProto.
          init_feed_dict: feeds of `init_op`.
          init_fn: called with the session after `init_op`.

        Raises:
          RuntimeError: there is nothing to initialise with, or variables are not initialised after all.
        """
        sess, restored = self._restore_checkpoint(
            master, saver, checkpoint_dir, checkpoint_filename_with_path, wait_for_checkpoint, max_wait_secs, config
        )
        if not restored:
            if init_op is None and not init_fn and self._local_init_op is None:
                raise RuntimeError("Model is not initialized and no init_op or init_fn or local_init_op was given")
            if init_op is not None:
                sess.run(init_op, feed_dict=init_feed_dict)
            if init_fn:
                init_fn(sess)
        done, problem = self._try_run_local_init_op(sess)
        if not done:
            raise RuntimeError(
                "Init operations did not make model ready for local_init.  "
                f"Init op: {_maybe_name(init_op)}, init fn: {init_fn}, error: {problem}"
            )
        ready, problem = self._model_ready(sess)
        if not ready:
            raise RuntimeError(
                f"Init operations did not make model ready.  Init op: {_maybe_name(init_op)}, init fn: {init_fn}, "
                f"local_init_op: {self._local_init_op}, error: {problem}"
            )
        return sess

    def recover_session(self, master: str, saver: Any = None, checkpoint_dir: str | None = None,
                        checkpoint_filename_with_path: str | None = None, wait_for_checkpoint: bool = False,
                        max_wait_secs: float = 7200, config: Any = None) -> tuple[Session, bool]:  # fmt: skip
        """A session, and whether it was restored from a checkpoint and is ready; arguments as of
        `prepare_session`.
        """
        sess, restored = self._restore_checkpoint(
            master, saver, checkpoint_dir, checkpoint_filename_with_path, wait_for_checkpoint, max_wait_secs, config
        )
        done, problem = self._try_run_local_init_op(sess)
        if not restored:
            return sess, False
        source = checkpoint_dir or checkpoint_filename_with_path
        if not done:
            logging.info(f"Restoring model from {source} did not make model ready for local init: {problem}")
            return sess, False
        ready, problem = self._model_ready(sess)
        if not ready:
            logging.info(f"Restoring model from {source} did not make model ready: {problem}")
            return sess, False
        logging.info(f"Restored model from {source}")
        return sess, True

    def wait_for_session(self, master: str, config: Any = None, max_wait_secs: float | None = None) -> Session:
        """A session in which somebody else has initialised the variables.

        Args:
          master: the target of the session.
          config: a ConfigProto.
          max_wait_secs: how long to wait; None: as long as it takes.

        Raises:
          DeadlineExceededError: it took too long.
        """
        self._target = master
        limit = float("inf") if max_wait_secs is None else max_wait_secs
        started = time.time()
        while True:
            sess = Session(master, graph=self._graph, config=config)
            missing = None
            done, missing_local = self._try_run_local_init_op(sess)
            if done:
                ready, missing = self._model_ready(sess)
                if ready:
                    return sess
            with contextlib.suppress(Exception):
                sess.close()
            if max(0.0, limit - (time.time() - started)) - self._recovery_wait_secs < 0:
                raise errors.DeadlineExceededError(
                    None, None, f"Session was not ready after waiting {int(limit)} secs."
                )
            logging.info(
                f"Waiting for model to be ready.  Ready_for_local_init_op:  {missing_local}, ready: {missing}"
            )
            time.sleep(self._recovery_wait_secs)

    def _model_ready(self, sess: Session) -> tuple[bool, str | None]:
        return _ready(self._ready_op, sess, "Model not ready")

    def _model_ready_for_local_init(self, sess: Session) -> tuple[bool, str | None]:
        return _ready(self._ready_for_local_init_op, sess, "Model not ready for local init")

    def _try_run_local_init_op(self, sess: Session) -> tuple[bool, str | None]:
        if self._local_init_op is None:
            return True, None
        ready, problem = self._model_ready_for_local_init(sess)
        if not ready:
            return False, problem
        logging.info("Running local_init_op.")
        sess.run(self._local_init_op, options=self._local_init_run_options)
        logging.info("Done running local_init_op.")
        return True, None


def _maybe_name(operation: Any) -> str:
    if operation is None:
        return "None"
    return getattr(operation, "name", f"<no name for {type(operation)}>")


def _ready(operation: Any, sess: Session, problem: str) -> tuple[bool, str | None]:
    """Whether the operation says that all is initialised; else what is not."""
    if operation is None:
        return True, None
    try:
        value = sess.run(operation)
    except errors.FailedPreconditionError as error:
        if "uninitialized" not in str(error):
            logging.warning(f"{problem} : error [{error}]")
            raise
        return False, str(error)
    if value is None or value.dtype == np.int32 or value.size == 0:
        return True, None
    return False, "Variables not initialized: " + ", ".join(name.decode() for name in value)
