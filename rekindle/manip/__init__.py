# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.manip."""
from rekindle._missing import getter as _getter
from rekindle._src.ops.array_blocks import batch_to_space_nd as batch_to_space_nd
from rekindle._src.ops.array_select import (
    reverse_v2 as reverse,
    roll as roll,
)
from rekindle._src.ops.array_shape import reshape as reshape
from rekindle._src.ops.array_split import tile as tile
from rekindle._src.ops.gather import gather_nd as gather_nd
from rekindle._src.ops.scatter import scatter_nd as scatter_nd

__getattr__ = _getter('manip')
