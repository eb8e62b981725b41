"""`tf.summary.FileWriter`: summaries, graphs and logs into an event file, written by a thread.

Holds `FileWriter`, the queue behind it (`EventFileWriter`) and `FileWriterCache`. The file format
is in `formats/events.py`, the summary ops in `ops/summary.py`.
"""
from __future__ import annotations

import atexit
import os
import queue
import threading
import time
import warnings
import weakref
from typing import Any

from rekindle._src import tf_logging as logging
from rekindle._src.formats.events import EventsWriter
from rekindle._src.formats.files import file_error, local_path
from rekindle._src.graph import meta_graph, proto, scopes
from rekindle._src.graph.graph import Graph
from rekindle._src.names import public


class EventFileWriter:
    """Queues events and writes them, in a thread, to an event file in a folder.

    Args:
      logdir: the folder; made if it is not there.
      max_queue: the number of events that wait before `add_event` blocks.
      flush_secs: the most seconds between two flushes while events come.
      filename_suffix: the last part of the file's name; given, the file is made at once.
    """

    def __init__(
        self,
        logdir: str,
        max_queue: int = 10,
        flush_secs: float = 120,
        filename_suffix: str | None = None,
    ) -> None:
        self._logdir = os.fspath(logdir) if isinstance(logdir, os.PathLike) else str(logdir)
        try:
            os.makedirs(local_path(self._logdir) or ".", exist_ok=True)
        except OSError as error:
            raise file_error(error, self._logdir) from None
        self._writer = EventsWriter(os.path.join(local_path(self._logdir), "events"), filename_suffix or "")
        if filename_suffix:
            self._writer.open()
        self._queue: queue.Queue[Any] = queue.Queue(max_queue)
        self._flush_secs = flush_secs
        self._closed = False
        self._problem: Exception | None = None
        self._start()
        _OPEN.add(self)

    def get_logdir(self) -> str:
        """The folder of the file."""
        return self._logdir

    def add_event(self, event: Any) -> None:
        """Queue an `Event`; nothing happens if the writer is closed."""
        if not self._closed:
            self._queue.put(event)

    def flush(self) -> None:
        """Wait until every event is in the file.

        Raises:
          errors.OpError: the file cannot be written.
        """
        self._queue.join()
        self._raise_problem()
        self._writer.flush()

    def close(self) -> None:
        """Flush and close the file; nothing happens the second time."""
        if self._closed:
            return
        self._queue.put(None)
        self._thread.join()
        self._closed = True
        self._raise_problem()
        self._writer.close()

    def reopen(self) -> None:
        """After `close`, begin a new file in the same folder."""
        if self._closed:
            self._closed = False
            self._start()

    def _start(self) -> None:
        self._thread = threading.Thread(target=self._work, name="EventFileWriter", daemon=True)
        self._thread.start()

    def _work(self) -> None:
        """Write events as they come, the first one at once, until None comes."""
        next_flush = 0.0
        while True:
            event = self._queue.get()
            try:
                if event is None:
                    return
                self._writer.write(event.SerializeToString())
                if time.time() > next_flush:
                    self._writer.flush()
                    next_flush = time.time() + self._flush_secs
            except Exception as error:  # noqa: BLE001 - it is raised by the next flush
                self._problem = self._problem or error
            finally:
                self._queue.task_done()

    def _raise_problem(self) -> None:
        problem, self._problem = self._problem, None
        if problem is not None:
            raise problem


#: writers whose events go to the file at the end of the program, closed or not
_OPEN: weakref.WeakSet[EventFileWriter] = weakref.WeakSet()


@atexit.register
def _close_writers() -> None:
    for writer in list(_OPEN):
        writer.close()


