"""Layout: where the names of an emitted program end, and which values share a name.

A name is deleted after the last use of its value, so that memory is free as early as it can be. The next value of a
loop's variable is computed under the variable's name where nothing needs the old one any more; so is what goes out of
the side of a branch.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.compile.program import Instr, Program, flat, made_in

#: where a program stands: the branch sides and loops around it, each as something to compare
_Path = tuple[Any, ...]


class Layout:
    """Facts for emit: `dying` has, for a program's id and an index in it, the values not needed any more after that
    instruction (an index past the last one: after the program)."""

    def __init__(self, program: Program, uses: dict[int, int]) -> None:
        self.uses = uses
        self.dying: dict[tuple[int, int], list[int]] = {}
        self._kept: set[int] = set()  # values under the name of another
        self._fixed: set[int] = set()  # values whose name must not be assigned before the end of a side
        self._made: dict[int, _Path] = {}
        self._last: dict[int, list[tuple[Program, int, Any]]] = {}
        self._visit(program, [])
        for number in program.outputs:
            self._last.pop(number, None)
        for number in self._last:
            self._end(number)

    def _visit(self, program: Program, around: list[tuple[Program, int, Any]]) -> None:
        """Note where values are made and used last; `around` are the instructions that the program is in."""
        path = tuple(element for _, _, element in around)
        for number in program.feeds if not around else ():
            self._made[number] = path
        for at, instr in enumerate(program.instrs):
            for number in flat(instr.inputs):
                self._last[number] = [*around, (program, at, None)]
            for i, body in enumerate(instr.bodies):
                for number in body.feeds:  # the loop's variables live around the loop
                    self._made[number] = path
                    self._last[number] = [*around, (program, at, None)]
                inner = [*around, (program, at, _element(instr, i))]
                self._visit(body, inner)
                if len(instr.bodies) == 2 or i == 2:
                    for number in body.outputs:
                        self._last[number] = [*inner, (body, len(body.instrs), None)]
            if len(instr.bodies) == 3:
                for number in (*instr.bodies[0].outputs, *instr.bodies[0].feeds):
                    self._last[number] = [*around, (program, at, None)]
            for number in instr.outputs:
                self._made[number] = path
                self._last[number] = [*around, (program, at, None)]

    def _end(self, number: int) -> None:
        """Find out after which instruction a value's name ends."""
        made = self._made.get(number)
        if made is None or any(type(e) is tuple and e[0] == "once" for e in made):
            return  # a constant; or it is not sure that it was made at all
        for program, at, element in self._last[number]:
            if element is None or element not in made:
                self.dying.setdefault((id(program), at), []).append(number)
                return

    def _let_share(self, number: int) -> None:
        """Let no name end with a value: the name is another's."""
        self._kept.add(number)
        for numbers in self.dying.values():
            if number in numbers:
                numbers.remove(number)

    def enter_side(self, instr: Instr, body: Program, name: Callable[[int], str], names: dict[int, str]) -> None:
        """Give what goes out of a branch's side the name that it has outside, where nothing stands against it."""
        inside = body.uses()
        made = {n for i in body.instrs if not i.bodies and not i.block.once for n in i.outputs}
        for target, number in zip(instr.outputs, body.outputs, strict=True):
            alone = body.outputs.count(number) == 1 and inside[number] == self.uses.get(number)
            if number in made and alone and number not in names and target not in self._fixed:
                names[number] = name(target)
                self._let_share(number)

    def enter_body(self, condition: Program, body: Program, name: Callable[[int], str],
                   names: dict[int, str]) -> None:
        """Give the next values of a loop's variables the variables' names, where nothing needs the old values."""
        made = {n: at for at, i in enumerate(body.instrs) if not i.block.once for n in i.outputs}
        for variable, number in zip(condition.feeds, body.outputs, strict=True):
            at = made.get(number)
            if at is None or number in names or body.outputs.count(number) > 1:
                continue
            later = {n for i in body.instrs[at + 1:] for n in i.reads()}
            if variable in later or variable in body.outputs:
                continue
            names[number] = name(variable)
            self._let_share(number)
            self._fixed.add(number)

    def leave(self, instr: Instr, name: Callable[[int], str], names: dict[int, str]) -> None:
        """Let what goes out of a loop keep the name that it has inside."""
        inside = made_in(instr)
        taken: set[int] = set()
        for target, number in zip(instr.outputs, instr.bodies[0].outputs[1:], strict=True):
            if number in inside and number not in taken and target not in names:
                taken.add(number)
                names[target] = name(number)
                self._let_share(number)


def _element(instr: Instr, body: int) -> Any:
    """What tells code in one of an instruction's programs from other code: two branches on one predicate are as one."""
    if len(instr.bodies) == 2:
        return "side", instr.inputs[0], body
    return ("once", id(instr)) if body == 1 else ("loop", id(instr))


