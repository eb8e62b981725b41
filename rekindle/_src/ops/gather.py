"""Taking slices by index: gather, gather_nd, batch_gather, with their gradients."""

from __future__ import annotations

import math
from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import constants, convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import call, op
from rekindle._src.graph.sparse import IndexedSlices
from rekindle._src.names import public
from rekindle._src.ops import array_fill, array_join, array_shape, array_split, scatter
from rekindle._src.ops import math as math_ops


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _sub(shape: Any, start: int, stop: int | None = None) -> Any:
    return None if shape is None else shape[start:stop]


def _joined(*shapes: Any) -> Any:
    return None if any(s is None for s in shapes) else sum(shapes, ())


def _gather_rule(c: Any) -> Any:
    params = infer.with_rank_at_least(c.shapes[0], 1)
    return _joined(c.shapes[1], _sub(params, 1))


def _gather_v2_rule(c: Any) -> Any:
    params, indices = infer.with_rank_at_least(c.shapes[0], 1), c.shapes[1]
    infer.with_rank(c.shapes[2], 0)
    axis, batch = c.value(2), c.attr("batch_dims")
    if axis is None:
        if params is None or indices is None:
            return None
        return (None,) * (len(params) + len(indices) - 1)
    at = int(axis)
    for needed in (at, batch):
        infer.with_rank_at_least(params, -needed if needed < 0 else needed + 1)
    after = () if at == -1 else _sub(params, at + 1)
    return _joined(_sub(params, 0, at), _sub(indices, batch), after)


def take(params: Any, indices: Any, axis: int) -> Any:
    """Slices of params along an axis, in the shape of the indices; out-of-range ones are zero on a GPU."""
    flat = indices.reshape(-1)
    if params.is_cuda:
        size = params.shape[axis]
        inside = (flat >= 0) & (flat < size)
        found = torch.index_select(params, axis, flat.clamp(0, max(size - 1, 0)))
        shape = [1] * params.dim()
        shape[axis] = -1
        found = torch.where(inside.reshape(shape), found, torch.zeros_like(found))
    else:
        found = torch.index_select(params, axis, flat)
    return found.reshape(params.shape[:axis] + indices.shape + params.shape[axis + 1 :])


def take_batched(params: Any, indices: Any, axis: int, batch: int) -> Any:
    """`take` where the first `batch` axes of both go together."""
    outer = math.prod(params.shape[:batch])
    sizes = params.shape[batch:]
    at, size = axis - batch, params.shape[axis]
    flat = params.reshape(outer, *sizes).movedim(at + 1, 1)
    flat = flat.reshape(outer * size, *flat.shape[2:])
    starts = torch.arange(outer, device=indices.device, dtype=indices.dtype) * size
    places = indices.reshape(outer, -1)
    if not params.is_cuda and bool(((places < 0) | (places >= size)).any()):
        raise IndexError("index out of range")
    found = take(flat, places + starts[:, None], 0)  # [outer, n, ...]
    inner = indices.shape[batch:]
    found = found.movedim(1, at + 1)
    shape = [*params.shape[:batch], *sizes[:at], *inner, *sizes[at + 1 :]]
    return found.reshape(shape)


@op("Gather", infer=_gather_rule, structural=True)
def gather_op(params, indices, *, validate_indices=True):
    """The slices of params along the first axis that the indices name."""
    return take(params, indices, 0)


@op("GatherV2", infer=_gather_v2_rule, structural=True)
def gather_v2(params, indices, axis, *, batch_dims=0):
    """The slices of params along an axis that the indices name."""
    return (
        take(params, indices, int(axis) % params.dim())
        if batch_dims == 0
        else take_batched(params, indices, int(axis) % params.dim(), batch_dims % indices.dim())
    )


def refuse_indices(indices: Any, limit: int, name: str = "indices") -> None:
    """Raise for the first index that is not below the limit.

    Raises:
      InvalidArgumentError: there is one.
    """
    bad = torch.nonzero((indices < 0) | (indices >= limit))
    if len(bad):
        place = bad[0].tolist()
        at = f"[{','.join(map(str, place))}]" if place else ""
        value = int(indices[tuple(place)])
        raise _invalid(f"{name}{at} = {value} is not in [0, {limit})")


