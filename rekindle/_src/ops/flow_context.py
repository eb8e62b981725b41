"""Contexts: what the operations of a branch or a loop body have in common, while the graph is built.

Holds the base class, `CondContext` and the functions that tell contexts and operations apart; loops stand in
while_context.py. A graph asks its current context about every new operation (`AddOp`), which routes the inputs from
outside
through Switch ops. Method names are TensorFlow's, since programs use them.
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
from rekindle._src.ops.flow_edges import switch_ref_or_tensor


class ControlFlowContext:
    """A branch or a loop body under construction."""

    def __init__(self) -> None:
        self._outer_context = scopes.get_default_graph()._get_control_flow_context()
        self._nested_contexts: list[Any] = []
        if self._outer_context is not None:
            self._outer_context._nested_contexts.append(self)
        self._context_stack: list[Any] = []
        self._values: set[str] = set()
        self._external_values: dict[str, Tensor] = {}
        self._name = ""
        self._pivot: Any = None

    @property
    def name(self) -> str:
        """The name that files know it by."""
        return self._name

    @property
    def outer_context(self) -> Any:
        """The context around this one, or None."""
        return self._outer_context

    @property
    def grad_state(self) -> Any:
        """The gradient loop's state, where this is a loop; branches have none."""
        return None

    @property
    def back_prop(self) -> bool:
        """True if gradients go through."""
        return True

    def Enter(self) -> None:  # noqa: N802 - TensorFlow's name
        """Make this the graph's current context."""
        graph = scopes.get_default_graph()
        self._context_stack.append(graph._get_control_flow_context())
        graph._set_control_flow_context(self)

    def Exit(self) -> None:  # noqa: N802
        """Give the graph its former context back."""
        scopes.get_default_graph()._set_control_flow_context(self._context_stack.pop())

    def __enter__(self) -> ControlFlowContext:
        self.Enter()
        return self

    def __exit__(self, *_: Any) -> None:
        self.Exit()

    def AddName(self, name: str) -> None:  # noqa: N802
        """Say that a value belongs to this context."""
        self._values.add(name)

    def ExitResult(self, result: list[Any]) -> None:  # noqa: N802
        """Let the context around know the results."""
        if self._outer_context is not None:
            for tensor in result:
                if tensor is not None:
                    self._outer_context.AddName(tensor.name)

    def GetControlPivot(self) -> Any:  # noqa: N802
        """What operations without inputs wait for."""
        return self._pivot

    def GetWhileContext(self) -> Any:  # noqa: N802
        """The innermost loop around, or None."""
        return None if self._outer_context is None else self._outer_context.GetWhileContext()

    def IsWhileContext(self) -> bool:  # noqa: N802
        """True for loops."""
        return False

    def IsCondContext(self) -> bool:  # noqa: N802
        """True for branches."""
        return False

    def IsXLAContext(self) -> bool:  # noqa: N802
        """False: there is no XLA."""
        return False

    def AddOp(self, op: Operation) -> None:  # noqa: N802
        """Take a new operation in."""
        raise NotImplementedError

    def AddValue(self, val: Tensor) -> Tensor:  # noqa: N802
        """A value as operations of this context may take it."""
        raise NotImplementedError

    def check_use(self, source: Operation, op: Operation) -> None:
        """Refuse an input of an operation that comes out of a loop in which the operation does not stand.

        Raises:
          ValueError: it does.
        """
        given = output_context(source)
        there = None if given is None else given.GetWhileContext()
        if there is None:
            return
        here = while_context_of(op)
        if here is None:
            if op.type not in ("Enter", "RefEnter", "Switch", "RefSwitch"):
                raise ValueError(
                    f"Cannot use '{source.name}' as input to '{op.name}' because '{source.name}' is in a while loop. "
                    "See info log for more details."
                )
        elif not is_inside(here, there) and not _is_of_gradient(here, there):
            raise ValueError(
                f"Cannot use '{source.name}' as input to '{op.name}' because they are in different while loops. "
                "See info log for more details."
            )

    def AddInnerOp(self, op: Operation) -> None:  # noqa: N802
        """Take an operation of a context inside in."""
        if self._outer_context is not None:
            self._outer_context.AddInnerOp(op)

    def _remove_external_control_edges(self, op: Operation) -> list[Operation]:
        """Take away the control inputs that come from outside of the loop around; gives them."""
        loop = self.GetWhileContext()
        if loop is None:
            return []
        internal, external = [], []
        for other in op.control_inputs:
            context = output_context(other)
            (internal if context is not None and context.GetWhileContext() is loop else external).append(other)
        if external:
            op._remove_all_control_inputs()
            op._add_control_inputs(internal)
        return external

    def _values_def(self, export_scope: str | None) -> Any:
        """The values as a ValuesDef message."""
        inside = {strip_name_scope(k, export_scope): strip_name_scope(v.name, export_scope)
                  for k, v in self._external_values.items()}
        return proto.ValuesDef(values=[strip_name_scope(v, export_scope) for v in sorted(self._values)],
                               external_values=inside)

    def _take_values(self, values_def: Any, import_scope: str | None) -> None:
        """Know the values of a ValuesDef message, and say to their operations that they are of this context."""
        graph = scopes.get_default_graph()
        self._values = {prepend_name_scope(v, import_scope) for v in values_def.values}
        self._external_values = {
            prepend_name_scope(k, import_scope): graph.as_graph_element(prepend_name_scope(v, import_scope))
            for k, v in values_def.external_values.items()}
        for name in {v.split(":")[0] for v in self._values - set(self._external_values)}:
            graph.as_graph_element(name)._set_control_flow_context(self)

    def _add_nested(self, out: Any, export_scope: str | None) -> None:
        """Put the contexts inside into a message."""
        for nested in self._nested_contexts:
            nested.to_control_flow_context_def(out.nested_contexts.add(), export_scope)

    def _make_nested(self, context_def: Any, import_scope: str | None) -> None:
        """Make the contexts inside that a message tells of."""
        with self:
            for nested in context_def.nested_contexts:
                context_from_proto(nested, import_scope)


