"""Sparse tensors as strings: each part a serialized TensorProto."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from rekindle._src.graph import dtypes, infer, proto, tensor_value
from rekindle._src.graph.opdef import op
from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.names import public
from rekindle._src.ops import sparse as sparse_ops
from rekindle._src.ops.sparse_places import check_ranks
from rekindle._src.ops.torch_types import to_numpy, to_torch


def _serialized(*parts: Any) -> np.ndarray:
    out = np.empty(len(parts), object)
    for i, part in enumerate(parts):
        array = to_numpy(part)
        kind = dtypes.as_dtype(array.dtype)
        out[i] = tensor_value.array_proto(array, kind).SerializeToString()
    return out


def _read(text: bytes) -> np.ndarray:
    return tensor_value.make_ndarray(proto.TensorProto.FromString(text))


@op("SerializeSparse", infer=lambda c: check_ranks(c, 2, 1, 1) and (3,), host=True)
def serialize_sparse_op(sparse_indices, sparse_values, sparse_shape, *, out_type=dtypes.string):
    """The three parts as serialized TensorProtos: [3]."""
    return _serialized(sparse_indices, sparse_values, sparse_shape)


@op("SerializeManySparse", infer=lambda c: check_ranks(c, 2, 1, 1) and (None, 3), host=True)
def serialize_many_sparse_op(
    sparse_indices, sparse_values, sparse_shape, *, out_type=dtypes.string
):
    """Each slice along the first axis as three serialized TensorProtos: [N, 3]."""
    rows = int(sparse_shape[0])
    out = np.empty((rows, 3), object)
    for row in range(rows):
        mine = sparse_indices[:, 0] == row
        values = sparse_values[mine.numpy() if isinstance(sparse_values, np.ndarray) else mine]
        out[row] = _serialized(sparse_indices[mine][:, 1:], values, sparse_shape[1:])
    return out


def _deserialize_rule(c: Any) -> Any:
    shape = infer.with_rank_at_least(c.shapes[0], 1)
    if shape is not None and shape[-1] not in (3, None):
        raise ValueError(f"Dimension must be 3 but is {shape[-1]}")
    return [(None, None), (None,), (None,)]


def deserialized(serialized: np.ndarray, dtype: Any) -> tuple[Any, Any, Any]:
    """The sparse tensor of which `serialized` [..., 3] holds the slices along its first axes."""
    outer = serialized.shape[:-1]
    indices, values, shapes = [], [], []
    for place in np.ndindex(*outer):
        one, elements, shape = (_read(text) for text in serialized[place])
        indices.append(np.concatenate([np.broadcast_to(place, (len(one), len(outer))), one], 1))
        values.append(elements)
        shapes.append(shape)
    whole = [*outer, *np.max(np.stack(shapes), 0).tolist()]
    places = to_torch(np.concatenate(indices).astype(np.int64), dtypes.int64)
    return places, to_torch(np.concatenate(values), dtype), torch.tensor(whole, dtype=torch.int64)


@op("DeserializeSparse", infer=_deserialize_rule, host=True)
def deserialize_sparse_op(serialized_sparse, *, dtype):
    """The sparse tensor of its serialized slices."""
    return deserialized(serialized_sparse, dtype)


@op("DeserializeManySparse", infer=_deserialize_rule, host=True)
def deserialize_many_sparse_op(serialized_sparse, *, dtype):
    """The sparse tensor of its serialized rows."""
    return deserialized(serialized_sparse, dtype)


def _parts(sp_input: Any) -> tuple[Any, Any, Any]:
    found = sparse_ops.as_sparse(sp_input)
    return found.indices, found.values, found.dense_shape


@public("serialize_sparse", "io.serialize_sparse")
def serialize_sparse(sp_input: Any, name: str | None = None, out_type: Any = dtypes.string) -> Any:
    """The three parts as strings: [3]."""
    return serialize_sparse_op(*_parts(sp_input), name=name, out_type=out_type)


@public("serialize_many_sparse", "io.serialize_many_sparse")
def serialize_many_sparse(
    sp_input: Any, name: str | None = None, out_type: Any = dtypes.string
) -> Any:
    """Each slice along the first axis as three strings: [N, 3]."""
    return serialize_many_sparse_op(*_parts(sp_input), name=name, out_type=out_type)


def _deserialized(block: Any, serialized: Any, dtype: Any, rank: Any, name: Any) -> SparseTensor:
    indices, values, shape = block(serialized, dtype, name=name)
    indices.set_shape([None, rank])
    shape.set_shape([rank])
    return SparseTensor(indices, values, shape)


def deserialize_sparse(
    serialized_sparse: Any, dtype: Any, rank: Any = None, name: str | None = None
) -> SparseTensor:
    """The sparse tensor of its serialized slices."""
    return _deserialized(deserialize_sparse_op, serialized_sparse, dtype, rank, name)


@public("deserialize_many_sparse", "io.deserialize_many_sparse")
def deserialize_many_sparse(
    serialized_sparse: Any, dtype: Any, rank: Any = None, name: str | None = None
) -> SparseTensor:
    """The sparse tensor of its serialized rows."""
    return _deserialized(deserialize_many_sparse_op, serialized_sparse, dtype, rank, name)
