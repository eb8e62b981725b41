"""Sums over the steps of unrolled loops, as the compiler makes them of gradients."""

from __future__ import annotations

import torch


def rows_together(parts: list[torch.Tensor]) -> torch.Tensor:
    """Matrices one below the other: [*, C] -> [sum, C]."""
    return torch.cat(parts)


def product_of_rows(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x^T y: the sum over all rows of their outer products, [R, M] and [R, N] -> [M, N]."""
    return torch.mm(x.t(), y)


def sum_of_rows(x: torch.Tensor) -> torch.Tensor:
    """The sum of all rows: [R, C] -> [C]."""
    return torch.sum(x, 0)


def stacked(parts: list[torch.Tensor], *, axis: int) -> torch.Tensor:
    """Tensors side by side along a new axis."""
    return torch.stack(parts, axis)
