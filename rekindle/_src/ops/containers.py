"""Resources that nodes of a graph hold in a session: by container and shared name, or each its own.

Holds `held`; names that nobody chose are numbered as TensorFlow numbers them.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")

_numbers = itertools.count()


def held(ctx: Any, kind: str, container: str, shared_name: str, make: Callable[[str], T]) -> T:
    """The resource of a node, made at its first run: `make(name)`."""
    if shared_name:
        return ctx.store.resource(kind, container, shared_name, lambda: make(shared_name))

    def make_own() -> T:
        name = f"_{next(_numbers)}_{ctx.name}"
        return ctx.store.resource(kind, container, name, lambda: make(name))

    return ctx.local(make_own)


def handle_text(name: str) -> np.ndarray:
    """What the edge of a handle of the old form carries for whoever reads it: container and name."""
    out = np.empty(2, object)
    out[:] = [b"localhost", name.encode()]
    return out
