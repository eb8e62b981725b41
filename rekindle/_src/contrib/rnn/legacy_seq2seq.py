"""Decoders and losses of tf.contrib.legacy_seq2seq, over lists with one tensor a step."""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import scopes
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import softmax
from rekindle._src.state.variable_scope import get_variable_scope, variable_scope


@public("contrib.legacy_seq2seq.rnn_decoder")
def rnn_decoder(
    decoder_inputs: list[Any], initial_state: Any, cell: Any, loop_function: Any = None,
    scope: Any = None,
) -> Any:
    """(outputs, state): a cell run over a list of inputs [B, D], or over its own outputs.

    Args:
      decoder_inputs: the inputs.
      initial_state: the first state.
      cell: the cell.
      loop_function: (previous output, step) -> input, in place of all inputs but the first.
      scope: the variable scope; default "rnn_decoder".
    """
    with variable_scope(scope or "rnn_decoder"):
        state, outputs, previous = initial_state, [], None
        for i, given in enumerate(decoder_inputs):
            if loop_function is not None and previous is not None:
                with variable_scope("loop_function", reuse=True):
                    given = loop_function(previous, i)
            if i > 0:
                get_variable_scope().reuse_variables()
            output, state = cell(given, state)
            outputs.append(output)
            previous = output
    return outputs, state


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
