"""ApplyAdam(var_i, ..., grad_i) with the same hyperparameters for all i -> one update of all variables."""
from __future__ import annotations

from typing import Any

from rekindle._src.compile.program import Block, Instr, Program, flat
from rekindle._src.graph import dtypes
from rekindle._src.ops import fused

ADAM_GROUP = Block("ApplyAdamGroup", fused.apply_adam_group, pure=False, update_positions=(0, 1, 2),
                   host_inputs=frozenset([6, 7, 8]))  # beta1, beta2, epsilon
_SHARED = slice(3, 9)  # beta1_power, beta2_power, lr, beta1, beta2, epsilon


def group_adam(program: Program) -> Program:
    """The program with runs of ApplyAdam made one instruction, at the place of the last."""
    groups: dict[Any, list[int]] = {}
    for at, instr in enumerate(program.instrs):
        if instr.block.type in ("ApplyAdam", "ResourceApplyAdam") and _fits(instr, program):
            groups.setdefault(instr.inputs[_SHARED], []).append(at)
    replaced: dict[int, Instr | None] = {}
    for members in groups.values():
        if len(members) > 1 and _movable(program, members):
            replaced.update(dict.fromkeys(members))
            replaced[members[-1]] = _grouped([program.instrs[at] for at in members])
    if not replaced:
        return program
    kept = [replaced.get(at, instr) for at, instr in enumerate(program.instrs)]
    return program.with_instrs(i for i in kept if i is not None)


def _fits(instr: Instr, program: Program) -> bool:
    """True if torch's kernel can do it: floats, constant betas below one, no Nesterov, results not taken."""
    if instr.node._attrs["use_nesterov"] or program.values[instr.inputs[9]].dtype._base not in (
            dtypes.float32, dtypes.float64):
        return False
    constants = [program.values[instr.inputs[i]].const for i in (6, 7, 8)]
    known = [float(c) for c in constants if c is not None]
    return len(known) == 3 and all(0 <= beta < 1 for beta in known[:2])


def _movable(program: Program, members: list[int]) -> bool:
    """True if nothing between the first and the last touches their variables or the hyperparameters' buffers."""
    inside = set(members)
    touched = {n for at in members for n in program.instrs[at].inputs[:3]}
    for at in range(members[0], members[-1]):
        if at in inside:
            continue
        instr = program.instrs[at]
        if not touched.isdisjoint(flat(instr.inputs)) or any(n in touched for n in instr.outputs):
            return False
    outputs = {n for at in members for n in program.instrs[at].outputs}
    return all(outputs.isdisjoint(i.reads()) for i in program.instrs) and outputs.isdisjoint(program.outputs)


def _grouped(instrs: list[Instr]) -> Instr:
    columns = list(zip(*(i.inputs for i in instrs), strict=True))
    shared = instrs[0].inputs[_SHARED]
    return Instr(ADAM_GROUP, instrs[-1].node, (*columns[:3], *shared, columns[9]), (), {})
