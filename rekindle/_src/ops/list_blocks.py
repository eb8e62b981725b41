"""The ops of tensor lists: values of type variant that hold tensors of one type.

Holds kernels and shape rules; the functions that graphs are built with and the gradients stand in lists.py, the value
in tensor_list.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from rekindle._src.graph import infer
from rekindle._src.graph.infer import ELEMENTS, Shape
from rekindle._src.graph.opdef import op
from rekindle._src.ops.string import dtype_name
from rekindle._src.ops.tensor_list import (
    TensorList,
    fits,
    invalid,
    list_of,
    merged,
    merged_with_items,
    rows,
    shape_from,
    show,
    stacked,
    zeros,
)

# Shape rules: that of the outputs, and what is known of the elements of those that are lists.


def _given_shape(c: Any, index: int) -> Shape:
    """Input `index` read as a shape; nothing is known where it is a scalar."""
    shape = infer.with_rank_at_most(c.shapes[index], 1)
    if shape != ():
        return None if shape is None else c.shape_value(index)
    value = c.value(index)
    if value is not None and value != -1:
        raise ValueError("Input tensor must be rank 1, or if its rank 0 then it must have value -1 "
                         f"(representing an unknown shape).  Saw value: {value}")
    return None


def _held(c: Any, refusal: str) -> Shape:
    """The shape of the elements of the first input; `refusal` words the error of another type."""
    element = c.element(0)
    if element is None:
        return None
    wanted = c.attr("element_dtype")
    if element[0] is not wanted:
        raise ValueError(refusal.format(wanted=dtype_name(wanted), held=dtype_name(element[0])))
    return element[1]


_PUSH = ("Trying to push to list with wrong element dtype. List has type {held} but trying to push element with type "
         "{wanted}")
_POP = ("Trying to read from list with wrong element dtype. List has type {held} but trying to push element with type "
        "{wanted}")
_READ = "Trying to read from list with wrong element dtype. List has type {held} but expected type {wanted}"
_EXPECTED = "Expected list with element dtype {wanted} but got list with element dtype {held}"


def _elements(rule: Callable[[Any], Any]) -> Callable[[Any], list[Any]]:
    """A rule of the elements of the one list that comes out: their type is an attr, `rule` says their shape."""
    return lambda c: [(c.attr("element_dtype"), rule(c))]


def _stack_shape(c: Any) -> Shape:
    element = infer.merge(_held(c, _READ), _given_shape(c, 1))
    count = c.attr("num_elements")
    return None if element is None else (None if count == -1 else count, *element)


def _concat_shapes(c: Any, element: Shape) -> list[Shape]:
    element = infer.merge(element, _held(c, _READ))
    return [None if element is None else (None, *element[1:]), (None,)]


def _split_element(c: Any) -> Shape:
    tensor = infer.with_rank_at_least(c.shapes[0], 1)
    infer.with_rank(c.shapes[2], 1)
    element = _given_shape(c, 1)
    infer.merge(None if tensor is None else (None, *tensor[1:]), element)
    return element


def _row_element(c: Any) -> Shape:
    tensor = c.shapes[0]
    element = _given_shape(c, 1)
    infer.merge(None if tensor is None else tensor[1:], element)
    return element


def _item_shape(c: Any) -> Shape:
    return infer.merge(_held(c, _EXPECTED), _given_shape(c, 2))


def _gather_shape(c: Any) -> Shape:
    element = _item_shape(c)
    return None if element is None or c.shapes[1] is None else (*c.shapes[1], *element)


def _element_shape_shape(c: Any) -> Shape:
    element = c.element(0)
    return (None,) if element is None or element[1] is None else (len(element[1]),)


def _set_elements(c: Any) -> list[Any]:
    element = c.element(0)
    if element is None:
        return [(c.attr("element_dtype"), None)]
    infer.merge(c.shapes[2], element[1])
    return [element]


def _resize_shape(c: Any) -> Shape:
    infer.with_rank(c.shapes[1], 0)
    return ()


def _existing_shape(c: Any) -> Shape:
    infer.with_rank_at_least(c.shapes[1], 1)
    infer.with_rank(c.shapes[2], 1)
    return ()


def _batch_shape(c: Any) -> Shape:
    handles, tensor = infer.with_rank(c.shapes[0], 1), infer.with_rank_at_least(c.shapes[1], 1)
    return handles if tensor is None else infer.merge(tensor[:1], handles)


def _both_elements(c: Any) -> list[Any]:
    wanted = c.attr("element_dtype")
    first, second = c.element(0) or c.element(1), c.element(1) or c.element(0)
    if first is None or second is None:
        return [(wanted, None)]
    for name, (held, _) in (("input_a", first), ("input_b", second)):
        if held is not wanted:
            raise ValueError(f"{name}.type != element_dtype: {dtype_name(held)} vs. {dtype_name(wanted)}")
    return [(wanted, infer.merge(first[1], second[1]))]


def _summed_elements(c: Any) -> list[Any]:
    """Lists that are added have elements of one type and shape."""
    first = found = c.element(len(c.shapes) - 1)
    for i in range(len(c.shapes) - 2, -1, -1):
        other = c.element(i)
        if first is None or other is None:
            first = found = found or other
            continue
        if other[0] is not first[0]:
            raise ValueError(f"shapes_and_types[{i}][0].dtype() == {dtype_name(other[0])} != "
                             f"shapes_and_types[0][0].dtype == {dtype_name(first[0])}")
        found = (first[0], infer.merge(other[1], found[1]))
    return [found]


def _packed_elements(c: Any) -> list[Any]:
    """Lists in one array: what they have in common."""
    found = None
    for element in filter(None, map(c.element, range(len(c.shapes)))):
        if found is not None and found[0] is not element[0]:
            return [None]
        if found is None or found[1] == element[1]:
            found = element
        elif found[1] is None or element[1] is None or len(found[1]) != len(element[1]):
            found = (found[0], None)
        else:
            found = (found[0], tuple(a if a == b else None for a, b in zip(found[1], element[1], strict=True)))
    return [found]


# The ops.


@op("EmptyTensorList", infer=infer.scalar)
def empty_tensor_list(element_shape, max_num_elements, *, element_dtype):
    """A list without elements, which takes at most so many; -1: any number."""
    if max_num_elements.ndim:
        raise invalid(f"max_num_elements expected to be a scalar but got shape: {show(tuple(max_num_elements.shape))}")
    return TensorList(element_dtype, shape_from(element_shape), [], int(max_num_elements))


@op("TensorListReserve", infer=infer.scalar)
def tensor_list_reserve(element_shape, num_elements, *, element_dtype):
    """A list of so many elements, none of which is set."""
    shape, count = shape_from(element_shape), int(num_elements)
    if count < 0:
        raise invalid(f"The num_elements to reserve must be a non negative number, but got {count}")
    return TensorList(element_dtype, shape, [None] * count)


@op("TensorListPushBack", infer=infer.scalar, aliases=(0, 1))
def tensor_list_push_back(input_handle, tensor, *, element_dtype):
    """The list with one element more."""
    held = list_of(input_handle)
    if not fits(held.element_shape, tuple(tensor.shape)):
        raise invalid("Tried to append a tensor with incompatible shape to a list. Op element shape: "
                      f"{show(tuple(tensor.shape))} list shape: {show(held.element_shape)}")
    held.check_type(element_dtype)
    if held.limit != -1 and len(held.items) >= held.limit:
        raise invalid(f"Tried to push item into a full list list size: {len(held.items)} "
                      f"max_num_elements: {held.limit}")
    return held.having([*held.items, tensor])


@op("TensorListPushBackBatch", infer=_batch_shape, aliases=(0, 1))
def tensor_list_push_back_batch(input_handles, tensor, *, element_dtype):
    """The lists, each with a row of a tensor as one element more."""
    if not tensor.ndim:
        raise invalid("Expected tensor to be at least a vector, but saw shape: []")
    if np.ndim(input_handles) != 1:
        raise invalid("Expected input_handles to be a vector, but saw shape: "
                      f"{show(np.shape(input_handles))}")
    if len(input_handles) != tensor.shape[0]:
        raise invalid(f"Expected tensor.shape[0] == input_handles.size, but saw {tensor.shape[0]} vs. "
                      f"{len(input_handles)}")
    shape = tuple(tensor.shape[1:])
    out = np.empty(len(input_handles), object)
    for i, (held, row) in enumerate(zip(input_handles, rows(tensor), strict=True)):
        if not isinstance(held, TensorList):
            raise invalid(f"Input handle at index {i} is not a list. Saw: '{held}'")
        if not fits(held.element_shape, shape):
            raise invalid(f"Tried to append a tensor with incompatible shape to a list at index {i}. Op element shape: "
                          f"{show(shape)} list shape: {show(held.element_shape)}")
        if held.dtype is not element_dtype:
            raise invalid(f"Invalid data type at index {i}; op elements {dtype_name(element_dtype)} but list elements "
                          f"{dtype_name(held.dtype)}")
        out[i] = held.having([*held.items, row])
    return out


@op("TensorListPopBack", infer=lambda c: [(), _held(c, _POP)], aliases=0)
def tensor_list_pop_back(input_handle, element_shape, *, element_dtype):
    """The list without its last element, and that."""
    held = list_of(input_handle)
    held.check_type(element_dtype)
    if not held.items:
        raise invalid("Trying to pop from an empty list.")
    item = held.items[-1]
    if item is None:
        shape = merged(shape_from(element_shape), held.element_shape)
        if not infer.is_known(shape):
            raise invalid("Trying to read an uninitialized tensor but element_shape is not fully defined."
                          f"{show(shape)}")
        item = zeros(element_dtype, shape, held.items)
    return held.having(held.items[:-1]), item


@op("TensorListLength", infer=infer.scalar)
def tensor_list_length(input_handle):
    """How many elements a list has."""
    return torch.tensor(len(list_of(input_handle).items), dtype=torch.int32)


@op("TensorListElementShape", infer=_element_shape_shape)
def tensor_list_element_shape(input_handle, *, shape_type):
    """What is known of the shape of a list's elements; -1 for what is not."""
    shape = list_of(input_handle).element_shape
    sizes: Any = -1 if shape is None else [-1 if size is None else size for size in shape]
    return torch.tensor(sizes, dtype=shape_type.torch)


