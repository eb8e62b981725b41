"""Joining tensors: pack and its opposite unpack, concat, and the lists that contain tensors.

Cutting tensors in parts is in array_split.py, taking parts out in slicing.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from rekindle._src import errors, nest
from rekindle._src.graph import constants, convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import call, op
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.sparse import IndexedSlices
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array_fill, array_shape, array_split, flow_context, gather, slicing
from rekindle._src.ops import math as math_ops


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _checked_axis(axis: int, rank: int) -> int:
    """The axis counted from the front.

    Raises:
      ValueError: there is no such axis.
    """
    if not -rank <= axis < rank:
        raise ValueError(f"Invalid axis: {axis}; must be in [{-rank},{rank})")
    return axis % rank


# Pack and unpack.


def _merged(shapes: list[Any]) -> Any:
    out = shapes[-1]
    for i in reversed(range(len(shapes) - 1)):
        try:
            out = infer.merge(shapes[i], out)
        except ValueError as error:
            raise ValueError(f"{error}\n\tFrom merging shape {i} with other shapes.") from None
    return out


def _packed(c: Any) -> Any:
    sizes = _merged(c.shapes)
    if sizes is None:
        return None
    axis = _checked_axis(c.attr("axis"), len(sizes) + 1)
    return sizes[:axis] + (len(c.shapes),) + sizes[axis:]


@op("Pack", infer=_packed, structural=True)
def pack(values, *, axis=0):
    """Tensors of one shape side by side along a new axis."""
    return torch.stack(values, axis)


@pack.refusal
def pack_refusal(values, *, axis=0):
    rank = values[0].dim() + 1
    if not -rank <= axis < rank:
        raise _invalid(f"axis = {axis} not in [{-rank}, {rank})")
    for i, value in enumerate(values):
        if value.shape != values[0].shape:
            raise _invalid(
                f"Shapes of all inputs must match: values[0].shape = {infer.show(tuple(values[0].shape))} "
                f"!= values[{i}].shape = {infer.show(tuple(value.shape))}"
            )


@pack.gradient
def pack_gradient(op, dy):
    return unstack(dy, num=op.get_attr("N"), axis=op.get_attr("axis"))


@public("stack")
def stack(values: Any, axis: int = 0, name: str = "stack") -> Any:
    """Tensors of one shape side by side along a new axis; numbers alone make a constant.

    Raises:
      ValueError: there is no such axis.
    """
    if axis == 0:
        try:
            return convert.convert_to_tensor(values, name=name)
        except (TypeError, ValueError):
            pass  # not numbers that make a constant
    sizes = convert.convert_to_tensor(values[0], name=name)._static_shape
    if sizes is not None:
        rank = len(sizes) + 1
        if axis < -rank or axis >= rank:
            raise ValueError(f"axis = {axis} not in [{-rank}, {rank})")
    return pack(values, axis=axis, name=name)


def _unpacked(c: Any) -> Any:
    sizes, count = c.shapes[0], len(c.op.outputs)
    if sizes is None:
        return [None] * count
    axis = _checked_axis(c.attr("axis"), len(sizes))
    if sizes[axis] not in (None, count):
        raise ValueError(f"Dimension must be {count} but is {sizes[axis]}")
    return [sizes[:axis] + sizes[axis + 1 :]] * count


@op("Unpack", infer=_unpacked, structural=True, aliases=0)
def unpack(value, *, num, axis=0):
    """The slices along an axis, which goes."""
    return torch.unbind(value, axis)


@unpack.refusal
def unpack_refusal(value, *, num, axis=0):
    """Say which axis is missing, or of another size."""
    if not -value.dim() <= axis < value.dim():
        raise _invalid(f"axis = {axis} not in [{-value.dim()}, {value.dim()})")
    if value.shape[axis] != num:
        raise _invalid(
            f"Input shape axis {axis % value.dim()} must equal {num}, got shape "
            f"{infer.show(tuple(value.shape))}"
        )


@unpack.gradient
def unpack_gradient(op, *dys):
    return stack(dys, axis=op.get_attr("axis"))


@public("unstack")
def unstack(value: Any, num: Any = None, axis: int = 0, name: str = "unstack") -> Any:
    """The slices of a tensor along an axis, in a list.

    Raises:
      ValueError: there is no such axis, or its size is neither known nor given.
    """
    if num is None:
        value = convert.convert_to_tensor(value)
        sizes = value._static_shape
        if sizes is not None:
            rank = len(sizes)
            if axis < -rank or axis >= rank:
                raise ValueError(f"axis = {axis} not in [{-rank}, {rank})")
            num = sizes[axis]
        if num is None:
            raise ValueError(f"Cannot infer num from shape {value.shape}")
    return unpack(value, num=num, axis=axis, name=name)


def _parallel_rule(c: Any) -> Any:
    shape = c.attr("shape")
    if not infer.is_known(shape):
        raise ValueError("shape attr must be fully defined.")
    for sizes in c.shapes:
        if not infer.is_known(sizes):
            raise ValueError("All input shapes must be fully defined.")
        if sizes[:1] != (1,):
            raise ValueError("Size of first dimension must be 1.")
    _merged([*c.shapes, (1, *shape[1:])])
    return shape


@op("ParallelConcat", infer=_parallel_rule, structural=True)
def parallel_concat(values, *, shape):
    """Tensors whose first axis has size 1 one after the other."""
    return torch.cat(values, 0)


@public("parallel_stack")
def parallel_stack(values: Any, name: str = "parallel_stack") -> Any:
    """Tensors of one fully known shape side by side along a new first axis."""
    with scopes.name_scope(name):
        sizes = convert.convert_to_tensor(values[0]).shape
        shape = TensorShape([len(values)]).concatenate(sizes)
        return parallel_concat([array_shape.expand_dims(v, 0) for v in values], shape=shape)


# Lists that contain tensors.


def is_dense(value: Any) -> bool:
    """True for tensors and what passes for one: variables."""
    return isinstance(value, Tensor) or getattr(value, "_is_dense_tensor_like", False)


def _dtype_of(values: Any) -> Any:
    for one in values:
        if is_dense(one):
            return one.dtype.base_dtype
        if isinstance(one, (list, tuple)):
            found = _dtype_of(one)
            if found is not None:
                return found
    return None


def _pack_nested(values: Any, dtype: Any, name: str) -> Any:
    """The list as one Pack, or as it is where nothing in it is a tensor."""
    parts: list[Any] = []
    with scopes.name_scope(name) as scope:
        for i, one in enumerate(values):
            if is_dense(one) and dtype is not None and one.dtype.base_dtype != dtype:
                raise TypeError(
                    f"Cannot convert a list containing a tensor of dtype {one.dtype} to {dtype} "
                    f"(Tensor is: {one!r})"
                )
            parts.append(
                _pack_nested(one, dtype, str(i)) if isinstance(one, (list, tuple)) else one
            )
        if not any(map(is_dense, parts)):
            return parts
        tensors = [
            one if is_dense(one) else convert.constant(one, dtype=dtype, name=str(i))
            for i, one in enumerate(parts)
        ]
        return pack(tensors, name=scope)


_PLAIN = {int, float, complex, bool, bytes, str, memoryview, np.ndarray, *np.sctypeDict.values()}


def _from_list(
    values: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False
) -> Any:
    """Conversion of lists and tuples: packs those that contain tensors, leaves the others to constants."""
    if as_ref or all(type(one) in _PLAIN for one in nest.flatten(values)):
        return NotImplemented
    found = _dtype_of(values)
    if found is None:
        return NotImplemented
    if dtype is None:
        dtype = found
    elif dtype != found:
        values = nest.map_structure(
            lambda one: (
                call("Cast", one, dtype) if is_dense(one) and one.dtype.base_dtype != dtype else one
            ),
            values,
        )
    return _pack_nested(values, dtype, name or "packed")


convert.register_tensor_conversion_function((list, tuple), _from_list, 99)


# Concat.


def _part(sizes: Any, start: Any, stop: Any = None) -> Any:
    return None if sizes is None else sizes[start:stop]


def _concatenated(shapes: list[Any], axis: Any) -> Any:
    """Shape rule of concat: `axis` is an array, or None where it is not known."""
    if axis is None:
        rank = next((len(s) for s in shapes if s is not None), None)
        if rank is None:
            return None
        if rank == 0:
            raise ValueError("Can't concatenate scalars (use tf.stack instead)")
        for sizes in shapes:
            infer.with_rank(sizes, rank)
        return (None,) * rank
    at = int(axis)
    needed = -at if at < 0 else at + 1
    last = infer.with_rank_at_least(shapes[-1], needed)
    before, after = _part(last, 0, at), _part(last, at + 1) if at != -1 else ()
    middle = last[at] if last is not None else None
    for sizes in reversed(shapes[:-1]):
        infer.with_rank_at_least(sizes, needed)
        before = infer.merge(_part(sizes, 0, at), before)
        size = sizes[at] if sizes is not None else None
        middle = None if middle is None or size is None else middle + size
        after = infer.merge(_part(sizes, at + 1) if at != -1 else (), after)
    if before is None or after is None:
        return None
    return before + (middle,) + after


def _concat_rule(c: Any, axis: int, first: int, last: int) -> Any:
    infer.with_rank(c.shapes[axis], 0)
    return _concatenated(c.shapes[first:last], c.value(axis % len(c.shapes)))


@op("ConcatV2", infer=lambda c: _concat_rule(c, -1, 0, -1), structural=True)
def concat_v2(values, axis):
    """The tensors one after the other along an axis."""
    return torch.cat(values, int(axis))


@op("Concat", infer=lambda c: _concat_rule(c, 0, 1, len(c.shapes)), structural=True)
def concat_op(concat_dim, values):
    """The tensors one after the other along an axis."""
    return torch.cat(values, int(concat_dim))


@concat_v2.refusal
def concat_v2_refusal(values, axis):
    first, at = values[0], int(axis)
    rank = first.dim()
    if not -rank <= at < rank:
        raise _invalid(
            f"ConcatOp : Expected concatenating dimensions in the range [{-rank}, {rank}), but got {at}"
        )
    for i, value in enumerate(values):
        if value.dim() != rank:
            raise _invalid(
                "ConcatOp : Ranks of all input tensors should match: "
                f"shape[0] = {infer.show(tuple(first.shape))} vs. shape[{i}] = {infer.show(tuple(value.shape))}"
            )
        if any(a != b for j, (a, b) in enumerate(zip(first.shape, value.shape)) if j != at % rank):
            raise _invalid(
                "ConcatOp : Dimensions of inputs should match: "
                f"shape[0] = {infer.show(tuple(first.shape))} vs. shape[{i}] = {infer.show(tuple(value.shape))}"
            )


@concat_op.refusal
def concat_refusal(concat_dim, values):
    concat_v2_refusal(values, concat_dim)


@op("ConcatOffset", infer=lambda c: c.shapes[1:])
def concat_offset(concat_dim, shape):
    """Where each of the shapes begins in their concatenation."""
    return concat_offsets(int(concat_dim), shape)


def concat_offsets(axis: int, shapes: list[Any]) -> list[Any]:
    """`concat_offset` for a known axis."""
    ends = np.cumsum([0] + [int(s[axis]) for s in shapes]).tolist()
    out = []
    for shape, start in zip(shapes, ends):
        offset = torch.zeros_like(shape)
        offset[axis] = start
        out.append(offset)
    return out


concat_offset.no_gradient()


@concat_v2.gradient
def concat_v2_gradient(op, dy):
    inputs = list(op.inputs)
    if len(inputs) == 2:
        return [dy, None]
    return _concat_gradients(inputs[:-1], inputs[-1], dy) + [None]


@concat_op.gradient
def concat_gradient(op, dy):
    inputs = list(op.inputs)
    if len(inputs) == 2:
        return [None, dy]
    return [None] + _concat_gradients(inputs[1:], inputs[0], dy)


def _concat_gradients(values: list[Any], axis: Any, dy: Any) -> list[Any]:
    if isinstance(dy, IndexedSlices):
        return _concat_slices_gradients(values, axis, dy)
    if constants.quick_value(axis) is not None:
        # a constant of another loop or branch is made again in this one
        if flow_context.output_context(axis.op) is not flow_context.output_context(dy.op):
            axis = convert.constant(constants.constant_value(axis), dtype=axis.dtype)
    axis = axis % array_shape.rank(values[0])
    shapes = _sizes_of(values)
    if len(shapes) > 16:
        sizes = array_shape.squeeze(slicing.slice(stack(shapes, axis=1), [axis, 0], [1, -1]))
        return array_split.split(dy, sizes, axis)
    offsets = concat_offset(axis, shapes)
    return [slicing.slice(dy, begin, size) for begin, size in zip(offsets, shapes)]


def _sizes_of(values: list[Any]) -> list[Any]:
    """Constants if all shapes are known, else one ShapeN."""
    shapes = []
    for value in values:
        found = array_shape.shape(value)
        if found.op.type != "Const":
            return array_shape.shape_n(values)
        shapes.append(found)
    return shapes


def _concat_slices_gradients(values: list[Any], axis: Any, dy: IndexedSlices) -> list[Any]:
    positive = axis % array_shape.rank(values[0])
    known = constants.constant_value(axis)
    if known is None:
        raise ValueError("Can only compute IndexedSlices gradient with statically-known concat_dim")
    if known < 0:
        rank = constants.constant_value(array_shape.rank(values[0]))
        if rank is None:
            raise ValueError(
                "Can only compute IndexedSlices gradient with negative concat_dim when first value "
                "rank is statically-known."
            )
        known %= rank
    shapes = [array_shape.shape(x) for x in values]
    if known > 0:
        return _cut_columns(dy, positive, shapes)
    return _cut_rows(dy, positive, shapes)


def _cut_columns(dy: IndexedSlices, axis: Any, shapes: list[Any]) -> list[Any]:
    """Each input takes its columns of all the slices."""
    count = array_shape.shape(shapes[0])
    mask = concat(
        [
            array_fill.fill(array_shape.expand_dims(axis, 0), 0),
            [1],
            array_fill.fill(count - axis - 1, 0),
        ],
        0,
    )
    begin = array_fill.fill(count, 0)
    out = []
    for shape in shapes:
        size = concat([[-1], slicing.slice(shape, [1], [-1])], 0)
        out.append(IndexedSlices(slicing.slice(dy.values, begin, size), dy.indices, shape))
        begin = math_ops.add(begin, shape * mask)
    return out


def _cut_rows(dy: IndexedSlices, axis: Any, shapes: list[Any]) -> list[Any]:
    """Each input takes the slices whose rows are its own."""
    start = convert.constant(0, dtype=dy.indices.dtype)
    out = []
    for shape in shapes:
        size = gather.gather(shape, axis)
        if size.dtype != dy.indices.dtype:
            size = math_ops.cast(size, dtype=dy.indices.dtype)
        end = start + size
        mine = array_shape.squeeze(
            call("Where", math_ops.logical_and(dy.indices >= start, dy.indices < end)), axis=[1]
        )
        indices = gather.gather(dy.indices, mine) - start
        out.append(IndexedSlices(gather.gather(dy.values, mine), indices, shape))
        start = end
    return out


@public("concat")
def concat(values: Any, axis: Any, name: str = "concat") -> Any:
    """The tensors one after the other along `axis`."""
    if not isinstance(values, (list, tuple)):
        values = [values]
    if len(values) == 1:
        with scopes.name_scope(name):
            convert.convert_to_tensor(axis, dtypes.int32, "concat_dim").shape.assert_has_rank(0)
            return array_shape.identity(values[0], name=name)
    return concat_v2(values, axis, name=name)
