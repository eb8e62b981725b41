# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.strings."""
from rekindle._missing import getter as _getter
from rekindle._src.ops.string import (
    as_string as as_string,
    string_join as join,
    string_length as length,
    string_lower as lower,
    reduce_join as reduce_join,
    regex_full_match as regex_full_match,
    regex_replace as regex_replace,
    string_strip as strip,
    substr as substr,
    string_to_number as to_number,
    string_upper as upper,
)
from rekindle._src.ops.string_format import string_format as format
from rekindle._src.ops.string_hash import (
    string_to_hash_bucket as to_hash_bucket,
    string_to_hash_bucket_fast as to_hash_bucket_fast,
    string_to_hash_bucket_strong as to_hash_bucket_strong,
)
from rekindle._src.ops.string_split import (
    strings_split as split,
    unicode_transcode as unicode_transcode,
    unsorted_segment_join as unsorted_segment_join,
)

__getattr__ = _getter('strings')
