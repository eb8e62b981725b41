"""Descriptions of values without their content: dtype and shape of a tensor, and of what is made of several tensors.

Holds `TypeSpec`, `TensorSpec`, `SparseTensorSpec` and `IndexedSlicesSpec`; importing it lets `nest` take sparse values
apart.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rekindle._src import nest
from rekindle._src.graph import constants, convert, dtypes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.sparse import (
    IndexedSlices,
    IndexedSlicesValue,
    SparseTensor,
    SparseTensorValue,
)
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public


@public("TypeSpec")
@nest.register_type_spec
class TypeSpec:
    """What is known of a value before it is there; equal specs describe the same values."""

    __slots__ = ()

    @property
    def value_type(self) -> type:
        """The class of the values."""
        raise NotImplementedError(f"{type(self).__name__}.value_type")

    def _serialize(self) -> tuple[Any, ...]:
        """The arguments that make an equal spec."""
        raise NotImplementedError(f"{type(self).__name__}._serialize()")

    @property
    def _component_specs(self) -> Any:
        """The specs of the tensors that a value is made of."""
        raise NotImplementedError(f"{type(self).__name__}._component_specs")

    def _to_components(self, value: Any) -> Any:
        """The tensors that a value is made of."""
        raise NotImplementedError(f"{type(self).__name__}._to_components()")

    def _from_components(self, components: Any) -> Any:
        """The value that is made of these tensors."""
        raise NotImplementedError(f"{type(self).__name__}._from_components()")

    @property
    def _flat_tensor_specs(self) -> list[Any]:
        return nest.flatten(self._component_specs, expand_composites=True)

    def _to_tensor_list(self, value: Any) -> list[Any]:
        return nest.flatten(self._to_components(value), expand_composites=True)

    def is_compatible_with(self, spec_or_value: Any) -> bool:
        """True if a value (or what a spec describes) can be what this spec describes."""
        other = spec_of(spec_or_value)
        return type(other) is type(self) and _fits(self._serialize(), other._serialize())

    def most_specific_compatible_type(self, other: Any) -> Any:
        """The spec that describes what both do, and as little else as it can.

        Raises:
          ValueError: no spec describes both.
        """
        if type(self) is not type(other):
            raise ValueError(f"No TypeSpec is compatible with both {self} and {other}")
        return type(self)(*map(self._common, self._serialize(), other._serialize()))

    def _common(self, a: Any, b: Any) -> Any:
        if isinstance(a, TensorShape) and isinstance(b, TensorShape):
            return a.most_specific_compatible_shape(b)
        if a != b:
            raise ValueError(f"Types are not compatible: {a!r} vs {b!r}")
        return a

    def _to_legacy_output_types(self) -> Any:
        return self._dtype  # type: ignore[attr-defined]

    def _to_legacy_output_shapes(self) -> Any:
        return self._shape  # type: ignore[attr-defined]

    def _to_legacy_output_classes(self) -> Any:
        return self.value_type

    def _key(self) -> tuple[Any, ...]:
        return tuple(("shape", one.dims_tuple) if isinstance(one, TensorShape) else one for one in self._serialize())

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._key() == other._key()  # type: ignore[attr-defined]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._key()))

    def __reduce__(self) -> Any:
        return type(self), self._serialize()

    def __repr__(self) -> str:
        return f"{type(self).__name__}{self._serialize()!r}"


def _fits(a: tuple[Any, ...], b: tuple[Any, ...]) -> bool:
    return len(a) == len(b) and all(
        x.is_compatible_with(y) if isinstance(x, (TensorShape, dtypes.DType)) and y is not None else x == y
        for x, y in zip(a, b)
    )


@public("TensorSpec")
class TensorSpec(TypeSpec):
    """A tensor: its shape, dtype and, where it matters, name."""

    __slots__ = ("_shape", "_dtype", "_name")

    def __init__(self, shape: Any, dtype: Any = dtypes.float32, name: str | None = None) -> None:
        self._shape = TensorShape(shape)
        self._dtype = dtypes.as_dtype(dtype)
        self._name = name

    @classmethod
    def from_spec(cls, spec: Any, name: str | None = None) -> TensorSpec:
        """A spec like another, with a name."""
        return cls(spec.shape, spec.dtype, name or spec.name)

    @classmethod
    def from_tensor(cls, tensor: Any, name: str | None = None) -> TensorSpec:
        """The spec of a tensor.

        Raises:
          ValueError: it is none.
        """
        if not isinstance(tensor, Tensor):
            raise ValueError("`tensor` should be a tf.Tensor")
        return cls(tensor.shape, tensor.dtype, name or tensor.op.name)

    @property
    def value_type(self) -> type:
        """Tensor."""
        return Tensor

    @property
    def shape(self) -> TensorShape:
        """What is known of the shape."""
        return self._shape

    @property
    def dtype(self) -> Any:
        """The element type."""
        return self._dtype

    @property
    def name(self) -> str | None:
        """The name, if it has one."""
        return self._name

    def is_compatible_with(self, spec_or_tensor: Any) -> bool:
        """True for a tensor (or spec) of this dtype and a shape that can be this one."""
        return (
            isinstance(spec_or_tensor, (TensorSpec, Tensor))
            and self._dtype.is_compatible_with(spec_or_tensor.dtype)
            and self._shape.is_compatible_with(spec_or_tensor.shape)
        )

    def most_specific_compatible_type(self, other: Any) -> TensorSpec:
        """The spec that describes what both do, and as little else as it can.

        Raises:
          ValueError: the dtypes differ.
        """
        if type(self) is not type(other) or self._dtype != other.dtype:
            raise ValueError(f"Types are not compatible: {self!r} vs {other!r}")
        shape = self._shape.most_specific_compatible_shape(other.shape)
        return TensorSpec(shape, self._dtype, self._name if self._name == other.name else None)

    def _serialize(self) -> tuple[Any, ...]:
        return self._shape, self._dtype, self._name

    @property
    def _component_specs(self) -> Any:
        return self

    def _to_components(self, value: Any) -> Any:
        said = f"Value {value!r} is not convertible to a tensor with dtype {self._dtype} and shape {self._shape}."
        try:
            value = convert.convert_to_tensor(value, self._dtype)
        except (TypeError, ValueError):
            raise ValueError(said) from None
        if not value.shape.is_compatible_with(self._shape):
            raise ValueError(said)
        return value

    def _from_components(self, components: Any) -> Any:
        return components

    def _batch(self, batch_size: Any) -> TensorSpec:
        return TensorSpec(TensorShape([batch_size]).concatenate(self._shape), self._dtype)

    def _unbatch(self) -> TensorSpec:
        if self._shape.ndims == 0:
            raise ValueError("Unbatching a tensor is only supported for rank >= 1")
        return TensorSpec(self._shape[1:], self._dtype)

    def __hash__(self) -> int:
        return hash((self._shape.dims_tuple, self._dtype))

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self.shape}, dtype={self.dtype!r}, name={self.name!r})"


def _are_arrays(parts: Any) -> bool:
    return all(isinstance(part, np.ndarray) for part in parts)


@public("SparseTensorSpec")
class SparseTensorSpec(TypeSpec):
    """A SparseTensor: the shape of the dense tensor, and the dtype."""

    __slots__ = ("_shape", "_dtype")

    def __init__(self, shape: Any = None, dtype: Any = dtypes.float32) -> None:
        self._shape = TensorShape(shape)
        self._dtype = dtypes.as_dtype(dtype)

    @classmethod
    def from_value(cls, value: Any) -> SparseTensorSpec:
        """The spec of a SparseTensor or SparseTensorValue.

        Raises:
          TypeError: it is neither.
        """
        if isinstance(value, SparseTensor):
            return cls(value.shape, value.dtype)
        if not isinstance(value, SparseTensorValue):
            raise TypeError("Expected SparseTensor or SparseTensorValue")
        if isinstance(value.values, np.ndarray):
            return cls(value.dense_shape, value.values.dtype)
        return cls.from_value(SparseTensor.from_value(value))

    @property
    def value_type(self) -> type:
        """SparseTensor."""
        return SparseTensor

    @property
    def shape(self) -> TensorShape:
        """What is known of the dense tensor's shape."""
        return self._shape

    @property
    def dtype(self) -> Any:
        """The element type."""
        return self._dtype

    def _serialize(self) -> tuple[Any, ...]:
        return self._shape, self._dtype

    @property
    def _component_specs(self) -> Any:
        rank = self._shape.ndims
        return [
            TensorSpec([None, rank], dtypes.int64),
            TensorSpec([None], self._dtype),
            TensorSpec([rank], dtypes.int64),
        ]

    def _to_components(self, value: Any) -> Any:
        return SparseTensor.from_value(value)._to_components()

    def _from_components(self, components: Any) -> Any:
        kind = SparseTensorValue if _are_arrays(components) else SparseTensor
        return kind(*components)

    def _batch(self, batch_size: Any) -> SparseTensorSpec:
        return SparseTensorSpec(TensorShape([batch_size]).concatenate(self._shape), self._dtype)

    def _unbatch(self) -> SparseTensorSpec:
        if self._shape.ndims == 0:
            raise ValueError("Unbatching a tensor is only supported for rank >= 1")
        return SparseTensorSpec(self._shape[1:], self._dtype)


