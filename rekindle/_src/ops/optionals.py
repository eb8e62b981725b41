"""Optionals: values of type variant that hold tensors, or nothing.

The branches of functional conditionals hand their inner values to the gradient in them.
"""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op
from rekindle._src.ops import variants


class Optional:
    """Some tensors, or nothing (None)."""

    __slots__ = ("components",)

    shape = ()  # one optional is a scalar

    def __init__(self, components: list[Any] | None) -> None:
        self.components = components

    def zeros_like(self) -> Optional:
        """An optional of zeros where this one holds something."""
        return Optional(None if self.components is None else list(map(variants.zeros_like, self.components)))

    def plus(self, other: Optional) -> Optional:
        """The optional that holds the sums of what both hold."""
        if (self.components is None) != (other.components is None):
            raise errors.InvalidArgumentError(
                None, None, "Cannot add optionals because one has a value and the other doesn't.")
        if self.components is None or other.components is None:
            return Optional(None)
        return Optional(list(map(variants.plus, self.components, other.components)))


def _optional(value: Any) -> Optional:
    if not isinstance(value, Optional):
        raise errors.InvalidArgumentError(
            None, None, "Unexpected 'optional' argument of incorrect type: expected a scalar variant with an Optional")
    return value


@op("OptionalFromValue", infer=infer.scalar, aliases=0, pure=True)
def optional_from_value(components):
    """An optional that holds tensors."""
    return Optional(components)


@op("OptionalNone", infer=infer.scalar, pure=True)
def optional_none():
    """An optional that holds nothing."""
    return Optional(None)


@op("OptionalHasValue", infer=infer.scalar, pure=True)
def optional_has_value(optional):
    """True if an optional holds something."""
    return torch.tensor(_optional(optional).components is not None)


def _held_shapes(c: Any) -> list[infer.Shape]:
    return [None if shape is None else tuple(shape) for shape in c.attr("output_shapes")]


@op("OptionalGetValue", infer=_held_shapes, aliases=0, pure=True)
def optional_get_value(optional, *, output_types):
    """The tensors that an optional holds."""
    held = _optional(optional).components
    if held is None:
        raise errors.InvalidArgumentError(None, None, "The given optional does not have a value.")
    if len(held) != len(output_types):
        raise errors.InvalidArgumentError(
            None, None, f"The given optional has {len(held)} components, expected {len(output_types)}.")
    return held


for _block in (optional_none, optional_has_value):
    _block.no_gradient()


@optional_from_value.gradient
def optional_from_value_gradient(op, dy):
    return optional_get_value(
        dy, [t.dtype for t in op.inputs], [t.shape for t in op.inputs])


@optional_get_value.gradient
def optional_get_value_gradient(op, *dys):
    return optional_from_value(list(dys))
