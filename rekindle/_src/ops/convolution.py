"""`tf.nn.convolution` and `tf.nn.atrous_conv2d`: convolution along one to three axes, dilated by
space_to_batch.

Holds `Convolution`, which layers keep between building and calling, and `with_space_to_batch`,
which dilates any op that slides a window.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rekindle._src.graph import constants, convert, dtypes, scopes
from rekindle._src.graph.shapes import TensorShape, as_shape, dimension_at_index
from rekindle._src.names import public
from rekindle._src.ops import arguments, conv, conv3d
from rekindle._src.ops import array as array_ops


@public("nn.with_space_to_batch")
def with_space_to_batch(
    input: Any,
    dilation_rate: Any,
    padding: str,
    op: Callable[[Any, int, str], Any],
    filter_shape: Any = None,
    spatial_dims: Any = None,
    data_format: str | None = None,
) -> Any:
    """What `op` gives on the input with its spatial axes dilated: space_to_batch, `op` with VALID
    padding, and back.

    Args:
      input: the tensor.
      dilation_rate: the rate of each axis, [n].
      padding: "SAME" or "VALID".
      op: a function of (tensor, number of spatial axes, padding).
      filter_shape: the spatial size of the window, for SAME.
      spatial_dims: the spatial axes, in order; default: all but the first and the last (or after
        the channels).
      data_format: the layout, "NC..." or "N...C".

    Raises:
      ValueError: an argument does not fit the others.
    """
    input = convert.convert_to_tensor(input, name="input")

    def build(count: int, padding: str) -> Callable[[Any, Any], Any]:
        return lambda converted, _: op(converted, count, padding)

    return SpaceToBatch(
        input.get_shape(), dilation_rate, padding, build, filter_shape, spatial_dims, data_format
    )(input, None)


class SpaceToBatch:
    """A sliding-window op with dilation, ready to be called with (tensor, filter)."""

    def __init__(
        self,
        input_shape: TensorShape,
        dilation_rate: Any,
        padding: str,
        build: Callable[[int, str], Callable[[Any, Any], Any]],
        filter_shape: Any = None,
        spatial_dims: Any = None,
        data_format: str | None = None,
    ) -> None:
        rate = convert.convert_to_tensor(dilation_rate, dtypes.int32, name="dilation_rate")
        count = _rate_count(rate)
        self._is_channels_first = data_format is not None and data_format.startswith("NC")
        self._axes = _spatial_axes(spatial_dims, 2 if self._is_channels_first else 1, count)
        _check_rank(input_shape, self._axes[-1] + (0 if self._is_channels_first else 1))
        known = constants.constant_value(rate)
        self._input_shape, self._rate, self._count = input_shape, rate, count
        self._known_rate = rate if known is None else known
        if known is not None and np.any(known < 1):
            raise ValueError("dilation_rate must be positive")
        self._is_plain = known is not None and bool(np.all(known == 1))
        self._run = build(count, padding if self._is_plain else "VALID")
        self._base = None if self._is_plain else self._base_paddings(padding, filter_shape)

    def _base_paddings(self, padding: str, filter_shape: Any) -> Any:
        if padding == "VALID":
            return np.zeros([self._count, 2], np.int32)
        if padding != "SAME":
            raise ValueError(f"Invalid padding method {padding!r}")
        if filter_shape is None:
            raise ValueError("filter_shape must be specified for SAME padding")
        known = constants.constant_value(
            convert.convert_to_tensor(filter_shape, name="filter_shape")
        )
        return None if known is None else _same_paddings(known, self._count, self._known_rate)

    def __call__(self, input: Any, filter: Any) -> Any:
        if self._is_plain:
            return self._run(input, filter)
        size = self._spatial_size(input)
        base = self._base
        if base is None:
            base = _same_paddings(array_ops.shape(filter), self._count, self._known_rate)
        paddings, crops = array_ops.required_space_to_batch_paddings(
            input_shape=size, base_paddings=base, block_shape=self._rate
        )
        rate = _with_other_axes(self._rate, 1, self._axes)
        paddings = _with_other_axes(paddings, 0, self._axes)
        crops = _with_other_axes(crops, 0, self._axes)
        converted = array_ops.space_to_batch_nd(input=input, block_shape=rate, paddings=paddings)
        result = array_ops.batch_to_space_nd(
            self._run(converted, filter), block_shape=rate, crops=crops
        )
        if self._is_channels_first and filter is not None and not result.shape.dims[1].value:
            shape = result.shape.as_list()
            shape[1] = filter.shape[-1]
            result.set_shape(shape)
        return result

    def _spatial_size(self, input: Any) -> Any:
        if self._input_shape.ndims is not None:
            sizes = self._input_shape.as_list()
            known = [sizes[i] for i in self._axes]
            if None not in known:
                return known
        shape = array_ops.shape(input)
        return array_ops.stack([shape[i] for i in self._axes])


def _rate_count(rate: Any) -> int:
    try:
        shape = rate.get_shape().with_rank(1)
    except ValueError:
        raise ValueError("rate must be rank 1") from None
    if not shape.is_fully_defined():
        raise ValueError("rate must have known shape")
    return shape.dims[0].value


def _spatial_axes(given: Any, first: int, count: int) -> list[int]:
    asked = list(range(first, first + count)) if given is None else list(given)
    axes = sorted({int(axis) for axis in asked})
    if axes != asked or any(axis < 1 for axis in axes):
        raise ValueError(
            "spatial_dims must be a montonically increasing sequence of positive integers"
        )
    return axes


def _check_rank(shape: TensorShape, rank: int) -> None:
    try:
        shape.with_rank_at_least(rank)
    except ValueError:
        raise ValueError(f"input tensor must have rank {rank} at least") from None


def _same_paddings(filter_shape: Any, count: int, rate: Any) -> Any:
    """The padding of SAME for a dilated window, [count, 2]; one more at the end where the total is
    odd.
    """
    size = filter_shape[:count]
    dilated = size + (size - 1) * (rate - 1)
    total = dilated - 1
    before = total // 2
    after = total - before
    return array_ops.stack([[before[i], after[i]] for i in range(count)])


def _with_other_axes(values: Any, fill: int, axes: Sequence[int]) -> Any:
    """Rows for the axes from 1 up to the last spatial one: `values` has those of the spatial axes,
    others get `fill`.
    """
    row = values.get_shape().as_list()[1:]
    known = constants.constant_value(values)
    source = values if known is None else known
    parts: list[Any] = []
    last, i = 0, 0
    while i < len(axes):
        start = i
        if axes[i] > 1:
            parts.append(
                np.full([axes[i] - 1 - last, *row], fill, dtype=values.dtype.as_numpy_dtype)
            )
        while i + 1 < len(axes) and axes[i + 1] == axes[i] + 1:
            i += 1
        parts.append(source[start : i + 1])
        last = axes[i]
        i += 1
    return array_ops.concat(parts, 0) if known is None else np.concatenate(parts)


class Convolution:
    """A convolution of known geometry, to be called with (input, filter); its constants are made at
    once.

    Args:
      input_shape: the static shape of the input.
      filter_shape: the static shape of the filter, [*window, in, out].
      padding: "SAME" or "VALID".
      strides: the steps, one for each spatial axis.
      dilation_rate: the distance of the filter's entries, one for each spatial axis.
      name: the name of the convolution's operation.
      data_format: "N...C" (the default) or "NC...".

    Raises:
      ValueError: ranks, channels or the lengths of lists do not fit.
    """

    def __init__(
        self,
        input_shape: TensorShape,
        filter_shape: TensorShape,
        padding: str,
        strides: Any = None,
        dilation_rate: Any = None,
        name: str | None = None,
        data_format: str | None = None,
    ) -> None:
        rank = filter_shape.ndims if filter_shape.ndims is not None else input_shape.ndims
        if rank is None:
            raise ValueError("rank of input or filter must be known")
        count = rank - 2
        for what, shape in (("input", input_shape), ("filter", filter_shape)):
            if shape.ndims is not None and shape.ndims != rank:
                raise ValueError(f"{what} tensor must have rank {rank}")
        is_first = data_format is not None and data_format.startswith("NC")
        depth = dimension_at_index(input_shape, 1 if is_first else count + 1)
        if not depth.is_compatible_with(filter_shape[count]):
            raise ValueError(
                "number of input channels does not match corresponding dimension of filter, "
                f"{depth} != {filter_shape[count]}"
            )
        strides, rate = strides_and_rate(count, strides, dilation_rate)
        first = 2 if is_first else 1

        def build(_: int, padding: str) -> Callable[[Any, Any], Any]:
            return _undilated(input_shape, filter_shape, padding, data_format, strides, name)

        self._run = SpaceToBatch(
            input_shape,
            rate,
            padding,
            build,
            filter_shape,
            range(first, first + count),
            data_format,
        )

    def __call__(self, input: Any, filter: Any) -> Any:
        return self._run(input, filter)


def strides_and_rate(count: int, strides: Any, dilation_rate: Any) -> tuple[np.ndarray, np.ndarray]:
    """Strides and dilation rates of `count` axes as arrays, ones by default.

    Raises:
      ValueError: a wrong length, a number below 1, or both at once.
    """
    rate = np.array(_of_length(count, dilation_rate, "dilation_rate", "but should be"), np.int32)
    if np.any(rate < 1):
        raise ValueError("all values of dilation_rate must be positive")
    steps = np.array(_of_length(count, strides, "strides", "but should be"), np.int32)
    if np.any(steps < 1):
        raise ValueError("all values of strides must be positive")
    if np.any(steps > 1) and np.any(rate > 1):
        raise ValueError("strides > 1 not supported in conjunction with dilation_rate > 1")
    return steps, rate


def _of_length(count: int, values: Any, name: str, words: str) -> Any:
    if values is None:
        return [1] * count
    if len(values) != count:
        comma = "" if name == "dilation_rate" else ","
        raise ValueError(f"len({name})={len(values)}{comma} {words} {count}")
    return values


def _undilated(
    input_shape: TensorShape,
    filter_shape: TensorShape,
    padding: str,
    data_format: str | None,
    strides: Any,
    name: str | None,
) -> Callable[[Any, Any], Any]:
    """A function of (input, filter) that runs the convolution op of the rank."""
    filter_shape = filter_shape.with_rank(input_shape.ndims)
    rank = input_shape.with_rank(filter_shape.ndims).ndims
    if rank is None:
        raise ValueError("Rank of convolution must be known")
    if rank < 3 or rank > 5:
        raise ValueError("`input` and `filter` must have rank at least 3 and at most 5")
    if len(strides) != rank - 2:
        raise ValueError(f"len(strides)={len(strides)}, but should be {rank - 2}")
    if rank == 3:
        layout = data_format or "NWC"
        if layout not in ("NCW", "NWC", "NCHW", "NHWC"):
            raise ValueError('data_format must be "NWC" or "NCW".')
        return lambda x, w: conv.conv1d(x, w, strides[0], padding, data_format=layout, name=name)
    last, first = ("NHWC", "NCHW") if rank == 4 else ("NDHWC", "NCDHW")
    if data_format not in (None, last, first):
        more = "" if rank == 4 else f" Have: {data_format}"
        raise ValueError(f'data_format must be "{last}" or "{first}".{more}')
    steps = [1, 1, *strides] if data_format == first else [1, *strides, 1]
    if rank == 4:
        return lambda x, w: conv.conv2d_v1(
            x, w, steps, padding, data_format=data_format or last, name=name
        )
    return lambda x, w: conv3d.conv3d(x, w, steps, padding, data_format=data_format, name=name)


@public("nn.convolution")
def convolution(
    input: Any,
    filter: Any,
    padding: str,
    strides: Any = None,
    dilation_rate: Any = None,
    name: str | None = None,
    data_format: str | None = None,
    filters: Any = None,
    dilations: Any = None,
) -> Any:
    """A convolution along one, two or three axes, by the rank of the input.

    Args:
      input: [N, *size, C], or [N, C, *size] for a data format "NC...".
      filter: [*window, C, out]; `filters` is its newer name.
      padding: "SAME" or "VALID".
      strides: the steps, one for each spatial axis; default 1.
      dilation_rate: the distance of the filter's entries, one for each spatial axis; `dilations` is
        its newer name.
      name: the operation's name.
      data_format: "NWC", "NCW", "NHWC", "NCHW", "NDHWC" or "NCDHW".

    Raises:
      ValueError: the rank is not known, or lengths do not fit.
    """
    filter = arguments.renamed("filters", filters, "filter", filter)
    rates = arguments.renamed("dilations", dilations, "dilation_rate", dilation_rate)
    return _of_rank(input, filter, strides, padding, data_format, rates, name)


def _of_rank(
    input: Any,
    filters: Any,
    strides: Any,
    padding: str,
    data_format: str | None,
    dilations: Any,
    name: str | None,
) -> Any:
    shape = as_shape(input.shape) if input.shape is not None else TensorShape(None)
    rank = shape.ndims if shape.ndims is not None else as_shape(filters.shape).ndims
    if rank is None:
        raise ValueError("rank of input or filter must be known")
    n = rank - 2
    if not 1 <= n <= 3:
        raise ValueError(f"Input tensor must be of rank 3, 4 or 5 but was {n + 2}.")
    channel = 1 if data_format is not None and data_format.startswith("NC") else n + 1
    steps = arguments.per_axis(strides, n, channel, "strides")
    rates = arguments.per_axis(dilations, n, channel, "dilations")
    with scopes.name_scope(name, "convolution", [input, filters]) as name:
        if all(rate == 1 for rate in rates):
            block = (conv.conv1d, conv.conv2d, conv3d.conv3d)[n - 1]
            return block(
                input,
                filters,
                steps,
                padding=padding,
                data_format=data_format,
                dilations=rates,
                name=name,
            )
        inner = slice(2, None) if channel == 1 else slice(1, -1)
        return Convolution(
            as_shape(input.shape),
            as_shape(filters.shape),
            padding,
            steps[inner],
            rates[inner],
            name,
            data_format,
        )(input, filters)


@public("nn.atrous_conv2d")
def atrous_conv2d(
    value: Any, filters: Any, rate: int, padding: str, name: str | None = None
) -> Any:
    """A 2-D convolution with the filter's entries `rate` apart: [N, H, W, C] and [h, w, C, out] ->
    [N, H', W', out].
    """
    return convolution(
        value, filters, padding, dilation_rate=np.broadcast_to(rate, (2,)), name=name
    )
