"""Boxes drawn on images, and boxes and windows drawn at random."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op
from rekindle._src.ops import image_shapes, philox
from rekindle._src.ops.philox import PhiloxStream

_COLORS = (
    (1, 1, 0, 1),
    (0, 0, 1, 1),
    (1, 0, 0, 1),
    (0, 1, 0, 1),
    (0.5, 0, 0.5, 1),
    (0.5, 0.5, 0, 1),
    (0.5, 0, 0, 1),
    (0, 0, 0.5, 1),
    (0, 1, 1, 1),
    (1, 0, 1, 1),
)
_DEPTHS = "Channel depth should be either 1 (GRY), 3 (RGB), or 4 (RGBA)"
_WORD = (1 << 32) - 1
_FLOAT = np.float32


def _wrong(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _drawn_on(c: Any) -> infer.Shape:
    images = infer.with_rank(c.shapes[0], 4)
    if images[3] not in (None, 1, 3, 4):
        raise ValueError(_DEPTHS)
    image_shapes.exactly(infer.with_rank(c.shapes[1], 3)[2], 4)
    return c.shapes[0]


def _lines(box: list[int], height: int, width: int) -> Iterator[tuple[Any, Any]]:
    """Rows and columns of the sides of a box (top, left, bottom, right) that lie in the image."""
    top, left, bottom, right = box
    if top > bottom or left > right or top >= height or left >= width or bottom < 0 or right < 0:
        return
    rows = slice(max(top, 0), min(bottom, height - 1) + 1)
    columns = slice(max(left, 0), min(right, width - 1) + 1)
    if top >= 0:
        yield top, columns
    if bottom < height:
        yield bottom, columns
    if left >= 0:
        yield rows, left
    if right < width:
        yield rows, right


def _draw(images: torch.Tensor, boxes: torch.Tensor, colors: torch.Tensor) -> torch.Tensor:
    n, height, width, depth = images.shape
    if depth not in (1, 3, 4):
        raise _wrong(_DEPTHS)
    if boxes.shape[0] != n:
        raise _wrong("The batch sizes should be the same")
    out = images.clone()
    size = boxes.new_tensor([height - 1, width - 1, height - 1, width - 1])
    for image, image_boxes in zip(out, (boxes * size).long().tolist(), strict=True):
        for k, box in enumerate(image_boxes):
            for line in _lines(box, height, width):
                image[line] = colors[k % len(colors), :depth].to(image)
    return out


def _usual_colors(depth: int) -> torch.Tensor:
    colors = torch.tensor(_COLORS)
    if depth == 1:
        colors[:, 0] = 1
    return colors


@op("DrawBoundingBoxes", infer=_drawn_on, host=True)
def draw_bounding_boxes(images, boxes):
    """The images [N, H, W, C] with the boxes [N, M, 4] drawn on them in ten colors."""
    return _draw(images, boxes, _usual_colors(images.shape[3]))


@op("DrawBoundingBoxesV2", infer=lambda c: infer.with_rank_at_least(c.shapes[0], 3), host=True)
def draw_bounding_boxes_v2(images, boxes, colors):
    """The images [N, H, W, C] with the boxes [N, M, 4] drawn on them in `colors` [K, 4], which
    repeat.
    """
    if images.dim() != 4:
        raise _wrong("The rank of the images should be 4")
    if boxes.dim() != 3:
        raise _wrong("The rank of the boxes tensor should be 3")
    if colors.dim() != 2:
        raise _wrong(f"colors must be a 2-D matrix{list(colors.shape)}")
    if colors.shape[1] < images.shape[3]:
        raise _wrong(
            "colors must have equal or more channels than the image provided: "
            f"[{','.join(str(size) for size in colors.shape)}]"
        )
    return _draw(images, boxes, colors if colors.numel() else _usual_colors(images.shape[3]))


class _Words:
    """Single numbers from a stream, one 32-bit word after the other."""

    def __init__(self, stream: PhiloxStream, groups: int) -> None:
        self._words = self._all(stream.reserve(groups))

    @staticmethod
    def _all(at: philox.Position) -> Iterator[int]:
        while True:
            yield from philox.words(at, 64, 4).tolist()
            at = at.ahead(64)

    def word(self) -> int:
        """32 bits."""
        return next(self._words)

    def share(self) -> np.float32:
        """Uniform in [0, 1)."""
        return _FLOAT((self.word() & 0x7FFFFF) * 2.0**-23)

    def below(self, limit: int) -> int:
        """Uniform in [0, limit)."""
        if limit & (limit - 1) == 0:
            return self.word() & (limit - 1)
        least = _WORD % limit + 1
        while (word := self.word()) < least:
            pass
        return word % limit


class _Rectangle(NamedTuple):
    """Columns [left, right) and rows [top, bottom) of an image."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def area(self) -> int:
        return (self.right - self.left) * (self.bottom - self.top)

    def covers(self, other: _Rectangle, share: np.float32) -> bool:
        """Whether that share of another rectangle lies in this one."""
        if other.area < 1:
            return False
        left, right = max(self.left, other.left), min(self.right, other.right)
        top, bottom = max(self.top, other.top), min(self.bottom, other.bottom)
        common = 0 if left > right or top > bottom else (right - left) * (bottom - top)
        return _FLOAT(common) / _FLOAT(other.area) >= share


