"""Samples of the ops of checkpoints; those that touch files are in tests/ops/test_checkpoint.py."""
from __future__ import annotations

import numpy as np

from tests.conformance.samples import case

NAME = np.array(b"folder/name", object)
NAMES = np.array([b"a", b"b"], object)

CASES = [
    case("ShardedFilename", [NAME, np.int32(2), np.int32(10)]),
    case("ShardedFilespec", [NAME, np.int32(10)]),
    case("RestoreV2", [NAME, NAMES, np.array([b"", b"10 3 4,5:-"], object)],
         dtypes=["float32", "int32"]),
    case("RestoreV2", [NAME, NAMES, np.array([b""], object)], dtypes=["float32", "int32"]),
    case("RestoreV2", [NAMES, NAMES, NAMES], dtypes=["float32", "int32"]),
]  # fmt: skip

#: what they do to files
ELSEWHERE = dict.fromkeys(
    ["SaveV2", "RestoreV2", "MergeV2Checkpoints", "Save", "SaveSlices", "Restore", "RestoreSlice"],
    "tests/ops/test_checkpoint.py",
)
