"""Whole steps of recurrent cells as one op: LSTMBlockCell, BlockLSTM, GRUBlockCell and their gradients.

The gates of an LSTM lie side by side as [i, ci, f, o]: input gate, candidate, forget gate, output gate.
"""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import bias
from rekindle._src.ops import math as math_ops


def _check_sizes(pairs: list[tuple[str, int, int]]) -> None:
    """Refuse the first of (what is said, size, wanted size) that does not fit."""
    for said, size, wanted in pairs:
        if size != wanted:
            raise errors.InvalidArgumentError(None, None, f"{said}: {size} vs. {wanted}")


def _step_shape(c: Any) -> list[infer.Shape]:
    x, state = infer.with_rank(c.shapes[0], 2), infer.with_rank(c.shapes[1], 2)
    return [(x[0], state[1])] * len(c.op.outputs)


# LSTM.


def _check_lstm(x: torch.Tensor, cs_prev: torch.Tensor, h_prev: torch.Tensor, w: Any, b: Any) -> None:
    (rows, depth), units = x.shape, cs_prev.shape[1]
    _check_sizes([
        ("cs_prev.dims(0) != batch_size", cs_prev.shape[0], rows),
        ("h_prev.dims(0) != batch_size", h_prev.shape[0], rows),
        ("h_prev.dims(1) != cell_size", h_prev.shape[1], units),
        ("w.dim_size(0) != input_size + cell_size", w.shape[0], depth + units),
        ("w.dim_size(1) != cell_size * 4", w.shape[1], units * 4),
        ("b.dim_size(0) != cell_size * 4", b.shape[0], units * 4),
    ])  # fmt: skip


def _lstm_step(gates: Any, cs_prev: Any, peepholes: Any, forget_bias: float, cell_clip: float) -> Any:
    """(i, cs, f, o, ci, co, h) of gates [B, 4 units] before their nonlinearities."""
    i, ci, f, o = torch.chunk(gates, 4, 1)
    f = f + forget_bias
    if peepholes is not None:
        i, f = i + cs_prev * peepholes[0], f + cs_prev * peepholes[1]
    i, ci, f = torch.sigmoid(i), torch.tanh(ci), torch.sigmoid(f)
    cs = i * ci + f * cs_prev
    if cell_clip > 0:
        cs = torch.clamp(cs, -cell_clip, cell_clip)
    if peepholes is not None:
        o = o + cs * peepholes[2]
    o, co = torch.sigmoid(o), torch.tanh(cs)
    return i, cs, f, o, ci, co, o * co


@op("LSTMBlockCell", infer=_step_shape)
def lstm_block_cell(
    x, cs_prev, h_prev, w, wci, wcf, wco, b, *, forget_bias=1.0, cell_clip=3.0, use_peephole=False
):
    """(i, cs, f, o, ci, co, h), each [B, units]: one step of an LSTM on x [B, D]."""
    _check_lstm(x, cs_prev, h_prev, w, b)
    gates = torch.addmm(b, torch.cat([x, h_prev], 1), w)
    peepholes = (wci, wcf, wco) if use_peephole else None
    return _lstm_step(gates, cs_prev, peepholes, forget_bias, cell_clip)


def _lstm_step_gradient(
    cs_prev: Any, peepholes: Any, saved: Any, cs_grad: Any, h_grad: Any
) -> tuple[Any, Any, Any]:
    """The gradients of the memory before, of the gates [B, 4 units], and of the peepholes."""
    i, cs, f, o, ci, co = saved
    do = o * (1 - o) * h_grad * co
    dcs = (1 - co * co) * h_grad * o + cs_grad
    if peepholes is not None:
        dcs = dcs + do * peepholes[2]
    dci = (1 - ci * ci) * dcs * i
    df = f * (1 - f) * dcs * cs_prev
    di = i * (1 - i) * dcs * ci
    dcs_prev = dcs * f
    dpeepholes = None
    if peepholes is not None:
        dcs_prev = dcs_prev + di * peepholes[0] + df * peepholes[1]
        dpeepholes = [torch.sum(d * seen, 0) for d, seen in ((di, cs_prev), (df, cs_prev), (do, cs))]
    return dcs_prev, torch.cat([di, dci, df, do], 1), dpeepholes


