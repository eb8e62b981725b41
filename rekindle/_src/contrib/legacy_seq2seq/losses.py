"""The cross entropy of lists with one tensor a step, and models for lists of several lengths."""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import scopes
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import softmax
from rekindle._src.state.variable_scope import get_variable_scope, variable_scope


@public("contrib.legacy_seq2seq.sequence_loss_by_example")
def sequence_loss_by_example(
    logits: list[Any], targets: list[Any], weights: list[Any],
    average_across_timesteps: bool = True, softmax_loss_function: Any = None,
    name: str | None = None,
) -> Any:
    """The weighted cross entropy of each row, [B].

    Args:
      logits: a list of [B, classes].
      targets: a list of [B] integers.
      weights: a list of [B].
      average_across_timesteps: divide by the sum of the weights.
      softmax_loss_function: (labels, logits) -> [B]; default: sparse softmax cross entropy.
      name: the name scope.

    Raises:
      ValueError: the lists differ in length.
    """
    if len(targets) != len(logits) or len(weights) != len(logits):
        raise ValueError(
            "Lengths of logits, weights, and targets must be the same "
            f"{len(logits)}, {len(weights)}, {len(targets)}."
        )
    with scopes.name_scope(name, "sequence_loss_by_example", logits + targets + weights):
        losses = []
        for logit, target, weight in zip(logits, targets, weights, strict=True):
            if softmax_loss_function is None:
                target = array_ops.reshape(target, [-1])
                entropy = softmax.sparse_softmax_cross_entropy_with_logits(
                    labels=target, logits=logit
                )
            else:
                entropy = softmax_loss_function(labels=target, logits=logit)
            losses.append(entropy * weight)
        total = math_ops.add_n(losses)
        if average_across_timesteps:
            size = math_ops.add_n(weights)
            size += 1e-12  # all weights may be 0
            total /= size
    return total


@public("contrib.legacy_seq2seq.sequence_loss")
def sequence_loss(
    logits: list[Any], targets: list[Any], weights: list[Any],
    average_across_timesteps: bool = True, average_across_batch: bool = True,
    softmax_loss_function: Any = None, name: str | None = None,
) -> Any:
    """The sum of `sequence_loss_by_example`, over the number of rows if `average_across_batch`.

    Raises:
      ValueError: the lists differ in length.
    """
    with scopes.name_scope(name, "sequence_loss", logits + targets + weights):
        cost = math_ops.reduce_sum(
            sequence_loss_by_example(
                logits, targets, weights, average_across_timesteps=average_across_timesteps,
                softmax_loss_function=softmax_loss_function,
            )
        )
        if not average_across_batch:
            return cost
        rows = array_ops.shape(targets[0])[0]
        return cost / math_ops.cast(rows, cost.dtype)


@public("contrib.legacy_seq2seq.model_with_buckets")
def model_with_buckets(
    encoder_inputs: list[Any], decoder_inputs: list[Any], targets: list[Any], weights: list[Any],
    buckets: Any, seq2seq: Any, softmax_loss_function: Any = None,
    per_example_loss: bool = False, name: str | None = None,
) -> Any:
    """(outputs, losses): a list with those of a model for each pair of lengths.

    Args:
      encoder_inputs, decoder_inputs: lists of tensors, as `seq2seq` takes them.
      targets: a list of numbers of words [B].
      weights: a list of weights [B].
      buckets: a list of (steps of the encoder, steps of the decoder), the longest last.
      seq2seq: (encoder inputs, decoder inputs) -> (outputs, state).
      softmax_loss_function: (labels, logits) -> [B]; default: sparse softmax cross entropy.
      per_example_loss: a loss is [B]; default: a scalar.
      name: the name scope.

    Raises:
      ValueError: a list is shorter than the last pair asks.
    """
    for word, given, size in (
        ("encoder_inputs", encoder_inputs, buckets[-1][0]), ("targets", targets, buckets[-1][1]),
        ("weights", weights, buckets[-1][1]),
    ):  # fmt: skip
        if len(given) < size:
            raise ValueError(
                f"Length of {word} ({len(given)}) must be at least that of last bucket ({size})."
            )
    loss = sequence_loss_by_example if per_example_loss else sequence_loss
    outputs, losses = [], []
    with scopes.name_scope(
        name, "model_with_buckets", encoder_inputs + decoder_inputs + targets + weights
    ):
        for j, (read, written) in enumerate(buckets):
            with variable_scope(get_variable_scope(), reuse=True if j > 0 else None):
                made, _ = seq2seq(encoder_inputs[:read], decoder_inputs[:written])
                outputs.append(made)
                losses.append(
                    loss(
                        made, targets[:written], weights[:written],
                        softmax_loss_function=softmax_loss_function,
                    )
                )
    return outputs, losses
