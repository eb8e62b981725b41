"""Each program on Rekindle against its recording: nodes, initial variables, fetched values."""
from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import canonical
from tests.programs import programs, tracing


@pytest.fixture(scope="module", params=programs.PROGRAMS, ids=lambda program: program.name)
def traces(request: Any, tmp_path_factory: Any) -> tuple[Any, Any, Any]:
    """(program, what TensorFlow did, what Rekindle does)."""
    program = request.param
    if program.missing():
        pytest.skip(program.missing())
    out = tmp_path_factory.mktemp("trace") / "ours.json.gz"
    command = [sys.executable, tracing.__file__, "--rekindle", *program.arguments(str(out))]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=600)
    return program, read(Path(program.recording())), read(out)


def read(path: Path) -> Any:
    return json.loads(gzip.decompress(path.read_bytes()))


def digests(variables: Any) -> Any:
    """[name, type, shape, digest] of each variable; their statistics depend on numpy's version."""
    return [[name, one["dtype"], one["shape"], one.get("digest")] for name, one in variables]


def ended_alike(traces: Any) -> Any:
    """The same traces; skips where the programs ended differently, which has its own test."""
    if traces[1]["error"] != traces[2]["error"]:
        pytest.skip("the program ended with another error")
    return traces


def test_ends_as_recorded(traces: Any) -> None:
    _, expected, actual = traces
    assert actual["error"] == expected["error"]
    assert actual["run_count"] == expected["run_count"]


def test_graphs_equal_node_by_node(traces: Any) -> None:
    _, expected, actual = ended_alike(traces)
    assert len(actual["graphs"]) == len(expected["graphs"])
    for mine, theirs in zip(actual["graphs"], expected["graphs"], strict=True):
        assert canonical.differences(theirs, mine) == []


def test_variables_start_bit_equal(traces: Any) -> None:
    _, expected, actual = ended_alike(traces)
    assert digests(actual["initial"]) == digests(expected["initial"])


def test_runs_fetch_the_recorded_values(traces: Any) -> None:
    program, expected, actual = ended_alike(traces)
    assert len(actual["runs"]) == len(expected["runs"])
    for number, (mine, theirs) in enumerate(zip(actual["runs"], expected["runs"], strict=True)):
        assert [name for name, _ in mine] == [name for name, _ in theirs]
        for (name, a), (_, b) in zip(mine, theirs, strict=True):
            rtol = None if name in program.loose else program.rtol
            assert canonical.value_difference(b, a, rtol) is None, f"run {number}, {name}"


def test_variables_end_as_recorded(traces: Any) -> None:
    program, expected, actual = ended_alike(traces)
    assert len(actual["final"]) == len(expected["final"])
    for (name, a), (other, b) in zip(actual["final"], expected["final"], strict=True):
        assert name == other
        assert canonical.value_difference(b, a, program.rtol) is None, name