def _lstm_gradient_shapes(c: Any) -> list[infer.Shape]:
    x, state = infer.with_rank(c.shapes[0], 2), infer.with_rank(c.shapes[1], 2)
    units = state[1]
    gates = None if units is None else 4 * units
    return [(x[0], units), (x[0], gates), (units,), (units,), (units,)]


@op("LSTMBlockCellGrad", infer=_lstm_gradient_shapes)
def lstm_block_cell_grad(
    x, cs_prev, h_prev, w, wci, wcf, wco, b, i, cs, f, o, ci, co, cs_grad, h_grad, *, use_peephole
):
    """(cs_prev_grad, gates' gradient [B, 4 units], wci_grad, wcf_grad, wco_grad) of LSTMBlockCell."""
    _check_lstm(x, cs_prev, h_prev, w, b)
    peepholes = (wci, wcf, wco) if use_peephole else None
    saved = (i, cs, f, o, ci, co)
    dcs_prev, dgates, dpeepholes = _lstm_step_gradient(cs_prev, peepholes, saved, cs_grad, h_grad)
    if dpeepholes is None:
        dpeepholes = [torch.zeros_like(p) for p in (wci, wcf, wco)]
    return (dcs_prev, dgates, *dpeepholes)




@lstm_block_cell.gradient
def lstm_block_cell_gradient(op, *grads):
    x, cs_prev, h_prev, w, wci, wcf, wco, b = op.inputs
    i, cs, f, o, ci, co, _ = op.outputs
    rows = x.get_shape().with_rank(2).as_list()[0]
    depth = _known_size(x, "input_size from `x`")
    units = _known_size(cs_prev, "cell_size from `cs_prev`")
    cs_prev_grad, dgates, wci_grad, wcf_grad, wco_grad = lstm_block_cell_grad(
        x=x, cs_prev=cs_prev, h_prev=h_prev, w=w, wci=wci, wcf=wcf, wco=wco, b=b, i=i, cs=cs, f=f, o=o,
        ci=ci, co=co, cs_grad=grads[1], h_grad=grads[6], use_peephole=op.get_attr("use_peephole"),
    )  # fmt: skip
    rows = -1 if rows is None else rows
    xh_grad = math_ops.matmul(dgates, w, transpose_b=True)
    x_grad = array_ops.slice(xh_grad, (0, 0), (rows, depth))
    h_prev_grad = array_ops.slice(xh_grad, (0, depth), (rows, units))
    w_grad = math_ops.matmul(array_ops.concat([x, h_prev], 1), dgates, transpose_a=True)
    b_grad = bias.bias_add_grad(dgates)
    return x_grad, cs_prev_grad, h_prev_grad, w_grad, wci_grad, wcf_grad, wco_grad, b_grad


def _known_size(x: Any, said: str) -> int:
    size = x.get_shape().with_rank(2).as_list()[1]
    if size is None:
        raise ValueError(f"{said} should not be None.")
    return size


# A whole sequence.


def _sequence_shape(c: Any) -> list[infer.Shape]:
    x, offset = infer.with_rank(c.shapes[1], 3), infer.with_rank(c.shapes[-1], 1)
    gates = offset[0]
    if gates is not None and gates % 4:
        raise ValueError(f"Dimension size must be evenly divisible by 4 but is {gates}")
    units = None if gates is None else gates // 4
    return [(x[0], x[1], units)] * 7


