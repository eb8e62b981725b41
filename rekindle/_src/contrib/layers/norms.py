"""Normalization within one example: `layer_norm`, `instance_norm`, `group_norm`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rekindle._src.contrib.framework.arg_scope import add_arg_scope
from rekindle._src.contrib.framework.variables import model_variable
from rekindle._src.contrib.layers import utils
from rekindle._src.contrib.layers.making import activated
from rekindle._src.contrib.spaces import shown
from rekindle._src.graph import convert, dtypes
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops
from rekindle._src.ops import moments, norm
from rekindle._src.state.initializers import Ones, Zeros
from rekindle._src.state.variable_scope import variable_scope


def _parameter(
    name: str, shape: Any, dtype: Any, initializers: Any, collections: Any, trainable: bool
) -> Any:
    default = Ones() if name == "gamma" else Zeros()
    return model_variable(
        name,
        shape=shape,
        dtype=dtype,
        initializer=(initializers or {}).get(name, default),
        collections=utils.get_variable_collections(collections, name),
        trainable=trainable,
    )


@shown("layers", "layer_norm")
@add_arg_scope
def layer_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    activation_fn: Callable[..., Any] | None = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    begin_norm_axis: int = 1,
    begin_params_axis: int = -1,
    scope: Any = None,
) -> Any:
    """The inputs with mean 0 and variance 1 over the axes from `begin_norm_axis`.

    Args:
      inputs: any shape.
      center, scale: add a variable `beta`, multiply by a variable `gamma`.
      activation_fn: applied last; None for none.
      reuse, variables_collections, outputs_collections, trainable: as for `fully_connected`.
      begin_norm_axis: the first axis to normalize over.
      begin_params_axis: the first axis of beta and gamma.
      scope: the variable scope.

    Raises:
      ValueError: the rank, or a size from `begin_params_axis`, is not known.

    Source: Ba, Kiros and Hinton, Layer Normalization, 2016.
    """
    with variable_scope(scope, "LayerNorm", [inputs], reuse=reuse) as sc:
        inputs = convert.convert_to_tensor(inputs)
        shape, rank = inputs.shape, inputs.shape.ndims
        if rank is None:
            raise ValueError(f"Inputs {inputs.name} has undefined rank.")
        dtype = inputs.dtype.base_dtype
        if begin_norm_axis < 0:
            begin_norm_axis += rank
        if begin_params_axis >= rank or begin_norm_axis >= rank:
            raise ValueError(
                f"begin_params_axis ({begin_params_axis}) and begin_norm_axis ({begin_norm_axis}) "
                f"must be < rank(inputs) ({rank})"
            )
        own = shape[begin_params_axis:]
        if not own.is_fully_defined():
            raise ValueError(
                f"Inputs {inputs.name}: shape(inputs)[{begin_params_axis}:] is not fully defined: "
                f"{shape}"
            )
        made = [None, None]
        for i, (name, wanted) in enumerate((("beta", center), ("gamma", scale))):
            if wanted:
                made[i] = _parameter(name, own, dtype, None, variables_collections, trainable)
        axes = list(range(begin_norm_axis, rank))
        mean, variance = moments.moments(inputs, axes, keepdims=True)
        epsilon = 1e-12 if dtype != dtypes.float16 else 1e-3
        outputs = norm.batch_normalization(
            inputs, mean, variance, offset=made[0], scale=made[1], variance_epsilon=epsilon
        )
        outputs.set_shape(shape)
        return activated(outputs, activation_fn, outputs_collections, sc.name)


@shown("library", "instance_norm")
@add_arg_scope
def instance_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    epsilon: float = 1e-6,
    activation_fn: Callable[..., Any] | None = None,
    param_initializers: dict[str, Any] | None = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    data_format: str = "NHWC",
    scope: Any = None,
) -> Any:
    """The inputs with mean 0 and variance 1 for each example and channel.

    Args:
      inputs: [N, places..., C], or [N, C, places...] by `data_format`.
      center, scale: add a variable `beta`, multiply by a variable `gamma`.
      epsilon: added to the variance.
      activation_fn: applied last; None for none.
      param_initializers: "beta", "gamma" -> initializer.
      reuse, variables_collections, outputs_collections, trainable: as for `fully_connected`.
      data_format: "NHWC" or "NCHW".
      scope: the variable scope.

    Raises:
      ValueError: another format, or the rank or the number of channels is not known.

    Source: Ulyanov, Vedaldi and Lempitsky, Instance Normalization, 2016.
    """
    inputs = convert.convert_to_tensor(inputs)
    rank = inputs.shape.ndims
    if rank is None:
        raise ValueError(f"Inputs {inputs.name} has undefined rank.")
    if data_format not in ("NCHW", "NHWC"):
        raise ValueError("data_format has to be either NCHW or NHWC.")
    with variable_scope(scope, "InstanceNorm", [inputs], reuse=reuse) as sc:
        axis = 1 if data_format == "NCHW" else rank - 1
        channels = inputs.shape[axis : axis + 1]
        if not channels.is_fully_defined():
            raise ValueError(
                f"Inputs {inputs.name} has undefined channels dimension {channels}."
            )
        wide = [1, *channels.as_list(), *[1] * (rank - 2)] if data_format == "NCHW" else None
        made = [None, None]
        for i, (name, wanted) in enumerate((("beta", center), ("gamma", scale))):
            if wanted:
                one = _parameter(name, channels, inputs.dtype.base_dtype, param_initializers,
                                 variables_collections, trainable)
                made[i] = one if wide is None else array_ops.reshape(one, wide)
        axes = [i for i in range(1, rank) if i != axis]
        mean, variance = moments.moments(inputs, axes, keepdims=True)
        outputs = norm.batch_normalization(
            inputs, mean, variance, made[0], made[1], epsilon, name="instancenorm"
        )
        return activated(outputs, activation_fn, outputs_collections, sc.name)


@shown("library", "group_norm")
@add_arg_scope
def group_norm(
    inputs: Any,
    groups: int = 32,
    channels_axis: int = -1,
    reduction_axes: Any = (-3, -2),
    center: bool = True,
    scale: bool = True,
    epsilon: float = 1e-6,
    activation_fn: Callable[..., Any] | None = None,
    param_initializers: dict[str, Any] | None = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    scope: Any = None,
    mean_close_to_zero: bool = False,
) -> Any:
    """The inputs with mean 0 and variance 1 for each example and group of channels.

    Args:
      inputs: any shape; all sizes but the batch's are known.
      groups: the number of groups; it divides the number of channels.
      channels_axis: the axis of the channels.
      reduction_axes: the axes of places.
      center, scale: add a variable `beta`, multiply by a variable `gamma`.
      epsilon: added to the variance.
      activation_fn: applied last; None for none.
      param_initializers: "beta", "gamma" -> initializer.
      reuse, variables_collections, outputs_collections, trainable: as for `fully_connected`.
      scope: the variable scope.
      mean_close_to_zero: take the variance from the mean of squares.

    Raises:
      ValueError: a size is not known, or the groups do not fit.

    Source: Wu and He, Group Normalization, 2018.
    """
    inputs = convert.convert_to_tensor(inputs)
    if inputs.shape.ndims is None:
        raise ValueError(f"Inputs {inputs.name} has undefined rank.")
    if channels_axis > inputs.shape.ndims - 1:
        raise ValueError("Axis is out of bounds.")
    known = inputs.shape.as_list()
    dynamic = array_ops.shape(inputs)
    sizes = [dynamic[i] if n is None else n for i, n in enumerate(known)]
    axis = channels_axis % len(known)
    axes = [a + len(known) if a < 0 else a for a in reduction_axes]
    channels = _channels(inputs, known, axis, axes, groups)
    before, after = sizes[:axis], sizes[axis + 1 :]
    wide = [1] * len(before) + [groups, channels // groups] + [1] * len(after)
    grouped = array_ops.reshape(inputs, before + [groups, channels // groups] + after)
    over = [axis + 1, *(a + 1 if a > axis else a for a in axes)]
    with variable_scope(scope, "GroupNorm", [grouped], reuse=reuse) as sc:
        made = {}
        for name, wanted in (("beta", center), ("gamma", scale)):
            if wanted:
                one = _parameter(name, [channels], inputs.dtype.base_dtype, param_initializers,
                                 variables_collections, trainable)
                made[name] = array_ops.reshape(one, wide)
        if mean_close_to_zero:
            counts, means, squares, _ = moments.sufficient_statistics(grouped, over, keepdims=True)
            mean, variance = moments.normalize_moments(counts, means, squares, shift=None)
        else:
            mean, variance = moments.moments(grouped, over, keepdims=True)
        gain = math_ops.rsqrt(variance + epsilon)
        offset = -mean * gain
        if "gamma" in made:
            gain *= made["gamma"]
            offset *= made["gamma"]
        if "beta" in made:
            offset += made["beta"]
        outputs = array_ops.reshape(grouped * gain + offset, sizes)
        return activated(outputs, activation_fn, outputs_collections, sc.name)


def _channels(inputs: Any, known: list[Any], axis: int, axes: list[int], groups: int) -> int:
    """The number of channels, after the groups and axes were checked."""
    channels = known[axis]
    if channels is None:
        raise ValueError(f"Inputs {inputs.name} has undefined channel dimension: {axis}.")
    for one in axes:
        if one > len(known):
            raise ValueError("Axis is out of bounds.")
        if known[one] is None:
            raise ValueError(f"Inputs {inputs.name} has undefined dimensions {one}.")
        if one == axis:
            raise ValueError("reduction_axis must be mutually exclusive with channels_axis")
    if groups > channels:
        raise ValueError(f"Invalid groups {groups} for {channels} channels.")
    if channels % groups:
        raise ValueError(f"{channels} channels is not commensurate with {groups} groups.")
    return channels
