"""`tf.contrib.layers.utils` (`slim.utils`): aliases of outputs, sizes, values known beforehand."""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

from rekindle._src.graph import constants, shapes
from rekindle._src.graph.collections import add_to_collections, get_collection, get_collection_ref
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import export, public
from rekindle._src.ops import cond
from rekindle._src.state.variable import VariableV2

NamedOutputs = collections.namedtuple("NamedOutputs", ["name", "outputs"])
export("contrib.slim.utils.NamedOutputs", __name__, "NamedOutputs")


@public("contrib.slim.utils.collect_named_outputs")
def collect_named_outputs(collections: Any, alias: str, outputs: Any) -> Any:
    """Add `outputs` to collections, under the name `alias`; gives them back."""
    if collections:
        append_tensor_alias(outputs, alias)
        add_to_collections(collections, outputs)
    return outputs


@public("contrib.slim.utils.append_tensor_alias")
def append_tensor_alias(tensor: Any, alias: str) -> Any:
    """Give a tensor one more name; gives it back."""
    alias = alias.removesuffix("/")
    tensor.aliases = [*getattr(tensor, "aliases", []), alias]
    return tensor


@public("contrib.slim.utils.get_tensor_aliases")
def get_tensor_aliases(tensor: Any) -> list[str]:
    """The names that a tensor was given, or its own."""
    given = getattr(tensor, "aliases", None)
    return [tensor.name.removesuffix(":0")] if given is None else given


@public("contrib.slim.utils.gather_tensors_aliases")
def gather_tensors_aliases(tensors: Any) -> list[str]:
    """The names of all tensors of a list."""
    return [alias for tensor in tensors for alias in get_tensor_aliases(tensor)]


@public("contrib.slim.utils.convert_collection_to_dict")
def convert_collection_to_dict(
    collection: str, clear_collection: bool = False
) -> collections.OrderedDict[str, Any]:
    """Name -> tensor, of all tensors of a collection; the collection may be emptied."""
    tensors = get_collection(collection)
    if clear_collection:
        get_collection_ref(collection).clear()
    named = [(alias, tensor) for tensor in tensors for alias in get_tensor_aliases(tensor)]
    return collections.OrderedDict(named)


@public("contrib.slim.utils.constant_value")
def constant_value(value_or_tensor_or_var: Any, dtype: Any = None) -> Any:
    """The value where it is known before a run, else None.

    Raises:
      ValueError: it is not of the type `dtype`.
    """
    value: Any = value_or_tensor_or_var
    if value is None:
        raise ValueError("value_or_tensor_or_var cannot be None")
    is_variable = VariableV2 in type(value).__mro__
    if not is_variable and not isinstance(value, Tensor):
        return value
    if dtype and value.dtype != dtype:
        raise ValueError(f"It has the wrong type {value.dtype} instead of {dtype}")
    return None if is_variable else constants.constant_value(value)


@public("contrib.slim.utils.static_cond")
def static_cond(pred: bool, fn1: Callable[[], Any], fn2: Callable[[], Any]) -> Any:
    """What `fn1()` gives if `pred`, else `fn2()`.

    Raises:
      TypeError: one of them cannot be called.
    """
    if not callable(fn1):
        raise TypeError("fn1 must be callable.")
    if not callable(fn2):
        raise TypeError("fn2 must be callable.")
    return fn1() if pred else fn2()


@public("contrib.slim.utils.smart_cond")
def smart_cond(
    pred: Any, fn1: Callable[[], Any], fn2: Callable[[], Any], name: str | None = None
) -> Any:
    """`fn1()` or `fn2()` where `pred` is known beforehand, else a `tf.cond`."""
    known = constant_value(pred)
    return cond.cond(pred, fn1, fn2, name=name) if known is None else static_cond(known, fn1, fn2)


@public("contrib.slim.utils.get_variable_collections")
def get_variable_collections(variables_collections: Any, name: str) -> Any:
    """The collections for the variable `name`: all of a list, or those of a dictionary's entry."""
    if isinstance(variables_collections, dict):
        return variables_collections.get(name, None)
    return variables_collections


def _dimension(shape: Any, axis: int, min_rank: int) -> int:
    shape = shapes.as_shape(shape)
    if shape.ndims is None:
        raise ValueError("dimensions of shape must be known")
    if shape.ndims < min_rank:
        raise ValueError(f"rank of shape must be at least {min_rank} not: {shape.ndims}")
    value = shape.as_list()[axis]
    if value is None:
        raise ValueError("dimension of shape must be known" if axis == 1 else "last dimension "
                         "shape must be known but is None")
    return value


@public("contrib.slim.utils.channel_dimension")
def channel_dimension(shape: Any, data_format: str, min_rank: int = 1) -> int:
    """The size of the axis of the channels: 1 for "channels_first", else the last.

    Raises:
      ValueError: it is not known, or there are fewer axes than `min_rank`.
    """
    return _dimension(shape, 1 if data_format in ("channels_first", "NCHW") else -1, min_rank)


@public("contrib.slim.utils.last_dimension")
def last_dimension(shape: Any, min_rank: int = 1) -> int:
    """The size of the last axis.

    Raises:
      ValueError: it is not known, or there are fewer axes than `min_rank`.
    """
    return _dimension(shape, -1, min_rank)


@public("contrib.slim.utils.two_element_tuple")
def two_element_tuple(int_or_tuple: Any) -> tuple[int, int]:
    """Two integers: the two of a pair or shape, or one twice.

    Raises:
      ValueError: neither.
    """
    if isinstance(int_or_tuple, (list, tuple)):
        if len(int_or_tuple) != 2:
            raise ValueError(f"Must be a list with 2 elements: {int_or_tuple}")
        return int(int_or_tuple[0]), int(int_or_tuple[1])
    if isinstance(int_or_tuple, int):
        return int(int_or_tuple), int(int_or_tuple)
    if isinstance(int_or_tuple, shapes.TensorShape) and len(int_or_tuple) == 2:
        return int_or_tuple[0].value, int_or_tuple[1].value
    raise ValueError("Must be an int, a list with 2 elements or a TensorShape of length 2")


@public("contrib.slim.utils.n_positive_integers")
def n_positive_integers(n: int, value: Any) -> tuple[int, ...]:
    """`n` positive integers: the elements of `value`, or one integer n times.

    Raises:
      ValueError: there are not n, or one is not positive.
    """
    if not n > 0 or n != int(n):
        raise ValueError("n must be a positive integer")
    if isinstance(value, shapes.TensorShape):
        value = value.as_list()
    sequence: tuple[Any, ...] = tuple(value) if isinstance(value, (list, tuple)) else (value,) * n
    if len(sequence) == 1:
        sequence *= n
    if len(sequence) != n or any(int(v) != v or v < 1 for v in sequence):
        raise ValueError(f"Expected sequence of {n} positive integers, but received {value!r}")
    return tuple(int(v) for v in sequence)
