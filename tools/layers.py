"""Check the imports of rekindle/: downward only, no siblings, torch and os.environ in their places.

    python tools/layers.py [ROOT]

Prints `file:line: what is wrong` for each offence and exits 1 if there is one. docs/map.md explains
the layers. Imports for type checkers only (below `if TYPE_CHECKING:`) are free.
"""
from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

#: unit of rekindle/_src (a folder, or a file without .py) -> layer
LAYERS = {
    **dict.fromkeys(
        ("compat", "errors", "facts", "names", "nest", "old_names", "settings", "site"), 0
    ),
    "tf_logging": 0,
    "graph": 1,
    "formats": 1.5,  # bytes and arrays only: kernels of ops read and write files through it
    "ops": 2,
    **dict.fromkeys(("autodiff", "state", "compile"), 3),
    "flow": 3.5,  # gradients of branches and loops are functions, in which variables are found
    "run": 4,
    "dist": 5,
    **dict.fromkeys(
        ("summary", "layers", "losses", "metrics", "distributions", "image", "data", "platform"), 6
    ),
    "train": 6.2,  # its loops write summaries
    "rnn": 6.5,  # cells are layers
    "saved_model": 6.5,  # savers write its variables
    "rewrite": 6.7,  # freezing reads SavedModels
    "tools": 6.8,  # commands on files of all kinds
    **dict.fromkeys(("contrib", "keras", "estimator", "testing"), 7),
}
FACE = 8  # rekindle/*.py and the public modules
SHARED = {0}  # a layer whose units may import each other
TORCH = ("rekindle._src.ops", "rekindle._src.run", "rekindle._src.compile.emit", "rekindle.cli")
ENVIRONMENT = "rekindle._src.settings"


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent
    files = sorted((root / "rekindle").rglob("*.py"))
    found = [line for file in files for line in offences(file, root)]
    print("\n".join(found) or f"layers: {len(files)} files, every import goes down")
    return int(bool(found))


def offences(file: Path, root: Path) -> Iterator[str]:
    """Yield `file:line: what is wrong` for one file."""
    module = module_name(file, root)
    where = file.relative_to(root)
    for line, target in imports(ast.parse(file.read_text())):
        problem = import_problem(module, target)
        if problem:
            yield f"{where}:{line}: {problem}"


def import_problem(module: str, target: str) -> str | None:
    """What is wrong with `module` importing `target`, or None."""
    if target in ("os.environ", "os.getenv"):
        allowed = module == ENVIRONMENT
        return None if allowed else f"reads the environment; only {ENVIRONMENT} does"
    if target.split(".")[0] == "torch":
        allowed = any(module == one or module.startswith((one + ".", one + "_")) for one in TORCH)
        return None if allowed else "imports torch; only " + ", ".join(TORCH) + " do"
    if target.split(".")[0] != "rekindle":
        return None
    own, other = unit(module), unit(target)
    if own == other or other == "":
        return None
    for one in (own, other):
        if layer(one) is None:
            return f"rekindle._src.{one} has no layer; add it to tools/layers.py"
    if layer(other) > layer(own):
        return f"{own} (layer {layer(own)}) imports {target} (layer {layer(other)}) above it"
    if layer(other) == layer(own) and layer(own) not in SHARED:
        return f"{own} imports its sibling {target} (both layer {layer(own)})"
    return None


def imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of each import and of each use of the environment."""
    skipped = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            yield node.lineno, "rekindle._src." + "?relative"
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv"):
            yield node.lineno, ast.unparse(node)


def unit(module: str) -> str:
    """The folder or file of _src that holds `module`; "face" outside of it; "" for _src itself."""
    parts = module.split(".")
    if parts[:2] != ["rekindle", "_src"]:
        return "face"
    return parts[2] if len(parts) > 2 else ""


def layer(name: str) -> int | None:
    return FACE if name == "face" else LAYERS.get(name)


def module_name(file: Path, root: Path) -> str:
    parts = file.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


if __name__ == "__main__":
    sys.exit(main())
