"""Metrics that count yes-or-no predictions: `tf.metrics.true_positives`, `precision`, `recall`."""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import dtypes, scopes
from rekindle._src.metrics import accumulate
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import check, check_shape
from rekindle._src.ops import math as math_ops
from rekindle._src.state import assign
from rekindle._src.state.variable_scope import variable_scope


def _booleans(labels: Any, predictions: Any, weights: Any) -> tuple[Any, Any, Any]:
    return accumulate.fitted(
        math_ops.cast(predictions, dtype=dtypes.bool_),
        math_ops.cast(labels, dtype=dtypes.bool_),
        weights,
    )


def _outcomes(
    scope: str,
    label: bool,
    prediction: bool,
    labels: Any,
    predictions: Any,
    weights: Any,
    metrics_collections: Any,
    updates_collections: Any,
    name: str | None,
) -> tuple[Any, Any]:
    """How often the label and the prediction are as given."""
    with variable_scope(name, scope, (predictions, labels, weights)):
        predictions, labels, weights = _booleans(labels, predictions, weights)
        is_outcome = math_ops.logical_and(
            math_ops.equal(labels, label), math_ops.equal(predictions, prediction)
        )
        return _counted(is_outcome, weights, metrics_collections, updates_collections)


def _counted(
    values: Any, weights: Any, metrics_collections: Any, updates_collections: Any
) -> tuple[Any, Any]:
    check.assert_type(values, dtypes.bool_)
    count = accumulate.metric_variable([], dtypes.float32, name="count")
    values = math_ops.cast(values, dtypes.float32)
    if weights is not None:
        checked = check_shape.assert_rank_in(weights, (0, array_ops.rank(values)))
        with scopes.control_dependencies((checked,)):
            weights = math_ops.cast(weights, dtypes.float32)
            values = math_ops.multiply(values, weights)
    return accumulate.published(
        array_ops.identity(count),
        lambda: assign.assign_add(count, math_ops.reduce_sum(values)),
        metrics_collections,
        updates_collections,
    )


@public("metrics.true_positives")
def true_positives(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(number of true positives so far, update); arguments as in `precision`."""
    return _outcomes(
        "true_positives",
        True,
        True,
        labels,
        predictions,
        weights,
        metrics_collections,
        updates_collections,
        name,
    )


@public("metrics.true_negatives")
def true_negatives(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(number of true negatives so far, update); arguments as in `precision`."""
    return _outcomes(
        "true_negatives",
        False,
        False,
        labels,
        predictions,
        weights,
        metrics_collections,
        updates_collections,
        name,
    )


@public("metrics.false_positives")
def false_positives(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(number of false positives so far, update); arguments as in `precision`."""
    return _outcomes(
        "false_positives",
        False,
        True,
        labels,
        predictions,
        weights,
        metrics_collections,
        updates_collections,
        name,
    )


@public("metrics.false_negatives")
def false_negatives(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(number of false negatives so far, update); arguments as in `precision`."""
    return _outcomes(
        "false_negatives",
        True,
        False,
        labels,
        predictions,
        weights,
        metrics_collections,
        updates_collections,
        name,
    )


def _share(hits: Any, misses: Any, name: str) -> Any:
    """hits / (hits + misses), 0 where there are none."""
    is_any = math_ops.greater(hits + misses, 0)
    return array_ops.where(is_any, math_ops.div(hits, hits + misses), 0, name)


@public("metrics.precision")
def precision(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(share of the positive predictions that are right, update).

    Args:
      labels: what is true, as booleans or numbers.
      predictions: what is predicted, of the same shape.
      weights: numbers that broadcast to them; default 1.
      metrics_collections: the collections for the value.
      updates_collections: the collections for the update.
      name: the variable scope.
    """
    with variable_scope(name, "precision", (predictions, labels, weights)):
        predictions, labels, weights = _booleans(labels, predictions, weights)
        hits, hits_update = true_positives(labels, predictions, weights)
        false, false_update = false_positives(labels, predictions, weights)
        return accumulate.published(
            _share(hits, false, "value"),
            lambda: _share(hits_update, false_update, "update_op"),
            metrics_collections,
            updates_collections,
        )


@public("metrics.recall")
def recall(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(share of the positive labels that are predicted, update); arguments as in `precision`."""
    with variable_scope(name, "recall", (predictions, labels, weights)):
        predictions, labels, weights = _booleans(labels, predictions, weights)
        hits, hits_update = true_positives(labels, predictions, weights)
        missed, missed_update = false_negatives(labels, predictions, weights)
        return accumulate.published(
            _share(hits, missed, "value"),
            lambda: _share(hits_update, missed_update, "update_op"),
            metrics_collections,
            updates_collections,
        )
