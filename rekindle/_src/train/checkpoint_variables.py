"""Single variables of checkpoints: looking at them, waiting for new ones, initialising from them.

Holds `tf.train.load_checkpoint`, `load_variable`, `list_variables`, `checkpoints_iterator` and
`init_from_checkpoint`.
"""
from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from rekindle._src import tf_logging as logging
from rekindle._src.formats.checkpoint_reader import CheckpointReader
from rekindle._src.formats.files import local_path
from rekindle._src.graph import scopes
from rekindle._src.names import public
from rekindle._src.ops import checkpoint
from rekindle._src.state.variable import Variable
from rekindle._src.state.variable_scope import default_variable_store
from rekindle._src.train.checkpoint_files import latest_checkpoint
from rekindle._src.train.saveables import validate_and_slice_inputs


@public("train.load_checkpoint")
def load_checkpoint(ckpt_dir_or_file: str) -> CheckpointReader:
    """A reader of a checkpoint, or of the newest one in a folder.

    Raises:
      ValueError: the folder has none.
      NotFoundError: there is no such checkpoint.
    """
    return CheckpointReader(_checkpoint_path(ckpt_dir_or_file))


@public("train.load_variable")
def load_variable(ckpt_dir_or_file: str, name: str) -> np.ndarray | bytes | np.generic:
    """The value of a variable in a checkpoint, or in the newest one in a folder.

    Raises:
      ValueError: the folder has no checkpoint.
      NotFoundError: there is no such checkpoint or variable.
    """
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name.removesuffix(":0"))


@public("train.list_variables")
def list_variables(ckpt_dir_or_file: str) -> list[tuple[str, list[int]]]:
    """(name, shape) of each variable in a checkpoint, or in the newest one in a folder.

    Raises:
      ValueError: the folder has no checkpoint.
      NotFoundError: there is no such checkpoint.
    """
    return sorted(load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map().items())


def _checkpoint_path(folder_or_path: str) -> str:
    folder_or_path = os.fspath(folder_or_path)
    if not os.path.isdir(local_path(folder_or_path)):
        return folder_or_path
    found = latest_checkpoint(folder_or_path)
    if found is None:
        raise ValueError(
            "Couldn't find 'checkpoint' file or checkpoints in given directory "
            f"{folder_or_path}"
        )
    return found


def wait_for_new_checkpoint(
    checkpoint_dir: str,
    last_checkpoint: str | None = None,
    seconds_to_sleep: float = 1,
    timeout: float | None = None,
) -> str | None:
    """The newest checkpoint of a folder as soon as it is another than `last_checkpoint`.

    Args:
      checkpoint_dir: the folder.
      last_checkpoint: the one that is known.
      seconds_to_sleep: the time between two looks.
      timeout: the most seconds to wait; None: for ever. Then None is given.
    """
    logging.info("Waiting for new checkpoint at %s", checkpoint_dir)
    stop = None if timeout is None else time.time() + timeout
    while True:
        found = latest_checkpoint(checkpoint_dir)
        if found is not None and found != last_checkpoint:
            logging.info("Found new checkpoint at %s", found)
            return found
        if stop is not None and time.time() + seconds_to_sleep > stop:
            return None
        time.sleep(seconds_to_sleep)


@public("train.checkpoints_iterator")
def checkpoints_iterator(
    checkpoint_dir: str,
    min_interval_secs: float = 0,
    timeout: float | None = None,
    timeout_fn: Callable[[], bool] | None = None,
) -> Iterator[str]:
    """Yield the path of the newest checkpoint of a folder each time there is a new one.

    Args:
      checkpoint_dir: the folder.
      min_interval_secs: the least seconds between two.
      timeout: the most seconds to wait for one; None: for ever.
      timeout_fn: asked when that time is over: True ends it, False waits again; default: it ends.
    """
    path = None
    while True:
        found = wait_for_new_checkpoint(checkpoint_dir, path, timeout=timeout)
        if found is None:
            if timeout_fn is None:
                logging.info("Timed-out waiting for a checkpoint.")
                return
            if timeout_fn():
                return
            continue
        start = time.time()
        path = found
        yield path
        time.sleep(max(0.0, start + min_interval_secs - time.time()))


