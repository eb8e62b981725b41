"""The interpreter: runs any graph by TensorFlow's own dataflow rules. It is the definition that compiled programs must
equal.

An operation runs when its inputs have arrived; tokens may be dead (the untaken side of a Switch), and loops have
frames and
iterations. Among operations that are ready, the one made first goes first. Slow and plain on purpose.
"""
from __future__ import annotations

import collections
import dataclasses
import heapq
import itertools
import queue
import time
from collections.abc import Callable
from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.compile import snapshots
from rekindle._src.compile.capture import check_kernels, waited
from rekindle._src.compile.meetings import meetings
from rekindle._src.graph.buffer import Buffer
from rekindle._src.graph.opdef import arg_width, kernel_attrs, kernel_inputs
from rekindle._src.ops.evaluate import flat_outputs, kernel_of
from rekindle._src.ops.functional import block_of
from rekindle._src.ops.waiting import Company, due, expire
from rekindle._src.run import failures
from rekindle._src.run.store import Context, Store

_ENTER = frozenset(["Enter", "RefEnter"])
_EXIT = frozenset(["Exit", "RefExit"])
_NEXT = frozenset(["NextIteration", "RefNextIteration"])
_MERGE = frozenset(["Merge", "RefMerge"])
_SWITCH = frozenset(["Switch", "RefSwitch"])
_MOMENT = 0.01  # seconds in which an operation that does not wait is done
_FLOW = _ENTER | _EXIT | _NEXT | _MERGE | _SWITCH | {"LoopCond"}


class _Dead:
    """The token on edges that carry no value this time."""

    def __repr__(self) -> str:
        return "DEAD"


DEAD = _Dead()


@dataclasses.dataclass(slots=True)
class _Waiting:
    """An operation in one iteration: what has arrived."""

    inputs: list[Any]
    missing: int
    controls: int
    dead_control: bool = False
    queued: bool = False


class _Frame:
    """One execution of a loop (or the root): its iterations, and the loop constants that enter each of them."""

    def __init__(self, name: str, parent: tuple[_Frame, int] | None, pending: int = 0) -> None:
        self.name = name
        self.parent = parent
        self.iterations: dict[int, dict[Any, _Waiting]] = {0: {}}
        self.oldest = self.latest = 0
        self.pending = pending  # operations that enter it and have not run yet
        self.busy: dict[int, int] = {0: 0}  # per iteration: operations in the queue, loops that run inside
        self.constants: list[tuple[Any, Any]] = []
        self.children: dict[tuple[str, int], _Frame] = {}
        self.dead = False

    def child(self, name: str, iteration: int, pending: int) -> _Frame:
        """The frame of a loop that is entered from an iteration of this one."""
        found = self.children.get((name, iteration))
        if found is None:
            found = self.children[name, iteration] = _Frame(name, (self, iteration), pending)
            self.busy[iteration] += 1
        return found

    def begin(self) -> int:
        """Begin the next iteration; gives its number."""
        self.latest += 1
        self.iterations[self.latest] = {}
        self.busy[self.latest] = 0
        return self.latest

    def sweep(self) -> None:
        """Forget the iterations that are done, and the whole loop once all are."""
        while self.parent is not None and not self.pending and self.oldest <= self.latest:
            if self.busy[self.oldest]:
                return
            del self.iterations[self.oldest], self.busy[self.oldest]
            self.oldest += 1
            if self.oldest > self.latest:
                outer, iteration = self.parent
                del outer.children[self.name, iteration]
                outer.busy[iteration] -= 1
                outer.sweep()


