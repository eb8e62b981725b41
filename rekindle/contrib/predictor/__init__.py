# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.predictor."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.predictor import from_saved_model as from_saved_model

__getattr__ = _getter('contrib.predictor')
