"""Hoist: what is the same in all iterations of a loop is computed once.

What the condition computes is computed before the loop. What the body computes waits until the body runs for the first
time, since a loop without iterations must not fail in it.
"""
from __future__ import annotations

from collections.abc import Iterable

from rekindle._src.compile.program import Instr, Program, flat, made_in, updated

_READS = frozenset(["Read", "ReadVariableOp"])


def hoist(program: Program) -> Program:
    """The program with what does not change in a loop outside of it."""
    return program.with_instrs(_hoisted(program.instrs))


def _hoisted(instrs: Iterable[Instr]) -> list[Instr]:
    kept: list[Instr] = []
    for instr in instrs:
        if instr.bodies:
            bodies = tuple(b.with_instrs(_hoisted(b.instrs)) for b in instr.bodies)
            instr = instr.over(instr.inputs, bodies)
        if len(instr.bodies) == 3:
            before, instr = _loop(instr)
            kept += before
        kept.append(instr)
    return kept


def _loop(instr: Instr) -> tuple[list[Instr], Instr]:
    """What goes before a loop, and the loop without it."""
    condition, once, body = instr.bodies
    changing = made_in(instr)
    changed = set(updated(instr))
    before, tested = _parted(condition.instrs, changing, changed)
    first, repeated = _parted(body.instrs, changing, changed)
    bodies = (condition.with_instrs(tested), once.with_instrs([*once.instrs, *first]), body.with_instrs(repeated))
    return before, instr.over(instr.inputs, bodies)


def _parted(instrs: Iterable[Instr], changing: set[int], changed: set[int]) -> tuple[list[Instr], list[Instr]]:
    """The instructions that do the same in all iterations, whose outputs leave `changing`; and the others."""
    same, others = [], []
    for instr in instrs:
        steady = instr.block.type in _READS and instr.inputs[0] not in changed
        steady = steady or instr.block.pure and instr.block.type not in _READS and not instr.block.update_positions
        if steady and not instr.bodies and changing.isdisjoint(flat(instr.inputs)):
            same.append(instr)
            changing.difference_update(instr.outputs)
        else:
            others.append(instr)
    return same, others
