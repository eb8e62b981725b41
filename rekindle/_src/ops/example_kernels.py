"""The blocks that read vectors of Example messages, and single ones, into tensors.

What users call is in parsing.py, SequenceExample in sequence_kernels.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import dtypes, infer
from rekindle._src.graph.opdef import op
from rekindle._src.ops import example_columns
from rekindle._src.ops.example_columns import Column
from rekindle._src.ops.string import dtype_name, text_of
from rekindle._src.ops.torch_types import to_numpy

FEATURES = 0x0A
WORDS = {dtypes.string: "bytes", dtypes.float32: "float", dtypes.int64: "int64"}


def invalid(message: str) -> errors.InvalidArgumentError:
    """An InvalidArgumentError."""
    return errors.InvalidArgumentError(None, None, message)


def unreadable(text: bytes) -> errors.InvalidArgumentError:
    """The error of a message that cannot be parsed; as in TensorFlow, its text ends at the first zero byte."""
    shown = f"Could not parse example input, value: '{text.decode(errors='replace')}'"
    return invalid(shown.partition("\0")[0])


def tensor_of(values: Any, dtype: Any, shape: Any) -> Any:
    """A list of values as a value of a tensor."""
    if dtype is dtypes.string:
        return text_of(list(values), shape)
    array = np.fromiter(values, dtype.as_numpy_dtype, len(values))
    return torch.from_numpy(array).reshape(tuple(shape))


def keys_of(tensors: list[Any]) -> list[bytes]:
    """The keys in scalar tensors."""
    return [one[()] for one in tensors]


def is_open(shape: Any) -> bool:
    """True for the shape of a feature of which each example has as many rows as it likes."""
    return bool(shape) and shape[0] is None


def sparse_columns(parts: list[tuple[Any, Any, Any]]) -> list[list[Any]]:
    """Sparse tensors as lists of their indices, values and shapes."""
    return [list(column) for column in zip(*parts)] if parts else [[], [], []]


def example_columns_of(texts: list[bytes], keys: list[bytes]) -> list[Column]:
    """The columns of the keys of serialized Examples.

    Raises:
      InvalidArgumentError: one is no Example.
    """
    try:
        return example_columns.columns(texts, FEATURES, keys)
    except ValueError as error:
        raise unreadable(texts[error.args[0]]) from None


class _Feature:
    """What is asked for under one key, and its column.

    Args:
      key: the key.
      dtype: the type of its values.
      column: what the examples have of it.
      shape: the shape of a dense feature; None for a sparse one.
      default: what stands for a dense feature that is missing; for one of any number of rows, the padding.
    """

    def __init__(self, key: bytes, dtype: Any, column: Column, shape: Any = None, default: Any = None) -> None:
        self.key = key.decode(errors="replace")
        self.dtype = dtype
        self.column = column
        self.shape = shape
        self.default = None if default is None else to_numpy(default).reshape(-1)
        self.stride = 1 if shape is None else math.prod(shape[1:] if is_open(shape) else shape)

    @property
    def is_fixed(self) -> bool:
        """True for a dense feature with as many values in each example."""
        return self.shape is not None and not is_open(self.shape)

    def wrong(self) -> np.ndarray:
        """Whether each example has something else under the key."""
        column = self.column
        held = column.kinds != 0
        kind = next(k for k, dtype in example_columns.TYPES.items() if dtype is self.dtype)
        out = held & ((column.kinds != kind) | (column.counts < 0))
        if self.is_fixed:
            out |= held & (column.counts != self.stride)
        elif self.shape is not None:
            out |= held & (column.counts % max(self.stride, 1) != 0)
        return out

    def missing(self) -> np.ndarray:
        """Whether each example lacks a value that it must have."""
        if not self.is_fixed or self.default.size:  # type: ignore[union-attr] - dense ones have a default
            return np.zeros(len(self.column.kinds), bool)
        return self.column.kinds == 0

    def complaint(self, row: int) -> str | None:
        """What is wrong in an example that `wrong` tells of; None: its kind of list is unknown."""
        kind, count = int(self.column.kinds[row]), int(self.column.counts[row])
        if kind == example_columns.UNKNOWN:
            return None
        found, wanted = example_columns.TYPES[kind], dtype_name(self.dtype)
        if found is not self.dtype and self.shape is None:
            return f"Data types don't match. Expected type: {wanted}, Actual type: {dtype_name(found)}"
        if found is not self.dtype:
            return f"Data types don't match. Data type: {dtype_name(found)} but expected type: {wanted}"
        if count < 0:
            return "Can't parse serialized Example."
        shape = infer.show(tuple(self.shape))
        if self.is_fixed:
            return (
                f"Number of {WORDS[self.dtype]} values != expected.  Values size: {count} but output shape: {shape}"
            )
        return (
            f"Number of {WORDS[self.dtype]} values is not a multiple of stride length. Saw {count} values but "
            f"output shape is: {shape}"
        )

    def stacked(self) -> Any:
        """The tensor of a dense feature: [N, ...]."""
        column, rows = self.column, len(self.column.kinds)
        if is_open(self.shape):
            most = int(column.counts.max(initial=0)) // max(self.stride, 1)
            places = np.arange(rows) * (most * self.stride)
            shape = [rows, most, *self.shape[1:]]
            return column.placed(self.dtype, places, shape, self.default[0])  # type: ignore[index]
        absent = column.kinds == 0
        places = np.arange(rows) * self.stride
        if not absent.any():
            return column.placed(self.dtype, places, [rows, *self.shape])
        out = column.placed(self.dtype, places, [rows, *self.shape], self.default[0])  # type: ignore[index]
        to_numpy(out).reshape(rows, -1)[absent] = self.default
        return out


def _required(feature: _Feature) -> str:
    return f"(data type: {dtype_name(feature.dtype)}) is required but could not be found."


# Vectors of examples.


def _example_rule(c: Any) -> Any:
    batch = infer.with_rank(c.shapes[0], 1)
    infer.with_rank(c.shapes[1], 1)
    count = len(c.attr("sparse_types"))
    sparse = [(None, 2)] * count + [(None,)] * count + [(2,)] * count
    return sparse + [None if s is None else batch + s for s in c.attr("dense_shapes")]


@op("ParseExample", infer=_example_rule, host=True)
def parse_example(serialized, names, sparse_keys, dense_keys, dense_defaults, *, sparse_types, Tdense,  # noqa: N803
                  dense_shapes):  # fmt: skip
    """Sparse and dense features of a vector of serialized Examples."""
    if names.size and (names.ndim != 1 or names.size != serialized.size):
        _refuse_names(names, serialized)
    if serialized.ndim != 1:
        raise invalid(f"Expected serialized to be a vector, got shape: {infer.show(serialized.shape)}")
    _check_defaults(dense_shapes, dense_defaults)
    keys = keys_of(sparse_keys) + keys_of(dense_keys)
    found = example_columns_of(serialized.tolist(), keys)
    count = len(sparse_types)
    sparse = [_Feature(*one) for one in zip(keys, sparse_types, found)]
    dense = [_Feature(*one) for one in zip(keys[count:], Tdense, found[count:], dense_shapes, dense_defaults)]
    wrong = np.zeros(serialized.size, bool)
    for one in (*sparse, *dense):
        wrong |= one.wrong() | one.missing()
    if wrong.any():
        _refuse(sparse + dense, int(wrong.argmax()), names)
    parts = [one.column.ragged(one.dtype) for one in sparse]
    return [*sparse_columns(parts), [one.stacked() for one in dense]]


def _refuse_names(names: np.ndarray, serialized: np.ndarray) -> None:
    if names.ndim != 1:
        raise invalid(f"Expected names to be a vector, got shape: {infer.show(names.shape)}")
    raise invalid(f"Expected len(names) == len(serialized), but got: {names.size} vs. {serialized.size}")


def _check_defaults(shapes: Any, defaults: list[Any]) -> None:
    for i, (shape, default) in enumerate(zip(shapes, defaults)):
        actual = tuple(default.shape)
        size = math.prod(actual)
        if is_open(shape) and size != 1:
            raise invalid(
                f"dense_shape[{i}] is a variable length shape: {infer.show(tuple(shape))}, therefore def_value[{i}] "
                "must contain a single element (the padding element).  But its shape is: "
                f"{infer.show(actual)}"
            )
        if size and not is_open(shape) and tuple(shape) != actual:
            raise invalid(
                f"def_value[{i}].shape() == {infer.show(actual)} is not compatible with dense_shapes_[{i}] == "
                f"{infer.show(tuple(shape))}"
            )


def _refuse(features: list[_Feature], row: int, names: np.ndarray) -> None:
    """Raise what is wrong with an example: what it has, the last feature first, then what it lacks."""
    title = names.reshape(-1)[row].decode(errors="replace") if names.size else "<unknown>"
    wrong = [one for one in features if one.wrong()[row]]
    for one in sorted(wrong, key=lambda one: -one.column.cells[row, 0]):
        said = one.complaint(row)
        if said is None:
            raise invalid("Unsupported datatype.")
        raise invalid(f"Name: {title}, Key: {one.key}, Index: {row}.  {said}")
    lacking = next(one for one in features if one.missing()[row])
    raise invalid(f"Name: {title}, Feature: {lacking.key} {_required(lacking)}")


# Single examples.


def _single_rule(c: Any) -> Any:
    infer.with_rank(c.shapes[0], 0)
    count = len(c.attr("sparse_types"))
    return [(None, 1)] * count + [(None,)] * count + [(1,)] * count + list(c.attr("dense_shapes"))


@op("ParseSingleExample", infer=_single_rule, host=True)
def parse_single_example(serialized, dense_defaults, *, sparse_keys, dense_keys, sparse_types, Tdense,  # noqa: N803
                         dense_shapes):  # fmt: skip
    """Sparse and dense features of one serialized Example."""
    if serialized.ndim:
        raise invalid(f"Expected serialized to be a scalar, got shape: {infer.show(serialized.shape)}")
    _check_defaults(dense_shapes, dense_defaults)
    keys = [one if isinstance(one, bytes) else one.encode() for one in (*sparse_keys, *dense_keys)]
    found = example_columns_of([serialized[()]], keys)
    count = len(sparse_types)
    sparse = [_Feature(*one) for one in zip(keys, sparse_types, found)]
    dense = [_Feature(*one) for one in zip(keys[count:], Tdense, found[count:], dense_shapes, dense_defaults)]
    for one in (*sparse, *dense):
        if one.wrong()[0]:
            said = one.complaint(0)
            if said is None:
                raise invalid("Unsupported datatype.")
            # TensorFlow says of a wrong number of values only that it cannot parse them
            said = "Can't parse serialized Example." if said.startswith("Number of") else said
            raise invalid(f"Key: {one.key}.  {said}")
        if one.missing()[0]:
            raise invalid(f"Feature: {one.key} {_required(one)}")
    return [*sparse_columns([vector(one.column, one.dtype) for one in sparse]), [_single(one) for one in dense]]


def vector(column: Column, dtype: Any) -> tuple[Any, Any, Any]:
    """The values of the one message of a column as a sparse vector."""
    count = int(column.counts[0])
    indices = torch.arange(count, dtype=torch.int64).reshape(-1, 1)
    return indices, column.values(dtype), torch.tensor([count], dtype=torch.int64)


def _single(feature: _Feature) -> Any:
    """A dense feature of one example."""
    if not is_open(feature.shape):
        return feature.stacked().reshape(tuple(feature.shape))
    count = int(feature.column.counts[0]) // feature.stride
    return feature.column.values(feature.dtype).reshape((count, *feature.shape[1:]))
