# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.estimator."""
from rekindle._missing import getter as _getter

__getattr__ = _getter('estimator')
