"""Fold: find every value's shape and, where it follows from constants and shapes, its content.

With the shapes of a step's feeds known, the shape arithmetic of gradient graphs becomes constants here. Values made
constant have no instruction any more.
"""
from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from rekindle._src.compile.program import Instr, Program, Value, flat
from rekindle._src.graph import infer
from rekindle._src.graph.infer import Shape

_LIMIT = 10 << 20  # bytes; larger constants are computed in the step

Evaluate = Callable[[Any, Any, list[np.ndarray]], list[np.ndarray] | None]


class _Context(infer.InferContext):
    """What a shape rule may ask, answered from the program's values instead of the graph's."""

    __slots__ = ("values",)

    def __init__(self, node: Any, values: list[Value]) -> None:
        self.op = node
        self.values = values
        self.shapes = [v.shape for v in values]

    def value(self, index: int) -> np.ndarray | None:
        """Input `index` if it is a constant."""
        return self.values[index].const

    def shape_value(self, index: int) -> Shape:
        """Input `index` read as a shape if it is a constant."""
        const = self.values[index].const
        if const is not None:
            return tuple(None if d < 0 else int(d) for d in const.reshape(-1)) if const.ndim else None
        shape = self.shapes[index]
        return None if shape is None or len(shape) != 1 or shape[0] is None else (None,) * shape[0]


def fold(program: Program, shapes: list[Shape], evaluate: Evaluate) -> Program:
    """The program with shapes filled in and constants folded.

    Args:
      program: as captured.
      shapes: the shape of each feed, as far as it is to be relied on.
      evaluate: runs a kernel on arrays; None where it cannot.
    """
    values = {n: dataclasses.replace(v) for n, v in program.values.items()}
    for number, shape in zip(program.feeds, shapes, strict=True):
        values[number].shape = shape
    kept = []
    for instr in program.instrs:
        if not _fold_one(instr, values, evaluate):
            kept.append(instr)
    return Program(program.feeds, tuple(kept), program.outputs, values)


def _fold_one(instr: Instr, values: dict[int, Value], evaluate: Evaluate) -> bool:
    """Fill in what is known of one instruction's outputs; True if they are constants now."""
    if instr.block.signature is None:
        return False
    inputs = [values[n] for n in flat(instr.inputs)]
    context = _Context(instr.node, inputs)
    _set_shapes(instr, context, values)
    if not instr.block.pure:
        return False
    found: Any = None
    rule = infer.VALUES.get(instr.block.type)
    if rule is not None:
        found = rule(context)
    known = [v.const for v in inputs if v.const is not None]
    if found is None and inputs and len(known) == len(inputs) and _small(instr, values):
        found = evaluate(instr.block, instr.node, known)
    if found is None or any(a is None or a.nbytes > _LIMIT for a in found):
        return False
    for number, array in zip(instr.outputs, found, strict=True):
        values[number].const, values[number].shape = array, array.shape
    return True


def _set_shapes(instr: Instr, context: _Context, values: dict[int, Value]) -> None:
    rule = infer.RULES.get(instr.block.type)
    if rule is None:
        return
    try:
        shapes = rule(context)
    except (ValueError, IndexError):  # the kernel will say what is wrong, with the values at hand
        return
    listed = shapes if isinstance(shapes, list) else [shapes]
    for number, shape in zip(instr.outputs, listed, strict=False):
        values[number].shape = shape


def _small(instr: Instr, values: dict[int, Value]) -> bool:
    for number in instr.outputs:
        sizes = [d for d in values[number].shape or () if d is not None]
        if math.prod(sizes) * 4 > _LIMIT:
            return False
    return True
