"""Variables with more collections: model variables, and the search for variables by name."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

from rekindle._src.contrib.framework.arg_scope import add_arg_scope
from rekindle._src.contrib.spaces import shown
from rekindle._src.graph import devices, scopes
from rekindle._src.graph.collections import GraphKeys, add_to_collection, get_collection
from rekindle._src.state import variable_scope as scope_module
from rekindle._src.state.initializers import Zeros
from rekindle._src.state.variable import (
    Variable,
    VariableAggregation,
    VariableSynchronization,
)
from rekindle._src.train import global_step


@shown("framework", "variable")
@add_arg_scope
def variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Any = None,
    caching_device: Any = None,
    device: Any = None,
    partitioner: Any = None,
    custom_getter: Callable[..., Any] | None = None,
    use_resource: bool | None = None,
    synchronization: Any = VariableSynchronization.AUTO,
    aggregation: Any = VariableAggregation.NONE,
) -> Any:
    """`tf.get_variable` on a device.

    Args:
      name: its name below the variable scope.
      shape, dtype, initializer, regularizer, trainable: as for `tf.get_variable`.
      collections: where it goes; default: GLOBAL_VARIABLES.
      caching_device: where reads are kept.
      device: a device, or a function from operation to device.
      partitioner: how to cut it.
      custom_getter: what to call in place of `tf.get_variable`.
      use_resource: make it a resource variable.
      synchronization, aggregation: for distributed variables.
    """
    wanted = list(dict.fromkeys([GraphKeys.GLOBAL_VARIABLES] if collections is None else collections))
    getter: Callable[..., Any] = scope_module.get_variable
    if custom_getter is not None:
        reuse = scope_module.get_variable_scope().reuse
        getter = functools.partial(custom_getter, reuse=reuse)
    with scopes.device(device or ""):
        return getter(
            name,
            shape=shape,
            dtype=dtype,
            initializer=initializer,
            regularizer=regularizer,
            trainable=trainable,
            collections=wanted,
            caching_device=caching_device,
            partitioner=partitioner,
            use_resource=use_resource,
            synchronization=synchronization,
            aggregation=aggregation,
        )


@shown("framework", "model_variable")
@add_arg_scope
def model_variable(
    name: str,
    shape: Any = None,
    dtype: Any = None,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    collections: Any = None,
    caching_device: Any = None,
    device: Any = None,
    partitioner: Any = None,
    custom_getter: Callable[..., Any] | None = None,
    use_resource: bool | None = None,
    synchronization: Any = VariableSynchronization.AUTO,
    aggregation: Any = VariableAggregation.NONE,
) -> Any:
    """A `variable` that is in GLOBAL_VARIABLES and MODEL_VARIABLES, and in `collections` too."""
    own = [*(collections or []), GraphKeys.GLOBAL_VARIABLES, GraphKeys.MODEL_VARIABLES]
    return variable(
        name,
        shape=shape,
        dtype=dtype,
        initializer=initializer,
        regularizer=regularizer,
        trainable=trainable,
        collections=own,
        caching_device=caching_device,
        device=device,
        partitioner=partitioner,
        custom_getter=custom_getter,
        use_resource=use_resource,
        synchronization=synchronization,
        aggregation=aggregation,
    )


@shown("framework", "local_variable")
def local_variable(
    initial_value: Any,
    validate_shape: bool = True,
    name: str | None = None,
    use_resource: bool | None = None,
) -> Any:
    """A variable in LOCAL_VARIABLES, which checkpoints leave out."""
    return _in_collection(
        GraphKeys.LOCAL_VARIABLES, initial_value, validate_shape, name, use_resource
    )


@shown("framework", "global_variable")
def global_variable(
    initial_value: Any,
    validate_shape: bool = True,
    name: str | None = None,
    use_resource: bool | None = None,
) -> Any:
    """A variable in GLOBAL_VARIABLES that is not trained."""
    return _in_collection(
        GraphKeys.GLOBAL_VARIABLES, initial_value, validate_shape, name, use_resource
    )


def _in_collection(key: str, value: Any, validate: bool, name: Any, use_resource: Any) -> Any:
    return Variable(
        value,
        trainable=False,
        collections=[key],
        validate_shape=validate,
        name=name,
        use_resource=use_resource,
    )


@shown("framework", "add_model_variable")
def add_model_variable(var: Any) -> None:
    """Put a variable into MODEL_VARIABLES, once."""
    if not any(var is one for one in get_collection(GraphKeys.MODEL_VARIABLES)):
        add_to_collection(GraphKeys.MODEL_VARIABLES, var)


@shown("framework", "get_variables")
def get_variables(
    scope: Any = None, suffix: str | None = None, collection: str = GraphKeys.GLOBAL_VARIABLES
) -> list[Any]:
    """The variables of a collection whose names begin with `scope` and end with `suffix`."""
    if isinstance(scope, scope_module.VariableScope):
        scope = scope.name
    if suffix is not None:
        scope = (scope or "") + ".*" + (suffix if ":" in suffix else suffix + ":")
    return get_collection(collection, scope)


@shown("framework", "get_model_variables")
def get_model_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """`get_variables` among the model variables."""
    return get_variables(scope, suffix, GraphKeys.MODEL_VARIABLES)


@shown("framework", "get_local_variables")
def get_local_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """`get_variables` among the local variables."""
    return get_variables(scope, suffix, GraphKeys.LOCAL_VARIABLES)


@shown("framework", "get_trainable_variables")
def get_trainable_variables(scope: Any = None, suffix: str | None = None) -> list[Any]:
    """`get_variables` among the variables that are trained."""
    return get_variables(scope, suffix, GraphKeys.TRAINABLE_VARIABLES)


@shown("framework", "get_variables_to_restore")
def get_variables_to_restore(include: Any = None, exclude: Any = None) -> list[Any]:
    """The variables in the scopes `include` (default: all) and not in the scopes `exclude`.

    Raises:
      TypeError: one of them is not a list or tuple.
    """
    kept = _of_scopes("include", include) if include is not None else get_variables()
    dropped = _of_scopes("exclude", exclude) if exclude is not None else []
    return [v for v in kept if not any(v is one for one in dropped)]


def _of_scopes(which: str, names: Any) -> list[Any]:
    if not isinstance(names, (list, tuple)):
        raise TypeError(f"{which} is provided but is not a list or a tuple.")
    return [v for name in names for v in get_variables(name)]


@shown("framework", "get_variables_by_suffix")
def get_variables_by_suffix(suffix: str, scope: Any = None) -> list[Any]:
    """The variables whose names end with `suffix`."""
    return get_variables(scope=scope, suffix=suffix)


@shown("framework", "get_variables_by_name")
def get_variables_by_name(given_name: str, scope: Any = None) -> list[Any]:
    """The variables whose last part of the name is `given_name`."""
    return get_variables(scope=scope, suffix=f"/{given_name}:|^{given_name}:")


@shown("framework", "get_variable_full_name")
def get_variable_full_name(var: Any) -> str:
    """The name of a variable in checkpoints: that of the whole where it is a part."""
    part = var._save_slice_info
    return var.op.name if part is None else part.full_name


@shown("framework", "get_unique_variable")
def get_unique_variable(var_op_name: str) -> Any:
    """The variable of a name.

    Raises:
      ValueError: there is none.
    """
    candidates = get_variables(scope=var_op_name)
    if not candidates:
        raise ValueError(f"Couldn't find variable {var_op_name}")
    for candidate in candidates:
        if candidate.op.name == var_op_name:
            return candidate
    raise ValueError("Variable %s does not uniquely identify a variable", var_op_name)


@shown("framework", "filter_variables")
def filter_variables(
    var_list: list[Any],
    include_patterns: Any = None,
    exclude_patterns: Any = None,
    reg_search: bool = True,
) -> list[Any]:
    """The variables whose names match one of the patterns, and none of those to exclude.

    Args:
      var_list: the variables.
      include_patterns: regular expressions; default: all match.
      exclude_patterns: regular expressions.
      reg_search: look for a pattern anywhere in the name, not at its beginning only.
    """
    found = re.search if reg_search else re.match
    kept = list(var_list)
    if include_patterns is not None:
        included = [p if isinstance(p, re.Pattern) else re.compile(p) for p in include_patterns]
        kept = [v for v in kept if any(found(p, v.name) for p in included)]
    return [v for v in kept if not any(found(p, v.name) for p in exclude_patterns or [])]


@shown("framework", "assert_or_get_global_step")
def assert_or_get_global_step(graph: Any = None, global_step_tensor: Any = None) -> Any:
    """The given global step, checked; without one, the graph's."""
    if global_step_tensor is None:
        return global_step.get_global_step(graph)
    global_step.assert_global_step(global_step_tensor)
    return global_step_tensor


