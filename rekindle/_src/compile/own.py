"""Own: what may be changed in place, and what must be copied before it goes out.

Updates work in place on a variable's buffer. That is right only if nobody still holds the old value: where a value read
before an update is needed after it, the update is told to work on a copy. Fetched values that may share memory with a
buffer, a feed or a constant are copied as they go out.
"""
from __future__ import annotations

import dataclasses

from rekindle._src.compile.program import Instr, Program, flat, updated


@dataclasses.dataclass(frozen=True, slots=True)
class Ownership:
    """Facts for emit: before which instructions buffers are to be marked shared, and which outputs to copy."""

    share: dict[int, tuple[int, ...]]  # index of an instruction -> buffers to mark shared before it
    copied: frozenset[int]  # values to copy as they go out


def own(program: Program) -> Ownership:
    """What must not be changed in place, and what must be copied."""
    roots = _roots(program)
    last = _last_uses(program)
    share: dict[int, set[int]] = {}
    held: dict[int, list[int]] = {}  # buffer -> values read from it
    all_buffers = _buffers(program)
    for at, instr in enumerate(program.instrs):
        buffers = updated(instr)
        for buffer in buffers:
            taken = set(flat(instr.inputs))
            for value in held.get(buffer, ()):
                if last.get(value, -1) > at or value in taken:
                    share.setdefault(at, set()).add(buffer)
        if _escapes(instr):
            for value in instr.reads():
                for root in roots.get(value, ()):
                    if root in all_buffers and value != root:
                        share.setdefault(at, set()).add(root)
        for output in instr.outputs:
            for root in roots.get(output, ()):
                if root != output:
                    held.setdefault(root, []).append(output)
    outside = {n for n, v in program.values.items() if v.const is not None} | set(program.feeds) | set(held)
    copied = frozenset(n for n in program.outputs if not outside.isdisjoint(roots.get(n, {n})))
    return Ownership({at: tuple(sorted(b)) for at, b in share.items()}, copied)


def _buffers(program: Program) -> set[int]:
    """The values that are buffers of variables."""
    found = {n for n, value in program.values.items() if value.dtype._is_ref_dtype}
    for instr in program.instrs:
        found.update(updated(instr))
        if instr.block.type == "ReadVariableOp":
            found.update(flat(instr.inputs))
    return found


def _escapes(instr: Instr) -> bool:
    """True if the instruction may keep what it takes beyond the run."""
    return not instr.block.pure and not instr.block.update_positions and not instr.block.once


def _roots(program: Program) -> dict[int, frozenset[int]]:
    """For each value, the feeds, constants and buffers whose memory it may share, and itself."""
    roots: dict[int, frozenset[int]] = {}
    for instr in program.instrs:
        shared = {n for i in instr.block.aliases for n in flat((instr.inputs[i],))}
        if instr.block.type == "ReadVariableOp":
            shared = {instr.inputs[0]}
        inherited = frozenset().union(*(roots.get(n, frozenset((n,))) for n in shared))
        for output in instr.outputs:
            roots[output] = inherited | {output}
    return roots


def _last_uses(program: Program) -> dict[int, int]:
    last = {}
    for at, instr in enumerate(program.instrs):
        for number in instr.reads():
            last[number] = at
    last.update(dict.fromkeys(program.outputs, len(program.instrs)))
    return last
