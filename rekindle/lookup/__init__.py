# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.lookup."""
from rekindle._missing import getter as _getter
from rekindle._src.ops.lookup_buckets import StaticVocabularyTable as StaticVocabularyTable
from rekindle._src.ops.lookup_tables import (
    KeyValueTensorInitializer as KeyValueTensorInitializer,
    StaticHashTable as StaticHashTable,
    TextFileIndex as TextFileIndex,
    TextFileInitializer as TextFileInitializer,
)
from rekindle.lookup import experimental as experimental

__getattr__ = _getter('lookup')
