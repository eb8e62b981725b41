# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.layers.experimental."""
from rekindle._missing import getter as _getter
from rekindle._src.layers.base import (
    keras_style_scope as keras_style_scope,
    set_keras_style as set_keras_style,
)

__getattr__ = _getter('layers.experimental')
