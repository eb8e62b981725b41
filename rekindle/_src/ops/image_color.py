"""Colors of images: RGB to HSV and back, contrast, hue and saturation."""

from __future__ import annotations

from typing import Any

import torch

from rekindle._src.graph import infer
from rekindle._src.graph.opdef import op
from rekindle._src.ops import image_shapes


def _colors(c: Any) -> infer.Shape:
    x = infer.with_rank_at_least(c.shapes[0], 1)
    return None if x is None else (*x[:-1], image_shapes.exactly(x[-1], 3))


def _image(c: Any) -> infer.Shape:
    return infer.with_rank_at_least(c.shapes[0], 3)


def _contrast_shape(c: Any) -> infer.Shape:
    image_shapes.scalar_inputs(c, *range(1, len(c.shapes)))
    return infer.with_rank_at_least(c.shapes[0], 3)


def _to_hsv(rgb: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Hue, saturation and value, all in [0, 1]: [..., 3] -> three [...]."""
    red, green, blue = rgb.unbind(-1)
    value = torch.amax(rgb, -1)
    spread = value - torch.amin(rgb, -1)
    saturation = torch.where(value > 0, spread / value, 0)
    norm = 1 / (6 * spread)
    hue = torch.where(
        red == value,
        norm * (green - blue),
        torch.where(green == value, norm * (blue - red) + 2.0 / 6, norm * (red - green) + 4.0 / 6),
    )
    hue = torch.where(spread <= 0, 0, hue)
    return torch.where(hue < 0, hue + 1, hue), saturation, value


@op("RGBToHSV", public="image.rgb_to_hsv", infer=_colors)
def rgb_to_hsv(images):
    """Hue, saturation and value of red, green and blue, all in [0, 1]: [..., 3] -> [..., 3]."""
    return torch.stack(_to_hsv(images), -1)


@op("HSVToRGB", public="image.hsv_to_rgb", infer=_colors)
def hsv_to_rgb(images):
    """Red, green and blue of hue, saturation and value, all in [0, 1]: [..., 3] -> [..., 3]."""
    hue, saturation, value = images.unbind(-1)
    parts = (torch.abs(hue * 6 - 3) - 1, 2 - torch.abs(hue * 6 - 2), 2 - torch.abs(hue * 6 - 4))
    return torch.stack(
        [(1 - saturation + saturation * torch.clamp(p, 0, 1)) * value for p in parts], -1
    )


hsv_to_rgb.no_gradient()


@op("AdjustContrastv2", infer=_contrast_shape)
def adjust_contrastv2(images, contrast_factor):
    """Each channel's distance from its mean times a factor: [..., H, W, C]."""
    mean = images.float().mean((-3, -2), keepdim=True).to(images.dtype)
    return (images - mean) * contrast_factor.to(images.dtype) + mean


@op("AdjustContrast", infer=_contrast_shape)
def adjust_contrast(images, contrast_factor, min_value, max_value):
    """AdjustContrastv2 in float32 with the result held between bounds."""
    images = images.float()
    mean = images.mean((-3, -2), keepdim=True)
    adjusted = (images - mean) * contrast_factor + mean
    return torch.minimum(torch.maximum(adjusted, min_value), max_value)


@op("AdjustHue", infer=_image)
def adjust_hue(images, delta):
    """The hue turned by a share of the circle: RGB [..., 3] -> [..., 3]."""
    rgb = images.float()
    low, high = torch.amin(rgb, -1), torch.amax(rgb, -1)
    turned = torch.remainder(_sixths(rgb, low, high) + delta.float() * 6, 6)
    return _from_sixths(turned, low, high).to(images.dtype)


def _sixths(rgb: torch.Tensor, low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
    """The hue in sixths of the circle: [..., 3] -> [...]."""
    red, green, blue = rgb.unbind(-1)
    spread = high - low
    safe = torch.where(spread > 0, spread, 1)
    hue = torch.where(
        red == high,
        (green - blue) / safe,
        torch.where(green == high, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    return torch.where(spread > 0, torch.remainder(hue, 6), 0)


def _from_sixths(hue: torch.Tensor, low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
    """RGB of a hue in sixths, with the least and the greatest channel."""
    parts = (torch.abs(hue - 3) - 1, 2 - torch.abs(hue - 2), 2 - torch.abs(hue - 4))
    return torch.stack([low + (high - low) * torch.clamp(p, 0, 1) for p in parts], -1)


@op("AdjustSaturation", infer=_image)
def adjust_saturation(images, scale):
    """The saturation times a factor, at most 1: RGB [..., 3] -> [..., 3]."""
    hue, saturation, value = _to_hsv(images.float())
    saturation = torch.clamp(saturation * scale.float(), 0, 1)
    return hsv_to_rgb.kernel(torch.stack([hue, saturation, value], -1)).to(images.dtype)
