# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.compat."""
from rekindle._missing import getter as _getter
from rekindle._src.compat import (
    as_bytes as as_bytes,
    as_text as as_str,
    as_str_any as as_str_any,
    as_text as as_text,
    bytes_or_text_types as bytes_or_text_types,
    forward_compatibility_horizon as forward_compatibility_horizon,
    forward_compatible as forward_compatible,
    path_to_str as path_to_str,
)
from rekindle._src.graph.shapes import (
    dimension_at_index as dimension_at_index,
    dimension_value as dimension_value,
)
from rekindle._src.platform.numeric_types import (
    complex_types as complex_types,
    integral_types as integral_types,
    real_types as real_types,
)
from rekindle.compat import v1 as v1

__getattr__ = _getter('compat')
