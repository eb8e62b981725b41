"""Split: a program of the host and one GPU becomes what the host does first, and the rest, which a CUDA graph replays.

Random numbers, feeds and the arithmetic of sizes are the host's. A program in which the host waits for the GPU (to
write a summary, to decide on a branch) stays whole.
"""
from __future__ import annotations

from typing import NamedTuple

from rekindle._src.compile.program import Instr, Number, Program
from rekindle._src.compile.prune import prune
from rekindle._src.compile.transfer import COPY, HOST


class Parts(NamedTuple):
    """The two programs; the first gives what the second takes, then outputs of its own."""

    before: Program
    rest: Program
    crossing: int  # how many values go over
    outputs: tuple[int, ...]  # of the whole: places among the first's after what crosses, and then the second's
    device: str


def split(program: Program, places: dict[Number, str]) -> Parts | None:
    """The two parts of a program; None where it must stay whole.

    Args:
      program: after transfer.
      places: the device of each value.
    """
    once = {n for i in program.instrs if i.block.once for n in i.outputs}
    gpus = {p for p in places.values() if p != HOST}
    if len(gpus) != 1:
        return None
    before: list[Instr] = []
    rest: list[Instr] = []
    copies: list[Instr] = []
    for instr in program.instrs:
        if instr.block.once:
            before.append(instr)
            rest.append(instr)
        elif not any(places.get(n, HOST) != HOST for n in (*instr.reads(), *instr.outputs)):
            before.append(instr)
        elif instr.block is COPY and _varies(instr.inputs[0], program, places, once):
            copies.append(instr)
        elif instr.bodies or instr.block.host or any(_varies(n, program, places, once) for n in instr.reads()) or any(
                places.get(n, HOST) == HOST for n in instr.outputs):
            return None
        else:
            rest.append(instr)
    own = [n for n in program.outputs if places.get(n, HOST) == HOST]
    others = [n for n in program.outputs if places.get(n, HOST) != HOST]
    order = tuple(own.index(n) if n in own else len(own) + others.index(n) for n in program.outputs)
    return Parts(prune(program.with_instrs(before, (*(i.inputs[0] for i in copies), *own))),
                 prune(Program(tuple(i.outputs[0] for i in copies), tuple(rest), tuple(others), program.values)),
                 len(copies), order, gpus.pop())


def _varies(number: Number, program: Program, places: dict[Number, str], once: set[Number]) -> bool:
    """True for a value on the host that is not the same in each run."""
    return places.get(number, HOST) == HOST and program.values[number].const is None and number not in once
