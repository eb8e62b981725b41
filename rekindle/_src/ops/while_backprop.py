"""The rings that gradients add to loops: counters forward and backward, and sums over iterations.

Functions on `WhileContext`; which loops have them and what their state is stands in
autodiff/loop_state.py.
"""

from __future__ import annotations

import contextlib
from typing import Any

from rekindle._src.graph import convert, dtypes, opdef, sparse
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import control_flow as flow_ops
from rekindle._src.ops import flow_edges, math_binary, math_logic
from rekindle._src.ops.while_context import WhileContext


def inside(context: Any) -> Any:
    """A `with` in a context, or in none."""
    return contextlib.nullcontext() if context is None else context


def add_forward_counter(loop: WhileContext, outer: Any) -> tuple[Tensor, Tensor]:
    """Count the iterations of a loop; gives their number, and the count in the next iteration.

    `outer` is the gradient state of the loop around, or None.
    """
    start = convert.constant(0, name="f_count")
    if outer is not None:
        start.op._add_control_input(outer.forward_index.op._inputs[0].op)
    with loop:
        loop.AddName(start.name)
        count = _ring_start(loop, start, "f_count")
        on_exit, on_body = flow_edges.switch(count, loop.pivot)
        following = flow_edges.next_iteration(math_binary.add(on_body, 1))
        count.op._update_input(1, following)
        total = loop.leave_value(on_exit, name="f_count")
        loop.ExitResult([total])
    return total, following


def add_backward_counter(loop: WhileContext, count: Tensor, outer: Any) -> Tensor:
    """Run a gradient loop `count` times; gives the count in the next iteration."""
    one = convert.constant(1, name="b_count")
    with loop:
        loop.AddName(count.name)
        left = _ring_start(loop, count, "b_count")
        loop.set_pivots(for_pred=left)
        goes_on = math_logic.greater_equal(left, one)
        loop.set_pivots(pivot=flow_ops.loop_cond(goes_on, name="b_count"))
        on_exit, on_body = flow_edges.switch(left, loop.pivot)
        index = opdef.call("Sub", on_body, one)
        loop.set_pivots(for_body=index)
        following = flow_edges.next_iteration(index)
        left.op._update_input(1, following)
        zero = loop.leave_value(on_exit, name="b_count")
        if outer is not None:
            outer.grad_sync._add_control_input(zero.op)
        loop.ExitResult([zero])
    return following


def _ring_start(loop: WhileContext, first: Tensor, name: str) -> Tensor:
    """The Merge of a new loop variable, both sides its Enter for now."""
    entered = loop.enter_value(first, name)
    return flow_edges.merge([entered, entered])[0]


def accumulate(loop: WhileContext, op: Any, grad: Tensor) -> Tensor:
    """The sum over all iterations of the gradient of a loop constant; `op` is its Enter.

    Called, and ended, inside the gradient loop.
    """
    loop.Exit()
    first = _zeros(loop, op, grad)
    loop.Enter()
    loop.AddName(first.name)
    entered = loop.enter_value(first, "b_acc")
    total = flow_edges.merge([entered, entered], name="b_acc")[0]
    on_exit, on_body = flow_edges.switch(total, loop.pivot)
    total.op._update_input(1, flow_edges.next_iteration(math_binary.add(on_body, grad)))
    result = loop.leave_value(on_exit, name="b_acc")
    loop.ExitResult([result])
    return result


def _zeros(loop: WhileContext, op: Any, grad: Tensor) -> Tensor:
    """Zeros of the shape of a gradient, outside the loop."""
    outer = loop.outer_context
    if grad.shape.is_fully_defined():
        with inside(outer):
            return convert.constant(0, grad.dtype, shape=grad.shape, name="b_acc")
    value = op._inputs[0]
    if isinstance(outer, WhileContext) and outer.grad_state is not None:
        with loop.grad_state.forward_context.outer_context:
            sizes = array_ops.shape_internal(value, optimize=False)
        outer_state = loop.grad_state.outer_grad_state
        history = outer_state.push(sizes)
        with outer:
            return array_ops.zeros(outer_state.pop(history, sizes), grad.dtype)
    with inside(outer):
        return array_ops.zeros(array_ops.shape_internal(value, optimize=False), grad.dtype)


def accumulate_slices(
    loop: WhileContext, op: Any, grad: sparse.IndexedSlices
) -> sparse.IndexedSlices:
    """`accumulate` of IndexedSlices: rows of all iterations, one after the other."""
    loop.Exit()
    with inside(loop.outer_context):
        first = _no_slices(loop, op, grad)
    loop.Enter()
    starts = [first.indices, first.values]
    if first.dense_shape is not None:
        starts.append(first.dense_shape)
    for tensor in starts:
        loop.AddName(tensor.name)
    entered = [loop.enter_value(t, "b_acc", keep_shape=False) for t in starts]
    entered[0].set_shape([None])
    if first.values.shape.dims is not None:
        entered[1].set_shape([None, *first.values.shape.as_list()[1:]])
    totals = [flow_edges.merge([t, t], name="b_acc")[0] for t in entered]
    switched = [flow_edges.switch(t, loop.pivot) for t in totals]
    grown = [
        array_ops.concat([pair[1], more], 0)
        for pair, more in zip(switched[:2], [grad.indices, grad.values], strict=True)
    ]
    if len(starts) == 3:
        grown.append(math_binary.maximum(grad.dense_shape, switched[2][1]))
    following = [flow_edges.next_iteration(tensor) for tensor in grown]
    for total, value in zip(totals, following, strict=True):
        total.op._update_input(1, value)
    exits = [loop.leave_value(pair[0], name="b_acc") for pair in switched]
    loop.ExitResult(exits)
    return sparse.IndexedSlices(exits[1], exits[0], exits[2] if len(exits) == 3 else None)


def _no_slices(loop: WhileContext, op: Any, grad: Any) -> sparse.IndexedSlices:
    """Slices to begin with: one row of zeros at index 0."""
    shape = grad.values.shape
    if shape.is_fully_defined():
        with inside(loop.outer_context):
            values = convert.constant(
                0, grad.values.dtype, shape=[1, *shape.as_list()[1:]], name="b_acc"
            )
    else:
        sizes = _safe_shape(op._inputs[0])[1:]
        sizes = array_ops.concat([[1], sizes], 0)
        values = array_ops.zeros(sizes, dtype=grad.values.dtype)
    indices = convert.constant([0], grad.indices.dtype)
    dense = grad.dense_shape
    if dense is None:
        return sparse.IndexedSlices(values, indices)
    if dense.shape.is_fully_defined():
        with inside(loop.outer_context):
            sizes = convert.constant(0, dense.dtype, shape=dense.shape)
    else:
        sizes = array_ops.zeros_like(
            array_ops.shape_internal(op._inputs[0], optimize=False, out_type=dense.dtype),
            optimize=False,
        )
    return sparse.IndexedSlices(values, indices, sizes)


def _safe_shape(tensor: Tensor) -> Tensor:
    """The shape of a value, or of the variable whose handle this is."""
    if tensor.dtype.base_dtype != dtypes.resource:
        return array_ops.shape_internal(tensor, optimize=False)
    source = tensor
    while source.op._inputs:
        source = source.op._inputs[0]
    return convert.constant(source.op._attrs["shape"], dtype=dtypes.int32)
