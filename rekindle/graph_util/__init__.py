# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.graph_util."""
from rekindle._missing import getter as _getter
from rekindle._src.formats.graph_import import import_graph_def as import_graph_def

__getattr__ = _getter('graph_util')