@public("train.init_from_checkpoint")
def init_from_checkpoint(ckpt_dir_or_file: str, assignment_map: dict[str, Any]) -> None:
    """Make variables take their initial values from a checkpoint when they are initialised.

    Args:
      ckpt_dir_or_file: a checkpoint, or a folder whose newest one is meant.
      assignment_map: names in the checkpoint to variables, lists of the parts of one, or names of
        variables made by `tf.get_variable`; "scope/" to "other_scope/" takes all of a scope.

    Raises:
      ValueError: a variable or a tensor is missing, or their shapes differ.
    """
    path = _checkpoint_path(ckpt_dir_or_file)
    shapes = load_checkpoint(path).get_variable_to_shape_map()
    made = default_variable_store()._vars
    for name, target in sorted(assignment_map.items(), key=lambda pair: pair[0]):
        variable = target if _is_variable(target) else _by_name(target, made)
        if variable is not None:
            if name not in shapes:
                message = f"Tensor {name} is not found in {ckpt_dir_or_file} checkpoint {shapes}"
                raise ValueError(message)
            _check_shape(variable, name, shapes[name])
            _initialise_from(variable, path, name)
            continue
        for variable_name, tensor_name in _scope_to_scope(name, target, made):
            if tensor_name not in shapes:
                scope = target[: target.rindex("/")] if "/" in target else ""
                raise ValueError(
                    f"Tensor {tensor_name} ({variable_name[len(scope) + 1 :]} in {name}) is not "
                    f"found in {ckpt_dir_or_file} checkpoint"
                )
            _initialise_from(_by_name(variable_name, made), path, tensor_name)


def _is_variable(target: Any) -> bool:
    if isinstance(target, list):
        return all(isinstance(one, Variable) for one in target)
    return isinstance(target, Variable)


def _by_name(name: str, made: dict[str, Any]) -> Any:
    """The variable, or the list of its parts, that `tf.get_variable` made; None if it did not."""
    if name in made:
        return made[name]
    parts = []
    while f"{name}/part_{len(parts)}" in made:
        parts.append(made[f"{name}/part_{len(parts)}"])
    return parts or None


def _scope_to_scope(name: str, target: str, made: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (variable, tensor) for each variable in the scope `target`."""
    scope = target[: target.rindex("/")] if "/" in target else ""
    if not name.endswith("/"):
        raise ValueError(
            f"Assignment map with scope only name {scope} should map to scope only {name}. Should "
            "be 'scope/': 'other_scope/'."
        )
    inside = (one for one in made if not scope or one.startswith(scope + "/"))
    for variable in sorted({one.partition("/part_")[0] for one in inside}):
        tensor = variable[len(scope) :]
        if target != "/":
            tensor = tensor[1:]
        if name != "/":
            tensor = name + tensor
        yield variable, tensor.removesuffix("/")


def _check_shape(variable: Any, name: str, shape: list[int]) -> None:
    if isinstance(variable, list) or variable.get_shape().is_compatible_with(shape):
        return
    raise ValueError(
        f"Shape of variable {variable.name} ({variable.get_shape()}) doesn't match with shape of "
        f"tensor {name} ({shape}) from checkpoint reader."
    )


def _initialise_from(variable: Any, path: str, name: str) -> None:
    if not isinstance(variable, list):
        _set_initializer(variable, path, name, "")
        return
    wholes = {one._save_slice_info.full_name for one in variable}
    if len(wholes) > 1:
        first, other, *_ = sorted(wholes)
        raise ValueError(f"Slices must all be from the same tensor: {first} != {other}")
    for one in variable:
        _set_initializer(one, path, name, one._save_slice_info.spec)


def _set_initializer(variable: Any, path: str, name: str, slice_spec: str) -> None:
    with scopes.device(variable.device), scopes.device("/cpu:0"):
        value = checkpoint.restore_v2(
            path,
            [name],
            [slice_spec],
            [variable.dtype.base_dtype],
            name="checkpoint_initializer",
        )[0]
        (saveable,) = validate_and_slice_inputs([variable])
    variable._initializer_op = saveable.restore([value], None)
    value.set_shape(variable.shape)
    variable._initial_value = value
