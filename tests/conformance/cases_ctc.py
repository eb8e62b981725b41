"""Samples of connectionist temporal classification: loss, greedy decoder, beam search."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.conformance.samples import case

LOGITS = np.random.RandomState(0).uniform(-4, 4, (6, 3, 5)).astype(np.float32)
INDICES = np.array([[0, 0], [0, 1], [1, 0], [1, 1], [1, 2], [2, 0]], np.int64)
LABELS = np.array([1, 1, 3, 0, 2, 2], np.int32)
LENGTHS = np.array([6, 4, 3], np.int32)


def loss(logits=LOGITS, indices=INDICES, labels: Any = LABELS, lengths: Any = LENGTHS, **attrs: Any):
    return case("CTCLoss", [logits, np.asarray(indices, np.int64), np.asarray(labels, np.int32),
                            np.asarray(lengths, np.int32)], **attrs)  # fmt: skip


CASES = [
    loss(),
    loss(logits=LOGITS.astype("float64")).options(rtol=1e-5),
    loss(ctc_merge_repeated=False),
    loss(preprocess_collapse_repeated=True),
    loss(lengths=[1, 0, 6], ignore_longer_outputs_than_inputs=True),
    loss(lengths=[6, 2, 3]),
    loss(lengths=[6, 7, 3]),
    loss(lengths=[6, 4, -1]),
    loss(lengths=[6, 4]),
    loss(labels=[1, 4, 3, 0, 2, 2]),
    loss(labels=[4, 1, 3, 0, 2, 2]),
    loss(labels=[1, 1, 3, -1, 2, 2]),
    loss(indices=INDICES[:-1], labels=LABELS[:-1]),
    loss(indices=INDICES[[1, 0, 2, 3, 4, 5]]),
    loss(indices=INDICES[[0, 0, 2, 3, 4, 5]]),
    loss(indices=INDICES + [1, 0]),
    loss(labels=LABELS[:4]),
    loss(logits=LOGITS[:0]),
    loss(logits=LOGITS[0]),
    case("CTCGreedyDecoder", [LOGITS, LENGTHS]),
    case("CTCGreedyDecoder", [LOGITS, LENGTHS], merge_repeated=True),
    case("CTCGreedyDecoder", [LOGITS.astype("float64"), LENGTHS]),
    case("CTCGreedyDecoder", [LOGITS, np.array([6, 7, 1], np.int32)]),
    case("CTCGreedyDecoder", [LOGITS, np.array([6, 7], np.int32)]),
    case("CTCGreedyDecoder", [LOGITS[:0], LENGTHS]),
    case("CTCBeamSearchDecoder", [LOGITS, LENGTHS], beam_width=4, top_paths=2),
    case("CTCBeamSearchDecoder", [LOGITS, LENGTHS], beam_width=40, top_paths=3, merge_repeated=False),
    case("CTCBeamSearchDecoder", [LOGITS.astype("float64"), LENGTHS], beam_width=2, top_paths=1).options(rtol=1e-5),
    case("CTCBeamSearchDecoder", [LOGITS, LENGTHS], beam_width=2, top_paths=3),
    case("CTCBeamSearchDecoder", [LOGITS, 0 * LENGTHS], beam_width=4, top_paths=2),
    case("CTCBeamSearchDecoder", [LOGITS, LENGTHS + 3], beam_width=4, top_paths=2),
    case("CTCBeamSearchDecoder", [LOGITS, LENGTHS], beam_width=0, top_paths=1),
]
ELSEWHERE = {}
