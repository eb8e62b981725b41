"""Where in the user's program something was made.

Holds: `user_frames` (called for every graph node, so it only collects raw code positions) and what
turns its answer into lines to read. Frames of Rekindle itself and of what starts programs (runpy,
click) are left out.
"""
from __future__ import annotations

import linecache
import os
import sys
import traceback
from types import CodeType
from typing import NamedTuple

#: code, instruction offset, code, instruction offset, ...: innermost frame first
Site = tuple[CodeType | int, ...]

#: frames kept, innermost ones; deeper recursion is cut at its outer end
DEPTH = 24

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
#: file name of a frame -> whether its frames are left out
_SKIPPED: dict[str, bool] = {}


class Frame(NamedTuple):
    """One frame of a program, as a traceback shows it."""

    filename: str
    lineno: int
    function: str
    line: str


def user_frames() -> Site:
    """The user's frames around the caller, raw, innermost first; `frames` makes them readable."""
    site: list[CodeType | int] = []
    skipped = _SKIPPED
    frame = sys._getframe(1)
    room = DEPTH
    while frame is not None:
        code = frame.f_code
        skip = skipped.get(code.co_filename)
        if skip is None:
            skip = skipped[code.co_filename] = _is_skipped(code.co_filename)
        if not skip:
            site += code, frame.f_lasti
            room -= 1
            if not room:
                break
        frame = frame.f_back  # type: ignore[assignment]
    return tuple(site)


def frames(site: Site) -> list[Frame]:
    """The frames of `site` with file, line, function and source line; outermost first."""
    found = []
    for code, offset in _pairs(site):
        lineno = _line_number(code, offset)
        line = linecache.getline(code.co_filename, lineno).strip()
        found.append(Frame(code.co_filename, lineno, code.co_name, line))
    return found[::-1]


def user_line(site: Site) -> str:
    """The innermost user line, short: "train.py:41"; "" where no user frame is known."""
    if not site:
        return ""
    code, offset = _pairs(site)[0]
    return f"{os.path.basename(code.co_filename)}:{_line_number(code, offset)}"


def traceback_lines(site: Site) -> list[str]:
    """The lines that a traceback prints for `site`, with source; outermost first."""
    return traceback.format_list([tuple(frame) for frame in frames(site)])


def _pairs(site: Site) -> list[tuple[CodeType, int]]:
    return list(zip(site[::2], site[1::2]))  # type: ignore[arg-type]


def _line_number(code: CodeType, offset: int) -> int:
    for start, end, line in code.co_lines():
        if start <= offset < end and line is not None:
            return line
    return code.co_firstlineno


def _is_skipped(filename: str) -> bool:
    if filename.startswith((_HERE, "<frozen ")):
        return True
    folder, name = os.path.split(filename)
    return name in ("runpy.py", "rekindle") or os.path.basename(folder) == "click"
