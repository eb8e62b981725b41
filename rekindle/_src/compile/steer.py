"""Steer: scalars that only steer loops, and scalar arithmetic in loops, stay on the host.

A scalar is on the host if what makes it can be computed there from others that are: counters, what is compared with
them, what is pushed on stacks and popped again. Where a kernel needs such a value as a tensor, one is made; a scalar
tensor from outside of a loop is taken to the host once, before the loop.
"""
from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rekindle._src.compile.program import Block, Instr, Program, flat, made_in
from rekindle._src.compile.unstack import own_stacks
from rekindle._src.ops import host_scalars

#: a tensor's value on the host
TO_HOST = Block("ToHost", host_scalars.to_host, host=True)
#: a tensor of a value on the host
TO_TENSOR = Block("ToTensor", host_scalars.to_tensor, host=True)
_SIZE = Block("TensorArraySize", host_scalars.array_size, host=True, pure=False)


def steer(program: Program) -> Program:
    """The program with scalars of loops on the host."""
    if not any(instr.bodies for instr in program.instrs):
        return program
    found = _Chooser(program).choose()
    if not found:
        return program
    writer = _Writer(program, found)
    kept = writer.instrs(program.instrs)
    outputs = tuple(writer.tensor(n, kept, program.instrs[-1]) for n in program.outputs)
    return program.with_instrs(kept, outputs)


def is_operator(instr: Instr) -> bool:
    """True if an instruction is one of Python's operators on scalars of numpy."""
    kernel = host_scalars.ON_HOST.get(instr.block.type.removeprefix("Host"))
    return kernel is not None and kernel.operator and instr.block.type.startswith("Host")


