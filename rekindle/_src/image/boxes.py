"""`tf.image` of boxes: suppression, crops, drawing, sampling, glimpses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rekindle._src.graph import convert, dtypes, scopes
from rekindle._src.names import public
from rekindle._src.ops import arguments, image_boxes, image_crop, image_draw

_ANY_SCORE = float("-inf")


@public("image.non_max_suppression")
def non_max_suppression(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = _ANY_SCORE,
    name: str | None = None,
) -> Any:
    """Indices of boxes, best first, of which no two overlap much.

    Args:
      boxes: [N, 4], (y1, x1, y2, x2) each.
      scores: [N].
      max_output_size: int32, how many at most.
      iou_threshold: of two boxes that share a greater part of what they cover together, the one
        with the lower score is dropped.
      score_threshold: what a score must exceed.
      name: the name scope.

    Returns:
      int32 [M].
    """
    with scopes.name_scope(name, "non_max_suppression"):
        limits = _thresholds(iou_threshold, score_threshold)
        return image_boxes.non_max_suppression_v3(boxes, scores, max_output_size, *limits)


def _thresholds(overlap: Any, score: Any) -> tuple[Any, Any]:
    overlap = convert.convert_to_tensor(overlap, name="iou_threshold")
    return overlap, convert.convert_to_tensor(score, name="score_threshold")


@public("image.non_max_suppression_with_scores")
def non_max_suppression_with_scores(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = _ANY_SCORE,
    soft_nms_sigma: Any = 0.0,
    name: str | None = None,
) -> tuple[Any, Any]:
    """Indices of boxes, best first, and their scores, which overlaps lower; see
    `non_max_suppression`.

    Args:
      boxes: [N, 4].
      scores: [N].
      max_output_size: int32.
      iou_threshold: the greatest overlap.
      score_threshold: what a score must exceed.
      soft_nms_sigma: how slowly the score falls with the overlap; zero: not at all.
      name: the name scope.

    Returns:
      (int32 [M], [M]).
    """
    with scopes.name_scope(name, "non_max_suppression_with_scores"):
        limits = _thresholds(iou_threshold, score_threshold)
        sigma = convert.convert_to_tensor(soft_nms_sigma, name="soft_nms_sigma")
        found = image_boxes.non_max_suppression_v5(
            boxes, scores, max_output_size, *limits, sigma, pad_to_max_output_size=False
        )
        return found[0], found[1]


@public("image.non_max_suppression_padded")
def non_max_suppression_padded(
    boxes: Any,
    scores: Any,
    max_output_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = _ANY_SCORE,
    pad_to_max_output_size: bool = False,
    name: str | None = None,
) -> Any:
    """Indices as of `non_max_suppression`, and how many of them count.

    Args:
      boxes: [N, 4].
      scores: [N].
      max_output_size: int32.
      iou_threshold: the greatest overlap.
      score_threshold: what a score must exceed.
      pad_to_max_output_size: fill the indices up with zeros.
      name: the name scope.
    """
    with scopes.name_scope(name, "non_max_suppression_padded"):
        limits = _thresholds(iou_threshold, score_threshold)
        return image_boxes.non_max_suppression_v4(
            boxes, scores, max_output_size, *limits, pad_to_max_output_size=pad_to_max_output_size
        )


@public("image.non_max_suppression_overlaps")
def non_max_suppression_with_overlaps(
    overlaps: Any,
    scores: Any,
    max_output_size: Any,
    overlap_threshold: Any = 0.5,
    score_threshold: Any = _ANY_SCORE,
    name: str | None = None,
) -> Any:
    """`non_max_suppression` given how much each two overlap: [N, N]."""
    with scopes.name_scope(name, "non_max_suppression_overlaps"):
        limit = convert.convert_to_tensor(overlap_threshold, name="overlap_threshold")
        return image_boxes.non_max_suppression_with_overlaps(
            overlaps, scores, max_output_size, limit, score_threshold
        )


@public("image.combined_non_max_suppression")
def combined_non_max_suppression(
    boxes: Any,
    scores: Any,
    max_output_size_per_class: Any,
    max_total_size: Any,
    iou_threshold: Any = 0.5,
    score_threshold: Any = _ANY_SCORE,
    pad_per_class: bool = False,
    clip_boxes: bool = True,
    name: str | None = None,
) -> Any:
    """The best boxes of a batch over all classes, suppressed within each class.

    Args:
      boxes: [B, N, q, 4], q one or the number of classes.
      scores: [B, N, classes].
      max_output_size_per_class: int32.
      max_total_size: int32, for each image.
      iou_threshold: the greatest overlap.
      score_threshold: what a score must exceed.
      pad_per_class: results hold no more than all the classes can give.
      clip_boxes: cut the boxes to [0, 1].
      name: the name scope.

    Returns:
      boxes [B, M, 4], scores [B, M], classes [B, M], int32 counts [B].
    """
    with scopes.name_scope(name, "combined_non_max_suppression"):
        most = convert.convert_to_tensor(iou_threshold, dtypes.float32, name="iou_threshold")
        least = convert.convert_to_tensor(score_threshold, dtypes.float32, name="score_threshold")
        return image_boxes.combined_non_max_suppression(
            boxes,
            scores,
            max_output_size_per_class,
            max_total_size,
            most,
            least,
            pad_per_class=pad_per_class,
            clip_boxes=clip_boxes,
        )


@public("image.crop_and_resize")
def crop_and_resize(
    image: Any,
    boxes: Any,
    box_ind: Any = None,
    crop_size: Any = None,
    method: str = "bilinear",
    extrapolation_value: float = 0,
    name: str | None = None,
    box_indices: Any = None,
) -> Any:
    """Windows of images, all brought to one size.

    Args:
      image: [N, H, W, C].
      boxes: [M, 4] in shares of the image.
      box_ind: int32 [M], of which image each is.
      crop_size: int32 [2], height and width.
      method: "bilinear" or "nearest".
      extrapolation_value: what lies beyond the image.
      name: the operation's name.
      box_indices: `box_ind` by its other name.

    Returns:
      float32 [M, h, w, C].
    """
    box_ind = arguments.renamed("box_indices", box_indices, "box_ind", box_ind)
    return image_crop.crop_and_resize(
        image,
        boxes,
        box_ind,
        crop_size,
        method=method,
        extrapolation_value=extrapolation_value,
        name=name,
    )


@public("image.extract_glimpse")
def extract_glimpse(
    input: Any,
    size: Any,
    offsets: Any,
    centered: bool = True,
    normalized: bool = True,
    uniform_noise: bool = True,
    name: str | None = None,
) -> Any:
    """Windows of one size of the images, noise where they reach beyond.

    Args:
      input: float32 [N, H, W, C].
      size: int32 [2], height and width.
      offsets: float32 [N, 2], the centers (y, x).
      centered: offsets count from the image's center.
      normalized: offsets are shares of the image.
      uniform_noise: kept for compatibility; the noise is uniform.
      name: the operation's name.
    """
    return image_crop.extract_glimpse(
        input=input,
        size=size,
        offsets=offsets,
        centered=centered,
        normalized=normalized,
        uniform_noise=uniform_noise,
        name=name,
    )


@public("image.draw_bounding_boxes")
def draw_bounding_boxes(
    images: Any, boxes: Any, name: str | None = None, colors: Any = None
) -> Any:
    """The images with boxes drawn on them.

    Args:
      images: [N, H, W, C].
      boxes: [N, M, 4] in shares of the image.
      name: the operation's name.
      colors: [K, 4], which repeat; ten usual ones if left out.
    """
    if colors is None:
        return image_draw.draw_bounding_boxes(images, boxes, name=name)
    return image_draw.draw_bounding_boxes_v2(images, boxes, colors, name=name)


@public("image.sample_distorted_bounding_box")
def sample_distorted_bounding_box(
    image_size: Any,
    bounding_boxes: Any,
    seed: int | None = None,
    seed2: int | None = None,
    min_object_covered: Any = 0.1,
    aspect_ratio_range: Sequence[float] | None = None,
    area_range: Sequence[float] | None = None,
    max_attempts: int | None = None,
    use_image_if_no_bounding_boxes: bool | None = None,
    name: str | None = None,
) -> Any:
    """A window of an image at random that covers enough of one of the boxes.

    Args:
      image_size: [3], height, width and channels.
      bounding_boxes: [N, M, 4] in shares of the image.
      seed: with `seed2`, what the numbers start from; unpredictable if both are zero.
      seed2: see `seed`.
      min_object_covered: the share of a box that must be covered.
      aspect_ratio_range: width by height, least and greatest; 0.75 and 1.33 if left out.
      area_range: share of the image, least and greatest; 0.05 and 1 if left out.
      max_attempts: windows tried before the whole image is taken; 100 if left out.
      use_image_if_no_bounding_boxes: the image is the box if there are none.
      name: the name scope.

    Returns:
      where it begins [3], its size [3], and itself as a box [1, 1, 4].
    """
    with scopes.name_scope(name, "sample_distorted_bounding_box"):
        given = {
            "seed": seed,
            "seed2": seed2,
            "aspect_ratio_range": aspect_ratio_range,
            "area_range": area_range,
            "max_attempts": max_attempts,
            "use_image_if_no_bounding_boxes": use_image_if_no_bounding_boxes,
        }
        given = {key: value for key, value in given.items() if value is not None}
        return image_draw.sample_distorted_bounding_box_v2(
            image_size, bounding_boxes, min_object_covered, **given, name=name
        )
