"""The ops of TensorArrays: elements written and read one by one while a graph runs.

A handle is the array itself (`Elements`), which lives for one run. Flows are scalars that order the
operations and carry no value. The class that users build graphs with stands in tensor_array.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op
from rekindle._src.ops.string import dtype_name

_EMPTY, _WRITTEN, _CLEARED = 0, 1, 2


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


class Elements:
    """A TensorArray at run time; one of a gradient adds up what is written to one index."""

    __slots__ = (
        "name", "dtype", "items", "states", "shapes", "was_read", "dynamic", "clear", "shape",
        "identical", "sums", "closed", "added_up", "gradients", "parts",
    )

    def __init__(
        self, name: str, dtype: Any, size: int, shape: Any, *, dynamic: bool = False,
        clear: bool = True, identical: bool = False, sums: bool = False,
    ) -> None:
        self.name = name
        self.dtype = dtype
        self.items: list[Any] = [None] * size
        self.states = [_EMPTY] * size
        self.shapes: list[Any] = [None] * size  # of elements that are zeros until they are written
        self.was_read = [False] * size
        self.dynamic = dynamic
        self.clear = clear
        self.shape = shape
        self.identical = identical
        self.sums = sums
        self.closed = False
        self.added_up = False
        self.gradients: dict[str, Elements] = {}
        self.parts: int | None = None  # how many elements a split wrote, which is what its gradient joins

    def __len__(self) -> int:
        return len(self.items)

    def check_open(self) -> None:
        """Refuse to work on a closed array."""
        if self.closed:
            raise _invalid(f"TensorArray {self.name} has already been closed.")

    def _grow(self, size: int) -> None:
        more = size - len(self.items)
        if more > 0:
            self.items += [None] * more
            self.states += [_EMPTY] * more
            self.shapes += [None] * more
            self.was_read += [False] * more

    def write(self, index: int, value: Any) -> None:
        """Set an element, which must not have been written (of a gradient: add to it)."""
        self.check_open()
        if index < 0 or (not self.dynamic and index >= len(self.items)):
            raise _invalid(
                f"TensorArray {self.name}: Tried to write to index {index} but array is not "
                f"resizeable and size is: {len(self.items)}"
            )
        self._grow(index + 1)
        shape = tuple(value.shape)
        self._check_shape(index, shape)
        prefix = f"TensorArray {self.name}: Could not write to TensorArray index {index} because"
        if self.was_read[index]:
            raise _invalid(f"{prefix} it has already been read.")
        if self.states[index] == _EMPTY:
            self.items[index], self.states[index] = value, _WRITTEN
            return
        if not self.sums:
            raise _invalid(f"{prefix} it has already been written to.")
        self._add(index, value, shape)

    def _check_shape(self, index: int, shape: tuple[int, ...]) -> None:
        if not _compatible(self.shape, shape):
            raise _invalid(
                f"TensorArray {self.name}: Could not write to TensorArray index {index} because the"
                f" value shape is {list(shape)} which is incompatible with the TensorArray's "
                f"inferred element shape: {_shown(self.shape)} (consider setting "
                "infer_shape=False)."
            )
        if self.identical and not infer.is_known(self.shape):
            self.shape = shape

    def _add(self, index: int, value: Any, shape: tuple[int, ...]) -> None:
        held = self.items[index]
        known = self.shapes[index] if held is None else tuple(held.shape)
        if known is not None and known != shape:
            raise _invalid(
                f"TensorArray {self.name}: Could not aggregate to TensorArray index {index} because"
                f" the existing shape is {list(known)} but the new input shape is {list(shape)}."
            )
        self.items[index] = value if held is None else torch.add(held, value)
        self.added_up = held is not None or self.added_up

    def read(self, index: int) -> Any:
        """An element; zeros where nothing was written but the shape is known."""
        self.check_open()
        if index < 0 or (not self.sums and index >= len(self.items)):
            raise _invalid(
                f"Tried to read from index {index} but array size is: {len(self.items)}"
            )
        if index >= len(self.items) or self.states[index] == _EMPTY:
            shape = self._shape_of_missing(index)
            self._grow(index + 1)
            self.shapes[index], self.states[index] = shape, _WRITTEN
        if self.states[index] == _CLEARED:
            raise _invalid(
                f"TensorArray {self.name}: Could not read index {index} twice because it was "
                "cleared after a previous read (perhaps try setting clear_after_read = false?)."
            )
        value = self.items[index]
        if value is None:
            value = torch.zeros(self.shapes[index], dtype=self.dtype.torch)
        if self.clear:
            self.items[index], self.states[index] = None, _CLEARED
        self.was_read[index] = True
        return value

    def _shape_of_missing(self, index: int) -> tuple[int, ...]:
        if not infer.is_known(self.shape):
            raise _invalid(
                f"TensorArray {self.name}: Could not read from TensorArray index {index}.  "
                "Furthermore, the element shape is not fully defined: "
                f"{_shown(self.shape)}.  It is possible you are working with a resizeable "
                "TensorArray and stop_gradients is not allowing the gradients to be written.  If "
                "you set the full element_shape property on the forward TensorArray, the proper "
                "all-zeros tensor will be returned instead of incurring this error."
            )
        return tuple(self.shape)

    def gradient(self, source: str, more: tuple[int, ...] = ()) -> Elements:
        """The array of gradients that belongs to a call of tf.gradients; `more` axes go first."""
        self.check_open()
        found = self.gradients.get(source)
        if found is not None:
            return found
        if self.added_up:
            raise _invalid(
                f"Unable to create a gradients TensorArray for {self.name}.  Perhaps you used the "
                "multiple_writes_aggregate flag on a previous write?  Gradient calculation is "
                "impossible when multiple writes are performed to the same index."
            )
        self.dynamic = False
        shape = self.shape if self.shape is None else (*more, *self.shape)
        found = Elements(
            f"{self.name}@{source}", self.dtype, len(self.items), shape, clear=True,
            identical=self.identical, sums=True,
        )
        for i, value in enumerate(self.items):
            known = self.shapes[i] if value is None else tuple(value.shape)
            if self.states[i] != _EMPTY and known is not None:
                found.shapes[i], found.states[i] = (*more, *known), _WRITTEN
        found.parts = self.parts
        self.gradients[source] = found
        return found


def _compatible(known: Any, shape: tuple[int, ...]) -> bool:
    if known is None:
        return True
    return len(known) == len(shape) and all(
        a is None or a == b for a, b in zip(known, shape, strict=True)
    )


def _shown(shape: Any) -> str:
    if shape is None:
        return "<unknown>"
    return "[" + ",".join("?" if size is None else str(size) for size in shape) + "]"


# Shape rules. What is known of the elements is found at the op that made the array.


def element_shape(handle: Any) -> tuple[bool, Any]:
    """Whether all elements of an array are known to have one shape, and that shape."""
    node = handle._op
    while node.type != "TensorArrayV3":
        if not node._inputs or node.type in ("Merge", "RefMerge"):
            return False, None
        node = node._inputs[0]._op
    shape = node._attrs["element_shape"]
    shape = None if shape is None else tuple(shape)
    known = infer.is_known(shape) or node._attrs["identical_element_shapes"]
    return bool(known), shape if known else None


def _check_handle(c: Any, *scalars: int) -> None:
    shape = infer.with_rank(c.shapes[0], 1)
    if shape[0] is not None and shape[0] != 2:
        raise ValueError(f"Dimension must be 2 but is {shape[0]}")
    for index in scalars:
        infer.with_rank(c.shapes[index], 0)


def _array_shapes(c: Any) -> list[infer.Shape]:
    infer.with_rank(c.shapes[0], 0)
    return [(2,), ()]


def _gradient_shapes(c: Any) -> list[infer.Shape]:
    _check_handle(c)
    return [(2,), ()]


def _written_shape(c: Any) -> infer.Shape:
    _check_handle(c, 1, 3)
    infer.merge(element_shape(c.op._inputs[0])[1], c.shapes[2])
    return ()


def _read_shape(c: Any) -> infer.Shape:
    _check_handle(c, 1, 2)
    return element_shape(c.op._inputs[0])[1]


def _gathered_shape(c: Any) -> infer.Shape:
    _check_handle(c, 2)
    count = infer.with_rank(c.shapes[1], 1)
    known, shape = element_shape(c.op._inputs[0])
    shape = shape if known else c.attr("element_shape")
    return None if shape is None else (*count, *shape)


def _scattered_shape(c: Any) -> infer.Shape:
    _check_handle(c, 3)
    count = infer.with_rank(c.shapes[1], 1)
    value = c.shapes[2]
    if value is not None:
        if not value:
            raise ValueError("Shape must be at least rank 1 but is rank 0")
        infer.merge(count, value[:1])
        infer.merge(element_shape(c.op._inputs[0])[1], value[1:])
    return ()


def _concat_shapes(c: Any) -> list[infer.Shape]:
    _check_handle(c, 1)
    return [None, (None,)]


def _split_shape(c: Any) -> infer.Shape:
    _check_handle(c, 3)
    infer.with_rank(c.shapes[2], 1)
    return ()


def _size_shape(c: Any) -> infer.Shape:
    _check_handle(c)
    return ()


def _no_shapes(c: Any) -> list[infer.Shape]:
    _check_handle(c)
    return []


# The ops.


def _flow() -> torch.Tensor:
    return torch.zeros((), dtype=torch.float32)


@op("TensorArrayV3", infer=_array_shapes, host=True)
def tensor_array_v3(
    size, *, dtype, element_shape=None, dynamic_size=False, clear_after_read=True,
    identical_element_shapes=False, tensor_array_name="", ctx,
):
    """A new array of `size` elements, and its first flow."""
    if size.ndim:
        raise _invalid(f"TensorArray size must be scalar, but had shape: {list(size.shape)}")
    count = int(size)
    if count < 0:
        raise _invalid("Size should be >= 0.")
    name = f"{tensor_array_name or ctx.name}_0"
    array = Elements(
        name, dtype, count, element_shape, dynamic=dynamic_size, clear=clear_after_read,
        identical=identical_element_shapes,
    )
    return array, _flow()


@op("TensorArrayGradV3", infer=_gradient_shapes, host=True)
def tensor_array_grad_v3(handle, flow_in, *, source):
    """The array of the gradients of an array, one for each `source`."""
    return handle.gradient(source), flow_in


@op("TensorArrayGradWithShape", infer=_gradient_shapes, host=True)
def tensor_array_grad_with_shape(handle, flow_in, shape_to_prepend, *, source):
    """The array of the gradients of an array, whose elements have more axes in front."""
    return handle.gradient(source, tuple(shape_to_prepend.tolist())), flow_in


def _index(index: torch.Tensor) -> int:
    if index.ndim:
        raise _invalid(f"TensorArray index must be scalar, but had shape: {list(index.shape)}")
    return int(index)


@op("TensorArrayWriteV3", infer=_written_shape, host=True)
def tensor_array_write_v3(handle, index, value, flow_in, *, T):  # noqa: N803 - the attr's name
    """The flow after a write of one element."""
    _check_written(handle, T)
    handle.write(_index(index), value)
    return flow_in


@op("TensorArrayReadV3", infer=_read_shape, host=True)
def tensor_array_read_v3(handle, index, flow_in, *, dtype):
    """One element."""
    _check_dtype(handle, dtype)
    return handle.read(_index(index))


def _check_dtype(handle: Elements, dtype: Any) -> None:
    if handle.dtype != dtype:
        raise _invalid(
            f"TensorArray dtype is {dtype_name(handle.dtype)} but Op requested dtype {dtype_name(dtype)}."
        )


def _check_written(handle: Elements, dtype: Any) -> None:
    if handle.dtype != dtype:
        raise _invalid(
            f"TensorArray dtype is {dtype_name(handle.dtype)} but Op is trying to write dtype {dtype_name(dtype)}."
        )


@op("TensorArrayGatherV3", infer=_gathered_shape, host=True)
def tensor_array_gather_v3(handle, indices, flow_in, *, dtype, element_shape=None):
    """Some elements, stacked along a new first axis."""
    _check_dtype(handle, dtype)
    if indices.dim() != 1:
        raise _invalid(
            f"Expected indices to be a vector, but received shape: {list(indices.shape)}"
        )
    handle.shape = _merged(handle, element_shape)
    chosen = indices.tolist()
    if not chosen:
        if not infer.is_known(handle.shape):
            raise errors.UnimplementedError(
                None, None,
                f"TensorArray has size zero, but element shape {_shown(handle.shape)} is not fully "
                "defined. Currently only static shapes are supported when packing zero-size "
                "TensorArrays.",
            )
        return torch.zeros((0, *(handle.shape or ())), dtype=dtype.torch)
    values = [handle.read(i) for i in chosen]
    _check_alike(values)
    return stacked(values)


def _merged(handle: Elements, shape: Any) -> Any:
    """What an array and an op know of the elements' shape.

    Raises:
      InvalidArgumentError: they do not agree.
    """
    try:
        return infer.merge(handle.shape, shape)
    except ValueError as error:
        raise _invalid(
            f"TensorArray {handle.name}: Incompatible element shapes: {_shown(handle.shape)} and "
            f"{_shown(shape)}"
        ) from error


def _check_alike(values: list[Any]) -> None:
    first = tuple(values[0].shape)
    for i, value in enumerate(values[1:], 1):
        if tuple(value.shape) != first:
            raise _invalid(
                f"TensorArray has inconsistent shapes.  Index 0 has shape: {list(first)} but index "
                f"{i} has shape: {list(value.shape)}"
            )


def stacked(values: list[Any]) -> Any:
    """Values of one shape along a new first axis; strings stay object arrays."""
    if isinstance(values[0], torch.Tensor):
        return torch.stack(values)
    return np.stack(values)


@op("TensorArrayScatterV3", infer=_scattered_shape, host=True)
def tensor_array_scatter_v3(handle, indices, value, flow_in, *, T):  # noqa: N803 - the attr's name
    """The flow after writes of the rows of `value`."""
    _check_written(handle, T)
    chosen = indices.tolist()
    if value.ndim == 0:
        raise _invalid("Input value for unpack must be at least a vector but received shape: []")
    if len(chosen) != value.shape[0]:
        raise _invalid(
            f"Expected len(indices) == values.shape[0], but saw: {len(chosen)} vs. {value.shape[0]}"
        )
    rows = value.unbind(0) if isinstance(value, torch.Tensor) else [value[i, ...] for i in range(len(value))]
    limit = max(chosen, default=-1)
    if not handle.dynamic and limit >= len(handle):
        raise _invalid(
            f"Max scatter index must be < array size ({limit} vs. {len(handle)})"
        )
    for i, row in zip(chosen, rows, strict=True):
        handle.write(i, row)
    return flow_in


@op("TensorArrayConcatV3", infer=_concat_shapes, host=True)
def tensor_array_concat_v3(handle, flow_in, *, dtype, element_shape_except0=None):
    """All elements one after the other, and the size of each."""
    _check_dtype(handle, dtype)
    if not len(handle):
        if not infer.is_known(element_shape_except0):
            raise errors.UnimplementedError(
                None, None,
                "TensorArray has size zero, but element_shape_except0 "
                f"{_shown(element_shape_except0)} is not fully defined. Currently only static "
                "shapes are supported when concatenating zero-size TensorArrays.",
            )
        empty = torch.zeros((0, *(element_shape_except0 or ())), dtype=dtype.torch)
        return empty, torch.zeros((0,), dtype=torch.int64)
    count = handle.parts if handle.sums and handle.parts is not None else len(handle)
    values = [handle.read(i) for i in range(count)]
    for i, value in enumerate(values):
        if value.ndim == 0:
            raise _invalid(
                "Concat saw a scalar shape at index "
                f"{i} but requires at least vectors.  Did you mean to call pack?"
            )
        if value.shape[1:] != values[0].shape[1:]:
            raise _invalid(
                "TensorArray has inconsistent shapes.  Index 0 has (excepting dimension 0) shape: "
                f"{list(values[0].shape[1:])} but index {i} has (excepting dimension 0) shape: "
                f"{list(value.shape[1:])}"
            )
    lengths = torch.tensor([value.shape[0] for value in values], dtype=torch.int64)
    if isinstance(values[0], torch.Tensor):
        return torch.cat(values), lengths
    return np.concatenate(values), lengths


@op("TensorArraySplitV3", infer=_split_shape, host=True)
def tensor_array_split_v3(handle, value, lengths, flow_in, *, T):  # noqa: N803 - the attr's name
    """The flow after writes of pieces of `value` of the given lengths."""
    _check_written(handle, T)
    if lengths.dim() != 1:
        raise _invalid(f"Expected lengths to be a vector, received shape: {list(lengths.shape)}")
    sizes = lengths.tolist()
    if value.ndim == 0:
        raise _invalid(
            "Expected value to be at least a vector, but received shape: []"
        )
    if sum(sizes) != value.shape[0]:
        raise _invalid(
            f"Expected sum of lengths to be equal to values.shape[0], but sum of lengths is "
            f"{sum(sizes)} and value's shape is: {list(value.shape)} "
        )
    if not handle.dynamic and len(sizes) != len(handle):
        raise _invalid(
            "TensorArray's size is not equal to the size of lengths "
            f"({len(handle)} vs. {len(sizes)}), and the TensorArray is not marked as dynamically "
            "resizeable"
        )
    at = 0
    for i, size in enumerate(sizes):
        handle.write(i, value[at : at + size])
        at += size
    if not handle.sums:
        handle.parts = len(sizes)
    return flow_in


@op("TensorArraySizeV3", infer=_size_shape, host=True)
def tensor_array_size_v3(handle, flow_in):
    """The number of elements."""
    handle.check_open()
    return torch.tensor(len(handle), dtype=torch.int32)


@op("TensorArrayCloseV3", infer=_no_shapes, host=True)
def tensor_array_close_v3(handle):
    """Nothing; the array is empty and cannot be used any more."""
    handle.items.clear()
    handle.closed = True


for _block in (
    tensor_array_v3, tensor_array_grad_v3, tensor_array_grad_with_shape, tensor_array_size_v3,
    tensor_array_close_v3,
):
    _block.no_gradient()
