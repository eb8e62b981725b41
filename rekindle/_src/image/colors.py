"""Colors and values of images: types, brightness, contrast, hue, saturation, gray, YIQ and YUV.

Floats are in [0, 1], integers in the range of their type; what changes values works on floats and
converts back.
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.image import checks
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import control as control_ops
from rekindle._src.ops import image_codec, image_color
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import random as random_ops

_HALF_OR_FLOAT = (dtypes.float16, dtypes.float32)
_TO_YIQ = [
    [0.299, 0.59590059, 0.2115],
    [0.587, -0.27455667, -0.52273617],
    [0.114, -0.32134392, 0.31119955],
]
_FROM_YIQ = [
    [1, 1, 1],
    [0.95598634, -0.27201283, -1.10674021],
    [0.6208248, -0.64720424, 1.70423049],
]
_TO_YUV = [
    [0.299, -0.14714119, 0.61497538],
    [0.587, -0.28886916, -0.51496512],
    [0.114, 0.43601035, -0.10001026],
]
_FROM_YUV = [[1, 1, 1], [0, -0.394642334, 2.03206185], [1.13988303, -0.58062185, 0]]


@public("image.convert_image_dtype")
def convert_image_dtype(
    image: Any, dtype: Any, saturate: bool = False, name: str | None = None
) -> Any:
    """The image in another type, its values scaled to that type's range.

    Args:
      image: floats in [0, 1] or integers.
      dtype: the type.
      saturate: hold values in the range of the type.
      name: the operation's name.

    Raises:
      AttributeError: the type is neither float nor integer.
    """
    image = convert.convert_to_tensor(image, name="image")
    dtype = dtypes.as_dtype(dtype)
    if not dtype.is_floating and not dtype.is_integer:
        raise AttributeError("dtype must be either floating point or integer")
    if dtype == image.dtype:
        return array_ops.identity(image, name=name)
    cast = math_ops.saturate_cast if saturate else math_ops.cast
    with scopes.name_scope(name, "convert_image", [image]) as name:
        if image.dtype.is_integer and dtype.is_integer:
            return _between_integers(image, dtype, cast, name)
        if image.dtype.is_floating and dtype.is_floating:
            return math_ops.cast(image, dtype, name=name)
        if image.dtype.is_integer:
            whole = math_ops.cast(image, dtype)
            return math_ops.multiply(whole, 1.0 / image.dtype.max, name=name)
        scaled = math_ops.multiply(image, dtype.max + 0.5)
        return cast(scaled, dtype, name=name)


def _between_integers(image: Any, dtype: Any, cast: Any, name: str) -> Any:
    scale_in, scale_out = image.dtype.max, dtype.max
    if scale_in > scale_out:
        scaled = math_ops.div(image, (scale_in + 1) // (scale_out + 1))
        return cast(scaled, dtype, name=name)
    whole = cast(image, dtype)
    return math_ops.multiply(whole, (scale_out + 1) // (scale_in + 1), name=name)


def _as_floats(image: Any) -> Any:
    if image.dtype in _HALF_OR_FLOAT:
        return image
    return convert_image_dtype(image, dtypes.float32)


@public("image.per_image_standardization")
def per_image_standardization(image: Any) -> Any:
    """(image - mean) / max(deviation, 1 / sqrt(number of values)), for each image by itself."""
    with scopes.name_scope(None, "per_image_standardization", [image]) as scope:
        image = checks.checked_image(convert.convert_to_tensor(image, name="image"))
        dtype = image.dtype
        image = _as_floats(image)
        axes = [-1, -2, -3]
        count = math_ops.reduce_prod(array_ops.shape(image)[-3:])
        mean = math_ops.reduce_mean(image, axis=axes, keepdims=True)
        deviation = math_ops.reduce_std(image, axis=axes, keepdims=True)
        least = math_ops.rsqrt(math_ops.cast(count, image.dtype))
        deviation = math_ops.maximum(deviation, least)
        image -= mean
        image = math_ops.div(image, deviation, name=scope)
        return convert_image_dtype(image, dtype, saturate=True)


@public("image.adjust_brightness")
def adjust_brightness(image: Any, delta: Any) -> Any:
    """The image with `delta`, in [-1, 1], added to its values as floats."""
    with scopes.name_scope(None, "adjust_brightness", [image, delta]) as name:
        image = convert.convert_to_tensor(image, name="image")
        dtype = image.dtype
        floats = _as_floats(image)
        adjusted = math_ops.add(floats, math_ops.cast(delta, floats.dtype), name=name)
        return convert_image_dtype(adjusted, dtype, saturate=True)


@public("image.random_brightness")
def random_brightness(image: Any, max_delta: float, seed: int | None = None) -> Any:
    """`adjust_brightness` by a random amount in [-max_delta, max_delta).

    Raises:
      ValueError: max_delta is negative.
    """
    if max_delta < 0:
        raise ValueError("max_delta must be non-negative.")
    delta = random_ops.random_uniform([], -max_delta, max_delta, seed=seed)
    return adjust_brightness(image, delta)


@public("image.adjust_contrast")
def adjust_contrast(images: Any, contrast_factor: Any) -> Any:
    """The images with each channel's distance from its mean times a factor."""
    with scopes.name_scope(None, "adjust_contrast", [images, contrast_factor]) as name:
        images = convert.convert_to_tensor(images, name="images")
        dtype = images.dtype
        floats = _as_floats(images)
        adjusted = image_color.adjust_contrastv2(floats, contrast_factor, name=name)
        return convert_image_dtype(adjusted, dtype, saturate=True)


