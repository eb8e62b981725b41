# Written by tools/make_api.py from the definitions' public names; do not edit.
"""tf.contrib.slim.layers."""
from rekindle._missing import getter as _getter
from rekindle._src.contrib.layers.batch_norm import batch_norm as batch_norm
from rekindle._src.contrib.layers.convolution import (
    convolution1d as conv1d,
    convolution2d as conv2d,
    convolution2d_transpose as conv2d_transpose,
    convolution3d as conv3d,
    convolution3d_transpose as conv3d_transpose,
    convolution as convolution,
    convolution1d as convolution1d,
    convolution2d as convolution2d,
    convolution2d_transpose as convolution2d_transpose,
    convolution3d as convolution3d,
    convolution3d_transpose as convolution3d_transpose,
)
from rekindle._src.contrib.layers.dense import (
    bias_add as bias_add,
    dropout as dropout,
    elu as elu,
    fully_connected as fully_connected,
    linear as linear,
    relu as relu,
    relu6 as relu6,
    repeat as repeat,
    stack as stack,
)
from rekindle._src.contrib.layers.norms import layer_norm as layer_norm
from rekindle._src.contrib.layers.pooling import (
    avg_pool2d as avg_pool2d,
    avg_pool3d as avg_pool3d,
    max_pool2d as max_pool2d,
    max_pool3d as max_pool3d,
    pool as pool,
)
from rekindle._src.contrib.layers.separable import (
    separable_convolution2d as separable_conv2d,
    separable_convolution2d as separable_convolution2d,
)
from rekindle._src.contrib.layers.shaping import (
    flatten as flatten,
    maxout as maxout,
    one_hot_encoding as one_hot_encoding,
    softmax as softmax,
    unit_norm as unit_norm,
)

__getattr__ = _getter('contrib.slim.layers')
