"""The layers of a monitored session, each a session around the next: recovery, coordination, hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src import errors
from rekindle._src import tf_logging as logging
from rekindle._src.graph import proto
from rekindle._src.train.run_hooks import SessionRunArgs, SessionRunContext, SessionRunValues

#: what a run raises when a machine is taken away
PREEMPTION_ERRORS = (errors.AbortedError, errors.UnavailableError)
_MAY_BE = (
    "This may be due to a preemption {} a connected worker or parameter server. {} This error may also occur due to a "
    "gRPC failure caused by high memory or network bandwidth usage in the parameter servers. If this error occurs "
    "repeatedly, try increasing the number of parameter servers assigned to the job. Error: {}"
)
_NEW_SESSION = "The current session will be closed and a new session will be created."


class StepContext:
    """What a step function gets: the session, and a way to run with hooks."""

    def __init__(self, session: Any, run_with_hooks_fn: Callable[..., Any]) -> None:
        self._session = session
        self._run_with_hooks_fn = run_with_hooks_fn

    @property
    def session(self) -> Any:
        """The session itself, without hooks."""
        return self._session

    def run_with_hooks(self, *args: Any, **kwargs: Any) -> Any:
        """`run` of the monitored session."""
        return self._run_with_hooks_fn(*args, **kwargs)

    def request_stop(self) -> None:
        """End the loop, by an exception.

        Raises:
          StopIteration: always.
        """
        raise StopIteration("step_fn has requested the iterations to stop.")


class WrappedSession:
    """A session around a session."""

    def __init__(self, sess: Any) -> None:
        self._sess: Any = sess
        self._wrapped_is_stoppable = isinstance(sess, WrappedSession)

    @property
    def graph(self) -> Any:
        """The graph that it runs."""
        return self._sess.graph

    @property
    def sess_str(self) -> Any:
        """The target as bytes."""
        return self._sess.sess_str

    def should_stop(self) -> bool:
        """Whether this layer or one inside wants no more runs."""
        if self._check_stop():
            return True
        if self._sess:
            return self._wrapped_is_stoppable and self._sess.should_stop()
        return True

    def _check_stop(self) -> bool:
        return False

    def close(self) -> None:
        """Close the session inside."""
        if not self._sess:
            return
        try:
            self._sess.close()
        except PREEMPTION_ERRORS as error:
            logging.warning(
                "An error occurred when attempting to close the session. This may be due to a preemption in a "
                f"connected worker or parameter server. Error: {error}"
            )
        finally:
            self._sess = None

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """As `Session.run`."""
        return self._sess.run(*args, **kwargs)

    def run_step_fn(self, step_fn: Callable[[StepContext], Any], raw_session: Any,
                    run_with_hooks: Callable[..., Any] | None) -> Any:  # fmt: skip
        """What a step function gives."""
        return step_fn(StepContext(raw_session, run_with_hooks or self.run))


class RecoverableSession(WrappedSession):
    """Makes a new session where one was lost."""

    def __init__(self, sess_creator: Any) -> None:
        self._sess_creator = sess_creator
        super().__init__(self._create_session())

    def _create_session(self) -> Any:
        while True:
            try:
                return self._sess_creator.create_session()
            except PREEMPTION_ERRORS as error:
                said = _MAY_BE.format("of", "A new session will be created.", error)
                logging.info(f"An error was raised while a session was being created. {said}")

    def _check_stop(self) -> bool:
        try:
            return self._sess._check_stop() if self._sess else True
        except PREEMPTION_ERRORS as error:
            said = _MAY_BE.format("in", _NEW_SESSION, error)
            logging.info(f"An error was raised while considering whether the session is complete. {said}")
            self.close()
            self._sess = self._create_session()
            return False
        except Exception:  # noqa: BLE001 - the next run will raise it
            return True

    def _recovered(self, attempt: Callable[[], Any]) -> Any:
        """What an attempt gives, made again in new sessions."""
        while True:
            try:
                if not self._sess:
                    self._sess = self._create_session()
                return attempt()
            except PREEMPTION_ERRORS as error:
                logging.info(f"An error was raised. {_MAY_BE.format('in', _NEW_SESSION, error)}")
                self.close()
                self._sess = None

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """As `Session.run`; again in a new session where one is lost."""
        return self._recovered(
            lambda: self._sess.run(fetches, feed_dict=feed_dict, options=options, run_metadata=run_metadata)
        )

    def run_step_fn(self, step_fn: Callable[[StepContext], Any], raw_session: Any,
                    run_with_hooks: Callable[..., Any] | None) -> Any:  # fmt: skip
        """What a step function gives; again in a new session where one is lost."""
        return self._recovered(lambda: self._sess.run_step_fn(step_fn, raw_session, self._sess.run))


class CoordinatedSession(WrappedSession):
    """Stops with its coordinator, and raises what the coordinator's threads reported."""

    def __init__(self, sess: Any, coord: Any, stop_grace_period_secs: float = 120) -> None:
        super().__init__(sess)
        self._coord = coord
        self._stop_grace_period_secs = stop_grace_period_secs

    def _check_stop(self) -> bool:
        self._coord.raise_requested_exception()
        return self._coord.should_stop()

    def close(self) -> None:
        """Stop the threads and close the session inside."""
        self._coord.request_stop()
        try:
            self._coord.join(stop_grace_period_secs=self._stop_grace_period_secs, ignore_live_threads=True)
        finally:
            try:
                super().close()
            except Exception as error:  # noqa: BLE001 - what the threads raised matters more
                logging.vlog(1, "Ignored exception: %s", error)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """As `Session.run`."""
        try:
            return self._sess.run(*args, **kwargs)
        except PREEMPTION_ERRORS:
            raise
        except Exception as error:
            trace = error.__traceback__
            try:
                self._coord.raise_requested_exception()
            except PREEMPTION_ERRORS:
                raise
            except Exception:  # noqa: BLE001 - the first error is the one to raise
                raise error.with_traceback(trace) from None
            raise


