# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.image."""
from rekindle._missing import getter as _getter
from rekindle._src.ops.array_blocks import (
    extract_image_patches as extract_image_patches,
    extract_patches as extract_patches,
)
from rekindle._src.ops.image_codec import (
    decode_and_crop_jpeg as decode_and_crop_jpeg,
    decode_bmp as decode_bmp,
    decode_gif as decode_gif,
    decode_jpeg as decode_jpeg,
    decode_png as decode_png,
    encode_jpeg as encode_jpeg,
    encode_png as encode_png,
    extract_jpeg_shape as extract_jpeg_shape,
)
from rekindle._src.ops.image_color import (
    hsv_to_rgb as hsv_to_rgb,
    rgb_to_hsv as rgb_to_hsv,
)
from rekindle._src.ops.image_resize import (
    resize_area as resize_area,
    resize_bicubic as resize_bicubic,
    resize_bilinear as resize_bilinear,
    resize_nearest_neighbor as resize_nearest_neighbor,
)
from rekindle._src.ops.random import random_crop as random_crop

__getattr__ = _getter('image')
