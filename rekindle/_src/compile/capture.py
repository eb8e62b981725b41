"""Capture: the part of a graph that one run needs, as a program.

Prunes to the ancestors of fetches and targets, cuts at the feeds, orders by creation, makes reads of ref variables
explicit, and raises dataflow to branches and loops (frames.py finds them, regions.py puts them in order). Declines
(with the reason) what only the interpreter can run.
"""
from __future__ import annotations

import heapq
from typing import Any

import numpy as np

from rekindle._src import errors
from rekindle._src.compile.frames import FLOW, MERGE, NEXT, SWITCH, Flow, find_flow
from rekindle._src.compile.meetings import meetings
from rekindle._src.compile.program import Block, Declined, Instr, Program, Value
from rekindle._src.compile.regions import Branch, Loop, regions
from rekindle._src.compile.snapshots import rereads
from rekindle._src.graph import opdef
from rekindle._src.ops import placeholder
from rekindle._src.ops.functional import block_of, has_block


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
    ordered = sorted(seen, key=lambda op: op._turn)
    if all(t._op._turn < op._turn for op in ordered for t in op._inputs if t not in feeds) and all(
            c._turn < op._turn for op in ordered for c in waited(op, feeds)):
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
        if op.type in MERGE:
            before = {b for b in before if b.type not in NEXT}
        waiting[op] = len(before)
        for other in before:
            followers.setdefault(other, []).append(op)
    ready = [(op._turn, op) for op in ops if not waiting[op]]
    heapq.heapify(ready)
    out = []
    while ready:
        _, op = heapq.heappop(ready)
        out.append(op)
        for other in followers.get(op, ()):
            waiting[other] -= 1
            if not waiting[other]:
                heapq.heappush(ready, (other._turn, other))
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


_LOOPS, _BLOCKS = 15, 60  # that Python compiles one inside another: it takes 20 loops, and 100 steps of indentation


def capture(fetches: list[Any], targets: list[Any], feeds: list[Any]) -> Program:
    """The program that computes `fetches`, runs `targets`, and takes values for `feeds`.

    Raises:
      Declined: the graph has control flow that the compiler does not raise.
      InvalidArgumentError: an op has no kernel.
    """
    fed = set(feeds)
    ops = needed(fetches, targets, fed)
    check_kernels(ops)
    if meetings(ops, fed, waited):
        raise Declined("operations wait for each other at a queue")
    if not any(op.type in FLOW for op in ops):
        return _Capture(fetches, feeds).run(ops)
    flow = find_flow(ops, fed, waited)
    for one in [t._op for t in fetches if t not in fed] + targets:
        if flow.frames[one] is not flow.root:
            raise Declined(f"{one.name} is inside of a loop")
    program = _RaisedCapture(fetches, feeds, flow, {t for op in ops for t in op._inputs}).run(ops)
    loops, blocks = _depth(program)
    if loops > _LOOPS or blocks > _BLOCKS:
        raise Declined(f"{blocks} branches and loops stand one inside another")
    return program


def _depth(program: Program) -> tuple[int, int]:
    """How many loops, and how many branches and loops, stand one inside another at most."""
    loops = blocks = 0
    for instr in program.instrs:
        for body in instr.bodies:
            inner_loops, inner_blocks = _depth(body)
            loops = max(loops, inner_loops + (len(instr.bodies) == 3))
            blocks = max(blocks, inner_blocks + 1)
    return loops, blocks


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
        if op.type == "Const" and op.outputs[0] not in self.numbers:
            number = self.number(op.outputs[0])
            self.values[number].const = op._attrs["value"]
            self.values[number].shape = op._attrs["value"].shape
            return
        block = block_of(op)
        grouped = tuple(tuple(x) if isinstance(x, list) else x
                        for x in opdef.kernel_inputs(op.signature, op._attrs, self.inputs(op)))
        outputs = tuple(self._output(t) for t in op.outputs)
        self.instrs.append(Instr(block, op, grouped, outputs, opdef.kernel_attrs(block, op._attrs)))
        for tensor in op.outputs:
            if tensor._dtype._is_ref_dtype and tensor in self.wanted:
                self.read_out[tensor] = self.read(tensor, op)

    def inputs(self, op: Any) -> list[int]:
        """The numbers of an operation's inputs, after the reads that it needs."""
        refs = [arg.is_ref for arg in op.signature.inputs for _ in range(opdef.arg_width(arg, op._attrs))]
        stale = self.rereads.get(op, {})
        pairs = list(enumerate(zip(op._inputs, refs, strict=True)))
        for i, (tensor, ref) in pairs:
            if ref and tensor in self.fed:
                raise _fed_reference(op, i, tensor, self.feeds.index(self.numbers[tensor]))
        return [self.read(stale.get(i, t), op) if i in stale or t._dtype._is_ref_dtype and not ref and t not in self.fed
                else self.number(t) for i, (t, ref) in pairs]

    def _output(self, tensor: Any) -> int:
        """The number of an output; a new one beside a fed tensor, whose value comes from outside."""
        number = self.numbers.get(tensor)
        if number is not None and number in self.feeds:
            number = len(self.values)
            self.values[number] = Value(tensor._dtype, name=tensor._op.name)
            return number
        return self.number(tensor)


