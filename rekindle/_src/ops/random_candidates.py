"""Candidate samplers: classes to compare the true ones with when all would be too many.

Holds the blocks and the functions that users call (`tf.nn.log_uniform_candidate_sampler`, ...) and
`tf.nn.compute_accidental_hits`. The distributions are in `philox_candidates.py`, the losses that
use them among the losses.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import infer, seeds
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import philox_candidates
from rekindle._src.ops.philox import PhiloxStream

#: words of the stream that a run takes for each class that it samples
_WORDS = 2048


def _candidates(c: Any) -> list[infer.Shape]:
    batch = infer.with_rank(c.shapes[0], 2)[0]
    return [(c.attr("num_sampled"),), (batch, c.attr("num_true")), (c.attr("num_sampled"),)]


def _true_classes(true_classes: torch.Tensor, num_true: int) -> np.ndarray:
    if true_classes.dim() != 2:
        raise errors.InvalidArgumentError(None, None, "true_classes must be a matrix")
    if true_classes.shape[1] != num_true:
        message = (
            "true_classes must have num_true columns, expected: "
            f"{true_classes.shape[1]} was: {num_true}"
        )
        raise errors.InvalidArgumentError(None, None, message)
    return true_classes.numpy()


def _sample(
    ctx: Any,
    seed: tuple[int, int],
    make: Callable[[], philox_candidates.Distribution],
    wanted: tuple[int, bool],
    true: np.ndarray,
) -> tuple[torch.Tensor, ...]:
    stream, distribution = ctx.local(lambda: (PhiloxStream(*seed), make()))
    position = stream.reserve(_WORDS * wanted[0] // 4)
    found = philox_candidates.sample(distribution, position, *wanted, true)
    if isinstance(distribution, philox_candidates.Learned):
        distribution.learn(true)
    return tuple(torch.from_numpy(part) for part in found)


@op("UniformCandidateSampler", infer=_candidates, host=True)
def uniform(true_classes, *, num_true, num_sampled, unique, range_max, seed=0, seed2=0, ctx):
    """Every class is as likely."""
    true = _true_classes(true_classes, num_true)
    make = lambda: philox_candidates.Uniform(range_max)  # noqa: E731
    return _sample(ctx, (seed, seed2), make, (num_sampled, unique), true)


@op("LogUniformCandidateSampler", infer=_candidates, host=True)
def log_uniform(true_classes, *, num_true, num_sampled, unique, range_max, seed=0, seed2=0, ctx):
    """Class c has probability log((c + 2) / (c + 1)) / log(range_max + 1)."""
    true = _true_classes(true_classes, num_true)
    make = lambda: philox_candidates.LogUniform(range_max)  # noqa: E731
    return _sample(ctx, (seed, seed2), make, (num_sampled, unique), true)


@op("LearnedUnigramCandidateSampler", infer=_candidates, host=True)
def learned(true_classes, *, num_true, num_sampled, unique, range_max, seed=0, seed2=0, ctx):
    """A class is as likely as it was frequent among the true classes of earlier runs."""
    true = _true_classes(true_classes, num_true)
    make = lambda: philox_candidates.Learned(range_max)  # noqa: E731
    return _sample(ctx, (seed, seed2), make, (num_sampled, unique), true)


@op("ThreadUnsafeUnigramCandidateSampler", infer=_candidates, host=True)
def learned_unsafe(true_classes, *, num_true, num_sampled, unique, range_max, seed=0, seed2=0, ctx):
    """A class is as likely as it was frequent among the true classes of earlier runs."""
    true = _true_classes(true_classes, num_true)
    make = lambda: philox_candidates.Learned(range_max)  # noqa: E731
    return _sample(ctx, (seed, seed2), make, (num_sampled, unique), true)


@op("FixedUnigramCandidateSampler", infer=_candidates, host=True)
def fixed(
    true_classes,
    *,
    num_true,
    num_sampled,
    unique,
    range_max,
    vocab_file="",
    distortion=1.0,
    num_reserved_ids=0,
    num_shards=1,
    shard=0,
    unigrams=(),
    seed=0,
    seed2=0,
    ctx,
):
    """A class is as likely as its weight says."""

    def make() -> philox_candidates.Fixed:
        weights = _weights(vocab_file, unigrams)
        shares = num_reserved_ids, num_shards, shard
        made = philox_candidates.Fixed(weights, distortion, *shares)
        if made.range != range_max:
            message = f"range_max is {range_max}, but there are weights for {made.range} classes"
            raise errors.InvalidArgumentError(None, None, message)
        return made

    true = _true_classes(true_classes, num_true)
    return _sample(ctx, (seed, seed2), make, (num_sampled, unique), true)


def _weights(vocab_file: str, unigrams: Sequence[float]) -> np.ndarray:
    # A line of the file ends with the weight of its class, after a comma.
    if not vocab_file and not len(unigrams):
        problem = "Must provide either vocab_file or unigrams."
        raise errors.InvalidArgumentError(None, None, problem)
    if vocab_file and len(unigrams):
        problem = "Must only provide one of vocab_file and unigrams."
        raise errors.InvalidArgumentError(None, None, problem)
    if not vocab_file:
        return np.asarray(unigrams, np.float32)
    weights = []
    try:
        lines = Path(vocab_file).read_text().splitlines()
    except OSError as error:
        message = f"{vocab_file}; {error.strerror}"
        raise errors.NotFoundError(None, None, message) from error
    for line in lines:
        try:
            weights.append(float(line.rsplit(",", 1)[-1]))
        except ValueError:
            message = f"Wrong vocabulary format at line: {line}"
            raise errors.InvalidArgumentError(None, None, message) from None
    return np.asarray(weights, np.float32)


@op("AllCandidateSampler", infer=_candidates, host=True)
def every(true_classes, *, num_true, num_sampled):
    """All classes, each expected once."""
    true = _true_classes(true_classes, num_true)
    return torch.arange(num_sampled), torch.ones(true.shape), torch.ones(num_sampled)


def _hits(c: Any) -> list[infer.Shape]:
    columns = infer.with_rank(c.shapes[0], 2)[1]
    if columns not in (None, c.attr("num_true")):
        raise ValueError(f"Dimension must be {c.attr('num_true')} but is {columns}")
    infer.with_rank(c.shapes[1], 1)
    return [(None,)] * 3


@op("ComputeAccidentalHits", infer=_hits, host=True)
def accidental_hits(true_classes, sampled_candidates, *, num_true):
    """Where a sampled class is a true one: rows of the true classes, places, weights."""
    if true_classes.dim() != 2 or true_classes.shape[1] != num_true:
        message = "true_candidates must be a batch_size * num_true matrix"
        raise errors.InvalidArgumentError(None, None, message)
    if sampled_candidates.dim() != 1:
        message = (
            "sampled_candidates must be a vector, which is typically an output from "
            "CandidateSampler"
        )
        raise errors.InvalidArgumentError(None, None, message)
    same = true_classes.reshape(-1, 1) == sampled_candidates  # [B * T, S]
    # of equal sampled classes, the last one is the hit
    last = same.shape[1] - 1 - same.flip(1).to(torch.uint8).argmax(1) if same.shape[1] else None
    hits = same.any(1).nonzero().reshape(-1)
    places = hits if last is None else last[hits]
    rows = torch.div(hits, max(num_true, 1), rounding_mode="floor")
    lowest = torch.finfo(torch.float32).min
    return rows.to(torch.int32), places, torch.full_like(hits, lowest, dtype=torch.float32)


@public("random.uniform_candidate_sampler", "nn.uniform_candidate_sampler")
def uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Sample classes, each as likely as another.

    Args:
      true_classes: int64 [B, num_true].
      num_true: the number of true classes of an example.
      num_sampled: the number of classes to sample.
      unique: the sampled classes differ from each other.
      range_max: the number of classes.
      seed: the op's seed; None: see `tf.set_random_seed`.
      name: the name of the operation.

    Returns:
      The sampled classes int64 [num_sampled]; how often each true class [B, num_true] and each
      sampled class [num_sampled] is expected among the sampled ones.
    """
    seed1, seed2 = seeds.get_seed(seed)
    return uniform(
        true_classes, num_true, num_sampled, unique, range_max, seed=seed1, seed2=seed2, name=name
    )


