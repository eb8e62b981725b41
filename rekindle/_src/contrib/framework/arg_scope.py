"""Argument scopes: defaults for the arguments of functions, set for all calls inside a `with`.

    with arg_scope([conv2d], padding="SAME", stride=1):
        net = conv2d(images, 64, [11, 11])
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from rekindle._src.contrib.spaces import shown
from rekindle._src.names import public

#: key of a function -> its arguments that have defaults
_DECORATED: dict[str, tuple[str, ...]] = {}
#: the scopes that are open: key of a function -> arguments
_STACK: list[dict[str, dict[str, Any]]] = [{}]


@public("contrib.slim.arg_scope_func_key")
def arg_scope_func_key(op: Callable[..., Any]) -> str:
    """What a function is called in a scope's dictionary."""
    return getattr(op, "_key_op", str(op))


@shown("framework", "current_arg_scope")
def current_arg_scope() -> dict[str, dict[str, Any]]:
    """The arguments that are set now, by function."""
    return _STACK[-1]


@shown("framework", "has_arg_scope")
def has_arg_scope(func: Callable[..., Any]) -> bool:
    """Whether a function takes arguments from scopes."""
    return arg_scope_func_key(func) in _DECORATED


@shown("framework", "arg_scoped_arguments")
def arg_scoped_arguments(func: Callable[..., Any]) -> tuple[str, ...]:
    """The arguments of a function that scopes may set.

    Raises:
      AssertionError: the function takes none from scopes.
    """
    if not has_arg_scope(func):
        raise AssertionError(f"{func} takes no arguments from scopes")
    return _DECORATED[arg_scope_func_key(func)]


@shown("framework", "arg_scope")
@contextlib.contextmanager
def arg_scope(list_ops_or_scope: Any, **kwargs: Any) -> Iterator[dict[str, dict[str, Any]]]:
    """Set arguments of functions for the calls inside the `with`.

    Args:
      list_ops_or_scope: the functions, each decorated with `add_arg_scope`; or a scope that was
        kept (`with arg_scope(...) as kept`), which replaces the current one.
      **kwargs: the arguments; a call's own arguments go before them.

    Raises:
      TypeError: not a list, tuple or scope.
      ValueError: a function takes no arguments from scopes, or arguments stand beside a scope.
    """
    _STACK.append(_entered(list_ops_or_scope, kwargs))
    try:
        yield _STACK[-1]
    finally:
        _STACK.pop()


def _entered(functions: Any, kwargs: dict[str, Any]) -> dict[str, dict[str, Any]]:
    if isinstance(functions, dict):
        if kwargs:
            raise ValueError(
                "When attempting to re-use a scope by suppling a dictionary, kwargs must be empty."
            )
        return functions.copy()
    if not isinstance(functions, (list, tuple)):
        raise TypeError(
            "list_ops_or_scope must either be a list/tuple or reused scope (i.e. dict)"
        )
    scope = current_arg_scope().copy()
    for function in functions:
        if not has_arg_scope(function):
            where = (function.__module__, function.__name__)
            raise ValueError("%s is not decorated with @add_arg_scope", where)
        key = arg_scope_func_key(function)
        scope[key] = {**scope.get(key, {}), **kwargs}
    return scope


@shown("framework", "add_arg_scope")
def add_arg_scope(func: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: let `arg_scope` set arguments of a function."""
    key = arg_scope_func_key(func)

    @functools.wraps(func)
    def func_with_args(*args: Any, **kwargs: Any) -> Any:
        held = current_arg_scope().get(key)
        return func(*args, **kwargs) if held is None else func(*args, **{**held, **kwargs})

    _DECORATED.setdefault(key, _with_defaults(func))
    func_with_args._key_op = key  # type: ignore[attr-defined]
    return func_with_args


def _with_defaults(func: Callable[..., Any]) -> tuple[str, ...]:
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY)
    return tuple(
        one.name
        for one in inspect.signature(func).parameters.values()
        if one.kind in kinds and one.default is not inspect.Parameter.empty
    )
