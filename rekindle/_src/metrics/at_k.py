"""Metrics of the k best predictions: `tf.metrics.recall_at_k`, `precision_at_k` and their kin.

Labels are sets of class numbers, dense [..., L] or sparse; predictions are scores of all classes.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import collections, dtypes, scopes, sparse
from rekindle._src.metrics import accumulate
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import cond as cond_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import reduce_axes, sets, top, weights_broadcast
from rekindle._src.ops import sparse as sparse_ops
from rekindle._src.state import assign


def _name_at(name: str, k: Any = None, class_id: Any = None) -> str:
    name = f"{name}_at_k" if k is None else f"{name}_at_{k}"
    return name if class_id is None else f"{name}_class{class_id}"


def _expanded(labels: Any, predictions: Any) -> Any:
    """Labels with an axis of size 1 more where their rank is one less than the predictions'."""
    with scopes.name_scope(None, "expand_labels", (labels, predictions)) as scope:
        labels = sparse.convert_to_tensor_or_sparse_tensor(labels)
        if isinstance(labels, sparse.SparseTensor):
            is_short = math_ops.equal(
                array_ops.rank(predictions), array_ops.size(labels.dense_shape) + 1
            )
            return cond_ops.cond(
                is_short,
                lambda: sparse_ops.sparse_reshape(
                    labels, shape=array_ops.concat((labels.dense_shape, (1,)), 0), name=scope
                ),
                lambda: labels,
            )
        rank, wanted = labels.get_shape().ndims, predictions.get_shape().ndims
        if rank is not None and wanted is not None:
            if wanted == rank:
                return labels
            if wanted == rank + 1:
                return array_ops.expand_dims(labels, -1, name=scope)
            raise ValueError(
                f"Unexpected labels shape {labels.get_shape()} for predictions shape "
                f"{predictions.get_shape()}."
            )
        is_short = math_ops.equal(array_ops.rank(predictions), array_ops.rank(labels) + 1)
        return cond_ops.cond(
            is_short, lambda: array_ops.expand_dims(labels, -1, name=scope), lambda: labels
        )


def _of_class(ids: Any, class_id: Any) -> Any:
    """The ids that are `class_id`, sparse."""
    ids = sparse.convert_to_tensor_or_sparse_tensor(ids)
    if isinstance(ids, sparse.SparseTensor):
        return sparse_ops.sparse_retain(ids, math_ops.equal(ids.values, class_id))
    shape = array_ops.shape(ids, out_type=dtypes.int64)
    last = array_ops.size(shape) - 1
    single = reduce_axes.reduced_shape(shape, array_ops.reshape(last, [1]))
    wanted = array_ops.fill(single, math_ops.cast(class_id, dtypes.int64))
    found = sets.set_intersection(wanted, ids)
    return sparse.SparseTensor(indices=found.indices, values=found.values, dense_shape=shape)


def _hits(
    kind: str,
    labels: Any,
    predictions: Any,
    class_id: Any = None,
    weights: Any = None,
    name: str | None = None,
) -> Any:
    """How many true positives, false positives or false negatives each example has."""
    with scopes.name_scope(name, kind, (predictions, labels, weights)):
        if class_id is not None:
            labels, predictions = _of_class(labels, class_id), _of_class(predictions, class_id)
        if kind == "true_positives":
            found = sets.set_intersection(predictions, labels)
        else:
            found = sets.set_difference(predictions, labels, kind == "false_positives")
        counts = math_ops.cast(sets.set_size(found), dtypes.float64)
        if weights is None:
            return counts
        checked = weights_broadcast.assert_broadcastable(weights, counts)
        with scopes.control_dependencies((checked,)):
            weights = math_ops.cast(weights, dtypes.float64)
            return math_ops.multiply(counts, weights)


def _hits_so_far(
    kind: str, labels: Any, predictions: Any, k: Any, class_id: Any, weights: Any
) -> tuple[Any, Any]:
    name = _name_at(kind.removesuffix("s"), k, class_id)
    with scopes.name_scope(None, name, (predictions, labels, weights)) as scope:
        counts = _hits(kind, labels, predictions, class_id, weights)
        total = math_ops.cast(math_ops.reduce_sum(counts), dtypes.float64)
        held = accumulate.metric_variable([], dtypes.float64, name=scope)
        return held, assign.assign_add(held, total, name="update")


