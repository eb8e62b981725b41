# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib."""
from rekindle._missing import getter as _getter

__getattr__ = _getter('contrib', 'deprecated', 'framework', 'learn', 'legacy_seq2seq', 'lookup', 'nn', 'rnn', 'slim', 'stateless', 'util')
