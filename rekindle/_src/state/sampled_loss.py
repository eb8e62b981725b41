"""Losses over many classes from a few sampled ones: `tf.nn.nce_loss` and
`tf.nn.sampled_softmax_loss`.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import dtypes, scopes
from rekindle._src.graph.opdef import call
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import loss, random_candidates, softmax
from rekindle._src.ops import math as math_ops
from rekindle._src.state import embedding


@public("nn.nce_loss")
def nce_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = False,
    partition_strategy: str = "mod",
    name: str | None = "nce_loss",
) -> Any:
    """Noise-contrastive estimation: the loss of each example, [N].

    Args:
      weights: the class embeddings, [num_classes, D], or a list of parts.
      biases: [num_classes].
      labels: the true classes, int64 [N, num_true].
      inputs: [N, D].
      num_sampled: how many classes to sample for the batch.
      num_classes: how many there are.
      num_true: how many true classes each example has.
      sampled_values: what a candidate sampler gave; default: log_uniform_candidate_sampler.
      remove_accidental_hits: leave out sampled classes that are true ones.
      partition_strategy: "mod" or "div", for several parts.
      name: the name scope.

    Source: Gutmann and Hyvarinen, Noise-contrastive estimation, 2010.
    """
    logits, labels = sampled_logits(
        weights,
        biases,
        labels,
        inputs,
        num_sampled,
        num_classes,
        num_true=num_true,
        sampled_values=sampled_values,
        remove_accidental_hits=remove_accidental_hits,
        partition_strategy=partition_strategy,
        name=name,
    )
    losses = loss.sigmoid_cross_entropy_with_logits(
        labels=labels, logits=logits, name="sampled_losses"
    )
    return _sum_rows(losses)


@public("nn.sampled_softmax_loss")
def sampled_softmax_loss(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    num_true: int = 1,
    sampled_values: Any = None,
    remove_accidental_hits: bool = True,
    partition_strategy: str = "mod",
    name: str | None = "sampled_softmax_loss",
    seed: int | None = None,
) -> Any:
    """The softmax loss of each example over its true and some sampled classes, [N]; for training.

    Args: as in `nce_loss`, and
      seed: the sampler's seed.

    Source: Jean et al., On using very large target vocabulary, 2014.
    """
    logits, labels = sampled_logits(
        weights,
        biases,
        labels,
        inputs,
        num_sampled,
        num_classes,
        num_true=num_true,
        sampled_values=sampled_values,
        remove_accidental_hits=remove_accidental_hits,
        partition_strategy=partition_strategy,
        name=name,
        seed=seed,
    )
    labels = array_ops.stop_gradient(labels, name="labels_stop_gradient")
    return softmax.softmax_cross_entropy_with_logits_v2(labels=labels, logits=logits)


def sampled_logits(
    weights: Any,
    biases: Any,
    labels: Any,
    inputs: Any,
    num_sampled: int,
    num_classes: int,
    *,
    num_true: int = 1,
    sampled_values: Any = None,
    subtract_log_q: bool = True,
    remove_accidental_hits: bool = False,
    partition_strategy: str = "mod",
    name: str | None = None,
    seed: int | None = None,
) -> tuple[Any, Any]:
    """(logits, labels) of the true and the sampled classes, each [N, num_true + num_sampled]."""
    weights = embedding.parts_of(weights)
    with scopes.name_scope(name, "compute_sampled_logits", [*weights, biases, inputs, labels]):
        if labels.dtype != dtypes.int64:
            labels = math_ops.cast(labels, dtypes.int64)
        flat = array_ops.reshape(labels, [-1])
        if sampled_values is None:
            sampled_values = random_candidates.log_uniform_candidate_sampler(
                labels, num_true, num_sampled, True, num_classes, seed
            )
        sampled, true_count, sampled_count = map(array_ops.stop_gradient, sampled_values)
        sampled = math_ops.cast(sampled, dtypes.int64)
        true_logits, logits = _both_logits(
            weights, biases, inputs, flat, sampled, num_true, partition_strategy
        )
        if remove_accidental_hits:
            logits = _without_hits(logits, labels, sampled, num_true, num_sampled)
        if subtract_log_q:
            true_logits -= math_ops.log(true_count)
            logits -= math_ops.log(sampled_count)
        out_logits = array_ops.concat([true_logits, logits], 1)
        true_labels = array_ops.ones_like(true_logits) / num_true
        out_labels = array_ops.concat([true_labels, array_ops.zeros_like(logits)], 1)
        return out_logits, out_labels


def _both_logits(
    weights: list[Any],
    biases: Any,
    inputs: Any,
    flat: Any,
    sampled: Any,
    num_true: int,
    strategy: str,
) -> tuple[Any, Any]:
    """The logits of the true classes [N, num_true] and of the sampled ones [N, num_sampled]."""
    ids = array_ops.concat([flat, sampled], 0)
    rows = embedding.embedding_lookup(weights, ids, partition_strategy=strategy)
    if rows.dtype != inputs.dtype:
        rows = math_ops.cast(rows, inputs.dtype)
    end = array_ops.stack([array_ops.shape(flat)[0], -1])
    true_w = array_ops.slice(rows, [0, 0], end)
    start = array_ops.stack([array_ops.shape(flat)[0], 0])
    sampled_w = array_ops.slice(rows, start, [-1, -1])
    logits = math_ops.matmul(inputs, sampled_w, transpose_b=True)
    all_b = embedding.embedding_lookup(biases, ids, partition_strategy=strategy)
    if all_b.dtype != inputs.dtype:
        all_b = math_ops.cast(all_b, inputs.dtype)
    true_b = array_ops.slice(all_b, [0], array_ops.shape(flat))
    sampled_b = array_ops.slice(all_b, array_ops.shape(flat), [-1])
    dim = array_ops.shape(true_w)[1:2]
    shape = array_ops.concat([[-1, num_true], dim], 0)
    products = math_ops.multiply(array_ops.expand_dims(inputs, 1), array_ops.reshape(true_w, shape))
    matrix = array_ops.reshape(products, array_ops.concat([[-1], dim], 0))
    true_logits = array_ops.reshape(_sum_rows(matrix), [-1, num_true])
    true_b = array_ops.reshape(true_b, [-1, num_true])
    true_logits += true_b
    logits += sampled_b
    return true_logits, logits


def _without_hits(logits: Any, labels: Any, sampled: Any, num_true: int, num_sampled: int) -> Any:
    """The logits with very low ones where a sampled class is a true one."""
    rows, ids, lows = random_candidates.compute_accidental_hits(labels, sampled, num_true=num_true)
    rows = array_ops.reshape(rows, [-1, 1])
    columns = array_ops.reshape(math_ops.cast(ids, dtypes.int32), [-1, 1])
    places = array_ops.concat([rows, columns], 1, "sparse_indices")
    shape = array_ops.concat(
        [array_ops.shape(labels)[:1], array_ops.expand_dims(num_sampled, 0)], 0
    )
    if logits.dtype != lows.dtype:
        lows = math_ops.cast(lows, logits.dtype)
    return logits + call(
        "SparseToDense", places, shape, lows, default_value=0.0, validate_indices=False
    )


def _sum_rows(x: Any) -> Any:
    """The sum of each row, by a matrix product."""
    columns = array_ops.shape(x)[1]
    ones = array_ops.ones(array_ops.stack([columns, 1]), x.dtype)
    return array_ops.reshape(math_ops.matmul(x, ones), [-1])
