"""Numbers of few bits: quantize, dequantize, fake_quant, and bitcast.

Source: Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only
Inference".
"""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops.torch_types import TORCH


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


# Fake quantization.


def nudged(low: Any, high: Any, num_bits: int, narrow_range: bool) -> tuple[Any, Any, Any]:
    """(low, high, step) moved so that zero is one of the steps."""
    least, most = (1 if narrow_range else 0), 2**num_bits - 1
    step = (high - low) / (most - least)
    zero = torch.clamp(torch.floor(least - low / step + 0.5), least, most)
    return (least - zero) * step, (most - zero) * step, step


def fake_quantized(x: Any, low: Any, high: Any, num_bits: int, narrow_range: bool) -> Any:
    """x rounded to one of 2**num_bits values between low and high."""
    lowest, highest, step = nudged(low, high, num_bits, narrow_range)
    inside = torch.clamp(x, lowest, highest) - lowest
    out = torch.floor(inside / step + 0.5) * step + lowest
    return torch.where((low == 0) & (high == 0), torch.zeros_like(x), out)


def _scalars(x: Any, *numbers: float) -> list[Any]:
    return [torch.full((), number, dtype=x.dtype, device=x.device) for number in numbers]


_ARGS = "quantization.fake_quant_with_min_max_args fake_quant_with_min_max_args"
_VARS = "quantization.fake_quant_with_min_max_vars fake_quant_with_min_max_vars"
_CHANNELS = f"{_VARS.split()[0]}_per_channel {_VARS.split()[1]}_per_channel"


def _gradient_names(names: str) -> str:
    return " ".join(f"{name}_gradient" for name in names.split())


@op("FakeQuantWithMinMaxArgs", public=_ARGS, infer=infer.same)
def fake_quant_with_min_max_args(inputs, *, min=-6.0, max=6.0, num_bits=8, narrow_range=False):  # noqa: A002
    """The inputs rounded to one of 2**num_bits values between min and max."""
    return fake_quantized(inputs, *_scalars(inputs, min, max), num_bits, narrow_range)


@op("FakeQuantWithMinMaxArgsGradient", public=_gradient_names(_ARGS), infer=infer.same)
def fake_quant_with_min_max_args_gradient(
    gradients, inputs, *, min=-6.0, max=6.0, num_bits=8, narrow_range=False
):  # noqa: A002
    """The gradients where the inputs are between min and max."""
    low, high, _ = nudged(*_scalars(inputs, min, max), num_bits, narrow_range)
    return gradients * ((inputs >= low) & (inputs <= high))


def _vars_rule(c: Any) -> Any:
    infer.with_rank(c.shapes[1], 0)
    infer.with_rank(c.shapes[2], 0)
    return c.shapes[0]


@op("FakeQuantWithMinMaxVars", public=_VARS, infer=_vars_rule)
def fake_quant_with_min_max_vars(inputs, min, max, *, num_bits=8, narrow_range=False):  # noqa: A002
    """The inputs rounded to one of 2**num_bits values between min and max."""
    return fake_quantized(inputs, min, max, num_bits, narrow_range)


def _parted(dy: Any, x: Any, low: Any, high: Any) -> tuple[Any, Any, Any]:
    """The gradients of values inside, below and above the range."""
    below, above = x < low, x > high
    return dy * ~(below | above), dy * below, dy * above


def _vars_gradient_rule(c: Any) -> Any:
    sizes = infer.merge(c.shapes[0], c.shapes[1])
    scalar = infer.merge(infer.with_rank(c.shapes[2], 0), c.shapes[3])
    return [sizes, scalar, scalar]


@op("FakeQuantWithMinMaxVarsGradient", public=_gradient_names(_VARS), infer=_vars_gradient_rule)
def fake_quant_with_min_max_vars_gradient(
    gradients, inputs, min, max, *, num_bits=8, narrow_range=False
):  # noqa: A002
    """The gradients of inputs, min and max."""
    low, high, _ = nudged(min, max, num_bits, narrow_range)
    inside, below, above = _parted(gradients, inputs, low, high)
    nowhere = (min == 0) & (max == 0)
    zero = torch.zeros_like(min)
    return (
        torch.where(nowhere, gradients, inside),
        torch.where(nowhere, zero, below.sum()),
        torch.where(nowhere, zero, above.sum()),
    )


