"""Ops that call functions of the graph's library: calls, branches, loops, symbolic gradients.

The kernels hand the work to the run (`ctx.call`), which runs the bodies with the session's state.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import infer
from rekindle._src.graph.opdef import OPS, Op, arg_width, op
from rekindle._src.ops import waiting


def block_of(operation: Any) -> Op:
    """The block of an operation; that of a call of a function is made when it is first asked for."""
    block = OPS.get(operation.type)
    if block is not None:
        return block
    function = operation.graph._get_function(operation.type)
    if function.block is None:
        function.block = Op(operation.type, _called, host=True, pure=False)
        function.block.signature = function.signature
    return function.block


def has_block(operation: Any) -> bool:
    """True if an operation can run: there is a kernel, or it calls a function of the library."""
    return operation.type in OPS or operation.graph._is_function(operation.type)


def _called(*args, ctx):
    flat = [one for arg in args for one in (arg if isinstance(arg, list) else [arg])]
    results = ctx.call(ctx.node.type, ctx.node.node_def.attr, flat)
    grouped, at = [], 0
    for arg in ctx.node.signature.outputs:
        width = arg_width(arg, ctx.node._attrs)
        grouped.append(results[at : at + width] if arg.is_list else results[at])
        at += width
    return grouped[0] if len(grouped) == 1 else tuple(grouped) or None


def _truth(value: Any) -> bool:
    """A condition that may be of any type: numbers other than zero and texts are true."""
    if isinstance(value, torch.Tensor):
        return bool(value) if value.dim() == 0 else value.numel() > 0
    return bool(np.asarray(value).reshape(-1)[0]) if np.ndim(value) == 0 else np.size(value) > 0


def _known_shapes(c: Any) -> Any:
    """The attr that tells the outputs' shapes; None where it is empty."""
    shapes = c.attr("output_shapes")
    return [None if shape is None else tuple(shape) for shape in shapes] or None


def _branch_shapes(c: Any) -> list[infer.Shape]:
    return _known_shapes(c) or [None] * len(c.attr("Tout"))


def _loop_shapes(c: Any) -> list[infer.Shape]:
    return _known_shapes(c) or list(c.shapes)


@op("PartitionedCall", host=True, pure=False)
def partitioned_call(args, *, f, ctx):
    """The results of a function."""
    return ctx.call(f.name, f.attr, args)


@op("StatefulPartitionedCall", host=True)
def stateful_partitioned_call(args, *, f, ctx):
    """The results of a function that may have effects."""
    return ctx.call(f.name, f.attr, args)


@op("RemoteCall", host=True)
def remote_call(target, args, *, f, ctx):
    """The results of a function; all devices are this process's."""
    return ctx.call(f.name, f.attr, args)


def _gradient_shapes(c: Any) -> list[infer.Shape]:
    count = len(c.attr("Tout"))
    if len(c.shapes) < count:
        raise ValueError("len(inputs) < len(outputs)")
    return list(c.shapes[:count])


@op("SymbolicGradient", infer=_gradient_shapes, host=True, pure=False)
def symbolic_gradient(input, *, f, Tout, ctx):  # noqa: N803 - the attr's name
    """The gradients of a function's arguments, of the arguments and its results' gradients."""
    found = ctx.call_gradient(f.name, f.attr, input)
    if len(found) != len(Tout):
        raise errors.InvalidArgumentError(
            None, None, f"SymGrad expects to return {len(Tout)} tensor(s), but get {len(found)} tensor(s) instead."
        )
    return found


def _check_count(values: list[Any], wanted: int, loop: str) -> None:
    if len(values) != wanted:
        raise errors.InvalidArgumentError(
            None, None, f"{loop} loop body returned {len(values)} arguments. Expected: {wanted}"
        )


def _branch(cond, input, then_branch, else_branch, ctx):
    chosen = then_branch if _truth(cond) else else_branch
    return ctx.call(chosen.name, chosen.attr, input)


@op("If", infer=_branch_shapes, host=True)
def if_(cond, input, *, then_branch, else_branch, ctx):
    """The results of one of two functions."""
    return _branch(cond, input, then_branch, else_branch, ctx)


@op("StatelessIf", infer=_branch_shapes, host=True, pure=False)
def stateless_if(cond, input, *, then_branch, else_branch, ctx):
    """The results of one of two functions without effects."""
    return _branch(cond, input, then_branch, else_branch, ctx)


@op("Case", infer=_branch_shapes, host=True)
def case(branch_index, input, *, branches, ctx):
    """The results of one of several functions; an index out of range takes the last."""
    index = int(branch_index)
    chosen = branches[index if 0 <= index < len(branches) else -1]
    return ctx.call(chosen.name, chosen.attr, input)


def _loop(input, cond, body, ctx):
    values, deadline, ending = list(input), waiting.due(), ctx.store.ending
    while True:
        if ending or deadline and time.monotonic() > deadline:
            waiting.expire(ending)
        found = ctx.call(cond.name, cond.attr, values)
        if len(found) != 1:
            raise errors.InvalidArgumentError(
                None, None,
                f"Expected a single scalar which can be converted to a boolean, got {len(found)} tensors.",
            )
        if not _truth(found[0]):
            break
        values = ctx.call(body.name, body.attr, values)
        _check_count(values, len(input), "While")
    return values


@op("While", infer=_loop_shapes, host=True)
def while_(input, *, cond, body, ctx):
    """The values after as many calls of `body` as `cond` says."""
    return _loop(input, cond, body, ctx)


@op("StatelessWhile", infer=_loop_shapes, host=True, pure=False)
def stateless_while(input, *, cond, body, ctx):
    """The values after as many calls of `body`, which has no effects, as `cond` says."""
    return _loop(input, cond, body, ctx)


@op("For", host=True, pure=False)
def for_(start, limit, delta, input, *, body, ctx):
    """The values after a call of `body` for each number of a range."""
    for name, value in (("start", start), ("limit", limit), ("delta", delta)):
        if value.dim():
            raise errors.InvalidArgumentError(
                None, None, f"{name} must be a scalar, but {name} has shape {list(value.shape)}"
            )
    first, last, step = int(start), int(limit), int(delta)
    if not (first == last or (step > 0 and first <= last) or (step < 0 and first >= last)):
        raise errors.InvalidArgumentError(None, None, f"Invalid start/limit/delta: {first} {last} {step}")
    values = list(input)
    for i in range(first, last, step or 1):
        values = ctx.call(body.name, body.attr, [torch.tensor(i, dtype=torch.int32), *values])
        _check_count(values, len(input), "For")
    return values


@op("FakeParam", infer=lambda c: c.attr("shape"), host=True)
def fake_param(*, dtype, shape):
    """Stands for a value of a branch that was not taken, which nobody reads."""
    sizes = [size or 0 for size in shape or ()]
    return torch.zeros(sizes, dtype=dtype.torch)
