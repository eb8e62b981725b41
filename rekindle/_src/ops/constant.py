"""Constants: the op Const and `tf.constant`."""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src.graph import convert, dtypes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops.torch_types import to_torch


@op("Const", infer=lambda c: c.attr("value").shape)
def const(*, value, dtype):
    """The value itself."""
    return to_torch(value, dtype)


@op("HostConst", infer=lambda c: c.attr("value").shape)
def host_const(*, value, dtype):
    """The value itself, on the host."""
    return to_torch(value, dtype)


const.no_gradient()
host_const.no_gradient()


@public("constant")
def constant(
    value: Any,
    dtype: Any = None,
    shape: Any = None,
    name: str = "Const",
    verify_shape: bool = False,
) -> Any:
    """A tensor with a fixed value.

    Args:
      value: a number, string, nested list or array.
      dtype: the element type; by default TensorFlow's for the value.
      shape: the shape to give it, filled up with the last element.
      name: the name of the node.
      verify_shape: the value must have exactly `shape`.

    Raises:
      TypeError, ValueError: the value does not fit the type or the shape.
    """
    return convert.constant(value, dtype, shape, name, verify_shape)


def is_constant(tensor_or_op: Any) -> bool:
    """True for a constant node."""
    return getattr(tensor_or_op, "op", tensor_or_op).type == "Const"


@op("ImmutableConst", infer=lambda c: c.attr("shape"), host=True)
def immutable_const(*, dtype, shape, memory_region_name):
    """A tensor whose bytes are those of a file."""
    size = None if shape is None else int(torch.Size(shape).numel())
    return torch.from_file(
        memory_region_name, shared=False, size=size, dtype=dtypes.as_dtype(dtype).torch
    ).reshape(shape)