@public("summary.FileWriter")
class FileWriter:
    """Writes summaries, graphs and logs to an event file, which TensorBoard reads.

    Adding returns at once; a thread does the writing. A context manager, too.

    Args:
      logdir: the folder of the event file.
      graph: a `tf.Graph` to add, with its MetaGraph.
      max_queue: the number of events that wait before adding blocks.
      flush_secs: the most seconds between two flushes while events come.
      graph_def: a GraphDef to add; deprecated, use `graph`.
      filename_suffix: the last part of the file's name.
      session: not supported; TensorFlow would share the file with `tf.contrib.summary` in it.

    Raises:
      errors.OpError: the folder cannot be made.
      NotImplementedError: a session is given.
    """

    def __init__(
        self,
        logdir: str,
        graph: Any = None,
        max_queue: int = 10,
        flush_secs: float = 120,
        graph_def: Any = None,
        filename_suffix: str | None = None,
        session: Any = None,
    ) -> None:
        if session is not None:
            raise NotImplementedError(
                "tf.summary.FileWriter(session=...) shares its file with tf.contrib.summary, which "
                "Rekindle does not have; leave out session to write the file directly"
            )
        self.event_writer = EventFileWriter(logdir, max_queue, flush_secs, filename_suffix)
        self._closed = False
        self._session_run_tags: set[str] = set()
        self._seen_summary_tags: set[str] = set()
        if graph is not None or graph_def is not None:
            self.add_graph(graph=graph, graph_def=graph_def)
            if isinstance(graph, Graph):
                graph = graph.as_graph_def(add_shapes=True)
            self.add_meta_graph(meta_graph.create_meta_graph_def(graph_def=graph_def or graph))

    def __enter__(self) -> FileWriter:
        return self

    def __exit__(self, *raised: Any) -> None:
        self.close()

    def get_logdir(self) -> str:
        """The folder of the event file."""
        return self.event_writer.get_logdir()

    def add_summary(self, summary: Any, global_step: Any = None) -> None:
        """Add a summary.

        Args:
          summary: what running a summary op gives (bytes), or a `tf.Summary`. Metadata of a tag
            that came before is taken out: the file needs it once.
          global_step: the step to record with it.
        """
        if isinstance(summary, bytes):
            summary = proto.Summary.FromString(summary)
        for value in summary.value:
            if value.tag in self._seen_summary_tags:
                value.ClearField("metadata")
            self._seen_summary_tags.add(value.tag)
        self._add_event(global_step, summary=summary)

    def add_session_log(self, session_log: Any, global_step: Any = None) -> None:
        """Add a `tf.SessionLog`."""
        self._add_event(global_step, session_log=session_log)

    def add_graph(self, graph: Any, global_step: Any = None, graph_def: Any = None) -> None:
        """Add a `tf.Graph` (or, deprecated, a GraphDef).

        Raises:
          ValueError: both `graph` and `graph_def` are given.
          TypeError: it is neither a Graph nor a GraphDef.
        """
        if graph is not None and graph_def is not None:
            raise ValueError("Please pass only graph, or graph_def (deprecated), but not both.")
        given = graph_def if graph is None else graph
        if isinstance(given, Graph):
            if given is graph_def:
                logging.warning(
                    "When passing a `Graph` object, please use the `graph` named argument instead "
                    "of `graph_def`."
                )
            given = given.as_graph_def(add_shapes=True)
        elif isinstance(given, proto.GraphDef):
            logging.warning(
                "Passing a `GraphDef` to the SummaryWriter is deprecated. Pass a `Graph` object "
                "instead, such as `sess.graph`."
            )
        else:
            raise TypeError(
                "The passed graph must be an instance of `Graph` or the deprecated `GraphDef`"
            )
        self._add_event(global_step, graph_def=given.SerializeToString())

    def add_meta_graph(self, meta_graph_def: Any, global_step: Any = None) -> None:
        """Add a MetaGraphDef.

        Raises:
          TypeError: it is something else.
        """
        if not isinstance(meta_graph_def, proto.MetaGraphDef):
            raise TypeError(
                f"meta_graph_def must be type MetaGraphDef, saw type: {type(meta_graph_def)}"
            )
        self._add_event(global_step, meta_graph_def=meta_graph_def.SerializeToString())

    def add_run_metadata(self, run_metadata: Any, tag: str, global_step: Any = None) -> None:
        """Add the `tf.RunMetadata` of one `Session.run` under a tag that is new.

        Raises:
          ValueError: the tag came before.
        """
        if tag in self._session_run_tags:
            raise ValueError("The provided tag was already used for this event type")
        self._session_run_tags.add(tag)
        tagged = proto.TaggedRunMetadata(tag=tag, run_metadata=run_metadata.SerializeToString())
        self._add_event(global_step, tagged_run_metadata=tagged)

    def add_event(self, event: Any) -> None:
        """Add a `tf.Event` as it is."""
        self._warn_if_closed()
        self.event_writer.add_event(event)

    def flush(self) -> None:
        """Wait until everything added is in the file."""
        self._warn_if_closed()
        self.event_writer.flush()

    def close(self) -> None:
        """Flush and close the file."""
        self.event_writer.close()
        self._closed = True

    def reopen(self) -> None:
        """After `close`, go on in a new file of the same folder."""
        self.event_writer.reopen()
        self._closed = False

    def _add_event(self, step: Any, **what: Any) -> None:
        event = proto.Event(wall_time=time.time(), **what)
        if step is not None:
            event.step = int(step)
        self.add_event(event)

    def _warn_if_closed(self) -> None:
        if self._closed:
            warnings.warn(
                "Attempting to use a closed FileWriter. The operation will be a noop unless the "
                "FileWriter is explicitly reopened.",
                stacklevel=3,
            )


@public("summary.FileWriterCache")
class FileWriterCache:
    """One `FileWriter` per folder, for the whole program."""

    _cache: dict[str, FileWriter] = {}
    _lock = threading.RLock()

    @staticmethod
    def clear() -> None:
        """Close and forget all of them."""
        with FileWriterCache._lock:
            for writer in FileWriterCache._cache.values():
                writer.close()
            FileWriterCache._cache = {}

    @staticmethod
    def get(logdir: str) -> FileWriter:
        """The writer of a folder; a new one gets the default graph."""
        with FileWriterCache._lock:
            if logdir not in FileWriterCache._cache:
                graph = scopes.get_default_graph()
                FileWriterCache._cache[logdir] = FileWriter(logdir, graph=graph)
            return FileWriterCache._cache[logdir]
