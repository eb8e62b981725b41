"""Old names of linear algebra ops, and shapes that differ when the graph runs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import rekindle as tf
from rekindle._src.graph.opdef import OPS

SYMMETRIC = torch.tensor([[4.0, 1.0], [1.0, 3.0]], dtype=torch.float64)
PAIRS = {
    "BatchCholesky": "Cholesky",
    "BatchMatrixDeterminant": "MatrixDeterminant",
    "BatchMatrixInverse": "MatrixInverse",
    "BatchSelfAdjointEigV2": "SelfAdjointEigV2",
    "BatchSvd": "Svd",
}


@pytest.mark.parametrize(("old", "new"), PAIRS.items())
def test_old_op_computes_what_its_successor_does(old: str, new: str) -> None:
    found, expected = OPS[old].kernel(SYMMETRIC), OPS[new].kernel(SYMMETRIC)
    for a, b in zip(
        found if isinstance(found, tuple) else [found],
        expected if isinstance(expected, tuple) else [expected],
    ):
        assert torch.equal(a, b)


@pytest.mark.parametrize(
    ("old", "new"),
    [("BatchMatrixSolve", "MatrixSolve"), ("BatchMatrixTriangularSolve", "MatrixTriangularSolve")],
)
def test_old_solver_computes_what_its_successor_does(old: str, new: str) -> None:
    rhs = torch.ones(2, 1, dtype=torch.float64)
    assert torch.equal(OPS[old].kernel(SYMMETRIC, rhs), OPS[new].kernel(SYMMETRIC, rhs))


@pytest.mark.parametrize("old", ["SelfAdjointEig", "BatchSelfAdjointEig"])
def test_old_eigenvalues_stand_above_the_vectors(old: str) -> None:
    found = OPS[old].kernel(SYMMETRIC)
    values, vectors = torch.linalg.eigh(SYMMETRIC)
    assert torch.equal(found[0], values) and torch.equal(found[1:], vectors)


def test_gradient_of_cholesky_is_symmetric() -> None:
    lower = torch.linalg.cholesky(SYMMETRIC)
    found = OPS["BatchCholeskyGrad"].kernel(lower, torch.ones(2, 2, dtype=torch.float64).tril())
    assert torch.allclose(found, found.mT)


def test_old_least_squares_solve_square_systems() -> None:
    rhs = torch.ones(2, 1, dtype=torch.float64)
    found = OPS["BatchMatrixSolveLs"].kernel(SYMMETRIC, rhs, torch.zeros((), dtype=torch.float64))
    assert torch.allclose(found, torch.linalg.solve(SYMMETRIC, rhs))


def test_singular_and_eigenvalues_alone() -> None:
    matrix = np.array([[4.0, 1.0], [1.0, 3.0]])
    with tf.Graph().as_default(), tf.Session() as session:
        s, e = session.run([tf.svd(matrix, compute_uv=False), tf.self_adjoint_eigvals(matrix)])
    np.testing.assert_allclose(s, np.linalg.svd(matrix, compute_uv=False))
    np.testing.assert_allclose(e, np.linalg.eigvalsh(matrix))


def test_old_exponential_is_todays() -> None:
    with tf.Graph().as_default(), tf.Session() as session:
        expected = session.run(tf.linalg.expm(SYMMETRIC.numpy()))
    np.testing.assert_allclose(OPS["MatrixExponential"].kernel(SYMMETRIC).numpy(), expected)
