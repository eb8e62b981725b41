"""`tf.TensorArray`: tensors by index, written and read inside loops.

Holds the class and the gradients of the ops, which stand in tensor_array_blocks.py.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from rekindle._src import tf_logging as logging
from rekindle._src.graph import constants, convert, dtypes, scopes
from rekindle._src.graph.shapes import TensorShape, as_shape
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import functional_flow, math_cast, math_ranges
from rekindle._src.ops import tensor_array_blocks as blocks


@public("TensorArray")
class TensorArray:
    """Tensors by index. A write gives a new object, which later operations go on with.

    Args:
      dtype: the element type.
      size: how many elements there are at first, an int32 scalar; needed without `handle`.
      dynamic_size: True lets writes grow the array.
      clear_after_read: False to allow reading an element more than once.
      tensor_array_name: the name that errors tell.
      handle: an existing array, given with its `flow`.
      flow: the scalar that orders the operations of an existing array.
      infer_shape: all elements have one shape, found at the first write.
      element_shape: what is known of the elements' shape.
      colocate_with_first_write_call: the array is on the device of the first value written.
      name: the name of the operation.

    Raises:
      ValueError: arguments for new and for existing arrays are mixed, or one is missing.
      TypeError: `handle` is no tensor.
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> TensorArray:
        """In functions of branches and loops, an array whose flow is a tensor list."""
        has_handle = len(args) > 5 or kwargs.get("handle") is not None
        if cls is TensorArray and not has_handle and functional_flow.control_flow_v2_enabled():
            return object.__new__(functional_flow.BUILDERS["TensorArray"])  # type: ignore[arg-type]
        return object.__new__(cls)

    def __init__(
        self, dtype: Any, size: Any = None, dynamic_size: bool | None = None,
        clear_after_read: bool | None = None, tensor_array_name: str | None = None,
        handle: Any = None, flow: Any = None, infer_shape: bool = True, element_shape: Any = None,
        colocate_with_first_write_call: bool = True, name: str | None = None,
    ) -> None:
        _check_arguments(
            handle, size, tensor_array_name, element_shape=element_shape,
            dynamic_size=dynamic_size, clear_after_read=clear_after_read,
        )
        self._dtype = dtypes.as_dtype(dtype).base_dtype
        self._dynamic_size = dynamic_size or False
        self._colocate = colocate_with_first_write_call
        self._beside: list[Tensor] = []  # the first value written, where the array is
        self._element_shape = [as_shape(element_shape)]  # shared by all objects of one array
        self._infer_shape = infer_shape
        with scopes.name_scope(name, "TensorArray", [handle, size, flow]) as scope:
            if handle is not None:
                if flow is None:
                    raise ValueError("flow must not be None if handle is not None.")
                self._handle, self._flow = handle, flow
                return
            with contextlib.ExitStack() as stack:
                if colocate_with_first_write_call:
                    stack.enter_context(scopes.device(None))
                    stack.enter_context(scopes.colocate_with(None, ignore_existing=True))
                self._handle, self._flow = blocks.tensor_array_v3(
                    size, dtype=self._dtype, element_shape=element_shape,
                    dynamic_size=self._dynamic_size,
                    clear_after_read=True if clear_after_read is None else clear_after_read,
                    identical_element_shapes=infer_shape,
                    tensor_array_name=tensor_array_name, name=scope,
                )

    @property
    def flow(self) -> Tensor:
        """The scalar that orders the operations."""
        return self._flow

    @property
    def dtype(self) -> Any:
        """The element type."""
        return self._dtype

    @property
    def handle(self) -> Tensor:
        """The reference to the array."""
        return self._handle

    @property
    def element_shape(self) -> TensorShape:
        """What is known of the elements' shape."""
        return self._element_shape[0]

    @property
    def dynamic_size(self) -> bool:
        """True if writes may grow the array."""
        return self._dynamic_size

    def identity(self) -> TensorArray:
        """The same array, by a new flow that keeps control dependencies."""
        return with_flow(self, array_ops.identity(self._flow))

    def grad(self, source: str, flow: Any = None, name: str | None = None) -> TensorArray:
        """The array of gradients that belongs to `source`, a call of tf.gradients."""
        flow = self.flow if flow is None else flow
        with scopes.name_scope(name, "TensorArrayGrad", [self._handle]):
            with scopes.colocate_with(self._handle):
                made = blocks.tensor_array_grad_v3(self._handle, flow, source=source, name=name)
                handle = made[0]
                with scopes.control_dependencies([handle]):
                    flow = array_ops.identity(flow, name="gradient_flow")
                array = TensorArray(
                    self._dtype, handle=handle, flow=flow, infer_shape=self._infer_shape,
                    colocate_with_first_write_call=False,
                )
                array._element_shape = self._element_shape
                return array

    def read(self, index: Any, name: str | None = None) -> Tensor:
        """The element at `index`."""
        value = blocks.tensor_array_read_v3(
            self._handle, index, self._flow, dtype=self._dtype, name=name
        )
        value.set_shape(self.element_shape)
        return value

    def write(self, index: Any, value: Any, name: str | None = None) -> TensorArray:
        """The array after `value` was written at `index`.

        Raises:
          ValueError: its shape is not that of the other elements.
        """
        with scopes.name_scope(name, "TensorArrayWrite", [self._handle, index, value]):
            value = self._converted(value)
            self._take_shape(value.shape)
            with self._beside_first(value):
                flow = blocks.tensor_array_write_v3(
                    self._handle, index, value, self._flow, name=name
                )
            return with_flow(self, flow)

    def stack(self, name: str | None = None) -> Tensor:
        """All elements along a new first axis."""
        with scopes.colocate_with(self._handle):
            with scopes.name_scope(name, "TensorArrayStack", [self._handle]):
                return self.gather(math_ranges.range(0, self.size()), name=name)

    def gather(self, indices: Any, name: str | None = None) -> Tensor:
        """The elements at `indices` along a new first axis."""
        shape = self.element_shape
        value = blocks.tensor_array_gather_v3(
            self._handle, indices, self._flow, dtype=self._dtype, element_shape=shape, name=name
        )
        if shape.dims is not None:
            value.set_shape([None, *shape.as_list()])
        return value

    def concat(self, name: str | None = None) -> Tensor:
        """All elements one after the other along their first axis."""
        shape = self.element_shape
        value = blocks.tensor_array_concat_v3(
            self._handle, self._flow, dtype=self._dtype, element_shape_except0=shape[1:],
            name=name,
        )[0]
        if shape.dims is not None:
            value.set_shape([None, *shape.as_list()[1:]])
        return value

    def unstack(self, value: Any, name: str | None = None) -> TensorArray:
        """The array after the rows of `value` were written at 0, 1, ..."""
        with scopes.name_scope(name, "TensorArrayUnstack", [self._handle, value]):
            count = array_ops.shape(value)[0]
            return self.scatter(math_ranges.range(0, count), value, name=name)

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> TensorArray:
        """The array after the rows of `value` were written at `indices`."""
        with scopes.name_scope(name, "TensorArrayScatter", [self._handle, value, indices]):
            value = self._converted(value)
            self._take_shape(value.shape[1:])
            with self._beside_first(value):
                flow = blocks.tensor_array_scatter_v3(
                    self._handle, indices, value, self._flow, name=name
                )
            return with_flow(self, flow)

    def split(self, value: Any, lengths: Any, name: str | None = None) -> TensorArray:
        """The array after pieces of `value` of the given lengths were written."""
        with scopes.name_scope(name, "TensorArraySplit", [self._handle, value, lengths]):
            value = convert.convert_to_tensor(value, dtype=self._dtype, name="value")
            with self._beside_first(value):
                lengths = math_cast.cast(lengths, dtypes.int64)
                known = constants.constant_value(lengths)
                if value.shape.dims is not None and known is not None and known.shape:
                    if known.size and known.max() == known.min():
                        self._take_shape(TensorShape([known[0]]).concatenate(value.shape[1:]))
                flow = blocks.tensor_array_split_v3(
                    self._handle, value, lengths, self._flow, name=name
                )
            return with_flow(self, flow)

    def size(self, name: str | None = None) -> Tensor:
        """The number of elements."""
        return blocks.tensor_array_size_v3(self._handle, self._flow, name=name)

    def close(self, name: str | None = None) -> Any:
        """An operation after which the array is gone."""
        return blocks.tensor_array_close_v3(self._handle, name=name)

    def mark_used(self) -> None:
        """Nothing; TensorFlow warns of arrays that nobody uses."""

    def _converted(self, value: Any) -> Tensor:
        value = convert.convert_to_tensor(value, preferred_dtype=self._dtype, name="value")
        if value.dtype != self._dtype:
            logging.error(
                "Error: Input value %s has dtype %s, but expected dtype %s.  This leads to "
                "undefined behavior and will be an error in future versions of TensorFlow.",
                value, str(value.dtype), str(self._dtype),
            )
        return value

    def _take_shape(self, shape: TensorShape) -> None:
        """Learn the elements' shape from one of them."""
        if not shape.is_compatible_with(self.element_shape):
            raise ValueError(f"Inconsistent shapes: saw {shape} but expected {self.element_shape} ")
        if self._infer_shape:
            self._element_shape[0] = self.element_shape.merge_with(shape)

    def _again(self, flow: Tensor) -> TensorArray:
        """The same array, going on with another flow."""
        out = TensorArray(
            self._dtype, handle=self._handle, flow=flow, infer_shape=self._infer_shape,
            colocate_with_first_write_call=self._colocate,
        )
        out._dynamic_size = self._dynamic_size
        out._beside = self._beside
        out._element_shape = self._element_shape
        return out

    @contextlib.contextmanager
    def _beside_first(self, value: Tensor) -> Iterator[None]:
        if not self._colocate:
            yield
            return
        if not self._beside:
            self._beside.append(value)
        with scopes.colocate_with(self._beside[0]):
            yield


