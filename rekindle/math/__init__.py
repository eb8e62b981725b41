# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.math."""
from rekindle._missing import getter as _getter
from rekindle._src.ops.activation import (
    softplus as softplus,
    softsign as softsign,
)
from rekindle._src.ops.array_shape import invert_permutation as invert_permutation
from rekindle._src.ops.check import (
    is_non_decreasing as is_non_decreasing,
    is_strictly_increasing as is_strictly_increasing,
)
from rekindle._src.ops.confusion import confusion_matrix as confusion_matrix
from rekindle._src.ops.loss import zero_fraction as zero_fraction
from rekindle._src.ops.math_binary import (
    add as add,
    maximum as maximum,
    minimum as minimum,
    mul as multiply,
    multiply_no_nan as multiply_no_nan,
    next_after as nextafter,
    pow as pow,
    scalar_mul as scalar_mul,
    squared_difference as squared_difference,
    sub as subtract,
)
from rekindle._src.ops.math_cast import (
    angle as angle,
    conj as conj,
    imag as imag,
    real as real,
)
from rekindle._src.ops.math_divide import (
    divide as divide,
    div_no_nan as divide_no_nan,
    floordiv as floordiv,
    floor_mod as floormod,
    floor_mod as mod,
    reciprocal_no_nan as reciprocal_no_nan,
    truediv as truediv,
    xdivy as xdivy,
)
from rekindle._src.ops.math_histogram import bincount as bincount
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
    bessel_i0e as bessel_i0e,
    bessel_i1e as bessel_i1e,
    erf as erf,
    negative as negative,
    sign as sign,
    sqrt as sqrt,
    square as square,
    tanh as tanh,
)
from rekindle._src.ops.math_ranges import (
    cumprod as cumprod,
    cumsum as cumsum,
    cumulative_logsumexp as cumulative_logsumexp,
    polyval as polyval,
)
from rekindle._src.ops.math_special import (
    bessel_i0 as bessel_i0,
    bessel_i1 as bessel_i1,
    betainc as betainc,
    digamma as digamma,
    erfc as erfc,
    igamma as igamma,
    igammac as igammac,
    lbeta as lbeta,
    lgamma as lgamma,
    polygamma as polygamma,
    xlogy as xlogy,
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
from rekindle._src.ops.norm import l2_normalize as l2_normalize
from rekindle._src.ops.reduce_axes import (
    argmax as argmax,
    argmin as argmin,
    count_nonzero as count_nonzero,
    reduce_all as reduce_all,
    reduce_any as reduce_any,
    reduce_euclidean_norm as reduce_euclidean_norm,
    reduce_logsumexp as reduce_logsumexp,
    reduce_max as reduce_max,
    reduce_mean as reduce_mean,
    reduce_min as reduce_min,
    reduce_prod as reduce_prod,
    reduce_std as reduce_std,
    reduce_sum as reduce_sum,
    reduce_variance as reduce_variance,
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
from rekindle._src.ops.softmax import (
    log_softmax as log_softmax,
    softmax as softmax,
)
from rekindle._src.ops.top import (
    in_top_k as in_top_k,
    top_k as top_k,
)

__getattr__ = _getter('math')