@op("TensorListResize", infer=_resize_shape, aliases=0, pure=True)
def tensor_list_resize(input_handle, size):
    """The list cut or filled up to so many elements."""
    held, count = list_of(input_handle), int(size)
    if count < 0:
        raise invalid(f"TensorListSlice expects size to be non-negative. Got: {count}")
    return held.having([*held.items[:count], *[None] * (count - len(held.items))])


@op("TensorListGetItem", infer=_item_shape, aliases=0)
def tensor_list_get_item(input_handle, index, element_shape, *, element_dtype):
    """One element of a list."""
    held, at = list_of(input_handle), int(index)
    held.check_type(element_dtype)
    if not 0 <= at < len(held.items):
        raise invalid(f"Trying to access element {at} in a list with {len(held.items)} elements.")
    if held.items[at] is not None:
        return held.items[at]
    shape = merged(shape_from(element_shape), held.element_shape)
    if not infer.is_known(shape):
        shape = merged_with_items(shape, held.items)
    if not infer.is_known(shape):
        raise invalid("Trying to read an uninitialized tensor but element_shape is not fully defined: "
                      f"{show(shape)} and no list element is set.")
    return zeros(element_dtype, shape, held.items)


@op("TensorListSetItem", infer=infer.scalar, aliases=(0, 2))
def tensor_list_set_item(input_handle, index, item, *, element_dtype):
    """The list with another element at `index`."""
    held, at = list_of(input_handle), int(index)
    held.check_type(element_dtype)
    if not 0 <= at < len(held.items):
        raise invalid(f"Trying to modify element {at} in a list with {len(held.items)} elements.")
    if not fits(held.element_shape, tuple(item.shape)):
        raise invalid("Tried to set a tensor with incompatible shape at a list index. Item element shape: "
                      f"{show(tuple(item.shape))} list shape: {show(held.element_shape)}")
    items = held.items.copy()
    items[at] = item
    return held.having(items)


