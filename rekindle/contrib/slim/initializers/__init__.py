# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.slim.initializers."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.layers.initializers import (
    variance_scaling_initializer as variance_scaling_initializer,
    xavier_initializer as xavier_initializer,
    xavier_initializer_conv2d as xavier_initializer_conv2d,
)

__getattr__ = _getter('contrib.slim.initializers')
