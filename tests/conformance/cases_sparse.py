"""Samples of the sparse ops."""
from __future__ import annotations

import numpy as np

from tests.conformance.samples import case, floats

_A = np.array([[0, 1], [1, 0], [1, 2]], np.int64)
_B = np.array([[0, 0], [1, 2]], np.int64)
_UNSORTED = np.array([[1, 2], [0, 1], [1, 0]], np.int64)
_TEXT = np.array([b"x", b"y", b"z"], object)
_S = np.array([2, 3], np.int64)


def _axes(*axes):
    return np.array(axes, np.int32)


CASES = [
    case("SparseToDense", [_A, _S, floats(3), floats()]),
    case("SparseToDense", [np.array([1, 3], np.int32), np.array([5], np.int32), floats(2), floats()]),
    case("SparseToDense", [np.array(2, np.int32), np.array([5], np.int32), floats(), floats()]),
    case("SparseToDense", [_A, _S, _TEXT, np.array(b"-", object)]),
    case("SparseToDense", [_A, _S, floats(), floats()]),
    case("SparseToDense", [_UNSORTED, _S, floats(3), floats()]),
    case("SparseToDense", [_UNSORTED, _S, floats(3), floats()], validate_indices=False),
    case("SparseToDense", [np.array([[0, 1], [0, 1]], np.int64), _S, floats(2), floats()]),
    case("SparseToDense", [np.array([[0, 1], [0, 5]], np.int64), _S, floats(2), floats()]),
    case("SparseReorder", [_UNSORTED, floats(3), _S]),
    case("SparseReorder", [_UNSORTED, _TEXT, _S]),
    case("SparseReshape", [_A, _S, np.array([3, -1], np.int64)]),
    case("SparseReshape", [_A, _S, np.array([6], np.int64)]),
    case("SparseReshape", [_A, _S, np.array([4, -1], np.int64)]),
    case("SparseReshape", [_A, _S, np.array([5], np.int64)]),
    case("SparseConcat", [[_A, _B], [floats(3), floats(2)], [_S, _S]], concat_dim=1),
    case("SparseConcat", [[_A, _B], [floats(3), floats(2)], [_S, np.array([4, 3], np.int64)]], concat_dim=0),
    case("SparseConcat", [[_A, _B], [floats(3), floats(2)], [_S, np.array([4, 3], np.int64)]], concat_dim=1),
    case("SparseSplit", [np.array(1, np.int64), _A, floats(3), _S], num_split=2),
    case("SparseSplit", [np.array(0, np.int64), _A, _TEXT, _S], num_split=2),
    case("SparseSlice", [_A, floats(3), _S, np.array([1, 0], np.int64), np.array([2, 2], np.int64)]),
    case("SparseSliceGrad", [floats(1), _A, np.array([1, 0], np.int64), np.array([[0, 0]], np.int64)]),
    case("SparseFillEmptyRows", [np.array([[1, 0], [1, 2], [3, 1]], np.int64), floats(3),
                                 np.array([5, 3], np.int64), floats()]),
    case("SparseFillEmptyRowsGrad", [np.array([1, 2, 4], np.int64), floats(6)]),
    case("SparseAdd", [_A, floats(3), _S, _B, floats(2), _S, np.array(0, np.float32)]),
    case("SparseAdd", [_A, floats(3), _S, _B, floats(2), _S, np.array(1.5, np.float32)]),
    case("SparseAdd", [_A, floats(3), _S, _B, floats(2), np.array([2, 4], np.int64), np.array(0, np.float32)]),
    case("SparseAddGrad", [floats(4), _A, _B, np.array([[0, 0], [0, 1], [1, 0], [1, 2]], np.int64)]),
    case("SparseTensorDenseAdd", [_A, floats(3), _S, floats(2, 3)]),
    case("SparseTensorDenseAdd", [_A, floats(3), _S, floats(3, 3)]),
    case("SparseSparseMaximum", [_A, floats(3), _S, _B, floats(2), _S]),
    case("SparseSparseMinimum", [_A, floats(3), _S, _B, floats(2), _S]),
    case("SparseDenseCwiseMul", [_A, floats(3), _S, floats(2, 3)]),
    case("SparseDenseCwiseMul", [_A, floats(3), _S, floats(3)]),
    case("SparseDenseCwiseDiv", [_A, floats(3), _S, floats(2, 1, low=1.0)]),
    case("SparseDenseCwiseAdd", [_A, floats(3), _S, floats(2, 3)]),
    case("SparseDenseCwiseMul", [_A, floats(3), _S, floats(2, 2)]),
    case("SparseTensorDenseMatMul", [_A, floats(3), _S, floats(3, 4)]),
    case("SparseTensorDenseMatMul", [_A, floats(3), _S, floats(4, 2)], adjoint_a=True, adjoint_b=True),
    case("SparseTensorDenseMatMul", [_A, floats(3), _S, floats(4, 2)]),
    case("SparseTensorDenseMatMul", [np.array([[0, 3]], np.int64), floats(1), _S, floats(3, 4)]),
    case("SparseReduceSum", [_A, floats(3), _S, _axes(1)]),
    case("SparseReduceSum", [_A, floats(3), _S, _axes(0)], keep_dims=True),
    case("SparseReduceSum", [_A, floats(3), _S, _axes(0, -1)]),
    case("SparseReduceMax", [_A, floats(3), _S, _axes(1)]),
    case("SparseReduceMax", [_A, floats(3), _S, _axes(0)], keep_dims=True),
    case("SparseReduceSumSparse", [_A, floats(3), _S, _axes(1)]),
    case("SparseReduceSumSparse", [_A, floats(3), _S, _axes(1)], keep_dims=True),
    case("SparseReduceMaxSparse", [_A, floats(3), _S, _axes(0)]),
    case("SparseSoftmax", [_A, floats(3), _S]),
    case("DenseToDenseSetOperation", [np.array([[1, 2], [3, 4]], np.int32), np.array([[2, 5], [3, 3]], np.int32)],
         set_operation="union"),
    case("DenseToDenseSetOperation", [np.array([[1, 2], [3, 4]], np.int32), np.array([[2, 5], [3, 3]], np.int32)],
         set_operation="b-a"),
    case("DenseToDenseSetOperation", [np.array([[1, 2]], np.int32), np.array([[2, 5], [3, 3]], np.int32)],
         set_operation="union"),
    case("DenseToSparseSetOperation", [np.array([[1, 2, 9], [3, 4, 3]], np.int64), _B, np.array([2, 3], np.int64), _S],
         set_operation="intersection"),
    case("SparseToSparseSetOperation", [_A, _TEXT, _S, _B, np.array([b"x", b"q"], object), _S], set_operation="a-b"),
    case("SetSize", [_A, np.array([5, 7, 7], np.int64), _S]),
    case("SerializeSparse", [_A, floats(3), _S]).options(values=False),
    case("SerializeManySparse", [_A, floats(3), _S]).options(values=False),
]

ELSEWHERE = {
    "DeserializeSparse": "tests/ops/test_sparse.py",
    "DeserializeManySparse": "tests/ops/test_sparse.py",
}