def _channels_rule(c: Any) -> Any:
    sizes = infer.with_rank_at_least(c.shapes[0], 1)
    low, high = (infer.with_rank(c.shapes[i], 1)[0] for i in (1, 2))
    last = None if sizes is None else sizes[-1]
    infer.merge_dim(last, low)
    infer.merge_dim(last, high)
    infer.merge_dim(low, high)
    return sizes


@op("FakeQuantWithMinMaxVarsPerChannel", public=_CHANNELS, infer=_channels_rule)
def fake_quant_with_min_max_vars_per_channel(inputs, min, max, *, num_bits=8, narrow_range=False):  # noqa: A002
    """The inputs rounded to one of 2**num_bits values between min and max of their channel."""
    return fake_quantized(inputs, min, max, num_bits, narrow_range)


def _channels_gradient_rule(c: Any) -> Any:
    sizes = infer.with_rank_at_most(infer.with_rank_at_least(c.shapes[0], 1), 4)
    sizes = infer.merge(sizes, c.shapes[1])
    last = (None if sizes is None else sizes[-1],)
    vector = infer.merge(c.shapes[3], infer.merge(infer.with_rank(c.shapes[2], 1), last))
    return [sizes, vector, vector]


@op(
    "FakeQuantWithMinMaxVarsPerChannelGradient",
    public=_gradient_names(_CHANNELS),
    infer=_channels_gradient_rule,
)
def fake_quant_with_min_max_vars_per_channel_gradient(gradients, inputs, min, max, *, num_bits=8,
                                                      narrow_range=False):  # noqa: A002  # fmt: skip
    """The gradients of inputs, min and max of each channel."""
    low, high, _ = nudged(min, max, num_bits, narrow_range)
    axes = list(range(inputs.dim() - 1))
    inside, below, above = _parted(gradients, inputs, low, high)
    if not axes:
        return inside, below, above
    return inside, below.sum(axes), above.sum(axes)


def _same_range(op: Any) -> dict[str, Any]:
    return {name: op.get_attr(name) for name in ("num_bits", "narrow_range")}


@fake_quant_with_min_max_args.gradient
def fake_quant_args_gradient(op, dy):
    ends = {name: op.get_attr(name) for name in ("min", "max")}
    return fake_quant_with_min_max_args_gradient(dy, op.inputs[0], **ends, **_same_range(op))


@fake_quant_with_min_max_vars.gradient
def fake_quant_vars_gradient(op, dy):
    return fake_quant_with_min_max_vars_gradient(dy, *op.inputs, **_same_range(op))


@fake_quant_with_min_max_vars_per_channel.gradient
def fake_quant_channels_gradient(op, dy):
    return fake_quant_with_min_max_vars_per_channel_gradient(dy, *op.inputs, **_same_range(op))


# Quantize and dequantize.


def rounded_through(x: Any, low: Any, high: Any, num_bits: int, *, signed: bool = True, given: bool = True,
                    narrow: bool = False, round_mode: str = "HALF_TO_EVEN") -> Any:  # fmt: skip
    """x brought to integers of num_bits and back.

    Raises:
      InvalidArgumentError: low is greater than high.
    """
    if not given:
        low, high = x.min(), x.max()
    elif low.device.type == "cpu" and bool(low > high):
        raise _invalid(f"Invalid range: input_min {float(low):g} > input_max {float(high):g}")
    least = -(2 ** (num_bits - 1)) + int(narrow) if signed else 0
    most = 2 ** (num_bits - 1) - 1 if signed else 2**num_bits - 1
    from_low = torch.where(least * low > 0, least / low, torch.finfo(x.dtype).max)
    from_high = torch.where(most * high > 0, most / high, torch.finfo(x.dtype).max)
    use_low = from_low < from_high
    scale = torch.where(use_low, from_low, from_high)
    low, high = (
        torch.where(use_low, low, least / scale),
        torch.where(use_low, most / scale, high),
    )
    scaled = torch.clamp(x, low, high) * scale if given else x * scale
    whole = torch.round(scaled) if round_mode == "HALF_TO_EVEN" else torch.floor(scaled + 0.5)
    return whole / scale


