"""Failures of a step as TensorFlow's errors: class, message, the node, and the user's line that made it.

Holds `translate`, which turns whatever a kernel raised into an OpError.
"""
from __future__ import annotations

import re
from typing import Any

import torch

from rekindle._src import errors, site

_MEMORY = re.compile(r"can't allocate memory|out of memory|DefaultCPUAllocator", re.IGNORECASE)


def node_text(op: Any) -> str:
    """The node in the words of error messages: "[[node conv1/Conv2D (defined at train.py:41) ]]"."""
    line = site.user_line(op.site)
    return f"[[node {op.name} (defined at {line}) ]]" if line else f"[[node {op.name}]]"


def translate(error: BaseException, op: Any) -> BaseException:
    """The OpError for what the kernel of `op` raised; exceptions that end programs come back as they are."""
    if isinstance(error, errors.OpError):
        if error.op is not None:
            return error
        said = error.message.replace("{node}", op.name)  # a kernel does not know its operation
        return type(error)(op.node_def, op, f"{said}\n\t {node_text(op)}")
    if not isinstance(error, Exception):
        return error
    kind, text = _kind(error), str(error).strip() or type(error).__name__
    out = kind(op.node_def, op, f"{_first_lines(text)}\n\t {node_text(op)}")
    out.__cause__ = error
    return out


def explained(error: BaseException, block: Any, op: Any, arguments: list[Any], attrs: dict[str, Any]) -> BaseException:
    """`translate`, with what the op's block says of inputs that torch refused."""
    explain = getattr(block, "explain", None)
    if explain is not None and isinstance(error, Exception) and not isinstance(error, errors.OpError):
        try:
            explain(*arguments, **attrs)
        except Exception as better:  # noqa: BLE001 - whatever the block raises is the better message
            error = better
    return translate(error, op)


def _kind(error: Exception) -> Any:
    if isinstance(error, MemoryError) or isinstance(error, torch.OutOfMemoryError) or _MEMORY.search(str(error)):
        return errors.ResourceExhaustedError
    if isinstance(error, NotImplementedError):
        return errors.UnimplementedError
    if isinstance(error, (ValueError, TypeError, RuntimeError, IndexError)):
        return errors.InvalidArgumentError
    return errors.UnknownError


def _first_lines(text: str) -> str:
    """The message without the C++ frames that torch appends."""
    return text.split("\nException raised from")[0].rstrip()
