"""Branches: `tf.cond`, built of Switch and Merge as TensorFlow 1 does.

Holds `cond` and its kin that decide while the graph is built. What a branch does to the operations inside stands in
flow_context.py.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src import nest
from rekindle._src.graph import constants, convert, dtypes, scopes, sparse
from rekindle._src.graph.collections import GraphKeys, add_to_collection
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array_shape as array_ops
from rekindle._src.ops import control as control_ops
from rekindle._src.ops import flow_edges, flow_values, functional_flow, math_cast
from rekindle._src.ops.flow_context import CondContext


@public("cond")
def cond(pred: Any, true_fn: Any = None, false_fn: Any = None, strict: bool = False, name: str | None = None,
         fn1: Any = None, fn2: Any = None) -> Any:
    """The results of `true_fn()` if `pred` is true when the graph runs, else those of `false_fn()`.

    Both functions are called once, now; operations made outside of them run whatever `pred` says.

    Args:
      pred: a boolean scalar tensor.
      true_fn: a function without arguments that gives tensors, in any structure.
      false_fn: the same, with results of the same structure and types.
      strict: keep lists of one element as lists.
      name: the name scope; default "cond".
      fn1: the old name of true_fn.
      fn2: the old name of false_fn.

    Raises:
      TypeError: a function is missing or not callable, or `pred` is a Python bool.
      ValueError: the results differ in structure or types.
    """
    if functional_flow.control_flow_v2_enabled():
        return functional_flow.BUILDERS["cond"](pred, true_fn, false_fn, name)
    true_fn, false_fn = _old_argument("true_fn", true_fn, "fn1", fn1), _old_argument("false_fn", false_fn, "fn2", fn2)
    for label, function in (("true_fn", true_fn), ("false_fn", false_fn)):
        if not callable(function):
            raise TypeError(f"{label} must be callable.")
    with scopes.name_scope(name, "cond", [pred]):
        if isinstance(pred, bool):
            raise TypeError("pred must not be a Python bool")
        return _build(pred, true_fn, false_fn, strict)


def _old_argument(name: str, value: Any, old_name: str, old: Any) -> Any:
    if old is not None:
        if value is not None:
            raise TypeError(f"cond(): {name} and {old_name} may not be set simultaneously.")
        return old
    if value is None:
        raise TypeError(f"cond(): {name} argument required")
    return value


def _build(pred: Any, true_fn: Callable[[], Any], false_fn: Callable[[], Any], strict: bool) -> Any:
    on_false, on_true = flow_edges.switch(pred, pred)
    pivots = {1: array_ops.identity(on_true, name="switch_t"), 0: array_ops.identity(on_false, name="switch_f")}
    pred = array_ops.identity(pred, name="pred_id")
    for tensor in (on_true, on_false, pivots[1], pivots[0], pred):
        tensor.graph.prevent_fetching(tensor.op)
    contexts, originals, results = {}, {}, {}
    for branch, function in ((1, true_fn), (0, false_fn)):
        context = contexts[branch] = CondContext(pred, pivots[branch], branch)
        with context:
            originals[branch], results[branch] = _branch(context, function)
            context.ExitResult(results[branch])
    if not strict:
        originals = {b: _unpacked(o) for b, o in originals.items()}
    _match_indices(originals, results)
    _check_alike(originals[1], originals[0], results)
    merged = [flow_edges.merge(pair)[0] for pair in zip(results[0], results[1], strict=True)]
    if contexts[1].outer_context is None:
        for context in contexts.values():
            add_to_collection(GraphKeys.COND_CONTEXT, context)
    packed = flow_values.packed(originals[1], merged)
    return packed if strict else _unpacked(packed)


def _branch(context: CondContext, function: Callable[[], Any]) -> tuple[Any, list[Tensor]]:
    """What a branch function gives, and its tensors as tensors of the branch."""
    original = function()
    if original is None:
        raise ValueError(f"{'true_fn' if context.branch else 'false_fn'} must have a return value.")
    return original, [_output(context, tensor) for tensor in flow_values.flat(original)]


def _output(context: CondContext, value: Any) -> Any:
    if isinstance(value, Operation):
        return control_ops.with_dependencies([value], context.pivot)
    return context.output(convert.convert_to_tensor(value))


def _unpacked(result: Any) -> Any:
    return result[0] if isinstance(result, (list, tuple)) and len(result) == 1 else result


def _match_indices(originals: dict[int, Any], results: dict[int, list[Tensor]]) -> None:
    """Give the indices of IndexedSlices one type in both branches."""
    leaves = {branch: nest.flatten(originals[branch]) for branch in (1, 0)}
    at, places = 0, []
    for i, (a, b) in enumerate(zip(leaves[1], leaves[0], strict=False)):
        if isinstance(a, sparse.IndexedSlices) and isinstance(b, sparse.IndexedSlices):
            if a.indices.dtype != b.indices.dtype:
                places.append((i, at + 1))
        at += len(flow_values.parts(a))
    for i, _ in places:
        for own in leaves.values():
            indices = math_cast.cast(own[i].indices, dtypes.int64)
            own[i] = sparse.IndexedSlices(own[i].values, indices, own[i].dense_shape)
    for _, at in places:
        for own in results.values():
            own[at] = math_cast.cast(own[at], dtypes.int64)
    for branch, own in leaves.items():
        if places:
            originals[branch] = nest.pack_sequence_as(originals[branch], own)


def _check_alike(on_true: Any, on_false: Any, results: dict[int, list[Tensor]]) -> None:
    """Refuse branches whose results differ in structure or type."""
    try:
        nest.assert_same_structure(on_true, on_false)
        for a, b in zip(nest.flatten(on_true), nest.flatten(on_false), strict=True):
            if _kind(a) is not _kind(b):
                raise TypeError(f"The two structures don't have the same nested structure: {a} and {b}")
    except TypeError as error:
        raise TypeError(f"Incompatible return types of true_fn and false_fn: {error}") from None
    except ValueError as error:
        raise ValueError(f"Incompatible return values of true_fn and false_fn: {error}") from None
    if not results[1]:
        raise ValueError("true_fn and false_fn must return at least one result.")
    for a, b in zip(results[1], results[0], strict=True):
        if a.dtype.base_dtype != b.dtype.base_dtype:
            raise ValueError(f"Outputs of true_fn and false_fn must have the same type: {a.dtype.name}, {b.dtype.name}")


def _kind(leaf: Any) -> Any:
    return type(leaf) if isinstance(leaf, (sparse.SparseTensor, sparse.IndexedSlices)) else None


@public("contrib.framework.smart_cond")
def smart_cond(pred: Any, true_fn: Any = None, false_fn: Any = None, name: str | None = None) -> Any:
    """`cond`, or just one of the functions where `pred` is known while the graph is built.

    Raises:
      TypeError: `pred` is no bool, number 0 or 1, or tensor, or a function is not callable.
    """
    for label, function in (("true_fn", true_fn), ("false_fn", false_fn)):
        if not callable(function):
            raise TypeError(f"`{label}` must be callable.")
    known = smart_constant_value(pred)
    if known is not None:
        return true_fn() if known else false_fn()
    return cond(pred, true_fn=true_fn, false_fn=false_fn, name=name)


@public("contrib.framework.smart_constant_value")
def smart_constant_value(pred: Any) -> bool | None:
    """The truth of `pred` if it is known while the graph is built, else None.

    Raises:
      TypeError: `pred` is no bool, number 0 or 1, or tensor.
    """
    if isinstance(pred, bool) or (isinstance(pred, int) and pred in (0, 1)):
        return bool(pred)
    if isinstance(pred, Tensor):
        value = constants.constant_value(pred)
        return None if value is None else bool(value)
    raise TypeError(f"`pred` must be a Tensor, or a Python bool, or 1 or 0. Found instead: {type(pred)}")
