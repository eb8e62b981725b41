# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.training."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.training import (
    add_gradients_summaries as add_gradients_summaries,
    clip_gradient_norms as clip_gradient_norms,
    clip_gradient_norms_fn as clip_gradient_norms_fn,
    create_train_op as create_train_op,
    multiply_gradients as multiply_gradients,
)

__getattr__ = _getter('contrib.training')