@gather_op.refusal
def gather_refusal(params, indices, *, validate_indices=True):
    refuse_indices(indices, params.shape[0])


@gather_v2.refusal
def gather_v2_refusal(params, indices, axis, *, batch_dims=0):
    rank, at = params.dim(), int(axis)
    if not -rank <= at < rank:
        raise _invalid(f"Expected axis in the range [{-rank}, {rank}), but got {at}")
    refuse_indices(indices, params.shape[at])


def _rows_gradient(params: Any, indices: Any, dy: Any) -> IndexedSlices:
    with scopes.colocate_with(params.op):
        shape = array_shape.shape(params, out_type=dtypes.int64)
        shape = math_ops.cast(shape, dtypes.int32)
    size = array_shape.expand_dims(array_shape.size(indices), 0)
    values_shape = array_join.concat([size, shape[1:]], 0)
    values = array_shape.reshape(dy, values_shape)
    return IndexedSlices(values, array_shape.reshape(indices, size), shape)


@gather_op.gradient
def gather_gradient(op, dy):
    return [_rows_gradient(op.inputs[0], op.inputs[1], dy), None]


@gather_v2.gradient
def gather_v2_gradient(op, dy):
    params, indices, axis = op.inputs
    batch = int(op.get_attr("batch_dims"))
    with scopes.colocate_with(params.op):
        shape = array_shape.shape(params, out_type=dtypes.int64)
        shape = math_ops.cast(shape, dtypes.int32)
    size = array_shape.expand_dims(array_shape.size(indices), 0)
    known = constants.constant_value(axis)
    if batch < 0:
        batch += indices.shape.ndims
    if known is not None and known == 0:
        values_shape = array_join.concat([size, shape[1:]], 0)
        values = array_shape.reshape(dy, values_shape)
        indices = array_shape.reshape(indices, size)
        return [IndexedSlices(values, indices, shape), None, None]
    return [_axis_gradient(shape, indices, axis, batch, dy), None, None]


def _axis_gradient(shape: Any, indices: Any, axis: Any, batch: int, dy: Any) -> Any:
    """Move the gathered axis to the first place after the batch axes, sum, and move it back."""
    outer = shape[:axis]
    inner = shape[axis:][1:]
    values_shape = array_join.concat([outer, [-1], inner], 0)
    rank = array_shape.size(values_shape)
    outer_rank = array_shape.size(outer)
    batch_axes = math_ops.range(batch)
    moved_axes = math_ops.range(batch, outer_rank)
    inner_axes = math_ops.range(outer_rank + 1, rank)
    values = array_shape.reshape(dy, values_shape)
    there = array_join.concat([batch_axes, [outer_rank], moved_axes, inner_axes], 0)
    values = array_shape.transpose(values, there)
    summed = _batch_gradient(shape, values, indices, batch, shape[axis])
    back = array_join.concat([batch_axes, moved_axes + 1, [batch], inner_axes], 0)
    return array_shape.transpose(summed, back)


def _batch_gradient(shape: Any, values: Any, indices: Any, batch: int, size: Any) -> Any:
    count = array_shape.expand_dims(array_shape.size(indices), 0)
    outer = flat = None
    if batch:
        values_shape = array_shape.shape(values)
        outer = values_shape[:batch]
        inner = values_shape[batch:][1:]
        batch_size = call("Prod", outer, [0], False)
        flat = array_join.concat([[-1], inner], 0)
        size = size * batch_size
        indices = _with_offsets(math_ops.cast(shape, indices.dtype.base_dtype), indices, batch)
        values = array_shape.reshape(values, flat)
    indices = array_shape.reshape(indices, count)
    out = math_ops.unsorted_segment_sum(values, indices, size)
    if batch:
        out = array_shape.reshape(out, array_join.concat([outer, flat], 0))
    return out


def _with_offsets(shape: Any, indices: Any, batch: int) -> Any:
    """Indices into the flattened batch: each moved by where its part of the batch begins."""
    dtype, rank = indices.dtype.base_dtype, indices.shape.ndims
    step = array_fill.ones((), dtype=dtype)
    for axis in range(batch, 0, -1):
        count = shape[axis - 1]
        step = step * shape[axis]
        start, one = array_fill.zeros((), dtype=dtype), array_fill.ones((), dtype=dtype)
        offsets = math_ops.range(start, count, one)
        offsets = offsets * step
        around = array_join.stack([1] * (axis - 1) + [count] + [1] * (rank - axis), axis=0)
        indices = indices + array_shape.reshape(offsets, around)
    return indices


