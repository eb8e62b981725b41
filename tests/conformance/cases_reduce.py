"""Samples of the reductions: along axes, of segments."""
from __future__ import annotations

import numpy as np

from tests.conformance.samples import bools, case, complexes, floats, ints

_SORTED = [0, 0, 2, 2, 3]
_MIXED = [2, 0, -1, 2, 3]
_ROWS = [0, 4, 2, 2]
_OF_ROWS = [0, 0, 1, 3]


def _all_ways(op):
    return [case(op, [floats(2, 3, 4), 1]), case(op, [floats(2, 3, 4), [0, 2]]),
            case(op, [floats(2, 3, 4), [-1]], keep_dims=True), case(op, [floats(2, 3), [0, 1]]),
            case(op, [floats(2, 3), np.array([], np.int32)]), case(op, [floats(), np.array([], np.int32)]),
            case(op, [floats(2, 3), 2]), case(op, [floats(2, 3), [[0]]]), case(op, [floats(0, 3), 0])]


CASES = [
    *_all_ways("Sum"), case("Sum", [ints(2, 3), 1]), case("Sum", [complexes(2, 3), [0]]),
    case("Sum", [floats(2, 3, dtype="float16"), 0]), case("Sum", [floats(2, 3), np.array([1], np.int64)]),
    case("Sum", [np.array([2**31 - 1, 1], np.int32), 0]), case("Sum", [ints(3, dtype="uint8", low=200, high=250), 0]),
    *_all_ways("Mean"), case("Mean", [[7, -8, 3], 0]), case("Mean", [complexes(2, 3), [0]]),
    *_all_ways("Prod"), case("Prod", [ints(2, 3), 1]), case("Prod", [complexes(2, 3), [0]]),
    *_all_ways("Max"), case("Max", [ints(2, 3), 1]), case("Max", [[[1.0, 3.0, 3.0]], 1]),
    case("Max", [np.zeros((0, 2), np.int32), 0]),
    *_all_ways("Min"), case("Min", [ints(2, 3), 1]), case("Min", [[[1.0, 1.0, 3.0]], 1]),
    case("All", [bools(2, 3), 1]), case("All", [bools(2, 3), [0, 1]], keep_dims=True),
    case("All", [bools(2), np.array([], np.int32)]), case("All", [np.ones((0, 2), np.bool_), 0]),
    case("Any", [bools(2, 3), 1]), case("Any", [bools(2, 3), [0, 1]], keep_dims=True),
    case("Any", [bools(2), np.array([], np.int32)]), case("Any", [np.ones((0, 2), np.bool_), 0]),
    *_all_ways("EuclideanNorm"), case("EuclideanNorm", [complexes(2, 3), [0]]), case("EuclideanNorm", [ints(2, 3), 1]),
    case("ArgMax", [floats(2, 3, 4), 1]), case("ArgMax", [[3, 7, 7, 1], 0]), case("ArgMax", [floats(2, 3), -1]),
    case("ArgMax", [floats(2, 3), 0], output_type="int32"), case("ArgMax", [floats(2, 3), 2]),
    case("ArgMax", [floats(2, 0), 1]), case("ArgMax", [floats(2, 3), [1]]),
    case("ArgMin", [floats(2, 3, 4), 1]), case("ArgMin", [[3, 1, 7, 1], 0]), case("ArgMin", [floats(2, 3), -3]),
    case("SegmentSum", [floats(5, 2), _SORTED]), case("SegmentSum", [floats(5, 2), [0, 2, 1, 3, 3]]),
    case("SegmentSum", [floats(5, 2), [0, 1]]), case("SegmentSum", [floats(2), [-1, 0]]),
    case("SegmentSum", [floats(5), np.array(_SORTED, np.int64)]), case("SegmentSum", [ints(5, 2), _SORTED]),
    case("SegmentSum", [floats(0, 2), np.array([], np.int32)]), case("SegmentSum", [floats(2), [[0, 1]]]),
    case("SegmentMean", [floats(5, 2), _SORTED]), case("SegmentMean", [ints(5, 2), _SORTED]),
    case("SegmentProd", [floats(5, 2), _SORTED]), case("SegmentProd", [ints(5), _SORTED]),
    case("SegmentMax", [floats(5, 2), _SORTED]), case("SegmentMax", [ints(5), _SORTED]),
    case("SegmentMin", [floats(5, 2), _SORTED]), case("SegmentMin", [[1.0, 1.0, 2.0], [0, 0, 1]]),
    case("UnsortedSegmentSum", [floats(5, 2), _MIXED, 5]), case("UnsortedSegmentSum", [floats(2, 2, 3), [[0, 1], [1, -1]], 2]),
    case("UnsortedSegmentSum", [floats(5, 2), _MIXED, 3]), case("UnsortedSegmentSum", [floats(5, 2), _MIXED, -1]),
    case("UnsortedSegmentSum", [floats(5, 2), [0, 1], 3]), case("UnsortedSegmentSum", [ints(5), _MIXED, 4]),
    case("UnsortedSegmentSum", [complexes(5), _MIXED, 4]), case("UnsortedSegmentSum", [floats(5, 2), _MIXED, [5]]),
    case("UnsortedSegmentMax", [floats(5, 2), _MIXED, 5]), case("UnsortedSegmentMax", [ints(5), _MIXED, 5]),
    case("UnsortedSegmentMin", [floats(5, 2), _MIXED, 5]), case("UnsortedSegmentMin", [ints(5), _MIXED, 5]),
    case("UnsortedSegmentProd", [floats(5, 2), _MIXED, 5]), case("UnsortedSegmentProd", [[0.0, 2.0, 0.0, 3.0], [0, 0, 1, 1], 2]),
    case("SparseSegmentSum", [floats(5, 2), _ROWS, _OF_ROWS]), case("SparseSegmentSum", [floats(5, 2), [0, 5, 2, 2], _OF_ROWS]),
    case("SparseSegmentSum", [floats(5, 2), _ROWS, [0, 2, 1, 3]]), case("SparseSegmentSum", [floats(5, 2), _ROWS, [0, 1]]),
    case("SparseSegmentMean", [floats(5, 2), _ROWS, _OF_ROWS]), case("SparseSegmentSqrtN", [floats(5, 2), _ROWS, _OF_ROWS]),
    case("SparseSegmentSumWithNumSegments", [floats(5, 2), _ROWS, _OF_ROWS, 6]),
    case("SparseSegmentSumWithNumSegments", [floats(5, 2), _ROWS, _OF_ROWS, 2]),
    case("SparseSegmentSumWithNumSegments", [floats(5, 2), _ROWS, _OF_ROWS, -1]),
    case("SparseSegmentMeanWithNumSegments", [floats(5, 2), _ROWS, _OF_ROWS, 6]),
    case("SparseSegmentSqrtNWithNumSegments", [floats(5, 2), _ROWS, _OF_ROWS, 6]),
    case("SparseSegmentMeanGrad", [floats(4, 2), _ROWS, _OF_ROWS, 5]),
    case("SparseSegmentMeanGrad", [floats(4, 2), _ROWS, _OF_ROWS, 3]),
    case("SparseSegmentMeanGrad", [floats(3, 2), _ROWS, _OF_ROWS, 5]),
    case("SparseSegmentSqrtNGrad", [floats(4, 2), _ROWS, _OF_ROWS, 5]),
]
ELSEWHERE = {}
