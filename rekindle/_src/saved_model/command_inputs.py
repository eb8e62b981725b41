"""What `saved_model run` is fed: files, expressions and Examples, as the command line spells them."""
from __future__ import annotations

import ast
import re
import warnings
from typing import Any

import numpy as np

from rekindle._src.formats.files import open_file
from rekindle._src.graph import proto

#: nodes of expressions that are evaluated; names other than `np` are not
_ALLOWED = (
    ast.Expression, ast.Constant, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.UnaryOp, ast.unaryop, ast.BinOp,
    ast.operator, ast.Call, ast.keyword, ast.Attribute, ast.Name, ast.Load, ast.Subscript, ast.Slice,
)  # fmt: skip
#: attributes that reach files or the system
_REFUSED = re.compile(r"_|(load|save|dump|from(file|regex|pyfunc)|tofile|memmap|genfrom|open|lib|ctypes|f2py|test)")


def preprocess_inputs_arg_string(inputs_str: str) -> dict[str, tuple[str, str | None]]:
    """"a=x.npz[v];b=y.npy" -> {"a": ("x.npz", "v"), "b": ("y.npy", None)}.

    Raises:
      RuntimeError: it is not of that form.
    """
    found: dict[str, tuple[str, str | None]] = {}
    for one in filter(None, inputs_str.split(";")):
        match = re.match(r"([^=]+)=([^\[\]]+)(?:\[([^\[\]]+)\])?$", one)
        if match is None:
            raise RuntimeError(
                f'--inputs "{one}" format is incorrect. Please follow"<input_key>=<filename>", '
                'or"<input_key>=<filename>[<variable_name>]"'
            )
        found[match[1]] = match[2], match[3]
    return found


def preprocess_input_exprs_arg_string(input_exprs_str: str, safe: bool = True) -> dict[str, Any]:
    """"a=[1, 2];b=np.ones(3)" -> the values by name.

    Args:
      input_exprs_str: expressions by name.
      safe: take literals only; otherwise calls of numpy's functions, too.

    Raises:
      RuntimeError: it is not of that form.
    """
    found = {}
    for one in filter(None, input_exprs_str.split(";")):
        if "=" not in one:
            raise RuntimeError(
                f'--input_exprs "{input_exprs_str}" format is incorrect. Please follow"<input_key>=<python expression>"'
            )
        key, expression = one.split("=", 1)
        found[key] = _literal(expression) if safe else _value(expression)
    return found


def _literal(expression: str) -> Any:
    try:
        return ast.literal_eval(expression)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise RuntimeError(f'Expression "{expression}" is not a valid python literal.') from None


def _value(expression: str) -> Any:
    """The value of an expression of literals, arithmetic and numpy's functions.

    Raises:
      RuntimeError: it is none, or it does more than compute.
    """
    said = f'Expression "{expression}" is not made of Python literals and numpy calls'
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, RecursionError, MemoryError):
        raise RuntimeError(said) from None
    for node in ast.walk(tree):
        if not isinstance(node, _ALLOWED):
            raise RuntimeError(f"{said}: it has a {type(node).__name__}")
        if isinstance(node, ast.Name) and node.id not in ("np", "numpy"):
            raise RuntimeError(f"{said}: it names {node.id}")
        if isinstance(node, ast.Attribute) and _REFUSED.match(node.attr):
            raise RuntimeError(f"{said}: it asks for {node.attr}")
    names = {"np": np, "numpy": np, "__builtins__": {}}
    return eval(compile(tree, "--input_exprs", "eval"), names)


def preprocess_input_examples_arg_string(input_examples_str: str) -> dict[str, list[bytes]]:
    """"a=[{'x': [1.0]}]" -> serialized Examples by name.

    Raises:
      ValueError: the values are no lists of dicts of lists.
      RuntimeError: it is not of that form.
    """
    found = preprocess_input_exprs_arg_string(input_examples_str)
    for key, examples in found.items():
        if not isinstance(examples, list):
            raise ValueError(
                f'tf.Example input must be a list of dictionaries, but "{examples}" is {type(examples)}'
            )
        found[key] = [_example(one) for one in examples]
    return found


def _example(features: dict[str, Any]) -> bytes:
    example = proto.Example()
    for name, values in features.items():
        if not isinstance(values, list):
            raise ValueError(f'feature value must be a list, but {name}: "{values}" is {type(values)}')
        made = example.features.feature[name]
        first = values[0] if values else 0.0
        if isinstance(first, float):
            made.float_list.value.extend(values)
        elif isinstance(first, str | bytes):
            made.bytes_list.value.extend(one.encode() if isinstance(one, str) else one for one in values)
        elif isinstance(first, int | np.integer):
            made.int64_list.value.extend(values)
        else:
            raise ValueError(f"Type {type(first)} for value {first} is not supported for tf.train.Feature.")
    return example.SerializeToString()


def load_inputs_from_input_arg_string(
    inputs_str: str, input_exprs_str: str, input_examples_str: str
) -> dict[str, Any]:
    """The values to feed by input name; of inputs given twice, Examples win over expressions over files.

    Args:
      inputs_str: files, as `preprocess_inputs_arg_string` takes them.
      input_exprs_str: expressions of literals and numpy's functions.
      input_examples_str: Examples.

    Raises:
      RuntimeError: an argument is not of its form, or does not tell which array of a file is meant.
      ValueError: a file is no .npy or .npz file.
    """
    found: dict[str, Any] = {}
    files = preprocess_inputs_arg_string(inputs_str)
    expressions = preprocess_input_exprs_arg_string(input_exprs_str, safe=False)
    examples = preprocess_input_examples_arg_string(input_examples_str)
    for key, (path, name) in files.items():
        found[key] = _array(path, name)
    for option, values in (("--input_exprs", expressions), ("--input_examples", examples)):
        for key, value in values.items():
            if key in found:
                warnings.warn(f"input_key {key} is given more than once. Value in {option} will be used.", stacklevel=2)
            found[key] = value
    return found


def _array(path: str, name: str | None) -> np.ndarray:
    try:
        with open_file(path, "rb") as file:
            data = np.load(file, allow_pickle=False)
            if isinstance(data, np.ndarray):
                if name:
                    said = f'Input file {path} contains a single ndarray. Name key "{name}" ignored.'
                    warnings.warn(said, stacklevel=3)
                return data
            if name is None and len(data.files) != 1:
                raise RuntimeError(
                    f"Input file {path} contains more than one ndarrays. Please specify the name of ndarray to use."
                )
            if name is not None and name not in data:
                raise RuntimeError(f'Input file {path} does not contain variable with name "{name}".')
            return data[name or data.files[0]]
    except ValueError:
        raise ValueError(
            f"{path} is no .npy or .npz file. Pickles are not read: they may run any code; save the array with "
            "numpy.save."
        ) from None
