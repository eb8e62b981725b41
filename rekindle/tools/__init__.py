# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.tools."""
from rekindle._missing import getter as _getter
from rekindle.tools import graph_transforms as graph_transforms

__getattr__ = _getter('tools')
