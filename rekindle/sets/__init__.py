# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.sets."""
from rekindle._missing import getter as _getter
from rekindle._src.ops.sets import (
    set_difference as difference,
    set_intersection as intersection,
    set_difference as set_difference,
    set_intersection as set_intersection,
    set_size as set_size,
    set_union as set_union,
    set_size as size,
    set_union as union,
)

__getattr__ = _getter('sets')
