"""Emit: a program as Python source, one line an instruction, and the function that it compiles to.

The source names the graph's node on each line and stands in `linecache`, so that tracebacks and debuggers show it.
"""
from __future__ import annotations

import ast
import itertools
import keyword
import linecache
import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from rekindle._src.compile.inline import Inliner, Known
from rekindle._src.compile.layout import Layout
from rekindle._src.compile.own import Ownership
from rekindle._src.compile.program import Instr, Program, flat
from rekindle._src.compile.steer import is_operator
from rekindle._src.graph.opdef import arg_width
from rekindle._src.ops import waiting

_count = itertools.count(1)


class Emitted:
    """A compiled step: call it with the feeds' values, get the outputs' values."""

    __slots__ = ("function", "source", "filename", "lines", "names", "constants")

    def __init__(self, source: str, namespace: dict[str, Any], lines: dict[int, Instr], names: dict[int, str],
                 constants: dict[int, Any], title: str) -> None:
        self.names = names
        self.constants = constants
        self.source = source
        self.filename = f"<rekindle program {next(_count)}: {title}>"
        self.lines = lines
        code = compile(source, self.filename, "exec")
        exec(code, namespace)
        self.function: Callable[..., tuple[Any, ...]] = namespace["step"]
        linecache.cache[self.filename] = (len(source), None, source.splitlines(True), self.filename)

    def failed(self, error: BaseException) -> tuple[Instr, list[Any]] | None:
        """The instruction whose line raised, and the values that it took; None if the error came from elsewhere."""
        trace = error.__traceback__
        while trace is not None:
            frame = trace.tb_frame
            if frame.f_code.co_filename == self.filename and trace.tb_lineno in self.lines:
                instr = self.lines[trace.tb_lineno]
                scope = {**frame.f_globals, **frame.f_locals}
                return instr, [self._value(a, scope) for a in instr.inputs]
            trace = trace.tb_next
        return None

    def _value(self, argument: Any, scope: dict[str, Any]) -> Any:
        if isinstance(argument, tuple):
            return [self._value(a, scope) for a in argument]
        if argument in self.constants:
            return self.constants[argument]
        return scope.get(self.names.get(argument, ""))


def emit(program: Program, ownership: Ownership, link: Any, title: str = "step") -> Emitted:
    """The program as a Python function.

    Args:
      program: what to emit.
      ownership: what must be copied or not be changed in place.
      link: gives the session's side: `link.ending`, `link.constant(number, value)`, `link.context(instr)`,
        `link.once(instr)`, `link.kernel(instr)`.
      title: what the file name in tracebacks says.
    """
    return _Emitter(program, ownership, link).emit(title)


