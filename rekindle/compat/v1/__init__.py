# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.compat.v1: the same names as tf itself."""
import sys

import rekindle

sys.modules[__name__] = rekindle