@public("gather")
def gather(
    params: Any, indices: Any, validate_indices: Any = None, name: str | None = None, axis: Any = None,
    batch_dims: int = 0,
) -> Any:  # fmt: skip
    """The slices of `params` along `axis` that `indices` name.

    Args:
      params: a tensor or variable.
      indices: integers, of any shape.
      validate_indices: not used.
      name: the name of the node.
      axis: along which axis; by default the first after the batch axes.
      batch_dims: how many first axes of both go together.
    """
    if axis is None:
        axis = batch_dims
    known = constants.constant_value(axis) if not isinstance(axis, int) else axis
    if known != 0:
        return gather_v2(params, indices, axis, batch_dims=batch_dims, name=name)
    sparse_read = getattr(params, "sparse_read", None)
    if sparse_read is not None:
        return sparse_read(indices, name=name)
    return gather_v2(params, indices, axis, name=name)


@public("batch_gather")
def batch_gather(params: Any, indices: Any, name: str | None = None) -> Any:
    """Gather along the last axis of `indices`, all axes before it going together.

    Raises:
      ValueError: the rank of `indices` is unknown, or does not fit `params`.
    """
    with scopes.name_scope(name, "BatchGather", [params, indices]):
        indices = convert.convert_to_tensor(indices, name="indices")
        params = convert.convert_to_tensor(params, name="params")
        if indices.shape.ndims is None:
            raise ValueError("batch_gather does not allow indices with unknown shape.")
        return _batch_gather(params, indices, indices.shape.ndims - 1)


def _batch_gather(params: Any, indices: Any, batch: int) -> Any:
    rank = indices.shape.ndims
    if params.shape.ndims is not None and batch >= params.shape.ndims:
        raise ValueError(
            f"batch_dims = {batch} must be less than rank(params) = {params.shape.ndims}"
        )
    indices_shape, params_shape = array_shape.shape(indices), array_shape.shape(params)
    dtype = indices.dtype.base_dtype
    step = array_fill.ones((), dtype=dtype)
    cast_shape = call("Cast", params_shape, dtype)
    places = indices
    for axis in range(batch, 0, -1):
        count = cast_shape[axis - 1]
        step = step * cast_shape[axis]
        start, one = array_fill.zeros((), dtype=dtype), array_fill.ones((), dtype=dtype)
        offsets = call("Range", start, count, one)
        offsets = offsets * step
        around = array_join.stack([1] * (axis - 1) + [count] + [1] * (rank - axis), axis=0)
        places = places + array_shape.reshape(offsets, around)
    flat_places = array_shape.reshape(places, [-1])
    inner = params_shape[batch + 1 :]
    outer = call("Prod", params_shape[: batch + 1], [0], False)
    flat = array_shape.reshape(params, array_join.concat([[outer], inner], axis=0))
    found = gather(flat, flat_places)
    out = array_shape.reshape(found, array_join.concat([indices_shape, inner], axis=0))
    shape = indices.shape[:batch].merge_with(params.shape[:batch])
    shape = shape.concatenate(indices.shape[batch:]).concatenate(params.shape[batch + 1 :])
    out.set_shape(shape)
    return out


# GatherNd.


def _gather_nd_rule(c: Any) -> Any:
    params, indices = c.shapes[0], infer.with_rank_at_least(c.shapes[1], 1)
    if params is None or indices is None or indices[-1] is None:
        return None
    if indices[-1] > len(params):
        raise ValueError(
            "indices.shape[-1] must be <= params.rank, but saw indices shape: "
            f"{infer.show(indices)} and params shape: {infer.show(params)}"
        )
    return indices[:-1] + params[indices[-1] :]


@op("GatherNd", infer=_gather_nd_rule, structural=True)
def gather_nd_op(params, indices):
    """The elements or slices of params that the rows of indices name."""
    return take_nd(params, indices)