@op("TensorListStack", infer=_stack_shape)
def tensor_list_stack(input_handle, element_shape, *, element_dtype, num_elements=-1):
    """All elements along a new first axis."""
    held = list_of(input_handle)
    held.check_type(element_dtype)
    if num_elements not in (-1, len(held.items)):
        raise invalid(f"Operation expected a list with {num_elements} elements but got a list with "
                      f"{len(held.items)} elements.")
    shape = merged(shape_from(element_shape), held.element_shape)
    if not infer.is_known(shape) and not held.items:
        raise invalid(f"Tried to stack elements of an empty list with non-fully-defined element_shape: {show(shape)}")
    if not infer.is_known(held.element_shape):
        shape = merged_with_items(shape, held.items)
    if not infer.is_known(shape):
        raise invalid("Tried to stack list which only contains uninitialized tensors and has a non-fully-defined "
                      f"element_shape: {show(shape)}")
    return stacked(element_dtype, shape, held.items)


@op("TensorListGather", infer=_gather_shape)
def tensor_list_gather(input_handle, indices, element_shape, *, element_dtype):
    """The elements at `indices`, along a new first axis."""
    held = list_of(input_handle)
    held.check_type(element_dtype)
    shape, places = merged(shape_from(element_shape), held.element_shape), indices.reshape(-1).tolist()
    if not infer.is_known(shape) and not places:
        raise invalid(f"Tried to gather 0-elements from a list with non-fully-defined shape: {show(shape)}")
    for place in places:
        if not 0 <= place < len(held.items):
            raise invalid(f"Index {place} out o range; list only has {len(held.items)} elements.")
    found = [held.items[place] for place in places]
    if not infer.is_known(held.element_shape):
        shape = merged_with_items(shape, found)
    if not infer.is_known(shape):
        raise invalid("Tried to gather uninitialized tensors from a list with non-fully-defined element_shape: "
                      f"{show(shape)}")
    return stacked(element_dtype, shape, found)


