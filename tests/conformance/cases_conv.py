"""Samples of the convolution ops."""

from __future__ import annotations

from tests.conformance.samples import case, floats

ONES = [1, 1, 1, 1]
VALID = {"strides": ONES, "padding": "VALID"}
SAME = {"strides": ONES, "padding": "SAME"}
TWO = {"strides": [1, 2, 2, 1], "padding": "SAME"}
WIDE = {"strides": [1, 1, 3, 1], "padding": "SAME"}
DILATED = {"strides": ONES, "padding": "VALID", "dilations": [1, 2, 2, 1]}
EXPLICIT = {
    "strides": [1, 2, 1, 1],
    "padding": "EXPLICIT",
    "explicit_paddings": [0, 0, 1, 2, 0, 3, 0, 0],
}
FIVE = [1, 1, 1, 1, 1]

CASES = [
    case("Conv2D", [floats(2, 5, 6, 3), floats(3, 3, 3, 4)], **VALID),
    case("Conv2D", [floats(2, 5, 6, 3), floats(3, 3, 3, 4)], **SAME),
    case("Conv2D", [floats(2, 6, 7, 3), floats(3, 2, 3, 4)], **TWO),
    case("Conv2D", [floats(1, 7, 8, 2), floats(4, 4, 2, 3)], **WIDE),
    case("Conv2D", [floats(1, 8, 8, 2), floats(3, 3, 2, 3)], **DILATED).options(gradient=False),
    case("Conv2D", [floats(1, 5, 5, 2), floats(3, 3, 2, 3)], **EXPLICIT),
    case("Conv2D", [floats(1, 5, 5, 1), floats(5, 5, 1, 32)], **SAME),
    case("Conv2D", [floats(1, 4, 4, 3), floats(1, 1, 3, 2)], **TWO),
    case("Conv2D", [floats(0, 4, 4, 3), floats(3, 3, 3, 2)], **SAME),
    case(
        "Conv2D", [floats(1, 5, 5, 2, dtype="float64"), floats(3, 3, 2, 3, dtype="float64")], **SAME
    ),
    case("Conv2D", [floats(1, 3, 3, 2), floats(5, 5, 2, 3)], **VALID),
    case("Conv2D", [floats(1, 5, 5, 3), floats(3, 3, 2, 3)], **VALID),
    case("Conv2D", [floats(1, 5, 5, 4), floats(3, 3, 2, 3)], **VALID),
    case("Conv2D", [floats(1, 5, 5), floats(3, 3, 2, 3)], **VALID),
    case("Conv2D", [floats(1, 5, 5, 2), floats(3, 3, 2)], **VALID),
    case("Conv2D", [floats(1, 5, 5, 2), floats(3, 3, 2, 3)], strides=[1, 1, 1], padding="VALID"),
    case("Conv2D", [floats(1, 5, 5, 2), floats(3, 3, 2, 3)], strides=[1, 0, 1, 1], padding="VALID"),
    case(
        "Conv2D",
        [floats(1, 5, 5, 2), floats(3, 3, 2, 3)],
        strides=ONES,
        padding="VALID",
        dilations=[1, 0, 1, 1],
    ),
    case("Conv2D", [floats(1, 5, 5, 2), floats(3, 3, 2, 3)], strides=ONES, padding="EXPLICIT"),
    case(
        "Conv2D",
        [floats(1, 5, 5, 2), floats(3, 3, 2, 3)],
        strides=ONES,
        padding="EXPLICIT",
        explicit_paddings=[0, 1, 0, 0, 0, 0, 0, 0],
    ),
    case(
        "Conv2D",
        [floats(1, 5, 5, 2), floats(3, 3, 2, 3)],
        strides=ONES,
        padding="SAME",
        explicit_paddings=[0, 0, 1, 1, 0, 0, 0, 0],
    ),
    case("Conv2DBackpropInput", [[2, 6, 7, 3], floats(3, 2, 3, 4), floats(2, 3, 4, 4)], **TWO),
    case("Conv2DBackpropInput", [[1, 5, 5, 2], floats(3, 3, 2, 3), floats(1, 3, 3, 3)], **VALID),
    case("Conv2DBackpropInput", [[1, 5, 5, 2], floats(3, 3, 2, 3), floats(1, 3, 6, 3)], **EXPLICIT),
    case(
        "Conv2DBackpropInput",
        [[1, 7, 7, 2], floats(3, 3, 2, 3), floats(1, 2, 2, 3)],
        strides=[1, 3, 3, 1],
        padding="VALID",
    ),
    case("Conv2DBackpropInput", [[1, 5, 5, 2], floats(3, 3, 2, 3), floats(1, 4, 4, 3)], **VALID),
    case("Conv2DBackpropInput", [[1, 5, 5], floats(3, 3, 2, 3), floats(1, 3, 3, 3)], **VALID),
    case("Conv2DBackpropFilter", [floats(2, 6, 7, 3), [3, 2, 3, 4], floats(2, 3, 4, 4)], **TWO),
    case("Conv2DBackpropFilter", [floats(1, 5, 5, 2), [3, 3, 2, 3], floats(1, 3, 3, 3)], **VALID),
    case(
        "Conv2DBackpropFilter",
        [floats(1, 7, 7, 2), [3, 3, 2, 3], floats(1, 2, 2, 3)],
        strides=[1, 3, 3, 1],
        padding="VALID",
    ),
    case("Conv3D", [floats(1, 4, 5, 3, 2), floats(2, 3, 2, 2, 3)], strides=FIVE, padding="SAME"),
    case(
        "Conv3D",
        [floats(1, 4, 5, 3, 2), floats(2, 3, 2, 2, 3)],
        strides=[1, 2, 1, 2, 1],
        padding="VALID",
    ),
    case("Conv3D", [floats(1, 4, 5, 3, 2), floats(2, 3, 2, 3, 3)], strides=FIVE, padding="SAME"),
    case("Conv3D", [floats(1, 4, 5, 3, 2), floats(2, 3, 2, 2, 3)], strides=ONES, padding="SAME"),
    case(
        "Conv3DBackpropInputV2",
        [[1, 4, 5, 3, 2], floats(2, 3, 2, 2, 3), floats(1, 2, 5, 2, 3)],
        strides=[1, 2, 1, 2, 1],
        padding="SAME",
    ),
    case(
        "Conv3DBackpropFilterV2",
        [floats(1, 4, 5, 3, 2), [2, 3, 2, 2, 3], floats(1, 2, 5, 2, 3)],
        strides=[1, 2, 1, 2, 1],
        padding="SAME",
    ),
    case("DepthwiseConv2dNative", [floats(2, 5, 6, 3), floats(3, 3, 3, 2)], **SAME),
    case("DepthwiseConv2dNative", [floats(2, 6, 6, 3), floats(3, 3, 3, 1)], **TWO),
    case("DepthwiseConv2dNative", [floats(2, 6, 6, 3), floats(3, 3, 2, 1)], **VALID),
    case(
        "DepthwiseConv2dNativeBackpropInput",
        [[2, 6, 6, 3], floats(3, 3, 3, 2), floats(2, 3, 3, 6)],
        **TWO,
    ),
    case(
        "DepthwiseConv2dNativeBackpropFilter",
        [floats(2, 6, 6, 3), [3, 3, 3, 2], floats(2, 3, 3, 6)],
        **TWO,
    ),
    case(
        "Dilation2D",
        [floats(1, 5, 6, 2), floats(3, 2, 2)],
        strides=ONES,
        rates=ONES,
        padding="SAME",
    ),
    case(
        "Dilation2D",
        [floats(2, 7, 6, 2), floats(3, 2, 2)],
        strides=[1, 2, 1, 1],
        rates=[1, 1, 2, 1],
        padding="VALID",
    ),
    case(
        "Dilation2D",
        [floats(1, 5, 6, 2), floats(3, 2, 3)],
        strides=ONES,
        rates=ONES,
        padding="SAME",
    ),
    case(
        "Dilation2DBackpropInput",
        [floats(1, 5, 6, 2), floats(3, 2, 2), floats(1, 5, 6, 2)],
        strides=ONES,
        rates=ONES,
        padding="SAME",
    ),
    case(
        "Dilation2DBackpropFilter",
        [floats(1, 5, 6, 2), floats(3, 2, 2), floats(1, 5, 6, 2)],
        strides=ONES,
        rates=ONES,
        padding="SAME",
    ),
]
ELSEWHERE = {
    "Conv3DBackpropInput": "tests/ops/test_conv.py",
    "Conv3DBackpropFilter": "tests/ops/test_conv.py",
}
