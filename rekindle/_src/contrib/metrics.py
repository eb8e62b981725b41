"""`tf.contrib.metrics` (`slim.metrics`): the metrics of `tf.metrics` by older names, with the
predictions before the labels.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from rekindle._src.contrib.spaces import names_in, shown
from rekindle._src.graph import dtypes, scopes
from rekindle._src.metrics import at_k, counts, means, thresholds
from rekindle._src.names import export
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import top

#: older name -> the metric, and its arguments in their older order, before those that all have
_OLDER: dict[str, tuple[Callable[..., Any], str]] = {
    "mean": (means.mean, "values weights"),
    "mean_tensor": (means.mean_tensor, "values weights"),
    "accuracy": (means.accuracy, "predictions labels weights"),
    "mean_absolute_error": (means.mean_absolute_error, "predictions labels weights"),
    "mean_squared_error": (means.mean_squared_error, "predictions labels weights"),
    "root_mean_squared_error": (means.root_mean_squared_error, "predictions labels weights"),
    "mean_relative_error": (means.mean_relative_error, "predictions labels normalizer weights"),
    "mean_cosine_distance": (means.mean_cosine_distance, "predictions labels dim weights"),
    "percentage_less": (means.percentage_below, "values threshold weights"),
    "mean_iou": (means.mean_iou, "predictions labels num_classes weights"),
    "precision": (counts.precision, "predictions labels weights"),
    "recall": (counts.recall, "predictions labels weights"),
    "precision_at_thresholds": (
        thresholds.precision_at_thresholds,
        "predictions labels thresholds weights",
    ),
    "recall_at_thresholds": (
        thresholds.recall_at_thresholds,
        "predictions labels thresholds weights",
    ),
    "sensitivity_at_specificity": (
        thresholds.sensitivity_at_specificity,
        "predictions labels specificity weights num_thresholds",
    ),
    "specificity_at_sensitivity": (
        thresholds.specificity_at_sensitivity,
        "predictions labels sensitivity weights num_thresholds",
    ),
    "sparse_recall_at_k": (at_k.recall_at_k, "predictions labels k class_id weights"),
    "sparse_precision_at_k": (at_k.precision_at_k, "predictions labels k class_id weights"),
    "sparse_average_precision_at_k": (
        at_k.average_precision_at_k,
        "predictions labels k weights",
    ),
    **{
        one: (getattr(counts, one), "predictions labels weights")
        for one in ("true_positives", "true_negatives", "false_positives", "false_negatives")
    },
    **{
        one: (getattr(thresholds, one), "predictions labels thresholds weights")
        for one in (
            "true_positives_at_thresholds",
            "true_negatives_at_thresholds",
            "false_positives_at_thresholds",
            "false_negatives_at_thresholds",
        )
    },
}
_SHARED = ("metrics_collections", "updates_collections", "name")


def _in_older_order(name: str, metric: Callable[..., Any], order: str) -> Callable[..., Any]:
    """`metric` with its arguments in another order."""
    own = inspect.signature(metric).parameters
    parameters = [
        own[one].replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD)
        for one in (*order.split(), *_SHARED)
    ]
    signature = inspect.Signature(parameters)

    @functools.wraps(metric)
    def streaming(*args: Any, **kwargs: Any) -> Any:
        return metric(**signature.bind(*args, **kwargs).arguments)

    streaming.__name__ = streaming.__qualname__ = name
    streaming.__module__ = __name__
    streaming.__signature__ = signature  # type: ignore[attr-defined]
    return streaming


for _name, (_metric, _order) in _OLDER.items():
    _full = f"streaming_{_name}"
    globals()[_full] = _in_older_order(_full, _metric, _order)
    export(names_in("metrics", _full), __name__, _full)


@shown("metrics", "streaming_auc")
def streaming_auc(
    predictions: Any,
    labels: Any,
    weights: Any = None,
    num_thresholds: int = 200,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    curve: str = "ROC",
    name: str | None = None,
) -> Any:
    """`tf.metrics.auc` with the predictions before the labels."""
    return thresholds.auc(
        labels=labels,
        predictions=predictions,
        weights=weights,
        num_thresholds=num_thresholds,
        metrics_collections=metrics_collections,
        updates_collections=updates_collections,
        curve=curve,
        name=name,
    )


@shown("metrics", "streaming_recall_at_k")
def streaming_recall_at_k(
    predictions: Any,
    labels: Any,
    k: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> Any:
    """How often the label is among the k best predictions: (value, update).

    Args:
      predictions: [N, C].
      labels: [N], integers.
      k: how many predictions count.
      weights: [N], or None.
      metrics_collections, updates_collections: where the value and the update go.
      name: the name of the mean.
    """
    found = math_ops.cast(top.in_top_k(predictions, labels, k), dtypes.float32)
    return means.mean(
        found, weights, metrics_collections, updates_collections, name or f"recall_at_{k}"
    )


@shown("metrics", "accuracy")
def accuracy(
    predictions: Any, labels: Any, weights: Any = None, name: str | None = None
) -> Any:
    """The share of predictions that are the labels, within one run: [].

    Raises:
      ValueError: the types differ, or are neither bool, integer nor string.
    """
    if not (labels.dtype.is_integer or labels.dtype in (dtypes.bool_, dtypes.string)):
        raise ValueError(
            f"Labels should have bool, integer, or string dtype, not {labels.dtype!r}"
        )
    if not labels.dtype.is_compatible_with(predictions.dtype):
        raise ValueError(
            "Dtypes of predictions and labels should match. Given: predictions "
            f"({predictions.dtype!r}) and labels ({labels.dtype!r})"
        )
    with scopes.name_scope(name, "accuracy", values=[predictions, labels]):
        right = math_ops.cast(math_ops.equal(predictions, labels), dtypes.float32)
        if weights is None:
            return math_ops.reduce_mean(right)
        right = math_ops.multiply(right, weights)
        counted = math_ops.multiply(weights, array_ops.ones_like(right))
        return math_ops.div(math_ops.reduce_sum(right), math_ops.reduce_sum(counted))


@shown("metrics", "aggregate_metrics")
def aggregate_metrics(*value_update_tuples: Any) -> tuple[list[Any], list[Any]]:
    """(values, updates) of several metrics.

    Raises:
      ValueError: there are none.
    """
    if not value_update_tuples:
        raise ValueError("Expected at least one value_tensor/update_op pair")
    values, updates = zip(*value_update_tuples, strict=True)
    return list(values), list(updates)


@shown("metrics", "aggregate_metric_map")
def aggregate_metric_map(
    names_to_tuples: dict[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """(name -> value, name -> update) of name -> metric."""
    return (
        {name: pair[0] for name, pair in names_to_tuples.items()},
        {name: pair[1] for name, pair in names_to_tuples.items()},
    )
