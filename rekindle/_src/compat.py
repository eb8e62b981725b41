"""`tf.compat`: text and bytes, and whether an API date has come.

Holds the conversions. The tuples of numeric types stand in platform/numeric_types.py, since they
need numpy; the conversions of dimensions stand with the shapes.
"""
from __future__ import annotations

import contextlib
import datetime
import os
from collections.abc import Iterator
from typing import Any

from rekindle._src.names import export, public

#: what counts as text
bytes_or_text_types = (bytes, str)
export("compat.bytes_or_text_types", __name__, "bytes_or_text_types")

#: the day up to which TensorFlow 1.15 held forward compatibility
_horizon = datetime.date(2019, 8, 21)


@public("compat.as_bytes")
def as_bytes(bytes_or_text: bytes | bytearray | str, encoding: str = "utf-8") -> bytes:
    """`bytes_or_text` as bytes.

    Raises:
      TypeError: it is neither.
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text.encode(encoding)
    if isinstance(bytes_or_text, bytes | bytearray):
        return bytes(bytes_or_text)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


@public("compat.as_text", "compat.as_str")
def as_text(bytes_or_text: bytes | str, encoding: str = "utf-8") -> str:
    """`bytes_or_text` as a str.

    Raises:
      TypeError: it is neither.
    """
    if isinstance(bytes_or_text, str):
        return bytes_or_text
    if isinstance(bytes_or_text, bytes):
        return bytes_or_text.decode(encoding)
    raise TypeError(f"Expected binary or unicode string, got {bytes_or_text!r}")


as_str = as_text


@public("compat.as_str_any")
def as_str_any(value: Any) -> str:
    """`value` as a str: bytes decoded, anything else by `str`."""
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


@public("compat.path_to_str")
def path_to_str(path: Any) -> Any:
    """The str of a path object; anything else as it is."""
    return as_str_any(os.fspath(path)) if isinstance(path, os.PathLike) else path


@public("compat.forward_compatible")
def forward_compatible(year: int, month: int, day: int) -> bool:
    """Whether a feature released on that day may be used by TensorFlow 1.15."""
    return _horizon > datetime.date(year, month, day)


@public("compat.forward_compatibility_horizon")
@contextlib.contextmanager
def forward_compatibility_horizon(year: int, month: int, day: int) -> Iterator[None]:
    """A context in which features released before that day count as usable."""
    global _horizon
    old, _horizon = _horizon, datetime.date(year, month, day)
    try:
        yield
    finally:
        _horizon = old
