"""Files read, written and found by a running graph."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import Any

import numpy as np

from rekindle._src.formats.files import file_error, local_path, open_file
from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op
from rekindle._src.ops.string import text_of


def _one_name(c: Any) -> Any:
    infer.with_rank(c.shapes[0], 0)
    return ()


@op("ReadFile", public="read_file io.read_file", infer=_one_name, host=True, pure=False)
def read_file(filename):
    """The content of a file."""
    out = np.empty((), object)
    with open_file(filename[()], "rb") as file:
        out[()] = file.read()
    return out


def _write_rule(c: Any) -> Any:
    infer.with_rank(c.shapes[0], 0)
    infer.with_rank(c.shapes[1], 0)
    return []


@op("WriteFile", public="write_file io.write_file", infer=_write_rule, host=True, pure=False)
def write_file(filename, contents):
    """Write a file, making the folders that it is in."""
    path = Path(local_path(filename[()]))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise file_error(error, str(path.parent)) from None
    with open_file(path, "wb") as file:
        file.write(contents[()])


def _matching_rule(c: Any) -> Any:
    infer.with_rank_at_most(c.shapes[0], 1)
    return (None,)


@op("MatchingFiles", public="matching_files io.matching_files", infer=_matching_rule, host=True, pure=False)
def matching_files(pattern):
    """The names of the files that match one of the patterns, sorted."""
    found = {name for one in pattern.reshape(-1).tolist() for name in _matches(os.fsdecode(one))}
    names = sorted(map(os.fsencode, found))
    return text_of(names, [len(names)])


def _matches(pattern: str) -> list[str]:
    """The paths that match a pattern, with the "file://" that it begins with."""
    local = local_path(pattern)
    return [pattern[: len(pattern) - len(local)] + one for one in glob.glob(local)]


for _block in (read_file, write_file, matching_files):
    _block.no_gradient()