def _check_arguments(handle: Any, size: Any, array_name: str | None, **others: Any) -> None:
    """Refuse a mixture of the arguments for new and for existing arrays."""
    if handle is None:
        if size is None:
            raise ValueError("Size must be provided if handle is not provided")
        return
    if array_name:
        raise ValueError("Cannot construct with both handle and tensor_array_name")
    if not isinstance(handle, Tensor):
        raise TypeError("Handle must be a Tensor")
    if size is not None:
        raise ValueError("Cannot provide both a handle and size at the same time")
    for name, value in others.items():
        if value is not None:
            raise ValueError(f"Cannot provide both a handle and {name} at the same time")


def with_flow(array: TensorArray, flow: Tensor) -> TensorArray:
    """The same array, going on with another flow."""
    return array._again(flow)


# Gradients: each call of tf.gradients has its own array of gradients, known by its name scope.


def _GetGradSource(op_or_tensor: Any) -> str:  # noqa: N802 - TensorFlow's name
    """The scope of the call of tf.gradients that made something.

    Raises:
      ValueError: no scope around it begins with "gradients".
    """
    parts = op_or_tensor.name.split("/")
    found = [i for i, part in enumerate(parts) if part.startswith("gradients")]
    if not found:
        raise ValueError(
            "Expected op/tensor name to start with gradients (excluding scope), got: "
            f"{op_or_tensor.name}. This means that a tf.gradients op with this op in its dependency path "
            "has a custom name that does not start with 'gradients'. Please make sure all calls to "
            "tf.gradients that have non-empty 'name' arguments use names that start with "
            "'gradients'."
        )
    return "/".join(parts[: found[-1] + 1])


