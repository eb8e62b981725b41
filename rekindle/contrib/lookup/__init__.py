# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.lookup."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.lookup import (
    HashTable as HashTable,
    MutableDenseHashTable as MutableDenseHashTable,
    MutableHashTable as MutableHashTable,
    index_table_from_file as index_table_from_file,
    index_table_from_tensor as index_table_from_tensor,
    index_to_string as index_to_string,
    index_to_string_table_from_file as index_to_string_table_from_file,
    index_to_string_table_from_tensor as index_to_string_table_from_tensor,
    string_to_index as string_to_index,
    string_to_index_table_from_file as string_to_index_table_from_file,
    string_to_index_table_from_tensor as string_to_index_table_from_tensor,
)
from rekindle._src.ops.lookup_buckets import (
    FastHashSpec as FastHashSpec,
    HasherSpec as HasherSpec,
    IdTableWithHashBuckets as IdTableWithHashBuckets,
    StrongHashSpec as StrongHashSpec,
)
from rekindle._src.ops.lookup_tables import (
    InitializableLookupTableBase as InitializableLookupTableBase,
    KeyValueTensorInitializer as KeyValueTensorInitializer,
    LookupInterface as LookupInterface,
    TableInitializerBase as TableInitializerBase,
    TextFileIdTableInitializer as TextFileIdTableInitializer,
    TextFileIndex as TextFileIndex,
    TextFileInitializer as TextFileInitializer,
    TextFileStringTableInitializer as TextFileStringTableInitializer,
)

__getattr__ = _getter('contrib.lookup')
