"""Resizing of images: bilinear, nearest neighbour, bicubic, area, and their gradients.

TensorFlow 1 has sampling rules of its own.
A pixel i of the result lies at i * scale of the source, with scale = in / out, or (in - 1) / (out -
1) to align corners; with half-pixel centers at (i + 0.5) * scale - 0.5. Coordinates are float32, as
in TensorFlow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import dtypes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import arguments, image_shapes
from rekindle._src.ops import array as array_ops

_TABLE = 1 << 10  # steps of the bicubic weights between two pixels


def _sizes(size: torch.Tensor) -> tuple[int, int]:
    height, width = size.tolist()
    if height <= 0 or width <= 0:
        raise errors.InvalidArgumentError(None, None, "output dimensions must be positive")
    return height, width


def _scale(size: int, out: int, align_corners: bool) -> np.float32:
    if align_corners and out > 1:
        return np.float32(size - 1) / np.float32(out - 1)
    return np.float32(size) / np.float32(out)


def _places(size: int, out: int, align_corners: bool, half_pixel: bool) -> np.ndarray:
    """Where the pixels of the result lie in the source: float32 [out]."""
    scale = _scale(size, out, align_corners)
    index = np.arange(out, dtype=np.float32)
    if half_pixel:
        return (index + np.float32(0.5)) * scale - np.float32(0.5)
    return index * scale


class _Between:
    """For each pixel of the result along one axis: the two source pixels and the share of the
    second.
    """

    def __init__(
        self, size: int, out: int, align_corners: bool, half_pixel: bool, like: Any
    ) -> None:
        places = _places(size, out, align_corners, half_pixel)
        low = np.floor(places)
        self.low = _index(np.maximum(low, 0), like)
        self.high = _index(np.minimum(np.ceil(places), size - 1), like)
        self.share = torch.from_numpy(places - low).to(like.device)

    def mix(self, low: torch.Tensor, high: torch.Tensor, axis: int) -> torch.Tensor:
        """What lies between two tensors that run along `axis` of [N, H, W, C]."""
        return low + (high - low) * self._along(axis)

    def spread(self, dy: torch.Tensor, axis: int, size: int) -> torch.Tensor:
        """The transpose of taking and mixing."""
        shape = list(dy.shape)
        shape[axis] = size
        dx = dy.new_zeros(shape)
        share = self._along(axis).to(dy.dtype)
        dx.index_add_(axis, self.low, dy * (1 - share))
        return dx.index_add_(axis, self.high, dy * share)

    def _along(self, axis: int) -> torch.Tensor:
        return self.share.view(-1, 1) if axis == 2 else self.share.view(-1, 1, 1)


def _index(places: np.ndarray, like: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(places.astype(np.int64)).to(like.device)


@op("ResizeBilinear", infer=image_shapes.resized)
def resize_bilinear_op(images, size, *, align_corners=False, half_pixel_centers=False):
    """The images in another size, between pixels in proportion: [N, H, W, C] -> float32 [N, H', W',
    C].
    """
    height, width = _sizes(size)
    rows = _Between(images.shape[1], height, align_corners, half_pixel_centers, images)
    columns = _Between(images.shape[2], width, align_corners, half_pixel_centers, images)
    top, bottom = (images.index_select(1, i).float() for i in (rows.low, rows.high))
    top, bottom = (
        columns.mix(x.index_select(2, columns.low), x.index_select(2, columns.high), 2)
        for x in (top, bottom)
    )
    return rows.mix(top, bottom, 1)


@resize_bilinear_op.gradient
def resize_bilinear_gradient(op, dy):
    same = arguments.attrs_of(op, "align_corners", "half_pixel_centers")
    return [resize_bilinear_grad(dy, op.inputs[0], **same), None]


@op("ResizeBilinearGrad", infer=lambda c: c.shapes[1])
def resize_bilinear_grad(grads, original_image, *, align_corners=False, half_pixel_centers=False):
    """The gradient of ResizeBilinear."""
    height, width = original_image.shape[1:3]
    columns = _Between(width, grads.shape[2], align_corners, half_pixel_centers, grads)
    rows = _Between(height, grads.shape[1], align_corners, half_pixel_centers, grads)
    grads = grads.to(original_image.dtype)
    return rows.spread(columns.spread(grads, 2, width), 1, height)


def _nearest(size: int, out: int, align_corners: bool, half_pixel: bool, like: Any) -> torch.Tensor:
    scale = _scale(size, out, align_corners)
    index = np.arange(out, dtype=np.float32)
    places = (index + np.float32(0.5)) * scale if half_pixel else index * scale
    if align_corners:
        places = np.floor(places + np.float32(0.5))
    return _index(np.clip(np.floor(places), 0, size - 1), like)


@op("ResizeNearestNeighbor", infer=image_shapes.resized)
def resize_nearest_neighbor_op(images, size, *, align_corners=False, half_pixel_centers=False):
    """The images in another size, each pixel the nearest: [N, H, W, C] -> [N, H', W', C]."""
    height, width = _sizes(size)
    rows = _nearest(images.shape[1], height, align_corners, half_pixel_centers, images)
    columns = _nearest(images.shape[2], width, align_corners, half_pixel_centers, images)
    return images.index_select(1, rows).index_select(2, columns)


@resize_nearest_neighbor_op.gradient
def resize_nearest_neighbor_gradient(op, dy):
    shape = op.inputs[0].get_shape()[1:3]
    size = shape if shape.is_fully_defined() else array_ops.shape(op.inputs[0])[1:3]
    same = arguments.attrs_of(op, "align_corners", "half_pixel_centers")
    return [resize_nearest_neighbor_grad(dy, size, **same), None]


@op("ResizeNearestNeighborGrad", infer=image_shapes.resized)
def resize_nearest_neighbor_grad(grads, size, *, align_corners=False, half_pixel_centers=False):
    """The gradient of ResizeNearestNeighbor for images of height and width `size`."""
    height, width = _sizes(size)
    n, out_height, out_width, c = grads.shape
    columns = _nearest(width, out_width, align_corners, half_pixel_centers, grads)
    rows = _nearest(height, out_height, align_corners, half_pixel_centers, grads)
    dx = grads.new_zeros(n, out_height, width, c).index_add_(2, columns, grads)
    return grads.new_zeros(n, height, width, c).index_add_(1, rows, dx)


def _cubic_table(a: float) -> np.ndarray:
    """Weights of the pixel at distance x and of that at 1 + x, for x in steps: float32 [2, steps +
    1].

    Source: Keys, Cubic convolution interpolation, 1981.
    """
    x = np.arange(_TABLE + 1, dtype=np.float64) / _TABLE
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    x = x + 1
    far = ((a * x - 5 * a) * x + 8 * a) * x - 4 * a
    return np.stack([near, far]).astype(np.float32)


def _cubic(
    size: int, out: int, align_corners: bool, half_pixel: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The four source pixels of each pixel of the result, and their weights: [out, 4] both."""
    places = _places(size, out, align_corners, half_pixel)
    low = np.floor(places)
    step = np.rint((places - low) * np.float32(_TABLE)).astype(np.int64)
    near, far = _cubic_table(-0.5 if half_pixel else -0.75)
    weights = np.stack([far[step], near[step], near[_TABLE - step], far[_TABLE - step]], 1)
    index = low.astype(np.int64)[:, None] + np.arange(-1, 3)
    bounded = np.clip(index, 0, size - 1)
    if half_pixel:  # what lies outside does not count
        weights = np.where(bounded == index, weights, np.float32(0))
        total = weights.sum(1, keepdims=True, dtype=np.float32)
        is_good = np.abs(total) >= 1000 * np.finfo(np.float32).tiny
        weights = np.where(is_good, weights / np.where(is_good, total, 1), weights)
    return bounded, weights.astype(np.float32)


