"""`tf.flags` and `tf.app.flags`: absl's flags, as TensorFlow 1.15 wraps them.

Holds the five DEFINE functions that also take the old argument names, and `FLAGS`, which parses
`sys.argv` by itself when a flag is first read. Every other name is absl's own.
"""
from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from typing import Any

from absl import flags as absl_flags

from rekindle._src import tf_logging
from rekindle._src.names import export

# flags that a program defines through this module belong to the program's module
absl_flags.disclaim_key_flags()

_NEW_NAMES = {"flag_name": "name", "default_value": "default", "docstring": "help"}


def _with_old_names(define: Callable[..., Any]) -> Callable[..., Any]:
    """`define`, which takes TensorFlow's old argument names too."""

    @functools.wraps(define)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if not _NEW_NAMES.keys().isdisjoint(kwargs):
            tf_logging.get_logger().warning(
                "Use of the keyword argument names (flag_name, default_value, docstring) is "
                "deprecated, please use (name, default, help) instead."
            )
            kwargs = {_NEW_NAMES.get(name, name): value for name, value in kwargs.items()}
        return define(*args, **kwargs)

    return wrapped


class _Flags:
    """`tf.flags.FLAGS`: absl's FLAGS, parsed by `sys.argv` at the first read of a flag."""

    def __init__(self, flags: absl_flags.FlagValues) -> None:
        object.__setattr__(self, "_flags", flags)

    def __getattribute__(self, name: str) -> Any:
        flags = object.__getattribute__(self, "_flags")
        if name.startswith("__") or hasattr(type(flags), name):
            return getattr(flags, name)  # a method of FlagValues, not a flag
        if not flags.is_parsed():
            flags(sys.argv)
        return getattr(flags, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(_absl(self), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(_absl(self), name)

    def __dir__(self) -> list[str]:
        return dir(_absl(self))

    def __getitem__(self, name: str) -> absl_flags.Flag:
        return _absl(self)[name]

    def __setitem__(self, name: str, flag: absl_flags.Flag) -> None:
        _absl(self)[name] = flag

    def __contains__(self, name: str) -> bool:
        return name in _absl(self)

    def __len__(self) -> int:
        return len(_absl(self))

    def __iter__(self) -> Iterator[str]:
        return iter(_absl(self))

    def __str__(self) -> str:
        return str(_absl(self))

    def __call__(self, *args: Any, **kwargs: Any) -> list[str]:
        return _absl(self)(*args, **kwargs)


def _absl(flags: _Flags) -> absl_flags.FlagValues:
    return object.__getattribute__(flags, "_flags")


FLAGS = _Flags(absl_flags.FLAGS)
DEFINE_string = _with_old_names(absl_flags.DEFINE_string)
DEFINE_boolean = DEFINE_bool = _with_old_names(absl_flags.DEFINE_boolean)
DEFINE_float = _with_old_names(absl_flags.DEFINE_float)
DEFINE_integer = _with_old_names(absl_flags.DEFINE_integer)

_OWN = ("FLAGS", "DEFINE_string", "DEFINE_boolean", "DEFINE_bool", "DEFINE_float", "DEFINE_integer")
for _name in absl_flags.__all__:
    _home = __name__ if _name in _OWN else "absl.flags"
    export(f"flags.{_name} app.flags.{_name}", _home, _name)