class _Chooser:
    """Finds the values that are on the host: all that may be, less those that something stands against."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.values = program.values
        self.stacks = {h: pushes for h, (pushes, _) in own_stacks(program).items() if pushes}
        self.chosen: set[int] = set()
        self.depths: dict[int, int] = dict.fromkeys(program.feeds, 0)  # how many loops a value is made in
        self.makers: list[tuple[Instr, int]] = []
        self._collect(program, 0)

    def _collect(self, program: Program, depth: int) -> None:
        for instr in program.instrs:
            self.makers.append((instr, depth))
            for number in instr.outputs:
                self.depths[number] = depth
                if self.scalar(number) and (instr.bodies or self.computes(instr)):
                    self.chosen.add(number)
            inner = depth + (len(instr.bodies) == 3)
            for body in instr.bodies:
                for number in body.feeds:
                    self.depths[number] = inner
                    if self.scalar(number):
                        self.chosen.add(number)
                self._collect(body, inner)

    def scalar(self, number: int) -> bool:
        """True for a scalar of a type that the host computes with."""
        value = self.values[number]
        return value.shape == () and value.dtype in host_scalars.ALL

    def constant(self, number: int) -> bool:
        """True for a constant scalar."""
        return self.values[number].const is not None and self.scalar(number)

    def computes(self, instr: Instr) -> bool:
        """True if an instruction may be computed on the host."""
        kind = instr.block.type
        if kind in ("StackPushV2", "StackPopV2"):
            return instr.inputs[0] in self.stacks
        if kind == "TensorArraySizeV3":
            return True
        kernel = host_scalars.ON_HOST.get(kind)
        if kernel is None or not all(self.scalar(n) for n in flat(instr.inputs)):
            return False
        types = [self.values[n].dtype for n in flat(instr.inputs)]
        if kind == "Cast":
            return host_scalars.casts(types[0], self.values[instr.outputs[0]].dtype)
        return all(t in kernel.types for t in types[kind == "Select":])

    def choose(self) -> set[int]:
        """The values on the host."""
        while True:
            before = len(self.chosen)
            for instr, depth in self.makers:
                self.revise(instr, depth)
            if len(self.chosen) == before:
                return self.chosen

    def ready(self, number: int, depth: int) -> bool:
        """True if a value is on the host, or can be brought there before the loop that needs it."""
        return number in self.chosen or self.constant(number) or (
            self.scalar(number) and self.depths.get(number, depth) < depth)

    def stays(self, number: int) -> bool:
        """True if a value is on the host or a constant."""
        return number in self.chosen or self.constant(number)

    def revise(self, instr: Instr, depth: int) -> None:
        """Take out what an instruction does not make on the host."""
        if len(instr.bodies) == 3:
            condition, _, body = instr.bodies
            self.chosen -= {f for f, n in zip(condition.feeds, body.outputs, strict=True) if not self.stays(n)}
            self.chosen -= {o for o, n in zip(instr.outputs, condition.outputs[1:], strict=True) if not self.stays(n)}
        elif instr.bodies:
            sides = zip(*(b.outputs for b in instr.bodies), strict=True)
            self.chosen -= {o for o, s in zip(instr.outputs, sides, strict=True)
                            if not all(map(self.stays, s)) or not depth and self.chosen.isdisjoint(s)}
        elif instr.block.type in ("StackPushV2", "StackPopV2"):
            pushes = self.stacks.get(instr.inputs[0], ())
            if not all(self.stays(push.inputs[1]) for push in pushes):
                self.chosen -= {instr.outputs[0], *(push.outputs[0] for push in pushes)}
        elif instr.block.type != "TensorArraySizeV3" and self.chosen.intersection(instr.outputs):
            if not all(self.ready(n, depth) for n in flat(instr.inputs)):
                self.chosen.difference_update(instr.outputs)


class _Writer:
    """Rewrites instructions: host kernels, and conversions where the two kinds of values meet."""

    def __init__(self, program: Program, chosen: set[int]) -> None:
        self.program = program
        self.values = program.values
        self.chosen = chosen
        self.tensors: dict[int, int] = {}  # host value -> its tensor, where the present place sees one
        self.hosts: dict[int, int] = {}  # tensor or constant -> its value on the host
        for number in chosen:
            self.values[number].on_host = True

    def instrs(self, instrs: Iterable[Instr]) -> list[Instr]:
        """Instructions over values of the kinds that they need."""
        kept: list[Instr] = []
        for instr in instrs:
            if len(instr.bodies) == 3:
                self.bring(instr, kept)
                kept.append(self.loop(instr, kept))
            elif instr.bodies:
                kept.append(self.branch(instr, kept))
            else:
                kept.append(self.plain(instr, kept))
        return kept

    def plain(self, instr: Instr, kept: list[Instr]) -> Instr:
        """One instruction, after conversions of its inputs."""
        kind = instr.block.type
        computed = bool(self.chosen.intersection(instr.outputs))
        if computed and kind == "TensorArraySizeV3":
            return Instr(_SIZE, instr.node, instr.inputs, instr.outputs, {})
        if kind in ("StackPushV2", "StackPopV2") and computed:
            handle, *elements = instr.inputs
            return instr.over((handle, *(self.host(n, kept, instr) for n in elements)))
        if computed:
            kernel = host_scalars.ON_HOST[kind]
            inputs = tuple(self.host(n, kept, instr) for n in instr.inputs)
            attrs: dict[str, Any] = {}
            if kind == "Cast":
                attrs["to"] = host_scalars.numpy_type(self.values[instr.outputs[0]].dtype)
            block = Block("Host" + kind, kernel.function, tuple(attrs), host=True)
            return Instr(block, instr.node, inputs, instr.outputs, attrs)
        taken = host_scalars.TAKES_HOST.get(kind, ())
        return instr.over(tuple(
            tuple(self.tensor(n, kept, instr) for n in argument) if isinstance(argument, tuple)
            else argument if i in taken and self.values[argument].dtype.is_integer
            else self.tensor(argument, kept, instr)
            for i, argument in enumerate(instr.inputs)))

    def tensor(self, number: int, kept: list[Instr], near: Instr) -> int:
        """A value as a tensor."""
        if number not in self.chosen:
            return number
        found = self.tensors.get(number)
        if found is None:
            found = self.tensors[number] = self.program.new_value(self.values[number])
            self.values[found].on_host = False
            kept.append(Instr(TO_TENSOR, near.node, (number,), (found,), {}))
        return found

    def host(self, number: int, kept: list[Instr], near: Instr) -> int:
        """A value on the host."""
        if number in self.chosen or self.values[number].on_host:
            return number
        found = self.hosts.get(number)
        if found is None:
            value = self.values[number]
            found = self.hosts[number] = self.program.new_value(value)
            self.values[found].on_host = True
            if value.const is not None:
                self.values[found].const = value.const
            else:
                kept.append(Instr(TO_HOST, near.node, (number,), (found,), {}))
        return found

    def bring(self, instr: Instr, kept: list[Instr]) -> None:
        """Take to the host, before a loop, what is needed there inside and does not change."""
        inside = made_in(instr)
        for body in instr.bodies:
            for one in body.walk():
                if not one.bodies and self.chosen.intersection(one.outputs) and one.block.type in host_scalars.ON_HOST:
                    for number in flat(one.inputs):
                        if number not in inside:
                            self.host(number, kept, instr)
                if len(one.bodies) == 3:
                    for feed, number in zip(one.bodies[0].feeds, one.inputs, strict=True):
                        if feed in self.chosen and number not in inside:
                            self.host(number, kept, instr)

    def body(self, body: Program, wanted: Iterable[bool], near: Instr) -> Program:
        """A program inside of this one; `wanted` says which of its outputs are to be on the host."""
        tensors, hosts = dict(self.tensors), dict(self.hosts)
        kept = self.instrs(body.instrs)
        outputs = tuple(self.host(n, kept, near) if on_host else self.tensor(n, kept, near)
                        for n, on_host in zip(body.outputs, wanted, strict=True))
        self.tensors, self.hosts = tensors, hosts
        return body.with_instrs(kept, outputs)

    def branch(self, instr: Instr, kept: list[Instr]) -> Instr:
        """A branch."""
        wanted = [n in self.chosen for n in instr.outputs]
        return instr.over(instr.inputs, tuple(self.body(b, wanted, instr) for b in instr.bodies))

    def loop(self, instr: Instr, kept: list[Instr]) -> Instr:
        """A loop."""
        condition, once, body = instr.bodies
        feeds = [f in self.chosen for f in condition.feeds]
        inputs = tuple(self.host(n, kept, instr) if on_host else self.tensor(n, kept, instr)
                       for n, on_host in zip(instr.inputs, feeds, strict=True))
        test = condition.outputs[0]
        leaving = [test in self.chosen, *(n in self.chosen for n in instr.outputs)]
        tensors, hosts = dict(self.tensors), dict(self.hosts)
        tested = self.instrs(condition.instrs)
        outputs = tuple(self.host(n, tested, instr) if on_host else n if n == test else self.tensor(n, tested, instr)
                        for n, on_host in zip(condition.outputs, leaving, strict=True))
        first = self.body(once, (), instr)
        repeated = self.body(body, feeds, instr)
        self.tensors, self.hosts = tensors, hosts
        return instr.over(inputs, (condition.with_instrs(tested, outputs), first, repeated))
