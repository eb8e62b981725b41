"""The variables of a graph by name, as tf.get_variable finds or makes them.

Holds `VariableStore` and the default initializer of each type. What a scope adds to a request
stands in variable_scope.py.
"""
from __future__ import annotations

import enum
import inspect
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.collections import GraphKeys
from rekindle._src.graph.shapes import TensorShape, as_shape
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import export
from rekindle._src.ops import slicing
from rekindle._src.state import initializers
from rekindle._src.state.partitioned import PartitionedVariable, PartitionInfo
from rekindle._src.state.resource_variable import HandleVariable, resource_variables_enabled
from rekindle._src.state.variable import (
    Variable,
    VariableAggregation,
    VariableSynchronization,
    checked_kinds,
)


class ReuseMode(enum.Enum):
    """How a scope treats variables that exist, besides True and False."""

    AUTO_REUSE = 1


AUTO_REUSE = ReuseMode.AUTO_REUSE
export("AUTO_REUSE", __name__, "AUTO_REUSE")


def default_initializer(name: str, dtype: dtypes.DType) -> Any:
    """What a variable without an initializer gets: Glorot uniform for floats, zeros for the rest.

    Raises:
      ValueError: neither fits the type.
    """
    if dtype.is_floating:
        return initializers.GlorotUniform()
    if dtype.is_integer or dtype.is_unsigned or dtype.is_bool or dtype == dtypes.string:
        return initializers.Zeros()
    raise ValueError(f"An initializer for variable {name} of {dtype.base_dtype} is required")


def _takes(function: Callable[..., Any], parameter: str) -> bool:
    parameters = inspect.signature(function).parameters
    return parameter in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _needs_nothing(function: Callable[..., Any]) -> bool:
    """True if it can be called without arguments."""
    return all(p.default is not p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
               for p in inspect.signature(function).parameters.values())


