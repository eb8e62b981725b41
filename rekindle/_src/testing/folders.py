"""Folders of tests: `get_temp_dir`, `test_src_dir_path`."""
from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from functools import cache

from rekindle._src.names import public


@public("test.get_temp_dir")
def get_temp_dir() -> str:
    """A folder for the tests of this process; it is removed when the process ends."""
    return _folder()


@public("test.test_src_dir_path")
def test_src_dir_path(relative_path: str) -> str:
    """The absolute path of a file beside the test's script.

    Args:
      relative_path: relative to the folder of the script that Python runs.
    """
    return os.path.join(os.path.dirname(os.path.abspath(sys.argv[0])), relative_path)


@cache
def _folder() -> str:
    folder = tempfile.mkdtemp(prefix="rekindle-test-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
