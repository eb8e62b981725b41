"""Decorators that mark a program's own functions as deprecated, as TensorFlow's code does its own.

Holds `deprecated`, `deprecated_args`, `deprecated_arg_values`, `deprecated_argument_lookup`. Each
warns once per function (and argument) through `tf.logging`. Rekindle deprecates nothing itself.
"""
from __future__ import annotations

import contextlib
import functools
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

from rekindle._src import tf_logging
from rekindle._src.names import public

_silent = False


@public("contrib.framework.deprecated", "contrib.slim.deprecated")
def deprecated(
    date: str | None, instructions: str, warn_once: bool = True
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: warn when the function is called.

    Args:
      date: when it will go, as "2030-01-31"; None: some day.
      instructions: what to use instead.
      warn_once: warn at the first call only.

    Raises:
      ValueError: the date or the instructions are missing or malformed.
    """
    _check(date, instructions)

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        warnings = _Warnings(function, date, instructions, warn_once)

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            warnings.give()
            return function(*args, **kwargs)

        notice = f"THIS FUNCTION IS DEPRECATED. It will be removed {_when(date)}."
        wrapped.__doc__ = _noted(function, "", notice, instructions)
        return wrapped

    return decorate


@public("contrib.framework.deprecated_args")
def deprecated_args(
    date: str | None, instructions: str, *deprecated_arg_names_or_tuples: Any, **kwargs: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: warn when the function is called with one of these arguments.

    Args:
      date, instructions: as for `deprecated`.
      *deprecated_arg_names_or_tuples: names, or (name, value that is no cause for a warning).
      **kwargs: `warn_once`.

    Raises:
      ValueError: there is no such argument, or none is given.
    """
    _check(date, instructions)
    if not deprecated_arg_names_or_tuples:
        raise ValueError("Specify which argument is deprecated.")
    warn_once = kwargs.pop("warn_once", True)
    if kwargs:
        raise ValueError(f"Illegal argument to deprecated_args: {kwargs}")
    marked = [one if isinstance(one, tuple) else (one,) for one in deprecated_arg_names_or_tuples]

    def is_used(name: str, value: Any) -> bool:
        return any(one[0] == name and (len(one) == 1 or value != one[1]) for one in marked)

    return _watching(
        date, instructions, warn_once, [one[0] for one in marked], is_used,
        lambda name, value: name, "arguments",
    )  # fmt: skip


@public("contrib.framework.deprecated_arg_values", "contrib.slim.deprecated_arg_values")
def deprecated_arg_values(
    date: str | None, instructions: str, warn_once: bool = True, **deprecated_kwargs: Any
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorator: warn when the function is called with one of these values.

    Args:
      date, instructions, warn_once: as for `deprecated`.
      **deprecated_kwargs: argument -> value that is deprecated.

    Raises:
      ValueError: there is no such argument, or none is given.
    """
    _check(date, instructions)
    if not deprecated_kwargs:
        raise ValueError("Specify which argument values are deprecated.")

    def is_used(name: str, value: Any) -> bool:
        return name in deprecated_kwargs and value == deprecated_kwargs[name]

    return _watching(
        date, instructions, warn_once, list(deprecated_kwargs), is_used,
        lambda name, value: f"{name}={value!r}", "argument values",
    )  # fmt: skip


def deprecated_argument_lookup(
    new_name: str, new_value: Any, old_name: str, old_value: Any
) -> Any:
    """The value that is given of an argument with an old and a new name.

    Raises:
      ValueError: both are given.
    """
    if old_value is None:
        return new_value
    if new_value is not None:
        raise ValueError(f"Cannot specify both '{old_name}' and '{new_name}'")
    return old_value


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """A context in which no deprecation is reported."""
    global _silent
    old, _silent = _silent, True
    try:
        yield
    finally:
        _silent = old


class _Warnings:
    """Gives the warnings of one function."""

    def __init__(
        self, function: Callable[..., Any], date: str | None, instructions: str, once: bool
    ) -> None:
        self._name = function.__qualname__.rpartition("<locals>.")[2]
        self._home = function.__module__
        self._end = f"and will be removed {_when(date)}.\nInstructions for updating:\n%s"
        self._instructions = instructions
        self._once = once
        self._given: set[str | None] = set()

    def give(self, key: str | None = None) -> None:
        """Warn of the call, or of the argument `key` in it."""
        if _silent or (self._once and key in self._given):
            return
        self._given.add(key)
        frame = sys._getframe(2)
        where = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        call, argument = ("", "") if key is None else ("calling ", f" with {key}")
        text = f"From %s: {call}%s (from %s)%s is deprecated {self._end}"
        tf_logging.warning(text, where, self._name, self._home, argument, self._instructions)


def _watching(
    date: str | None,
    instructions: str,
    warn_once: bool,
    watched: list[str],
    is_used: Callable[[str, Any], bool],
    shown: Callable[[str, Any], str],
    kind: str,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator that warns of arguments of a call for which `is_used(name, value)` holds."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(function)
        absent = [one for one in watched if one not in signature.parameters]
        takes_any = any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values())
        if absent and not takes_any:
            raise ValueError(
                f"The following deprecated arguments are not present in the function signature: "
                f"{absent}. Found next arguments: {list(signature.parameters)}."
            )
        warnings = _Warnings(function, date, instructions, warn_once)

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            given = dict(zip(signature.parameters, args, strict=False)) | kwargs
            for name, value in given.items():
                if is_used(name, value):
                    warnings.give(shown(name, value))
            return function(*args, **kwargs)

        notice = (
            f"SOME {kind.upper()} ARE DEPRECATED: `({', '.join(sorted(watched))})`. "
            f"They will be removed {_when(date)}."
        )
        wrapped.__doc__ = _noted(function, f" {kind}", notice, instructions)
        return wrapped

    return decorate


def _check(date: str | None, instructions: str) -> None:
    if date is not None and not re.match(r"20\d\d-[01]\d-[0123]\d", date):
        raise ValueError("Date must be YYYY-MM-DD.")
    if not instructions:
        raise ValueError("Don't deprecate things without conversion instructions!")


def _when(date: str | None) -> str:
    return "in a future version" if date is None else f"after {date}"


def _noted(function: Callable[..., Any], kind: str, notice: str, instructions: str) -> str:
    """The docstring with the notice after its first line."""
    first, _, rest = inspect.cleandoc(function.__doc__ or "").partition("\n")
    head = f"{first} (deprecated{kind})" if first else f"DEPRECATED FUNCTION{kind.upper()}"
    parts = [head, f"\nWarning: {notice}\nInstructions for updating:\n{instructions}"]
    return "\n".join(parts) + (f"\n\n{rest.strip()}" if rest.strip() else "")
