"""Updates of many variables by one optimizer, with the same hyperparameters for all, -> one update of all variables."""
from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from rekindle._src.compile.program import Block, Instr, Program, flat
from rekindle._src.graph import dtypes
from rekindle._src.ops import fused, training


@dataclasses.dataclass(frozen=True, slots=True)
class _Kind:
    """How the updates of an optimizer become one: positions are those of the op's inputs."""

    buffers: int  # how many inputs are the variable and its slots
    gradient: int
    block: Block  # takes the op's inputs, of buffers and gradients the lists; then its attrs
    fits: Callable[[Instr, Program], bool]

    def shared(self, instr: Instr) -> tuple[Any, ...]:
        """The hyperparameters of an update."""
        return tuple(n for i, n in enumerate(instr.inputs) if i >= self.buffers and i != self.gradient)


def _constants(instr: Instr, program: Program, *positions: int) -> list[float] | None:
    """The values of scalars; None if one is not constant."""
    found = [program.values[instr.inputs[i]].const for i in positions]
    return None if any(c is None for c in found) else [float(c) for c in found if c is not None]


def _fits_adam(instr: Instr, program: Program) -> bool:
    known = _constants(instr, program, 6, 7, 8)
    return not instr.node._attrs["use_nesterov"] and known is not None and all(0 <= beta < 1 for beta in known[:2])


_ADAM = _Kind(3, 9, Block("ApplyAdamGroup", fused.apply_adam_group, pure=False, update_positions=(0, 1, 2),
                          host_inputs=frozenset([6, 7, 8])), _fits_adam)  # beta1, beta2, epsilon
_DESCENT = _Kind(1, 2, Block("ApplyGradientDescentGroup", training.gradient_descent_group, pure=False,
                             update_positions=(0,)), lambda instr, program: True)
_MOMENTUM = _Kind(2, 3, Block("ApplyMomentumGroup", training.momentum_group, pure=False, update_positions=(0, 1),
                              keywords=("use_nesterov",)),
                  lambda instr, program: _constants(instr, program, 4) is not None)
_KINDS = {prefix + kind: how for prefix in ("", "Resource") for kind, how in (
    ("ApplyAdam", _ADAM), ("ApplyGradientDescent", _DESCENT), ("ApplyMomentum", _MOMENTUM))}


def group_updates(program: Program) -> Program:
    """The program with runs of such updates made one instruction, at the place of the last."""
    groups: dict[Any, list[int]] = {}
    for at, instr in enumerate(program.instrs):
        kind = _KINDS.get(instr.block.type)
        if kind is None or not kind.fits(instr, program):
            continue
        dtype = program.values[instr.inputs[kind.gradient]].dtype._base
        if dtype in (dtypes.float32, dtypes.float64):
            attrs = tuple(instr.node._attrs.get(name) for name in kind.block.keywords)
            groups.setdefault((kind.block.type, kind.shared(instr), dtype, attrs), []).append(at)
    replaced: dict[int, Instr | None] = {}
    for members in groups.values():
        kind = _KINDS[program.instrs[members[0]].block.type]
        if len(members) > 1 and _movable(program, members, kind.buffers):
            replaced.update(dict.fromkeys(members))
            replaced[members[-1]] = _grouped([program.instrs[at] for at in members], kind)
    if not replaced:
        return program
    kept = [replaced.get(at, instr) for at, instr in enumerate(program.instrs)]
    return program.with_instrs(i for i in kept if i is not None)


def _movable(program: Program, members: list[int], buffers: int) -> bool:
    """True if nothing between the first and the last touches their variables, and nothing takes what they give."""
    inside = set(members)
    touched = {n for at in members for n in program.instrs[at].inputs[:buffers]}
    if len(touched) < len(members) * buffers:
        return False
    for at in range(members[0], members[-1]):
        if at in inside:
            continue
        instr = program.instrs[at]
        if not touched.isdisjoint(flat(instr.inputs)) or any(n in touched for n in instr.outputs) or instr.bodies:
            return False
    outputs = {n for at in members for n in program.instrs[at].outputs}
    return all(outputs.isdisjoint(i.reads()) for i in program.instrs) and outputs.isdisjoint(program.outputs)


def _grouped(instrs: list[Instr], kind: _Kind) -> Instr:
    columns = list(zip(*(i.inputs for i in instrs), strict=True))
    inputs = tuple(column if i < kind.buffers or i == kind.gradient else column[0] for i, column in enumerate(columns))
    attrs = {name: instrs[0].node._attrs[name] for name in kind.block.keywords}
    return Instr(kind.block, instrs[-1].node, inputs, (), attrs)
