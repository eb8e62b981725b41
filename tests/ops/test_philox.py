"""Streams of random numbers against recordings of TensorFlow 1.15.5, to the last bit."""

from __future__ import annotations

import hashlib
import json
import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from rekindle._src import errors
from rekindle._src.ops import philox, philox_candidates
from rekindle._src.ops.philox import PhiloxStream

RECORDS = json.loads((Path(__file__).parents[1] / "golden" / "random_streams.json").read_text())
DRAWS = sorted({record["draw"] for record in RECORDS})
SAMPLED = 2048


def dtype(name):
    return getattr(torch, name)


def draw(stream, record):
    """What the record's op gives on its next run: a list of arrays."""
    kind, arguments = record["draw"], record["arguments"]
    if kind in ("uniform", "normal", "truncated_normal"):
        return [getattr(stream, kind)(arguments[0], dtype(arguments[1]))]
    if kind == "uniform_int":
        return [stream.uniform_int(*arguments[:3], dtype(arguments[3]))]
    if kind == "permutation":
        return [stream.permutation(arguments[0])]
    if kind == "gamma":
        return [stream.gamma(arguments[0], torch.tensor(arguments[1], dtype=dtype(arguments[2])))]
    if kind == "poisson":
        rate = torch.tensor(arguments[1], dtype=dtype(arguments[2]))
        return [stream.poisson(arguments[0], rate, dtype(arguments[3]))]
    if kind == "multinomial":
        logits = torch.tensor(arguments[0], dtype=dtype(arguments[1]))
        return [stream.multinomial(logits, arguments[2], torch.int64)]
    shape, bounds, name = arguments
    return [stream.bounded_normal(shape, [torch.tensor(b, dtype=dtype(name)) for b in bounds])]


def runs(record):
    """The arrays of each run of the record's op in one session."""
    kind = record["draw"]
    if kind.startswith("sample "):
        yield from sampled(record)
        return
    stream = PhiloxStream(*record["seed"])
    for _ in record["runs"]:
        if kind.startswith("stateless "):
            stream = PhiloxStream.stateless(record["seed"])
            record = {**record, "draw": kind.split()[1]}
        yield [
            t.float().numpy() if t.dtype is torch.bfloat16 else t.numpy()
            for t in draw(stream, record)
        ]


def sampled(record):
    true, classes, count, unique = record["arguments"]
    stream = PhiloxStream(*record["seed"])
    kind = getattr(philox_candidates, record["draw"].split()[1])
    if kind is philox_candidates.Fixed:
        weights = np.array([1 + i % 7 for i in range(classes)], np.float32)
        distribution = kind(weights, 0.75, 0, 1, 0)
    else:
        distribution = kind(classes)
    for _ in record["runs"]:
        at = stream.reserve(SAMPLED * count // 4)
        yield list(philox_candidates.sample(distribution, at, count, unique, np.array(true)))
        if kind is philox_candidates.Learned:
            distribution.learn(np.array(true))


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


@pytest.mark.parametrize("kind", DRAWS)
def test_draws_are_tensorflows(kind):
    for record in RECORDS:
        if record["draw"] != kind:
            continue
        for run, (got, expected) in enumerate(zip(runs(record), record["runs"], strict=True)):
            for a, b in zip(got, expected, strict=True):
                first = a.reshape(-1)[:3].tolist()
                where = f"{kind} {str(record['arguments'])[:80]} seed {record['seed']} run {run}"
                assert digest(a) == b["sha256"], f"{where}: got {first}, expected {b['first']}"


def test_both_seeds_zero_differ_each_time():
    first, second = (PhiloxStream(0, 0).uniform([8], torch.float32) for _ in range(2))
    assert not torch.equal(first, second)


def test_stream_goes_on_where_it_was_left():
    stream = PhiloxStream(3, 4)
    stream.normal([10], torch.float32)
    copy = PhiloxStream.starting(stream.position)
    assert torch.equal(stream.uniform([5], torch.float64), copy.uniform([5], torch.float64))


def test_threads_share_a_stream_without_overlap():
    stream, found = PhiloxStream(1, 1), []
    threads = [threading.Thread(target=lambda: found.append(stream.reserve(7))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({at.counter for at in found}) == 20
    assert stream.position.counter == (1 << 64) + 140


def test_large_draw_spread_over_threads_is_the_same(monkeypatch):
    whole = PhiloxStream(5, 6).truncated_normal([300001], torch.float32)
    monkeypatch.setattr(philox, "_SPREAD", 1 << 30)
    assert torch.equal(whole, PhiloxStream(5, 6).truncated_normal([300001], torch.float32))


def test_counter_carries_into_its_upper_half():
    end = philox.Position(9, (1 << 64) - 1)
    drawn = PhiloxStream.starting(end).uniform([8], torch.float32)
    beyond = PhiloxStream.starting(philox.Position(9, 1 << 64)).uniform([4], torch.float32)
    assert torch.equal(drawn[4:], beyond)


@pytest.mark.parametrize("values", [(3, 3), (4, -4)])
def test_empty_range_of_integers_is_refused(values):
    with pytest.raises(errors.InvalidArgumentError, match="Need minval < maxval, got"):
        PhiloxStream(1, 1).uniform_int([2], *values, torch.int32)
    assert PhiloxStream(1, 1).uniform_int([0], *values, torch.int32).shape == (0,)


@pytest.mark.parametrize("bounds", [(0, -1, 0, 1), (0, 1, 1, 0), (0, 1, -np.inf, np.inf)])
def test_bad_bounds_are_refused(bounds):
    parts = [torch.tensor(float(b)) for b in bounds]
    with pytest.raises(errors.InvalidArgumentError, match="Invalid parameters"):
        PhiloxStream(1, 1).bounded_normal([4], parts)


def test_parameters_without_a_distribution_give_nan():
    bad = torch.tensor([-1.0, 0.0, float("nan")])
    assert PhiloxStream(1, 1).gamma([2], bad).isnan().all()
    assert PhiloxStream(1, 1).poisson([2], bad, torch.float32)[:, 2].isnan().all()


def test_more_different_classes_than_there_are_is_refused():
    at = PhiloxStream(1, 1).position
    with pytest.raises(errors.InvalidArgumentError, match="Sampler's range is too small."):
        philox_candidates.sample(philox_candidates.Uniform(3), at, 4, True, np.zeros((1, 1), int))


@pytest.mark.parametrize(
    ("total", "cost", "threads", "blocks"),
    [
        (1, 10**9, 8, [0, 1]),
        (100, 10, 8, [0, 100]),
        (1000, 5000, 1, [0, 1000]),
        (1000, 5000, 2, [*range(0, 1001, 125)]),
        (7, 10**6, 2, [0, 2, 4, 6, 7]),
    ],
)
def test_work_is_divided_into_blocks(total, cost, threads, blocks):
    assert philox.work_blocks(total, cost, threads) == blocks
