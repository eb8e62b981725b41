"""Samples of the convolutions that resize and mirror their input; TensorFlow's are right for one image."""
from __future__ import annotations

import numpy as np

from tests.conformance.samples import case, floats

PADDINGS = np.array([[0, 0], [1, 2], [2, 1], [0, 0]], np.int32)
NONE = np.zeros((4, 2), np.int32)
SIZE = np.array([7, 9], np.int32)
FILTER = floats(3, 3, 2, 4)
VALID = {"strides": [1, 1, 1, 1], "padding": "VALID"}
SAME = {"strides": [1, 2, 2, 1], "padding": "SAME"}

CASES = [
    case("FusedPadConv2D", [floats(1, 5, 6, 2), PADDINGS, FILTER], mode="REFLECT", **VALID),
    case("FusedPadConv2D", [floats(1, 5, 6, 2), PADDINGS, FILTER], mode="SYMMETRIC", **SAME),
    case("FusedPadConv2D", [floats(1, 5, 6, 2), NONE, FILTER], mode="REFLECT", **SAME),
    case("FusedResizeAndPadConv2D", [floats(1, 5, 6, 2), SIZE, PADDINGS, FILTER], mode="REFLECT", **VALID),
    case(
        "FusedResizeAndPadConv2D", [floats(1, 4, 4, 2), SIZE, PADDINGS, FILTER],
        mode="SYMMETRIC", resize_align_corners=True, **SAME,
    ),
    case("FusedResizeAndPadConv2D", [floats(1, 8, 8, 2), SIZE, NONE, FILTER], mode="REFLECT", **VALID),
]  # fmt: skip
