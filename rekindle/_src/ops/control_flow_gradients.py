"""The gradients of the flow ops: branches turn their Switch and Merge around, loops run backward.

What a gradient loop remembers is its state's (autodiff/loop_state.py): each function finds the
state of the loop at hand through the graph's current context.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import dtypes, scopes, sparse
from rekindle._src.graph.opdef import GRADIENTS
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import control_flow as flow_ops
from rekindle._src.ops import flow_context, flow_edges, math_logic, while_backprop
from rekindle._src.ops.flow_context import CondContext
from rekindle._src.ops.while_context import WhileContext
from rekindle._src.ops.while_loop import close_ring


def _current_context() -> Any:
    return scopes.get_default_graph()._get_control_flow_context()


@flow_ops.switch.gradient
def switch_gradient(op, *dys):
    context = op._get_control_flow_context()
    if isinstance(context, WhileContext):
        return _loop_switch_gradient(op, dys), None
    if isinstance(context, CondContext):
        if dys[1 - context.branch] is not None:
            return flow_edges.merge(dys, name="cond_grad")[0], None
        if op._inputs[0].dtype.base_dtype == dtypes.resource:
            # Nothing reaches a variable on the side that is not taken.
            return flow_edges.merge([dys[context.branch]] * 2, name="cond_resource_grad")[0], None
        return None, None
    on_false = flow_edges.switch(dys[0], op._inputs[1])[0]
    on_true = flow_edges.switch(dys[1], op._inputs[1])[1]
    return flow_edges.merge([on_false, on_true])[0], None


def _loop_switch_gradient(op: Any, dys: Any) -> Any:
    """The Switch of a loop variable is met twice: from the Exit, then from the body."""
    seen = _current_context().grad_state.switch_map
    if op in seen:
        if dys[1] is not None:
            if isinstance(seen[op], Tensor):
                close_ring(seen[op], dys[1], keep_shape=False)
            else:
                _close_slices(seen[op], dys[1])
        return None
    if dys[0] is None:
        return None
    seen[op] = flow_edges.merge([dys[0], dys[0]], name="b_switch")[0]
    return seen[op]


def _close_slices(merged: Any, value: Any) -> None:
    following = flow_edges.next_iteration(flow_edges.as_slices(value))
    pairs = [(merged.values, following.values), (merged.indices, following.indices)]
    if merged.dense_shape is not None:
        pairs.append((merged.dense_shape, following.dense_shape))
    for variable, tensor in pairs:
        variable.op._update_input(1, tensor)


@flow_ops.merge.gradient
def merge_gradient(op, dy, _):
    source = op._inputs[0].op
    context = flow_context.output_context(source)
    current = _current_context()
    if isinstance(context, WhileContext):
        return flow_edges.switch_ref_or_tensor(dy, current.pivot)
    if isinstance(context, CondContext):
        pred = context.pred
        if current is not None and current.grad_state:
            pred = current.grad_state.remembered_condition(pred)
        return flow_edges.switch_ref_or_tensor(dy, pred, name="cond_grad")
    conditions = [math_logic.equal(op.outputs[1], i) for i in range(len(op._inputs))]
    return [flow_edges.switch_ref_or_tensor(dy, one)[1] for one in conditions]


@flow_ops.exit_.gradient
def exit_gradient(op, dy):
    loop = _current_context()
    if not loop.back_prop:
        return None
    if op._get_control_flow_context().grad_state:
        raise TypeError("Second-order gradient for while loops not supported.")
    if not isinstance(dy, (Tensor, sparse.IndexedSlices, sparse.SparseTensor)):
        raise TypeError(f"Type {type(dy)} not supported")
    tensors = [dy] if isinstance(dy, Tensor) else [dy.values, dy.indices, dy.dense_shape]
    for tensor in tensors:
        if tensor is not None:
            loop.AddName(tensor.name)
    with loop:
        entered = flow_edges.enter(
            dy, loop.name, parallel_iterations=loop.parallel_iterations, name="b_exit"
        )
        loop.loop_enters.append(entered)
    return entered


@flow_ops.next_iteration.gradient
def next_iteration_gradient(op, dy):
    return dy


@flow_ops.enter.gradient
def enter_gradient(op, dy):
    loop = _current_context()
    if not loop.back_prop or loop.grad_state is None:
        return dy
    if not op._attrs["is_constant"]:
        left = loop.leave_value(dy)
        loop.ExitResult(left if isinstance(left, list) else [left])
        return left
    if isinstance(dy, Tensor):
        return while_backprop.accumulate(loop, op, dy)
    if isinstance(dy, sparse.IndexedSlices):
        return while_backprop.accumulate_slices(loop, op, dy)
    raise TypeError(f"Type {type(dy)} not supported")


@flow_ops.loop_cond.gradient
def loop_cond_gradient(op, *_):
    return None


GRADIENTS["RefSwitch"] = switch_gradient
GRADIENTS["RefMerge"] = merge_gradient
GRADIENTS["RefExit"] = exit_gradient
GRADIENTS["RefNextIteration"] = next_iteration_gradient
GRADIENTS["RefEnter"] = enter_gradient
