"""`tf.resource_loader`: paths of the files that lie beside the caller's script."""
from __future__ import annotations

import os
import sys

from rekindle._src.names import public

_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def _folder_of_caller() -> str:
    """The folder of the file that called the public function."""
    return os.path.dirname(sys._getframe(2).f_code.co_filename)


@public("resource_loader.get_data_files_path")
def get_data_files_path() -> str:
    """The folder of the calling file."""
    return _folder_of_caller()


@public("resource_loader.get_path_to_datafile")
def get_path_to_datafile(path: str) -> str:
    """`path` taken from the folder of the calling file."""
    return os.path.join(_folder_of_caller(), path)


@public("resource_loader.get_root_dir_with_all_resources")
def get_root_dir_with_all_resources() -> str:
    """The root of the Bazel runfiles around the calling file, or else the file's folder."""
    folder = _folder_of_caller()
    inner, outer = folder, os.path.dirname(folder)
    while outer != inner:
        if ".runfiles" in os.path.basename(outer):
            return inner
        inner, outer = outer, os.path.dirname(outer)
    return folder


@public("resource_loader.load_resource")
def load_resource(path: str) -> bytes:
    """The bytes of a file of the package, `path` counted from its folder.

    Raises:
      OSError: it cannot be read.
    """
    with open(os.path.join(_PACKAGE, path), "rb") as file:
        return file.read()


@public("resource_loader.readahead_file_path")
def readahead_file_path(path: str, readahead: str = "128M") -> str:
    """`path`; nothing is read ahead."""
    del readahead
    return path
