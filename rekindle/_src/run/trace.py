"""Traces: what `RunOptions(trace_level=FULL_TRACE)` measures, as StepStats in a RunMetadata.

Holds `traced`: the run goes through the interpreter, which times each operation. (`tf.python.client.timeline` reads
the result.)
"""
from __future__ import annotations

import time
from typing import Any

import torch

from rekindle._src.compile.capture import needed
from rekindle._src.graph import proto
from rekindle._src.run.interpreter import Interpreter

_FULL = 3


def traced(step: Any, arrays: list[Any], options: Any, metadata: Any, session: Any, fetches: list[Any],
           targets: list[Any], feeds: list[Any]) -> list[Any]:
    """The values of a step, with its RunMetadata filled in as the options ask."""
    level = 0 if options is None else options.trace_level
    if metadata is None or level == 0:
        values = step.run(arrays)
        if metadata is not None:
            metadata.Clear()
        return values
    records: list[tuple[Any, int, int, Any]] = []
    ops = needed(fetches, targets, set(feeds))
    interpreter = Interpreter(ops, fetches, feeds, session._store, session, records.append)
    started = time.time_ns()
    begin = time.perf_counter_ns()
    values = step.with_interpreter(interpreter).run(arrays)
    metadata.Clear()
    _fill(metadata.step_stats, records, started - begin)
    if options is not None and options.output_partition_graphs:
        graph = metadata.partition_graphs.add()
        graph.versions.CopyFrom(session.graph.graph_def_versions)
        graph.node.extend(op.node_def for op in ops)
    return values


def _fill(stats: Any, records: list[tuple[Any, int, int, Any]], offset: int) -> None:
    """The times of each operation, by device."""
    by_device: dict[str, Any] = {}
    for op, start, end, outputs in records:
        name = op.device or "/job:localhost/replica:0/task:0/device:CPU:0"
        device = by_device.get(name)
        if device is None:
            device = by_device[name] = stats.dev_stats.add(device=name)
        node = device.node_stats.add(node_name=op.name, all_start_micros=(start + offset) // 1000,
                                     op_end_rel_micros=max(1, (end - start) // 1000),
                                     all_end_rel_micros=max(1, (end - start) // 1000),
                                     scheduled_micros=(start + offset) // 1000,
                                     all_start_nanos=start + offset, op_end_rel_nanos=end - start,
                                     all_end_rel_nanos=end - start, scheduled_nanos=start + offset)
        inputs = ", ".join(t.name for t in op._inputs)
        node.timeline_label = f"{op.name} = {op.type}({inputs})"
        for slot, value in enumerate(outputs):
            _add_output(node, slot, value)


def _add_output(node: Any, slot: int, value: Any) -> None:
    if not isinstance(value, torch.Tensor):
        return
    size = value.numel() * value.element_size()
    out = node.output.add(slot=slot)
    out.tensor_description.shape.CopyFrom(proto.TensorShapeProto(
        dim=[proto.TensorShapeProto.Dim(size=d) for d in value.shape]))
    out.tensor_description.allocation_description.requested_bytes = size
    out.tensor_description.allocation_description.allocated_bytes = size
    out.tensor_description.allocation_description.allocator_name = "cpu"
