"""`tf.image.decode_image` and `is_jpeg`: files of any format."""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import dtypes, scopes
from rekindle._src.image.colors import convert_image_dtype
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import assertion, image_codec
from rekindle._src.ops import cond as cond_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import string as string_ops


@public("image.is_jpeg", "io.is_jpeg")
def is_jpeg(contents: Any, name: str | None = None) -> Any:
    """Whether a file begins as a JPEG does, a boolean scalar."""
    with scopes.name_scope(name, "is_jpeg"):
        return math_ops.equal(string_ops.substr(contents, 0, 3), b"\xff\xd8\xff", name=name)


def _is_png(contents: Any) -> Any:
    with scopes.name_scope(None, "is_png"):
        return math_ops.equal(string_ops.substr(contents, 0, 3), b"\211PN")


@public("image.decode_image", "io.decode_image")
def decode_image(
    contents: Any,
    channels: int | None = None,
    dtype: Any = dtypes.uint8,
    name: str | None = None,
    expand_animations: bool = True,
) -> Any:
    """The pixels of a JPEG, PNG, GIF or BMP file, by what it begins with; without a static shape.

    Args:
      contents: the file, a scalar of bytes.
      channels: how many channels to have; default: as in the file.
      dtype: the type of the values.
      name: the name scope.
      expand_animations: give all frames of a GIF, [T, H, W, 3], not only the first.

    Raises:
      ValueError: no format has that many channels.
    """
    with scopes.name_scope(name, "decode_image"):
        if channels not in (None, 0, 1, 3, 4):
            raise ValueError("channels must be in (None, 0, 1, 3, 4)")
        start = string_ops.substr(contents, 0, 3)
        readers = _Readers(
            contents, start, channels or 0, dtypes.as_dtype(dtype), expand_animations
        )
        return cond_ops.cond(
            is_jpeg(contents), readers.jpeg, readers.any_but_jpeg, name="cond_jpeg"
        )


class _Readers:
    """The branches of `decode_image`."""

    def __init__(self, contents: Any, start: Any, channels: int, dtype: Any, expand: bool) -> None:
        self._contents, self._start = contents, start
        self._channels, self._dtype, self._expand = channels, dtype, expand

    def jpeg(self) -> Any:
        """The pixels of a JPEG."""
        is_good = math_ops.not_equal(self._channels, 4, name="check_jpeg_channels")
        words = "Channels must be in (None, 0, 1, 3) when decoding JPEG images"
        with scopes.control_dependencies([assertion.Assert(is_good, [words])]):
            pixels = image_codec.decode_jpeg(self._contents, self._channels)
            return convert_image_dtype(pixels, self._dtype)

    def any_but_jpeg(self) -> Any:
        """The pixels of a PNG, GIF or BMP."""
        return cond_ops.cond(_is_png(self._contents), self._png, self._gif_or_bmp, name="cond_png")

    def _png(self) -> Any:
        kind = dtypes.uint8 if self._dtype == dtypes.uint8 else dtypes.uint16
        pixels = image_codec.decode_png(self._contents, self._channels, dtype=kind)
        return convert_image_dtype(pixels, self._dtype)

    def _gif_or_bmp(self) -> Any:
        is_gif = math_ops.equal(self._start, b"\x47\x49\x46", name="is_gif")
        return cond_ops.cond(is_gif, self._gif, self._bmp, name="cond_gif")

    def _gif(self) -> Any:
        is_good = math_ops.logical_and(
            math_ops.not_equal(self._channels, 1, name="check_gif_channels"),
            math_ops.not_equal(self._channels, 4, name="check_gif_channels"),
        )
        words = "Channels must be in (None, 0, 3) when decoding GIF images"
        with scopes.control_dependencies([assertion.Assert(is_good, [words])]):
            frames = convert_image_dtype(image_codec.decode_gif(self._contents), self._dtype)
            return frames if self._expand else array_ops.gather(frames, 0)

    def _bmp(self) -> Any:
        signature = string_ops.substr(self._contents, 0, 2)
        is_bmp = math_ops.equal(signature, "BM", name="is_bmp")
        words = "Unable to decode bytes as JPEG, PNG, GIF, or BMP"
        checks = [assertion.Assert(is_bmp, [words])]
        is_good = math_ops.not_equal(self._channels, 1, name="check_channels")
        words = "Channels must be in (None, 0, 3) when decoding BMP images"
        checks.append(assertion.Assert(is_good, [words]))
        with scopes.control_dependencies(checks):
            return convert_image_dtype(image_codec.decode_bmp(self._contents), self._dtype)
