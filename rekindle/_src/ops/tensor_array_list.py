"""TensorArrays whose flow is a tensor list: what `tf.TensorArray` makes inside of functions of branches and loops, and
where a program asked for such (`tf.enable_control_flow_v2`).
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import constants, dtypes, scopes
from rekindle._src.graph.shapes import TensorShape, as_shape
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import array_shape, control, functional_flow, list_blocks, lists, math_cast
from rekindle._src.ops.tensor_array import TensorArray


class ListArray(TensorArray):
    """A TensorArray without a handle: the flow holds the elements.

    Raises:
      ValueError: neither or both of `size` and `flow` are given.
      TypeError: `flow` is no tensor list.
    """

    def __init__(
        self, dtype: Any, size: Any = None, dynamic_size: bool | None = None, clear_after_read: bool | None = None,
        tensor_array_name: str | None = None, handle: Any = None, flow: Any = None, infer_shape: bool = True,
        element_shape: Any = None, colocate_with_first_write_call: bool = True, name: str | None = None,
    ) -> None:
        del clear_after_read, tensor_array_name, handle, colocate_with_first_write_call
        if flow is not None and (not isinstance(flow, Tensor) or flow.dtype is not dtypes.variant):
            raise TypeError("flow must be a variant tensor")
        if flow is None and size is None:
            raise ValueError("Size must be provided if flow is not provided")
        if flow is not None and (size is not None or element_shape is not None):
            given = "size" if size is not None else "element_shape"
            raise ValueError(f"Cannot provide both a flow and {given} at the same time")
        self._dtype = dtypes.as_dtype(dtype).base_dtype
        self._dynamic_size: Any = dynamic_size
        self._infer_shape = infer_shape
        self._element_shape = [as_shape(element_shape)]
        self._colocate = False
        self._handle: Any = None
        with scopes.name_scope(name, "TensorArrayV2", [size, flow]) as scope:
            self._flow = lists.tensor_list_reserve(element_shape, size, dtype, scope) if flow is None else flow

    def _again(self, flow: Tensor) -> ListArray:
        out = ListArray(self._dtype, flow=flow, infer_shape=self._infer_shape)
        out._dynamic_size = self._dynamic_size
        out._element_shape = self._element_shape
        return out

    def identity(self) -> ListArray:
        """The same array, by a new flow that keeps control dependencies."""
        return self._again(array_shape.identity(self._flow))

    def grad(self, source: str, flow: Any = None, name: str | None = None) -> Any:
        """An error: gradients are lists.

        Raises:
          NotImplementedError: always.
        """
        raise NotImplementedError("a TensorArray on a tensor list has no array of gradients")

    def read(self, index: Any, name: str | None = None) -> Tensor:
        """The element at `index`."""
        with scopes.name_scope(name, "TensorArrayV2Read", [self._flow, index]):
            return lists.tensor_list_get_item(self._flow, index, self._dtype, self.element_shape, name)

    def write(self, index: Any, value: Any, name: str | None = None) -> ListArray:
        """The array after `value` was written at `index`."""
        with scopes.name_scope(name, "TensorArrayV2Write", [self._flow, index, value]):
            value = self._converted(value)
            self._take_shape(value.shape)
            return self._again(lists.tensor_list_set_item(
                self._flow, index, value, resize_if_index_out_of_bounds=bool(self._dynamic_size), name=name))

    def stack(self, name: str | None = None) -> Tensor:
        """All elements along a new first axis."""
        with scopes.name_scope(name, "TensorArrayV2Stack", [self._flow]):
            return lists.tensor_list_stack(self._flow, self._dtype, element_shape=self.element_shape)

    def gather(self, indices: Any, name: str | None = None) -> Tensor:
        """The elements at `indices` along a new first axis."""
        return lists.tensor_list_gather(self._flow, indices, self._dtype, self.element_shape, name)

    def concat(self, name: str | None = None) -> Tensor:
        """All elements one after the other along their first axis."""
        shape = self.element_shape
        rest = None if shape.dims is None else [None, *shape.dims[1:]]
        return lists.tensor_list_concat(self._flow, self._dtype, rest, name)

    def unstack(self, value: Any, name: str | None = None) -> ListArray:
        """The array of the rows of `value`."""
        with scopes.name_scope(name, "TensorArrayUnstack", [self._flow, value]):
            value = self._converted(value)
            self._take_shape(value.shape[1:])
            return self._again(lists.tensor_list_from_tensor(value, value.shape[1:]))

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> ListArray:
        """The array after the rows of `value` were written at `indices`."""
        with scopes.name_scope(name, "TensorArrayScatter", [self._flow, value, indices]):
            value = self._converted(value)
            self._take_shape(value.shape[1:])
            return self._again(lists.tensor_list_scatter(value, indices, self.element_shape, self._flow))

    def split(self, value: Any, lengths: Any, name: str | None = None) -> ListArray:
        """The array of pieces of `value` of the given lengths."""
        with scopes.name_scope(name, "TensorArraySplit", [self._flow, value, lengths]):
            value = self._converted(value)
            lengths = math_cast.cast(lengths, dtypes.int64)
            known = constants.constant_value(lengths)
            if value.shape.dims is not None and known is not None and known.shape and known.max() == known.min():
                self._take_shape(TensorShape([known[0]]).concatenate(value.shape[1:]))
            return self._again(lists.tensor_list_split(value, self.element_shape, lengths, name))

    def size(self, name: str | None = None) -> Tensor:
        """The number of elements."""
        return list_blocks.tensor_list_length(self._flow, name=name)

    def close(self, name: str | None = None) -> Any:
        """An operation that does nothing."""
        return control.no_op(name=name)

functional_flow.BUILDERS["TensorArray"] = ListArray
