"""The environment variables that Rekindle reads, each a function; read nowhere else.

Each call reads the environment anew, so a program (or a test) may set a variable after the import.
Options of one session are not here: those are arguments or `tf.ConfigProto`.
"""
from __future__ import annotations

import os

_ON = frozenset({"1", "true", "yes", "on"})


def dump_folder() -> str | None:
    """REKINDLE_DUMP: the folder that gets each compiled program's source; None: none is written."""
    return os.environ.get("REKINDLE_DUMP") or None


def check_programs() -> bool:
    """REKINDLE_CHECK=1: check each program before and after each pass."""
    return _is_on("REKINDLE_CHECK")


def interpret() -> bool:
    """REKINDLE_INTERPRET=1: run every step on the interpreter instead of compiled programs."""
    return _is_on("REKINDLE_INTERPRET")


def full_traceback() -> bool:
    """REKINDLE_FULL_TRACEBACK=1: show Rekindle's own frames in tracebacks of user programs."""
    return _is_on("REKINDLE_FULL_TRACEBACK")


def threads() -> int | None:
    """REKINDLE_THREADS: the number of threads of a kernel; None: torch's own choice.

    Raises:
      ValueError: the variable is no positive number.
    """
    text = os.environ.get("REKINDLE_THREADS")
    if not text:
        return None
    if not text.isdecimal() or int(text) == 0:
        raise ValueError(f"REKINDLE_THREADS is {text!r}; expected a positive number of threads")
    return int(text)


def _is_on(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() in _ON
