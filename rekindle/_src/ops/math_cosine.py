"""Cosine transforms, made of Fourier transforms: `tf.signal.dct` and its inverse."""

from __future__ import annotations

import math
from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.graph.shapes import dimension_value
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math_cast, math_fourier, math_ranges, math_unary


def _check(x: Any, kind: int, n: Any, axis: int, norm: str | None) -> None:
    if axis != -1:
        raise NotImplementedError(f"axis must be -1. Got: {axis}")
    if n is not None and n < 1:
        raise ValueError("n should be a positive integer or None")
    if kind not in (1, 2, 3):
        raise ValueError("Only Types I, II and III (I)DCT are supported.")
    if kind == 1:
        if norm == "ortho":
            raise ValueError("Normalization is not supported for the Type-I DCT.")
        if x.shape[-1] is not None and x.shape[-1] < 2:
            raise ValueError("Type-I DCT requires the dimension to be greater than one.")
    if norm not in (None, "ortho"):
        raise ValueError(f"Unknown normalization. Expected None or 'ortho', got: {norm}")


def _last(x: Tensor) -> Any:
    return dimension_value(x.shape[-1]) or array_ops.shape(x)[-1]


@public("signal.dct", "spectral.dct")
def dct(
    input: Any,
    type: int = 2,
    n: Any = None,
    axis: int = -1,
    norm: str | None = None,
    name: str | None = None,
) -> Tensor:
    """The cosine transform along the last axis.

    Args:
      input: float32 numbers.
      type: 1, 2 or 3.
      n: the length, to which the input is cut or padded.
      axis: -1.
      norm: "ortho" for an orthonormal transform, or None.
      name: the name scope.

    Raises:
      ValueError, NotImplementedError: the arguments are not of these.
    """
    _check(input, type, n, axis, norm)
    with scopes.name_scope(name, "dct", [input]):
        x = convert.convert_to_tensor(input, dtypes.float32)
        length = _last(x)
        if n is not None:
            x = x[..., 0:n] if n <= length else array_ops.pad(x, paddings=_paddings(x, n - length))
        size = _last(x)
        count = math_cast.cast(size, dtypes.float32)
        if type == 1:
            mirrored = array_ops.concat([x, x[..., -2:0:-1]], axis=-1)
            return math_cast.real(math_fourier.rfft(mirrored))
        return _second(x, size, count, norm) if type == 2 else _third(x, size, count, norm)


def _paddings(x: Tensor, more: Any) -> Tensor:
    return convert.convert_to_tensor([[0, 0]] * (len(x.shape) - 1) + [[0, more]], dtypes.int32)


def _weights(first: Tensor, others: Tensor, size: Any) -> Tensor:
    return array_ops.pad(array_ops.expand_dims(first, 0), [[0, size - 1]], constant_values=others)


def _second(x: Tensor, size: Any, count: Tensor, norm: str | None) -> Tensor:
    angles = -math_ranges.range(count) * math.pi * 0.5 / count
    scale = 2.0 * math_unary.exp(math_cast.complex(0.0, angles))
    out = math_cast.real(math_fourier.rfft(x, fft_length=[2 * size])[..., :size] * scale)
    if norm == "ortho":
        first = 0.5 * math_unary.rsqrt(count)
        out = out * _weights(first, first * math_unary.sqrt(2.0), size)
    return out


def _third(x: Tensor, size: Any, count: Tensor, norm: str | None) -> Tensor:
    if norm == "ortho":
        first = math_unary.sqrt(count)
        x = x * _weights(first, first * math_unary.sqrt(0.5), size)
    else:
        x = x * count
    angles = math_ranges.range(count) * math.pi * 0.5 / count
    scale = 2.0 * math_unary.exp(math_cast.complex(0.0, angles))
    spectrum = scale * math_cast.complex(x, 0.0)
    return math_cast.real(math_fourier.irfft(spectrum, fft_length=[2 * size]))[..., :size]


@public("signal.idct", "spectral.idct")
def idct(
    input: Any,
    type: int = 2,
    n: Any = None,
    axis: int = -1,
    norm: str | None = None,
    name: str | None = None,
) -> Tensor:
    """The inverse of `dct`, but for a factor without norm; the arguments are the same."""
    _check(input, type, n, axis, norm)
    return dct(input, type={1: 1, 2: 3, 3: 2}[type], n=n, axis=axis, norm=norm, name=name)