def _gradients_of(handle: Tensor, flow: Tensor, dtype: Any, grad: Tensor) -> TensorArray:
    """The array of gradients beside an array, for the call of tf.gradients that made `grad`.

    Raises:
      ValueError: `grad` was not made by tf.gradients under a name that begins with "gradients".
    """
    array = TensorArray(dtype, handle=handle, flow=flow, colocate_with_first_write_call=False)
    return array.grad(source=_GetGradSource(grad), flow=flow)


@blocks.tensor_array_read_v3.gradient
def tensor_array_read_gradient(op, dy):
    handle, index, flow = op.inputs
    array = _gradients_of(handle, flow, op.get_attr("dtype"), dy)
    return [None, None, array.write(index, dy).flow]


@blocks.tensor_array_write_v3.gradient
def tensor_array_write_gradient(op, flow):
    array = _gradients_of(op.inputs[0], flow, op.get_attr("T"), flow)
    return [None, None, array.read(op.inputs[1]), flow]


@blocks.tensor_array_gather_v3.gradient
def tensor_array_gather_gradient(op, dy):
    handle, indices, flow = op.inputs
    array = _gradients_of(handle, flow, op.get_attr("dtype"), dy)
    return [None, None, array.scatter(indices, dy).flow]


@blocks.tensor_array_scatter_v3.gradient
def tensor_array_scatter_gradient(op, flow):
    array = _gradients_of(op.inputs[0], flow, op.get_attr("T"), flow)
    return [None, None, array.gather(op.inputs[1]), flow]


@blocks.tensor_array_concat_v3.gradient
def tensor_array_concat_gradient(op, dy, _):
    handle, flow = op.inputs
    array = _gradients_of(handle, flow, op.get_attr("dtype"), dy)
    return [None, array.split(dy, lengths=op.outputs[1]).flow]


@blocks.tensor_array_split_v3.gradient
def tensor_array_split_gradient(op, flow):
    array = _gradients_of(op.inputs[0], flow, op.get_attr("T"), flow)
    return [None, array.concat(), None, flow]
