"""Fourier transforms along the last one, two or three axes, of complex and of real numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import constants, convert, dtypes, infer, scopes
from rekindle._src.graph.opdef import Op, op
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import (
    linalg_matmul,
    math_binary,
    math_cast,
    math_divide,
    math_ranges,
    math_unary,
    reduce_axes,
)

# Of complex numbers.


@op(
    "FFT",
    public="fft signal.fft spectral.fft",
    infer=lambda c: infer.with_rank_at_least(c.shapes[0], 1),
)
def fft(input):
    """The Fourier transform along the last axis."""
    return torch.fft.fft(input)


@op(
    "IFFT",
    public="ifft signal.ifft spectral.ifft",
    infer=lambda c: infer.with_rank_at_least(c.shapes[0], 1),
)
def ifft(input):
    """The inverse Fourier transform along the last axis."""
    return torch.fft.ifft(input)


@op(
    "FFT2D",
    public="fft2d signal.fft2d spectral.fft2d",
    infer=lambda c: infer.with_rank_at_least(c.shapes[0], 2),
)
def fft2d(input):
    """The Fourier transform along the last two axes."""
    return torch.fft.fft2(input)


@op(
    "IFFT2D",
    public="ifft2d signal.ifft2d spectral.ifft2d",
    infer=lambda c: infer.with_rank_at_least(c.shapes[0], 2),
)
def ifft2d(input):
    """The inverse Fourier transform along the last two axes."""
    return torch.fft.ifft2(input)


@op(
    "FFT3D",
    public="fft3d signal.fft3d spectral.fft3d",
    infer=lambda c: infer.with_rank_at_least(c.shapes[0], 3),
)
def fft3d(input):
    """The Fourier transform along the last three axes."""
    return torch.fft.fftn(input, dim=(-3, -2, -1))


@op(
    "IFFT3D",
    public="ifft3d signal.ifft3d spectral.ifft3d",
    infer=lambda c: infer.with_rank_at_least(c.shapes[0], 3),
)
def ifft3d(input):
    """The inverse Fourier transform along the last three axes."""
    return torch.fft.ifftn(input, dim=(-3, -2, -1))


def _count(dy: Tensor, rank: int) -> Tensor:
    return reduce_axes.reduce_prod(array_ops.shape(dy)[-rank:])


def _forward_gradient(inverse: Op, rank: int) -> Callable[..., Any]:
    def gradient(op, dy):
        size = math_cast.cast(_count(dy, rank), dy.dtype)
        return inverse(dy) * size

    return gradient


def _inverse_gradient(forward: Op, rank: int) -> Callable[..., Any]:
    def gradient(op, dy):
        size = 1.0 / math_cast.cast(_count(dy, rank), dy.dtype.real_dtype)
        size = math_cast.cast(size, dy.dtype)
        return forward(dy) * size

    return gradient


for _there, _back, _rank in ((fft, ifft, 1), (fft2d, ifft2d, 2), (fft3d, ifft3d, 3)):
    _there.gradient(_forward_gradient(_back, _rank))
    _back.gradient(_inverse_gradient(_there, _rank))


# Of real numbers.


def _real_shape(c: Any, forward: bool, rank: int) -> infer.Shape:
    shape = infer.with_rank_at_least(c.shapes[0], rank)
    length = infer.with_rank(c.shapes[1], 1)
    if length[0] not in (None, rank):
        raise ValueError(f"Dimension must be {rank} but is {length[0]}")
    if shape is None:
        return None
    known = c.value(1)
    if known is None:
        return shape[:-rank] + (None,) * rank
    sizes = known.tolist()
    if forward and sizes[-1]:
        sizes[-1] = sizes[-1] // 2 + 1
    return (*shape[:-rank], *sizes)


def _lengths(input: torch.Tensor, fft_length: torch.Tensor, forward: bool) -> list[int]:
    """The lengths of the transform, of which the input must have as many numbers.

    Raises:
      InvalidArgumentError: it has not.
    """
    sizes = fft_length.tolist()
    if input.dim() < len(sizes):
        raise errors.InvalidArgumentError(
            None,
            None,
            f"Input must have rank of at least {len(sizes)} but got: "
            f"{infer.show(tuple(input.shape))}",
        )
    for i, size in enumerate(sizes):
        needed = size if forward or i < len(sizes) - 1 or not size else size // 2 + 1
        have = input.shape[i - len(sizes)]
        if input.numel() and have < needed:
            raise errors.InvalidArgumentError(
                None,
                None,
                f"Input dimension {input.dim() - len(sizes) + i} must have length of at least "
                f"{needed} "
                f"but got: {have}",
            )
    return sizes


def transformed(
    function: Any, input: torch.Tensor, fft_length: torch.Tensor, forward: bool
) -> torch.Tensor:
    """A transform of real numbers, or back to them, with the given lengths."""
    sizes = _lengths(input, fft_length, forward)
    if 0 in sizes or not input.numel():
        sizes[-1] = sizes[-1] // 2 + 1 if forward and sizes[-1] else sizes[-1]
        kind = torch.complex64 if forward else torch.float32
        return torch.zeros((*input.shape[: -len(sizes)], *sizes), dtype=kind, device=input.device)
    return function(input, sizes, dim=tuple(range(-len(sizes), 0)))


@op("RFFT", infer=lambda c: _real_shape(c, True, 1))
def rfft_op(input, fft_length):
    """The Fourier transform of real numbers, the half of it that determines the rest."""
    return transformed(torch.fft.rfftn, input, fft_length, True)


@op("IRFFT", infer=lambda c: _real_shape(c, False, 1))
def irfft_op(input, fft_length):
    """Real numbers of the half of their Fourier transform."""
    return transformed(torch.fft.irfftn, input, fft_length, False)


@op("RFFT2D", infer=lambda c: _real_shape(c, True, 2))
def rfft2d_op(input, fft_length):
    """The Fourier transform of real numbers along the last two axes."""
    return transformed(torch.fft.rfftn, input, fft_length, True)


@op("IRFFT2D", infer=lambda c: _real_shape(c, False, 2))
def irfft2d_op(input, fft_length):
    """Real numbers of the half of their Fourier transform along the last two axes."""
    return transformed(torch.fft.irfftn, input, fft_length, False)


@op("RFFT3D", infer=lambda c: _real_shape(c, True, 3))
def rfft3d_op(input, fft_length):
    """The Fourier transform of real numbers along the last three axes."""
    return transformed(torch.fft.rfftn, input, fft_length, True)


@op("IRFFT3D", infer=lambda c: _real_shape(c, False, 3))
def irfft3d_op(input, fft_length):
    """Real numbers of the half of their Fourier transform along the last three axes."""
    return transformed(torch.fft.irfftn, input, fft_length, False)


def _default_length(x: Tensor, rank: int, forward: bool) -> Tensor:
    """The length of a transform for which none is given."""
    shape = x.shape[-rank:]
    if shape.is_fully_defined():
        sizes = shape.as_list()
        if not forward:
            sizes[-1] = max(0, 2 * (sizes[-1] - 1))
        return convert.convert_to_tensor(sizes, dtypes.int32)
    if forward:
        return array_ops.shape(x)[-rank:]
    parts = array_ops.unstack(array_ops.shape(x)[-rank:])
    parts[-1] = math_binary.maximum(0, 2 * (parts[-1] - 1))
    return array_ops.stack(parts)


def _padded(x: Tensor, rank: int, length: Tensor, forward: bool) -> Tensor:
    """The input with zeros at the end of axes that are shorter than the transform."""
    wanted = constants.constant_value_as_shape(length)
    if x.shape.ndims is not None and 0 in x.shape.as_list():
        return x
    if wanted.is_fully_defined() and x.shape.ndims is not None:
        have = x.shape[-wanted.ndims :]
        if have.is_fully_defined():
            sizes = wanted.as_list()
            if not forward:
                sizes[-1] = sizes[-1] // 2 + 1
            widths = [
                [0, max(size - old, 0)] for size, old in zip(sizes, have.as_list(), strict=True)
            ]
            if not any(after for _, after in widths):
                return x
            return array_ops.pad(x, [[0, 0]] * max(x.shape.ndims - wanted.ndims, 0) + widths)
    input_rank = array_ops.rank(x)
    have = array_ops.shape(x)[-rank:]
    outer = array_ops.zeros([math_binary.maximum(0, input_rank - rank)], length.dtype)
    if not forward:
        length = array_ops.concat([length[:-1], length[-1:] // 2 + 1], 0)
    after = array_ops.concat([outer, math_binary.maximum(0, length - have)], 0)
    return array_ops.pad(x, array_ops.stack([array_ops.zeros_like(after), after], axis=1))


def _transform(block: Op, x: Any, length: Any, name: str | None, default: str, rank: int) -> Tensor:
    forward = not default.startswith("i")
    with scopes.name_scope(name, default, [x, length]) as scope:
        x = convert.convert_to_tensor(x, dtypes.float32 if forward else dtypes.complex64)
        x.shape.with_rank_at_least(rank)
        if length is None:
            length = _default_length(x, rank, forward)
        else:
            length = convert.convert_to_tensor(length, dtypes.int32)
        return block(_padded(x, rank, length, forward), length, name=scope)


@public("signal.rfft", "spectral.rfft")
def rfft(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """The Fourier transform of real numbers along the last axis: [..., n] -> [..., n // 2 + 1]."""
    return _transform(rfft_op, input_tensor, fft_length, name, "rfft", 1)


@public("signal.irfft", "spectral.irfft")
def irfft(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """Real numbers of the half of their Fourier transform along the last axis:
    [..., n // 2 + 1] -> [..., n].
    """
    return _transform(irfft_op, input_tensor, fft_length, name, "irfft", 1)


@public("signal.rfft2d", "spectral.rfft2d")
def rfft2d(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """The Fourier transform of real numbers along the last two axes."""
    return _transform(rfft2d_op, input_tensor, fft_length, name, "rfft2d", 2)


@public("signal.irfft2d", "spectral.irfft2d")
def irfft2d(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """Real numbers of the half of their Fourier transform along the last two axes."""
    return _transform(irfft2d_op, input_tensor, fft_length, name, "irfft2d", 2)


@public("signal.rfft3d", "spectral.rfft3d")
def rfft3d(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """The Fourier transform of real numbers along the last three axes."""
    return _transform(rfft3d_op, input_tensor, fft_length, name, "rfft3d", 3)


@public("signal.irfft3d", "spectral.irfft3d")
def irfft3d(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Tensor:
    """Real numbers of the half of their Fourier transform along the last three axes."""
    return _transform(irfft3d_op, input_tensor, fft_length, name, "irfft3d", 3)


# Gradients of the transforms of real numbers.


def _alternating(length: Tensor) -> Tensor:
    """1, -1, 1, ..."""
    return math_cast.cast(1 - 2 * (math_ranges.range(length) % 2), dtypes.complex64)


@rfft_op.gradient
def rfft_gradient(op, dy):
    length = op.inputs[1]
    shape = array_ops.shape(op.inputs[0])
    is_even = math_cast.cast(1 - (length[-1] % 2), dtypes.complex64)
    first = dy[..., 0:1]
    last = dy[..., -1:]
    extra = first + is_even * last * _alternating(shape[-1])
    return _rfft_sum(op, dy, extra, irfft, 1), None


@rfft2d_op.gradient
def rfft2d_gradient(op, dy):
    length = op.inputs[1]
    shape = array_ops.shape(op.inputs[0])
    is_even = math_cast.cast(1 - (length[-1] % 2), dtypes.complex64)
    first = dy[..., 0:1]
    mask = _repeated(_roots(shape[-2]), first)
    extra = linalg_matmul.matmul(mask, math_cast.conj(first))
    last = dy[..., -1:]
    term = linalg_matmul.matmul(mask, math_cast.conj(last))
    n = shape[-1]
    ones = array_ops.ones([array_ops.rank(dy) - 1], dtypes.int32)
    term = array_ops.tile(term, array_ops.concat([ones, [n]], 0)) * _alternating(n)
    extra = extra + is_even * term
    return _rfft_sum(op, dy, extra, irfft2d, 2), None


def _rfft_sum(op: Any, dy: Tensor, extra: Tensor, inverse: Any, rank: int) -> Tensor:
    size = math_cast.cast(_count(op.inputs[0], rank), dtypes.float32)
    back = inverse(dy, op.inputs[1])
    return 0.5 * (back * size + math_cast.real(extra))


def _roots(n: Tensor) -> Tensor:
    """exp(-2 pi i j k / n): [n, n]."""
    a = array_ops.tile(array_ops.expand_dims(math_ranges.range(n), 0), (n, 1))
    b = array_ops.transpose(a, [1, 0])
    return math_unary.exp(
        -2j * np.pi * math_cast.cast(a * b, dtypes.complex64) / math_cast.cast(n, dtypes.complex64)
    )


def _repeated(matrix: Tensor, x: Tensor) -> Tensor:
    """A matrix repeated over the outer axes of x."""
    ones = array_ops.ones([array_ops.rank(x) - 2], dtypes.int32)
    expanded = array_ops.reshape(matrix, array_ops.concat([ones, array_ops.shape(matrix)], 0))
    return array_ops.tile(expanded, array_ops.concat([array_ops.shape(x)[:-2], [1, 1]], 0))


def _irfft_gradient(op, dy, forward, rank):
    length = op.inputs[1]
    is_odd = math_divide.floor_mod(length[-1], 2)
    last = array_ops.shape(op.inputs[0])[-1]
    middle = 2.0 * array_ops.ones([last - 2 + is_odd])
    mask = array_ops.concat([[1.0], middle, array_ops.ones([1 - is_odd])], 0)
    scale = math_unary.reciprocal(math_cast.cast(_count(dy, rank), dtypes.float32))
    there = forward(dy, length)
    return there * math_cast.cast(scale * mask, dtypes.complex64), None


irfft_op.gradient(lambda op, dy: _irfft_gradient(op, dy, rfft, 1))
irfft2d_op.gradient(lambda op, dy: _irfft_gradient(op, dy, rfft2d, 2))


# Moving the zero frequency.


def _shifted(x: Any, axes: Any, name: str | None, default: str, sign: int) -> Tensor:
    with scopes.name_scope(name, default) as scope:
        x = convert.convert_to_tensor(x)
        sizes = x.shape.as_list()
        axes = tuple(range(len(sizes))) if axes is None else axes
        if isinstance(axes, int):
            return array_ops.roll(x, sign * (sizes[axes] // 2), axes, scope)
        return array_ops.roll(x, [sign * (sizes[a] // 2) for a in axes], axes, scope)


@public("signal.fftshift")
def fftshift(x: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """The halves of axes exchanged, so that the zero frequency comes to the middle."""
    return _shifted(x, axes, name, "fftshift", 1)


@public("signal.ifftshift")
def ifftshift(x: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """What `fftshift` did undone."""
    return _shifted(x, axes, name, "ifftshift", -1)
