"""`tf.nn.safe_embedding_lookup_sparse`: sparse lookups that put up with empty rows and bad ids."""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.shapes import Dimension, unknown_shape
from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import sparse as sparse_ops
from rekindle._src.state import embedding
from rekindle._src.state.resource_variable import is_resource_variable


@public("nn.safe_embedding_lookup_sparse")
def safe_embedding_lookup_sparse(
    embedding_weights: Any,
    sparse_ids: Any,
    sparse_weights: Any = None,
    combiner: str = "mean",
    default_id: int | None = None,
    name: str | None = None,
    partition_strategy: str = "div",
    max_norm: Any = None,
) -> Any:
    """`embedding_lookup_sparse` without ids below 0 and weights of 0 or less: -> [..., D].

    Args:
      embedding_weights: the table, or a list of its parts.
      sparse_ids: a SparseTensor of ids; the last axis is combined.
      sparse_weights: a SparseTensor of weights at the same places, or None for 1.
      combiner: "sum", "mean" or "sqrtn".
      default_id: the id that stands for an empty row; by default an empty row gives zeros.
      name: the name scope.
      partition_strategy: "mod" or "div", for several parts.
      max_norm: the greatest length of a row of the table.

    Raises:
      ValueError: there is no table.
    """
    if embedding_weights is None:
        raise ValueError(f"Missing embedding_weights {embedding_weights}.")
    tables = embedding.parts_of(embedding_weights)
    if not tables:
        raise ValueError(f"Missing embedding_weights {tables}.")
    dtype = None if sparse_weights is None else sparse_weights.dtype
    tables = [
        one
        if is_resource_variable(one) and dtype in (None, one.dtype)
        else convert.convert_to_tensor(one, dtype=dtype)
        for one in tables
    ]
    values = [*tables, sparse_ids, sparse_weights]
    with scopes.name_scope(name, "embedding_lookup", values) as scope:
        shape = sparse_ids.dense_shape
        known = shape.get_shape().dims[0].value if shape.get_shape().dims else None
        rank = array_ops.size(shape) if known is None else known
        ids, weights = _as_rows(sparse_ids, sparse_weights, shape, rank)
        ids, weights = _without_bad(ids, weights, combiner)
        ids, is_empty = sparse_ops.sparse_fill_empty_rows(ids, default_id or 0)
        if weights is not None:
            weights, _ = sparse_ops.sparse_fill_empty_rows(weights, 1.0)
        result = embedding.embedding_lookup_sparse(
            tables,
            ids,
            weights,
            combiner=combiner,
            partition_strategy=partition_strategy,
            name=None if default_id is None else scope,
            max_norm=max_norm,
        )
        if default_id is None:
            is_empty = array_ops.reshape(is_empty, [-1, 1])
            columns = array_ops.stack([1, array_ops.shape(result)[1]])
            is_empty = array_ops.tile(is_empty, columns)
            zeros = array_ops.zeros_like(result)
            result = array_ops.where(is_empty, zeros, result, name=scope)
        outer = array_ops.slice(math_ops.cast(shape, dtypes.int32), [0], [rank - 1])
        inner = array_ops.slice(array_ops.shape(result), [1], [-1])
        final = array_ops.reshape(result, array_ops.concat([outer, inner], 0))
        outer_rank = (Dimension(known) - 1).value
        final.set_shape(unknown_shape(outer_rank).concatenate(result.get_shape()[1:]))
        return final


def _as_rows(ids: Any, weights: Any, shape: Any, rank: Any) -> tuple[Any, Any]:
    """Ids and weights with all axes but the last as one."""
    rows = math_ops.reduce_prod(array_ops.slice(shape, [0], [rank - 1]))
    ids = sparse_ops.sparse_reshape(ids, [rows, array_ops.gather(shape, rank - 1)])
    if weights is not None:
        weights = SparseTensor(ids.indices, weights.values, ids.dense_shape)
    return ids, weights


def _without_bad(ids: Any, weights: Any, combiner: str) -> tuple[Any, Any]:
    """Without ids below 0, and without weights of 0 or less unless they are only summed."""
    is_good = math_ops.greater_equal(ids.values, 0)
    if weights is not None:
        ones = array_ops.ones_like(weights.values, dtype=dtypes.bool_)
        is_good = math_ops.logical_and(is_good, ones)
    ids = sparse_ops.sparse_retain(ids, is_good)
    if weights is None:
        return ids, None
    weights = sparse_ops.sparse_retain(weights, is_good)
    if combiner == "sum":
        return ids, weights
    is_good = math_ops.greater(weights.values, 0)
    return sparse_ops.sparse_retain(ids, is_good), sparse_ops.sparse_retain(weights, is_good)
