"""Regions: the operations of a run as a nest of loops and branches, each with what is inside in the order in which it
runs.

Operations with the same guard stand together in one branch as far as what they wait for allows. Operations with
effects keep the order of creation.
"""
from __future__ import annotations

import dataclasses
import heapq
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from rekindle._src.compile.frames import ENTER, EXIT, MERGE, NEXT, Flow, Frame, Guard
from rekindle._src.compile.program import Declined
from rekindle._src.ops.functional import block_of

_JOIN = 2  # where an address names a Merge of a branch instead of one of its sides


@dataclasses.dataclass(slots=True, eq=False)
class Branch:
    """What runs if a predicate is false, what runs if it is true, and the Merges of the two."""

    key: Any
    sides: tuple[list[Any], list[Any]]
    joins: list[Any]


@dataclasses.dataclass(slots=True, eq=False)
class Loop:
    """What runs to find out whether a loop goes on, and what runs if it does."""

    frame: Frame
    condition: list[Any]
    body: list[Any]


def regions(ops: list[Any], flow: Flow, waited: Callable[[Any, set[Any]], list[Any]]) -> list[Any]:
    """Operations, Branches and Loops in the order in which they run.

    Raises:
      Declined: what is before a loop waits for what is after it.
    """
    members: dict[Frame, list[Any]] = {}
    for op in ops:
        if op.type in ENTER or op.type in EXIT or op.type in NEXT or _starts(op, flow):
            continue
        members.setdefault(flow.frames[op], []).append(op)
    return _Planner(flow, waited, members).plan(flow.root)


def _starts(op: Any, flow: Flow) -> bool:
    """True for the Merge of a loop's variable."""
    return op.type in MERGE and op not in flow.joins


class _Planner:
    """Puts the operations of each frame in order, loops inside as one."""

    def __init__(self, flow: Flow, waited: Callable[[Any, set[Any]], list[Any]],
                 members: dict[Frame, list[Any]]) -> None:
        self.flow = flow
        self.waited = waited
        self.members = members
        self.loops: dict[Frame, Loop] = {}
        self.children: dict[Frame, list[Frame]] = {}
        for frame in flow.loops:
            assert frame.parent is not None
            self.children.setdefault(frame.parent, []).append(frame)

    def plan(self, frame: Frame) -> list[Any]:
        """What runs in a frame; of a loop, the body, after its condition is put into the Loop."""
        for child in self.children.get(frame, ()):
            loop = self.loops[child] = Loop(child, [], [])
            loop.body = self.plan(child)
        nodes = [*self.members.get(frame, ()), *(self.loops[c] for c in self.children.get(frame, ()))]
        before = {node: self.before(node, frame) for node in nodes}
        self.keep_effects(nodes, before)
        goes_on = None if frame.condition is None else frame.goes_on()
        paths = {node: self.path(self.guard(node) - {goes_on}) for node in nodes}
        joins = {node: self.flow.joins[node][0] for node in nodes if node in self.flow.joins}
        first, second = _Level(), _Level()
        for node in _in_branches(nodes, before, paths, joins):
            level = second if goes_on in self.guard(node) else first
            level.place(node, paths[node], before[node], joins.get(node))
        if frame is self.flow.root:
            return first.items
        self.loops[frame].condition = first.items
        return second.items

    def keep_effects(self, nodes: list[Any], before: dict[Any, set[Any]]) -> None:
        """Let each operation with effects wait for the one before it in the order of creation."""
        effect: Any = None
        for node in _ordered(nodes, before):
            if self.has_effect(node):
                before[node] |= {effect} - {None}
                effect = node

    def has_effect(self, node: Any) -> bool:
        """True for an operation with an effect, or a loop with such an operation inside."""
        if not isinstance(node, Loop):
            return _has_effect(node)
        return any(map(_has_effect, self.members.get(node.frame, ()))) or any(
            self.has_effect(self.loops[c]) for c in self.children.get(node.frame, ()))

    def guard(self, node: Any) -> Guard:
        """The guard of an operation or a loop in its frame."""
        if isinstance(node, Loop):
            return node.frame.guard
        guard = self.flow.guards[node]
        assert guard is not None
        return guard

    def path(self, guard: Guard) -> list[tuple[Any, int]]:
        """The branches of a guard, the outer ones first: a predicate is computed inside of those around it."""
        return sorted(guard, key=lambda literal: self.flow.order.get(literal[0]._op, -1))

    def before(self, node: Any, frame: Frame) -> set[Any]:
        """The operations and loops of a frame that one of them waits for."""
        found: set[Any] = set()
        members = node.frame.enters if isinstance(node, Loop) else [node]
        for op in members:
            others = [t._op for t in op._inputs if t not in self.flow.fed] + self.waited(op, self.flow.fed)
            for other in others:
                if other.type in EXIT:
                    found.add(self.loops[self.flow.frames[other._inputs[0]._op]])
                elif other.type not in ENTER and other.type not in NEXT and not _starts(other, self.flow):
                    found.add(other)
        for key, _ in self.guard(node):
            if key not in self.flow.fed and self.flow.frames.get(key._op) is frame and key._op.type not in EXIT:
                if not _starts(key._op, self.flow) and key._op.type not in ENTER:
                    found.add(key._op)
        return found


