# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.tensorboard.plugins."""
from rekindle._missing import getter as _getter

__getattr__ = _getter('contrib.tensorboard.plugins', 'projector')
