"""The edges of branches and loops for any value: refs stay refs, sparse values go part by part.

Thin functions over the blocks of control_flow.py: `switch`, `merge`, `enter`, `leave`,
`next_iteration`, `identity`.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, dtypes, scopes, sparse
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import array_shape as array_ops
from rekindle._src.ops import control_flow as flow_ops
from rekindle._src.ops import flow_values, math_cast, math_ranges


def switch(data: Any, pred: Any, dtype: Any = None, name: str | None = None) -> tuple[Any, Any]:
    """`data` on the side that `pred` names: (false, true)."""
    with scopes.name_scope(name, "Switch", [data, pred]) as name:
        data = sparse.internal_convert_or_slices(data, dtype, "data", as_ref=True)
        if isinstance(data, Tensor):
            return flow_ops.switch(data, pred, name=name)
        sides = [flow_ops.switch(tensor, pred) for tensor in flow_values.parts(data)]
        on_false, on_true = zip(*sides, strict=True)
        return (
            flow_values.rebuilt(data, list(on_false)),
            flow_values.rebuilt(data, list(on_true)),
        )


def switch_ref_or_tensor(data: Any, pred: Tensor, name: str = "Switch") -> Any:
    """Both outputs of a Switch beside `data`, on its device."""
    with scopes.get_default_graph().colocate_with(data.op, ignore_existing=True):
        if isinstance(data, Tensor) and data.dtype._is_ref_dtype:
            return flow_ops.ref_switch(data, pred, name=name)
        return switch(data, pred, name=name)


def merge(inputs: Any, name: str | None = None) -> Any:
    """Whichever of the inputs is live, and its index; beside IndexedSlices tensors become slices.

    Raises:
      ValueError: an input is None.
      TypeError: the inputs are sparse in different ways.
    """
    if any(one is None for one in inputs):
        raise ValueError(f"At least one of the merge inputs is None: {inputs}")
    with scopes.name_scope(name, "Merge", inputs) as name:
        inputs = [sparse.internal_convert_or_slices(one, as_ref=True) for one in inputs]
        if all(isinstance(one, Tensor) for one in inputs):
            if all(one.dtype._is_ref_dtype for one in inputs):
                return flow_ops.ref_merge(inputs, name=name)
            return flow_ops.merge(inputs, name=name)
        if any(isinstance(one, sparse.IndexedSlices) for one in inputs):
            inputs = [as_slices(one) for one in inputs]
            inputs = _with_one_index_type(inputs)
        if any(type(one) is not type(inputs[0]) for one in inputs):
            raise TypeError(f"Type {type(inputs[-1])} not supported")
        rows = zip(*[flow_values.parts(one) for one in inputs], strict=True)
        merged = [flow_ops.merge(list(row)) for row in rows]
        return flow_values.rebuilt(inputs[0], [m[0] for m in merged]), merged[0][1]


def as_slices(value: Any) -> Any:
    """A dense tensor as slices of all its rows."""
    if isinstance(value, sparse.IndexedSlices):
        return value
    shape = array_ops.shape_internal(value, optimize=False)
    return sparse.IndexedSlices(value, math_ranges.range(0, shape[0]), shape)


def _with_one_index_type(slices: list[Any]) -> list[Any]:
    if len({one.indices.dtype for one in slices}) == 1:
        return slices
    return [
        sparse.IndexedSlices(
            one.values, math_cast.cast(one.indices, dtypes.int64), one.dense_shape
        )
        if one.indices.dtype == dtypes.int32
        else one
        for one in slices
    ]


def enter(
    data: Any, frame: str, constant: bool = False, parallel_iterations: int = 10,
    keep_shape: bool = True, name: str | None = None,
) -> Any:
    """`data` in the frame of a loop."""
    if not isinstance(data, Tensor):
        return flow_values.mapped(
            lambda t: enter(t, frame, constant, parallel_iterations, keep_shape), data
        )
    block = flow_ops.ref_enter if data.dtype._is_ref_dtype else flow_ops.enter
    result = block(data, frame, constant, parallel_iterations, name=name)
    if keep_shape:
        result.set_shape(data.shape)
    return result


def leave(data: Any, name: str | None = None) -> Any:
    """`data` outside of the frame."""
    if not isinstance(data, Tensor):
        return flow_values.mapped(leave, data)
    block = flow_ops.ref_exit if data.dtype._is_ref_dtype else flow_ops.exit_
    return block(data, name=name)


def next_iteration(data: Any, name: str | None = None) -> Any:
    """`data` in the next iteration."""
    if not isinstance(data, Tensor):
        return flow_values.mapped(next_iteration, data)
    is_ref = data.dtype._is_ref_dtype
    block = flow_ops.ref_next_iteration if is_ref else flow_ops.next_iteration
    return block(data, name=name)


def identity(data: Any, name: str | None = None) -> Any:
    """A new tensor of the same value; of a variable, the variable."""
    if not isinstance(data, Tensor):
        if not isinstance(data, (sparse.SparseTensor, sparse.IndexedSlices)):
            return identity(convert.internal_convert(data, as_ref=True))
        return flow_values.mapped(identity, data)
    if data.dtype._is_ref_dtype:
        return array_ops.ref_identity(data, name=name)
    return array_ops.identity(data, name=name)
