"""Hooks that look at the steps: to stop, to wait, to log, to count, to notice NaN.

Hooks that write files are in saving_hooks.py.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from rekindle._src import errors
from rekindle._src import tf_logging as logging
from rekindle._src.graph import dtypes, scopes
from rekindle._src.graph.collections import GraphKeys
from rekindle._src.names import public
from rekindle._src.state import initializers, variable_scope
from rekindle._src.train.global_step import get_global_step, get_or_create_global_step_read
from rekindle._src.train.run_hooks import SessionRunArgs, SessionRunHook

_HOOKS = "hooks"
_STEPS_PER_RUN = "steps_per_run"
_FINAL_OPS_AT_END = (
    "An OutOfRangeError or StopIteration exception is raised by the code in FinalOpsHook. This typically means the Ops "
    "running by the FinalOpsHook have a dependency back to some input source, which should not happen. For example, "
    "for metrics in tf.estimator.Estimator, all metrics functions return two Ops: `value_op` and  `update_op`. "
    "Estimator.evaluate calls the `update_op` for each batch of the data in input source and, once it is exhausted, it "
    "call the `value_op` to get the metric values. The `value_op` here should have dependency back to variables "
    "reading only, rather than reading another batch from input. Otherwise, the `value_op`, executed by "
    "`FinalOpsHook`, triggers another data reading, which ends OutOfRangeError/StopIteration. Please fix that."
)


def step_read(hook: str) -> Any:
    """The tensor that reads the global step for a hook.

    Raises:
      RuntimeError: there is no global step.
    """
    found = get_or_create_global_step_read()
    if found is None:
        raise RuntimeError(f"Global step should be created to use {hook}.")
    return found


@public("train.SecondOrStepTimer", "estimator.SecondOrStepTimer")
class SecondOrStepTimer:
    """Says when something is due: every so many seconds, or every so many steps.

    Args:
      every_secs: seconds, or None.
      every_steps: steps, or None.

    Raises:
      ValueError: both or neither are given.
    """

    def __init__(self, every_secs: float | None = None, every_steps: int | None = None) -> None:
        self.reset()
        self._every_secs = every_secs
        self._every_steps = every_steps
        if every_secs is None and every_steps is None:
            raise ValueError("Either every_secs or every_steps should be provided.")
        if every_secs is not None and every_steps is not None:
            raise ValueError("Can not provide both every_secs and every_steps.")

    def reset(self) -> None:
        """Be due at once."""
        self._last_triggered_step: Any = None
        self._last_triggered_time: float | None = None

    def should_trigger_for_step(self, step: Any) -> bool:
        """Whether it is due at a step."""
        if self._last_triggered_step is None or self._last_triggered_time is None:
            return True
        if self._last_triggered_step == step:
            return False
        if self._every_secs is not None and time.time() >= self._last_triggered_time + self._every_secs:
            return True
        return self._every_steps is not None and bool(step >= self._last_triggered_step + self._every_steps)

    def update_last_triggered_step(self, step: Any) -> tuple[float | None, Any]:
        """Say that it was done at a step; gives seconds and steps since the last time."""
        now, before = time.time(), self._last_triggered_time
        since = (None, None) if before is None else (now - before, step - self._last_triggered_step)
        self._last_triggered_time = now
        self._last_triggered_step = step
        return since

    def last_triggered_step(self) -> Any:
        """The step at which it was done last, or None."""
        return self._last_triggered_step


class NeverTriggerTimer:
    """Says that nothing is due, ever."""

    def reset(self) -> None:
        """Nothing."""

    def should_trigger_for_step(self, step: Any) -> bool:
        """No."""
        return False

    def update_last_triggered_step(self, step: Any) -> tuple[None, None]:
        """Nothing is known."""
        return None, None

    def last_triggered_step(self) -> None:
        """There is none."""


@public("train.LoggingTensorHook", "estimator.LoggingTensorHook")
class LoggingTensorHook(SessionRunHook):
    """Logs the values of tensors.

    Args:
      tensors: tensors or names of them: a dictionary by what the log calls them, or a list.
      every_n_iter: log at every so many runs.
      every_n_secs: log after so many seconds.
      at_end: log at the end.
      formatter: makes the line of the log of a dictionary of values; default: "tag = value, ...".

    Raises:
      ValueError: both or neither of `every_n_iter` and `every_n_secs` are given.
    """

    def __init__(self, tensors: Any, every_n_iter: int | None = None, every_n_secs: float | None = None,
                 at_end: bool = False, formatter: Any = None) -> None:  # fmt: skip
        only_at_end = at_end and every_n_iter is None and every_n_secs is None
        if not only_at_end and (every_n_iter is None) == (every_n_secs is None):
            raise ValueError(
                "either at_end and/or exactly one of every_n_iter and every_n_secs must be provided."
            )
        if every_n_iter is not None and every_n_iter <= 0:
            raise ValueError(f"invalid every_n_iter={every_n_iter}.")
        self._tag_order = sorted(tensors) if isinstance(tensors, dict) else tensors
        self._tensors = tensors if isinstance(tensors, dict) else {t: t for t in tensors}
        self._formatter = formatter
        self._timer = NeverTriggerTimer() if only_at_end else SecondOrStepTimer(every_n_secs, every_n_iter)
        self._log_at_end = at_end

    def begin(self) -> None:
        """Find the tensors."""
        self._timer.reset()
        self._iter_count = 0
        self._current_tensors = {tag: _as_graph_element(t) for tag, t in self._tensors.items()}

    def before_run(self, run_context: Any) -> SessionRunArgs | None:
        """Ask for the tensors where a line is due."""
        self._should_trigger = self._timer.should_trigger_for_step(self._iter_count)
        return SessionRunArgs(self._current_tensors) if self._should_trigger else None

    def _log_tensors(self, values: dict[Any, Any]) -> None:
        with np.printoptions(suppress=True):
            elapsed, _ = self._timer.update_last_triggered_step(self._iter_count)
            if self._formatter:
                logging.info(self._formatter(values))
                return
            line = ", ".join(f"{tag} = {values[tag]}" for tag in self._tag_order)
            logging.info(line if elapsed is None else f"{line} ({elapsed:.3f} sec)")

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Log where a line is due."""
        if self._should_trigger:
            self._log_tensors(run_values.results)
        self._iter_count += 1

    def end(self, session: Any) -> None:
        """Log at the end if that is wanted."""
        if self._log_at_end:
            self._log_tensors(session.run(self._current_tensors))


