"""Frames: what of a graph's dataflow is structured. Finds the loops, and for each operation the branches under which it
runs.

Works on the operations alone (Enter, Exit, Switch, Merge ...), not on the contexts that built them, so imported graphs
are as good as others. Declines what is no nest of loops and branches.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from rekindle._src import errors
from rekindle._src.compile.program import Declined

ENTER = frozenset(["Enter", "RefEnter"])
EXIT = frozenset(["Exit", "RefExit"])
NEXT = frozenset(["NextIteration", "RefNextIteration"])
MERGE = frozenset(["Merge", "RefMerge"])
SWITCH = frozenset(["Switch", "RefSwitch"])
FLOW = ENTER | EXIT | NEXT | MERGE | SWITCH | {"LoopCond"}

#: under which an operation runs: predicates, each with the side on which it must be; None: it never runs
Guard = frozenset[tuple[Any, int]]
_ALWAYS: Guard = frozenset()


@dataclasses.dataclass(slots=True, eq=False)
class Frame:
    """A loop (or the root): the operations that make it one, the guard of the loop in the frame around it, and the
    guards of all loops around."""

    name: bytes
    parent: Frame | None
    guard: Guard = _ALWAYS
    around: Guard = _ALWAYS
    enters: list[Any] = dataclasses.field(default_factory=list)
    merges: list[Any] = dataclasses.field(default_factory=list)
    exits: list[Any] = dataclasses.field(default_factory=list)
    nexts: list[Any] = dataclasses.field(default_factory=list)
    condition: Any = None
    switches: dict[Any, Any] = dataclasses.field(default_factory=dict)  # the first Switch on each predicate

    def goes_on(self) -> tuple[Any, int]:
        """What the guards of the loop's body have in common."""
        return self.condition.outputs[0], 1

    def first_id(self) -> float:
        """The place of the loop in the order of creation."""
        return min(op._turn for op in self.enters)


@dataclasses.dataclass(slots=True)
class Flow:
    """What was found."""

    frames: dict[Any, Frame]  # of each operation; an Enter is inside, an Exit outside
    guards: dict[Any, Guard | None]
    root: Frame
    loops: list[Frame]
    joins: dict[Any, tuple[Any, int, int]]  # branch Merge -> predicate, its inputs where that is false, and true
    order: dict[Any, int]  # the place of each operation in an order in which they can run
    fed: set[Any]

    def guard(self, tensor: Any) -> Guard | None:
        """The guard of a value."""
        own = self.guards[tensor._op]
        if own is None or tensor._op.type not in SWITCH:
            return own
        key, side = predicate(tensor._op._inputs[1], self.fed), tensor._value_index
        around = self.frames[tensor._op].around
        if (key, side) in around:
            return own  # the whole loop runs under it
        return None if (key, 1 - side) in own | around else own | {(key, side)}


def predicate(tensor: Any, fed: set[Any]) -> Any:
    """The tensor that a predicate is a copy of."""
    while tensor not in fed:
        op = tensor._op
        copies = op.type in ("Identity", "Switch") or op.type == "Enter" and op._attrs["is_constant"]
        if not copies or op._inputs[0]._dtype._is_ref_dtype:
            break
        tensor = op._inputs[0]
    return tensor


def find_flow(ops: list[Any], fed: set[Any], waited: Callable[[Any, set[Any]], list[Any]]) -> Flow:
    """The loops and guards of operations that come in an order in which they can run.

    Raises:
      Declined: they are no nest of loops and branches.
    """
    entered: dict[tuple[Any, bytes], Guard] = {}
    for _ in range(4):
        finder = _Finder(ops, fed, waited, entered)
        flow = finder.run()
        if finder.entered == entered:
            finder.verify()
            return flow
        entered = finder.entered
    raise Declined("the branches around the loops are not settled")