def _check_rows(tensor: Any, shape: Shape) -> None:
    if not tensor.ndim:
        raise invalid("Tensor must be at least a vector, but saw shape: []")
    if not fits(shape, tuple(tensor.shape[1:])):
        raise invalid(f"Specified a list with shape {show(shape)} from a tensor with shape "
                      f"{show(tuple(tensor.shape[1:]))}")


@op("TensorListFromTensor", infer=infer.scalar, aliases=0)
def tensor_list_from_tensor(tensor, element_shape, *, element_dtype):
    """The list of a tensor's rows."""
    shape = shape_from(element_shape)
    _check_rows(tensor, shape)
    return TensorList(element_dtype, shape, rows(tensor))


@op("TensorListScatter", infer=infer.scalar, aliases=0)
def tensor_list_scatter(tensor, indices, element_shape, *, element_dtype):
    """A list with a tensor's rows at `indices`."""
    return _scattered(tensor, indices, element_shape, -1, element_dtype)


@op("TensorListScatterV2", infer=infer.scalar, aliases=0)
def tensor_list_scatter_v2(tensor, indices, element_shape, num_elements, *, element_dtype):
    """A list of so many elements with a tensor's rows at `indices`; -1: as many as it takes."""
    return _scattered(tensor, indices, element_shape, int(num_elements), element_dtype)


def _scattered(tensor: Any, indices: Any, element_shape: Any, count: int, dtype: Any) -> TensorList:
    shape, places = shape_from(element_shape), indices.reshape(-1).tolist()
    if count < -1:
        raise invalid(f"TensorListScatter expects num_elements >= -1, found: {count}")
    _check_rows(tensor, shape)
    if len(places) != tensor.shape[0]:
        raise invalid(f"Invalid number of rows in input tensor. Expected: {len(places)} Actual: {tensor.shape[0]}")
    for place in places:
        if place < 0:
            raise invalid("Indices in TensorListScatter must all be non-negative.")
        if count != -1 and place >= count:
            raise invalid(f"TensorListScatter: Trying to scatter at index {place} in list with size {count}")
    items: list[Any] = [None] * max(count, max(places, default=-1) + 1)
    for place, row in zip(places, rows(tensor), strict=True):
        items[place] = row
    return TensorList(dtype, shape, items)


