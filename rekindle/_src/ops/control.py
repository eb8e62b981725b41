"""Order without data: operations that only wait, and tensors that wait for operations.

Holds no_op, group, tuple and with_dependencies. Scopes of control dependencies are the graph's; branches and loops
stand in control_flow.py.
"""
from __future__ import annotations

import builtins
import os
import sys
from typing import Any

from rekindle._src import nest
from rekindle._src.graph import scopes, sparse
from rekindle._src.graph.opdef import op
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array_shape as array_ops


@op("NoOp", public="no_op", pure=True)
def no_op() -> None:
    """Nothing; it serves to wait for its control inputs."""
    return None


@op("Abort", host=True, pure=False)
def abort(*, error_msg: str = "", exit_without_error: bool = False) -> None:
    """End the process, at once: with SIGABRT, or as if nothing were wrong."""
    if exit_without_error:
        print(f"Exiting the process: {error_msg}", file=sys.stderr, flush=True)
        os._exit(0)
    print(f"Abort_op intentional failure; {error_msg}", file=sys.stderr, flush=True)
    os.abort()


@public("group")
def group(*inputs: Any, **kwargs: Any) -> Operation:
    """An operation that is done when all of `inputs` are.

    Args:
      *inputs: tensors, operations, or nested structures of them.
      name: the name of the operation (keyword only).

    Raises:
      ValueError: unknown keyword arguments.
      TypeError: an input is no tensor or operation.
    """
    name = kwargs.pop("name", None)
    if kwargs:
        raise ValueError(f"Unknown keyword arguments: {', '.join(kwargs)}")
    with scopes.name_scope(name, "group_deps", inputs) as scope:
        by_device: dict[str, list[Any]] = {}
        for one in nest.flatten(inputs):
            if not hasattr(one, "device"):
                raise TypeError(f"Expected tf.group() expected Tensor objects not 'None' with type '{type(one)}'"
                                if one is None else
                                f"Expected tf.group() expected Tensor objects not '{one}' with type '{type(one)}'")
            by_device.setdefault(one.device, []).append(one)
        if not by_device:
            return no_op(name=scope)
        if len(by_device) == 1:
            [(device, waited)] = by_device.items()
            return _waiting(device, waited, scope)
        parts = [_waiting(device, by_device[device]) for device in sorted(by_device)]
        with scopes.control_dependencies(parts):
            return no_op(name=scope)


def _waiting(device: str, waited: list[Any], name: str | None = None) -> Operation:
    """A NoOp on a device that waits for operations."""
    with scopes.control_dependencies([w if isinstance(w, (Operation, Tensor)) else w.op for w in waited]):
        if not device:
            return no_op(name=name)
        with scopes.device(device):
            return no_op(name=name)


@public("tuple")
def tuple(tensors: Any, name: str | None = None, control_inputs: Any = None) -> list[Any]:  # noqa: A001
    """The tensors, each ready only when all of them are.

    Args:
      tensors: tensors or IndexedSlices; None and operations give None.
      name: the name scope; default "tuple".
      control_inputs: more operations to wait for.

    Raises:
      ValueError: there is no tensor.
      TypeError: a control input is no operation or tensor.
    """
    with scopes.name_scope(name, "tuple", tensors):
        gates = [t if isinstance(t, Operation) else t.op for t in tensors if t is not None]
        for one in control_inputs or ():
            if isinstance(one, Tensor):
                one = one.op
            elif not isinstance(one, Operation):
                raise TypeError(f"Control input must be Operation or Tensor: {one}")
            gates.append(one)
        gates = sorted(set(gates), key=lambda o: o._id)
        if not gates:
            raise ValueError(f"Must have at least one Tensor: {tensors}")
        gate = group(*gates)
        out: list[Any] = []
        for one in tensors:
            if one is None or isinstance(one, Operation):
                out.append(None)
            else:
                out.append(with_dependencies([gate], one))
        return out


def with_dependencies(dependencies: Any, output_tensor: Any, name: str | None = None) -> Any:
    """`output_tensor`, ready only after `dependencies`.

    Raises:
      TypeError: it is no tensor or IndexedSlices.
    """
    with scopes.name_scope(name, "control_dependency", builtins.list(dependencies) + [output_tensor]) as scope:
        with scopes.colocate_with(output_tensor), scopes.control_dependencies(dependencies):
            output = sparse.convert_to_tensor_or_indexed_slices(output_tensor)
            if isinstance(output, sparse.IndexedSlices):
                return sparse.IndexedSlices(_identity(output.values, scope), output.indices, output.dense_shape)
            return _identity(output, scope)


def _identity(tensor: Tensor, name: str | None) -> Tensor:
    """A new tensor of the same value; of a variable, the variable."""
    if tensor.dtype._is_ref_dtype:
        return array_ops.ref_identity(tensor, name=name)
    return array_ops.identity(tensor, name=name)


