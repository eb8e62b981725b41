"""Updates of some rows or elements of a variable: Scatter*, ScatterNd* and their resource forms.

Where an index occurs twice, updates that combine (add, multiply, ...) combine all of them, and a
plain update keeps the last. On the CPU an index out of range is an error; on CUDA torch reports it.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import infer
from rekindle._src.graph.buffer import Buffer
from rekindle._src.graph.opdef import Op, op
from rekindle._src.ops.state import check_indices, shown, unravel
from rekindle._src.ops.state_resource import handle_shape

#: how the rows of `params` at `index` change: (params, index [N], updates [N, ...]) -> None
Change = Callable[[Any, Any, Any], None]


def _scatter(buffer: Buffer, indices: Any, updates: Any, change: Change) -> None:
    params = buffer.read()
    if not params.ndim:
        raise errors.InvalidArgumentError(
            None, None, f"params must be at least 1-D, got shape {shown(params.shape)}")
    row = params.shape[1:]
    if updates.ndim and tuple(updates.shape) != (*indices.shape, *row):
        raise errors.InvalidArgumentError(
            None, None, "Must have updates.shape = indices.shape + params.shape[1:] or "
            f"updates.shape = [], got updates.shape {shown(updates.shape)}, indices.shape "
            f"{shown(indices.shape)}, params.shape {shown(params.shape)}")
    check_indices(indices, params.shape[0])
    index = indices.reshape(-1).long()
    change(buffer.own(), index, updates.expand(indices.shape + row).reshape((-1, *row)))


def _update(params: Any, index: Any, updates: Any) -> None:
    params.index_copy_(0, index, updates)


def _add(params: Any, index: Any, updates: Any) -> None:
    params.index_add_(0, index, updates)


def _sub(params: Any, index: Any, updates: Any) -> None:
    params.index_add_(0, index, updates, alpha=-1)


def _reduce(kind: str) -> Change:
    def change(params: Any, index: Any, updates: Any) -> None:
        full = index.reshape((-1,) + (1,) * (updates.ndim - 1)).expand(updates.shape)
        params.scatter_reduce_(0, full, updates, kind)

    return change


_mul, _min, _max = _reduce("prod"), _reduce("amin"), _reduce("amax")


def _div(params: Any, index: Any, updates: Any) -> None:
    if not updates.is_floating_point() and not updates.is_complex() and (updates == 0).any():
        raise errors.InvalidArgumentError(None, None, "updates must not contain 0")
    divisor = torch.ones_like(params)
    _mul(divisor, index, updates)
    params.div_(divisor, rounding_mode=None if params.is_floating_point() or params.is_complex()
                else "trunc")


def _scattered(c: Any) -> infer.Shape:
    """The variable's shape, checked against those of indices and updates."""
    var, indices, updates = handle_shape(c, 0), c.shapes[1], c.shapes[2]
    if updates != () and var is not None and indices is not None:
        infer.merge(updates, indices + var[1:])
    return var


def _checked(rule: infer.Rule) -> infer.Rule:
    """The rule of an op without outputs that checks as `rule` does."""

    def check(c: Any) -> list[infer.Shape]:
        rule(c)
        return []

    return check


def _rows(op_type: str, change: Change, doc: str) -> tuple[Op, Op]:
    """The blocks of one update of rows: for a ref variable and for a resource."""

    def scatter(ref, indices, updates):
        _scatter(ref, indices, updates, change)
        return ref

    def resource_scatter(resource, indices, updates):
        _scatter(resource, indices, updates, change)

    for kernel, name in ((scatter, "scatter"), (resource_scatter, "resource_scatter")):
        kernel.__name__ = f"{name}_{op_type.lower()}"
        kernel.__doc__ = doc
    return (op(f"Scatter{op_type}", infer=_scattered, updates=("ref",))(scatter),
            op(f"ResourceScatter{op_type}", infer=_checked(_scattered),
               updates=("resource",))(resource_scatter))


scatter_update, resource_scatter_update = _rows("Update", _update, "Replace rows of the variable.")
scatter_add, resource_scatter_add = _rows("Add", _add, "Add to rows of the variable.")
scatter_sub, resource_scatter_sub = _rows("Sub", _sub, "Subtract from rows of the variable.")
scatter_mul, resource_scatter_mul = _rows("Mul", _mul, "Multiply rows of the variable.")
scatter_div, resource_scatter_div = _rows("Div", _div, "Divide rows of the variable.")
scatter_min, resource_scatter_min = _rows("Min", _min, "Lower rows of the variable to the updates.")
scatter_max, resource_scatter_max = _rows("Max", _max, "Raise rows of the variable to the updates.")
for _block in (scatter_add, scatter_sub, scatter_mul, scatter_div):
    _block.no_gradient()


