"""Contexts: what the operations of a branch or a loop body have in common, while the graph is built.

Holds the base class, `CondContext` and the functions that tell contexts apart. A graph asks its current context about every new
operation (`AddOp`), which routes the inputs from outside through Switch ops. Method names are TensorFlow's, since programs use them.
"""
from __future__ import annotations

from typing import Any

from rekindle._src.graph import proto, scopes, sparse
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import control_flow as flow_ops


def switch_ref_or_tensor(data: Any, pred: Tensor, name: str = "Switch") -> Any:
    """Both outputs of a Switch beside `data`: a ref stays a ref, IndexedSlices are switched part by part."""
    if isinstance(data, sparse.IndexedSlices):
        return _switch_slices(data, pred, name)
    with scopes.get_default_graph().colocate_with(data.op, ignore_existing=True):
        if data.dtype._is_ref_dtype:
            return flow_ops.ref_switch(data, pred, name=name)
        return flow_ops.switch(data, pred, name=name)


def _switch_slices(data: Any, pred: Tensor, name: str) -> Any:
    values = switch_ref_or_tensor(data.values, pred, name)
    indices = switch_ref_or_tensor(data.indices, pred, "Switch")
    shapes = (None, None) if data.dense_shape is None else switch_ref_or_tensor(data.dense_shape, pred, "Switch")
    return tuple(sparse.IndexedSlices(v, i, s) for v, i, s in zip(values, indices, shapes, strict=True))


class ControlFlowContext:
    """A branch or a loop body under construction."""

    def __init__(self) -> None:
        self._outer_context = scopes.get_default_graph()._get_control_flow_context()
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

    def _values_def(self) -> Any:
        """The values as a ValuesDef message."""
        return proto.ValuesDef(values=sorted(self._values),
                               external_values={k: v.name for k, v in sorted(self._external_values.items())})


def output_context(op: Operation) -> Any:
    """The context of an operation's outputs: for a loop's Exit, the one around the loop."""
    context = op._get_control_flow_context()
    if context is not None and op.type in ("Exit", "RefExit"):
        context = context.outer_context
    return context


class CondContext(ControlFlowContext):
    """One branch of a `tf.cond`: what it takes from outside goes through a Switch on `pred`."""

    def __init__(self, pred: Tensor, pivot: Tensor, branch: int, name: str = "cond_text") -> None:
        super().__init__()
        self._name = scopes.get_default_graph().unique_name(name)
        self._pred = pred
        self._pivot = pivot
        self._branch = branch
        self._values |= {pred.name, pivot.name}

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
        if not op._inputs:
            self._remove_external_control_edges(op)
            op._add_control_input(self._pivot.op)
        else:
            for index, tensor in enumerate(list(op._inputs)):
                inner = self.AddValue(tensor)
                if inner is not tensor:
                    op._update_input(index, inner)
            self._remove_external_control_edges(op)
            if op.graph._is_function(op.type) or op.type == "SymbolicGradient":
                op._add_control_input(self._pivot.op)
        for tensor in op.outputs:
            self._values.add(tensor.name)
        if self._outer_context is not None or op.type not in ("Exit", "RefExit"):
            op.graph.prevent_fetching(op)
        if self._outer_context is not None:
            self._outer_context.AddInnerOp(op)

    def output(self, value: Tensor) -> Tensor:
        """A result of the branch function as a tensor of this branch."""
        if value.name not in self._values:
            self._values.add(value.name)
            if self._outer_context is not None:
                value = self._outer_context.AddValue(value)
                self._values.add(value.name)
            real = switch_ref_or_tensor(value, self._pred)[self._branch]
            self._external_values[value.name] = real
            return real
        return self._external_values.get(value.name, value)

    def to_proto(self, export_scope: str | None = None) -> Any:
        """A CondContextDef."""
        out = proto.CondContextDef(context_name=self._name, pred_name=self._pred.name, pivot_name=self._pivot.name,
                                   branch=self._branch)
        out.values_def.MergeFrom(self._values_def())
        return out

