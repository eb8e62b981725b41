# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.initializers."""
from rekindle._missing import getter as _getter
from rekindle._src.ops.lookup_tables import tables_initializer as tables_initializer
from rekindle._src.state.initializers import (
    Constant as constant,
    GlorotNormal as glorot_normal,
    GlorotUniform as glorot_uniform,
    he_normal as he_normal,
    he_uniform as he_uniform,
    lecun_normal as lecun_normal,
    lecun_uniform as lecun_uniform,
    Ones as ones,
    RandomNormal as random_normal,
    RandomUniform as random_uniform,
    TruncatedNormal as truncated_normal,
    UniformUnitScaling as uniform_unit_scaling,
    VarianceScaling as variance_scaling,
    Zeros as zeros,
)
from rekindle._src.state.matrix_initializers import (
    Identity as identity,
    Orthogonal as orthogonal,
)
from rekindle._src.state.variables import (
    global_variables_initializer as global_variables,
    local_variables_initializer as local_variables,
    variables_initializer as variables,
)

__getattr__ = _getter('initializers')