def _rounded(value: np.float32) -> int:
    return int(np.rint(value))


def _window(
    words: _Words, width: int, height: int, areas: list[float], aspect: np.float32
) -> _Rectangle | None:
    """A window of an aspect ratio at random; None if none has an area in the range `areas`."""
    least, most = (_FLOAT(_FLOAT(_FLOAT(area) * _FLOAT(width)) * _FLOAT(height)) for area in areas)
    if areas[0] > areas[1] or width <= 0 or height <= 0:
        return None
    rows = _rounded(np.sqrt(least / aspect))
    most_rows = _rounded(np.sqrt(most / aspect))
    if _rounded(_FLOAT(most_rows) * aspect) > width:
        most_rows = int((width + 0.5 - float(_FLOAT(1e-7))) / float(aspect))
    most_rows = min(most_rows, height)
    if rows < most_rows:
        rows += words.below(most_rows - rows + 1)
    else:
        rows = most_rows
    columns = _rounded(_FLOAT(rows) * aspect)
    if rows * columns < least:  # rounding may have made it too small
        rows += 1
        columns = _rounded(_FLOAT(rows) * aspect)
    if rows * columns > most:
        rows -= 1
        columns = _rounded(_FLOAT(rows) * aspect)
    if not (least <= rows * columns <= most and 0 < columns <= width and 0 < rows <= height):
        return None
    top = words.below(height - rows) if rows < height else 0
    left = words.below(width - columns) if columns < width else 0
    return _Rectangle(left, top, left + columns, top + rows)


def _text(value: float) -> str:
    """A float32 as TensorFlow writes it."""
    short = f"{value:.6g}"
    return short if _FLOAT(short) == _FLOAT(value) else f"{value:.9g}"


def _objects(boxes: torch.Tensor, width: int, height: int, may_be_none: bool) -> list[_Rectangle]:
    """The boxes as rectangles of the image; the image itself if there are none."""
    table = boxes.reshape(-1, 4)
    for coordinate in table.reshape(-1).tolist():
        if not 0 <= coordinate <= 1:
            raise _wrong(f"All bounding box coordinates must be in [0.0, 1.0]: {_text(coordinate)}")
    if not table.numel():
        if not may_be_none:
            raise _wrong(
                "No bounding boxes provided as input. One must enable "
                "use_image_if_no_bounding_boxes if you wish to not provide any bounding boxes."
            )
        return [_Rectangle(0, 0, width, height)]
    size = table.new_tensor([height, width, height, width])
    return [_Rectangle(x1, y1, x2, y2) for y1, x1, y2, x2 in (table * size).int().tolist()]


def _checked_ranges(aspects: list[float], areas: list[float], attempts: int) -> None:
    if len(aspects) != 2:
        raise _wrong("Aspect ratio range field must specify 2 dimensions")
    if min(aspects) <= 0:
        raise _wrong(
            f"Aspect ratio range must be non-negative: [{_text(aspects[0])}, {_text(aspects[1])}]"
        )
    if len(areas) != 2:
        raise _wrong("Area range field must specify 2 dimensions")
    if min(areas) <= 0:
        raise _wrong(f"Area range must be non-negative: [{_text(areas[0])}, {_text(areas[1])}]")
    if max(areas) > 1:
        raise _wrong(
            f"Area range must be less then or equal to 1.0: [{_text(areas[0])}, {_text(areas[1])}]"
        )
    if attempts <= 0:
        raise _wrong(f"Max attempts must be non-negative: {attempts}")


