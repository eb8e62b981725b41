"""What scripts take from tensorflow.python.ops.state_ops besides the public names: nodes of
variables, and their first assignment.
"""
from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, scopes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.tensor import Tensor
from rekindle._src.ops import state
from rekindle._src.state.assign import is_variable_initialized

__all__ = ["is_variable_initialized"]


def variable_op(shape: Any, dtype: Any, name: str = "Variable", set_shape: bool = True,
                container: str = "", shared_name: str = "") -> Tensor:
    """A reference to a variable, by the older op; its shape is left open unless `set_shape`."""
    if not set_shape:
        shape = TensorShape(None)
    ref = state.variable(shape=shape, dtype=dtype, name=name, container=container,
                         shared_name=shared_name)
    if set_shape:
        ref.set_shape(shape)
    return ref


def variable_op_v2(shape: Any, dtype: Any, name: str = "Variable", container: str = "",
                   shared_name: str = "") -> Tensor:
    """A reference to a variable."""
    return state.variable_v2(shape=shape, dtype=dtype, name=name, container=container,
                             shared_name=shared_name)


def init_variable(v: Any, init: Any, name: str = "init") -> Any:
    """An operation that assigns to a variable: `init`, or what the initializer `init` gives for its
    shape.
    """
    with scopes.name_scope(None, v.op.name + "/", [v, init]), scopes.name_scope(
            name) as scope, scopes.colocate_with(v):
        if callable(init):
            assert v.get_shape().is_fully_defined(), "Variable shape unknown."
            value = init(v.get_shape().as_list(), v.dtype.base_dtype)
            return state.assign(v, convert.convert_to_tensor(value, name="value"), name=scope)
        return state.assign(v, convert.convert_to_tensor(init, name="init"), name=scope)
