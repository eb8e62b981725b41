"""What follows from tensors: the operations and tensors that lie downstream."""
from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any

from rekindle._src import nest
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.tensor import Tensor


def reachable(inputs: Any, targets: Any = None) -> set[Any]:
    """The inputs, and the tensors and operations that depend on them.

    Args:
      inputs: tensors and variables.
      targets: look no further once all of these are found.
    """
    waiting = deque(nest.flatten(inputs, expand_composites=True))
    found = set(waiting)
    wanted = None if targets is None else set(nest.flatten(targets)) - found
    while waiting and wanted != set():
        for one in _followers(waiting.popleft()):
            if one not in found:
                found.add(one)
                waiting.append(one)
                if wanted:
                    wanted.discard(one)
    return found


def _followers(x: Any) -> Iterable[Any]:
    if isinstance(x, Operation):
        return [*x.outputs, *x._control_outputs]
    return x.consumers() if isinstance(x, Tensor) else [x.op] if hasattr(x, "op") else []
