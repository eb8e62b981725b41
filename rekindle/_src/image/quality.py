"""Differences of images and in images: `tf.image.psnr`, `ssim`, `total_variation`, edges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.image.colors import convert_image_dtype
from rekindle._src.names import public
from rekindle._src.ops import activation, assertion, depthwise, pool, softmax
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import cond as cond_ops
from rekindle._src.ops import math as math_ops

_SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


@public("image.total_variation")
def total_variation(images: Any, name: str | None = None) -> Any:
    """The sum of the differences of neighbouring pixels, of an image or of each of a batch.

    Raises:
      ValueError: the rank is neither 3 nor 4.
    """
    with scopes.name_scope(name, "total_variation"):
        rank = images.get_shape().ndims
        if rank == 3:
            rows = images[1:, :, :] - images[:-1, :, :]
            columns = images[:, 1:, :] - images[:, :-1, :]
            axes = None
        elif rank == 4:
            rows = images[:, 1:, :, :] - images[:, :-1, :, :]
            columns = images[:, :, 1:, :] - images[:, :, :-1, :]
            axes = [1, 2, 3]
        else:
            raise ValueError("'images' must be either 3 or 4-dimensional.")
        total = math_ops.reduce_sum(math_ops.abs(rows), axis=axes)
        return total + math_ops.reduce_sum(math_ops.abs(columns), axis=axes)


def _comparable(a: Any, b: Any) -> tuple[Any, Any, list[Any]]:
    """(shape of a, shape of b, checks that they are images of one size).

    Raises:
      ValueError: the static shapes show that they are not.
    """
    first, second = (x.get_shape().with_rank_at_least(3) for x in (a, b))
    first[-3:].assert_is_compatible_with(second[-3:])
    if first.ndims is not None and second.ndims is not None:
        outer = zip(reversed(first.as_list()[:-3]), reversed(second.as_list()[:-3]))
        for n, m in outer:
            if not (n == 1 or m == 1 or n is None or m is None or n == m):
                raise ValueError(f"Two images are not compatible: {first} and {second}")
    shapes = array_ops.shape_n([a, b])
    is_image = math_ops.greater_equal(array_ops.size(shapes[0]), 3)
    checks = [assertion.Assert(is_image, [shapes[0], shapes[1]], summarize=10)]
    is_same = math_ops.reduce_all(math_ops.equal(shapes[0][-3:], shapes[1][-3:]))
    checks.append(assertion.Assert(is_same, [shapes[0], shapes[1]], summarize=10))
    return shapes[0], shapes[1], checks


@public("image.psnr")
def psnr(a: Any, b: Any, max_val: Any, name: str | None = None) -> Any:
    """The peak signal-to-noise ratio in dB of images [..., H, W, C] -> [...].

    Args:
      a: the one.
      b: the other.
      max_val: the range of the values.
      name: the name scope.
    """
    with scopes.name_scope(name, "PSNR", [a, b]):
        max_val = math_ops.cast(max_val, a.dtype)
        max_val = convert_image_dtype(max_val, dtypes.float32)
        a = convert_image_dtype(a, dtypes.float32)
        b = convert_image_dtype(b, dtypes.float32)
        error = math_ops.reduce_mean(math_ops.squared_difference(a, b), [-3, -2, -1])
        ratio = math_ops.subtract(
            20 * math_ops.log(max_val) / math_ops.log(10.0),
            np.float32(10 / np.log(10)) * math_ops.log(error),
            name="psnr",
        )
        _, _, checks = _comparable(a, b)
        with scopes.control_dependencies(checks):
            return array_ops.identity(ratio)


def _gauss(size: Any, sigma: Any) -> Any:
    """Weights of a square window, by a Gaussian: [size, size, 1, 1]."""
    size = convert.convert_to_tensor(size, dtypes.int32)
    sigma = convert.convert_to_tensor(sigma)
    places = math_ops.cast(math_ops.range(size), sigma.dtype)
    places -= math_ops.cast(size - 1, sigma.dtype) / 2.0
    powers = math_ops.square(places)
    powers *= -0.5 / math_ops.square(sigma)
    rows = array_ops.reshape(powers, shape=[1, -1])
    powers = rows + array_ops.reshape(powers, shape=[-1, 1])
    powers = array_ops.reshape(powers, shape=[1, -1])
    return array_ops.reshape(softmax.softmax(powers), shape=[size, size, 1, 1])


def _similarity(
    a: Any, b: Any, max_val: Any, filter_size: Any, filter_sigma: Any, k1: float, k2: float
) -> tuple[Any, Any]:
    """(SSIM, its contrast and structure part) of each channel: [..., C] both."""
    filter_size = convert.constant(filter_size, dtype=dtypes.int32)
    filter_sigma = convert.constant(filter_sigma, dtype=a.dtype)
    shapes = array_ops.shape_n([a, b])
    checks = []
    for shape in shapes:
        fits = math_ops.reduce_all(math_ops.greater_equal(shape[-3:-1], filter_size))
        checks.append(assertion.Assert(fits, [shape, filter_size], summarize=8))
    with scopes.control_dependencies(checks):
        a = array_ops.identity(a)
    kernel = _gauss(filter_size, filter_sigma)
    kernel = array_ops.tile(kernel, multiples=[1, 1, shapes[0][-1], 1])

    def local_mean(x: Any) -> Any:
        shape = array_ops.shape(x)
        x = array_ops.reshape(x, shape=array_ops.concat([[-1], shape[-3:]], 0))
        y = depthwise.depthwise_conv2d(x, kernel, strides=[1, 1, 1, 1], padding="VALID")
        return array_ops.reshape(y, array_ops.concat([shape[:-3], array_ops.shape(y)[1:]], 0))

    luminance, structure = _parts(a, b, local_mean, max_val, k1, k2)
    axes = convert.constant([-3, -2], dtype=dtypes.int32)
    whole = math_ops.reduce_mean(luminance * structure, axes)
    return whole, math_ops.reduce_mean(structure, axes)


def _parts(x: Any, y: Any, mean: Any, max_val: Any, k1: float, k2: float) -> tuple[Any, Any]:
    c1 = (k1 * max_val) ** 2
    c2 = (k2 * max_val) ** 2
    first, second = mean(x), mean(y)
    product = first * second * 2.0
    squares = math_ops.square(first) + math_ops.square(second)
    luminance = (product + c1) / (squares + c1)
    mixed = mean(x * y) * 2.0
    powers = mean(math_ops.square(x) + math_ops.square(y))
    c2 *= 1.0
    return luminance, (mixed - product + c2) / (powers - squares + c2)


@public("image.ssim")
def ssim(
    img1: Any,
    img2: Any,
    max_val: Any,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Any:
    """The structural similarity of images [..., H, W, C] -> [...].

    Args:
      img1: the one.
      img2: the other.
      max_val: the range of the values.
      filter_size: the size of the window.
      filter_sigma: the width of its Gaussian.
      k1: keeps the luminance's division from 0.
      k2: keeps the contrast's division from 0.

    Source: Wang et al., Image quality assessment: from error visibility to structural similarity,
      2004.
    """
    _, _, checks = _comparable(img1, img2)
    with scopes.control_dependencies(checks):
        img1 = array_ops.identity(img1)
    max_val = math_ops.cast(max_val, img1.dtype)
    max_val = convert_image_dtype(max_val, dtypes.float32)
    img1 = convert_image_dtype(img1, dtypes.float32)
    img2 = convert_image_dtype(img2, dtypes.float32)
    each, _ = _similarity(img1, img2, max_val, filter_size, filter_sigma, k1, k2)
    return math_ops.reduce_mean(each, [-1])


@public("image.ssim_multiscale")
def ssim_multiscale(
    img1: Any,
    img2: Any,
    max_val: Any,
    power_factors: Sequence[float] = _SCALE_WEIGHTS,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> Any:
    """The structural similarity over several scales, each half the one before; see `ssim`.

    Source: Wang et al., Multiscale structural similarity for image quality assessment, 2003.
    """
    with scopes.name_scope(None, "MS-SSIM", [img1, img2]):
        img1 = convert.convert_to_tensor(img1, name="img1")
        img2 = convert.convert_to_tensor(img2, name="img2")
        first, second, checks = _comparable(img1, img2)
        with scopes.control_dependencies(checks):
            img1 = array_ops.identity(img1)
        max_val = math_ops.cast(max_val, img1.dtype)
        max_val = convert_image_dtype(max_val, dtypes.float32)
        pair = [convert_image_dtype(x, dtypes.float32) for x in (img1, img2)]
        heads = [shape[:-3] for shape in (first, second)]
        tails = [shape[-3:] for shape in (first, second)]
        divisor = convert.constant([2, 2, 1], dtype=dtypes.int32)
        parts, whole = [], None
        for scale in range(len(power_factors)):
            with scopes.name_scope(None, f"Scale{scale}", pair):
                if scale > 0:
                    pair, tails = _halved(pair, heads, tails, divisor)
                whole, part = _similarity(*pair, max_val, filter_size, filter_sigma, k1, k2)
                parts.append(activation.relu(part))
        parts.pop()
        stacked = array_ops.stack([*parts, activation.relu(whole)], axis=-1)
        powers = math_ops.reduce_prod(math_ops.pow(stacked, power_factors), [-1])
        return math_ops.reduce_mean(powers, [-1])


def _halved(
    pair: list[Any], heads: list[Any], tails: list[Any], divisor: Any
) -> tuple[list[Any], list[Any]]:
    """Both images in half the size, padded to an even one first; and their last three sizes."""
    flat = [
        array_ops.reshape(x, array_ops.concat([[-1], tail], 0))
        for x, tail in zip(pair, tails, strict=True)
    ]
    remainder = tails[0] % divisor
    is_odd = math_ops.reduce_any(math_ops.not_equal(remainder, 0))

    def pad() -> list[Any]:
        padding = array_ops.expand_dims(remainder, -1)
        padding = array_ops.pad(padding, [[1, 0], [1, 0]])
        return [array_ops.pad(x, padding, mode="SYMMETRIC") for x in flat]

    padded = cond_ops.cond(is_odd, pad, lambda: flat)
    window = [1, 2, 2, 1]
    small = [pool.avg_pool_v1(x, window, window, "VALID") for x in padded]
    tails = [shape[1:] for shape in array_ops.shape_n(small)]
    shaped = [
        array_ops.reshape(x, array_ops.concat([head, tail], 0))
        for x, head, tail in zip(small, heads, tails, strict=True)
    ]
    return shaped, tails


@public("image.image_gradients")
def image_gradients(image: Any) -> tuple[Any, Any]:
    """(dy, dx): the differences to the next row and column, 0 in the last: [N, H, W, C] both.

    Raises:
      ValueError: the rank is not 4.
    """
    if image.get_shape().ndims != 4:
        raise ValueError(
            "image_gradients expects a 4D tensor [batch_size, h, w, d], not %s.",
            image.get_shape(),
        )
    whole = array_ops.shape(image)
    batch, height, width, depth = array_ops.unstack(whole)
    dy = image[:, 1:, :, :] - image[:, :-1, :, :]
    dx = image[:, :, 1:, :] - image[:, :, :-1, :]
    shape = array_ops.stack([batch, 1, width, depth])
    dy = array_ops.concat([dy, array_ops.zeros(shape, image.dtype)], 1)
    dy = array_ops.reshape(dy, whole)
    shape = array_ops.stack([batch, height, 1, depth])
    dx = array_ops.concat([dx, array_ops.zeros(shape, image.dtype)], 2)
    return dy, array_ops.reshape(dx, whole)


@public("image.sobel_edges")
def sobel_edges(image: Any) -> Any:
    """Sobel's derivatives along y and x: [N, H, W, C] -> [N, H, W, C, 2]."""
    known = image.get_shape()
    shape = array_ops.shape(image)
    kernels = np.array([[[-1, -2, -1], [0, 0, 0], [1, 2, 1]], [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]])
    kernels = np.expand_dims(np.transpose(kernels, (1, 2, 0)), -2)
    filters = convert.constant(kernels, dtype=image.dtype)
    filters = array_ops.tile(filters, [1, 1, shape[-1], 1], name="sobel_filters")
    padded = array_ops.pad(image, [[0, 0], [1, 1], [1, 1], [0, 0]], mode="REFLECT")
    edges = depthwise.depthwise_conv2d(padded, filters, [1, 1, 1, 1], "VALID")
    edges = array_ops.reshape(edges, shape=array_ops.concat([shape, [2]], 0))
    edges.set_shape(known.concatenate([2]))
    return edges
