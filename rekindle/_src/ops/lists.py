"""Tensor lists in graphs: the functions of TensorFlow's list_ops, and the gradients of the ops.

The ops stand in list_blocks.py. A gradient of a list is a list of gradients.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, dtypes
from rekindle._src.graph.shapes import Dimension, TensorShape
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import list_blocks as blocks
from rekindle._src.ops.cond import cond


def empty_tensor_list(
    element_shape: Any, element_dtype: Any, max_num_elements: Any = None, name: str | None = None
) -> Tensor:
    """A list without elements, which takes at most `max_num_elements`; default: any number."""
    return blocks.empty_tensor_list(
        element_shape=_build_element_shape(element_shape), element_dtype=element_dtype,
        max_num_elements=-1 if max_num_elements is None else max_num_elements, name=name)


def tensor_list_reserve(
    element_shape: Any, num_elements: Any, element_dtype: Any, name: str | None = None
) -> Tensor:
    """A list of `num_elements` elements, none of which is set."""
    return blocks.tensor_list_reserve(
        element_shape=_build_element_shape(element_shape), num_elements=num_elements,
        element_dtype=element_dtype, name=name)


def tensor_list_from_tensor(tensor: Any, element_shape: Any, name: str | None = None) -> Tensor:
    """The list of a tensor's rows."""
    return blocks.tensor_list_from_tensor(
        tensor=tensor, element_shape=_build_element_shape(element_shape), name=name)


def tensor_list_get_item(
    input_handle: Any, index: Any, element_dtype: Any, element_shape: Any = None,
    name: str | None = None,
) -> Tensor:
    """The element at `index`."""
    return blocks.tensor_list_get_item(
        input_handle=input_handle, index=index, element_shape=_build_element_shape(element_shape),
        element_dtype=element_dtype, name=name)


def tensor_list_pop_back(input_handle: Any, element_dtype: Any, name: str | None = None) -> Any:
    """The list without its last element, and that element."""
    return blocks.tensor_list_pop_back(
        input_handle=input_handle, element_shape=-1, element_dtype=element_dtype, name=name)


def tensor_list_gather(
    input_handle: Any, indices: Any, element_dtype: Any, element_shape: Any = None,
    name: str | None = None,
) -> Tensor:
    """The elements at `indices` along a new first axis."""
    return blocks.tensor_list_gather(
        input_handle=input_handle, indices=indices,
        element_shape=_build_element_shape(element_shape), element_dtype=element_dtype, name=name)


def tensor_list_scatter(
    tensor: Any, indices: Any, element_shape: Any = None, input_handle: Any = None,
    name: str | None = None,
) -> Tensor:
    """A new list, or that of `input_handle`, with the rows of a tensor at `indices`."""
    if input_handle is not None:
        return blocks.tensor_list_scatter_into_existing_list(
            input_handle=input_handle, tensor=tensor, indices=indices, name=name)
    return blocks.tensor_list_scatter_v2(
        tensor=tensor, indices=indices, element_shape=_build_element_shape(element_shape),
        num_elements=-1, name=name)


def tensor_list_stack(
    input_handle: Any, element_dtype: Any, num_elements: int = -1, element_shape: Any = None,
    name: str | None = None,
) -> Tensor:
    """All elements along a new first axis; `num_elements` says how many there must be."""
    return blocks.tensor_list_stack(
        input_handle=input_handle, element_shape=_build_element_shape(element_shape),
        element_dtype=element_dtype, num_elements=num_elements, name=name)


def tensor_list_concat(
    input_handle: Any, element_dtype: Any, element_shape: Any = None, name: str | None = None
) -> Tensor:
    """All elements one after the other along their first axis."""
    return blocks.tensor_list_concat_v2(
        input_handle=input_handle, element_dtype=element_dtype,
        element_shape=_build_element_shape(element_shape),
        leading_dims=convert.convert_to_tensor([], dtype=dtypes.int64), name=name)[0]


def tensor_list_split(
    tensor: Any, element_shape: Any, lengths: Any, name: str | None = None
) -> Tensor:
    """The list of a tensor's pieces of the given lengths."""
    return blocks.tensor_list_split(
        tensor=tensor, element_shape=_build_element_shape(element_shape), lengths=lengths,
        name=name)


def tensor_list_set_item(
    input_handle: Any, index: Any, item: Any, resize_if_index_out_of_bounds: bool = False,
    name: str | None = None,
) -> Tensor:
    """The list with another element at `index`; it may grow if that is asked for."""
    if resize_if_index_out_of_bounds:
        held, size = input_handle, blocks.tensor_list_length(input_handle)
        input_handle = cond(
            index >= size, lambda: blocks.tensor_list_resize(held, index + 1), lambda: held)
    return blocks.tensor_list_set_item(input_handle=input_handle, index=index, item=item, name=name)


