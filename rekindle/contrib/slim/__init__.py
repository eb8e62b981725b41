# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.slim."""
from rekindle._missing import getter as _getter
from rekindle._src.platform.deprecation import (
    deprecated as deprecated,
    deprecated_arg_values as deprecated_arg_values,
)

__getattr__ = _getter('contrib.slim')
