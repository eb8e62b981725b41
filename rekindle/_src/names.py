"""The table of public TensorFlow names and the definitions that carry them.

Holds: `public` (a decorator) and `export` (for values), which fill `PUBLIC`. The generator of the public modules
(`tools/make_api.py`) reads it; nothing else does at run time. Holds no aliases logic of its own.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

#: public name without the leading "tf." -> (module that defines it, attribute there)
PUBLIC: dict[str, tuple[str, str]] = {}


def public(*names: str) -> Callable[[T], T]:
    """Give a function or class its public names: `@public("nn.relu", "nn.relu6")`; each is below `tf.`."""

    def record(definition: T) -> T:
        for name in names:
            export(name, definition.__module__, definition.__qualname__)  # type: ignore[attr-defined]
        return definition

    return record


def export(name: str, module: str, attribute: str) -> None:
    """Record that `tf.<name>` is `attribute` of `module`.

    Raises:
      ValueError: another definition has the name already.
    """
    for one in name.split():
        if PUBLIC.setdefault(one, (module, attribute)) != (module, attribute):
            raise ValueError(f"tf.{one} is {'.'.join(PUBLIC[one])} already; {module}.{attribute} cannot take it")
