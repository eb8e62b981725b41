"""Samples of the summary ops; the pixels of images are in tests/ops/test_summary.py."""
from __future__ import annotations

import numpy as np

from tests.conformance.samples import case, floats, ints

TAG = np.array(b"tag", object)
METADATA = np.array(b"\n\x06\n\x04text", object)
SUMMARY = np.array(b"\n\x0a\n\x03tag\x15\x00\x00\xc0?", object)
OTHER = np.array(b"\n\x08\n\x01a\x15\x00\x00\xc0?", object)
STRINGS = np.array([[b"a", b"bc"]], object)

CASES = [
    case("ScalarSummary", [TAG, np.float32(1.5)]),
    case("ScalarSummary", [TAG, np.float64(0.1)]),
    case("ScalarSummary", [TAG, np.array([2**40 + 1])]),
    case("ScalarSummary", [np.array([b"a", b"b"], object), ints(2)]),
    case("ScalarSummary", [TAG, floats(2)]),
    case("ScalarSummary", [np.array([b"a", b"b"], object), floats(3)]),
    case("HistogramSummary", [TAG, floats(100)]),
    case("HistogramSummary", [TAG, ints(3, 4)]),
    case("HistogramSummary", [TAG, np.zeros(4)]),
    case("HistogramSummary", [TAG, np.zeros(0, np.float32)]),
    case("HistogramSummary", [TAG, np.array([1e30, -1e30, 1e-20, -0.0, 1e-12, 5, 5, 1e20])]),
    case("HistogramSummary", [TAG, np.array([1, np.nan], np.float32)]),
    case("HistogramSummary", [TAG, np.array([np.inf], np.float16)]),
    case("ImageSummary", [TAG, floats(2, 3, 4, 3)], max_images=3).options(values=False),
    case("ImageSummary", [TAG, floats(2, 3)], max_images=1),
    case("ImageSummary", [TAG, floats(1, 3, 4, 2)], max_images=1),
    case("ImageSummary", [TAG, floats(1, 0, 4, 3)], max_images=1),
    case("AudioSummaryV2", [TAG, floats(4, 20, 2), np.float32(44100)], max_outputs=3),
    case("AudioSummaryV2", [TAG, floats(2, 20), np.float32(8000.5)], max_outputs=1),
    case("AudioSummaryV2", [TAG, floats(20), np.float32(8000)], max_outputs=1),
    case("AudioSummaryV2", [TAG, floats(2, 20), np.float32(0)], max_outputs=1),
    case("TensorSummaryV2", [TAG, floats(2, 3), METADATA]),
    case("TensorSummaryV2", [TAG, np.float32(1), METADATA]),
    case("TensorSummaryV2", [TAG, STRINGS, METADATA]),
    case("TensorSummaryV2", [TAG, np.zeros((0, 3), np.int64), METADATA]),
    case("TensorSummary", [floats(2)]),
    case("MergeSummary", [[SUMMARY, OTHER]]),
    case("MergeSummary", [[SUMMARY]]),
    case("MergeSummary", [[SUMMARY, SUMMARY]]),
    case("MergeSummary", [[np.array(b"junk", object)]]),
]

#: TensorFlow refuses to make the op, which old graphs hold
ELSEWHERE = {"AudioSummary": "tests/ops/test_summary.py"}
