"""Prune: instructions that nobody needs leave the program."""
from __future__ import annotations

from rekindle._src.compile.program import Instr, Program

_OF_SHAPES = frozenset(["Shape", "ShapeN", "Size", "Rank"])


def prune(program: Program) -> Program:
    """The program without pure instructions whose results nothing takes."""
    live = set(program.outputs)
    kept = []
    for instr in reversed(program.instrs):
        effect = not instr.block.pure and not instr.block.once
        if effect or _may_refuse(instr) or instr.block.update_positions or not live.isdisjoint(instr.outputs):
            kept.append(instr)
            live.update(instr.reads())
    return program.with_instrs(reversed(kept))


def _may_refuse(instr: Instr) -> bool:
    """True for a read of a ref variable, which fails while that holds nothing even if only the shape of what follows
    was asked for; not where the shape is asked of the reference itself."""
    return instr.block.type == "Read" and instr.node.type not in _OF_SHAPES
