"""Slots: variables that belong to another variable, such as its momentum or its moving average.

A slot is named "<variable>/<name>" below the current variable scope, stands on the variable's
device, is not trainable, and is cut as the variable is cut.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.graph import scopes
from rekindle._src.ops import array_fill, array_shape
from rekindle._src.state import initializers
from rekindle._src.state.ref_variable import RefVariable
from rekindle._src.state.resource_variable import is_resource_variable
from rekindle._src.state.variable import Variable
from rekindle._src.state.variable_scope import get_variable, get_variable_scope, variable_scope


def create_slot(primary: Any, val: Any, name: str, colocate_with_primary: bool = True) -> Any:
    """A slot of `primary` that begins with the value `val`, a tensor."""
    validate_shape = val.get_shape().is_fully_defined()
    return _in_scope(primary, name, colocate_with_primary,
                     lambda: _slot_variable(primary, val, validate_shape, None, None))


def create_slot_with_initializer(primary: Any, initializer: Any, shape: Any, dtype: Any, name: str,
                                 colocate_with_primary: bool = True) -> Any:
    """A slot of `primary` of `shape` and `dtype`, filled by an initializer."""
    validate_shape = shape.is_fully_defined()
    return _in_scope(primary, name, colocate_with_primary,
                     lambda: _slot_variable(primary, initializer, validate_shape, shape, dtype))


def create_zeros_slot(primary: Any, name: str, dtype: Any = None,
                      colocate_with_primary: bool = True) -> Any:
    """A slot of `primary` of its shape, filled with zeros."""
    dtype = primary.dtype if dtype is None else dtype
    shape = primary.get_shape()
    if shape.is_fully_defined():
        return create_slot_with_initializer(
            primary, initializers.Zeros(), shape, dtype, name,
            colocate_with_primary=colocate_with_primary)
    value = primary.initialized_value() if isinstance(primary, Variable) else primary
    zeros = array_fill.zeros(array_shape.shape(value), dtype=dtype)
    return create_slot(primary, zeros, name, colocate_with_primary=colocate_with_primary)


def _in_scope(primary: Any, name: str, colocate: bool, make: Callable[[], Any]) -> Any:
    with variable_scope(None, f"{primary.op.name}/{name}"):
        if not colocate:
            return make()
        with scopes.colocate_with(primary):
            return make()


def _slot_variable(primary: Any, val: Any, validate_shape: bool, shape: Any, dtype: Any) -> Any:
    scope = get_variable_scope()
    # A slot of a part is a part already: it is not to be cut again.
    partitioner = scope.partitioner
    scope.set_partitioner(None)
    use_resource = is_resource_variable(primary) or (
        False if isinstance(primary, RefVariable) else None)
    slot = get_variable(
        "", initializer=val, trainable=False, use_resource=use_resource,
        shape=shape if callable(val) else None, dtype=dtype, validate_shape=validate_shape)
    scope.set_partitioner(partitioner)
    info = primary._save_slice_info if isinstance(primary, Variable) else None
    if info is not None:
        own_name = slot.name[len(primary.op.name + "/"):-2]
        slot._set_save_slice_info(Variable.SaveSliceInfo(
            f"{info.full_name}/{own_name}", info.full_shape[:], info.var_offset[:],
            info.var_shape[:]))
    return slot
