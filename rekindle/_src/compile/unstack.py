"""Unstack: stacks that hold nothing that is needed, or always the same, leave the program, with all that nobody needs.

A gradient pushes whatever it may want of the forward loop; with shapes known and loops settled, much of that is not
popped, or is a value from before both loops.
"""
from __future__ import annotations

from collections.abc import Iterable

from rekindle._src.compile.program import Instr, Program, flat, substitute
from rekindle._src.compile.prune import prune


def unstack(program: Program) -> Program:
    """The program without what nobody needs, and without needless stacks."""
    while True:
        program = prune(program)
        if not any(instr.bodies for instr in program.instrs):
            return program
        needless, names = _needless(program)
        if not needless:
            return program
        kept = _without(program.instrs, needless, names)
        program = program.with_instrs(kept, substitute(program.outputs, names))


def own_stacks(program: Program) -> dict[int, tuple[list[Instr], list[Instr]]]:
    """The pushes and pops of each stack that no other instruction knows."""
    found: dict[int, tuple[list[Instr], list[Instr]]] = {}
    others: set[int] = set()
    for instr in program.walk():
        if instr.block.type == "StackV2":
            found.setdefault(instr.outputs[0], ([], []))
        elif instr.block.type in ("StackPushV2", "StackPopV2"):
            found.setdefault(instr.inputs[0], ([], []))[instr.block.type == "StackPopV2"].append(instr)
            others.update(instr.inputs[1:])
        elif instr.block.type != "StackCloseV2":
            others.update(flat(instr.inputs))
        for body in instr.bodies:
            others.update(body.outputs)
    return {handle: sides for handle, sides in found.items() if handle not in others}


def _needless(program: Program) -> tuple[set[int], dict[int, int]]:
    """The stacks that may go, and what the outputs of their pushes and pops are."""
    uses = program.uses()
    outside = set(program.feeds) | {n for instr in program.instrs for n in instr.outputs}
    needless: set[int] = set()
    names: dict[int, int] = {}
    for handle, (pushes, pops) in own_stacks(program).items():
        same = len(pushes) == 1 and pushes[0].inputs[1] in outside
        if not (same or pushes and not any(uses.get(pop.outputs[0]) for pop in pops)):
            continue
        needless.add(handle)
        for push in pushes:
            names[push.outputs[0]] = push.inputs[1]
        if same:
            names.update((pop.outputs[0], pushes[0].inputs[1]) for pop in pops)
    for number in names:
        while names[number] in names:
            names[number] = names[names[number]]
    return needless, names


def _without(instrs: Iterable[Instr], needless: set[int], names: dict[int, int]) -> list[Instr]:
    """Instructions without those on some stacks."""
    kept = []
    for instr in instrs:
        if instr.block.type.startswith("Stack") and not needless.isdisjoint((*flat(instr.inputs), *instr.outputs)):
            continue
        bodies = tuple(b.with_instrs(_without(b.instrs, needless, names), substitute(b.outputs, names))
                       for b in instr.bodies)
        kept.append(instr.over(substitute(instr.inputs, names), bodies))
    return kept
