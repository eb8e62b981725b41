"""Values for variables, from dictionaries and from checkpoints."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src import tf_logging
from rekindle._src.contrib.framework.variables import get_variable_full_name
from rekindle._src.contrib.spaces import shown
from rekindle._src.graph.collections import GraphKeys, get_collection
from rekindle._src.graph.proto import SaverDef
from rekindle._src.names import export
from rekindle._src.ops import control, placeholder
from rekindle._src.train import checkpoint_variables, saver

for _name in ("init_from_checkpoint", "list_variables", "load_checkpoint", "load_variable"):
    export(f"contrib.framework.{_name}", checkpoint_variables.__name__, _name)


@shown("framework", "assign_from_values")
def assign_from_values(var_names_to_values: dict[str, Any]) -> tuple[Any, dict[Any, Any]]:
    """An operation that sets variables, and what to feed it.

    Args:
      var_names_to_values: name of a variable -> array.

    Raises:
      ValueError: there is no variable of a name.
    """
    assigned, feeds = [], {}
    for name, value in var_names_to_values.items():
        variable = _named(name)
        fed, update = _fed_assignment(variable)
        assigned.append(update)
        feeds[fed] = value.reshape(variable.get_shape().as_list())
    return control.group(*assigned), feeds


def _named(name: str) -> Any:
    found = get_collection(GraphKeys.GLOBAL_VARIABLES, name)
    if not found:
        raise ValueError(f"Variable {name} wasn't found")
    if len(found) == 1:
        return found[0]
    for variable in found:
        if variable.op.name == name:
            return variable
    raise ValueError(f"Variable {name} doesn't uniquely identify a variable")


def _fed_assignment(variable: Any) -> tuple[Any, Any]:
    """A placeholder for a variable's value, and the assignment of it."""
    fed = placeholder.placeholder(
        dtype=variable.dtype.base_dtype,
        shape=variable.get_shape(),
        name=f"placeholder/{variable.op.name}",
    )
    return fed, variable.assign(fed)


@shown("framework", "assign_from_values_fn")
def assign_from_values_fn(var_names_to_values: dict[str, Any]) -> Callable[[Any], Any]:
    """A function of a session that sets variables by `assign_from_values`."""
    assign, feeds = assign_from_values(var_names_to_values)

    def set_values(session: Any) -> Any:
        return session.run(assign, feeds)

    return set_values


@shown("framework", "assign_from_checkpoint")
def assign_from_checkpoint(
    model_path: str, var_list: Any, ignore_missing_vars: bool = False
) -> tuple[Any, dict[Any, Any]]:
    """An operation that sets variables to what a checkpoint has, and what to feed it.

    Args:
      model_path: the checkpoint.
      var_list: variables; or name in the checkpoint -> variable, or the parts of one.
      ignore_missing_vars: leave out what the checkpoint lacks.

    Raises:
      ValueError: the checkpoint lacks a variable, or has it in another shape.
    """
    reader = checkpoint_variables.load_checkpoint(model_path)
    assigned, feeds = [], {}
    for name, parts in _by_checkpoint_name(var_list).items():
        if not reader.has_tensor(name):
            said = f"Checkpoint is missing variable [{name}]"
            if not ignore_missing_vars:
                raise ValueError(said)
            tf_logging.warning(said)
            continue
        whole = reader.get_tensor(name)
        for variable in parts:
            fed, update = _fed_assignment(variable)
            assigned.append(update)
            feeds[fed] = _part(name, whole, variable).reshape(variable.get_shape().as_list())
    return control.group(*assigned), feeds


def _by_checkpoint_name(var_list: Any) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = {}
    if isinstance(var_list, (tuple, list)):
        for variable in var_list:
            grouped.setdefault(get_variable_full_name(variable), []).append(variable)
        return grouped
    return {n: list(v) if isinstance(v, (tuple, list)) else [v] for n, v in var_list.items()}


def _part(name: str, whole: Any, variable: Any) -> Any:
    """What a variable holds of a checkpoint's tensor."""
    cut = variable._save_slice_info
    if cut is not None:
        where = zip(cut.var_offset, cut.var_shape, strict=True)
        return whole[tuple(slice(begin, begin + size) for begin, size in where)]
    if not variable.get_shape().is_compatible_with(whole.shape):
        raise ValueError(
            f"Total size of new array must be unchanged for {name} lh_shape: [{whole.shape}], "
            f"rh_shape: [{variable.get_shape()}]"
        )
    return whole


@shown("framework", "assign_from_checkpoint_fn")
def assign_from_checkpoint_fn(
    model_path: str,
    var_list: Any,
    ignore_missing_vars: bool = False,
    reshape_variables: bool = False,
) -> Callable[[Any], None] | None:
    """A function of a session that restores variables; None, after a warning, if there are none.

    Args:
      model_path: the checkpoint.
      var_list: variables, or name in the checkpoint -> variable.
      ignore_missing_vars: leave out, with a warning, what the checkpoint lacks.
      reshape_variables: let shapes differ where the number of elements is the same.

    Raises:
      ValueError: `var_list` is empty.
    """
    if not var_list:
        raise ValueError("var_list cannot be empty")
    if ignore_missing_vars:
        var_list = _present(model_path, var_list)
    if not var_list:
        tf_logging.warning("No Variables to restore")
        return None
    restorer = saver.Saver(var_list, reshape=reshape_variables, write_version=SaverDef.V1)

    def restore(session: Any) -> None:
        restorer.restore(session, model_path)

    return restore


def _present(model_path: str, var_list: Any) -> dict[str, Any]:
    reader = checkpoint_variables.load_checkpoint(model_path)
    named = var_list if isinstance(var_list, dict) else {v.op.name: v for v in var_list}
    for name in named:
        if not reader.has_tensor(name):
            tf_logging.warning("Variable %s missing in checkpoint %s", name, model_path)
    return {name: v for name, v in named.items() if reader.has_tensor(name)}
