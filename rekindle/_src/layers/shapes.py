"""Arithmetic of sizes, formats and paddings that convolution and pooling layers share."""
from __future__ import annotations

from typing import Any


def checked_tuple(value: Any, count: int, name: str) -> tuple[int, ...]:
    """`count` integers: one repeated, or so many given.

    Raises:
      ValueError: it is neither.
    """
    if isinstance(value, int):
        return (value,) * count
    message = f"The `{name}` argument must be a tuple of {count} integers. Received: {value}"
    try:
        values = tuple(value)
    except TypeError:
        raise ValueError(message) from None
    if len(values) != count:
        raise ValueError(message)
    for one in values:
        try:
            int(one)
        except (ValueError, TypeError):
            raise ValueError(f"{message} including element {one} of type {type(one)}") from None
    return values


def checked_format(value: str | None) -> str:
    """"channels_last" (the default) or "channels_first".

    Raises:
      ValueError: it is neither.
    """
    data_format = "channels_last" if value is None else value.lower()
    if data_format not in ("channels_first", "channels_last"):
        raise ValueError('The `data_format` argument must be one of "channels_first", '
                         f'"channels_last". Received: {value}')
    return data_format


def checked_padding(value: Any) -> Any:
    """"valid", "same" or "causal", or a list of explicit paddings.

    Raises:
      ValueError: it is none of these.
    """
    if isinstance(value, (list, tuple)):
        return value
    padding = value.lower()
    if padding not in ("valid", "same", "causal"):
        raise ValueError('The `padding` argument must be a list/tuple or one of "valid", "same" '
                         f'(or "causal", only for `Conv1D). Received: {padding}')
    return padding


def op_format(data_format: str, rank: int) -> str:
    """The format in the words of ops: "NHWC", "NCW", ...

    Raises:
      ValueError: there is none for this rank.
    """
    space = {3: "W", 4: "HW", 5: "DHW"}.get(rank)
    if space is None:
        raise ValueError("Input rank not supported:", rank)
    return f"N{space}C" if data_format == "channels_last" else f"NC{space}"


def conv_length(length: int | None, window: int, padding: str, stride: int,
                dilation: int = 1) -> int | None:
    """The size of an axis after a convolution or pooling."""
    if length is None:
        return None
    if padding not in ("same", "causal"):
        length -= (window - 1) * dilation
    return (length + stride - 1) // stride


def deconv_length(length: Any, window: int, padding: str, output_padding: int | None = None,
                  stride: int = 0, dilation: int = 1) -> Any:
    """The size of an axis (a number or a tensor) after a transposed convolution."""
    if length is None:
        return None
    window = window + (window - 1) * (dilation - 1)
    if output_padding is not None:
        pad = window // 2 if padding == "same" else 0
        return (length - 1) * stride + window - 2 * pad + output_padding
    if padding == "same":
        return length * stride
    return length * stride + max(window - stride, 0)
