"""Summaries of activations and other tensors."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from rekindle._src.contrib.spaces import shown
from rekindle._src.graph import dtypes
from rekindle._src.graph.collections import GraphKeys, get_collection
from rekindle._src.names import export
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import summary


def _scalar(tensor: Any, tag: str | None = None) -> Any:
    tensor.get_shape().assert_has_rank(0)
    return summary.scalar(tag or f"{tensor.op.name}_summary", tensor)


def _histogram(tensor: Any, tag: str | None = None) -> Any:
    return summary.histogram(tag or f"{tensor.op.name}_summary", tensor)


@shown("library", "summarize_activation")
def summarize_activation(op: Any) -> Any:
    """A histogram of an activation; of rectifiers, also the share that was cut off."""
    kind = op.op.type
    if kind in ("Relu", "Softplus", "Relu6"):
        source = op.op.inputs[0]
        below = math_ops.less(source, math_ops.cast(0.0, source.dtype))
        _scalar(math_ops.reduce_mean(math_ops.to_float(below)), f"{op.op.name}/zeros")
    if kind == "Relu6":
        source = op.op.inputs[0]
        above = math_ops.greater(source, math_ops.cast(6.0, source.dtype))
        _scalar(math_ops.reduce_mean(math_ops.to_float(above)), f"{op.op.name}/sixes")
    return _histogram(op, f"{op.op.name}/activation")


@shown("library", "summarize_tensor")
def summarize_tensor(tensor: Any, tag: str | None = None) -> Any:
    """A scalar summary of a scalar, else a histogram; None for strings and bools."""
    if tensor.dtype.is_compatible_with(dtypes.string) or tensor.dtype.base_dtype == dtypes.bool_:
        return None
    return (_scalar if tensor.get_shape().ndims == 0 else _histogram)(tensor, tag)


@shown("library", "summarize_tensors")
def summarize_tensors(
    tensors: Any, summarizer: Callable[..., Any] = summarize_tensor
) -> list[Any]:
    """A summary of each tensor."""
    return [summarizer(tensor) for tensor in tensors]


@shown("library", "summarize_collection")
def summarize_collection(
    collection: str,
    name_filter: str | None = None,
    summarizer: Callable[..., Any] = summarize_tensor,
) -> list[Any]:
    """A summary of each tensor of a collection whose name begins with `name_filter`."""
    kept = [
        one
        for one in get_collection(collection)
        if name_filter is None or re.match(name_filter, one.op.name)
    ]
    return summarize_tensors(kept, summarizer)


@shown("library", "summarize_activations")
def summarize_activations(
    name_filter: str | None = None, summarizer: Callable[..., Any] = summarize_activation
) -> list[Any]:
    """`summarize_collection` of the activations."""
    return summarize_collection(GraphKeys.ACTIVATIONS, name_filter, summarizer)


summarize_variables = functools.partial(summarize_collection, GraphKeys.GLOBAL_VARIABLES)
summarize_weights = functools.partial(summarize_collection, GraphKeys.WEIGHTS)
summarize_biases = functools.partial(summarize_collection, GraphKeys.BIASES)
for _name in ("variables", "weights", "biases"):
    export(f"contrib.slim.summarize_{_name}", __name__, f"summarize_{_name}")
