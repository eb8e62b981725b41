"""What makes the sessions of a `tf.train.MonitoredSession`: for the chief and for workers."""

from __future__ import annotations

import abc
from typing import Any

from rekindle._src.graph import scopes
from rekindle._src.names import public
from rekindle._src.run.session import Session
from rekindle._src.train.scaffold import Scaffold
from rekindle._src.train.session_manager import SessionManager


@public("train.SessionCreator")
class SessionCreator(abc.ABC):
    """Makes sessions."""

    @abc.abstractmethod
    def create_session(self) -> Any:
        """A new session."""


class _OfScaffold(SessionCreator):
    """Makes sessions that a scaffold's operations make ready."""

    def __init__(self, scaffold: Scaffold | None, master: str, config: Any) -> None:
        self._scaffold = scaffold or Scaffold()
        self._session_manager: SessionManager | None = None
        self._master = master
        self._config = config

    def _get_session_manager(self) -> SessionManager:
        if self._session_manager is None:
            self._session_manager = SessionManager(
                local_init_op=self._scaffold.local_init_op,
                ready_op=self._scaffold.ready_op,
                ready_for_local_init_op=self._scaffold.ready_for_local_init_op,
                graph=scopes.get_default_graph(),
            )
        return self._session_manager


@public("train.ChiefSessionCreator")
class ChiefSessionCreator(_OfScaffold):
    """Makes sessions and initialises or restores their variables.

    Args:
      scaffold: the operations for it.
      master: the target of the sessions.
      config: a ConfigProto.
      checkpoint_dir: where the checkpoint is.
      checkpoint_filename_with_path: the checkpoint, instead.
    """

    def __init__(self, scaffold: Scaffold | None = None, master: str = "", config: Any = None,
                 checkpoint_dir: str | None = None,
                 checkpoint_filename_with_path: str | None = None) -> None:  # fmt: skip
        super().__init__(scaffold, master, config)
        self._checkpoint_dir = checkpoint_dir
        self._checkpoint_filename_with_path = checkpoint_filename_with_path

    def create_session(self) -> Session:
        """A new session; the graph is finalized."""
        scaffold = self._scaffold.finalize()
        return self._get_session_manager().prepare_session(
            self._master, saver=scaffold.saver, checkpoint_dir=self._checkpoint_dir,
            checkpoint_filename_with_path=self._checkpoint_filename_with_path, config=self._config,
            init_op=scaffold.init_op, init_feed_dict=scaffold.init_feed_dict, init_fn=scaffold.init_fn,
        )  # fmt: skip


@public("train.WorkerSessionCreator")
class WorkerSessionCreator(_OfScaffold):
    """Makes sessions whose variables the chief initialises.

    Args:
      scaffold: tells whether it did.
      master: the target of the sessions.
      config: a ConfigProto.
      max_wait_secs: how long to wait for the chief.
    """

    def __init__(self, scaffold: Scaffold | None = None, master: str = "", config: Any = None,
                 max_wait_secs: float = 30 * 60) -> None:  # fmt: skip
        super().__init__(scaffold, master, config)
        self._max_wait_secs = max_wait_secs

    def create_session(self) -> Session:
        """A new session; the graph is finalized."""
        self._scaffold.finalize()
        return self._get_session_manager().wait_for_session(
            self._master, config=self._config, max_wait_secs=self._max_wait_secs
        )
