"""Running one kernel on arrays: what constant folding does, while the graph is built and while it is compiled.

Holds `evaluate` (an operation of the graph) and `fold` (a block with its attrs).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rekindle._src import errors
from rekindle._src.graph import constants, dtypes
from rekindle._src.graph.opdef import OPS, Op, kernel_attrs, kernel_inputs
from rekindle._src.ops.string_codes import CODED, VARIANT_KERNELS, on_strings
from rekindle._src.ops.torch_types import to_numpy, to_torch


def evaluate(op: Any, arrays: list[np.ndarray]) -> list[np.ndarray] | None:
    """The outputs of an operation for known inputs; None where they cannot be computed now."""
    block = OPS.get(op.type)
    if block is None:
        return None
    return fold(block, op, arrays)


def fold(block: Op, op: Any, arrays: list[np.ndarray]) -> list[np.ndarray] | None:
    """The outputs of a pure kernel as arrays; None if it is not pure or refuses the inputs."""
    if not block.pure or "ctx" in block.keywords or block.updates or any(map(_is_variant, op.outputs)):
        return None
    values = [to_torch(a, t._dtype._base) for a, t in zip(arrays, op._inputs, strict=True)]
    try:
        result = kernel_of(block, op)(
            *kernel_inputs(block.signature, op._attrs, values), **kernel_attrs(block, op._attrs)
        )
    except (errors.OpError, RuntimeError, ValueError, IndexError, TypeError):
        return None
    return [to_numpy(v) for v in flat_outputs(result, len(op.outputs))]


def kernel_of(block: Op, op: Any) -> Callable[..., Any]:
    """The kernel for an operation: the block's, or its form for strings or variants where an input is one."""
    if block.type in VARIANT_KERNELS and any(map(_is_variant, op._inputs)):
        return VARIANT_KERNELS[block.type]
    if block.structural and any(t._dtype._base in CODED for t in op._inputs):
        return on_strings(block, op._attrs)
    return block.kernel


def _is_variant(tensor: Any) -> bool:
    return tensor._dtype._base is dtypes.variant


def flat_outputs(result: Any, count: int) -> list[Any]:
    """A kernel's result as a flat list."""
    if count == 1 and not isinstance(result, (list, tuple)):
        return [result]
    if result is None:
        return []
    out: list[Any] = []
    for one in result:
        if isinstance(one, (list, tuple)):
            out.extend(one)
        else:
            out.append(one)
    return out


constants.set_evaluator(evaluate)
