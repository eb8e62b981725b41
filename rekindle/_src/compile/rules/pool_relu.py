"""ReluGrad(MaxPoolGrad(x, y, dy), x) -> one pass, where the windows tile the images."""
from __future__ import annotations

from rekindle._src.compile.program import Block, Instr, Program
from rekindle._src.ops import fused

MAX_POOL_RELU_GRAD = Block("MaxPoolReluGrad", fused.max_pool_relu_grad, keywords=("ksize", "strides", "padding"))


def fuse_pool_relu(program: Program) -> Program:
    """The program with the gradients of relu and of the max pooling after it made one."""
    uses = program.uses()
    made = {n: at for at, instr in enumerate(program.instrs) for n in instr.outputs}
    replaced: dict[int, Instr | None] = {}
    for at, instr in enumerate(program.instrs):
        if instr.block.type != "ReluGrad":
            continue
        source = made.get(instr.inputs[0])
        if source is None or uses[instr.inputs[0]] != 1:
            continue
        pool = program.instrs[source]
        if pool.block.type != "MaxPoolGrad" or pool.inputs[0] != instr.inputs[1] or not _tiles(pool, program):
            continue
        attrs = {k: pool.attrs[k] for k in ("ksize", "strides", "padding")}
        replaced[source] = None
        replaced[at] = Instr(MAX_POOL_RELU_GRAD, instr.node, pool.inputs, instr.outputs, attrs)
    if not replaced:
        return program
    kept = [replaced.get(at, instr) for at, instr in enumerate(program.instrs)]
    return program.with_instrs(i for i in kept if i is not None)


def _tiles(pool: Instr, program: Program) -> bool:
    """True if the windows cover each image once."""
    size, shape = pool.node._attrs["ksize"], program.values[pool.inputs[0]].shape
    if pool.node._attrs["data_format"] != b"NHWC" or size != pool.node._attrs["strides"] or shape is None:
        return False
    return size[0] == size[3] == 1 and all(
        d is not None and d % k == 0 for d, k in zip(shape[1:3], size[1:3], strict=True))
