# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.nn."""
from rekindle._missing import getter as _getter
from rekindle._src.autodiff.swish import swish as swish
from rekindle._src.losses.ctc_dense import (
    collapse_repeated as collapse_repeated,
    ctc_loss_v2 as ctc_loss_v2,
    ctc_unique_labels as ctc_unique_labels,
)
from rekindle._src.ops.activation import (
    crelu as crelu,
    elu as elu,
    leaky_relu as leaky_relu,
    relu as relu,
    relu6 as relu6,
    selu as selu,
    softplus as softplus,
    softsign as softsign,
)
from rekindle._src.ops.array_blocks import (
    depth_to_space as depth_to_space,
    space_to_batch as space_to_batch,
    space_to_depth as space_to_depth,
)
from rekindle._src.ops.batch_norm import fused_batch_norm as fused_batch_norm
from rekindle._src.ops.bias import (
    bias_add as bias_add,
    relu_layer as relu_layer,
    xw_plus_b as xw_plus_b,
)
from rekindle._src.ops.conv import (
    conv1d as conv1d,
    conv2d_v1 as conv2d,
    conv2d_backprop_filter_v1 as conv2d_backprop_filter,
    conv2d_backprop_input_v1 as conv2d_backprop_input,
)
from rekindle._src.ops.conv3d import (
    conv3d_v1 as conv3d,
    conv3d_backprop_filter_v2 as conv3d_backprop_filter,
    conv3d_backprop_filter_v2 as conv3d_backprop_filter_v2,
)
from rekindle._src.ops.conv_transpose import (
    atrous_conv2d_transpose as atrous_conv2d_transpose,
    conv1d_transpose as conv1d_transpose,
    conv2d_transpose as conv2d_transpose,
    conv3d_transpose as conv3d_transpose,
    conv_transpose as conv_transpose,
)
from rekindle._src.ops.convolution import (
    atrous_conv2d as atrous_conv2d,
    convolution as convolution,
    with_space_to_batch as with_space_to_batch,
)
from rekindle._src.ops.ctc import (
    ctc_beam_search_decoder as ctc_beam_search_decoder,
    ctc_beam_search_decoder_v2 as ctc_beam_search_decoder_v2,
    ctc_greedy_decoder as ctc_greedy_decoder,
    ctc_loss as ctc_loss,
)
from rekindle._src.ops.depthwise import (
    depthwise_conv2d as depthwise_conv2d,
    depthwise_conv2d_native_backprop_filter as depthwise_conv2d_backprop_filter,
    depthwise_conv2d_native_backprop_input as depthwise_conv2d_backprop_input,
    depthwise_conv2d_native as depthwise_conv2d_native,
    depthwise_conv2d_native_backprop_filter as depthwise_conv2d_native_backprop_filter,
    depthwise_conv2d_native_backprop_input as depthwise_conv2d_native_backprop_input,
    separable_conv2d as separable_conv2d,
)
from rekindle._src.ops.dilation import (
    dilation2d_v1 as dilation2d,
    erosion2d as erosion2d,
)
from rekindle._src.ops.dropout import dropout as dropout
from rekindle._src.ops.loss import (
    l2_loss as l2_loss,
    log_poisson_loss as log_poisson_loss,
    sigmoid_cross_entropy_with_logits as sigmoid_cross_entropy_with_logits,
    weighted_cross_entropy_with_logits as weighted_cross_entropy_with_logits,
    zero_fraction as zero_fraction,
)
from rekindle._src.ops.math_of_sparse import tanh as tanh
from rekindle._src.ops.math_unary import sigmoid as sigmoid
from rekindle._src.ops.moments import (
    moments as moments,
    normalize_moments as normalize_moments,
    sufficient_statistics as sufficient_statistics,
    weighted_moments as weighted_moments,
)
from rekindle._src.ops.norm import (
    batch_norm_with_global_normalization as batch_norm_with_global_normalization,
    batch_normalization as batch_normalization,
    l2_normalize as l2_normalize,
    lrn as local_response_normalization,
    lrn as lrn,
)
from rekindle._src.ops.pool import (
    avg_pool_v1 as avg_pool,
    avg_pool1d as avg_pool1d,
    avg_pool_v1 as avg_pool2d,
    max_pool_v1 as max_pool,
    max_pool1d as max_pool1d,
    max_pool2d as max_pool2d,
    max_pool_with_argmax_v1 as max_pool_with_argmax,
)
from rekindle._src.ops.pool3d import (
    avg_pool3d_v1 as avg_pool3d,
    max_pool3d_v1 as max_pool3d,
)
from rekindle._src.ops.pool_any import (
    avg_pool_of_rank as avg_pool_v2,
    max_pool_of_rank as max_pool_v2,
    pool_any as pool,
)
from rekindle._src.ops.random_candidates import (
    all_candidate_sampler as all_candidate_sampler,
    compute_accidental_hits as compute_accidental_hits,
    fixed_unigram_candidate_sampler as fixed_unigram_candidate_sampler,
    learned_unigram_candidate_sampler as learned_unigram_candidate_sampler,
    log_uniform_candidate_sampler as log_uniform_candidate_sampler,
    uniform_candidate_sampler as uniform_candidate_sampler,
)
from rekindle._src.ops.softmax import (
    log_softmax as log_softmax,
    softmax as softmax,
    softmax_cross_entropy_with_logits as softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2 as softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits as sparse_softmax_cross_entropy_with_logits,
)
from rekindle._src.ops.top import (
    in_top_k as in_top_k,
    top_k as top_k,
)
from rekindle._src.rnn.dynamic import (
    bidirectional_dynamic_rnn as bidirectional_dynamic_rnn,
    dynamic_rnn as dynamic_rnn,
)
from rekindle._src.rnn.raw import raw_rnn as raw_rnn
from rekindle._src.rnn.static import (
    static_bidirectional_rnn as bidirectional_rnn,
    static_rnn as rnn,
    static_state_saving_rnn as state_saving_rnn,
    static_bidirectional_rnn as static_bidirectional_rnn,
    static_rnn as static_rnn,
    static_state_saving_rnn as static_state_saving_rnn,
)
from rekindle._src.state.embedding import (
    embedding_lookup as embedding_lookup,
    embedding_lookup_sparse as embedding_lookup_sparse,
)
from rekindle._src.state.embedding_safe import safe_embedding_lookup_sparse as safe_embedding_lookup_sparse
from rekindle._src.state.sampled_loss import (
    nce_loss as nce_loss,
    sampled_softmax_loss as sampled_softmax_loss,
)
from rekindle.nn import rnn_cell as rnn_cell

__getattr__ = _getter('nn')
