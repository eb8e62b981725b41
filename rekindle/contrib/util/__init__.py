# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.util."""
from rekindle._missing import getter as _getter
from rekindle._src.graph.constants import (
    constant_value as constant_value,
    constant_value_as_shape as constant_value_as_shape,
)

__getattr__ = _getter('contrib.util')
