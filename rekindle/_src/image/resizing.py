"""`tf.image.resize_images` and `resize_image_with_pad`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.graph import constants, convert, dtypes, scopes
from rekindle._src.image import checks, geometry
from rekindle._src.names import public
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import control as control_ops
from rekindle._src.ops import image_resize
from rekindle._src.ops import math as math_ops


@public("image.ResizeMethod")
class ResizeMethod:
    """How pixels of another size are computed."""

    BILINEAR = 0
    NEAREST_NEIGHBOR = 1
    BICUBIC = 2
    AREA = 3


_BLOCKS = {
    ResizeMethod.BILINEAR: image_resize.resize_bilinear_op,
    ResizeMethod.NEAREST_NEIGHBOR: image_resize.resize_nearest_neighbor_op,
    ResizeMethod.BICUBIC: image_resize.resize_bicubic_op,
    ResizeMethod.AREA: image_resize.resize_area,
    "bilinear": image_resize.resize_bilinear_op,
    "nearest": image_resize.resize_nearest_neighbor_op,
    "bicubic": image_resize.resize_bicubic_op,
    "area": image_resize.resize_area,
}


@public("image.resize_images", "image.resize")
def resize_images(
    images: Any,
    size: Any,
    method: Any = ResizeMethod.BILINEAR,
    align_corners: bool = False,
    preserve_aspect_ratio: bool = False,
    name: str | None = None,
) -> Any:
    """The images in another size; as they are if they have it already.

    Args:
      images: [N, H, W, C] or [H, W, C].
      size: int32 [2], the height and the width.
      method: one of `tf.image.ResizeMethod`.
      align_corners: the centers of the corner pixels stay where they are.
      preserve_aspect_ratio: fit the images into the size instead.
      name: the name scope.

    Raises:
      ValueError: the rank is neither 3 nor 4, or the size or the method is none.
    """
    with scopes.name_scope(name, "resize", [images, size]):
        images = convert.convert_to_tensor(images, name="images")
        rank = images.get_shape().ndims
        if rank is None:
            raise ValueError("'images' contains no shape.")
        if rank not in (3, 4):
            raise ValueError("'images' must have either 3 or 4 dimensions.")
        if rank == 3:
            images = array_ops.expand_dims(images, 0)
        size, wanted = _wanted_size(images, size, preserve_aspect_ratio)
        if None not in wanted and wanted == images.get_shape().as_list()[1:3]:
            return images if rank == 4 else array_ops.squeeze(images, axis=[0])
        if method not in _BLOCKS:
            raise ValueError("Resize method is not implemented.")
        images = _BLOCKS[method](images, size, align_corners=align_corners)
        images.set_shape([None, *wanted, None])
        return images if rank == 4 else array_ops.squeeze(images, axis=[0])


def _wanted_size(images: Any, size: Any, keep_ratio: bool) -> tuple[Any, list[int | None]]:
    """(the size as a tensor, height and width as far as they are known)."""
    try:
        size = convert.convert_to_tensor(size, dtypes.int32, name="size")
    except (TypeError, ValueError):
        raise ValueError("'size' must be a 1-D int32 Tensor") from None
    if not size.get_shape().is_compatible_with([2]):
        raise ValueError("'size' must be a 1-D Tensor of 2 elements: new_height, new_width")
    known = constants.constant_value_as_shape(size).as_list()
    if not keep_ratio:
        return size, known
    _, height, width, _ = checks.sizes(images, 4)
    scales = [
        math_ops.cast(new, dtypes.float32) / math_ops.cast(old, dtypes.float32)
        for new, old in zip(known, (height, width), strict=True)
    ]
    scale = math_ops.minimum(*scales)
    scaled = [
        math_ops.cast(math_ops.round(scale * math_ops.cast(old, dtypes.float32)), dtypes.int32)
        for old in (height, width)
    ]
    size = convert.convert_to_tensor(scaled, dtypes.int32, name="size")
    return size, constants.constant_value_as_shape(size).as_list()


@public("image.resize_image_with_pad")
def resize_image_with_pad(
    image: Any,
    target_height: Any,
    target_width: Any,
    method: Any = ResizeMethod.BILINEAR,
    align_corners: bool = False,
) -> Any:
    """The image resized to fit into a size, with zeros around it to fill it.

    Args:
      image: the image, or a batch.
      target_height: the height.
      target_width: the width.
      method: one of `tf.image.ResizeMethod`.
      align_corners: as in `resize_images`.
    """

    def resize(image: Any, size: Any) -> Any:
        return resize_images(image, size, method, align_corners=align_corners)

    with scopes.name_scope(None, "resize_image_with_pad", [image]):
        image, is_batch = checks.as_batch(convert.convert_to_tensor(image, name="image"))
        waits = checks.image_checks(image)
        waits += checks.required(target_width > 0, "target_width must be > 0.")
        waits += checks.required(target_height > 0, "target_height must be > 0.")
        image = control_ops.with_dependencies(waits, image)
        padded = _fitted(image, target_height, target_width, resize)
        if padded.get_shape().ndims is None:
            raise ValueError("padded contains no shape.")
        checks.sizes(padded, 4)
        return padded if is_batch else array_ops.squeeze(padded, axis=[0])


def _fitted(
    image: Any, target_height: Any, target_width: Any, resize: Callable[[Any, Any], Any]
) -> Any:
    _, height, width, _ = checks.sizes(image, 4)
    height, width, wanted_height, wanted_width = (
        math_ops.cast(n, dtype=dtypes.float64) for n in (height, width, target_height, target_width)
    )
    ratio = checks.greater(width / wanted_width, height / wanted_height)
    new_height, new_width = height / ratio, width / ratio
    rows = math_ops.cast(math_ops.floor(new_height), dtype=dtypes.int32)
    columns = math_ops.cast(math_ops.floor(new_width), dtype=dtypes.int32)
    above = (wanted_height - new_height) / 2
    left = (wanted_width - new_width) / 2
    above, left = math_ops.floor(above), math_ops.floor(left)
    above = checks.greater(0, math_ops.cast(above, dtype=dtypes.int32))
    left = checks.greater(0, math_ops.cast(left, dtype=dtypes.int32))
    resized = resize(image, [rows, columns])
    return geometry.pad_to_bounding_box(resized, above, left, target_height, target_width)
