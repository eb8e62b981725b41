"""Non-maximum suppression: of boxes that overlap much, the one with the best score stays.

A box is (y1, x1, y2, x2), any two opposite corners. The loop is in `box_kernels.py`.
"""

from __future__ import annotations

import functools
from types import ModuleType
from typing import Any

import numpy as np
import torch

from rekindle._src import errors
from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op
from rekindle._src.ops import image_shapes
from rekindle._src.ops.top import size_input

_LOWEST = float(np.finfo(np.float32).min)


@functools.cache
def _kernels() -> ModuleType:
    # Here, since numba takes half a second to import, which not every program need pay.
    from rekindle._src.ops import box_kernels

    return box_kernels


def _wrong(message: str) -> errors.InvalidArgumentError:
    return errors.InvalidArgumentError(None, None, message)


def _same(a: int | None, b: int | None) -> int | None:
    if a is not None and b is not None and a != b:
        raise ValueError(f"Dimensions must be equal, but are {a} and {b}")
    return b if a is None else a


def _checked(c: Any) -> int | None:
    """Check boxes, scores and scalars; how many are chosen if the result is padded, else None."""
    boxes = infer.with_rank(c.shapes[0], 2)
    scores = infer.with_rank(c.shapes[1], 1)
    image_shapes.scalar_inputs(c, *range(2, len(c.shapes)))
    _same(boxes[0], scores[0])
    image_shapes.exactly(boxes[1], 4)
    return None


def _chosen(c: Any) -> infer.Shape:
    _checked(c)
    return (None,)


def _chosen_of_overlaps(c: Any) -> infer.Shape:
    overlaps = infer.with_rank(c.shapes[0], 2)
    scores = infer.with_rank(c.shapes[1], 1)
    image_shapes.scalar_inputs(c, *range(2, len(c.shapes)))
    _same(overlaps[0], scores[0])
    _same(*overlaps)
    return (None,)


def _maybe_padded(c: Any) -> infer.Shape:
    _checked(c)
    return (size_input(c, 2) if c.attr("pad_to_max_output_size") else None,)


def _suppressed(
    table: torch.Tensor,
    scores: torch.Tensor,
    size: torch.Tensor,
    limits: tuple[Any, Any, Any],
    is_overlaps: bool = False,
) -> tuple[torch.Tensor, torch.Tensor, int]:
    """(indices [size], scores [size], how many of them count).

    Args:
      table: boxes [N, 4] or overlaps [N, N].
      scores: [N].
      size: how many to choose at most; negative: no limit.
      limits: greatest overlap, least score, sigma.
      is_overlaps: `table` holds overlaps.
    """
    most, least, sigma = (float(limit) for limit in limits)
    if scores.shape[0] != table.shape[0]:
        raise _wrong("scores has incompatible shape")
    room = int(size) if size >= 0 else len(scores)
    scale = -0.5 / sigma if sigma > 0 else 0.0
    chosen, chosen_scores = np.zeros(room, np.int32), np.zeros(room, np.float32)
    values = [x.float().contiguous().numpy() for x in (table, scores)]
    marks = np.array([most, least, scale], np.float32)
    count = _kernels().suppress(values[0], is_overlaps, values[1], marks, chosen, chosen_scores)
    return torch.from_numpy(chosen), torch.from_numpy(chosen_scores).to(scores.dtype), count