def _check_limits(lower: float, upper: float) -> None:
    if upper <= lower:
        raise ValueError("upper must be > lower.")
    if lower < 0:
        raise ValueError("lower must be non-negative.")


@public("image.random_contrast")
def random_contrast(image: Any, lower: float, upper: float, seed: int | None = None) -> Any:
    """`adjust_contrast` by a random factor in [lower, upper).

    Raises:
      ValueError: the limits are out of order, or negative.
    """
    _check_limits(lower, upper)
    factor = random_ops.random_uniform([], lower, upper, seed=seed)
    return adjust_contrast(image, factor)


@public("image.adjust_gamma")
def adjust_gamma(image: Any, gamma: Any = 1, gain: Any = 1) -> Any:
    """gain * image ** gamma, of values as floats.

    Raises:
      ValueError: gamma is negative.
    """
    with scopes.name_scope(None, "adjust_gamma", [image, gamma, gain]):
        image = convert.convert_to_tensor(image, name="image")
        dtype = image.dtype
        floats = _as_floats(image)
        waits = checks.required(gamma >= 0, "Gamma should be a non-negative real number.")
        if waits:
            gamma = control_ops.with_dependencies(waits, gamma)
        adjusted = gain * floats**gamma
        return convert_image_dtype(adjusted, dtype, saturate=True)


@public("image.rgb_to_grayscale")
def rgb_to_grayscale(images: Any, name: str | None = None) -> Any:
    """Gray of RGB, in the weights of ITU-R 601: [..., 3] -> [..., 1]."""
    with scopes.name_scope(name, "rgb_to_grayscale", [images]) as name:
        images = convert.convert_to_tensor(images, name="images")
        dtype = images.dtype
        floats = convert_image_dtype(images, dtypes.float32)
        gray = math_ops.tensordot(floats, [0.2989, 0.5870, 0.1140], [-1, -1])
        gray = array_ops.expand_dims(gray, -1)
        return convert_image_dtype(gray, dtype, name=name)


@public("image.grayscale_to_rgb")
def grayscale_to_rgb(images: Any, name: str | None = None) -> Any:
    """The gray channel three times: [..., 1] -> [..., 3].

    Raises:
      ValueError: there is more than one channel.
    """
    with scopes.name_scope(name, "grayscale_to_rgb", [images]) as name:
        images = checks.checked_gray(images)
        images = convert.convert_to_tensor(images, name="images")
        outer = array_ops.expand_dims(array_ops.rank(images) - 1, 0)
        ones = array_ops.ones(outer, dtype=dtypes.int32)
        multiples = array_ops.concat([ones, array_ops.expand_dims(3, 0)], 0)
        rgb = array_ops.tile(images, multiples, name=name)
        rgb.set_shape(images.get_shape()[:-1].concatenate([3]))
        return rgb


@public("image.adjust_hue")
def adjust_hue(image: Any, delta: Any, name: str | None = None) -> Any:
    """The RGB image with its hues turned by `delta`, in [-1, 1], of the circle."""
    with scopes.name_scope(name, "adjust_hue", [image]):
        image = convert.convert_to_tensor(image, name="image")
        dtype = image.dtype
        turned = image_color.adjust_hue(_as_floats(image), delta)
        return convert_image_dtype(turned, dtype)