class _Finder:
    """One walk over the operations; `assumed` are the guards of loops as the walk before found them."""

    def __init__(self, ops: list[Any], fed: set[Any], waited: Callable[[Any, set[Any]], list[Any]],
                 assumed: dict[tuple[Any, bytes], Guard]) -> None:
        self.ops = ops
        self.fed = fed
        self.waited = waited
        self.assumed = assumed
        self.entered: dict[tuple[Any, bytes], Guard] = {}
        self.children: dict[tuple[Any, bytes], Frame] = {}
        self.root = Frame(b"", None)
        self.flow = Flow({}, {}, self.root, [], {}, {op: i for i, op in enumerate(ops)}, fed)
        self.triggers: dict[Any, Guard] = {}

    def run(self) -> Flow:
        """Frames and guards of all operations."""
        for op in self.ops:
            self.visit(op)
        return self.flow

    def visit(self, op: Any) -> None:
        """Find the frame and the guard of one operation."""
        flow, kind = self.flow, op.type
        frame, guard = self.surroundings(op)
        if kind in ENTER:
            frame, guard = self.enter(op, frame, guard)
        elif kind in EXIT:
            frame, guard = self.leave(op, frame, guard)
        elif kind in NEXT:
            frame.nexts.append(op)
        elif kind == "LoopCond":
            if frame.condition not in (None, op) or frame is self.root or guard:
                raise Declined(f"{op.name} is not the one condition of a loop")
            frame.condition = op
        elif kind in SWITCH:
            frame.switches.setdefault(predicate(op._inputs[1], self.fed), op)
        elif kind in MERGE:
            guard = self.merge(op, frame)
        flow.frames[op] = frame
        flow.guards[op] = guard

    def refuse(self, op: Any, *tensors: Any) -> None:
        """Refuse an operation that takes values of different loops, as TensorFlow does before anything runs."""
        found = [(t._op.name, b"" if t in self.fed else self.flow.frames[t._op].name) for t in tensors]
        inputs = " ".join(f"The input node {name} is in frame '{frame.decode()}'." for name, frame in found)
        raise errors.InvalidArgumentError(
            op.node_def, op, f"node {op.name} has inputs from different frames. {inputs}")

    def surroundings(self, op: Any) -> tuple[Frame, Guard | None]:
        """The frame of what an operation waits for, and the union of its guards."""
        flow = self.flow
        frame: Frame | None = None
        guard: Guard | None = _ALWAYS
        before = [t for t in op._inputs if not (op.type in MERGE and t._op.type in NEXT)]
        for tensor in before:
            outside = tensor in self.fed
            found = self.root if outside else flow.frames[tensor._op]
            if frame is not None and found is not frame:
                self.refuse(op, before[0], tensor)
            frame = found
            if op.type not in MERGE:
                guard = _union(guard, _ALWAYS if outside else flow.guard(tensor))
        for other in self.waited(op, self.fed):
            if frame is not None and flow.frames[other] is not frame:
                raise Declined(f"{op.name} waits for an operation of another loop")
            frame = flow.frames[other]
            if op.type in MERGE and flow.guards[other]:
                raise Declined(f"{op.name} joins branches and waits for one")
            if op.type != "ControlTrigger":
                guard = _union(guard, flow.guards[other])
        if op.type == "ControlTrigger":
            guard = self.trigger(op)
        else:
            for other in self.waited(op, self.fed):
                if other in self.triggers and guard is not None and not self.triggers[other] <= guard:
                    raise Declined(f"{op.name} runs after {other.name} whatever branch was taken")
        return frame or self.root, guard

    def trigger(self, op: Any) -> Guard:
        """Where a trigger stands: under what all that it waits for have in common. It makes nothing depend on that."""
        guards = [g for c in self.waited(op, self.fed) if (g := self.flow.guards[c]) is not None]
        self.triggers[op] = frozenset.intersection(*guards) if guards else _ALWAYS
        return self.triggers[op]

    def enter(self, op: Any, parent: Frame, guard: Guard | None) -> tuple[Frame, Guard]:
        """The frame that an Enter leads into."""
        if guard is None:
            raise Declined(f"{op.name} never runs")
        key = (parent, op._attrs["frame_name"])
        path = (self.flow.order[parent.enters[0]] if parent.enters else -1, op._attrs["frame_name"])
        frame = self.children.get(key)
        if frame is None:
            guards = self.assumed.get(path, guard)
            frame = self.children[key] = Frame(op._attrs["frame_name"], parent, guards, guards | parent.around)
            self.flow.loops.append(frame)
        self.entered[path] = self.entered.get(path, _ALWAYS) | guard
        frame.enters.append(op)
        return frame, _ALWAYS

    def leave(self, op: Any, frame: Frame, guard: Guard | None) -> tuple[Frame, Guard]:
        """The frame that an Exit leads into."""
        if frame.parent is None or frame.condition is None or guard != {(frame.condition.outputs[0], 0)}:
            raise Declined(f"{op.name} does not leave a loop whose condition failed")
        frame.exits.append(op)
        return frame.parent, frame.guard

    def merge(self, op: Any, frame: Frame) -> Guard | None:
        """The guard of a Merge: of a loop's variable, or of what two branches have in common."""
        if any(t._op.type in NEXT for t in op._inputs):
            frame.merges.append(op)
            return _ALWAYS
        if any(t in self.fed for t in op._inputs):
            raise Declined(f"{op.name} joins values that are fed")
        live = [(g, i) for i, t in enumerate(op._inputs) if (g := self.flow.guard(t)) is not None]
        if len(live) == 1:
            raise Declined(f"{op.name} has one input that is ever live")
        if len(live) != 2 or len(op._inputs) != 2:
            raise Declined(f"{op.name} joins {len(live)} branches")
        (first, i), (second, j) = live
        differing = first ^ second
        keys = {key for key, _ in differing}
        if len(differing) != 2 or len(keys) != 1:
            raise Declined(f"{op.name} does not join the two sides of a branch")
        key = keys.pop()
        on_false, on_true = (i, j) if (key, 0) in first else (j, i)
        self.flow.joins[op] = (key, on_false, on_true)
        return first & second

    def verify(self) -> None:
        """Check what can be known only after the walk."""
        for frame in self.flow.loops:
            _check_loop(frame, self.flow)
        for op, guard in self.flow.guards.items():
            if guard is None:
                raise Declined(f"{op.name} never runs")
            frame = self.flow.frames[op]
            if frame.condition is not None and (frame.condition.outputs[0], 0) in guard:
                raise Declined(f"{op.name} runs after the last iteration, inside the loop")


