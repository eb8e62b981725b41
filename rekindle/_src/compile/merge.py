"""Merge: common subexpressions run once, and identities vanish.

A pure instruction whose op, attrs and inputs equal those of an earlier one takes its results over. A read of a variable
equals an earlier read as long as no update of that variable stands between.
"""
from __future__ import annotations

import ast
import itertools
from collections.abc import Iterable
from typing import Any

import numpy as np

from rekindle._src.compile.inline import expression
from rekindle._src.compile.program import Instr, Program, substitute, updated


def merge(program: Program) -> Program:
    """The program with equal pure instructions made one, and without identities."""
    merger = _Merger(_equal_constants(program))
    kept = merger.instrs(program.instrs)
    return program.with_instrs(kept, tuple(merger.names.get(n, n) for n in program.outputs))


class _Merger:
    """The state of one merge: values that others stand for, what was seen, and the versions of variables."""

    def __init__(self, names: dict[int, int]) -> None:
        self.names = names
        self.seen: dict[Any, tuple[int, ...]] = {}
        self.versions: dict[int, int] = {}
        self.clock = itertools.count(1)

    def instrs(self, instrs: Iterable[Instr]) -> list[Instr]:
        """The instructions that are left of some."""
        kept = []
        for instr in instrs:
            instr = instr.over(substitute(instr.inputs, self.names))
            if instr.bodies:
                kept.append(self.nested(instr))
                continue
            if is_identity(instr.block):
                self.names[instr.outputs[0]] = instr.inputs[0]
                continue
            self.change(updated(instr))
            key = _key(instr, self.versions)
            earlier = self.seen.get(key) if key is not None else None
            if earlier is not None:
                self.names.update(zip(instr.outputs, earlier, strict=True))
                continue
            if key is not None:
                self.seen[key] = instr.outputs
            kept.append(instr)
            _follow_handles(instr, self.names)
        return kept

    def nested(self, instr: Instr) -> Instr:
        """A branch or loop: what is inside sees what was before, what comes after does not see what was inside."""
        loop = len(instr.bodies) == 3
        if loop:
            self.change(updated(instr))
        before, versions, bodies = self.seen, dict(self.versions), []
        for body in instr.bodies:
            if not loop or not bodies:
                self.seen, self.versions = dict(before), dict(versions)
            instrs = self.instrs(body.instrs)
            bodies.append(body.with_instrs(instrs, tuple(self.names.get(n, n) for n in body.outputs)))
        self.seen, self.versions = before, versions
        instr = instr.over(instr.inputs, tuple(bodies))
        self.change(updated(instr))
        return instr

    def change(self, buffers: Iterable[int]) -> None:
        """Tell reads of variables from here on from those before."""
        for number in buffers:
            number = self.names.get(number, number)
            self.versions[number] = next(self.clock)


def is_identity(block: Any) -> bool:
    """True if a kernel does nothing but give its first input back."""
    found = expression(block.kernel) if block.pure and 0 in block.aliases else None
    return found is not None and isinstance(found[1], ast.Name) and found[1].id == found[0][0]


def _equal_constants(program: Program) -> dict[int, int]:
    """Small constants of equal type and content under one number."""
    names: dict[int, int] = {}
    seen: dict[Any, int] = {}
    for number, value in program.values.items():
        const = value.const
        if const is None or const.nbytes > 4096:
            continue
        content = tuple(const.reshape(-1).tolist()) if const.dtype == np.object_ else const.tobytes()
        first = seen.setdefault((value.dtype.name, const.shape, content), number)
        if first != number:
            names[number] = first
    return names


def _follow_handles(instr: Instr, names: dict[int, int]) -> None:
    """An update gives its buffer back: what takes its output takes the buffer."""
    buffers = updated(instr)
    if buffers and instr.outputs and instr.block.signature.outputs[0].is_ref:
        names[instr.outputs[0]] = buffers[0]


def _key(instr: Instr, versions: dict[int, int]) -> Any:
    if instr.block.type in ("Read", "ReadVariableOp"):
        buffer = instr.inputs[0]
        return "Read", buffer, versions.get(buffer, 0)
    if instr.block.once:
        return instr.block.type, instr.node.name
    if not instr.block.pure or instr.block.update_positions:
        return None
    try:
        key = instr.block.type, instr.inputs, tuple((k, _hashable(v)) for k, v in instr.attrs.items())
        hash(key)
    except TypeError:
        return None
    return key


def _hashable(value: Any) -> Any:
    return tuple(map(_hashable, value)) if isinstance(value, list) else value