@public("IndexedSlicesSpec")
class IndexedSlicesSpec(TypeSpec):
    """IndexedSlices: the shape of the larger tensor, and the dtypes and shapes of the parts."""

    __slots__ = ("_shape", "_dtype", "_indices_dtype", "_dense_shape_dtype", "_indices_shape")

    def __init__(
        self, shape: Any = None, dtype: Any = dtypes.float32, indices_dtype: Any = dtypes.int64,
        dense_shape_dtype: Any = None, indices_shape: Any = None,
    ) -> None:  # fmt: skip
        self._shape = TensorShape(shape)
        self._dtype = dtypes.as_dtype(dtype)
        self._indices_dtype = dtypes.as_dtype(indices_dtype)
        self._dense_shape_dtype = None if dense_shape_dtype is None else dtypes.as_dtype(dense_shape_dtype)
        self._indices_shape = TensorShape(indices_shape).with_rank(1)

    @property
    def value_type(self) -> type:
        """IndexedSlices."""
        return IndexedSlices

    def _serialize(self) -> tuple[Any, ...]:
        kinds = (self._dtype, self._indices_dtype, self._dense_shape_dtype)
        return (self._shape, *kinds, self._indices_shape)

    @property
    def _component_specs(self) -> Any:
        values = self._indices_shape.concatenate(self._shape[1:])
        specs = [
            TensorSpec(values, self._dtype),
            TensorSpec(self._indices_shape, self._indices_dtype),
        ]
        if self._dense_shape_dtype is not None:
            specs.append(TensorSpec([self._shape.ndims], self._dense_shape_dtype))
        return tuple(specs)

    def _to_components(self, value: Any) -> Any:
        return tuple(value._to_components())

    def _from_components(self, components: Any) -> Any:
        if not _are_arrays(components):
            return IndexedSlices(*components)
        return IndexedSlicesValue(*components, *[None] * (3 - len(components)))


def spec_of(value: Any) -> Any:
    """The spec of a tensor, sparse tensor or slices; specs and other values come back as they are."""
    if isinstance(value, Tensor):
        return TensorSpec.from_tensor(value)
    if isinstance(value, (SparseTensor, SparseTensorValue)):
        return SparseTensorSpec.from_value(value)
    return _slices_spec(value) if isinstance(value, IndexedSlices) else value


def _slices_spec(value: IndexedSlices) -> IndexedSlicesSpec:
    indices_shape = value.indices.shape.merge_with(value.values.shape[:1])
    shape = TensorShape([None]).concatenate(value.values.shape[1:])
    kind = None
    if value.dense_shape is not None:
        kind = value.dense_shape.dtype
        shape = shape.merge_with(constants.constant_value_as_shape(value.dense_shape))
    return IndexedSlicesSpec(shape, value.dtype, value.indices.dtype, kind, indices_shape)


SparseTensor._type_spec = IndexedSlices._type_spec = property(spec_of)  # type: ignore[attr-defined]
