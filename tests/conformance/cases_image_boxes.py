"""Samples of the image ops that deal in boxes: suppression, crops, drawing, sampling."""

from __future__ import annotations

import numpy as np

from tests.conformance.samples import case, floats, ints

_RNG = np.random.RandomState(7)


def _boxes(count):
    corner = _RNG.uniform(0, 0.7, (count, 2))
    return np.concatenate([corner, corner + _RNG.uniform(0.05, 0.6, (count, 2))], 1).astype(
        np.float32
    )


BOXES = _boxes(40)
SCORES = _RNG.uniform(0, 1, 40).astype(np.float32)
TIED = np.round(SCORES * 4) / np.float32(4)
SQUARES = np.array([[0, 0, 1, 1], [0, 0, 1, 0.5], [1, 1, 0, 0], [0, 0, 0.5, 1]], np.float32)
FOUR = np.array([0.9, 0.8, 0.7, 0.95], np.float32)
POINT = np.array([[0.5, 0.5, 0.5, 0.5], [0, 0, 1, 1]], np.float32)
LIMITS = [np.float32(0.4), np.float32(0.3)]
OVERLAPS = np.clip(_RNG.uniform(0, 1, (12, 12)) + np.eye(12), 0, 1).astype(np.float32)


def _half(x):
    return np.asarray(x).astype(np.float16)


