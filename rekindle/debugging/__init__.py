# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.debugging."""
from rekindle._missing import getter as _getter
from rekindle._src.ops.assertion import Assert as Assert
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
from rekindle._src.ops.debug import (
    verify_tensor_all_finite as assert_all_finite,
    check_numerics as check_numerics,
)
from rekindle._src.ops.math_unary import (
    is_finite as is_finite,
    is_inf as is_inf,
    is_nan as is_nan,
)

__getattr__ = _getter('debugging')
