"""Pooling of any rank: `tf.nn.pool`, `tf.nn.max_pool_v2` and `tf.nn.avg_pool_v2`.

`tf.nn.pool` can dilate.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rekindle._src.graph import convert, scopes
from rekindle._src.names import public
from rekindle._src.ops import arguments, convolution, pool, pool3d
from rekindle._src.ops import array as array_ops

_POOLINGS = {
    ("MAX", 1): pool.max_pool_v1,
    ("MAX", 2): pool.max_pool_v1,
    ("MAX", 3): pool3d.max_pool3d_v1,
    ("AVG", 1): pool.avg_pool_v1,
    ("AVG", 2): pool.avg_pool_v1,
    ("AVG", 3): pool3d.avg_pool3d_v1,
}


@public("nn.pool")
def pool_any(
    input: Any,
    window_shape: Any,
    pooling_type: str,
    padding: str,
    dilation_rate: Any = None,
    strides: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    dilations: Any = None,
) -> Any:
    """A pooling along one, two or three axes: [N, *size, C] -> [N, *size', C].

    Args:
      input: the tensor.
      window_shape: the window, one size for each spatial axis.
      pooling_type: "MAX" or "AVG".
      padding: "SAME" or "VALID".
      dilation_rate: the distance of a window's entries, for VALID; `dilations` is its newer name.
      strides: the steps, one for each spatial axis.
      name: the name scope.
      data_format: "N...C" (the default) or "NC...".

    Raises:
      ValueError: an argument does not fit the others.
    """
    dilation_rate = arguments.renamed("dilations", dilations, "dilation_rate", dilation_rate)
    with scopes.name_scope(name, f"{pooling_type.lower()}_pool", [input]) as scope:
        input = convert.convert_to_tensor(input, name="input")
        count = len(window_shape)
        if not 1 <= count <= 3:
            raise ValueError("It is required that 1 <= num_spatial_dims <= 3.")
        input.get_shape().with_rank(count + 2)
        steps, rate = convolution.strides_and_rate(count, strides, dilation_rate)
        _check_pooling(padding, steps, rate, window_shape)
        if (pooling_type, count) not in _POOLINGS:
            raise ValueError(f"{count}-D {pooling_type} pooling is not supported.")
        is_first = data_format is not None and data_format.startswith("NC")
        first = 2 if is_first else 1

        def slide(converted: Any, _: int, padding: str) -> Any:
            return _slide(
                pooling_type,
                converted,
                list(window_shape),
                list(steps),
                padding,
                data_format,
                scope,
            )

        return convolution.with_space_to_batch(
            input, rate, padding, slide, window_shape, range(first, first + count)
        )


def _check_pooling(padding: str, steps: Any, rate: Any, window_shape: Any) -> None:
    if padding == "SAME" and np.any(rate > 1):
        raise ValueError("pooling with SAME padding is not implemented for dilation_rate > 1")
    if np.any(steps > window_shape):
        raise ValueError(
            "strides > window_shape not supported due to inconsistency between CPU and GPU "
            "implementations"
        )


def _slide(
    kind: str,
    x: Any,
    window: list[int],
    steps: list[int],
    padding: str,
    data_format: str | None,
    name: str,
) -> Any:
    """The pooling without dilation; one axis goes as images of height 1."""
    is_first = data_format is not None and data_format.startswith("NC")
    count = len(window)
    ksize, strides = ([1, 1, *v] if is_first else [1, *v, 1] for v in (window, steps))
    function = _POOLINGS[kind, count]
    if count > 1:
        return function(x, ksize, strides, padding, name=name, data_format=data_format)
    if data_format not in (None, "NWC", "NCW"):
        raise ValueError('data_format must be either "NWC" or "NCW".')
    layout, axis = ("NCHW", 2) if is_first else ("NHWC", 1)
    x = array_ops.expand_dims(x, axis)
    y = function(x, [1, *ksize], [1, *strides], padding, name=name, data_format=layout)
    return array_ops.squeeze(y, [axis])


def _by_rank(
    blocks: tuple[Any, Any, Any],
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str | None,
    name: Any,
) -> Any:
    if input.shape is not None:
        n = len(input.shape) - 2
    elif data_format is not None:
        n = len(data_format) - 2
    else:
        raise ValueError("The input must have a rank or a data format must be given.")
    if not 1 <= n <= 3:
        raise ValueError(f"Input tensor must be of rank 3, 4 or 5 but was {n + 2}.")
    channel = 1 if data_format is not None and data_format.startswith("NC") else n + 1
    return blocks[n - 1](
        input,
        ksize=arguments.per_axis(ksize, n, channel, "ksize"),
        strides=arguments.per_axis(strides, n, channel, "strides"),
        padding=padding,
        data_format=data_format,
        name=name,
    )


@public("nn.max_pool_v2")
def max_pool_of_rank(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = None,
    name: str | None = None,
) -> Any:
    """The maximum of each window, along one, two or three axes by the rank of the input."""
    return _by_rank(
        (pool.max_pool1d, pool.max_pool, pool3d.max_pool3d),
        input,
        ksize,
        strides,
        padding,
        data_format,
        name,
    )


@public("nn.avg_pool_v2")
def avg_pool_of_rank(
    input: Any,
    ksize: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = None,
    name: str | None = None,
) -> Any:
    """The mean of each window, along one, two or three axes by the rank of the input."""
    return _by_rank(
        (pool.avg_pool1d, pool.avg_pool, pool3d.avg_pool3d),
        input,
        ksize,
        strides,
        padding,
        data_format,
        name,
    )
