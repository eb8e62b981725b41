"""Record what the random ops of TensorFlow 1.15.5 draw; run with a Python that has it.

    PYTHON37 tests/golden/random_record.py > tests/golden/random_streams.json

Each record: the draw, its arguments, the two seeds, and for each of three runs in one session the
first values and a digest of all bytes (of float32 where the type is bfloat16).
"""

from __future__ import annotations

import hashlib
import json
import os
import sys

import numpy as np

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf  # noqa: E402

RUNS = 3
SIZES = (0, 1, 3, 4, 5, 255, 256, 257, 1000, 100003)
SEEDS = ((87654321, 1), (0, 2147483647), (-1, 12345678901234))
ALPHAS = [0.1, 0.5, 1.0, 1.5, 9.9, 100.0]
RATES = [0.0, 0.1, 5.0, 9.99, 10.0, 100.0, 10000.0]
BOUNDS = ([0, 1, -2, 2], [1, 2, -1, 1.5], [0, 1, 5, 9], [0, 1, 0.5, 0.6], [0, 1, -9, -4.5])


def fills(seed):
    """Yield (draw, arguments, tensor) of the ops with a shape and a type."""
    raw = tf.raw_ops
    key = {"seed": seed[0], "seed2": seed[1]}
    for dtype in ("float16", "bfloat16", "float32", "float64"):
        for size in SIZES if seed == SEEDS[0] else (257,):
            for draw, op in (
                ("uniform", raw.RandomUniform),
                ("normal", raw.RandomStandardNormal),
                ("truncated_normal", raw.TruncatedNormal),
            ):
                yield draw, [[size], dtype], op(shape=[size], dtype=dtype, **key)
    for dtype, low, high in (
        ("int32", -5, 17),
        ("int32", -(2**31), 2**31 - 1),
        ("int64", 0, 10),
        ("int64", -(2**63), 2**63 - 1),
    ):
        for size in (1, 257):
            limits = {"minval": tf.constant(low, dtype), "maxval": tf.constant(high, dtype)}
            tensor = raw.RandomUniformInt(shape=[size], seed=seed[0], seed2=seed[1], **limits)
            yield "uniform_int", [[size], low, high, dtype], tensor
    for size in SIZES:
        yield (
            "permutation",
            [size],
            raw.RandomShuffle(value=tf.range(tf.constant(size, tf.int64)), **key),
        )


def parametrised(seed):
    """Yield (draw, arguments, tensor) of the ops with parameters."""
    raw = tf.raw_ops
    key = {"seed": seed[0], "seed2": seed[1]}
    for dtype in ("float16", "float32", "float64"):
        alpha, rate = tf.constant(ALPHAS, dtype), tf.constant(RATES, dtype)
        yield "gamma", [[300], ALPHAS, dtype], raw.RandomGamma(shape=[300], alpha=alpha, **key)
        for out in ("float16", "float32", "int64"):
            tensor = raw.RandomPoissonV2(shape=[100], rate=rate, dtype=out, **key)
            yield "poisson", [[100], RATES, dtype, out], tensor
        logits = np.round(np.sin(np.arange(40)).reshape(4, 10) * 3, 2)
        tensor = raw.Multinomial(
            logits=tf.constant(logits, dtype), num_samples=7, output_dtype="int64", **key
        )
        yield "multinomial", [logits.tolist(), dtype, 7], tensor
        if dtype == "float16":
            continue
        for bounds in BOUNDS:
            parts = dict(zip(("means", "stdevs", "minvals", "maxvals"), bounds))
            parts = {name: tf.constant(value, dtype) for name, value in parts.items()}
            for shape in ([1], [101], [5, 80]):
                tensor = raw.ParameterizedTruncatedNormal(shape=shape, **parts, **key)
                yield "bounded_normal", [shape, bounds, dtype], tensor


def stateless(seed):
    """Yield (draw, arguments, tensor) of the stateless ops."""
    raw = tf.raw_ops
    pair = tf.constant(seed, tf.int64)
    for dtype in ("float16", "bfloat16", "float32", "float64"):
        for draw, op in (
            ("uniform", raw.StatelessRandomUniform),
            ("normal", raw.StatelessRandomNormal),
            ("truncated_normal", raw.StatelessTruncatedNormal),
        ):
            yield "stateless " + draw, [[257], dtype], op(shape=[257], seed=pair, dtype=dtype)


def samplers(seed):
    """Yield (draw, arguments, tensors) of the candidate samplers."""
    raw = tf.raw_ops
    true = [[0, 1], [4, 2], [3, 3]]
    for kind, op in (
        ("Uniform", raw.UniformCandidateSampler),
        ("LogUniform", raw.LogUniformCandidateSampler),
        ("Learned", raw.LearnedUnigramCandidateSampler),
        ("Fixed", raw.FixedUnigramCandidateSampler),
    ):
        for classes, count in ((5, 4), (8, 8), (1000, 64)):
            for unique in (True, False):
                more = {"range_max": classes}
                if kind == "Fixed":
                    more.update(
                        unigrams=[float(1 + i % 7) for i in range(classes)], distortion=0.75
                    )
                tensors = op(
                    true_classes=true,
                    num_true=2,
                    num_sampled=count,
                    unique=unique,
                    seed=seed[0],
                    seed2=seed[1],
                    **more,
                )
                yield "sample " + kind, [true, classes, count, unique], list(tensors)


def digest(array):
    """The first values and a digest of the bytes."""
    return {
        "first": array.reshape(-1)[:3].tolist(),
        "sha256": hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16],
    }


def main():
    cases = []
    for seed in SEEDS:
        for make in (fills, parametrised, stateless, samplers):
            cases.extend((draw, arguments, seed, tensor) for draw, arguments, tensor in make(seed))
    fetches = []
    for case in cases:
        parts = case[3] if isinstance(case[3], list) else [case[3]]
        fetches.append([tf.cast(t, "float32") if t.dtype == tf.bfloat16 else t for t in parts])
    with tf.Session() as session:
        runs = [session.run(fetches) for _ in range(RUNS)]
    for i, (draw, arguments, seed, _) in enumerate(cases):
        record = {"draw": draw, "arguments": arguments, "seed": seed}
        record["runs"] = [[digest(part) for part in run[i]] for run in runs]
        sys.stdout.write(("[" if i == 0 else ",") + json.dumps(record) + "\n")
    sys.stdout.write("]\n")


if __name__ == "__main__":
    main()
