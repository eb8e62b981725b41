"""Values made of several tensors: `IndexedSlices` (gradients of gathers) and `SparseTensor`, with their conversions.

Holds the classes, the named tuples of their values, and the conversion functions that let them pass. What is computed
with
sparse tensors stands in `rekindle/_src/ops/sparse.py`; type specs are in type_spec.py.
"""

from __future__ import annotations

import collections
import collections.abc
import warnings
from typing import Any

import numpy as np

from rekindle._src import nest
from rekindle._src.graph import constants, convert, dtypes, opdef, scopes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import export, public

#: From so many elements on, a warning is given when slices become a dense tensor.
LARGE_SPARSE_NUM_ELEMENTS = 100_000_000

IndexedSlicesValue = collections.namedtuple(
    "IndexedSlicesValue", ["values", "indices", "dense_shape"]
)
SparseTensorValue = collections.namedtuple(
    "SparseTensorValue", ["indices", "values", "dense_shape"]
)
export("SparseTensorValue compat.v1.SparseTensorValue", __name__, "SparseTensorValue")


@public("IndexedSlices")
@nest.register_composite
class IndexedSlices:
    """Some rows of a larger tensor: `dense[indices[i], ...] == values[i, ...]`; rows that occur twice add up.

    Args:
      values: [N, D1, ...] tensor.
      indices: [N] integer tensor.
      dense_shape: the shape of the larger tensor, or None where nobody asked for it.
    """

    def __init__(self, values: Any, indices: Any, dense_shape: Any = None) -> None:
        scopes.graph_from([values, indices, dense_shape])
        self._values = values
        self._indices = indices
        self._dense_shape = dense_shape

    @property
    def values(self) -> Any:
        """The rows: [N, D1, ...]."""
        return self._values

    @property
    def indices(self) -> Any:
        """Which rows they are: [N]."""
        return self._indices

    @property
    def dense_shape(self) -> Any:
        """The shape of the larger tensor: [rank], or None."""
        return self._dense_shape

    @property
    def name(self) -> str:
        """The name of `values`."""
        return self.values.name

    @property
    def device(self) -> str:
        """The device of `values`."""
        return self.values.device

    @property
    def op(self) -> Any:
        """The operation that makes `values`."""
        return self.values.op

    @property
    def dtype(self) -> Any:
        """The element type of `values`."""
        return self.values.dtype

    @property
    def graph(self) -> Any:
        """The graph of the tensors."""
        return self._values.graph

    def _to_components(self) -> list[Any]:
        return [self._values, self._indices] + (
            [] if self._dense_shape is None else [self._dense_shape]
        )

    def consumers(self) -> list[Any]:
        """The operations that take one of the tensors."""
        return _consumers(self._to_components())

    def __str__(self) -> str:
        shape = "" if self._dense_shape is None else f", dense_shape={self._dense_shape}"
        return f"IndexedSlices(indices={self._indices}, values={self._values}{shape})"

    def __neg__(self) -> IndexedSlices:
        return IndexedSlices(-self.values, self.indices, self.dense_shape)


@public("SparseTensor", "sparse.SparseTensor")
@nest.register_composite
class SparseTensor:
    """The non-zero elements of a tensor: `dense[tuple(indices[i])] == values[i]`.

    Args:
      indices: [N, rank] int64; in row-major order, which is not checked.
      values: [N].
      dense_shape: [rank] int64.

    Raises:
      ValueError: the shapes of the three do not go together.
    """

    def __init__(self, indices: Any, values: Any, dense_shape: Any) -> None:
        with scopes.name_scope(None, "SparseTensor", [indices, values, dense_shape]):
            self._indices = convert.convert_to_tensor(indices, dtypes.int64, "indices")
            self._values = convert.internal_convert(values, name="values")
            self._dense_shape = convert.convert_to_tensor(dense_shape, dtypes.int64, "dense_shape")
        index_sizes = self._indices.shape.with_rank(2).dims or []
        value_sizes = self._values.shape.with_rank(1).dims or []
        shape_sizes = self._dense_shape.shape.with_rank(1).dims or []
        index_sizes[0].merge_with(value_sizes[0])
        index_sizes[1].merge_with(shape_sizes[0])

    @classmethod
    def from_value(cls, sparse_tensor_value: Any) -> SparseTensor:
        """A SparseTensor of a SparseTensor or SparseTensorValue.

        Raises:
          TypeError: it is neither.
        """
        if not is_sparse(sparse_tensor_value):
            raise TypeError(f"Neither a SparseTensor nor SparseTensorValue: {sparse_tensor_value}.")
        return SparseTensor(
            *(getattr(sparse_tensor_value, field) for field in SparseTensorValue._fields)
        )

    @property
    def indices(self) -> Tensor:
        """Where the elements are: [N, rank] int64."""
        return self._indices

    @property
    def values(self) -> Tensor:
        """The elements: [N]."""
        return self._values

    @property
    def dense_shape(self) -> Tensor:
        """The shape of the dense tensor: [rank] int64."""
        return self._dense_shape

    @property
    def op(self) -> Any:
        """The operation that makes `values`."""
        return self._values.op

    @property
    def dtype(self) -> Any:
        """The element type."""
        return self._values.dtype

    @property
    def shape(self) -> TensorShape:
        """What is known of the dense tensor's shape."""
        return constants.constant_value_as_shape(self._dense_shape)

    @property
    def graph(self) -> Any:
        """The graph of the tensors."""
        return self._indices.graph

    def get_shape(self) -> TensorShape:
        """What is known of the dense tensor's shape."""
        return self.shape

    def _to_components(self) -> list[Any]:
        return [self._indices, self._values, self._dense_shape]

    def consumers(self) -> list[Any]:
        """The operations that take one of the tensors."""
        return _consumers(self._to_components())

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """The SparseTensorValue, computed by `session` or the default session.

        Raises:
          ValueError: there is no session, or it runs another graph.
        """
        session = scopes.session_for(self.graph, session, "evaluate tensor", "eval")
        return SparseTensorValue(*session.run(self._to_components(), feed_dict))

    def __str__(self) -> str:
        return f"SparseTensor(indices={self._indices}, values={self._values}, dense_shape={self._dense_shape})"

    @staticmethod
    def _override_operator(operator: str, function: Any) -> None:
        setattr(SparseTensor, operator, function)


