"""Variables that travel as resource handles: the ops that make, read, fill and update them.

Holds the blocks of resource variables and their gradients, and `handle_shape`, which the shape
rules of other resource ops ask. Scatter updates of resources are in state_scatter.py, slice
assignments in state_slices.py.
"""
from __future__ import annotations

from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import convert, infer, opdef
from rekindle._src.graph.buffer import Buffer
from rekindle._src.graph.dtypes import int32
from rekindle._src.graph.opdef import op
from rekindle._src.graph.sparse import IndexedSlices
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import array_join, array_shape
from rekindle._src.ops.state import check_indices, count, overwrite, shown, unravel

#: ops whose output is the handle that they are given
_PASSING = frozenset(["Identity", "Enter", "Exit", "Switch", "Merge", "NextIteration",
                      "RefIdentity"])


def variable_behind(tensor: Tensor) -> Any:
    """The VarHandleOp operation that a handle comes from, None if it is not known."""
    source: Any = tensor
    while source is not None and source._op.type != "VarHandleOp":
        source = _passed_on(source)
    return None if source is None else source._op


def _passed_on(tensor: Tensor) -> Any:
    """The handle that an operation gives as it got it, None if it is not known."""
    op = tensor._op
    if op.type in _PASSING:
        return op._inputs[0]
    if op.type in ("While", "StatelessWhile"):  # handles go round in place
        return op._inputs[tensor._value_index]
    return getattr(tensor, "_captured_from", None)  # an argument that stands for a handle of the graph around


def handle_shape(c: Any, index: int) -> infer.Shape:
    """The shape of the variable whose handle or reference is input `index`."""
    tensor = c.op._inputs[index]
    if tensor._dtype._base.name != "resource":
        return c.shapes[index]
    handle = variable_behind(tensor)
    return None if handle is None else handle._attrs["shape"]


def read(resource: Buffer) -> Any:
    """The value of a resource variable.

    Raises:
      FailedPreconditionError: it has none.
    """
    if resource.value is None:
        raise errors.FailedPreconditionError(
            None, None, f"Error while reading resource variable {resource.name} from Container: "
            "localhost. This could mean that the variable was uninitialized. Not found: Container "
            f"localhost does not exist. (Could not find resource: localhost/{resource.name})")
    return resource.value


def _missing(resource: Buffer) -> str:
    return f"Resource localhost/{resource.name}/N10tensorflow3VarE does not exist."


@op("VarHandleOp", infer=infer.scalar, once=True)
def var_handle_op(*, shape, dtype, container="", shared_name="", ctx):
    """The handle of a variable of the session; all without a shared name are one variable."""
    return ctx.store.buffer(container, shared_name, dtype, shape)


def _read_shape(c: Any) -> infer.Shape:
    handle = variable_behind(c.op._inputs[0])
    if handle is not None and handle._attrs["dtype"] is not c.attr("dtype"):
        raise ValueError("Trying to read variable with wrong dtype. Expected "
                         f"{handle._attrs['dtype'].name} got {c.attr('dtype').name}")
    return handle_shape(c, 0)


@op("ReadVariableOp", infer=_read_shape, pure=False)
def read_variable_op(resource):
    """The variable's value."""
    return read(resource)


@read_variable_op.gradient
def read_variable_op_gradient(op, dy):
    return dy


@op("VarIsInitializedOp", infer=infer.scalar, pure=False, host=True)
def var_is_initialized_op(resource):
    """True if the variable holds a value."""
    return torch.tensor(resource.value is not None)


var_is_initialized_op.no_gradient()


def _value_fits(c: Any) -> list[infer.Shape]:
    handle = variable_behind(c.op._inputs[0])
    if handle is not None and handle._attrs["dtype"] is not c.dtypes[1]:
        raise ValueError(f"Trying to initialize handle for variable with wrong dtype. Expected "
                         f"{handle._attrs['dtype'].name} got {c.dtypes[1].name}")
    infer.merge(handle_shape(c, 0), c.shapes[1])
    return []


@op("AssignVariableOp", infer=_value_fits, updates=("resource",))
def assign_variable_op(resource, value):
    """Give the variable a value, of whatever shape."""
    overwrite(resource, value)


def _checked(resource: Buffer, value: Any) -> Any:
    if resource.value is None:
        raise errors.NotFoundError(None, None, _missing(resource))
    if resource.value.shape != value.shape:
        raise errors.InvalidArgumentError(
            None, None, f"Cannot update variable with shape {shown(resource.value.shape)} using a "
            f"Tensor with shape {shown(value.shape)}, shapes must be equal.")
    return resource.own()


@op("AssignAddVariableOp", infer=_value_fits, updates=("resource",))
def assign_add_variable_op(resource, value):
    """Add to the variable."""
    _checked(resource, value).add_(value)


@op("AssignSubVariableOp", infer=_value_fits, updates=("resource",))
def assign_sub_variable_op(resource, value):
    """Subtract from the variable."""
    _checked(resource, value).sub_(value)


