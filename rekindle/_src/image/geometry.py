"""Turning, cropping and padding images: `tf.image.rot90`, `crop_to_bounding_box` and their kin.

Images are [H, W, C], or batches [N, H, W, C].
"""

from __future__ import annotations

from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.image import checks
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import case as case_ops
from rekindle._src.ops import cond as cond_ops
from rekindle._src.ops import control as control_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import random as random_ops

_RANKS = "'image' must have either 3 or 4 dimensions."


def _with_shape_of(image: Any, result: Any) -> Any:
    shape = image.get_shape()
    result.set_shape([None, None, None] if shape.ndims is None else shape)
    return result


@public("image.random_flip_up_down")
def random_flip_up_down(image: Any, seed: int | None = None) -> Any:
    """The image, upside down with probability 1/2 (each of a batch by itself)."""
    return _random_flip(image, 0, seed, "random_flip_up_down")


@public("image.random_flip_left_right")
def random_flip_left_right(image: Any, seed: int | None = None) -> Any:
    """The image, mirrored with probability 1/2 (each of a batch by itself)."""
    return _random_flip(image, 1, seed, "random_flip_left_right")


def _random_flip(image: Any, axis: int, seed: int | None, scope: str) -> Any:
    with scopes.name_scope(None, scope, [image]) as name:
        image = checks.checked_image(convert.convert_to_tensor(image, name="image"))
        rank = image.get_shape().ndims
        if rank in (3, None):
            drawn = random_ops.random_uniform([], 0, 1.0, seed=seed)
            is_flipped = math_ops.less(drawn, 0.5)
            result = cond_ops.cond(
                is_flipped, lambda: array_ops.reverse_v2(image, [axis]), lambda: image, name=name
            )
            return _with_shape_of(image, result)
        if rank != 4:
            raise ValueError(_RANKS)
        count = array_ops.shape(image)[0]
        drawn = random_ops.random_uniform([count], 0, 1.0, seed=seed)
        flips = math_ops.round(array_ops.reshape(drawn, [count, 1, 1, 1]))
        flips = math_ops.cast(flips, image.dtype)
        flipped = array_ops.reverse_v2(image, [axis + 1])
        return flips * flipped + (1 - flips) * image


@public("image.flip_left_right")
def flip_left_right(image: Any) -> Any:
    """The image mirrored."""
    return _flip(image, 1, "flip_left_right")


@public("image.flip_up_down")
def flip_up_down(image: Any) -> Any:
    """The image upside down."""
    return _flip(image, 0, "flip_up_down")


def _flip(image: Any, axis: int, scope: str) -> Any:
    with scopes.name_scope(None, scope, [image]):
        image = checks.checked_image(convert.convert_to_tensor(image, name="image"))
        rank = image.get_shape().ndims
        if rank in (3, None):
            return _with_shape_of(image, array_ops.reverse_v2(image, [axis]))
        if rank != 4:
            raise ValueError(_RANKS)
        return array_ops.reverse_v2(image, [axis + 1])


@public("image.rot90")
def rot90(image: Any, k: Any = 1, name: str | None = None) -> Any:
    """The image turned counterclockwise by k times 90 degrees."""
    with scopes.name_scope(name, "rot90", [image, k]) as scope:
        image = checks.checked_image(convert.convert_to_tensor(image, name="image"))
        k = convert.convert_to_tensor(k, dtype=dtypes.int32, name="k")
        k.get_shape().assert_has_rank(0)
        k = math_ops.mod(k, 4)
        rank = image.get_shape().ndims
        if rank not in (3, 4, None):
            raise ValueError(_RANKS)
        rows = 1 if rank == 4 else 0
        order = [0, 2, 1, 3] if rank == 4 else [1, 0, 2]

        def once() -> Any:
            return array_ops.transpose(array_ops.reverse_v2(image, [rows + 1]), order)

        def twice() -> Any:
            return array_ops.reverse_v2(image, [rows, rows + 1])

        def thrice() -> Any:
            return array_ops.reverse_v2(array_ops.transpose(image, order), [rows + 1])

        turns = [(math_ops.equal(k, i), f) for i, f in ((1, once), (2, twice), (3, thrice))]
        result = case_ops.case(turns, default=lambda: image, exclusive=True, name=scope)
        if rank == 4:
            shape = result.get_shape()
            result.set_shape([shape[0], None, None, shape[3]])
        else:
            result.set_shape([None, None, image.get_shape()[2]])
        return result


