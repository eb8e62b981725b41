"""PNG files of 16 bits a channel, which Pillow cuts to 8: reading and writing, without interlacing.

Source: Portable Network Graphics Specification, second edition, sections 7 and 9.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
_COLOR_TYPE = {channels: color for color, channels in _CHANNELS.items()}


def depth(contents: bytes) -> int:
    """The bits of a channel."""
    return contents[24] if len(contents) > 24 else 0


def is_whole(contents: bytes) -> bool:
    """True if the last chunk is there."""
    return any(kind == b"IEND" for kind, _ in _chunks(contents))


def _chunks(contents: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at + 8 <= len(contents):
        size, kind = struct.unpack_from(">I4s", contents, at)
        yield kind, contents[at + 8 : at + 8 + size]
        at += 12 + size


def read(contents: bytes) -> np.ndarray:
    """The pixels: uint16 [H, W, C].

    Raises:
      ValueError: the data are bad, or interlaced.
    """
    chunks = list(_chunks(contents))
    width, height, _, color, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1][:13])
    if interlaced:
        raise ValueError("interlaced PNG files of 16 bits are not read")
    channels = _CHANNELS[color]
    stride = width * channels * 2
    try:
        data = zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT"))
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if len(data) < height * (stride + 1):
        raise ValueError("not enough image data")
    rows = np.frombuffer(data, np.uint8, height * (stride + 1)).reshape(height, stride + 1)
    out = np.zeros((height, stride), np.uint8)
    above = np.zeros(stride, np.uint8)
    for i in range(height):
        out[i] = above = _unfiltered(int(rows[i, 0]), rows[i, 1:], above, channels * 2)
    return out.view(">u2").astype(np.uint16).reshape(height, width, channels)


def _unfiltered(kind: int, row: np.ndarray, above: np.ndarray, step: int) -> np.ndarray:
    """A row of bytes without its filter; `step` bytes make a pixel."""
    if kind == 0:
        return row.copy()
    if kind == 2:
        return row + above
    pixels = row.reshape(-1, step).astype(np.int64)
    upper = above.reshape(-1, step).astype(np.int64)
    out = np.zeros_like(pixels)
    left, corner = np.zeros(step, np.int64), np.zeros(step, np.int64)
    for i, pixel in enumerate(pixels):
        if kind == 1:
            guess = left
        elif kind == 3:
            guess = (left + upper[i]) >> 1
        else:
            guess = _paeth(left, upper[i], corner)
        left = out[i] = (pixel + guess) & 255
        corner = upper[i]
    return out.astype(np.uint8).reshape(-1)


def _paeth(left: np.ndarray, above: np.ndarray, corner: np.ndarray) -> np.ndarray:
    """Of the three neighbours the one nearest to left + above - corner."""
    first = left + above - corner
    a, b, c = np.abs(first - left), np.abs(first - above), np.abs(first - corner)
    return np.where((a <= b) & (a <= c), left, np.where(b <= c, above, corner))


def write(pixels: np.ndarray, compression: int = -1) -> bytes:
    """A PNG of pixels uint16 [H, W, 1 to 4]."""
    height, width, channels = pixels.shape
    rows = pixels.astype(">u2").reshape(height, -1).view(np.uint8)
    filtered = np.concatenate([np.zeros((height, 1), np.uint8), rows], 1)
    header = struct.pack(">IIBBBBB", width, height, 16, _COLOR_TYPE[channels], 0, 0, 0)
    body = zlib.compress(filtered.tobytes(), compression)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
