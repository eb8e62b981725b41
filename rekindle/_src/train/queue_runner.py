"""Threads that fill queues: `tf.train.QueueRunner` and what starts them."""

from __future__ import annotations

import threading
import weakref
from typing import Any

from rekindle._src import errors
from rekindle._src import tf_logging as logging
from rekindle._src.graph import meta_graph, proto, scopes
from rekindle._src.graph.collections import GraphKeys, add_to_collection, get_collection
from rekindle._src.names import public
from rekindle._src.run.session import BaseSession


@public("train.QueueRunner", "train.queue_runner.QueueRunner")
class QueueRunner:
    """Runs operations that fill a queue, a thread each, until one of them has nothing more to put in.

    Args:
      queue: the queue.
      enqueue_ops: the operations.
      close_op: the operation that closes the queue at the end; default: made here.
      cancel_op: the operation that closes it when the coordinator asks to stop; default: made here.
      queue_closed_exception_types: errors that say that there is nothing more; default: OutOfRangeError.
      queue_runner_def: a QueueRunnerDef to take all this from, instead.
      import_scope: a prefix to the names in it.
    """

    def __init__(self, queue: Any = None, enqueue_ops: Any = None, close_op: Any = None, cancel_op: Any = None,
                 queue_closed_exception_types: Any = None, queue_runner_def: Any = None,
                 import_scope: str | None = None) -> None:  # fmt: skip
        self._queue = queue
        self._enqueue_ops = enqueue_ops
        if queue_runner_def:
            if queue or enqueue_ops:
                raise ValueError("queue_runner_def and queue are mutually exclusive.")
            types = self._take_from(queue_runner_def, import_scope)
        else:
            types = self._checked_types(queue_closed_exception_types)
            self._close_op = self._queue.close() if close_op is None else close_op
            self._cancel_op = self._queue.close(cancel_pending_enqueues=True) if cancel_op is None else cancel_op
        self._queue_closed_exception_types = types or (errors.OutOfRangeError,)
        self._lock = threading.Lock()
        self._runs_per_session: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._exceptions_raised: list[Exception] = []

    def _checked_types(self, types: Any) -> Any:
        if not self._queue or not self._enqueue_ops:
            raise ValueError("Must provide queue and enqueue_ops.")
        if types is not None and (
            not isinstance(types, tuple) or not types or not all(issubclass(t, errors.OpError) for t in types)
        ):
            raise TypeError(
                f"queue_closed_exception_types, when provided, must be a tuple of tf.error types, but saw: {types}"
            )
        return types

    def _take_from(self, definition: Any, import_scope: str | None) -> Any:
        graph = scopes.get_default_graph()

        def element(name: str) -> Any:
            return graph.as_graph_element(meta_graph.prepend_name_scope(name, import_scope))

        self._queue = element(definition.queue_name)
        self._enqueue_ops = [element(name) for name in definition.enqueue_op_name]
        self._close_op = element(definition.close_op_name)
        self._cancel_op = element(definition.cancel_op_name)
        return tuple(
            errors.exception_type_from_error_code(code) for code in definition.queue_closed_exception_types
        )

    @property
    def queue(self) -> Any:
        """The queue."""
        return self._queue

    @property
    def enqueue_ops(self) -> Any:
        """The operations that fill it."""
        return self._enqueue_ops

    @property
    def close_op(self) -> Any:
        """The operation that closes it at the end."""
        return self._close_op

    @property
    def cancel_op(self) -> Any:
        """The operation that closes it when the coordinator asks to stop."""
        return self._cancel_op

    @property
    def queue_closed_exception_types(self) -> Any:
        """The errors that say that there is nothing more to put in."""
        return self._queue_closed_exception_types

    @property
    def exceptions_raised(self) -> list[Exception]:
        """What the threads raised since they were made, if there is no coordinator to tell."""
        return self._exceptions_raised

    @property
    def name(self) -> str:
        """The name of the queue's operation."""
        return self._queue.name

    def _run(self, sess: Any, enqueue_op: Any, coord: Any = None) -> None:
        counted = True
        try:
            fill = sess.make_callable(enqueue_op)
            while not (coord and coord.should_stop()):
                try:
                    fill()
                except self._queue_closed_exception_types:
                    counted = False
                    self._leave(sess)
                    return
        except Exception as error:
            if coord:
                coord.request_stop(error)
                return
            logging.error("Exception in QueueRunner: %s", error)
            with self._lock:
                self._exceptions_raised.append(error)
            raise
        finally:
            if counted:
                with self._lock:
                    self._runs_per_session[sess] -= 1

    def _leave(self, sess: Any) -> None:
        """End a thread that has nothing more to put in; the last one closes the queue."""
        with self._lock:
            self._runs_per_session[sess] -= 1
            if self._runs_per_session[sess] == 0:
                _run_quietly(sess, self._close_op)

    def create_threads(self, sess: Any, coord: Any = None, daemon: bool = False,
                       start: bool = False) -> list[threading.Thread]:  # fmt: skip
        """The threads that fill the queue in a session; [] if they run already.

        Args:
          sess: the Session.
          coord: a Coordinator that ends them, and that they tell of their errors.
          daemon: let the program end while they run.
          start: start them.
        """
        with self._lock:
            if self._runs_per_session.get(sess, 0) > 0:
                return []
            self._runs_per_session[sess] = len(self._enqueue_ops)
            self._exceptions_raised = []
        prefix = f"QueueRunnerThread-{self.name}"
        threads = [
            threading.Thread(target=self._run, args=(sess, op, coord), name=f"{prefix}-{op.name}")
            for op in self._enqueue_ops
        ]
        if coord:
            closing = (sess, self._cancel_op, coord)
            threads.append(threading.Thread(target=_close_on_stop, args=closing, name=f"{prefix}-close_on_stop"))
        for thread in threads:
            if coord:
                coord.register_thread(thread)
            thread.daemon = thread.daemon or daemon
            if start:
                thread.start()
        return threads

    def to_proto(self, export_scope: str | None = None) -> Any:
        """It as a QueueRunnerDef; None if the queue is not in the scope."""
        if export_scope is not None and not self.queue.name.startswith(export_scope):
            return None

        def name(one: Any) -> str:
            return meta_graph.strip_name_scope(one.name, export_scope)

        return proto.message("core/protobuf/queue_runner", "QueueRunnerDef")(
            queue_name=name(self.queue),
            enqueue_op_name=[name(op) for op in self.enqueue_ops],
            close_op_name=name(self.close_op),
            cancel_op_name=name(self.cancel_op),
            queue_closed_exception_types=[
                errors.error_code_from_exception_type(t) for t in self._queue_closed_exception_types
            ],
        )

    @staticmethod
    def from_proto(queue_runner_def: Any, import_scope: str | None = None) -> QueueRunner:
        """The one that a QueueRunnerDef describes."""
        return QueueRunner(queue_runner_def=queue_runner_def, import_scope=import_scope)