@public("image.transpose", "image.transpose_image")
def transpose(image: Any, name: str | None = None) -> Any:
    """The image with rows and columns exchanged."""
    with scopes.name_scope(name, "transpose", [image]):
        image = checks.checked_image(convert.convert_to_tensor(image, name="image"))
        rank = image.get_shape().ndims
        if rank not in (3, 4, None):
            raise ValueError(_RANKS)
        return array_ops.transpose(image, [0, 2, 1, 3] if rank == 4 else [1, 0, 2], name=name)


@public("image.central_crop")
def central_crop(image: Any, central_fraction: float) -> Any:
    """The middle of the image, this share of its height and width.

    Raises:
      ValueError: the share is not in (0, 1], or the rank neither 3 nor 4.
    """
    with scopes.name_scope(None, "central_crop", [image]):
        image = convert.convert_to_tensor(image, name="image")
        if central_fraction <= 0.0 or central_fraction > 1.0:
            raise ValueError("central_fraction must be within (0, 1]")
        if central_fraction == 1.0:
            return image
        checks.checked_image(image)
        rank = image.get_shape().ndims
        if rank not in (3, 4):
            raise ValueError(
                f"`image` should either be a Tensor with rank = 3 or rank = 4. Had rank = {rank}."
            )
        return _central_part(image, central_fraction, rank - 3)


def _central_part(image: Any, fraction: float, rows: int) -> Any:
    sizes = [_size(image, axis) for axis in (rows, rows + 1)]
    starts = [_central_start(size, fraction) for size in sizes]
    extents = [size - start * 2 for size, start in zip(sizes, starts, strict=True)]
    lead, shape = ([0], [-1]) if rows else ([], [])
    begin = array_ops.stack([*lead, *starts, 0])
    cropped = array_ops.slice(image, begin, array_ops.stack([*shape, *extents, -1]))
    known = image.get_shape()
    cropped.set_shape([*known[:rows], *checks.known(extents), known[rows + 2]])
    return cropped


def _size(image: Any, axis: int) -> Any:
    size = image.get_shape().dims[axis].value
    return array_ops.shape(image)[axis] if size is None else size


def _central_start(size: Any, fraction: float) -> Any:
    if not checks.is_tensor(size):
        return int((float(size) - float(size) * fraction) / 2)
    size = math_ops.cast(size, dtypes.float64)
    return math_ops.cast((size - size * fraction) / 2, dtypes.int32)


@public("image.pad_to_bounding_box")
def pad_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Any:
    """The image with zeros around it.

    Args:
      image: the image, or a batch.
      offset_height: how many rows of zeros come first.
      offset_width: how many columns of zeros come first.
      target_height: the height of the result.
      target_width: the width of the result.

    Raises:
      ValueError: the image does not fit.
    """
    with scopes.name_scope(None, "pad_to_bounding_box", [image]):
        image, is_batch = checks.as_batch(convert.convert_to_tensor(image, name="image"))
        waits = checks.image_checks(image)
        batch, height, width, depth = checks.sizes(image, 4)
        after_width = target_width - offset_width - width
        after_height = target_height - offset_height - height
        waits += checks.required(offset_height >= 0, "offset_height must be >= 0")
        waits += checks.required(offset_width >= 0, "offset_width must be >= 0")
        waits += checks.required(after_width >= 0, "width must be <= target - offset")
        waits += checks.required(after_height >= 0, "height must be <= target - offset")
        image = control_ops.with_dependencies(waits, image)
        paddings = [0, 0, offset_height, after_height, offset_width, after_width, 0, 0]
        paddings = array_ops.reshape(array_ops.stack(paddings), [4, 2])
        padded = array_ops.pad(image, paddings)
        padded.set_shape(checks.known([batch, target_height, target_width, depth]))
        return padded if is_batch else array_ops.squeeze(padded, axis=[0])


