"""Kernels whose output may lie in the memory of an input say so (`aliases`).

The compiler updates memory in place only where these facts allow it; a kernel that gives its input
back without saying so, for a window of one say, would let a fetched array change later.
"""
from __future__ import annotations

import functools
from typing import Any

import pytest
import torch

from rekindle._src.graph import opdef
from rekindle._src.ops import evaluate
from rekindle._src.ops.torch_types import to_torch
from tests.conformance import build, golden, ours
from tests.conformance.samples import Variable

ALL = [pytest.param(family, name, id=f"{family}-{name}")
       for family in golden.families() for name in golden.cases(family)]
load = functools.cache(golden.load)


@pytest.mark.parametrize(("family", "name"), ALL)
def test_shared_memory_is_declared(family: str, name: str) -> None:
    case = golden.cases(family)[name]
    facts = load(family)[0].get(name, {})
    front = ours.front()
    block = opdef.OPS.get(case.op)
    if block is None or block.updates or "ctx" in block.keywords:
        pytest.skip("no kernel that runs by itself")
    if "error" in facts or "run_error" in facts:
        pytest.skip("TensorFlow refuses these inputs")
    leaves = [leaf for one in case.arrays() for leaf in (one if isinstance(one, list) else [one])]
    if any(isinstance(leaf, Variable) or leaf.dtype == object for leaf in leaves):
        pytest.skip("takes variables or strings")
    op = build.build(front, case, "full", gradient=False).op
    values = [to_torch(leaf.copy(), tensor.dtype.base_dtype)
              for leaf, tensor in zip(leaves, op.inputs, strict=True)]
    bound = opdef.kernel_inputs(block.signature, op._attrs, values)
    result = block.kernel(*bound, **opdef.kernel_attrs(block, op._attrs))
    for output in evaluate.flat_outputs(result, len(op.outputs)):
        shared = {i for i, one in enumerate(bound) if share(output, one)}
        assert shared <= set(block.aliases)


def share(output: Any, argument: Any) -> bool:
    """Whether an output lies in the memory of an argument: a tensor, or one of a list."""
    if not isinstance(output, torch.Tensor) or not output.numel():
        return False
    place = output.untyped_storage().data_ptr()
    tensors = argument if isinstance(argument, list) else [argument]
    return any(one.untyped_storage().data_ptr() == place for one in tensors)
