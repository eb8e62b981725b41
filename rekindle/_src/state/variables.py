"""The lists of a graph's variables, and the operations that initialise them or ask whether they
are.
"""
from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.collections import GraphKeys, get_collection
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array_join, array_select, array_shape, control, math_logic
from rekindle._src.state import assign


@public("global_variables")
def global_variables(scope: str | None = None) -> list[Any]:
    """The variables that are shared and saved; with `scope`, those whose name begins so (a regular
    expression).
    """
    return get_collection(GraphKeys.GLOBAL_VARIABLES, scope)


@public("local_variables")
def local_variables(scope: str | None = None) -> list[Any]:
    """The variables of this process, not saved; with `scope`, those whose name begins so."""
    return get_collection(GraphKeys.LOCAL_VARIABLES, scope)


@public("model_variables")
def model_variables(scope: str | None = None) -> list[Any]:
    """The variables of the model proper; with `scope`, those whose name begins so."""
    return get_collection(GraphKeys.MODEL_VARIABLES, scope)


@public("trainable_variables")
def trainable_variables(scope: str | None = None) -> list[Any]:
    """The variables that optimizers change; with `scope`, those whose name begins so."""
    return get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


@public("moving_average_variables")
def moving_average_variables(scope: str | None = None) -> list[Any]:
    """The variables of which a moving average is kept; with `scope`, those whose name begins so."""
    return get_collection(GraphKeys.MOVING_AVERAGE_VARIABLES, scope)


@public("all_variables")
def all_variables() -> list[Any]:
    """The older name of `global_variables()`."""
    return global_variables()


@public("variables_initializer", "initializers.variables")
def variables_initializer(var_list: Any, name: str = "init") -> Any:
    """An operation that gives each variable of a list its initial value."""
    if var_list:
        return control.group(*[v.initializer for v in var_list], name=name)
    return control.no_op(name=name)


@public("global_variables_initializer", "initializers.global_variables")
def global_variables_initializer() -> Any:
    """An operation that gives each global variable its initial value."""
    return variables_initializer(global_variables())


@public("local_variables_initializer", "initializers.local_variables")
def local_variables_initializer() -> Any:
    """An operation that gives each local variable its initial value."""
    return variables_initializer(local_variables())


@public("initialize_variables")
def initialize_variables(var_list: Any, name: str = "init") -> Any:
    """The older name of `variables_initializer`."""
    return variables_initializer(var_list, name=name)


@public("initialize_all_variables")
def initialize_all_variables() -> Any:
    """The older name of `global_variables_initializer`."""
    return global_variables_initializer()


@public("initialize_local_variables")
def initialize_local_variables() -> Any:
    """The older name of `local_variables_initializer`."""
    return local_variables_initializer()


@public("is_variable_initialized")
def is_variable_initialized(variable: Any) -> Tensor:
    """A boolean tensor: True once the variable holds a value."""
    return assign.is_variable_initialized(variable)


def _all_of_graph() -> list[Any]:
    """Global and local variables; if there are none, the outputs of the graph's variable nodes."""
    found = global_variables() + local_variables()
    if found:
        return found
    return [op.outputs[0] for op in scopes.get_default_graph().get_operations()
            if op.type in ("Variable", "VariableV2", "AutoReloadVariable")]


@public("assert_variables_initialized")
def assert_variables_initialized(var_list: Any = None) -> Tensor | None:
    """A tensor whose evaluation fails if a variable is not initialised; None if there are no
    variables.
    """
    variables = global_variables() + local_variables() if var_list is None else var_list
    variables = variables or _all_of_graph()
    if not variables:
        return None
    ranks = []
    for variable in variables:
        with scopes.colocate_with(variable.op):
            ranks.append(array_shape.rank_internal(variable, optimize=False))
    return ranks[0] if len(ranks) == 1 else array_join.stack(ranks)


@public("report_uninitialized_variables")
def report_uninitialized_variables(var_list: Any = None,
                                   name: str = "report_uninitialized_variables") -> Tensor:
    """The names of the variables that are not initialised: a 1-D string tensor.

    Args:
      var_list: the variables to look at; default: global and local variables.
      name: the name scope.
    """
    variables = _all_of_graph() if var_list is None else var_list
    with scopes.name_scope(name):
        flags = [assign.is_variable_initialized(variable) for variable in variables]
        with scopes.device("/cpu:0"):
            if not variables:
                return convert.constant([], dtypes.string)
            missing = math_logic.logical_not(array_join.stack(flags))
            names = convert.constant([variable.op.name for variable in variables])
            return array_select.boolean_mask(names, missing)
