"""What a public module does about a name that it lacks: load it, or say that it is missing.

Holds `getter`, which makes the `__getattr__` of the public modules, the text of its error, and
`public_value`, the look-up of a dotted public name.
"""
from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

from rekindle._src import facts, names

#: what `import tensorflow` shows beside the public names, and the import hook answers
INNER = ("python", "core", "examples")


def getter(space: str, *lazy: str) -> Callable[[str], Any]:
    """Make the `__getattr__` of the public module `space`; `lazy` submodules load at first use."""

    def __getattr__(name: str) -> Any:
        if name in lazy:
            return importlib.import_module(".".join(filter(None, ("rekindle", space, name))))
        if not space and name in INNER and "tensorflow" in sys.modules:
            return importlib.import_module(f"tensorflow.{name}")
        raise AttributeError(message(space, name), name=name)

    return __getattr__


def message(space: str, name: str) -> str:
    """The text of the error about `tf.<space>.<name>`, which Rekindle lacks."""
    module = f"tensorflow.{space}" if space else "tensorflow"
    said = f"module '{module}' has no attribute '{name}'"
    if name.startswith("__"):
        return said
    return f"{said}: " + facts.explain(f"{space}.{name}" if space else name, names.PUBLIC)


def public_value(name: str, default: Any) -> Any:
    """The object with the public `name` (without `tf.`), or `default` where Rekindle has none."""
    value: Any = importlib.import_module("rekindle")
    for part in name.split("."):
        try:
            value = getattr(value, part)
        except AttributeError:
            return default
    return value
