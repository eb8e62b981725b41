"""Metrics over thresholds of a score: `tf.metrics.auc`, `precision_at_thresholds` and their kin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rekindle._src import tf_logging
from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.metrics import accumulate
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import check, weights_broadcast
from rekindle._src.ops import math as math_ops
from rekindle._src.state import assign
from rekindle._src.state.variable_scope import variable_scope

_EPSILON = 1e-7
#: outcome -> (name of its variable, whether the label is positive, whether the prediction is)
_OUTCOMES = {
    "tp": ("true_positives", True, True),
    "fn": ("false_negatives", True, False),
    "tn": ("true_negatives", False, False),
    "fp": ("false_positives", False, True),
}


def _outcomes_at(
    labels: Any,
    predictions: Any,
    thresholds: Sequence[float],
    weights: Any,
    includes: Sequence[str] = ("tp", "fn", "tn", "fp"),
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The variables and updates that count outcomes for each threshold, by their letters."""
    predictions, labels, weights = _checked(labels, predictions, weights)
    count = len(thresholds)
    column = array_ops.reshape(predictions, [-1, 1])
    row = array_ops.reshape(math_ops.cast(labels, dtype=dtypes.bool_), [1, -1])
    number = column.get_shape().as_list()[0]
    if number is None:
        number = array_ops.shape(column)[0]
    limits = array_ops.tile(
        array_ops.expand_dims(convert.constant(thresholds), [1]), array_ops.stack([1, number])
    )
    is_above = math_ops.greater(array_ops.tile(array_ops.transpose(column), [count, 1]), limits)
    is_below = math_ops.logical_not(is_above) if {"fn", "tn"} & set(includes) else None
    is_true = array_ops.tile(row, [count, 1])
    is_false = math_ops.logical_not(is_true) if {"fp", "tn"} & set(includes) else None
    if weights is not None:
        weights = weights_broadcast.broadcast_weights(
            math_ops.cast(weights, dtypes.float32), predictions
        )
        weights = array_ops.tile(array_ops.reshape(weights, [1, -1]), [count, 1])
        limits.get_shape().assert_is_compatible_with(weights.get_shape())
    values, updates = {}, {}
    for key in [k for k in _OUTCOMES if k in includes]:
        name, label, prediction = _OUTCOMES[key]
        held = accumulate.metric_variable([count], dtypes.float32, name=name)
        found = math_ops.logical_and(
            is_true if label else is_false, is_above if prediction else is_below
        )
        found = math_ops.cast(found, dtypes.float32)
        if weights is not None:
            found *= weights
        updates[key] = assign.assign_add(held, math_ops.reduce_sum(found, 1))
        values[key] = held
    return values, updates


def _checked(labels: Any, predictions: Any, weights: Any) -> tuple[Any, Any, Any]:
    message = "predictions must be in [0, 1]"
    zero = math_ops.cast(0.0, dtype=predictions.dtype)
    first = check.assert_greater_equal(predictions, zero, message=message)
    one = math_ops.cast(1.0, dtype=predictions.dtype)
    checks = [first, check.assert_less_equal(predictions, one, message=message)]
    with scopes.control_dependencies(checks):
        return accumulate.fitted(
            math_ops.cast(predictions, dtypes.float32),
            math_ops.cast(labels, dtype=dtypes.bool_),
            weights,
        )


def _even(count: int, last: float) -> list[float]:
    """`count` thresholds over [0, 1], the first and the last a little outside."""
    inner = [(i + 1) * 1.0 / (count - 1) for i in range(count - 2)]
    return [0.0 - _EPSILON, *inner, last]


@public("metrics.auc")
def auc(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    num_thresholds: int = 200,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    curve: str = "ROC",
    name: str | None = None,
    summation_method: str = "trapezoidal",
    thresholds: Any = None,
) -> tuple[Any, Any]:
    """(area under the ROC or precision-recall curve, update), by sums over thresholds.

    Args:
      labels: what is true, as booleans or numbers.
      predictions: scores in [0, 1], of the same shape.
      weights: numbers that broadcast to them; default 1.
      num_thresholds: how many thresholds.
      metrics_collections: the collections for the value.
      updates_collections: the collections for the update.
      curve: "ROC" or "PR".
      name: the variable scope.
      summation_method: "trapezoidal", "careful_interpolation", "minoring" or "majoring".
      thresholds: thresholds to use instead of even ones.

    Raises:
      ValueError: there is no such curve or method.
    """
    with variable_scope(name, "auc", (labels, predictions, weights)):
        if curve not in ("ROC", "PR"):
            raise ValueError(f"curve must be either ROC or PR, {curve} unknown")
        if thresholds is None:
            limits = _even(num_thresholds, 1.0 + _EPSILON)
        else:
            limits = [0.0 - _EPSILON, *sorted(thresholds), 1.0 + _EPSILON]
        values, updates = _outcomes_at(labels, predictions, limits, weights)
        return accumulate.published(
            _area(values, curve, summation_method, "value"),
            lambda: _area(updates, curve, summation_method, "update_op"),
            metrics_collections,
            updates_collections,
        )


