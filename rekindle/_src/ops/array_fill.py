"""Tensors made of a value and a shape: fill, zeros, ones, one_hot, masks, grids, and broadcasting.

Shapes that are known and small become constants, as in TensorFlow; see `zeros`.
"""

from __future__ import annotations

import functools
import operator
from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import call, op
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array_join, array_shape
from rekindle._src.ops import math as math_ops

_SMALL = 1000  # elements; smaller tensors of a known shape become constants


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _filled(c: Any) -> Any:
    infer.with_rank(c.shapes[0], 1)
    infer.with_rank(c.shapes[1], 0)
    shape, sizes = c.shape_value(0), c.value(0)
    if sizes is not None and (sizes < 0).any():
        raise ValueError("Fill dimensions must be >= 0")
    return shape


@op("Fill", public="fill", infer=_filled, structural=True)
def fill(dims, value):
    """A tensor of the given shape, filled with a scalar."""
    return value.expand(dims.tolist()).clone()


@fill.refusal
def fill_refusal(dims, value):
    for size in dims.tolist():
        if size < 0:
            raise _invalid(f"Dimension {size} must be >= 0")


@fill.gradient
def fill_gradient(op, dy):
    return None, math_ops.reduce_sum(dy)


@op("ZerosLike", infer=infer.same, structural=True)
def zeros_like_op(x):
    """Zeros in the shape of x."""
    return torch.zeros_like(x)


@op("OnesLike", infer=infer.same)
def ones_like_op(x):
    """Ones in the shape of x."""
    return torch.ones_like(x)


@op("Empty", infer=lambda c: c.shape_value(0))
def empty(shape, *, dtype, init=False):
    """A tensor of the given shape whose elements are not set; they are zero here."""
    return torch.zeros(shape.tolist(), dtype=dtype.torch)


zeros_like_op.no_gradient()
ones_like_op.no_gradient()


def _constant_of(value: Any, shape: Any, dtype: Any, name: Any) -> Any:
    """A constant if the shape is known and small, else None.

    A shape with tensors in it leaves `mul` and `Less` behind, as in TensorFlow, which multiplies
    the sizes and compares before it knows.
    """
    try:
        several = isinstance(shape, (list, tuple)) and len(shape) > 0
        size = functools.reduce(operator.mul, shape) if several else np.prod(shape)
        return convert.constant(value, dtype, shape, name) if size < _SMALL else None
    except TypeError:
        return None  # something in the shape is a tensor, or it is a number


def _uniform(value: Any, shape: Any, dtype: Any, name: Any) -> Any:
    if not isinstance(shape, Tensor):
        try:
            small = _constant_of(value, shape, dtype, name)
            if small is not None:
                return small
            shape = convert.convert_to_tensor(TensorShape(shape))
        except (TypeError, ValueError):
            shape = convert.convert_to_tensor(shape, dtypes.int32)
    if not shape._static_shape:
        shape = array_shape.reshape(shape, [-1])
    return fill(shape, convert.constant(value, dtype), name=name)


