"""Windows of images: CropAndResize and its gradients, ExtractGlimpse."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch

from rekindle._src import errors
from rekindle._src.graph import dtypes, infer
from rekindle._src.graph.opdef import op
from rekindle._src.ops import arguments, image_shapes
from rekindle._src.ops import array as array_ops


def _wrong(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


class _Places(NamedTuple):
    """Where the pixels of crops lie in their images along one axis: [boxes, pixels] each."""

    low: torch.Tensor
    high: torch.Tensor
    nearest: torch.Tensor
    share: torch.Tensor  # of `high`
    is_inside: torch.Tensor


def _places(begin: torch.Tensor, end: torch.Tensor, count: int, size: int) -> _Places:
    """The places of `count` pixels between `begin` and `end` [boxes] of an axis of `size`."""
    if count > 1:
        scale = (end - begin) * (size - 1) / (count - 1)
        steps = torch.arange(count, device=begin.device, dtype=torch.float32)
        places = steps * scale[:, None] + (begin * (size - 1))[:, None]
    else:
        places = ((begin + end) * (size - 1) / 2)[:, None]
    is_inside = (places >= 0) & (places <= size - 1)
    places = torch.where(is_inside, places, 0)
    low = places.floor()
    nearest = (places + 0.5).floor()
    return _Places(low.long(), places.ceil().long(), nearest.long(), places - low, is_inside)


def _both_places(
    boxes: torch.Tensor, crop: tuple[int, int], image: tuple[int, int]
) -> tuple[_Places, _Places]:
    """The places along the rows [boxes, h, 1] and along the columns [boxes, 1, w]."""
    rows = _places(boxes[:, 0], boxes[:, 2], crop[0], image[0])
    columns = _places(boxes[:, 1], boxes[:, 3], crop[1], image[1])
    rows = _Places(*(part[:, :, None] for part in rows))
    return rows, _Places(*(part[:, None, :] for part in columns))


def _checked_boxes(boxes: torch.Tensor, box_ind: torch.Tensor, batch: int) -> torch.Tensor:
    """The image of each box: int64 [boxes, 1, 1].

    Raises:
      InvalidArgumentError: the sizes of `boxes` and `box_ind` do not fit.
      OutOfRangeError: there is no such image.
    """
    if boxes.shape[0] != box_ind.shape[0]:
        raise _wrong("box_index has incompatible shape")
    if bool(((box_ind < 0) | (box_ind >= batch)).any()):
        raise errors.OutOfRangeError(None, None, "box_index has values outside [0, batch_size)")
    return box_ind.long()[:, None, None]


def _crop_shape(c: Any) -> infer.Shape:
    image, boxes = infer.with_rank(c.shapes[0], 4), infer.with_rank(c.shapes[1], 2)
    index = infer.with_rank(c.shapes[2], 1)
    if None not in (boxes[0], index[0]) and boxes[0] != index[0]:
        raise ValueError(f"Dimensions must be equal, but are {boxes[0]} and {index[0]}")
    image_shapes.exactly(boxes[1], 4)
    count = index[0] if boxes[0] is None else boxes[0]
    return (count, *image_shapes.sized(c, 3), image[3])


@op("CropAndResize", infer=_crop_shape)
def crop_and_resize(
    image, boxes, box_ind, crop_size, *, method="bilinear", extrapolation_value=0.0
):
    """Windows of images, all brought to one size: [N, H, W, C], boxes [M, 4] in shares of the image
    -> float32 [M, h, w, C].
    """
    height, width = crop_size.tolist()
    if height <= 0 or width <= 0:
        raise _wrong("crop dimensions must be positive")
    if 0 in image.shape[1:3]:
        raise _wrong("image dimensions must be positive")
    batch = _checked_boxes(boxes, box_ind, image.shape[0])
    rows, columns = _both_places(boxes, (height, width), tuple(image.shape[1:3]))
    if method == "nearest":
        crops = image[batch, rows.nearest, columns.nearest].float()
    else:
        crops = _mixed(_corners(image, batch, rows, columns), rows, columns)
    return torch.where((rows.is_inside & columns.is_inside)[..., None], crops, extrapolation_value)


def _corners(
    image: torch.Tensor, batch: torch.Tensor, rows: _Places, columns: _Places
) -> list[torch.Tensor]:
    """The four pixels around each place: float32 [M, h, w, C], top left and right, bottom left and
    right.
    """
    return [
        image[batch, y, x].float()
        for y in (rows.low, rows.high)
        for x in (columns.low, columns.high)
    ]


def _mixed(corners: list[torch.Tensor], rows: _Places, columns: _Places) -> torch.Tensor:
    x, y = columns.share[..., None], rows.share[..., None]
    top = corners[0] + (corners[1] - corners[0]) * x
    bottom = corners[2] + (corners[3] - corners[2]) * x
    return top + (bottom - top) * y


@crop_and_resize.gradient
def crop_and_resize_gradient(op, dy):
    image, boxes, box_ind = op.inputs[:3]
    shape = image.get_shape()
    size = shape.as_list() if shape.is_fully_defined() else array_ops.shape(image)
    dx = None
    if image.dtype in (dtypes.float16, dtypes.float32, dtypes.float64):
        same = arguments.attrs_of(op, "T", "method")
        dx = crop_and_resize_grad_image(dy, boxes, box_ind, size, **same)
    return [dx, crop_and_resize_grad_boxes(dy, image, boxes, box_ind), None, None]


def _image_shape(c: Any) -> infer.Shape:
    shape = c.shape_value(3)
    return infer.with_rank(shape, 4)


@op("CropAndResizeGradImage", infer=_image_shape)
def crop_and_resize_grad_image(grads, boxes, box_ind, image_size, *, T, method="bilinear"):
    """The gradient of CropAndResize for images of the shape `image_size`."""
    n, height, width, depth = image_size.tolist()
    if height <= 0 or width <= 0:
        raise _wrong("image dimensions must be positive")
    if depth != grads.shape[3]:
        raise _wrong("image_size and grads are incompatible")
    batch = _checked_boxes(boxes, box_ind, n)
    rows, columns = _both_places(boxes, tuple(grads.shape[1:3]), (height, width))
    grads = torch.where((rows.is_inside & columns.is_inside)[..., None], grads, 0)
    dx = torch.zeros(n * height * width, depth, dtype=T.torch, device=grads.device)

    def give(y: torch.Tensor, x: torch.Tensor, dy: torch.Tensor) -> None:
        dx.index_add_(
            0, ((batch * height + y) * width + x).reshape(-1), dy.reshape(-1, depth).to(T.torch)
        )

    if method == "nearest":
        give(rows.nearest, columns.nearest, grads)
    else:
        x, y = columns.share[..., None], rows.share[..., None]
        for row, of_row in ((rows.low, (1 - y) * grads), (rows.high, y * grads)):
            give(row, columns.low, (1 - x) * of_row)
            give(row, columns.high, x * of_row)
    return dx.reshape(n, height, width, depth)


@op("CropAndResizeGradBoxes", infer=lambda c: c.shapes[2])
def crop_and_resize_grad_boxes(grads, image, boxes, box_ind, *, method="bilinear"):
    """The gradient of CropAndResize for the boxes: float32 [M, 4]."""
    batch = _checked_boxes(boxes, box_ind, image.shape[0])
    rows, columns = _both_places(boxes, tuple(grads.shape[1:3]), tuple(image.shape[1:3]))
    grads = torch.where((rows.is_inside & columns.is_inside)[..., None], grads, 0)
    top_left, top_right, bottom_left, bottom_right = _corners(image, batch, rows, columns)
    x, y = columns.share[..., None], rows.share[..., None]
    down = (1 - x) * (bottom_left - top_left) + x * (bottom_right - top_right)
    right = (1 - y) * (top_right - top_left) + y * (bottom_right - bottom_left)
    y1, y2 = _ends((down * grads).sum((2, 3)), image.shape[1])
    x1, x2 = _ends((right * grads).sum((1, 3)), image.shape[2])
    return torch.stack([y1, x1, y2, x2], 1)


def _ends(slope: torch.Tensor, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """What moves the beginning and the end of a box, from what moves its pixels [boxes, count]."""
    count = slope.shape[1]
    if count == 1:
        half = slope[:, 0] * (0.5 * (size - 1))
        return half, half
    steps = torch.arange(count, device=slope.device) * ((size - 1) / (count - 1))
    return (slope * (size - 1 - steps)).sum(1), (slope * steps).sum(1)


def _glimpse_shape(c: Any) -> infer.Shape:
    x, offsets = infer.with_rank(c.shapes[0], 4), infer.with_rank(c.shapes[2], 2)
    if None not in (x[0], offsets[0]) and x[0] != offsets[0]:
        raise ValueError(f"Dimensions must be equal, but are {x[0]} and {offsets[0]}")
    image_shapes.exactly(offsets[1], 2)
    if c.attr("uniform_noise") and c.attr("noise") not in (b"", b"uniform", "", "uniform"):
        raise ValueError("The uniform_noise and noise should not be specified at the same time")
    return (offsets[0] if x[0] is None else x[0], *image_shapes.sized(c, 1), x[3])


class _Window(NamedTuple):
    """What a glimpse sees along one axis."""

    source: int  # where in the image
    target: int  # where in the glimpse
    count: int
    is_whole: bool


def _window(place: float, size: int, full: int, is_share: bool, is_centered: bool) -> _Window:
    if is_share:
        place *= full
    if is_centered:
        place = place / 2 + full / 2
    start = int(place - size / 2)
    if start < 0:
        count = max(0, size + start)
        return _Window(0, size - count, min(full, count), is_whole=False)
    if start + size >= full:
        return _Window(start, 0, max(0, full - start), is_whole=False)
    return _Window(start, 0, size, is_whole=True)


def _noise(image: torch.Tensor, shape: tuple[int, int, int], kind: str) -> torch.Tensor:
    """What a glimpse shows beyond the image [H, W, C]."""
    if kind == "zero":
        return image.new_zeros(shape)
    if kind == "uniform":
        low = image.min()
        return low + torch.rand(shape, device=image.device) * (image.max() - low)
    deviation, mean = torch.std_mean(image, (0, 1), correction=0)
    drawn = mean + torch.randn(shape, device=image.device) * deviation
    return drawn.minimum(image.amax((0, 1))).maximum(image.amin((0, 1)))


@op("ExtractGlimpse", infer=_glimpse_shape, host=True)
def extract_glimpse(
    input, size, offsets, *, centered=True, normalized=True, uniform_noise=True, noise="uniform"
):
    """Windows of one size of the images; noise where they reach beyond: [N, H, W, C], int32 [2],
    offsets [N, 2] -> [N, h, w, C].

    The noise is other than TensorFlow's, which differs from run to run.
    """
    height, width = size.tolist()
    kind = noise or ("uniform" if uniform_noise else "gaussian")
    if kind not in ("uniform", "gaussian", "zero"):
        raise _wrong(f"The noise could only be uniform, gaussian, or zero, got{noise}")
    out = input.new_zeros(input.shape[0], height, width, input.shape[3])
    for image, glimpse, (y, x) in zip(input, out, offsets.tolist(), strict=True):
        rows = _window(y, height, image.shape[0], normalized, centered)
        columns = _window(x, width, image.shape[1], normalized, centered)
        if not (rows.is_whole and columns.is_whole):
            glimpse.copy_(_noise(image, glimpse.shape, kind))
        glimpse[_range(rows.target, rows.count), _range(columns.target, columns.count)] = image[
            _range(rows.source, rows.count), _range(columns.source, columns.count)
        ]
    return out


def _range(start: int, count: int) -> slice:
    return slice(start, start + count)


extract_glimpse.no_gradient()