@public("random.log_uniform_candidate_sampler", "nn.log_uniform_candidate_sampler")
def log_uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Sample classes that are sorted by falling frequency, by Zipf's law.

    Class c has probability log((c + 2) / (c + 1)) / log(range_max + 1); arguments and results are
    those of `uniform_candidate_sampler`.
    """
    seed1, seed2 = seeds.get_seed(seed)
    return log_uniform(
        true_classes, num_true, num_sampled, unique, range_max, seed=seed1, seed2=seed2, name=name
    )


@public("random.learned_unigram_candidate_sampler", "nn.learned_unigram_candidate_sampler")
def learned_unigram_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Sample classes as likely as they were frequent among the true classes of earlier runs.

    Arguments and results are those of `uniform_candidate_sampler`. What was learned lives as long
    as the session.
    """
    seed1, seed2 = seeds.get_seed(seed)
    return learned(
        true_classes, num_true, num_sampled, unique, range_max, seed=seed1, seed2=seed2, name=name
    )


@public("random.fixed_unigram_candidate_sampler", "nn.fixed_unigram_candidate_sampler")
def fixed_unigram_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    vocab_file: str = "",
    distortion: float = 1.0,
    num_reserved_ids: int = 0,
    num_shards: int = 1,
    shard: int = 0,
    unigrams: Sequence[float] = (),
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Sample classes as likely as weights say that are given or read from a file.

    Args:
      true_classes, num_true, num_sampled, unique, seed, name: as in `uniform_candidate_sampler`.
      range_max: the number of classes, reserved ones included.
      vocab_file: a file whose lines end with a comma and a weight; or else give `unigrams`.
      distortion: the power to which weights are raised; 0 makes all equal.
      num_reserved_ids: the number of classes in front that are never sampled.
      num_shards, shard: the number of samplers that share the classes and the number of this one.
      unigrams: the weights.

    Returns:
      What `uniform_candidate_sampler` returns.
    """
    seed1, seed2 = seeds.get_seed(seed)
    return fixed(
        true_classes,
        num_true,
        num_sampled,
        unique,
        range_max,
        vocab_file=vocab_file,
        distortion=distortion,
        num_reserved_ids=num_reserved_ids,
        num_shards=num_shards,
        shard=shard,
        unigrams=unigrams,
        seed=seed1,
        seed2=seed2,
        name=name,
    )


@public("random.all_candidate_sampler", "nn.all_candidate_sampler")
def all_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """All classes below num_sampled, in order, each expected once."""
    seed1, seed2 = seeds.get_seed(seed)
    return every(true_classes, num_true, num_sampled, unique, seed=seed1, seed2=seed2, name=name)


@public("nn.compute_accidental_hits")
def compute_accidental_hits(
    true_classes: Any,
    sampled_candidates: Any,
    num_true: int,
    seed: int | None = None,
    name: str | None = None,
) -> Any:
    """Where a sampled class happens to be a true one.

    Args:
      true_classes: int64 [B, num_true].
      sampled_candidates: int64 [S], all different.
      num_true: the number of true classes of an example.
      seed: not used; it is an attr of the operation.
      name: the name of the operation.

    Returns:
      For each hit: the row in true_classes, int32; the place in sampled_candidates, int64; the
      weight, the lowest float32, to be added to the logit.
    """
    seed1, seed2 = seeds.get_seed(seed)
    return accidental_hits(
        true_classes, sampled_candidates, num_true, seed=seed1, seed2=seed2, name=name
    )
