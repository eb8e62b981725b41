"""The value of a tensor list: elements of one type, whose shape is known as far as `shape` says.

A list never changes: what pushes, pops or sets an element makes another one that shares the elements. Holds the class
and what the kernels of list_blocks.py ask of element shapes, in TensorFlow's words.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import dtypes, infer
from rekindle._src.graph.infer import Shape
from rekindle._src.ops import variants
from rekindle._src.ops.string import dtype_name


def invalid(message: str) -> errors.InvalidArgumentError:
    """The error of bad values."""
    return errors.InvalidArgumentError(None, None, message)


class TensorList:
    """A list of tensors, any of which may not be set."""

    __slots__ = ("dtype", "element_shape", "items", "limit")

    shape = ()  # one list is a scalar

    def __init__(self, dtype: Any, element_shape: Shape, items: list[Any], limit: int = -1) -> None:
        self.dtype = dtype
        self.element_shape = element_shape
        self.items = items
        self.limit = limit  # the most elements that may be in it; -1: any number

    def having(self, items: list[Any]) -> TensorList:
        """A list like this one, with other elements."""
        return TensorList(self.dtype, self.element_shape, items, self.limit)

    def check_type(self, dtype: Any) -> None:
        """Refuse an op for elements of another type."""
        if dtype is not self.dtype:
            raise invalid(f"Invalid data types; op elements {dtype_name(dtype)} but list elements "
                          f"{dtype_name(self.dtype)}")

    def zeros_like(self) -> TensorList:
        """The list with zeros in the place of all elements that are set."""
        items = [None if item is None else variants.zeros_like(item) for item in self.items]
        return TensorList(self.dtype, self.element_shape, items)

    def plus(self, other: TensorList) -> TensorList:
        """The elementwise sum with a list of the same length; what is not set counts as zeros."""
        if self.dtype is not other.dtype:
            raise invalid("Trying to add two lists of tensors of different dtypes. One is "
                          f"{dtype_name(self.dtype)} and the other is {dtype_name(other.dtype)}")
        if not fits(self.element_shape, other.element_shape):
            raise invalid("Trying to add two lists of tensors with incompatible element shapes. One is "
                          f"{show(self.element_shape)} and the other is {show(other.element_shape)}")
        if len(self.items) != len(other.items):
            raise invalid("Trying to add two lists of tensors with different lengths. One is "
                          f"{len(self.items)} and the other is {len(other.items)}")
        items = [(y if x is None else x) if x is None or y is None else variants.plus(x, y)
                 for x, y in zip(self.items, other.items, strict=True)]
        return TensorList(self.dtype, merged(self.element_shape, other.element_shape), items)

    def __repr__(self) -> str:
        return f"TensorList({len(self.items)} x {self.dtype.name}{show(self.element_shape)})"


def list_of(handle: Any) -> TensorList:
    """The list that a value of type variant is.

    Raises:
      InvalidArgumentError: it is an array of lists, or no list.
    """
    if isinstance(handle, TensorList):
        return handle
    if isinstance(handle, np.ndarray) and handle.ndim:
        raise invalid(f"Input list must be a scalar saw: {show(handle.shape)}")
    raise invalid(f"Input handle is not a list. Saw: '{handle}'")


def show(shape: Shape) -> str:
    """A shape in the words of kernels."""
    return "<unknown>" if shape is None else infer.show(shape)


def shape_from(tensor: Any) -> Shape:
    """A shape given as a tensor: the scalar -1 says that nothing is known, a size of -1 that it is not known."""
    if tensor.ndim == 0:
        if int(tensor) != -1:
            raise invalid("The only valid scalar shape tensor is the fully unknown shape specified as -1.")
        return None
    sizes = tensor.tolist()
    if any(size < -1 for size in sizes):
        raise invalid(f"Dimension {min(sizes)} must be >= -1")
    return tuple(None if size == -1 else size for size in sizes)


def fits(known: Shape, shape: Shape) -> bool:
    """True if a shape is one that `known` leaves open."""
    if known is None or shape is None:
        return True
    return len(known) == len(shape) and all(
        a is None or b is None or a == b for a, b in zip(known, shape, strict=True))


def merged(known: Shape, other: Shape) -> Shape:
    """What two shapes say together.

    Raises:
      InvalidArgumentError: they contradict each other.
    """
    if known is None or other is None:
        return other if known is None else known
    if len(known) != len(other):
        raise invalid(f"Incompatible ranks during merge: {len(known)} vs. {len(other)}")
    if not fits(known, other):
        raise invalid(f"Incompatible shapes during merge: {show(known)} vs. {show(other)}")
    return tuple(b if a is None else a for a, b in zip(known, other, strict=True))


def merged_with_items(shape: Shape, items: list[Any]) -> Shape:
    """What a shape and those of the elements that are set say together."""
    for item in items:
        if item is not None:
            shape = merged(shape, tuple(item.shape))
    return shape


def zeros(dtype: Any, shape: Any, like: list[Any]) -> Any:
    """What stands for an element that is not set, where the others are."""
    if dtype.torch is None:
        if dtype is dtypes.variant:
            raise invalid("Elements of a list of lists cannot be read before they are set.")
        return np.full(shape, b"", object)
    device = next((item.device for item in like if item is not None), None)
    return torch.zeros(shape, dtype=dtype.torch, device=device)


def stacked(dtype: Any, shape: tuple[int, ...], items: list[Any]) -> Any:
    """Elements of one shape along a new first axis; those that are not set are zeros."""
    if None in items:
        filling = zeros(dtype, shape, items)
        items = [filling if item is None else item for item in items]
    if dtype.torch is not None:
        return torch.stack(items) if items else torch.zeros((0, *shape), dtype=dtype.torch)
    out = np.empty((len(items), *shape), object)
    for i, item in enumerate(items):
        out[i] = item[()] if isinstance(item, np.ndarray) and not item.ndim else item
    return out


def rows(value: Any) -> list[Any]:
    """The rows of a tensor; those of an array of lists are lists."""
    if isinstance(value, torch.Tensor):
        return list(value.unbind())
    return [value[i] if value.ndim > 1 or isinstance(value[i], TensorList) else np.array(value[i], object)
            for i in range(len(value))]
