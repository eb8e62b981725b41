# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.graph_util."""
from rekindle._missing import getter as _getter
from rekindle._src.formats.graph_import import import_graph_def as import_graph_def
from rekindle._src.rewrite.constants import convert_variables_to_constants as convert_variables_to_constants
from rekindle._src.rewrite.nodes import (
    extract_sub_graph as extract_sub_graph,
    must_run_on_cpu as must_run_on_cpu,
    remove_training_nodes as remove_training_nodes,
    tensor_shape_from_node_def_name as tensor_shape_from_node_def_name,
)

__getattr__ = _getter('graph_util')
