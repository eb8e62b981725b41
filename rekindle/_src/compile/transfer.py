"""Transfer: values go to the device on which an instruction runs.

Each instruction runs where its node is placed, except that what only steers kernels (sizes, axes, counters: small
integers
computed from such) stays on the host. Where an input lies elsewhere, a copy goes before.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rekindle._src.compile.contents import PUTS, TAKES
from rekindle._src.compile.hoist import hoist
from rekindle._src.compile.program import Block, Instr, Program, Value, flat, substitute

HOST = "cpu"
#: the place of an element of a stack or TensorArray, which stays where it was made: all that takes it copies it first
ANYWHERE = "anywhere"


def _copy(value: Any, *, device: str) -> Any:
    return value.to(device, non_blocking=True)


#: a value moved to another device
COPY = Block("Copy", _copy, keywords=("device",))


def transfer(program: Program, device_of: Callable[[Any], str]) -> tuple[Program, dict[int, str]]:
    """The program with copies between devices, and the device of each value.

    Args:
      program: after folding.
      device_of: the torch device of a node, as in "cuda:0".
    """
    places: dict[int, str] = dict.fromkeys(program.feeds, HOST)
    places.update((n, HOST) for n, v in program.values.items() if v.const is not None)
    kept = _Mover(program, places, device_of).instrs(program.instrs)
    return hoist(program.with_instrs(kept)), places


class _Mover:
    """The state of one transfer: where values are, and the copies that the present place in the program sees."""

    def __init__(self, program: Program, places: dict[int, str], device_of: Callable[[Any], str]) -> None:
        self.program = program
        self.places = places
        self.device_of = device_of
        self.copies: dict[tuple[int, str], int] = {}

    def instrs(self, instrs: Iterable[Instr]) -> list[Instr]:
        """Instructions with copies before them."""
        kept: list[Instr] = []
        for instr in instrs:
            if instr.bodies:
                kept += self.loop(instr) if len(instr.bodies) == 3 else [self.branch(instr)]
                continue
            device = _device(instr, self.program, self.places, self.device_of)
            inputs = tuple(one if self.stays(instr, position, device) else
                           substitute((one,), {n: self.moved(n, device, instr.node, kept) for n in flat((one,))})[0]
                           for position, one in enumerate(instr.inputs))
            kept.append(instr.over(inputs))
            self.places.update(dict.fromkeys(instr.outputs, device))
            if instr.block.type in TAKES and not self.program.values[instr.outputs[0]].on_host:
                self.places[instr.outputs[0]] = ANYWHERE
        return kept

    def stays(self, instr: Instr, position: int, device: str) -> bool:
        """True if an argument is used where it lies."""
        if PUTS.get(instr.block.type) == position:
            return True
        on_host = [self.program.values[n] for n in flat(instr.inputs[position:position + 1])
                   if self.places.get(n, HOST) != device]
        return not on_host or position in instr.block.host_inputs and all(
            v.const is not None or v.dtype._base.is_integer for v in on_host)

    def moved(self, number: int, device: str, node: Any, kept: list[Instr]) -> int:
        """The number of a value on a device; where there is no copy yet, `kept` gets one."""
        if device == ANYWHERE or self.places.get(number, HOST) == device or _is_object(self.program.values[number]):
            return number
        found = self.copies.get((number, device))
        if found is None:
            found = self.copies[number, device] = self.program.new_value(self.program.values[number])
            self.places[found] = device
            kept.append(Instr(COPY, node, (number,), (found,), {"device": device}))
        return found

    def body(self, body: Program) -> Program:
        """A program inside of this one, which sees the copies that were made before it."""
        outer, self.copies = self.copies, dict(self.copies)
        kept = self.instrs(body.instrs)
        self.copies = outer
        return body.with_instrs(kept)

    def ending(self, body: Program, numbers: tuple[int, ...], wanted: list[str], node: Any) -> Program:
        """The program with the values that go out of it on the devices that are wanted."""
        kept = list(body.instrs)
        outer, self.copies = self.copies, {}
        outputs = tuple(self.moved(n, d, node, kept) for n, d in zip(numbers, wanted, strict=True))
        self.copies = outer
        return body.with_instrs(kept, outputs)

    def branch(self, instr: Instr) -> Instr:
        """A branch, of whose values each is on one device whichever side was taken."""
        bodies = tuple(map(self.body, instr.bodies))
        wanted = [self.common(*sides) for sides in zip(*(b.outputs for b in bodies), strict=True)]
        self.places.update(zip(instr.outputs, wanted, strict=True))
        return instr.over(instr.inputs, tuple(self.ending(b, b.outputs, wanted, instr.node) for b in bodies))

    def common(self, first: int, second: int) -> str:
        """The device for a value that may be either: not the host unless both are there."""
        places = [self.places.get(n, HOST) for n in (first, second)]
        return next((p for p in places if p != HOST), HOST)

    def loop(self, instr: Instr) -> list[Instr]:
        """A loop, of whose variables each is on one device in all iterations; copies go before it."""
        feeds = instr.bodies[0].feeds
        self.places.update((f, self.places.get(n, HOST)) for f, n in zip(feeds, instr.inputs, strict=True))
        while True:
            condition, once, body = (self.body(b) for b in instr.bodies)
            wanted = [self.common(f, n) for f, n in zip(feeds, body.outputs, strict=True)]
            if wanted == [self.places[f] for f in feeds]:
                break
            self.places.update(zip(feeds, wanted, strict=True))
        kept: list[Instr] = []
        inputs = tuple(self.moved(n, d, instr.node, kept) for n, d in zip(instr.inputs, wanted, strict=True))
        body = self.ending(body, body.outputs, wanted, instr.node)
        self.places.update((o, self.places.get(n, HOST))
                           for o, n in zip(instr.outputs, condition.outputs[1:], strict=True))
        return [*kept, instr.over(inputs, (condition, once, body))]


def _is_object(value: Value) -> bool:
    """True for what is no tensor, and for scalars that stay on the host."""
    return value.on_host or value.dtype._is_ref_dtype or value.dtype.torch is None


def _device(instr: Instr, program: Program, places: dict[int, str], device_of: Callable[[Any], str]) -> str:
    """Where an instruction runs."""
    if instr.block.type == "Read":
        return places[instr.inputs[0]]
    wanted = device_of(instr.node)
    if wanted == HOST or instr.block.host:
        return HOST
    steering = instr.block.pure and all(program.values[n].dtype._base.is_integer for n in instr.outputs)
    if steering and all(places.get(n, HOST) == HOST for n in flat(instr.inputs)):
        return HOST
    return wanted
