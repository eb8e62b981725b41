"""Slices of tensors, as checkpoints keep partitioned variables.

Holds `Slice` in its forms: of the `shape_and_slices` strings of graphs, of TensorSliceProto, of the
keys of checkpoint tables; and `assemble`, which puts a slice together from stored ones.

Source: tensorflow/core/framework/tensor_slice.h; saved_tensor_slice_util.cc for the keys;
lib/strings/ordered_code.h for the numbers in them.
"""
from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from rekindle._src import errors
from rekindle._src.graph import proto

Shape = tuple[int, ...]
FULL = -1
_Box = list[tuple[int, int]]  # start and end of each dimension


@dataclass(frozen=True, slots=True)
class Slice:
    """A start and a length for each dimension; (0, FULL) takes all of it."""

    extents: tuple[tuple[int, int], ...]

    @staticmethod
    def full(rank: int) -> Slice:
        """All of a tensor of `rank` dimensions."""
        return Slice(((0, FULL),) * rank)

    @staticmethod
    def parse(text: str) -> Slice:
        """A slice written as "0,10:-:3,4".

        Raises:
          InvalidArgumentError: it is no slice.
        """
        return Slice(tuple(_parse_extent(one, text) for one in text.split(":") if one))

    @staticmethod
    def from_proto(message: Any) -> Slice:
        """The slice in a TensorSliceProto.

        Raises:
          InvalidArgumentError: a start is negative, or a length not positive.
        """
        extents = []
        for one in message.extent:
            length = one.length if one.WhichOneof("has_length") else FULL
            if (one.start, length) != (0, FULL) and (one.start < 0 or length <= 0):
                message = (
                    "Expected non-negative start and positive length but got start = "
                    f"{one.start}, length = {length}"
                )
                raise errors.InvalidArgumentError(None, None, message)
            extents.append((one.start, length))
        return Slice(tuple(extents))

    def to_proto(self) -> Any:
        """The slice as a TensorSliceProto."""
        out = proto.TensorSliceProto()
        for start, length in self.extents:
            one = out.extent.add()
            if length != FULL:
                one.start, one.length = start, length
        return out

    def __str__(self) -> str:
        return ":".join("-" if n == FULL else f"{start},{n}" for start, n in self.extents)

    def of(self, shape: Shape) -> Shape:
        """The shape that the slice of a tensor of `shape` has.

        Raises:
          InternalError: the slice does not lie in the shape.
        """
        if len(shape) != len(self.extents):
            message = f"Mismatching ranks: shape = {_shown(shape)}, slice = {self}"
            raise errors.InternalError(None, None, message)
        for i, ((start, length), size) in enumerate(zip(self.extents, shape)):
            if length != FULL and start + length > size:
                message = f"Extent in dimension {i} out of bounds: "
                message += f"shape = {_shown(shape)}, slice = {self}"
                raise errors.InternalError(None, None, message)
        return tuple(size if n == FULL else n for (_, n), size in zip(self.extents, shape))

    def is_full(self, shape: Shape) -> bool:
        """True if it takes all of a tensor of `shape`."""
        return self.of(shape) == shape

    def bounds(self, shape: Shape) -> _Box:
        """Start and end in each dimension of a tensor of `shape`."""
        return [(0, size) if n == FULL else (start, start + n)
                for (start, n), size in zip(self.extents, shape)]  # fmt: skip

    def key(self, name: str) -> bytes:
        """The key of this slice of tensor `name` in a checkpoint's table."""
        text = name.encode(errors="surrogateescape")
        out = b"\0" + _ordered_string(text) + _ordered_number(len(self.extents))
        for start, length in self.extents:
            out += _ordered_signed(start) + _ordered_signed(length)
        return out


def _parse_extent(text: str, whole: str) -> tuple[int, int]:
    if text == "-":
        return 0, FULL
    try:
        start, length = (int(part) for part in text.split(",") if part)
    except ValueError:
        message = f"Expected a pair of numbers or '-' but got '{text}': string = {whole}"
        raise errors.InvalidArgumentError(None, None, message) from None
    if start < 0 or length <= 0:
        message = (
            "Expected non-negative start and positive length but got start = "
            f"{start}, length = {length}: string = {whole}"
        )
        raise errors.InvalidArgumentError(None, None, message)
    return start, length


