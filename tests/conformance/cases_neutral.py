"""Ops with arguments under which they change nothing: a kernel may then give its input back."""
from __future__ import annotations

import numpy as np

from tests.conformance.samples import case, floats, ints

IMAGE = floats(1, 3, 3, 2)
ONES = {"ksize": [1, 1, 1, 1], "strides": [1, 1, 1, 1], "padding": "VALID"}
NONE = np.zeros(0, np.int32)
WHOLE = {"begin_mask": 3, "end_mask": 3, "ellipsis_mask": 0, "new_axis_mask": 0,
         "shrink_axis_mask": 0}

CASES = [
    case("AvgPool", [IMAGE], **ONES),
    case("AvgPoolGrad", [[1, 3, 3, 2], IMAGE], **ONES),
    case("MaxPool", [IMAGE], **ONES),
    case("MaxPoolGrad", [IMAGE, IMAGE, IMAGE], **ONES),
    case("AvgPool3D", [floats(1, 2, 2, 2, 1)], ksize=[1] * 5, strides=[1] * 5, padding="SAME"),
    case("MaxPool3D", [floats(1, 2, 2, 2, 1)], ksize=[1] * 5, strides=[1] * 5, padding="SAME"),
    case("Cast", [floats(2, 3)], DstT="float32"),
    case("Cast", [ints(2)], DstT="int32"),
    case("Sum", [floats(2, 3), NONE]),
    case("Mean", [floats(2, 3), NONE]),
    case("Max", [floats(2, 3), NONE]),
    case("Prod", [floats(2, 3), NONE]),
    case("Sum", [floats(1, 3), [0]]),
    case("Max", [floats(1, 3), [0]]),
    case("Cumsum", [floats(1), 0]),
    case("ReverseV2", [floats(2, 3), NONE]),
    case("Pad", [floats(2, 3), np.zeros((2, 2), np.int32)]),
    case("PadV2", [floats(2, 3), np.zeros((2, 2), np.int32), np.float32(1)]),
    case("MirrorPad", [floats(2, 3), np.zeros((2, 2), np.int32)], mode="REFLECT"),
    case("Tile", [floats(2, 3), [1, 1]]),
    case("Roll", [floats(2, 3), 0, 1]),
    case("Slice", [floats(2, 3), [0, 0], [2, 3]]),
    case("StridedSlice", [floats(2, 3), [0, 0], [0, 0], [1, 1]], **WHOLE),
    case("Transpose", [floats(2, 3), [0, 1]]),
    case("Reshape", [floats(2, 3), [2, 3]]),
    case("BroadcastTo", [floats(2, 3), [2, 3]]),
    case("ConcatV2", [[floats(2, 3), np.zeros((0, 3), np.float32)], 0]),
    case("Split", [0, floats(2, 3)], num_split=1),
    case("SplitV", [floats(2, 3), [2], 0], num_split=1),
    case("AddN", [[floats(2, 3)]]),
    case("SpaceToBatchND", [floats(2, 2, 1), [1], [[0, 0]]]),
    case("BatchToSpaceND", [floats(2, 2, 1), [1], [[0, 0]]]),
    case("MatrixBandPart", [floats(2, 3), -1, -1]),
    case("ClipByValue", [floats(2, 3), np.float32(-9), np.float32(9)]),
    case("ResizeBilinear", [IMAGE, [3, 3]]),
    case("ResizeNearestNeighbor", [IMAGE, [3, 3]]),
    case("ReverseSequence", [floats(2, 3), np.array([1, 1])], seq_dim=1),
    case("Floor", [ints(2).array(np.random.RandomState(0)).astype(np.float32)]),
    case("Round", [ints(2, 2)]),
    case("BiasAddGrad", [floats(1, 3)]),
    case("TopKV2", [floats(1, 1), 1]),
    case("LRN", [IMAGE], depth_radius=0, bias=1.0, alpha=0.0, beta=1.0),
    case("DepthToSpace", [floats(1, 1, 1, 4)], block_size=2),
    case("ExtractImagePatches", [IMAGE], ksizes=[1, 1, 1, 1], strides=[1, 1, 1, 1],
         rates=[1, 1, 1, 1], padding="VALID"),
]
