"""Samples of ops that are whole steps of recurrent cells, and of the tree of a beam search."""

from __future__ import annotations

from tests.conformance.samples import case, floats, ints

LSTM = [floats(2, 3), floats(2, 4), floats(2, 4), floats(7, 16)]
PEEPHOLES = [floats(4), floats(4), floats(4)]
SAVED = [floats(2, 4, low=0.1, high=0.9)] * 6
SEQUENCE = [floats(3, 2, 3), floats(2, 4), floats(2, 4), floats(7, 16)]
KEPT = [floats(3, 2, 4, low=0.1, high=0.9)] * 7
GRU = [floats(2, 3), floats(2, 4), floats(7, 8), floats(7, 4), floats(8), floats(4)]
FEWER = ints(dtype="int64", low=2, high=3)
STEPS = ints(dtype="int64", low=3, high=4)

CASES = [
    case("LSTMBlockCell", [*LSTM, *PEEPHOLES, floats(16)]).options(gradient=False),
    case(
        "LSTMBlockCell", [*LSTM, *PEEPHOLES, floats(16)],
        use_peephole=True, forget_bias=0.5, cell_clip=0.3,
    ).options(gradient=False),  # fmt: skip
    case("LSTMBlockCell", [*LSTM, *PEEPHOLES, floats(16)], cell_clip=-1.0).options(gradient=False),
    case("LSTMBlockCell", [*LSTM, *PEEPHOLES, floats(12)]).options(gradient=False),
    case("LSTMBlockCell", [floats(3, 3), *LSTM[1:], *PEEPHOLES, floats(16)]).options(gradient=False),
    case(
        "LSTMBlockCellGrad",
        [*LSTM, *PEEPHOLES, floats(16), *SAVED, floats(2, 4), floats(2, 4)], use_peephole=True,
    ),
    case("BlockLSTM", [STEPS, *SEQUENCE, *PEEPHOLES, floats(16)]),
    case("BlockLSTM", [STEPS, *SEQUENCE, *PEEPHOLES, floats(16)], use_peephole=True, cell_clip=0.4),
    case("BlockLSTM", [STEPS, *SEQUENCE[:3], floats(6, 16), *PEEPHOLES, floats(16)]),
    case(
        "BlockLSTMGrad",
        [STEPS, *SEQUENCE, *PEEPHOLES, floats(16), *KEPT, floats(3, 2, 4), floats(3, 2, 4)],
        use_peephole=True,
    ),
    case(
        "BlockLSTMGrad",
        [FEWER, *SEQUENCE, *PEEPHOLES, floats(16), *KEPT, floats(3, 2, 4), floats(3, 2, 4)],
        use_peephole=False,
    ),
    case("GRUBlockCell", GRU).options(gradient=False),
    case("GRUBlockCell", [*GRU[:2], floats(6, 8), *GRU[3:]]).options(gradient=False),
    case("GRUBlockCellGrad", [*GRU, *[floats(2, 4, low=0.1, high=0.9)] * 3, floats(2, 4)]),
]
ELSEWHERE = {"GatherTree": "tests/contrib/test_beam_search.py"}
