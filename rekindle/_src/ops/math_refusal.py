"""Why a kernel with broadcasting refused its inputs, in TensorFlow's words."""

from __future__ import annotations

from typing import Any

from rekindle._src import errors
from rekindle._src.graph import infer


def invalid(message: str) -> errors.InvalidArgumentError:
    """The error of inputs that a kernel does not take."""
    return errors.InvalidArgumentError(None, None, message)


def listed(x: Any) -> str:
    """A tensor's shape: "[2,3]"."""
    return infer.show(tuple(x.shape))


def refuse_shapes(x: Any, y: Any, **_: Any) -> None:
    """Raise TensorFlow's error if two values cannot be broadcast to one shape.

    Raises:
      InvalidArgumentError: they cannot.
    """
    if any(
        a != b and 1 not in (a, b)
        for a, b in zip(reversed(x.shape), reversed(y.shape), strict=False)
    ):
        raise errors.InvalidArgumentError(
            None,
            None,
            f"Incompatible shapes: {infer.show(tuple(x.shape))} vs. {infer.show(tuple(y.shape))}",
        )
