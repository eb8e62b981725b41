"""The arguments of neural-network functions, in the many forms in which TensorFlow takes them.

Holds `renamed` (old and new names of one argument), `per_axis`, `explicit_padding`,
`one_dimensional`, and `attrs_of` for gradient functions.
"""

from __future__ import annotations

from collections.abc import Sized
from typing import Any


def renamed(new_name: str, new_value: Any, old_name: str, old_value: Any) -> Any:
    """The value of an argument that goes by two names.

    Raises:
      ValueError: both are given.
    """
    if new_value is None:
        return old_value
    if old_value is not None:
        raise ValueError(f"Cannot specify both '{old_name}' and '{new_name}'")
    return new_value


def per_axis(value: Any, n: int, channel: int, name: str) -> list[Any]:
    """One value for each of the axes: of one, of `n` for the spatial axes, or of all n + 2.

    Raises:
      ValueError: it has another length.
    """
    values = [1] if value is None else list(value) if isinstance(value, Sized) else [value]
    if len(values) == n + 2:
        return values
    if len(values) == 1:
        values *= n
    elif len(values) != n:
        raise ValueError(f"{name} should be of length 1, {n} or {n + 2} but was {len(values)}")
    return [1, 1, *values] if channel == 1 else [1, *values, 1]


def explicit_padding(padding: Any) -> tuple[Any, list[int]]:
    """The attrs `padding` and `explicit_paddings` of an argument that is a string or a list of
    pairs.

    Raises:
      ValueError: it is a list but not of four pairs, or the string "EXPLICIT".
    """
    if padding == "EXPLICIT":
        raise ValueError(
            '"EXPLICIT" is not a valid value for the padding parameter. To use explicit padding, '
            "the padding parameter must be a list."
        )
    if not isinstance(padding, (list, tuple)):
        return padding, []
    for i, pair in enumerate(padding):
        problem = (
            "When padding is a list, each element of padding must be a list/tuple of size 2. "
            "Element with index "
        )
        if not isinstance(pair, (list, tuple)):
            raise ValueError(f"{problem}{i} of padding is not a list/tuple")
        if len(pair) != 2:
            raise ValueError(f"{problem}{i} of padding has size {len(pair)}")
    if len(padding) != 4:
        raise ValueError(
            f"When padding is a list, it must be of size 4. Got padding of size: {len(padding)}"
        )
    return "EXPLICIT", [width for pair in padding for width in pair]


def one_dimensional(data_format: str | None) -> tuple[str, int, int]:
    """How 1-D data goes as images of height 1: (data format, axis of the height, channel axis of
    the 1-D data).

    Raises:
      ValueError: the format is neither NWC nor NCW.
    """
    if data_format in (None, "NHWC", "NWC"):
        return "NHWC", 1, 2
    if data_format in ("NCHW", "NCW"):
        return "NCHW", 2, 1
    raise ValueError('data_format must be "NWC" or "NCW".')


def attrs_of(op: Any, *names: str) -> dict[str, Any]:
    """Attrs of an operation, to be given to another."""
    return {name: op.get_attr(name) for name in names}
