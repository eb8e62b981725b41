# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.app."""
from rekindle._missing import getter as _getter
from rekindle._src.platform.app import run as run

__getattr__ = _getter('app', 'flags')
