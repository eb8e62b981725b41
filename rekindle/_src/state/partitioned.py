"""`PartitionedVariable`: several variables that are the parts of one; and the functions that say
how to cut.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array_join, array_shape, array_split


class PartitionInfo:
    """Which part of a whole an initializer is to fill.

    Args:
      full_shape: the shape of the whole.
      var_offset: where the part begins, per dimension.

    Raises:
      TypeError, ValueError: they are no sequences, or do not go together.
    """

    def __init__(self, full_shape: Any, var_offset: Any) -> None:
        for name, value in (("full_shape", full_shape), ("var_offset", var_offset)):
            if not isinstance(value, Sequence) or isinstance(value, str):
                raise TypeError(f"`{name}` must be a sequence (like tuple or list) instead of "
                                f"{type(value).__name__}")
        if len(var_offset) != len(full_shape):
            raise ValueError("Expected equal length, but `var_offset` is of length "
                             f"{len(var_offset)} while full_shape is of length {len(full_shape)}.")
        for offset, size in zip(var_offset, full_shape, strict=True):
            if not 0 <= offset < size:
                raise ValueError(f"Expected 0 <= offset < shape but found offset={offset}, "
                                 f"shape={size} for var_offset={var_offset}, "
                                 f"full_shape={full_shape}")
        self.full_shape = full_shape
        self.var_offset = var_offset

    def single_offset(self, shape: Any) -> int:
        """Where a part of `shape` begins in the one dimension that is cut; 0 if none is."""
        cut = self.single_slice_dim(shape)
        return 0 if cut is None else self.var_offset[cut]

    def single_slice_dim(self, shape: Any) -> int | None:
        """The one dimension that is cut for a part of `shape`; None if none is.

        Raises:
          TypeError, ValueError: `shape` is no such part, or several dimensions are cut.
        """
        if not isinstance(shape, Sequence) or isinstance(shape, str):
            raise TypeError("`shape` must be a sequence (like tuple or list) instead of "
                            f"{type(shape).__name__}")
        if len(shape) != len(self.full_shape):
            raise ValueError(f"Expected equal length, but received shape={shape} of length "
                             f"{len(shape)} while self.full_shape={self.full_shape} is of length "
                             f"{len(self.full_shape)}.")
        for i, size in enumerate(shape):
            if self.var_offset[i] + size > self.full_shape[i]:
                raise ValueError(f"With self.var_offset={self.var_offset}, a partition of "
                                 f"shape={shape} would exceed self.full_shape={self.full_shape} in "
                                 f"dimension {i}.")
        cut = [i for i, size in enumerate(shape) if size != self.full_shape[i]]
        if len(cut) > 1:
            raise ValueError(f"Cannot use single_slice_dim() with shape={shape} and "
                             f"self.full_shape={self.full_shape} since slice dim could be either "
                             f"dimension {cut[1]} or {cut[0]}.")
        return cut[0] if cut else None


class PartitionedVariable:
    """Variables that are the parts of one; converts to the tensor of the whole.

    Args:
      name: the name of the whole.
      shape: its shape.
      dtype: the element type.
      variable_list: the parts, each with a save slice info.
      partitions: the number of parts per dimension.

    Raises:
      TypeError, ValueError: the parts do not make up the whole.
    """

    def __init__(self, name: str, shape: Any, dtype: Any, variable_list: Any,
                 partitions: Any) -> None:
        if not isinstance(variable_list, (list, tuple)):
            raise TypeError(f"variable_list is not a list or tuple: {variable_list}")
        if not isinstance(partitions, (list, tuple)):
            raise TypeError(f"partitions is not a list or tuple: {partitions}")
        if not all(p >= 1 for p in partitions):
            raise ValueError(f"partition values must be positive: {partitions}")
        if not variable_list:
            raise ValueError("variable_list may not be empty")
        if any(v._get_save_slice_info() is None for v in variable_list):
            raise ValueError("All variables must have a save_slice_info available: "
                             f"{[v.name for v in variable_list]}")
        if len(shape) != len(partitions):
            raise ValueError(f"len(shape) != len(partitions): {shape} vs. {partitions}")
        for variable in variable_list:
            full = variable._get_save_slice_info().full_shape
            if full != shape:
                raise ValueError(f"All variables' full shapes must match shape: {shape}; but full "
                                 f"shapes were: {[full]}")
        self._variable_list = sorted(variable_list,
                                     key=lambda v: v._get_save_slice_info().var_offset)
        self._name = name
        self._shape = shape
        self._dtype = dtype
        self._partitions = partitions

    @property
    def name(self) -> str:
        """The name of the whole."""
        return self._name

    @property
    def dtype(self) -> Any:
        """The element type."""
        return self._dtype

    @property
    def shape(self) -> Any:
        """The shape of the whole."""
        return self._shape

    def get_shape(self) -> Any:
        """The shape of the whole."""
        return self._shape

    def __iter__(self) -> Iterator[Any]:
        return iter(self._variable_list)

    def __len__(self) -> int:
        axes = len(self._partition_axes())
        if axes > 1:
            raise ValueError(f"Cannot get a length for {axes} > 1 partition axes")
        return len(self._variable_list)

    def _partition_axes(self) -> list[int]:
        return [i for i, p in enumerate(self._partitions) if p > 1] or [0]

    def _get_variable_list(self) -> list[Any]:
        return self._variable_list

    def _get_partitions(self) -> Any:
        return self._partitions

    def _one_axis(self, what: str) -> int:
        axes = self._partition_axes()
        if len(axes) > 1:
            raise NotImplementedError(what % axes)
        return axes[0]

    def as_tensor(self) -> Tensor:
        """The whole, without the control dependencies of the caller."""
        with scopes.control_dependencies(None):
            return self._concat()

    def _concat(self) -> Tensor:
        if len(self._variable_list) == 1:
            with scopes.name_scope(None):
                return array_shape.identity(self._variable_list[0], name=self._name)
        axis = self._one_axis("Cannot concatenate along more than one dimension: %s.  "
                              "Multi-axis partition concat is not supported")
        with scopes.name_scope(self._name + "/ConcatPartitions/"):
            whole = array_join.concat(self._variable_list, axis)
        with scopes.name_scope(None):
            return array_shape.identity(whole, name=self._name)

    def _assigned(self, method: str, value: Any, use_locking: bool, name: str | None,
                  read_value: bool) -> list[Any]:
        axis = self._one_axis("Cannot do assign action along more than one dimension: %s.  "
                              "Multi-axis partition assign action is not supported ")
        if not isinstance(value, (list, PartitionedVariable)):
            sizes = [variable.shape[axis].value for variable in self._variable_list]
            value = array_split.split(value, sizes, axis=axis)
        out = [getattr(variable, method)(part, use_locking=use_locking, name=name,
                                         read_value=read_value)
               for variable, part in zip(self._variable_list, value, strict=True)]
        return out if read_value else [one.op for one in out]

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None,
               read_value: bool = True) -> list[Any]:
        """Give the parts new values: a whole to cut, or a list of parts."""
        return self._assigned("assign", value, use_locking, name, read_value)

    def assign_add(self, value: Any, use_locking: bool = False, name: str | None = None,
                   read_value: bool = True) -> list[Any]:
        """Add to the parts."""
        return self._assigned("assign_add", value, use_locking, name, read_value)

    def assign_sub(self, value: Any, use_locking: bool = False, name: str | None = None,
                   read_value: bool = True) -> list[Any]:
        """Subtract from the parts."""
        return self._assigned("assign_sub", value, use_locking, name, read_value)


def _to_tensor(value: PartitionedVariable, dtype: Any = None, name: str | None = None,
               as_ref: bool = False) -> Tensor:
    if dtype is not None and not dtype.is_compatible_with(value.dtype):
        raise ValueError(f"Incompatible type conversion requested to type '{dtype.name}' for "
                         f"variable of type '{value.dtype.name}'")
    if as_ref:
        raise NotImplementedError("PartitionedVariable doesn't support being used as a reference.")
    return value.as_tensor()


convert.register_tensor_conversion_function(PartitionedVariable, _to_tensor)

Partitioner = Callable[..., list[int]]


@public("fixed_size_partitioner")
def fixed_size_partitioner(num_shards: int, axis: int = 0) -> Partitioner:
    """A partitioner that cuts `axis` into `num_shards` parts, or as many as it has elements."""

    def partition(shape: TensorShape, **_: Any) -> list[int]:
        parts = [1] * len(shape)
        parts[axis] = min(num_shards, shape[axis].value)
        return parts

    return partition


@public("variable_axis_size_partitioner")
def variable_axis_size_partitioner(max_shard_bytes: int, axis: int = 0,
                                   bytes_per_string_element: int = 16,
                                   max_shards: int | None = None) -> Partitioner:
    """A partitioner that cuts `axis` so that a part takes at most `max_shard_bytes`.

    Raises:
      ValueError: a size is not positive.
    """
    if max_shard_bytes < 1 or bytes_per_string_element < 1:
        raise ValueError("Both max_shard_bytes and bytes_per_string_element must be positive.")
    if max_shards and max_shards < 1:
        raise ValueError("max_shards must be positive.")

    def partition(shape: Any, dtype: Any) -> list[int]:
        if not isinstance(shape, TensorShape):
            raise ValueError(f"shape is not a TensorShape: {shape}")
        if not shape.is_fully_defined():
            raise ValueError(f"shape is not fully defined: {shape}")
        if not isinstance(dtype, dtypes.DType):
            raise ValueError(f"dtype is not a DType: {dtype}")
        parts = [1] * shape.ndims
        size = shape[axis].value
        slice_bytes = shape.num_elements() / size * _element_bytes(dtype, bytes_per_string_element)
        shards = math.ceil(size / max(1, math.floor(max_shard_bytes / slice_bytes)))
        parts[axis] = min(max_shards, shards) if max_shards else shards
        return parts

    return partition


@public("min_max_variable_partitioner")
def min_max_variable_partitioner(max_partitions: int = 1, axis: int = 0,
                                 min_slice_size: int = 256 << 10,
                                 bytes_per_string_element: int = 16) -> Partitioner:
    """A partitioner that cuts `axis` into as many parts of `min_slice_size` bytes as fit, at most
    `max_partitions`.
    """

    def partition(shape: TensorShape, dtype: Any) -> list[int]:
        if axis >= len(shape):
            raise ValueError(f"Can not partition variable along axis {axis} when shape is only "
                             f"{shape}")
        wanted = shape.num_elements() * _element_bytes(dtype,
                                                       bytes_per_string_element) / min_slice_size
        parts = [1] * len(shape)
        parts[axis] = max(1, min(shape[axis].value, max_partitions, math.ceil(wanted)))
        return parts

    return partition


def _element_bytes(dtype: Any, bytes_per_string_element: int) -> int:
    return bytes_per_string_element if dtype.base_dtype == dtypes.string else dtype.size
