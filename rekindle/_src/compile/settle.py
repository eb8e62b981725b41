"""Settle: what a loop only passes on is no variable of it.

A variable that each iteration leaves as it is is the value from before the loop, and so is what goes out of it.
"""
from __future__ import annotations

from collections.abc import Iterable

from rekindle._src.compile.program import Instr, Program, made_in, renamed, substitute


def settle(program: Program) -> Program:
    """The program without variables of loops that never change."""
    names: dict[int, int] = {}
    kept = _settled(program.instrs, names)
    return program.with_instrs(kept, substitute(program.outputs, names))


def _settled(instrs: Iterable[Instr], names: dict[int, int]) -> list[Instr]:
    """Instructions without such variables; `names` gets what stands for a value."""
    kept = []
    for instr in instrs:
        inputs = substitute(instr.inputs, names)
        bodies = []
        for body in instr.bodies:
            inner = _settled(body.instrs, names)
            bodies.append(body.with_instrs(inner, substitute(body.outputs, names)))
        instr = instr.over(inputs, tuple(bodies))
        if len(bodies) == 3:
            instr = _loop(instr, names)
        elif instr.block.type == "TensorArrayGradV3":  # the flow of an array's gradient is the array's
            _rename(names, {instr.outputs[1]: instr.inputs[1]})
        kept.append(instr)
    return kept


def _rename(names: dict[int, int], new: dict[int, int]) -> None:
    for old, number in names.items():
        names[old] = new.get(number, number)
    names.update(new)


def _loop(instr: Instr, names: dict[int, int]) -> Instr:
    """A loop without the variables that stay what they were, and without passing on what was there before it."""
    while True:
        condition, once, body = instr.bodies
        columns = list(zip(condition.feeds, instr.inputs, body.outputs, strict=True))
        still = {feed: start for feed, start, after in columns if after in (feed, start)}
        if not still:
            break
        _rename(names, still)
        columns = [c for c in columns if c[0] not in still]
        inner = (Program(tuple(c[0] for c in columns), condition.instrs, condition.outputs, condition.values),
                 once, body.with_instrs(body.instrs, tuple(c[2] for c in columns)))
        instr = renamed(instr.over(tuple(c[1] for c in columns), inner), still)
    condition, once, body = instr.bodies
    inside = made_in(instr)
    pairs = list(zip(instr.outputs, condition.outputs[1:], strict=True))
    _rename(names, {out: number for out, number in pairs if number not in inside})
    pairs = [p for p in pairs if p[1] in inside]
    condition = condition.with_instrs(condition.instrs, (condition.outputs[0], *(p[1] for p in pairs)))
    return Instr(instr.block, instr.node, instr.inputs, tuple(p[0] for p in pairs), instr.attrs,
                 (condition, once, body))