def _of_boxes(
    boxes: torch.Tensor,
    scores: torch.Tensor,
    size: torch.Tensor,
    limits: tuple[Any, Any, Any],
    is_padded: bool = False,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(indices, scores, how many count) as tensors."""
    if not 0 <= float(limits[0]) <= 1:
        raise _wrong("iou_threshold must be in [0, 1]")
    if float(limits[2]) < 0:
        raise _wrong("soft_nms_sigma_val must be >= 0")
    if boxes.shape[1] != 4:
        raise _wrong("boxes must have 4 columns")
    indices, values, count = _suppressed(boxes, scores, size, limits)
    end = len(indices) if is_padded else count
    return indices[:end], values[:end], torch.tensor(count, dtype=torch.int32)


@op("NonMaxSuppression", infer=_chosen, host=True)
def non_max_suppression(boxes, scores, max_output_size, *, iou_threshold=0.5):
    """Indices of the boxes that stay, best first: boxes [N, 4], scores [N] -> int32 [M]."""
    return _of_boxes(boxes, scores, max_output_size, (iou_threshold, _LOWEST, 0))[0]


@op("NonMaxSuppressionV2", infer=_chosen, host=True)
def non_max_suppression_v2(boxes, scores, max_output_size, iou_threshold):
    """NonMaxSuppression with the threshold as an input."""
    return _of_boxes(boxes, scores, max_output_size, (iou_threshold, _LOWEST, 0))[0]


@op("NonMaxSuppressionV3", infer=_chosen, host=True)
def non_max_suppression_v3(boxes, scores, max_output_size, iou_threshold, score_threshold):
    """NonMaxSuppression of boxes whose score exceeds a threshold."""
    return _of_boxes(boxes, scores, max_output_size, (iou_threshold, score_threshold, 0))[0]


@op("NonMaxSuppressionV4", infer=lambda c: [_maybe_padded(c), ()], host=True)
def non_max_suppression_v4(
    boxes, scores, max_output_size, iou_threshold, score_threshold, *, pad_to_max_output_size=False
):
    """NonMaxSuppressionV3, its result as long as `max_output_size` if so wished; also how many of
    the indices count.
    """
    limits = iou_threshold, score_threshold, 0
    found = _of_boxes(boxes, scores, max_output_size, limits, pad_to_max_output_size)
    return found[0], found[2]


@op("NonMaxSuppressionV5", infer=lambda c: [_maybe_padded(c)] * 2 + [()], host=True)
def non_max_suppression_v5(
    boxes,
    scores,
    max_output_size,
    iou_threshold,
    score_threshold,
    soft_nms_sigma,
    *,
    pad_to_max_output_size=False,
):
    """NonMaxSuppressionV4 that also lowers the scores of boxes that overlap; indices, scores, and
    how many count.
    """
    limits = iou_threshold, score_threshold, soft_nms_sigma
    return _of_boxes(boxes, scores, max_output_size, limits, pad_to_max_output_size)


@op("NonMaxSuppressionWithOverlaps", infer=_chosen_of_overlaps, host=True)
def non_max_suppression_with_overlaps(
    overlaps, scores, max_output_size, overlap_threshold, score_threshold
):
    """Indices of those that stay, given how much each two overlap: [N, N], scores [N] -> int32
    [M].
    """
    limits = overlap_threshold, score_threshold, 0
    indices, _, count = _suppressed(overlaps, scores, max_output_size, limits, is_overlaps=True)
    return indices[:count]


def _combined_shapes(c: Any) -> list[infer.Shape]:
    boxes, scores = infer.with_rank(c.shapes[0], 4), infer.with_rank(c.shapes[1], 3)
    image_shapes.scalar_inputs(c, 2, 3, 4, 5)
    batch = boxes[0]
    _same(batch, scores[0])
    _same(boxes[1], scores[1])
    image_shapes.exactly(boxes[3], 4)
    classes = scores[2]
    if boxes[2] is not None and classes is not None and boxes[2] not in (1, classes):
        raise ValueError(
            "third dimension of boxes must be either 1 or equal to the third dimension of scores"
        )
    size, each = size_input(c, 3), size_input(c, 2)
    if size is not None and size <= 0:
        raise ValueError("max_total_size should be > 0 ")
    if c.attr("pad_per_class"):
        if each is not None and each <= 0:
            raise ValueError(
                "max_output_size_per_class must be > 0 if pad_per_class is set to true "
            )
        known = None not in (size, each, classes)
        size = min(size, each * classes) if known else None
    return [(batch, size, 4), (batch, size), (batch, size), (batch,)]


def _best_of_classes(
    boxes: torch.Tensor, scores: torch.Tensor, each: int, most: float, least: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Boxes [M, 4], their scores and classes [M], best first, of one image's [N, q, 4] and [N,
    classes].
    """
    found = []
    for k in range(scores.shape[1]):
        table, column = boxes[:, k if boxes.shape[1] > 1 else 0], scores[:, k]
        # A box that overlaps just as much as allowed stays here, unlike in the plain suppression.
        above = float(np.nextafter(np.float32(most), np.float32(2)))
        size = torch.tensor(min(each, len(column)))
        indices, values, count = _suppressed(table, column, size, (above, least, 0))
        rows = indices[:count].long()
        found.append((table[rows], values[:count], torch.full((count,), float(k))))
    joined = [torch.cat(parts) for parts in zip(*found, strict=True)]
    order = torch.argsort(joined[1], descending=True, stable=True)
    return tuple(part[order] for part in joined)


def _checked_limits(size: int, most: float) -> None:
    if size <= 0:
        raise _wrong("max_total_size must be > 0")
    if not 0 <= most <= 1:
        raise _wrong("iou_threshold must be in [0, 1]")


@op("CombinedNonMaxSuppression", infer=_combined_shapes, host=True)
def combined_non_max_suppression(
    boxes,
    scores,
    max_output_size_per_class,
    max_total_size,
    iou_threshold,
    score_threshold,
    *,
    pad_per_class=False,
    clip_boxes=True,
):
    """The best boxes of a batch over all classes, suppressed within each: boxes [B, N, q, 4] with q
    one or the number of classes, scores [B, N, classes] -> boxes [B, M, 4], scores [B, M], classes
    [B, M], int32 counts [B].
    """
    each, size = int(max_output_size_per_class), int(max_total_size)
    most, least = float(iou_threshold), float(score_threshold)
    _checked_limits(size, most)
    if boxes.shape[2] not in (1, scores.shape[2]):
        raise _wrong("third dimension of boxes must be either 1 or num classes")
    if pad_per_class:
        size = min(size, each * scores.shape[2])
    batch = boxes.shape[0]
    out = boxes.new_zeros(batch, size, 4), *(scores.new_zeros(batch, size) for _ in range(2))
    counts = torch.zeros(batch, dtype=torch.int32)
    for b in range(batch):
        found = _best_of_classes(boxes[b], scores[b], each, most, least)
        counts[b] = count = min(size, len(found[1]))
        for result, values in zip(out, found, strict=True):
            result[b, :count] = values[:count]
    return out[0].clamp(0, 1) if clip_boxes else out[0], out[1], out[2], counts


for _block in (
    non_max_suppression,
    non_max_suppression_v2,
    non_max_suppression_with_overlaps,
):
    _block.no_gradient()
