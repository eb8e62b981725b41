"""What hooks are: objects that a monitored session asks before and tells after each run."""

from __future__ import annotations

from typing import Any, NamedTuple

from rekindle._src.names import public


@public("train.SessionRunHook", "estimator.SessionRunHook")
class SessionRunHook:
    """Takes part in the runs of a monitored session; subclasses define what they need."""

    def begin(self) -> None:
        """Called once, before the session is made; may add to the graph."""

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Called with each new session; the graph is finalized."""

    def before_run(self, run_context: SessionRunContext) -> SessionRunArgs | None:
        """What to run and feed besides what the caller asked for."""
        return None

    def after_run(self, run_context: SessionRunContext, run_values: SessionRunValues) -> None:
        """Called after each run with the values that `before_run` asked for."""

    def end(self, session: Any) -> None:
        """Called at the end, unless there was an error."""


@public("train.SessionRunArgs", "estimator.SessionRunArgs")
class SessionRunArgs(NamedTuple):
    """What to run: fetches, feeds and RunOptions."""

    fetches: Any
    feed_dict: Any = None
    options: Any = None


@public("train.SessionRunContext", "estimator.SessionRunContext")
class SessionRunContext:
    """One run: what the caller asked for, the session, and whether to stop after it."""

    def __init__(self, original_args: SessionRunArgs, session: Any) -> None:
        self._original_args = original_args
        self._session = session
        self._stop_requested = False

    @property
    def original_args(self) -> SessionRunArgs:
        """What the caller asked for."""
        return self._original_args

    @property
    def session(self) -> Any:
        """The session of the run."""
        return self._session

    @property
    def stop_requested(self) -> bool:
        """Whether a hook asked to stop."""
        return self._stop_requested

    def request_stop(self) -> None:
        """Ask for no more runs."""
        self._stop_requested = True


@public("train.SessionRunValues", "estimator.SessionRunValues")
class SessionRunValues(NamedTuple):
    """What a run gave: the values of a hook's fetches, the RunOptions, and the RunMetadata."""

    results: Any
    options: Any
    run_metadata: Any
