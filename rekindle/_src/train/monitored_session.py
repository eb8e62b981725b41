"""Sessions that initialise, recover, log and save by themselves: `tf.train.MonitoredTrainingSession` and its kin."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from rekindle._src import errors
from rekindle._src.graph import scopes
from rekindle._src.graph.collections import GraphKeys, get_collection
from rekindle._src.names import public
from rekindle._src.train import queue_runner, saving_hooks, wrapped_sessions
from rekindle._src.train.coordinator import Coordinator
from rekindle._src.train.scaffold import Scaffold
from rekindle._src.train.session_creators import ChiefSessionCreator, SessionCreator, WorkerSessionCreator

USE_DEFAULT = object()


def _chosen(first: Any, second: Any, defaults: tuple[Any, Any]) -> tuple[Any, Any]:
    """Two ways to say how often: the defaults if neither is given, else None for the one that is not."""
    if first is USE_DEFAULT and second is USE_DEFAULT:
        return defaults
    return (None if first is USE_DEFAULT else first), (None if second is USE_DEFAULT else second)


def _positive(*values: Any) -> bool:
    return any(v and v > 0 for v in values)


@public("train.MonitoredTrainingSession")
def MonitoredTrainingSession(
    master: str = "", is_chief: bool = True, checkpoint_dir: str | None = None, scaffold: Scaffold | None = None,
    hooks: Any = None, chief_only_hooks: Any = None, save_checkpoint_secs: Any = USE_DEFAULT,
    save_summaries_steps: Any = USE_DEFAULT, save_summaries_secs: Any = USE_DEFAULT, config: Any = None,
    stop_grace_period_secs: float = 120, log_step_count_steps: int | None = 100, max_wait_secs: float = 7200,
    save_checkpoint_steps: Any = USE_DEFAULT, summary_dir: str | None = None,
) -> MonitoredSession:  # fmt: skip
    """A MonitoredSession for training: it saves checkpoints and summaries, and counts steps.

    Args:
      master: the target of the session.
      is_chief: initialise and save; otherwise wait for the chief.
      checkpoint_dir: where to restore from and save to; None: nowhere.
      scaffold: the operations of the session.
      hooks: SessionRunHooks.
      chief_only_hooks: those that only the chief has.
      save_checkpoint_secs: seconds between checkpoints; default 600.
      save_summaries_steps: steps between summaries; default 100.
      save_summaries_secs: seconds between summaries.
      config: a ConfigProto.
      stop_grace_period_secs: how long threads may take to stop.
      log_step_count_steps: steps between lines that tell how fast it goes.
      max_wait_secs: how long to wait for the chief.
      save_checkpoint_steps: steps between checkpoints.
      summary_dir: where summaries go; default: `checkpoint_dir`.
    """
    summary_steps, summary_secs = _chosen(save_summaries_steps, save_summaries_secs, (100, None))
    saved_steps, saved_secs = _chosen(save_checkpoint_steps, save_checkpoint_secs, (None, 600))
    scaffold = scaffold or Scaffold()
    if not is_chief:
        worker = WorkerSessionCreator(scaffold, master, config, max_wait_secs)
        return MonitoredSession(worker, hooks or [], stop_grace_period_secs)
    every: list[Any] = list(chief_only_hooks or [])
    chief = ChiefSessionCreator(scaffold, master, config, checkpoint_dir)
    summary_dir = summary_dir or checkpoint_dir
    if summary_dir and _positive(log_step_count_steps):
        every.append(saving_hooks.StepCounterHook(output_dir=summary_dir, every_n_steps=log_step_count_steps))
    if summary_dir and _positive(summary_steps, summary_secs):
        every.append(saving_hooks.SummarySaverHook(summary_steps, summary_secs, summary_dir, scaffold=scaffold))
    if checkpoint_dir and _positive(saved_secs, saved_steps):
        every.append(saving_hooks.CheckpointSaverHook(checkpoint_dir, saved_secs, saved_steps, scaffold=scaffold))
    return MonitoredSession(chief, every + list(hooks or []), stop_grace_period_secs)


class _CoordinatedSessionCreator(SessionCreator):
    """Makes a session, starts its queue runners, and tells the hooks."""

    def __init__(self, session_creator: Any, hooks: Any, stop_grace_period_secs: float) -> None:
        self._session_creator = session_creator
        self._hooks = hooks
        self.coord: Coordinator | None = None
        self.tf_sess: Any = None
        self._stop_grace_period_secs = stop_grace_period_secs

    def create_session(self) -> wrapped_sessions.CoordinatedSession:
        """A new session."""
        self.tf_sess = self._session_creator.create_session()
        # the end of the input is to reach the caller of run
        self.coord = Coordinator(clean_stop_exception_types=[])
        if get_collection(GraphKeys.QUEUE_RUNNERS):
            queue_runner.start_queue_runners(sess=self.tf_sess, coord=self.coord)
        for hook in self._hooks:
            hook.after_create_session(self.tf_sess, self.coord)
        hooked = wrapped_sessions.HookedSession(self.tf_sess, self._hooks)
        return wrapped_sessions.CoordinatedSession(hooked, self.coord, self._stop_grace_period_secs)


class _MonitoredSession:
    """What MonitoredSession and SingularMonitoredSession have in common."""

    StepContext = wrapped_sessions.StepContext

    def __init__(self, session_creator: Any, hooks: Any, should_recover: bool,
                 stop_grace_period_secs: float = 120) -> None:  # fmt: skip
        self._graph_was_finalized = scopes.get_default_graph().finalized
        self._hooks = hooks or []
        for hook in self._hooks:
            hook.begin()
        self._coordinated_creator = _CoordinatedSessionCreator(
            session_creator or ChiefSessionCreator(), self._hooks, stop_grace_period_secs
        )
        self._sess: Any = (
            wrapped_sessions.RecoverableSession(self._coordinated_creator) if should_recover
            else self._coordinated_creator.create_session()
        )  # fmt: skip

    @property
    def graph(self) -> Any:
        """The graph that it runs; None once it is closed."""
        return None if self._tf_sess() is None else self._tf_sess().graph

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """As `Session.run`, with hooks."""
        return self._sess.run(fetches, feed_dict=feed_dict, options=options, run_metadata=run_metadata)

    def run_step_fn(self, step_fn: Callable[..., Any]) -> Any:
        """What `step_fn(step_context)` gives, a function that makes a step of several runs.

        Raises:
          ValueError: it takes other arguments.
          StopIteration: it asked to stop.
        """
        names = _argument_names(step_fn)
        if names not in (("step_context",), ("self", "step_context")):
            raise ValueError(
                "`step_fn` may either have one `step_context` argument, or `self` and `step_context` arguments if it's "
                f"an instance method. Got {names} instead."
            )
        return self._sess.run_step_fn(step_fn, self._tf_sess(), run_with_hooks=None)

    def should_stop(self) -> bool:
        """Whether to make no more runs."""
        return self._sess is None or self._sess.should_stop()

    def close(self) -> None:
        """Tell the hooks of the end, and close the session."""
        self._close_internal()

    def __enter__(self) -> Any:
        return self

    def __exit__(self, kind: Any, value: Any, trace: Any) -> bool:
        if kind in (errors.OutOfRangeError, StopIteration):  # how inputs and step functions end
            kind = None
        self._close_internal(kind)
        return kind is None

    def _close_internal(self, kind: Any = None) -> None:
        try:
            if not kind:
                for hook in self._hooks:
                    hook.end(self._tf_sess())
        finally:
            try:
                if self._sess is None:
                    raise RuntimeError("Session is already closed.")
                self._sess.close()
            finally:
                self._sess = None
                self._coordinated_creator.tf_sess = None
                self._coordinated_creator.coord = None
                if not self._graph_was_finalized:
                    scopes.get_default_graph()._unsafe_unfinalize()

    def _is_closed(self) -> bool:
        return self._tf_sess() is None

    def _tf_sess(self) -> Any:
        return self._coordinated_creator.tf_sess


def _argument_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a function's arguments, without those that are bound."""
    if isinstance(function, functools.partial):
        names = _argument_names(function.func)[len(function.args) :]
        return tuple(n for n in names if n not in function.keywords)
    if not inspect.isroutine(function):
        function = function.__call__
    names = tuple(inspect.getfullargspec(function).args)
    return names[1:] if inspect.ismethod(function) else names


