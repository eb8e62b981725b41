"""`tf.confusion_matrix`, and the fitting of labels to predictions by axes of size 1."""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, dtypes, scopes, sparse
from rekindle._src.graph.opdef import call
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import check
from rekindle._src.ops import cond as cond_ops
from rekindle._src.ops import control as control_ops
from rekindle._src.ops import math as math_ops


def remove_squeezable_dimensions(
    labels: Any, predictions: Any, expected_rank_diff: int = 0, name: str | None = None
) -> tuple[Any, Any]:
    """(labels, predictions) without a last axis of size 1 that the other has not.

    Args:
      labels: a tensor.
      predictions: a tensor.
      expected_rank_diff: how much higher the rank of the predictions is to be.
      name: the name scope.
    """
    with scopes.name_scope(name, "remove_squeezable_dimensions", [labels, predictions]):
        predictions = convert.convert_to_tensor(predictions)
        labels = convert.convert_to_tensor(labels)
        rank, labels_rank = predictions.get_shape().ndims, labels.get_shape().ndims
        if rank is not None and labels_rank is not None:
            if rank - labels_rank == expected_rank_diff + 1:
                predictions = array_ops.squeeze(predictions, [-1])
            elif rank - labels_rank == expected_rank_diff - 1:
                labels = array_ops.squeeze(labels, [-1])
            return labels, predictions
        difference = array_ops.rank(predictions) - array_ops.rank(labels)
        predictions = squeezed_if(predictions, expected_rank_diff + 1, difference)
        labels = squeezed_if(labels, expected_rank_diff - 1, difference)
        return labels, predictions


def squeezed_if(tensor: Any, wanted: int, difference: Any) -> Any:
    """The tensor without its last axis if `difference` turns out to be `wanted`."""
    shape = tensor.get_shape()
    if shape.ndims is not None and not shape.dims[-1].is_compatible_with(1):
        return tensor
    return cond_ops.cond(
        math_ops.equal(wanted, difference),
        lambda: array_ops.squeeze(tensor, [-1]),
        lambda: tensor,
    )


@public("confusion_matrix", "math.confusion_matrix", "train.confusion_matrix")
def confusion_matrix(
    labels: Any,
    predictions: Any,
    num_classes: Any = None,
    dtype: Any = dtypes.int32,
    name: str | None = None,
    weights: Any = None,
) -> Any:
    """How often (or with which weight) each label meets each prediction: [N], [N] -> [C, C].

    Args:
      labels: class numbers.
      predictions: class numbers.
      num_classes: C; default: one more than the greatest number.
      dtype: the type of the counts.
      name: the name scope.
      weights: the weight of each example; default 1.
    """
    with scopes.name_scope(name, "confusion_matrix", (predictions, labels, num_classes, weights)):
        labels, predictions = remove_squeezable_dimensions(
            convert.convert_to_tensor(labels, name="labels"),
            convert.convert_to_tensor(predictions, name="predictions"),
        )
        predictions = math_ops.cast(predictions, dtypes.int64)
        labels = math_ops.cast(labels, dtypes.int64)
        labels = _after(
            labels, check.assert_non_negative(labels, message="`labels` contains negative values")
        )
        words = "`predictions` contains negative values"
        predictions = _after(predictions, check.assert_non_negative(predictions, message=words))
        if num_classes is None:
            greatest = math_ops.maximum(
                math_ops.reduce_max(predictions), math_ops.reduce_max(labels)
            )
            num_classes = greatest + 1
        else:
            limit = math_ops.cast(num_classes, dtypes.int64)
            labels = _after(
                labels, check.assert_less(labels, limit, message="`labels` out of bound")
            )
            words = "`predictions` out of bound"
            predictions = _after(predictions, check.assert_less(predictions, limit, message=words))
        return _counted(labels, predictions, num_classes, dtype, weights)


def _after(tensor: Any, done: Any) -> Any:
    return control_ops.with_dependencies([done], tensor)


def _counted(labels: Any, predictions: Any, num_classes: Any, dtype: Any, weights: Any) -> Any:
    if weights is not None:
        weights = convert.convert_to_tensor(weights, name="weights")
        predictions.get_shape().assert_is_compatible_with(weights.get_shape())
        weights = math_ops.cast(weights, dtype)
    shape = array_ops.stack([num_classes, num_classes])
    indices = array_ops.stack([labels, predictions], axis=1)
    values = array_ops.ones_like(predictions, dtype) if weights is None else weights
    counts = sparse.SparseTensor(
        indices=indices, values=values, dense_shape=math_ops.cast(shape, dtypes.int64)
    )
    zeros = array_ops.zeros(math_ops.cast(shape, dtypes.int32), dtype)
    return call("SparseTensorDenseAdd", counts.indices, counts.values, counts.dense_shape, zeros)
