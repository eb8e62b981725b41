"""Samples of the linear algebra ops: products, solvers, decompositions."""

from __future__ import annotations

import numpy as np

from tests.conformance.samples import case, complexes, floats, ints

_SYMMETRIC = np.array([[4, 1, 0.5], [1, 3, 0.2], [0.5, 0.2, 5]], np.float32)
_BATCH = np.stack([_SYMMETRIC, _SYMMETRIC + 2 * np.eye(3, dtype=np.float32)])
_HERMITIAN = np.array([[3, 1 + 1j], [1 - 1j, 4]], np.complex64)
_GENERAL = np.array([[1, 2, 3], [4, 5, 6], [7, 8, 10]], np.float32)
_TALL = np.array([[1, 2], [3, 4], [5, 7]], np.float32)
_SINGULAR = np.zeros((2, 2), np.float32)
_DIAGONALS = np.array([[1, 2, 0], [4, 5, 6], [0, 1, 2]], np.float32)
_ROW = np.array([[1, 2, 3]], np.float32)

CASES = [
    case("MatMul", [floats(2, 3), floats(3, 4)]),
    case("MatMul", [floats(3, 2), floats(3, 4)], transpose_a=True),
    case("MatMul", [floats(2, 3), floats(4, 3)], transpose_b=True),
    case("MatMul", [floats(3, 2), floats(4, 3)], transpose_a=True, transpose_b=True),
    case("MatMul", [floats(2, 3), floats(4, 5)]),
    case("MatMul", [floats(2, 3, 4), floats(4, 5)]),
    case("MatMul", [ints(2, 3), ints(3, 2)]),
    case("MatMul", [complexes(2, 3), complexes(3, 2)]),
    case("MatMul", [floats(0, 3), floats(3, 2)]),
    case("MatMul", [floats(2, 0), floats(0, 3)]),
    case("MatMul", [floats(2, 3, dtype="float64"), floats(3, 2, dtype="float64")]),
    case("SparseMatMul", [floats(2, 3), floats(3, 4)]),
    case("SparseMatMul", [floats(3, 2), floats(4, 3)], transpose_a=True, transpose_b=True, a_is_sparse=True),
    case("BatchMatMul", [floats(2, 2, 3), floats(2, 3, 4)]),
    case("BatchMatMul", [floats(2, 3, 2), floats(2, 4, 3)], adj_x=True, adj_y=True),
    case("BatchMatMul", [complexes(2, 3), complexes(2, 3)], adj_y=True),
    case("BatchMatMul", [floats(2, 2, 3), floats(3, 3, 4)]),
    case("BatchMatMul", [floats(3), floats(3)]),
    case("BatchMatMulV2", [floats(2, 2, 3), floats(3, 4)]),
    case("BatchMatMulV2", [floats(2, 1, 2, 3), floats(5, 3, 4)]),
    case("BatchMatMulV2", [floats(2, 3, 2), floats(2, 3, 4)], adj_x=True),
    case("BatchMatMulV2", [floats(2, 2, 3), floats(2, 4, 3)], adj_y=True),
    case("BatchMatMulV2", [complexes(2, 3, 2), complexes(2, 4, 3)], adj_x=True, adj_y=True),
    case("BatchMatMulV2", [floats(2, 2, 3), floats(3, 3, 4)]),
    case("BatchMatMulV2", [floats(2, 2, 3), floats(2, 4, 4)]),
    case("Cross", [floats(2, 3), floats(2, 3)]),
    case("Cross", [ints(3), ints(3)]),
    case("Cross", [floats(2), floats(2)]),
    case("Cross", [floats(3), floats(2, 3)]),
    case("Einsum", [[floats(2, 3), floats(3, 4)]], equation="ij,jk->ik").options(gradient=False),
    case("MatrixInverse", [_BATCH]),
    case("MatrixInverse", [_GENERAL], adjoint=True),
    case("MatrixInverse", [_SINGULAR]),
    case("MatrixInverse", [floats(2, 3)]),
    case("MatrixInverse", [_HERMITIAN]),
    case("MatrixDeterminant", [_BATCH]),
    case("MatrixDeterminant", [_SINGULAR]).options(gradient=False),
    case("LogMatrixDeterminant", [_BATCH]),
    case("LogMatrixDeterminant", [_SINGULAR]).options(gradient=False),
    case("MatrixSolve", [_BATCH, floats(2, 3, 2)]),
    case("MatrixSolve", [_GENERAL, floats(3, 1)], adjoint=True),
    case("MatrixSolve", [_SINGULAR, floats(2, 1)]),
    case("MatrixSolve", [_GENERAL, floats(2, 1)]),
    case("MatrixTriangularSolve", [_BATCH, floats(2, 3, 2)]),
    case("MatrixTriangularSolve", [_GENERAL, floats(3, 1)], lower=False),
    case("MatrixTriangularSolve", [_GENERAL, floats(3, 1)], adjoint=True),
    case("MatrixTriangularSolve", [_HERMITIAN, complexes(2, 1)], lower=False, adjoint=True),
    case("MatrixTriangularSolve", [_SINGULAR, floats(2, 1)]),
    case("Cholesky", [_BATCH]),
    case("Cholesky", [-_SYMMETRIC]),
    case("Cholesky", [_HERMITIAN]),
    case("CholeskyGrad", [np.linalg.cholesky(_SYMMETRIC), np.tril(_GENERAL)]),
    case("Lu", [_GENERAL]),
    case("Lu", [_BATCH], output_idx_type="int64"),
    case("Lu", [_SINGULAR]),
    case("MatrixSolveLs", [_TALL, floats(3, 2), np.float64(0.1)]).options(rtol=1e-4),
    case("MatrixSolveLs", [_TALL.T.copy(), floats(2, 2), np.float64(0.1)]).options(rtol=1e-4),
    case("MatrixSolveLs", [_TALL, floats(3, 2), np.float64(0)], fast=False).options(gradient=False, rtol=1e-4),
    case("Qr", [_GENERAL]).options(rtol=1e-4),
    case("Qr", [_TALL]).options(rtol=1e-4),
    case("Qr", [_TALL], full_matrices=True).options(gradient=False, rtol=1e-4),
    case("Svd", [_TALL]).options(values=False, gradient=False),
    case("Svd", [_TALL], full_matrices=True).options(values=False, gradient=False),
    case("Svd", [_TALL.T.copy()]).options(values=False, gradient=False),
    case("SelfAdjointEigV2", [_SYMMETRIC]).options(values=False, gradient=False),
    case("MatrixSquareRoot", [_SYMMETRIC]).options(rtol=1e-4),
    case("MatrixLogarithm", [_HERMITIAN]).options(rtol=1e-4),
    case("TridiagonalMatMul", [_ROW, _ROW, _ROW, floats(3, 2)]),
    case("TridiagonalMatMul", [_ROW, _ROW, _ROW, floats(4, 2)]),
    case("TridiagonalSolve", [_DIAGONALS, floats(3, 2)]),
    case("TridiagonalSolve", [_DIAGONALS, floats(4, 2)]),
    case("TridiagonalSolve", [np.zeros((3, 3), np.float32), floats(3, 1)]),
    case("TridiagonalSolve", [_DIAGONALS, floats(3, 2)], partial_pivoting=False),
]
#: TensorFlow has taken them out of new graphs
ELSEWHERE = dict.fromkeys(
    ["BatchCholesky", "BatchCholeskyGrad", "BatchMatrixDeterminant", "BatchMatrixInverse", "BatchMatrixSolve",
     "BatchMatrixSolveLs", "BatchMatrixTriangularSolve", "BatchSelfAdjointEig", "BatchSelfAdjointEigV2", "BatchSvd",
     "SelfAdjointEig", "MatrixExponential"], "tests/ops/test_linalg.py")
