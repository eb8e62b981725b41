"""Running a user's program as `python` would, with `import tensorflow` answered by Rekindle.

Holds `run_script` and `run_module`, and the hook that prints tracebacks with the user's frames.
"""
from __future__ import annotations

import importlib
import os
import runpy
import sys
import threading
import traceback
from types import ModuleType, TracebackType
from typing import Any

import rekindle
from rekindle import _era
from rekindle._src import errors, settings
from rekindle.install import ROOTS

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep
#: errors that say what is wrong with the user's program; others inside Rekindle are its own faults
_WORDED = (
    errors.OpError, AttributeError, ImportError, NotImplementedError, OSError, TypeError, ValueError,
)  # fmt: skip


def run_script(path: str, arguments: list[str]) -> None:
    """Run the file `path` as `__main__` with `sys.argv` = [path, *arguments]."""
    with open(path, "rb") as file:
        source = file.read()
    _prepare([path, *arguments], os.path.dirname(os.path.abspath(path)))
    main = ModuleType("__main__")
    main.__dict__.update(__file__=path, __builtins__=__builtins__)
    sys.modules["__main__"] = main
    exec(compile(source, path, "exec"), main.__dict__)


def run_module(name: str, arguments: list[str]) -> None:
    """Run the module `name` as `__main__`, as `python -m name` does."""
    _prepare([name, *arguments], os.getcwd())
    if name.partition(".")[0] in ROOTS:
        main = getattr(importlib.import_module(name), "run_main", None)
        if main is None:
            raise ImportError(f"No code to run in {name}: it is no command")
        sys.exit(main())
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def run_tool(module: str, arguments: list[str], prog: str) -> None:
    """Run the command line of a module below rekindle._src; what it says is wrong is printed."""
    main = importlib.import_module(f"rekindle._src.{module}").run_main
    _era.print_numbers_as_then()
    sys.argv = [prog, *arguments]
    try:
        sys.exit(main())
    except (*_WORDED, AssertionError, KeyError, RuntimeError) as error:
        if settings.full_traceback():
            raise
        print(f"{prog}: {type(error).__name__}: {error}", file=sys.stderr)
        sys.exit(1)


def _prepare(argv: list[str], folder: str) -> None:
    rekindle.install()
    _era.print_numbers_as_then()
    sys.argv = argv
    sys.path[0:0] = [folder]
    sys.excepthook = print_exception
    threading.excepthook = _print_thread_exception


def print_exception(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """`sys.excepthook`: print the traceback without the frames of Rekindle and what started it."""
    report = traceback.TracebackException(kind, error, trace)
    is_ours = bool(report.stack) and report.stack[-1].filename.startswith(_PACKAGE)
    if not settings.full_traceback():
        keep_user_frames(report, set())
    sys.stderr.write("".join(report.format()))
    if is_ours and not isinstance(error, _WORDED) and not settings.full_traceback():
        print("(REKINDLE_FULL_TRACEBACK=1 shows Rekindle's own frames)", file=sys.stderr)


def _print_thread_exception(details: Any) -> None:
    if details.exc_type is SystemExit:
        return
    name = details.thread.name if details.thread is not None else "?"
    print(f"Exception in thread {name}:", file=sys.stderr)
    print_exception(details.exc_type, details.exc_value, details.exc_traceback)


def keep_user_frames(report: traceback.TracebackException | None, seen: set[int]) -> None:
    """Drop the other frames from a report and from its causes, where the user has any in it."""
    if report is None or id(report) in seen:
        return
    seen.add(id(report))
    kept = [frame for frame in report.stack if is_user_file(frame.filename)]
    if kept:
        report.stack[:] = kept
    keep_user_frames(report.__cause__, seen)
    keep_user_frames(report.__context__, seen)


def is_user_file(filename: str) -> bool:
    """False for Rekindle's own files and what starts programs: runpy, click, absl.app, importlib."""
    if filename.startswith((_PACKAGE, "<frozen ")):
        return False
    folder, name = os.path.split(filename)
    if name in ("runpy.py", "rekindle"):
        return False
    return os.path.basename(folder) not in ("click", "absl", "importlib")
