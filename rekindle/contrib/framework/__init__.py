# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.framework."""
from rekindle._missing import getter as _getter
from rekindle._src.ops.case import smart_case as smart_case
from rekindle._src.ops.cond import (
    smart_cond as smart_cond,
    smart_constant_value as smart_constant_value,
)
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
from rekindle._src.train.global_step import (
    assert_global_step as assert_global_step,
    create_global_step as create_global_step,
    get_global_step as get_global_step,
    get_or_create_global_step as get_or_create_global_step,
)

__getattr__ = _getter('contrib.framework', 'nest')
