# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.staging."""
from rekindle._missing import getter as _getter
from rekindle._src.ops.staging import StagingArea as StagingArea

__getattr__ = _getter('contrib.staging')
