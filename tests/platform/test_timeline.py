"""The trace file of a step; the events are those that TensorFlow 1.15.5 writes for these stats."""
import json

import pytest
from google.protobuf import text_format

from rekindle._src.graph import proto
from rekindle._src.platform.timeline import Timeline

STATS = """
dev_stats { device: "/cpu:0"
  node_stats { node_name: "a" all_start_micros: 10 all_end_rel_micros: 5
    timeline_label: "a = Const()"
    output { tensor_description { allocation_description {
      requested_bytes: 8 allocator_name: "cpu" } } } }
  node_stats { node_name: "b" all_start_micros: 12 all_end_rel_micros: 5
    timeline_label: "b = Neg(a, ^c)" } }
dev_stats { device: "/gpu:0/stream:all"
  node_stats { node_name: "b:Neg" all_start_micros: 13 all_end_rel_micros: 1 } }
"""


@pytest.fixture
def timeline():
    return Timeline(text_format.Parse(STATS, proto.StepStats()))


def events(timeline, phase, **options):
    found = json.loads(timeline.generate_chrome_trace_format(**options))["traceEvents"]
    return [one for one in found if one["ph"] == phase]


def test_devices_become_processes(timeline):
    names = [(one["pid"], one["args"]["name"]) for one in events(timeline, "M")]
    assert names == [
        (0, "Allocators"),
        (1, "/cpu:0 Compute"),
        (2, "/cpu:0 Tensors"),
        (3, "/gpu:0/stream:all Compute"),
        (4, "/gpu:0/stream:all Tensors"),
    ]


def test_ops_become_bars_in_lanes(timeline):
    bars = events(timeline, "X")
    assert [(one["name"], one["pid"], one["tid"], one["ts"], one["dur"]) for one in bars] == [
        ("Const", 1, 0, 10, 5),
        ("Neg", 1, 1, 12, 5),
        ("Neg", 3, 0, 13, 1),
    ]
    assert bars[1]["args"] == {"name": "b", "op": "Neg", "input0": "a", "input1": "^c"}


def test_arrows_join_lanes(timeline):
    begin, end = events(timeline, "s") + events(Timeline(timeline._stats), "t")
    assert (begin["name"], begin["ts"], begin["tid"]) == ("a", 15, 0)
    assert (end["ts"], end["tid"], end["id"]) == (12, 1, begin["id"])
    assert events(Timeline(timeline._stats), "s", show_dataflow=False) == []


def test_memory(timeline):
    found = timeline.analyze_step_stats()
    assert found.allocator_maximums == {"cpu": (10, 8, {"a"})}
    counted = events(Timeline(timeline._stats), "C", show_memory=True)
    assert [(one["ts"], one["args"]) for one in counted] == [(10, {"cpu": 8}), (16, {"cpu": 0})]
