"""tf.assign, tf.scatter_update and their kin: updates of a variable of either kind.

A ref variable's update gives the reference; a resource variable's gives a variable that reads the
value after the update.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.graph import convert, scopes
from rekindle._src.graph.opdef import call
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import (
    array_fill,
    array_join,
    array_shape,
    state,
    state_resource,
    state_scatter,
)


def _is_ref(variable: Any) -> bool:
    return variable.dtype._is_ref_dtype


@public("assign")
def assign(ref: Any, value: Any, validate_shape: bool | None = None,
           use_locking: bool | None = None, name: str | None = None) -> Any:
    """Give a variable a new value.

    Args:
      ref: a variable.
      value: a tensor of its type and shape.
      validate_shape: False lets the shape change (ref variables only); default True.
      use_locking: kept in the node (ref variables only); default True.
      name: the name of the node.

    Raises:
      ValueError: the shapes do not go together.
    """
    if _is_ref(ref):
        return state.assign(ref, value, use_locking=use_locking, name=name,
                            validate_shape=validate_shape)
    return ref.assign(value, name=name)


@public("assign_add")
def assign_add(ref: Any, value: Any, use_locking: bool | None = None,
               name: str | None = None) -> Any:
    """Add to a variable."""
    if _is_ref(ref):
        return state.assign_add(ref, value, use_locking=use_locking, name=name)
    return ref.assign_add(value)


@public("assign_sub")
def assign_sub(ref: Any, value: Any, use_locking: bool | None = None,
               name: str | None = None) -> Any:
    """Subtract from a variable."""
    if _is_ref(ref):
        return state.assign_sub(ref, value, use_locking=use_locking, name=name)
    return ref.assign_sub(value)


@public("count_up_to")
def count_up_to(ref: Any, limit: int, name: str | None = None) -> Tensor:
    """A scalar variable's value before it is increased by one, until it is `limit`."""
    if _is_ref(ref):
        return state.count_up_to(ref, limit=limit, name=name)
    return state_resource.resource_count_up_to(ref.handle, limit, T=ref.dtype, name=name)


def is_variable_initialized(ref: Any, name: str | None = None) -> Tensor:
    """A boolean tensor: True once a variable (or reference) holds a value."""
    if _is_ref(ref):
        return state.is_variable_initialized(ref, name=name)
    return ref.is_initialized(name=name)


def _scattering(name: str, locking: bool, doc: str) -> Callable[..., Any]:
    """The function tf.<name>: an update of rows or elements of a variable of either kind."""
    block = getattr(state_scatter, name)
    resource_block = getattr(state_scatter, f"resource_{name}")

    def scatter(ref: Any, indices: Any, updates: Any, use_locking: bool = locking,
                name: str | None = None) -> Any:
        if _is_ref(ref):
            return block(ref, indices, updates, use_locking=use_locking, name=name)
        updates = convert.convert_to_tensor(updates, ref.dtype)
        return ref._lazy_read(resource_block(ref.handle, indices, updates, name=name))

    scatter.__name__ = scatter.__qualname__ = name
    scatter.__doc__ = doc
    return public(name)(scatter)


scatter_update = _scattering("scatter_update", True, "Replace rows of a variable: ref[indices, "
                             "...] = updates.")
scatter_add = _scattering("scatter_add", False, "Add to rows of a variable; what comes twice adds "
                          "twice.")
scatter_sub = _scattering("scatter_sub", False, "Subtract from rows of a variable.")
scatter_mul = _scattering("scatter_mul", False, "Multiply rows of a variable.")
scatter_div = _scattering("scatter_div", False, "Divide rows of a variable.")
scatter_max = _scattering("scatter_max", False, "Raise rows of a variable to the updates.")
scatter_min = _scattering("scatter_min", False, "Lower rows of a variable to the updates.")
scatter_nd_update = _scattering("scatter_nd_update", True, "Replace elements or slices of a "
                                "variable.")
scatter_nd_add = _scattering("scatter_nd_add", False, "Add to elements or slices of a variable.")
scatter_nd_sub = _scattering("scatter_nd_sub", False, "Subtract from elements or slices of a "
                             "variable.")


@public("batch_scatter_update")
def batch_scatter_update(ref: Any, indices: Any, updates: Any, use_locking: bool = True,
                         name: str | None = None) -> Any:
    """Replace, in each batch of a variable, rows: ref[b, indices[b, i], ...] = updates[b, i, ...].

    Raises:
      ValueError: the rank of `indices` is not known.
    """
    with scopes.name_scope(name):
        indices = convert.convert_to_tensor(indices, name="indices")
        sizes = array_shape.shape(indices)
        rank = indices.get_shape().ndims
        if rank is None:
            raise ValueError("batch_gather does not allow indices with unknown shape.")
        rows = array_shape.expand_dims(indices, axis=-1)
        parts = []
        for dimension in range(rank - 1):
            size = sizes[dimension]
            shape = [1] * (rank + 1)
            shape[dimension] = size
            steps = array_shape.reshape(call("Range", 0, size, 1), shape)
            if steps.dtype.base_dtype != rows.dtype:
                steps = call("Cast", steps, rows.dtype)
            parts.append(steps * array_fill.ones_like(rows))
        parts.append(rows)
        return scatter_nd_update(ref, array_join.concat(parts, axis=-1), updates,
                                 use_locking=use_locking)
