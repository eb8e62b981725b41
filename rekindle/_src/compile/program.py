"""`Program`: what runs. A straight list of instructions over numbered values, frozen for one set of fetches and feeds.

Holds the structure and `check`. Capture makes a program of a graph, passes turn programs into programs, emit turns one
into Python.

Branches and loops are instructions with programs inside, over the same numbers: what is inside sees all that was made
before, and what the side of a branch makes is seen by later code that runs only if that side did.
"""
from __future__ import annotations

import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from rekindle._src.graph.infer import Shape

Number = int
#: a kernel's arguments: value numbers, a list argument as a tuple of them
Arguments = tuple[Any, ...]


class Declined(Exception):
    """The compiler leaves this graph to the interpreter; the message says why."""


@dataclasses.dataclass(frozen=True, slots=True)
class Block:
    """An instruction that no op of the graph names (a read, a fused kernel), with the facts that `opdef.Op` gives of
    ops."""

    type: str
    kernel: Callable[..., Any]
    keywords: tuple[str, ...] = ()
    update_positions: tuple[int, ...] = ()
    aliases: tuple[int, ...] = ()
    host: bool = False
    pure: bool = True
    once: bool = False
    host_inputs: frozenset[int] = frozenset()
    signature: Any = None


@dataclasses.dataclass(frozen=True, slots=True)
class Instr:
    """One instruction: a kernel, the values that it takes, the values that it makes, and the node that it comes
    from."""

    block: Any
    node: Any
    inputs: Arguments
    outputs: tuple[Number, ...]
    attrs: dict[str, Any]
    bodies: tuple[Program, ...] = ()

    def reads(self) -> Iterator[Number]:
        """The values that it takes, lists flattened; of a branch or loop, also what its programs take from outside."""
        if not self.bodies:
            return flat(self.inputs)
        return itertools.chain(flat(self.inputs), free(self))

    def over(self, inputs: Arguments, bodies: tuple[Program, ...] | None = None) -> Instr:
        """The same instruction over other values, with other programs inside."""
        return Instr(self.block, self.node, inputs, self.outputs, self.attrs, self.bodies if bodies is None else bodies)


@dataclasses.dataclass(slots=True)
class Value:
    """What is known of a value: element type, shape, and content if it is a constant.

    A value `on_host` is a scalar of numpy as the program runs, others are tensors.
    """

    dtype: Any
    shape: Shape = None
    const: np.ndarray | None = None
    name: str = ""
    on_host: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Program:
    """Instructions in the order in which they run, the values that go in, and those that come out."""

    feeds: tuple[Number, ...]
    instrs: tuple[Instr, ...]
    outputs: tuple[Number, ...]
    values: dict[Number, Value]

    def with_instrs(self, instrs: Any, outputs: tuple[Number, ...] | None = None) -> Program:
        """The program with other instructions."""
        return dataclasses.replace(self, instrs=tuple(instrs), outputs=self.outputs if outputs is None else outputs)

    def new_value(self, like: Value) -> Number:
        """A new number for a value of which the same is known as of `like`, but not its content."""
        number = max(self.values, default=-1) + 1
        self.values[number] = dataclasses.replace(like, const=None)
        return number

    def uses(self) -> dict[Number, int]:
        """How many times each value is taken, outputs included."""
        count: dict[Number, int] = dict.fromkeys(self.outputs, 0)
        for number in self.outputs:
            count[number] += 1
        for instr in self.walk():
            for number in flat(instr.inputs):
                count[number] = count.get(number, 0) + 1
            for body in instr.bodies:
                for number in body.outputs:
                    count[number] = count.get(number, 0) + 1
        return count

    def walk(self) -> Iterator[Instr]:
        """All instructions, those inside of others after them."""
        for instr in self.instrs:
            yield instr
            for body in instr.bodies:
                yield from body.walk()

    def __str__(self) -> str:
        return "\n".join(_lines(self, ""))


def _lines(program: Program, indent: str) -> Iterator[str]:
    yield f"{indent}({', '.join(f'v{n}' for n in program.feeds)}) ->"
    for i in program.instrs:
        made = ", ".join(f"v{n}" for n in i.outputs)
        yield f"{indent}  {made} = {i.block.type}({_text(i.inputs)})  # {i.node.name}"
        for body in i.bodies:
            yield from _lines(body, indent + "    ")
    yield f"{indent}  return {', '.join(f'v{n}' for n in program.outputs)}"


