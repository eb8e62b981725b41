# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.slim.learning."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.slim.learning import (
    add_gradients_summaries as add_gradients_summaries,
    create_train_op as create_train_op,
    train as train,
    train_step as train_step,
)
from rekindle._src.contrib.training import (
    clip_gradient_norms as clip_gradient_norms,
    multiply_gradients as multiply_gradients,
)

__getattr__ = _getter('contrib.slim.learning')