class HookedSession(WrappedSession):
    """Asks hooks before and tells them after each run."""

    def __init__(self, sess: Any, hooks: Any) -> None:
        super().__init__(sess)
        self._hooks = hooks
        self._should_stop = False

    def _check_stop(self) -> bool:
        return self._should_stop

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """As `Session.run`.

        Raises:
          RuntimeError: a hook asked to stop before, or two feed one tensor.
        """
        if self.should_stop():
            raise RuntimeError("Run called even after should_stop requested.")
        wanted = {"caller": fetches}
        run_context = SessionRunContext(SessionRunArgs(fetches, feed_dict), self._sess)
        options = options or proto.RunOptions()
        feeds = self._call_hook_before_run(run_context, wanted, feed_dict, options)
        run_metadata = run_metadata or proto.RunMetadata()
        outputs = self._sess.run(fetches=wanted, feed_dict=feeds, options=options, run_metadata=run_metadata)
        for hook in self._hooks:
            hook.after_run(run_context, SessionRunValues(outputs.get(hook), options, run_metadata))
        self._should_stop = self._should_stop or run_context.stop_requested
        return outputs["caller"]

    def _call_hook_before_run(self, run_context: SessionRunContext, wanted: dict[Any, Any], user_feeds: Any,
                              options: Any) -> Any:  # fmt: skip
        """The feeds of hooks and user; `wanted` and `options` get what hooks want."""
        hook_feeds: dict[Any, Any] = {}
        for hook in self._hooks:
            request = hook.before_run(run_context)
            if request is None:
                continue
            if request.fetches is not None:
                wanted[hook] = request.fetches
            if request.feed_dict:
                _refuse_common(hook_feeds, request.feed_dict, "Same tensor is fed by two hooks.")
                hook_feeds.update(request.feed_dict)
            if request.options:
                _merge_run_options(options, request.options)
        if not hook_feeds:
            return user_feeds
        if not user_feeds:
            return hook_feeds
        _refuse_common(user_feeds, hook_feeds, "Same tensor is fed by a SessionRunHook and user.")
        return {**hook_feeds, **user_feeds}


def _refuse_common(feeds: Any, others: Any, message: str) -> None:
    common = set(feeds) & set(others)
    if common:
        raise RuntimeError(f"{message} Conflict(s): {list(common)}")


def _merge_run_options(options: Any, others: Any) -> None:
    """Let options ask for what others ask for too."""
    for name in ("trace_level", "timeout_in_ms", "inter_op_thread_pool", "output_partition_graphs",
                 "report_tensor_allocations_upon_oom"):  # fmt: skip
        setattr(options, name, max(getattr(options, name), getattr(others, name)))
    watches = others.debug_options.debug_tensor_watch_opts
    if watches:
        options.debug_options.debug_tensor_watch_opts.extend(watches)
    if others.debug_options.reset_disk_byte_usage:
        options.debug_options.reset_disk_byte_usage = True


#: TensorFlow's names
_WrappedSession = WrappedSession
_RecoverableSession = RecoverableSession
_CoordinatedSession = CoordinatedSession
_HookedSession = HookedSession
