"""Conv2D(x, w) + b -> one convolution with a bias, where b has one number a channel and nothing else takes the sum's
input."""
from __future__ import annotations

from typing import Any

from rekindle._src.compile.program import Block, Instr, Program
from rekindle._src.graph import dtypes
from rekindle._src.ops import fused

CONV_BIAS = Block("Conv2DBias", fused.conv2d_bias, keywords=("strides", "padding", "dilations"))
_SUMS = frozenset(["Add", "AddV2", "BiasAdd"])


def fuse_conv_bias(program: Program) -> Program:
    """The program with biases inside their convolutions."""
    uses = program.uses()
    made = {n: at for at, instr in enumerate(program.instrs) for n in instr.outputs}
    replaced: dict[int, Instr | None] = {}
    for at, instr in enumerate(program.instrs):
        if instr.block.type not in _SUMS:
            continue
        source = made.get(instr.inputs[0])
        if source is None or uses[instr.inputs[0]] != 1 or program.instrs[source].block.type != "Conv2D":
            continue
        conv = program.instrs[source]
        padding = _symmetric(conv, program)
        bias = program.values[instr.inputs[1]]
        channels = (program.values[conv.outputs[0]].shape or (None,))[-1]
        if padding is None or bias.shape != (channels,) or instr.node._attrs.get("data_format", b"NHWC") != b"NHWC":
            continue
        attrs = {"strides": conv.node._attrs["strides"], "padding": padding, "dilations": conv.node._attrs["dilations"]}
        replaced[source] = None
        replaced[at] = Instr(CONV_BIAS, instr.node, (*conv.inputs, instr.inputs[1]), instr.outputs, attrs)
    if not replaced:
        return program
    kept = [replaced.get(at, instr) for at, instr in enumerate(program.instrs)]
    return program.with_instrs(i for i in kept if i is not None)


def _symmetric(conv: Instr, program: Program) -> tuple[int, int] | None:
    """The padding before (and after) rows and columns; None if it is not known or not the same on both sides."""
    attrs: dict[str, Any] = conv.node._attrs
    image, kernel = (program.values[n].shape for n in conv.inputs)
    if attrs["data_format"] != b"NHWC" or program.values[conv.outputs[0]].dtype not in (
            dtypes.float32, dtypes.float64) or image is None or kernel is None or None in image[1:] or None in kernel:
        return None
    if image[-1] != kernel[2]:
        return None
    if attrs["padding"] == b"VALID":
        return (0, 0)
    if attrs["padding"] != b"SAME":
        return None
    pads = []
    for axis in (1, 2):
        size, stride, dilation = image[axis] or 0, attrs["strides"][axis], attrs["dilations"][axis]
        reach = ((kernel[axis - 1] or 0) - 1) * dilation + 1
        total = max((-(-size // stride) - 1) * stride + reach - size, 0)
        if total % 2:
            return None
        pads.append(total // 2)
    return pads[0], pads[1]
