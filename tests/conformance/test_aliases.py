"""Kernels say when an output shares memory with an input: updates in place rely on it."""
from __future__ import annotations

from typing import Any

import pytest
import torch

from rekindle._src.graph import opdef
from rekindle._src.ops import evaluate
from rekindle._src.ops.torch_types import to_torch
from tests.conformance import build, golden, ours
from tests.conformance.samples import Variable
from tests.conformance.test_meta import ALL, load


def storage(value: Any) -> int | None:
    """The address of a tensor's memory; None for anything else, and for tensors without elements."""
    if not isinstance(value, torch.Tensor) or not value.numel():
        return None
    return value.untyped_storage().data_ptr()


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
    op = build.build(front, case, "full", gradient=False).op
    leaves = [leaf for one in case.arrays() for leaf in (one if isinstance(one, list) else [one])]
    if any(isinstance(leaf, Variable) or leaf.dtype == object for leaf in leaves):
        pytest.skip("takes variables or strings")
    values = [to_torch(leaf.copy(), tensor.dtype.base_dtype)
              for leaf, tensor in zip(leaves, op.inputs, strict=True)]
    bound = opdef.kernel_inputs(block.signature, op._attrs, values)
    outputs = evaluate.flat_outputs(block.kernel(*bound, **opdef.kernel_attrs(block, op._attrs)), len(op.outputs))
    allowed = {storage(v) for i in block.aliases for v in (bound[i] if isinstance(bound[i], list) else [bound[i]])}
    taken = {storage(v) for v in values} - {None} - allowed
    assert not [i for i, v in enumerate(outputs) if storage(v) in taken]