def _taken(x: torch.Tensor, axis: int, index: np.ndarray, weights: np.ndarray) -> torch.Tensor:
    """The weighted sum of the pixels along one axis that `index` [out, k] names."""
    shape = (-1, 1) if axis == 2 else (-1, 1, 1)
    total = None
    for k in range(index.shape[1]):
        weight = torch.from_numpy(weights[:, k].copy()).to(x.device).view(shape)
        part = x.index_select(axis, _index(index[:, k], x)) * weight
        total = part if total is None else total + part
    return total


def _given_back(
    dy: torch.Tensor, axis: int, size: int, index: np.ndarray, weights: np.ndarray
) -> torch.Tensor:
    """The transpose of `_taken`."""
    shape = list(dy.shape)
    shape[axis] = size
    dx = dy.new_zeros(shape)
    for k in range(index.shape[1]):
        weight = (
            torch.from_numpy(weights[:, k].copy()).to(dy).view((-1, 1) if axis == 2 else (-1, 1, 1))
        )
        dx.index_add_(axis, _index(index[:, k], dy), dy * weight)
    return dx


@op("ResizeBicubic", infer=image_shapes.resized)
def resize_bicubic_op(images, size, *, align_corners=False, half_pixel_centers=False):
    """The images in another size by cubic interpolation: [N, H, W, C] -> float32 [N, H', W', C]."""
    height, width = _sizes(size)
    rows = _cubic(images.shape[1], height, align_corners, half_pixel_centers)
    columns = _cubic(images.shape[2], width, align_corners, half_pixel_centers)
    return _taken(_taken(images.float(), 1, *rows), 2, *columns)


