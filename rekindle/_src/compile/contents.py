"""Contents: what is known of the elements of stacks and TensorArrays while a program is folded.

A gradient loop pops what the forward loop pushed: with the shape of the one known, that of the other is. Where each
iteration pushes the same constant, a pop is that constant.
"""
from __future__ import annotations

import dataclasses

import numpy as np

from rekindle._src.compile.program import Instr, Program, Value, flat
from rekindle._src.graph.infer import Shape

#: what puts elements under its first input, and which input holds them
PUTS = {"StackPushV2": 1, "TensorArrayWriteV3": 2, "TensorArrayScatterV3": 2, "TensorArraySplitV3": 1}
#: what gives elements, or what was put under its first input, as its first output
TAKES = frozenset(["StackPushV2", "StackPopV2", "TensorArrayReadV3", "TensorArrayGatherV3", "TensorArrayConcatV3"])


@dataclasses.dataclass(slots=True)
class _Elements:
    """What was put under one handle: how often in the program's text, the shape, and the content if always equal."""

    count: int
    shape: Shape
    const: np.ndarray | None


class Contents:
    """The elements of each handle so far; handles are values of the program."""

    def __init__(self, program: Program) -> None:
        self._puts: dict[int, int] = {}  # how many instructions put something under a handle
        self._known: dict[int, _Elements] = {}
        self._sizes: dict[int, np.ndarray] = {}
        self._sources: dict[int, int] = {}  # the handle of an array of gradients -> that of the array
        self._passed: set[int] = set()  # values that go elsewhere: what others do with such handles is not seen
        for instr in program.walk():
            kind = instr.block.type
            if kind == "TensorArrayGradV3":
                self._sources[instr.outputs[0]] = instr.inputs[0]
            elif kind in PUTS:
                self._puts[instr.inputs[0]] = self._puts.get(instr.inputs[0], 0) + 1
            elif not kind.startswith(("TensorArray", "Stack")):
                self._passed.update(flat(instr.inputs))
            for body in instr.bodies:
                self._passed.update(body.outputs)

    def copy(self) -> Contents:
        """The same, to come back to."""
        out = object.__new__(Contents)
        out._puts, out._sources, out._passed = self._puts, self._sources, self._passed
        out._sizes = dict(self._sizes)
        out._known = {k: dataclasses.replace(v) for k, v in self._known.items()}
        return out

    def follow(self, instr: Instr, values: dict[int, Value]) -> bool:
        """Learn from an instruction, or say of it what is known; True if its output is a constant now."""
        kind = instr.block.type
        if not kind.startswith(("TensorArray", "Stack")) or not instr.inputs:
            return False
        handle = next(flat(instr.inputs))
        if kind == "TensorArrayV3":
            size = values[handle].const
            if size is not None and not instr.node._attrs["dynamic_size"]:
                self._sizes[instr.outputs[0]] = size
            return False
        if handle in self._passed:
            return False
        if kind in PUTS:
            pushed = values[instr.inputs[PUTS[kind]]]
            if kind == "StackPushV2":
                values[instr.outputs[0]].shape = pushed.shape
            rows = kind == "TensorArrayScatterV3"
            self._put(handle, pushed.shape[1:] if rows and pushed.shape else None if rows else pushed.shape,
                      pushed.const if kind == "StackPushV2" else None)
        elif kind in ("StackPopV2", "TensorArrayReadV3"):
            return self._take(handle, values[instr.outputs[0]])
        elif kind == "TensorArrayGatherV3":
            self._gather(handle, values[instr.inputs[1]], values[instr.outputs[0]])
        elif kind == "TensorArraySizeV3" and handle in self._sizes:
            values[instr.outputs[0]].const, values[instr.outputs[0]].shape = self._sizes[handle], ()
            return True
        return False

    def _gather(self, handle: int, indices: Value, out: Value) -> None:
        """Say of stacked elements what is known."""
        element = Value(out.dtype)
        self._take(handle, element)
        if element.shape is not None and indices.shape is not None and len(indices.shape) == 1:
            out.shape = (*indices.shape, *element.shape)

    def _take(self, handle: int, out: Value) -> bool:
        """Say of an element what is known; True if it is a constant."""
        while handle in self._sources:
            handle = self._sources[handle]
        found = self._known.get(handle)
        if found is None or handle in self._passed or found.count != self._puts.get(handle):
            return False
        out.shape, out.const = found.shape, found.const
        return out.const is not None

    def _put(self, handle: int, shape: Shape, const: np.ndarray | None) -> None:
        found = self._known.get(handle)
        if found is None:
            self._known[handle] = _Elements(1, shape, const)
            return
        found.count += 1
        if found.shape != shape:
            same = found.shape is not None and shape is not None and len(found.shape) == len(shape)
            found.shape = tuple(a if a == b else None for a, b in zip(found.shape or (), shape or (), strict=True)
                                ) if same else None
        if found.const is not None and not (const is not None and np.array_equal(found.const, const)):
            found.const = None
