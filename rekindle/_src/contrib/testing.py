"""What tests of training loops use: an event file that only remembers, and readers of event files.

The functions of tensorflow.contrib.testing.python.framework.
"""

from __future__ import annotations

import glob
import os
from typing import Any

import numpy as np

from rekindle._src.formats.events import summary_iterator
from rekindle._src.graph import proto
from rekindle._src.summary import writer


class FakeSummaryWriter:
    """Stands for FileWriter while it is installed, and remembers what it is given."""

    _replaced_summary_writer: Any = None

    @classmethod
    def install(cls) -> None:
        """Let FileWriterCache give such writers.

        Raises:
          ValueError: it does already.
        """
        if cls._replaced_summary_writer:
            raise ValueError("FakeSummaryWriter already installed.")
        cls._replaced_summary_writer = writer.FileWriter
        writer.FileWriter = cls  # type: ignore[misc, assignment]

    @classmethod
    def uninstall(cls) -> None:
        """Undo `install`.

        Raises:
          ValueError: it was not called.
        """
        if not cls._replaced_summary_writer:
            raise ValueError("FakeSummaryWriter not installed.")
        writer.FileWriter = cls._replaced_summary_writer  # type: ignore[misc]
        cls._replaced_summary_writer = None

    def __init__(self, logdir: str, graph: Any = None) -> None:
        self._logdir = logdir
        self._graph = graph
        self._summaries: dict[Any, list[Any]] = {}
        self._added_graphs: list[Any] = []
        self._added_meta_graphs: list[Any] = []
        self._added_session_logs: list[Any] = []
        self._added_run_metadata: dict[str, Any] = {}

    @property
    def summaries(self) -> dict[Any, list[Any]]:
        """The summaries by step."""
        return self._summaries

    def assert_summaries(self, test_case: Any, expected_logdir: Any = None, expected_graph: Any = None,
                         expected_summaries: Any = None, expected_added_graphs: Any = None,
                         expected_added_meta_graphs: Any = None,
                         expected_session_logs: Any = None) -> None:  # fmt: skip
        """Fail a test case unless it was given all this; None: whatever it was given."""
        if expected_logdir is not None:
            test_case.assertEqual(expected_logdir, self._logdir)
        if expected_graph is not None:
            test_case.assertTrue(expected_graph is self._graph)
        for step, expected in (expected_summaries or {}).items():
            test_case.assertIn(step, self._summaries)
            values = [v for s in self._summaries[step] for v in s.value if v.tag != "global_step/sec"]
            test_case.assertEqual(expected, {v.tag: v.simple_value for v in values})
        for expected, found in (
            (expected_added_graphs, self._added_graphs),
            (expected_added_meta_graphs, self._added_meta_graphs),
            (expected_session_logs, self._added_session_logs),
        ):
            if expected is not None:
                test_case.assertEqual(expected, found)

    def add_summary(self, summ: Any, current_global_step: Any) -> None:
        """Remember a summary."""
        found = to_summary_proto(summ) if isinstance(summ, bytes) else summ
        self._summaries.setdefault(current_global_step, []).append(found)

    def add_graph(self, graph: Any, global_step: Any = None, graph_def: Any = None) -> None:
        """Remember a graph.

        Raises:
          ValueError: the step is negative, or there is a GraphDef.
        """
        _check_step(global_step)
        if graph_def is not None:
            raise ValueError(f"Unexpected graph_def {graph_def}.")
        self._added_graphs.append(graph)

    def add_meta_graph(self, meta_graph_def: Any, global_step: Any = None) -> None:
        """Remember a MetaGraphDef."""
        _check_step(global_step)
        self._added_meta_graphs.append(meta_graph_def)

    def add_session_log(self, session_log: Any, global_step: Any = None) -> None:
        """Remember a SessionLog."""
        self._added_session_logs.append(session_log)

    def add_run_metadata(self, run_metadata: Any, tag: str, global_step: Any = None) -> None:
        """Remember a RunMetadata."""
        _check_step(global_step)
        self._added_run_metadata[tag] = run_metadata

    def flush(self) -> None:
        """Nothing."""

    def reopen(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def _check_step(global_step: Any) -> None:
    if global_step is not None and global_step < 0:
        raise ValueError(f"Invalid global_step {global_step}.")


def assert_summary(expected_tags: Any, expected_simple_values: Any, summary_proto: Any) -> None:
    """Refuse a Summary that has other tags or other numbers.

    Raises:
      ValueError: the tags differ.
      AssertionError: a number differs by more than 0.015.
    """
    for value in summary_proto.value:
        if value.tag in expected_simple_values:
            wanted = expected_simple_values[value.tag]
            np.testing.assert_almost_equal(value.simple_value, wanted, decimal=2, err_msg=value.tag)
    found = {value.tag for value in summary_proto.value}
    if set(expected_tags) != found:
        raise ValueError(f"Expected tags {set(expected_tags)}, got {found}.")


def to_summary_proto(summary_str: bytes) -> Any:
    """The Summary that bytes hold."""
    return proto.Summary.FromString(summary_str)


def latest_event_file(base_dir: str) -> str | None:
    """The newest event file of a folder."""
    return max(glob.glob(os.path.join(base_dir, "events.*")), default=None)


def latest_events(base_dir: str) -> Any:
    """The events of the newest event file of a folder."""
    path = latest_event_file(base_dir)
    return summary_iterator(path) if path else []


def latest_summaries(base_dir: str) -> list[Any]:
    """The events with summaries of the newest event file of a folder."""
    return [e for e in latest_events(base_dir) if e.HasField("summary")]


def simple_values_from_events(events: Any, tags: Any) -> dict[str, float]:
    """The latest number of each tag.

    Raises:
      ValueError: a summary holds something else.
    """
    latest: dict[str, tuple[int, float]] = {}
    for event in events:
        for value in event.summary.value:
            if value.tag not in tags:
                continue
            if not value.HasField("simple_value"):
                raise ValueError(f"Summary for {value.tag} is not a simple_value.")
            if value.tag not in latest or event.step > latest[value.tag][0]:
                latest[value.tag] = event.step, value.simple_value
    return {tag: number for tag, (_, number) in latest.items()}
