"""Slicing: `x[1:, ..., tf.newaxis]`, tf.slice and tf.strided_slice, with their gradients.

Holds Python's indexing of tensors. What is taken by index tensors is in gather.py.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import call, op
from rekindle._src.graph.shapes import Dimension
from rekindle._src.graph.tensor import Tensor, overload
from rekindle._src.names import export, public
from rekindle._src.ops import array_fill, array_join, array_pad, array_select, array_shape

#: `x[:, tf.newaxis]` adds a dimension
newaxis = None
export("newaxis", __name__, "newaxis")

_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")

#: one entry of a slice specification: "new", "rest", "index" or "range", with begin, end and stride
Entry = tuple[str, Any, Any, int]


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


# Slice.


def _slice_rule(c: Any) -> Any:
    count = infer.merge(infer.with_rank(c.shapes[1], 1), infer.with_rank(c.shapes[2], 1))[0]
    sizes = c.shapes[0]
    if count is not None:
        sizes = infer.with_rank(sizes, count)
    begin, partial, wanted = c.shape_value(1), c.shape_value(2), c.value(2)
    if wanted is None:
        return partial if partial is not None or sizes is None else (None,) * len(sizes)
    out = []
    for i, size in enumerate(wanted.tolist()):
        whole = None if sizes is None else sizes[i]
        if size < -1:
            length = -1 if whole is None else whole
            raise ValueError(
                f"Out of bounds slicing on dimension {i} of length {length}: sizes vector cannot be "
                f"< -1, but was {size}"
            )
        start = None if begin is None else begin[i]
        rest = None if whole is None or start is None else whole - start
        if size == -1 and rest is not None and rest < 0:
            raise ValueError(f"Negative dimension size caused by subtracting {start} from {whole}")
        out.append(rest if size == -1 else size)
    return tuple(out)


@op("Slice", infer=_slice_rule, aliases=0, structural=True)
def slice_op(input, begin, size):
    """The part of a tensor that starts at begin and has the given sizes; -1 for all that is left."""
    return input[window(input.shape, begin.tolist(), size.tolist())]


def window(sizes: Any, begin: list[int], size: list[int]) -> tuple[builtins.slice, ...]:
    """Index of the part at `begin` with sizes `size`.

    Raises:
      InvalidArgumentError: it is not inside the tensor.
    """
    if not len(sizes) == len(begin) == len(size):
        raise _invalid(
            "Expected begin and size arguments to be 1-D tensors of size "
            f"{len(sizes)}, but got shapes [{len(begin)}] and [{len(size)}] instead."
        )
    out = []
    for i, (whole, start, length) in enumerate(zip(sizes, begin, size)):
        length = whole - start if length == -1 else length
        if not 0 <= start <= whole:
            raise _invalid(f"Expected begin[{i}] in [0, {whole}], but got {start}")
        if not 0 <= length <= whole - start:
            raise _invalid(f"Expected size[{i}] in [0, {whole - start}], but got {length}")
        out.append(builtins.slice(start, start + length))
    return tuple(out)


@slice_op.gradient
def slice_gradient(op, dy):
    x, begin = op.inputs[0], op.inputs[1]
    rank = array_shape.rank(x)
    size = array_shape.shape(op.outputs[0])
    column = array_join.stack([rank, 1])
    before = array_shape.reshape(begin, column)
    after = array_shape.reshape(array_shape.shape(x) - size - begin, column)
    return array_pad.pad(dy, array_join.concat([before, after], 1)), None, None


@public("slice")
def slice(input_: Any, begin: Any, size: Any, name: str | None = None) -> Any:  # noqa: A001
    """The part of a tensor that starts at `begin` and has the sizes `size`; -1 for all that is left."""
    return slice_op(input_, begin, size, name=name)


# Strided slice.


def entries(begin: Any, end: Any, strides: Sequence[int], masks: Sequence[int]) -> list[Entry]:
    """A slice specification entry by entry; begin and end None where not known or not asked for."""
    begins, ends, rest, new, shrink = masks
    out: list[Entry] = []
    for i, stride in enumerate(strides):
        bit = 1 << i
        start = None if begin is None or begins & bit else begin[i]
        stop = None if end is None or ends & bit else end[i]
        if rest & bit:
            out.append(("rest", None, None, 1))
        elif new & bit:
            out.append(("new", None, None, 1))
        elif shrink & bit:
            out.append(("index", None if begin is None else begin[i], None, stride))
        else:
            out.append(("range", start, stop, stride))
    return out


def sliced_shape(sizes: Any, begin: Any, end: Any, strides: Any, masks: Any) -> tuple[Any, ...]:
    """The shape of a strided slice of a tensor of shape `sizes`, as far as it is known.

    Raises:
      ValueError: the specification does not fit the tensor.
    """
    rest = masks[2]
    if rest & (rest - 1):
        raise ValueError("Multiple ellipses in slice spec not allowed")
    known = begin is not None and end is not None
    found = entries(begin, end, strides, masks)
    if not rest:
        found.append(("rest", None, None, 1))
    used = sum(kind in ("index", "range") for kind, *_ in found)
    axis, out = 0, []
    for i, (kind, start, stop, stride) in enumerate(found):
        if kind == "new":
            out.append(1)
        elif kind == "rest":
            count = max(len(sizes) - used, 0)
            out.extend(sizes[axis : axis + count])
            axis += count
        else:
            if axis == len(sizes):
                raise ValueError(
                    f"Index out of range using input dim {axis}; input has only {len(sizes)} dims"
                )
            if stride == 0:
                raise ValueError(f"strides[{axis}] must be non-zero")
            both = bool(masks[0] & masks[1] & 1 << i)
            if kind == "index":
                _check_index(sizes[axis], axis, start if known else None, stride)
            else:
                out.append(_length(sizes[axis], start, stop, stride, known or both))
            axis += 1
    return tuple(out)


def _check_index(size: int | None, axis: int, index: int | None, stride: int) -> None:
    if size is None:
        return
    if stride <= 0:
        raise ValueError("only stride 1 allowed on non-range indexing.")
    if index is not None and not -size <= index < size:
        at = index + size if index < 0 else index
        raise ValueError(f"slice index {at} of dimension {axis} out of bounds.")


def _length(size: int | None, start: Any, stop: Any, stride: int, known: bool) -> int | None:
    if size is None or not known:
        return None
    return len(range(*builtins.slice(start, stop, stride).indices(size)))


def _strided_rule(c: Any) -> Any:
    shapes = [infer.with_rank(s, 1) for s in c.shapes[1:4]]
    count = infer.merge(infer.merge(shapes[0], shapes[1]), shapes[2])[0]
    strides = c.value(3)
    if c.shapes[0] is None or count is None or strides is None:
        return None
    masks = [c.attr(m) for m in _MASKS]
    begin, end = (None if v is None else v.tolist() for v in (c.value(1), c.value(2)))
    try:
        return sliced_shape(c.shapes[0], begin, end, strides.tolist(), masks)
    except ValueError:
        # what is wrong whatever the bounds is said without them
        c.asked -= {1, 2}
        sliced_shape(c.shapes[0], None, None, strides.tolist(), masks)
        c.asked |= {1, 2}
        raise


def index_of(begin: Any, end: Any, strides: Any, masks: Any) -> tuple[Any, ...]:
    """A slice specification as a Python index."""
    kinds = {"rest": Ellipsis, "new": None}
    return tuple(
        kinds[kind]
        if kind in kinds
        else start
        if kind == "index"
        else builtins.slice(start, stop, stride)
        for kind, start, stop, stride in entries(begin, end, strides, masks)
    )


def is_forward(strides: list[int]) -> bool:
    """True if no axis is walked backwards."""
    return all(s > 0 for s in strides)


def forward_index(sizes: Any, index: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[int]]:
    """An index that walks no axis backwards, and the axes of the result to flip afterwards."""
    used = sum(one is not None and one is not Ellipsis for one in index)
    axis, place, out, flips = 0, 0, [], []
    for one in index:
        if one is Ellipsis:
            axis += len(sizes) - used
            place += len(sizes) - used
        elif one is None:
            place += 1
        elif isinstance(one, int):
            axis += 1
        else:
            walk = range(*one.indices(sizes[axis]))
            if walk.step < 0:
                flips.append(place)
                walk = walk[::-1]
            one = builtins.slice(walk.start, max(walk.stop, walk.start), walk.step)
            axis, place = axis + 1, place + 1
        out.append(one)
    return tuple(out), flips


def strided(input: Any, index: tuple[Any, ...]) -> Any:
    """`input[index]`, where steps may be negative."""
    index, flips = forward_index(input.shape, index)
    return torch.flip(input[index], flips)


@op("StridedSlice", infer=_strided_rule, aliases=0, structural=True)
def strided_slice_op(input, begin, end, strides, *, begin_mask=0, end_mask=0, ellipsis_mask=0,
                     new_axis_mask=0, shrink_axis_mask=0):  # fmt: skip
    """The part of a tensor that a Python index takes, spelt as begin, end, strides and masks."""
    return (
        input[
            index_of(
                begin.tolist(),
                end.tolist(),
                strides.tolist(),
                (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask),
            )
        ]
        if is_forward(strides.tolist())
        else strided(
            input,
            index_of(
                begin.tolist(),
                end.tolist(),
                strides.tolist(),
                (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask),
            ),
        )
    )


@strided_slice_op.refusal
def strided_slice_refusal(input, begin, end, strides, **masks):
    listed = [masks[m] for m in _MASKS]
    try:
        sliced_shape(tuple(input.shape), begin.tolist(), end.tolist(), strides.tolist(), listed)
    except ValueError as error:
        raise _invalid(str(error)) from None


@op("StridedSliceGrad", infer=lambda c: c.shape_value(0))
def strided_slice_grad(shape, begin, end, strides, dy, *, begin_mask=0, end_mask=0,
                       ellipsis_mask=0, new_axis_mask=0, shrink_axis_mask=0):  # fmt: skip
    """Zeros of the given shape with dy at the place of the slice."""
    masks = (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask)
    out = torch.zeros(shape.tolist(), dtype=dy.dtype, device=dy.device)
    index = index_of(begin.tolist(), end.tolist(), strides.tolist(), masks)
    index, flips = forward_index(out.shape, index)
    out[index] = torch.flip(dy, flips) if flips else dy
    return out


def masks_of(op: Any) -> dict[str, int]:
    """The five masks of an operation."""
    return {mask: op.get_attr(mask) for mask in _MASKS}


@strided_slice_op.gradient
def strided_slice_gradient(op, dy):
    x, begin, end, strides = op.inputs
    shape = array_shape.shape(x, out_type=begin.dtype)
    dx = strided_slice_grad(shape, begin, end, strides, dy, **masks_of(op))
    return dx, None, None, None


@strided_slice_grad.gradient
def strided_slice_grad_gradient(op, dy):
    _, begin, end, strides, _ = op.inputs
    return None, None, None, None, strided_slice(dy, begin, end, strides, **masks_of(op))


@public("strided_slice")
def strided_slice(
    input_: Any, begin: Any, end: Any, strides: Any = None, begin_mask: int = 0, end_mask: int = 0,
    ellipsis_mask: int = 0, new_axis_mask: int = 0, shrink_axis_mask: int = 0, var: Any = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """The part of a tensor that a Python index takes, spelt as begin, end, strides and masks.

    The result has a method `assign(value, name=None)` that writes into `var`.
    """
    if strides is None:
        strides = array_fill.ones_like(begin)
    masks = {
        "begin_mask": begin_mask,
        "end_mask": end_mask,
        "ellipsis_mask": ellipsis_mask,
        "new_axis_mask": new_axis_mask,
        "shrink_axis_mask": shrink_axis_mask,
    }
    out = strided_slice_op(input_, begin, end, strides, name=name, **masks)
    parent = name

    def assign(val: Any, name: str | None = None) -> Any:
        if var is None:
            raise ValueError("Sliced assignment is only supported for variables")
        return var._strided_slice_assign(
            begin=begin, end=end, strides=strides, value=val,
            name=f"{parent}_assign" if name is None else name, **masks,
        )  # fmt: skip

    out.assign = assign
    return out


# Python's indexing.

_REFUSED = (
    "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar tf.int32/tf.int64 "
    "tensors are valid indices"
)


def _check_subscript(index: Any) -> None:
    if isinstance(index, (int, Dimension)):
        return
    dtype = getattr(index, "dtype", None)
    if (
        dtype is None
        or dtypes.as_dtype(dtype).base_dtype not in (dtypes.int32, dtypes.int64)
        or (index.shape and len(index.shape) == 1)
    ):
        raise TypeError(f"{_REFUSED}, got {index!r}")


class _Spec:
    """The begin, end, stride and mask of each subscript."""

    def __init__(self, subscripts: Sequence[Any]) -> None:
        self.begin: list[Any] = []
        self.end: list[Any] = []
        self.strides: list[Any] = []
        self.masks = dict.fromkeys(_MASKS, 0)
        for i, one in enumerate(subscripts):
            self._add(one, 1 << i)

    def _add(self, one: Any, bit: int) -> None:
        if isinstance(one, builtins.slice):
            self._entry(
                self._bound(one.start, "begin_mask", bit),
                self._bound(one.stop, "end_mask", bit),
                1 if one.step is None else self._checked(one.step),
            )
        elif one is Ellipsis:
            self._entry(0, 0, 1)
            self.masks["ellipsis_mask"] |= bit
        elif one is None:
            self._entry(0, 0, 1)
            self.masks["new_axis_mask"] |= bit
        else:
            _check_subscript(one)
            self._entry(one, one + 1, 1)
            self.masks["shrink_axis_mask"] |= bit

    def _entry(self, begin: Any, end: Any, stride: Any) -> None:
        self.begin.append(begin)
        self.end.append(end)
        self.strides.append(stride)

    def _bound(self, bound: Any, mask: str, bit: int) -> Any:
        if bound is None or not isinstance(bound, Tensor) and bound == sys.maxsize:
            self.masks[mask] |= bit
            return 0
        return self._checked(bound)

    @staticmethod
    def _checked(bound: Any) -> Any:
        _check_subscript(bound)
        return bound


def getitem(tensor: Any, slice_spec: Any, var: Any = None) -> Any:
    """`tensor[slice_spec]`: integers, slices, ..., None, scalar integer tensors, or one boolean mask.

    Raises:
      TypeError: a subscript is of another type.
    """
    if isinstance(slice_spec, bool) or (
        isinstance(slice_spec, (Tensor, np.ndarray)) and slice_spec.dtype == bool
    ):
        return array_select.boolean_mask(tensor=tensor, mask=slice_spec)
    if not isinstance(slice_spec, (list, tuple)):
        slice_spec = [slice_spec]
    spec = _Spec(slice_spec)
    bounds = (spec.begin, spec.end, spec.strides)
    values = [tensor, *spec.begin, *spec.end, *spec.strides]
    with scopes.name_scope(None, "strided_slice", values) as name:
        if spec.begin:
            packed = [array_join.stack(one) for one in bounds]
            if any(one.dtype == dtypes.int64 for one in packed):
                packed = [
                    one if one.dtype == dtypes.int64 else call("Cast", one, dtypes.int64)
                    for one in packed
                ]
        else:
            packed = [convert.constant([], dtypes.int32)] * 3
        return strided_slice(tensor, *packed, var=var, name=name, **spec.masks)


def getitem_of_variable(var: Any, slice_spec: Any) -> Any:
    """`var[slice_spec]`; the result has `assign`, which writes into the variable."""
    return getitem(var.value(), slice_spec, var)


overload("__getitem__", getitem)
