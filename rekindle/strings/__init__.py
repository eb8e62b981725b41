# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.strings."""
from rekindle._missing import getter as _getter
from rekindle._src.ops.string import string_join as join
from rekindle._src.ops.string_format import string_format as format

__getattr__ = _getter('strings')