TENSOR_LIKE = (Tensor, IndexedSlices, SparseTensor)


def _consumers(tensors: list[Tensor]) -> list[Any]:
    return list(dict.fromkeys(op for tensor in tensors for op in tensor.consumers()))


def is_sparse(x: Any) -> bool:
    """True for a SparseTensor or SparseTensorValue."""
    return isinstance(x, (SparseTensor, SparseTensorValue))


@public("convert_to_tensor_or_sparse_tensor")
def convert_to_tensor_or_sparse_tensor(
    value: Any, dtype: Any = None, name: str | None = None
) -> Any:
    """A SparseTensor of a sparse value, else a tensor.

    Raises:
      RuntimeError: a SparseTensor has another dtype.
      TypeError, ValueError: it does not convert.
    """
    if dtype is not None:
        dtype = dtypes.as_dtype(dtype)
    if isinstance(value, SparseTensorValue):
        value = SparseTensor.from_value(value)
    if isinstance(value, SparseTensor):
        if dtype is not None and not dtype.is_compatible_with(value.dtype):
            raise RuntimeError(
                f"Sparse dtype: requested = {dtype.name}, actual = {value.dtype.name}"
            )
        return value
    return convert.internal_convert(value, dtype, name)


@public("convert_to_tensor_or_indexed_slices")
def convert_to_tensor_or_indexed_slices(
    value: Any, dtype: Any = None, name: str | None = None
) -> Any:
    """IndexedSlices and SparseTensors as they are, anything else as a tensor.

    Raises:
      ValueError: the value has another dtype.
      TypeError: it does not convert.
    """
    return internal_convert_or_slices(value, dtype, name)


def internal_convert_or_slices(
    value: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False
) -> Any:
    """`convert_to_tensor_or_indexed_slices` with a choice of reference or value for ref variables."""
    if not isinstance(value, TENSOR_LIKE):
        return convert.internal_convert(value, dtype, name, as_ref)
    if dtype is not None and not dtypes.as_dtype(dtype).is_compatible_with(value.dtype):
        raise ValueError(
            f"Tensor conversion requested dtype {dtypes.as_dtype(dtype).name} for Tensor with dtype "
            f"{value.dtype.name}: {str(value)!r}"
        )
    return value


def convert_n_to_tensor_or_indexed_slices(
    values: Any, dtype: Any = None, name: str | None = None, as_ref: bool = False
) -> list[Any]:
    """Each of a list by `convert_to_tensor_or_indexed_slices`; None stays None.

    Raises:
      TypeError: `values` is no sequence, or one of them does not convert.
    """
    if not isinstance(values, collections.abc.Sequence):
        raise TypeError("values must be a sequence.")
    return [
        None
        if value is None
        else internal_convert_or_slices(
            value, dtype, None if name is None else f"{name}_{i}", as_ref
        )
        for i, value in enumerate(values)
    ]


internal_convert_n_to_tensor_or_indexed_slices = convert_n_to_tensor_or_indexed_slices


def _dense(
    value: IndexedSlices, dtype: Any = None, name: str | None = None, as_ref: bool = False
) -> Tensor:
    if dtype is not None and not dtype.is_compatible_with(value.dtype):
        raise ValueError(
            f"Tensor conversion requested dtype {dtype.name} for IndexedSlices with dtype "
            f"{value.dtype.name}"
        )
    if value.dense_shape is None:
        raise ValueError(
            f"Tensor conversion requested for IndexedSlices without dense_shape: {value}"
        )
    sizes = constants.constant_value(value.dense_shape)
    if sizes is None:
        warnings.warn(
            "Converting sparse IndexedSlices to a dense Tensor of unknown shape. This may consume a large "
            "amount of memory.",
            stacklevel=2,
        )
    elif np.prod(sizes) >= LARGE_SPARSE_NUM_ELEMENTS:
        warnings.warn(
            f"Converting sparse IndexedSlices to a dense Tensor with {np.prod(sizes)} elements. This may "
            "consume a large amount of memory.",
            stacklevel=2,
        )
    return opdef.call(
        "UnsortedSegmentSum", value.values, value.indices, value.dense_shape[0], name=name
    )


convert.register_tensor_conversion_function(IndexedSlices, _dense)
