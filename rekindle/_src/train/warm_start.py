"""`tf.train.warm_start`: variables that begin with the values of another model's checkpoint."""

from __future__ import annotations

import collections
from typing import Any

from rekindle._src import tf_logging as logging
from rekindle._src.graph import convert
from rekindle._src.graph.collections import GraphKeys, get_collection
from rekindle._src.names import public
from rekindle._src.state import assign
from rekindle._src.state.partitioned import PartitionedVariable, PartitionInfo
from rekindle._src.train.checkpoint_variables import _checkpoint_path, _is_variable, init_from_checkpoint
from rekindle._src.train.remapped import load_and_remap_matrix_initializer
from rekindle._src.train.saveables import op_list_to_dict
from rekindle._src.train.saver import keys_by_name


@public("train.VocabInfo")
class VocabInfo(
    collections.namedtuple(
        "VocabInfo",
        "new_vocab new_vocab_size num_oov_buckets old_vocab old_vocab_size backup_initializer axis",
    )
):
    """The vocabularies of a variable, the new and the old one.

    Args:
      new_vocab: the file of the new vocabulary, an entry a line.
      new_vocab_size: the number of its entries that are used.
      num_oov_buckets: the number of buckets for what it lacks.
      old_vocab: the file of the checkpoint's vocabulary.
      old_vocab_size: the number of its entries that were used; -1: all.
      backup_initializer: gives the values of new entries; default: zeros.
      axis: the dimension that the vocabulary belongs to, 0 or 1.

    Raises:
      ValueError: the axis is another.
    """

    __slots__ = ()

    def __new__(
        cls, new_vocab: Any, new_vocab_size: Any, num_oov_buckets: Any, old_vocab: Any, old_vocab_size: Any = -1,
        backup_initializer: Any = None, axis: int = 0,
    ) -> VocabInfo:  # fmt: skip
        if axis not in (0, 1):
            raise ValueError(
                f"The only supported values for the axis argument are 0 and 1.  Provided axis: {axis}"
            )
        return super().__new__(
            cls, new_vocab, new_vocab_size, num_oov_buckets, old_vocab, old_vocab_size, backup_initializer, axis
        )


def _infer_var_name(var: list[Any]) -> str:
    """The name of one variable, given as a list of it or of its parts."""
    found = op_list_to_dict(var)
    if len(found) > 1:
        raise TypeError(
            f"`var` = {var} passed as arg violates the constraints.  name_to_var_dict = {found}"
        )
    return next(iter(found))


def _parts(var: Any) -> list[Any]:
    """The parts of a variable, itself if it has none.

    Raises:
      TypeError: it is no variable.
    """
    if _is_variable(var) and not isinstance(var, list):
        return [var]
    if isinstance(var, list) and all(map(_is_variable, var)):
        return var
    if isinstance(var, PartitionedVariable):
        return list(var)
    raise TypeError(
        f"var MUST be one of the following: a Variable, list of Variable or PartitionedVariable, but is {type(var)}"
    )


def _get_var_info(var: Any, prev_tensor_name: str | None = None) -> tuple[str, Any]:
    """The name of a variable's tensor in the checkpoint, and the variable or the list of its parts."""
    parts = _parts(var)
    name = prev_tensor_name or _infer_var_name(parts)
    return name, (parts if isinstance(var, list | PartitionedVariable) else var)


def _warm_start_var_with_vocab(
    var: Any, current_vocab_path: str, current_vocab_size: int, prev_ckpt: str, prev_vocab_path: str,
    previous_vocab_size: int = -1, current_oov_buckets: int = 0, prev_tensor_name: str | None = None,
    initializer: Any = None, axis: int = 0,
) -> None:  # fmt: skip
    """Make a variable begin with the rows (or columns) of a matrix of a checkpoint, in a new vocabulary's order.

    Raises:
      ValueError: a file or a size is missing, or the axis is neither 0 nor 1.
      TypeError: it is no variable.
    """
    if not (current_vocab_path and current_vocab_size and prev_ckpt and prev_vocab_path):
        raise ValueError(
            "Invalid args: Must provide all of [current_vocab_path, current_vocab_size, prev_ckpt, prev_vocab_path}."
        )
    parts = _parts(var)
    name = prev_tensor_name or _infer_var_name(parts)
    if axis not in (0, 1):
        raise ValueError(f"The only supported values for the axis argument are 0 and 1.  Provided axis: {axis}")
    rows = sum(one.get_shape().as_list()[0] for one in parts)
    for one in parts:
        shape = one.get_shape().as_list()
        place = one._save_slice_info
        partition = None if place is None else PartitionInfo(place.full_shape, place.var_offset)
        if axis == 0:
            by_axis: dict[str, Any] = {
                "new_row_vocab_size": current_vocab_size, "new_col_vocab_size": shape[1],
                "old_row_vocab_size": previous_vocab_size, "old_row_vocab_file": prev_vocab_path,
                "new_row_vocab_file": current_vocab_path, "num_row_oov_buckets": current_oov_buckets,
            }  # fmt: skip
        else:
            by_axis = {
                "new_row_vocab_size": rows, "new_col_vocab_size": current_vocab_size,
                "old_col_vocab_file": prev_vocab_path, "new_col_vocab_file": current_vocab_path,
                "num_col_oov_buckets": current_oov_buckets,
            }  # fmt: skip
        make = load_and_remap_matrix_initializer(
            ckpt_path=_checkpoint_path(prev_ckpt), old_tensor_name=name, initializer=initializer, **by_axis
        )
        value = convert.convert_to_tensor(make(shape=shape, partition_info=partition))
        one._initializer_op = assign.assign(one, value)


