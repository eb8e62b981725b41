"""Samples of the image ops."""

from __future__ import annotations

import numpy as np

from tests.conformance.samples import case, floats, ints

X = floats(2, 5, 6, 3)
HALF = {"half_pixel_centers": True}
ALIGN = {"align_corners": True}
COLORS = floats(2, 3, 4, 3, low=0, high=1)
SIZES = [[9, 7], [3, 4], [5, 6], [1, 1], [10, 12]]
BYTES = ints(1, 4, 5, 3, low=0, high=256, dtype="uint8")


def _resizing(op, **more):
    found = []
    for size in SIZES:
        found.append(case(op, [X, size], **more))
        found.append(case(op, [X, size], align_corners=True, **more))
    found.append(case(op, [BYTES, [7, 3]], **more))
    found.append(case(op, [X, [3, 4, 5]], **more))
    found.append(case(op, [X, [0, 4]], **more))
    return found


CASES = [
    *_resizing("ResizeBilinear"),
    case("ResizeBilinear", [X, [9, 4]], **HALF),
    case("ResizeBilinear", [floats(1, 4, 4, 2, dtype="float64"), [9, 3]], **HALF).options(
        rtol=1e-6
    ),
    case("ResizeBilinear", [floats(5, 6, 3), [9, 7]]),
    case("ResizeBilinearGrad", [floats(2, 9, 4, 3), X]),
    case("ResizeBilinearGrad", [floats(2, 9, 4, 3), X], **ALIGN),
    case("ResizeBilinearGrad", [floats(2, 3, 8, 3), X], **HALF),
    *_resizing("ResizeNearestNeighbor"),
    case("ResizeNearestNeighbor", [X, [9, 4]], **HALF),
    case("ResizeNearestNeighborGrad", [floats(2, 9, 4, 3), [5, 6]]),
    case("ResizeNearestNeighborGrad", [floats(2, 9, 4, 3), [5, 6]], **ALIGN),
    case("ResizeNearestNeighborGrad", [floats(2, 3, 8, 3), [5, 6]], **HALF),
    *_resizing("ResizeBicubic"),
    case("ResizeBicubic", [X, [9, 4]], **HALF),
    case("ResizeBicubicGrad", [floats(2, 9, 4, 3), X]),
    case("ResizeBicubicGrad", [floats(2, 9, 4, 3), X], **ALIGN),
    case("ResizeBicubicGrad", [floats(2, 3, 8, 3), X], **HALF),
    *_resizing("ResizeArea"),
    case("RGBToHSV", [COLORS]).options(gradient=False),
    case(
        "RGBToHSV", [np.array([[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.2], [1, 0, 1]], np.float32)]
    ).options(gradient=False),
    case("RGBToHSV", [floats(2, 4)]).options(gradient=False),
    case("HSVToRGB", [COLORS]),
    case("HSVToRGB", [floats(2, 4)]),
    case("AdjustContrastv2", [floats(2, 3, 4, 3), np.float32(1.7)]),
    case("AdjustContrastv2", [floats(3, 4, 1), np.float32(0.3)]),
    case("AdjustContrastv2", [floats(3, 4), np.float32(0.3)]),
    case("AdjustHue", [COLORS, np.float32(0.3)]),
    case("AdjustHue", [COLORS, np.float32(-0.4)]),
    case("AdjustSaturation", [COLORS, np.float32(0.4)]),
    case("AdjustSaturation", [COLORS, np.float32(3)]),
]
ELSEWHERE = dict.fromkeys(["AdjustContrast", "RandomCrop"], "tests/ops/test_image.py")
