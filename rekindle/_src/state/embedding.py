"""Rows of an embedding table by their ids: `tf.nn.embedding_lookup`, also for sparse ids.

With several parts, the strategy "mod" puts id i in part i % n, "div" puts contiguous ids together.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src import tf_logging
from rekindle._src.graph import convert, dtypes, scopes, sparse
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import clip
from rekindle._src.ops import math as math_ops
from rekindle._src.state.partitioned import PartitionedVariable
from rekindle._src.state.resource_variable import is_resource_variable


@public("nn.embedding_lookup")
def embedding_lookup(
    params: Any,
    ids: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    validate_indices: bool = True,
    max_norm: Any = None,
) -> Any:
    """The rows of a table that ids name: [V, D] and [...] -> [..., D].

    Args:
      params: the table, or a list of its parts.
      ids: integers, of any shape.
      partition_strategy: "mod" or "div", for several parts.
      name: the operation's name.
      validate_indices: not used.
      max_norm: the greatest length of a row; longer ones are scaled down.

    Raises:
      ValueError: there is no table, or no such strategy.
    """
    return embedding_lookup_and_transform(params, ids, partition_strategy, name, max_norm)


def parts_of(params: Any) -> list[Any]:
    """A table as the list of its parts."""
    if isinstance(params, PartitionedVariable):
        return list(params)
    return params if isinstance(params, list) else [params]


def embedding_lookup_and_transform(
    params: Any,
    ids: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    max_norm: Any = None,
    transform_fn: Callable[[Any], Any] | None = None,
) -> Any:
    """`embedding_lookup` with a function that is applied to the rows of each part, where they are.

    Raises:
      ValueError: there is no table, or no such strategy.
    """
    if params is None:
        raise ValueError("params must be specified")
    if isinstance(params, (list, tuple)) and not params:
        raise ValueError("Need at least one param")
    params = parts_of(params)
    with scopes.name_scope(name, "embedding_lookup", [*params, ids]) as name:
        if not any(map(is_resource_variable, params)):
            params = sparse.convert_n_to_tensor_or_indexed_slices(params, name="params")
        ids = convert.convert_to_tensor(ids, name="ids")
        if len(params) > 1 or (transform_fn is not None and ids.get_shape().ndims != 1):
            return _from_parts(params, ids, partition_strategy, name, max_norm, transform_fn)
        with scopes.colocate_with(params[0]):
            rows = _clipped(array_ops.gather(params[0], ids, name=name), ids, max_norm)
            if transform_fn is not None:
                rows = transform_fn(rows)
        return array_ops.identity(rows)


def _clipped(rows: Any, ids: Any, max_norm: Any) -> Any:
    if max_norm is None:
        return rows
    ids_rank, rank = (convert.convert_to_tensor(x).get_shape().ndims for x in (ids, rows))
    if ids_rank and rank:
        return clip.clip_by_norm(rows, max_norm, axes=list(range(ids_rank, rank)))
    first = ids_rank or array_ops.rank(ids)
    return clip.clip_by_norm(
        rows, max_norm, axes=math_ops.range(first, rank or array_ops.rank(rows))
    )


def _from_parts(
    params: list[Any],
    ids: Any,
    strategy: str,
    name: str,
    max_norm: Any,
    transform_fn: Callable[[Any], Any] | None,
) -> Any:
    count = len(params)
    flat = array_ops.reshape(ids, [-1])
    places = math_ops.range(array_ops.size(flat))
    if strategy == "mod":
        part, row = flat % count, flat // count
    elif strategy == "div":
        part, row = _contiguous(params, flat)
    else:
        raise ValueError("Unrecognized partition strategy: " + strategy)
    part = math_ops.cast(part, dtypes.int32)
    rows_of = array_ops.dynamic_partition(row, part, count)
    places_of = array_ops.dynamic_partition(places, part, count)
    found = []
    for i, table in enumerate(params):
        with scopes.colocate_with(table):
            rows = array_ops.gather(table, rows_of[i])
            if transform_fn is not None:
                rows = transform_fn(_clipped(rows, rows_of[i], max_norm))
        found.append(rows)
    out = array_ops.parallel_dynamic_stitch(places_of, found, name=name)
    known, element = _element_shape(params, out, transform_fn is not None)
    out = array_ops.reshape(out, array_ops.concat([array_ops.shape(ids), element], 0))
    out.set_shape(ids.get_shape().concatenate(known))
    return out if transform_fn is not None else _clipped(out, ids, max_norm)


def _element_shape(params: list[Any], out: Any, is_transformed: bool) -> tuple[TensorShape, Any]:
    """The shape of a row: as far as it is known, and as what reshape takes."""
    if is_transformed:
        known = out.get_shape()[1:]
        return known, known if known.is_fully_defined() else array_ops.shape(out)[1:]
    known = params[0].get_shape()[1:]
    for table in params[1:]:
        known = known.merge_with(table.get_shape()[1:])
    if known.is_fully_defined():
        return known, known
    with scopes.colocate_with(params[0]):
        shape = array_ops.shape(params[0])
    return known, shape[1:]


def _contiguous(params: list[Any], flat: Any) -> tuple[Any, Any]:
    """(part, row) of each id where contiguous ids lie together, the first parts with one more."""
    count = len(params)
    sizes = [p.get_shape().dims[0].value if p.get_shape().dims else None for p in params]
    if None not in sizes and sum(sizes):
        total = convert.constant(sum(sizes), flat.dtype)
    else:
        rows = []
        for table, size in zip(params, sizes, strict=True):
            if size is None:
                with scopes.colocate_with(table):
                    size = array_ops.shape(table)[0]
            rows.append(size)
        total = math_ops.reduce_sum(math_ops.cast(array_ops.stack(rows), flat.dtype))
    each = total // count
    extras = total % count
    part = math_ops.maximum(flat // (each + 1), (flat - extras) // each)
    row = array_ops.where(part < extras, flat % (each + 1), (flat - extras) % each)
    return part, row


@public("nn.embedding_lookup_sparse")
def embedding_lookup_sparse(
    params: Any,
    sp_ids: Any,
    sp_weights: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    combiner: str | None = None,
    max_norm: Any = None,
) -> Any:
    """For each row of sparse ids, the combination of the table's rows: [V, D] and [N, M] -> [N, D].

    Args:
      params: the table, or a list of its parts.
      sp_ids: a SparseTensor of ids; no row may be empty.
      sp_weights: a SparseTensor of weights at the same places, or None for 1.
      partition_strategy: "mod" or "div", for several parts.
      name: the operation's name.
      combiner: "sum", "mean" (over the sum of weights; the default) or "sqrtn" (over the root of
        the sum of squared weights).
      max_norm: the greatest length of a row of the table; longer ones are scaled down.

    Raises:
      TypeError: ids or weights are not sparse.
      ValueError: there is no such combiner, or the shapes do not fit.
    """
    if combiner is None:
        tf_logging.warn(
            'The default value of combiner will change from "mean" to "sqrtn" after 2016/11/01.'
        )
        combiner = "mean"
    if combiner not in ("mean", "sqrtn", "sum"):
        raise ValueError("combiner must be one of 'mean', 'sqrtn' or 'sum'")
    params = parts_of(params)
    _check_sparse(sp_ids, sp_weights)
    with scopes.name_scope(name, "embedding_lookup_sparse", [*params, sp_ids]) as name:
        segments = sp_ids.indices[:, 0]
        if segments.dtype != dtypes.int32:
            segments = math_ops.cast(segments, dtypes.int32)
        ids, index = array_ops.unique(sp_ids.values)
        rows = embedding_lookup(params, ids, partition_strategy, max_norm=max_norm)
        if rows.dtype in (dtypes.float16, dtypes.bfloat16):
            rows = math_ops.cast(rows, dtypes.float32)
        if sp_weights is not None:
            return _weighted(rows, index, segments, sp_weights.values, combiner, name)
        combine = {
            "sum": math_ops.sparse_segment_sum,
            "mean": math_ops.sparse_segment_mean,
            "sqrtn": math_ops.sparse_segment_sqrt_n,
        }[combiner]
        return combine(rows, index, segments, name=name)


def _check_sparse(ids: Any, weights: Any) -> None:
    if not isinstance(ids, sparse.SparseTensor):
        raise TypeError("sp_ids must be SparseTensor")
    if weights is None:
        return
    if not isinstance(weights, sparse.SparseTensor):
        raise TypeError("sp_weights must be either None or SparseTensor")
    for part in ("values", "indices", "dense_shape"):
        shape = getattr(weights, part).get_shape()
        getattr(ids, part).get_shape().assert_is_compatible_with(shape)


def _weighted(
    rows: Any, index: Any, segments: Any, weights: Any, combiner: str, name: str | None
) -> Any:
    if weights.dtype != rows.dtype:
        weights = math_ops.cast(weights, rows.dtype)
    rows = array_ops.gather(rows, index)
    ones = array_ops.fill(array_ops.expand_dims(array_ops.rank(rows) - 1, 0), 1)
    shape = array_ops.concat([array_ops.shape(weights), ones], 0)
    known = weights.get_shape()
    weights = array_ops.reshape(weights, shape)
    if rows.get_shape().ndims is not None:
        weights.set_shape(known.concatenate([1] * (rows.get_shape().ndims - 1)))
    rows *= weights
    if combiner == "sum":
        return math_ops.segment_sum(rows, segments, name=name)
    rows = math_ops.segment_sum(rows, segments)
    if combiner == "mean":
        return math_ops.div(rows, math_ops.segment_sum(weights, segments), name=name)
    squares = math_ops.segment_sum(math_ops.pow(weights, 2), segments)
    return math_ops.div(rows, math_ops.sqrt(squares), name=name)
