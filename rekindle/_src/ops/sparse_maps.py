"""Sparse tensors that a session keeps under numbers: how batching pipelines carry them through queues."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.graph.tensor import Tensor

Parts = tuple[Any, Any, Any]  # indices [N, R], values [N], shape [R]


class SparseTensorsMap:
    """Sparse tensors by number; each is given once."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()
        self._held: dict[int, Parts] = {}
        self._numbers = itertools.count()

    def put(self, parts: Parts) -> int:
        """Keep a sparse tensor; gives its number."""
        with self._lock:
            number = next(self._numbers)
            self._held[number] = parts
            return number

    def take(self, number: int) -> Parts:
        """The sparse tensor of a number, which is then forgotten.

        Raises:
          InvalidArgumentError: there is none.
        """
        with self._lock:
            found = self._held.pop(number, None)
        if found is None:
            raise errors.InvalidArgumentError(
                None, None, f"Unable to find SparseTensor: {number} in map: {self.name}"
            )
        return found


def _map(ctx: Any, container: str, shared_name: str) -> SparseTensorsMap:
    name = shared_name or ctx.name
    return ctx.store.resource("sparse tensors", container, name, lambda: SparseTensorsMap(name))


def _sparse(c: Any) -> None:
    infer.with_rank(c.shapes[0], 2)
    infer.with_rank(c.shapes[1], 1)
    infer.with_rank(c.shapes[2], 1)


def _one_handle(c: Any) -> Any:
    _sparse(c)
    return ()


def _handles(c: Any) -> Any:
    _sparse(c)
    return (None,)


@op("AddSparseToTensorsMap", infer=_one_handle, host=True)
def add_sparse_to_tensors_map(sparse_indices, sparse_values, sparse_shape, *, container="", shared_name="", ctx):
    """The number under which a sparse tensor is kept."""
    held = _map(ctx, container, shared_name)
    parts = sparse_indices.clone(), _copied(sparse_values), sparse_shape.clone()
    return torch.tensor(held.put(parts), dtype=torch.int64)


@op("AddManySparseToTensorsMap", infer=_handles, host=True)
def add_many_sparse_to_tensors_map(sparse_indices, sparse_values, sparse_shape, *, container="", shared_name="", ctx):
    """The numbers under which the rows of a sparse tensor are kept."""
    held = _map(ctx, container, shared_name)
    if sparse_shape.numel() < 2:
        raise errors.InvalidArgumentError(
            None, None, f"Rank of input SparseTensor should be > 1, but saw rank: {sparse_shape.numel()}"
        )
    count, shape = int(sparse_shape[0]), sparse_shape[1:].clone()
    bounds = torch.searchsorted(sparse_indices[:, 0].contiguous(), torch.arange(count + 1))
    numbers = []
    for start, end in itertools.pairwise(bounds.tolist()):
        numbers.append(held.put((sparse_indices[start:end, 1:].clone(), _copied(sparse_values[start:end]), shape)))
    return torch.tensor(numbers, dtype=torch.int64)


def _copied(values: Any) -> Any:
    return values.clone() if isinstance(values, torch.Tensor) else values.copy()


def _taken(c: Any) -> Any:
    infer.with_rank(c.shapes[0], 1)
    return [(None, None), (None,), (None,)]


@op("TakeManySparseFromTensorsMap", infer=_taken, host=True)
def take_many_sparse_from_tensors_map(sparse_handles, *, dtype, container="", shared_name="", ctx):
    """The sparse tensors of several numbers as the rows of one."""
    held = _map(ctx, container, shared_name)
    parts = [held.take(number) for number in sparse_handles.tolist()]
    rank = parts[0][2].numel()
    for i, (_, _, shape) in enumerate(parts):
        if shape.numel() != rank:
            raise errors.InvalidArgumentError(
                None, None,
                f"Inconsistent rank across SparseTensors: rank prior to SparseTensor[{i}] was: {rank + 1} but rank of "
                f"SparseTensor[{i}] is: {shape.numel() + 1}",
            )
    indices = [torch.nn.functional.pad(index, (1, 0), value=i) for i, (index, _, _) in enumerate(parts)]
    values = [value for _, value, _ in parts]
    joined = torch.cat(values) if isinstance(values[0], torch.Tensor) else np.concatenate(values)
    largest = torch.stack([shape for _, _, shape in parts]).amax(0)
    return torch.cat(indices), joined, torch.cat([torch.tensor([len(parts)]), largest])


def store_sparse(sp_input: SparseTensor, shared_name: str | None = None) -> Tensor:
    """The number under which a sparse tensor is kept: an int64 scalar."""
    return add_sparse_to_tensors_map(
        sp_input.indices, sp_input.values, sp_input.dense_shape, shared_name=shared_name
    )


def store_many_sparse(sp_input: SparseTensor, shared_name: str | None = None) -> Tensor:
    """The numbers under which the rows of a sparse tensor are kept: int64 [N]."""
    return add_many_sparse_to_tensors_map(
        sp_input.indices, sp_input.values, sp_input.dense_shape, shared_name=shared_name
    )


def restore_sparse(sparse_map_op: Operation, sparse_handles: Tensor, rank: int | None = None) -> SparseTensor:
    """The sparse tensors of several numbers as the rows of one.

    Args:
      sparse_map_op: the operation that keeps them.
      sparse_handles: their numbers, int64 [N].
      rank: the rank of the result, if it is known.
    """
    with scopes.get_default_graph().colocate_with(sparse_map_op):
        indices, values, shape = take_many_sparse_from_tensors_map(
            sparse_handles,
            dtype=sparse_map_op.get_attr("T"),
            container=sparse_map_op.get_attr("container"),
            shared_name=sparse_map_op.get_attr("shared_name") or sparse_map_op.name,
        )
    indices.set_shape([None, rank])
    shape.set_shape([rank])
    return SparseTensor(indices, values, shape)
