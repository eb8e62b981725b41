"""Write the public modules of Rekindle from the names that the definitions carry.

    python tools/make_api.py [--check]

Imports every module below rekindle/_src, reads `names.PUBLIC` and writes rekindle/__init__.py,
rekindle/nn/__init__.py and so on: plain re-exports. The namespaces of `LAZY` are loaded at their
first use; so are the submodules of these. With --check it writes nothing and exits 1 if a
committed file is not what it would write. Where a module of _src does not import, it says so,
exits 1 and changes nothing.
"""
from __future__ import annotations

import ast
import importlib
import pkgutil
import sys
import traceback
import types
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "rekindle" / "_src"
HEADER = "# Written by tools/make_api.py from the definitions' public names; do not edit.\n"
#: namespaces that are loaded at their first use, for what they cost to import
LAZY = ("app", "contrib", "estimator", "flags", "keras", "test")
#: folders whose modules register ops or gradients when they are imported
REGISTERING = ("rekindle._src.ops.", "rekindle._src.autodiff.", "rekindle._src.flow.")

#: namespace -> {name: (module, attribute)}
Spaces = dict[str, dict[str, tuple[str, str]]]


def main() -> int:
    stand_in_for_package()
    modules = source_modules()
    broken = import_all(modules)
    if broken:
        said = f"make_api: {len(broken)} modules do not import; nothing was written"
        print(said, file=sys.stderr)
        return 1
    files = public_files(modules)
    stale = [file for file in written_before() if file not in files]
    if "--check" in sys.argv[1:]:
        return check(files, stale)
    for file in stale:
        file.unlink()
    for file, text in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists() or file.read_text() != text:
            file.write_text(text)
    print(f"make_api: {len(files)} public modules")
    return 0


def stand_in_for_package() -> None:
    """Let rekindle._src be imported without rekindle/__init__.py, which may be out of date."""
    sys.path.insert(0, str(ROOT))
    package = types.ModuleType("rekindle")
    package.__path__ = [str(ROOT / "rekindle")]
    sys.modules["rekindle"] = package


def source_modules() -> list[str]:
    found = pkgutil.walk_packages([str(SOURCE)], "rekindle._src.", onerror=lambda name: None)
    return sorted(one.name for one in found)


def import_all(modules: list[str]) -> list[str]:
    """Import each module; print what fails, each failing import once; return the failing names."""
    broken = []
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception:
            broken.append(module)
            where = traceback.format_exc(limit=-1).strip().splitlines()
            print(f"{module}: " + " | ".join(line.strip() for line in where[1:]), file=sys.stderr)
    return broken


def public_files(modules: list[str]) -> dict[Path, str]:
    """Map each public module's file to its text."""
    spaces = spaces_of_names()
    files = {}
    for space in sorted(spaces):
        folder = ROOT / "rekindle" / Path(*space.split(".")) if space else ROOT / "rekindle"
        files[folder / "__init__.py"] = module_text(space, spaces, modules)
    for space, text in FIXED.items():
        files[ROOT / "rekindle" / Path(*space.split(".")) / "__init__.py"] = HEADER + text
    return files


def spaces_of_names() -> Spaces:
    """Sort the public names by their namespace; every namespace has its parents."""
    names = importlib.import_module("rekindle._src.names").PUBLIC
    old_names = importlib.import_module("rekindle._src.old_names").OLD_NAMES
    table = {old: names[new] for old, new in old_names.items() if new in names} | names
    spaces: Spaces = defaultdict(dict)
    for name in ("compat", *LAZY):
        spaces[name] = {}
    for name, definition in table.items():
        space, _, word = name.rpartition(".")
        spaces[space][word] = definition
    for space in list(spaces):
        while space:
            space = parent(space)
            spaces.setdefault(space, {})
    for space in spaces:
        if space and space.rpartition(".")[2] in spaces[parent(space)]:
            raise ValueError(f"tf.{space} is a name and a namespace")
    return spaces