def _area(counts: dict[str, Any], curve: str, method: str, name: str) -> Any:
    tp, fn, tn, fp = (counts[key] for key in ("tp", "fn", "tn", "fp"))
    last = tp.get_shape().as_list()[0] - 1
    if curve == "PR":
        if method == "trapezoidal":
            tf_logging.warning(
                "Trapezoidal rule is known to produce incorrect PR-AUCs; "
                'please switch to "careful_interpolation" instead.'
            )
        elif method == "careful_interpolation":
            return _interpolated_area(tp, fp, fn, last)
    epsilon = 1.0e-6
    recall = math_ops.div(tp + epsilon, tp + fn + epsilon)
    if curve == "ROC":
        x, y = math_ops.div(fp, fp + tn + epsilon), recall
    else:
        x, y = recall, math_ops.div(tp + epsilon, tp + fp + epsilon)
    if method in ("trapezoidal", "careful_interpolation"):
        width = x[:last] - x[1:]
        return math_ops.reduce_sum(math_ops.multiply(width, (y[:last] + y[1:]) / 2.0), name=name)
    if method not in ("minoring", "majoring"):
        raise ValueError(f"Invalid summation_method: {method}")
    choose = math_ops.minimum if method == "minoring" else math_ops.maximum
    width = x[:last] - x[1:]
    return math_ops.reduce_sum(math_ops.multiply(width, choose(y[:last], y[1:])), name=name)


def _interpolated_area(tp: Any, fp: Any, fn: Any, last: int) -> Any:
    """The area under the precision-recall curve with counts interpolated between thresholds.

    Source: Davis and Goadrich, The relationship between precision-recall and ROC curves, 2006.
    """
    step = tp[:last] - tp[1:]
    p = tp + fp
    slope = math_ops.div_no_nan(step, math_ops.maximum(p[:last] - p[1:], 0), name="prec_slope")
    intercept = tp[1:] - math_ops.multiply(slope, p[1:])
    is_safe = math_ops.logical_and(p[:last] > 0, p[1:] > 0)
    ratio = math_ops.div_no_nan(p[:last], math_ops.maximum(p[1:], 0), name="recall_relative_ratio")
    ratio = array_ops.where(is_safe, ratio, array_ops.ones_like(p[1:]))
    increment = slope * (step + intercept * math_ops.log(ratio))
    positives = math_ops.maximum(tp[1:] + fn[1:], 0)
    return math_ops.reduce_sum(
        math_ops.div_no_nan(increment, positives, name="pr_auc_increment"),
        name="interpolate_pr_auc",
    )


def _counts_at(
    key: str,
    labels: Any,
    predictions: Any,
    thresholds: Sequence[float],
    weights: Any,
    metrics_collections: Any,
    updates_collections: Any,
    name: str | None,
) -> tuple[Any, Any]:
    """How often one outcome came, for each threshold."""
    with variable_scope(name, _OUTCOMES[key][0], (predictions, labels, weights)):
        values, updates = _outcomes_at(labels, predictions, thresholds, weights, (key,))
        return accumulate.published(
            array_ops.identity(values[key]),
            lambda: updates[key],
            metrics_collections,
            updates_collections,
        )