def _as_graph_element(wanted: Any) -> Any:
    """What a tensor or the name of one means in the default graph."""
    graph = scopes.get_default_graph()
    if not isinstance(wanted, str):
        if getattr(wanted, "graph", None) is not graph:
            raise ValueError(
                f"Passed {wanted} should have graph attribute that is equal to current graph {graph}."
            )
        return wanted
    if ":" in wanted:
        return graph.as_graph_element(wanted)
    element = graph.as_graph_element(f"{wanted}:0")
    if len(element.op.outputs) > 1:
        raise ValueError(
            f"Name {wanted} is ambiguous, as this `Operation` has multiple outputs (at least 2)."
        )
    return element


def _check_last_step(num_steps: int | None, last_step: int | None) -> None:
    if num_steps is None and last_step is None:
        raise ValueError("One of num_steps or last_step must be specified.")
    if num_steps is not None and last_step is not None:
        raise ValueError("Only one of num_steps or last_step can be specified.")


@public("train.StopAtStepHook", "estimator.StopAtStepHook")
class StopAtStepHook(SessionRunHook):
    """Asks to stop after a number of steps, or at a step.

    Args:
      num_steps: how many steps to make.
      last_step: the global step at which to stop.

    Raises:
      ValueError: both or neither are given.
    """

    def __init__(self, num_steps: int | None = None, last_step: int | None = None) -> None:
        _check_last_step(num_steps, last_step)
        self._num_steps = num_steps
        self._last_step = last_step

    def begin(self) -> None:
        """Find the global step."""
        self._global_step_tensor = step_read("StopAtStepHook")

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Find the last step."""
        if self._last_step is None:
            self._last_step = session.run(self._global_step_tensor) + self._num_steps

    def before_run(self, run_context: Any) -> SessionRunArgs:
        """Ask for the global step."""
        return SessionRunArgs(self._global_step_tensor)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Ask to stop at the last step."""
        if run_values.results + 1 < self._last_step:
            return
        # the run may not have been one step
        if run_context.session.run(self._global_step_tensor) >= self._last_step:
            run_context.request_stop()


def get_or_create_steps_per_run_variable() -> Any:
    """The local variable that says how many steps a run makes.

    Raises:
      RuntimeError: there are several.
    """
    collection = f"{_HOOKS}_{_STEPS_PER_RUN}"
    held = scopes.get_default_graph().get_collection(collection)
    if len(held) > 1:
        raise RuntimeError("Multiple steps_per_run_var in collection.")
    if held:
        return held[0]
    with variable_scope.variable_scope(_HOOKS, reuse=variable_scope.AUTO_REUSE):
        return variable_scope.get_variable(
            _STEPS_PER_RUN, initializer=initializers.Ones(), shape=[], dtype=dtypes.int32, trainable=False,
            collections=[collection, GraphKeys.LOCAL_VARIABLES], use_resource=True,
        )  # fmt: skip


