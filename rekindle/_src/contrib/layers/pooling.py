"""Pooling: the largest value, or the mean, of each window."""

from __future__ import annotations

from typing import Any

from rekindle._src.contrib.framework.arg_scope import add_arg_scope
from rekindle._src.contrib.layers import utils
from rekindle._src.contrib.layers.making import check_format
from rekindle._src.contrib.spaces import shown
from rekindle._src.graph import convert, scopes
from rekindle._src.layers import pooling
from rekindle._src.names import public
from rekindle._src.ops import pool_any


def _pooled(layer_class: Any, default: str, formats: tuple[str, str], inputs: Any, size: Any,
            stride: Any, padding: str, data_format: str, collections: Any, scope: Any) -> Any:
    layout = check_format(data_format, *formats)
    with scopes.name_scope(scope, default, [inputs]) as sc:
        inputs = convert.convert_to_tensor(inputs)
        layer = layer_class(
            pool_size=size, strides=stride, padding=padding, data_format=layout, _scope=sc
        )
        return utils.collect_named_outputs(collections, sc, layer.apply(inputs))


@shown("layers", "avg_pool2d")
@add_arg_scope
def avg_pool2d(
    inputs: Any,
    kernel_size: Any,
    stride: Any = 2,
    padding: str = "VALID",
    data_format: str = "NHWC",
    outputs_collections: Any = None,
    scope: str | None = None,
) -> Any:
    """The mean of each window: [N, H, W, C].

    Args:
      inputs: [N, H, W, C], or [N, C, H, W] by `data_format`.
      kernel_size: [height, width] of the window, or one number for both.
      stride: [down, right], or one number.
      padding: "VALID" or "SAME".
      data_format: "NHWC" or "NCHW".
      outputs_collections: where the outputs go.
      scope: the name scope.

    Raises:
      ValueError: another format.
    """
    return _pooled(pooling.AveragePooling2D, "AvgPool2D", ("NCHW", "NHWC"), inputs, kernel_size,
                   stride, padding, data_format, outputs_collections, scope)


@shown("layers", "max_pool2d")
@add_arg_scope
def max_pool2d(
    inputs: Any,
    kernel_size: Any,
    stride: Any = 2,
    padding: str = "VALID",
    data_format: str = "NHWC",
    outputs_collections: Any = None,
    scope: str | None = None,
) -> Any:
    """The largest value of each window; the arguments are those of `avg_pool2d`: [N, H, W, C]."""
    return _pooled(pooling.MaxPooling2D, "MaxPool2D", ("NCHW", "NHWC"), inputs, kernel_size,
                   stride, padding, data_format, outputs_collections, scope)


@shown("layers", "avg_pool3d")
@add_arg_scope
def avg_pool3d(
    inputs: Any,
    kernel_size: Any,
    stride: Any = 2,
    padding: str = "VALID",
    data_format: str = "NDHWC",
    outputs_collections: Any = None,
    scope: str | None = None,
) -> Any:
    """`avg_pool2d` with a depth: [N, D, H, W, C]."""
    return _pooled(pooling.AveragePooling3D, "AvgPool3D", ("NCDHW", "NDHWC"), inputs, kernel_size,
                   stride, padding, data_format, outputs_collections, scope)


@shown("layers", "max_pool3d")
@add_arg_scope
def max_pool3d(
    inputs: Any,
    kernel_size: Any,
    stride: Any = 2,
    padding: str = "VALID",
    data_format: str = "NDHWC",
    outputs_collections: Any = None,
    scope: str | None = None,
) -> Any:
    """`max_pool2d` with a depth: [N, D, H, W, C]."""
    return _pooled(pooling.MaxPooling3D, "MaxPool3D", ("NCDHW", "NDHWC"), inputs, kernel_size,
                   stride, padding, data_format, outputs_collections, scope)


@public("contrib.slim.pool", "contrib.slim.layers.pool")
@add_arg_scope
def pool(
    inputs: Any,
    kernel_size: Any,
    pooling_type: str,
    padding: str = "VALID",
    data_format: str | None = None,
    dilation_rate: Any = 1,
    stride: Any = 1,
    outputs_collections: Any = None,
    scope: str | None = None,
) -> Any:
    """`tf.nn.pool` over all axes of places.

    Args:
      inputs: [N, places..., C], or [N, C, places...] by `data_format`.
      kernel_size: the size of the window for each axis, or one number.
      pooling_type: "AVG" or "MAX".
      padding: "VALID" or "SAME".
      data_format: as for `tf.nn.pool`.
      dilation_rate, stride: for each axis, or one number.
      outputs_collections: where the outputs go.
      scope: the name scope.

    Raises:
      ValueError: the rank is not known, or below 3.
    """
    with scopes.name_scope(scope, f"{pooling_type.lower()}_pool", [inputs]) as sc:
        inputs = convert.convert_to_tensor(inputs)
        rank = inputs.get_shape().ndims
        if rank is None:
            raise ValueError("Rank of inputs must be known")
        if rank < 3:
            raise ValueError("Rank of inputs must be >= 3")
        outputs = pool_any.pool_any(
            input=inputs,
            window_shape=utils.n_positive_integers(rank - 2, kernel_size),
            pooling_type=pooling_type,
            padding=padding,
            data_format=data_format,
            dilation_rate=utils.n_positive_integers(rank - 2, dilation_rate),
            strides=utils.n_positive_integers(rank - 2, stride),
            name=sc,
        )
        return utils.collect_named_outputs(outputs_collections, sc, outputs)
