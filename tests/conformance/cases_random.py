"""Samples of the random ops and candidate samplers; whole streams: tests/ops/test_philox.py."""

from __future__ import annotations

import numpy as np

from tests.conformance.samples import case, floats, handle

TRUE = np.array([[0, 1], [4, 2], [3, 3]])
SEED = {"seed": 87654321, "seed2": 5}
PAIR = np.array([3, -4])
VOCABULARY = [1.0, 2.0, 3.5, 0.25, 5.0]


def drawn(op, inputs, **attrs):
    """A case with seeds, run three times in one session, compared bit for bit."""
    return case(op, inputs, **SEED, **attrs).options(exact=True, runs=3)


def stateless(op, inputs, **attrs):
    """A case compared bit for bit."""
    return case(op, inputs, **attrs).options(exact=True)


def from_state(op, inputs, **attrs):
    """A case whose stream stands in a variable."""
    state = handle(np.array([2**63 - 3, 7, -9]))
    return case(op, [state, np.int64(1), *inputs], **attrs).options(exact=True, runs=3)


def sampler(op, **attrs):
    """A case of a candidate sampler."""
    return drawn(op, [TRUE], num_true=2, **{"num_sampled": 4, "unique": True, **attrs})


FILLS = [
    drawn(op, [np.array(shape, kind)], dtype=dtype)
    for op in ("RandomUniform", "RandomStandardNormal", "TruncatedNormal")
    for shape, kind, dtype in (
        ([2, 3], np.int32, "float32"),
        ([7], np.int64, "float64"),
        ([5], np.int32, "float16"),
        ([5], np.int32, "bfloat16"),
        ([], np.int32, "float32"),
        ([2, 0], np.int32, "float32"),
    )
]
STATELESS = [
    stateless(op, [np.array([2, 3], np.int32), seed], dtype=dtype)
    for op in ("StatelessRandomUniform", "StatelessRandomNormal", "StatelessTruncatedNormal")
    for seed, dtype in ((PAIR, "float32"), (PAIR.astype(np.int32), "float64"), (PAIR, "float16"))
]
SAMPLERS = [
    sampler(op, range_max=9, **more)
    for op in (
        "UniformCandidateSampler",
        "LogUniformCandidateSampler",
        "LearnedUnigramCandidateSampler",
        "ThreadUnsafeUnigramCandidateSampler",
    )
    for more in ({}, {"unique": False}, {"num_sampled": 10})
]

CASES = [
    *FILLS,
    case("RandomUniform", [np.int32(3)], dtype="float32"),
    drawn("RandomUniformInt", [[2, 3], -5, 17]),
    drawn("RandomUniformInt", [[4], np.int64(-(2**63)), np.int64(2**63 - 1)]),
    drawn("RandomUniformInt", [[4], 3, 3]),
    drawn("RandomUniformInt", [[0], 3, 3]),
    drawn("RandomUniformInt", [[4], [3], 5]),
    drawn("ParameterizedTruncatedNormal", [[4, 3], 0.0, 1.0, -1.0, 2.0]),
    drawn("ParameterizedTruncatedNormal", [[2, 3], [0.0, 5.0], 1.0, 4.0, [9.0, 8.0]]),
    drawn("ParameterizedTruncatedNormal", [[3], 0.0, -1.0, -1.0, 2.0]),
    drawn("ParameterizedTruncatedNormal", [[3], [0.0, 1.0], 1.0, -1.0, 2.0]),
    drawn("ParameterizedTruncatedNormal", [[3], [[0.0]], 1.0, -1.0, 2.0]),
    drawn("RandomShuffle", [np.arange(10)]),
    drawn("RandomShuffle", [floats(5, 2)]),
    drawn("RandomShuffle", [floats(1, 2)]),
    drawn("RandomShuffle", [np.array([b"a", b"b", b"c"], object)]),
    drawn("Multinomial", [floats(3, 4), 5]),
    drawn("Multinomial", [floats(3, 4, dtype="float64"), 0], output_dtype="int32"),
    drawn("Multinomial", [floats(3, 4), -1]),
    drawn("Multinomial", [floats(3, 0), 2]),
    drawn("Multinomial", [floats(3), 2]),
    drawn("RandomGamma", [[2], floats(3, low=0.1, high=4.0)]).options(exact=False),
    drawn("RandomGamma", [[2, 2], floats(2, 1, low=0.1, high=4.0, dtype="float64")]).options(
        exact=False
    ),
    drawn("RandomGamma", [[0], floats(3, low=0.1)]),
    case("RandomGammaGrad", [floats(4, low=0.1, high=4.0), floats(2, 4, low=0.1, high=4.0)]),
    drawn("RandomPoissonV2", [[3], [0.5, 12.0, 0.0]], dtype="int64"),
    drawn("RandomPoissonV2", [[3], np.float64(4.5)], dtype="float32"),
    drawn("RandomPoissonV2", [[3], [3, 40]], dtype="float16"),
    drawn("RandomPoissonV2", [np.zeros(0, np.int32), [3.0]], dtype="int32"),
    *STATELESS,
    stateless("StatelessRandomUniform", [[2], np.array([1, 2, 3])], dtype="float32"),
    stateless("StatelessRandomUniformInt", [[5], PAIR, 2, 9]),
    stateless("StatelessRandomUniformInt", [[5], PAIR, np.int64(9), np.int64(2)]),
    stateless("StatelessMultinomial", [floats(3, 4), 5, PAIR], output_dtype="int32"),
    from_state("StatefulUniform", [[2, 3]], dtype="float32"),
    from_state("StatefulStandardNormalV2", [[3]], dtype="float64"),
    from_state("StatefulTruncatedNormal", [[3]], dtype="float32"),
    from_state("StatefulUniformInt", [[3], -5, 7]),
    from_state("StatefulUniformInt", [[3], np.int64(5), np.int64(7)]),
    from_state("StatefulUniformInt", [[3], 7, 7]),
    from_state("StatefulUniformFullInt", [[3]], dtype="int32"),
    from_state("StatefulUniformFullInt", [[3]], dtype="uint64"),
    from_state("RngSkip", [np.int64(5)]),
    case("StatefulUniform", [handle(np.array([1, 2])), np.int64(1), [2]], dtype="float32"),
    case("StatefulUniform", [handle(np.array([1, 2, 3])), np.int64(2), [2]], dtype="float32"),
    case("NonDeterministicInts", [[2, 3]], dtype="int32").options(values=False),
    *SAMPLERS,
    sampler("FixedUnigramCandidateSampler", range_max=5, unigrams=VOCABULARY, distortion=0.75),
    sampler(
        "FixedUnigramCandidateSampler",
        range_max=4,
        unigrams=[*VOCABULARY, 6.0],
        num_sampled=2,
        num_reserved_ids=2,
        num_shards=2,
        shard=1,
    ),
    sampler("FixedUnigramCandidateSampler", range_max=5),
    sampler("AllCandidateSampler", num_sampled=5),
    drawn("UniformCandidateSampler", [TRUE], num_true=3, num_sampled=2, unique=True, range_max=9),
    case("ComputeAccidentalHits", [TRUE, np.array([3, 0, 7])], num_true=2, **SEED),
    case("ComputeAccidentalHits", [TRUE, np.array([9, 8])], num_true=2),
    case("ComputeAccidentalHits", [TRUE, np.array([3, 0, 3])], num_true=2),
    case("ComputeAccidentalHits", [TRUE, np.array([3])], num_true=1),
]
ELSEWHERE = dict.fromkeys(["RandomPoisson", "StatefulRandomBinomial"], "tests/ops/test_random.py")
