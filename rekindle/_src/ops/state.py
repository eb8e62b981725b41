"""Variables that travel along ref edges: the ops that make, fill, update and destroy them.

Holds the blocks of ref variables, temporary variables and counters, and what the other files of
state ops share. Scatter updates are in state_scatter.py, resource variables in state_resource.py,
assignments to slices in state_slices.py. The functions that users call (tf.assign, ...) take
variables and stand in `rekindle/_src/state`.
"""
from __future__ import annotations

import threading
import weakref
from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import infer
from rekindle._src.graph.buffer import Buffer
from rekindle._src.graph.opdef import op

#: threads that count with one variable must get different numbers
_COUNTING = threading.Lock()


def shown(shape: Any) -> str:
    """A shape in the words of kernels' messages: "[2,3]"."""
    return "[" + ",".join(str(d) for d in shape) + "]"


def overwrite(buffer: Buffer, value: Any) -> None:
    """Give a buffer a copy of `value`, in the memory that it has if that fits."""
    if getattr(value, "is_given", False):
        # just read from a file, into memory of its own: copied when one of those who hold it changes it, mostly never
        buffer.set(value)
        buffer.shared = True
        return
    old = buffer.value
    if not isinstance(value, torch.Tensor):
        buffer.set(value.copy())
        return
    if (old is None or buffer.shared or old.shape != value.shape or old.dtype != value.dtype
        or old.device != value.device
            or old.untyped_storage().data_ptr() == value.untyped_storage().data_ptr()):
        buffer.set(value.clone(memory_format=torch.contiguous_format))
        return
    old.copy_(value)


def check_indices(indices: Any, limit: int) -> None:
    """Refuse an index that is not in [0, limit).

    Raises:
      InvalidArgumentError: names the first one.
    """
    if indices.device.type != "cpu" or not indices.numel():
        return
    low, high = torch.aminmax(indices)
    if low >= 0 and high < limit:
        return
    flat = indices.reshape(-1)
    at = int(((flat < 0) | (flat >= limit)).nonzero()[0])
    where = "".join(f"{i}," for i in unravel(at, indices.shape))[:-1]
    raise errors.InvalidArgumentError(
        None, None, f"indices{f'[{where}]' if indices.ndim else ''} = {int(flat[at])} is not in "
        f"[0, {limit})")


def unravel(at: int, shape: Any) -> list[int]:
    """The indices of element `at` of a tensor of `shape`, in row-major order."""
    out: list[int] = []
    for size in reversed(shape):
        out.append(at % size)
        at //= size
    return out[::-1]


def _declared(c: Any) -> infer.Shape:
    return c.attr("shape")


def _legacy_declared(c: Any) -> infer.Shape:
    """A scalar shape of the old op also stands for an unknown one."""
    return c.attr("shape") or None


def _merged(c: Any) -> infer.Shape:
    return infer.merge(c.shapes[0], c.shapes[1])


def _assigned(c: Any) -> infer.Shape:
    return infer.merge(c.shapes[0], c.shapes[1]) if c.attr("validate_shape") else c.shapes[1]


@op("VariableV2", infer=_declared, once=True)
def variable_v2(*, shape, dtype, container="", shared_name="", ctx):
    """A reference to a variable of the session."""
    return ctx.store.buffer(container, shared_name or ctx.name, dtype, shape)


@op("Variable", infer=_legacy_declared, once=True)
def variable(*, shape, dtype, container="", shared_name="", ctx):
    """A reference to a variable of the session; the op of graphs before VariableV2."""
    return ctx.store.buffer(container, shared_name or ctx.name, dtype, shape or None)


@op("IsVariableInitialized", infer=infer.scalar, pure=False, host=True)
def is_variable_initialized(ref):
    """True if the variable holds a value."""
    return torch.tensor(ref.value is not None)


@op("Assign", infer=_assigned, updates=("ref",))
def assign(ref, value, *, validate_shape=True):
    """Give the variable a value.

    Raises:
      InvalidArgumentError: the shapes differ although they are to be checked.
    """
    _check_fits(ref, value, validate_shape)
    overwrite(ref, value)
    return ref


