"""Assignments to a slice of a variable: StridedSliceAssign and ResourceStridedSliceAssign."""
from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import infer
from rekindle._src.graph.buffer import Buffer
from rekindle._src.graph.opdef import op
from rekindle._src.ops import slicing
from rekindle._src.ops.state import shown
from rekindle._src.ops.state_resource import handle_shape


def _assign_slice(buffer: Buffer, begin: Any, end: Any, strides: Any, value: Any,
                  masks: tuple[int, ...]) -> None:
    params = buffer.read()
    begin, end, strides = begin.tolist(), end.tolist(), strides.tolist()
    try:
        shape = slicing.sliced_shape(tuple(params.shape), begin, end, strides, masks)
    except ValueError as error:
        raise errors.InvalidArgumentError(None, None, str(error)) from None
    if tuple(value.shape) != shape:
        raise errors.UnimplementedError(
            None, None, f"sliced l-value shape {shown(shape)} does not match r-value shape "
            f"{shown(value.shape)}. Automatic broadcasting not yet implemented.")
    index, flips = slicing.forward_index(params.shape, slicing.index_of(begin, end, strides, masks))
    buffer.own()[index] = torch.flip(value, flips) if flips else value


def _variable_shape(c: Any) -> infer.Shape:
    shapes = [infer.with_rank(shape, 1) for shape in c.shapes[1:4]]
    infer.merge(infer.merge(shapes[0], shapes[1]), shapes[2])
    return handle_shape(c, 0)


def _nothing(c: Any) -> list[infer.Shape]:
    _variable_shape(c)
    return []


@op("StridedSliceAssign", infer=_variable_shape, updates=("ref",))
def strided_slice_assign(ref, begin, end, strides, value, *, begin_mask=0, end_mask=0,
                         ellipsis_mask=0, new_axis_mask=0, shrink_axis_mask=0):
    """Write into the part of the variable that a Python index takes."""
    _assign_slice(ref, begin, end, strides, value,
                  (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask))
    return ref


@op("ResourceStridedSliceAssign", infer=_nothing, updates=("ref",))
def resource_strided_slice_assign(ref, begin, end, strides, value, *, begin_mask=0, end_mask=0,
                                  ellipsis_mask=0, new_axis_mask=0, shrink_axis_mask=0):
    """Write into the part of the variable that a Python index takes."""
    _assign_slice(ref, begin, end, strides, value,
                  (begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask))
