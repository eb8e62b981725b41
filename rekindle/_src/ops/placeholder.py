"""Placeholders: tensors whose value is fed when the graph runs."""

from __future__ import annotations

from typing import Any

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, infer
from rekindle._src.graph.opdef import op
from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public


def _declared(c: Any) -> Any:
    """The shape that was asked for; a scalar of old graphs means that nothing was."""
    shape = c.attr("shape")
    producer = c.op.graph.graph_def_versions.producer
    return None if shape == () and producer <= 21 else shape


@op("Placeholder", infer=_declared, pure=False)
def placeholder_op(*, dtype, shape=None, ctx):
    """An error: placeholders must be fed."""
    known = "" if shape is None else f" and shape {infer.show(shape)}"
    raise errors.InvalidArgumentError(
        None,
        None,
        f"You must feed a value for placeholder tensor '{ctx.name}' with dtype "
        f"{cpp_name(dtype)}{known}",
    )


_CPP_NAMES = {"float32": "float", "float64": "double", "float16": "half"}


def cpp_name(dtype: Any) -> str:
    """What TensorFlow's errors of a run call a type: "float", "int32"."""
    return _CPP_NAMES.get(dtype.name, dtype.name)


@op("PlaceholderV2", infer=lambda c: c.attr("shape"), pure=False)
def placeholder_v2(*, dtype, shape, ctx):
    """An error: placeholders must be fed."""
    return placeholder_op.kernel(dtype=dtype, shape=shape, ctx=ctx)


placeholder_op.no_gradient()


def _default_rule(c: Any) -> Any:
    shape = c.attr("shape")
    if c.late:
        return c.shapes[0]  # which may be another: nothing checks what is given at last
    infer.merge(c.shapes[0], shape)
    return shape


@op("PlaceholderWithDefault", public="placeholder_with_default", infer=_default_rule, aliases=0)
def placeholder_with_default(input, *, shape):
    """The input, unless another value is fed."""
    return input


@placeholder_with_default.gradient
def placeholder_with_default_gradient(op, dy):
    return dy


@public("placeholder")
def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> Any:
    """A tensor whose value is fed when the graph runs.

    Args:
      dtype: the element type.
      shape: what the value's shape must agree with; any shape by default.
      name: the name of the node.
    """
    return placeholder_op(dtype=dtype, shape=shape, name=name)


@public("sparse_placeholder", "sparse.placeholder")
def sparse_placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> SparseTensor:
    """A SparseTensor whose value (a SparseTensorValue) is fed when the graph runs."""
    parts = dict.fromkeys(("values", "indices", "shape"))
    if name is not None:
        parts = {part: f"{name}/{part}" for part in parts}
    rank = None
    if shape is not None:
        rank = shape.shape[0] if isinstance(shape, Tensor) else len(shape)
        if isinstance(shape, Tensor) or None not in shape:
            shape = convert.convert_to_tensor(shape, dtypes.int64, parts["shape"])
        else:
            shape = None
    if shape is None:
        shape = placeholder(dtypes.int64, [rank], parts["shape"])
    values = placeholder(dtype, [None], parts["values"])
    indices = placeholder(dtypes.int64, [None, rank], parts["indices"])
    return SparseTensor(indices, values, shape)
