"""`slim.model_analyzer`: the sizes of variables and of operations' outputs."""

from __future__ import annotations

from typing import Any

from rekindle._src.names import public


@public("contrib.slim.model_analyzer.tensor_description")
def tensor_description(var: Any) -> str:
    """The type and size of a tensor: "(float32 1x8x8x1024)"."""
    return f"({var.dtype.name} {'x'.join(str(size) for size in var.get_shape())})"


@public("contrib.slim.model_analyzer.analyze_ops")
def analyze_ops(graph: Any, print_info: bool = False) -> int:
    """The number of elements of all outputs of a graph, as far as they are known."""
    if print_info:
        print("---------\nOperations: name -> (type shapes) [size]\n---------")
    total = 0
    for op in graph.get_operations():
        size = sum(one.get_shape().num_elements() or 0 for one in op.outputs)
        if print_info:
            shown = [tensor_description(one) for one in op.outputs if one.get_shape()]
            print(op.name, "\t->", ", ".join(shown), f"[{size}]")
        total += size
    return total


@public("contrib.slim.model_analyzer.analyze_vars")
def analyze_vars(variables: Any, print_info: bool = False) -> tuple[int, int]:
    """(the number of elements, the number of bytes) of variables."""
    if print_info:
        print("---------\nVariables: name (type shape) [size]\n---------")
    total, total_bytes = 0, 0
    for var in variables:
        size = var.get_shape().num_elements() or 0
        total += size
        total_bytes += size * var.dtype.size
        if print_info:
            said = f"[{size}, bytes: {size * var.dtype.size}]"
            print(var.name, tensor_description(var), said)
    if print_info:
        print(f"Total size of variables: {total}")
        print(f"Total bytes of variables: {total_bytes}")
    return total, total_bytes
