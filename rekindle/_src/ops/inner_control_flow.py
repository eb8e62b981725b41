"""Names of `control_flow_ops` and `control_flow_util` that programs find inside TensorFlow.

The edges of loops by the names that TensorFlow has for them, and questions about operations and contexts.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph.operation import Operation
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import flow_context, flow_edges
from rekindle._src.ops.flow_edges import enter as _edge

exit = flow_edges.leave  # noqa: A001 - TensorFlow's name
_Identity = flow_edges.identity
_NextIteration = flow_edges.next_iteration
_SwitchRefOrTensor = flow_edges.switch_ref_or_tensor

IsSwitch = flow_context.is_switch
IsLoopExit = flow_context.is_exit
IsLoopConstantEnter = flow_context.is_loop_constant
IsLoopSwitch = flow_context.is_loop_switch
GetOutputContext = flow_context.output_context
IsContainingContext = flow_context.is_inside


def _Enter(  # noqa: N802
    data: Any, frame_name: str, is_constant: bool = False, parallel_iterations: int = 10, use_ref: bool = True,
    use_input_shape: bool = True, name: str | None = None,
) -> Any:
    """`data` in the frame of a loop; of a variable, the variable if `use_ref`."""
    if use_ref and not isinstance(data, Tensor) and getattr(data, "_ref", None) is not None:
        data = data._ref()
    return _edge(data, frame_name, is_constant, parallel_iterations, use_input_shape, name)


def IsMerge(op: Operation) -> bool:  # noqa: N802
    """True for Merge ops."""
    return op.type in ("Merge", "RefMerge")


def IsLoopEnter(op: Operation) -> bool:  # noqa: N802
    """True for the ops that lead into a loop."""
    return op.type in ("Enter", "RefEnter")


def IsInWhileLoop(op: Operation) -> bool:  # noqa: N802
    """True if a loop stands around an operation."""
    return GetContainingWhileContext(op._get_control_flow_context()) is not None


def IsInCond(op: Operation) -> bool:  # noqa: N802
    """True if a branch stands around an operation."""
    return GetContainingCondContext(op._get_control_flow_context()) is not None


def IsInXLAContext(op: Operation) -> bool:  # noqa: N802
    """True if an operation is marked to be compiled as one."""
    value = op._attrs.get("_XlaCompile")
    return bool(value is not None and value.b)


def GetContainingWhileContext(ctxt: Any, stop_ctxt: Any = None) -> Any:  # noqa: N802
    """The innermost loop around, the context itself included; None if there is none before `stop_ctxt`."""
    while ctxt is not None and not ctxt.IsWhileContext() and ctxt is not stop_ctxt:
        ctxt = ctxt.outer_context
    return ctxt


def GetContainingCondContext(ctxt: Any) -> Any:  # noqa: N802
    """The innermost branch around, the context itself included, or None."""
    while ctxt is not None and not ctxt.IsCondContext():
        ctxt = ctxt.outer_context
    return ctxt


def OpInContext(op: Operation, ctxt: Any) -> bool:  # noqa: N802
    """True if an operation stands in a context, or in one inside it."""
    return flow_context.is_inside(op._get_control_flow_context(), ctxt)


def TensorInContext(tensor: Tensor, ctxt: Any) -> bool:  # noqa: N802
    """True if a tensor's operation stands in a context, or in one inside it."""
    return OpInContext(tensor.op, ctxt)
