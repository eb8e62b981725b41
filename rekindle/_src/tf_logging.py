"""`tf.logging`: messages to the logger "tensorflow", as `INFO:tensorflow:text` on standard error.

Holds the functions of `tf.logging` and `tf.get_logger`. As in TensorFlow 1.15, the logger's own
handler is added at the first use and only where the program has not set up the root logger; in an
interactive shell it prints from INFO up to standard output.
"""
from __future__ import annotations

import logging
import sys
import threading
from logging import DEBUG, ERROR, FATAL, INFO, WARN
from typing import Any

from rekindle._src.names import export, public

for _name in ("DEBUG", "ERROR", "FATAL", "INFO", "WARN"):
    export(f"logging.{_name}", __name__, _name)

_lock = threading.Lock()
_logger: logging.Logger | None = None
#: file and line of a call of log_every_n or log_first_n -> times it was reached
_counts: dict[tuple[str, int], int] = {}


@public("get_logger")
def get_logger() -> logging.Logger:
    """The logger "tensorflow"."""
    global _logger
    with _lock:
        if _logger is None:
            _logger = logging.getLogger("tensorflow")
            if not logging.getLogger().handlers:
                _add_handler(_logger)
        return _logger


def _add_handler(logger: logging.Logger) -> None:
    interactive = hasattr(sys, "ps1") or sys.flags.interactive
    if interactive:
        logger.setLevel(INFO)
    handler = logging.StreamHandler(sys.stdout if interactive else sys.stderr)
    handler.setFormatter(logging.Formatter(logging.BASIC_FORMAT))
    logger.addHandler(handler)


def _emit(level: int, msg: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    # 3: the caller of the public function, not this one, is where the message comes from
    get_logger().log(level, msg, *args, **{"stacklevel": 3, **kwargs})


@public("logging.log")
def log(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at `level`."""
    _emit(level, msg, args, kwargs)


@public("logging.vlog")
def vlog(level: int, msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at `level`."""
    _emit(level, msg, args, kwargs)


@public("logging.debug")
def debug(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at DEBUG."""
    _emit(DEBUG, msg, args, kwargs)


@public("logging.info")
def info(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at INFO."""
    _emit(INFO, msg, args, kwargs)


@public("logging.warn")
def warn(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at WARN."""
    _emit(WARN, msg, args, kwargs)


@public("logging.warning")
def warning(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at WARN."""
    _emit(WARN, msg, args, kwargs)


@public("logging.error")
def error(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at ERROR."""
    _emit(ERROR, msg, args, kwargs)


@public("logging.fatal")
def fatal(msg: Any, *args: Any, **kwargs: Any) -> None:
    """Log `msg % args` at FATAL; the program goes on."""
    _emit(FATAL, msg, args, kwargs)


@public("logging.TaskLevelStatusMessage")
def TaskLevelStatusMessage(msg: Any) -> None:
    """Log `msg` at ERROR."""
    _emit(ERROR, msg, (), {})


@public("logging.log_if")
def log_if(level: int, msg: Any, condition: Any, *args: Any) -> None:
    """Log `msg % args` at `level` where `condition` holds."""
    if condition:
        _emit(level, msg, args, {})


@public("logging.log_every_n")
def log_every_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """Log at the first, the n+1st, the 2n+1st ... time that this line is reached."""
    if _times_reached() % n == 0:
        _emit(level, msg, args, {})


@public("logging.log_first_n")
def log_first_n(level: int, msg: Any, n: int, *args: Any) -> None:
    """Log at the first `n` times that this line is reached."""
    if _times_reached() < n:
        _emit(level, msg, args, {})


def _times_reached() -> int:
    """How often the caller's caller was at its line before."""
    frame = sys._getframe(2)
    line = frame.f_code.co_filename, frame.f_lineno
    _counts[line] = _counts.get(line, -1) + 1
    return _counts[line]


@public("logging.flush")
def flush() -> None:
    """Not there in TensorFlow 1.15 either.

    Raises:
      NotImplementedError: always.
    """
    raise NotImplementedError()


@public("logging.get_verbosity")
def get_verbosity() -> int:
    """The level from which messages are logged."""
    return get_logger().getEffectiveLevel()


@public("logging.set_verbosity")
def set_verbosity(v: int | str) -> None:
    """Log messages from level `v` up."""
    get_logger().setLevel(v)
