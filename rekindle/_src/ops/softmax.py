"""Softmax and log softmax, and the cross entropies of classification.

The functions build TensorFlow's chain of shape arithmetic around the two fused ops. Losses of
independent classes (sigmoid) stand in loss.py.
"""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import constants, convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import arguments
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import check as check_ops
from rekindle._src.ops import math as math_ops


def _at_least_vector(c: Any) -> infer.Shape:
    return infer.with_rank_at_least(c.shapes[0], 1)


@op("Softmax", infer=_at_least_vector)
def softmax_op(logits):
    """exp(x) over its sum along the last axis."""
    return torch.softmax(logits, -1)


@softmax_op.gradient
def softmax_gradient(op, dy):
    y = op.outputs[0]
    total = math_ops.reduce_sum(dy * y, -1, keepdims=True)
    return (dy - total) * y


@op("LogSoftmax", infer=_at_least_vector)
def log_softmax_op(logits):
    """x - log(sum(exp(x))) along the last axis."""
    return torch.log_softmax(logits, -1)


@log_softmax_op.gradient
def log_softmax_gradient(op, dy):
    y = math_ops.exp(op.outputs[0])
    return dy - math_ops.reduce_sum(dy, -1, keepdims=True) * y


def _cross_entropy_shapes(c: Any) -> list[infer.Shape]:
    try:
        shape = infer.merge(infer.with_rank(c.shapes[0], 2), c.shapes[1])
    except ValueError:
        shape = infer.broadcast_shapes(c.shapes[0], c.shapes[1])
        if shape is None:
            raise ValueError(
                "Shape must be broadcasted with rank 2, but is rank is unknown."
            ) from None
        if len(shape) != 2:
            raise ValueError(
                f"Shape must be broadcasted with rank 2, but is rank {len(shape)}"
            ) from None
    return [shape[:1], shape]


@op("SoftmaxCrossEntropyWithLogits", infer=_cross_entropy_shapes)
def softmax_cross_entropy_with_logits_op(features, labels):
    """The cross entropy of labels and softmax(features), and its gradient: [N, C], [N, C] -> [N],
    [N, C].
    """
    log_p = torch.log_softmax(features, 1)
    return -(labels * log_p).sum(1), log_p.exp_() - labels


@softmax_cross_entropy_with_logits_op.refusal
def softmax_cross_entropy_with_logits_refusal(features, labels):
    """Say that the shapes differ."""
    shapes = [infer.show(tuple(x.shape)) for x in (features, labels)]
    raise errors.InvalidArgumentError(
        None,
        None,
        "logits and labels must be broadcastable: "
        f"logits_size={shapes[0]} labels_size={shapes[1]}",
    )


@softmax_cross_entropy_with_logits_op.gradient
def softmax_cross_entropy_with_logits_gradient(op, dy, dbackprop):
    dx = _times_rows(dy, op.outputs[1])
    logits = op.inputs[0]
    if dbackprop is not None and not _is_zero(dbackprop):
        y = softmax(logits)
        inner = math_ops.matmul(array_ops.expand_dims(dbackprop, 1), array_ops.expand_dims(y, 2))
        dx += (dbackprop - array_ops.squeeze(inner, axis=1)) * y
    return dx, _times_rows(dy, -log_softmax(logits))


def _times_rows(vector: Any, matrix: Any) -> Any:
    return array_ops.expand_dims(vector, -1) * matrix


def _is_zero(tensor: Any) -> bool:
    if tensor.op.type in ("ZerosLike", "Zeros"):
        return True
    value = constants.constant_value(tensor)
    return value is not None and bool((value == 0).all())


def _sparse_shapes(c: Any) -> list[infer.Shape]:
    features, labels = infer.with_rank(c.shapes[0], 2), infer.with_rank(c.shapes[1], 1)
    batch = infer.merge_dim(features[0], labels[0])
    return [(batch,), (batch, features[1])]


@op("SparseSoftmaxCrossEntropyWithLogits", infer=_sparse_shapes)
def sparse_softmax_cross_entropy_with_logits_op(features, labels):
    """The cross entropy of class numbers and softmax(features), and its gradient: [N, C], [N] ->
    [N], [N, C].
    """
    if features.shape[0] != labels.shape[0]:
        raise errors.InvalidArgumentError(
            None,
            None,
            f"logits and labels must have the same first dimension, got logits shape "
            f"[{features.shape[0]},{features.shape[1]}] and labels shape [{labels.shape[0]}]",
        )
    classes = labels.long()[:, None]
    if not features.is_cuda:
        _check_labels(classes, features.shape[1])
    log_p = torch.log_softmax(features, 1)
    loss = -torch.gather(log_p, 1, classes)[:, 0]
    backprop = log_p.exp_()
    backprop.scatter_add_(1, classes, torch.full_like(backprop[:, :1], -1))
    return loss, backprop