def assign_given(ref: Buffer, value: Any, *, validate_shape: bool = True) -> Buffer:
    """What Assign does, of a value that nobody else holds."""
    _check_fits(ref, value, validate_shape)
    ref.set(value.contiguous() if isinstance(value, torch.Tensor) else value)
    return ref


def _check_fits(ref: Buffer, value: Any, validate_shape: bool) -> None:
    if validate_shape and not _fits(ref, value.shape):
        old = ref.shape if ref.value is None else ref.value.shape
        raise errors.InvalidArgumentError(
            None, None, "Assign requires shapes of both tensors to match. "
            f"lhs shape= {shown('?' if d is None else d for d in old)} rhs shape= "
            f"{shown(value.shape)}")


def _fits(ref: Buffer, shape: Any) -> bool:
    if ref.value is not None:
        return tuple(ref.value.shape) == tuple(shape)
    declared = ref.shape
    return declared is None or len(declared) == len(shape) and all(
        a is None or a == b for a, b in zip(declared, shape, strict=True))


assign.no_gradient()


def _check_same_size(ref: Buffer, value: Any) -> None:
    if ref.read().shape != value.shape:
        raise errors.InvalidArgumentError(None, None, "Parameters and update must be the same size")


@op("AssignAdd", infer=_merged, updates=("ref",))
def assign_add(ref, value):
    """Add to the variable."""
    _check_same_size(ref, value)
    ref.own().add_(value)
    return ref


assign_add.no_gradient()


@op("AssignSub", infer=_merged, updates=("ref",))
def assign_sub(ref, value):
    """Subtract from the variable."""
    _check_same_size(ref, value)
    ref.own().sub_(value)
    return ref


assign_sub.no_gradient()


def _counter(c: Any) -> infer.Shape:
    return infer.with_rank(c.shapes[0], 0)


def count(buffer: Buffer, limit: int) -> Any:
    """The value of a scalar counter before it is increased by one.

    Raises:
      OutOfRangeError: it has reached `limit`.
    """
    with _COUNTING:
        before = buffer.read()
        if before.shape:
            raise errors.InvalidArgumentError(None, None, "input is not a scalar: "
                                              f"{shown(before.shape)}")
        if before >= limit:
            raise errors.OutOfRangeError(None, None, f"Reached limit of {limit}")
        buffer.set(before + 1)
        return before


@op("CountUpTo", infer=_counter, updates=("ref",), host=True)
def count_up_to(ref, *, limit):
    """The variable's value before it is increased by one, until it is `limit`."""
    return count(ref, limit)


class _Temporary(Buffer):
    """The buffer of a temporary variable: gone with the step even if nobody destroyed it."""

    __slots__ = ("__weakref__",)


def _temporaries(ctx: Any) -> weakref.WeakValueDictionary[tuple[int, str], _Temporary]:
    """The temporary variables of the runs under way, by thread and name."""
    return ctx.store.resource("temporary variables", "", "", weakref.WeakValueDictionary)


def _described(name: str) -> str:
    return f"Resource __per_step_0/{name}/N10tensorflow19TemporaryVariableOp6TmpVarE"


@op("TemporaryVariable", infer=_declared)
def temporary_variable(*, shape, dtype, var_name="", ctx):
    """A variable that lives until DestroyTemporaryVariable, within one step; its value is not
    defined before Assign.

    Raises:
      AlreadyExistsError: there is one of that name.
    """
    held, key = _temporaries(ctx), (threading.get_ident(), var_name or ctx.name)
    if key in held:
        raise errors.AlreadyExistsError(None, None, _described(key[1]))
    buffer = held[key] = _Temporary(ctx.name, dtype, shape)
    buffer.set(torch.zeros(shape, dtype=dtype.torch, device=ctx.device))
    return buffer


@op("DestroyTemporaryVariable", infer=infer.same, updates=("ref",))
def destroy_temporary_variable(ref, *, var_name, ctx):
    """The last value of a temporary variable, which is gone then.

    Raises:
      InvalidArgumentError: no name is given.
      NotFoundError: there is none of that name.
    """
    if not var_name:
        raise errors.InvalidArgumentError(None, None, "Missing var_name attribute")
    if _temporaries(ctx).pop((threading.get_ident(), var_name), None) is None:
        raise errors.NotFoundError(None, None, _described(var_name) + " does not exist.")
    return ref.own()
