"""What the summary kernels put into a `Summary` message: histograms, PNG images, WAV sounds.

Plain functions of numpy arrays; the ops are in `summary.py`.
"""
from __future__ import annotations

import functools
import io
import struct
import sys
from typing import Any

import numpy as np

from rekindle._src.graph import proto

_LARGEST = sys.float_info.max


@functools.cache
def bucket_limits() -> np.ndarray:
    """The upper limits of a histogram's buckets: 1e-12 growing by a tenth to 1e20, and negated."""
    limits = []
    limit = 1e-12
    while limit < 1e20:
        limits.append(limit)
        limit *= 1.1
    positive = np.array([*limits, _LARGEST])
    return np.concatenate([-positive[::-1], [0.0], positive])


def histogram(values: np.ndarray) -> Any:
    """The HistogramProto of finite float64 values [N]; runs of empty buckets are one bucket."""
    limits = bucket_limits()
    places = np.searchsorted(limits, values, side="right")
    counts = np.bincount(np.minimum(places, limits.size - 1), minlength=limits.size)
    full = counts > 0
    kept = np.flatnonzero(full | np.append(full[1:], True))
    return proto.HistogramProto(
        min=values.min(initial=_LARGEST) + 0.0,  # no -0.0, which would be written
        max=values.max(initial=-_LARGEST) + 0.0,
        num=values.size,
        sum=_sum_in_order(values),
        sum_squares=_sum_in_order(values * values),
        bucket_limit=limits[kept],
        bucket=counts[kept].astype(np.float64),
    )


def _sum_in_order(values: np.ndarray) -> float:
    # numpy's sum adds in pairs, which rounds otherwise than TensorFlow's loop
    return float(np.cumsum(values)[-1]) + 0.0 if values.size else 0.0


def normal_image(values: np.ndarray, bad_color: np.ndarray) -> np.ndarray:
    """A float image [H, W, C] as uint8: scaled to 255, or about 128 if it has negative values.

    Pixels that are not finite get `bad_color` [C]. The type of `values` is that of the arithmetic.
    """
    good = np.isfinite(values).all(axis=-1)  # [H, W]
    finite = values[good].astype(np.float32)
    low = finite.min(initial=np.inf)
    high = finite.max(initial=-np.inf)
    zero, offset, full = np.float32(1e-6), 0.0, np.float32(255)
    if low < 0:
        high = max(abs(low), abs(high))
        offset, full = 128.0, np.float32(127)
    scale = values.dtype.type(0 if high < zero else full / high)
    scaled = np.where(good[..., None], values, 0) * scale + values.dtype.type(offset)
    image = scaled.astype(np.int64).astype(np.uint8)
    image[~good] = bad_color
    return image


def png(pixels: np.ndarray) -> bytes:
    """A uint8 image [H, W, C], C of 1, 3 or 4, as a PNG file."""
    from PIL import Image  # only programs with image summaries need it

    out = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(out, "PNG")
    return out.getvalue()


def wav(samples: np.ndarray, sample_rate: float) -> bytes:
    """Samples [frames, channels] between -1 and 1 as a WAV file of 16 bits."""
    frames, channels = samples.shape
    rate = round(sample_rate) or 1
    wide = samples.astype(np.float64) * 32768
    rounded = np.trunc(wide + np.copysign(0.5, wide))  # halves away from zero
    data = np.clip(rounded, -32768, 32767).astype("<i2").tobytes()
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + len(data), b"WAVE"),
        *(b"fmt ", 16, 1, channels, rate, rate * channels * 2, channels * 2, 16),
        *(b"data", len(data)),
    )
    return header + data
