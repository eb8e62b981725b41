# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.cudnn_rnn."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.cudnn_rnn.cells import (
    CudnnCompatibleGRUCell as CudnnCompatibleGRUCell,
    CudnnCompatibleLSTMCell as CudnnCompatibleLSTMCell,
)

__getattr__ = _getter('contrib.cudnn_rnn')
