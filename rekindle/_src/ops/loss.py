"""Losses of independent classes and of counts, half the sum of squares, and the share of zeros.

Cross entropies over classes that exclude one another stand in softmax.py.
"""

from __future__ import annotations

import math
from typing import Any

import torch

from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import activation, arguments, softmax
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import cond as cond_ops
from rekindle._src.ops import math as math_ops


@op("L2Loss", public="nn.l2_loss", infer=infer.scalar)
def l2_loss(t):
    """Half the sum of the squares of all elements."""
    return torch.sum(torch.square(t)) / 2


@l2_loss.gradient
def l2_loss_gradient(op, dy):
    return op.inputs[0] * dy


def _check_same_shape(first: Any, second: Any, words: str) -> None:
    try:
        second.get_shape().merge_with(first.get_shape())
    except ValueError:
        raise ValueError(
            f"{words} must have the same shape ({first.get_shape()} vs {second.get_shape()})"
        ) from None


@public("nn.sigmoid_cross_entropy_with_logits")
def sigmoid_cross_entropy_with_logits(
    _sentinel: Any = None, labels: Any = None, logits: Any = None, name: str | None = None
) -> Any:
    """The cross entropy of labels and sigmoid(logits), elementwise, without overflow.

    Args:
      _sentinel: nothing; name the arguments.
      labels: probabilities, of the shape of `logits`.
      logits: log odds.
      name: the operation's name.

    Raises:
      ValueError: arguments without names, or shapes that do not fit.
    """
    softmax.check_named("sigmoid_cross_entropy_with_logits", _sentinel, labels, logits)
    with scopes.name_scope(name, "logistic_loss", [logits, labels]) as name:
        logits = convert.convert_to_tensor(logits, name="logits")
        labels = convert.convert_to_tensor(labels, name="labels")
        _check_same_shape(logits, labels, "logits and labels")
        zeros = array_ops.zeros_like(logits, dtype=logits.dtype)
        is_positive = logits >= zeros
        positive = array_ops.where(is_positive, logits, zeros)
        minus_abs = array_ops.where(is_positive, -logits, logits)
        return math_ops.add(
            positive - logits * labels, math_ops.log1p(math_ops.exp(minus_abs)), name=name
        )


@public("nn.weighted_cross_entropy_with_logits")
def weighted_cross_entropy_with_logits(
    labels: Any = None,
    logits: Any = None,
    pos_weight: Any = None,
    name: str | None = None,
    targets: Any = None,
) -> Any:
    """`sigmoid_cross_entropy_with_logits` with positive examples weighted by `pos_weight`.

    Args:
      labels: probabilities, of the shape of `logits`; `targets` is its older name.
      logits: log odds.
      pos_weight: the weight of the positive examples, which broadcasts.
      name: the operation's name.

    Raises:
      ValueError: shapes do not fit.
    """
    labels = arguments.renamed("labels", labels, "targets", targets)
    with scopes.name_scope(name, "logistic_loss", [logits, labels]) as name:
        logits = convert.convert_to_tensor(logits, name="logits")
        labels = convert.convert_to_tensor(labels, name="labels")
        _check_same_shape(logits, labels, "logits and labels")
        weight = 1 + (pos_weight - 1) * labels
        return math_ops.add(
            (1 - labels) * logits,
            weight
            * (math_ops.log1p(math_ops.exp(-math_ops.abs(logits))) + activation.relu(-logits)),
            name=name,
        )


@public("nn.log_poisson_loss")
def log_poisson_loss(
    targets: Any, log_input: Any, compute_full_loss: bool = False, name: str | None = None
) -> Any:
    """exp(log_input) - log_input * targets, with Stirling's term for a full log likelihood.

    Args:
      targets: counts.
      log_input: the log of the expected counts.
      compute_full_loss: add Stirling's approximation of log(targets!).
      name: the name scope.

    Raises:
      ValueError: shapes do not fit.
    """
    with scopes.name_scope(name, "log_poisson_loss", [log_input, targets]):
        log_input = convert.convert_to_tensor(log_input, name="log_input")
        targets = convert.convert_to_tensor(targets, name="targets")
        _check_same_shape(log_input, targets, "log_input and targets")
        result = math_ops.exp(log_input) - log_input * targets
        if not compute_full_loss:
            return result
        half = convert.constant(0.5, dtype=targets.dtype)
        two_pi = convert.constant(2 * math.pi, dtype=targets.dtype)
        stirling = (
            (targets * math_ops.log(targets)) - targets + (half * math_ops.log(two_pi * targets))
        )
        zeros = array_ops.zeros_like(targets, dtype=targets.dtype)
        ones = array_ops.ones_like(targets, dtype=targets.dtype)
        is_small = math_ops.logical_and(targets >= zeros, targets <= ones)
        return result + array_ops.where(is_small, zeros, stirling)


@public("nn.zero_fraction", "math.zero_fraction")
def zero_fraction(value: Any, name: str | None = None) -> Any:
    """The share of the elements that are 0, a scalar float32."""
    with scopes.name_scope(name, "zero_fraction", [value]):
        value = convert.convert_to_tensor(value, name="value")
        size = array_ops.size(value, out_type=dtypes.int64)
        others = cond_ops.cond(
            size <= dtypes.int32.max,
            true_fn=lambda: math_ops.cast(_count_nonzero(value, dtypes.int32), dtype=dtypes.int64),
            false_fn=lambda: _count_nonzero(value, dtypes.int64),
        )
        with scopes.name_scope("counts_to_fraction"):
            zeros = math_ops.cast(size - others, dtype=dtypes.float32)
            fraction = zeros / math_ops.cast(size, dtype=dtypes.float32)
        return array_ops.identity(fraction, "fraction")


def _count_nonzero(value: Any, dtype: Any) -> Any:
    with scopes.name_scope("count_nonzero", values=[value]):
        zero = array_ops.zeros([], dtype=value.dtype)
        different = math_ops.cast(math_ops.not_equal(value, zero), dtype=dtype)
        return math_ops.reduce_sum(different, name="nonzero_count")
