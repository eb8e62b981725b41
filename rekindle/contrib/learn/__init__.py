# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.learn."""
from rekindle._missing import getter as _getter

__getattr__ = _getter('contrib.learn', 'datasets', 'preprocessing')