def _sample(
    image_size: torch.Tensor, boxes: torch.Tensor, covered: float, given: dict[str, Any], ctx: Any
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """What the two ops return; `given`: their other attrs."""
    aspects, areas, attempts = (
        given[name] for name in ("aspect_ratio_range", "area_range", "max_attempts")
    )
    _checked_ranges(aspects, areas, attempts)
    if covered < 0:
        raise _wrong(f"Min object covered must be non-negative: {_text(covered)}")
    height, width = image_size.tolist()[:2]
    objects = _objects(boxes, width, height, given["use_image_if_no_bounding_boxes"])
    stream = ctx.local(lambda: PhiloxStream(given["seed"], given["seed2"]))
    words = _Words(stream, attempts)
    low, high = (_FLOAT(aspect) for aspect in aspects)
    found = _Rectangle(0, 0, width, height)
    for _ in range(attempts):
        window = _window(words, width, height, areas, words.share() * (high - low) + low)
        if window and any(window.covers(thing, _FLOAT(covered)) for thing in objects):
            found = window
            break
    begin = image_size.new_tensor([found.top, found.left, 0])
    size = [found.bottom - found.top, found.right - found.left, -1]
    if image_size.dtype is torch.uint8:
        size[2] = 255
    box = torch.tensor([found.top, found.left, found.bottom, found.right], dtype=torch.float32)
    box /= torch.tensor([height, width, height, width])
    return begin, image_size.new_tensor(size), box.reshape(1, 1, 4)


def _sampled_shapes(c: Any) -> list[infer.Shape]:
    image_shapes.exactly(infer.with_rank(c.shapes[0], 1)[0], 3)
    image_shapes.exactly(infer.with_rank(c.shapes[1], 3)[2], 4)
    image_shapes.scalar_inputs(c, *range(2, len(c.shapes)))
    return [(3,), (3,), (1, 1, 4)]


@op("SampleDistortedBoundingBox", infer=_sampled_shapes, host=True)
def sample_distorted_bounding_box(
    image_size,
    bounding_boxes,
    *,
    seed=0,
    seed2=0,
    min_object_covered=0.1,
    aspect_ratio_range=(0.75, 1.33),
    area_range=(0.05, 1.0),
    max_attempts=100,
    use_image_if_no_bounding_boxes=False,
    ctx,
):
    """A window of an image at random that covers enough of one of the boxes: image_size [3], boxes
    [N, M, 4] -> where it begins [3], its size [3], and itself as a box float32 [1, 1, 4].
    """
    given = {
        "seed": seed,
        "seed2": seed2,
        "aspect_ratio_range": aspect_ratio_range,
        "area_range": area_range,
        "max_attempts": max_attempts,
        "use_image_if_no_bounding_boxes": use_image_if_no_bounding_boxes,
    }
    return _sample(image_size, bounding_boxes, min_object_covered, given, ctx)


@op("SampleDistortedBoundingBoxV2", infer=_sampled_shapes, host=True)
def sample_distorted_bounding_box_v2(
    image_size,
    bounding_boxes,
    min_object_covered,
    *,
    seed=0,
    seed2=0,
    aspect_ratio_range=(0.75, 1.33),
    area_range=(0.05, 1.0),
    max_attempts=100,
    use_image_if_no_bounding_boxes=False,
    ctx,
):
    """SampleDistortedBoundingBox with the share to cover as an input."""
    given = {
        "seed": seed,
        "seed2": seed2,
        "aspect_ratio_range": aspect_ratio_range,
        "area_range": area_range,
        "max_attempts": max_attempts,
        "use_image_if_no_bounding_boxes": use_image_if_no_bounding_boxes,
    }
    return _sample(image_size, bounding_boxes, float(min_object_covered), given, ctx)


def _cropped_shape(c: Any) -> infer.Shape:
    depth = infer.with_rank(c.shapes[0], 3)[2]
    image_shapes.exactly(infer.with_rank(c.shapes[1], 1)[0], 2)
    size = c.value(1)
    return (None, None, depth) if size is None else (int(size[0]), int(size[1]), depth)


def _refuse_smaller(axis: str, size: int, target: int) -> None:
    if size < target:
        raise errors.FailedPreconditionError(
            None,
            None,
            f"{axis} must be >= target_{axis}: {axis} = {size}, target_{axis} = {target}",
        )


@op("RandomCrop", infer=_cropped_shape, host=True)
def random_crop(image, size, *, seed=0, seed2=0, ctx):
    """A window of an image at random: [H, W, C], size [2] -> [h, w, C]."""
    height, width = size.tolist()
    _refuse_smaller("width", image.shape[1], width)
    _refuse_smaller("height", image.shape[0], height)
    words = _Words(ctx.local(lambda: PhiloxStream(seed, seed2)), 1)
    room = image.shape[1] - width, image.shape[0] - height
    left, top = (words.word() % (space + 1) if space else 0 for space in room)
    return image[top : top + height, left : left + width].clone()


for _block in (
    random_crop,
    draw_bounding_boxes,
    sample_distorted_bounding_box,
    sample_distorted_bounding_box_v2,
):
    _block.no_gradient()
