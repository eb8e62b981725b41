"""`tf.train.Supervisor`: training with checkpoints and summaries, as programs did before monitored sessions."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any

from rekindle._src import errors
from rekindle._src import tf_logging as logging
from rekindle._src.formats import graph_files
from rekindle._src.graph import dtypes, meta_graph, proto, scopes
from rekindle._src.graph.collections import GraphKeys, add_to_collection, get_collection
from rekindle._src.names import public
from rekindle._src.ops import control, lookup_tables, summary
from rekindle._src.state import variables
from rekindle._src.summary.writer import FileWriter
from rekindle._src.train import saver as savers
from rekindle._src.train.coordinator import Coordinator, LooperThread
from rekindle._src.train.global_step import global_step as step_of
from rekindle._src.train.session_manager import SessionManager
from rekindle._src.train.supervisor_threads import (
    SVStepCounterThread,
    SVSummaryThread,
    SVTimerCheckpointThread,
)


@public("train.Supervisor")
class Supervisor:
    """Initialises or restores a model, writes checkpoints and summaries while it trains, and stops its threads.

    What is not given is found in the graph's collections or made; None means none.

    Args:
      graph: the graph; default: the default graph.
      ready_op: gives the names of variables that are not initialised.
      ready_for_local_init_op: the same, for what `local_init_op` needs.
      is_chief: initialise and save; otherwise wait for the chief.
      init_op: initialises the variables.
      init_feed_dict: its feeds.
      local_init_op: initialises what each session has for itself.
      logdir: the folder of checkpoints and event files.
      summary_op: gives the summaries.
      saver: the Saver.
      global_step: counts the steps.
      save_summaries_secs: seconds between summaries; 0: none.
      save_model_secs: seconds between checkpoints; 0: none.
      recovery_wait_secs: how long to wait between looks at what the chief does.
      stop_grace_secs: how long threads may take to stop.
      checkpoint_basename: the start of the names of checkpoints.
      session_manager: the SessionManager.
      summary_writer: the FileWriter.
      init_fn: called with a new session after `init_op`.
      local_init_run_options: RunOptions for `local_init_op`.
    """

    USE_DEFAULT = 0

    def __init__(self, graph: Any = None, ready_op: Any = USE_DEFAULT, ready_for_local_init_op: Any = USE_DEFAULT,
                 is_chief: bool = True, init_op: Any = USE_DEFAULT, init_feed_dict: Any = None,
                 local_init_op: Any = USE_DEFAULT, logdir: str | None = None, summary_op: Any = USE_DEFAULT,
                 saver: Any = USE_DEFAULT, global_step: Any = USE_DEFAULT, save_summaries_secs: float = 120,
                 save_model_secs: float = 600, recovery_wait_secs: float = 30, stop_grace_secs: float = 120,
                 checkpoint_basename: str = "model.ckpt", session_manager: Any = None,
                 summary_writer: Any = USE_DEFAULT, init_fn: Any = None,
                 local_init_run_options: Any = None) -> None:  # fmt: skip
        self._graph = graph = scopes.get_default_graph() if graph is None else graph
        with graph.as_default():
            self._ready_op = _found(ready_op, GraphKeys.READY_OP, variables.report_uninitialized_variables)
            self._ready_for_local_init_op = _found(
                ready_for_local_init_op, GraphKeys.READY_FOR_LOCAL_INIT_OP, _none
            )
            self._init_op = _found(init_op, GraphKeys.INIT_OP, variables.global_variables_initializer)
            self._init_feed_dict = init_feed_dict
            self._local_init_op = _found(local_init_op, GraphKeys.LOCAL_INIT_OP, _local_init_op)
            self._saver = _found(saver, GraphKeys.SAVERS, _saver)
            self._summary_op = _found(summary_op, GraphKeys.SUMMARY_OP, summary.merge_all)
            self._global_step = _found(global_step, GraphKeys.GLOBAL_STEP, _global_step)
        self._meta_graph_def = meta_graph.create_meta_graph_def(
            graph_def=graph.as_graph_def(add_shapes=True),
            saver_def=self._saver.saver_def if self._saver else None,
        )
        self._is_chief = is_chief
        self._coord = Coordinator()
        self._stop_grace_secs = stop_grace_secs
        self._init_fn = init_fn
        self._logdir = logdir if is_chief else None
        self._save_summaries_secs = save_summaries_secs if is_chief else None
        self._save_model_secs = save_model_secs if is_chief else None
        self._save_path = os.path.join(logdir, checkpoint_basename) if is_chief and logdir else None
        self._summary_writer: Any = None
        self._graph_added_to_summary = False
        if is_chief and summary_writer is not Supervisor.USE_DEFAULT:
            self._summary_writer = summary_writer
        elif is_chief and logdir:
            self._summary_writer = FileWriter(logdir)
        self._session_manager = session_manager or SessionManager(
            self._local_init_op, self._ready_op, self._ready_for_local_init_op, graph, recovery_wait_secs,
            local_init_run_options,
        )  # fmt: skip
        self._verify_setup()
        graph.finalize()

    @property
    def is_chief(self) -> bool:
        """Whether it initialises and saves."""
        return self._is_chief

    @property
    def session_manager(self) -> Any:
        """The SessionManager."""
        return self._session_manager

    @property
    def coord(self) -> Coordinator:
        """The Coordinator of its threads."""
        return self._coord

    @property
    def init_op(self) -> Any:
        """Initialises the variables."""
        return self._init_op

    @property
    def init_feed_dict(self) -> Any:
        """The feeds of `init_op`."""
        return self._init_feed_dict

    @property
    def ready_op(self) -> Any:
        """Gives the names of variables that are not initialised."""
        return self._ready_op

    @property
    def ready_for_local_init_op(self) -> Any:
        """Gives the names of what `local_init_op` needs and is not initialised."""
        return self._ready_for_local_init_op

    @property
    def summary_writer(self) -> Any:
        """The FileWriter."""
        return self._summary_writer

    @property
    def summary_op(self) -> Any:
        """Gives the summaries."""
        return self._summary_op

    @property
    def save_summaries_secs(self) -> Any:
        """Seconds between summaries."""
        return self._save_summaries_secs

    @property
    def global_step(self) -> Any:
        """Counts the steps."""
        return self._global_step

    @property
    def saver(self) -> Any:
        """The Saver."""
        return self._saver

    @property
    def save_model_secs(self) -> Any:
        """Seconds between checkpoints."""
        return self._save_model_secs

    @property
    def save_path(self) -> str | None:
        """The start of the paths of checkpoints."""
        return self._save_path

    def _write_graph(self) -> None:
        if self._logdir:
            graph_files.write_graph(self._graph.as_graph_def(add_shapes=True), self._logdir, "graph.pbtxt")
        if self._summary_writer and not self._graph_added_to_summary:
            self._summary_writer.add_graph(self._graph)
            self._summary_writer.add_meta_graph(self._meta_graph_def)
            self._graph_added_to_summary = True

    def start_standard_services(self, sess: Any) -> list[LooperThread] | None:
        """Start the threads that write checkpoints and summaries; gives them.

        Raises:
          RuntimeError: it is not the chief.
        """
        if not self._is_chief:
            raise RuntimeError(
                "Only chief supervisor can start standard services. Because only chief supervisors can write events."
            )
        if not self._logdir:
            logging.warning("Standard services need a 'logdir' passed to the SessionManager")
            return None
        if self._global_step is not None and self._summary_writer:
            log = proto.SessionLog(status=proto.SessionLog.START)
            self._summary_writer.add_session_log(log, step_of(sess, self._global_step))
        threads: list[LooperThread] = []
        if self._save_summaries_secs and self._summary_writer:
            if self._summary_op is not None:
                threads.append(SVSummaryThread(self, sess))
            if self._global_step is not None:
                threads.append(SVStepCounterThread(self, sess))
        if self.saver and self._save_model_secs:
            threads.append(SVTimerCheckpointThread(self, sess))
        for thread in threads:
            thread.start()
        return threads

    def prepare_or_wait_for_session(self, master: str = "", config: Any = None, wait_for_checkpoint: bool = False,
                                    max_wait_secs: float = 7200, start_standard_services: bool = True) -> Any:
        """A session that is ready: restored or initialised by the chief, waited for by others.

        Args:
          master: the target of the session.
          config: a ConfigProto.
          wait_for_checkpoint: wait for a checkpoint.
          max_wait_secs: how long to wait.
          start_standard_services: start the threads that write files, and the queue runners.
        """
        self._coord.clear_stop()
        if self._summary_writer:
            self._summary_writer.reopen()
        if self._is_chief:
            sess = self._session_manager.prepare_session(
                master, init_op=self.init_op, saver=self.saver, checkpoint_dir=self._logdir,
                wait_for_checkpoint=wait_for_checkpoint, max_wait_secs=max_wait_secs, config=config,
                init_feed_dict=self._init_feed_dict, init_fn=self._init_fn,
            )  # fmt: skip
            self._write_graph()
            if start_standard_services:
                logging.info("Starting standard services.")
                self.start_standard_services(sess)
        else:
            sess = self._session_manager.wait_for_session(master, config=config, max_wait_secs=max_wait_secs)
        if start_standard_services:
            logging.info("Starting queue runners.")
            self.start_queue_runners(sess)
        return sess

    def start_queue_runners(self, sess: Any, queue_runners: Any = None) -> list[Any]:
        """Start the threads of queue runners (those of the graph's collection); gives them."""
        if queue_runners is None:
            queue_runners = self._graph.get_collection(GraphKeys.QUEUE_RUNNERS)
        threads = []
        for runner in queue_runners:
            threads.extend(runner.create_threads(sess, coord=self._coord, daemon=True, start=True))
        return threads

    def loop(self, timer_interval_secs: float | None, target: Callable[..., Any], args: Any = None,
             kwargs: Any = None) -> LooperThread:  # fmt: skip
        """A thread that calls a function every so many seconds until the end."""
        return LooperThread.loop(self._coord, timer_interval_secs, target, args, kwargs)

    def stop(self, threads: Any = None, close_summary_writer: bool = True, ignore_live_threads: bool = False) -> None:
        """Stop the threads, and raise what they reported.

        Args:
          threads: more threads to wait for.
          close_summary_writer: close the event file.
          ignore_live_threads: do not mind threads that do not stop.
        """
        self._coord.request_stop()
        try:
            self._coord.join(
                threads, stop_grace_period_secs=self._stop_grace_secs, ignore_live_threads=ignore_live_threads
            )
        finally:
            if close_summary_writer and self._summary_writer:
                self._summary_writer.add_session_log(proto.SessionLog(status=proto.SessionLog.STOP))
                self._summary_writer.close()
                self._graph_added_to_summary = False

    def request_stop(self, ex: Any = None) -> None:
        """Ask the threads to stop; `ex` is the reason."""
        self._coord.request_stop(ex=ex)

    def should_stop(self) -> bool:
        """Whether somebody asked to stop."""
        return self._coord.should_stop()

    def stop_on_exception(self) -> Any:
        """A context that asks to stop where it ends with an exception."""
        return self._coord.stop_on_exception()

    def wait_for_stop(self) -> None:
        """Wait until somebody asks to stop."""
        self._coord.wait_for_stop()

    def summary_computed(self, sess: Any, summary: Any, global_step: Any = None) -> None:
        """Write a summary, at the global step if no step is given.

        Raises:
          RuntimeError: there is no event file.
        """
        if not self._summary_writer:
            raise RuntimeError("Writing a summary requires a summary writer.")
        if global_step is None and self.global_step is not None:
            global_step = step_of(sess, self.global_step)
        self._summary_writer.add_summary(summary, global_step)

    def _verify_setup(self) -> None:
        if self._is_chief:
            return
        for op in self._graph.get_operations():
            if op.type in ("Variable", "VariableV2") and not op.device:
                raise ValueError(f"When using replicas, all Variables must have their device set: {op}")

    @contextlib.contextmanager
    def managed_session(self, master: str = "", config: Any = None, start_standard_services: bool = True,
                        close_summary_writer: bool = True) -> Iterator[Any]:  # fmt: skip
        """A context with a session that is ready; at its end all threads stop, and what they reported is raised.

        The end of the input, OutOfRangeError, is no error.
        """
        sess: Any = None
        try:
            sess = self.prepare_or_wait_for_session(
                master=master, config=config, start_standard_services=start_standard_services
            )
            yield sess
        except Exception as error:  # noqa: BLE001 - stop raises it
            self.request_stop(error)
        finally:
            try:
                self.stop(close_summary_writer=close_summary_writer)
            finally:
                with contextlib.suppress(Exception):
                    sess.close()

    PrepareSession = prepare_or_wait_for_session
    StartQueueRunners = start_queue_runners
    StartStandardServices = start_standard_services
    Stop = stop
    RequestStop = request_stop
    Loop = loop
    ShouldStop = should_stop
    StopOnException = stop_on_exception
    WaitForStop = wait_for_stop
    SummaryComputed = summary_computed


def _found(given: Any, key: str, make: Callable[[], Any]) -> Any:
    """What is given; by default the first item of a collection, made if there is none."""
    if given is not Supervisor.USE_DEFAULT:
        return given
    held = get_collection(key)
    if len(held) > 1:
        logging.info("Found %d %s operations. Returning the first one.", len(held), key)
    if held:
        return held[0]
    made = make()
    if made is not None:
        add_to_collection(key, made)
    return made


def _none() -> None:
    return None


def _local_init_op() -> Any:
    return control.group(variables.local_variables_initializer(), lookup_tables.tables_initializer())


def _saver() -> Any:
    return savers.Saver() if variables.global_variables() else None


def _global_step() -> Any:
    try:
        found = scopes.get_default_graph().get_tensor_by_name("global_step:0")
    except KeyError:
        return None
    if found.dtype.base_dtype in (dtypes.int32, dtypes.int64):
        return found
    logging.warning(f"Found 'global_step' is not an int type: {found.dtype}")
    return None


@public("train.basic_train_loop")
def basic_train_loop(supervisor: Supervisor, train_step_fn: Callable[..., Any], args: Any = None, kwargs: Any = None,
                     master: str = "") -> None:  # fmt: skip
    """Call a function with a session, again and again, until it is time to stop; anew where the session is lost.

    Args:
      supervisor: makes the sessions.
      train_step_fn: called as `train_step_fn(session, *args, **kwargs)`.
      args: its arguments.
      kwargs: its keyword arguments.
      master: the target of the sessions.
    """
    while True:
        try:
            with supervisor.managed_session(master) as sess:
                while not supervisor.should_stop():
                    train_step_fn(sess, *(args or ()), **(kwargs or {}))
            return
        except errors.AbortedError as error:
            logging.vlog(1, "Starting anew: %s", error)