def _build_element_shape(shape: Any) -> Any:
    """A shape as the ops take it: -1 for what is not known. A tensor is taken as it is."""
    if isinstance(shape, Tensor):
        return shape
    if isinstance(shape, TensorShape):
        shape = shape.as_list() if shape.dims is not None else None
    if shape is None:
        return -1
    if not shape:
        return convert.convert_to_tensor(shape, dtype=dtypes.int32)
    sizes = [one.value if isinstance(one, Dimension) else one for one in shape]
    return [-1 if size is None else size for size in sizes]


def _element_shape(handle: Tensor) -> Tensor:
    return blocks.tensor_list_element_shape(handle, shape_type=dtypes.int32)


def _row_shape(tensor: Tensor) -> Tensor:
    return array_ops.slice(array_ops.shape(tensor), [1], [-1])


@blocks.tensor_list_push_back.gradient
def push_back_gradient(op, dlist):
    return blocks.tensor_list_pop_back(
        dlist, element_shape=array_ops.shape(op.inputs[1]),
        element_dtype=op.get_attr("element_dtype"))


@blocks.tensor_list_pop_back.gradient
def pop_back_gradient(op, dlist, delement):
    if dlist is None:
        dlist = empty_tensor_list(
            element_dtype=delement.dtype, element_shape=_element_shape(op.outputs[0]))
    return blocks.tensor_list_push_back(dlist, delement), None


@blocks.tensor_list_stack.gradient
def stack_gradient(op, dtensor):
    return tensor_list_from_tensor(dtensor, element_shape=dtensor.shape[1:]), None


@blocks.tensor_list_concat.gradient
@blocks.tensor_list_concat_v2.gradient
def concat_gradient(op, dtensor, _):
    dlist = tensor_list_split(
        dtensor, element_shape=_element_shape(op.inputs[0]), lengths=op.outputs[1])
    return [dlist] + [None] * (len(op.inputs) - 1)


@blocks.tensor_list_split.gradient
def split_gradient(op, dlist):
    tensor, _, lengths = op.inputs
    element_shape = array_ops.concat([[-1], _row_shape(tensor)], axis=0)
    joined = blocks.tensor_list_concat_v2(
        dlist, element_shape=element_shape, leading_dims=lengths, element_dtype=tensor.dtype)
    return joined[0], None, None


@blocks.tensor_list_from_tensor.gradient
def from_tensor_gradient(op, dlist):
    tensor = op.inputs[0]
    if dlist is None:
        dlist = empty_tensor_list(
            element_dtype=tensor.dtype, element_shape=_element_shape(op.outputs[0]))
    count = tensor.shape.dims[0].value if tensor.shape.dims else None
    return blocks.tensor_list_stack(
        dlist, element_shape=_row_shape(tensor), element_dtype=tensor.dtype,
        num_elements=count), None


@blocks.tensor_list_get_item.gradient
def get_item_gradient(op, ditem):
    size = blocks.tensor_list_length(op.inputs[0])
    reserved = blocks.tensor_list_reserve(
        _element_shape(op.inputs[0]), size, element_dtype=ditem.dtype)
    dlist = blocks.tensor_list_set_item(reserved, index=op.inputs[1], item=ditem)
    return dlist, None, None


@blocks.tensor_list_set_item.gradient
def set_item_gradient(op, dlist):
    _, index, item = op.inputs
    without = blocks.tensor_list_set_item(dlist, index=index, item=array_ops.zeros_like(item))
    ditem = tensor_list_get_item(
        dlist, index, element_shape=array_ops.shape(item), element_dtype=item.dtype)
    return without, None, ditem


@blocks.tensor_list_resize.gradient
def resize_gradient(op, dlist):
    size = blocks.tensor_list_length(op.inputs[0])
    return blocks.tensor_list_resize(dlist, size), None


@blocks.tensor_list_gather.gradient
def gather_gradient(op, dtensor):
    handle, indices, _ = op.inputs
    element_shape = _element_shape(handle)
    size = blocks.tensor_list_length(handle)
    reserved = tensor_list_reserve(element_shape, size, dtensor.dtype)
    dlist = tensor_list_scatter(tensor=dtensor, indices=indices, input_handle=reserved)
    return dlist, None, None


@blocks.tensor_list_scatter.gradient
@blocks.tensor_list_scatter_v2.gradient
def scatter_gradient(op, dlist):
    tensor, indices = op.inputs[0], op.inputs[1]
    dtensor = blocks.tensor_list_gather(
        dlist, indices, element_shape=_row_shape(tensor), element_dtype=tensor.dtype)
    return [dtensor] + [None] * (len(op.inputs) - 1)


@blocks.tensor_list_scatter_into_existing_list.gradient
def scatter_into_existing_list_gradient(op, dlist):
    _, tensor, indices = op.inputs
    dtensor = blocks.tensor_list_gather(
        dlist, indices, element_shape=_row_shape(tensor), element_dtype=tensor.dtype)
    zeros = array_ops.zeros_like(tensor)
    without = tensor_list_scatter(zeros, indices, indices, input_handle=dlist)
    return without, dtensor, None


for _block in (
    blocks.tensor_list_concat_lists, blocks.tensor_list_element_shape, blocks.tensor_list_length,
    blocks.tensor_list_push_back_batch,
):
    _block.no_gradient()
