"""Where contrib's functions are public: most of them in several namespaces at once.

`tf.contrib.slim` shows the names of `contrib.layers` and `contrib.framework` beside its own, and
some of their modules under names of its own (`slim.layers`, `slim.utils`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from rekindle._src.names import export, public

T = TypeVar("T")

#: kind -> the namespaces below `contrib.` that show its names
SPACES = {
    "framework": "framework slim",
    "layers": "layers slim slim.layers",
    "initializers": "layers slim slim.initializers",
    "regularizers": "layers slim slim.regularizers",
    "library": "layers slim",
    "losses": "losses slim.losses",
    "metrics": "metrics slim.metrics",
}


def names_in(kind: str, names: str) -> str:
    """All public names, separated by spaces, of what `kind` calls `names`."""
    return " ".join(f"contrib.{s}.{n}" for s in SPACES[kind].split() for n in names.split())


def shown(kind: str, names: str) -> Callable[[T], T]:
    """Decorator: give a definition its names in the namespaces of a kind."""
    return public(*names_in(kind, names).split())


def show(kind: str, name: str, module: str) -> None:
    """Give the value `name` of a module that name in the namespaces of a kind."""
    export(names_in(kind, name), module, name)
