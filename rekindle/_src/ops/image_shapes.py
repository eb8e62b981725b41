"""Static shapes that the image ops share: sized images, boxes, exact sizes."""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import infer


def exactly(size: int | None, wanted: int) -> int:
    """The size, known to be `wanted`.

    Raises:
      ValueError: it is another.
    """
    if size is not None and size != wanted:
        raise ValueError(f"Dimension must be {wanted} but is {size}")
    return wanted


def sized(c: Any, index: int) -> tuple[int | None, int | None]:
    """Height and width that a [2] input gives, as far as they are known."""
    exactly(infer.with_rank(c.shapes[index], 1)[0], 2)
    value = c.value(index)
    if value is None:
        return None, None
    return int(value[0]), int(value[1])


def resized(c: Any) -> infer.Shape:
    """[N, H, W, C] and a size [2] -> [N, H', W', C]."""
    x = infer.with_rank(c.shapes[0], 4)
    return (x[0], *sized(c, 1), x[3])


def scalar_inputs(c: Any, *indices: int) -> None:
    """Refuse inputs that are no scalars.

    Raises:
      ValueError: one is none.
    """
    for index in indices:
        infer.with_rank(c.shapes[index], 0)
