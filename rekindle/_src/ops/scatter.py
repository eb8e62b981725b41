"""Writing slices by index into new tensors: scatter_nd and the tensor_scatter family.

Scatter into variables is in state_scatter.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op
from rekindle._src.ops import array_fill, array_shape, gather


def flat_indices(
    indices: Any, sizes: Any, refuse: Callable[[list[int], list[int]], Exception]
) -> Any:
    """Indices [..., k] into the first k axes as indices [...] into these axes made flat.

    Raises:
      what `refuse` makes of the place and the row of the first index that is out of range; not on a GPU, where rows
      out of range become an index that is out of range.
    """
    limits = torch.tensor(sizes, dtype=indices.dtype, device=indices.device)
    outside = ((indices < 0) | (indices >= limits)).any(-1)
    steps = [math.prod(sizes[i + 1 :]) for i in range(len(sizes))]
    flat = (indices * torch.tensor(steps, dtype=indices.dtype, device=indices.device)).sum(-1)
    if indices.is_cuda:
        return torch.where(outside, torch.full_like(flat, -1), flat)
    if bool(outside.any()):
        place = torch.nonzero(outside)[0].tolist()
        raise refuse(place, indices[tuple(place)].tolist())
    return flat


def _checked(output: Any, indices: Any, updates: Any, what: str) -> Any:
    """Shape rule of the scatters: `what` names the first shape in messages."""
    empty = output is not None and 0 in output
    if empty and any(s is not None and None not in s and math.prod(s) for s in (indices, updates)):
        raise ValueError("Indices and updates specified for empty output shape")
    if indices is None or updates is None or indices[-1] is None:
        return output
    outer, depth = len(indices) - 1, indices[-1]
    shown_indices, shown_updates = infer.show(indices), infer.show(updates)
    try:
        infer.merge(indices[:outer], updates[:outer])
    except ValueError as error:
        raise ValueError(
            f"The outer {outer} dimensions of indices.shape={shown_indices} must match the outer "
            f"{outer} dimensions of updates.shape={shown_updates}: {error}"
        ) from None
    if output is None:
        return None
    try:
        infer.merge(output[depth:], updates[outer:])
    except ValueError as error:
        raise ValueError(
            f"The inner {len(output) - depth} dimensions of {what}.shape={infer.show(output)} must "
            f"match the inner {len(updates) - outer} dimensions of updates.shape={shown_updates}: "
            f"{error}"
        ) from None
    return output


def _scatter_rule(c: Any) -> Any:
    indices = infer.with_rank_at_least(c.shapes[0], 1)
    updates = infer.with_rank_at_least(c.shapes[1], 1)
    return _checked(c.shape_value(2), indices, updates, "output")


def _tensor_rule(c: Any) -> Any:
    indices = infer.with_rank_at_least(c.shapes[1], 1)
    updates = infer.with_rank_at_least(c.shapes[2], 1)
    return _checked(c.shapes[0], indices, updates, "output")


def _flat(tensor: Any, indices: Any) -> tuple[Any, Any]:
    """The tensor with the indexed axes made flat, and the flat indices."""
    depth = indices.shape[-1]
    outer, inner = tensor.shape[:depth], tensor.shape[depth:]

    def refuse(place: list[int], row: list[int]) -> Exception:
        at = ", ".join(map(str, place))
        return errors.InvalidArgumentError(
            None,
            None,
            f"indices[{at}] = [{', '.join(map(str, row))}] does not index into shape "
            f"{infer.show(tuple(tensor.shape))}",
        )

    places = flat_indices(indices, outer, refuse).reshape(-1)
    return tensor.reshape(math.prod(outer), *inner), places


def scattered(tensor: Any, indices: Any, updates: Any, how: str) -> Any:
    """A copy of the tensor with updates put in ("update"), added or subtracted at the indices."""
    flat, places = _flat(tensor.clone(), indices)
    updates = updates.reshape(places.shape + flat.shape[1:])
    if indices.is_cuda:
        inside = places >= 0
        places, updates = places[inside], updates[inside]
    if how == "update":
        flat[places.to(torch.int64)] = updates
    elif flat.dtype is torch.bool:
        flat[places[updates.reshape(len(places), -1).any(-1)].to(torch.int64)] = True
    else:
        flat.index_add_(0, places, updates, alpha=1 if how == "add" else -1)
    return flat.reshape(tensor.shape)


@op("ScatterNd", public="scatter_nd manip.scatter_nd", infer=_scatter_rule, structural=True)
def scatter_nd(indices, updates, shape):
    """Zeros of the given shape with the updates added at the indices."""
    zeros = torch.zeros(shape.tolist(), dtype=updates.dtype, device=updates.device)
    return scattered(zeros, indices, updates, "add")


@op("TensorScatterUpdate", public="tensor_scatter_nd_update tensor_scatter_update", infer=_tensor_rule,
    structural=True)  # fmt: skip
def tensor_scatter_update(tensor, indices, updates):
    """The tensor with the updates in place of what is at the indices."""
    return scattered(tensor, indices, updates, "update")


@op("TensorScatterAdd", public="tensor_scatter_nd_add tensor_scatter_add", infer=_tensor_rule)
def tensor_scatter_add(tensor, indices, updates):
    """The tensor with the updates added at the indices."""
    return scattered(tensor, indices, updates, "add")


@op("TensorScatterSub", public="tensor_scatter_nd_sub tensor_scatter_sub", infer=_tensor_rule)
def tensor_scatter_sub(tensor, indices, updates):
    """The tensor with the updates subtracted at the indices."""
    return scattered(tensor, indices, updates, "sub")


@op("ScatterNdNonAliasingAdd", infer=_tensor_rule)
def scatter_nd_non_aliasing_add(input, indices, updates):
    """The tensor with the updates added at the indices."""
    return scattered(input, indices, updates, "add")


@scatter_nd.gradient
def scatter_nd_gradient(op, dy):
    return [None, gather.gather_nd(dy, op.inputs[0]), None]


@tensor_scatter_update.gradient
def tensor_scatter_update_gradient(op, dy):
    _, indices, updates = op.inputs
    taken = gather.gather_nd(dy, indices)
    kept = tensor_scatter_update(
        array_shape.identity(dy), indices, array_fill.zeros_like(updates, dtype=dy.dtype)
    )
    return [kept, None, taken]


@tensor_scatter_add.gradient
def tensor_scatter_add_gradient(op, dy):
    taken = gather.gather_nd(dy, op.inputs[1])
    return [array_shape.identity(dy), None, taken]


@tensor_scatter_sub.gradient
def tensor_scatter_sub_gradient(op, dy):
    taken = gather.gather_nd(dy, op.inputs[1])
    return [array_shape.identity(dy), None, -taken]


@scatter_nd_non_aliasing_add.gradient
def scatter_nd_non_aliasing_add_gradient(op, dy):
    return [dy, None, gather.gather_nd(dy, op.inputs[1])]