NMS = [
    case("NonMaxSuppression", [BOXES, SCORES, 10]),
    case("NonMaxSuppression", [BOXES, TIED, 40], iou_threshold=0.3),
    case("NonMaxSuppression", [BOXES, SCORES, 40], iou_threshold=0.0),
    case("NonMaxSuppression", [SQUARES, FOUR, 4], iou_threshold=0.5),
    case("NonMaxSuppression", [SQUARES, FOUR, 4], iou_threshold=1.0),
    case("NonMaxSuppression", [BOXES, SCORES, 4], iou_threshold=1.5),
    case("NonMaxSuppression", [BOXES, SCORES, -1]),
    case("NonMaxSuppression", [BOXES, SCORES[:5], 4]),
    case("NonMaxSuppression", [BOXES[:, :3], SCORES, 4]),
    case("NonMaxSuppression", [BOXES[:0], SCORES[:0], 4]),
    case("NonMaxSuppressionV2", [BOXES, SCORES, 10, np.float32(0.2)]),
    case("NonMaxSuppressionV2", [_half(BOXES), _half(SCORES), 10, np.float16(0.2)]),
    case("NonMaxSuppressionV3", [BOXES, TIED, 40, *LIMITS]),
    case("NonMaxSuppressionV3", [BOXES, SCORES, 5, np.float32(0.1), np.float32(0.99)]),
    case("NonMaxSuppressionV4", [BOXES, SCORES, 40, *LIMITS]),
    case("NonMaxSuppressionV4", [BOXES, SCORES, 30, *LIMITS], pad_to_max_output_size=True),
    case("NonMaxSuppressionV4", [BOXES, SCORES, -3, *LIMITS], pad_to_max_output_size=True),
    case("NonMaxSuppressionV5", [BOXES, SCORES, 40, *LIMITS, np.float32(0)]),
    case("NonMaxSuppressionV5", [BOXES, SCORES, 40, *LIMITS, np.float32(0.5)]),
    case("NonMaxSuppressionV5", [BOXES, TIED, 40, *LIMITS, np.float32(0.1)]),
    case(
        "NonMaxSuppressionV5",
        [BOXES, SCORES, 45, *LIMITS, np.float32(0.7)],
        pad_to_max_output_size=True,
    ),
    case("NonMaxSuppressionV5", [BOXES, SCORES, 4, *LIMITS, np.float32(-1)]),
    case("NonMaxSuppressionWithOverlaps", [OVERLAPS, SCORES[:12], 12, *LIMITS]),
    case("NonMaxSuppressionWithOverlaps", [OVERLAPS[:11], SCORES[:12], 12, *LIMITS]),
]
CLASSES = _RNG.uniform(0, 1, (2, 14, 3)).astype(np.float32)
SHARED = np.stack([_boxes(14), _boxes(14)])[:, :, None]
EACH = np.stack([_boxes(42), _boxes(42)]).reshape(2, 14, 3, 4) * 1.2 - np.float32(0.1)
COMBINED = [
    case("CombinedNonMaxSuppression", [SHARED, CLASSES, 3, 8, *LIMITS]),
    case("CombinedNonMaxSuppression", [EACH, CLASSES, 3, 8, *LIMITS]),
    case("CombinedNonMaxSuppression", [EACH, CLASSES, 2, 20, *LIMITS], pad_per_class=True),
    case("CombinedNonMaxSuppression", [EACH, CLASSES, 9, 20, *LIMITS], clip_boxes=False),
    case("CombinedNonMaxSuppression", [EACH, CLASSES, 0, 20, *LIMITS]),
    case("CombinedNonMaxSuppression", [EACH, CLASSES, 0, 20, *LIMITS], pad_per_class=True),
    case("CombinedNonMaxSuppression", [EACH, CLASSES, 3, 0, *LIMITS]),
    case("CombinedNonMaxSuppression", [EACH[:, :, :2], CLASSES, 3, 8, *LIMITS]),
    case("CombinedNonMaxSuppression", [SHARED, CLASSES, 3, 8, np.float32(2), np.float32(0)]),
]
IMAGE = floats(2, 6, 7, 3)
WINDOWS = np.array(
    [[0, 0, 1, 1], [0.1, 0.2, 0.7, 0.9], [0.8, 0.9, 0.2, 0.1], [-0.3, 0.2, 0.6, 1.4], [2, 2, 3, 3]],
    np.float32,
)
OF = np.array([0, 1, 1, 0, 1], np.int32)
NEAREST = {"method": "nearest"}
CROPS = [
    case("CropAndResize", [IMAGE, WINDOWS, OF, [4, 5]]),
    case("CropAndResize", [IMAGE, WINDOWS, OF, [1, 3]], extrapolation_value=-2.5),
    case("CropAndResize", [IMAGE, WINDOWS, OF, [5, 1]]),
    case("CropAndResize", [IMAGE, WINDOWS, OF, [9, 3]], **NEAREST),
    case("CropAndResize", [IMAGE, WINDOWS, OF, [1, 1]], **NEAREST),
    case("CropAndResize", [floats(2, 4, 5, 2, dtype="float64"), WINDOWS, OF, [3, 4]]),
    case("CropAndResize", [ints(2, 4, 5, 1, low=0, high=256, dtype="uint8"), WINDOWS, OF, [3, 4]]),
    case("CropAndResize", [IMAGE, WINDOWS, OF + 1, [4, 5]]),
    case("CropAndResize", [IMAGE, WINDOWS, OF[:4], [4, 5]]),
    case("CropAndResize", [IMAGE, WINDOWS, OF, [0, 5]]),
    case("CropAndResize", [IMAGE, WINDOWS, OF, [4, 5, 6]]),
    case("CropAndResizeGradImage", [floats(5, 4, 3, 2), WINDOWS, OF, [2, 6, 7, 2]], T="float32"),
    case("CropAndResizeGradImage", [floats(5, 4, 1, 2), WINDOWS, OF, [2, 6, 7, 2]], T="float64"),
    case(
        "CropAndResizeGradImage",
        [floats(5, 4, 3, 2), WINDOWS, OF, [2, 6, 7, 2]],
        T="float32",
        **NEAREST,
    ),
    case("CropAndResizeGradImage", [floats(5, 4, 3, 2), WINDOWS, OF, [2, 6, 7]], T="float32"),
    case("CropAndResizeGradBoxes", [floats(5, 4, 3, 3), IMAGE, WINDOWS, OF]),
    case("CropAndResizeGradBoxes", [floats(5, 1, 1, 3), IMAGE, WINDOWS, OF]),
    case("ExtractGlimpse", [IMAGE, [3, 3], np.array([[0, 0], [0.2, -0.1]], np.float32)]),
    case(
        "ExtractGlimpse",
        [IMAGE, [2, 3], np.array([[0.5, 0.5], [0.4, 0.6]], np.float32)],
        centered=False,
    ),
    case(
        "ExtractGlimpse",
        [IMAGE, [4, 5], np.array([[0, 0], [6, 9]], np.float32)],
        centered=False,
        normalized=False,
        uniform_noise=False,
        noise="zero",
    ),
    case(
        "ExtractGlimpse",
        [IMAGE, [9, 12], np.array([[-0.4, 0.9], [0.3, -3]], np.float32)],
        uniform_noise=False,
        noise="zero",
    ),
    case("ExtractGlimpse", [IMAGE, [9, 12], floats(2, 2)]).options(values=False),
    case("ExtractGlimpse", [IMAGE, [9, 12], floats(2, 2)], noise="zero"),
    case("ExtractGlimpse", [IMAGE, [9, 12], floats(3, 2)]),
]
DRAWN = np.array(
    [
        [[0.1, 0.1, 0.7, 0.8], [-0.5, 0.3, 0.5, 2], [0.5, 0.5, 0.2, 0.9]],
        [[0, 0, 1, 1], [1.5, 0, 2, 1], [0.4, 0.4, 0.4, 0.4]],
    ],
    np.float32,
)
MANY = np.stack([_boxes(12), _boxes(12)])
DRAWING = [
    case("DrawBoundingBoxes", [IMAGE, DRAWN]),
    case("DrawBoundingBoxes", [floats(2, 9, 9, 1), MANY]),
    case("DrawBoundingBoxes", [floats(2, 9, 9, 4), MANY]),
    case("DrawBoundingBoxes", [floats(2, 9, 9, 2), MANY]),
    case("DrawBoundingBoxesV2", [floats(2, 9, 9, 4), MANY, floats(2, 4)]),
    case("DrawBoundingBoxesV2", [floats(2, 9, 9, 3), MANY, floats(0, 4)]),
    case("DrawBoundingBoxesV2", [floats(2, 9, 9, 3), MANY, floats(2, 2)]),
]


