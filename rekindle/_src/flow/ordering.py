"""The order of effects inside of a function: operations on one variable run in the order in which they were made.

Holds `order_effects`. In TensorFlow 1 only functions that are gradients of branches and loops are ordered so.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import dtypes
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import array as array_ops
from rekindle._src.ops.tensor_array import TensorArray, with_flow

#: operations with state whose order is left open
_FREE = frozenset([
    "CollectiveGather", "CollectiveReduce", "CollectiveBcastSend", "CollectiveBcastRecv", "NcclAllReduce",
    "RandomUniform", "RandomUniformInt", "RandomStandardNormal", "ParameterizedTruncatedNormal", "TruncatedNormal",
    "RandomShuffle", "Multinomial", "RandomGamma", "RandomGammaGrad", "RandomPoisson", "RandomPoissonV2"])


def marked(result: Any) -> Any:
    """A result of a function as an Identity of its own, which can wait for effects."""
    if isinstance(result, TensorArray):
        return with_flow(result, array_ops.identity(result.flow))
    return array_ops.identity(result)


def order_effects(graph: Any, results: list[Tensor]) -> list[Operation]:
    """Let operations with effects run one after the other, and the results after all of them; gives these."""
    last: dict[Tensor | None, Operation] = {}  # the latest use of a resource; None: of what has state of another kind
    effects: list[Operation] = []
    for op in graph.get_operations():
        stateful = op.signature.stateful and op.type not in _FREE
        if stateful or graph._is_function(op.type):
            effects.append(op)
        handles = dict.fromkeys(t for t in op.inputs if t.dtype is dtypes.resource)
        used: list[Any] = list(handles) if handles else [None] if stateful else []
        before = {last[key]: None for key in used if key in last}
        last.update(dict.fromkeys(used, op))
        op._add_control_inputs(list(before))
    for result in results:
        if effects:
            result.op._add_control_inputs([op for op in effects if op is not result.op])
    return effects
