"""Fold: find every value's shape and, where it follows from constants and shapes, its content.

With the shapes of a step's feeds known, the shape arithmetic of gradient graphs becomes constants here. Values made
constant have no instruction any more.
"""
from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from rekindle._src import errors
from rekindle._src.compile.contents import Contents
from rekindle._src.compile.program import Block, Instr, Program, Value, flat, made_in, renamed, substitute
from rekindle._src.graph import dtypes, infer
from rekindle._src.graph.infer import Shape

_LIMIT = 10 << 20  # bytes; larger constants are computed in the step
#: elements up to which zeros are kept from step to step, and their types
_FEW = 1 << 14
_ZEROS = (dtypes.float32, dtypes.float64, dtypes.int32, dtypes.int64)

Evaluate = Callable[[Any, Any, list[np.ndarray]], list[np.ndarray] | None]


class _Context(infer.InferContext):
    """What a shape rule may ask, answered from the program's values instead of the graph's."""

    __slots__ = ("values",)
    late = True

    def __init__(self, node: Any, values: list[Value]) -> None:
        self.op = node
        self.asked: set[int] = set()
        self.as_shape: dict[int, Shape] = {}
        self.blind = False
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
    folder = _Folder(program, values, evaluate)
    kept = folder.instrs(program.instrs)
    outputs = tuple(folder.names.get(n, n) for n in program.outputs)
    return Program(program.feeds, tuple(kept), outputs, values)


class _Folder:
    """The state of one folding: what is known of values, and those that turned out to be others."""

    def __init__(self, program: Program, values: dict[int, Value], evaluate: Evaluate) -> None:
        self.program = program
        self.values = values
        self.evaluate = evaluate
        self.names: dict[int, int] = {}
        self.contents = Contents(program)

    def instrs(self, instrs: Iterable[Instr]) -> list[Instr]:
        """The instructions that are left of some."""
        kept: list[Instr] = []
        for instr in instrs:
            if instr.bodies:
                instr = instr.over(substitute(instr.inputs, self.names))
                kept += self.loop(instr) if len(instr.bodies) == 3 else self.branch(instr)
                continue
            instr = renamed(instr, self.names)
            try:
                folded = _fold_one(instr, self.values, self.evaluate)
            except errors.InvalidArgumentError as refusal:
                kept.append(_refusing(instr, refusal.message))
                continue
            if not folded and not self.contents.follow(instr, self.values):
                kept.append(instr)
        return kept

    def body(self, body: Program) -> Program:
        """A program inside of this one."""
        instrs = tuple(self.instrs(body.instrs))
        return Program(body.feeds, instrs, tuple(self.names.get(n, n) for n in body.outputs), self.values)

    def branch(self, instr: Instr) -> list[Instr]:
        """A branch: the side that is taken if that is known, else both."""
        known = self.values[instr.inputs[0]].const
        if known is not None and known.size == 1:
            side = self.body(instr.bodies[int(bool(known))])
            self.names.update(zip(instr.outputs, side.outputs, strict=True))
            return list(side.instrs)
        bodies = tuple(map(self.body, instr.bodies))
        for number, *sides in zip(instr.outputs, *(b.outputs for b in bodies), strict=True):
            first, second = (self.values[n] for n in sides)
            self.values[number].shape = common(first.shape, second.shape)
        return [instr.over(instr.inputs, bodies)]

    def loop(self, instr: Instr) -> list[Instr]:
        """A loop, with the shapes that its variables have in all iterations."""
        values, feeds = self.values, instr.bodies[0].feeds
        inside = {n: dataclasses.replace(values[n]) for n in made_in(instr)}
        shapes = [values[n].shape for n in instr.inputs]
        while True:
            for number, value in inside.items():
                values[number] = dataclasses.replace(value)
            for number, shape in zip(feeds, shapes, strict=True):
                values[number].shape = shape
            names, contents = dict(self.names), self.contents.copy()
            bodies = tuple(map(self.body, instr.bodies))
            found = [common(s, values[n].shape) for s, n in zip(shapes, bodies[2].outputs, strict=True)]
            if found == shapes:
                break
            shapes, self.names, self.contents = found, names, contents
        for number, inner in zip(instr.outputs, bodies[0].outputs[1:], strict=True):
            values[number].shape = values[inner].shape
        return [instr.over(instr.inputs, bodies)]


def common(a: Shape, b: Shape) -> Shape:
    """What two shapes have in common."""
    if a is None or b is None or len(a) != len(b):
        return None
    return tuple(x if x == y else None for x, y in zip(a, b, strict=True))


def _fold_one(instr: Instr, values: dict[int, Value], evaluate: Evaluate) -> bool:
    """Fill in what is known of one instruction's outputs; True if they are constants now.

    Raises:
      InvalidArgumentError: the op refuses inputs of these shapes.
    """
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
    if found is None and instr.block.type == "ZerosLike":
        found = _zeros(values[instr.outputs[0]])
    if found is None or any(a is None or a.nbytes > _LIMIT for a in found):
        return False
    for number, array in zip(instr.outputs, found, strict=True):
        values[number].const, values[number].shape = array, array.shape
    return True


def _zeros(value: Value) -> list[np.ndarray] | None:
    """Zeros of a known shape that is small enough to keep."""
    shape = [d for d in value.shape or () if d is not None]
    if value.shape is None or len(shape) < len(value.shape) or value.dtype._base not in _ZEROS:
        return None
    return [np.zeros(shape, value.dtype.as_numpy_dtype)] if math.prod(shape) <= _FEW else None


def _set_shapes(instr: Instr, context: _Context, values: dict[int, Value]) -> None:
    rule = infer.RULES.get(instr.block.type)
    if rule is None:
        return
    try:
        shapes = rule(context)
    except ValueError as error:
        if not instr.block.pure or instr.block.update_positions:
            return
        raise errors.InvalidArgumentError(None, None, str(error)) from None
    except IndexError:  # the kernel will say what is wrong, with the values at hand
        return
    listed = shapes if isinstance(shapes, list) else [shapes]
    for number, shape in zip(instr.outputs, listed, strict=False):
        values[number].shape = shape


def _refusing(instr: Instr, message: str) -> Instr:
    """An instruction that raises in place of one whose op refuses its inputs, which the kernel might take.

    It says what the op's block has to say of the inputs, or else `message`.
    """
    block = instr.block

    def refuse(*arguments: Any, **attrs: Any) -> None:
        try:
            if block.explain is not None:
                block.explain(*arguments, **attrs)
            block.kernel(*arguments, **attrs)
        except errors.OpError:
            raise
        except Exception:  # noqa: BLE001 - the shape rule's words are clearer than those of torch
            pass
        raise errors.InvalidArgumentError(None, None, message)

    return dataclasses.replace(instr, block=Block("Refused", refuse, host=True, pure=False))


def _small(instr: Instr, values: dict[int, Value]) -> bool:
    for number in instr.outputs:
        sizes = [d for d in values[number].shape or () if d is not None]
        if math.prod(sizes) * 4 > _LIMIT:
            return False
    return True
