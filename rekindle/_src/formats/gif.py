"""GIF files as arrays of frames, by TensorFlow's rules: no transparency, no disposal, the color
maps as they stand.

Each frame is cut out of the file and decoded by Pillow as a GIF of its own, since Pillow itself
puts frames together in the way of browsers.

Source: Graphics Interchange Format, version 89a.
"""

from __future__ import annotations

import io
import struct
from typing import NamedTuple

import numpy as np
from PIL import Image


class _Frame(NamedTuple):
    """One image of a file: where it lies, its color map (or None), and its compressed data."""

    left: int
    top: int
    width: int
    height: int
    interlaced: bool
    colors: bytes | None
    data: bytes


def read(contents: bytes) -> np.ndarray:
    """The frames: uint8 [T, H, W, 3].

    Raises:
      ValueError: the data are bad.
    """
    try:
        shared, frames = _frames(contents)
    except (struct.error, IndexError) as error:
        raise ValueError("failed to slurp gif file: Failed to read from given file") from error
    if not frames:
        raise ValueError("gif file does not contain any image")
    height, width = max(f.height for f in frames), max(f.width for f in frames)
    out = np.zeros((len(frames), height, width, 3), np.uint8)
    for k, frame in enumerate(frames):
        if (frame.left, frame.top, frame.width, frame.height) != (0, 0, width, height):
            if k == 0:
                raise ValueError("the first frame does not fill the canvas")
            out[k] = out[k - 1]
        colors = frame.colors if frame.colors is not None else shared
        if colors is None:
            raise ValueError(f"missing color map for frame {k}")
        _paint(out[k], frame, colors)
    return out


def _frames(contents: bytes) -> tuple[bytes | None, list[_Frame]]:
    """The color map of the file and its frames."""
    flags = contents[10]
    at = 13
    shared = None
    if flags & 0x80:
        size = 3 << ((flags & 7) + 1)
        shared, at = contents[at : at + size], at + size
    frames = []
    while contents[at] != 0x3B:
        if contents[at] == 0x21:
            at = _after_blocks(contents, at + 2)
            continue
        if contents[at] != 0x2C:
            raise struct.error("a block of no kind")
        left, top, width, height, flags = struct.unpack_from("<HHHHB", contents, at + 1)
        at += 10
        colors = None
        if flags & 0x80:
            size = 3 << ((flags & 7) + 1)
            colors, at = contents[at : at + size], at + size
        end = _after_blocks(contents, at + 1)
        frames.append(
            _Frame(left, top, width, height, bool(flags & 0x40), colors, contents[at:end])
        )
        at = end
    return shared, frames


def _after_blocks(contents: bytes, at: int) -> int:
    while contents[at]:
        at += contents[at] + 1
    return at + 1


def _paint(canvas: np.ndarray, frame: _Frame, colors: bytes) -> None:
    """Put a frame's pixels onto the canvas."""
    bits = (len(colors) // 3).bit_length() - 1
    size = struct.pack("<HH", frame.width, frame.height)
    alone = b"".join(
        [
            *(b"GIF89a", size, bytes([0x80 | (bits - 1), 0, 0]), colors),
            *(b",", b"\0" * 4, size, bytes([0x40 if frame.interlaced else 0]), frame.data, b";"),
        ]
    )
    try:
        pixels = np.asarray(Image.open(io.BytesIO(alone), formats=["GIF"]).convert("RGB"))
    except (OSError, EOFError, SyntaxError) as error:
        raise ValueError(
            "failed to slurp gif file: Image is defective, decoding aborted"
        ) from error
    height, width = canvas.shape[:2]
    part = pixels[: max(height - frame.top, 0), : max(width - frame.left, 0)]
    canvas[frame.top : frame.top + part.shape[0], frame.left : frame.left + part.shape[1]] = part
