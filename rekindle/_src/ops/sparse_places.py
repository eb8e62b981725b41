"""Places in sparse tensors: indices [N, rank] and what the sparse blocks ask of them."""

from __future__ import annotations

import math
from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import infer


def invalid(message: str) -> errors.InvalidArgumentError:
    """The error of a sparse tensor that is not well formed."""
    return errors.InvalidArgumentError(None, None, message)


def check_ranks(c: Any, *ranks: int) -> list[Any]:
    """The input shapes, known to have these ranks.

    Raises:
      ValueError: one has another.
    """
    return [infer.with_rank(shape, rank) for shape, rank in zip(c.shapes, ranks)]


def linear(indices: Any, sizes: list[int]) -> Any:
    """Indices [N, rank] as places in the tensor made flat: [N]."""
    steps = [math.prod(sizes[i + 1 :]) for i in range(len(sizes))]
    steps = torch.tensor(steps, dtype=indices.dtype, device=indices.device)
    return (indices * steps).sum(1)


def unflattened(places: Any, sizes: list[int]) -> Any:
    """Places in a flat tensor as indices: [N] -> [N, rank]."""
    out = []
    for size in reversed(sizes):
        out.append(places % max(size, 1))
        places = places // max(size, 1)
    if not out:
        return torch.zeros((len(places), 0), dtype=places.dtype, device=places.device)
    return torch.stack(out[::-1], 1)


def check_order(indices: Any, sizes: list[int]) -> None:
    """Refuse indices that are out of bounds, repeated, or not in row-major order.

    Raises:
      InvalidArgumentError: they are.
    """
    limits = torch.tensor(sizes, dtype=indices.dtype, device=indices.device)
    outside = torch.nonzero(((indices < 0) | (indices >= limits)).any(1)).reshape(-1)
    steps = linear(indices, sizes).diff()
    unordered = torch.nonzero(steps <= 0).reshape(-1)
    at = int(outside[0]) if len(outside) else len(indices)
    bad = int(unordered[0]) + 1 if len(unordered) else len(indices)
    if at < len(indices) and at <= bad:
        shown = ",".join(map(str, indices[at].tolist()))
        raise invalid(
            f"indices[{at}] = [{shown}] is out of bounds: need 0 <= index < [{','.join(map(str, sizes))}]"
        )
    if bad < len(indices):
        shown = ",".join(map(str, indices[bad].tolist()))
        what = "repeated" if int(steps[bad - 1]) == 0 else "out of order"
        raise invalid(
            f"indices[{bad}] = [{shown}] is {what}"
            + (
                ""
                if what == "repeated"
                else ". Many sparse ops require sorted indices.\n    Use `tf.sparse.reorder` to create a "
                "correctly ordered copy.\n\n"
            )
        )
