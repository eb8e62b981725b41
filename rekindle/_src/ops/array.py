"""The array functions and blocks under one roof: `array_ops.reshape`, whatever file it stands in.

For code that adds array nodes of many kinds (gradients, layers); holds nothing itself.
"""

from __future__ import annotations

import importlib
import types
from typing import Any

_FILES = (
    "array_shape", "array_join", "array_split", "array_fill", "array_pad", "array_select", "array_sets", "array_blocks",
    "array_diag", "array_quantize", "slicing", "gather", "scatter", "constant", "placeholder",
)  # fmt: skip


def __getattr__(name: str) -> Any:
    if not name.startswith("__"):
        for file in _FILES:
            module = importlib.import_module(f"rekindle._src.ops.{file}")
            found = vars(module).get(name)
            if found is not None and not isinstance(found, types.ModuleType):
                return found
    raise AttributeError(f"there is no array function {name!r}")