def _share_of_hits(
    what: str,
    other: str,
    labels: Any,
    predictions_idx: Any,
    k: Any,
    class_id: Any,
    weights: Any,
    metrics_collections: Any,
    updates_collections: Any,
    name: str | None,
) -> tuple[Any, Any]:
    """True positives over themselves and another kind of hits."""
    values = (predictions_idx, labels, weights)
    with scopes.name_scope(name, _name_at(what, k, class_id), values) as scope:
        labels = _expanded(labels, predictions_idx)
        best = math_ops.cast(predictions_idx, dtypes.int64)
        given = (labels, best, k, class_id, weights)
        hits, hits_update = _hits_so_far("true_positives", *given)
        misses, misses_update = _hits_so_far(other, *given)
        value = math_ops.div(hits, math_ops.add(hits, misses), name=scope)

        def update() -> Any:
            both = math_ops.add(hits_update, misses_update)
            return math_ops.div(hits_update, both, name="update")

        return accumulate.published(value, update, metrics_collections, updates_collections)


@public("metrics.recall_at_top_k")
def recall_at_top_k(
    labels: Any,
    predictions_idx: Any,
    k: Any = None,
    class_id: Any = None,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(share of the labels among the predicted classes, update); arguments as in `recall_at_k`."""
    return _share_of_hits(
        "recall",
        "false_negatives",
        labels,
        predictions_idx,
        k,
        class_id,
        weights,
        metrics_collections,
        updates_collections,
        name,
    )


@public("metrics.precision_at_top_k")
def precision_at_top_k(
    labels: Any,
    predictions_idx: Any,
    k: Any = None,
    class_id: Any = None,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(share of the predicted classes that are labels, update); arguments as in `recall_at_k`."""
    return _share_of_hits(
        "precision",
        "false_positives",
        labels,
        predictions_idx,
        k,
        class_id,
        weights,
        metrics_collections,
        updates_collections,
        name,
    )


@public("metrics.recall_at_k")
def recall_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    class_id: Any = None,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(share of the labels among the k best predictions, update).

    Args:
      labels: class numbers, int64 [..., L], dense or sparse, or [...] for one each.
      predictions: scores, [..., C].
      k: how many predictions count.
      class_id: look at this class only.
      weights: [...], numbers; default 1.
      metrics_collections: the collections for the value.
      updates_collections: the collections for the update.
      name: the name scope.
    """
    values = (predictions, labels, weights)
    with scopes.name_scope(name, _name_at("recall", k, class_id), values) as scope:
        _, best = top.top_k(predictions, k)
        return recall_at_top_k(
            labels, best, k, class_id, weights, metrics_collections, updates_collections, scope
        )


@public("metrics.precision_at_k")
def precision_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    class_id: Any = None,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(share of the k best predictions that are labels, update); arguments as in `recall_at_k`."""
    values = (predictions, labels, weights)
    with scopes.name_scope(name, _name_at("precision", k, class_id), values) as scope:
        _, best = top.top_k(predictions, k)
        return precision_at_top_k(
            labels, best, k, class_id, weights, metrics_collections, updates_collections, scope
        )


@public("metrics.sparse_precision_at_k")
def sparse_precision_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    class_id: Any = None,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """The old name of `precision_at_k`."""
    return precision_at_k(
        labels, predictions, k, class_id, weights, metrics_collections, updates_collections, name
    )


def _repeated(tensor: Any, count: int, name: str) -> Any:
    """The tensor `count` times along a new axis before the last."""
    with scopes.name_scope(name, "expand_and_tile", (tensor, count, -1)) as scope:
        tensor = sparse.convert_to_tensor_or_sparse_tensor(tensor)
        if isinstance(tensor, sparse.SparseTensor):
            at = array_ops.reshape(array_ops.size(tensor.dense_shape) + -1, [1])
            shape = array_ops.concat(
                (
                    array_ops.slice(tensor.dense_shape, [0], at),
                    [1],
                    array_ops.slice(tensor.dense_shape, at, [-1]),
                ),
                0,
                name="expanded_shape",
            )
            wide = sparse_ops.sparse_reshape(tensor, shape=shape, name="expand")
            return wide if count == 1 else sparse_ops.sparse_concat(-2, [wide] * count, name=scope)
        wide = array_ops.expand_dims(tensor, -2, name="expand")
        if count == 1:
            return wide
        ones = array_ops.ones_like(array_ops.shape(tensor))
        multiples = array_ops.concat((ones[:-1], (count,), ones[-1:]), 0, name="multiples")
        return array_ops.tile(wide, multiples, name=scope)


def _count_relevant(labels: Any, k: int) -> Any:
    with scopes.name_scope(None, "num_relevant", (labels,)) as scope:
        labels = sparse.convert_to_tensor_or_sparse_tensor(labels)
        if isinstance(labels, sparse.SparseTensor):
            return math_ops.minimum(sets.set_size(labels), k, name=scope)
        is_label = math_ops.greater_equal(labels, 0)
        ones = array_ops.ones_like(labels)
        counted = array_ops.where_v2(is_label, ones, array_ops.zeros_like(labels))
        return math_ops.minimum(math_ops.reduce_sum(counted, axis=-1), k, name=scope)


def _average_precision(labels: Any, predictions_idx: Any) -> Any:
    """The mean, over the labels, of the precision at the place of each hit: [...]."""
    with scopes.name_scope(None, "average_precision", (predictions_idx, labels)) as scope:
        best = math_ops.cast(predictions_idx, dtypes.int64, name="predictions_idx")
        if best.get_shape().ndims == 0:
            raise ValueError("The rank of predictions_idx must be at least 1.")
        k = best.get_shape().as_list()[-1]
        if k is None:
            raise ValueError("The last dimension of predictions_idx must be set.")
        labels = _expanded(labels, best)
        each = array_ops.expand_dims(best, -1, name="predictions_idx_per_k")
        labels_per_k = _repeated(labels, k, "labels_per_k")
        relevant = _hits("true_positives", labels_per_k, each, name="relevant_per_k")
        hits = math_ops.cumsum(relevant, axis=-1, name="tp_per_k")
        retrieved = math_ops.cumsum(array_ops.ones_like(relevant), axis=-1, name="retrieved_per_k")
        precision = math_ops.div(
            math_ops.cast(hits, dtypes.float64),
            math_ops.cast(retrieved, dtypes.float64),
            name="precision_per_k",
        )
        counted = math_ops.multiply(
            precision, math_ops.cast(relevant, dtypes.float64), name="relevant_precision_per_k"
        )
        total = math_ops.reduce_sum(counted, axis=(-1,), name="precision_sum")
        number = math_ops.cast(_count_relevant(labels, k), dtypes.float64)
        return math_ops.div(total, number, name=scope)


def _within_range(labels: Any, count: Any) -> Any:
    """The labels, with -1 for those that are no class."""
    is_sparse = isinstance(labels, (sparse.SparseTensor, sparse.SparseTensorValue))

    def clean(values: Any) -> Any:
        is_out = math_ops.greater_equal(values, count)
        return array_ops.where_v2(is_out, -1 * array_ops.ones_like(values), values)

    def cleaned() -> Any:
        if not is_sparse:
            return clean(labels)
        return type(labels)(labels.indices, clean(labels.values), labels.dense_shape)

    greatest = math_ops.reduce_max(labels.values if is_sparse else labels)
    return cond_ops.cond(math_ops.greater_equal(greatest, count), cleaned, lambda: labels)


@public("metrics.average_precision_at_k")
def average_precision_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """(mean of the average precision of the k best predictions, update).

    Arguments as in `recall_at_k`.

    Raises:
      ValueError: k is below 1.
    """
    if k < 1:
        raise ValueError(f"Invalid k={k}.")
    values = (predictions, labels, weights)
    with scopes.name_scope(name, _name_at("average_precision", k), values) as scope:
        _, best = top.top_k(predictions, k)
        count = math_ops.cast(array_ops.shape(predictions)[-1], dtypes.int64)
        labels = _within_range(labels, count)
        return _average_so_far(
            labels, best, weights, metrics_collections, updates_collections, scope
        )


def _average_so_far(
    labels: Any,
    best: Any,
    weights: Any,
    metrics_collections: Any,
    updates_collections: Any,
    name: str,
) -> tuple[Any, Any]:
    values = (best, labels, weights)
    with scopes.name_scope(name, "average_precision_at_top_k", values) as scope:
        precision = _average_precision(labels, best)
        if weights is not None:
            weights = weights_broadcast.broadcast_weights(
                math_ops.cast(weights, dtypes.float64), precision
            )
            precision = math_ops.multiply(precision, weights)
        with scopes.name_scope(None, "max", (precision,)) as inner:
            most = accumulate.metric_variable([], dtypes.float64, name=inner)
            if weights is None:
                size = array_ops.size(precision, name="batch_max")
                batch = math_ops.cast(size, dtypes.float64)
            else:
                batch = math_ops.reduce_sum(weights, name="batch_max")
            most_update = assign.assign_add(most, batch, name="update")
        with scopes.name_scope(None, "total", (precision,)) as inner:
            total = accumulate.metric_variable([], dtypes.float64, name=inner)
            batch = math_ops.reduce_sum(precision, name="batch_total")
            total_update = assign.assign_add(total, batch, name="update")
        value = math_ops.div_no_nan(total, most, name="mean")
        if metrics_collections:
            collections.add_to_collections(metrics_collections, value)
        update = math_ops.div_no_nan(total_update, most_update, name=scope)
        if updates_collections:
            collections.add_to_collections(updates_collections, update)
        return value, update


@public("metrics.sparse_average_precision_at_k")
def sparse_average_precision_at_k(
    labels: Any,
    predictions: Any,
    k: int,
    weights: Any = None,
    metrics_collections: Any = None,
    updates_collections: Any = None,
    name: str | None = None,
) -> tuple[Any, Any]:
    """The old name of `average_precision_at_k`."""
    return average_precision_at_k(
        labels, predictions, k, weights, metrics_collections, updates_collections, name
    )
