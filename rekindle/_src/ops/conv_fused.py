"""Convolutions that resize and mirror their input first: what optimize_for_inference makes.

Source: TensorFlow's FusedResizeAndPadConv2D and FusedPadConv2D, which have no gradients, and which
take the first image of a batch for all of them; these do not.
"""
from __future__ import annotations

from typing import Any

from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op
from rekindle._src.ops import array_pad, conv, image_resize, windows


def _shape(c: Any) -> infer.Shape:
    """The shape after resizing, padding and convolution: [N, H, W, C] -> [N, H', W', out]."""
    is_resized = len(c.shapes) == 4
    x, w = infer.with_rank(c.shapes[0], 4), infer.with_rank(c.shapes[-1], 4)
    size = c.value(1) if is_resized else None
    paddings = c.value(len(c.shapes) - 2)
    rank = infer.with_rank(c.shapes[len(c.shapes) - 2], 2)[0]
    if rank != 4:
        raise ValueError(f"Shape must be rank {-1 if rank is None else rank} but is rank 4")
    extent: list[int | None] = list(x[1:3])
    if is_resized:
        extent = [None, None] if size is None else [int(one) for one in size]
    if paddings is None:
        extent = [None, None]
    else:
        sides = [int(one) for one in paddings.sum(1)]
        extent = [None if n is None else n + more for n, more in zip(extent, sides[1:3])]
    strides = c.attr("strides")
    if len(strides) != 4:
        raise ValueError(f"Operation requires the stride attribute to contain 4 values, but got: {len(strides)}")
    conv.check_depths(x[3], w[2], w[3])
    sizes = [
        windows.output_size(n, k, s, c.attr("padding"), 1, (0, 0))
        for n, k, s in zip(extent, w[:2], strides[1:3])
    ]
    return (x[0], *sizes, w[3])


@op("FusedPadConv2D", infer=_shape)
def fused_pad_conv2d(input, paddings, filter, *, mode, strides, padding):
    """The convolution of the mirrored input."""
    padded = array_pad.mirror_pad.kernel(input, paddings, mode=mode)
    return conv.convolve(padded, filter, strides, padding, (), "NHWC", (1, 1, 1, 1))


@op("FusedResizeAndPadConv2D", infer=_shape)
def fused_resize_and_pad_conv2d(
    input, size, paddings, filter, *, resize_align_corners=False, mode, strides, padding
):
    """The convolution of the input, resized and then mirrored."""
    resized = image_resize.resize_bilinear_op.kernel(input, size, align_corners=resize_align_corners)
    padded = array_pad.mirror_pad.kernel(resized.to(input.dtype), paddings, mode=mode)
    return conv.convolve(padded, filter, strides, padding, (), "NHWC", (1, 1, 1, 1))
