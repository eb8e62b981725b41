"""Weights of losses and metrics: a scalar, or of the values' rank with sizes equal or 1.

Holds the check of that, made while the graph is built where shapes are known, and
`broadcast_weights`.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import constants, convert, scopes
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import assertion, sets
from rekindle._src.ops import cond as cond_ops
from rekindle._src.ops import control as control_ops
from rekindle._src.ops import math as math_ops

_PREFIX = "weights can not be broadcast to values."


def assert_broadcastable(weights: Any, values: Any) -> Any:
    """An operation that fails unless `weights` broadcasts to `values`.

    Raises:
      ValueError: the static shapes show that it does not.
    """
    with scopes.name_scope(None, "assert_broadcastable", (weights, values)) as scope:
        weights, weights_shape, weights_rank = _described("weights", weights)
        known_rank = constants.constant_value(weights_rank)
        values, values_shape, values_rank = _described("values", values)
        known_values_rank = constants.constant_value(values_rank)
        if known_rank is not None and known_values_rank is not None:
            done = _static_check(
                weights, weights_shape, known_rank, values, values_shape, known_values_rank
            )
            if done is not None:
                return done
        is_scalar = math_ops.equal(0, weights_rank, name="is_scalar")
        data = (
            *(_PREFIX, "weights.shape=", weights.name, weights_shape),
            *("values.shape=", values.name, values_shape, "is_scalar=", is_scalar),
        )
        is_valid = cond_ops.cond(
            is_scalar,
            lambda: is_scalar,
            lambda: _has_valid_shape(weights_rank, weights_shape, values_rank, values_shape),
            name="is_valid_shape",
        )
        return assertion.Assert(is_valid, data, name=scope)


def _described(name: str, tensor: Any) -> tuple[Any, Any, Any]:
    """The tensor, its shape and its rank."""
    with scopes.name_scope(None, name, (tensor,)) as scope:
        tensor = convert.convert_to_tensor(tensor, name=scope)
        return tensor, array_ops.shape(tensor, name="shape"), array_ops.rank(tensor, name="rank")


def _static_check(
    weights: Any, weights_shape: Any, weights_rank: Any, values: Any, values_shape: Any, rank: Any
) -> Any:
    """An operation that does nothing where the static shapes settle it, else None."""
    if weights_rank == 0:
        return control_ops.no_op(name="static_scalar_check_success")
    if weights_rank != rank:
        raise ValueError(
            f"{_PREFIX} values.rank={rank}. weights.rank={weights_rank}."
            f" values.shape={values.shape}. weights.shape={weights.shape}."
        )
    sizes = constants.constant_value(weights_shape)
    wanted = constants.constant_value(values_shape)
    if sizes is None or wanted is None:
        return None
    for i, (n, size) in enumerate(zip(sizes, wanted, strict=True)):
        if n not in (1, size):
            raise ValueError(
                f"{_PREFIX} Mismatch at dim {i}. values.shape={wanted} weights.shape={sizes}."
            )
    return control_ops.no_op(name="static_dims_check_success")


def _has_valid_shape(
    weights_rank: Any, weights_shape: Any, values_rank: Any, values_shape: Any
) -> Any:
    given = (weights_rank, weights_shape, values_rank, values_shape)
    with scopes.name_scope(None, "has_valid_nonscalar_shape", given) as scope:
        is_same_rank = math_ops.equal(values_rank, weights_rank, name="is_same_rank")
        return cond_ops.cond(
            is_same_rank,
            lambda: _has_valid_sizes(weights_shape, values_shape),
            lambda: is_same_rank,
            name=scope,
        )


def _has_valid_sizes(weights_shape: Any, values_shape: Any) -> Any:
    with scopes.name_scope(None, "has_invalid_dims", (weights_shape, values_shape)) as scope:
        column = array_ops.expand_dims(values_shape, -1)
        valid = array_ops.concat((column, array_ops.ones_like(column)), axis=1)
        given = array_ops.expand_dims(weights_shape, -1)
        invalid = sets.set_difference(given, valid)
        count = array_ops.size(invalid.values, name="num_invalid_dims")
        return math_ops.equal(0, count, name=scope)


def broadcast_weights(weights: Any, values: Any) -> Any:
    """The weights in the shape of the values."""
    with scopes.name_scope(None, "broadcast_weights", (weights, values)) as scope:
        values = convert.convert_to_tensor(values, name="values")
        weights = convert.convert_to_tensor(weights, values.dtype.base_dtype, name="weights")
        shape, wanted = weights.get_shape(), values.get_shape()
        is_known = shape.is_fully_defined() and wanted.is_fully_defined()
        if is_known and shape.is_compatible_with(wanted):
            return weights
        with scopes.control_dependencies((assert_broadcastable(weights, values),)):
            return math_ops.multiply(weights, array_ops.ones_like(values), name=scope)