def take_nd(params: Any, indices: Any) -> Any:
    """The slices of params at indices [..., k], each naming a place in the first k axes."""
    depth = indices.shape[-1]
    outer, inner = params.shape[:depth], params.shape[depth:]
    places = scatter.flat_indices(indices, outer, _refuse_nd(params, "param"))
    found = take(params.reshape(math.prod(outer), *inner), places, 0)
    return found.reshape(indices.shape[:-1] + inner)


def _refuse_nd(params: Any, what: str) -> Any:
    def refuse(place: list[int], row: list[int]) -> Exception:
        at = f"[{','.join(map(str, place))}]" if place else ""
        return _invalid(
            f"indices{at} = [{', '.join(map(str, row))}] does not index into {what} shape "
            f"{infer.show(tuple(params.shape))}"
        )

    return refuse


@gather_nd_op.gradient
def gather_nd_gradient(op, dy):
    params, indices = op.inputs
    shape = array_shape.shape(params, out_type=indices.dtype)
    sizes = indices._static_shape
    if sizes is not None and len(sizes) == 2 and sizes[-1] == 1:
        rows = array_shape.squeeze(indices, axis=-1)
        return [IndexedSlices(dy, rows, shape), None]
    return [scatter.scatter_nd(indices, dy, shape), None]


@public("gather_nd", "manip.gather_nd")
def gather_nd(params: Any, indices: Any, name: str | None = None, batch_dims: Any = 0) -> Any:
    """The elements or slices of `params` that the rows of `indices` name: [..., k] -> [..., rest]."""
    if not isinstance(batch_dims, int):
        known = constants.constant_value(batch_dims)
        batch_dims = batch_dims if known is None else int(known)
    if batch_dims != 0:
        return batch_gather_nd(params, indices, batch_dims, name)
    own = getattr(params, "gather_nd", None)
    if own is not None:
        return own(indices, name=name)
    return gather_nd_op(params, indices, name=name)


def batch_gather_nd(params: Any, indices: Any, batch_dims: Any, name: str | None = None) -> Any:
    """`gather_nd` where the first axes of both go together.

    Raises:
      TypeError: `batch_dims` is no int.
      ValueError: it is negative, or not less than a rank.
    """
    with scopes.name_scope(name, "BatchGatherND", [params, indices]):
        indices = convert.convert_to_tensor(indices, name="indices")
        params = convert.convert_to_tensor(params, name="params")
        if not isinstance(batch_dims, int):
            raise TypeError(f"batch_dims must be an int; got {batch_dims!r}")
        if batch_dims < 0:
            raise ValueError("tf.gather_nd does not allow negative batch_dims.")
        for what, rank in (("indices", indices.shape.ndims), ("params", params.shape.ndims)):
            if rank is not None and batch_dims >= rank:
                raise ValueError(
                    f"batch_dims = {batch_dims} must be less than rank({what}) = {rank}"
                )
        params_shape, indices_shape = array_shape.shape(params), array_shape.shape(indices)
        batch_shape = params_shape[:batch_dims]
        batch_size = call("Prod", batch_shape, [0])
        inner_rank = array_shape.rank(indices) - batch_dims - 1
        inner_shape = indices_shape[batch_dims:-1]
        sizes = array_join.unstack(batch_shape, axis=0)
        ranges = [call("Cast", call("Range", 0, x, 1), indices.dtype) for x in sizes]
        mesh = array_fill.meshgrid(*ranges, indexing="ij") if ranges else []
        flat = [array_shape.reshape(x, shape=(-1,)) for x in mesh]
        grid = array_shape.transpose(array_join.stack(flat, axis=0))
        shape = array_shape.shape(grid)
        spread = [shape[:1], array_fill.ones(inner_rank, dtype=dtypes.int32), shape[1:]]
        grid = array_shape.reshape(grid, array_join.concat(spread, axis=0))
        times = array_join.concat(((1,), inner_shape, (1,)), axis=0)
        grid = array_split.tile(grid, multiples=times)
        rows = array_join.concat(([batch_size], indices_shape[batch_dims:]), axis=0)
        rows = array_shape.reshape(indices, shape=rows)
        indices = array_join.concat((grid, rows), axis=-1)
        out = gather_nd_op(params, indices)
        out_shape = array_shape.shape(out)
        return array_shape.reshape(
            out, shape=array_join.concat((batch_shape, out_shape[1:]), axis=0)
        )