def _range_rule(c: Any) -> Any:
    for shape in c.shapes[1:]:
        infer.with_rank(shape, 0)
    return c.shapes[0]


@op("QuantizeAndDequantize", infer=infer.same)
def quantize_and_dequantize_op(input, *, signed_input=True, num_bits=8, range_given=False, input_min=0.0,
                               input_max=0.0):  # fmt: skip
    """The input brought to integers of num_bits and back."""
    low, high = _scalars(input, input_min, input_max)
    return rounded_through(input, low, high, num_bits, signed=signed_input, given=range_given)


@op("QuantizeAndDequantizeV2", infer=_range_rule)
def quantize_and_dequantize_v2(input, input_min, input_max, *, signed_input=True, num_bits=8, range_given=False,
                               round_mode="HALF_TO_EVEN", narrow_range=False):  # fmt: skip
    """The input brought to integers of num_bits and back."""
    return rounded_through(
        input, input_min, input_max, num_bits, signed=signed_input, given=range_given, narrow=narrow_range,
        round_mode=round_mode,
    )  # fmt: skip


@op("QuantizeAndDequantizeV3", infer=_range_rule)
def quantize_and_dequantize_v3(input, input_min, input_max, num_bits, *, signed_input=True, range_given=True,
                               narrow_range=False):  # fmt: skip
    """The input brought to integers of num_bits and back."""
    return rounded_through(
        input,
        input_min,
        input_max,
        int(num_bits),
        signed=signed_input,
        given=range_given,
        narrow=narrow_range,
    )


@quantize_and_dequantize_op.gradient
@quantize_and_dequantize_v2.gradient
@quantize_and_dequantize_v3.gradient
def quantize_and_dequantize_gradient(op, dy):
    return [dy] + [None] * (len(op.inputs) - 1)


@public("quantization.quantize_and_dequantize")
def quantize_and_dequantize(
    input: Any, input_min: Any, input_max: Any, signed_input: bool = True, num_bits: int = 8,
    range_given: bool = False, round_mode: str = "HALF_TO_EVEN", name: str | None = None,
    narrow_range: bool = False,
) -> Any:  # fmt: skip
    """The input brought to integers of `num_bits` and back; gradients pass as they are."""
    return quantize_and_dequantize_v2(
        input, input_min=input_min, input_max=input_max, signed_input=signed_input, num_bits=num_bits,
        range_given=range_given, round_mode=round_mode, narrow_range=narrow_range, name=name,
    )  # fmt: skip


def limits_of(dtype: Any) -> tuple[int, int]:
    """The least and greatest integer of a quantized type."""
    info = torch.iinfo(dtype.torch)
    return info.min, info.max


def _quantize_rule(c: Any) -> Any:
    return [_range_rule(c), (), ()]


@op("QuantizeV2", infer=_quantize_rule)
def quantize_v2_op(input, min_range, max_range, *, T, mode="MIN_COMBINED",  # noqa: N803
                   round_mode="HALF_AWAY_FROM_ZERO"):  # fmt: skip
    """The input as integers that stand for the numbers between min_range and max_range."""
    low = torch.minimum(torch.zeros_like(min_range), min_range)
    # a range of no width would divide by zero: TensorFlow widens it a little
    width = (
        torch.maximum(torch.ones_like(low), torch.maximum(min_range.abs(), max_range.abs())) / 100.0
    )
    high = torch.maximum(max_range, low + width)
    high = torch.maximum(torch.zeros_like(high), high)
    least, most = limits_of(T)
    if mode == "SCALED":
        return _scaled(input, low, high, T, round_mode)
    steps = most - least
    if mode == "MIN_FIRST":
        scale = steps / (high - low)
        whole = _away(input * scale) - _away(low * scale) + least
        return torch.clamp(whole, least, most).to(T.torch), low, high
    scale = steps / (high - low)
    offset = -(steps + 1) / 2.0 if least < 0 else 0.0
    whole = (torch.clamp(input, low, high) - low) * scale + offset
    whole = _away(whole) if least >= 0 or round_mode != "HALF_TO_EVEN" else torch.round(whole)
    return torch.clamp(whole, least, most).to(T.torch), low, high


