"""Sums of many tensors of one shape, and tensors as IndexedSlices."""

from __future__ import annotations

import functools
import operator
from typing import Any

from rekindle._src.graph import convert, dtypes, infer
from rekindle._src.graph.opdef import op
from rekindle._src.graph.shapes import TensorShape, as_shape
from rekindle._src.graph.sparse import IndexedSlices, convert_n_to_tensor_or_indexed_slices
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math_cast, math_ranges


def _sum_shape(c: Any) -> infer.Shape:
    shape = c.shapes[-1]
    for i in range(len(c.shapes) - 2, -1, -1):
        try:
            shape = infer.merge(c.shapes[i], shape)
        except ValueError as error:
            raise ValueError(f"{error}\n\tFrom merging shape {i} with other shapes.") from None
    return shape


@op("AddN", infer=_sum_shape)
def add_n_op(inputs):
    """The sum of tensors of one shape."""
    return functools.reduce(operator.add, inputs) if len(inputs) > 1 else inputs[0].clone()


@op("AccumulateNV2", infer=lambda c: c.attr("shape"))
def accumulate_nv2(inputs):
    """The sum of tensors of one shape."""
    return functools.reduce(operator.add, inputs) if len(inputs) > 1 else inputs[0].clone()


@add_n_op.gradient
@accumulate_nv2.gradient
def sum_gradient(op, dy):
    return [dy] * len(op.inputs)


@public("add_n", "math.add_n")
def add_n(inputs: Any, name: str | None = None) -> Any:
    """The sum of a list of tensors or IndexedSlices of one shape and type.

    Raises:
      ValueError: `inputs` is no list of them.
    """
    tensors = _listed(inputs, (Tensor, IndexedSlices), "Tensor/IndexedSlices")
    if len(tensors) > 1:
        return add_n_op(tensors, name=name)
    only = convert.convert_to_tensor(tensors[0])
    return array_ops.identity(only, name=name) if name else only


def _listed(inputs: Any, kinds: Any, what: str) -> list[Any]:
    if inputs and isinstance(inputs, (list, tuple)):
        tensors = convert_n_to_tensor_or_indexed_slices(inputs)
        if all(isinstance(t, kinds) for t in tensors):
            return tensors
    raise ValueError(f"inputs must be a list of at least one {what} with the same dtype and shape")


@public("accumulate_n", "math.accumulate_n")
def accumulate_n(
    inputs: Any, shape: Any = None, tensor_dtype: Any = None, name: str | None = None
) -> Any:
    """The sum of a list of tensors of one shape and type.

    Raises:
      ValueError: `inputs` is no list of them, or their shapes are not `shape`.
      TypeError: they are not of type `tensor_dtype`.
    """
    tensors = _listed(inputs, Tensor, "Tensor")
    if any(t.dtype != tensors[0].dtype for t in tensors):
        raise ValueError(
            "inputs must be a list of at least one Tensor with the same dtype and shape"
        )
    merged = TensorShape(None) if shape is None else as_shape(shape)
    for tensor in tensors:
        merged = merged.merge_with(tensor.shape)
    if tensor_dtype is not None and tensor_dtype != tensors[0].dtype:
        raise TypeError(f"tensor_dtype is {tensor_dtype}, but input is of type {tensors[0].dtype}")
    if len(tensors) > 1:
        return accumulate_nv2(tensors, shape=merged, name=name)
    return tensors[0] if name is None else array_ops.identity(tensors[0], name=name)


def as_indexed_slices(x: Any, optimize: bool = True) -> IndexedSlices:
    """A tensor as IndexedSlices of all its rows; IndexedSlices as they are.

    Raises:
      TypeError: `x` is neither.
    """
    if not isinstance(x, (Tensor, IndexedSlices)):
        raise TypeError(f"Not a Tensor or IndexedSlices: {type(x)}")
    if isinstance(x, IndexedSlices):
        return x
    shape = array_ops.shape_internal(x, optimize=optimize)
    return IndexedSlices(x, math_ranges.range(0, shape[0]), shape)


def with_common_index_type(inputs: Any, optimize: bool = True) -> list[IndexedSlices]:
    """Each of a list as IndexedSlices, with int64 indices if those of some are."""
    slices = [as_indexed_slices(x, optimize) for x in inputs]
    small = [s for s in slices if s.indices.dtype == dtypes.int32]
    if not small or len(small) == len(slices):
        return slices
    return [
        IndexedSlices(s.values, math_cast.cast(s.indices, dtypes.int64), s.dense_shape)
        if s in small
        else s
        for s in slices
    ]


# Inner names of TensorFlow's that programs import.
_as_indexed_slices = as_indexed_slices
_as_indexed_slices_list = with_common_index_type
