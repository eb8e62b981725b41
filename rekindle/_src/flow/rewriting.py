"""Editing operations that call functions, once gradients need more of what happens inside of them."""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import dtypes, proto
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import state_resource


def mark_lowered(operation: Operation) -> None:
    """Say that TensorFlow may run the operation as Switch and Merge."""
    operation._set_attr("_lower_using_switch_merge", proto.AttrValue(b=True))


def set_functions(operation: Operation, **names: Any) -> None:
    """Let an operation call other functions: attr = name, or list of names."""
    for attr, name in names.items():
        listed = isinstance(name, list)
        operation._attrs[attr] = [_function(one) for one in name] if listed else _function(name)
    operation.graph.touch()


def _function(name: str) -> Any:
    return proto.NameAttrList(name=name)


def set_outputs(operation: Operation, attr: str, results: list[Tensor]) -> None:
    """Add outputs to an operation, so that they are as `results`; `attr` holds the types."""
    operation._attrs[attr] = [tensor.dtype for tensor in results]
    operation._attrs["output_shapes"] = [tensor._static_shape for tensor in results]
    for index in range(len(operation.outputs), len(results)):
        made = Tensor(operation, index, results[index].dtype)
        made._static_shape = results[index]._static_shape
        element = getattr(results[index], "_element", None)
        if element is not None:
            made._element = element
        operation.outputs.append(made)
    operation.graph.touch()


def add_inputs(operation: Operation, tensors: list[Tensor]) -> None:
    """Add inputs to an operation."""
    operation._inputs.extend(tensors)
    for tensor in tensors:
        tensor._consumers.append(operation)
    operation.graph.touch()


def resource_input(tensor: Tensor, graph: Any) -> int:
    """The number of the argument of a function that a handle inside of it is.

    Raises:
      ValueError: the handle is made inside.
    """
    while tensor not in graph.inputs:
        operation = tensor.op
        if operation.type in ("While", "StatelessWhile"):  # handles go round in place
            tensor = operation.inputs[tensor.value_index]
        elif operation.type == "Identity":
            tensor = operation.inputs[0]
        else:
            raise ValueError("Taking gradient of a while loop which creates a resource in its body is not supported: "
                             f"{operation.name}")
    return graph.inputs.index(tensor)


def variable_dtype(handle: Tensor) -> Any:
    """The type of the variable behind a handle; float32 where it is not known."""
    found = state_resource.variable_behind(handle)
    return dtypes.float32 if found is None else found.get_attr("dtype")
