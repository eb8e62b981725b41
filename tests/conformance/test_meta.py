"""Kernels keep to the device of their inputs: each runs on meta tensors, which have no values.

A kernel that makes a tensor on the host and mixes it in, or that reads a value (`.item()`) and so
would wait for a GPU, fails here without one. Sizes and axes stay on the host, as they do on a GPU.
"""
from __future__ import annotations

import functools
from typing import Any

import pytest

from rekindle._src.graph import opdef
from rekindle._src.ops import evaluate
from rekindle._src.ops.torch_types import to_torch
from tests.conformance import build, golden, ours
from tests.conformance.samples import Variable

#: ops that look at values: they refuse indices out of range, as TensorFlow's kernels do
CHECKS = frozenset(
    "DynamicStitch ParallelDynamicStitch GatherV2 GatherNd ScatterNd ScatterNdNonAliasingAdd "
    "TensorScatterAdd TensorScatterSub TensorScatterUpdate ReverseSequence "
    "SparseSoftmaxCrossEntropyWithLogits StatelessMultinomial CropAndResize CropAndResizeGradImage "
    "CropAndResizeGradBoxes InplaceUpdate"
    .split()
)
ALL = [pytest.param(family, name, id=f"{family}-{name}")
       for family in golden.families() for name in golden.cases(family)]
load = functools.cache(golden.load)


@pytest.mark.parametrize(("family", "name"), ALL)
def test_kernel_on_meta(family: str, name: str) -> None:
    case = golden.cases(family)[name]
    facts = load(family)[0].get(name, {})
    front = ours.front()
    block = opdef.OPS.get(case.op)
    if block is None or block.host or block.updates or "ctx" in block.keywords:
        pytest.skip("no kernel that runs on devices by itself")
    if "error" in facts or "run_error" in facts:
        pytest.skip("TensorFlow refuses these inputs")
    if case.op in CHECKS:
        pytest.skip("looks at values")
    op = build.build(front, case, "full", gradient=False).op
    if any(not tensor.get_shape().is_fully_defined() for tensor in op.outputs):
        pytest.skip("the shape of the output depends on values")
    leaves = [leaf for one in case.arrays() for leaf in (one if isinstance(one, list) else [one])]
    if any(isinstance(leaf, Variable) or leaf.dtype == object for leaf in leaves):
        pytest.skip("takes variables or strings")
    if all(leaf.dtype.kind in "iu" for leaf in leaves):
        pytest.skip("computes with sizes, on the host")
    values = [to_torch(leaf.copy(), tensor.dtype.base_dtype)
              for leaf, tensor in zip(leaves, op.inputs, strict=True)]
    bound = opdef.kernel_inputs(block.signature, op._attrs, values)
    bound = [one if i in block.host_inputs else moved(one) for i, one in enumerate(bound)]
    try:
        result = block.kernel(*bound, **opdef.kernel_attrs(block, op._attrs))
    except NotImplementedError as error:
        if "Could not run 'aten::" not in str(error) and "no fake impl or Meta" not in str(error):
            raise
        pytest.skip("torch has no meta kernel for it")
    for tensor, value in zip(op.outputs, evaluate.flat_outputs(result, len(op.outputs))):
        assert tensor.get_shape().is_compatible_with(tuple(value.shape))


def moved(value: Any) -> Any:
    """An input (a tensor or a list of them) on the meta device."""
    return [one.to("meta") for one in value] if isinstance(value, list) else value.to("meta")
