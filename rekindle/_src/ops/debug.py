"""Looking into a running graph: Print, tf.print, check_numerics.

Assertions are in assertion.py, check.py and check_shape.py.
"""

from __future__ import annotations

import logging
import os
import pprint
import random
import sys
import time
from pathlib import Path
from typing import Any

import torch

from rekindle._src import errors, nest
from rekindle._src.graph import convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import control, tensor_text
from rekindle._src.ops.arguments import renamed
from rekindle._src.ops.string_format import string_format


def _invalid(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


# Print.


class _Counter:
    """How often a Print has printed in a session."""

    def __init__(self) -> None:
        self.count = 0


@op("Print", infer=infer.same, aliases=0, host=True)
def print_op(input, data, *, message="", first_n=-1, summarize=3, ctx):
    """The input; its run prints the data."""
    if first_n >= 0:
        counter = ctx.local(_Counter)
        if counter.count >= first_n:
            return input
        counter.count += 1
    shown = "".join(f"[{tensor_text.summarize(one, summarize)}]" for one in data)
    sys.stderr.write(f"{message}{shown}\n")
    sys.stderr.flush()
    return input


@print_op.gradient
def print_gradient(op, *dys):
    return list(dys) + [None] * (len(op.inputs) - 1)


@public("Print")
def Print(  # noqa: N802 - the name is TensorFlow's
    input_: Any, data: Any, message: Any = None, first_n: Any = None, summarize: Any = None,
    name: str | None = None,
) -> Any:  # fmt: skip
    """`input_`, printing `data` to the standard error stream whenever it is computed.

    Args:
      input_: the tensor to hand on.
      data: a list of tensors to print.
      message: what to print before them.
      first_n: print only so often; always by default.
      summarize: how many elements of each tensor; 3 by default, -1 for all.
      name: the name of the node.
    """
    return print_op(input_, data, message, first_n, summarize, name)


_LEVELS = {"log(info)": logging.INFO, "log(warning)": logging.WARNING, "log(error)": logging.ERROR}


@op("PrintV2", infer=infer.nothing, host=True)
def print_v2_op(input, *, output_stream="stderr", end="\n"):
    """Print a string."""
    text = input[()].decode(errors="replace") + end
    if output_stream.startswith("file://"):
        with Path(output_stream.removeprefix("file://")).open("a") as file:
            file.write(text)
    elif output_stream in _LEVELS:
        logging.getLogger("tensorflow").log(_LEVELS[output_stream], "%s", text.removesuffix("\n"))
    elif output_stream in ("stdout", "stderr"):
        stream = sys.stdout if output_stream == "stdout" else sys.stderr
        stream.write(text)
        stream.flush()
    else:
        raise _invalid(
            f"Unknown output stream: {output_stream}, Valid streams are: stdout stderr log(info) "
            "log(warning) log(error)"
        )


_FUNCTIONS = {"info": "log(info)", "warn": "log(warning)", "warning": "log(warning)",
              "error": "log(error)"}  # fmt: skip
_NUMBERS = {
    logging.INFO: "log(info)", logging.WARNING: "log(warning)", logging.ERROR: "log(error)",
    0: "log(info)", -1: "log(warning)", -2: "log(error)",
}  # fmt: skip


def _stream_name(stream: Any) -> str:
    """How PrintV2 names a stream, logging function, logging level or file."""
    if isinstance(stream, str) and stream.startswith("file://"):
        return stream
    if stream is sys.stdout:
        return "stdout"
    if stream is sys.stderr:
        return "stderr"
    if isinstance(stream, int) and stream in _NUMBERS:
        return _NUMBERS[stream]
    found = _FUNCTIONS.get(getattr(stream, "__name__", ""))
    if found is None:
        raise ValueError(
            f"Unsupported output stream, logging level, or file.{stream}. Supported streams are "
            "sys.stdout, sys.stderr, tf.logging.info, tf.logging.warning, tf.logging.error. File "
            "needs to be in the form of 'file://<filepath>'."
        )
    return found


def _placeholder_for(text: str) -> str:
    """A placeholder that does not occur in the text, drawn as TensorFlow draws it."""
    draw, out = random.Random(5), "{}"
    while out in text:
        out += str(draw.randint(0, 9))
    return out


@public("print")
def print_v2(*inputs: Any, **kwargs: Any) -> Any:
    """An operation that prints `inputs` (tensors, structures, text) when it runs.

    Args:
      *inputs: what to print.
      **kwargs: `output_stream` (sys.stderr), `summarize` (3; how many elements at each end of an axis, -1 for all),
        `sep` (" "), `end` (newline), `name`.

    Raises:
      ValueError: another argument, or a stream that is not supported.
    """
    stream = kwargs.pop("output_stream", sys.stderr)
    name, summarize = kwargs.pop("name", None), kwargs.pop("summarize", 3)
    sep, end = kwargs.pop("sep", " "), kwargs.pop("end", os.linesep)
    if kwargs:
        raise ValueError(f"Unrecognized keyword arguments for tf.print: {kwargs}")
    stream = _stream_name(stream)
    only = inputs[0] if len(inputs) == 1 else None
    if isinstance(only, Tensor) and only._static_shape == () and only.dtype == dtypes.string:
        text = only
    else:
        text = _formatted(inputs, sep, summarize, f"{name}_format" if name else None)
    return print_v2_op(text, output_stream=stream, name=name, end=end)


def is_tensor(value: Any) -> bool:
    """True for tensors, sparse tensors and variables."""
    return isinstance(value, (Tensor, SparseTensor)) or hasattr(value, "_as_graph_element")


def _formatted(inputs: Any, sep: str, summarize: int, name: str | None) -> Any:
    without = nest.map_structure(lambda x: "" if is_tensor(x) else x, inputs)
    hole = _placeholder_for(" ".join(map(pprint.pformat, without)))
    tensors: list[Any] = []
    templates = []
    for one in inputs:
        marks = []
        for leaf in nest.flatten(one):
            if isinstance(leaf, SparseTensor):
                tensors += [leaf.indices, leaf.values, leaf.dense_shape]
                marks.append(f"SparseTensor(indices={hole}, values={hole}, shape={hole})")
            elif is_tensor(leaf):
                tensors.append(leaf)
                marks.append(hole)
            else:
                marks.append(leaf)
        templates.append(
            one if isinstance(one, str) else pprint.pformat(nest.pack_sequence_as(one, marks))
        )
    template = sep.join(templates).replace(f"'{hole}'", hole)
    return string_format(
        inputs=tensors, template=template, placeholder=hole, summarize=summarize, name=name
    )


@op("Timestamp", public="timestamp", infer=infer.scalar, host=True)
def timestamp():
    """The seconds since 1970."""
    return torch.tensor(time.time(), dtype=torch.float64)


# Numbers.


@op("CheckNumerics", public="check_numerics debugging.check_numerics", infer=infer.same, aliases=0,
    pure=False)  # fmt: skip
def check_numerics(tensor, *, message):
    """The tensor, if all its elements are finite."""
    if not bool(torch.isfinite(tensor).all()):
        has_inf, has_nan = bool(torch.isinf(tensor).any()), bool(torch.isnan(tensor).any())
        found = " and ".join(["Inf"] * has_inf + ["NaN"] * has_nan)
        raise _invalid(f"{message} : Tensor had {found} values")
    return tensor


@check_numerics.gradient
def check_numerics_gradient(op, dy):
    prefix = "Not a number (NaN) or infinity (Inf) values detected in gradient. "
    return check_numerics(dy, f"{prefix}{op.get_attr('message')}")


@public("verify_tensor_all_finite", "debugging.assert_all_finite")
def verify_tensor_all_finite(
    t: Any = None, msg: Any = None, name: str | None = None, x: Any = None, message: Any = None
) -> Any:
    """`t`, failing with `msg` when an element is not finite."""
    x = renamed("x", x, "t", t)
    message = renamed("message", message, "msg", msg)
    with scopes.name_scope(name, "VerifyFinite", [x]):
        x = convert.convert_to_tensor(x, name="x")
        with scopes.colocate_with(x):
            return control.with_dependencies([check_numerics(x, message=message)], x)


@public("add_check_numerics_ops")
def add_check_numerics_ops() -> Any:
    """An operation that checks that every float tensor made so far is finite.

    Raises:
      ValueError: the graph has branches or loops.
    """
    checks: list[Any] = []
    for operation in scopes.get_default_graph().get_operations():
        for output in operation.outputs:
            if output.dtype not in (dtypes.float16, dtypes.float32, dtypes.float64):
                continue
            if operation._get_control_flow_context() is not None:
                raise ValueError(
                    "`tf.add_check_numerics_ops() is not compatible with TensorFlow control flow "
                    "operations such as `tf.cond()` or `tf.while_loop()`."
                )
            with scopes.control_dependencies(checks):
                checks = [check_numerics(output, message=f"{operation.name}:{output.value_index}")]
    return control.group(*checks)
