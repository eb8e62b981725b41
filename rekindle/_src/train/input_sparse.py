"""Sparse tensors on their way through the queues of batches: stored under numbers before, restored after."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from rekindle._src.graph import convert, dtypes, shapes
from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import cond, control, sparse, sparse_maps


@dataclasses.dataclass(frozen=True)
class StoredSparse:
    """Whether a component of a queue stands for sparse tensors, the operation that keeps them, and their rank."""

    sparse: bool
    map_op: Any = None
    rank: shapes.Dimension = dataclasses.field(default_factory=lambda: shapes.Dimension(None))

    def __str__(self) -> str:
        return f"[SparseMetaData({self.sparse}, {self.map_op.name}, {self.rank})]"

    def matches(self, other: StoredSparse) -> bool:
        """Whether one restoring operation may serve both."""
        if not self.sparse or not other.sparse:
            return self.sparse == other.sparse
        return self.map_op == other.map_op and self.rank.is_compatible_with(other.rank)


def store(tensors: Any, enqueue_many: bool, keep_input: Any, maps: Any = None) -> tuple[list[Any], list[StoredSparse]]:
    """The tensors, numbers in place of those that are sparse; and what is known of each.

    Args:
      tensors: dense and sparse tensors.
      enqueue_many: whether each holds many elements.
      keep_input: whether to keep the element, or which elements.
      maps: the operations that keep the sparse ones already; None: they are made.
    """
    stored, facts = [], []
    for tensor, map_op in zip(tensors, maps or [None] * len(tensors), strict=True):
        if not isinstance(tensor, SparseTensor):
            stored.append(tensor)
            facts.append(StoredSparse(False))
            continue
        handles = _handles(tensor, enqueue_many, keep_input, map_op.name if map_op else None)
        rank = tensor.dense_shape.shape.with_rank(1).dims[0]
        facts.append(StoredSparse(True, map_op or _storing(handles), rank - 1 if enqueue_many else rank))
        stored.append(handles)
    stored = [array_ops.expand_dims(s, [-1]) if f.sparse else s for s, f in zip(stored, facts, strict=True)]
    return stored, facts


def _handles(tensor: SparseTensor, enqueue_many: bool, keep_input: Any, name: str | None) -> Any:
    if keep_input.shape.ndims == 1:
        kept = array_ops.gather(keep_input, tensor.indices[:, 0])
        return sparse_maps.store_many_sparse(sparse.sparse_retain(tensor, kept), shared_name=name)
    if not enqueue_many:
        return cond.smart_cond(
            keep_input,
            lambda: sparse_maps.store_sparse(tensor, shared_name=name),
            lambda: convert.constant(-1, dtypes.int64),
        )
    out = cond.smart_cond(
        keep_input,
        lambda: sparse_maps.store_many_sparse(tensor, shared_name=name),
        lambda: -1 * array_ops.ones(array_ops.shape(tensor)[0:1], dtypes.int64),
    )
    out.set_shape([None])
    return out


def _storing(handles: Any) -> Any:
    """The operation that keeps the sparse tensors, behind a branch perhaps."""
    for tensor in handles.op.inputs:
        if tensor.op.type in ("AddSparseToTensorsMap", "AddManySparseToTensorsMap"):
            return tensor.op
    return handles.op


def store_each(tensor_lists: Any, enqueue_many: bool, keep_input: Any) -> tuple[list[Any], list[StoredSparse]]:
    """`store` for several lists that go through one queue.

    Raises:
      ValueError: they differ in what is sparse.
    """
    first, facts = store(tensor_lists[0], enqueue_many, keep_input)
    stored = [first]
    for tensors in tensor_lists[1:]:
        more, others = store(tensors, enqueue_many, keep_input, [f.map_op for f in facts])
        if len(facts) != len(others) or not all(map(StoredSparse.matches, facts, others)):
            raise ValueError(f"Inconsistent SparseTensors list: {tensor_lists[0]} vs. {tensors}")
        stored.append(more)
    return stored, facts


def restore(stored: Any, facts: list[StoredSparse]) -> Any:
    """What came out of the queue, sparse tensors in place of their numbers."""
    several = isinstance(stored, Sequence)
    tensors = [
        _restored(tensor, fact) if fact.sparse else tensor
        for tensor, fact in zip(stored if several else (stored,), facts, strict=True)
    ]
    if any(isinstance(t, SparseTensor) for t in tensors):
        # what one step takes out of the queue must be restored whole, whichever part is asked for
        every = [t.values if isinstance(t, SparseTensor) else t for t in tensors]
        tensors = [_after(every, t) for t in tensors]
    return tensors if several else tensors[0]


def _restored(handles: Any, fact: StoredSparse) -> SparseTensor:
    rank = shapes.dimension_value(fact.rank + 1)
    return sparse_maps.restore_sparse(fact.map_op, array_ops.squeeze(handles, [1]), rank)


def _after(every: list[Any], tensor: Any) -> Any:
    if not isinstance(tensor, SparseTensor):
        return control.with_dependencies(every, tensor)
    parts = [control.with_dependencies(every, t) for t in (tensor.indices, tensor.values, tensor.dense_shape)]
    return SparseTensor(*parts)