def _check_labels(labels: torch.Tensor, count: int) -> None:
    bad = (labels < 0) | (labels >= count)
    if bad.any():
        raise errors.InvalidArgumentError(
            None,
            None,
            f"Received a label value of {labels[bad][0]} which is outside the valid range of [0, "
            f"{count}).  "
            f"Label values: {' '.join(map(str, labels.reshape(-1).tolist()))}",
        )


@sparse_softmax_cross_entropy_with_logits_op.gradient
def sparse_softmax_cross_entropy_with_logits_gradient(op, dy, _):
    stopped = array_ops.prevent_gradient(
        op.outputs[1],
        message="Currently there is no way to take the second derivative of "
        "sparse_softmax_cross_entropy_with_logits due to the fused implementation's interaction "
        "with tf.gradients()",
    )
    return _times_rows(dy, stopped), None


@public("nn.softmax", "math.softmax")
def softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Any:
    """exp(x) over its sum along an axis.

    Args:
      logits: floats of any rank.
      axis: the axis, the last by default; `dim` is its older name.
      name: the operation's name.

    Raises:
      InvalidArgumentError: there is no such axis.
    """
    axis = arguments.renamed("axis", axis, "dim", dim)
    return _along(logits, softmax_op, -1 if axis is None else axis, name)


@public("nn.log_softmax", "math.log_softmax")
def log_softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Any:
    """x - log(sum(exp(x))) along an axis; arguments as in `softmax`."""
    axis = arguments.renamed("axis", axis, "dim", dim)
    return _along(logits, log_softmax_op, -1 if axis is None else axis, name)


def _along(logits: Any, block: Any, axis: Any, name: str | None) -> Any:
    logits = convert.convert_to_tensor(logits)
    shape = logits.get_shape()
    if not isinstance(axis, Tensor) and (axis == -1 or axis == (shape.ndims or 0) - 1):
        return block(logits, name=name)
    known = constants.constant_value(axis) if isinstance(axis, Tensor) else axis
    n = shape.ndims
    if known is not None and not -n <= known < n:
        raise errors.InvalidArgumentError(
            None,
            None,
            f"Dimension ({int(known)}) must be in the range [{-n}, {n}) where {n} is the number "
            "of dimensions in "
            "the input.",
        )
    rank = array_ops.rank(logits)
    if isinstance(axis, Tensor):
        axis = array_ops.where(math_ops.less(axis, 0), axis + rank, axis)
    elif axis < 0:
        axis += rank
    rank = array_ops.rank(logits)
    axis = axis % n
    swapped = _swap_with_last(logits, axis, math_ops.subtract(rank, 1))
    out = _swap_with_last(block(swapped), axis, math_ops.subtract(rank, 1), name)
    out.set_shape(shape)
    return out


def _swap_with_last(tensor: Any, axis: Any, last: Any, name: str | None = None) -> Any:
    order = array_ops.concat(
        [math_ops.range(axis), [last], math_ops.range(axis + 1, last), [axis]], 0
    )
    return array_ops.transpose(tensor, order, **({} if name is None else {"name": name}))


def check_named(function: str, sentinel: Any, labels: Any, logits: Any) -> None:
    """Refuse arguments without names, as they came in another order once.

    Raises:
      ValueError: an argument has no name, or labels or logits are missing.
    """
    if sentinel is not None:
        raise ValueError(
            f"Only call `{function}` with named arguments (labels=..., logits=..., ...)"
        )
    if labels is None or logits is None:
        raise ValueError("Both labels and logits must be provided.")


