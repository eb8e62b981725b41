"""Transfer: values go to the device on which an instruction runs.

Each instruction runs where its node is placed, except that what only steers kernels (sizes, axes, counters: small
integers
computed from such) stays on the host. Where an input lies elsewhere, a copy goes before.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.compile.program import Block, Instr, Program, flat, substitute

_HOST = "cpu"


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
    places: dict[int, str] = dict.fromkeys(program.feeds, _HOST)
    places.update((n, _HOST) for n, v in program.values.items() if v.const is not None)
    copies: dict[tuple[int, str], int] = {}
    kept: list[Instr] = []
    for instr in program.instrs:
        device = _device(instr, program, places, device_of)
        names = {}
        for position, number in enumerate(flat(instr.inputs)):
            if _stays(instr, position, number, program, places, device):
                continue
            moved = copies.get((number, device))
            if moved is None:
                moved = copies[number, device] = program.new_value(program.values[number])
                places[moved] = device
                kept.append(Instr(COPY, instr.node, (number,), (moved,), {"device": device}))
            names[number] = moved
        kept.append(Instr(instr.block, instr.node, substitute(instr.inputs, names), instr.outputs, instr.attrs))
        places.update(dict.fromkeys(instr.outputs, device))
    return program.with_instrs(kept), places


def _device(instr: Instr, program: Program, places: dict[int, str], device_of: Callable[[Any], str]) -> str:
    """Where an instruction runs."""
    if instr.block.type == "Read":
        return places[instr.inputs[0]]
    wanted = device_of(instr.node)
    if wanted == _HOST or instr.block.host:
        return _HOST
    steering = instr.block.pure and all(program.values[n].dtype._base.is_integer for n in instr.outputs)
    if steering and all(places.get(n, _HOST) == _HOST for n in flat(instr.inputs)):
        return _HOST
    return wanted


def _stays(instr: Instr, position: int, number: int, program: Program, places: dict[int, str], device: str) -> bool:
    """True if an input is used where it lies."""
    value = program.values[number]
    if places.get(number, _HOST) == device or value.dtype._is_ref_dtype or value.dtype.torch is None:
        return True
    return position in instr.block.host_inputs and value.dtype._base.is_integer
