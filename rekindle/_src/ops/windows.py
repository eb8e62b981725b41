"""Sliding windows over spatial axes: output sizes, padding, and the layouts that convolution and
pooling share.

Holds what shape rules ask (`sizes`, `layout`) and what kernels ask (`Padding`, `pad`,
`channels_first`). SAME pads one more at the end where the total is odd, which torch's own padding
cannot say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from rekindle._src import errors
from rekindle._src.graph import infer

Size = int | None


def spatial(values: Sequence[Any], data_format: str) -> tuple[Any, ...]:
    """The entries of a list with one entry per axis that stand for spatial axes."""
    return tuple(values[2:]) if data_format[1] == "C" else tuple(values[1:-1])


def channels(values: Sequence[Any], data_format: str) -> Any:
    """The entry of a list with one entry per axis that stands for the channels."""
    return values[1] if data_format[1] == "C" else values[-1]


def shaped(batch: Size, extent: Sequence[Size], depth: Size, data_format: str) -> tuple[Size, ...]:
    """The shape [N, *extent, C] or [N, C, *extent]."""
    return (batch, depth, *extent) if data_format[1] == "C" else (batch, *extent, depth)


def explicit(paddings: Sequence[int], data_format: str) -> list[tuple[int, int]]:
    """The (before, after) of each spatial axis in an `explicit_paddings` attr."""
    return list(
        zip(spatial(paddings[0::2], data_format), spatial(paddings[1::2], data_format), strict=True)
    )


def output_size(
    size: Size,
    window: Size,
    stride: int,
    padding: str,
    dilation: int = 1,
    pads: tuple[int, int] = (0, 0),
) -> Size:
    """How many windows there are along an axis, None if it is not known.

    Raises:
      ValueError: the window does not fit, or stride or dilation is not positive.
    """
    if stride <= 0:
        raise ValueError(f"Stride must be > 0, but got {stride}")
    if dilation < 1:
        raise ValueError(f"Dilation rate must be >= 1, but got {dilation}")
    if size is None:
        return None
    if padding == "SAME":
        return -(-size // stride)
    if window is None:
        return None
    extent, size = (window - 1) * dilation + 1, size + sum(pads)
    if extent > size:
        raise ValueError(f"Negative dimension size caused by subtracting {extent} from {size}")
    return (size - extent) // stride + 1


def check_explicit(padding: str, paddings: Sequence[int], data_format: str) -> None:
    """Refuse an `explicit_paddings` attr that does not go with `padding`.

    Raises:
      ValueError: it does not.
    """
    if padding != "EXPLICIT":
        if paddings:
            raise ValueError(
                "explicit_paddings attribute must be empty if the padding attribute is not EXPLICIT"
            )
        return
    if len(paddings) != 8:
        raise ValueError(
            f"explicit_paddings attribute must contain 8 values, but got: {len(paddings)}"
        )
    for value in paddings:
        if value < 0:
            raise ValueError("All elements of explicit_paddings must be nonnegative")
    depth = 1 if data_format[1] == "C" else 3
    if any(paddings[:2]) or any(paddings[2 * depth : 2 * depth + 2]):
        raise ValueError(
            "Nonzero explicit padding in the batch or depth dimensions is not supported"
        )


class Padding(NamedTuple):
    """What to add along each spatial axis, in the order of the axes."""

    before: tuple[int, ...]
    after: tuple[int, ...]
    output: tuple[int, ...]


def padding_of(
    size: Sequence[int],
    window: Sequence[int],
    strides: Sequence[int],
    padding: str,
    dilations: Sequence[int] | None = None,
    pads: Sequence[tuple[int, int]] = (),
) -> Padding:
    """The padding of known sizes.

    Raises:
      InvalidArgumentError: there would be fewer than no windows.
    """
    before, after, output = [], [], []
    for i, (n, k, s) in enumerate(zip(size, window, strides)):
        extent = (k - 1) * (dilations[i] if dilations else 1) + 1
        if padding == "SAME":
            count = -(-n // s)
            total = max((count - 1) * s + extent - n, 0)
            low, high = total // 2, total - total // 2
        else:
            low, high = pads[i] if padding == "EXPLICIT" else (0, 0)
            count = (n + low + high - extent + s) // s
        if count < 0:
            raise errors.InvalidArgumentError(
                None,
                None,
                f"Computed output size would be negative: {count} [input_size: {n}, "
                f"effective_filter_size: {extent}, stride: {s}]",
            )
        before.append(low)
        after.append(high)
        output.append(count)
    return Padding(tuple(before), tuple(after), tuple(output))


def pad(x: torch.Tensor, padding: Padding, value: float = 0.0) -> torch.Tensor:
    """A channels-first tensor padded along its spatial axes."""
    widths = [
        w
        for low, high in zip(padding.before[::-1], padding.after[::-1], strict=True)
        for w in (low, high)
    ]
    return torch.nn.functional.pad(x, widths, value=value)


def unpad(x: torch.Tensor, padding: Padding, size: Sequence[int]) -> torch.Tensor:
    """The part of a padded channels-first tensor that was there before."""
    for axis, (low, n) in enumerate(zip(padding.before, size, strict=True), 2):
        x = x.narrow(axis, low, n)
    return x


def channels_first(x: torch.Tensor, data_format: str) -> torch.Tensor:
    """A view with the channels on axis 1."""
    if data_format[1] == "C":
        return x
    return x.permute(0, 3, 1, 2) if x.dim() == 4 else x.movedim(-1, 1)


def original(x: torch.Tensor, data_format: str) -> torch.Tensor:
    """A channels-first tensor as a view in the layout of `data_format`."""
    if data_format[1] == "C":
        return x
    return x.permute(0, 2, 3, 1) if x.dim() == 4 else x.movedim(1, -1)


def empty(shape: Sequence[int], like: torch.Tensor) -> torch.Tensor:
    """A channels-first tensor of unset values, channels innermost in memory."""
    order = torch.channels_last if len(shape) == 4 else torch.channels_last_3d
    return torch.empty(shape, dtype=like.dtype, device=like.device, memory_format=order)


def shape_input(c: Any, index: int, rank: int) -> infer.Shape:
    """The shape rule of an op whose output shape is the value of an input."""
    length = infer.with_rank(c.shapes[index], 1)[0]
    if length not in (None, rank):
        raise ValueError(f"Shape must be rank {rank} but is rank {length}")
    return infer.with_rank(c.shape_value(index), rank)
