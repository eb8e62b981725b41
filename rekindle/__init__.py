# Written by tools/make_api.py from the definitions' public names; do not edit.
"""TensorFlow 1.15 on PyTorch: `import rekindle as tf`."""
from rekindle._collection import resume as _resume
from rekindle import (
    bitwise as bitwise,
    compat as compat,
    debugging as debugging,
    distributions as distributions,
    dtypes as dtypes,
    errors as errors,
    gfile as gfile,
    graph_util as graph_util,
    image as image,
    initializers as initializers,
    io as io,
    layers as layers,
    linalg as linalg,
    logging as logging,
    lookup as lookup,
    losses as losses,
    manip as manip,
    math as math,
    metrics as metrics,
    nest as nest,
    nn as nn,
    profiler as profiler,
    python_io as python_io,
    quantization as quantization,
    queue as queue,
    random as random,
    resource_loader as resource_loader,
    saved_model as saved_model,
    sets as sets,
    signal as signal,
    sparse as sparse,
    spectral as spectral,
    strings as strings,
    summary as summary,
    sysconfig as sysconfig,
    tools as tools,
    train as train,
    version as version,
    raw_ops as raw_ops,
)
from rekindle._missing import getter as _getter
from rekindle._src.autodiff import (
    batch_norm as _autodiff_batch_norm,
    captures as _autodiff_captures,
    control_flow as _autodiff_control_flow,
    loop_state as _autodiff_loop_state,
    swish as _autodiff_swish,
)
from rekindle._src.autodiff.aggregate import AggregationMethod as AggregationMethod
from rekindle._src.autodiff.custom_gradient import (
    custom_gradient as custom_gradient,
    grad_pass_through as grad_pass_through,
    recompute_grad as recompute_grad,
)
from rekindle._src.autodiff.gradients import (
    UnconnectedGradients as UnconnectedGradients,
    gradients as gradients,
)
from rekindle._src.autodiff.hessians import hessians as hessians
from rekindle._src.autodiff.registration import (
    no_gradient as NoGradient,
    no_gradient as NotDifferentiable,
    RegisterGradient as RegisterGradient,
    no_gradient as no_gradient,
)
from rekindle._src.autodiff.tape import GradientTape as GradientTape
from rekindle._src.errors import OpError as OpError
from rekindle._src.flow import (
    func_graph as _flow_func_graph,
    loops as _flow_loops,
    ordering as _flow_ordering,
    rewriting as _flow_rewriting,
)
from rekindle._src.flow.branches import switch_case as switch_case
from rekindle._src.formats.graph_import import import_graph_def as import_graph_def
from rekindle._src.graph.collections import (
    GraphKeys as GraphKeys,
    add_to_collection as add_to_collection,
    add_to_collections as add_to_collections,
    get_collection as get_collection,
    get_collection_ref as get_collection_ref,
)
from rekindle._src.graph.constants import constant_value as get_static_value
from rekindle._src.graph.convert import (
    convert_to_tensor as convert_to_tensor,
    register_tensor_conversion_function as register_tensor_conversion_function,
)
from rekindle._src.graph.devices import DeviceSpec as DeviceSpec
from rekindle._src.graph.dtypes import (
    DType as DType,
    QUANTIZED_DTYPES as QUANTIZED_DTYPES,
    as_dtype as as_dtype,
    bfloat16 as bfloat16,
    bool_ as bool,
    complex128 as complex128,
    complex64 as complex64,
    double as double,
    float16 as float16,
    float32 as float32,
    float64 as float64,
    half as half,
    int16 as int16,
    int32 as int32,
    int64 as int64,
    int8 as int8,
    qint16 as qint16,
    qint32 as qint32,
    qint8 as qint8,
    quint16 as quint16,
    quint8 as quint8,
    resource as resource,
    string as string,
    uint16 as uint16,
    uint32 as uint32,
    uint64 as uint64,
    uint8 as uint8,
    variant as variant,
)
from rekindle._src.graph.graph import (
    GRAPH_DEF_VERSION as GRAPH_DEF_VERSION,
    Graph as Graph,
)
from rekindle._src.graph.meta_graph import (
    GIT_VERSION as GIT_VERSION,
    VERSION as VERSION,
    GIT_VERSION as __git_version__,
    VERSION as __version__,
)
from rekindle._src.graph.operation import Operation as Operation
from rekindle._src.graph.proto import (
    AttrValue as AttrValue,
    ConfigProto as ConfigProto,
    Event as Event,
    GPUOptions as GPUOptions,
    GraphDef as GraphDef,
    GraphOptions as GraphOptions,
    HistogramProto as HistogramProto,
    LogMessage as LogMessage,
    MetaGraphDef as MetaGraphDef,
    NameAttrList as NameAttrList,
    NodeDef as NodeDef,
    OptimizerOptions as OptimizerOptions,
    RunMetadata as RunMetadata,
    RunOptions as RunOptions,
    SessionLog as SessionLog,
    Summary as Summary,
    SummaryMetadata as SummaryMetadata,
    TensorInfo as TensorInfo,
)
from rekindle._src.graph.scopes import (
    colocate_with as colocate_with,
    container as container,
    control_dependencies as control_dependencies,
    device as device,
    get_default_graph as get_default_graph,
    get_default_session as get_default_session,
    init_scope as init_scope,
    name_scope as name_scope,
    op_scope as op_scope,
    reset_default_graph as reset_default_graph,
)
from rekindle._src.graph.seeds import (
    get_seed as get_seed,
    set_random_seed as set_random_seed,
)
from rekindle._src.graph.shapes import (
    Dimension as Dimension,
    TensorShape as TensorShape,
    dimension_at_index as dimension_at_index,
    dimension_value as dimension_value,
    disable_v2_tensorshape as disable_v2_tensorshape,
    enable_v2_tensorshape as enable_v2_tensorshape,
)
from rekindle._src.graph.sparse import (
    IndexedSlices as IndexedSlices,
    SparseTensor as SparseTensor,
    SparseTensorValue as SparseTensorValue,
    convert_to_tensor_or_indexed_slices as convert_to_tensor_or_indexed_slices,
    convert_to_tensor_or_sparse_tensor as convert_to_tensor_or_sparse_tensor,
)
from rekindle._src.graph.tensor import Tensor as Tensor
from rekindle._src.graph.tensor_value import (
    make_ndarray as make_ndarray,
    make_tensor_proto as make_tensor_proto,
)
from rekindle._src.graph.type_spec import (
    IndexedSlicesSpec as IndexedSlicesSpec,
    SparseTensorSpec as SparseTensorSpec,
    TensorSpec as TensorSpec,
    TypeSpec as TypeSpec,
)
from rekindle._src.ops import (
    activation as _ops_activation,
    arguments as _ops_arguments,
    array as _ops_array,
    array_inplace as _ops_array_inplace,
    barrier as _ops_barrier,
    batch_norm as _ops_batch_norm,
    bias as _ops_bias,
    checkpoint as _ops_checkpoint,
    checkpoint_remap as _ops_checkpoint_remap,
    containers as _ops_containers,
    control_flow as _ops_control_flow,
    control_flow_gradients as _ops_control_flow_gradients,
    conv as _ops_conv,
    conv3d as _ops_conv3d,
    conv_fused as _ops_conv_fused,
    conv_transpose as _ops_conv_transpose,
    convolution as _ops_convolution,
    ctc as _ops_ctc,
    depthwise as _ops_depthwise,
    dilation as _ops_dilation,
    dropout as _ops_dropout,
    evaluate as _ops_evaluate,
    example_columns as _ops_example_columns,
    example_kernels as _ops_example_kernels,
    flow_context as _ops_flow_context,
    flow_edges as _ops_flow_edges,
    flow_values as _ops_flow_values,
    forwarded as _ops_forwarded,
    functional as _ops_functional,
    fused as _ops_fused,
    fused_sums as _ops_fused_sums,
    gather_tree as _ops_gather_tree,
    host_scalars as _ops_host_scalars,
    image_boxes as _ops_image_boxes,
    image_codec as _ops_image_codec,
    image_color as _ops_image_color,
    image_crop as _ops_image_crop,
    image_draw as _ops_image_draw,
    image_resize as _ops_image_resize,
    image_shapes as _ops_image_shapes,
    inner_control_flow as _ops_inner_control_flow,
    linalg_exponential as _ops_linalg_exponential,
    linalg_legacy as _ops_linalg_legacy,
    linalg_tridiagonal as _ops_linalg_tridiagonal,
    list_blocks as _ops_list_blocks,
    lists as _ops_lists,
    lookup as _ops_lookup,
    lookup_buckets as _ops_lookup_buckets,
    loss as _ops_loss,
    math as _ops_math,
    math_broadcast as _ops_math_broadcast,
    math_cosine as _ops_math_cosine,
    math_refusal as _ops_math_refusal,
    math_select as _ops_math_select,
    moments as _ops_moments,
    norm as _ops_norm,
    optionals as _ops_optionals,
    overloads as _ops_overloads,
    philox as _ops_philox,
    philox_candidates as _ops_philox_candidates,
    pool as _ops_pool,
    pool3d as _ops_pool3d,
    pool_any as _ops_pool_any,
    proto_messages as _ops_proto_messages,
    queue_ops as _ops_queue_ops,
    queue_state as _ops_queue_state,
    random_candidates as _ops_random_candidates,
    random_state as _ops_random_state,
    random_stateless as _ops_random_stateless,
    reader_ops as _ops_reader_ops,
    reader_state as _ops_reader_state,
    record_input as _ops_record_input,
    reduce_gradients as _ops_reduce_gradients,
    rnn_blocks as _ops_rnn_blocks,
    sequence_kernels as _ops_sequence_kernels,
    sets as _ops_sets,
    sliding as _ops_sliding,
    softmax as _ops_softmax,
    sparse_kernels as _ops_sparse_kernels,
    sparse_maps as _ops_sparse_maps,
    sparse_math as _ops_sparse_math,
    sparse_places as _ops_sparse_places,
    stacks as _ops_stacks,
    staging as _ops_staging,
    state as _ops_state,
    state_resource as _ops_state_resource,
    state_scatter as _ops_state_scatter,
    state_slices as _ops_state_slices,
    string_codes as _ops_string_codes,
    string_format as _ops_string_format,
    summary_encode as _ops_summary_encode,
    tensor_array_blocks as _ops_tensor_array_blocks,
    tensor_array_list as _ops_tensor_array_list,
    tensor_array_old as _ops_tensor_array_old,
    tensor_list as _ops_tensor_list,
    tensor_text as _ops_tensor_text,
    top as _ops_top,
    torch_types as _ops_torch_types,
    training as _ops_training,
    variants as _ops_variants,
    waiting as _ops_waiting,
    weights_broadcast as _ops_weights_broadcast,
    while_backprop as _ops_while_backprop,
    while_context as _ops_while_context,
    windows as _ops_windows,
)
from rekindle._src.ops.accumulators import (
    ConditionalAccumulator as ConditionalAccumulator,
    ConditionalAccumulatorBase as ConditionalAccumulatorBase,
    SparseConditionalAccumulator as SparseConditionalAccumulator,
)
from rekindle._src.ops.array_blocks import (
    batch_to_space as batch_to_space,
    batch_to_space_nd as batch_to_space_nd,
    depth_to_space as depth_to_space,
    extract_image_patches as extract_image_patches,
    required_space_to_batch_paddings as required_space_to_batch_paddings,
    space_to_batch as space_to_batch,
    space_to_batch_nd as space_to_batch_nd,
    space_to_depth as space_to_depth,
)
from rekindle._src.ops.array_diag import (
    matrix_band_part as batch_matrix_band_part,
    matrix_diag as batch_matrix_diag,
    matrix_diag_part as batch_matrix_diag_part,
    matrix_set_diag as batch_matrix_set_diag,
    diag as diag,
    diag_part as diag_part,
    matrix_band_part as matrix_band_part,
    matrix_diag as matrix_diag,
    matrix_diag_part as matrix_diag_part,
    matrix_set_diag as matrix_set_diag,
)
from rekindle._src.ops.array_fill import (
    broadcast_dynamic_shape as broadcast_dynamic_shape,
    broadcast_static_shape as broadcast_static_shape,
    broadcast_to as broadcast_to,
    fill as fill,
    meshgrid as meshgrid,
    one_hot as one_hot,
    ones as ones,
    ones_like as ones_like,
    sequence_mask as sequence_mask,
    zeros as zeros,
    zeros_like as zeros_like,
)
from rekindle._src.ops.array_join import (
    concat as concat,
    concat as concat_v2,
    stack as pack,
    parallel_stack as parallel_stack,
    stack as stack,
    unstack as unpack,
    unstack as unstack,
)
from rekindle._src.ops.array_pad import pad as pad
from rekindle._src.ops.array_quantize import (
    bitcast as bitcast,
    dequantize as dequantize,
    fake_quant_with_min_max_args as fake_quant_with_min_max_args,
    fake_quant_with_min_max_args_gradient as fake_quant_with_min_max_args_gradient,
    fake_quant_with_min_max_vars as fake_quant_with_min_max_vars,
    fake_quant_with_min_max_vars_gradient as fake_quant_with_min_max_vars_gradient,
    fake_quant_with_min_max_vars_per_channel as fake_quant_with_min_max_vars_per_channel,
    fake_quant_with_min_max_vars_per_channel_gradient as fake_quant_with_min_max_vars_per_channel_gradient,
    quantize as quantize,
    quantize_v2 as quantize_v2,
)
from rekindle._src.ops.array_select import (
    boolean_mask as boolean_mask,
    dynamic_partition as dynamic_partition,
    dynamic_stitch as dynamic_stitch,
    reverse_v2 as reverse,
    reverse_sequence as reverse_sequence,
    reverse_v2 as reverse_v2,
    roll as roll,
    searchsorted as searchsorted,
    where as select,
    sparse_mask as sparse_mask,
    where as where,
    where_v2 as where_v2,
)
from rekindle._src.ops.array_sets import (
    edit_distance as edit_distance,
    setdiff1d as listdiff,
    setdiff1d as setdiff1d,
    unique as unique,
    unique_with_counts as unique_with_counts,
    unravel_index as unravel_index,
)
from rekindle._src.ops.array_shape import (
    matrix_transpose as batch_matrix_transpose,
    ensure_shape as ensure_shape,
    expand_dims as expand_dims,
    guarantee_const as guarantee_const,
    identity as identity,
    identity_n as identity_n,
    invert_permutation as invert_permutation,
    matrix_transpose as matrix_transpose,
    rank as rank,
    reshape as reshape,
    shape as shape,
    shape_n as shape_n,
    size as size,
    squeeze as squeeze,
    stop_gradient as stop_gradient,
    transpose as transpose,
)
from rekindle._src.ops.array_split import (
    repeat as repeat,
    split as split,
    tile as tile,
)
from rekindle._src.ops.assertion import Assert as Assert
from rekindle._src.ops.case import case as case
from rekindle._src.ops.check import (
    assert_equal as assert_equal,
    assert_greater as assert_greater,
    assert_greater_equal as assert_greater_equal,
    assert_integer as assert_integer,
    assert_less as assert_less,
    assert_less_equal as assert_less_equal,
    assert_near as assert_near,
    assert_negative as assert_negative,
    assert_non_negative as assert_non_negative,
    assert_non_positive as assert_non_positive,
    assert_none_equal as assert_none_equal,
    assert_positive as assert_positive,
    assert_proper_iterable as assert_proper_iterable,
    assert_same_float_dtype as assert_same_float_dtype,
    assert_type as assert_type,
    is_non_decreasing as is_non_decreasing,
    is_numeric_tensor as is_numeric_tensor,
    is_strictly_increasing as is_strictly_increasing,
)
from rekindle._src.ops.check_shape import (
    assert_rank as assert_rank,
    assert_rank_at_least as assert_rank_at_least,
    assert_rank_in as assert_rank_in,
    assert_scalar as assert_scalar,
)
from rekindle._src.ops.clip import (
    clip_by_average_norm as clip_by_average_norm,
    clip_by_global_norm as clip_by_global_norm,
    clip_by_norm as clip_by_norm,
    clip_by_value as clip_by_value,
    global_norm as global_norm,
)
from rekindle._src.ops.cond import cond as cond
from rekindle._src.ops.confusion import confusion_matrix as confusion_matrix
from rekindle._src.ops.constant import constant as constant
from rekindle._src.ops.control import (
    group as group,
    no_op as no_op,
    tuple as tuple,
)
from rekindle._src.ops.debug import (
    Print as Print,
    add_check_numerics_ops as add_check_numerics_ops,
    check_numerics as check_numerics,
    print_v2 as print,
    timestamp as timestamp,
    verify_tensor_all_finite as verify_tensor_all_finite,
)
from rekindle._src.ops.functional_flow import (
    control_flow_v2_enabled as control_flow_v2_enabled,
    disable_control_flow_v2 as disable_control_flow_v2,
    enable_control_flow_v2 as enable_control_flow_v2,
)
from rekindle._src.ops.gather import (
    batch_gather as batch_gather,
    gather as gather,
    gather_nd as gather_nd,
)
from rekindle._src.ops.io import (
    matching_files as matching_files,
    read_file as read_file,
    write_file as write_file,
)
from rekindle._src.ops.linalg import (
    cross as cross,
    eye as eye,
    norm as norm,
)
from rekindle._src.ops.linalg_contract import (
    einsum as einsum,
    tensordot as tensordot,
)
from rekindle._src.ops.linalg_decompose import (
    qr as qr,
    self_adjoint_eig as self_adjoint_eig,
    self_adjoint_eigvals as self_adjoint_eigvals,
    svd as svd,
)
from rekindle._src.ops.linalg_matmul import (
    matmul as batch_matmul,
    matmul as matmul,
    sparse_matmul as sparse_matmul,
    trace as trace,
)
from rekindle._src.ops.linalg_solve import (
    cholesky as batch_cholesky,
    matrix_determinant as batch_matrix_determinant,
    matrix_inverse as batch_matrix_inverse,
    matrix_solve as batch_matrix_solve,
    matrix_triangular_solve as batch_matrix_triangular_solve,
    cholesky as cholesky,
    cholesky_solve as cholesky_solve,
    matrix_determinant as matrix_determinant,
    matrix_inverse as matrix_inverse,
    matrix_solve as matrix_solve,
    matrix_solve_ls as matrix_solve_ls,
    matrix_triangular_solve as matrix_triangular_solve,
)
from rekindle._src.ops.lookup_tables import (
    initialize_all_tables as initialize_all_tables,
    tables_initializer as tables_initializer,
)
from rekindle._src.ops.math_binary import (
    add as add,
    maximum as maximum,
    minimum as minimum,
    mul as mul,
    mul as multiply,
    pow as pow,
    scalar_mul as scalar_mul,
    squared_difference as squared_difference,
    sub as sub,
    sub as subtract,
)
from rekindle._src.ops.math_cast import (
    angle as angle,
    cast as cast,
    complex as complex,
    conj as conj,
    imag as imag,
    real as real,
    saturate_cast as saturate_cast,
    to_bfloat16 as to_bfloat16,
    to_complex128 as to_complex128,
    to_complex64 as to_complex64,
    to_double as to_double,
    to_float as to_float,
    to_int32 as to_int32,
    to_int64 as to_int64,
)
from rekindle._src.ops.math_divide import (
    div as div,
    div_no_nan as div_no_nan,
    divide as divide,
    floor_div as floor_div,
    floordiv as floordiv,
    floor_mod as floormod,
    floor_mod as mod,
    real_div as realdiv,
    truediv as truediv,
    truncate_div as truncatediv,
    truncate_mod as truncatemod,
)
from rekindle._src.ops.math_fourier import (
    fft as batch_fft,
    ifft as batch_ifft,
    fft as fft,
    fft2d as fft2d,
    fft3d as fft3d,
    ifft as ifft,
    ifft2d as ifft2d,
    ifft3d as ifft3d,
)
from rekindle._src.ops.math_histogram import (
    bincount as bincount,
    histogram_fixed_width as histogram_fixed_width,
    histogram_fixed_width_bins as histogram_fixed_width_bins,
)
from rekindle._src.ops.math_logic import (
    tf_equal as equal,
    greater as greater,
    greater_equal as greater_equal,
    less as less,
    less_equal as less_equal,
    logical_and as logical_and,
    logical_not as logical_not,
    logical_or as logical_or,
    logical_xor as logical_xor,
    tf_not_equal as not_equal,
)
from rekindle._src.ops.math_of_sparse import (
    abs as abs,
    abs as complex_abs,
    erf as erf,
    negative as neg,
    negative as negative,
    sign as sign,
    sqrt as sqrt,
    square as square,
    tanh as tanh,
)
from rekindle._src.ops.math_ranges import (
    cumprod as cumprod,
    cumsum as cumsum,
    lin_space as lin_space,
    lin_space as linspace,
    range as range,
)
from rekindle._src.ops.math_special import (
    betainc as betainc,
    digamma as digamma,
    erfc as erfc,
    igamma as igamma,
    igammac as igammac,
    lbeta as lbeta,
    lgamma as lgamma,
    polygamma as polygamma,
    zeta as zeta,
)
from rekindle._src.ops.math_sums import (
    accumulate_n as accumulate_n,
    add_n as add_n,
)
from rekindle._src.ops.math_trig import (
    acos as acos,
    acosh as acosh,
    asin as asin,
    asinh as asinh,
    atan as atan,
    atan2 as atan2,
    atanh as atanh,
    cos as cos,
    cosh as cosh,
    sin as sin,
    sinh as sinh,
    tan as tan,
)
from rekindle._src.ops.math_unary import (
    ceil as ceil,
    exp as exp,
    expm1 as expm1,
    floor as floor,
    reciprocal as inv,
    is_finite as is_finite,
    is_inf as is_inf,
    is_nan as is_nan,
    log as log,
    log1p as log1p,
    log_sigmoid as log_sigmoid,
    reciprocal as reciprocal,
    rint as rint,
    round as round,
    rsqrt as rsqrt,
    sigmoid as sigmoid,
)
from rekindle._src.ops.parsing import (
    FixedLenFeature as FixedLenFeature,
    FixedLenSequenceFeature as FixedLenSequenceFeature,
    SparseFeature as SparseFeature,
    VarLenFeature as VarLenFeature,
    parse_example as parse_example,
    parse_single_example as parse_single_example,
    parse_single_sequence_example as parse_single_sequence_example,
)
from rekindle._src.ops.parsing_kernels import (
    decode_compressed as decode_compressed,
    decode_csv as decode_csv,
    decode_json_example as decode_json_example,
    parse_tensor as parse_tensor,
    serialize_tensor as serialize_tensor,
)
from rekindle._src.ops.placeholder import (
    placeholder as placeholder,
    placeholder_with_default as placeholder_with_default,
    sparse_placeholder as sparse_placeholder,
)
from rekindle._src.ops.queues import (
    FIFOQueue as FIFOQueue,
    PaddingFIFOQueue as PaddingFIFOQueue,
    PriorityQueue as PriorityQueue,
    QueueBase as QueueBase,
    RandomShuffleQueue as RandomShuffleQueue,
)
from rekindle._src.ops.random import (
    multinomial as multinomial,
    random_crop as random_crop,
    random_gamma as random_gamma,
    random_normal as random_normal,
    random_poisson as random_poisson,
    random_shuffle as random_shuffle,
    random_uniform as random_uniform,
    truncated_normal as truncated_normal,
)
from rekindle._src.ops.readers import (
    FixedLengthRecordReader as FixedLengthRecordReader,
    IdentityReader as IdentityReader,
    LMDBReader as LMDBReader,
    ReaderBase as ReaderBase,
    TFRecordReader as TFRecordReader,
    TextLineReader as TextLineReader,
    WholeFileReader as WholeFileReader,
)
from rekindle._src.ops.reduce import (
    arg_max as arg_max,
    arg_min as arg_min,
)
from rekindle._src.ops.reduce_axes import (
    argmax as argmax,
    argmin as argmin,
    count_nonzero as count_nonzero,
    reduce_all as reduce_all,
    reduce_any as reduce_any,
    reduce_logsumexp as reduce_logsumexp,
    reduce_max as reduce_max,
    reduce_mean as reduce_mean,
    reduce_min as reduce_min,
    reduce_prod as reduce_prod,
    reduce_sum as reduce_sum,
)
from rekindle._src.ops.reduce_segments import (
    segment_max as segment_max,
    segment_mean as segment_mean,
    segment_min as segment_min,
    segment_prod as segment_prod,
    segment_sum as segment_sum,
    unsorted_segment_max as unsorted_segment_max,
    unsorted_segment_mean as unsorted_segment_mean,
    unsorted_segment_min as unsorted_segment_min,
    unsorted_segment_prod as unsorted_segment_prod,
    unsorted_segment_sqrt_n as unsorted_segment_sqrt_n,
    unsorted_segment_sum as unsorted_segment_sum,
)
from rekindle._src.ops.reduce_sparse_segments import (
    sparse_segment_mean as sparse_segment_mean,
    sparse_segment_sqrt_n as sparse_segment_sqrt_n,
    sparse_segment_sum as sparse_segment_sum,
)
from rekindle._src.ops.scatter import (
    scatter_nd as scatter_nd,
    tensor_scatter_add as tensor_scatter_add,
    tensor_scatter_add as tensor_scatter_nd_add,
    tensor_scatter_sub as tensor_scatter_nd_sub,
    tensor_scatter_update as tensor_scatter_nd_update,
    tensor_scatter_sub as tensor_scatter_sub,
    tensor_scatter_update as tensor_scatter_update,
)
from rekindle._src.ops.script import (
    numpy_function as numpy_function,
    py_func as py_func,
    py_function as py_function,
)
from rekindle._src.ops.slicing import (
    newaxis as newaxis,
    slice as slice,
    strided_slice as strided_slice,
)
from rekindle._src.ops.sort import (
    argsort as argsort,
    sort as sort,
)
from rekindle._src.ops.sparse import (
    sparse_add as sparse_add,
    sparse_concat as sparse_concat,
    sparse_fill_empty_rows as sparse_fill_empty_rows,
    sparse_maximum as sparse_maximum,
    sparse_merge as sparse_merge,
    sparse_minimum as sparse_minimum,
    sparse_reduce_max as sparse_reduce_max,
    sparse_reduce_max_sparse as sparse_reduce_max_sparse,
    sparse_reduce_sum as sparse_reduce_sum,
    sparse_reduce_sum_sparse as sparse_reduce_sum_sparse,
    sparse_reorder as sparse_reorder,
    sparse_reset_shape as sparse_reset_shape,
    sparse_reshape as sparse_reshape,
    sparse_retain as sparse_retain,
    sparse_slice as sparse_slice,
    sparse_softmax as sparse_softmax,
    sparse_split as sparse_split,
    sparse_tensor_dense_matmul as sparse_tensor_dense_matmul,
    sparse_tensor_to_dense as sparse_tensor_to_dense,
    sparse_to_dense as sparse_to_dense,
    sparse_to_indicator as sparse_to_indicator,
    sparse_transpose as sparse_transpose,
)
from rekindle._src.ops.sparse_serialize import (
    deserialize_many_sparse as deserialize_many_sparse,
    serialize_many_sparse as serialize_many_sparse,
    serialize_sparse as serialize_sparse,
)
from rekindle._src.ops.string import (
    as_string as as_string,
    decode_base64 as decode_base64,
    decode_raw as decode_raw,
    encode_base64 as encode_base64,
    reduce_join as reduce_join,
    regex_replace as regex_replace,
    string_join as string_join,
    string_strip as string_strip,
    string_to_number as string_to_number,
    substr as substr,
)
from rekindle._src.ops.string_hash import (
    fingerprint as fingerprint,
    string_to_hash_bucket as string_to_hash_bucket,
    string_to_hash_bucket_fast as string_to_hash_bucket_fast,
    string_to_hash_bucket_strong as string_to_hash_bucket_strong,
)
from rekindle._src.ops.string_split import string_split as string_split
from rekindle._src.ops.summary import (
    audio as audio_summary,
    histogram as histogram_summary,
    image as image_summary,
    merge_all as merge_all_summaries,
    merge as merge_summary,
    scalar as scalar_summary,
)
from rekindle._src.ops.tensor_array import TensorArray as TensorArray
from rekindle._src.ops.while_loop import while_loop as while_loop
from rekindle._src.platform.behavior import (
    disable_eager_execution as disable_eager_execution,
    disable_tensor_equality as disable_tensor_equality,
    disable_v2_behavior as disable_v2_behavior,
    executing_eagerly as executing_eagerly,
    is_tensor as is_tensor,
)
from rekindle._src.platform.versions import (
    COMPILER_VERSION as COMPILER_VERSION,
    CXX11_ABI_FLAG as CXX11_ABI_FLAG,
    GRAPH_DEF_VERSION_MIN_CONSUMER as GRAPH_DEF_VERSION_MIN_CONSUMER,
    GRAPH_DEF_VERSION_MIN_PRODUCER as GRAPH_DEF_VERSION_MIN_PRODUCER,
    MONOLITHIC_BUILD as MONOLITHIC_BUILD,
    COMPILER_VERSION as __compiler_version__,
    CXX11_ABI_FLAG as __cxx11_abi_flag__,
    MONOLITHIC_BUILD as __monolithic_build__,
)
from rekindle._src.run.session import (
    InteractiveSession as InteractiveSession,
    Session as Session,
)
from rekindle._src.state.assign import (
    assign as assign,
    assign_add as assign_add,
    assign_sub as assign_sub,
    batch_scatter_update as batch_scatter_update,
    count_up_to as count_up_to,
    scatter_add as scatter_add,
    scatter_div as scatter_div,
    scatter_max as scatter_max,
    scatter_min as scatter_min,
    scatter_mul as scatter_mul,
    scatter_nd_add as scatter_nd_add,
    scatter_nd_sub as scatter_nd_sub,
    scatter_nd_update as scatter_nd_update,
    scatter_sub as scatter_sub,
    scatter_update as scatter_update,
)
from rekindle._src.state.functional import (
    foldl as foldl,
    foldr as foldr,
    map_fn as map_fn,
    scan as scan,
)
from rekindle._src.state.initializers import (
    Constant as constant_initializer,
    GlorotNormal as glorot_normal_initializer,
    GlorotUniform as glorot_uniform_initializer,
    Ones as ones_initializer,
    RandomNormal as random_normal_initializer,
    RandomUniform as random_uniform_initializer,
    TruncatedNormal as truncated_normal_initializer,
    UniformUnitScaling as uniform_unit_scaling_initializer,
    VarianceScaling as variance_scaling_initializer,
    Zeros as zeros_initializer,
)
from rekindle._src.state.matrix_initializers import Orthogonal as orthogonal_initializer
from rekindle._src.state.partitioned import (
    fixed_size_partitioner as fixed_size_partitioner,
    min_max_variable_partitioner as min_max_variable_partitioner,
    variable_axis_size_partitioner as variable_axis_size_partitioner,
)
from rekindle._src.state.resource_variable import (
    disable_resource_variables as disable_resource_variables,
    enable_resource_variables as enable_resource_variables,
    resource_variables_enabled as resource_variables_enabled,
)
from rekindle._src.state.template import make_template as make_template
from rekindle._src.state.variable import (
    Variable as Variable,
    VariableAggregation as VariableAggregation,
    VariableSynchronization as VariableSynchronization,
)
from rekindle._src.state.variable_scope import (
    VariableScope as VariableScope,
    create_partitioned_variables as create_partitioned_variables,
    get_local_variable as get_local_variable,
    get_variable as get_variable,
    get_variable_scope as get_variable_scope,
    no_regularizer as no_regularizer,
    variable_creator_scope as variable_creator_scope,
    variable_op_scope as variable_op_scope,
    variable_scope as variable_scope,
)
from rekindle._src.state.variable_store import AUTO_REUSE as AUTO_REUSE
from rekindle._src.state.variables import (
    all_variables as all_variables,
    assert_variables_initialized as assert_variables_initialized,
    global_variables as global_variables,
    global_variables_initializer as global_variables_initializer,
    initialize_all_variables as initialize_all_variables,
    initialize_local_variables as initialize_local_variables,
    initialize_variables as initialize_variables,
    is_variable_initialized as is_variable_initialized,
    local_variables as local_variables,
    local_variables_initializer as local_variables_initializer,
    model_variables as model_variables,
    moving_average_variables as moving_average_variables,
    report_uninitialized_variables as report_uninitialized_variables,
    trainable_variables as trainable_variables,
    variables_initializer as variables_initializer,
)
from rekindle._src.tf_logging import get_logger as get_logger
from rekindle.install import install as install

__getattr__ = _getter('', 'app', 'contrib', 'estimator', 'flags', 'keras', 'test')
_resume()