def _away(x: Any) -> Any:
    """Round halves away from zero."""
    return torch.sign(x) * torch.floor(x.abs() + 0.5)


def _scaled(x: Any, low: Any, high: Any, dtype: Any, round_mode: str) -> tuple[Any, Any, Any]:
    least, most = limits_of(dtype)
    huge = torch.full_like(low, torch.finfo(low.dtype).max)
    from_low = torch.where(least * low > 0, least / low, huge)
    from_high = torch.where(most * high > 0, most / high, huge)
    scale = torch.minimum(from_low, from_high)
    low, high = least / scale, most / scale
    whole = torch.clamp(x, low, high) * scale
    whole = torch.round(whole) if round_mode == "HALF_TO_EVEN" else _away(whole)
    return torch.clamp(whole, least, most).to(dtype.torch), low, high


@public("quantize_v2")
def quantize_v2(
    input: Any, min_range: Any, max_range: Any, T: Any, mode: str = "MIN_COMBINED",  # noqa: N803
    name: str | None = None, round_mode: str = "HALF_AWAY_FROM_ZERO",
) -> Any:  # fmt: skip
    """The input as integers of type T, and the range they stand for."""
    return quantize_v2_op(
        input, min_range, max_range, T=T, mode=mode, name=name, round_mode=round_mode
    )


@public("quantize", "quantization.quantize")
def quantize(
    input: Any, min_range: Any, max_range: Any, T: Any, mode: str = "MIN_COMBINED",  # noqa: N803
    round_mode: str = "HALF_AWAY_FROM_ZERO", name: str | None = None,
) -> Any:  # fmt: skip
    """The input as integers of type T, and the range they stand for."""
    return quantize_v2_op(
        input, min_range, max_range, T, mode=mode, round_mode=round_mode, name=name
    )


@op("Dequantize", public="dequantize quantization.dequantize", infer=_range_rule)
def dequantize(input, min_range, max_range, *, mode="MIN_COMBINED", T):  # noqa: N803
    """The numbers that integers between min_range and max_range stand for."""
    least, most = limits_of(T)
    x = input.to(torch.float32)
    if mode == "SCALED":
        unsigned = max_range / most
        return x * (torch.maximum(min_range / least, unsigned) if least < 0 else unsigned)
    scale = (max_range - min_range) / (most - least)
    if mode == "MIN_FIRST":
        return (x - least) * scale + torch.round(min_range / scale) * scale
    half = (most - least + 1) / 2.0 if least < 0 else 0.0
    return (x + half) * scale + min_range


# Bits.


def _bitcast_rule(c: Any) -> Any:
    sizes = c.shapes[0]
    have, want = c.dtypes[0].size, c.attr("type").size
    if sizes is None or have == want:
        return sizes
    if want < have:
        return sizes + (have // want,)
    if not sizes or sizes[-1] not in (None, want // have):
        last = sizes[-1] if sizes else 0
        raise ValueError(f"Cannot bitcast due to shape. {last} does not match {want // have}")
    return sizes[:-1]


@op("Bitcast", public="bitcast", infer=_bitcast_rule, aliases=0)
def bitcast(input, *, type):  # noqa: A002 - the attr's name
    """The bytes of the tensor read as another type."""
    return (
        input.contiguous().view(type.torch)
        if torch.empty(0, dtype=type.torch).itemsize == input.element_size()
        else reread(input, type.torch)
    )


def reread(x: Any, dtype: Any) -> Any:
    """The bytes of a tensor as a type of another width: an axis more or less at the end."""
    width = torch.empty(0, dtype=dtype).itemsize
    if width < x.element_size():
        return x.contiguous().unsqueeze(-1).view(dtype)
    if x.shape[-1:] != (width // x.element_size(),):
        raise _invalid(
            f"Cannot bitcast from {_name(x.dtype)} to {_name(dtype)}: shape {infer.show(tuple(x.shape))}"
        )
    return x.contiguous().view(dtype).squeeze(-1)


def _name(dtype: Any) -> str:
    return next(tf.name for tf, one in TORCH.items() if one is dtype)
