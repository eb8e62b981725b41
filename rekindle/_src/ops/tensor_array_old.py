"""TensorArrays and stacks of graphs of TensorFlow 0.x: the ops before TensorArrayV3 and StackV2.

They differ in the handle, which is a text (of the first versions a reference to one), and in Pack and
Unpack, which take no indices. New graphs cannot have them; the gradients are those of the later ops.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from rekindle._src.graph import infer
from rekindle._src.graph.buffer import Buffer
from rekindle._src.graph.opdef import op
from rekindle._src.ops import stacks
from rekindle._src.ops import tensor_array as arrays
from rekindle._src.ops import tensor_array_blocks as blocks


def _buffer(name: str, value: Any) -> Buffer:
    """What a reference to an array or a stack carries."""
    held = Buffer(name)
    held.set(value)
    return held


def _array(handle: Any) -> blocks.Elements:
    return handle.read() if isinstance(handle, Buffer) else handle


# Shape rules: without an index of the elements' shapes.


def _handle(c: Any) -> infer.Shape:
    infer.with_rank(c.shapes[0], 0)
    return (2,)


def _gradient(c: Any) -> infer.Shape:
    infer.with_rank(c.shapes[0], 1)
    return (2,)


def _scalar_after(*scalars: int) -> Callable[[Any], infer.Shape]:
    def rule(c: Any) -> infer.Shape:
        infer.with_rank(c.shapes[0], 1)
        for i in scalars:
            infer.with_rank(c.shapes[i], 0)
        return ()

    return rule


def _concatenated(c: Any) -> list[infer.Shape]:
    return [None, (None,)]


def _none(c: Any) -> list[infer.Shape]:
    return []


# Stacks behind a reference.


@op("Stack", infer=lambda c: (2,), host=True)
def stack(*, elem_type, stack_name="", ctx):
    """A new, empty stack."""
    return _buffer(ctx.name, stacks.Stack(stack_name or ctx.name, -1))


@op("StackPush", infer=lambda c: c.shapes[1], aliases=1, host=True, pure=False)
def stack_push(handle, elem, *, swap_memory=False):
    """`elem`, which is now on top of the stack."""
    handle.read().push(elem)
    return elem


@op("StackPop", infer=infer.unknown, host=True, pure=False)
def stack_pop(handle, *, elem_type):
    """The value that was on top of the stack."""
    return handle.read().pop()


@op("StackClose", infer=_none, host=True, pure=False)
def stack_close(handle):
    """Nothing; the stack is empty and cannot be used any more."""
    handle.read().close()


# TensorArrays.


def _new(size: Any, ctx: Any, **attrs: Any) -> blocks.Elements:
    return blocks.tensor_array_v3.kernel(size, ctx=ctx, **attrs)[0]


@op("TensorArray", infer=infer.unknown, host=True)
def tensor_array(
    size, *, dtype, element_shape=None, dynamic_size=False, clear_after_read=True, tensor_array_name="", ctx
):
    """A new array of `size` elements."""
    return _buffer(ctx.name, _new(
        size, ctx, dtype=dtype, element_shape=element_shape, dynamic_size=dynamic_size,
        clear_after_read=clear_after_read, tensor_array_name=tensor_array_name,
    ))


@op("TensorArrayV2", infer=_handle, host=True)
def tensor_array_v2(
    size, *, dtype, element_shape=None, dynamic_size=False, clear_after_read=True, tensor_array_name="", ctx
):
    """A new array of `size` elements."""
    return _new(
        size, ctx, dtype=dtype, element_shape=element_shape, dynamic_size=dynamic_size,
        clear_after_read=clear_after_read, tensor_array_name=tensor_array_name,
    )


@op("TensorArrayGrad", infer=infer.unknown, host=True)
def tensor_array_grad(handle, flow_in, *, source, ctx):
    """The array of the gradients of an array, one for each `source`."""
    return _buffer(ctx.name, _array(handle).gradient(source))


@op("TensorArrayGradV2", infer=_gradient, host=True)
def tensor_array_grad_v2(handle, flow_in, *, source):
    """The array of the gradients of an array, one for each `source`."""
    return handle.gradient(source)


def _write(handle, index, value, flow_in, *, T):  # noqa: N803 - the attr's name
    """The flow after a write of one element."""
    return blocks.tensor_array_write_v3.kernel(_array(handle), index, value, flow_in, T=T)


def _read(handle, index, flow_in, *, dtype):
    """One element."""
    return blocks.tensor_array_read_v3.kernel(_array(handle), index, flow_in, dtype=dtype)


def _gather(handle, indices, flow_in, *, dtype, element_shape=None):
    """Some elements, stacked along a new first axis."""
    return blocks.tensor_array_gather_v3.kernel(
        _array(handle), indices, flow_in, dtype=dtype, element_shape=element_shape
    )


def _scatter(handle, indices, value, flow_in, *, T):  # noqa: N803
    """The flow after writes of the rows of `value`."""
    return blocks.tensor_array_scatter_v3.kernel(_array(handle), indices, value, flow_in, T=T)


def _concat(handle, flow_in, *, dtype, element_shape_except0=None):
    """All elements one after the other, and the size of each."""
    return blocks.tensor_array_concat_v3.kernel(
        _array(handle), flow_in, dtype=dtype, element_shape_except0=element_shape_except0
    )


def _split(handle, value, lengths, flow_in, *, T):  # noqa: N803
    """The flow after writes of pieces of `value` of the given lengths."""
    return blocks.tensor_array_split_v3.kernel(_array(handle), value, lengths, flow_in, T=T)


def _size(handle, flow_in):
    """The number of elements."""
    return blocks.tensor_array_size_v3.kernel(_array(handle), flow_in)


def _close(handle):
    """Nothing; the array is empty and cannot be used any more."""
    blocks.tensor_array_close_v3.kernel(_array(handle))


#: part of the op's name -> kernel, shape rule of version 2, gradient
_OPS: dict[str, tuple[Callable[..., Any], infer.Rule, Any]] = {
    "Write": (_write, _scalar_after(1, 3), arrays.tensor_array_write_gradient),
    "Read": (_read, infer.unknown, arrays.tensor_array_read_gradient),
    "Gather": (_gather, infer.unknown, arrays.tensor_array_gather_gradient),
    "Scatter": (_scatter, _scalar_after(3), arrays.tensor_array_scatter_gradient),
    "Concat": (_concat, _concatenated, arrays.tensor_array_concat_gradient),
    "Split": (_split, _scalar_after(3), arrays.tensor_array_split_gradient),
    "Size": (_size, _scalar_after(), None),
    "Close": (_close, _none, None),
}

for _part, (_kernel, _rule, _gradient_of) in _OPS.items():
    for _version in ("", "V2"):
        _unknown = _rule if _part == "Close" else infer.unknown
        _block = op(
            f"TensorArray{_part}{_version}", infer=_rule if _version else _unknown, host=True, pure=False
        )(_kernel)
        if _gradient_of is None:
            _block.no_gradient()
        else:
            _block.gradient(_gradient_of)


@op("TensorArrayPack", infer=infer.unknown, host=True, pure=False)
def tensor_array_pack(handle, flow_in, *, dtype, element_shape=None):
    """All elements, stacked along a new first axis."""
    array = _array(handle)
    return _gather(array, torch.arange(len(array)), flow_in, dtype=dtype, element_shape=element_shape)


@op("TensorArrayUnpack", infer=infer.unknown, host=True, pure=False)
def tensor_array_unpack(handle, value, flow_in, *, T):  # noqa: N803
    """The flow after the rows of `value` were written at 0, 1, ..."""
    count = value.shape[0] if value.ndim else 0
    return _scatter(handle, torch.arange(count), value, flow_in, T=T)


for _block in (stack, stack_push, stack_pop, stack_close, tensor_array, tensor_array_v2, tensor_array_grad,
               tensor_array_grad_v2, tensor_array_pack, tensor_array_unpack):
    _block.no_gradient()
