"""Instructions that give their input back vanish: a reshape to the same shape, a reduction over no axes.

A reduction over axes of size one is a reshape, but is left: it is as cheap.
"""

from __future__ import annotations

from collections.abc import Iterable

from rekindle._src.compile.program import Instr, Program, substitute

_REDUCTIONS = frozenset(["Sum", "Mean", "Max", "Min", "Prod", "All", "Any"])
_RESHAPES = frozenset(
    ["Reshape", "BroadcastTo", "Squeeze", "Slice", "StridedSlice", "Tile", "Pad", "PadV2", "ConcatV2", "AddN"]
)
_SAME_TYPE = frozenset(["Cast"])


def drop_noops(program: Program) -> Program:
    """The program without instructions whose output is their first input."""
    names: dict[int, int] = {}
    kept = _without(program.instrs, program, names)
    return program.with_instrs(kept, tuple(names.get(n, n) for n in program.outputs))


def _without(instrs: Iterable[Instr], program: Program, names: dict[int, int]) -> list[Instr]:
    """The instructions without noops; `names` gets what stands for their outputs."""
    kept = []
    for instr in instrs:
        inputs = substitute(instr.inputs, names)
        bodies = []
        for body in instr.bodies:
            inner = _without(body.instrs, program, names)
            bodies.append(body.with_instrs(inner, tuple(names.get(n, n) for n in body.outputs)))
        instr = instr.over(inputs, tuple(bodies))
        if not bodies and _is_noop(instr, program):
            names[instr.outputs[0]] = instr.inputs[0]
        else:
            kept.append(instr)
    return kept


def _is_noop(instr: Instr, program: Program) -> bool:
    kind = instr.block.type
    if (
        kind not in _REDUCTIONS
        and kind not in _RESHAPES
        and kind not in _SAME_TYPE
        or isinstance(instr.inputs[0], tuple)
    ):
        return False
    before, after = (program.values[n] for n in (instr.inputs[0], instr.outputs[0]))
    if before.dtype != after.dtype:
        return False
    if kind in _SAME_TYPE:
        return True
    if kind in _REDUCTIONS:
        axes = program.values[instr.inputs[1]].const
        return axes is not None and axes.size == 0
    return (
        before.shape is not None
        and None not in before.shape
        and before.shape == after.shape
        and (kind != "StridedSlice" or not _reverses(instr, program))
    )


def _reverses(instr: Instr, program: Program) -> bool:
    """True unless a strided slice is known to go forward."""
    strides = program.values[instr.inputs[3]].const
    return strides is None or bool((strides < 0).any())
