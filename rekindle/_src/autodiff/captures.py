"""The way of gradients through captured tensors: a function's argument that stands for a tensor of the graph around is
that tensor, unless gradients are asked for by the argument itself.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph.operation import Operation
from rekindle._src.graph.tensor import Tensor


class Captures:
    """The captured tensors of the functions in which gradients are taken."""

    def __init__(self, graph: Any, xs: list[Tensor]) -> None:
        self._xs = set(xs)
        self._functions: list[Any] = []
        while graph._functional_flow:
            self._functions.append(graph)
            graph = graph._outer_graph

    def inputs(self, op: Operation) -> list[Tensor]:
        """What an operation takes, captured tensors in the place of arguments."""
        if not op._graph._functional_flow:
            return op._inputs
        return [tensor if tensor in self._xs else _source(tensor) for tensor in op._inputs]

    def consumers(self, tensor: Tensor) -> list[Operation]:
        """The operations that take a tensor, those in functions included."""
        if not self._functions:
            return tensor._consumers
        found = list(tensor._consumers)
        for function in self._functions:
            argument = function._captures.get(tensor)
            if argument is not None:
                found += self.consumers(argument)
        return found


def _source(tensor: Tensor) -> Tensor:
    """The tensor that an argument of a function stands for; any other as it is."""
    while tensor._op.type == "Placeholder":
        outer = getattr(tensor, "_captured_from", None)
        if outer is None:
            break
        tensor = outer
    return tensor