@op("TensorListScatterIntoExistingList", infer=_existing_shape, aliases=(0, 1))
def tensor_list_scatter_into_existing_list(input_handle, tensor, indices, *, element_dtype):
    """The list with a tensor's rows at `indices`, grown as far as it takes."""
    held = list_of(input_handle)
    if held.dtype is not element_dtype:
        raise invalid(f"Invalid data types; input tensor type: {dtype_name(element_dtype)} list element_type: "
                      f"{dtype_name(held.dtype)}")
    if not tensor.ndim:
        raise invalid("Tensor must be at least a vector, but saw shape: []")
    if indices.ndim != 1:
        raise invalid(f"Expected indices to be a vector, but received shape: {show(tuple(indices.shape))}")
    if indices.shape[0] != tensor.shape[0]:
        raise invalid(f"Expected len(indices) == tensor.shape[0], but saw: {indices.shape[0]} vs. {tensor.shape[0]}")
    places = indices.tolist()
    if any(place < 0 for place in places):
        raise invalid(f"Index {min(places)} out of range; the indices of a list are not negative.")
    items = held.items + [None] * (max(places, default=-1) + 1 - len(held.items))
    for place, row in zip(places, rows(tensor), strict=True):
        items[place] = row
    return held.having(items)


@op("TensorListConcat", infer=lambda c: _concat_shapes(c, c.attr("element_shape")))
def tensor_list_concat(input_handle, *, element_dtype, element_shape=None):
    """All elements one after the other along their first axis, and how long each is there."""
    return _concatenated(input_handle, None if element_shape is None else element_shape[1:], -1, None, element_dtype)


@op("TensorListConcatV2", infer=lambda c: _concat_shapes(c, _given_shape(c, 1)))
def tensor_list_concat_v2(input_handle, element_shape, leading_dims, *, element_dtype):
    """`TensorListConcat`; `leading_dims` says how long elements that are not set are."""
    shape = merged(shape_from(element_shape), list_of(input_handle).element_shape)
    if shape == ():
        raise invalid("Concat requires elements to be at least vectors, found scalars instead.")
    first = -1 if shape is None or shape[0] is None else shape[0]
    return _concatenated(input_handle, None if shape is None else shape[1:], first, leading_dims.tolist(),
                         element_dtype)


def _concatenated(handle: Any, rest: Shape, first: int, leading: list[int] | None, dtype: Any) -> Any:
    """The elements joined, of shape `rest` behind the first axis; `first` and `leading` say how long each is."""
    held = list_of(handle)
    held.check_type(dtype)
    if not held.items and not infer.is_known(rest):
        raise invalid("All except the first dimension must be fully defined when concating an empty tensor list. "
                      f"element_shape: {show(rest)}")
    if not infer.is_known(held.element_shape):
        rest, first = _learned(held, rest, first)
    if not infer.is_known(rest):
        raise invalid("Trying to concat list with only uninitialized tensors but element_shape_except_first_dim_ is "
                      f"not fully defined: {show(rest)}")
    lengths = [_length(i, item, first, leading) for i, item in enumerate(held.items)]
    items = [zeros(dtype, (length, *rest), held.items) if item is None else item
             for item, length in zip(held.items, lengths, strict=True)]
    if dtype.torch is None:
        joined: Any = np.concatenate(items) if items else np.empty((0, *rest), object)
    else:
        joined = torch.cat(items) if items else torch.zeros((0, *rest), dtype=dtype.torch)
    return joined, torch.tensor(lengths, dtype=torch.int64)


def _learned(held: TensorList, rest: Shape, first: int) -> tuple[Shape, int]:
    """What the elements that are set tell of the shape of the others: behind the first axis, and along it."""
    seen = set()
    for i, item in enumerate(held.items):
        if item is None:
            continue
        if not item.shape:
            raise invalid(f"Concat saw a scalar shape at index {i} but requires at least vectors.")
        rest = merged(rest, tuple(item.shape[1:]))
        if first not in (-1, item.shape[0]):
            raise invalid("First entry of element_shape input does not match the first dim of list element at index: "
                          f"{i} Expected: {first} Actual: {item.shape[0]}")
        seen.add(item.shape[0])
    return rest, seen.pop() if first == -1 and len(seen) == 1 else first