@public("nn.softmax_cross_entropy_with_logits")
def softmax_cross_entropy_with_logits(
    _sentinel: Any = None,
    labels: Any = None,
    logits: Any = None,
    dim: Any = -1,
    name: str | None = None,
    axis: Any = None,
) -> Any:
    """The cross entropy of labels and softmax(logits): [..., C], [..., C] -> [...]; no gradient
    flows into the labels.

    Args:
      _sentinel: nothing; name the arguments.
      labels: a distribution over the classes.
      logits: log probabilities, up to a constant.
      dim: the axis of the classes; `axis` is its newer name.
      name: the operation's name.

    Raises:
      ValueError: arguments without names, or shapes that do not fit.
    """
    axis = axis if axis is not None else dim
    check_named("softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    with scopes.name_scope(name, "softmax_cross_entropy_with_logits_sg", [logits, labels]) as name:
        labels = array_ops.stop_gradient(labels, name="labels_stop_gradient")
    return softmax_cross_entropy_with_logits_v2(labels, logits, axis, name)


@public("nn.softmax_cross_entropy_with_logits_v2")
def softmax_cross_entropy_with_logits_v2(
    labels: Any, logits: Any, axis: Any = None, name: str | None = None, dim: Any = None
) -> Any:
    """The cross entropy of labels and softmax(logits): [..., C], [..., C] -> [...].

    Args:
      labels: a distribution over the classes.
      logits: log probabilities, up to a constant.
      axis: the axis of the classes, the last by default; `dim` is its older name.
      name: the operation's name.

    Raises:
      ValueError: the shapes do not fit.
    """
    axis = arguments.renamed("axis", axis, "dim", dim)
    axis = -1 if axis is None else axis
    with scopes.name_scope(name, "softmax_cross_entropy_with_logits", [logits, labels]) as name:
        logits = convert.convert_to_tensor(logits, name="logits")
        labels = convert.convert_to_tensor(labels, name="labels")
        is_short = logits.dtype in (dtypes.float16, dtypes.bfloat16)
        precise = math_ops.cast(logits, dtypes.float32) if is_short else logits
        labels = math_ops.cast(labels, precise.dtype)
        rank = array_ops.rank(precise)
        if axis != -1:
            precise, labels = _moved_to_end(precise, axis, rank), _moved_to_end(labels, axis, rank)
        shape = array_ops.shape(precise)
        precise, labels = _as_matrix(precise), _as_matrix(labels)
        cost, _ = softmax_cross_entropy_with_logits_op(precise, labels, name=name)
        cost = array_ops.reshape(cost, array_ops.slice(shape, [0], [math_ops.subtract(rank, 1)]))
        if logits.get_shape().dims is not None:
            sizes = logits.get_shape().as_list()
            del sizes[axis]
            cost.set_shape(sizes)
        return math_ops.cast(cost, logits.dtype) if is_short else cost


def _moved_to_end(tensor: Any, axis: Any, rank: Any) -> Any:
    order = array_ops.concat([math_ops.range(axis), math_ops.range(axis + 1, rank), [axis]], 0)
    return array_ops.transpose(tensor, order)


def _as_matrix(logits: Any) -> Any:
    """All axes but the last as one: [..., C] -> [N, C]."""
    rank = array_ops.rank(logits)
    last = array_ops.slice(array_ops.shape(logits), [math_ops.subtract(rank, 1)], [1])
    out = array_ops.reshape(logits, array_ops.concat([[-1], last], 0))
    if logits.get_shape().dims is not None:
        sizes = logits.get_shape().as_list()
        if None not in sizes[:-1]:
            count = 1
            for size in sizes[:-1]:
                count *= size
            out.set_shape([count, sizes[-1]])
    return out


@public("nn.sparse_softmax_cross_entropy_with_logits")
def sparse_softmax_cross_entropy_with_logits(
    _sentinel: Any = None, labels: Any = None, logits: Any = None, name: str | None = None
) -> Any:
    """The cross entropy of class numbers and softmax(logits): [...], [..., C] -> [...].

    Args:
      _sentinel: nothing; name the arguments.
      labels: class numbers, int32 or int64.
      logits: log probabilities, up to a constant.
      name: the operation's name.

    Raises:
      ValueError: arguments without names, or shapes that do not fit.
    """
    check_named("sparse_softmax_cross_entropy_with_logits", _sentinel, labels, logits)
    with scopes.name_scope(name, "SparseSoftmaxCrossEntropyWithLogits", [labels, logits]):
        labels = convert.convert_to_tensor(labels)
        logits = convert.convert_to_tensor(logits)
        is_half = logits.dtype == dtypes.float16
        precise = math_ops.cast(logits, dtypes.float32) if is_half else logits
        shape = array_ops.shape(labels)
        is_known = _check_ranks(labels.get_shape(), logits.get_shape())
        if logits.get_shape().ndims == 2:
            cost, _ = sparse_softmax_cross_entropy_with_logits_op(precise, labels, name=name)
            return math_ops.cast(cost, dtypes.float16) if is_half else cost
        checks = []
        if not is_known:
            checks.append(
                check_ops.assert_equal(array_ops.shape(labels), array_ops.shape(logits)[:-1])
            )
        with scopes.control_dependencies(checks):
            count = array_ops.shape(logits)[array_ops.rank(logits) - 1]
            precise = array_ops.reshape(precise, [-1, count])
            flat = array_ops.reshape(labels, [-1])
            cost, _ = sparse_softmax_cross_entropy_with_logits_op(precise, flat, name=name)
            cost = array_ops.reshape(cost, shape)
            cost.set_shape(labels.get_shape())
            return math_ops.cast(cost, dtypes.float16) if is_half else cost


def _check_ranks(labels: Any, logits: Any) -> bool:
    """Whether the static shapes are known, after a check that they go together."""
    if logits.ndims == 0:
        raise ValueError(f"Logits cannot be scalars - received shape {logits}.")
    if logits.ndims is not None and labels.ndims is not None and labels.ndims != logits.ndims - 1:
        raise ValueError(
            f"Rank mismatch: Rank of labels (received {labels.ndims}) should equal rank of logits "
            "minus 1 "
            f"(received {logits.ndims})."
        )
    is_known = labels.is_fully_defined() and logits[:-1].is_fully_defined()
    if is_known and labels != logits[:-1]:
        raise ValueError(
            f"Shape mismatch: The shape of labels (received {labels}) should equal the shape of "
            "logits "
            f"except for the last dimension (received {logits})."
        )
    return is_known