def _union(a: Guard | None, b: Guard | None) -> Guard | None:
    if a is None or b is None:
        return None
    if not b:
        return a
    both = a | b
    return None if any((key, 1 - side) in both for key, side in both) else both


def _check_loop(frame: Frame, flow: Flow) -> None:
    """Refuse loops that are not `while condition: body`."""
    if frame.condition is None:
        raise Declined(f"loop {frame.name.decode()} has no condition")
    if any(op.type != "Enter" and not op._attrs["is_constant"] for op in frame.enters):
        raise Declined(f"loop {frame.name.decode()} carries a variable's reference")
    starts = set()
    for op in frame.merges:
        kinds = sorted(t._op.type for t in op._inputs)
        if kinds != ["Enter", "NextIteration"]:
            raise Declined(f"{op.name} is not a loop's variable")
        begin, after = (t._op for t in sorted(op._inputs, key=lambda t: t._op.type))
        if begin._attrs["is_constant"] or flow.frames[begin] is not frame or flow.frames[after] is not frame:
            raise Declined(f"{op.name} is not a loop's variable")
        if flow.guards[after] != {frame.goes_on()}:
            raise Declined(f"{after.name} does not run in each iteration")
        starts.add(begin)
    for op in frame.enters:
        if not op._attrs["is_constant"] and op not in starts:
            raise Declined(f"{op.name} enters the first iteration alone")
