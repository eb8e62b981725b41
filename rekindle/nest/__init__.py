# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.nest."""
from rekindle._missing import getter as _getter
from rekindle._src.nest import (
    assert_same_structure as assert_same_structure,
    flatten as flatten,
    is_nested as is_nested,
    map_structure as map_structure,
    pack_sequence_as as pack_sequence_as,
)

__getattr__ = _getter('nest')
