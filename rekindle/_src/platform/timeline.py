"""`tensorflow.python.client.timeline`: the trace of a step as a file for chrome://tracing.

Holds `Timeline`. What a step measured comes in a StepStats (`RunMetadata.step_stats`).
Source: the Trace Event Format of Chrome (phases M, X, s, t, N, O, D, C).
"""
from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class AllocationMaximum(NamedTuple):
    """When an allocator held most: microseconds, bytes, and the names of the tensors."""

    timestamp: int
    num_bytes: int
    tensors: set[str]


class StepStatsAnalysis(NamedTuple):
    """What `Timeline.analyze_step_stats` gives."""

    chrome_trace: ChromeTrace
    allocator_maximums: dict[str, AllocationMaximum]


class ChromeTrace:
    """Events in the order in which Chrome wants them: what names things first."""

    def __init__(self) -> None:
        self._names: list[dict[str, Any]] = []
        self._events: list[dict[str, Any]] = []

    def name_process(self, pid: int, name: str) -> None:
        """Show process `pid` as `name`."""
        event = {"name": "process_name", "ph": "M", "pid": pid, "args": {"name": name}}
        self._names.append(event)

    def add(self, phase: str, category: str, name: str, pid: int, tid: int, **fields: Any) -> None:
        """Add an event of a phase."""
        event = {"ph": phase, "cat": category, "name": name, "pid": pid, "tid": tid}
        self._events.append(event | fields)

    def format_to_string(self, pretty: bool = False) -> str:
        """The events as JSON."""
        events = {"traceEvents": self._names + self._events}
        return json.dumps(events, indent=4 if pretty else None)


@dataclass(slots=True)
class _TensorLife:
    """A tensor: where it was made and when it was last used."""

    name: str
    number: int
    tensors_pid: int
    allocator: str
    num_bytes: int
    created: int
    made_at: tuple[int, int, int]  # time, pid, tid
    uses_end: list[int] = field(default_factory=list)


