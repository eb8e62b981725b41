"""Samples of the ops that decode and encode image files."""

from __future__ import annotations

import numpy as np

from tests.conformance import small_images as small
from tests.conformance.samples import case, ints


def text(data):
    """A scalar of bytes."""
    out = np.empty((), object)
    out[()] = data
    return out


ACCURATE = {"dct_method": "INTEGER_ACCURATE"}
PIXELS = ints(4, 5, 3, low=0, high=256, dtype="uint8")

CASES = [
    *(
        case("DecodePng", [text(data)], channels=n)
        for data in (small.RGB_PNG, small.RGBA_PNG, small.GRAY_PNG)
        for n in (0, 1, 3, 4)
    ),
    case("DecodePng", [text(small.RGB_PNG)], channels=2),
    case("DecodePng", [text(small.RGB_PNG)], channels=-1),
    case("DecodePng", [text(small.RGB_PNG)], dtype="uint16"),
    case("DecodePng", [text(small.DEEP_PNG)], dtype="uint16"),
    case("DecodePng", [text(small.DEEP_PNG)]),
    case("DecodePng", [text(small.DEEP_PNG)], channels=4, dtype="uint16"),
    case("DecodePng", [text(small.RGB_PNG[:60])]),
    case("DecodePng", [text(small.STILL_GIF)]),
    case("DecodePng", [text(small.GIF)]),
    case("DecodePng", [text(b"none")]),
    case("DecodePng", [text(b"")]),
    *(
        case("DecodeJpeg", [text(data)], channels=n, **ACCURATE)
        for data in (small.RGB_JPEG, small.GRAY_JPEG)
        for n in (0, 1, 3)
    ),
    case("DecodeJpeg", [text(small.RGB_JPEG)]).options(values=False),
    case("DecodeJpeg", [text(small.RGB_JPEG)], ratio=2, **ACCURATE),
    case("DecodeJpeg", [text(small.RGB_JPEG)], ratio=3),
    case("DecodeJpeg", [text(small.RGB_JPEG)], channels=4),
    case("DecodeJpeg", [text(small.RGB_JPEG)], dct_method="FAST"),
    case("DecodeJpeg", [text(small.RGB_JPEG[:300])]),
    case("DecodeJpeg", [text(small.RGB_PNG)]),
    case("DecodeJpeg", [np.array([b"a", b"b"], object)]),
    case("DecodeAndCropJpeg", [text(small.RGB_JPEG), [2, 3, 5, 4]], **ACCURATE).options(
        values=False
    ),
    case("DecodeAndCropJpeg", [text(small.GRAY_JPEG), [0, 0, 12, 10]], **ACCURATE),
    case("DecodeAndCropJpeg", [text(small.GRAY_JPEG), [0, 0, 13, 10]]),
    case("DecodeAndCropJpeg", [text(small.GRAY_JPEG), [0, 0, 13]]),
    case("ExtractJpegShape", [text(small.RGB_JPEG)]),
    case("ExtractJpegShape", [text(small.GRAY_JPEG)], output_type="int64"),
    case("DecodeGif", [text(small.GIF)]),
    case("DecodeGif", [text(small.STILL_GIF)]),
    case("DecodeGif", [text(small.RGB_PNG)]),
    case("DecodeGif", [text(small.GIF[:50])]),
    case("DecodeBmp", [text(small.BMP)]),
    case("DecodeBmp", [text(small.BMP)], channels=3),
    case("DecodeBmp", [text(small.BMP)], channels=4),
    case("DecodeBmp", [text(small.BMP[:70])]),
    case("DecodeBmp", [text(b"BM")]),
    case("EncodeJpeg", [PIXELS]).options(values=False),
    case("EncodeJpeg", [ints(4, 5, 1, low=0, high=256, dtype="uint8")], format="grayscale").options(
        values=False
    ),
    case("EncodeJpeg", [PIXELS], format="grayscale"),
    case("EncodeJpeg", [PIXELS], quality=101),
    case("EncodeJpeg", [ints(4, 5, 2, low=0, high=256, dtype="uint8")]),
    case("EncodeJpeg", [ints(4, 5, low=0, high=256, dtype="uint8")]),
    case("EncodeJpegVariableQuality", [PIXELS, 40]).options(values=False),
    case("EncodePng", [PIXELS]).options(values=False),
    case("EncodePng", [ints(4, 5, 2, low=0, high=65536, dtype="uint16")]).options(values=False),
    case("EncodePng", [ints(4, 5, 5, low=0, high=256, dtype="uint8")]),
]
