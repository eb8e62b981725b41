"""The sums over the steps of an unrolled loop that gradients end in, as one operation each.

    x1^T y1 + x2^T y2 + ... -> [x1; x2; ...]^T [y1; y2; ...]    the gradient of a kernel
    sum(y1) + sum(y2) + ... -> sum([y1; y2; ...])               the gradient of a bias, over rows
    the gradients of x[:, 0], x[:, 1], ... -> their stack       the gradient of the inputs
"""
from __future__ import annotations

import dataclasses
from typing import Any

from rekindle._src.compile.program import Block, Instr, Number, Program
from rekindle._src.ops import fused_sums

ROWS = Block("RowsTogether", fused_sums.rows_together)
PRODUCT = Block("ProductOfRows", fused_sums.product_of_rows)
SUM = Block("SumOfRows", fused_sums.sum_of_rows)
STACK = Block("Stacked", fused_sums.stacked, keywords=("axis",))
#: below so many terms, joining the rows costs more than it saves
FEWEST = 4


def join_step_sums(program: Program) -> Program:
    """The program with such sums as one operation each."""
    sums = [one for one in program.instrs if one.block.type == "AddN" and len(one.inputs[0]) >= FEWEST]
    if not sums:
        return program
    terms = _Terms(program)
    replaced: dict[Number, list[Instr]] = {}
    for instr in sums:
        made = terms.joined(instr)
        if made is not None:
            replaced[instr.outputs[0]] = made
    if not replaced:
        return program
    kept: list[Instr] = []
    for instr in program.instrs:
        if instr.outputs and instr.outputs[0] in replaced:
            kept.extend(replaced[instr.outputs[0]])
        elif not (instr.outputs and instr.outputs[0] in terms.taken):
            kept.append(instr)
    return program.with_instrs(kept)


class _Terms:
    """The terms of sums, and the rows that several sums join."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.uses = program.uses()
        self.made = {n: one for one in program.instrs for n in one.outputs}
        self.rows: dict[tuple[Number, ...], Number] = {}
        self.taken: set[Number] = set()  # terms that nothing needs any more

    def joined(self, instr: Instr) -> list[Instr] | None:
        """Instructions in place of a sum."""
        terms = [self.made.get(n) for n in instr.inputs[0]]
        if any(one is None or one.bodies or one.outputs != (n,) or self.uses[n] != 1
               for n, one in zip(instr.inputs[0], terms, strict=True)):
            return None
        kinds = {one.block.type for one in terms if one is not None}
        if len(kinds) != 1:
            return None
        join = {"MatMul": self._product, "BiasAddGrad": self._sum, "StridedSliceGrad": self._stack}.get(kinds.pop())
        found = None if join is None else join(instr, terms)
        if found is not None:
            self.taken.update(instr.inputs[0])
        return found

    def _shape(self, number: Number) -> tuple[int, ...] | None:
        shape = self.program.values[number].shape
        return None if shape is None or None in shape else tuple(size or 0 for size in shape)

    def _together(self, parts: tuple[Number, ...], instr: Instr) -> tuple[list[Instr], Number] | None:
        """The parts, one below the other: an instruction if no other sum has joined them before."""
        if parts in self.rows:
            return [], self.rows[parts]
        shapes = [self._shape(n) for n in parts]
        if any(shape is None or len(shape) != 2 or shape[1] != (shapes[0] or (0, 0))[1] for shape in shapes):
            return None
        whole = self.program.new_value(self.program.values[parts[0]])
        value = self.program.values[whole]
        total = sum(shape[0] for shape in shapes if shape is not None)
        self.program.values[whole] = dataclasses.replace(value, shape=(total, (shapes[0] or (0, 0))[1]))
        self.rows[parts] = whole
        return [Instr(ROWS, instr.node, (parts,), (whole,), {})], whole

    def _product(self, instr: Instr, terms: Any) -> list[Instr] | None:
        if any(one.node._attrs["transpose_b"] or not one.node._attrs["transpose_a"] for one in terms):
            return None
        lefts, rights = (tuple(one.inputs[side] for one in terms) for side in (0, 1))
        sizes = [self._shape(one.outputs[0]) for one in terms]
        rows = [self._shape(n) for n in lefts]
        if None in (*sizes, *rows, *map(self._shape, rights)) or len(set(sizes)) != 1:
            return None
        height, width = sizes[0] or (0, 0)
        # What is copied must be less than what is not made.
        if sum(shape[0] for shape in rows if shape) * (height + width) > len(terms) * height * width:
            return None
        x, y = self._together(lefts, instr), self._together(rights, instr)
        if x is None or y is None:
            return None
        return [*x[0], *y[0], Instr(PRODUCT, instr.node, (x[1], y[1]), instr.outputs, {})]

    def _sum(self, instr: Instr, terms: Any) -> list[Instr] | None:
        parts = tuple(one.inputs[0] for one in terms)
        y = self._together(parts, instr)
        if y is None:
            return None
        return [*y[0], Instr(SUM, instr.node, (y[1],), instr.outputs, {})]

    def _stack(self, instr: Instr, terms: Any) -> list[Instr] | None:
        places: dict[tuple[int, int], Number] = {}
        whole = self._shape(instr.outputs[0])
        for one in terms:
            place = None if whole is None else self._place(one, len(whole))
            if place is None or place in places:
                return None
            places[place] = one.inputs[4]
        axes = {axis for axis, _ in places}
        axis = axes.pop()
        if axes or whole is None or sorted(at for _, at in places) != list(range(whole[axis])):
            return None
        parts = tuple(places[axis, at] for at in range(whole[axis]))
        return [Instr(STACK, instr.node, (parts,), instr.outputs, {"axis": axis})]

    def _place(self, term: Instr, rank: int) -> tuple[int, int] | None:
        """(axis, index) of a slice that takes one index of one axis and all of the others; None for other slices."""
        attrs: dict[str, Any] = term.node._attrs
        axis = attrs["shrink_axis_mask"].bit_length() - 1
        others = (1 << rank) - 1 - (1 << axis) if axis >= 0 else -1
        if attrs["shrink_axis_mask"] != 1 << max(axis, 0) or attrs["ellipsis_mask"] or attrs["new_axis_mask"]:
            return None
        if attrs["begin_mask"] & others != others or attrs["end_mask"] & others != others:
            return None
        begin, strides = (self.program.values[n].const for n in (term.inputs[1], term.inputs[3]))
        if begin is None or strides is None or len(begin) != rank or (strides != 1).any() or begin[axis] < 0:
            return None
        if attrs["begin_mask"] >> axis & 1:
            return None
        return axis, int(begin[axis])
