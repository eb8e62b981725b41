# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.lookup.experimental."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.lookup import MutableDenseHashTable as DenseHashTable

__getattr__ = _getter('lookup.experimental')
