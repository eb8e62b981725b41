"""`tf.contrib.losses` (`slim.losses`): losses whose predictions come before the labels.

They divide by the number of elements with a weight other than 0, and put the result into LOSSES.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.contrib.framework.arg_scope import add_arg_scope
from rekindle._src.contrib.spaces import shown
from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.collections import GraphKeys, add_to_collection, get_collection
from rekindle._src.ops import activation, softmax
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import loss as loss_ops
from rekindle._src.ops import math as math_ops


@shown("losses", "compute_weighted_loss")
def compute_weighted_loss(losses: Any, weights: Any = 1.0, scope: str | None = None) -> Any:
    """The weighted mean of losses: [].

    Args:
      losses: [N, ...].
      weights: [], or the first axes of the losses.
      scope: the name scope.

    Raises:
      ValueError: a rank is not known.
    """
    with scopes.name_scope(scope, "weighted_loss", [losses, weights]):
        losses = convert.convert_to_tensor(losses)
        dtype = losses.dtype
        losses = math_ops.cast(losses, dtypes.float32)
        weights = math_ops.cast(convert.convert_to_tensor(weights), dtypes.float32)
        if losses.get_shape().ndims is None:
            raise ValueError("losses.get_shape().ndims cannot be None")
        shape = weights.get_shape()
        if shape.ndims is None:
            raise ValueError("weights.get_shape().ndims cannot be None")
        if shape.ndims > 1 and shape.dims[-1].is_compatible_with(1):
            weights = array_ops.squeeze(weights, [-1])
        total = _weighted_sum(losses, weights)
        present = math_ops.reduce_sum(_present(losses, weights))
        mean = math_ops.div_no_nan(math_ops.reduce_sum(total), present, name="value")
        mean = math_ops.cast(mean, dtype)
        add_loss(mean)
        return mean


def _weighted_sum(losses: Any, weights: Any) -> Any:
    axes = list(range(max(0, weights.get_shape().ndims), losses.get_shape().ndims))
    return math_ops.reduce_sum(
        math_ops.multiply(math_ops.reduce_sum(losses, axis=axes), weights)
    )


def _present(losses: Any, weights: Any) -> Any:
    """How many elements of each example have a weight other than 0: [N]."""
    rank = weights.get_shape().ndims
    if rank == 0:
        first = array_ops.slice(array_ops.shape(losses), [0], [1])
        size = array_ops.reshape(first, [])
        each = math_ops.div(
            math_ops.cast(array_ops.size(losses), dtypes.float32),
            math_ops.cast(size, dtypes.float32),
        )
        each = array_ops.where(math_ops.equal(weights, 0), 0.0, each)
        return math_ops.multiply(array_ops.ones(array_ops.reshape(size, [1])), each)
    counted = math_ops.cast(math_ops.not_equal(weights, 0), dtypes.float32)
    per_row = math_ops.reduce_sum(counted, axis=list(range(1, rank)))
    rest = array_ops.slice(array_ops.shape(losses), [rank], [-1])
    factor = math_ops.cast(math_ops.reduce_prod(rest), dtypes.float32)
    return math_ops.multiply(per_row, factor)


@shown("losses", "add_loss")
@add_arg_scope
def add_loss(loss: Any, loss_collection: str | None = GraphKeys.LOSSES) -> None:
    """Put a loss into a collection, if one is given."""
    if loss_collection:
        add_to_collection(loss_collection, loss)


@shown("losses", "get_losses")
def get_losses(scope: str | None = None, loss_collection: str = GraphKeys.LOSSES) -> list[Any]:
    """The losses of a collection whose names begin with `scope`."""
    return get_collection(loss_collection, scope)


@shown("losses", "get_regularization_losses")
def get_regularization_losses(scope: str | None = None) -> list[Any]:
    """The losses of regularizers whose names begin with `scope`."""
    return get_collection(GraphKeys.REGULARIZATION_LOSSES, scope)


@shown("losses", "get_total_loss")
def get_total_loss(add_regularization_losses: bool = True, name: str = "total_loss") -> Any:
    """The sum of all losses, and of those of regularizers: []."""
    losses = get_losses()
    if add_regularization_losses:
        losses += get_regularization_losses()
    return math_ops.add_n(losses, name=name)


def _floats(predictions: Any, labels: Any) -> tuple[Any, Any]:
    predictions.get_shape().assert_is_compatible_with(labels.get_shape())
    return math_ops.cast(predictions, dtypes.float32), math_ops.cast(labels, dtypes.float32)


@shown("losses", "absolute_difference")
def absolute_difference(
    predictions: Any, labels: Any = None, weights: Any = 1.0, scope: str | None = None
) -> Any:
    """The weighted mean of |predictions - labels|: []."""
    with scopes.name_scope(
        scope, "absolute_difference", [predictions, labels, weights]
    ) as scope:
        predictions, labels = _floats(predictions, labels)
        losses = math_ops.abs(math_ops.subtract(predictions, labels))
        return compute_weighted_loss(losses, weights, scope=scope)


@shown("losses", "sigmoid_cross_entropy")
def sigmoid_cross_entropy(
    logits: Any,
    multi_class_labels: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
) -> Any:
    """The weighted mean of the cross entropies of independent classes: []."""
    with scopes.name_scope(
        scope, "sigmoid_cross_entropy_loss", [logits, multi_class_labels, weights]
    ) as scope:
        logits.get_shape().assert_is_compatible_with(multi_class_labels.get_shape())
        labels = math_ops.cast(multi_class_labels, logits.dtype)
        if label_smoothing > 0:
            labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = loss_ops.sigmoid_cross_entropy_with_logits(
            labels=labels, logits=logits, name="xentropy"
        )
        return compute_weighted_loss(losses, weights, scope=scope)


@shown("losses", "softmax_cross_entropy")
def softmax_cross_entropy(
    logits: Any,
    onehot_labels: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
) -> Any:
    """The weighted mean of the cross entropies of classes that exclude one another: []."""
    with scopes.name_scope(
        scope, "softmax_cross_entropy_loss", [logits, onehot_labels, weights]
    ) as scope:
        logits.get_shape().assert_is_compatible_with(onehot_labels.get_shape())
        labels = math_ops.cast(onehot_labels, logits.dtype)
        if label_smoothing > 0:
            classes = math_ops.cast(array_ops.shape(labels)[1], logits.dtype)
            others = label_smoothing / classes
            labels = labels * (1.0 - label_smoothing) + others
        losses = softmax.softmax_cross_entropy_with_logits(
            labels=labels, logits=logits, name="xentropy"
        )
        return compute_weighted_loss(losses, weights, scope=scope)


@shown("losses", "sparse_softmax_cross_entropy")
def sparse_softmax_cross_entropy(
    logits: Any, labels: Any, weights: Any = 1.0, scope: str | None = None
) -> Any:
    """`softmax_cross_entropy` of labels that are integers: []."""
    with scopes.name_scope(
        scope, "sparse_softmax_cross_entropy_loss", [logits, labels, weights]
    ) as scope:
        labels = array_ops.reshape(labels, shape=[array_ops.shape(labels)[0]])
        losses = softmax.sparse_softmax_cross_entropy_with_logits(
            labels=labels, logits=logits, name="xentropy"
        )
        return compute_weighted_loss(losses, weights, scope=scope)


@shown("losses", "log_loss")
def log_loss(
    predictions: Any,
    labels: Any = None,
    weights: Any = 1.0,
    epsilon: float = 1e-7,
    scope: str | None = None,
) -> Any:
    """The weighted mean of the cross entropies of probabilities: []."""
    with scopes.name_scope(scope, "log_loss", [predictions, labels, weights]) as scope:
        predictions, labels = _floats(predictions, labels)
        losses = -math_ops.multiply(
            labels, math_ops.log(predictions + epsilon)
        ) - math_ops.multiply((1 - labels), math_ops.log(1 - predictions + epsilon))
        return compute_weighted_loss(losses, weights, scope=scope)


@shown("losses", "hinge_loss")
def hinge_loss(logits: Any, labels: Any = None, scope: str | None = None) -> Any:
    """max(0, 1 - (2 labels - 1) logits), elementwise."""
    with scopes.name_scope(scope, "hinge_loss", [logits, labels]) as scope:
        logits.get_shape().assert_is_compatible_with(labels.get_shape())
        labels = math_ops.cast(labels, dtypes.float32)
        ones = array_ops.ones_like(labels)
        signs = math_ops.subtract(2 * labels, ones)
        return activation.relu(math_ops.subtract(ones, math_ops.multiply(signs, logits)))


@shown("losses", "mean_squared_error")
def mean_squared_error(
    predictions: Any, labels: Any = None, weights: Any = 1.0, scope: str | None = None
) -> Any:
    """The weighted mean of (predictions - labels)^2: []."""
    with scopes.name_scope(
        scope, "mean_squared_error", [predictions, labels, weights]
    ) as scope:
        predictions, labels = _floats(predictions, labels)
        losses = math_ops.squared_difference(predictions, labels)
        return compute_weighted_loss(losses, weights, scope=scope)


@shown("losses", "cosine_distance")
def cosine_distance(
    predictions: Any,
    labels: Any = None,
    axis: int | None = None,
    weights: Any = 1.0,
    scope: str | None = None,
    dim: int | None = None,
) -> Any:
    """The weighted mean of 1 - the product of unit vectors along `axis`: [].

    Raises:
      ValueError: no axis is given.
    """
    axis = dim if axis is None else axis
    if axis is None:
        raise ValueError("You must specify 'axis'.")
    with scopes.name_scope(
        scope, "cosine_distance_loss", [predictions, labels, weights]
    ) as scope:
        predictions, labels = _floats(predictions, labels)
        losses = 1 - math_ops.reduce_sum(math_ops.multiply(predictions, labels), axis=[axis])
        return compute_weighted_loss(losses, weights, scope=scope)
