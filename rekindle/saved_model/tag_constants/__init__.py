# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.saved_model.tag_constants."""
from rekindle._missing import getter as _getter
from rekindle._src.saved_model.constants import (
    GPU as GPU,
    SERVING as SERVING,
    TPU as TPU,
    TRAINING as TRAINING,
)

__getattr__ = _getter('saved_model.tag_constants')
