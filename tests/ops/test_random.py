"""Random ops in sessions: seeds, the functions of tf.random, what no single call can show."""

from __future__ import annotations

import numpy as np
import pytest

from rekindle._src import errors
from rekindle._src.graph import convert, dtypes, seeds
from rekindle._src.graph.graph import Graph
from rekindle._src.graph.opdef import call
from rekindle._src.ops import random as random_ops
from rekindle._src.ops import random_candidates, random_state, random_stateless
from rekindle._src.run.session import Session


@pytest.fixture(autouse=True)
def graph():
    with Graph().as_default() as graph:
        yield graph


def run(fetches, times=1):
    """The values of `times` runs in one session."""
    with Session() as session:
        return [session.run(fetches) for _ in range(times)]


@pytest.mark.parametrize(
    ("graph_seed", "op_seed", "expected"),
    [
        (None, None, (None, None)),
        (None, 0, (87654321, 0)),
        (5, 0, (5, 0)),
        (5, -1, (5, 2147483646)),
        (5, 2**31, (5, 1)),
        (0, 0, (0, 2147483647)),
    ],
)
def test_seeds_follow_from_both(graph_seed, op_seed, expected):
    seeds.set_random_seed(graph_seed)
    assert seeds.get_seed(op_seed) == expected


def test_op_seed_is_the_number_of_operations_if_only_the_graph_has_one(graph):
    seeds.set_random_seed(7)
    convert.constant(1.0)
    assert seeds.get_seed(None) == (7, 1)
    random_ops.random_uniform([2])
    (op,) = (one for one in graph.get_operations() if one.type == "RandomUniform")
    assert (op.get_attr("seed"), op.get_attr("seed2")) == (7, 4)


def test_sessions_repeat_each_other_and_runs_do_not():
    drawn = random_ops.random_normal([4], seed=3)
    first, second = run(drawn, 2)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(run(drawn, 2), [first, second])


def test_two_ops_of_one_seed_have_streams_of_their_own():
    one, other = (random_ops.random_uniform([3], seed=1) for _ in range(2))
    np.testing.assert_array_equal(*run([one, other])[0])


def test_without_seeds_sessions_differ():
    drawn = random_ops.random_uniform([8])
    assert not np.array_equal(run(drawn), run(drawn))


def test_static_shape_follows_from_a_constant_shape():
    assert random_ops.random_uniform([2, 3]).shape.as_list() == [2, 3]
    assert random_ops.random_gamma([2], [1.0, 2.0]).shape.as_list() == [2, 2]
    assert random_ops.multinomial([[1.0, 2.0]], 5).shape.as_list() == [1, 5]


@pytest.mark.parametrize(
    ("shape", "dtype", "message"),
    [
        ([2], dtypes.int32, "Must specify maxval for integer dtype tf.int32"),
        ([2], dtypes.uint8, "Invalid dtype tf.uint8"),
        (3, dtypes.float32, "Shape must be rank 1 but is rank 0 for 'random_uniform/RandomUni"),
    ],
)
def test_bad_uniform_is_refused(shape, dtype, message):
    for function, seed in (
        (random_ops.random_uniform, {}),
        (random_stateless.stateless_random_uniform, {"seed": [1, 2]}),
    ):
        with pytest.raises(ValueError, match=message.split("'")[0]):
            function(shape, dtype=dtype, **seed)


def test_shuffle_keeps_the_rows():
    rows = np.arange(12).reshape(6, 2)
    (shuffled,) = run(random_ops.random_shuffle(rows, seed=5))
    assert sorted(shuffled.tolist()) == rows.tolist() != shuffled.tolist()


def test_old_poisson_draws_as_the_new():
    rates = np.array([0.5, 20.0], np.float32)
    attrs = {"seed": 1, "seed2": 2}
    old = call("RandomPoisson", [3], rates, dtype=dtypes.float32, **attrs)
    new = random_ops.poisson_numbers([3], rates, dtype=dtypes.float32, **attrs)
    np.testing.assert_array_equal(*run([old, new])[0])


# StatefulRandomBinomial: three recordings of TensorFlow 1.15.5 that begin at the same state.
@pytest.mark.parametrize(
    ("counts", "shares", "expected"),
    [
        (100.0, 0.3, [32, 29, 31, 28, 36, 22]),
        (7.0, 0.4, [5, 4, 1, 2, 3, 1]),
        ([3.0, 0.0, 5.0, 5.0, 50.0, 9.0], [0.4, 0.9, 1.0, 0.0, 0.9, 0.5], [3, 0, 5, 0, 44, 2]),
    ],
)
def test_binomial_is_tensorflows(counts, shares, expected):
    handle = call("VarHandleOp", shape=[3], dtype=dtypes.int64)
    start = call("AssignVariableOp", handle, np.array([5, 7, -9]))
    parameters = (np.asarray(value, np.float64) for value in (counts, shares))
    drawn = random_state.binomial_numbers(handle, 1, [6], *parameters)
    with Session() as session:
        session.run(start)
        assert session.run(drawn).tolist() == expected
        assert session.run(drawn).tolist() != expected


def test_fixed_sampler_reads_its_weights_from_a_file(tmp_path):
    file = tmp_path / "vocabulary.csv"
    file.write_text("the,7\nof,5.5\nand,3\nrare,0.25\n")
    true, common = [[1], [2]], {"distortion": 0.5, "seed": 3}
    read = random_candidates.fixed_unigram_candidate_sampler(
        true, 1, 3, True, 4, vocab_file=str(file), **common
    )
    given = random_candidates.fixed_unigram_candidate_sampler(
        true, 1, 3, True, 4, unigrams=[7.0, 5.5, 3.0, 0.25], **common
    )
    for a, b in zip(*run([list(read), list(given)])[0], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (
            "the,7\nof,many\n",
            errors.InvalidArgumentError,
            "Wrong vocabulary format at line: of,many",
        ),
        (None, errors.NotFoundError, "absent.csv; No such file or directory"),
        ("the,7\n", errors.InvalidArgumentError, "range_max is 4, but there are weights for 1"),
    ],
)
def test_bad_vocabulary_is_refused(tmp_path, text, error, message):
    file = tmp_path / "absent.csv"
    if text is not None:
        file.write_text(text)
    drawn = random_candidates.fixed_unigram_candidate_sampler(
        [[0]], 1, 1, True, 4, vocab_file=str(file)
    )
    with pytest.raises(error, match=message):
        run(drawn[0])


def test_learned_sampler_prefers_what_it_saw():
    true = np.full((100, 1), 3)
    sampled = random_candidates.learned_unigram_candidate_sampler(true, 1, 50, False, 5, seed=1)[0]
    runs = run(sampled, 20)
    assert np.mean(runs[-1] == 3) > 0.9 > np.mean(runs[0] == 3)
