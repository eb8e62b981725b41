"""Metrics that are means over all examples so far: `tf.metrics.mean`, `accuracy`, errors, IoU."""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import dtypes, scopes
from rekindle._src.metrics import accumulate
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import confusion, weights_broadcast
from rekindle._src.ops import math as math_ops
from rekindle._src.state import assign
from rekindle._src.state.variable_scope import variable_scope


def _ratio(total: Any, count: Any, name: str | None) -> Any:
    return math_ops.div_no_nan(total, math_ops.maximum(count, 0), name=name)


def _weighted(values: Any, weights: Any) -> tuple[Any, Any]:
    """(values times weights, weights in the shape of the values)."""
    values, _, weights = accumulate.fitted(values, None, weights)
    weights = weights_broadcast.broadcast_weights(math_ops.cast(weights, dtypes.float32), values)
    return math_ops.multiply(values, weights), weights


@public("metrics.mean")
def mean(
    values: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(mean so far, update) of values, each counted by its weight.

    Args:
      values: numbers of any shape.
      weights: numbers that broadcast to the values; default 1.
      metrics_collections: the collections for the mean.
      updates_collections: the collections for the update.
      name: the variable scope.
    """
    with variable_scope(name, "mean", (values, weights)):
        values = math_ops.cast(values, dtypes.float32)
        total = accumulate.metric_variable([], dtypes.float32, name="total")
        count = accumulate.metric_variable([], dtypes.float32, name="count")
        if weights is None:
            number = math_ops.cast(array_ops.size(values), dtypes.float32)
        else:
            values, weights = _weighted(values, weights)
            number = math_ops.reduce_sum(weights)
        new_total = assign.assign_add(total, math_ops.reduce_sum(values))
        with scopes.control_dependencies([values]):
            new_count = assign.assign_add(count, number)
        return accumulate.published(
            _ratio(total, count, "value"),
            lambda: _ratio(new_total, new_count, "update_op"),
            metrics_collections,
            updates_collections,
        )


@public("metrics.mean_tensor")
def mean_tensor(
    values: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(mean so far, update) of tensors, elementwise; arguments as in `mean`."""
    with variable_scope(name, "mean", (values, weights)):
        values = math_ops.cast(values, dtypes.float32)
        shape = values.get_shape()
        total = accumulate.metric_variable(shape, dtypes.float32, name="total_tensor")
        count = accumulate.metric_variable(shape, dtypes.float32, name="count_tensor")
        number = array_ops.ones_like(values)
        if weights is not None:
            values, weights = _weighted(values, weights)
            number = math_ops.multiply(number, weights)
        new_total = assign.assign_add(total, values)
        with scopes.control_dependencies([values]):
            new_count = assign.assign_add(count, number)
        return accumulate.published(
            _ratio(total, count, "value"),
            lambda: _ratio(new_total, new_count, "update_op"),
            metrics_collections,
            updates_collections,
        )


@public("metrics.accuracy")
def accuracy(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(share of predictions that equal their labels, update); other arguments as in `mean`."""
    predictions, labels, weights = accumulate.fitted(predictions, labels, weights)
    predictions.get_shape().assert_is_compatible_with(labels.get_shape())
    if labels.dtype != predictions.dtype:
        predictions = math_ops.cast(predictions, labels.dtype)
    is_correct = math_ops.cast(math_ops.equal(predictions, labels), dtypes.float32)
    return mean(is_correct, weights, metrics_collections, updates_collections, name or "accuracy")


@public("metrics.mean_absolute_error")
def mean_absolute_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(mean of |predictions - labels|, update); other arguments as in `mean`."""
    predictions, labels, weights = accumulate.fitted(predictions, labels, weights)
    errors = math_ops.abs(predictions - labels)
    name = name or "mean_absolute_error"
    return mean(errors, weights, metrics_collections, updates_collections, name)


@public("metrics.mean_squared_error")
def mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(mean of the squared errors, update); other arguments as in `mean`."""
    predictions, labels, weights = accumulate.fitted(predictions, labels, weights)
    errors = math_ops.squared_difference(labels, predictions)
    name = name or "mean_squared_error"
    return mean(errors, weights, metrics_collections, updates_collections, name)


@public("metrics.root_mean_squared_error")
def root_mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(root of the mean of the squared errors, update); other arguments as in `mean`."""
    predictions, labels, weights = accumulate.fitted(predictions, labels, weights)
    name = name or "root_mean_squared_error"
    squared, update = mean_squared_error(labels, predictions, weights, None, None, name)
    return accumulate.published(
        math_ops.sqrt(squared),
        lambda: math_ops.sqrt(update),
        metrics_collections,
        updates_collections,
    )


@public("metrics.mean_relative_error")
def mean_relative_error(
    labels: Any,
    predictions: Any,
    normalizer: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(mean of |labels - predictions| / normalizer, update); 0 where the normalizer is 0."""
    predictions, labels, weights = accumulate.fitted(predictions, labels, weights)
    predictions, normalizer = confusion.remove_squeezable_dimensions(predictions, normalizer)
    predictions.get_shape().assert_is_compatible_with(normalizer.get_shape())
    errors = array_ops.where(
        math_ops.equal(normalizer, 0.0),
        array_ops.zeros_like(labels),
        math_ops.div(math_ops.abs(labels - predictions), normalizer),
    )
    name = name or "mean_relative_error"
    return mean(errors, weights, metrics_collections, updates_collections, name)


@public("metrics.mean_cosine_distance")
def mean_cosine_distance(
    labels: Any,
    predictions: Any,
    dim: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(1 - mean of the products of unit vectors along `dim`, update)."""
    predictions, labels, weights = accumulate.fitted(predictions, labels, weights)
    products = math_ops.multiply(predictions, labels)
    products = math_ops.reduce_sum(products, axis=[dim], keepdims=True)
    name = name or "mean_cosine_distance"
    value, update = mean(products, weights, None, None, name)
    return accumulate.published(
        math_ops.subtract(1.0, value),
        lambda: math_ops.subtract(1.0, update),
        metrics_collections,
        updates_collections,
    )


@public("metrics.percentage_below")
def percentage_below(
    values: Any,
    threshold: Any,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(share of the values below the threshold, update); other arguments as in `mean`."""
    is_below = math_ops.cast(math_ops.less(values, threshold), dtypes.float32)
    name = name or "percentage_below_threshold"
    return mean(is_below, weights, metrics_collections, updates_collections, name)


@public("metrics.mean_per_class_accuracy")
def mean_per_class_accuracy(
    labels: Any,
    predictions: Any,
    num_classes: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(mean over classes of their accuracies, update [num_classes])."""
    with variable_scope(name, "mean_accuracy", (predictions, labels, weights)):
        labels = _flat(math_ops.cast(labels, dtypes.int64))
        predictions = _flat(predictions)
        predictions.get_shape().assert_is_compatible_with(labels.get_shape())
        total = accumulate.metric_variable([num_classes], dtypes.float32, name="total")
        count = accumulate.metric_variable([num_classes], dtypes.float32, name="count")
        ones = array_ops.ones([array_ops.size(labels)], dtypes.float32)
        if labels.dtype != predictions.dtype:
            predictions = math_ops.cast(predictions, labels.dtype)
        is_correct = math_ops.cast(math_ops.equal(predictions, labels), dtypes.float32)
        if weights is not None:
            weights = math_ops.cast(_flat(weights), dtypes.float32)
            is_correct *= weights
            ones *= weights
        new_total = assign.scatter_add(total, labels, ones)
        new_count = assign.scatter_add(count, labels, is_correct)
        value = math_ops.reduce_mean(_ratio(count, total, None), name="mean_accuracy")
        return accumulate.published(
            value,
            lambda: _ratio(new_count, new_total, "update_op"),
            metrics_collections,
            updates_collections,
        )


def _flat(tensor: Any) -> Any:
    return array_ops.reshape(tensor, [-1]) if tensor.get_shape().ndims > 1 else tensor


@public("metrics.mean_iou")
def mean_iou(
    labels: Any,
    predictions: Any,
    num_classes: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(mean over classes of intersection over union, update: the confusion matrix so far)."""
    with variable_scope(name, "mean_iou", (predictions, labels, weights)):
        predictions.get_shape().assert_is_compatible_with(labels.get_shape())
        total, update = _confusion_so_far(labels, predictions, num_classes, weights)
        return accumulate.published(
            _mean_overlap(total), lambda: update, metrics_collections, updates_collections
        )


def _confusion_so_far(
    labels: Any, predictions: Any, num_classes: Any, weights: Any
) -> tuple[Any, Any]:
    total = accumulate.metric_variable(
        [num_classes, num_classes], dtypes.float64, name="total_confusion_matrix"
    )
    predictions = math_ops.cast(predictions, dtypes.int64)
    labels = math_ops.cast(labels, dtypes.int64)
    num_classes = math_ops.cast(num_classes, dtypes.int64)
    predictions, labels = _flat(predictions), _flat(labels)
    if weights is not None:
        weights = _flat(weights)
    matrix = confusion.confusion_matrix(
        labels, predictions, num_classes, dtypes.float64, weights=weights
    )
    return total, assign.assign_add(total, matrix)


def _mean_overlap(matrix: Any) -> Any:
    rows = math_ops.cast(math_ops.reduce_sum(matrix, 0), dtypes.float32)
    columns = math_ops.cast(math_ops.reduce_sum(matrix, 1), dtypes.float32)
    hits = math_ops.cast(array_ops.diag_part(matrix), dtypes.float32)
    union = rows + columns - hits
    present = math_ops.cast(math_ops.not_equal(union, 0), dtype=dtypes.float32)
    count = math_ops.reduce_sum(present)
    union = array_ops.where(math_ops.greater(union, 0), union, array_ops.ones_like(union))
    overlap = math_ops.div(hits, union)
    is_any = math_ops.greater(count, 0)
    return array_ops.where(is_any, math_ops.reduce_sum(overlap, name="mean_iou") / count, 0)