class Timeline:
    """Draws the operations of one step by device and lane.

    Args:
      step_stats: what the step measured.
      graph: accepted as in TensorFlow.
    """

    def __init__(self, step_stats: Any, graph: Any = None) -> None:
        del graph
        self._stats = step_stats
        self._trace = ChromeTrace()
        self._compute_pids: dict[str, int] = {}
        self._tensor_pids: dict[str, int] = {}
        self._tensors: dict[str, _TensorLife] = {}
        self._flows = 0

    def generate_chrome_trace_format(
        self, show_dataflow: bool = True, show_memory: bool = False
    ) -> str:
        """The trace as JSON.

        Args:
          show_dataflow: draw an arrow from the op that makes a tensor to those that use it.
          show_memory: show when tensors live, and the bytes of each allocator.
        """
        found = self.analyze_step_stats(show_dataflow, show_memory)
        return found.chrome_trace.format_to_string(pretty=True)

    def analyze_step_stats(
        self, show_dataflow: bool = True, show_memory: bool = True
    ) -> StepStatsAnalysis:
        """The trace, and how much each allocator held at most (with `show_memory`)."""
        self._name_processes()
        for device in self._stats.dev_stats:
            _assign_lanes(device.node_stats)
        for device in self._stats.dev_stats:
            for node in device.node_stats:
                self._add_outputs(device.device, node, show_memory)
        for device in self._stats.dev_stats:
            for node in device.node_stats:
                self._add_op(device.device, node, show_dataflow)
        return StepStatsAnalysis(self._trace, self._add_memory() if show_memory else {})

    def _name_processes(self) -> None:
        self._trace.name_process(0, "Allocators")
        for number, device in enumerate(self._stats.dev_stats):
            compute, tensors = 2 * number + 1, 2 * number + 2
            self._compute_pids[device.device] = compute
            self._tensor_pids[device.device] = tensors
            self._trace.name_process(compute, f"{device.device} Compute")
            self._trace.name_process(tensors, f"{device.device} Tensors")

    def _add_outputs(self, device: str, node: Any, show_memory: bool) -> None:
        """Note each output; with `show_memory`, show it as an object that begins."""
        start, end = node.all_start_micros, node.all_start_micros + node.all_end_rel_micros
        pid = self._tensor_pids[device]
        for index, output in enumerate(node.output):
            name = f"{node.node_name}:{index}" if index else node.node_name
            memory = output.tensor_description.allocation_description
            life = self._tensors[name] = _TensorLife(
                name, len(self._tensors), pid, memory.allocator_name, memory.requested_bytes,
                start, (end, self._compute_pids[device], node.thread_id), [end],
            )  # fmt: skip
            if show_memory:
                place = {"pid": pid, "tid": node.thread_id, "id": life.number}
                self._trace.add("N", "Tensor", name, ts=start, **place)
                said = str(output.tensor_description).replace('"', "")
                shown = {"snapshot": {"tensor_description": said}}
                self._trace.add("O", "Tensor", name, ts=end - 1, args=shown, **place)

    def _add_op(self, device: str, node: Any, show_dataflow: bool) -> None:
        """Show an op as a bar, and arrows to it from ops elsewhere whose outputs it uses."""
        start, end = node.all_start_micros, node.all_start_micros + node.all_end_rel_micros
        pid, tid = self._compute_pids[device], node.thread_id
        name, op, inputs = _parts(device, node)
        args = {"name": name, "op": op} | {f"input{i}": one for i, one in enumerate(inputs)}
        self._trace.add("X", "Op", op, pid, tid, ts=start, dur=end - start, args=args)
        for one in inputs:
            life = self._tensors.get(one) or self._tensors.get(one.rpartition("/_")[0])
            if life is None:
                continue
            life.uses_end.append(end - 1)
            made, made_pid, made_tid = life.made_at
            if show_dataflow and (made_pid, made_tid) != (pid, tid):
                flow = {"id": self._flows}
                self._flows += 1
                self._trace.add("s", "DataFlow", life.name, made_pid, made_tid, ts=made, **flow)
                self._trace.add("t", "DataFlow", life.name, pid, tid, ts=start, **flow)

    def _add_memory(self) -> dict[str, AllocationMaximum]:
        """Show the end of each tensor and the bytes that each allocator holds over time."""
        changes: dict[str, list[tuple[int, int, str]]] = {}
        for life in self._tensors.values():
            last = max(life.uses_end)
            self._trace.add(
                "D", "Tensor", life.name, life.tensors_pid, 0, ts=last, id=life.number
            )
            held = changes.setdefault(life.allocator, [])
            held.append((life.created, life.num_bytes, life.name))
            held.append((last, -life.num_bytes, life.name))
        return {name: self._add_counter(name, sorted(held)) for name, held in changes.items()}

    def _add_counter(self, allocator: str, held: list[tuple[int, int, str]]) -> AllocationMaximum:
        most, total, alive = AllocationMaximum(0, 0, set()), 0, set()
        for moment, num_bytes, name in held:
            total += num_bytes
            (alive.discard if num_bytes < 0 else alive.add)(name)
            if total > most.num_bytes:
                most = AllocationMaximum(moment, total, set(alive))
            args = {allocator: total}
            self._trace.add("C", "Memory", allocator, 0, 0, ts=moment, args=args)
        return most


def _assign_lanes(nodes: Any) -> None:
    """Give each op the first lane (thread) of its device that is free when it starts."""
    free_from = [0]
    for node in nodes:
        end = node.all_start_micros + node.all_end_rel_micros
        for lane, moment in enumerate(free_from):
            if node.all_start_micros > moment:
                free_from[lane] = end
                break
        else:
            lane = len(free_from)
            free_from.append(end)
        node.thread_id = lane


def _parts(device: str, node: Any) -> tuple[str, str, list[str]]:
    """The name, type and inputs of an op, from its label `name = Type(input, ...)`."""
    if "/stream:" in device or "/memcpy" in device:
        name, _, op = node.node_name.partition(":")
        return name, op.partition(":")[0] or "unknown", []
    if node.node_name == "RecvTensor":
        return node.node_name, "RecvTensor", []
    label = re.match(r"(.*) = (.*)\((.*)\)", node.timeline_label)
    if label is None:
        return node.node_name, "unknown", []
    inputs = label[3].split(", ") if label[3] else []
    return node.node_name, label[2], [one.removesuffix(":0") for one in inputs]
