"""Prune: instructions that nobody needs leave the program."""
from __future__ import annotations

from rekindle._src.compile.program import Instr, Program

_OF_SHAPES = frozenset(["Shape", "ShapeN", "Size", "Rank"])


def prune(program: Program) -> Program:
    """The program without pure instructions whose results nothing takes."""
    return program.with_instrs(_instrs(program.instrs, set(program.outputs)))


def _instrs(instrs: tuple[Instr, ...], live: set[int]) -> list[Instr]:
    """The instructions that are needed for what is live after them; `live` becomes what is so before them."""
    kept: list[Instr] = []
    for instr in reversed(instrs):
        if instr.bodies:
            shorter = _loop(instr, live) if len(instr.bodies) == 3 else _branch(instr, live)
            kept += [] if shorter is None else [shorter]
            continue
        effect = not instr.block.pure and not instr.block.once and instr.block.type != "StackV2"
        if effect or _may_refuse(instr) or instr.block.update_positions or not live.isdisjoint(instr.outputs):
            kept.append(instr)
            live.update(instr.reads())
    return kept[::-1]


def _branch(instr: Instr, live: set[int]) -> Instr | None:
    """A branch with what is needed of its sides; None if that is nothing."""
    wanted = [i for i, n in enumerate(instr.outputs) if n in live]
    bodies = []
    after = set(live)
    for body in instr.bodies:
        outputs = tuple(body.outputs[i] for i in wanted)
        inner = after | set(outputs)
        bodies.append(body.with_instrs(_instrs(body.instrs, inner), outputs))
        live.update(inner)
    if not wanted and not any(b.instrs for b in bodies):
        return None
    live.update(instr.inputs)
    outputs = tuple(instr.outputs[i] for i in wanted)
    return Instr(instr.block, instr.node, instr.inputs, outputs, instr.attrs, tuple(bodies))


def _loop(instr: Instr, live: set[int]) -> Instr | None:
    """A loop with what is needed of it; None if that is nothing."""
    condition, once, body = instr.bodies
    wanted = [i for i, n in enumerate(instr.outputs) if n in live]
    carried: list[int] = []
    leaving = (condition.outputs[0], *(condition.outputs[1 + i] for i in wanted))
    while True:
        inner = live | set(leaving)
        following = tuple(body.outputs[i] for i in carried)
        inner.update(following)
        kept = _instrs(body.instrs, inner)
        first = _instrs(once.instrs, inner)
        tested = _instrs(condition.instrs, inner)
        found = [i for i, n in enumerate(condition.feeds) if n in inner]
        if found == carried:
            break
        carried = found
    if not wanted and not any(map(_has_effect, [*tested, *kept])):
        return None
    inputs = tuple(instr.inputs[i] for i in carried)
    live.update(inner, inputs)
    feeds = tuple(condition.feeds[i] for i in carried)
    bodies = (Program(feeds, tuple(tested), leaving, condition.values), once.with_instrs(first),
              body.with_instrs(kept, following))
    outputs = tuple(instr.outputs[i] for i in wanted)
    return Instr(instr.block, instr.node, inputs, outputs, instr.attrs, bodies)


def _has_effect(instr: Instr) -> bool:
    """True if something is left to be seen of an instruction whose results nothing takes."""
    if instr.bodies:
        return any(_has_effect(i) for b in instr.bodies for i in b.instrs)
    return bool(not instr.block.pure and not instr.block.once or instr.block.update_positions)


def _may_refuse(instr: Instr) -> bool:
    """True for a read of a ref variable, which fails while that holds nothing even if only the shape of what follows
    was asked for; not where the shape is asked of the reference itself."""
    return instr.block.type == "Read" and instr.node.type not in _OF_SHAPES