def _sampled(inputs, op="SampleDistortedBoundingBoxV2", **attrs):
    return case(op, inputs, seed=17, seed2=4, **attrs).options(exact=True, runs=5)


SIZE = np.array([48, 64, 3], np.int32)
OBJECTS = MANY[:, :3].clip(0, 1)
NONE = np.zeros((1, 0, 4), np.float32)
TENTH = np.float32(0.1)
SAMPLING = [
    _sampled([SIZE, OBJECTS, TENTH]),
    _sampled([SIZE, OBJECTS, np.float32(0.9)], area_range=[0.3, 0.8], max_attempts=7),
    _sampled([SIZE, OBJECTS, np.float32(1)], area_range=[0.05, 0.06], max_attempts=3),
    _sampled([np.array([5, 4, 1], np.uint8), OBJECTS, TENTH], aspect_ratio_range=[0.2, 4.0]),
    _sampled([np.array([500, 3, 1]), OBJECTS, TENTH], aspect_ratio_range=[0.2, 4.0]),
    _sampled([SIZE, NONE, TENTH], use_image_if_no_bounding_boxes=True),
    _sampled([SIZE, NONE, TENTH]),
    _sampled([SIZE, OBJECTS + 1, TENTH]),
    _sampled([SIZE, OBJECTS, -TENTH]),
    _sampled([SIZE, OBJECTS, TENTH], area_range=[0.5, 1.5]),
    _sampled([SIZE, OBJECTS, TENTH], aspect_ratio_range=[0.0, 1.5]),
    _sampled([SIZE, OBJECTS, TENTH], max_attempts=0),
    _sampled([SIZE, OBJECTS], "SampleDistortedBoundingBox"),
    _sampled([SIZE, OBJECTS], "SampleDistortedBoundingBox", min_object_covered=0.7),
]
CASES = [*NMS, *COMBINED, *CROPS, *DRAWING, *SAMPLING]