def _get_grouped_variables(vars_to_warm_start: Any) -> dict[str, list[Any]]:
    """The variables that are meant, the parts of one together, by name.

    Raises:
      ValueError: they are given in no way that is known.
    """
    wanted = vars_to_warm_start
    if isinstance(wanted, str) or wanted is None:
        logging.info("Warm-starting variables only in TRAINABLE_VARIABLES.")
        found = get_collection(GraphKeys.TRAINABLE_VARIABLES, scope=wanted)
    elif not isinstance(wanted, list):
        raise ValueError(f"`vars_to_warm_start must be a `list` or `str`.  Given type is {type(wanted)}")
    elif all(isinstance(one, str) for one in wanted):
        found = [v for one in wanted for v in get_collection(GraphKeys.GLOBAL_VARIABLES, scope=one)]
    elif all(map(_is_variable, wanted)):
        found = wanted
    else:
        raise ValueError(
            "If `vars_to_warm_start` is a list, it must be all `Variable` or all `str`.  Given types are "
            f"{[type(one) for one in wanted]}"
        )
    grouped: dict[str, list[Any]] = {}
    for one in found:
        grouped.setdefault(_infer_var_name(one if isinstance(one, list) else [one]), []).append(one)
    return grouped


def _get_object_checkpoint_renames(path: str, variable_names: Any) -> dict[str, str]:
    """The keys of variables in a checkpoint of objects; nothing for another one.

    Raises:
      ValueError: it lacks a variable.
    """
    keys = keys_by_name(_checkpoint_path(path))
    if keys is None:
        return {}
    missing = set(variable_names) - keys.keys()
    if missing:
        raise ValueError(
            "Attempting to warm-start from an object-based checkpoint, but found that the checkpoint did not contain "
            f"values for all variables. The following variables were missing: {missing}"
        )
    return {name: keys[name] for name in variable_names}


@public("train.warm_start")
def warm_start(
    ckpt_to_initialize_from: str,
    vars_to_warm_start: Any = ".*",
    var_name_to_vocab_info: dict[str, VocabInfo] | None = None,
    var_name_to_prev_var_name: dict[str, str] | None = None,
) -> None:
    """Make variables take the values of a checkpoint when they are initialised.

    Args:
      ckpt_to_initialize_from: the checkpoint, or the folder whose newest is meant.
      vars_to_warm_start: a pattern of names of trainable variables (default: all of these); a list of patterns of names
        of any global variables; a list of variables; None: only those with a vocabulary.
      var_name_to_vocab_info: the vocabularies of variables, by name.
      var_name_to_prev_var_name: the names in the checkpoint, by the variables' names, where they differ.

    Raises:
      ValueError: a variable is missing, or a name is given that is none of the variables'.
    """
    logging.info("Warm-starting from: %s", ckpt_to_initialize_from)
    grouped = _get_grouped_variables(vars_to_warm_start)
    vocabularies = var_name_to_vocab_info or {}
    old_names = var_name_to_prev_var_name or _get_object_checkpoint_renames(ckpt_to_initialize_from, grouped)
    plain: dict[str, Any] = {}
    count = 0
    for name, variable in grouped.items():
        known = vocabularies.get(name)
        if known is not None:
            count += 1
            _warm_start_var_with_vocab(
                variable, known.new_vocab, known.new_vocab_size, ckpt_to_initialize_from, known.old_vocab,
                known.old_vocab_size, known.num_oov_buckets, old_names.get(name), known.backup_initializer, known.axis,
            )  # fmt: skip
        elif vars_to_warm_start:
            count += 1
            old_name, var = _get_var_info(variable[0] if len(variable) == 1 else variable, old_names.get(name))
            plain[old_name] = var
    init_from_checkpoint(ckpt_to_initialize_from, plain)
    logging.info("Warm-started %d variables.", count)
    for what, unused in (
        ("var_name_to_prev_var_name", old_names.keys() - grouped.keys()),
        ("var_name_to_vocab_info", vocabularies.keys() - grouped.keys()),
    ):
        if unused:
            raise ValueError(
                f"You provided the following variables in {what} that were not used: {unused}.  Perhaps you "
                f"misspelled them?  Here is the list of viable variable names: {grouped.keys()}"
            )
