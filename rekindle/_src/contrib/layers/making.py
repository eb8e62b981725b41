"""How layers that are functions make and collect their variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.contrib.framework.variables import model_variable
from rekindle._src.contrib.layers import utils
from rekindle._src.contrib.layers.initializers import xavier_initializer
from rekindle._src.graph.collections import add_to_collection, get_collection
from rekindle._src.state.initializers import Zeros
from rekindle._src.state.partitioned import PartitionedVariable
from rekindle._src.state.variable import VariableAggregation, VariableSynchronization

XAVIER = xavier_initializer()
ZEROS = Zeros()
#: how contrib calls the variables of `tf.layers`
WEIGHTS_AND_BIASES = {"bias": "biases", "kernel": "weights"}


def model_variable_getter(
    getter: Callable[..., Any],
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Any = None,
    caching_device: Any = None,
    partitioner: Any = None,
    rename: dict[str, str] | None = None,
    use_resource: bool | None = None,
    synchronization: Any = VariableSynchronization.AUTO,
    aggregation: Any = VariableAggregation.NONE,
    **_: Any,
) -> Any:
    """A custom getter that makes model variables; `rename` maps the last part of names."""
    scope, slash, last = name.rpartition("/")
    return model_variable(
        scope + slash + (rename or {}).get(last, last),
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        regularizer=regularizer,
        collections=collections,
        trainable=trainable,
        caching_device=caching_device,
        partitioner=partitioner,
        custom_getter=getter,
        use_resource=use_resource,
        synchronization=synchronization,
        aggregation=aggregation,
    )


def renaming_getter(rename: dict[str, str] | None = None) -> Callable[..., Any]:
    """`model_variable_getter` with names of its own."""

    def layer_getter(getter: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return model_variable_getter(getter, *args, **{**kwargs, "rename": rename})

    return layer_getter


def collect_variable(variable: Any, collections: Any, name: str) -> None:
    """Add a variable, or its parts, to the collections for `name`, once."""
    parts = list(variable) if isinstance(variable, PartitionedVariable) else [variable]
    for collection in utils.get_variable_collections(collections, name) or []:
        for part in parts:
            if not any(part is one for one in get_collection(collection)):
                add_to_collection(collection, part)


def finished(
    outputs: Any,
    normalizer_fn: Callable[..., Any] | None,
    normalizer_params: dict[str, Any] | None,
    activation_fn: Callable[..., Any] | None,
    collections: Any,
    alias: str,
) -> Any:
    """The outputs of a layer normalized, activated and collected."""
    if normalizer_fn is not None:
        outputs = normalizer_fn(outputs, **(normalizer_params or {}))
    return activated(outputs, activation_fn, collections, alias)


def activated(
    outputs: Any, activation_fn: Callable[..., Any] | None, collections: Any, alias: str
) -> Any:
    """The outputs of a layer activated and collected."""
    if activation_fn is not None:
        outputs = activation_fn(outputs)
    return utils.collect_named_outputs(collections, alias, outputs)


def check_format(data_format: str | None, *known: str) -> str:
    """The name that `tf.layers` has for the order of the axes.

    Raises:
      ValueError: it is not one of `known`.
    """
    if data_format not in known:
        raise ValueError(f"data_format has to be either {known[0]} or {known[1]}.")
    return "channels_first" if str(data_format).startswith("NC") else "channels_last"
