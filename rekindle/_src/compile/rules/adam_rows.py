"""Adam for gradients of some rows, as of embeddings: TensorFlow builds it of plain ops that each pass over whole slots.

    assign(m, m * beta)                             -> m *= beta in place
    assign_sub(v, rate * m / (sqrt(s) + epsilon))   -> one pass
"""
from __future__ import annotations

from collections.abc import Callable

from rekindle._src.compile.program import Block, Instr, Number, Program, flat, updated
from rekindle._src.graph import dtypes
from rekindle._src.ops import fused

DECAY = Block("Decay", fused.decay, pure=False, update_positions=(0,))
ADAM_STEP = Block("AdamStep", fused.adam_step, pure=False, update_positions=(0,))
_FLOATS = (dtypes.float32, dtypes.float64)


def fuse_adam_rows(program: Program) -> Program:
    """The program with such updates in one pass each."""
    found = _Updates(program)
    if not found.replaced:
        return program
    kept = [found.replaced.get(at, instr) for at, instr in enumerate(program.instrs)]
    return program.with_instrs(i for i in kept if i is not None)


class _Updates:
    """What is to be replaced, by place; None for what is not needed any more."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.uses = program.uses()
        self.places = {n: at for at, instr in enumerate(program.instrs) for n in instr.outputs}
        self.replaced: dict[int, Instr | None] = {}
        for at, instr in enumerate(program.instrs):
            if instr.block.type == "Assign":
                self._decay(at, instr)
            elif instr.block.type in ("AssignSub", "AssignSubVariableOp"):
                self._step(at, instr)

    def _made_by(self, number: Number, *kinds: str) -> Instr | None:
        """The instruction that makes a value for one taker, if it is of these kinds."""
        at = self.places.get(number)
        if at is None or self.uses[number] != 1 or self.program.instrs[at].block.type not in kinds:
            return None
        return self.program.instrs[at]

    def _replace(self, at: int, instr: Instr, *parts: Instr) -> None:
        self.replaced.update({self.places[part.outputs[0]]: None for part in parts})
        self.replaced[at] = instr

    def _shape(self, number: Number) -> tuple[int | None, ...] | None:
        return self.program.values[number].shape

    def _parted(self, instr: Instr, is_first: Callable[[Number], bool]) -> tuple[Number, Number] | None:
        """The two inputs of a sum or product, the one that `is_first` in front."""
        a, b = instr.inputs
        return (a, b) if is_first(a) else (b, a) if is_first(b) else None

    def _decay(self, at: int, instr: Instr) -> None:
        buffer, value = instr.inputs
        product = self._made_by(value, "Mul")
        parts = product and self._parted(product, lambda n: self._made_by(n, "Read") is not None)
        if product is None or parts is None or self._shape(parts[1]) != ():
            return
        read = self._made_by(parts[0], "Read")
        if read is None or read.inputs != (buffer,) or self.program.values[value].dtype not in _FLOATS:
            return
        between = self.program.instrs[self.places[parts[0]] + 1:at]
        if not any(buffer in updated(one) or one.bodies for one in between):
            self._replace(at, Instr(DECAY, instr.node, (buffer, parts[1]), instr.outputs, {}), product, read)

    def _step(self, at: int, instr: Instr) -> None:
        quotient = self._made_by(instr.inputs[1], "RealDiv")
        above = quotient and self._made_by(quotient.inputs[0], "Mul")
        below = quotient and self._made_by(quotient.inputs[1], "Add", "AddV2")
        if quotient is None or above is None or below is None:
            return
        whole = self.program.values[instr.inputs[1]]
        scaled = self._parted(above, lambda n: self._shape(n) == ())
        shifted = self._parted(below, lambda n: self._shape(n) == ())
        root = shifted and self._made_by(shifted[1], "Sqrt")
        if scaled is None or shifted is None or root is None or whole.dtype not in _FLOATS:
            return
        shapes = {self._shape(scaled[1]), self._shape(root.inputs[0]), whole.shape}
        if len(shapes) != 1 or None in shapes or whole.shape == ():
            return
        inputs = (instr.inputs[0], scaled[1], root.inputs[0], scaled[0], shifted[0])
        if len(set(flat(inputs))) == len(inputs):
            self._replace(at, Instr(ADAM_STEP, instr.node, inputs, instr.outputs, {}), quotient, above, below, root)
