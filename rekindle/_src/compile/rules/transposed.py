"""x w^T for many x and one w, as in the gradients of a recurrent layer's steps: w is transposed in memory once.

A product with few rows spends most of its time on bringing a transposed w in order.
"""
from __future__ import annotations

from collections import Counter
from typing import Any

from rekindle._src.compile.program import Block, Instr, Number, Program, made_in
from rekindle._src.ops import fused

TRANSPOSED = Block("Transposed", fused.transposed)
#: uses from which the copy pays
_FEWEST = 3
#: rows of x up to which, and elements of w up to which, the product is slow
_ROWS, _SIZE = 48, 1 << 20


def share_transposed(program: Program) -> Program:
    """The program with such w transposed once; in a loop over steps, in front of it (`hoist` takes it there)."""
    return _shared(program, None)


def _shared(program: Program, changing: set[Number] | None) -> Program:
    """A program, the body of a loop that makes `changing` in each iteration, or none."""
    counts = Counter(instr.inputs[1] for instr in program.instrs if _is_slow(instr, program))
    copies: dict[Number, Number] = {}  # of what pays
    kept: list[Instr] = []
    for instr in program.instrs:
        if instr.bodies:
            inside = made_in(instr) if len(instr.bodies) == 3 else changing
            instr = instr.over(instr.inputs, tuple(_shared(body, inside) for body in instr.bodies))
        elif _is_slow(instr, program):
            matrix = instr.inputs[1]
            repeated = changing is not None and matrix not in changing
            if matrix not in copies and (repeated or counts[matrix] >= _FEWEST):
                copies[matrix] = program.new_value(program.values[matrix])
                rows, columns = program.values[matrix].shape or (None, None)
                program.values[copies[matrix]].shape = (columns, rows)
                kept.append(Instr(TRANSPOSED, instr.node, (matrix,), (copies[matrix],), {}))
            if matrix in copies:
                attrs: dict[str, Any] = {**instr.attrs, "transpose_b": False}
                instr = Instr(instr.block, instr.node, (instr.inputs[0], copies[matrix]), instr.outputs, attrs)
        kept.append(instr)
    return program.with_instrs(kept)


def _is_slow(instr: Instr, program: Program) -> bool:
    if instr.block.type != "MatMul" or not instr.attrs["transpose_b"] or instr.attrs["transpose_a"]:
        return False
    x, w = (program.values[n].shape for n in instr.inputs)
    if x is None or w is None or len(x) != 2 or len(w) != 2:
        return False
    return 0 < (x[0] or 0) <= _ROWS and None not in w and (w[0] or 0) * (w[1] or 0) <= _SIZE
