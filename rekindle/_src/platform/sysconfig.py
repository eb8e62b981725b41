"""`tf.sysconfig`: where the package lies. Rekindle has no C++ headers and no library to link."""
from __future__ import annotations

import os
from typing import NoReturn

from rekindle._src import errors
from rekindle._src.names import public

_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


@public("sysconfig.get_lib")
def get_lib() -> str:
    """The folder of the package."""
    return _PACKAGE


@public("sysconfig.get_include")
def get_include() -> NoReturn:
    """Raise UnimplementedError: there are no C++ headers."""
    raise _no_native("get_include")


@public("sysconfig.get_compile_flags")
def get_compile_flags() -> NoReturn:
    """Raise UnimplementedError: there are no C++ headers."""
    raise _no_native("get_compile_flags")


@public("sysconfig.get_link_flags")
def get_link_flags() -> NoReturn:
    """Raise UnimplementedError: there is no library to link."""
    raise _no_native("get_link_flags")


def _no_native(name: str) -> errors.UnimplementedError:
    message = (
        f"tf.sysconfig.{name}: Rekindle is Python and torch; C++ ops built for TensorFlow cannot "
        "be loaded. Write the op as a block (docs/adding-an-op.md) or with tf.py_func."
    )
    return errors.UnimplementedError(None, None, message)
