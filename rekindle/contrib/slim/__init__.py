# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.slim."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.framework.arg_scope import (
    add_arg_scope as add_arg_scope,
    arg_scope as arg_scope,
    arg_scope_func_key as arg_scope_func_key,
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
from rekindle._src.contrib.layers.batch_norm import batch_norm as batch_norm
from rekindle._src.contrib.layers.convolution import (
    convolution1d as conv1d,
    convolution2d as conv2d,
    convolution2d_transpose as conv2d_transpose,
    convolution3d as conv3d,
    convolution3d_transpose as conv3d_transpose,
    convolution as convolution,
    convolution1d as convolution1d,
    convolution2d as convolution2d,
    convolution2d_transpose as convolution2d_transpose,
    convolution3d as convolution3d,
    convolution3d_transpose as convolution3d_transpose,
)
from rekindle._src.contrib.layers.dense import (
    bias_add as bias_add,
    dropout as dropout,
    elu as elu,
    fully_connected as fully_connected,
    linear as linear,
    relu as relu,
    relu6 as relu6,
    repeat as repeat,
    stack as stack,
)
from rekindle._src.contrib.layers.encoders import (
    bow_encoder as bow_encoder,
    embed_sequence as embed_sequence,
    embedding_lookup_unique as embedding_lookup_unique,
)
from rekindle._src.contrib.layers.initializers import (
    variance_scaling_initializer as variance_scaling_initializer,
    xavier_initializer as xavier_initializer,
    xavier_initializer_conv2d as xavier_initializer_conv2d,
)
from rekindle._src.contrib.layers.norms import (
    group_norm as group_norm,
    instance_norm as instance_norm,
    layer_norm as layer_norm,
)
from rekindle._src.contrib.layers.optimizers import (
    OPTIMIZER_CLS_NAMES as OPTIMIZER_CLS_NAMES,
    OPTIMIZER_SUMMARIES as OPTIMIZER_SUMMARIES,
    adaptive_clipping_fn as adaptive_clipping_fn,
    optimize_loss as optimize_loss,
)
from rekindle._src.contrib.layers.pooling import (
    avg_pool2d as avg_pool2d,
    avg_pool3d as avg_pool3d,
    max_pool2d as max_pool2d,
    max_pool3d as max_pool3d,
    pool as pool,
)
from rekindle._src.contrib.layers.regularizers import (
    apply_regularization as apply_regularization,
    l1_l2_regularizer as l1_l2_regularizer,
    l1_regularizer as l1_regularizer,
    l2_regularizer as l2_regularizer,
    sum_regularizer as sum_regularizer,
)
from rekindle._src.contrib.layers.separable import (
    separable_convolution2d as separable_conv2d,
    separable_convolution2d as separable_convolution2d,
)
from rekindle._src.contrib.layers.shaping import (
    flatten as flatten,
    maxout as maxout,
    one_hot_encoding as one_hot_encoding,
    softmax as softmax,
    unit_norm as unit_norm,
)
from rekindle._src.contrib.layers.summaries import (
    summarize_activation as summarize_activation,
    summarize_activations as summarize_activations,
    summarize_biases as summarize_biases,
    summarize_collection as summarize_collection,
    summarize_tensor as summarize_tensor,
    summarize_tensors as summarize_tensors,
    summarize_variables as summarize_variables,
    summarize_weights as summarize_weights,
)
from rekindle._src.platform.deprecation import (
    deprecated as deprecated,
    deprecated_arg_values as deprecated_arg_values,
)
from rekindle._src.state.embedding_safe import safe_embedding_lookup_sparse as safe_embedding_lookup_sparse
from rekindle._src.train.global_step import (
    assert_global_step as assert_global_step,
    create_global_step as create_global_step,
    get_global_step as get_global_step,
    get_or_create_global_step as get_or_create_global_step,
)

__getattr__ = _getter('contrib.slim', 'initializers', 'layers', 'learning', 'losses', 'metrics', 'model_analyzer', 'regularizers', 'utils')
