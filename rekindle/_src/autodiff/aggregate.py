"""How the gradients that reach a tensor on several paths add up:
AddN, trees, AccumulateN, and IndexedSlices.
"""

from __future__ import annotations

import collections
from typing import Any

from rekindle._src.graph import opdef, scopes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.sparse import IndexedSlices
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import math_sums


@public("AggregationMethod")
class AggregationMethod:
    """How gradients that meet are added up.

    ADD_N (the default) adds them in one op when all are there; EXPERIMENTAL_TREE adds pair by pair;
    EXPERIMENTAL_ACCUMULATE_N adds as they come where their shape is known, else pair by pair.
    """

    ADD_N = 0
    DEFAULT = ADD_N
    EXPERIMENTAL_TREE = 1
    EXPERIMENTAL_ACCUMULATE_N = 2


def check_method(method: int | None) -> int:
    """The aggregation method, the default for None.

    Raises:
      ValueError: there is no such method.
    """
    if method is None:
        return AggregationMethod.DEFAULT
    if method not in (
        AggregationMethod.ADD_N,
        AggregationMethod.EXPERIMENTAL_TREE,
        AggregationMethod.EXPERIMENTAL_ACCUMULATE_N,
    ):
        raise ValueError(f"Invalid aggregation_method specified {method}.")
    return method


def aggregated(grads: list[Any], op_name: str, method: int) -> Any:
    """The sum of a list of gradients of one tensor of operation `op_name`; None for an empty list.

    Raises:
      TypeError: one of them is neither a tensor nor IndexedSlices.
    """
    if not all(g is None or isinstance(g, (Tensor, IndexedSlices)) for g in grads):
        raise TypeError("gradients have to be either all Tensors or all IndexedSlices")
    if not grads:
        return None
    if len(grads) == 1:
        return grads[0]
    if not all(g is None or isinstance(g, Tensor) for g in grads):
        return aggregated_slices(grads)
    if method == AggregationMethod.ADD_N:
        return _sum_by_device(grads)
    if (
        method == AggregationMethod.EXPERIMENTAL_ACCUMULATE_N
        and len(grads) > 2
        and _known_shape(grads)
    ):
        return math_sums.accumulate_n(grads)
    with scopes.name_scope(op_name + "_gradient_sum"):
        total = grads[0]
        for grad in grads[1:]:
            total = math_sums.add_n([total, grad])
    return total


def _known_shape(grads: list[Tensor]) -> bool:
    shape = TensorShape(None)
    for grad in grads:
        shape = shape.merge_with(grad.shape)
    return shape.is_fully_defined()


def _sum_by_device(grads: list[Tensor]) -> Tensor:
    by_device: dict[str, list[Tensor]] = collections.defaultdict(list)
    for grad in grads:
        by_device[grad.device].append(grad)
    sums = []
    for device in sorted(by_device):
        with scopes.colocate_with(by_device[device][0].op, ignore_existing=True):
            sums.append(math_sums.add_n(by_device[device]))
    return math_sums.add_n(sums)


def aggregated_slices(grads: list[Any]) -> Any:
    """The sum of gradients some of which are IndexedSlices:
    dense if one is dense, else all slices in one.
    """
    grads = [g for g in grads if g is not None]
    if any(isinstance(g, Tensor) for g in grads):
        return math_sums.add_n(grads)
    slices = [_flattened(g) for g in math_sums.with_common_index_type(grads)]
    values = _concat([g.values for g in slices])
    return IndexedSlices(values, _concat([g.indices for g in slices]), slices[0].dense_shape)


def _flattened(grad: IndexedSlices) -> IndexedSlices:
    """Slices of slices as slices."""
    if isinstance(grad.values, Tensor):
        return grad
    inner = _flattened(grad.values)
    indices = opdef.call("GatherV2", grad.indices, inner.indices, 0, name="GatherV2")
    return IndexedSlices(inner.values, indices, inner.dense_shape)


def _concat(tensors: list[Tensor]) -> Tensor:
    if len(tensors) == 1:
        with scopes.name_scope("concat") as scope:
            opdef.call("Const", value=0, dtype="int32", name="concat_dim")
            return opdef.call("Identity", tensors[0], name=scope)
    return opdef.call("ConcatV2", tensors, 0, name="concat")