@op("ResourceCountUpTo", infer=infer.scalar, updates=("resource",), host=True)
def resource_count_up_to(resource, *, limit):
    """The variable's value before it is increased by one, until it is `limit`."""
    read(resource)
    return count(resource, limit)


@op("DestroyResourceOp", infer=infer.nothing, updates=("resource",))
def destroy_resource_op(resource, *, ignore_lookup_error=True):
    """Forget the variable's value."""
    if resource.value is None and not ignore_lookup_error:
        raise errors.NotFoundError(None, None, _missing(resource))
    resource.value = None


def _shape_shape(c: Any) -> infer.Shape:
    shape = handle_shape(c, 0)
    return (None if shape is None else len(shape),)


@op("VariableShape", infer=_shape_shape, pure=False, host=True)
def variable_shape(input, *, out_type=int32):
    """The shape of the variable's value."""
    return torch.tensor(tuple(read(input).shape), dtype=out_type.torch)


variable_shape.no_gradient()


def shape_of_variable(handle: Tensor, name: str | None = None) -> Tensor:
    """The shape of a variable: a constant where it is known, else a VariableShape node."""
    known = variable_behind(handle) if handle.op.type != "Placeholder" else None
    shape = None if known is None else known._attrs["shape"]
    if shape is None or None in shape:
        return variable_shape(handle, name=name)
    return convert.constant(list(shape), int32, name=name)


def _gathered(c: Any) -> infer.Shape:
    params, indices, batch = handle_shape(c, 0), c.shapes[1], c.attr("batch_dims")
    if params is not None and not params:
        raise ValueError("Shape must be at least rank 1 but is rank 0")
    if params is None or indices is None:
        return None
    return params[:batch] + indices[batch:] + params[batch + 1:]


@op("ResourceGather", infer=_gathered, pure=False)
def resource_gather(resource, indices, *, batch_dims=0):
    """Rows of the variable: params[indices]."""
    params = read(resource)
    if not params.ndim:
        raise errors.InvalidArgumentError(None, None, "params must be at least 1 dimensional")
    check_indices(indices, params.shape[batch_dims])
    if batch_dims == 0:
        rows = torch.index_select(params, 0, indices.reshape(-1).long())
        return rows.reshape(indices.shape + params.shape[1:])
    batch = params.shape[:batch_dims]
    flat = params.reshape((-1,) + params.shape[batch_dims + 1:])
    offset = torch.arange(batch.numel(), device=indices.device) * params.shape[batch_dims]
    at = indices.reshape(batch.numel(), -1).long() + offset[:, None]
    return flat[at.reshape(-1)].reshape(indices.shape + params.shape[batch_dims + 1:])


@resource_gather.gradient
def resource_gather_gradient(op, dy):
    handle, indices = op.inputs[0], op.inputs[1]
    params_shape = shape_of_variable(handle)
    size = array_shape.expand_dims(array_shape.size(indices), 0)
    values = array_shape.reshape(dy, array_join.concat([size, params_shape[1:]], 0))
    return IndexedSlices(values, array_shape.reshape(indices, size), params_shape), None


def _gathered_nd(c: Any) -> infer.Shape:
    params, indices = handle_shape(c, 0), c.shapes[1]
    if params is None or indices is None or indices[-1] is None:
        return None
    if indices[-1] > len(params):
        raise ValueError("indices.shape[-1] must be <= params.rank, but saw indices shape: "
                         f"{infer.show(indices)} and params shape: {infer.show(params)}")
    return indices[:-1] + params[indices[-1]:]


def check_nd_indices(indices: Any, shape: Any) -> None:
    """Refuse index tuples that do not lie in a tensor of `shape`.

    Raises:
      InvalidArgumentError: names the first one.
    """
    depth = indices.shape[-1]
    if indices.device.type != "cpu" or not indices.numel():
        return
    rows = indices.reshape(-1, depth)
    limits = torch.tensor(list(shape[:depth]), dtype=rows.dtype)
    bad = ((rows < 0) | (rows >= limits)).any(1).nonzero()
    if len(bad):
        where = ",".join(map(str, unravel(int(bad[0]), indices.shape[:-1])))
        raise errors.InvalidArgumentError(
            None, None, f"indices[{where}] = {rows[int(bad[0])].tolist()} does not index into "
            f"param shape {shown(shape)}")


@op("ResourceGatherNd", infer=_gathered_nd, pure=False)
def resource_gather_nd(resource, indices):
    """Elements or slices of the variable."""
    params = read(resource)
    check_nd_indices(indices, params.shape)
    depth = indices.shape[-1]
    if depth == 0:
        return params.expand(indices.shape[:-1] + params.shape).clone()
    return params[tuple(indices.long().unbind(-1))]


@resource_gather_nd.gradient
def resource_gather_nd_gradient(op, dy):
    ref, indices = op.inputs[0], op.inputs[1]
    ref_shape = variable_shape(ref)
    if indices.shape.ndims == 2 and indices.shape.as_list()[-1] == 1:
        return IndexedSlices(dy, array_shape.squeeze(indices, -1), ref_shape), None
    return opdef.call("ScatterNd", indices, dy, ref_shape), None
