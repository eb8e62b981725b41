"""Merge: common subexpressions run once, and identities vanish.

A pure instruction whose op, attrs and inputs equal those of an earlier one takes its results over. A read of a variable
equals an earlier read as long as no update of that variable stands between.
"""
from __future__ import annotations

import ast
from typing import Any

import numpy as np

from rekindle._src.compile.inline import expression
from rekindle._src.compile.program import Instr, Program, substitute, updated


def merge(program: Program) -> Program:
    """The program with equal pure instructions made one, and without identities."""
    names = _equal_constants(program)
    seen: dict[Any, tuple[int, ...]] = {}
    versions: dict[int, int] = {}
    kept = []
    for instr in program.instrs:
        inputs = substitute(instr.inputs, names)
        instr = Instr(instr.block, instr.node, inputs, instr.outputs, instr.attrs)
        if is_identity(instr.block):
            names[instr.outputs[0]] = inputs[0]
            continue
        for number in updated(instr):
            versions[number] = versions.get(number, 0) + 1
        key = _key(instr, versions)
        earlier = seen.get(key) if key is not None else None
        if earlier is not None:
            names.update(zip(instr.outputs, earlier, strict=True))
            continue
        if key is not None:
            seen[key] = instr.outputs
        kept.append(instr)
        _follow_handles(instr, names)
    return program.with_instrs(kept, tuple(names.get(n, n) for n in program.outputs))


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
