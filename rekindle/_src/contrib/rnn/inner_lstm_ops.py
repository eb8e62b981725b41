"""What only tensorflow.contrib.rnn.python.ops.lstm_ops names: the block ops with their optional inputs."""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import dtypes
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import constant as constant_ops
from rekindle._src.ops import rnn_blocks


def _lstm_block_cell(
    x: Any, cs_prev: Any, h_prev: Any, w: Any, b: Any, wci: Any = None, wcf: Any = None,
    wco: Any = None, forget_bias: Any = None, cell_clip: Any = None, use_peephole: Any = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """(i, cs, f, o, ci, co, h): one step of an LSTM."""
    if wci is None:
        units = cs_prev.get_shape().with_rank(2).as_list()[1]
        if units is None:
            raise ValueError("cell_size from `cs_prev` should not be None.")
        wci = wcf = wco = constant_ops.constant(0, dtype=dtypes.float32, shape=[units])
    return rnn_blocks.lstm_block_cell(
        x=x, cs_prev=cs_prev, h_prev=h_prev, w=w, wci=wci, wcf=wcf, wco=wco, b=b,
        forget_bias=forget_bias, cell_clip=-1 if cell_clip is None else cell_clip,
        use_peephole=use_peephole, name=name,
    )  # fmt: skip


def _block_lstm(
    seq_len_max: Any, x: list[Any], w: Any, b: Any, cs_prev: Any = None, h_prev: Any = None,
    wci: Any = None, wcf: Any = None, wco: Any = None, forget_bias: Any = None,
    cell_clip: Any = None, use_peephole: Any = None, name: str | None = None,
) -> Any:  # fmt: skip
    """Lists of (i, cs, f, o, ci, co, h): an LSTM over a list of inputs [B, D]."""
    dtype, rows = x[0].dtype, x[0].get_shape().with_rank(2).as_list()[0]
    gates = b.get_shape().with_rank(1).as_list()[0]
    if gates is None:
        raise ValueError("`b` shape must not be None.")
    units = gates // 4
    if cs_prev is None or h_prev is None:
        zeros = constant_ops.constant(0, dtype=dtype, shape=[rows, units])
        cs_prev = zeros if cs_prev is None else cs_prev
        h_prev = zeros if h_prev is None else h_prev
    if wci is None:
        wci = wcf = wco = constant_ops.constant(0, dtype=dtype, shape=[units])
    found = rnn_blocks.block_lstm(
        seq_len_max=seq_len_max, x=array_ops.stack(x), cs_prev=cs_prev, h_prev=h_prev, w=w, wci=wci,
        wcf=wcf, wco=wco, b=b, forget_bias=forget_bias,
        cell_clip=-1 if cell_clip is None else cell_clip, use_peephole=use_peephole, name=name,
    )  # fmt: skip
    return tuple(array_ops.unstack(one) for one in found)
