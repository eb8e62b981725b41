"""The dataflow ops of branches and loops: Switch, Merge, Enter, Exit, NextIteration, LoopCond, ControlTrigger.

The kernels say what a live token carries; which tokens are live is the interpreter's (or the compiler's) business. The
contexts
that users' branches and loops are built with stand in flow_context.py and
while_context.py, gradients in control_flow_gradients.py.
"""
from __future__ import annotations

from typing import Any

import torch

from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op


def _switch_shapes(c: Any) -> list[infer.Shape]:
    pred = c.shapes[1]
    if pred is not None and pred != ():
        raise ValueError(f"Shape must be rank 0 but is rank {len(pred)}")
    return [c.shapes[0], c.shapes[0]]


def _merge_shapes(c: Any) -> list[infer.Shape]:
    """What all inputs have in common."""
    first, *rest = c.shapes
    for shape in rest:
        if first is None or shape is None or len(first) != len(shape):
            return [None, ()]
        first = tuple(a if a == b else None for a, b in zip(first, shape, strict=True))
    return [first, ()]


def _enter_shape(c: Any) -> infer.Shape:
    """A loop constant keeps its shape; a loop variable's is not known until the invariants are."""
    return c.shapes[0] if c.attr("is_constant") else None


@op("Switch", infer=_switch_shapes, aliases=0)
def switch(data: Any, pred: Any) -> Any:
    """`data` on the output that `pred` names: (false, true); the other output is dead."""
    return (None, data) if pred else (data, None)


@op("RefSwitch", infer=_switch_shapes, aliases=0)
def ref_switch(data: Any, pred: Any) -> Any:
    """`Switch` of a variable."""
    return (None, data) if pred else (data, None)


def _first_live(inputs: list[Any]) -> tuple[Any, torch.Tensor]:
    index = next(i for i, value in enumerate(inputs) if value is not None)
    return inputs[index], torch.tensor(index, dtype=torch.int32)


@op("Merge", infer=_merge_shapes, aliases=0)
def merge(inputs: Any) -> Any:
    """The first of `inputs` that is live, and its index."""
    return _first_live(inputs)


@op("RefMerge", infer=_merge_shapes, aliases=0)
def ref_merge(inputs: Any) -> Any:
    """`Merge` of variables."""
    return _first_live(inputs)


@op("Enter", infer=_enter_shape, aliases=0)
def enter(data: Any) -> Any:
    """`data` inside a loop's frame."""
    return data


@op("RefEnter", infer=_enter_shape, aliases=0)
def ref_enter(data: Any) -> Any:
    """`Enter` of a variable."""
    return data


@op("Exit", infer=infer.same, aliases=0)
def exit_(data: Any) -> Any:
    """`data` outside of the loop's frame."""
    return data


@op("RefExit", infer=infer.same, aliases=0)
def ref_exit(data: Any) -> Any:
    """`Exit` of a variable."""
    return data


@op("NextIteration", infer=infer.same, aliases=0)
def next_iteration(data: Any) -> Any:
    """`data` in the next iteration."""
    return data


@op("RefNextIteration", infer=infer.same, aliases=0)
def ref_next_iteration(data: Any) -> Any:
    """`NextIteration` of a variable."""
    return data


def _loop_cond_shape(c: Any) -> infer.Shape:
    return infer.with_rank(c.shapes[0], 0)


@op("LoopCond", infer=_loop_cond_shape, aliases=0)
def loop_cond(input: Any) -> Any:
    """`input`, which says whether the loop goes on."""
    return input


@op("ControlTrigger")
def control_trigger() -> None:
    """Nothing; it runs even if what it waits for is dead."""
    return None
