"""Prune: instructions that nobody needs leave the program."""
from __future__ import annotations

from rekindle._src.compile.program import Program


def prune(program: Program) -> Program:
    """The program without pure instructions whose results nothing takes."""
    live = set(program.outputs)
    kept = []
    for instr in reversed(program.instrs):
        effect = not instr.block.pure and not instr.block.once
        if effect or instr.block.update_positions or not live.isdisjoint(instr.outputs):
            kept.append(instr)
            live.update(instr.reads())
    return program.with_instrs(reversed(kept))
