"""`tf.losses`: losses of whole batches, weighted, reduced and put into a collection."""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.collections import GraphKeys
from rekindle._src.losses import collection
from rekindle._src.names import public
from rekindle._src.ops import activation, arguments, confusion, loss, softmax, weights_broadcast
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import cond as cond_ops
from rekindle._src.ops import math as math_ops


@public("losses.Reduction")
class Reduction:
    """How the losses of a batch become one."""

    NONE = "none"
    SUM = "weighted_sum"
    SUM_OVER_BATCH_SIZE = "weighted_sum_over_batch_size"
    MEAN = "weighted_mean"
    SUM_BY_NONZERO_WEIGHTS = "weighted_sum_by_nonzero_weights"
    SUM_OVER_NONZERO_WEIGHTS = SUM_BY_NONZERO_WEIGHTS

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """Every reduction."""
        return (
            cls.NONE,
            cls.SUM,
            cls.MEAN,
            cls.SUM_OVER_BATCH_SIZE,
            cls.SUM_OVER_NONZERO_WEIGHTS,
            cls.SUM_BY_NONZERO_WEIGHTS,
        )

    @classmethod
    def validate(cls, key: Any) -> None:
        """Refuse what is no reduction.

        Raises:
          ValueError: `key` is none.
        """
        if key not in cls.all():
            raise ValueError(f"Invalid Reduction Key {key}.")


_DEFAULT = Reduction.SUM_BY_NONZERO_WEIGHTS


def _safe_mean(losses: Any, count: Any) -> Any:
    total = math_ops.reduce_sum(losses)
    return math_ops.div_no_nan(total, count, name="value")


def _count_present(losses: Any, weights: Any, per_batch: bool = False) -> Any:
    """How many losses have a weight other than 0, in all or for each example."""
    if isinstance(weights, float) and weights != 0.0:
        return _count(losses)
    with scopes.name_scope(None, "num_present", (losses, weights)) as scope:
        weights = math_ops.cast(weights, dtype=dtypes.float32)
        present = array_ops.where(
            math_ops.equal(weights, 0.0),
            array_ops.zeros_like(weights),
            array_ops.ones_like(weights),
        )
        present = weights_broadcast.broadcast_weights(present, losses)
        if per_batch:
            axes = math_ops.range(1, array_ops.rank(present))
            return math_ops.reduce_sum(present, axis=axes, keepdims=True, name=scope)
        return math_ops.reduce_sum(present, name=scope)


def _count(losses: Any) -> Any:
    with scopes.name_scope(None, "num_elements", values=[losses]) as scope:
        return math_ops.cast(array_ops.size(losses, name=scope), dtype=losses.dtype)


@public("losses.compute_weighted_loss")
def compute_weighted_loss(
    losses: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _DEFAULT,
) -> Any:
    """The weighted losses, reduced, and added to a collection.

    Args:
      losses: [N, ...].
      weights: a scalar, or of the rank of the losses with sizes equal or 1.
      scope: the name scope.
      loss_collection: the collection; None for none.
      reduction: one of `tf.losses.Reduction`.

    Raises:
      ValueError: the weights do not broadcast, or there is no such reduction.
    """
    Reduction.validate(reduction)
    with scopes.name_scope(scope, "weighted_loss", (losses, weights)):
        scopes.get_default_graph()._last_loss_reduction = reduction
        checked = weights_broadcast.assert_broadcastable(weights, losses)
        with scopes.control_dependencies((checked,)):
            losses = convert.convert_to_tensor(losses)
            dtype = losses.dtype
            losses = math_ops.cast(losses, dtype=dtypes.float32)
            weights = math_ops.cast(weights, dtype=dtypes.float32)
            weighted = math_ops.multiply(losses, weights)
            result = math_ops.cast(_reduced(losses, weights, weighted, reduction), dtype)
            collection.add_loss(result, loss_collection)
            return result


def _reduced(losses: Any, weights: Any, weighted: Any, reduction: str) -> Any:
    if reduction == Reduction.NONE:
        return weighted
    total = math_ops.reduce_sum(weighted)
    if reduction == Reduction.MEAN:
        return _safe_mean(total, math_ops.reduce_sum(array_ops.ones_like(losses) * weights))
    if reduction == Reduction.SUM_BY_NONZERO_WEIGHTS:
        return _safe_mean(total, _count_present(losses, weights))
    if reduction == Reduction.SUM_OVER_BATCH_SIZE:
        return _safe_mean(total, _count(losses))
    return total


def _check_given(**values: Any) -> None:
    for name, value in values.items():
        if value is None:
            raise ValueError(f"{name} must not be None.")


def _floats(predictions: Any, labels: Any) -> tuple[Any, Any]:
    """Both as float32, of compatible shapes."""
    predictions = math_ops.cast(predictions, dtype=dtypes.float32)
    labels = math_ops.cast(labels, dtype=dtypes.float32)
    predictions.get_shape().assert_is_compatible_with(labels.get_shape())
    return predictions, labels


