"""Convolutions with their biases, normalizers and activations.

The signature that they share is written once, as the arguments of `convolution`; the others pass
their arguments on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.contrib.framework.arg_scope import add_arg_scope
from rekindle._src.contrib.layers.making import (
    WEIGHTS_AND_BIASES,
    XAVIER,
    ZEROS,
    check_format,
    collect_variable,
    finished,
    renaming_getter,
)
from rekindle._src.contrib.spaces import names_in, shown
from rekindle._src.graph import convert
from rekindle._src.layers import convolution as layers
from rekindle._src.layers import convolution_transpose
from rekindle._src.names import export
from rekindle._src.ops import activation
from rekindle._src.state.variable_scope import variable_scope

_FORMATS = (None, "NWC", "NCW", "NHWC", "NCHW", "NDHWC", "NCDHW")
_BY_RANK = {3: layers.Conv1D, 4: layers.Conv2D, 5: layers.Conv3D}


@shown("layers", "convolution")
@add_arg_scope
def convolution(
    inputs: Any,
    num_outputs: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str | None = None,
    rate: Any = 1,
    activation_fn: Callable[..., Any] | None = activation.relu,
    normalizer_fn: Callable[..., Any] | None = None,
    normalizer_params: dict[str, Any] | None = None,
    weights_initializer: Any = XAVIER,
    weights_regularizer: Any = None,
    biases_initializer: Any = ZEROS,
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
    conv_dims: int | None = None,
) -> Any:
    """A convolution with filters `weights`, plus `biases`: [N, places..., num_outputs].

    Args:
      inputs: [N, places..., C] with one to three axes of places, or [N, C, places...].
      num_outputs: the number of filters.
      kernel_size: the filters' size for each axis, or one number.
      stride: the steps, or one number; 1 if `rate` is not.
      padding: "VALID" or "SAME".
      data_format: beginning with "NC" where the channels come first.
      rate: the distance of a filter's taps, or one number.
      activation_fn: applied last; None for none.
      normalizer_fn: applied in place of the biases.
      normalizer_params: its keyword arguments.
      weights_initializer, weights_regularizer: of the filters.
      biases_initializer, biases_regularizer: of the biases; without an initializer there are none.
      reuse: share the variables of the scope.
      variables_collections: a list of collections, or "weights" and "biases" -> list.
      outputs_collections: where the outputs go.
      trainable: add the variables to TRAINABLE_VARIABLES.
      scope: the variable scope.
      conv_dims: the number of axes of places that there must be.

    Raises:
      ValueError: another format or number of axes.
    """
    if data_format not in _FORMATS:
        raise ValueError(f"Invalid data_format: {data_format!r}")
    getter = renaming_getter(WEIGHTS_AND_BIASES)
    with variable_scope(scope, "Conv", [inputs], reuse=reuse, custom_getter=getter) as sc:
        inputs = convert.convert_to_tensor(inputs)
        first = (data_format or "").startswith("NC")
        layer = _layer_for(inputs.get_shape().ndims, conv_dims)(
            filters=num_outputs,
            kernel_size=kernel_size,
            strides=stride,
            padding=padding,
            data_format="channels_first" if first else "channels_last",
            dilation_rate=rate,
            activation=None,
            use_bias=not normalizer_fn and biases_initializer,
            kernel_initializer=weights_initializer,
            bias_initializer=biases_initializer,
            kernel_regularizer=weights_regularizer,
            bias_regularizer=biases_regularizer,
            activity_regularizer=None,
            trainable=trainable,
            name=sc.name,
            dtype=inputs.dtype.base_dtype,
            _scope=sc,
            _reuse=reuse,
        )
        outputs = layer.apply(inputs)
        collect_variable(layer.kernel, variables_collections, "weights")
        if layer.use_bias:
            collect_variable(layer.bias, variables_collections, "biases")
        return finished(
            outputs, normalizer_fn, normalizer_params, activation_fn, outputs_collections, sc.name
        )


def _layer_for(rank: int | None, dims: int | None) -> Any:
    if dims is not None and dims + 2 != rank:
        raise ValueError(f"Convolution expects input with rank {dims + 2}, got {rank}")
    if rank not in _BY_RANK:
        raise ValueError("Convolution not supported for input with rank", rank)
    return _BY_RANK[rank]


def _of_dims(name: str, short: str, dims: int) -> Any:
    """`convolution` for one number of axes, with arguments of its own in scopes."""

    def convolve(
        inputs: Any,
        num_outputs: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: str = "SAME",
        data_format: str | None = None,
        rate: Any = 1,
        activation_fn: Callable[..., Any] | None = activation.relu,
        normalizer_fn: Callable[..., Any] | None = None,
        normalizer_params: dict[str, Any] | None = None,
        weights_initializer: Any = XAVIER,
        weights_regularizer: Any = None,
        biases_initializer: Any = ZEROS,
        biases_regularizer: Any = None,
        reuse: Any = None,
        variables_collections: Any = None,
        outputs_collections: Any = None,
        trainable: bool = True,
        scope: Any = None,
    ) -> Any:
        return convolution(
            inputs,
            num_outputs,
            kernel_size,
            stride,
            padding,
            data_format,
            rate,
            activation_fn,
            normalizer_fn,
            normalizer_params,
            weights_initializer,
            weights_regularizer,
            biases_initializer,
            biases_regularizer,
            reuse,
            variables_collections,
            outputs_collections,
            trainable,
            scope,
            conv_dims=dims,
        )

    convolve.__name__ = convolve.__qualname__ = name
    convolve.__doc__ = convolution.__doc__
    export(names_in("layers", f"{name} {short}"), __name__, name)
    return add_arg_scope(convolve)


convolution1d = _of_dims("convolution1d", "conv1d", 1)
convolution2d = _of_dims("convolution2d", "conv2d", 2)
convolution3d = _of_dims("convolution3d", "conv3d", 3)


def _transposed(
    layer_class: Any, default: str, formats: tuple[str, str], arguments: dict[str, Any]
) -> Any:
    """The outputs of a transposed convolution, from the arguments of the functions below."""
    given = dict(arguments)
    inputs, scope, reuse = given.pop("inputs"), given.pop("scope"), given.pop("reuse")
    getter = renaming_getter(WEIGHTS_AND_BIASES)
    with variable_scope(scope, default, [inputs], reuse=reuse, custom_getter=getter) as sc:
        layout = check_format(given["data_format"], *formats)
        inputs = convert.convert_to_tensor(inputs)
        layer = layer_class(
            filters=given["num_outputs"],
            kernel_size=given["kernel_size"],
            strides=given["stride"],
            padding=given["padding"],
            data_format=layout,
            activation=None,
            use_bias=not given["normalizer_fn"] and given["biases_initializer"],
            kernel_initializer=given["weights_initializer"],
            bias_initializer=given["biases_initializer"],
            kernel_regularizer=given["weights_regularizer"],
            bias_regularizer=given["biases_regularizer"],
            activity_regularizer=None,
            trainable=given["trainable"],
            name=sc.name,
            dtype=inputs.dtype.base_dtype,
            _scope=sc,
            _reuse=reuse,
        )
        outputs = layer.apply(inputs)
        collect_variable(layer.kernel, given["variables_collections"], "weights")
        if layer.bias is not None:
            collect_variable(layer.bias, given["variables_collections"], "biases")
        return finished(
            outputs,
            given["normalizer_fn"],
            given["normalizer_params"],
            given["activation_fn"],
            given["outputs_collections"],
            sc.name,
        )


@shown("layers", "convolution2d_transpose conv2d_transpose")
@add_arg_scope
def convolution2d_transpose(
    inputs: Any,
    num_outputs: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str = "NHWC",
    activation_fn: Callable[..., Any] | None = activation.relu,
    normalizer_fn: Callable[..., Any] | None = None,
    normalizer_params: dict[str, Any] | None = None,
    weights_initializer: Any = XAVIER,
    weights_regularizer: Any = None,
    biases_initializer: Any = ZEROS,
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Any:
    """The transpose of a convolution, with the arguments of one: [N, H, W, num_outputs].

    Raises:
      ValueError: another format.
    """
    return _transposed(
        convolution_transpose.Conv2DTranspose, "Conv2d_transpose", ("NCHW", "NHWC"), locals()
    )


@shown("layers", "convolution3d_transpose conv3d_transpose")
@add_arg_scope
def convolution3d_transpose(
    inputs: Any,
    num_outputs: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str = "NDHWC",
    activation_fn: Callable[..., Any] | None = activation.relu,
    normalizer_fn: Callable[..., Any] | None = None,
    normalizer_params: dict[str, Any] | None = None,
    weights_initializer: Any = XAVIER,
    weights_regularizer: Any = None,
    biases_initializer: Any = ZEROS,
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
) -> Any:
    """`convolution2d_transpose` with a depth: [N, D, H, W, num_outputs].

    Raises:
      ValueError: another format.
    """
    return _transposed(
        convolution_transpose.Conv3DTranspose, "Conv3d_transpose", ("NCDHW", "NDHWC"), locals()
    )