@shown("framework", "zero_initializer")
def zero_initializer(ref: Any, use_locking: bool = True, name: str = "zero_initializer") -> Any:
    """Fill a variable with zeros without another tensor of its size."""
    with scopes.name_scope(name), scopes.colocate_with(ref):
        return ref.assign(Zeros()(ref.shape, ref.dtype.base_dtype))


@shown("framework", "VariableDeviceChooser")
class VariableDeviceChooser:
    """Gives variables to the tasks of a job in turn.

    Args:
      num_tasks: the number of tasks; 0 names no job.
      job_name: the job.
      device_type, device_index: the device of a task.
      replica: the replica, if any.
    """

    def __init__(
        self,
        num_tasks: int = 0,
        job_name: str = "ps",
        device_type: str = "CPU",
        device_index: int = 0,
        replica: int | None = None,
    ) -> None:
        self._num_tasks = num_tasks
        self._job = job_name
        self._fixed = {
            "replica": replica,
            "device_type": device_type,
            "device_index": device_index,
        }
        self._next_task = 0

    def __call__(self, op: Any) -> str:
        if not self._num_tasks:
            return devices.DeviceSpec(**self._fixed).to_string()
        task, self._next_task = self._next_task, (self._next_task + 1) % self._num_tasks
        return devices.DeviceSpec(job=self._job, task=task, **self._fixed).to_string()
