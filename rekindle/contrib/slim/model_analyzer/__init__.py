# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.slim.model_analyzer."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.slim.model_analyzer import (
    analyze_ops as analyze_ops,
    analyze_vars as analyze_vars,
    tensor_description as tensor_description,
)

__getattr__ = _getter('contrib.slim.model_analyzer')