class Interpreter:
    """Runs a set of operations; one object serves many runs."""

    def __init__(self, ops: list[Any], fetches: list[Any], feeds: list[Any], store: Store, session: Any,
                 record: Callable[[Any], None] | None = None) -> None:
        check_kernels([op for op in ops if op.type not in _FLOW])
        self.ops = ops
        self.fetches = fetches
        self.feeds = feeds
        self.store = store
        self.session = session
        self.record = record  # called with (operation, start, end in ns, outputs) where a trace is wanted
        self.fed = set(feeds)
        self.rereads = snapshots.rereads(ops, self.fed)
        self.meetings = meetings(ops, self.fed, waited)
        chosen = set(ops)
        self.consumers: dict[Any, list[tuple[Any, int]]] = {}
        self.followers: dict[Any, list[Any]] = {}
        for op in ops:
            for i, tensor in enumerate(op._inputs):
                self.consumers.setdefault(tensor, []).append((op, i))
            for other in op._control_inputs:
                if other in chosen:
                    self.followers.setdefault(other, []).append(op)
        self.calls: dict[Any, Any] = {}  # operation -> what its kernel is called with
        self.waits = {op: sum(other in chosen for other in op._control_inputs) for op in ops}
        self.entries = collections.Counter(op._attrs["frame_name"] for op in ops if op.type in _ENTER)

    def run(self, values: list[Any]) -> list[Any]:
        """The fetched values for the values of the feeds.

        Raises:
          OpError: a kernel failed, or a fetched tensor was dead.
        """
        return _Run(self).run(values)