def parse_shape_and_slice(text: str) -> tuple[Shape, Slice, Shape]:
    """The full shape, the slice and the slice's shape of "10 3 0,5:-".

    Raises:
      InvalidArgumentError, InternalError: it is no such text.
    """
    *sizes, last = text.split(" ")
    if not sizes:
        message = f"Need least two elements in shape_and_slice specification: {text}"
        raise errors.InvalidArgumentError(None, None, message)
    try:
        shape = tuple(map(int, sizes))
    except ValueError:
        message = f"Non numerical dimension in shape_and_slice: {text}"
        raise errors.InvalidArgumentError(None, None, message) from None
    found = Slice.parse(last)
    return shape, found, found.of(shape)


def assemble(
    name: str,
    shape: Shape,
    dtype: Any,
    wanted: Slice,
    stored: Iterable[Slice],
    read: Callable[[Slice], np.ndarray],
) -> np.ndarray:
    """The slice `wanted` of a tensor of `shape`, put together from stored slices.

    Args:
      name: the tensor's name, for the error.
      shape: the full shape.
      dtype: the numpy dtype.
      wanted: the slice to make.
      stored: the slices that there are; they do not overlap.
      read: gives the values of a stored slice.

    Raises:
      InvalidArgumentError: the stored slices do not cover it.
    """
    bounds = wanted.bounds(shape)
    pieces: list[tuple[Slice, _Box, _Box]] = []
    for one in stored:
        other = one.bounds(shape)
        if other == bounds:
            return _checked(name, one, shape, dtype, read)
        common = _intersection(bounds, other)
        if common is None:
            continue
        if any(_intersection(common, box) for _, box, _ in pieces):
            message = f"Overlapping slices: one of them = {one}, in tensor {name}"
            raise errors.InternalError(None, None, message)
        pieces.append((one, common, other))
    size = math.prod(wanted.of(shape))
    if sum(math.prod(end - start for start, end in box) for _, box, _ in pieces) < size:
        message = (
            f"Does not have sufficient slices for partitioned tensor {name} to restore in "
            f"slice_spec: {wanted}"
        )
        raise errors.InvalidArgumentError(None, None, message)
    values = [_checked(name, one, shape, dtype, read) for one, _, _ in pieces]
    out = np.empty(wanted.of(shape), dtype)
    for array, (_, common, other) in zip(values, pieces):
        target = tuple(slice(s - a, e - a) for (s, e), (a, _) in zip(common, bounds))
        source = tuple(slice(s - c, e - c) for (s, e), (c, _) in zip(common, other))
        out[target] = array[source]
    return out


def _checked(
    name: str, place: Slice, shape: Shape, dtype: Any, read: Callable[[Slice], np.ndarray]
) -> np.ndarray:
    array = read(place)
    if array.shape != place.of(shape) or array.dtype != dtype:
        message = f"Slice {place} of tensor {name} is stored as {array.dtype}{_shown(array.shape)}"
        raise errors.DataLossError(None, None, message)
    return array


def _intersection(box: _Box, other: _Box) -> _Box | None:
    common = [(max(a, c), min(b, d)) for (a, b), (c, d) in zip(box, other)]
    return None if any(start >= end for start, end in common) else common


def _shown(shape: Shape) -> str:
    return "[" + ",".join(map(str, shape)) + "]"


def _ordered_number(number: int) -> bytes:
    """A length byte and the bytes of a number from 0 on, the highest first."""
    body = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes([len(body)]) + body


def _ordered_string(text: bytes) -> bytes:
    """A text so written that none is the start of another: its bytes 0 and 255 get a second one."""
    return re.sub(rb"[\0\xff]", lambda m: m[0] + bytes([m[0][0] ^ 0xFF]), text) + b"\0\1"


def _ordered_signed(number: int) -> bytes:
    """A number in as few bytes as do; as many high bits differ from its sign."""
    size = 1
    while not -(1 << 7 * size - 1) <= number < 1 << 7 * size - 1:
        size += 1
    mark = ((1 << size) - 1) << (7 * size)  # `size` ones at the top of the first bytes
    return ((number & (1 << 8 * size) - 1) ^ mark).to_bytes(size, "big")
