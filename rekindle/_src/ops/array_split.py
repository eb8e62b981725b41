"""Cutting tensors along an axis, and repeating them: split, tile, repeat.

Joining them is in array_join.py.
"""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import call, op
from rekindle._src.graph.shapes import Dimension
from rekindle._src.graph.sparse import IndexedSlices
from rekindle._src.names import public
from rekindle._src.ops import array_fill, array_join, array_select, array_shape
from rekindle._src.ops import math as math_ops


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


# Split.


def split_axis(c: Any, index: int, rank: int | None) -> int | None:
    """A scalar axis input counted from the front, None where that cannot be told.

    Raises:
      ValueError: it is out of range.
    """
    infer.with_rank(c.shapes[index], 0)
    axis = c.value(index)
    if axis is None:
        return None
    axis = int(axis)
    if axis >= 0:
        if rank is not None and axis >= rank:
            raise ValueError(
                f"Dimension size, given by scalar input {axis} must be in range [-{rank}, {rank})"
            )
        return axis
    if rank is None:
        return None
    if axis + rank < 0:
        raise ValueError(
            f"Dimension size, given by scalar input {axis} must be in range [-{rank}, {rank})"
        )
    return axis + rank


def _split_rule(c: Any) -> Any:
    sizes, count = c.shapes[1], len(c.op.outputs)
    axis = split_axis(c, 0, None if sizes is None else len(sizes))
    if axis is None or sizes is None:
        return [None if sizes is None else (None,) * len(sizes)] * count
    size = sizes[axis]
    if size is not None:
        try:
            size = array_shape.divided(size, count)
        except ValueError as error:
            raise ValueError(
                f"{error}\n\tNumber of ways to split should evenly divide the split dimension"
            ) from None
    return [sizes[:axis] + (size,) + sizes[axis + 1 :]] * count


@op("Split", infer=_split_rule, structural=True, aliases=1)
def split_op(split_dim, value, *, num_split):
    """The tensor cut into equal pieces along an axis."""
    return torch.unsafe_split(value, even_part(value.shape, int(split_dim), num_split), int(split_dim))


def even_part(sizes: Any, axis: int, count: int) -> int:
    """The size of each of `count` equal pieces along an axis.

    Raises:
      InvalidArgumentError: there is no such axis, or they would not be equal.
    """
    rank = len(sizes)
    if not -rank <= axis < rank:
        raise _invalid(f"-input rank(-{rank}) <= split_dim < input rank ({rank}), but got {axis}")
    if sizes[axis] % count:
        raise _invalid(
            "Number of ways to split should evenly divide the split dimension, but got split_dim "
            f"{axis % rank} (size = {sizes[axis]}) and num_split {count}"
        )
    return sizes[axis] // count


@split_op.gradient
def split_gradient(op, *dys):
    return None, array_join.concat(list(dys), op.inputs[0])


def _split_v_rule(c: Any) -> Any:
    sizes, count = c.shapes[0], len(c.op.outputs)
    axis = split_axis(c, 2, None if sizes is None else len(sizes))
    parts = c.value(1)
    if sizes is None:
        return [None] * count
    if not sizes:
        raise ValueError("Can't split scalars")
    if axis is None:
        return [(None,) * len(sizes)] * count
    if parts is None:
        return [sizes[:axis] + (None,) + sizes[axis + 1 :]] * count
    if len(parts) != count:
        raise ValueError("Length of size_splits should be equal to num_outputs")
    return [
        sizes[:axis] + (p,) + sizes[axis + 1 :] for p in _split_parts(parts.tolist(), sizes[axis])
    ]


def _split_parts(parts: list[int], whole: int | None) -> list[int | None]:
    total = sum(p for p in parts if p != -1)
    if parts.count(-1) > 1:
        raise ValueError("size_splits can only have one -1")
    out: list[int | None] = []
    for i, part in enumerate(parts):
        size = whole - total if part == -1 and whole is not None else part
        if size < -1 or (size == -1 and whole is not None and part != -1):
            raise ValueError(f"Split size at index {i} must be >= 0. Got: {size}")
        out.append(None if size == -1 else size)
    if whole is not None and (total > whole if -1 in parts else total != whole):
        listed = ",".join(map(str, parts))
        raise ValueError(f"can't split axis of size {whole} into pieces of size [{listed}]")
    return out


