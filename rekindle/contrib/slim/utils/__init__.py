# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.slim.utils."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.layers.utils import (
    NamedOutputs as NamedOutputs,
    append_tensor_alias as append_tensor_alias,
    channel_dimension as channel_dimension,
    collect_named_outputs as collect_named_outputs,
    constant_value as constant_value,
    convert_collection_to_dict as convert_collection_to_dict,
    gather_tensors_aliases as gather_tensors_aliases,
    get_tensor_aliases as get_tensor_aliases,
    get_variable_collections as get_variable_collections,
    last_dimension as last_dimension,
    n_positive_integers as n_positive_integers,
    smart_cond as smart_cond,
    static_cond as static_cond,
    two_element_tuple as two_element_tuple,
)

__getattr__ = _getter('contrib.slim.utils')
