# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.saved_model.utils."""
from rekindle._missing import getter as _getter
from rekindle._src.saved_model.tensor_info import (
    build_tensor_info as build_tensor_info,
    get_tensor_from_tensor_info as get_tensor_from_tensor_info,
)

__getattr__ = _getter('saved_model.utils')
