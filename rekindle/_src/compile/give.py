"""Give: memory that nobody needs any more is used again, as TensorFlow forwards its buffers.

A variable is given a new value instead of a copy of it, and arithmetic works in the memory of an operand, where an
instruction made the value in memory of its own and nothing else takes it.
"""
from __future__ import annotations

from collections.abc import Iterable, Iterator

from rekindle._src.compile.own import roots_of
from rekindle._src.compile.program import Block, Instr, Program
from rekindle._src.graph import dtypes
from rekindle._src.ops import forwarded, state

GIVEN = Block("AssignGiven", state.assign_given, keywords=("validate_shape",), pure=False, update_positions=(0,),
              aliases=(0,))
#: arithmetic -> the same in the memory of the first input
IN_PLACE = {kind: Block(f"{kind}InPlace", kernel, aliases=(0,)) for kind, kernel in (
    ("Mul", forwarded.mul), ("Add", forwarded.add), ("AddV2", forwarded.add), ("Sub", forwarded.sub),
    ("RealDiv", forwarded.div), ("Relu", forwarded.relu), ("Sigmoid", forwarded.sigmoid), ("Tanh", forwarded.tanh))}
_COMMUTATIVE = frozenset(["Mul", "Add", "AddV2"])
#: what gives a tensor that is not a view, expanded, or held elsewhere
_MAKERS = frozenset([*IN_PLACE, "MatMul", "MatMulBias", "Square", "Neg", "RandomUniform", "RandomStandardNormal",
                     "TruncatedNormal", "SigmoidGrad", "TanhGrad"])
_FLOATS = (dtypes.float32, dtypes.float64)


def give(program: Program) -> Program:
    """The program with memory used again."""
    roots, uses = roots_of(program), program.uses()
    alone = {n for n, count in uses.items() if count == 1 and roots.get(n, frozenset((n,))) == {n}}
    return program.with_instrs(_level(program, program.instrs, alone))


def _level(program: Program, instrs: Iterable[Instr], alone: set[int]) -> Iterator[Instr]:
    """The instructions of one level; a value from outside may be needed again, in the next iteration."""
    fresh: set[int] = set()  # made here, in memory of their own, for one taker
    made: set[int] = set()  # of these, what arithmetic may overwrite
    for instr in instrs:
        if instr.bodies:
            bodies = tuple(body.with_instrs(_level(program, body.instrs, alone)) for body in instr.bodies)
            yield instr.over(instr.inputs, bodies)
            continue
        kind = instr.block.type
        if _makes_new(instr) and instr.outputs[0] in alone:
            fresh.add(instr.outputs[0])
        if kind in _MAKERS and instr.outputs[0] in alone:
            made.add(instr.outputs[0])
        if kind == "Assign" and instr.inputs[1] in fresh:
            yield Instr(GIVEN, instr.node, instr.inputs, instr.outputs, instr.attrs)
        elif kind in IN_PLACE:
            yield _in_place(instr, program, made)
        else:
            yield instr


def _makes_new(instr: Instr) -> bool:
    block = instr.block
    return block.signature is not None and len(instr.outputs) == 1 and not (
        block.aliases or block.host or block.once or block.update_positions)


def _in_place(instr: Instr, program: Program, made: set[int]) -> Instr:
    """The instruction in the memory of an operand, if there is one for it."""
    result = program.values[instr.outputs[0]]
    if result.dtype not in _FLOATS or result.shape is None or None in result.shape or result.on_host:
        return instr
    orders = [instr.inputs]
    if instr.block.type in _COMMUTATIVE:
        orders.append(instr.inputs[::-1])
    for inputs in orders:
        operand = program.values[inputs[0]]
        if inputs[0] in made and operand.shape == result.shape and operand.dtype == result.dtype and (
                not operand.on_host):
            return Instr(IN_PLACE[instr.block.type], instr.node, inputs, instr.outputs, {})
    return instr