class _Emitter:
    """The state of one emission: names and the lines so far."""

    def __init__(self, program: Program, ownership: Ownership, link: Any) -> None:
        self.program = program
        self.ownership = ownership
        self.link = link
        self.namespace: dict[str, Any] = {}
        self.names: dict[int, str] = {}
        self.known: dict[int, Any] = {}
        self.lines: list[str] = []
        self.indent = "    "
        self.limit = ""  # the line that ends a run which takes too long
        self.sources: dict[int, Instr] = {}
        self.inliner = Inliner(self.bind)
        self.uses = program.uses()
        self.layout = Layout(program, self.uses)

    def bind(self, wish: str, value: Any) -> str:
        """A name in the emitted module for a value: the one wished for, numbered where it is taken."""
        wish = re.sub(r"\W", "_", wish.rsplit("/", 1)[-1]) or "k"
        if wish[0].isdigit() or keyword.iskeyword(wish):
            wish = "_" + wish
        name, n = wish, 1
        while name in self.namespace and self.namespace[name] is not value or re.fullmatch(r"v\d+|step", name):
            n += 1
            name = f"{wish}_{n}"
        self.namespace[name] = value
        return name

    def emit(self, title: str) -> Emitted:
        """The whole source, compiled."""
        program = self.program
        reserved = object()
        for number in program.feeds:
            self.names[number] = self.bind(program.values[number].name or "feed", reserved)
            reserved = object()
        if any(len(instr.bodies) == 3 for instr in program.walk()):
            deadline, clock = self.bind("deadline", object()), self.bind("monotonic", time.monotonic)
            ending, expire = self.bind("ending", self.link.ending), self.bind("expire", waiting.expire)
            self.line(f"{deadline} = {self.bind('due', waiting.due)}()")
            self.limit = f"if {ending} or {deadline} and {clock}() > {deadline}: {expire}({ending})"
        self.instrs(program, self.ownership)
        outputs = [self.name(n) + (".clone()" if n in self.ownership.copied and self._is_tensor(n) else "")
                   for n in program.outputs]
        self.line(f"return ({''.join(o + ', ' for o in outputs).rstrip()})")
        head = f"def step({', '.join(self.names[n] for n in program.feeds)}):"
        out = Emitted("\n".join([head, *self.lines]) + "\n", self.namespace, self.sources, self.names, self.known,
                      title)
        if any(map(is_operator, program.walk())):  # scalars of numpy that wrap or overflow do so in silence
            out.function = np.errstate(all="ignore")(out.function)
        return out

    def line(self, text: str, instr: Instr | None = None) -> None:
        """A line of source, of an instruction if it may fail."""
        self.lines.append(self.indent + text)
        if instr is not None:
            self.sources[len(self.lines) + 1] = instr

    def instrs(self, program: Program, ownership: Ownership) -> None:
        """The lines of a program's instructions."""
        gone: set[int] = set()  # no name refers to these any more
        for at, instr in enumerate(program.instrs):
            for buffer in sorted(set(ownership.share.get(at, ())) - gone):
                self.line(f"{self.name(buffer)}.shared = True  # its value is needed after {instr.node.name}")
            dying = [n for n in self.layout.dying.get((id(program), at), ()) if self._is_local(n)]
            gone.update(dying)
            dead = [self.name(n) for n in dying]
            if not instr.bodies:
                self.instr(instr, dead)
                continue
            if len(instr.bodies) == 3:
                self.loop(instr, ownership.inside[at])
            else:
                self.branch(instr, ownership.inside[at])
            if dead:
                self.line(f"del {', '.join(dead)}")

    def branch(self, instr: Instr, ownerships: tuple[Ownership, ...]) -> None:
        """An `if`, with an `else` if there is something to do."""
        test = self.name(instr.inputs[0])
        full = [bool(b.instrs or b.outputs) for b in instr.bodies]
        self.line(f"if {test}:  # {instr.node.name}" if full[1] else f"if not {test}:  # {instr.node.name}", instr)
        for side in (1, 0):
            if not full[side]:
                continue
            if side == 0 and full[1]:
                self.line("else:")
            body = instr.bodies[side]
            outer, self.indent = self.indent, self.indent + "    "
            self.layout.enter_side(instr, body, self.name, self.names)
            self.instrs(body, ownerships[side])
            self.assign(body, instr.outputs)
            self.indent = outer

    def loop(self, instr: Instr, ownerships: tuple[Ownership, ...]) -> None:
        """A `while True` that its condition breaks."""
        condition, once, body = instr.bodies
        self.moves(condition.feeds, instr.inputs)
        started = self.bind("started", object()) if once.instrs else ""
        if started:
            self.line(f"{started} = False")
        self.line(f"while True:  # {instr.node.name}")
        outer, self.indent = self.indent, self.indent + "    "
        self.line(self.limit, instr)
        self.instrs(condition, ownerships[0])
        self.line(f"if not {self.name(condition.outputs[0])}: break", instr)
        if started:
            self.line(f"if not {started}:  # what is the same in all iterations")
            self.line(f"    {started} = True")
            inner, self.indent = self.indent, self.indent + "    "
            self.instrs(once, ownerships[1])
            self.indent = inner
        self.layout.enter_body(condition, body, self.name, self.names)
        self.instrs(body, ownerships[2])
        self.assign(body, condition.feeds)
        self.indent = outer
        self.layout.leave(instr, self.name, self.names)
        self.moves(instr.outputs, condition.outputs[1:])

    def assign(self, program: Program, targets: tuple[int, ...]) -> None:
        """The end of a program inside: what goes out of it under its names outside."""
        self.moves(targets, program.outputs)
        dead = [self.name(n) for n in self.layout.dying.get((id(program), len(program.instrs)), ())
                if self._is_local(n)]
        if dead:
            self.line(f"del {', '.join(dead)}")
        if self.lines[-1].endswith(":"):
            self.line("pass")

    def moves(self, targets: tuple[int, ...], sources: tuple[int, ...]) -> None:
        """One assignment of values to names, without those that have the name already."""
        pairs = [(self.name(t), self.name(s)) for t, s in zip(targets, sources, strict=True)]
        pairs = [(t, s) for t, s in pairs if t != s]
        if pairs:
            self.line(f"{', '.join(t for t, _ in pairs)} = {', '.join(s for _, s in pairs)}")

    def _is_tensor(self, number: int) -> bool:
        return self.program.values[number].dtype.torch is not None

    def name(self, number: int) -> str:
        """How the source names a value."""
        found = self.names.get(number)
        if found is None:
            value = self.program.values[number]
            if value.const is not None:
                found = self.bind("k", self.constant(number))
            else:
                found = f"v{number}"
            self.names[number] = found
        return found

    def constant(self, number: int) -> Any:
        """The run-time form of a constant."""
        if number not in self.known:
            self.known[number] = self.link.constant(number, self.program.values[number])
        return self.known[number]

    def instr(self, instr: Instr, dead: list[str]) -> None:
        """The line of one instruction, after which some names are dead."""
        if instr.block.once:
            found = self.link.once(instr)
            self.names[instr.outputs[0]] = self.bind(instr.node.name, found)
            return
        target = self._targets(instr)
        text = target + self._call(instr)
        dead = [name for name in dead if target or name not in map(self.name, instr.outputs)]
        text += f"; del {', '.join(dead)}" if dead else ""
        self.line(f"{text}  # {instr.node.name}", instr)

    def _is_local(self, number: int) -> bool:
        name = self.names.get(number, "")
        return number in self.program.feeds or re.fullmatch(r"v\d+", name) is not None

    def _targets(self, instr: Instr) -> str:
        if not any(n in self.uses for n in instr.outputs):
            return ""
        if instr.block.signature is None:
            return ", ".join(map(self.name, instr.outputs)) + " = "
        parts, at = [], 0
        for arg in instr.block.signature.outputs:
            if not arg.is_list:
                parts.append(self.name(instr.outputs[at]))
                at += 1
                continue
            size = arg_width(arg, instr.node._attrs)
            parts.append("[" + ", ".join(map(self.name, instr.outputs[at:at + size])) + "]")
            at += size
        return ", ".join(parts) + " = "

    def _call(self, instr: Instr) -> str:
        keywords: dict[str, Any] = {k: Known(v) for k, v in instr.attrs.items()}
        if "ctx" in instr.block.keywords:
            context = self.link.context(instr)
            keywords["ctx"] = ast.Name(self.bind(f"ctx_{instr.node.name}", context), ast.Load())
        positional = [self._argument(a, instr) for a in instr.inputs]
        kernel = self.link.kernel(instr)
        # what looks at the world outside (a Python function, the clock) must not be computed ahead
        if kernel is instr.block.kernel and (instr.block.pure or not instr.block.host):
            inlined = self.inliner.inline(kernel, positional, keywords, self._shapes(instr))
            if inlined is not None:
                return inlined
        function = self.bind(instr.block.type, kernel)
        defaults = getattr(instr.block.kernel, "__kwdefaults__", None) or {}
        shown = [ast.unparse(self.inliner.spell(a)) for a in positional]
        shown += [f"{k}={ast.unparse(self.inliner.spell(v))}" for k, v in keywords.items()
                  if not (isinstance(v, Known) and k in defaults and _same(defaults[k], v.value))]
        return f"{function}({', '.join(shown)})"

    def _shapes(self, instr: Instr) -> dict[str, tuple[int, ...]]:
        """The shapes of the instruction's inputs that are known, by name."""
        shapes = {self.name(n): self.program.values[n].shape for n in flat(instr.inputs)}
        return {name: tuple(int(d) for d in shape if d is not None) for name, shape in shapes.items()
                if shape is not None and None not in shape}

    def _argument(self, number: Any, instr: Instr) -> Any:
        """An argument as the inliner takes it: known if it is a constant."""
        if isinstance(number, tuple):
            parts = [self._argument(n, instr) for n in number]
            if all(isinstance(p, Known) for p in parts):
                return Known([p.value for p in parts])
            return ast.List([self.inliner.spell(p) for p in parts], ast.Load())
        value = self.program.values[number]
        if value.const is None:
            return ast.Name(self.name(number), ast.Load())
        known = self.constant(number)
        if value.on_host and is_operator(instr) and np.isfinite(known):
            return Known(known, ast.Constant(known.item()))
        return Known(known)


def _same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and a == b
