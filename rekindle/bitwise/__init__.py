# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.bitwise."""
from rekindle._missing import getter as _getter
from rekindle._src.ops.math_logic import (
    bitwise_and as bitwise_and,
    bitwise_or as bitwise_or,
    bitwise_xor as bitwise_xor,
    invert as invert,
    left_shift as left_shift,
    right_shift as right_shift,
)

__getattr__ = _getter('bitwise')
