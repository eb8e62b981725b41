# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.tools.graph_transforms."""
from rekindle._missing import getter as _getter
from rekindle._src.rewrite.transforms import (
    transform_graph as TransformGraph,
    transform_graph_with_string_inputs as TransformGraphWithStringInputs,
)

__getattr__ = _getter('tools.graph_transforms')
