"""Rekindle as a `build.Front`, and the run of a single kernel."""
from __future__ import annotations

import functools
import importlib
import pkgutil
from typing import Any

import numpy as np

import rekindle._src
from rekindle._src import names
from rekindle._src.graph import opdef
from rekindle._src.graph.buffer import Buffer
from rekindle._src.graph.signatures import signature
from rekindle._src.ops.evaluate import flat_outputs
from rekindle._src.ops.torch_types import to_numpy, to_torch
from tests.conformance import build
from tests.conformance.samples import Variable

#: "module: error" of each module of rekindle._src that does not import
BROKEN: list[str] = []


class Face:
    """The tf module, read from the definitions' public names."""

    def __getattr__(self, name: str) -> Any:
        if name not in names.PUBLIC:
            raise AttributeError(f"no definition is public as tf.{name}")
        module, attribute = names.PUBLIC[name]
        return functools.reduce(getattr, attribute.split("."), importlib.import_module(module))


@functools.cache
def front() -> build.Front:
    """Rekindle, all its ops imported; modules that do not import stand in `BROKEN`."""
    for found in pkgutil.walk_packages(rekindle._src.__path__, "rekindle._src."):
        try:
            importlib.import_module(found.name)
        except Exception as error:  # whatever it is, the other modules can be tested
            BROKEN.append(f"{found.name}: {error}")
    return build.Front(Face(), apply_op, input_names, lambda graph: graph.as_graph_def())


def input_names(op: str) -> list[str]:
    """The names of an op's inputs."""
    return [arg.name for arg in signature(op).inputs]


def apply_op(op: str, inputs: dict[str, Any], attrs: dict[str, Any], name: str | None) -> Any:
    """Add an operation and give it."""
    graph = Face().get_default_graph()
    before = len(graph.get_operations())
    opdef.call(op, *(inputs[one] for one in input_names(op)), name=name, **attrs)
    return graph.get_operations()[before:][-1]


def run_kernel(operation: Any, case: Any) -> tuple[list[Any], list[np.ndarray]]:
    """The outputs of the block's kernel as arrays, and what its variables hold afterwards."""
    block = opdef.OPS[operation.type]
    leaves = [leaf for one in case.arrays() for leaf in (one if isinstance(one, list) else [one])]
    values, buffers = [], []
    for leaf, tensor in zip(leaves, operation.inputs, strict=True):
        if isinstance(leaf, Variable):
            buffers.append(Buffer(tensor.op.name, tensor.dtype.base_dtype, leaf.value.shape))
            buffers[-1].set(to_torch(leaf.value.copy(), tensor.dtype.base_dtype))
            values.append(buffers[-1])
        else:
            values.append(to_torch(leaf.copy(), tensor.dtype.base_dtype))
    bound = opdef.kernel_inputs(block.signature, operation._attrs, values)
    result = block.kernel(*bound, **opdef.kernel_attrs(block, operation._attrs))
    outputs = [one.read() if isinstance(one, Buffer) else one
               for one in flat_outputs(result, len(operation.outputs))]
    return ([to_numpy(v, t.dtype.base_dtype) for v, t in zip(outputs, operation.outputs)],
            [to_numpy(one.read()) for one in buffers])
