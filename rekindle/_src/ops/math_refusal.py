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


def refuse_backprop(sizes: list[int], w: Any, dy: Any, data_format: str) -> None:
    """Raise TensorFlow's error if a convolution's input of these sizes, its filter and the gradient of its output do
    not go together.

    Raises:
      InvalidArgumentError: they do not.
    """
    where = "Conv2DCustomBackpropInput"
    for what, rank in (("input", len(sizes)), ("filter", w.dim()), ("out_backprop", dy.dim())):
        if rank != 4:
            raise invalid(f"{where}: {what} must be 4-dimensional")
    if min(sizes) < 0:
        raise invalid(f"Dimension {min(sizes)} must be >= 0")
    if sizes[0] != dy.shape[0]:
        raise invalid(f"{where}: input and out_backprop must have the same batch sizeinput batch: {sizes[0]}"
                      f"outbackprop batch: {dy.shape[0]} batch_dim: 0")
    if w.shape[3] != dy.shape[3 if data_format == "NHWC" else 1]:
        raise invalid(f"{where}: filter and out_backprop must have the same out_depth")