@op("SplitV", infer=_split_v_rule, structural=True, aliases=0)
def split_v(value, size_splits, split_dim, *, num_split):
    """The tensor cut into pieces of the given sizes along an axis."""
    return torch.split(
        value, part_sizes(value.shape, size_splits.tolist(), int(split_dim)), int(split_dim)
    )


def part_sizes(sizes: Any, parts: list[int], axis: int) -> list[int]:
    """The sizes of pieces along an axis; one may be -1, for what is left.

    Raises:
      InvalidArgumentError: there is no such axis, or they do not make up the whole.
    """
    rank = len(sizes)
    if not -rank <= axis < rank:
        raise _invalid(f"-input rank(-{rank}) <= split_dim < input rank ({rank}), but got {axis}")
    whole, total = sizes[axis], sum(p for p in parts if p != -1)
    if total > whole or (-1 not in parts and total != whole) or parts.count(-1) > 1:
        raise _invalid(
            "Determined shape must either match input shape along split_dim exactly if fully "
            "specified, or be less than the size of the input along split_dim if not fully "
            f"specified.  Got: {total}"
        )
    return [whole - total if p == -1 else p for p in parts]


@split_v.gradient
def split_v_gradient(op, *dys):
    return [array_join.concat(list(dys), op.inputs[2]), None, None]


@public("split")
def split(
    value: Any, num_or_size_splits: Any, axis: Any = 0, num: Any = None, name: str = "split"
) -> Any:
    """The tensor cut along an axis into so many equal pieces, or pieces of the given sizes.

    Raises:
      ValueError: the sizes are a scalar tensor, or of a number that is neither known nor given.
    """
    splits = convert.convert_to_tensor(num_or_size_splits)
    if isinstance(num_or_size_splits, (int, Dimension)):
        return split_op(axis, value, num_or_size_splits, name=name)
    if splits._static_shape == ():
        raise ValueError(
            "Rank-0 tensors are not supported as the num_or_size_splits argument to split. "
            f"Argument provided: {num_or_size_splits}"
        )
    if num is None:
        if splits._static_shape:
            num = splits._static_shape[0]
        if num is None:
            raise ValueError(f"Cannot infer num from shape {num_or_size_splits}")
    return split_v(value, splits, axis, num, name=name)


# Tile.


def _tiled(c: Any) -> Any:
    sizes, times = c.shapes[0], c.shape_value(1)
    if sizes is not None:
        times = infer.with_rank(times, len(sizes))
        infer.merge(c.shapes[1], (len(sizes),))
    if times is None:
        return None
    sizes = infer.with_rank(sizes, len(times))
    return tuple(_product(a, b) for a, b in zip(sizes, times))


def _product(a: int | None, b: int | None) -> int | None:
    if a == 0 or b == 0:
        return 0
    if a is None or b is None:
        return b if a == 1 else a if b == 1 else None
    return a * b


@op("Tile", public="tile manip.tile", infer=_tiled, structural=True)
def tile(input, multiples):
    """The tensor repeated, so often along each axis."""
    return (
        input.expand(stretched(input.shape, multiples.tolist())).clone(memory_format=torch.contiguous_format)
        if stretched(input.shape, multiples.tolist())
        else input.repeat(multiples.tolist())
    )


def stretched(sizes: Any, times: list[int]) -> list[int]:
    """The size of a tensor that is tiled along axes of size one only; empty if it is also tiled along others."""
    if len(sizes) != len(times) or any(size != 1 != n for size, n in zip(sizes, times, strict=True)):
        return []
    return [size * n for size, n in zip(sizes, times, strict=True)]


@tile.refusal
def tile_refusal(input, multiples):
    times = multiples.tolist()
    if len(times) != input.dim():
        raise _invalid(
            f"Expected multiples argument to be a vector of length {input.dim()} but got length {len(times)}"
        )
    for i, n in enumerate(times):
        if n < 0:
            raise _invalid(f"Expected multiples[{i}] >= 0, but got {n}")


@tile.gradient
def tile_gradient(op, dy):
    sizes = array_shape.shape(op.inputs[0], out_type=op.inputs[1].dtype)
    parts = array_shape.reshape(
        array_shape.transpose(array_join.stack([op.inputs[1], sizes])), [-1]
    )
    axes = math_ops.range(0, array_shape.size(parts), 2)
    if isinstance(dy, IndexedSlices):
        rows = math_ops.cast(sizes[0], dy.indices.dtype)
        dy = call("UnsortedSegmentSum", dy.values, math_ops.mod(dy.indices, rows), rows)
        parts = array_join.concat([[1], parts[1:]], axis=0)
    dx = math_ops.reduce_sum(array_shape.reshape(dy, parts), axes)
    dx.set_shape(op.inputs[0].get_shape())
    return [dx, None]


