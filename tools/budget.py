"""Check sizes: lines of a file and of a function, public methods of a class, columns.

    python tools/budget.py [ROOT]

Prints `file:line: what is too big` for each offence and exits 1 if there is one. Classes whose
members TensorFlow's API fixes are exempt by name; the generated public modules hold no code and
are skipped.
"""
from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

FILE_LINES = 600
FUNCTION_LINES = 60
PUBLIC_METHODS = 15
COLUMNS = 120
FOLDERS = ("rekindle", "tests", "tools", "bench", "examples")
GENERATED = "# Written by tools/make_api.py"

#: classes with more public methods than the budget because TensorFlow's class has them
FIXED_BY_TF = frozenset({
    "Graph", "Operation", "Tensor", "Variable", "RefVariable", "ResourceVariable", "DType",
    "TensorShape", "VariableScope", "Session", "InteractiveSession", "PartitionedVariable",
    "Optimizer", "Supervisor", "Saver", "QueueBase", "TensorArray", "FileWriter", "Dataset",
    "Layer", "GFile", "HandleVariable", "ControlFlowContext", "CondContext", "WhileContext",
    "ArrayAssertions", "TestCase",
})  # fmt: skip


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent
    files = [file for folder in FOLDERS for file in sorted((root / folder).rglob("*.py"))]
    found = [line for file in files for line in offences(file, root)]
    print("\n".join(found) or f"budget: {len(files)} files within it")
    return int(bool(found))


def offences(file: Path, root: Path) -> Iterator[str]:
    """Yield `file:line: what is too big` for one file."""
    text = file.read_text()
    if text.startswith(GENERATED):
        return
    where = file.relative_to(root)
    lines = text.splitlines()
    if len(lines) > FILE_LINES:
        yield f"{where}:1: {len(lines)} lines; a file has at most {FILE_LINES}"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS:
            yield f"{where}:{number}: {len(line)} columns; a line has at most {COLUMNS}"
    for node in ast.walk(ast.parse(text)):
        problem = size_problem(node)
        if problem:
            yield f"{where}:{node.lineno}: {problem}"


def size_problem(node: ast.AST) -> str | None:
    """What is too big about a function or class, or None."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        lines = length(node)
        if lines > FUNCTION_LINES:
            return f"{node.name} has {lines} lines; a function has at most {FUNCTION_LINES}"
    if isinstance(node, ast.ClassDef) and node.name not in FIXED_BY_TF:
        methods = public_methods(node)
        if len(methods) > PUBLIC_METHODS:
            return f"{node.name} has {len(methods)} public methods; at most {PUBLIC_METHODS}"
    return None


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function's body: no docstring, no signature (TensorFlow fixes many of these)."""
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    return node.end_lineno - body[0].lineno + 1 if body else 0


def public_methods(node: ast.ClassDef) -> set[str]:
    return {
        inner.name
        for inner in node.body
        if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_")
    }


if __name__ == "__main__":
    sys.exit(main())
