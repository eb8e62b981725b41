"""`tf.while_loop`: a loop of Enter, Merge, Switch, NextIteration and Exit, as TensorFlow 1 builds it.

Holds the loop variables' ring and the shape invariants. What the loop does to the operations inside
stands in while_context.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src import nest
from rekindle._src.graph import convert, scopes, sparse
from rekindle._src.graph.collections import GraphKeys, add_to_collection
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.tensor import Tensor
from rekindle._src.graph.type_spec import TensorSpec, TypeSpec
from rekindle._src.names import public
from rekindle._src.ops import control_flow as flow_ops
from rekindle._src.ops import (
    flow_context,
    flow_edges,
    flow_values,
    functional_flow,
    math_logic,
    tensor_array,
)
from rekindle._src.ops.while_context import WhileContext


@public("while_loop")
def while_loop(
    cond: Any, body: Any, loop_vars: Any, shape_invariants: Any = None,
    parallel_iterations: int = 10, back_prop: bool = True, swap_memory: bool = False,
    name: str | None = None, maximum_iterations: Any = None, return_same_structure: bool = False,
) -> Any:
    """Repeat `loop_vars = body(*loop_vars)` while `cond(*loop_vars)` is true, when the graph runs.

    Args:
      cond: gives a boolean scalar tensor.
      body: gives the next values, in the structure of `loop_vars`.
      loop_vars: the first values: tensors, SparseTensors, IndexedSlices, TensorArrays, or what
        converts to tensors, in any structure.
      shape_invariants: for each loop variable the shape that all iterations agree with; default:
        its first shape.
      parallel_iterations: how many iterations may run at a time in TensorFlow.
      back_prop: False to stop gradients.
      swap_memory: True lets what gradients need move to the host.
      name: the name scope; default "while".
      maximum_iterations: a scalar, the most iterations to make.
      return_same_structure: give the structure of `loop_vars` even if it has one element.

    Returns:
      The last values, in the structure that `body` gives; the value itself if there is one.

    Raises:
      TypeError: `cond` or `body` is not callable, or the structures differ in kind.
      ValueError: there are no loop variables, structures differ, or a shape breaks its invariant.
    """
    if not callable(cond):
        raise TypeError("cond must be callable.")
    if not callable(body):
        raise TypeError("body must be callable.")
    if parallel_iterations < 1:
        raise TypeError("parallel_iterations must be a positive integer.")
    if functional_flow.control_flow_v2_enabled():
        return functional_flow.BUILDERS["while_loop"](
            cond, body, loop_vars, shape_invariants, parallel_iterations, maximum_iterations, name,
            return_same_structure,
        )
    with scopes.name_scope(name, "while", loop_vars):
        if not loop_vars:
            raise ValueError("No loop variables provided")
        if maximum_iterations is not None:
            single = len(loop_vars) == 1 and not return_same_structure
            limited = _limited(cond, body, loop_vars, maximum_iterations, single)
            cond, body, loop_vars, maximum_iterations = limited
        if shape_invariants is not None:
            if maximum_iterations is not None:
                shape_invariants = (TensorShape([]), shape_invariants)
            nest.assert_same_structure(loop_vars, shape_invariants)
        context = WhileContext(maximum_iterations, parallel_iterations, back_prop, swap_memory)
        if context.outer_context is None:
            add_to_collection(GraphKeys.WHILE_CONTEXT, context)
        result = _build(context, cond, body, loop_vars, shape_invariants, return_same_structure)
    return result if maximum_iterations is None else result[1]


def _limited(
    cond: Any, body: Any, loop_vars: Any, limit: Any, single: bool
) -> tuple[Any, Any, Any, Tensor]:
    """The loop with a counter in front that ends it after `limit` iterations."""
    limit = convert.convert_to_tensor(limit, name="maximum_iterations")
    if limit.shape.ndims != 0:
        raise ValueError(f"maximum_iterations must be a scalar, saw shape: {limit.shape}")
    counter = convert.constant(0, limit.dtype, name="iteration_counter")
    if single:
        return (
            lambda i, v: math_logic.logical_and(i < limit, cond(v)),
            lambda i, v: (i + 1, body(v)),
            (counter, loop_vars[0]),
            limit,
        )
    return (
        lambda i, v: math_logic.logical_and(i < limit, cond(*v)),
        lambda i, v: (i + 1, body(*v)),
        (counter, loop_vars),
        limit,
    )


def _build(
    context: WhileContext, cond: Callable[..., Any], body: Callable[..., Any], loop_vars: Any,
    shape_invariants: Any, same_structure: bool,
) -> Any:
    leaves = [_converted(leaf) for leaf in nest.flatten(loop_vars)]
    structure = nest.pack_sequence_as(loop_vars, leaves)
    wanted = [None] * len(leaves) if shape_invariants is None else nest.flatten(shape_invariants)
    shapes = [
        shape
        for leaf, invariant in zip(leaves, wanted, strict=True)
        for shape in invariants(leaf, invariant)
    ]
    with context:
        result, exits = _ring(context, cond, body, structure, shapes)
    packed = flow_values.packed(result, exits)
    return packed if same_structure or len(exits) > 1 else packed[0]


def _converted(leaf: Any) -> Any:
    if isinstance(leaf, tensor_array.TensorArray):
        return leaf
    return sparse.internal_convert_or_slices(leaf)


def _ring(
    context: WhileContext, cond: Callable[..., Any], body: Callable[..., Any], structure: Any,
    shapes: list[TensorShape],
) -> tuple[Any, list[Tensor]]:
    """Build the loop; gives what `body` gave, and the values that leave the loop."""
    entered = _enter(context, flow_values.flat(structure), shapes)
    merged = [flow_edges.merge([tensor, tensor])[0] for tensor in entered]
    context.set_pivots(for_pred=merged[0])
    goes_on = convert.convert_to_tensor(cond(*flow_values.packed(structure, merged)))
    context.set_pivots(pivot=flow_ops.loop_cond(goes_on, name="LoopCond"))
    switched = [flow_edges.switch_ref_or_tensor(tensor, context.pivot) for tensor in merged]
    inside = [flow_edges.identity(pair[1]) for pair in switched]
    context.set_pivots(for_body=inside[0])
    variables = flow_values.packed(structure, inside)
    result = body(*variables)
    if not nest.is_sequence_or_composite(result):
        result = [result]
    nest.assert_same_structure(list(variables), list(result))
    result = nest.pack_sequence_as(result, [_converted(leaf) for leaf in nest.flatten(result)])
    following = flow_values.flat(result)
    if len(merged) != len(following):
        raise ValueError(
            "Number of inputs and outputs of body must match loop_vars: "
            f"{len(merged)}, {len(following)}"
        )
    for variable, value in zip(merged, following, strict=True):
        close_ring(variable, value)
    context.loop_exits.clear()
    exits = [context.leave_value(pair[0]) for pair in switched]
    context.ExitResult(exits)
    return result, exits


def _enter(
    context: WhileContext, tensors: list[Tensor], shapes: list[TensorShape]
) -> list[Tensor]:
    """The loop variables inside the loop."""
    context.know_only(tensors)
    outer = context.outer_context
    if outer is not None:
        tensors = [outer.AddValue(tensor) for tensor in tensors]
    with scopes.control_dependencies(None):
        entered = [context.enter_value(tensor, keep_shape=False) for tensor in tensors]
        for tensor in entered:
            tensor.graph.prevent_feeding(tensor)
            if outer is not None:
                outer.AddInnerOp(tensor.op)
    pivot = None
    while outer is not None and pivot is None:
        pivot, outer = outer.GetControlPivot(), outer.outer_context
    if pivot is not None:
        for tensor in entered:
            if flow_context.is_loop_constant(tensor.op._inputs[0].op):
                tensor.op._add_control_input(pivot.op)
    for tensor, inner, shape in zip(tensors, entered, shapes, strict=True):
        if not is_within(tensor.shape, shape):
            raise ValueError(
                f"The shape invariant specified for {tensor.name} is not compatible with the "
                f"initial shape of the loop variable. It enters the loop with shape {tensor.shape},"
                f" but the specified shape invariant is {shape}."
            )
        inner.set_shape(shape)
    context.adopt(entered)
    context.know_only(entered)
    return entered


def close_ring(variable: Tensor, value: Any, keep_shape: bool = True) -> None:
    """Send `value` back to the Merge of a loop variable.

    Raises:
      ValueError: its shape is not that of the variable, which is asked for if `keep_shape`.
    """
    following = flow_edges.next_iteration(convert.convert_to_tensor(value))
    if keep_shape and not is_within(following.shape, variable.shape):
        first = variable.op._inputs[0].op._inputs[0]
        raise ValueError(
            f"Input tensor '{first.name}' enters the loop with shape {first.shape}, but has shape "
            f"{following.shape} after one iteration. To allow the shape to vary across iterations, "
            "use the `shape_invariants` argument of tf.while_loop to specify a less-specific shape."
        )
    variable.op._update_input(1, following)


def is_within(shape: TensorShape, other: TensorShape) -> bool:
    """True if all that `other` says of a shape, `shape` says too."""
    if other.dims is None:
        return True
    if shape.ndims != other.ndims:
        return False
    pairs = zip(shape.as_list(), other.as_list(), strict=True)
    return all(size is None or mine == size for mine, size in pairs)


def invariants(leaf: Any, invariant: Any = None) -> list[TensorShape]:
    """The shapes that the tensors of a loop variable keep.

    Raises:
      TypeError: the invariant describes another kind of value.
      ValueError: it is no shape, or not that of a SparseTensor's dense_shape.
    """
    if isinstance(invariant, TypeSpec):
        fits = isinstance(leaf, invariant.value_type) and invariant.is_compatible_with(leaf)
        if not fits and not (isinstance(leaf, Tensor) and getattr(invariant, "dtype", None) == leaf.dtype):
            raise TypeError(f"TypeSpec {invariant!r} is not compatible with {leaf!r}")
        if isinstance(invariant, TensorSpec):
            return [invariant.shape]
        return [spec.shape for spec in nest.flatten(invariant, expand_composites=True)]
    if invariant is not None and not isinstance(invariant, TensorShape):
        raise ValueError("`shapes` must be a (possibly nested) list of shapes.")
    if isinstance(leaf, sparse.SparseTensor):
        if invariant is not None and invariant.ndims not in (None, 1):
            raise ValueError("Expected a shape with 1 dimension")
        rank = leaf.shape.ndims if invariant is None else invariant.with_rank(1).as_list()[0]
        return [TensorShape([None, rank]), TensorShape([None]), TensorShape([rank])]
    if isinstance(leaf, sparse.IndexedSlices):
        if invariant is None:
            shapes = [leaf.values.shape, leaf.indices.shape]
        else:
            shapes = [invariant, invariant[:1]]
        return shapes if leaf.dense_shape is None else [*shapes, leaf.dense_shape.shape]
    tensor = leaf.flow if isinstance(leaf, tensor_array.TensorArray) else leaf
    return [tensor.shape if invariant is None else invariant]
