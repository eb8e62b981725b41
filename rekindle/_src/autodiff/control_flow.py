"""Loops in `tf.gradients`: which of them the walk meets, and what it does at their exits.

Holds `Loops`, made for each walk from ys to xs that meets the exit of a loop. What a single loop's
gradient remembers stands in loop_state.py.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.autodiff import gradients
from rekindle._src.autodiff.loop_state import LoopState
from rekindle._src.graph import convert, scopes
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import flow_context, flow_edges
from rekindle._src.ops.while_backprop import inside


def loops_between(between: list[Operation], colocate: bool) -> Loops | None:
    """The loops whose exits are among operations, which grow by all exits of these loops."""
    loops: Loops | None = None
    known = set(between)
    for op in between:
        if not flow_context.is_exit(op):
            continue
        loops = Loops() if loops is None else loops
        if colocate:
            with scopes.colocate_with(op):
                loops.add(op, between, known)
        else:
            loops.add(op, between, known)
    return loops


class Loops:
    """The loops of one walk."""

    def __init__(self) -> None:
        self._states: dict[Any, LoopState] = {}

    def add(self, op: Operation, between: list[Operation], known: set[Operation]) -> None:
        """Take in the loop that `op`, an Exit, belongs to."""
        loop = flow_context.while_context_of(op)
        if loop in self._states:
            return
        state = self._states[loop] = LoopState(loop, self._around(loop))
        for tensor in state.forward_exits:
            if tensor.op not in known:
                known.add(tensor.op)
                between.append(tensor.op)

    def _around(self, loop: Any) -> LoopState | None:
        outer = loop.outer_context
        outer = None if outer is None else outer.GetWhileContext()
        return self._states.get(outer)

    def _state(self, op: Operation, before: bool) -> LoopState | None:
        """The loop in whose gradient `op` is differentiated; `before`: its outputs' gradients."""
        loop = flow_context.while_context_of(op)
        if before and flow_context.is_exit(op):
            loop = loop.outer_context
            loop = None if loop is None else loop.GetWhileContext()
        return self._states.get(loop)

    def enter(self, op: Operation, before: bool) -> None:
        """Make the gradient loop for `op` the current context."""
        state = self._state(op, before)
        if state is not None:
            state.grad_context.Enter()

    def exit(self, op: Operation, before: bool) -> None:
        """Go back to the context before `enter`."""
        state = self._state(op, before)
        if state is not None:
            state.grad_context.Exit()

    def is_switch(self, op: Operation) -> bool:
        """True for operations that are visited twice."""
        return flow_context.is_loop_switch(op)

    def is_exit(self, op: Operation) -> bool:
        """True for operations that wait for the other exits of their loop."""
        return flow_context.is_exit(op)

    def unused_exits(self, pending: dict[Operation, int], ready: set[Operation]) -> list[Tensor]:
        """The exits that no gradient reaches, of loops all whose exits are known to be such."""
        found: list[Tensor] = []
        for state in self._states.values():
            for tensor in state.forward_exits:
                if pending[tensor.op] == 0:
                    state.pending_exits -= 1
                    if tensor.op not in ready:
                        state.unused_exits.append(tensor)
                    if state.pending_exits == 0:
                        found.extend(state.unused_exits)
            for tensor in state.forward_context.loop_enters:
                if pending[tensor.op] == 0:
                    pending[tensor.op] = 1  # gradients of second order go through
        return found

    def defer_exit(self, tensor: Tensor, walk: Any) -> None:
        """Note that an exit is ready; when the last one is, all go on at once."""
        state = self._state(tensor.op, before=False)
        if state is None:
            raise ValueError(
                "Failed to call gradients on a while loop without properly serializing graph via "
                "MetaGraphDef"
            )
        state.deferred_exits.append(tensor)
        state.pending_exits -= 1
        if state.pending_exits > 0:
            return
        reached = False
        for one in state.deferred_exits:
            if walk.has_gradient(one.op):
                reached = True
                walk.queue.append(one.op)
            else:
                state.unused_exits.append(one)
        for one in state.unused_exits:
            if reached and gradients.is_trainable(one):
                walk.add(one, self.zeros_for_exit(one))
            walk.queue.append(one.op)

    def zeros_for_exit(self, tensor: Tensor) -> Tensor:
        """Zeros of the shape of an exit that no gradient reaches."""
        loop = tensor.op._get_control_flow_context()
        state = self._around(loop)
        known = tensor.shape.is_fully_defined()
        if state is None:
            if known:
                return array_ops.zeros(tensor.shape.as_list(), tensor.dtype)
            return array_ops.zeros_like(tensor, optimize=False)
        if known:
            with state.grad_context:
                return array_ops.zeros(tensor.shape.as_list(), tensor.dtype)
        with loop.outer_context:
            sizes = array_ops.shape_internal(tensor, optimize=False)
        stack = state.push(sizes)
        with state.grad_context:
            return array_ops.zeros(state.pop(stack, sizes), tensor.dtype)

    def zeros_like(self, op: Operation, index: int) -> Tensor | None:
        """Zeros for an output of `op` that no gradient reaches."""
        if flow_context.is_loop_switch(op):
            return None
        if op.graph.building_function:
            return array_ops.zeros_like(op.outputs[index])
        state = self._states.get(flow_context.while_context_of(op))
        return gradients.zeros_for(op, index) if state is None else state.zeros_like(op, index)

    def finish(self) -> None:
        """Give zeros to the loop variables whose new value does not depend on the old one."""
        for state in self._states.values():
            for merged in state.switch_map.values():
                if isinstance(merged, Tensor) and merged.op._inputs[0] is merged.op._inputs[1]:
                    merged.op._update_input(1, _zeros_again(state, merged.op._inputs[0]))


def _zeros_again(state: LoopState, entered: Tensor) -> Tensor:
    """Zeros for all iterations but the first of a loop variable's gradient."""
    if entered.shape.is_fully_defined():
        with state.grad_context:
            zeros = convert.constant(0, dtype=entered.dtype, shape=entered.shape)
            return flow_edges.next_iteration(zeros)
    with inside(state.grad_context.outer_context):
        sizes = array_ops.shape_internal(entered.op._inputs[0], optimize=False)
        zeros = array_ops.zeros(sizes)
    with state.grad_context:
        return flow_edges.next_iteration(zeros)


gradients.set_loop_state(loops_between)
