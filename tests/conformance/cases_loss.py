"""Samples of L2Loss and of the greatest elements."""

from __future__ import annotations

import numpy as np

from tests.conformance.samples import case, floats, ints

TIED = np.array([[1, 3, 3, 2, 3], [0, 0, 0, 0, 0], [-1, 5, -1, 5, 4]], np.float32)

CASES = [
    case("L2Loss", [floats(2, 3)]),
    case("L2Loss", [floats(4, dtype="float64")]),
    case("TopKV2", [TIED, 3]),
    case("TopKV2", [floats(2, 2, 4, dtype="float64"), 2]),
    case("TopKV2", [ints(5), 1]),
    case("TopKV2", [floats(3), 0]),
    case("TopKV2", [floats(3), 4]),
    case("TopKV2", [floats(3), -1]),
    case("TopKV2", [np.float32(1), 1]),
    case("InTopKV2", [TIED, [2, 0, 4], 2]),
    case("InTopKV2", [TIED, [7, -1, 0], 1]),
    case("InTopKV2", [np.array([[np.inf, 1], [np.nan, 1]], np.float32), np.array([0, 1]), 1]),
    case("InTopKV2", [TIED, [2, 0], 2]),
    case("InTopK", [TIED, [2, 0, 3]], k=1),
    case("NthElement", [TIED, 1]),
    case("NthElement", [TIED, 0], reverse=True),
    case("NthElement", [floats(3), 3]),
]
ELSEWHERE = {"TopK": "tests/ops/test_top.py"}
