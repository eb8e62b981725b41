"""Image files as ops: DecodeJpeg, DecodePng, DecodeGif, DecodeBmp, EncodeJpeg, EncodePng and their
kin.

The formats themselves stand in `rekindle/_src/formats`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import dtypes, infer
from rekindle._src.graph.opdef import op
from rekindle._src.ops import image_shapes


def _image_files() -> Any:
    from rekindle._src.formats import image_files  # Pillow takes a while to import

    return image_files


def _gif() -> Any:
    from rekindle._src.formats import gif  # Pillow takes a while to import

    return gif


def _refuse(words: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, words)


def _decoded_shape(c: Any) -> infer.Shape:
    infer.with_rank(c.shapes[0], 0)
    channels = c.attr("channels")
    if channels < 0:
        raise ValueError(f"channels must be non-negative, got {channels}")
    return (None, None, channels or None)


def _cropped_shape(c: Any) -> infer.Shape:
    _, _, channels = _decoded_shape(c)
    image_shapes.exactly(infer.with_rank(c.shapes[1], 1)[0], 4)
    window = c.value(1)
    return (None, None, channels) if window is None else (*map(int, window[2:]), channels)


def _encoded_shape(c: Any) -> infer.Shape:
    infer.with_rank(c.shapes[0], 3)
    return ()


def _fixed(shape: Any) -> Callable[[Any], Any]:
    def rule(c: Any) -> Any:
        infer.with_rank(c.shapes[0], 0)
        return shape

    return rule


def _content(contents: Any) -> bytes:
    if np.ndim(contents):
        shape = "[" + ",".join(map(str, np.shape(contents))) + "]"
        raise _refuse(f"contents must be scalar, got shape {shape}")
    return contents.item()


def _kind(contents: bytes, bits: int = 8) -> str:
    """The format of a file.

    Raises:
      InvalidArgumentError: it is none that is decoded, or has no 16 bits.
    """
    kind = _image_files().kind(contents)
    if kind is None:
        start = contents[:16].decode("latin-1").encode("unicode_escape").decode()
        found = f"unknown format starting with '{start}'" if contents else "empty file"
        raise _refuse(f"Expected image (JPEG, PNG, or GIF), got {found}")
    if bits == 16 and kind != "PNG":
        raise _refuse(f"{kind} does not support uint16 output")
    return kind


def _check_channels(channels: int, kind: str) -> None:
    if channels not in (0, 1, 3, 4):
        raise _refuse(f"channels must be 0, 1, 3, or 4, got {channels}")
    if kind == "JPEG" and channels == 4:
        raise _refuse(f"channels must be 0, 1, or 3 for JPEG, got {channels}")
    if kind == "GIF" and channels not in (0, 3):
        raise _refuse(f"channels must be 0 or 3 for GIF, got {channels}")


def _decoded(
    contents: Any, channels: int, bits: int = 8, ratio: int = 1, recover: bool = False
) -> torch.Tensor:
    """The pixels of a file of any of the three formats."""
    data = _content(contents)
    kind = _kind(data, bits)
    _check_channels(channels, kind)
    try:
        if kind == "JPEG":
            pixels = _image_files().read_jpeg(data, channels, ratio, recover)
        elif kind == "PNG":
            pixels = _image_files().read_png(data, channels, bits)
        else:
            pixels = _only_frame(_gif().read(data))
    except ValueError as error:
        raise _refuse(_complaint(kind, data, error)) from error
    return torch.from_numpy(np.array(pixels))


def _only_frame(frames: np.ndarray) -> np.ndarray:
    if len(frames) != 1:
        raise _refuse(
            f"Got {len(frames)} frames, but animated gifs can only be decoded by "
            "tf.image.decode_gif or "
            "tf.image.decode_image"
        )
    return frames[0]


def _complaint(kind: str, data: bytes, error: ValueError) -> str:
    if kind == "JPEG":
        return f"Invalid JPEG data or crop window, data size {len(data)}"
    return str(error) if kind == "PNG" else f"Invalid GIF data (size {len(data)}), {error}"


def _check_jpeg_attrs(ratio: int, dct_method: str) -> None:
    if ratio not in (1, 2, 4, 8):
        raise _refuse(f"ratio must be 1, 2, 4, or 8, got {ratio}")
    if dct_method not in ("", "INTEGER_FAST", "INTEGER_ACCURATE"):
        raise _refuse("dct_method must be one of {'', 'INTEGER_FAST', 'INTEGER_ACCURATE'}")


@op("DecodeJpeg", public="image.decode_jpeg io.decode_jpeg", infer=_decoded_shape, host=True)
def decode_jpeg(contents, *, channels=0, ratio=1, try_recover_truncated=False, dct_method=""):
    """The pixels of a JPEG file (or PNG, or GIF of one frame): uint8 [H, W, C].

    Decoded with the accurate integer transform, whatever `dct_method` says.
    """
    _check_jpeg_attrs(ratio, dct_method)
    return _decoded(contents, channels, 8, ratio, try_recover_truncated)


@op(
    "DecodeAndCropJpeg",
    public="image.decode_and_crop_jpeg io.decode_and_crop_jpeg",
    infer=_cropped_shape,
    host=True,
)
def decode_and_crop_jpeg(
    contents, crop_window, *, channels=0, ratio=1, try_recover_truncated=False, dct_method=""
):
    """The pixels of a JPEG file inside a window (top, left, height, width): uint8 [H, W, C]."""
    _check_jpeg_attrs(ratio, dct_method)
    pixels = _decoded(contents, channels, 8, ratio, try_recover_truncated)
    top, left, height, width = crop_window.tolist()
    inside = 0 <= top and 0 <= left and height > 0 and width > 0
    if not inside or top + height > pixels.shape[0] or left + width > pixels.shape[1]:
        raise _refuse(f"Invalid JPEG data or crop window, data size {len(_content(contents))}")
    return pixels[top : top + height, left : left + width].contiguous()


@op(
    "ExtractJpegShape",
    public="image.extract_jpeg_shape io.extract_jpeg_shape",
    infer=_fixed((3,)),
    host=True,
)
def extract_jpeg_shape(contents, *, output_type=dtypes.int32):
    """Height, width and channels of a JPEG file: [3]."""
    try:
        size = _image_files().jpeg_size(_content(contents))
    except ValueError as error:
        raise _refuse("Invalid JPEG data, data size " + str(len(_content(contents)))) from error
    return torch.tensor(size, dtype=output_type.torch)


@op("DecodePng", public="image.decode_png io.decode_png", infer=_decoded_shape, host=True)
def decode_png(contents, *, channels=0, dtype=dtypes.uint8):
    """The pixels of a PNG file (or JPEG, or GIF of one frame): uint8 or uint16 [H, W, C]."""
    return _decoded(contents, channels, 16 if dtype is dtypes.uint16 else 8)


@op(
    "DecodeGif",
    public="image.decode_gif io.decode_gif",
    infer=_fixed((None, None, None, 3)),
    host=True,
)
def decode_gif(contents):
    """The frames of a GIF file (or the pixels of a JPEG or PNG as one): uint8 [T, H, W, 3]."""
    data = _content(contents)
    if _kind(data) != "GIF":
        return _decoded(contents, 3)[None]
    try:
        return torch.from_numpy(_gif().read(data))
    except ValueError as error:
        raise _refuse(_complaint("GIF", data, error)) from error


@op("DecodeBmp", public="image.decode_bmp io.decode_bmp", infer=_decoded_shape, host=True)
def decode_bmp(contents, *, channels=0):
    """The pixels of a BMP file: uint8 [H, W, C]."""
    if channels not in (0, 1, 3, 4):
        raise _refuse(f"channels must be 0, 1, 3 or 4, got {channels}")
    try:
        return torch.from_numpy(_image_files().read_bmp(_content(contents), channels))
    except ValueError as error:
        raise _refuse(str(error)) from error


def _text(data: bytes) -> np.ndarray:
    out = np.empty((), object)
    out[()] = data
    return out


def _jpeg_channels(image: torch.Tensor, form: str) -> None:
    if image.dim() != 3:
        raise _refuse(f"image must be 3-dimensional, got {list(image.shape)}")
    shown = "[" + ",".join(map(str, image.shape)) + "]"
    channels = image.shape[2]
    if form == "" and channels not in (1, 3):
        raise _refuse(f"image must have 1 or 3 channels, got {shown}")
    wanted = {"grayscale": 1, "rgb": 3}.get(form, channels)
    if channels != wanted:
        raise _refuse(f"format {form} expects {wanted} channels, got {shown}")


def _quality(quality: int) -> int:
    if not 0 <= quality <= 100:
        raise _refuse(f"quality must be in [0,100], got {quality}")
    return max(quality, 1)


@op("EncodeJpeg", public="image.encode_jpeg io.encode_jpeg", infer=_encoded_shape, host=True)
def encode_jpeg(
    image,
    *,
    format="",
    quality=95,
    progressive=False,
    optimize_size=False,
    chroma_downsampling=True,
    density_unit="in",
    x_density=300,
    y_density=300,
    xmp_metadata="",
):
    """A JPEG file of gray or RGB pixels uint8 [H, W, 1 or 3]."""
    _jpeg_channels(image, format)
    density = (2 if density_unit == "cm" else 1, x_density, y_density)
    return _text(
        _image_files().write_jpeg(
            image.numpy(),
            _quality(quality),
            progressive,
            optimize_size,
            subsample=chroma_downsampling,
            density=density,
            xmp=xmp_metadata.encode(),
        )
    )


@op("EncodeJpegVariableQuality", infer=_encoded_shape, host=True)
def encode_jpeg_variable_quality(images, quality):
    """A JPEG file of gray or RGB pixels with a quality from 0 to 100."""
    _jpeg_channels(images, "")
    return _text(_image_files().write_jpeg(images.numpy(), _quality(int(quality))))


@op("EncodePng", public="image.encode_png", infer=_encoded_shape, host=True)
def encode_png(image, *, compression=-1):
    """A PNG file of pixels uint8 or uint16 [H, W, 1 to 4]."""
    if image.dim() != 3:
        raise _refuse(f"image must be 3-dimensional, got {list(image.shape)}")
    if not 1 <= image.shape[2] <= 4:
        raise _refuse(f"image must have 1, 2, 3, or 4 channels, got {image.shape[2]}")
    return _text(_image_files().write_png(image.numpy(), compression))