@public("train.MonitoredSession")
class MonitoredSession(_MonitoredSession):
    """A session with hooks, which starts anew where it was lost.

    Args:
      session_creator: makes the session; default: a ChiefSessionCreator.
      hooks: SessionRunHooks.
      stop_grace_period_secs: how long threads may take to stop.
    """

    def __init__(self, session_creator: Any = None, hooks: Any = None, stop_grace_period_secs: float = 120) -> None:
        super().__init__(session_creator, hooks, True, stop_grace_period_secs)


@public("train.SingularMonitoredSession")
class SingularMonitoredSession(_MonitoredSession):
    """A session with hooks that does not start anew; its graph can be run by other sessions' means too.

    Args:
      hooks: SessionRunHooks.
      scaffold: the operations of the session.
      master: its target.
      config: a ConfigProto.
      checkpoint_dir: where to restore from.
      stop_grace_period_secs: how long threads may take to stop.
      checkpoint_filename_with_path: the checkpoint to restore, instead.
    """

    def __init__(self, hooks: Any = None, scaffold: Scaffold | None = None, master: str = "", config: Any = None,
                 checkpoint_dir: str | None = None, stop_grace_period_secs: float = 120,
                 checkpoint_filename_with_path: str | None = None) -> None:  # fmt: skip
        creator = ChiefSessionCreator(scaffold, master, config, checkpoint_dir, checkpoint_filename_with_path)
        super().__init__(creator, hooks, False, stop_grace_period_secs)

    def raw_session(self) -> Any:
        """The Session inside."""
        return self._tf_sess()
