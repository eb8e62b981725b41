# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.raw_ops: a function for each op, made at its first use."""
from rekindle._src.platform.raw_ops import op_types as _op_types, raw_op as __getattr__


def __dir__():
    return sorted(_op_types())
