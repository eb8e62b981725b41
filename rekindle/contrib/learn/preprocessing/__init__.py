# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.learn.preprocessing."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.text import VocabularyProcessor as VocabularyProcessor

__getattr__ = _getter('contrib.learn.preprocessing')
