"""The tool inspect_checkpoint: tensors of a checkpoint printed as TensorFlow's tool prints them."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any

import numpy as np

from rekindle._src import errors
from rekindle._src.formats.checkpoint_reader import CheckpointReader, NewCheckpointReader
from rekindle._src.rewrite.flag_types import parsed, switch

_HINT = """
It's likely that this is a V2 checkpoint and you need to provide the filename
*prefix*.  Try removing the '.' and extension.  Try:
inspect checkpoint --file_name = {}"""


def print_tensors_in_checkpoint_file(
    file_name: str,
    tensor_name: str,
    all_tensors: bool,
    all_tensor_names: bool = False,
    count_exclude_pattern: str = "",
) -> None:
    """Print what is in a checkpoint; where it cannot be read, why.

    Args:
      file_name: the path that `Saver.save` gave.
      tensor_name: the tensor whose value to print; "" for the names, types and shapes of all.
      all_tensors: print the names and values of all.
      all_tensor_names: print the names of all.
      count_exclude_pattern: tensors whose name has a match are not counted.
    """
    _print_all(file_name, tensor_name, all_tensors, all_tensor_names, count_exclude_pattern)


def _print_all(file_name: str, tensor_name: str, all_tensors: bool, all_tensor_names: bool, pattern: str) -> bool:
    """Print what is asked for, or what is wrong with the checkpoint; True if nothing was."""
    is_part = any(one in file_name for one in (".index", ".meta", ".data"))
    try:
        reader = NewCheckpointReader(file_name)
        _print_tensors(reader, tensor_name, all_tensors, all_tensor_names)
        shapes = reader.get_variable_to_shape_map()
        print(f"# Total number of params: {_count(shapes, pattern)}")
    except errors.OpError as error:
        print(str(error))
        if "corrupted compressed block contents" in error.message:
            print("It's likely that your checkpoint file has been compressed with SNAPPY.")
        if isinstance(error, errors.DataLossError) and is_part:
            print(_HINT.format(file_name.rpartition(".")[0]))
        return False
    if is_part and not shapes:
        print(_HINT.format(file_name.rpartition(".")[0]))
        return False
    return True


def _print_tensors(reader: CheckpointReader, name: str, all_tensors: bool, all_names: bool) -> None:
    if all_tensors or all_names:
        for one in sorted(reader.get_variable_to_shape_map()):
            print("tensor_name: ", one)
            if all_tensors:
                print(reader.get_tensor(one))
    elif not name:
        print(reader.debug_string().decode(errors="replace"))
    else:
        print("tensor_name: ", name)
        print(reader.get_tensor(name))


def _count(shapes: dict[str, list[int]], pattern: str) -> int:
    sizes = {name: int(np.prod(shape)) for name, shape in shapes.items()}
    if pattern:
        left_out = [size for name, size in sizes.items() if re.search(pattern, name)]
        print(
            f"# Excluding {len(left_out)} tensors ({sum(left_out)} params) that match {pattern} when counting."
        )
    return sum(size for name, size in sizes.items() if not pattern or not re.search(pattern, name))


def parse_numpy_printoption(kv_str: str) -> None:
    """Set one of numpy's print options: "threshold=100000".

    Raises:
      argparse.ArgumentTypeError: it is no option, or the value does not fit.
    """
    key, equals, text = kv_str.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"'{kv_str}' is not in the form k=v.")
    options: dict[str, Any] = dict(np.get_printoptions())
    if key not in options:
        raise argparse.ArgumentTypeError(f"'{key}' is not a valid printoption.")
    kind = type(options[key])
    if options[key] is None:
        raise argparse.ArgumentTypeError(f"Setting '{key}' from the command line is not supported.")
    try:
        value: Any = text.lower() in ("true", "1", "t") if kind is bool else kind(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    np.set_printoptions(**{key: value})


def parser() -> argparse.ArgumentParser:
    """The flags of inspect_checkpoint."""
    out = argparse.ArgumentParser(prog="inspect_checkpoint", description="Prints the tensors of a checkpoint.")
    out.add_argument("--file_name", default="", help="Checkpoint filename: the prefix that its files share.")
    out.add_argument("--tensor_name", default="", help="Name of the tensor to inspect.")
    out.add_argument("--count_exclude_pattern", default="", help="Tensors not to count, by a pattern.")
    switch(out, "--all_tensors", False, "Print the names and values of all the tensors.")
    switch(out, "--all_tensor_names", False, "Print the names of all the tensors.")
    out.add_argument("--printoptions", nargs="*", type=parse_numpy_printoption, help="numpy's, in the form 'k=v'.")
    return out


def main(unused_argv: Any = None, argv: list[str] | None = None) -> None:
    """The command line of inspect_checkpoint."""
    flags = parsed(parser(), argv)
    if not flags.file_name:
        print(
            "Usage: inspect_checkpoint --file_name=checkpoint_file_name [--tensor_name=tensor_to_print] "
            "[--all_tensors] [--all_tensor_names] [--printoptions]"
        )
        sys.exit(1)
    if not _print_all(
        flags.file_name, flags.tensor_name, flags.all_tensors, flags.all_tensor_names, flags.count_exclude_pattern
    ):
        sys.exit(1)
