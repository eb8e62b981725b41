"""Own: what may be changed in place, and what must be copied before it goes out.

Updates work in place on a variable's buffer. That is right only if nobody still holds the old value: where a value read
before an update is needed after it, the update is told to work on a copy. Fetched values that may share memory with a
buffer, a feed or a constant are copied as they go out.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Set

from rekindle._src.compile.program import Instr, Program, flat, updated


@dataclasses.dataclass(frozen=True, slots=True)
class Ownership:
    """Facts for emit: before which instructions buffers are to be marked shared, and which outputs to copy."""

    share: dict[int, tuple[int, ...]]  # index of an instruction -> buffers to mark shared before it
    copied: frozenset[int]  # values to copy as they go out
    inside: dict[int, tuple[Ownership, ...]]  # index of a branch or loop -> the same of its programs


def own(program: Program) -> Ownership:
    """What must not be changed in place, and what must be copied."""
    owner = _Owner(program)
    found = owner.level(program, frozenset())
    outside = {n for n, v in program.values.items() if v.const is not None} | set(program.feeds) | set(owner.held)
    outside.update(n for i in program.walk() if i.block.host and not i.block.pure for n in i.outputs)
    copied = frozenset(n for n in program.outputs if not outside.isdisjoint(owner.roots.get(n, {n})))
    return dataclasses.replace(found, copied=copied)


class _Owner:
    """The state of one analysis: whose memory values share, and what was read from each buffer so far."""

    def __init__(self, program: Program) -> None:
        self.roots = roots_of(program)
        self.buffers = _buffers(program)
        self.held: dict[int, list[int]] = {}  # buffer -> values read from it

    def level(self, program: Program, after: Set[int]) -> Ownership:
        """The facts of a program; `after` is what is needed after it, or in its next iteration."""
        last = _last_uses(program, after)
        share: dict[int, set[int]] = {}
        inside: dict[int, tuple[Ownership, ...]] = {}
        for number in program.feeds:
            self.hold(number)
        for at, instr in enumerate(program.instrs):
            for buffer in updated(instr):
                taken = set() if instr.bodies else set(flat(instr.inputs))
                for value in self.held.get(buffer, ()):
                    if last.get(value, -1) > at or value in taken:
                        share.setdefault(at, set()).add(buffer)
            if instr.bodies:
                inside[at] = self.bodies(instr, {n for n, use in last.items() if use > at})
            elif _escapes(instr):
                for value in instr.reads():
                    for root in self.roots.get(value, ()):
                        if root in self.buffers and value != root:
                            share.setdefault(at, set()).add(root)
            for output in instr.outputs:
                self.hold(output)
        return Ownership({at: tuple(sorted(b)) for at, b in share.items()}, frozenset(), inside)

    def bodies(self, instr: Instr, after: set[int]) -> tuple[Ownership, ...]:
        """The facts of the programs inside of a branch or loop."""
        if len(instr.bodies) == 2:
            return tuple(self.level(body, after) for body in instr.bodies)
        condition, once, body = instr.bodies
        after = after.union(instr.reads(), (n for i in once.instrs for n in i.outputs))  # for the next iteration
        in_body = {n for i in body.instrs for n in i.reads()}.union(body.outputs)
        first, middle = self.level(condition, after | in_body), self.level(once, after | in_body)
        return first, middle, self.level(body, after)

    def hold(self, number: int) -> None:
        """Remember whose memory a value shares."""
        for root in self.roots.get(number, ()):
            if root != number:
                self.held.setdefault(root, []).append(number)


def _buffers(program: Program) -> set[int]:
    """The values that are buffers of variables."""
    found = {n for n, value in program.values.items() if value.dtype._is_ref_dtype}
    for instr in program.walk():
        found.update(updated(instr))
        if instr.block.type == "ReadVariableOp":
            found.update(flat(instr.inputs))
    return found


def _escapes(instr: Instr) -> bool:
    """True if the instruction may keep what it takes beyond the run."""
    return not instr.block.pure and not instr.block.update_positions and not instr.block.once


def roots_of(program: Program) -> dict[int, frozenset[int]]:
    """For each value, the feeds, constants and buffers whose memory it may share, and itself."""
    roots: dict[int, frozenset[int]] = {}
    while True:
        before = dict(roots)
        _add_roots(program, roots)
        if roots == before:
            return roots
        if not any(instr.bodies for instr in program.instrs):
            return roots


def _add_roots(program: Program, roots: dict[int, frozenset[int]]) -> None:
    def of(number: int) -> frozenset[int]:
        return roots.get(number, frozenset((number,)))

    for instr in program.instrs:
        if instr.bodies:
            for body in instr.bodies:
                _add_roots(body, roots)
            for number, *sources in _passed(instr):
                roots[number] = of(number).union(*map(of, sources))
            continue
        shared = {n for i in instr.block.aliases for n in flat((instr.inputs[i],))}
        if instr.block.type == "ReadVariableOp":
            shared = {instr.inputs[0]}
        inherited = frozenset().union(*map(of, shared))
        for output in instr.outputs:
            roots[output] = inherited | {output}


def _passed(instr: Instr) -> Iterator[tuple[int, ...]]:
    """Values that a branch or loop only passes on: the new number, and those that it may be."""
    first, second = instr.bodies[0], instr.bodies[-1]
    if len(instr.bodies) == 3:
        yield from zip(first.feeds, instr.inputs, second.outputs, strict=True)
        yield from zip(instr.outputs, first.outputs[1:], strict=True)
    else:
        yield from zip(instr.outputs, first.outputs, second.outputs, strict=True)


def _last_uses(program: Program, after: Set[int]) -> dict[int, int]:
    last = {}
    for at, instr in enumerate(program.instrs):
        for number in instr.reads():
            last[number] = at
    last.update(dict.fromkeys((*program.outputs, *after), len(program.instrs)))
    return last
