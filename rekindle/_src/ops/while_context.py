"""The context of a loop: what `tf.while_loop` does to the operations of its condition and body.

Holds `WhileContext`: values from outside enter through Enter ops, operations wait for the
iteration. The loop variables' ring of Merge, Switch and NextIteration is built in while_loop.py,
the rings that gradients add in while_backprop.py.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import proto, scopes
from rekindle._src.graph.collections import GraphKeys
from rekindle._src.graph.meta_graph import (
    prepend_name_scope,
    register_proto_function,
    strip_name_scope,
)
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import array_shape as array_ops
from rekindle._src.ops import flow_context, flow_edges
from rekindle._src.ops.flow_context import ControlFlowContext

_SIZES = ("Shape", "Size", "Rank")


class WhileContext(ControlFlowContext):
    """A loop: its frame, its variables' ways in and out, and the values that it takes."""

    def __init__(
        self, maximum_iterations: Any = None, parallel_iterations: int = 10,
        back_prop: bool = True, swap_memory: bool = False, name: str = "while_context",
        grad_state: Any = None,
    ) -> None:
        super().__init__()
        self._graph = scopes.get_default_graph()
        self._name = self._graph.unique_name(name)
        self._maximum_iterations = maximum_iterations
        self._parallel_iterations = parallel_iterations
        self._back_prop = back_prop
        self._swap_memory = swap_memory
        self._grad_state = grad_state
        self._pivot_for_pred: Any = None  # what constants of the condition wait for
        self._pivot_for_body: Any = None  # what constants of the body wait for
        self._loop_exits: list[Tensor] = []
        self._loop_enters: list[Tensor] = []

    @property
    def graph(self) -> Any:
        """The graph of the loop."""
        return self._graph

    @property
    def maximum_iterations(self) -> Any:
        """The most iterations that the loop makes, or None."""
        return self._maximum_iterations

    @property
    def parallel_iterations(self) -> int:
        """How many iterations may run at a time."""
        return self._parallel_iterations

    @property
    def back_prop(self) -> bool:
        """True if gradients go through."""
        return self._back_prop

    @property
    def swap_memory(self) -> bool:
        """True if what gradients need may be kept on the host."""
        return self._swap_memory

    @property
    def pivot(self) -> Any:
        """Whether the loop goes on: the output of its LoopCond."""
        return self._pivot

    @property
    def loop_enters(self) -> list[Tensor]:
        """The outputs of the loop variables' Enter ops."""
        return self._loop_enters

    @property
    def loop_exits(self) -> list[Tensor]:
        """The outputs of the loop variables' Exit ops."""
        return self._loop_exits

    @property
    def grad_state(self) -> Any:
        """Where this is the loop of a gradient: its state."""
        return self._grad_state

    def GetWhileContext(self) -> WhileContext:  # noqa: N802 - TensorFlow's names
        """This loop."""
        return self

    def GetControlPivot(self) -> Any:  # noqa: N802
        """What operations without inputs wait for."""
        return self._pivot_for_pred if self._pivot_for_body is None else self._pivot_for_body

    def IsWhileContext(self) -> bool:  # noqa: N802
        """True."""
        return True

    def set_pivots(self, for_pred: Any = None, pivot: Any = None, for_body: Any = None) -> None:
        """Say what operations wait for, as far as the ring is built."""
        self._pivot_for_pred = self._pivot_for_pred if for_pred is None else for_pred
        self._pivot = self._pivot if pivot is None else pivot
        self._pivot_for_body = self._pivot_for_body if for_body is None else for_body

    def know_only(self, tensors: list[Tensor]) -> None:
        """Forget all values but these."""
        self._values = {tensor.name for tensor in tensors}

    def enter_value(self, data: Tensor, name: str | None = None, keep_shape: bool = True) -> Tensor:
        """A new loop variable's way into the loop."""
        entered = flow_edges.enter(
            data, self._name, False, self._parallel_iterations, keep_shape, name
        )
        self._loop_enters.append(entered)
        return entered

    def leave_value(self, data: Any, name: str | None = None) -> Any:
        """A loop variable's way out of the loop."""
        left = flow_edges.leave(data, name=name)
        self._loop_exits.append(left)
        return left

    def AddValue(self, val: Tensor) -> Tensor:  # noqa: N802
        """A value as this loop may take it: one from outside comes out of an Enter."""
        if val.name in self._values or val.op._control_flow_context is self:
            return self._external_values.get(val.name, val)
        self._values.add(val.name)
        kept = self._kept_value(val)
        if kept is not None:
            self._external_values[val.name] = kept
            return kept
        result = val if self._outer_context is None else self._outer_context.AddValue(val)
        with scopes.control_dependencies(None):
            entered = flow_edges.enter(result, self._name, True, self._parallel_iterations)
            entered.graph.prevent_feeding(entered)
            if self._outer_context is not None:
                self._outer_context.AddInnerOp(entered.op)
        self.adopt([entered])
        self._values.add(entered.name)
        self._external_values[val.name] = entered
        return entered

    def _kept_value(self, val: Tensor) -> Tensor | None:
        """A value of the forward loop as the gradient loop remembers it; None for other values."""
        loop = _current_loop()
        if loop is None or not loop.grad_state:
            return None
        forward = flow_context.while_context_of(val.op)
        if flow_context.is_exit(val.op):
            forward = forward.outer_context
            forward = None if forward is None else forward.GetWhileContext()
        if forward is not loop.grad_state.forward_context:
            return None
        return loop.grad_state.real_value(val)

    def adopt(self, entered: list[Tensor]) -> None:
        """Make Enter ops part of this loop; they wait for what waits outside of it."""
        graph = scopes.get_default_graph()
        for tensor in entered:
            op = tensor.op
            waits = graph._control_inputs_for([op._inputs[0]])
            op._set_control_flow_context(self)
            op._add_control_inputs([w for w in waits if self._may_wait_for(w)])
            for controller in graph._control_stack:
                controller.seen.add(op)

    def _may_wait_for(self, op: Operation) -> bool:
        """True if an operation stands in a context around this one, within the loop around."""
        wanted = flow_context.output_context(op)
        context = self._outer_context
        loop = None if context is None else context.GetWhileContext()
        while context is not wanted:
            if context is None or context is loop:
                return False
            context = context.outer_context
        return True

    def AddOp(self, op: Operation) -> None:  # noqa: N802
        """Take a new operation in; sizes of forward values are taken in the forward loop."""
        if op.type in _SIZES:
            loop = _current_loop()
            if loop is not None and loop.grad_state:
                source = op._inputs[0].op
                if flow_context.while_context_of(source) is loop.grad_state.forward_context:
                    context = source._get_control_flow_context()
                    op._set_control_flow_context(context)
                    context._take(op)
                    return
        self._take(op)

    def _take(self, op: Operation) -> None:
        if op._inputs:
            for index, tensor in enumerate(list(op._inputs)):
                inner = self.AddValue(tensor)
                if inner is not tensor:
                    op._update_input(index, inner)
            external = self._remove_external_control_edges(op)
            if _is_free(op):
                op._add_control_input(self.GetControlPivot().op)
        else:
            external = self._remove_external_control_edges(op)
            if not op._control_inputs:
                op._add_control_input(self.GetControlPivot().op)
        self._values.update(tensor.name for tensor in op.outputs)
        if external:
            self._wait_inside(op, external)
        if self._outer_context is not None or not flow_context.is_exit(op):
            op.graph.prevent_fetching(op)
            for tensor in op.outputs:
                op.graph.prevent_feeding(tensor)
        if self._outer_context is not None:
            self._outer_context.AddInnerOp(op)

    def _wait_inside(self, op: Operation, external: list[Operation]) -> None:
        """Let an operation wait for operations outside, by their values' way into the loop."""
        with scopes.control_dependencies(None), self:
            waits = [array_ops.identity(x.outputs[0]).op for x in external if x.outputs]
        op._add_control_inputs(waits)

    def to_proto(self, export_scope: str | None = None) -> Any:
        """A WhileContextDef, or None for a loop outside of `export_scope`."""
        if export_scope is not None and not self._name.startswith(export_scope):
            return None

        def stripped(tensor: Any) -> str:
            return strip_name_scope(tensor.name, export_scope)

        limit = self._maximum_iterations
        out = proto.WhileContextDef(
            context_name=strip_name_scope(self._name, export_scope),
            parallel_iterations=self._parallel_iterations, back_prop=self._back_prop,
            swap_memory=self._swap_memory, pivot_name=stripped(self._pivot),
            pivot_for_pred_name=stripped(self._pivot_for_pred),
            pivot_for_body_name=stripped(self._pivot_for_body),
            loop_exit_names=[stripped(t) for t in self._loop_exits],
            loop_enter_names=[stripped(t) for t in self._loop_enters],
            maximum_iterations_name=None if limit is None else stripped(limit),
        )
        out.values_def.MergeFrom(self._values_def(export_scope))
        self._add_nested(out, export_scope)
        return out

    def to_control_flow_context_def(self, context_def: Any, export_scope: str | None = None) -> None:
        """Write this context into a ControlFlowContextDef."""
        context_def.while_ctxt.CopyFrom(self.to_proto(export_scope))

    @classmethod
    def from_proto(cls, context_def: Any, import_scope: str | None = None) -> WhileContext:
        """The loop that a WhileContextDef tells of, with the contexts inside it."""
        graph = scopes.get_default_graph()

        def named(name: str) -> Any:
            return graph.as_graph_element(prepend_name_scope(name, import_scope))

        limit = context_def.maximum_iterations_name
        context = cls(
            named(limit) if limit else None, context_def.parallel_iterations,
            context_def.back_prop, context_def.swap_memory, context_def.context_name,
        )
        context._name = prepend_name_scope(context_def.context_name, import_scope)
        context.set_pivots(
            named(context_def.pivot_for_pred_name), named(context_def.pivot_name),
            named(context_def.pivot_for_body_name),
        )
        context._loop_exits = [named(name) for name in context_def.loop_exit_names]
        context._loop_enters = [named(name) for name in context_def.loop_enter_names]
        context._take_values(context_def.values_def, import_scope)
        if import_scope:
            for name in context._values:
                op = graph.as_graph_element(name).op
                if op.type in ("Enter", "RefEnter"):
                    op._set_attr("frame_name", proto.AttrValue(s=context._name.encode()))
        context._make_nested(context_def, import_scope)
        return context


def _current_loop() -> Any:
    """The loop that operations are added to now, or None."""
    context = scopes.get_default_graph()._get_control_flow_context()
    return None if context is None else context.GetWhileContext()


def _is_free(op: Operation) -> bool:
    """True if nothing ties an operation to an iteration."""
    if op._control_inputs:
        return False
    if op.graph._is_function(op.type) or op.type == "SymbolicGradient":
        return True
    return all(flow_context.is_loop_constant(tensor.op) for tensor in op._inputs)


flow_context.CONTEXT_CLASSES["while_ctxt"] = WhileContext
register_proto_function(
    GraphKeys.WHILE_CONTEXT, proto.WhileContextDef, WhileContext.to_proto, WhileContext.from_proto
)
