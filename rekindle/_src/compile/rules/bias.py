"""Products and what is added to them in one kernel, where nothing else takes the product: Conv2D(x, w) + b and
MatMul(x, w) + b, where b has one number a channel, and MatMul(x, w) + y, where y is a matrix of the same shape."""
from __future__ import annotations

import math
from typing import Any

from rekindle._src.compile.program import Block, Instr, Program
from rekindle._src.graph import dtypes
from rekindle._src.ops import fused

CONV_BIAS = Block("Conv2DBias", fused.conv2d_bias, keywords=("strides", "padding", "dilations"))
MATMUL_BIAS = Block("MatMulBias", fused.matmul_bias, keywords=("transpose_a", "transpose_b"))
_SUMS = frozenset(["Add", "AddV2", "BiasAdd"])
_FLOATS = (dtypes.float32, dtypes.float64)
#: elements; of smaller products, the sum in a kernel of its own is as fast
_WORTH = 1 << 12


def fuse_bias(program: Program) -> Program:
    """The program with sums inside of their convolutions and matrix products."""
    uses = program.uses()
    made = {n: at for at, instr in enumerate(program.instrs) for n in instr.outputs}
    replaced: dict[int, Instr | None] = {}
    for at, instr in enumerate(program.instrs):
        if instr.block.type not in _SUMS:
            continue
        for product, bias in (instr.inputs, instr.inputs[::-1])[:1 if instr.block.type == "BiasAdd" else 2]:
            source = made.get(product)
            if source is None or source in replaced or uses[product] != 1:
                continue
            joined = _joined(instr, program.instrs[source], bias, program)
            if joined is not None:
                replaced[source], replaced[at] = None, joined
                break
    if not replaced:
        return program
    kept = [replaced.get(at, instr) for at, instr in enumerate(program.instrs)]
    return program.with_instrs(i for i in kept if i is not None)


def _joined(instr: Instr, product: Instr, bias: int, program: Program) -> Instr | None:
    """One instruction for a product and its sum with a bias; None if they do not go together."""
    whole = program.values[product.outputs[0]] if product.outputs else None
    added = program.values[bias].shape
    if whole is None or whole.shape is None or whole.dtype not in _FLOATS or added is None or None in added:
        return None
    if product.block.type == "MatMul":
        if added not in (whole.shape, whole.shape[-1:]) or math.prod(size or 0 for size in whole.shape) < _WORTH:
            return None
        return Instr(MATMUL_BIAS, instr.node, (*product.inputs, bias), instr.outputs, product.attrs)
    if added != whole.shape[-1:] or instr.node._attrs.get("data_format", b"NHWC") != b"NHWC":
        return None
    padding = _symmetric(product, program) if product.block.type == "Conv2D" else None
    if padding is None:
        return None
    attrs = {"strides": product.node._attrs["strides"], "padding": padding,
             "dilations": product.node._attrs["dilations"]}
    return Instr(CONV_BIAS, instr.node, (*product.inputs, bias), instr.outputs, attrs)


def _symmetric(conv: Instr, program: Program) -> tuple[int, int] | None:
    """The padding before (and after) rows and columns; None if it is not known or not the same on both sides."""
    attrs: dict[str, Any] = conv.node._attrs
    image, kernel = (program.values[n].shape for n in conv.inputs)
    if attrs["data_format"] != b"NHWC" or image is None or kernel is None or None in image[1:] or None in kernel:
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
