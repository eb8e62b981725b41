"""The cross entropy of sequences: `tf.contrib.seq2seq.sequence_loss`."""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import scopes
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import softmax as softmax_ops


def _check(
    logits: Any, targets: Any, weights: Any, averages: tuple[bool, bool], sums: tuple[bool, bool]
) -> None:
    if len(logits.get_shape()) != 3:
        raise ValueError("Logits must be a [batch_size x sequence_length x logits] tensor")
    if len(targets.get_shape()) != 2:
        raise ValueError("Targets must be a [batch_size x sequence_length] tensor")
    if len(weights.get_shape()) != 2:
        raise ValueError("Weights must be a [batch_size x sequence_length] tensor")
    for axis, average, total in zip(("timesteps", "batch"), averages, sums, strict=True):
        if average and total:
            raise ValueError(
                f"average_across_{axis} and sum_over_{axis} cannot be set to True at same time."
            )


@public("contrib.seq2seq.sequence_loss")
def sequence_loss(
    logits: Any, targets: Any, weights: Any, average_across_timesteps: bool = True,
    average_across_batch: bool = True, sum_over_timesteps: bool = False,
    sum_over_batch: bool = False, softmax_loss_function: Any = None, name: str | None = None,
) -> Any:
    """The weighted cross entropy of logits [B, T, classes] and targets [B, T].

    Args:
      logits: the logits.
      targets: the right classes.
      weights: a weight for each, [B, T].
      average_across_timesteps: the sum over time, by the sum of the weights.
      average_across_batch: the sum over rows, by the sum of the weights.
      sum_over_timesteps: the sum over time, by the number of weights that are not 0.
      sum_over_batch: the sum over rows, by the number of weights that are not 0.
      softmax_loss_function: (labels, logits) -> losses; default: sparse softmax cross entropy.
      name: the name scope.

    Returns:
      A scalar, [B], [T] or [B, T], without the axes that are averaged or summed.

    Raises:
      ValueError: a rank is wrong, or an axis is averaged and summed.
    """
    _check(
        logits, targets, weights, (average_across_timesteps, average_across_batch),
        (sum_over_timesteps, sum_over_batch),
    )
    with scopes.name_scope(name, "sequence_loss", [logits, targets, weights]):
        classes = array_ops.shape(logits)[2]
        flat = array_ops.reshape(logits, [-1, classes])
        targets = array_ops.reshape(targets, [-1])
        if softmax_loss_function is None:
            softmax_loss_function = softmax_ops.sparse_softmax_cross_entropy_with_logits
        losses = softmax_loss_function(labels=targets, logits=flat)
        losses *= array_ops.reshape(weights, [-1])
        if average_across_timesteps and average_across_batch:
            return _averaged(losses, weights, None, False)
        if sum_over_timesteps and sum_over_batch:
            return _averaged(losses, weights, None, True)
        losses = array_ops.reshape(losses, array_ops.shape(logits)[0:2])
        if average_across_timesteps or average_across_batch:
            return _averaged(losses, weights, [0] if average_across_batch else [1], False)
        if sum_over_timesteps or sum_over_batch:
            return _averaged(losses, weights, [0] if sum_over_batch else [1], True)
        return losses


def _averaged(losses: Any, weights: Any, axis: Any, counts: bool) -> Any:
    """The sum along an axis (None: all), by the weights' sum or the count of those that are not 0."""
    total = math_ops.reduce_sum(losses, axis=axis)
    if counts:
        size = math_ops.cast(math_ops.count_nonzero(weights, axis=axis), total.dtype)
    else:
        size = math_ops.reduce_sum(weights, axis=axis)
    return math_ops.div_no_nan(total, size)