def _length(i: int, item: Any, first: int, leading: list[int] | None) -> int:
    """How long an element is along the first axis."""
    if item is not None:
        return item.shape[0]
    if first != -1 and (leading is None or i >= len(leading)):
        return first
    if leading is None:
        raise invalid("Concating lists with uninitialized tensors is not supported in this version of "
                      "TensorListConcat. Consider updating your GraphDef to run the newer version.")
    if i >= len(leading):
        raise invalid(f"List contains uninitialized tensor at index {i} but leading_dims has only {len(leading)} "
                      "elements.")
    return leading[i]


@op("TensorListSplit", infer=infer.scalar, aliases=0)
def tensor_list_split(tensor, element_shape, lengths, *, element_dtype):
    """The list of a tensor's pieces of the given lengths."""
    shape = shape_from(element_shape)
    if shape == ():
        raise invalid("TensorListSplit requires element_shape to be at least of rank 1, but saw: []")
    if not tensor.ndim:
        raise invalid("Tensor must be at least a vector, but saw shape: []")
    if shape is not None and not fits(shape[1:], tuple(tensor.shape[1:])):
        raise invalid(f"tensor shape {show(tuple(tensor.shape))} is not compatible with element_shape {show(shape)}")
    if lengths.ndim != 1:
        raise invalid(f"Expected lengths to be a vector, received shape: {show(tuple(lengths.shape))}")
    items, start, size = [], 0, tensor.shape[0]
    for length in lengths.tolist():
        if length < 0:
            raise invalid(f"Invalid value in lengths: {length}")
        end = start + length
        if end > size:
            raise invalid(f"Attempting to slice [{start}, {end}] from tensor with length {size}")
        items.append(tensor[start:end])
        start = end
    if start != size:
        raise invalid(f"Unused values in tensor. Length of tensor: {size} Values used: {start}")
    return TensorList(element_dtype, shape, items)


@op("TensorListConcatLists", infer=lambda c: infer.merge(c.shapes[0], c.shapes[1]), aliases=(0, 1))
def tensor_list_concat_lists(input_a, input_b, *, element_dtype):
    """The elements of one list and then of the other; of arrays of lists, one by one."""
    if np.shape(input_a) != np.shape(input_b):
        raise invalid(f"Incompatible input TensorList tensor shapes: {show(np.shape(input_a))} vs. "
                      f"{show(np.shape(input_b))}")
    if isinstance(input_a, TensorList):
        return _both(0, input_a, input_b, element_dtype)
    out = np.empty(input_a.shape, object)
    for i, place in enumerate(np.ndindex(out.shape)):
        out[place] = _both(i, input_a[place], input_b[place], element_dtype)
    return out


def _both(i: int, a: Any, b: Any, dtype: Any) -> TensorList:
    for name, held in (("input_a", a), ("input_b", b)):
        if not isinstance(held, TensorList):
            raise invalid(f"{name} is not a TensorList at index {i}.  Saw: '{held}'")
        if held.dtype is not dtype:
            raise invalid(f"{name}[{i}].dtype != element_dtype.  Saw: {dtype_name(held.dtype)} vs. {dtype_name(dtype)}")
    if a.element_shape != b.element_shape:
        raise invalid("input_a and input_b TensorList element shapes are not identical at index "
                      f"{i}.  Saw {show(a.element_shape)} vs. {show(b.element_shape)}")
    return a.having(a.items + b.items)


ELEMENTS.update(
    EmptyTensorList=_elements(lambda c: _given_shape(c, 0)),
    TensorListReserve=_elements(lambda c: _given_shape(c, 0)),
    TensorListPushBack=_elements(lambda c: _held(c, _PUSH)),
    TensorListPushBackBatch=_elements(lambda c: _held(c, _PUSH)),
    TensorListPopBack=lambda c: [c.element(0), None],
    TensorListResize=lambda c: [c.element(0)],
    TensorListSetItem=_set_elements,
    TensorListFromTensor=_elements(_row_element),
    TensorListSplit=_elements(_split_element),
    TensorListScatter=_elements(lambda c: _given_shape(c, 2)),
    TensorListScatterV2=_elements(lambda c: _given_shape(c, 2)),
    TensorListScatterIntoExistingList=_elements(lambda c: _held(c, _EXPECTED)),
    TensorListConcatLists=_both_elements,
    AddN=_summed_elements,
    Pack=_packed_elements,
)
