# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.slim.regularizers."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.layers.regularizers import (
    apply_regularization as apply_regularization,
    l1_l2_regularizer as l1_l2_regularizer,
    l1_regularizer as l1_regularizer,
    l2_regularizer as l2_regularizer,
    sum_regularizer as sum_regularizer,
)

__getattr__ = _getter('contrib.slim.regularizers')