# Repeat.


def _int_tensor(value: Any, name: str) -> Any:
    value = convert.convert_to_tensor(value, name=name, preferred_dtype=dtypes.int32)
    if not value.dtype.is_integer:
        raise TypeError(f"{name} must be an integer tensor; dtype={value.dtype}")
    return call("Cast", value, dtypes.int32)


def _positive_axis(axis: Any, rank: int | None) -> int:
    if not isinstance(axis, int):
        raise TypeError(f"axis must be an int; got {type(axis).__name__}")
    if rank is None:
        if axis < 0:
            raise ValueError("axis may only be negative if ndims is statically known.")
        return axis
    if not -rank <= axis < rank:
        raise ValueError(f"axis={axis} out of bounds: expected {-rank}<=axis<{rank}")
    return axis % rank


def _with_axis(data: Any) -> Any:
    """A scalar as a vector; anything else as it is."""
    if data._static_shape is not None:
        return data if data._static_shape else array_join.stack([data])
    sizes, rank = array_shape.shape(data), array_shape.rank(data)
    return array_shape.reshape(data, array_join.concat([[1], sizes], axis=0)[-rank:])


def _tile_axis(data: Any, axis: int, times: Any) -> Any:
    if data._static_shape is not None:
        multiples: Any = [1] * len(data._static_shape)
        multiples[axis] = times
    else:
        ones = array_fill.ones(array_shape.rank(data), dtypes.int32)
        multiples = array_join.concat([ones[:axis], [times], ones[axis + 1 :]], axis=0)
    return tile(data, multiples)


@public("repeat")
def repeat(input: Any, repeats: Any, axis: Any = None, name: str | None = None) -> Any:
    """Each slice along `axis` so often as `repeats` says: one number, or one per slice.

    Args:
      input: the tensor.
      repeats: an integer scalar or vector.
      axis: where to repeat; by default the input is made flat first.
      name: the name of the scope.
    """
    if axis is None:
        input, axis = array_shape.reshape(input, [-1]), 0
    if not isinstance(axis, int):
        raise TypeError(f"axis must be an int; got {type(axis).__name__}")
    with scopes.name_scope(name, "Repeat", [input, repeats]):
        data = convert.convert_to_tensor(input, name="data")
        repeats = _int_tensor(repeats, "repeats")
        repeats.shape.with_rank_at_most(1)
        data = _with_axis(data)
        sizes = array_shape.shape(data)
        axis = _positive_axis(axis, data.shape.ndims)
        if repeats.shape.ndims == 1:
            data.shape.dims[axis].assert_is_compatible_with(repeats.shape[0])
        if repeats.shape.ndims == 0:
            tiled = _tile_axis(array_shape.expand_dims(data, axis + 1), axis + 1, repeats)
            return array_shape.reshape(tiled, _without_size(sizes, axis))
        return _repeat_each(data, repeats, axis, sizes)


def _without_size(sizes: Any, axis: int) -> Any:
    return array_join.concat([sizes[:axis], [-1], sizes[axis + 1 :]], axis=0)


def _repeat_each(data: Any, repeats: Any, axis: int, sizes: Any) -> Any:
    if repeats.shape.ndims != axis + 1:
        count = array_shape.rank(repeats)
        shape = array_join.concat([sizes[: axis + 1 - count], array_shape.shape(repeats)], axis=0)
        repeats = array_fill.broadcast_to(repeats, shape)
        repeats.set_shape([None] * (axis + 1))
    most = call("Maximum", 0, call("Max", repeats, array_fill.all_dimensions(repeats)))
    mask = array_fill.sequence_mask(repeats, most)
    tiled = _tile_axis(array_shape.expand_dims(data, axis + 1), axis + 1, most)
    out = array_select.boolean_mask(tiled, mask)
    if axis:
        out = array_shape.reshape(out, _without_size(sizes, axis))
    if data.shape.ndims is not None:
        size = 0 if repeats.shape[0] == 0 else None
        out.set_shape(data.shape[:axis].concatenate([size]).concatenate(data.shape[axis + 1 :]))
    return out