class VariableStore:
    """The variables that tf.get_variable made, by full name."""

    def __init__(self) -> None:
        self._vars: dict[str, Any] = {}
        self._partitioned_vars: dict[str, PartitionedVariable] = {}

    def get_variable(self, name: str, shape: Any = None, dtype: Any = dtypes.float32,
                     initializer: Any = None, regularizer: Any = None, reuse: Any = None,
                     trainable: Any = None, collections: Any = None, caching_device: Any = None,
                     partitioner: Any = None, validate_shape: bool = True, use_resource: Any = None,
                     custom_getter: Any = None, constraint: Any = None,
                     synchronization: Any = VariableSynchronization.AUTO,
                     aggregation: Any = VariableAggregation.NONE) -> Any:
        """The variable `name`, made if it is not there and may be; through `custom_getter` if there
        is one.

        Args:
          name: the full name.
          shape, dtype, initializer, regularizer, reuse, trainable, collections, caching_device,
            partitioner, validate_shape, use_resource, constraint, synchronization, aggregation: as
            for tf.get_variable.
          custom_getter: called as `custom_getter(getter, name, ...)`.

        Raises:
          ValueError: the variable is there and must not be, is not there and must, or is another
            one.
        """
        if custom_getter is not None and not callable(custom_getter):
            raise ValueError(f"Passed a custom_getter which is not callable: {custom_getter}")
        synchronization, aggregation, trainable = checked_kinds(
            synchronization, aggregation, trainable, name)
        request = {
            "shape": shape, "dtype": getattr(dtype, "base_dtype", dtype),
            "initializer": initializer, "regularizer": regularizer, "reuse": reuse,
            "trainable": trainable, "collections": collections, "caching_device": caching_device,
            "partitioner": partitioner, "validate_shape": validate_shape,
            "use_resource": use_resource, "constraint": constraint,
            "synchronization": synchronization, "aggregation": aggregation}
        if custom_getter is None:
            return self._true_getter(name, **request)
        if not _takes(custom_getter, "constraint"):
            del request["constraint"]
        return custom_getter(getter=self._true_getter, name=name, **request)

    def _true_getter(self, name: str, shape: Any = None, dtype: Any = dtypes.float32,
                     initializer: Any = None, regularizer: Any = None, reuse: Any = None,
                     trainable: Any = None, collections: Any = None, caching_device: Any = None,
                     partitioner: Any = None, validate_shape: bool = True, use_resource: Any = None,
                     constraint: Any = None, synchronization: Any = VariableSynchronization.AUTO,
                     aggregation: Any = VariableAggregation.NONE) -> Any:
        """What custom getters get as `getter`."""
        request = {
            "shape": shape, "dtype": dtype, "initializer": initializer, "regularizer": regularizer,
            "reuse": reuse,
            "trainable": trainable, "collections": collections, "caching_device": caching_device,
            "validate_shape": validate_shape,
            "use_resource": use_resource, "constraint": constraint,
            "synchronization": synchronization, "aggregation": aggregation}
        is_scalar = isinstance(shape, Sequence) and not shape
        if partitioner is not None and not is_scalar:
            if not callable(partitioner):
                raise ValueError(f"Partitioner must be callable, but received: {partitioner}")
            with scopes.name_scope(None):
                return self.get_partitioned(name, partitioner, **request)
        if reuse is True and partitioner is None and name in self._partitioned_vars:
            return self.get_partitioned(name, None, **request)
        if f"{name}/part_0" in self._vars:
            raise ValueError("No partitioner was provided, but a partitioned version of the "
                             f"variable was found: {name}/part_0. Perhaps a variable of the same "
                             "name was already created with partitioning?")
        return self._single(name, **request)

    # One variable.

    def _single(self, name: str, *, shape: Any, dtype: Any, initializer: Any, regularizer: Any,
                reuse: Any, use_resource: Any, partition_info: Any = None, **settings: Any) -> Any:
        from_value = initializer is not None and not callable(initializer)
        if shape is not None and from_value:
            raise ValueError("If initializer is a constant, do not specify shape.")
        dtype = dtypes.as_dtype(dtype)
        shape = as_shape(shape)
        if name in self._vars:
            return self._existing(name, shape, dtype, reuse)
        if reuse is True:
            raise ValueError(f"Variable {name} does not exist, or was not created with "
                             "tf.get_variable(). Did you mean to set reuse=tf.AUTO_REUSE in "
                             "VarScope?")
        if initializer is None:
            initializer = default_initializer(name, dtype)
        if from_value:
            value, value_dtype = initializer, None
        else:
            value, value_dtype = self._bound(initializer, shape, dtype, partition_info)
        if use_resource is None:
            use_resource = resource_variables_enabled()
        variable = Variable(value, name=name, dtype=value_dtype, use_resource=use_resource,
                            **settings)
        self._vars[name] = variable
        if regularizer:
            self._regularize(name, variable, regularizer)
        return variable

    @staticmethod
    def _bound(initializer: Any, shape: TensorShape, dtype: Any, partition_info: Any) -> tuple[Any,
                                                                                               Any]:
        """An initializer as a function without arguments, and the type to ask of its value."""
        if inspect.isclass(initializer):
            initializer = initializer()
        if shape.is_fully_defined():
            def value() -> Any:
                return initializer(shape.as_list(), dtype=dtype, partition_info=partition_info)

            return value, dtype.base_dtype
        if _needs_nothing(initializer):
            return initializer, None
        raise ValueError("The initializer passed is not valid. It should be a callable with no "
                         "arguments and the shape should not be provided or an instance of "
                         "`tf.keras.initializers.*' and `shape` should be fully defined.")

    def _existing(self, name: str, shape: TensorShape, dtype: Any, reuse: Any) -> Any:
        found = self._vars[name]
        if reuse is False:
            message = (f"Variable {name} already exists, disallowed. Did you mean to set "
                       "reuse=True or reuse=tf.AUTO_REUSE in VarScope?")
            if isinstance(found, HandleVariable):
                raise ValueError(message)
            frames = [tuple(frame) for frame in found.op.traceback[::-1][:5]]
            raise ValueError(f"{message} Originally defined "
                             f"at:\n\n{''.join(traceback.format_list(frames))}")
        if not shape.is_compatible_with(found.get_shape()):
            raise ValueError(f"Trying to share variable {name}, but specified shape {shape} and "
                             f"found shape {found.get_shape()}.")
        if not dtype.is_compatible_with(found.dtype):
            raise ValueError(f"Trying to share variable {name}, but specified dtype {dtype.name} "
                             f"and found dtype {found.dtype.name}.")
        return found

    @staticmethod
    def _regularize(name: str, variable: Any, regularizer: Any) -> None:
        with scopes.colocate_with(variable.op), scopes.name_scope(
            name + "/Regularizer/"), scopes.init_scope():
            loss = regularizer(variable)
        if loss is not None:
            scopes.get_default_graph().add_to_collection(GraphKeys.REGULARIZATION_LOSSES, loss)

    # A variable in parts.

    def get_partitioned(self, name: str, partitioner: Any, *, shape: Any, dtype: Any,
                        initializer: Any, reuse: Any, **request: Any) -> PartitionedVariable:
        """The partitioned variable `name`, made if it is not there and may be.

        Raises:
          ValueError: the variable is there and must not be, is not there and must, or is another
            one.
        """
        if name in self._vars:
            raise ValueError("A partitioner was provided, but an unpartitioned version of the "
                             f"variable was found: {name}.  Perhaps a variable of the same name "
                             "was already created without partitioning?")
        shape = as_shape(shape)
        dtype = dtypes.as_dtype(dtype)
        if isinstance(initializer, Tensor):
            shape = shape.merge_with(initializer.get_shape())
        partitions = call_partitioner(partitioner, shape,
                                      dtype) if not reuse or partitioner else None
        if name in self._partitioned_vars:
            return self._existing_parts(name, shape, dtype, partitions, reuse)
        if reuse is True:
            raise ValueError(f"PartitionedVariable {name} does not exist, or was not created with "
                             "tf.get_variable(). Did you mean to set reuse=False or "
                             "reuse=tf.AUTO_REUSE in VarScope?")
        axis, count = _cut(partitions)
        self._check_parts(name, count)
        parts = []
        for i, (offset, part_shape) in enumerate(_parts(shape.as_list(), axis, count)):
            parts.append(self._part(f"{name}/part_{i}", name, shape, offset, part_shape,
                                    initializer, dtype=dtype, reuse=reuse, **request))
        whole = self._partitioned_vars[name] = PartitionedVariable(name, shape, dtype, parts,
                                                                   partitions)
        return whole

    def _part(self, part_name: str, name: str, shape: TensorShape, offset: list[int],
              part_shape: list[int], initializer: Any, *, dtype: Any, **request: Any) -> Any:
        info = PartitionInfo(full_shape=shape.as_list(), var_offset=offset)
        wanted: Any = part_shape
        with scopes.name_scope(part_name + "/PartitionedInitializer"):
            if initializer is None:
                initializer = default_initializer(name, dtype)
            elif not callable(initializer):
                whole = initializer if isinstance(initializer,
                                                  Tensor) else convert.convert_to_tensor(
                                                      initializer, dtype)
                initializer = slicing.slice(whole, offset, part_shape)
                dtype, wanted = initializer.dtype.base_dtype, None
        with scopes.name_scope(None):
            part = self._single(part_name, shape=wanted, dtype=dtype, initializer=initializer,
                                partition_info=info, **request)
        part._set_save_slice_info(Variable.SaveSliceInfo(name, shape.as_list(), offset, part_shape))
        return part

    def _existing_parts(self, name: str, shape: TensorShape, dtype: Any, partitions: Any,
                        reuse: Any) -> PartitionedVariable:
        if reuse is False:
            raise ValueError(f"Partitioned variable with name {name} already exists. Did you mean "
                             "to set reuse=True or reuse=tf.AUTO_REUSE in VarScope?")
        found = self._partitioned_vars[name]
        prefix = f"Trying to reuse partitioned variable {name}, but specified"
        if not shape.is_compatible_with(found.get_shape()):
            raise ValueError(f"{prefix} shape {shape} and found shape {found.get_shape()}.")
        if not dtype.is_compatible_with(found.dtype):
            raise ValueError(f"{prefix} dtype {dtype.name} and found dtype {found.dtype.name}.")
        if partitions is not None and found._get_partitions() != partitions:
            raise ValueError(f"{prefix} partitions {partitions} and found partitions "
                             f"{found._get_partitions()}.")
        return found

    def _check_parts(self, name: str, count: int) -> None:
        if f"{name}/part_0" not in self._vars:
            return
        prefix = ("Partitioner returned a different partitioning than what was already found.  "
                  f"Partitioner returned {count} shards, and shard {name}/part_0 was found, but ")
        if f"{name}/part_{count - 1}" not in self._vars:
            raise ValueError(f"{prefix}{name}/part_{count - 1} was not.")
        if f"{name}/part_{count}" in self._vars:
            raise ValueError(f"{prefix}so was the extra shard {name}/part_{count}.")


