# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.stateless."""
from rekindle._missing import getter as _getter
from rekindle._src.ops.random_stateless import (
    stateless_multinomial as stateless_multinomial,
    stateless_random_normal as stateless_random_normal,
    stateless_random_uniform as stateless_random_uniform,
    stateless_truncated_normal as stateless_truncated_normal,
)

__getattr__ = _getter('contrib.stateless')