@public("metrics.true_positives_at_thresholds")
def true_positives_at_thresholds(
    labels: Any,
    predictions: Any,
    thresholds: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(number of true positives for each threshold, update)."""
    return _counts_at(
        "tp",
        labels,
        predictions,
        thresholds,
        weights,
        metrics_collections,
        updates_collections,
        name,
    )


@public("metrics.true_negatives_at_thresholds")
def true_negatives_at_thresholds(
    labels: Any,
    predictions: Any,
    thresholds: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(number of true negatives for each threshold, update)."""
    return _counts_at(
        "tn",
        labels,
        predictions,
        thresholds,
        weights,
        metrics_collections,
        updates_collections,
        name,
    )


@public("metrics.false_positives_at_thresholds")
def false_positives_at_thresholds(
    labels: Any,
    predictions: Any,
    thresholds: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(number of false positives for each threshold, update)."""
    return _counts_at(
        "fp",
        labels,
        predictions,
        thresholds,
        weights,
        metrics_collections,
        updates_collections,
        name,
    )


@public("metrics.false_negatives_at_thresholds")
def false_negatives_at_thresholds(
    labels: Any,
    predictions: Any,
    thresholds: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(number of false negatives for each threshold, update)."""
    return _counts_at(
        "fn",
        labels,
        predictions,
        thresholds,
        weights,
        metrics_collections,
        updates_collections,
        name,
    )


def _shares_at(
    scope: str,
    what: str,
    other: str,
    labels: Any,
    predictions: Any,
    thresholds: Sequence[float],
    weights: Any,
    metrics_collections: Any,
    updates_collections: Any,
    name: str | None,
) -> tuple[Any, Any]:
    """True positives over themselves and another outcome, for each threshold."""
    with variable_scope(name, scope, (predictions, labels, weights)):
        values, updates = _outcomes_at(labels, predictions, thresholds, weights, ("tp", other))

        def share(counts: dict[str, Any], name: str) -> Any:
            hits = counts["tp"]
            return math_ops.div(hits, _EPSILON + hits + counts[other], name=f"{what}_{name}")

        return accumulate.published(
            share(values, "value"),
            lambda: share(updates, "update_op"),
            metrics_collections,
            updates_collections,
        )


@public("metrics.precision_at_thresholds")
def precision_at_thresholds(
    labels: Any,
    predictions: Any,
    thresholds: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(share of the scores above each threshold whose label is true, update)."""
    return _shares_at(
        "precision_at_thresholds",
        "precision",
        "fp",
        labels,
        predictions,
        thresholds,
        weights,
        metrics_collections,
        updates_collections,
        name,
    )


@public("metrics.recall_at_thresholds")
def recall_at_thresholds(
    labels: Any,
    predictions: Any,
    thresholds: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(share of the true labels with a score above each threshold, update)."""
    return _shares_at(
        "recall_at_thresholds",
        "recall",
        "fn",
        labels,
        predictions,
        thresholds,
        weights,
        metrics_collections,
        updates_collections,
        name,
    )


@public("metrics.sensitivity_at_specificity")
def sensitivity_at_specificity(
    labels: Any,
    predictions: Any,
    specificity: float,
    weights: Any = None,
    num_thresholds: int = 200,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(sensitivity at the threshold whose specificity is nearest to the given one, update).

    Raises:
      ValueError: the specificity is not in [0, 1].
    """
    if specificity < 0 or specificity > 1:
        raise ValueError("`specificity` must be in the range [0, 1].")
    with variable_scope(name, "sensitivity_at_specificity", (predictions, labels, weights)):
        limits = _even(num_thresholds, 1.0 + _EPSILON)
        values, updates = _outcomes_at(labels, predictions, limits, weights)

        def chosen(counts: dict[str, Any], name: str) -> Any:
            tp, tn, fp, fn = (counts[key] for key in ("tp", "tn", "fp", "fn"))
            found = math_ops.div(tn, tn + fp + _EPSILON)
            index = math_ops.argmin(math_ops.abs(found - specificity), 0)
            index = math_ops.cast(index, dtypes.int32)
            hits = tp[index]
            return math_ops.div(hits, tp[index] + fn[index] + _EPSILON, name)

        return accumulate.published(
            chosen(values, "value"),
            lambda: chosen(updates, "update_op"),
            metrics_collections,
            updates_collections,
        )


@public("metrics.specificity_at_sensitivity")
def specificity_at_sensitivity(
    labels: Any,
    predictions: Any,
    sensitivity: float,
    weights: Any = None,
    num_thresholds: int = 200,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(specificity at the last threshold whose sensitivity is nearest to the given one, update).

    Raises:
      ValueError: the sensitivity is not in [0, 1].
    """
    if sensitivity < 0 or sensitivity > 1:
        raise ValueError("`sensitivity` must be in the range [0, 1].")
    with variable_scope(name, "specificity_at_sensitivity", (predictions, labels, weights)):
        limits = _even(num_thresholds, 1.0 - _EPSILON)
        values, updates = _outcomes_at(labels, predictions, limits, weights)

        def chosen(counts: dict[str, Any], name: str) -> Any:
            tp, tn, fp, fn = (counts[key] for key in ("tp", "tn", "fp", "fn"))
            found = math_ops.div(tp, tp + fn + _EPSILON)
            least = math_ops.reduce_min(math_ops.abs(found - sensitivity))
            is_least = math_ops.equal(math_ops.abs(found - sensitivity), least)
            ranks = math_ops.cumsum(math_ops.cast(is_least, dtypes.int64))
            index = math_ops.cast(math_ops.argmax(ranks, 0), dtypes.int32)
            hits = tn[index]
            return math_ops.div(hits, tn[index] + fp[index] + _EPSILON, name)

        return accumulate.published(
            chosen(values, "value"),
            lambda: chosen(updates, "update_op"),
            metrics_collections,
            updates_collections,
        )
