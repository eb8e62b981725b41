"""Steps: what a session keeps per set of fetches and feeds, and how one run goes.

Holds `Step`: it compiles a program per signature of the feeds' shapes (a bounded number, then one for all shapes),
leaves
what the compiler declines to the interpreter, and turns values into arrays.
"""
from __future__ import annotations

import copy
import os
import re
import threading
from typing import Any

import numpy as np
import torch

from rekindle._src import settings
from rekindle._src.compile import pipeline
from rekindle._src.compile.capture import Declined, capture, needed
from rekindle._src.compile.emit import Emitted
from rekindle._src.compile.program import Program, Value
from rekindle._src.graph.opdef import kernel_attrs
from rekindle._src.ops.evaluate import fold, kernel_of
from rekindle._src.ops.torch_types import to_numpy, to_torch
from rekindle._src.run import failures, threads
from rekindle._src.run.interpreter import Interpreter
from rekindle._src.run.replay import Replay
from rekindle._src.run.store import Context, Store

_COMPILING = threading.RLock()  # Python 3.11 fails where two threads build syntax trees at once
# Gradients are ops of the graph: what torch does for its own, on each call, is left out.
_below_autograd = torch._C._AutoDispatchBelowAutograd
_SIGNATURES = 32  # programs kept per step before shapes are no longer relied on


class Link:
    """The session's side of a program: its constants, contexts and state."""

    def __init__(self, store: Store, session: Any) -> None:
        self._store = store
        self._session = session
        self.ending = store.ending

    def constant(self, number: int, value: Value) -> Any:
        """The run-time form of a constant."""
        if value.on_host:
            return np.asarray(value.const)[()]
        return to_torch(np.asarray(value.const), value.dtype._base)

    def context(self, instr: Any) -> Context:
        """What the kernel of an instruction may know of the session."""
        return Context(instr.node, self._store, self._session, torch.device(self.device(instr.node)))

    def device(self, node: Any) -> str:
        """The torch device of a node."""
        placed = self._session._placement.device(node)
        return "cpu" if placed.startswith("CPU") else "cuda" + placed[3:]

    @property
    def one_device(self) -> bool:
        """True if everything runs on the CPU."""
        return not self._session._placement.gpus

    def replayed(self, parts: Any, before: Emitted, rest: Emitted) -> Replay:
        """The step of a program that was split, its second part for a GPU."""
        return Replay(before, rest, parts.crossing, parts.outputs, parts.device)

    def kernel(self, instr: Any) -> Any:
        """The kernel of an instruction, in its form for strings where it takes one."""
        return instr.block.kernel if instr.block.signature is None else kernel_of(instr.block, instr.node)

    def once(self, instr: Any) -> Any:
        """The object that an instruction gives in every run of the session."""
        keywords = kernel_attrs(instr.block, instr.node._attrs)
        if "ctx" in instr.block.keywords:
            keywords["ctx"] = self.context(instr)
        return instr.block.kernel(**keywords)


class Step:
    """One set of fetches, targets and feeds of a session."""

    def __init__(self, fetches: list[Any], targets: list[Any], feeds: list[Any], store: Store, session: Any) -> None:
        self._link = Link(store, session)
        self._emitted: dict[Any, Emitted | Replay] = {}
        self._dtypes = [t._dtype._base for t in feeds]
        self._out_types = [t._dtype._base for t in fetches]
        self._title = _title(fetches, targets)
        self._program: Program | None = None
        self._interpreter: Interpreter | None = None
        try:
            if settings.interpret():
                raise Declined("REKINDLE_INTERPRET is set")
            self._program = capture(fetches, targets, feeds)
        except Declined as reason:
            self.declined = str(reason)
            ops = needed(fetches, targets, set(feeds))
            self._interpreter = Interpreter(ops, fetches, feeds, store, session)

    def with_interpreter(self, interpreter: Interpreter) -> Step:
        """The same step, run by an interpreter."""
        out = copy.copy(self)
        out._interpreter = interpreter
        return out

    def run(self, arrays: list[np.ndarray]) -> list[Any]:
        """The fetched values for the feeds' arrays.

        Raises:
          OpError: a kernel failed; the error names its node.
        """
        values = [to_torch(a, d) for a, d in zip(arrays, self._dtypes, strict=True)]
        with _below_autograd(), threads.flushing():
            if self._interpreter is not None:
                found = self._interpreter.run(values)
            else:
                found = self._run_compiled(tuple([a.shape for a in arrays]), values)
        return [_fetched(v, d) for v, d in zip(found, self._out_types, strict=True)]

    def call(self, values: list[Any]) -> list[Any]:
        """The fetched values, as kernels give them, for the feeds' values.

        Raises:
          OpError: a kernel failed; the error names its node.
        """
        if self._interpreter is not None:
            return self._interpreter.run(values)
        shapes = tuple(tuple(getattr(value, "shape", None) or ()) for value in values)
        return list(self._run_compiled(shapes, values))

    def _run_compiled(self, shapes: tuple[Any, ...], values: list[Any]) -> Any:
        emitted = self._emitted.get(shapes)
        if emitted is None:
            emitted = self._compile(shapes)
        try:
            return emitted.function(*values)
        except BaseException as error:
            found = emitted.failed(error)
            if found is None:
                raise
            instr, taken = found
            raise failures.explained(error, instr.block, instr.node, taken, instr.attrs) from error.__cause__

    def _compile(self, shapes: tuple[Any, ...]) -> Emitted | Replay:
        assert self._program is not None
        key = shapes
        if len(self._emitted) >= _SIGNATURES:
            key = "any"
            if key in self._emitted:
                return self._emitted[key]
            shapes = (None,) * len(shapes)
        with _COMPILING:
            emitted = pipeline.compile_program(self._program, list(shapes), fold, self._link, self._title)
        self._emitted[key] = emitted
        _dump(emitted)
        return emitted


def _fetched(value: Any, dtype: Any) -> Any:
    """A value as users get it: an array, or a scalar of numpy."""
    array = to_numpy(value)
    if isinstance(array, np.ndarray) and array.ndim == 0:
        return array[()]
    # Kernels on strings may give their inputs or the graph's constants back.
    return array.copy() if dtype.torch is None and isinstance(array, np.ndarray) else array


def _title(fetches: list[Any], targets: list[Any]) -> str:
    names = [t._op.name for t in fetches] + [op.name for op in targets]
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _dump(emitted: Emitted | Replay) -> None:
    folder = settings.dump_folder()
    if folder is None:
        return
    os.makedirs(folder, exist_ok=True)
    name = re.sub(r"\W+", "_", emitted.filename).strip("_")
    with open(os.path.join(folder, name[:100] + ".py"), "w", encoding="utf-8") as file:
        file.write(f'"""{emitted.filename}"""\n{emitted.source}')