def flat(arguments: Arguments) -> Iterator[Number]:
    """Value numbers, lists flattened."""
    for one in arguments:
        if isinstance(one, tuple):
            yield from one
        else:
            yield one


def _text(arguments: Arguments) -> str:
    return ", ".join(f"[{_text(a)}]" if isinstance(a, tuple) else f"v{a}" for a in arguments)


def updated(instr: Instr) -> list[Number]:
    """The buffers that an instruction changes."""
    found = [n for i in instr.block.update_positions for n in flat((instr.inputs[i],))]
    for body in instr.bodies:
        for one in body.walk():
            found += [n for i in one.block.update_positions for n in flat((one.inputs[i],))]
    return found


def made_in(instr: Instr) -> set[Number]:
    """The values that the programs inside a branch or loop make or are given."""
    made: set[Number] = set()
    for body in instr.bodies:
        made.update(body.feeds)
        for one in body.walk():
            made.update(one.outputs)
            for inner in one.bodies:
                made.update(inner.feeds)
    return made


def free(instr: Instr) -> Iterator[Number]:
    """The values that the programs inside a branch or loop take from outside."""
    made = made_in(instr)
    for body in instr.bodies:
        for one in body.walk():
            for number in flat(one.inputs):
                if number not in made:
                    yield number
            for inner in one.bodies:
                yield from (n for n in inner.outputs if n not in made)
        yield from (n for n in body.outputs if n not in made)


def substitute(arguments: Arguments, names: dict[Number, Number]) -> Arguments:
    """The arguments with values replaced by others."""
    return tuple(substitute(a, names) if isinstance(a, tuple) else names.get(a, a) for a in arguments)


def renamed(instr: Instr, names: dict[Number, Number]) -> Instr:
    """The instruction with the values that it takes replaced by others."""
    if not names:
        return instr
    return instr.over(substitute(instr.inputs, names), tuple(
        body.with_instrs((renamed(i, names) for i in body.instrs), tuple(names.get(n, n) for n in body.outputs))
        for body in instr.bodies))


def everywhere(step: Callable[[Program], Program]) -> Callable[[Program], Program]:
    """A pass on straight lines of instructions, made one that also works on the programs of branches and loops.

    What other programs take from one goes out of it while the pass looks at it.
    """

    @functools.wraps(step)
    def wrapped(program: Program) -> Program:
        if not any(instr.bodies for instr in program.instrs):
            return step(program)
        return _apply(step, program, program.uses())

    return wrapped


def _apply(step: Callable[[Program], Program], program: Program, uses: dict[Number, int]) -> Program:
    inner = [i.over(i.inputs, tuple(_apply(step, b, uses) for b in i.bodies)) if i.bodies else i
             for i in program.instrs]
    program = program.with_instrs(inner)
    own = program.uses()
    seen = tuple(n for i in inner for n in i.outputs if uses.get(n, 0) > own.get(n, 0))
    done = step(program.with_instrs(inner, program.outputs + seen))
    return done.with_instrs(done.instrs, done.outputs[:len(program.outputs)])


def check(program: Program, after: str = "capture") -> None:
    """Verify that every value is made before it is taken, and only once.

    Raises:
      AssertionError: the pass `after` broke the program.
    """
    made = set(program.feeds) | {n for n, v in program.values.items() if v.const is not None}
    _check(program, program, made, after)


def _check(whole: Program, program: Program, made: set[Number], after: str) -> None:
    for instr in program.instrs:
        for number in flat(instr.inputs):
            if number not in made:
                raise AssertionError(f"after {after}: {instr.node.name} takes v{number}, which nothing made\n{whole}")
        for body in instr.bodies:
            made.update(body.feeds)
            _check(whole, body, made, after)
        for number in instr.outputs:
            if number in made:
                raise AssertionError(f"after {after}: {instr.node.name} makes v{number} again\n{whole}")
            made.add(number)
    for number in program.outputs:
        if number not in made:
            raise AssertionError(f"after {after}: v{number} goes out, but nothing made it\n{whole}")
