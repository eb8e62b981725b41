"""JPEG, PNG, GIF and BMP files as arrays [H, W, C] and back, by TensorFlow's rules, with Pillow.

Bytes and numpy only. JPEGs are decoded with the accurate integer transform, which is TensorFlow's
`INTEGER_ACCURATE`; its default, the fast one, gives colors that differ by a few steps. PNGs of 16
bits go through png16.py.
"""

from __future__ import annotations

import io
import struct
import warnings
from typing import Any

import numpy as np
from PIL import Image, ImageFile, UnidentifiedImageError

from rekindle._src.formats import png16

#: the first bytes of a file -> its format
_MAGIC = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG", b"GIF8": "GIF"}
_BAD = (
    OSError,
    SyntaxError,
    ValueError,
    struct.error,
    EOFError,
    IndexError,
    UnidentifiedImageError,
)


def kind(contents: bytes) -> str | None:
    """ "JPEG", "PNG" or "GIF" by the first bytes, None for anything else."""
    return next((name for magic, name in _MAGIC.items() if contents.startswith(magic)), None)


def _opened(contents: bytes, form: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(io.BytesIO(contents), formats=[form])


def jpeg_size(contents: bytes) -> tuple[int, int, int]:
    """(height, width, channels) of a JPEG.

    Raises:
      ValueError: it is none.
    """
    try:
        image = _opened(contents, "JPEG")
    except _BAD as error:
        raise ValueError("Invalid JPEG data") from error
    return image.height, image.width, {"L": 1, "CMYK": 4}.get(image.mode, 3)


def read_jpeg(
    contents: bytes, channels: int = 0, ratio: int = 1, recover: bool = False
) -> np.ndarray:
    """The pixels of a JPEG: uint8 [H, W, C].

    Args:
      contents: the file.
      channels: 1 for gray, 3 for RGB, 0 as in the file.
      ratio: 1, 2, 4 or 8: by how much to make it smaller while it is decoded.
      recover: take what there is of a file that is cut off.

    Raises:
      ValueError: the data are bad.
    """
    try:
        image = _opened(contents, "JPEG")
        if image.mode == "CMYK" and channels == 1:
            raise ValueError("a CMYK image has no gray channel")
        mode = "L" if channels == 1 else image.mode
        image.draft(mode, (image.width // ratio, image.height // ratio))
        image = _loaded(image, recover)
    except _BAD as error:
        raise ValueError("Invalid JPEG data") from error
    if image.mode == "CMYK":
        return _from_cmyk(np.asarray(image))
    wanted = "L" if channels == 1 or (channels == 0 and image.mode == "L") else "RGB"
    pixels = np.asarray(image.convert(wanted))
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def _loaded(image: Any, recover: bool) -> Any:
    if recover:
        old, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, True
        try:
            image.load()
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = old
    else:
        image.load()
    return image


def _from_cmyk(pixels: np.ndarray) -> np.ndarray:
    """RGB of CMYK: each ink's absence times that of black."""
    inks = 255 - pixels.astype(np.int32)
    return (inks[:, :, :3] * inks[:, :, 3:] // 255).astype(np.uint8)


def write_jpeg(
    pixels: np.ndarray,
    quality: int = 95,
    progressive: bool = False,
    optimize: bool = False,
    *,
    subsample: bool = True,
    density: tuple[int, int, int] = (1, 300, 300),
    xmp: bytes = b"",
) -> bytes:
    """A JPEG of gray or RGB pixels [H, W, 1 or 3]; density: (1 for inches or 2 for centimetres, x,
    y).
    """
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    out = io.BytesIO()
    extra: dict[str, Any] = {"xmp": xmp} if xmp else {}
    unit, x, y = density
    scale = 2.54 if unit == 2 else 1
    image.save(
        out,
        "JPEG",
        quality=quality,
        progressive=progressive,
        optimize=optimize,
        subsampling="4:2:0" if subsample else "4:4:4",
        dpi=(x * scale, y * scale),
        **extra,
    )
    return out.getvalue()


def read_png(contents: bytes, channels: int = 0, bits: int = 8) -> np.ndarray:
    """The pixels of a PNG: uint8 or (for 16 bits) uint16 [H, W, C].

    Args:
      contents: the file.
      channels: 1 for gray, 3 for RGB, 4 for RGB and alpha, 0 as in the file.
      bits: 8 or 16.

    Raises:
      ValueError: the data are bad.
    """
    try:
        image = _opened(contents, "PNG")
        if not png16.is_whole(contents):
            raise ValueError("the file is cut off")
        is_deep = png16.depth(contents) == 16
        if is_deep and bits == 16:
            pixels = png16.read(contents)
        else:
            pixels = _png_pixels(image)
    except _BAD as error:
        raise ValueError(f"Invalid PNG data, size {len(contents)}") from error
    if pixels.dtype == np.uint16 and bits == 8:
        pixels = (pixels >> 8).astype(np.uint8)
    gamma = 0.45455 if "srgb" in image.info else image.info.get("gamma")
    is_linear = gamma is None or abs(gamma - 1) <= 0.05
    pixels = _with_channels(pixels, channels or pixels.shape[2], None if is_linear else gamma)
    return pixels.astype(np.uint16) * 257 if bits == 16 and pixels.dtype == np.uint8 else pixels


def _png_pixels(image: Any) -> np.ndarray:
    image.load()
    has_alpha = "transparency" in image.info
    if image.mode == "P":
        image = image.convert("RGBA" if has_alpha else "RGB")
    elif image.mode == "1":
        image = image.convert("L")
    pixels = np.asarray(image)
    if pixels.dtype == np.int32:
        pixels = pixels.astype(np.uint16)
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def _with_channels(pixels: np.ndarray, channels: int, gamma: float | None) -> np.ndarray:
    """The pixels as gray, gray and alpha, RGB, or RGB and alpha."""
    have = pixels.shape[2]
    alpha = pixels[:, :, -1:] if have in (2, 4) else None
    color = pixels if alpha is None else pixels[:, :, :-1]
    if channels < 3 and color.shape[2] == 3:
        color = _gray(color, gamma)
    elif channels >= 3 and color.shape[2] == 1:
        color = np.repeat(color, 3, 2)
    if channels % 2:
        return color
    if alpha is None:
        alpha = np.full((*color.shape[:2], 1), np.iinfo(color.dtype).max, color.dtype)
    return np.concatenate([color, alpha], 2)


def _gray(color: np.ndarray, gamma: float | None) -> np.ndarray:
    """Gray in the weights of ITU-R 601, mixed in linear light if the gamma is known.

    In 8 bits the steps are those of libpng, tables of 256 entries included.
    """
    top = int(np.iinfo(color.dtype).max)
    red, green = 29900 * 32768 // 100000, 58700 * 32768 // 100000
    weights = np.array([red, green, 32768 - red - green], np.int64)
    linear = color if gamma is None else _power_table(1 / gamma, top)[color]
    mixed = linear.astype(np.int64) @ weights
    mixed = mixed >> 15 if gamma is None else _power_table(gamma, top)[(mixed + 16384) >> 15]
    is_gray = (color[:, :, 0] == color[:, :, 1]) & (color[:, :, 0] == color[:, :, 2])
    return np.where(is_gray, color[:, :, 0], mixed).astype(color.dtype)[:, :, None]


def _power_table(exponent: float, top: int) -> np.ndarray:
    share = np.arange(top + 1) / top
    return np.floor(top * share**exponent + 0.5).astype(np.int64)


def write_png(pixels: np.ndarray, compression: int = -1) -> bytes:
    """A PNG of pixels [H, W, 1 to 4], uint8 or uint16; compression: 0 to 9, -1 the default."""
    if pixels.dtype == np.uint16:
        return png16.write(pixels, compression)
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    out = io.BytesIO()
    image.save(out, "PNG", compress_level=6 if compression < 0 else compression)
    return out.getvalue()


def read_bmp(contents: bytes, channels: int = 0) -> np.ndarray:
    """The pixels of a BMP: uint8 [H, W, C].

    Raises:
      ValueError: the data are bad, or have another number of channels.
    """
    if len(contents) < 32:
        raise ValueError(
            "Incomplete bmp content, requires at least 32 bytes to find the header size, width, "
            "height, and "
            f"bpp, got {len(contents)} bytes"
        )
    (header,) = struct.unpack_from("<i", contents, 10)
    width, height = struct.unpack_from("<ii", contents, 18)
    depth = struct.unpack_from("<i", contents, 28)[0] // 8
    if channels and channels != depth:
        raise ValueError(
            f"channels attribute {channels} does not match bits per pixel from file {depth}"
        )
    if depth not in (1, 3, 4):
        raise ValueError(f"Number of channels must be 1, 3 or 4, was {depth}")
    for is_bad, words in (
        (width <= 0, "Width must be positive"),
        (height == 0, "Height must be nonzero"),
        (header < 0, "header size must be nonnegative"),
    ):
        if is_bad:
            raise ValueError(words)
    row = (depth * width + 3) // 4 * 4
    needed = header + (abs(height) - 1) * row + width * depth
    if needed > len(contents):
        raise ValueError(
            f"Incomplete bmp content, requires at least {needed} bytes, got {len(contents)} bytes"
        )
    body = contents[header : header + abs(height) * row].ljust(abs(height) * row, b"\0")
    pixels = np.frombuffer(body, np.uint8).reshape(abs(height), row)[:, : width * depth]
    pixels = pixels.reshape(abs(height), width, depth)
    if height > 0:
        pixels = pixels[::-1]
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[depth]
    return np.ascontiguousarray(pixels[:, :, order])
