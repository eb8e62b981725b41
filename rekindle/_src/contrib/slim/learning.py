"""`slim.learning`: the training operation of a loss, and the loop that runs it."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable
from typing import Any

from rekindle._src import errors, tf_logging
from rekindle._src.contrib import training
from rekindle._src.graph import convert, proto, scopes
from rekindle._src.names import public
from rekindle._src.ops import control, lookup_tables, summary
from rekindle._src.ops import math as math_ops
from rekindle._src.platform import file_io, timeline
from rekindle._src.state import variables
from rekindle._src.train import global_step as steps
from rekindle._src.train import saver as savers
from rekindle._src.train.optimizers.optimizer import Optimizer
from rekindle._src.train.supervisor import Supervisor

_USE_DEFAULT = 0


@public("contrib.slim.learning.add_gradients_summaries")
def add_gradients_summaries(grads_and_vars: training.Pairs) -> list[Any]:
    """A histogram and the norm of each gradient, in the name scope of its variable."""
    return training.gradient_summaries(grads_and_vars, "/gradient")


@public("contrib.slim.learning.create_train_op")
def create_train_op(
    total_loss: Any,
    optimizer: Any,
    global_step: Any = training.USE_GLOBAL_STEP,
    update_ops: Any = None,
    variables_to_train: Any = None,
    clip_gradient_norm: float = 0,
    summarize_gradients: bool = False,
    gate_gradients: int = Optimizer.GATE_OP,
    aggregation_method: Any = None,
    colocate_gradients_with_ops: bool = False,
    gradient_multipliers: dict[Any, Any] | None = None,
    check_numerics: bool = True,
) -> Any:
    """The loss, after a step of training and after the updates before it: [].

    Args:
      total_loss: [].
      optimizer: an Optimizer.
      global_step: counts the steps; default: the graph's; None for none.
      update_ops: what to run before; default: the collection UPDATE_OPS.
      variables_to_train: default: all that are trained.
      clip_gradient_norm: the largest norm of a gradient; 0 for any.
      summarize_gradients: summarize the gradients.
      gate_gradients, aggregation_method, colocate_gradients_with_ops: as for the optimizer.
      gradient_multipliers: variable, or its operation's name -> factor of its gradient.
      check_numerics: fail where the loss is no finite number.
    """

    def transform(pairs: training.Pairs) -> training.Pairs:
        if gradient_multipliers:
            with scopes.name_scope("multiply_grads"):
                pairs = training.multiply_gradients(pairs, gradient_multipliers)
        if clip_gradient_norm > 0:
            with scopes.name_scope("clip_grads"):
                pairs = training.clip_gradient_norms(pairs, clip_gradient_norm)
        return pairs

    how = {
        "gate_gradients": gate_gradients,
        "aggregation_method": aggregation_method,
        "colocate_gradients_with_ops": colocate_gradients_with_ops,
    }
    return training.built_train_op(
        total_loss,
        optimizer,
        global_step,
        update_ops,
        variables_to_train,
        how,
        transform,
        summarize_gradients,
        check_numerics,
    )


@public("contrib.slim.learning.train_step")
def train_step(
    sess: Any, train_op: Any, global_step: Any, train_step_kwargs: dict[str, Any]
) -> tuple[Any, Any]:
    """(the loss, whether to stop) of one step.

    Args:
      sess: the session.
      train_op: what to run.
      global_step: counts the steps.
      train_step_kwargs: tensors "should_log", "should_stop", "should_trace"; "logdir",
        "summary_writer".

    Raises:
      ValueError: a trace is asked for, and there is no "logdir".
    """
    started = time.time()
    options = metadata = None
    if "should_trace" in train_step_kwargs:
        if "logdir" not in train_step_kwargs:
            raise ValueError(
                "logdir must be present in train_step_kwargs when should_trace is present"
            )
        if sess.run(train_step_kwargs["should_trace"]):
            options = proto.RunOptions(trace_level=proto.RunOptions.FULL_TRACE)
            metadata = proto.RunMetadata()
    loss, step = sess.run([train_op, global_step], options=options, run_metadata=metadata)
    elapsed = time.time() - started
    if metadata is not None:
        _write_trace(metadata, step, train_step_kwargs)
    if "should_log" in train_step_kwargs and sess.run(train_step_kwargs["should_log"]):
        tf_logging.info("global step %d: loss = %.4f (%.3f sec/step)", step, loss, elapsed)
    if "should_stop" in train_step_kwargs:
        return loss, sess.run(train_step_kwargs["should_stop"])
    return loss, False


def _write_trace(metadata: Any, step: int, given: dict[str, Any]) -> None:
    trace = timeline.Timeline(metadata.step_stats).generate_chrome_trace_format()
    path = os.path.join(given["logdir"], f"tf_trace-{step}.json")
    tf_logging.info("Writing trace to %s", path)
    file_io.write_string_to_file(path, trace)
    if "summary_writer" in given:
        given["summary_writer"].add_run_metadata(metadata, f"run_metadata-{step}")


@public("contrib.slim.learning.train")
def train(
    train_op: Any,
    logdir: str | None,
    train_step_fn: Callable[..., tuple[Any, Any]] = train_step,
    train_step_kwargs: Any = _USE_DEFAULT,
    log_every_n_steps: int = 1,
    graph: Any = None,
    master: str = "",
    is_chief: bool = True,
    global_step: Any = None,
    number_of_steps: int | None = None,
    init_op: Any = _USE_DEFAULT,
    init_feed_dict: Any = None,
    local_init_op: Any = _USE_DEFAULT,
    init_fn: Callable[..., Any] | None = None,
    ready_op: Any = _USE_DEFAULT,
    summary_op: Any = _USE_DEFAULT,
    save_summaries_secs: float = 600,
    summary_writer: Any = _USE_DEFAULT,
    startup_delay_steps: int = 0,
    saver: Any = None,
    save_interval_secs: float = 600,
    sync_optimizer: Any = None,
    session_config: Any = None,
    session_wrapper: Callable[[Any], Any] | None = None,
    trace_every_n_steps: int | None = None,
    ignore_live_threads: bool = False,
) -> Any:
    """Train until `number_of_steps` or the end of the input; gives the last loss.

    Args:
      train_op: gives the loss.
      logdir: the folder of checkpoints and event files; None for none.
      train_step_fn: does one step, as `train_step`.
      train_step_kwargs: its last argument.
      log_every_n_steps: how often to log; 0 for never.
      graph: default: the default graph.
      master: the session's target.
      is_chief: initialise and save; otherwise wait for the chief.
      global_step: counts the steps.
      number_of_steps: where to stop; None for never.
      init_op, init_feed_dict, local_init_op, init_fn, ready_op: as for `tf.train.Supervisor`.
      summary_op, save_summaries_secs, summary_writer: the same.
      startup_delay_steps: the step that another than the chief waits for.
      saver, save_interval_secs: as for `tf.train.Supervisor`.
      sync_optimizer: None.
      session_config: a ConfigProto.
      session_wrapper: from session to the session in use.
      trace_every_n_steps: how often to write a trace; None for never.
      ignore_live_threads: do not wait for threads at the end.

    Raises:
      ValueError: arguments that do not go together.
    """
    if train_op is None:
        raise ValueError("train_op cannot be None.")
    _check_without_folder(logdir, summary_op, saver, trace_every_n_steps)
    if sync_optimizer is not None:
        raise ValueError("`sync_optimizer` must be a tf.train.SyncReplicasOptimizer.")
    if number_of_steps is not None and number_of_steps <= 0:
        raise ValueError("`number_of_steps` must be either None or a positive number.")
    graph = graph or scopes.get_default_graph()
    with graph.as_default():
        step = steps.get_or_create_global_step() if global_step is None else global_step
        saver = saver or savers.Saver()
        made = _initial(init_op, ready_op, local_init_op)
        if summary_op == _USE_DEFAULT:
            summary_op = summary.merge_all()
        if train_step_kwargs == _USE_DEFAULT:
            train_step_kwargs = _step_arguments(
                step, number_of_steps, log_every_n_steps,
                trace_every_n_steps if is_chief else None, logdir)
    supervisor = Supervisor(
        graph=graph,
        is_chief=is_chief,
        logdir=logdir,
        init_feed_dict=init_feed_dict,
        ready_for_local_init_op=None,
        summary_op=summary_op,
        summary_writer=(
            Supervisor.USE_DEFAULT if summary_writer == _USE_DEFAULT else summary_writer
        ),
        global_step=step,
        saver=saver,
        save_summaries_secs=save_summaries_secs,
        save_model_secs=save_interval_secs,
        init_fn=init_fn,
        **made,
    )
    if summary_writer is not None:
        train_step_kwargs["summary_writer"] = supervisor.summary_writer
    delay = min(startup_delay_steps, number_of_steps or startup_delay_steps)
    loop = _Loop(supervisor, train_op, step, train_step_fn, train_step_kwargs, logdir, is_chief,
                 delay, session_wrapper, ignore_live_threads)
    return loop.run(master, session_config)


def _check_without_folder(logdir: Any, summary_op: Any, saver: Any, trace: Any) -> None:
    if logdir is not None:
        return
    given = {
        "summary_op": summary_op != _USE_DEFAULT,
        "saver": saver is not None,
        "trace_every_n_steps": trace is not None,
    }
    for name, is_given in given.items():
        if is_given:
            raise ValueError(f"Cannot provide {name} because logdir=None")


def _initial(init_op: Any, ready_op: Any, local_init_op: Any) -> dict[str, Any]:
    """The operations that initialise, made where they were not given."""
    with scopes.name_scope("init_ops"):
        if init_op == _USE_DEFAULT:
            init_op = variables.global_variables_initializer()
        if ready_op == _USE_DEFAULT:
            ready_op = variables.report_uninitialized_variables()
        if local_init_op == _USE_DEFAULT:
            local_init_op = control.group(
                variables.local_variables_initializer(), lookup_tables.tables_initializer()
            )
    return {"init_op": init_op, "ready_op": ready_op, "local_init_op": local_init_op}


def _step_arguments(step: Any, last: Any, log_every: int, trace_every: Any, logdir: Any) -> Any:
    """The tensors that steer a step."""
    with scopes.name_scope("train_step"):
        made = {
            "should_stop": math_ops.greater_equal(step, last) if last else convert.constant(False)
        }
        if log_every > 0:
            made["should_log"] = math_ops.equal(math_ops.mod(step, log_every), 0)
        if trace_every is not None:
            made["should_trace"] = math_ops.equal(math_ops.mod(step, trace_every), 0)
            made["logdir"] = logdir
    return made


@dataclasses.dataclass(frozen=True, slots=True)
class _Loop:
    """The loop of `train`, again from the last checkpoint where a session was aborted."""

    supervisor: Any
    train_op: Any
    step: Any
    train_step_fn: Callable[..., tuple[Any, Any]]
    arguments: dict[str, Any]
    logdir: str | None
    is_chief: bool
    delay: int
    wrapper: Callable[[Any], Any] | None
    ignore_live_threads: bool

    def run(self, master: str, config: Any) -> Any:
        while True:
            try:
                with self.supervisor.managed_session(
                    master, start_standard_services=False, config=config
                ) as session:
                    return self._in_session(session)
            except errors.AbortedError:
                tf_logging.info("Retrying training!")

    def _in_session(self, session: Any) -> Any:
        tf_logging.info("Starting Session.")
        if self.wrapper is not None:
            tf_logging.info("Wrapping session with wrapper function: %s", self.wrapper)
            session = self.wrapper(session)
        if self.is_chief and self.logdir:
            self.supervisor.start_standard_services(session)
        if not self.is_chief:
            while self.delay and steps.global_step(session, self.step) < self.delay:
                time.sleep(1.0)
        threads = self.supervisor.start_queue_runners(session)
        tf_logging.info("Starting Queues.")
        loss = self._steps(session)
        if self.logdir and self.supervisor.is_chief:
            tf_logging.info("Finished training! Saving model to disk.")
            self.supervisor.saver.save(
                session, self.supervisor.save_path, global_step=self.supervisor.global_step
            )
            self.supervisor.stop(
                threads,
                close_summary_writer=True,
                ignore_live_threads=self.ignore_live_threads,
            )
        return loss

    def _steps(self, session: Any) -> Any:
        loss = None
        try:
            while not self.supervisor.should_stop():
                loss, stop = self.train_step_fn(session, self.train_op, self.step, self.arguments)
                if stop:
                    tf_logging.info("Stopping Training.")
                    self.supervisor.request_stop()
                    break
        except errors.OutOfRangeError as error:
            tf_logging.info("Caught OutOfRangeError. Stopping Training. %s", error)
        return loss
