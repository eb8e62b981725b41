"""Tensors as the short texts that assertions and printing show: "[0 1 2][3...]...".

Holds `summarize` (Print, Assert) and `summarize_ends` (tf.print). Numbers look as C++ streams print them: floats with
6 significant digits or as many as they need.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch


def summarize(tensor: Any, limit: int) -> str:
    """The first `limit` elements (all for a negative limit) of a kernel's value, by rows."""
    array = np.asarray(tensor.numpy(force=True) if isinstance(tensor, torch.Tensor) else tensor)
    count = array.size if limit < 0 else min(limit, array.size)
    if array.dtype.kind == "c":
        return " ".join(["?"] * count) + ("..." if array.size > count else "")
    flat = (
        [_element(one) for one in array.reshape(-1)[:count].tolist()]
        if _is_plain(array)
        else [_element(one) for one in array.reshape(-1)[:count]]
    )
    more = "..." if array.size > count else ""
    if array.ndim == 0:
        return (flat[0] if flat else "") + more
    parts: list[str] = []
    _rows(array.shape, 0, flat, [0], parts)
    return "".join(parts) + more


def _is_plain(array: np.ndarray) -> bool:
    return array.dtype.kind in "iub"


_ESCAPES = {9: "\\t", 10: "\\n", 13: "\\r", 34: '\\"', 39: "\\'", 92: "\\\\"}


def escaped(text: bytes) -> str:
    """Bytes as C spells them: printable ASCII as it is, the rest as octal numbers."""
    return "".join(_ESCAPES.get(b, chr(b) if 32 <= b < 127 else f"\\{b:03o}") for b in text)


def summarize_ends(tensor: Any, limit: int) -> str:
    """The first and last `limit` elements (all for a negative limit) along each axis, in brackets."""
    array = np.asarray(tensor.numpy(force=True) if isinstance(tensor, torch.Tensor) else tensor)
    count = array.size if limit < 0 else min(limit, array.size)
    if array.dtype.kind == "c":
        return "[" + " ".join(["?"] * count) + "]"
    return _ends(array, count, array.ndim)


def _ends(array: np.ndarray, count: int, rank: int) -> str:
    if array.ndim == 0:
        value = array[()]
        return f'"{escaped(value)}"' if isinstance(value, bytes) else _element(_python(value))
    space = " " if array.ndim == 1 else "\n" * (array.ndim - 1) + " " * (rank - array.ndim + 1)
    size = len(array)
    parts = [_ends(array[i, ...], count, rank) for i in range(min(count, size))]
    if size > 2 * count:
        parts.append("...")
    parts += [_ends(array[i, ...], count, rank) for i in range(max(count, size - count), size)]
    return "[" + space.join(parts) + "]"


def _python(value: Any) -> Any:
    """Integers and truth values as Python's; floats keep their width."""
    return value.item() if isinstance(value, (np.integer, np.bool_)) else value


def _element(value: Any) -> str:
    if isinstance(value, bytes):
        return escaped(value)
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int):
        return str(value)
    return _number(value)


def _number(value: Any) -> str:
    """A float in the fewest of 6 (or 15) digits, or the most it needs, that read back to it."""
    kind = type(value)
    short, long = (15, 17) if kind is np.float64 else (6, 9)
    text = f"{float(value):.{short}g}"
    return (
        text if kind(float(text)) == value or not np.isfinite(value) else f"{float(value):.{long}g}"
    )


def _rows(
    shape: tuple[int, ...], axis: int, flat: list[str], at: list[int], out: list[str]
) -> None:
    """Append the elements below one index of the outer axes; `at` counts what is out already."""
    if at[0] >= len(flat):
        return
    if axis == len(shape) - 1:
        taken = flat[at[0] : at[0] + shape[axis]]
        at[0] += len(taken)
        out.append(" ".join(taken) + ("..." if axis and len(taken) < shape[axis] else ""))
        return
    for _ in range(shape[axis]):
        if at[0] >= len(flat):
            return
        out.append("[")
        _rows(shape, axis + 1, flat, at, out)
        out.append("]")
