"""The state of one loop while its gradient is built: what the gradient loop remembers, and how.

Holds `LoopState`. A value of the forward loop that its gradient needs is pushed on a stack in each
iteration and popped in the gradient loop. Which loops have a state stands in control_flow.py.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import constants, convert, dtypes, scopes
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import control_flow as flow_ops
from rekindle._src.ops import flow_context, flow_edges, stacks, while_backprop
from rekindle._src.ops.flow_context import CondContext
from rekindle._src.ops.while_context import WhileContext

_TRANSPARENT = ("Switch", "RefSwitch", "Identity", "RefIdentity")


class LoopState:
    """A forward loop and the loop of its gradient.

    `outer` is the state of the loop around, None where there is none that has one.
    """

    def __init__(self, forward: WhileContext, outer: LoopState | None) -> None:
        self.forward_context = forward
        self.outer_grad_state = outer
        self.history: dict[str, Tensor] = {}  # name of a forward value -> value in the gradient
        self.switch_map: dict[Operation, Any] = {}  # Switch of a loop variable -> Merge
        self.unused_exits: list[Tensor] = []
        self.deferred_exits: list[Tensor] = []
        self.forward_exits = list(forward.loop_exits)
        self.pending_exits = len(self.forward_exits)
        self._forward_sync: Operation | None = None
        self._grad_sync: Operation | None = None
        around = forward.outer_context if outer is None else outer.forward_context
        with while_backprop.inside(around):
            count, self.forward_index = while_backprop.add_forward_counter(forward, outer)
        if outer is None:
            with while_backprop.inside(around):
                self._begin(count)
            return
        outer.forward_context.AddName(count.name)
        history = outer.push(count)
        with outer.grad_context:
            self._begin(count, history)

    def _begin(self, count: Tensor, history: Tensor | None = None) -> None:
        """Make the gradient loop, which runs as often as the forward loop did."""
        forward, outer = self.forward_context, self.outer_grad_state
        self.grad_context = WhileContext(
            forward.maximum_iterations, forward.parallel_iterations, forward.back_prop,
            forward.swap_memory, forward.name, grad_state=self,
        )
        if outer is not None:
            count = outer.pop(history, count)
        self._grad_index = while_backprop.add_backward_counter(self.grad_context, count, outer)

    @property
    def forward_sync(self) -> Operation:
        """What each iteration of the forward loop waits for, so that pushes keep their order."""
        if self._forward_sync is None:
            with scopes.control_dependencies(None):
                self._forward_sync = flow_ops.control_trigger(name="f_sync")
            self._forward_sync._set_control_flow_context(self.forward_context)
            self.forward_index.op._add_control_input(self._forward_sync)
        return self._forward_sync

    @property
    def grad_sync(self) -> Operation:
        """What each iteration of the gradient loop waits for, so that pops keep their order."""
        if self._grad_sync is None:
            with scopes.control_dependencies(None):
                self._grad_sync = flow_ops.control_trigger(name="b_sync")
            self._grad_sync._set_control_flow_context(self.grad_context)
            self._grad_index.op._add_control_input(self._grad_sync)
            if self.grad_context.outer_context is not None:
                self.grad_context.outer_context.AddInnerOp(self._grad_sync)
        return self._grad_sync

    def push(self, value: Tensor, dead_branch: bool = False) -> Tensor:
        """Push a value of the forward loop on a new stack in each iteration; gives the stack.

        Called in the context in which tf.gradients was called. `dead_branch` says that the value is
        of the side of a branch that its Switch does not take.
        """
        with self.forward_index.graph.as_default() as graph:
            current = graph._get_control_flow_context()
            with scopes.control_dependencies(None):
                with while_backprop.inside(current), scopes.colocate_with(value):
                    stack = stacks.stack_v2(
                        convert.constant(-1, dtypes.int32), elem_type=value.dtype.base_dtype,
                        name="f_acc",
                    )
                entered = self.forward_context.AddValue(stack)
                self._push(entered, value, dead_branch)
        return stack

    def _push(self, stack: Tensor, value: Tensor, dead_branch: bool) -> None:
        swap = self.forward_context.swap_memory
        context = flow_context.output_context(value.op)
        straight = context is self.forward_context
        if not straight and not isinstance(context, CondContext):
            raise TypeError(f"value_ctxt is not a CondContext: {context}")
        with context.outer_context if dead_branch and not straight else context:
            pushed = stacks.stack_push_v2(stack, value, swap_memory=swap)
        if straight:
            self.forward_index.op._add_control_input(pushed.op)
        else:
            if dead_branch:
                pushed.op._set_control_flow_context(context)
            self.forward_sync._add_control_input(pushed.op)
        pushed.op._add_control_input(self.forward_index.op._inputs[0].op)

    def pop(self, stack: Tensor, value: Tensor, dead_branch: bool = False) -> Tensor:
        """What was pushed of `value` in the iteration at hand, as a tensor of the gradient loop."""
        branch = _branch_between(value, stack)
        with scopes.control_dependencies(None), self.grad_context:
            if branch is not None:
                side = 1 - branch.branch if dead_branch else branch.branch
                pred = self._known_condition(branch.pred)
                stack = flow_edges.switch_ref_or_tensor(stack, pred)[side]
            popped = stacks.stack_pop_v2(stack, elem_type=value.dtype.base_dtype)
            popped.set_shape(value.shape)
        if self.grad_context.parallel_iterations > 1:
            self.grad_sync._add_control_input(popped.op)
        return popped

    def _known_condition(self, pred: Tensor) -> Tensor:
        state: LoopState | None = self
        while state is not None:
            if pred.name in state.history:
                return state.history[pred.name]
            state = state.outer_grad_state
        return pred

    def real_value(self, value: Tensor) -> Tensor:
        """A value of the forward loop as a tensor of the gradient loop, in which this is called."""
        found = self.history.get(value.name)
        if found is None:
            found = self.history[value.name] = self._remembered(value)
        return found

    def _remembered(self, value: Tensor) -> Tensor:
        state = self
        entered = _loop_constant(value)
        while entered is not None:
            value = entered._inputs[0]
            if state.outer_grad_state is None:
                return self.grad_context.AddValue(value)
            state = state.outer_grad_state
            entered = _loop_constant(value)
        if value.op.type == "Const":
            return convert.constant(constants.constant_value(value), dtype=value.dtype)
        self.grad_context.Exit()
        stack = state.push(value)
        self.grad_context.Enter()
        popped = state.pop(stack, value)
        return popped if state is self else self.grad_context.AddValue(popped)

    def remembered_condition(self, pred: Tensor) -> Tensor:
        """The condition of a branch in the iteration at hand."""
        found = self.history.get(pred.name)
        if found is None:
            self.grad_context.Exit()
            stack = self.push(pred)
            self.grad_context.Enter()
            found = self.history[pred.name] = self.pop(stack, pred)
        return found

    def zeros_like(self, op: Operation, index: int) -> Tensor:
        """Zeros of the shape of an output of the forward loop, in the gradient loop."""
        value = op.outputs[index]
        context = op._get_control_flow_context()
        dead = flow_context.is_switch(op)
        if value.dtype.base_dtype == dtypes.resource and value.shape.is_fully_defined():
            raise TypeError(f"Incompatible types: {value.dtype!r} vs. int64. Value is 0")
        if value.shape.is_fully_defined():
            zeros = convert.constant(0, shape=value.shape.as_list(), dtype=value.dtype)
            if not dead:
                return zeros
            pred = self.history[context.pred.name]
            return flow_edges.switch_ref_or_tensor(zeros, pred)[1 - context.branch]
        if dead:
            with context.outer_context:
                side = flow_edges.switch_ref_or_tensor(op._inputs[0], context.pred)
                value = side[1 - context.branch]
                sizes = array_ops.shape_internal(value, optimize=False)
            for made in (value, sizes):
                made.op._set_control_flow_context(context)
        else:
            with context:
                sizes = array_ops.shape_internal(value, optimize=False)
        self.grad_context.Exit()
        stack = self.push(sizes, dead)
        self.grad_context.Enter()
        return array_ops.zeros(self.pop(stack, sizes, dead), value.dtype)


def _loop_constant(value: Tensor) -> Operation | None:
    """The Enter of a loop constant that a value is the same as, or None."""
    op = value.op
    while op.type in _TRANSPARENT:
        op = op._inputs[0].op
    return op if flow_context.is_loop_constant(op) else None


def _branch_between(value: Tensor, stack: Tensor) -> CondContext | None:
    """The innermost branch around a value within the context of its stack."""
    context, outermost = (t.op._get_control_flow_context() for t in (value, stack))
    while context is not None and context is not outermost:
        if isinstance(context, CondContext):
            return context
        context = context.outer_context
    return None