def call_partitioner(partitioner: Any, shape: TensorShape, dtype: Any) -> list[int]:
    """The number of parts per dimension.

    Raises:
      ValueError: the shape is not known, or the partitioner's answer is no such list.
    """
    if not shape.is_fully_defined():
        raise ValueError("Shape of a new partitioned variable must be fully defined, but instead "
                         f"was {shape}.")
    if shape.ndims < 1:
        raise ValueError(f"A partitioned Variable must have rank at least 1, shape: {shape}")
    parts = partitioner(shape=shape, dtype=dtype)
    if not isinstance(parts, Sequence):
        raise ValueError(f"Partitioner must return a sequence, but saw: {parts}")
    if len(parts) != shape.ndims:
        raise ValueError("Partitioner returned a partition list that does not match the Variable's "
                         f"rank: {parts} vs. {shape}")
    if any(p < 1 for p in parts):
        raise ValueError(f"Partitioner returned zero partitions for some axes: {parts}")
    if sum(p > 1 for p in parts) > 1:
        raise ValueError("Can only slice a variable along one dimension: "
                         f"shape: {shape}, partitioning: {parts}")
    return list(parts)


def _cut(partitions: list[int]) -> tuple[int, int]:
    """The axis that is cut, and into how many parts."""
    return next(((axis, count) for axis, count in enumerate(partitions) if count > 1), (0, 1))


def _parts(shape: list[int], axis: int, count: int) -> Iterator[tuple[list[int], list[int]]]:
    """Offset and shape of each part; the first ones are larger by one where the cut is not even."""
    size, extra = divmod(shape[axis], count)
    start = 0
    for i in range(count):
        length = size + (i < extra)
        yield [start if a == axis else 0 for a in range(len(shape))], [
            length if a == axis else d for a, d in enumerate(shape)]
        start += length