#: field of a ControlFlowContextDef -> class of the context
CONTEXT_CLASSES: dict[str, Any] = {}


def context_from_proto(context_def: Any, import_scope: str | None = None) -> Any:
    """The context that a ControlFlowContextDef tells of.

    Raises:
      NotImplementedError: it is of a kind that TensorFlow 1.15.5 does not have.
    """
    field = context_def.WhichOneof("ctxt")
    if field not in CONTEXT_CLASSES:
        raise NotImplementedError(f"Unknown ControlFlowContextDef field: {field}")
    return CONTEXT_CLASSES[field].from_proto(getattr(context_def, field), import_scope=import_scope)


def is_inside(context: Any, other: Any) -> bool:
    """True if `context` is `other` or stands inside it."""
    while context is not other:
        if context is None:
            return False
        context = context.outer_context
    return True


def _is_of_gradient(here: Any, there: Any) -> bool:
    """True if one of two loops is that of the gradient of the other, or of one beside it."""
    if here.grad_state:
        forward = here.grad_state.forward_context
        if is_inside(forward, there) or forward is there.outer_context:
            return True
    if not there.grad_state:
        return False
    forward = there.grad_state.forward_context
    return forward is here or bool(forward.grad_state and forward.grad_state.forward_context is here)


def while_context_of(op: Operation) -> Any:
    """The innermost loop around an operation, or None."""
    context = op._get_control_flow_context()
    return None if context is None else context.GetWhileContext()


def is_exit(op: Operation) -> bool:
    """True for operations whose output leaves a loop."""
    return op.type in ("Exit", "RefExit")


def is_switch(op: Operation) -> bool:
    """True for Switch ops, of loops as well as of branches."""
    return op.type in ("Switch", "RefSwitch")


def is_loop_constant(op: Operation) -> bool:
    """True for the Enter of a value that all iterations share."""
    return op.type in ("Enter", "RefEnter") and op._attrs["is_constant"]


def is_loop_switch(op: Operation) -> bool:
    """True for the Switch of a loop variable."""
    if not is_switch(op):
        return False
    context = op._get_control_flow_context()
    return context is not None and context.IsWhileContext() and not _serves_branches(op)


def _serves_branches(op: Operation) -> bool:
    """True if all consumers of a Switch are in branches: it belongs to a `tf.cond` inside the loop."""
    for tensor in op.outputs:
        for consumer in tensor._consumers:
            context = consumer._get_control_flow_context()
            if consumer.type in ("Enter", "RefEnter"):
                context = context.outer_context
            if context is None or not context.IsCondContext():
                return False
    return True


def output_context(op: Operation) -> Any:
    """The context of an operation's outputs: for a loop's Exit, the one around the loop."""
    context = op._get_control_flow_context()
    return context.outer_context if context is not None and is_exit(op) else context