class MultiStepStopAtStepHook(SessionRunHook):
    """`StopAtStepHook` for runs of several steps; it tells them, in a variable, how many to make."""

    def __init__(self, num_steps: int | None = None, last_step: int | None = None, steps_per_run: int = 1) -> None:
        _check_last_step(num_steps, last_step)
        if steps_per_run is None or steps_per_run < 1:
            raise ValueError("steps_per_run should be greater than 0")
        self._num_steps = num_steps
        self._last_step = last_step
        self._steps_per_run_initial_value = steps_per_run

    def begin(self) -> None:
        """Find the global step."""
        self._global_step_tensor = get_global_step()
        if self._global_step_tensor is None:
            raise RuntimeError("Global step should be created to use StopAtStepHook.")
        self._steps_per_run_variable = get_or_create_steps_per_run_variable()

    def _tell(self, global_step: Any, session: Any) -> None:
        steps = min(self._last_step - global_step, self._steps_per_run_initial_value)
        self._steps_per_run_variable.load(steps, session=session)

    def after_create_session(self, session: Any, coord: Any) -> None:
        """Find the last step."""
        global_step = session.run(self._global_step_tensor)
        if self._last_step is None:
            self._last_step = global_step + self._num_steps
        self._tell(global_step, session)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Ask to stop at the last step."""
        global_step = run_context.session.run(self._global_step_tensor)
        if global_step >= self._last_step:
            run_context.request_stop()
        else:
            self._tell(global_step, run_context.session)


_MultiStepStopAtStepHook = MultiStepStopAtStepHook  # TensorFlow's name


@public("train.NanLossDuringTrainingError", "estimator.NanLossDuringTrainingError")
class NanLossDuringTrainingError(RuntimeError):
    """The loss is not a number."""

    def __str__(self) -> str:
        return "NaN loss during training."


@public("train.NanTensorHook", "estimator.NanTensorHook")
class NanTensorHook(SessionRunHook):
    """Stops when a loss is not a number.

    Args:
      loss_tensor: the loss.
      fail_on_nan_loss: raise NanLossDuringTrainingError; otherwise ask to stop.
    """

    def __init__(self, loss_tensor: Any, fail_on_nan_loss: bool = True) -> None:
        self._loss_tensor = loss_tensor
        self._fail_on_nan_loss = fail_on_nan_loss

    def before_run(self, run_context: Any) -> SessionRunArgs:
        """Ask for the loss."""
        return SessionRunArgs(self._loss_tensor)

    def after_run(self, run_context: Any, run_values: Any) -> None:
        """Look at the loss."""
        if not np.isnan(run_values.results):
            return
        if self._fail_on_nan_loss:
            logging.error("Model diverged with loss = NaN.")
            raise NanLossDuringTrainingError
        logging.warning("Model diverged with loss = NaN.")
        run_context.request_stop()


@public("train.GlobalStepWaiterHook", "estimator.GlobalStepWaiterHook")
class GlobalStepWaiterHook(SessionRunHook):
    """Waits, before the first run, until others have made a number of steps.

    Args:
      wait_until_step: the global step to wait for.
    """

    def __init__(self, wait_until_step: int) -> None:
        self._wait_until_step = wait_until_step

    def begin(self) -> None:
        """Find the global step."""
        self._worker_is_started = False
        self._global_step_tensor = step_read("_GlobalStepWaiterHook")

    def before_run(self, run_context: Any) -> None:
        """Wait."""
        if self._worker_is_started:
            return
        wanted, logged = self._wait_until_step, 0
        if wanted > 0:
            logging.info(f"Waiting for global step {wanted} before starting training.")
            while (step := run_context.session.run(self._global_step_tensor)) < wanted:
                if step - logged > 1000:
                    logging.info(
                        f"Waiting for global step {wanted} before starting training. Current step is {step}."
                    )
                    logged = step
                time.sleep(0.5)
        self._worker_is_started = True


@public("train.FinalOpsHook", "estimator.FinalOpsHook")
class FinalOpsHook(SessionRunHook):
    """Runs something at the end and keeps its values.

    Args:
      final_ops: what to fetch.
      final_ops_feed_dict: what to feed.
    """

    def __init__(self, final_ops: Any, final_ops_feed_dict: Any = None) -> None:
        self._final_ops = final_ops
        self._final_ops_feed_dict = final_ops_feed_dict
        self._final_ops_values: Any = None

    @property
    def final_ops_values(self) -> Any:
        """The values; None before the end."""
        return self._final_ops_values

    def end(self, session: Any) -> None:
        """Run it."""
        if self._final_ops is None:
            return
        try:
            self._final_ops_values = session.run(self._final_ops, feed_dict=self._final_ops_feed_dict)
        except (errors.OutOfRangeError, StopIteration):
            logging.warning(_FINAL_OPS_AT_END)
            raise


@public("train.FeedFnHook", "estimator.FeedFnHook")
class FeedFnHook(SessionRunHook):
    """Feeds what a function gives.

    Args:
      feed_fn: gives the feeds of each run.
    """

    def __init__(self, feed_fn: Any) -> None:
        self.feed_fn = feed_fn

    def before_run(self, run_context: Any) -> SessionRunArgs:
        """Feed."""
        return SessionRunArgs(fetches=None, feed_dict=self.feed_fn())