def module_text(space: str, spaces: Spaces, modules: list[str]) -> str:
    """The text of one public module."""
    title = f"tf.{space}" if space else "TensorFlow 1.15 on PyTorch: `import rekindle as tf`"
    package = f"rekindle.{space}" if space else "rekindle"
    lazy, eager = children(space, spaces)
    definitions, parts = definition_imports(spaces[space])
    if not space:
        later = imported_on_demand()
        for module in modules:
            if module.startswith(REGISTERING) and module not in (*definitions, *later):
                folder, _, word = module.rpartition(".")
                definitions.setdefault(folder, []).append(f"{word} as _{folder.rpartition('.')[2]}_{word}")
        definitions["rekindle.install"] = ["install as install"]
    definitions[package] = [f"{one} as {one}" for one in eager]
    definitions["rekindle._missing"] = ["getter as _getter"]
    lines = [HEADER + f'"""{title}."""']
    if not space:
        lines.append(import_statement("rekindle._collection", ["resume as _resume"]))
    lines += [import_statement(module, definitions[module]) for module in sorted(definitions)]
    arguments = ", ".join(repr(one) for one in (space, *lazy))
    lines = [line for line in lines if line]
    end = [f"__getattr__ = _getter({arguments})", *([] if space else ["_resume()"])]
    return "\n".join([*lines, *parts, "", *end]) + "\n"


def children(space: str, spaces: Spaces) -> tuple[list[str], list[str]]:
    """The namespaces right below `space`: those to load at first use, those to load with it."""
    inside = sorted(one.rpartition(".")[2] for one in spaces if one and parent(one) == space)
    inside += sorted(one.rpartition(".")[2] for one in FIXED if parent(one) == space)
    all_lazy = space.split(".")[0] in LAZY
    lazy = [one for one in inside if all_lazy or (not space and one in LAZY)]
    return lazy, [one for one in inside if one not in lazy]


def imported_on_demand() -> set[str]:
    """The modules of _src that a function imports when it runs, for what they cost to import; those of numba too."""
    found = set()
    for file in SOURCE.rglob("*.py"):
        tree = ast.parse(file.read_text())
        if any(isinstance(one, ast.Import) and one.names[0].name == "numba" for one in tree.body):
            found.add(".".join(file.relative_to(ROOT).with_suffix("").parts))
        functions = [one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)]
        inner = [one for function in functions for one in ast.walk(function)]
        for node in inner:
            if isinstance(node, ast.ImportFrom):
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def definition_imports(own: dict[str, tuple[str, str]]) -> tuple[dict[str, list[str]], list[str]]:
    """What to import from each module for these names, and assignments for parts of classes."""
    by_module: dict[str, list[str]] = defaultdict(list)
    parts = []
    for word, (module, attribute) in sorted(own.items()):
        outer, dot, inner = attribute.partition(".")
        if dot:
            by_module[module].append(f"{outer} as _{outer}")
            parts.append(f"{word} = _{outer}.{inner}")
        else:
            by_module[module].append(f"{attribute} as {word}")
    return dict(by_module), parts


def import_statement(module: str, words: list[str]) -> str:
    words = list(dict.fromkeys(words))
    if not words:
        return ""
    if len(words) == 1:
        return f"from {module} import {words[0]}"
    return f"from {module} import (\n" + "".join(f"    {word},\n" for word in words) + ")"


def parent(space: str) -> str:
    return space.rpartition(".")[0]


def written_before() -> list[Path]:
    """The files that an earlier run wrote."""
    files = (ROOT / "rekindle").rglob("__init__.py")
    return [file for file in files if file.read_text().startswith(HEADER)]


def check(files: dict[Path, str], stale: list[Path]) -> int:
    """Print each public module that is not up to date; 1 if there is one."""
    wrong = [file for file, text in files.items() if not file.exists() or file.read_text() != text]
    for file in sorted(wrong + stale):
        print(f"{file.relative_to(ROOT)}: not up to date; run `make api`")
    if not wrong + stale:
        print(f"make_api: {len(files)} public modules are up to date")
    return int(bool(wrong + stale))


#: namespaces that are not lists of names
FIXED = {
    "compat.v1": '''"""tf.compat.v1: the same names as tf itself."""
import sys

import rekindle

sys.modules[__name__] = rekindle
''',
    "raw_ops": '''"""tf.raw_ops: a function for each op, made at its first use."""
from rekindle._src.platform.raw_ops import op_types as _op_types, raw_op as __getattr__


def __dir__():
    return sorted(_op_types())
''',
}

if __name__ == "__main__":
    sys.exit(main())
