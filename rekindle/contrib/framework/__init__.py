# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.framework."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.framework.arg_scope import (
    add_arg_scope as add_arg_scope,
    arg_scope as arg_scope,
    arg_scoped_arguments as arg_scoped_arguments,
    current_arg_scope as current_arg_scope,
    has_arg_scope as has_arg_scope,
)
from rekindle._src.contrib.framework.checkpoint import (
    assign_from_checkpoint as assign_from_checkpoint,
    assign_from_checkpoint_fn as assign_from_checkpoint_fn,
    assign_from_values as assign_from_values,
    assign_from_values_fn as assign_from_values_fn,
)
from rekindle._src.contrib.framework.tensors import (
    assert_scalar_int as assert_scalar_int,
    reduce_sum_n as reduce_sum_n,
    with_same_shape as with_same_shape,
    with_shape as with_shape,
)
from rekindle._src.contrib.framework.variables import (
    VariableDeviceChooser as VariableDeviceChooser,
    add_model_variable as add_model_variable,
    assert_or_get_global_step as assert_or_get_global_step,
    filter_variables as filter_variables,
    get_local_variables as get_local_variables,
    get_model_variables as get_model_variables,
    get_trainable_variables as get_trainable_variables,
    get_unique_variable as get_unique_variable,
    get_variable_full_name as get_variable_full_name,
    get_variables as get_variables,
    get_variables_by_name as get_variables_by_name,
    get_variables_by_suffix as get_variables_by_suffix,
    get_variables_to_restore as get_variables_to_restore,
    global_variable as global_variable,
    local_variable as local_variable,
    model_variable as model_variable,
    variable as variable,
    zero_initializer as zero_initializer,
)
from rekindle._src.graph.sparse import convert_to_tensor_or_sparse_tensor as convert_to_tensor_or_sparse_tensor
from rekindle._src.ops.case import smart_case as smart_case
from rekindle._src.ops.check import assert_same_float_dtype as assert_same_float_dtype
from rekindle._src.ops.check_shape import assert_scalar as assert_scalar
from rekindle._src.ops.cond import (
    smart_cond as smart_cond,
    smart_constant_value as smart_constant_value,
)
from rekindle._src.ops.record_input import RecordInput as RecordInput
from rekindle._src.ops.sort import (
    argsort as argsort,
    sort as sort,
)
from rekindle._src.platform.behavior import is_tensor as is_tensor
from rekindle._src.platform.deprecation import (
    deprecated as deprecated,
    deprecated_arg_values as deprecated_arg_values,
    deprecated_args as deprecated_args,
)
from rekindle._src.state.matrix_initializers import (
    ConvolutionDeltaOrthogonal as convolutional_delta_orthogonal,
    ConvolutionOrthogonal1D as convolutional_orthogonal_1d,
    ConvolutionOrthogonal2D as convolutional_orthogonal_2d,
    ConvolutionOrthogonal3D as convolutional_orthogonal_3d,
)
from rekindle._src.train.checkpoint_variables import (
    init_from_checkpoint as init_from_checkpoint,
    list_variables as list_variables,
    load_checkpoint as load_checkpoint,
    load_variable as load_variable,
)
from rekindle._src.train.global_step import (
    assert_global_step as assert_global_step,
    create_global_step as create_global_step,
    get_global_step as get_global_step,
    get_or_create_global_step as get_or_create_global_step,
)
from rekindle._src.train.remapped import (
    load_and_remap_matrix as load_and_remap_matrix,
    load_and_remap_matrix_initializer as load_and_remap_matrix_initializer,
    load_embedding_initializer as load_embedding_initializer,
)

__getattr__ = _getter('contrib.framework', 'nest')
