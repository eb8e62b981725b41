"""What all metrics share: their variables, the fitting of weights, and their collections.

A metric is a pair: a tensor that reads what was accumulated, and one that accumulates a batch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.graph import collections, convert
from rekindle._src.graph.collections import GraphKeys
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import cond as cond_ops
from rekindle._src.ops import confusion
from rekindle._src.ops import math as math_ops
from rekindle._src.state.variable import (
    Variable,
    VariableAggregation,
    VariableSynchronization,
)


def metric_variable(
    shape: Any, dtype: Any, validate_shape: bool = True, name: str | None = None
) -> Any:
    """A local variable of zeros, in the collections of metrics."""
    return Variable(
        lambda: array_ops.zeros(shape, dtype),
        trainable=False,
        collections=[GraphKeys.LOCAL_VARIABLES, GraphKeys.METRIC_VARIABLES],
        validate_shape=validate_shape,
        synchronization=VariableSynchronization.ON_READ,
        aggregation=VariableAggregation.SUM,
        name=name,
    )


def fitted(predictions: Any, labels: Any, weights: Any) -> tuple[Any, Any, Any]:
    """(predictions, labels, weights) with last axes of size 1 taken off or added to fit."""
    predictions = convert.convert_to_tensor(predictions)
    if labels is not None:
        labels, predictions = confusion.remove_squeezable_dimensions(labels, predictions)
        predictions.get_shape().assert_is_compatible_with(labels.get_shape())
    if weights is None:
        return predictions, labels, None
    weights = convert.convert_to_tensor(weights)
    weights_rank, rank = weights.get_shape().ndims, predictions.get_shape().ndims
    if weights_rank == 0:
        return predictions, labels, weights
    if rank is not None and weights_rank is not None:
        if weights_rank - rank == 1:
            weights = array_ops.squeeze(weights, [-1])
        elif rank - weights_rank == 1:
            weights = array_ops.expand_dims(weights, [-1])
        return predictions, labels, weights
    return predictions, labels, _fitted_at_run(weights, predictions)


def _fitted_at_run(weights: Any, predictions: Any) -> Any:
    rank = array_ops.rank(weights)
    difference = rank - array_ops.rank(predictions)
    shape = weights.get_shape()
    is_fixed = shape.ndims is not None and not shape.dims[-1].is_compatible_with(1)

    def narrow() -> Any:
        return weights if is_fixed else array_ops.squeeze(weights, [-1])

    def widen() -> Any:
        return cond_ops.cond(
            math_ops.equal(difference, -1),
            lambda: array_ops.expand_dims(weights, [-1]),
            lambda: weights,
        )

    def adjust() -> Any:
        return cond_ops.cond(math_ops.equal(difference, 1), narrow, widen)

    return cond_ops.cond(math_ops.equal(rank, 0), lambda: weights, adjust)


def published(
    value: Any,
    update: Callable[[], Any],
    metrics_collections: Any,
    updates_collections: Any,
) -> tuple[Any, Any]:
    """(value, update), added to their collections; the update is built after the value."""
    if metrics_collections:
        collections.add_to_collections(metrics_collections, value)
    update_op = update()
    if updates_collections:
        collections.add_to_collections(updates_collections, update_op)
    return value, update_op