def _fed_reference(op: Any, index: int, tensor: Any, feed: int) -> errors.InvalidArgumentError:
    """A value that was fed in place of a variable cannot be updated."""
    name = placeholder.cpp_name(tensor._dtype._base)
    return errors.InvalidArgumentError(
        None, None, f"Input {index} of node {op.name} was passed {name} from _arg_{tensor._op.name}_"
        f"{tensor._value_index}_{feed}:0 incompatible with expected {name}_ref.")


def _absent() -> None:
    return None


def _present(value: Any, *, index: int, tensor: Any) -> Any:
    if value is None:
        raise errors.InvalidArgumentError(None, tensor._op, f"Retval[{index}] does not have value: {tensor.name} is on "
                                          "a branch that was not taken")
    return value


#: a branch; its programs are those of a predicate that is false, and of one that is true
IF = Block("If", _absent)
#: a loop; its programs find out whether it goes on (and what goes out), run once before the body, and run the body
WHILE = Block("While", _absent)
#: the value of a branch that was not taken
ABSENT = Block("Absent", _absent)
#: a fetched value that may be on a branch that was not taken
PRESENT = Block("Present", _present, keywords=("index", "tensor"), aliases=(0,), pure=False)


class _RaisedCapture(_Capture):
    """The capture of a graph with branches and loops."""

    def __init__(self, fetches: list[Any], feeds: list[Any], flow: Flow, used: set[Any]) -> None:
        super().__init__(fetches, feeds)
        self.flow = flow
        self.used = used | set(fetches)

    def run(self, ops: list[Any]) -> Program:
        """The program of `ops`."""
        self.rereads = rereads(ops, self.fed)
        for item in regions(ops, self.flow, waited):
            self.item(item)
        outputs = tuple(self.fetched(i, t) for i, t in enumerate(self.fetches))
        return Program(self.feeds, tuple(self.instrs), outputs, self.values)

    def item(self, item: Any) -> None:
        """The instructions of an operation, a branch or a loop."""
        if isinstance(item, Branch):
            self.branch(item)
        elif isinstance(item, Loop):
            self.loop(item)
        elif item.type in SWITCH:
            data = self.inputs(item)[0]
            for tensor in item.outputs:
                self.alias(tensor, data)
        elif item.type == "ControlTrigger":
            return  # it only waits
        elif item.type == "LoopCond":
            self.alias(item.outputs[0], self.inputs(item)[0])
        else:
            self.add(item)

    def alias(self, tensor: Any, number: int) -> None:
        """Let a tensor be a value that is there."""
        if tensor not in self.fed:
            self.numbers[tensor] = number

    def program(self, items: list[Any], feeds: tuple[int, ...] = ()) -> Program:
        """A program inside of this one; what goes out of it is to be added."""
        outer, self.instrs = self.instrs, []
        for item in items:
            self.item(item)
        inner, self.instrs = self.instrs, outer
        return Program(feeds, tuple(inner), (), self.values)

    def branch(self, branch: Branch) -> None:
        """The instruction of a branch."""
        node = self.node_of(branch.key)
        bodies = tuple(self.side(branch, side) for side in (0, 1))
        outputs = [self._output(t) for op in branch.joins for t in op.outputs if t._value_index == 0 or t in self.used]
        self.instrs.append(Instr(IF, node, (self.number(branch.key),), tuple(outputs), {}, bodies))

    def side(self, branch: Branch, side: int) -> Program:
        """What runs on one side of a branch, and the values that it gives."""
        outer, self.instrs = self.instrs, []
        for item in branch.sides[side]:
            self.item(item)
        outputs = []
        for op in branch.joins:
            if op.type == "RefMerge":
                raise Declined(f"{op.name} joins references to variables")
            index = self.flow.joins[op][1 + side]
            chosen = self.rereads.get(op, {}).get(index, op._inputs[index])
            outputs.append(self.read(chosen, op) if chosen._dtype._is_ref_dtype else self.number(chosen))
            if op.outputs[1] in self.used:
                outputs.append(self.constant(np.array(index, np.int32), op.outputs[1]))
        inner, self.instrs = self.instrs, outer
        return Program((), tuple(inner), tuple(outputs), self.values)

    def node_of(self, key: Any) -> Any:
        """The Switch that stands for the branches on a predicate."""
        return next(f.switches[key] for f in [self.flow.root, *self.flow.loops] if key in f.switches)

    def constant(self, array: np.ndarray, like: Any) -> int:
        """A value that is known."""
        number = len(self.values)
        self.values[number] = Value(like._dtype, array.shape, array, like._op.name)
        return number

    def loop(self, loop: Loop) -> None:
        """The instruction of a loop."""
        frame = loop.frame
        for op in frame.enters:
            self.alias(op.outputs[0], self.inputs(op)[0])
        starts, feeds = [], []
        for op in frame.merges:
            if op.outputs[1] in self.used:
                raise Declined(f"the index of {op.name} is taken")
            if any(t._dtype._is_ref_dtype for t in op._inputs):
                raise Declined(f"{op.name} carries a variable's reference")
            begin = next(t for t in op._inputs if t._op.type == "Enter")
            starts.append(self.number(begin))
            feeds.append(self._output(op.outputs[0]))
        condition = self.program(loop.condition, tuple(feeds))
        body = self.program(loop.body)
        leaving = [self.number(op._inputs[0]) for op in frame.exits]
        after = []
        for op in frame.merges:
            following = next(t._op for t in op._inputs if t._op.type in NEXT)
            if following._inputs[0]._dtype._is_ref_dtype:
                raise Declined(f"{following.name} carries a variable's reference")
            after.append(self.number(following._inputs[0]))
        condition = condition.with_instrs(condition.instrs, (self.number(frame.condition.outputs[0]), *leaving))
        body = body.with_instrs(body.instrs, tuple(after))
        outputs = tuple(self._output(op.outputs[0]) for op in frame.exits)
        self.instrs.append(Instr(WHILE, frame.condition, tuple(starts), outputs, {},
                                 (condition, Program((), (), (), self.values), body)))

    def fetched(self, index: int, tensor: Any) -> int:
        """The number of a fetch; a check goes before it if its branch may not have been taken."""
        number = self.read_out.get(tensor, self.numbers[tensor])
        guard = self.flow.guard(tensor) if tensor not in self.fed else None
        if not guard:
            return number
        path = sorted(guard, key=lambda literal: self.flow.order.get(literal[0]._op, -1))
        number, found = self.present(tensor, number, path), self.copy_of(number)
        self.instrs.append(Instr(PRESENT, tensor._op, (number,), (found,), {"index": index, "tensor": tensor}))
        return found

    def present(self, tensor: Any, number: int, path: list[Any]) -> int:
        """A value if the branches of `path` were taken, else nothing."""
        if not path:
            return number
        (key, side), *rest = path
        out, nothing = self.copy_of(number), self.copy_of(number)
        outer, self.instrs = self.instrs, []
        found = self.present(tensor, number, rest)
        inner, self.instrs = self.instrs, outer
        bodies = [Program((), (Instr(ABSENT, tensor._op, (), (nothing,), {}),), (nothing,), self.values)] * 2
        bodies[side] = Program((), tuple(inner), (found,), self.values)
        self.instrs.append(Instr(IF, self.node_of(key), (self.number(key),), (out,), {}, tuple(bodies)))
        return out

    def copy_of(self, number: int) -> int:
        """A new number of the same type."""
        found = len(self.values)
        self.values[found] = Value(self.values[number].dtype, name=self.values[number].name)
        return found
