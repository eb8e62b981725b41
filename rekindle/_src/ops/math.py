"""The names of all math ops in one place, for the modules that build graphs with them:
`math_ops.multiply(x, y)`.

Holds no definitions: names are looked up in the families when they are first asked for, so that the
families may import one another's users.
"""

from __future__ import annotations

import importlib
import types
from typing import Any

_FAMILIES = (
    "math_of_sparse",
    "math_unary",
    "math_trig",
    "math_special",
    "math_binary",
    "math_divide",
    "math_logic",
    "math_cast",
    "math_sums",
    "math_ranges",
    "math_select",
    "math_histogram",
    "math_fourier",
    "math_cosine",
    "reduce_axes",
    "reduce",
    "reduce_segments",
    "reduce_sparse_segments",
    "linalg_matmul",
    "linalg_contract",
    "linalg_solve",
    "linalg_decompose",
    "linalg_tridiagonal",
    "linalg_exponential",
    "linalg",
    "clip",
)


def __getattr__(name: str) -> Any:
    if not name.startswith("__"):
        for family in _FAMILIES:
            module = importlib.import_module(f"rekindle._src.ops.{family}")
            found = vars(module).get(name)
            if found is not None and not isinstance(found, types.ModuleType):
                globals()[name] = found
                return found
    raise AttributeError(f"rekindle has no math op {name!r}")