@public("losses.absolute_difference")
def absolute_difference(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _DEFAULT,
) -> Any:
    """|predictions - labels|, weighted and reduced as in `compute_weighted_loss`."""
    _check_given(labels=labels, predictions=predictions)
    values = (predictions, labels, weights)
    with scopes.name_scope(scope, "absolute_difference", values) as scope:
        predictions, labels = _floats(predictions, labels)
        losses = math_ops.abs(math_ops.subtract(predictions, labels))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


@public("losses.cosine_distance")
def cosine_distance(
    labels: Any,
    predictions: Any,
    axis: Any = None,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _DEFAULT,
    dim: Any = None,
) -> Any:
    """1 - the product of unit vectors along `axis`, weighted and reduced.

    Args:
      labels: unit vectors.
      predictions: unit vectors.
      axis: the axis along which they lie; `dim` is its older name.
      weights, scope, loss_collection, reduction: as in `compute_weighted_loss`.

    Raises:
      ValueError: an argument is missing, or shapes do not fit.
    """
    axis = arguments.renamed("axis", axis, "dim", dim)
    if axis is None:
        raise ValueError("You must specify 'axis'.")
    _check_given(labels=labels, predictions=predictions)
    values = (predictions, labels, weights)
    with scopes.name_scope(scope, "cosine_distance_loss", values) as scope:
        predictions, labels = _floats(predictions, labels)
        products = math_ops.multiply(predictions, labels)
        losses = 1 - math_ops.reduce_sum(products, axis=(axis,), keepdims=True)
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


@public("losses.hinge_loss")
def hinge_loss(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _DEFAULT,
) -> Any:
    """max(0, 1 - y * logits) with y = 2 * labels - 1, for labels 0 and 1, weighted and reduced."""
    _check_given(labels=labels, logits=logits)
    with scopes.name_scope(scope, "hinge_loss", (logits, labels, weights)) as scope:
        logits, labels = _floats(logits, labels)
        ones = array_ops.ones_like(labels)
        signs = math_ops.subtract(2 * labels, ones)
        losses = activation.relu(math_ops.subtract(ones, math_ops.multiply(signs, logits)))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


@public("losses.huber_loss")
def huber_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    delta: float = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _DEFAULT,
) -> Any:
    """Half the square of the error up to `delta`, linear beyond, weighted and reduced.

    Source: Huber, Robust estimation of a location parameter, 1964.
    """
    _check_given(labels=labels, predictions=predictions)
    with scopes.name_scope(scope, "huber_loss", (predictions, labels, weights)) as scope:
        predictions, labels = _floats(predictions, labels)
        size = math_ops.abs(math_ops.subtract(predictions, labels))
        quadratic = math_ops.minimum(size, delta)
        linear = math_ops.subtract(size, quadratic)
        losses = math_ops.add(
            math_ops.multiply(
                convert.convert_to_tensor(0.5, dtype=quadratic.dtype),
                math_ops.multiply(quadratic, quadratic),
            ),
            math_ops.multiply(delta, linear),
        )
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


@public("losses.log_loss")
def log_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    epsilon: float = 1e-7,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _DEFAULT,
) -> Any:
    """The cross entropy of labels and probabilities, weighted and reduced; epsilon guards logs."""
    _check_given(labels=labels, predictions=predictions)
    with scopes.name_scope(scope, "log_loss", (predictions, labels, weights)) as scope:
        predictions, labels = _floats(predictions, labels)
        positive = -math_ops.multiply(labels, math_ops.log(predictions + epsilon))
        losses = positive - math_ops.multiply((1 - labels), math_ops.log(1 - predictions + epsilon))
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


@public("losses.mean_pairwise_squared_error")
def mean_pairwise_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
) -> Any:
    """The mean, over pairs of elements of an example, of the squared difference of their errors.

    Arguments as in `compute_weighted_loss`; the weights are for examples.
    """
    _check_given(labels=labels, predictions=predictions)
    values = (predictions, labels, weights)
    with scopes.name_scope(scope, "mean_pairwise_squared_error", values) as scope:
        weights = math_ops.cast(weights, dtype=dtypes.float32)
        labels = math_ops.cast(labels, dtype=dtypes.float32)
        checked = weights_broadcast.assert_broadcastable(weights, labels)
        with scopes.control_dependencies((checked,)):
            predictions = math_ops.cast(predictions, dtype=dtypes.float32)
            predictions.get_shape().assert_is_compatible_with(labels.get_shape())
            errors = math_ops.subtract(predictions, labels)
            axes = math_ops.range(1, array_ops.rank(errors))
            squares = math_ops.reduce_sum(math_ops.square(errors), axis=axes, keepdims=True)
            count = _count_present(errors, weights, per_batch=True)
            first = 2.0 * math_ops.div_no_nan(squares, math_ops.maximum(count - 1, 0), name="value")
            total = math_ops.reduce_sum(errors, axis=axes, keepdims=True)
            square = math_ops.square(total)
            pairs = math_ops.maximum(math_ops.multiply(count, count - 1), 0)
            second = 2.0 * math_ops.div_no_nan(square, pairs, name="value")
            weighted = math_ops.multiply(first - second, weights)
            result = math_ops.reduce_sum(weighted)
            mean = array_ops.where(
                math_ops.reduce_sum(count) > 0, result, array_ops.zeros_like(result), name="value"
            )
            collection.add_loss(mean, loss_collection)
            return mean


