"""Capture: the part of a graph that one run needs, as a program.

Prunes to the ancestors of fetches and targets, cuts at the feeds, orders by creation, and makes reads of ref variables
explicit. Declines (with the reason) what only the interpreter can run.
"""
from __future__ import annotations

import heapq
from typing import Any

from rekindle._src import errors
from rekindle._src.compile.program import Block, Instr, Program, Value
from rekindle._src.compile.snapshots import rereads
from rekindle._src.graph import opdef
from rekindle._src.ops.functional import block_of, has_block


class Declined(Exception):
    """The compiler leaves this graph to the interpreter; the message says why."""


_CONTROL_FLOW = frozenset(["Switch", "Merge", "Enter", "Exit", "NextIteration", "LoopCond", "RefSwitch", "RefMerge",
                           "RefEnter", "RefExit", "RefNextIteration"])


def _read(ref: Any) -> Any:
    return ref.read()


#: the value of a ref variable, taken where a consumer that is not itself a ref op needs it
READ = Block("Read", _read, aliases=(0,))


def needed(fetches: list[Any], targets: list[Any], feeds: set[Any]) -> list[Any]:
    """The operations that a run needs, in an order in which they can run: creation order wherever that is one."""
    seen: set[Any] = set()
    stack = [t._op for t in fetches if t not in feeds] + list(targets)
    while stack:
        op = stack.pop()
        if op in seen:
            continue
        seen.add(op)
        stack.extend(t._op for t in op._inputs if t not in feeds)
        stack.extend(waited(op, feeds))
    ordered = sorted(seen, key=lambda op: op._id)
    if all(t._op._id < op._id for op in ordered for t in op._inputs if t not in feeds) and all(
            c._id < op._id for op in ordered for c in waited(op, feeds)):
        return ordered
    return _topological(ordered, feeds)


def waited(op: Any, feeds: set[Any]) -> list[Any]:
    """The operations that it waits for, without placeholders that are fed."""
    return [c for c in op._control_inputs
            if not (c.type in ("Placeholder", "PlaceholderV2") and c.outputs[0] in feeds)]


def _topological(ops: list[Any], feeds: set[Any]) -> list[Any]:
    waiting: dict[Any, int] = {}
    followers: dict[Any, list[Any]] = {}
    for op in ops:
        before = {t._op for t in op._inputs if t not in feeds} | set(waited(op, feeds))
        if op.type in ("Merge", "RefMerge"):
            before = {b for b in before if b.type not in ("NextIteration", "RefNextIteration")}
        waiting[op] = len(before)
        for other in before:
            followers.setdefault(other, []).append(op)
    ready = [(op._id, op) for op in ops if not waiting[op]]
    heapq.heapify(ready)
    out = []
    while ready:
        _, op = heapq.heappop(ready)
        out.append(op)
        for other in followers.get(op, ()):
            waiting[other] -= 1
            if not waiting[other]:
                heapq.heappush(ready, (other._id, other))
    if len(out) < len(ops):
        stuck = next(op for op in ops if waiting[op])
        raise errors.InvalidArgumentError(None, stuck, f"The graph has a cycle through node {stuck.name}")
    return out


def check_kernels(ops: list[Any]) -> None:
    """Refuse a run that meets an op without a kernel, before anything ran.

    Raises:
      InvalidArgumentError: names the ops and the first node.
    """
    missing = [op for op in ops if not has_block(op)]
    if not missing:
        return
    kinds = ", ".join(f"'{t}'" for t in sorted({op.type for op in missing}))
    raise errors.InvalidArgumentError(
        missing[0].node_def, missing[0],
        f"No OpKernel was registered to support Op {kinds}: Rekindle has no kernel for it yet. Node: {missing[0].name}")


def capture(fetches: list[Any], targets: list[Any], feeds: list[Any]) -> Program:
    """The program that computes `fetches`, runs `targets`, and takes values for `feeds`.

    Raises:
      Declined: the graph has control flow that the compiler does not raise.
      InvalidArgumentError: an op has no kernel.
    """
    fed = set(feeds)
    ops = needed(fetches, targets, fed)
    flow = next((op for op in ops if op.type in _CONTROL_FLOW), None)
    if flow is not None:
        raise Declined(f"{flow.name} is control flow ({flow.type})")
    check_kernels(ops)
    return _Capture(fetches, feeds).run(ops)


class _Capture:
    """The state of one capture: the numbers of the graph's tensors."""

    def __init__(self, fetches: list[Any], feeds: list[Any]) -> None:
        self.numbers: dict[Any, int] = {}
        self.values: dict[int, Value] = {}
        self.instrs: list[Instr] = []
        self.fetches = fetches
        self.fed = set(feeds)
        self.wanted = set(fetches)
        self.read_out: dict[Any, int] = {}
        self.rereads: dict[Any, dict[int, Any]] = {}
        self.feeds = tuple(self.number(t) for t in feeds)

    def number(self, tensor: Any) -> int:
        """The number of a tensor's value."""
        found = self.numbers.get(tensor)
        if found is None:
            found = self.numbers[tensor] = len(self.values)
            self.values[found] = Value(tensor._dtype, name=tensor._op.name)
        return found

    def read(self, tensor: Any, node: Any) -> int:
        """The number of the value that a ref tensor has at this point."""
        number = len(self.values)
        self.values[number] = Value(tensor._dtype._base, tensor._static_shape, name=node.name)
        self.instrs.append(Instr(READ, node, (self.number(tensor),), (number,), {}))
        return number

    def run(self, ops: list[Any]) -> Program:
        """The program of `ops`."""
        self.rereads = rereads(ops, self.fed)
        for op in ops:
            self.add(op)
        outputs = tuple(self.read_out.get(t, self.numbers[t]) for t in self.fetches)
        return Program(self.feeds, tuple(self.instrs), outputs, self.values)

    def add(self, op: Any) -> None:
        """The instruction of one operation, and the reads that it needs."""
        block = block_of(op)
        if op.type == "Const" and op.outputs[0] not in self.numbers:
            number = self.number(op.outputs[0])
            self.values[number].const = op._attrs["value"]
            self.values[number].shape = op._attrs["value"].shape
            return
        refs = [arg.is_ref for arg in op.signature.inputs for _ in range(opdef.arg_width(arg, op._attrs))]
        stale = self.rereads.get(op, {})
        inputs = [self.read(stale.get(i, t), op) if i in stale or t._dtype._is_ref_dtype and not ref
                  else self.number(t) for i, (t, ref) in enumerate(zip(op._inputs, refs, strict=True))]
        grouped = tuple(tuple(x) if isinstance(x, list) else x
                        for x in opdef.kernel_inputs(op.signature, op._attrs, inputs))
        outputs = tuple(self._output(t) for t in op.outputs)
        self.instrs.append(Instr(block, op, grouped, outputs, opdef.kernel_attrs(block, op._attrs)))
        for tensor in op.outputs:
            if tensor._dtype._is_ref_dtype and tensor in self.wanted:
                self.read_out[tensor] = self.read(tensor, op)

    def _output(self, tensor: Any) -> int:
        """The number of an output; a new one beside a fed tensor, whose value comes from outside."""
        number = self.numbers.get(tensor)
        if number is not None and number in self.feeds:
            number = len(self.values)
            self.values[number] = Value(tensor._dtype, name=tensor._op.name)
            return number
        return self.number(tensor)