@public("zeros")
def zeros(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Any:
    """A tensor of zeros (False, empty strings); a constant if it has less than 1000 elements."""
    dtype = dtypes.as_dtype(dtype).base_dtype
    with scopes.name_scope(name, "zeros", [shape]) as name:
        zero = False if dtype == dtypes.bool_ else "" if dtype == dtypes.string else 0
        return _uniform(zero, shape, dtype, name)


@public("ones")
def ones(shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> Any:
    """A tensor of ones (True); a constant if it has less than 1000 elements."""
    dtype = dtypes.as_dtype(dtype).base_dtype
    with scopes.name_scope(name, "ones", [shape]) as name:
        return _uniform(True if dtype == dtypes.bool_ else 1, shape, dtype, name)


@public("zeros_like")
def zeros_like(
    tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True
) -> Any:
    """Zeros in the shape of `tensor`, of its type or of `dtype`."""
    with scopes.name_scope(name, "zeros_like", [tensor]) as name:
        tensor = convert.convert_to_tensor(tensor, name="tensor")
        sizes = tensor._static_shape
        if optimize and infer.is_known(sizes) and tensor.dtype != dtypes.variant:
            return zeros(sizes, dtype=dtype or tensor.dtype, name=name)
        if dtype is not None and dtype != tensor.dtype and dtype != dtypes.variant:
            shape = array_shape.shape_internal(tensor, optimize=optimize)
            return zeros(shape, dtype=dtype, name=name)
        return zeros_like_op(tensor, name=name)


@public("ones_like")
def ones_like(
    tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True
) -> Any:
    """Ones in the shape of `tensor`, of its type or of `dtype`."""
    with scopes.name_scope(name, "ones_like", [tensor]) as name:
        tensor = convert.convert_to_tensor(tensor, name="tensor")
        shape = array_shape.shape_internal(tensor, optimize=optimize)
        out = ones(shape, dtype=tensor.dtype if dtype is None else dtype, name=name)
        out.set_shape(tensor.shape)
        return out


# One hot, masks, grids.


def _one_hot_rule(c: Any) -> Any:
    axis, sizes = c.attr("axis"), c.shapes[0]
    if axis < -1:
        raise ValueError("axis must be >= -1")
    infer.with_rank(c.shapes[1], 0)
    depth = c.value(1)
    if depth is not None and depth < 0:
        raise ValueError(
            f"Dimension size, given by scalar input 1, must be non-negative but is {int(depth)}"
        )
    if sizes is None:
        return None
    at = axis % (len(sizes) + 1)
    return sizes[:at] + (None if depth is None else int(depth),) + sizes[at:]


@op("OneHot", infer=_one_hot_rule, structural=True)
def one_hot_op(indices, depth, on_value, off_value, *, axis=-1, T):
    """on_value where the place along the new axis is the index, off_value elsewhere."""
    return (
        hits(indices, int(depth), axis).to(T.torch)
        if are_one_and_zero(on_value, off_value)
        else torch.where(hits(indices, int(depth), axis), on_value, off_value)
    )


@one_hot_op.refusal
def one_hot_refusal(indices, depth, on_value, off_value, *, axis=-1, **_):
    """Say which axis is not there."""
    if not -1 <= axis <= indices.dim():
        raise _invalid(
            f"Expected axis to be -1 or between [0, {indices.dim() + 1}).  But received: {axis}"
        )


def are_one_and_zero(on_value: Any, off_value: Any) -> bool:
    """True if truth values are all that is asked for; not looked at where that would wait for a device."""
    return on_value.device.type == "cpu" and on_value.item() == 1 and off_value.item() == 0


def hits(indices: Any, depth: int, axis: int) -> Any:
    """True where the place along the new axis is the index."""
    return torch.unsqueeze(indices, axis) == places(indices, depth, axis % (indices.dim() + 1))


def places(indices: Any, depth: int, axis: int) -> Any:
    """0, 1, ... depth - 1 along `axis` of a tensor with one axis more than `indices`."""
    sizes = [1] * (indices.dim() + 1)
    sizes[axis] = depth
    return torch.arange(depth, dtype=indices.dtype, device=indices.device).reshape(sizes)


one_hot_op.no_gradient()


@public("one_hot")
def one_hot(
    indices: Any, depth: Any, on_value: Any = None, off_value: Any = None, axis: Any = None,
    dtype: Any = None, name: str | None = None,
) -> Any:  # fmt: skip
    """1 (or `on_value`) at each index along a new axis of size `depth`, 0 (or `off_value`) elsewhere.

    Raises:
      TypeError: the types of the values and `dtype` differ.
    """
    with scopes.name_scope(
        name, "one_hot", [indices, depth, on_value, off_value, axis, dtype]
    ) as name:
        on_dtype, off_dtype = (
            None if v is None else convert.convert_to_tensor(v).dtype.base_dtype
            for v in (on_value, off_value)
        )
        if dtype is not None:
            for which, found in (("on_value", on_dtype), ("off_value", off_dtype)):
                if found is not None and found != dtype:
                    raise TypeError(
                        f"dtype {found} of {which} does not match dtype parameter {dtype}"
                    )
        else:
            dtype = on_dtype or off_dtype or dtypes.float32
        if on_value is None:
            on_value, on_dtype = convert.convert_to_tensor(1, dtype, "on_value"), dtype
        if off_value is None:
            off_value, off_dtype = convert.convert_to_tensor(0, dtype, "off_value"), dtype
        if on_dtype != off_dtype:
            raise TypeError(
                f"dtype {on_dtype} of on_value does not match dtype {off_dtype} of off_value"
            )
        return one_hot_op(indices, depth, on_value, off_value, axis, name)


def all_dimensions(x: Any) -> Any:
    """0, 1, ... rank - 1; a constant where the rank is known."""
    if isinstance(x, Tensor) and x._static_shape is not None:
        return convert.constant(np.arange(len(x._static_shape)), dtype=dtypes.int32)
    if isinstance(x, SparseTensor) and infer.is_known(x.dense_shape._static_shape):
        return convert.constant(np.arange(x.dense_shape._static_shape[0]), dtype=dtypes.int32)
    return call("Range", 0, array_shape.rank(x), 1)


@public("sequence_mask")
def sequence_mask(
    lengths: Any, maxlen: Any = None, dtype: Any = dtypes.bool_, name: str | None = None
) -> Any:
    """True for the first lengths[i] of `maxlen` places: [...] -> [..., maxlen].

    Raises:
      ValueError: `maxlen` is no scalar.
    """
    with scopes.name_scope(name, "SequenceMask", [lengths, maxlen]):
        lengths = convert.convert_to_tensor(lengths)
        if maxlen is None:
            maxlen = call("Max", lengths, all_dimensions(lengths))
            maxlen = call("Maximum", convert.constant(0, maxlen.dtype), maxlen)
        else:
            maxlen = convert.convert_to_tensor(maxlen)
        if maxlen._static_shape not in (None, ()):
            raise ValueError("maxlen must be scalar for sequence_mask")
        start, step = convert.constant(0, maxlen.dtype), convert.constant(1, maxlen.dtype)
        row = call("Range", start, maxlen, step)
        column = call("Cast", array_shape.expand_dims(lengths, -1), maxlen.dtype)
        mask = row < column
        if dtype is None or mask.dtype.base_dtype == dtype.base_dtype:
            return mask
        return call("Cast", mask, dtype)


@public("meshgrid")
def meshgrid(*args: Any, **kwargs: Any) -> list[Any]:
    """Each of N vectors spread over an N-dimensional grid.

    Args:
      *args: the vectors.
      **kwargs: `indexing`, "xy" (the first two axes exchanged) or "ij"; `name`.

    Raises:
      TypeError: an argument is unknown.
      ValueError: `indexing` is neither.
    """
    indexing, name = kwargs.pop("indexing", "xy"), kwargs.pop("name", "meshgrid")
    if kwargs:
        raise TypeError(f"'{next(iter(kwargs))}' is an invalid keyword argument for this function")
    if indexing not in ("xy", "ij"):
        raise ValueError("indexing parameter must be either 'xy' or 'ij'")
    with scopes.name_scope(name, "meshgrid", args) as name:
        count = len(args)
        ones_before = (1,) * count
        out = [
            array_shape.reshape(array_join.stack(x), ones_before[:i] + (-1,) + ones_before[i + 1 :])
            for i, x in enumerate(args)
        ]
        sizes = [array_shape.size(x) for x in args]
        dtype = convert.convert_to_tensor(args[0]).dtype.base_dtype
        if indexing == "xy" and count > 1:
            out[0] = array_shape.reshape(out[0], (1, -1) + (1,) * (count - 2))
            out[1] = array_shape.reshape(out[1], (-1, 1) + (1,) * (count - 2))
            sizes[:2] = sizes[1], sizes[0]
        grid = ones(sizes, dtype)
        return [x * grid for x in out]


# Broadcasting.


def _broadcast_rule(c: Any) -> Any:
    infer.with_rank(c.shapes[1], 1)
    sizes, target = c.shapes[0], c.shape_value(1)
    if target is None or sizes is None:
        return target
    infer.with_rank_at_most(sizes, len(target))
    out = list(target)
    for i, size in enumerate(reversed(sizes)):
        if size is not None and size > 1:
            out[-1 - i] = infer.merge_dim(size, out[-1 - i])
    return tuple(out)


@op("BroadcastTo", public="broadcast_to", infer=_broadcast_rule, aliases=0, structural=True)
def broadcast_to(input, shape):
    """The tensor repeated along axes of size 1, and new axes, until it has the shape."""
    return torch.broadcast_to(input, shape.tolist())


@broadcast_to.refusal
def broadcast_to_refusal(input, shape):
    have, want = (",".join(map(str, s)) for s in (input.shape, shape.tolist()))
    if input.dim() > len(shape):
        raise _invalid(
            f"Rank of input ({input.dim()}) must be no greater than rank of output shape ({len(shape)})."
        )
    raise _invalid(f"Incompatible shapes: [{have}] vs. [{want}]")


@broadcast_to.gradient
def broadcast_to_gradient(op, dy):
    x, shape = op.inputs
    sizes = array_shape.shape(x)
    _, axes = broadcast_gradient_args(shape, sizes)
    summed = math_ops.reduce_sum(dy, axis=axes, keepdims=True)
    return [array_shape.reshape(summed, sizes), None]


def _broadcast_args_rule(c: Any) -> Any:
    for shape in c.shapes:
        infer.with_rank(shape, 1)
    counts = [None if s is None else s[0] for s in c.shapes]
    return (None if None in counts else max(counts),)


@op("BroadcastArgs", infer=_broadcast_args_rule)
def broadcast_args(s0, s1):
    """The shape to which two shapes broadcast."""
    return torch.tensor(broadcast_sizes(s0.tolist(), s1.tolist()), dtype=s0.dtype)


def broadcast_sizes(x: list[int], y: list[int]) -> list[int]:
    """The shape to which two shapes broadcast.

    Raises:
      InvalidArgumentError: they do not.
    """
    rank = max(len(x), len(y))
    a, b = [1] * (rank - len(x)) + x, [1] * (rank - len(y)) + y
    if any(m != n and 1 not in (m, n) for m, n in zip(a, b)):
        raise _invalid(f"Incompatible shapes: {_listed(x)} vs. {_listed(y)}")
    return [n if m == 1 else m for m, n in zip(a, b)]


def _listed(sizes: list[int]) -> str:
    return "[" + ",".join(map(str, sizes)) + "]"


def _gradient_args_rule(c: Any) -> Any:
    for shape in c.shapes:
        infer.with_rank(shape, 1)
    return [(None,), (None,)]


@op("BroadcastGradientArgs", infer=_gradient_args_rule)
def broadcast_gradient_args(s0, s1):
    """The axes over which the gradient of each of two broadcast operands is summed."""
    return tuple(
        torch.tensor(axes, dtype=s0.dtype) for axes in summed_axes(s0.tolist(), s1.tolist())
    )


def summed_axes(x: list[int], y: list[int]) -> tuple[list[int], list[int]]:
    """For two shapes: the axes of the broadcast shape along which each has size 1 or is missing."""
    broadcast_sizes(x, y)
    if x == y:
        return [], []
    rank = max(len(x), len(y))
    a, b = [1] * (rank - len(x)) + x, [1] * (rank - len(y)) + y
    # an axis of size 1 in both is summed in both: it costs nothing, and TensorFlow does it
    return [i for i in range(rank) if a[i] == 1], [i for i in range(rank) if b[i] == 1]


broadcast_gradient_args.no_gradient()


@public("broadcast_dynamic_shape")
def broadcast_dynamic_shape(shape_x: Any, shape_y: Any) -> Any:
    """The shape to which two shapes, given as tensors, broadcast."""
    return broadcast_args(shape_x, shape_y)


@public("broadcast_static_shape")
def broadcast_static_shape(shape_x: Any, shape_y: Any) -> TensorShape:
    """The shape to which two TensorShapes broadcast.

    Raises:
      ValueError: they do not.
    """
    try:
        return TensorShape._of(infer.broadcast_shapes(shape_x.dims_tuple, shape_y.dims_tuple))
    except ValueError:
        raise ValueError(f"Incompatible shapes for broadcasting: {shape_x} and {shape_y}") from None