class _Run:
    """The state of one run: frames, the queue of what is ready, fetched values."""

    def __init__(self, plan: Interpreter) -> None:
        self.plan = plan
        self.root = _Frame("", None)
        self.ready: list[Any] = []
        self.order = itertools.count()
        self.found: dict[Any, Any] = {}
        self.buffers: dict[Any, Buffer] = {}  # of the variables' operations
        self.wanted = set(plan.fetches)
        self.company = Company()
        self.away = 0  # operations that run in threads of their own
        self.landed: queue.SimpleQueue[Any] = queue.SimpleQueue()

    def run(self, values: list[Any]) -> list[Any]:
        """Feed, drain the queue, collect."""
        for tensor, value in zip(self.plan.feeds, values, strict=True):
            self.send(tensor, value, self.root, 0)
        for op in self.plan.ops:
            if not op._inputs and not waited(op, self.plan.fed):
                self.queue(op, self.root, 0, _Waiting([], 0, 0))
        try:
            self._drain()
        except BaseException:
            self.company.end()
            raise
        return [self.fetched(t, i) for i, t in enumerate(self.plan.fetches)]

    def _drain(self) -> None:
        """Run what is ready until nothing is, and no operation is away."""
        deadline, ending = due(), self.plan.store.ending
        while self.ready or self.away:
            if deadline is not None and time.monotonic() > deadline:
                expire(ending)
            if not self.ready:
                self._land(None)
                continue
            _, _, op, frame, iteration, waiting = heapq.heappop(self.ready)
            self.execute(op, frame, iteration, waiting)
            frame.busy[iteration] -= 1
            frame.sweep()

    def _depart(self, op: Any, inputs: list[Any], frame: _Frame, iteration: int) -> None:
        """Run an operation that may wait for another one; the others go on unless it is done in a moment."""

        def task() -> None:
            try:
                self.landed.put((op, self.outputs(op, inputs), None, frame, iteration))
            except BaseException as error:  # noqa: BLE001 - the run raises it where it waits
                self.landed.put((op, [], error, frame, iteration))

        self.away += 1
        frame.busy[iteration] += 1
        self.company.work(task)
        self._land(_MOMENT)

    def _land(self, seconds: float | None) -> None:
        """Wait for an operation that is away, and send its tokens."""
        try:
            op, outputs, error, frame, iteration = self.landed.get(timeout=seconds)
        except queue.Empty:
            return
        self.away -= 1
        if error is not None:
            raise error
        self.tokens(op, outputs, frame, iteration, False)
        frame.busy[iteration] -= 1
        frame.sweep()

    def fetched(self, tensor: Any, index: int) -> Any:
        """The value of a fetch."""
        value = self.found.get(tensor, DEAD)
        if value is DEAD:
            raise errors.InvalidArgumentError(None, tensor._op, f"Retval[{index}] does not have value: {tensor.name} "
                                              "is on a branch that was not taken")
        clone = getattr(value, "clone", None)
        return value if clone is None else clone()

    def waiting(self, op: Any, frame: _Frame, iteration: int) -> _Waiting:
        """What an operation in an iteration still waits for."""
        states = frame.iterations[iteration]
        found = states.get(op)
        if found is None:
            missing = len(op._inputs)
            found = states[op] = _Waiting([None] * missing, missing, self.plan.waits[op])
        return found

    def queue(self, op: Any, frame: _Frame, iteration: int, waiting: _Waiting) -> None:
        """Say that an operation can run."""
        waiting.queued = True
        frame.busy[iteration] += 1
        heapq.heappush(self.ready, (op._turn, next(self.order), op, frame, iteration, waiting))

    def send(self, tensor: Any, value: Any, frame: _Frame, iteration: int) -> None:
        """A token to all consumers of a tensor."""
        if frame is self.root and tensor in self.wanted:
            self.found[tensor] = _read(value) if isinstance(value, Buffer) and tensor._dtype._is_ref_dtype else value
        for op, index in self.plan.consumers.get(tensor, ()):
            waiting = self.waiting(op, frame, iteration)
            if waiting.inputs[index] is None:
                waiting.missing -= 1
                waiting.inputs[index] = value
            self.consider(op, frame, iteration, waiting)

    def done(self, op: Any, frame: _Frame, iteration: int, dead: bool) -> None:
        """A control token to all that wait for an operation."""
        for other in self.plan.followers.get(op, ()):
            waiting = self.waiting(other, frame, iteration)
            waiting.controls -= 1
            waiting.dead_control = waiting.dead_control or dead
            self.consider(other, frame, iteration, waiting)

    def consider(self, op: Any, frame: _Frame, iteration: int, waiting: _Waiting) -> None:
        """Queue an operation if nothing is missing; a Merge needs one live input, or all of them dead."""
        if waiting.queued or waiting.controls:
            return
        if op.type in _MERGE:
            arrived = [v for v in waiting.inputs if v is not None]
            forward = sum(t._op.type not in _NEXT for t in op._inputs)
            if any(v is not DEAD for v in arrived) or len(arrived) >= forward:
                self.queue(op, frame, iteration, waiting)
        elif not waiting.missing:
            self.queue(op, frame, iteration, waiting)

    def execute(self, op: Any, frame: _Frame, iteration: int, waiting: _Waiting) -> None:
        """Run one operation and send its tokens."""
        frame.iterations[iteration][op] = waiting
        inputs, kind = waiting.inputs, op.type
        dead = any(v is DEAD for v in inputs) if kind not in _MERGE else all(v is DEAD or v is None for v in inputs)
        dead = dead or (waiting.dead_control and kind not in _MERGE)
        dead = dead and kind != "ControlTrigger"
        waiting.inputs = [0] * len(inputs)  # arrived, no longer held
        if kind in _ENTER:
            self._enter(op, inputs[0] if not dead else DEAD, frame, iteration)
        elif kind in _EXIT:
            self._exit(op, inputs[0] if not dead else DEAD, frame)
        elif kind in _NEXT:
            self._next(op, DEAD if dead else inputs[0], frame, iteration)
        elif op in self.plan.meetings and not dead:
            self._depart(op, inputs, frame, iteration)
        else:
            outputs = [DEAD] * len(op.outputs) if dead else self.outputs(op, inputs)
            self.tokens(op, outputs, frame, iteration, dead)

    def tokens(self, op: Any, outputs: list[Any], frame: _Frame, iteration: int, dead: bool) -> None:
        """Send an operation's outputs and say that it is done."""
        for tensor, value in zip(op.outputs, outputs, strict=True):
            if tensor not in self.plan.fed:
                self.send(tensor, value, frame, iteration)
        self.done(op, frame, iteration, dead)

    def _enter(self, op: Any, value: Any, frame: _Frame, iteration: int) -> None:
        """A value enters a loop: in its first iteration, or in every one if it is a loop constant."""
        name = op._attrs["frame_name"]
        child = frame.child(name.decode(), iteration, self.plan.entries[name])
        child.pending -= 1
        child.dead = child.dead or value is DEAD
        if op._attrs["is_constant"]:
            child.constants.append((op, value))
            for i in list(child.iterations):
                self.tokens(op, [value], child, i, value is DEAD)
        else:
            self.tokens(op, [value], child, 0, value is DEAD)
        child.sweep()

    def _exit(self, op: Any, value: Any, frame: _Frame) -> None:
        """A value leaves a loop; a dead one only if the whole loop is dead."""
        if frame.parent is None:
            raise errors.InvalidArgumentError(op.node_def, op, f"{op.name} leaves a loop that was not entered")
        if value is not DEAD or frame.dead:
            outer, iteration = frame.parent
            self.tokens(op, [value], outer, iteration, value is DEAD)

    def _next(self, op: Any, value: Any, frame: _Frame, iteration: int) -> None:
        """A value goes to the next iteration, which begins with the first of them; dead ones stop here."""
        if value is DEAD:
            return
        if iteration == frame.latest:
            frame.begin()
            for constant, held in frame.constants:
                self.tokens(constant, [held], frame, iteration + 1, held is DEAD)
        self.tokens(op, [value], frame, iteration + 1, False)

    def outputs(self, op: Any, inputs: list[Any]) -> list[Any]:
        """What one live operation gives."""
        kind = op.type
        for i, ref in self.plan.rereads.get(op, {}).items():
            buffer = self.buffers.get(snapshots.variable(ref))
            if buffer is not None and inputs[i] is not DEAD and inputs[i] is not None:
                inputs = [*inputs[:i], _read(buffer), *inputs[i + 1:]]
        try:
            if kind in _SWITCH:
                is_ref = isinstance(inputs[0], Buffer) and op._inputs[0]._dtype._is_ref_dtype
                data = _read(inputs[0]) if kind == "Switch" and is_ref else inputs[0]
                return [DEAD, data] if bool(inputs[1]) else [data, DEAD]
            if kind in _MERGE:
                index = next(i for i, v in enumerate(inputs) if v is not DEAD and v is not None)
                held = inputs[index]
                if kind == "Merge" and isinstance(held, Buffer) and op._inputs[index]._dtype._is_ref_dtype:
                    held = _read(held)
                return [held, torch.tensor(index, dtype=torch.int32)]
            if kind == "LoopCond":
                if self.plan.store.ending:
                    expire(self.plan.store.ending)
                return [inputs[0]]
            return self.kernel(op, inputs) if self.plan.record is None else self.timed(op, inputs)
        except BaseException as error:
            raise failures.translate(error, op) from error.__cause__

    def timed(self, op: Any, inputs: list[Any]) -> list[Any]:
        """What the kernel gives, with its time on record."""
        start = time.perf_counter_ns()
        outputs = self.kernel(op, inputs)
        self.plan.record((op, start, time.perf_counter_ns(), outputs))  # type: ignore[misc]
        return outputs

    def prepared(self, op: Any) -> tuple[Any, Any, list[bool], dict[str, Any]]:
        """What each call of an operation's kernel needs: block, kernel, which inputs are refs, keywords."""
        block = block_of(op)
        refs = [arg.is_ref for arg in op.signature.inputs for _ in range(arg_width(arg, op._attrs))]
        keywords = kernel_attrs(block, op._attrs)
        if "ctx" in block.keywords:
            keywords["ctx"] = Context(op, self.plan.store, self.plan.session)
        return block, kernel_of(block, op), refs, keywords

    def kernel(self, op: Any, inputs: list[Any]) -> list[Any]:
        """What the kernel of an operation gives."""
        prepared = self.plan.calls.get(op)
        if prepared is None:
            prepared = self.plan.calls[op] = self.prepared(op)
        block, function, refs, keywords = prepared
        values = [_read(v) if isinstance(v, Buffer) and t._dtype._is_ref_dtype and not ref else v
                  for v, t, ref in zip(inputs, op._inputs, refs, strict=True)]
        arguments = kernel_inputs(op.signature, op._attrs, values)
        try:
            result = flat_outputs(function(*arguments, **keywords), len(op.outputs))
        except Exception:
            if block.explain is not None:
                block.explain(*arguments, **keywords)
            raise
        if result and isinstance(result[0], Buffer) and not op._inputs:
            self.buffers[op] = result[0]
        if not block.updates:
            for value in values:
                if isinstance(value, Buffer):
                    value.shared = True  # what was read may live on: the next update works on a copy
        return result


def _read(buffer: Buffer) -> Any:
    value = buffer.read()
    buffer.shared = True
    return value