def _created(node: Any) -> float:
    return node.frame.first_id() if isinstance(node, Loop) else node._turn


def _in_branches(nodes: list[Any], before: dict[Any, set[Any]], paths: dict[Any, Any],
                 joins: dict[Any, Any]) -> Iterator[Any]:
    """Nodes in an order that enters few branches: what is in none first, then what is in the branch of the one
    before."""
    heads = {n: paths[n][0][0] if paths[n] else joins.get(n) for n in nodes}
    ready: dict[Any, list[Any]] = {}  # the predicate of the outermost branch, or None -> by creation
    waits = _Waits(nodes, before)
    for node in waits.free:
        heapq.heappush(ready.setdefault(heads[node], []), (_created(node), id(node), node))
    head: Any = None
    while ready:
        if None in ready:
            head = None
        elif head not in ready:
            head = min(ready, key=lambda key: ready[key][0][:2])
        _, _, node = heapq.heappop(ready[head])
        if not ready[head]:
            del ready[head]
        yield node
        for other in waits.done(node):
            heapq.heappush(ready.setdefault(heads[other], []), (_created(other), id(other), other))


def _ordered(nodes: list[Any], before: dict[Any, set[Any]]) -> list[Any]:
    """Nodes in the order of their creation, but each after those that it waits for."""
    waits = _Waits(nodes, before)
    ready = [(_created(n), id(n), n) for n in waits.free]
    heapq.heapify(ready)
    out = []
    while ready:
        _, _, node = heapq.heappop(ready)
        out.append(node)
        for other in waits.done(node):
            heapq.heappush(ready, (_created(other), id(other), other))
    if len(out) < len(nodes):
        raise Declined("a loop waits for what comes after it")
    return out


class _Waits:
    """How many others each node still waits for."""

    def __init__(self, nodes: list[Any], before: dict[Any, set[Any]]) -> None:
        self._missing = {node: len(before[node]) for node in nodes}
        self._followers: dict[Any, list[Any]] = {}
        for node in nodes:
            for other in before[node]:
                self._followers.setdefault(other, []).append(node)
        self.free = [node for node in nodes if not self._missing[node]]

    def done(self, node: Any) -> Iterator[Any]:
        """The nodes that waited for this one last."""
        for other in self._followers.get(node, ()):
            self._missing[other] -= 1
            if not self._missing[other]:
                yield other


def _has_effect(op: Any) -> bool:
    """True if an operation may change, or see changed, what others see: such keep the order of creation."""
    block = block_of(op)
    if block.once or op.type in MERGE:
        return False
    if block.pure and not block.update_positions and not any(t._dtype._is_ref_dtype for t in op._inputs):
        return False
    # the flows and control inputs of stacks and arrays say all that there is to say
    return not (op._inputs and _source(op._inputs[0]).type in ("StackV2", "TensorArrayV3", "TensorArrayGradV3"))


def _source(tensor: Any) -> Any:
    """The operation that a handle comes from."""
    while tensor._op.type in ("Enter", "Switch", "Identity"):
        tensor = tensor._op._inputs[0]
    return tensor._op


class _Level:
    """Items in order; operations are put under their branches."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.addresses: dict[Any, tuple[int, ...]] = {}

    def place(self, node: Any, path: list[tuple[Any, int]], before: Iterable[Any], join: Any) -> None:
        """Put a node under the branches of `path`, after all of `before`.

        Args:
          node: an operation or a Loop.
          path: the branches, the outer ones first.
          before: nodes; those that were not placed here are no hindrance.
          join: the predicate of the branch whose sides the node, a Merge, joins.
        """
        level, prefix = self.items, ()
        places = [self.addresses[b] for b in before if b in self.addresses]
        for key, side in path:
            at = self._branch(level, prefix, key, side, places)
            level, prefix = level[at].sides[side], (*prefix, at, side)
        if join is None:
            level.append(node)
            self.addresses[node] = (*prefix, len(level) - 1)
            return
        at = self._branch(level, prefix, join, None, places)
        level[at].joins.append(node)
        self.addresses[node] = (*prefix, at, _JOIN)

    def _branch(self, level: list[Any], prefix: tuple[int, ...], key: Any, side: int | None,
                places: list[tuple[int, ...]]) -> int:
        """The index of the first branch on a predicate that can take a node in, made if there is none."""
        lowest, depth = 0, len(prefix)
        for place in places:
            if place[:depth] != prefix:
                continue
            at, rest = place[depth], place[depth + 1:]
            same = isinstance(level[at], Branch) and level[at].key is key and rest and rest[0] != _JOIN
            lowest = max(lowest, at if same and side in (None, rest[0]) else at + 1)
        for at in range(lowest, len(level)):
            if isinstance(level[at], Branch) and level[at].key is key:
                return at
        level.append(Branch(key, ([], []), []))
        return len(level) - 1