@public("image.random_hue")
def random_hue(image: Any, max_delta: float, seed: int | None = None) -> Any:
    """`adjust_hue` by a random amount in [-max_delta, max_delta).

    Raises:
      ValueError: max_delta is not in [0, 0.5].
    """
    if max_delta > 0.5:
        raise ValueError("max_delta must be <= 0.5.")
    if max_delta < 0:
        raise ValueError("max_delta must be non-negative.")
    delta = random_ops.random_uniform([], -max_delta, max_delta, seed=seed)
    return adjust_hue(image, delta)


@public("image.adjust_saturation")
def adjust_saturation(image: Any, saturation_factor: Any, name: str | None = None) -> Any:
    """The RGB image with its saturation times a factor."""
    with scopes.name_scope(name, "adjust_saturation", [image]):
        image = convert.convert_to_tensor(image, name="image")
        dtype = image.dtype
        adjusted = image_color.adjust_saturation(_as_floats(image), saturation_factor)
        return convert_image_dtype(adjusted, dtype)


@public("image.random_saturation")
def random_saturation(image: Any, lower: float, upper: float, seed: int | None = None) -> Any:
    """`adjust_saturation` by a random factor in [lower, upper).

    Raises:
      ValueError: the limits are out of order, or negative.
    """
    _check_limits(lower, upper)
    factor = random_ops.random_uniform([], lower, upper, seed=seed)
    return adjust_saturation(image, factor)


@public("image.adjust_jpeg_quality")
def adjust_jpeg_quality(image: Any, jpeg_quality: Any, name: str | None = None) -> Any:
    """The image after it went through a JPEG of a quality from 0 to 100."""
    with scopes.name_scope(name, "adjust_jpeg_quality", [image]):
        image = convert.convert_to_tensor(image, name="image")
        dtype = image.dtype
        image = convert_image_dtype(image, dtypes.uint8)
        if not checks.is_tensor(jpeg_quality):
            jpeg_quality = convert.convert_to_tensor(jpeg_quality, dtype=dtypes.int32)
        data = image_codec.encode_jpeg_variable_quality(image, jpeg_quality)
        return convert_image_dtype(image_codec.decode_jpeg(data), dtype)


@public("image.random_jpeg_quality")
def random_jpeg_quality(
    image: Any, min_jpeg_quality: int, max_jpeg_quality: int, seed: int | None = None
) -> Any:
    """`adjust_jpeg_quality` by a random quality in [min_jpeg_quality, max_jpeg_quality).

    Raises:
      ValueError: the limits are out of order, or not in [0, 100].
    """
    if not (0 <= min_jpeg_quality <= 100 and 0 <= max_jpeg_quality <= 100):
        raise ValueError("jpeg encoding range must be between 0 and 100.")
    if min_jpeg_quality >= max_jpeg_quality:
        raise ValueError("`min_jpeg_quality` must be less than `max_jpeg_quality`.")
    quality = random_ops.random_uniform(
        [], min_jpeg_quality, max_jpeg_quality, seed=seed, dtype=dtypes.int32
    )
    return adjust_jpeg_quality(image, quality)


def _mixed(images: Any, kernel: list[list[float]]) -> Any:
    images = convert.convert_to_tensor(images, name="images")
    weights = convert.convert_to_tensor(kernel, dtype=images.dtype, name="kernel")
    last = images.get_shape().ndims - 1
    return math_ops.tensordot(images, weights, axes=[[last], [0]])


@public("image.rgb_to_yiq")
def rgb_to_yiq(images: Any) -> Any:
    """YIQ of RGB: [..., 3] -> [..., 3]."""
    return _mixed(images, _TO_YIQ)


@public("image.yiq_to_rgb")
def yiq_to_rgb(images: Any) -> Any:
    """RGB of YIQ: [..., 3] -> [..., 3]."""
    return _mixed(images, _FROM_YIQ)


@public("image.rgb_to_yuv")
def rgb_to_yuv(images: Any) -> Any:
    """YUV of RGB: [..., 3] -> [..., 3]."""
    return _mixed(images, _TO_YUV)


@public("image.yuv_to_rgb")
def yuv_to_rgb(images: Any) -> Any:
    """RGB of YUV: [..., 3] -> [..., 3]."""
    return _mixed(images, _FROM_YUV)
