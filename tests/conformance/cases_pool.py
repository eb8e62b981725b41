"""Samples of the pooling ops."""

from __future__ import annotations

import numpy as np

from tests.conformance.samples import case, floats, ints

TWO = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1]}
THREE = {"ksize": [1, 3, 3, 1], "strides": [1, 2, 2, 1]}
DENSE = {"ksize": [1, 3, 2, 1], "strides": [1, 1, 1, 1]}
APART = {"ksize": [1, 1, 2, 1], "strides": [1, 2, 3, 1]}
WHOLE = {"ksize": [1, 5, 6, 1], "strides": [1, 1, 1, 1]}
CUBE = {"ksize": [1, 2, 3, 2, 1], "strides": [1, 2, 1, 2, 1]}
TIED = np.tile(
    np.array([[1, 1, 0], [1, 1, 1], [0, 1, 1]], np.float32)[None, :, :, None], (1, 2, 2, 1)
)
#: the overlapping 2x2 windows of a 3x3 image with ties
TIES = {"ksize": [1, 2, 2, 1], "strides": [1, 1, 1, 1], "padding": "VALID"}

CASES = [
    case("MaxPool", [floats(2, 4, 6, 3)], padding="SAME", **TWO),
    case("MaxPool", [floats(2, 5, 7, 3)], padding="SAME", **TWO),
    case("MaxPool", [floats(2, 5, 7, 3)], padding="VALID", **TWO),
    case("MaxPool", [floats(1, 6, 5, 2)], padding="SAME", **THREE),
    case("MaxPool", [floats(1, 7, 7, 2)], padding="VALID", **THREE),
    case("MaxPool", [floats(1, 4, 5, 2)], padding="SAME", **DENSE),
    case("MaxPool", [floats(1, 5, 7, 2)], padding="SAME", **APART),
    case("MaxPool", [floats(1, 5, 6, 2)], padding="VALID", **WHOLE),
    case("MaxPool", [floats(1, 5, 6, 2)], padding="SAME", **WHOLE),
    case("MaxPool", [TIED], **TIES),
    case("MaxPool", [ints(1, 4, 4, 2)], padding="SAME", **TWO),
    case("MaxPool", [floats(1, 4, 4, 2, dtype="float64")], padding="SAME", **TWO),
    case(
        "MaxPool", [floats(1, 2, 2, 4)], ksize=[1, 1, 1, 2], strides=[1, 1, 1, 2], padding="VALID"
    ).options(gradient=False),
    case(
        "MaxPool", [floats(2, 2, 2, 4)], ksize=[2, 1, 1, 1], strides=[1, 1, 1, 1], padding="VALID"
    ),
    case("MaxPool", [floats(1, 2, 2, 4)], padding="VALID", **WHOLE),
    case("MaxPool", [floats(1, 2, 4)], padding="VALID", **WHOLE),
    case("MaxPool", [floats(1, 2, 2, 4)], ksize=[1, 2, 2], strides=[1, 1, 1, 1], padding="VALID"),
    case("MaxPool", [floats(1, 2, 2, 4)], ksize=[1, 2, 2, 1], strides=[1, 1], padding="VALID"),
    case("MaxPoolV2", [floats(1, 5, 7, 2), [1, 2, 2, 1], [1, 2, 2, 1]], padding="SAME"),
    case("MaxPoolV2", [floats(1, 5, 7, 2), [1, 2, 2], [1, 2, 2, 1]], padding="SAME"),
    case(
        "MaxPoolGrad",
        [floats(1, 4, 6, 3), floats(1, 2, 3, 3), floats(1, 2, 3, 3)],
        padding="SAME",
        **TWO,
    ).options(values=False),
    case("MaxPoolGrad", [TIED, np.ones((1, 5, 5, 1), np.float32), floats(1, 5, 5, 1)], **TIES),
    case(
        "MaxPoolGrad",
        [TIED, np.ones((1, 3, 3, 1), np.float32), floats(1, 3, 3, 1)],
        padding="SAME",
        **TWO,
    ),
    case(
        "MaxPoolGrad",
        [TIED, np.ones((1, 3, 3, 1), np.float32), floats(1, 3, 3, 1)],
        padding="SAME",
        **THREE,
    ),
    case(
        "MaxPoolGradV2",
        [TIED, np.ones((1, 3, 3, 1), np.float32), floats(1, 3, 3, 1), [1, 2, 2, 1], [1, 2, 2, 1]],
        padding="SAME",
    ),
    case("MaxPoolGradGrad", [TIED, np.ones((1, 5, 5, 1), np.float32), floats(1, 6, 6, 1)], **TIES),
    case(
        "MaxPoolGradGrad",
        [TIED, np.ones((1, 3, 3, 1), np.float32), floats(1, 6, 6, 1)],
        padding="SAME",
        **THREE,
    ),
    case(
        "MaxPoolGradGradV2",
        [TIED, np.ones((1, 3, 3, 1), np.float32), floats(1, 6, 6, 1), [1, 2, 2, 1], [1, 2, 2, 1]],
        padding="SAME",
    ),
    case("MaxPoolWithArgmax", [floats(2, 5, 7, 3)], padding="SAME", **TWO),
    case("MaxPoolWithArgmax", [TIED], include_batch_in_index=True, **TIES),
    case(
        "MaxPoolGradWithArgmax",
        [floats(2, 2, 2, 1), floats(2, 1, 1, 1), np.array([[[[3]]], [[[1]]]])],
        padding="SAME",
        **TWO,
    ),
    case("AvgPool", [floats(2, 4, 6, 3)], padding="SAME", **TWO),
    case("AvgPool", [floats(2, 5, 7, 3)], padding="SAME", **TWO),
    case("AvgPool", [floats(2, 5, 7, 3)], padding="VALID", **TWO),
    case("AvgPool", [floats(1, 6, 5, 2)], padding="SAME", **THREE),
    case("AvgPool", [floats(1, 4, 5, 2)], padding="SAME", **DENSE),
    case("AvgPool", [floats(1, 5, 7, 2)], padding="SAME", **APART),
    case("AvgPool", [floats(1, 5, 6, 2)], padding="VALID", **WHOLE),
    case("AvgPool", [floats(1, 5, 6, 2, dtype="float64")], padding="SAME", **WHOLE),
    case("AvgPool", [floats(1, 2, 2, 4)], padding="VALID", **WHOLE),
    case("AvgPool", [floats(1, 2, 2, 4)], ksize=[1, 2, 2], strides=[1, 1, 1, 1], padding="VALID"),
    case("AvgPoolGrad", [[1, 5, 7, 2], floats(1, 3, 4, 2)], padding="SAME", **TWO),
    case("AvgPoolGrad", [[1, 6, 5, 2], floats(1, 3, 3, 2)], padding="SAME", **THREE),
    case("AvgPoolGrad", [[1, 4, 5, 2], floats(1, 4, 5, 2)], padding="SAME", **DENSE),
    case("AvgPoolGrad", [[1, 5, 6, 2], floats(1, 1, 1, 2)], padding="VALID", **WHOLE),
    case("MaxPool3D", [floats(1, 4, 5, 5, 2)], padding="SAME", **CUBE),
    case("MaxPool3D", [floats(1, 4, 5, 5, 2)], padding="VALID", **CUBE),
    case(
        "MaxPool3D",
        [floats(1, 4, 5, 5, 2)],
        ksize=[1, 2, 2, 2, 1],
        strides=[1, 2, 2, 1],
        padding="VALID",
    ),
    case(
        "MaxPool3DGrad",
        [floats(1, 2, 3, 2, 1), floats(1, 1, 3, 1, 1), floats(1, 1, 3, 1, 1)],
        padding="SAME",
        **CUBE,
    ).options(values=False),
    case(
        "MaxPool3DGradGrad",
        [floats(1, 2, 3, 2, 1), floats(1, 1, 3, 1, 1), floats(1, 2, 3, 2, 1)],
        padding="SAME",
        **CUBE,
    ).options(values=False),
    case("AvgPool3D", [floats(1, 4, 5, 5, 2)], padding="SAME", **CUBE),
    case("AvgPool3DGrad", [[1, 4, 5, 5, 2], floats(1, 2, 5, 3, 2)], padding="SAME", **CUBE),
]
ELSEWHERE = {"MaxPoolGradGradWithArgmax": "tests/ops/test_pool.py"}