@public("losses.mean_squared_error")
def mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _DEFAULT,
) -> Any:
    """The square of the error, weighted and reduced as in `compute_weighted_loss`."""
    _check_given(labels=labels, predictions=predictions)
    values = (predictions, labels, weights)
    with scopes.name_scope(scope, "mean_squared_error", values) as scope:
        predictions, labels = _floats(predictions, labels)
        losses = math_ops.squared_difference(predictions, labels)
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


@public("losses.sigmoid_cross_entropy")
def sigmoid_cross_entropy(
    multi_class_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _DEFAULT,
) -> Any:
    """`tf.nn.sigmoid_cross_entropy_with_logits`, weighted and reduced.

    Args:
      multi_class_labels: 0 or 1 for each class.
      logits: log odds, of the same shape.
      weights: see `compute_weighted_loss`.
      label_smoothing: how far to move labels towards 1/2.
      scope, loss_collection, reduction: see `compute_weighted_loss`.
    """
    _check_given(multi_class_labels=multi_class_labels, logits=logits)
    values = (logits, multi_class_labels, weights)
    with scopes.name_scope(scope, "sigmoid_cross_entropy_loss", values) as scope:
        logits = convert.convert_to_tensor(logits)
        labels = math_ops.cast(multi_class_labels, logits.dtype)
        logits.get_shape().assert_is_compatible_with(labels.get_shape())
        if label_smoothing > 0:
            labels = labels * (1 - label_smoothing) + 0.5 * label_smoothing
        losses = loss.sigmoid_cross_entropy_with_logits(
            labels=labels, logits=logits, name="xentropy"
        )
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


@public("losses.softmax_cross_entropy")
def softmax_cross_entropy(
    onehot_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _DEFAULT,
) -> Any:
    """`tf.nn.softmax_cross_entropy_with_logits`, weighted and reduced.

    Args:
      onehot_labels: a distribution over the classes, [N, C].
      logits: [N, C].
      weights: see `compute_weighted_loss`.
      label_smoothing: how far to move labels towards 1/C.
      scope, loss_collection, reduction: see `compute_weighted_loss`.
    """
    _check_given(onehot_labels=onehot_labels, logits=logits)
    values = (logits, onehot_labels, weights)
    with scopes.name_scope(scope, "softmax_cross_entropy_loss", values) as scope:
        logits = convert.convert_to_tensor(logits)
        labels = math_ops.cast(onehot_labels, logits.dtype)
        logits.get_shape().assert_is_compatible_with(labels.get_shape())
        if label_smoothing > 0:
            count = math_ops.cast(array_ops.shape(labels)[-1], logits.dtype)
            kept, spread = 1.0 - label_smoothing, label_smoothing / count
            labels = labels * kept + spread
        labels = array_ops.stop_gradient(labels, name="labels_stop_gradient")
        losses = softmax.softmax_cross_entropy_with_logits_v2(
            labels=labels, logits=logits, name="xentropy"
        )
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


@public("losses.sparse_softmax_cross_entropy")
def sparse_softmax_cross_entropy(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _DEFAULT,
) -> Any:
    """`tf.nn.sparse_softmax_cross_entropy_with_logits`, weighted and reduced.

    Labels and weights may have a last axis of size 1 more than they need.
    """
    _check_given(labels=labels, logits=logits)
    values = (logits, labels, weights)
    with scopes.name_scope(scope, "sparse_softmax_cross_entropy_loss", values) as scope:
        labels, logits = confusion.remove_squeezable_dimensions(
            labels, logits, expected_rank_diff=1
        )
        weights = _fitting(weights, labels)
        losses = softmax.sparse_softmax_cross_entropy_with_logits(
            labels=labels, logits=logits, name="xentropy"
        )
        return compute_weighted_loss(losses, weights, scope, loss_collection, reduction)


def _fitting(weights: Any, labels: Any) -> Any:
    """The weights without a last axis of size 1 that the labels have not."""
    if weights is None:
        return None
    weights = convert.convert_to_tensor(weights)
    shape, rank = weights.get_shape(), labels.get_shape().ndims
    if rank is not None and shape.ndims is not None:
        return array_ops.squeeze(weights, [-1]) if shape.ndims - rank == 1 else weights
    difference = array_ops.rank(weights) - array_ops.rank(labels)
    if shape.ndims == 0 or (shape.ndims and not shape.dims[-1].is_compatible_with(1)):
        return weights
    return cond_ops.cond(
        math_ops.equal(1, difference), lambda: array_ops.squeeze(weights, [-1]), lambda: weights
    )