class CondContext(ControlFlowContext):
    """One branch of a `tf.cond`: what it takes from outside goes through a Switch on `pred`."""

    def __init__(self, pred: Tensor, pivot: Tensor, branch: int, name: str = "cond_text") -> None:
        super().__init__()
        self._name = scopes.get_default_graph().unique_name(name)
        self._pred = pred
        self._pivot = pivot
        self._branch = branch
        self._values |= {pred.name, pivot.name}
        self._external_values[pred.name] = pred

    @property
    def pred(self) -> Tensor:
        """The condition."""
        return self._pred

    @property
    def pivot(self) -> Tensor:
        """Live if this branch is taken."""
        return self._pivot

    @property
    def branch(self) -> int:
        """1 for the branch of a true condition, 0 for the other."""
        return self._branch

    @property
    def grad_state(self) -> Any:
        """The gradient state of the loop around."""
        loop = self.GetWhileContext()
        return None if loop is None else loop.grad_state

    @property
    def back_prop(self) -> bool:
        """True unless a loop around says no."""
        loop = self.GetWhileContext()
        return False if loop is None else loop.back_prop

    def GetControlPivot(self) -> Any:  # noqa: N802
        """What operations without inputs wait for."""
        return self._pivot

    def IsCondContext(self) -> bool:  # noqa: N802
        """True."""
        return True

    def AddValue(self, val: Tensor) -> Tensor:  # noqa: N802
        """A value as this branch may take it: one from outside comes out of a Switch."""
        if val.name in self._values:
            return self._external_values.get(val.name, val)
        self._values.add(val.name)
        result = val
        if self._outer_context is not None:
            result = self._outer_context.AddValue(val)
            self._values.add(result.name)
            self._external_values[result.name] = result
        with scopes.control_dependencies(None):
            result = switch_ref_or_tensor(result, self._pred)[self._branch]
            if self._outer_context is not None:
                self._outer_context.AddInnerOp(result.op)
        result.op.graph.prevent_fetching(result.op)
        result.op._set_control_flow_context(self)
        context: Any = self
        while context is not None:
            context._values.add(result.name)
            context = context._outer_context
        self._external_values[val.name] = result
        return result

    def AddOp(self, op: Operation) -> None:  # noqa: N802
        """Take a new operation in: route its inputs, and make it wait for the branch where it has none."""
        self._take(op)

    def _take(self, op: Operation) -> None:
        if not op._inputs:
            self._remove_external_control_edges(op)
            if not any(is_inside(c._get_control_flow_context(), self) for c in op._control_inputs):
                op._add_control_input(self._pivot.op)
        else:
            for index, tensor in enumerate(list(op._inputs)):
                if op.type == "Merge" and tensor.op.type == "NextIteration":
                    continue  # the back edge of a loop that is imported into this branch
                inner = self.AddValue(tensor)
                if inner is not tensor:
                    op._update_input(index, inner)
            self._remove_external_control_edges(op)
            if op.graph._is_function(op.type) or op.type == "SymbolicGradient":
                op._add_control_input(self._pivot.op)
        context: Any = self
        while context is not None:
            context._values.update(tensor.name for tensor in op.outputs)
            context = context._outer_context
        if self._outer_context is not None or not is_exit(op):
            op.graph.prevent_fetching(op)
        if self._outer_context is not None:
            self._outer_context.AddInnerOp(op)

    def output(self, value: Tensor) -> Tensor:
        """A result of the branch function as a tensor of this branch."""
        if value.name in self._values:
            return self._external_values.get(value.name, value)
        self._values.add(value.name)
        real = value
        if self._outer_context is not None:
            real = self._outer_context.AddValue(value)
            self._values.add(real.name)
            self._external_values[real.name] = real
        real = switch_ref_or_tensor(real, self._pred)[self._branch]
        self._external_values[value.name] = real
        return real

    def to_proto(self, export_scope: str | None = None) -> Any:
        """A CondContextDef, or None for a context outside of `export_scope`."""
        if export_scope is not None and not self._name.startswith(export_scope):
            return None
        out = proto.CondContextDef(
            context_name=strip_name_scope(self._name, export_scope),
            pred_name=strip_name_scope(self._pred.name, export_scope),
            pivot_name=strip_name_scope(self._pivot.name, export_scope), branch=self._branch)
        out.values_def.MergeFrom(self._values_def(export_scope))
        self._add_nested(out, export_scope)
        return out

    def to_control_flow_context_def(self, context_def: Any, export_scope: str | None = None) -> None:
        """Write this context into a ControlFlowContextDef."""
        context_def.cond_ctxt.CopyFrom(self.to_proto(export_scope))

    @classmethod
    def from_proto(cls, context_def: Any, import_scope: str | None = None) -> CondContext:
        """The branch that a CondContextDef tells of, with the contexts inside it."""
        graph = scopes.get_default_graph()
        pred, pivot = (graph.as_graph_element(prepend_name_scope(name, import_scope))
                       for name in (context_def.pred_name, context_def.pivot_name))
        context = cls(pred, pivot, context_def.branch, context_def.context_name)
        context._name = prepend_name_scope(context_def.context_name, import_scope)
        context._take_values(context_def.values_def, import_scope)
        context._make_nested(context_def, import_scope)
        return context


CONTEXT_CLASSES["cond_ctxt"] = CondContext
register_proto_function(GraphKeys.COND_CONTEXT, proto.CondContextDef, CondContext.to_proto, CondContext.from_proto)