@op("BlockLSTM", infer=_sequence_shape)
def block_lstm(
    seq_len_max, x, cs_prev, h_prev, w, wci, wcf, wco, b,
    *, forget_bias=1.0, cell_clip=3.0, use_peephole=False,
):  # fmt: skip
    """(i, cs, f, o, ci, co, h), each [T, B, units]: an LSTM over x [T, B, D]; zeros after `seq_len_max` steps."""
    _check_sequence(x, cs_prev, h_prev, w, (wci, wcf, wco), b)
    depth, steps = x.shape[2], int(seq_len_max)
    peepholes = (wci, wcf, wco) if use_peephole else None
    inputs = torch.addmm(b, x[:steps].reshape(-1, depth), w[:depth]).view(-1, x.shape[1], b.shape[0])
    parts = []
    for gates in inputs:
        gates = torch.addmm(gates, h_prev, w[depth:])
        parts.append(_lstm_step(gates, cs_prev, peepholes, forget_bias, cell_clip))
        cs_prev, h_prev = parts[-1][1], parts[-1][6]
    whole = x.new_zeros((7, x.shape[0], x.shape[1], b.shape[0] // 4))
    for part, steps_of_part in zip(whole, zip(*parts, strict=True), strict=False):
        torch.stack(steps_of_part, out=part[:steps])
    return whole.unbind(0)


def _check_sequence(x: Any, cs_prev: Any, h_prev: Any, w: Any, peepholes: Any, b: Any) -> None:
    for name, value, rank in (
        ("x", x, 3), ("cs_prev", cs_prev, 2), ("h_prev", h_prev, 2), ("w", w, 2),
        *((f"wc{g}", p, 1) for g, p in zip("ifo", peepholes, strict=True)), ("b", b, 1),
    ):  # fmt: skip
        if value.dim() != rank:
            raise errors.InvalidArgumentError(None, None, f"{name} must be {rank}D")
    _, rows, depth = x.shape
    units = cs_prev.shape[1]
    _check_sizes([
        ("cs_prev.dims(0) != batch_size", cs_prev.shape[0], rows),
        ("h_prev.dims(0) != batch_size", h_prev.shape[0], rows),
        ("h_prev.dims(1) != cell_size", h_prev.shape[1], units),
        ("w.dim_size(0) != input_size + cell_size", w.shape[0], depth + units),
        ("w.dim_size(1) != cell_size * 4", w.shape[1], units * 4),
        *((f"wc{g}.dim_size(0) != cell_size", p.shape[0], units) for g, p in zip("ifo", peepholes, strict=True)),
        ("b.dim_size(0) != cell_size * 4", b.shape[0], units * 4),
    ])  # fmt: skip


def _sequence_gradient_shapes(c: Any) -> list[infer.Shape]:
    ranks = (3, 2, 2, 2, 1, 1, 1, 1)
    return [infer.with_rank(shape, rank) for shape, rank in zip(c.shapes[1:9], ranks, strict=True)]


@op("BlockLSTMGrad", infer=_sequence_gradient_shapes)
def block_lstm_grad(
    seq_len_max, x, cs_prev, h_prev, w, wci, wcf, wco, b, i, cs, f, o, ci, co, h, cs_grad, h_grad,
    *, use_peephole,
):  # fmt: skip
    """The gradients of x, cs_prev, h_prev, w, wci, wcf, wco and b of BlockLSTM."""
    steps, depth = int(seq_len_max), x.shape[2]
    peepholes = (wci, wcf, wco) if use_peephole else None
    dpeepholes = [torch.zeros_like(p) for p in (wci, wcf, wco)]
    dcs, dh = torch.zeros_like(cs_prev), torch.zeros_like(h_prev)
    back = w[depth:].t()
    dgates = []
    for t in reversed(range(steps)):
        saved = tuple(one[t] for one in (i, cs, f, o, ci, co))
        before = cs[t - 1] if t else cs_prev
        dcs, gates, seen = _lstm_step_gradient(before, peepholes, saved, dcs + cs_grad[t], dh + h_grad[t])
        if seen is not None:
            dpeepholes = [sum_ + one for sum_, one in zip(dpeepholes, seen, strict=True)]
        dh = torch.mm(gates, back)
        dgates.append(gates)
    dx = torch.zeros_like(x)
    if not dgates:
        return (dx, dcs, dh, torch.zeros_like(w), *dpeepholes, torch.zeros_like(b))
    flat = torch.stack(dgates[::-1]).view(-1, b.shape[0])
    dx[:steps] = torch.mm(flat, w[:depth].t()).view(steps, *x.shape[1:])
    outputs = torch.cat([h_prev.unsqueeze(0), h[: steps - 1]])
    rows = torch.cat([x[:steps], outputs], 2).view(-1, w.shape[0])
    return (dx, dcs, dh, torch.mm(rows.t(), flat), *dpeepholes, torch.sum(flat, 0))




@block_lstm.gradient
def block_lstm_gradient(op, *grads):
    seq_len_max, x, cs_prev, h_prev, w, wci, wcf, wco, b = op.inputs
    i, cs, f, o, ci, co, h = op.outputs
    found = block_lstm_grad(
        seq_len_max=seq_len_max, x=x, cs_prev=cs_prev, h_prev=h_prev, w=w, wci=wci, wcf=wcf, wco=wco, b=b,
        i=i, cs=cs, f=f, o=o, ci=ci, co=co, h=h, cs_grad=grads[1], h_grad=grads[6],
        use_peephole=op.get_attr("use_peephole"),
    )  # fmt: skip
    return None, *found


# GRU.


def _check_gru(x: Any, h_prev: Any, w_ru: Any, w_c: Any, b_ru: Any, b_c: Any) -> None:
    (rows, depth), units = x.shape, h_prev.shape[1]
    _check_sizes([
        ("h_prev.dims(0) != batch_size", h_prev.shape[0], rows),
        ("w_ru.dim_size(0) != input_size + cell_size", w_ru.shape[0], depth + units),
        ("w_ru.dim_size(1) != cell_size * 2", w_ru.shape[1], units * 2),
        ("w_c.dim_size(0) != input_size + cell_size", w_c.shape[0], depth + units),
        ("w_c.dim_size(1) != cell_size", w_c.shape[1], units),
        ("b_ru.dim_size(0) != cell_size * 2", b_ru.shape[0], units * 2),
        ("b_c.dim_size(0) != cell_size", b_c.shape[0], units),
    ])  # fmt: skip


@op("GRUBlockCell", infer=_step_shape)
def gru_block_cell(x, h_prev, w_ru, w_c, b_ru, b_c):
    """(r, u, c, h), each [B, units]: one step of a GRU on x [B, D]."""
    _check_gru(x, h_prev, w_ru, w_c, b_ru, b_c)
    gates = torch.sigmoid(torch.addmm(b_ru, torch.cat([x, h_prev], 1), w_ru))
    r, u = torch.chunk(gates, 2, 1)
    c = torch.tanh(torch.addmm(b_c, torch.cat([x, h_prev * r], 1), w_c))
    return r.contiguous(), u.contiguous(), c, u * (h_prev - c) + c


def _gru_gradient_shapes(c: Any) -> list[infer.Shape]:
    x, state, w = (infer.with_rank(shape, 2) for shape in c.shapes[:3])
    return [x, (x[0], state[1]), (x[0], state[1]), (x[0], w[1])]


@op("GRUBlockCellGrad", infer=_gru_gradient_shapes)
def gru_block_cell_grad(x, h_prev, w_ru, w_c, b_ru, b_c, r, u, c, d_h):
    """(d_x, d_h_prev, d_c_bar, d_r_bar_u_bar) of GRUBlockCell; the last two before the nonlinearities."""
    _check_gru(x, h_prev, w_ru, w_c, b_ru, b_c)
    depth = x.shape[1]
    dc = d_h * (1 - u) * (1 - c * c)
    du = d_h * (h_prev - c) * u * (1 - u)
    through_c = torch.mm(dc, w_c.t())
    dhr = through_c[:, depth:]
    dr = dhr * h_prev * r * (1 - r)
    dgates = torch.cat([dr, du], 1)
    through_gates = torch.mm(dgates, w_ru.t())
    dx = through_gates[:, :depth] + through_c[:, :depth]
    return dx, through_gates[:, depth:] + dhr * r + d_h * u, dc, dgates




@gru_block_cell.gradient
def gru_block_cell_gradient(op, *grads):
    x, h_prev, w_ru, w_c, b_ru, b_c = op.inputs
    r, u, c, _ = op.outputs
    dx, dh_prev, dc, dgates = gru_block_cell_grad(x, h_prev, w_ru, w_c, b_ru, b_c, r, u, c, grads[3])
    inputs = array_ops.concat([x, h_prev], 1)
    dw_ru = math_ops.matmul(inputs, dgates, transpose_a=True)
    db_ru = bias.bias_add_grad(dgates)
    inputs = array_ops.concat([x, h_prev * r], 1)
    dw_c = math_ops.matmul(inputs, dc, transpose_a=True)
    return dx, dh_prev, dw_ru, dw_c, db_ru, bias.bias_add_grad(dc)
