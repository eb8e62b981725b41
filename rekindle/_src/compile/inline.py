"""Inline: a kernel whose body is one expression becomes that expression in the emitted program.

Holds a small partial evaluator over Python's syntax trees: parameters are replaced by the values' names, whatever
follows
from attrs and constants alone is computed once, as the program is emitted.
"""
from __future__ import annotations

import ast
import builtins
import functools
import inspect
import operator
import sys
import textwrap
from collections.abc import Callable
from typing import Any

_LITERALS = (bool, int, float, str, bytes, type(None))
_LIMIT = 1 << 16  # elements of a tensor that is worth to be computed ahead


@functools.cache
def expression(kernel: Callable[..., Any]) -> tuple[tuple[str, ...], ast.expr] | None:
    """The parameters and the one returned expression of a kernel; None if its body is more than that."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(kernel))).body[0]
    except (OSError, TypeError, SyntaxError):
        return None
    if not isinstance(tree, ast.FunctionDef) or tree.args.vararg or tree.args.kwarg:
        return None
    body = tree.body
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None:
        return None
    if any(isinstance(n, (ast.Lambda, ast.NamedExpr, ast.Yield, ast.Await)) for n in ast.walk(body[0].value)):
        return None
    names = tuple(a.arg for a in [*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs])
    return names, body[0].value


class Known:
    """A part of the expression whose value is known as the program is emitted."""

    __slots__ = ("value", "node")

    def __init__(self, value: Any, node: ast.expr | None = None) -> None:
        self.value = value
        self.node = node  # how to spell it, if there is a better way than a bound name


class Inliner:
    """Turns kernels into expressions; `bind` gives a name in the emitted module to a value."""

    def __init__(self, bind: Callable[[str, Any], str]) -> None:
        self._bind = bind
        self._scope: dict[str, Any] = {}
        self._arguments: dict[str, Any] = {}
        self._shapes: dict[str, tuple[int, ...]] = {}

    def inline(self, kernel: Callable[..., Any], positional: list[Any], keywords: dict[str, Any],
               shapes: dict[str, tuple[int, ...]]) -> str | None:
        """The kernel's expression for these arguments: Known values, or syntax trees; None if it cannot be inlined.

        `shapes` has those of the named tensors whose shapes are known.
        """
        found = expression(kernel)
        if found is None:
            return None
        names, tree = found
        arguments = {**dict(zip(names, positional, strict=False)), **keywords}
        if any(n not in arguments for n in names):
            return None
        self._scope, self._arguments = kernel.__globals__, arguments  # type: ignore[attr-defined]
        self._shapes = shapes
        return ast.unparse(self.spell(self._visit(tree)))

    def _visit(self, node: Any) -> Any:
        """The node partially evaluated: a Known, or a tree."""
        method = getattr(self, "_visit_" + type(node).__name__, None)
        return self._generic(node) if method is None else method(node)

    def spell(self, part: Any) -> Any:
        """A tree for a part."""
        if not isinstance(part, Known):
            return part
        if part.node is not None:
            return part.node
        return self._literal(part.value)

    def _literal(self, value: Any) -> ast.expr:
        if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
            return ast.parse(f"float('{value}')", mode="eval").body
        if isinstance(value, _LITERALS):
            return ast.Constant(value)
        if type(value) in (list, tuple):
            kind = ast.List if isinstance(value, list) else ast.Tuple
            return kind([self._literal(v) for v in value], ast.Load())
        if type(value).__module__ == "torch" and repr(value).startswith("torch."):  # a dtype or a layout
            self._bind("torch", sys.modules["torch"])
            return ast.parse(repr(value), mode="eval").body
        return ast.Name(self._bind(value.__name__ if isinstance(value, type) else "k", value), ast.Load())

    def _visit_Name(self, node: ast.Name) -> Any:
        if node.id in self._arguments:
            return self._arguments[node.id]
        if node.id in self._scope:
            value = self._scope[node.id]
            return Known(value, ast.Name(self._bind(node.id, value), ast.Load()))
        if hasattr(builtins, node.id):
            return Known(getattr(builtins, node.id), node)
        return node

    def _visit_Constant(self, node: ast.Constant) -> Any:
        return Known(node.value)

    def _visit_Attribute(self, node: ast.Attribute) -> Any:
        base = self._visit(node.value)
        if isinstance(base, Known):
            spelt = ast.Attribute(base.node, node.attr, node.ctx) if base.node is not None else None
            try:
                return Known(getattr(base.value, node.attr), spelt)
            except AttributeError:
                pass
        tree = ast.Attribute(self.spell(base), node.attr, node.ctx)
        shape = self._shape_of(base)
        if shape is not None and node.attr in ("shape", "ndim"):
            return Known(shape if node.attr == "shape" else len(shape), tree)
        return tree

    def _rank(self, function: Any) -> int | None:
        """What a tensor's method `dim` gives, if that is known."""
        if not isinstance(function, ast.Attribute) or function.attr != "dim":
            return None
        shape = self._shape_of(function.value)
        return None if shape is None else len(shape)

    def _shape_of(self, part: Any) -> tuple[int, ...] | None:
        return self._shapes.get(part.id) if isinstance(part, ast.Name) else None

    def _visit_IfExp(self, node: ast.IfExp) -> Any:
        test = self._visit(node.test)
        if isinstance(test, Known):
            return self._visit(node.body if test.value else node.orelse)
        return ast.IfExp(self.spell(test), self.spell(self._visit(node.body)), self.spell(self._visit(node.orelse)))

    def _visit_BoolOp(self, node: ast.BoolOp) -> Any:
        parts: list[Any] = []
        last: Any = None
        stops = isinstance(node.op, ast.Or)
        for one in node.values:
            part = self._visit(one)
            if isinstance(part, Known) and not parts:
                if bool(part.value) == stops:
                    return part
                last = part
                continue
            parts.append(part)
        if not parts:
            return last
        spelt = [self.spell(p) for p in parts]
        return parts[0] if len(parts) == 1 else ast.BoolOp(node.op, spelt)

    def _visit_Call(self, node: ast.Call) -> Any:
        function = self._visit(node.func)
        arguments = [self._visit(a) for a in node.args]
        keywords = [(k.arg, self._visit(k.value)) for k in node.keywords]
        simple = not any(isinstance(a, ast.Starred) for a in node.args) and all(k for k, _ in keywords)
        rank = self._rank(function)
        if rank is not None and not arguments:
            return Known(rank)
        listed = arguments[-1] if arguments and isinstance(arguments[-1], ast.List) else None
        if listed is not None and isinstance(function, Known):
            if function.value is len:
                return Known(len(listed.elts))
            if function.value is functools.reduce and arguments[0].value is operator.add and len(arguments) == 2:
                return functools.reduce(lambda a, b: ast.BinOp(a, ast.Add(), b), listed.elts)
        if simple and all(isinstance(p, Known) for p in [function, *arguments, *(v for _, v in keywords)]):
            try:
                value = function.value(*[a.value for a in arguments], **{k: v.value for k, v in keywords if k})
            except Exception:  # noqa: BLE001 - whatever it is, it will be raised by the step itself
                value = None
            if value is not None and _worth(value):
                return Known(value)
        return ast.Call(self.spell(function), [self.spell(a) for a in arguments],
                        [ast.keyword(k, self.spell(v)) for k, v in keywords])

    def _generic(self, node: Any) -> Any:
        """Operators, subscripts, tuples and the like: computed if every part is known."""
        if isinstance(node, (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)):
            return self._comprehension(node)
        known: dict[str, Any] = {}
        fields: dict[str, Any] = {}
        spelt: dict[str, Any] = {}
        static = isinstance(node, ast.expr)
        for field, child in ast.iter_fields(node):
            fields[field], spelt[field], good = self._child(child, known)
            static = static and good
        if static:
            tree = ast.fix_missing_locations(ast.Expression(type(node)(**fields)))
            try:
                return Known(eval(compile(tree, "<inline>", "eval"), known))
            except Exception:  # noqa: BLE001 - whatever it is, it will be raised by the step itself
                pass
        return type(node)(**spelt)

    def _child(self, child: Any, known: dict[str, Any]) -> tuple[Any, Any, bool]:
        """A field of a node: with names for what is known, spelt out, and whether all of it is known."""
        if isinstance(child, list):
            parts = [self._child(c, known) for c in child]
            return [p[0] for p in parts], [p[1] for p in parts], all(p[2] for p in parts)
        if not isinstance(child, (ast.expr, ast.slice if hasattr(ast, "slice") else ast.expr)):
            return child, child, True
        part = self._visit(child)
        if not isinstance(part, Known):
            return part, part, False
        name = f"_{len(known)}"
        known[name] = part.value
        return ast.Name(name, ast.Load()), self.spell(part), True

    def _comprehension(self, node: Any) -> Any:
        """A comprehension, computed if it names nothing but what is known."""
        own = {n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}
        free = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)} - own
        parts = {name: self._visit_Name(ast.Name(name, ast.Load())) for name in free}
        if all(isinstance(p, Known) for p in parts.values()):
            tree = ast.fix_missing_locations(ast.Expression(node))
            try:
                value = eval(compile(tree, "<inline>", "eval"), {k: p.value for k, p in parts.items()})
            except Exception:  # noqa: BLE001 - whatever it is, it will be raised by the step itself
                return _Renamer({k: self.spell(p) for k, p in parts.items()}).visit(_copied(node))
            if not isinstance(node, ast.GeneratorExp):
                return Known(value)
            return Known(tuple(value))
        return _Renamer({k: self.spell(p) for k, p in parts.items()}).visit(_copied(node))


def _copied(node: Any) -> Any:
    return ast.parse(ast.unparse(node), mode="eval").body


class _Renamer(ast.NodeTransformer):
    """Replaces names by trees."""

    def __init__(self, trees: dict[str, ast.expr]) -> None:
        self._trees = trees

    def visit_Name(self, node: ast.Name) -> Any:  # noqa: N802 - the name is ast's
        """The tree for a name."""
        return self._trees.get(node.id, node)


def _worth(value: Any) -> bool:
    """True if a computed value may be kept as a constant of the program."""
    size = getattr(value, "numel", None)
    return size is None or size() <= _LIMIT