def _run_quietly(sess: Any, operation: Any) -> None:
    try:
        sess.run(operation)
    except Exception as error:  # noqa: BLE001 - the session may be closed, the queue too
        logging.vlog(1, "Ignored exception: %s", error)


def _close_on_stop(sess: Any, cancel_op: Any, coord: Any) -> None:
    coord.wait_for_stop()
    _run_quietly(sess, cancel_op)


@public("train.add_queue_runner", "train.queue_runner.add_queue_runner")
def add_queue_runner(qr: QueueRunner, collection: str = GraphKeys.QUEUE_RUNNERS) -> None:
    """Let `start_queue_runners` start it too."""
    add_to_collection(collection, qr)


@public("train.start_queue_runners", "train.queue_runner.start_queue_runners")
def start_queue_runners(sess: Any = None, coord: Any = None, daemon: bool = True, start: bool = True,
                        collection: str = GraphKeys.QUEUE_RUNNERS) -> list[threading.Thread]:  # fmt: skip
    """Start the threads that fill the queues of a session's graph; gives them.

    Args:
      sess: the Session; default: the default session.
      coord: a Coordinator that ends them.
      daemon: let the program end while they run.
      start: start them; otherwise they are only made.
      collection: the collection of the queue runners.

    Raises:
      ValueError: there is no session.
      TypeError: `sess` is none.
    """
    if sess is None:
        sess = scopes.get_default_session()
        if not sess:
            raise ValueError(
                "Cannot start queue runners: No default session is registered. Use `with sess.as_default()` or pass an "
                "explicit session to tf.start_queue_runners(sess=sess)"
            )
    if not isinstance(sess, BaseSession):
        if type(sess).__name__ in ("MonitoredSession", "SingularMonitoredSession"):
            return []  # it started them itself
        raise TypeError(f"sess must be a `tf.Session` object. Given class: {type(sess)}")
    with sess.graph.as_default():
        runners = get_collection(collection)
        if not runners:
            logging.warning(
                "`tf.train.start_queue_runners()` was called when no queue runners were defined. You can safely remove "
                "the call to this deprecated function."
            )
        threads = []
        for runner in runners:
            threads.extend(runner.create_threads(sess, coord=coord, daemon=daemon, start=start))
    return threads


meta_graph.register_proto_function(
    GraphKeys.QUEUE_RUNNERS, proto.message("core/protobuf/queue_runner", "QueueRunnerDef"),
    QueueRunner.to_proto, QueueRunner.from_proto,
)  # fmt: skip