def _scatter_nd(buffer: Buffer, indices: Any, updates: Any, change: Change) -> None:
    params = buffer.read()
    check_scatter_nd(params.shape, indices, updates)
    depth = indices.shape[-1]
    row = params.shape[depth:]
    rows = indices.reshape(-1, depth).long()
    strides = [1] * depth
    for d in range(depth - 2, -1, -1):
        strides[d] = strides[d + 1] * params.shape[d + 1]
    index = rows.new_zeros(len(rows))
    for d, stride in enumerate(strides):
        index = index + rows[:, d] * stride
    own = buffer.own()
    if not own.is_contiguous():
        own = buffer.value = own.contiguous()
    change(own.view(-1, *row), index, updates.reshape((-1, *row)))


def check_scatter_nd(shape: Any, indices: Any, updates: Any) -> None:
    """Refuse indices and updates that do not go with a tensor of `shape`.

    Raises:
      InvalidArgumentError: a shape is wrong, or an index is out of range.
    """
    depth = indices.shape[-1] if indices.ndim else 1
    if indices.shape[:-1] != updates.shape[:max(indices.ndim - 1, 0)]:
        raise errors.InvalidArgumentError(
            None, None, "The outermost dimension of updates and indices must match. Got "
            f"indices.shape {shown(indices.shape)}, updates.shape {shown(updates.shape)}")
    if tuple(updates.shape) != (*indices.shape[:-1], *shape[depth:]) or depth > len(shape):
        raise errors.InvalidArgumentError(
            None, None, "Must have updates.shape = indices.shape[:-1] + "
            f"params.shape[indices.shape[-1]:], got updates.shape {shown(updates.shape)}, "
            f"indices.shape {shown(indices.shape)}, params.shape {shown(shape)}")
    if indices.device.type != "cpu" or not indices.numel():
        return
    rows = indices.reshape(-1, depth)
    limits = torch.tensor(list(shape[:depth]), dtype=rows.dtype, device=rows.device)
    bad = ((rows < 0) | (rows >= limits)).any(1)
    if not bad.any():
        return
    at = int(bad.nonzero()[0])
    where = ",".join(map(str, unravel(at, indices.shape[:-1])))
    raise errors.InvalidArgumentError(
        None, None, f"indices[{where}] = {shown(rows[at].tolist())} does not index into shape "
        f"{shown(shape)}")


def _nd_scattered(c: Any) -> infer.Shape:
    """The variable's shape, checked against those of indices and updates."""
    var = handle_shape(c, 0)
    indices, updates = (infer.with_rank_at_least(c.shapes[i], 1) for i in (1, 2))
    if var is not None and 0 in var and any(
        s is not None and None not in s and 0 not in s for s in (indices, updates)):
        raise ValueError("Indices and updates specified for empty output shape")
    if indices is None or updates is None or indices[-1] is None:
        return var
    outer, depth = len(indices) - 1, indices[-1]
    shown_updates = f"updates.shape={infer.show(updates)}"
    _match(indices[:-1], updates[:outer], f"The outer {outer} dimensions of "
           f"indices.shape={infer.show(indices)} must match the outer {outer} dimensions of "
           f"{shown_updates}")
    if var is not None:
        _match(var[depth:], updates[outer:], f"The inner {len(var) - depth} dimensions of "
               f"input.shape={infer.show(var)} must match the inner {len(updates) - outer} "
               f"dimensions of {shown_updates}")
    return var


def _match(a: infer.Shape, b: infer.Shape, message: str) -> None:
    try:
        infer.merge(a, b)
    except ValueError as error:
        raise ValueError(f"{message}: {error}") from None


def _elements(op_type: str, change: Change, doc: str) -> tuple[Op, Op]:
    """The blocks of one update of elements or slices: for a ref variable and for a resource."""

    def scatter_nd(ref, indices, updates):
        _scatter_nd(ref, indices, updates, change)
        return ref

    def resource_scatter_nd(ref, indices, updates):
        _scatter_nd(ref, indices, updates, change)

    for kernel, name in ((scatter_nd, "scatter_nd"), (resource_scatter_nd, "resource_scatter_nd")):
        kernel.__name__ = f"{name}_{op_type.lower()}"
        kernel.__doc__ = doc
    return (op(f"ScatterNd{op_type}", infer=_nd_scattered, updates=("ref",))(scatter_nd),
            op(f"ResourceScatterNd{op_type}", infer=_checked(_nd_scattered),
               updates=("ref",))(resource_scatter_nd))


scatter_nd_update, resource_scatter_nd_update = _elements("Update", _update, "Replace elements of "
                                                          "the variable.")
scatter_nd_add, resource_scatter_nd_add = _elements("Add", _add, "Add to elements of the variable.")
scatter_nd_sub, resource_scatter_nd_sub = _elements("Sub", _sub, "Subtract from elements of the "
                                                    "variable.")
for _block in (scatter_nd_update, scatter_nd_add, scatter_nd_sub):
    _block.no_gradient()
