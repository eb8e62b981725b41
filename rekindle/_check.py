"""What a script uses of TensorFlow, read off its source without running it.

Holds `uses`, the TensorFlow names in a source with their lines, and `problem`, what Rekindle lacks
about one. Follows imports, their aliases, and plain assignments such as `slim = tf.contrib.slim`; a
name that the script makes up at run time is not seen.
"""
from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from types import ModuleType

import rekindle
from rekindle._src.graph import opdef
from rekindle.install import ROOTS


class Names(ast.NodeVisitor):
    """Collects (line, dotted name) of each use of a module below `ROOTS`."""

    def __init__(self) -> None:
        self.aliases: dict[str, str] = {}
        self.found: list[tuple[int, str]] = []

    def visit_Import(self, node: ast.Import) -> None:
        for one in node.names:
            root = one.name.split(".")[0]
            if root in ROOTS:
                self.found.append((node.lineno, one.name))
                self.aliases[one.asname or root] = one.name if one.asname else root

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        if node.level or not node.module or node.module.split(".")[0] not in ROOTS:
            return
        for one in node.names:
            name = node.module if one.name == "*" else f"{node.module}.{one.name}"
            self.found.append((node.lineno, name))
            self.aliases[one.asname or one.name] = name

    def visit_Assign(self, node: ast.Assign) -> None:
        self.visit(node.value)
        name = self.dotted(node.value)
        for target in node.targets:
            if name is not None and isinstance(target, ast.Name):
                self.aliases[target.id] = name
            else:
                self.visit(target)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        name = self.dotted(node)
        if name is None:
            self.generic_visit(node)
        else:
            self.found.append((node.lineno, name))

    def dotted(self, node: ast.expr) -> str | None:
        """`tensorflow.nn.relu` for an expression such as `tf.nn.relu`, else None."""
        if isinstance(node, ast.Name):
            return self.aliases.get(node.id)
        if isinstance(node, ast.Attribute):
            inner = self.dotted(node.value)
            return None if inner is None else f"{inner}.{node.attr}"
        return None


def uses(source: str | bytes, filename: str) -> list[tuple[int, str]]:
    """(line, dotted name) of each use of TensorFlow in a source, in order, each name once a line.

    Raises:
      SyntaxError: the source is not Python 3.
    """
    names = Names()
    names.visit(ast.parse(source, filename))
    return sorted(set(names.found))


def problem(name: str) -> str | None:
    """What Rekindle lacks about a dotted name, or None."""
    parts = name.split(".")
    try:
        value = importlib.import_module(parts[0])
        for end in range(1, len(parts)):
            if not isinstance(value, ModuleType):
                return None  # members of classes and values are seen only when the script runs
            value = _member(value, ".".join(parts[: end + 1]))
    except (AttributeError, ImportError) as error:
        # "module 'x' has no attribute 'y': what is known of it"
        said = str(error)
        return said.partition("': ")[2] or said
    if len(parts) > 2 and parts[-2] == "raw_ops" and parts[-1] not in opdef.OPS:
        return f"TensorFlow 1.15 has the op {parts[-1]}, Rekindle has no kernel for it"
    return None


def _member(module: ModuleType, path: str) -> object:
    """The attribute or submodule that `path` names."""
    word = path.rpartition(".")[2]
    try:
        return getattr(module, word)
    except AttributeError as error:
        try:
            return importlib.import_module(path)
        except ModuleNotFoundError:
            raise error from None


def problems(source: str | bytes, filename: str) -> Iterator[tuple[int, str, str]]:
    """Yield (line, name as tf.x, what is missing) for each use of what Rekindle lacks."""
    rekindle.install()
    for line, name in uses(source, filename):
        said = problem(name)
        if said is not None:
            yield line, name.replace("tensorflow.", "tf.", 1), said
