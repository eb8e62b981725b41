# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.image."""
from rekindle._missing import getter as _getter
from rekindle._src.ops.array_blocks import (
    extract_image_patches as extract_image_patches,
    extract_patches as extract_patches,
)
from rekindle._src.ops.random import random_crop as random_crop

__getattr__ = _getter('image')
