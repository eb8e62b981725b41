"""Relu, then MaxPool: rectify the maxima instead, and the gradients of both, and of a bias before, in one pass."""
from __future__ import annotations

from typing import Any

from rekindle._src.compile.program import Block, Instr, Program, substitute
from rekindle._src.ops import fused

_KEYWORDS = ("ksize", "strides", "padding")
MAX_POOL_RELU = Block("MaxPoolRelu", fused.max_pool_relu, keywords=_KEYWORDS)
MAX_POOL_GRAD = Block("MaxPoolGradOfMaxima", fused.max_pool_grad, keywords=(*_KEYWORDS, "positive"))
MAX_POOL_GRAD_SUM = Block("MaxPoolGradAndSum", fused.max_pool_grad_and_sum, keywords=(*_KEYWORDS, "positive"))


def fuse_pool_relu(program: Program) -> Program:
    """The program with relus of images moved after the max pooling that follows, where nothing else takes them."""
    return _sum_gradients(_move_relus(_join_gradients(_use_maxima(program))))


def _use_maxima(program: Program) -> Program:
    """MaxPoolGrad(x, MaxPool(x), dy), which need not find the maxima again."""
    made = {n: instr for instr in program.instrs for n in instr.outputs}
    kept = []
    for instr in program.instrs:
        if instr.block.type == "MaxPoolGrad" and _of_images(instr):
            pool = made.get(instr.inputs[1])
            if (pool is not None and pool.block.type == "MaxPool" and pool.inputs == instr.inputs[:1]
                    and _of_images(pool) and _windows(pool) == _windows(instr)):
                attrs = {**_windows(instr), "positive": False}
                instr = Instr(MAX_POOL_GRAD, instr.node, instr.inputs, instr.outputs, attrs)
        kept.append(instr)
    return program.with_instrs(kept)


def _join_gradients(program: Program) -> Program:
    """ReluGrad(gradient of the pooling of x, x), where x is what relu gave, made one instruction."""
    uses = program.uses()
    made = {n: instr for instr in program.instrs for n in instr.outputs}
    joined: dict[int, Instr] = {}  # by what ReluGrad gave
    dropped: set[int] = set()  # the gradients of the poolings
    for instr in program.instrs:
        pool = made.get(instr.inputs[0]) if instr.block.type == "ReluGrad" else None
        if (pool is not None and pool.block is MAX_POOL_GRAD and uses[pool.outputs[0]] == 1
                and pool.inputs[0] == instr.inputs[1]):
            joined[instr.outputs[0]] = Instr(MAX_POOL_GRAD, instr.node, pool.inputs, instr.outputs,
                                             {**pool.attrs, "positive": True})
            dropped.add(pool.outputs[0])
    kept = [i for i in program.instrs if dropped.isdisjoint(i.outputs)]
    return program.with_instrs(joined.get(i.outputs[0], i) if i.outputs else i for i in kept)


def _move_relus(program: Program) -> Program:
    """MaxPool(Relu(x)), where only the pooling and its joined gradient take what relu gives."""
    takers: dict[int, list[Instr]] = {}
    for instr in program.instrs:
        for number in set(instr.reads()):
            takers.setdefault(number, []).append(instr)
    moved: dict[int, int] = {}  # what relu gives -> what it takes
    for instr in program.instrs:
        if instr.block.type == "Relu" and instr.outputs[0] not in program.outputs:
            after = takers.get(instr.outputs[0], [])
            pools = [i for i in after if i.block.type == "MaxPool" and _of_images(i)]
            joined = [i for i in after if i.block is MAX_POOL_GRAD and i.attrs["positive"]
                      and i.inputs[0] == instr.outputs[0] != i.inputs[2]]
            if pools and len(pools) + len(joined) == len(after):
                moved[instr.outputs[0]] = instr.inputs[0]
    kept = []
    for instr in program.instrs:
        if instr.outputs and instr.outputs[0] in moved:
            continue
        if not moved.keys().isdisjoint(instr.reads()):
            inputs = substitute(instr.inputs, moved)
            if instr.block is MAX_POOL_GRAD:
                instr = Instr(instr.block, instr.node, inputs, instr.outputs, instr.attrs)
            else:
                instr = Instr(MAX_POOL_RELU, instr.node, inputs, instr.outputs, _windows(instr))
        kept.append(instr)
    return program.with_instrs(kept)


def _sum_gradients(program: Program) -> Program:
    """The gradient of max pooling and its sum over the images, the gradient of a bias, made one instruction."""
    gradients = {i.outputs[0] for i in program.instrs if i.block is MAX_POOL_GRAD}
    sums: dict[int, Instr] = {}
    for instr in program.instrs:
        if _is_sum_of_images(instr, program) and instr.inputs[0] in gradients:
            sums.setdefault(instr.inputs[0], instr)
    kept = []
    for instr in program.instrs:
        if instr.block is MAX_POOL_GRAD and instr.outputs[0] in sums:
            outputs = (*instr.outputs, *sums[instr.outputs[0]].outputs)
            instr = Instr(MAX_POOL_GRAD_SUM, instr.node, instr.inputs, outputs, instr.attrs)
        elif instr.inputs and sums.get(instr.inputs[0]) is instr:
            continue
        kept.append(instr)
    return program.with_instrs(kept)


def _is_sum_of_images(instr: Instr, program: Program) -> bool:
    attrs = instr.node._attrs
    if instr.block.type == "BiasAddGrad":
        return attrs["data_format"] == b"NHWC"
    if instr.block.type != "Sum" or attrs["keep_dims"]:
        return False
    axes = program.values[instr.inputs[1]].const
    return axes is not None and sorted(axes.reshape(-1).tolist()) == [0, 1, 2]


def _windows(pool: Instr) -> dict[str, Any]:
    return {k: pool.attrs[k] for k in _KEYWORDS}


def _of_images(pool: Instr) -> bool:
    """True if the windows lie within one image and one channel, channels last."""
    attrs = pool.node._attrs
    return attrs["data_format"] == b"NHWC" and attrs["ksize"][0] == attrs["ksize"][3] == 1
