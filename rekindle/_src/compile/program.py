"""`Program`: what runs. A straight list of instructions over numbered values, frozen for one set of fetches and feeds.

Holds the structure and `check`. Capture makes a program of a graph, passes turn programs into programs, emit turns one
into
Python.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from rekindle._src.graph.infer import Shape

Number = int
#: a kernel's arguments: value numbers, a list argument as a tuple of them
Arguments = tuple[Any, ...]


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

    def reads(self) -> Iterator[Number]:
        """The values that it takes, lists flattened."""
        return flat(self.inputs)


@dataclasses.dataclass(slots=True)
class Value:
    """What is known of a value: element type, shape, and content if it is a constant."""

    dtype: Any
    shape: Shape = None
    const: np.ndarray | None = None
    name: str = ""


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
        for instr in self.instrs:
            for number in instr.reads():
                count[number] = count.get(number, 0) + 1
        return count

    def __str__(self) -> str:
        lines = [f"({', '.join(f'v{n}' for n in self.feeds)}) ->"]
        for i in self.instrs:
            made = ", ".join(f"v{n}" for n in i.outputs)
            lines.append(f"  {made} = {i.block.type}({_text(i.inputs)})  # {i.node.name}")
        return "\n".join([*lines, f"  return {', '.join(f'v{n}' for n in self.outputs)}"])


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
    return [n for i in instr.block.update_positions for n in flat((instr.inputs[i],))]


def substitute(arguments: Arguments, names: dict[Number, Number]) -> Arguments:
    """The arguments with values replaced by others."""
    return tuple(substitute(a, names) if isinstance(a, tuple) else names.get(a, a) for a in arguments)


def check(program: Program, after: str = "capture") -> None:
    """Verify that every value is made before it is taken, and only once.

    Raises:
      AssertionError: the pass `after` broke the program.
    """
    made = set(program.feeds) | {n for n, v in program.values.items() if v.const is not None}
    for instr in program.instrs:
        for number in instr.reads():
            if number not in made:
                raise AssertionError(f"after {after}: {instr.node.name} takes v{number}, which nothing made\n{program}")
        for number in instr.outputs:
            if number in made:
                raise AssertionError(f"after {after}: {instr.node.name} makes v{number} again\n{program}")
            made.add(number)
    for number in program.outputs:
        if number not in made:
            raise AssertionError(f"after {after}: v{number} goes out, but nothing made it\n{program}")