@public("image.crop_to_bounding_box")
def crop_to_bounding_box(
    image: Any, offset_height: Any, offset_width: Any, target_height: Any, target_width: Any
) -> Any:
    """A part of the image.

    Args:
      image: the image, or a batch.
      offset_height: the first row of the part.
      offset_width: the first column of the part.
      target_height: its height.
      target_width: its width.

    Raises:
      ValueError: it does not lie in the image.
    """
    with scopes.name_scope(None, "crop_to_bounding_box", [image]):
        image, is_batch = checks.as_batch(convert.convert_to_tensor(image, name="image"))
        waits = checks.image_checks(image)
        batch, height, width, depth = checks.sizes(image, 4)
        waits += checks.required(offset_width >= 0, "offset_width must be >= 0.")
        waits += checks.required(offset_height >= 0, "offset_height must be >= 0.")
        waits += checks.required(target_width > 0, "target_width must be > 0.")
        waits += checks.required(target_height > 0, "target_height must be > 0.")
        fits = width >= (target_width + offset_width)
        waits += checks.required(fits, "width must be >= target + offset.")
        fits = height >= (target_height + offset_height)
        waits += checks.required(fits, "height must be >= target + offset.")
        image = control_ops.with_dependencies(waits, image)
        cropped = array_ops.slice(
            image,
            array_ops.stack([0, offset_height, offset_width, 0]),
            array_ops.stack([-1, target_height, target_width, -1]),
        )
        cropped.set_shape(checks.known([batch, target_height, target_width, depth]))
        return cropped if is_batch else array_ops.squeeze(cropped, axis=[0])


@public("image.resize_with_crop_or_pad", "image.resize_image_with_crop_or_pad")
def resize_with_crop_or_pad(image: Any, target_height: Any, target_width: Any) -> Any:
    """The image cropped in the middle, or padded evenly, to a height and a width."""
    with scopes.name_scope(None, "resize_image_with_crop_or_pad", [image]):
        image, is_batch = checks.as_batch(convert.convert_to_tensor(image, name="image"))
        waits = checks.image_checks(image)
        waits += checks.required(target_width > 0, "target_width must be > 0.")
        waits += checks.required(target_height > 0, "target_height must be > 0.")
        image = control_ops.with_dependencies(waits, image)
        if checks.is_tensor(target_height):
            target_height = control_ops.with_dependencies(waits, target_height)
        if checks.is_tensor(target_width):
            target_width = control_ops.with_dependencies(waits, target_width)
        resized = _cropped_or_padded(image, target_height, target_width)
        if resized.get_shape().ndims is None:
            raise ValueError("resized contains no shape.")
        _, height, width, _ = checks.sizes(resized, 4)
        is_right = checks.equal(height, target_height)
        waits = checks.required(is_right, "resized height is not correct.")
        is_right = checks.equal(width, target_width)
        waits += checks.required(is_right, "resized width is not correct.")
        resized = control_ops.with_dependencies(waits, resized)
        return resized if is_batch else array_ops.squeeze(resized, axis=[0])


def _cropped_or_padded(image: Any, target_height: Any, target_width: Any) -> Any:
    _, height, width, _ = checks.sizes(image, 4)
    missing = target_width - width
    crop_width = checks.greater(-missing // 2, 0)
    pad_width = checks.greater(missing // 2, 0)
    missing = target_height - height
    crop_height = checks.greater(-missing // 2, 0)
    pad_height = checks.greater(missing // 2, 0)
    cropped = crop_to_bounding_box(
        image,
        crop_height,
        crop_width,
        checks.smaller(target_height, height),
        checks.smaller(target_width, width),
    )
    return pad_to_bounding_box(cropped, pad_height, pad_width, target_height, target_width)
