# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.nn."""
from rekindle._missing import getter as _getter
from rekindle._src.ops.dropout import alpha_dropout as alpha_dropout
from rekindle._src.ops.top import nth_element as nth_element

__getattr__ = _getter('contrib.nn')