@resize_bicubic_op.gradient
def resize_bicubic_gradient(op, dy):
    if op.inputs[0].dtype not in (dtypes.float32, dtypes.float64):
        return [None, None]
    same = arguments.attrs_of(op, "align_corners", "half_pixel_centers")
    return [resize_bicubic_grad(dy, op.inputs[0], **same), None]


@op("ResizeBicubicGrad", infer=lambda c: c.shapes[1])
def resize_bicubic_grad(grads, original_image, *, align_corners=False, half_pixel_centers=False):
    """The gradient of ResizeBicubic."""
    height, width = original_image.shape[1:3]
    rows = _cubic(height, grads.shape[1], align_corners, half_pixel_centers)
    columns = _cubic(width, grads.shape[2], align_corners, half_pixel_centers)
    grads = grads.to(original_image.dtype)
    return _given_back(_given_back(grads, 2, width, *columns), 1, height, *rows)


def _area(size: int, out: int, align_corners: bool) -> tuple[np.ndarray, np.ndarray]:
    """The pixels that each one of the result covers, and how much of them: [out, k] both."""
    scale = _scale(size, out, align_corners)
    index = np.arange(out, dtype=np.float32)
    begin, end = index * scale, (index + 1) * scale
    first = np.floor(begin).astype(np.int64)
    count = int((np.ceil(end).astype(np.int64) - first).max())
    pixel = first[:, None] + np.arange(count)
    low, high = np.maximum(pixel, begin[:, None]), np.minimum(pixel + 1, end[:, None])
    weights = np.maximum(high - low, 0).astype(np.float32)
    return np.clip(pixel, 0, size - 1), weights


@op("ResizeArea", public="image.resize_area", infer=image_shapes.resized)
def resize_area(images, size, *, align_corners=False):
    """The images in another size, each pixel the mean of the area it covers: [N, H, W, C] ->
    float32 [N, H', W', C].
    """
    height, width = _sizes(size)
    rows = _area(images.shape[1], height, align_corners)
    columns = _area(images.shape[2], width, align_corners)
    total = _taken(_taken(images.float(), 1, *rows), 2, *columns)
    area = _scale(images.shape[1], height, align_corners) * _scale(
        images.shape[2], width, align_corners
    )
    return total * float(np.float32(1) / area)


@public("image.resize_bilinear")
def resize_bilinear(
    images: Any,
    size: Any,
    align_corners: bool = False,
    name: str | None = None,
    half_pixel_centers: bool = False,
) -> Any:
    """The images in another size, between pixels in proportion: [N, H, W, C] -> float32 [N, H', W',
    C].

    Args:
      images: numbers.
      size: int32 [2], height and width.
      align_corners: the centers of the corner pixels stay where they are.
      name: the operation's name.
      half_pixel_centers: pixels lie at their centers.
    """
    return resize_bilinear_op(
        images, size, align_corners=align_corners, half_pixel_centers=half_pixel_centers, name=name
    )


@public("image.resize_nearest_neighbor")
def resize_nearest_neighbor(
    images: Any,
    size: Any,
    align_corners: bool = False,
    name: str | None = None,
    half_pixel_centers: bool = False,
) -> Any:
    """The images in another size, each pixel that of the nearest; arguments as in
    `resize_bilinear`.
    """
    return resize_nearest_neighbor_op(
        images, size, align_corners=align_corners, half_pixel_centers=half_pixel_centers, name=name
    )


@public("image.resize_bicubic")
def resize_bicubic(
    images: Any,
    size: Any,
    align_corners: bool = False,
    name: str | None = None,
    half_pixel_centers: bool = False,
) -> Any:
    """The images in another size by cubic interpolation; arguments as in `resize_bilinear`."""
    return resize_bicubic_op(
        images, size, align_corners=align_corners, half_pixel_centers=half_pixel_centers, name=name
    )
