"""Convolution in two dimensions: the ops Conv2D and its two backprops, `tf.nn.conv2d` and
`tf.nn.conv1d`.

Filters are [height, width, in / groups, out]. The kernels see NHWC tensors as channels-last views,
so that nothing is copied. Transposed convolution stands in conv_transpose.py, dilation by
space_to_batch in convolution.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from rekindle._src import errors
from rekindle._src.graph import infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import arguments, math_refusal, windows
from rekindle._src.ops import array as array_ops

_ATTRS = ("strides", "padding", "use_cudnn_on_gpu", "explicit_paddings", "data_format", "dilations")


def conv2d_shape(c: Any) -> infer.Shape:
    """[N, H, W, C] and [h, w, C / groups, out] -> [N, H', W', out]."""
    x, w = infer.with_rank(c.shapes[0], 4), infer.with_rank(c.shapes[1], 4)
    layout, strides, dilations, padding = (
        c.attr(n) for n in ("data_format", "strides", "dilations", "padding")
    )
    if len(dilations) != 4:
        raise ValueError(
            f"Conv2D requires the dilation attribute to contain 4 values, but got: {len(dilations)}"
        )
    if len(strides) != 4:
        raise ValueError(
            f"Conv2D on data format {layout} requires the stride attribute to contain 4 values, "
            "but got: "
            f"{len(strides)}"
        )
    check_depths(windows.channels(x, layout), w[2], w[3])
    paddings = c.attr("explicit_paddings")
    windows.check_explicit(padding, paddings, layout)
    pads = windows.explicit(paddings, layout) or [(0, 0), (0, 0)]
    extent = [
        windows.output_size(n, k, s, padding, d, p)
        for n, k, s, d, p in zip(
            windows.spatial(x, layout),
            w,
            windows.spatial(strides, layout),
            windows.spatial(dilations, layout),
            pads,
        )
    ]
    return windows.shaped(x[0], extent, w[3], layout)


def check_depths(depth: int | None, filter_depth: int | None, output_depth: int | None) -> None:
    """Refuse channel counts that make no groups.

    Raises:
      ValueError: the input's depth is no multiple of the filter's, or the output's none of the
        number of groups.
    """
    if depth is None or filter_depth is None:
        return
    if filter_depth == 0:
        raise ValueError("Depth of filter must not be 0")
    if depth % filter_depth:
        raise ValueError(
            f"Depth of input ({depth}) is not a multiple of input depth of filter ({filter_depth})"
        )
    groups = depth // filter_depth
    if groups > 1 and output_depth is not None and output_depth % groups:
        raise ValueError(
            f"Depth of output ({output_depth}) is not a multiple of the number of groups ({groups})"
        )


class Plan:
    """The arguments of torch's convolution for one op and its sizes, any number of spatial axes."""

    __slots__ = ("strides", "dilations", "groups", "padding", "exact", "depth")

    def __init__(
        self,
        size: Sequence[int],
        depth: int,
        window: Sequence[int],
        strides: Sequence[int],
        padding: str,
        explicit_paddings: Sequence[int],
        data_format: str,
        dilations: Sequence[int],
    ) -> None:
        self.strides = windows.spatial(strides, data_format)
        self.dilations = windows.spatial(dilations, data_format)
        self.depth = depth
        self.groups = depth // window[-2]
        self.padding = windows.padding_of(
            size,
            window,
            self.strides,
            padding,
            self.dilations,
            windows.explicit(explicit_paddings, data_format),
        )
        self.exact = self.padding.before == self.padding.after

    def check(
        self, which: str, size: Sequence[int], window: Sequence[int], found: Sequence[int]
    ) -> None:
        """Refuse a gradient whose spatial size is not that of the output.

        Raises:
          InvalidArgumentError: it is not.
        """
        for i, (n, wanted) in enumerate(zip(found, self.padding.output, strict=True)):
            if n != wanted:
                raise errors.InvalidArgumentError(
                    None,
                    None,
                    f"Conv{len(size)}DCustomBackprop{which}: Size of out_backprop doesn't match "
                    "computed: "
                    f"actual = {n}, computed = {wanted} spatial_dim: {i + 1} input: {size[i]} "
                    f"filter: {window[i]} "
                    f"output: {n} stride: {self.strides[i]} dilation: {self.dilations[i]}",
                )

    def run(self, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        """The convolution of a channels-first tensor with an [out, in, *window] filter."""
        if not self.exact:
            x = windows.pad(x, self.padding)
        return torch.convolution(
            x,
            w,
            None,
            self.strides,
            self.before,
            self.dilations,
            False,
            [0] * (x.dim() - 2),
            self.groups,
        )

    @property
    def before(self) -> tuple[int, ...]:
        """What torch itself is to pad on both sides."""
        return self.padding.before if self.exact else (0,) * len(self.padding.before)

    def backward(
        self, dy: torch.Tensor, x: torch.Tensor, w: torch.Tensor, which: int
    ) -> torch.Tensor:
        """The gradient of the input (`which` 0) or the filter (1); of the other only the value is
        needed.
        """
        mask = [which == 0, which == 1, False]
        return torch.ops.aten.convolution_backward(
            dy,
            x,
            w,
            None,
            self.strides,
            self.before,
            self.dilations,
            False,
            [0] * (x.dim() - 2),
            self.groups,
            mask,
        )[which]

    def input_gradient(
        self, dy: torch.Tensor, w: torch.Tensor, size: Sequence[int]
    ) -> torch.Tensor:
        """The gradient of an input with spatial `size`."""
        full = (
            size
            if self.exact
            else [n + a + b for n, a, b in zip(size, self.padding.before, self.padding.after)]
        )
        if self.depth == 1 and dy.dim() == 4 and dy.device.type == "cpu":
            dx = self._folded(dy, w, full)
        else:
            dx = self.backward(dy, windows.empty((dy.shape[0], self.depth, *full), dy), w, 0)
        if self.exact:
            return dx
        # side by side again: what takes it runs over it several times as fast as over a part of a larger tensor
        return windows.unpad(dx, self.padding, size).clone(memory_format=torch.preserve_format)

    def _folded(self, dy: torch.Tensor, w: torch.Tensor, full: Sequence[int]) -> torch.Tensor:
        """The gradient of an input of one channel as a product and a sum of windows: oneDNN takes several times as
        long.
        """
        rows = torch.matmul(w.flatten(1).t(), dy.flatten(2))
        return torch.nn.functional.fold(
            rows, tuple(full), tuple(w.shape[2:]), self.dilations, self.before, self.strides
        )

    def filter_gradient(
        self, dy: torch.Tensor, x: torch.Tensor, window: Sequence[int]
    ) -> torch.Tensor:
        """The gradient of an [out, in, *window] filter."""
        return self.backward(
            dy,
            x if self.exact else windows.pad(x, self.padding),
            windows.empty((dy.shape[1], self.depth // self.groups, *window), dy),
            1,
        )


def convolve(
    x: torch.Tensor,
    w: torch.Tensor,
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int],
    data_format: str,
    dilations: Sequence[int],
) -> torch.Tensor:
    """x [N, *size, C] (or channels first) convolved with w [*window, C / groups, out]."""
    if spans_columns(x.shape, w.shape, padding, data_format, dilations):
        x, w = x.reshape(in_depth(x.shape, 2)), w.reshape(in_depth(w.shape, 1))
    plan = Plan(
        windows.spatial(x.shape, data_format),
        windows.channels(x.shape, data_format),
        w.shape,
        strides,
        padding,
        explicit_paddings,
        data_format,
        dilations,
    )
    return windows.original(
        plan.run(windows.channels_first(x, data_format), filter_view(w)), data_format
    )


def spans_columns(
    size: Sequence[int], window: Sequence[int], padding: str, data_format: str, dilations: Sequence[int]
) -> bool:
    """True for a window as wide as the image, which moves along rows only: its columns are as good as channels, and
    torch is faster with few columns and many channels.
    """
    return (len(size) == 4 and data_format == "NHWC" and padding == "VALID"
            and size[2] == window[1] > 1 and size[3] == window[2] and dilations[2] == 1)


def in_depth(shape: Sequence[int], columns: int) -> list[int]:
    """The shape with the axis `columns` joined to the one after it, its channels."""
    return [*shape[:columns], 1, shape[columns] * shape[columns + 1], *shape[columns + 2 :]]


def filter_view(w: torch.Tensor) -> torch.Tensor:
    """[*window, in, out] -> [out, in, *window], a view."""
    return w.permute(3, 2, 0, 1) if w.dim() == 4 else w.permute(4, 3, 0, 1, 2)


def input_backprop(
    sizes: Sequence[int],
    w: torch.Tensor,
    dy: torch.Tensor,
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int],
    data_format: str,
    dilations: Sequence[int],
) -> torch.Tensor:
    """The gradient of an input of shape `sizes`; sizes may have -1 for the batch."""
    if spans_columns(sizes, w.shape, padding, data_format, dilations):
        joined, w = in_depth(sizes, 2), w.reshape(in_depth(w.shape, 1))
        dx = input_backprop(joined, w, dy, strides, padding, explicit_paddings, data_format, dilations)
        return dx.reshape(dy.shape[0], *sizes[1:])
    size = windows.spatial(sizes, data_format)
    plan = Plan(
        size,
        windows.channels(sizes, data_format),
        w.shape,
        strides,
        padding,
        explicit_paddings,
        data_format,
        dilations,
    )
    plan.check("Input", size, w.shape, windows.spatial(dy.shape, data_format))
    dx = plan.input_gradient(windows.channels_first(dy, data_format), filter_view(w), size)
    return windows.original(dx, data_format)


def filter_backprop(
    x: torch.Tensor,
    sizes: Sequence[int],
    dy: torch.Tensor,
    strides: Sequence[int],
    padding: str,
    explicit_paddings: Sequence[int],
    data_format: str,
    dilations: Sequence[int],
) -> torch.Tensor:
    """The gradient of a filter of shape `sizes`."""
    if spans_columns(x.shape, sizes, padding, data_format, dilations):
        x, joined = x.reshape(in_depth(x.shape, 2)), in_depth(sizes, 1)
        dw = filter_backprop(x, joined, dy, strides, padding, explicit_paddings, data_format, dilations)
        return dw.reshape(sizes)
    plan = Plan(
        windows.spatial(x.shape, data_format),
        windows.channels(x.shape, data_format),
        sizes,
        strides,
        padding,
        explicit_paddings,
        data_format,
        dilations,
    )
    plan.check(
        "Filter",
        windows.spatial(x.shape, data_format),
        sizes,
        windows.spatial(dy.shape, data_format),
    )
    dw = plan.filter_gradient(
        windows.channels_first(dy, data_format), windows.channels_first(x, data_format), sizes[:-2]
    )
    return (dw.permute(2, 3, 1, 0) if dw.dim() == 4 else dw.permute(2, 3, 4, 1, 0)).contiguous()


@op("Conv2D", infer=conv2d_shape)
def conv2d(
    input,
    filter,
    *,
    strides,
    padding,
    explicit_paddings=(),
    data_format="NHWC",
    dilations=(1, 1, 1, 1),
):
    """The sum over a window of products with the filter: [N, H, W, C] and [h, w, C, out] -> [N, H',
    W', out].
    """
    return convolve(input, filter, strides, padding, explicit_paddings, data_format, dilations)


@conv2d.refusal
def conv2d_refusal(input, filter, *, data_format="NHWC", **_):
    """Say which shape does not fit."""
    refuse_image(input, filter)
    depth = input.shape[3 if data_format == "NHWC" else 1]
    if filter.shape[2] == 0 or depth % filter.shape[2]:
        raise math_refusal.invalid(
            "input depth must be evenly divisible by filter depth: "
            f"{depth} vs {filter.shape[2]}"
        )


def refuse_image(input, filter):
    """Raise TensorFlow's error if one of the two has not four axes.

    Raises:
      InvalidArgumentError: one has not.
    """
    if input.dim() != 4:
        raise math_refusal.invalid(f"input must be 4-dimensional{math_refusal.listed(input)}")
    if filter.dim() != 4:
        raise math_refusal.invalid(f"filter must be 4-dimensional: {math_refusal.listed(filter)}")


@conv2d.gradient
def conv2d_gradient(op, dy):
    shapes = array_ops.shape_n([op.inputs[0], op.inputs[1]])
    same = arguments.attrs_of(op, *_ATTRS)
    return [
        conv2d_backprop_input(shapes[0], op.inputs[1], dy, **same),
        conv2d_backprop_filter(op.inputs[0], shapes[1], dy, **same),
    ]


@op("Conv2DBackpropInput", infer=lambda c: windows.shape_input(c, 0, 4))
def conv2d_backprop_input(
    input_sizes,
    filter,
    out_backprop,
    *,
    strides,
    padding,
    explicit_paddings=(),
    data_format="NHWC",
    dilations=(1, 1, 1, 1),
):
    """The gradient of Conv2D's input, of shape `input_sizes`."""
    sizes = input_sizes.tolist()
    math_refusal.refuse_backprop(sizes, filter, out_backprop, data_format)
    return input_backprop(
        sizes,
        filter,
        out_backprop,
        strides,
        padding,
        explicit_paddings,
        data_format,
        dilations,
    )


@conv2d_backprop_input.gradient
def conv2d_backprop_input_gradient(op, dy):
    same = arguments.attrs_of(op, *_ATTRS)
    return [
        None,
        conv2d_backprop_filter(dy, array_ops.shape(op.inputs[1]), op.inputs[2], **same),
        conv2d(dy, op.inputs[1], **same),
    ]


@op("Conv2DBackpropFilter", infer=lambda c: windows.shape_input(c, 1, 4))
def conv2d_backprop_filter(
    input,
    filter_sizes,
    out_backprop,
    *,
    strides,
    padding,
    explicit_paddings=(),
    data_format="NHWC",
    dilations=(1, 1, 1, 1),
):
    """The gradient of Conv2D's filter, of shape `filter_sizes`."""
    return filter_backprop(
        input,
        filter_sizes.tolist(),
        out_backprop,
        strides,
        padding,
        explicit_paddings,
        data_format,
        dilations,
    )


@conv2d_backprop_filter.gradient
def conv2d_backprop_filter_gradient(op, dy):
    same = arguments.attrs_of(op, *_ATTRS)
    return [
        conv2d_backprop_input(array_ops.shape(op.inputs[0]), dy, op.inputs[2], **same),
        None,
        conv2d(op.inputs[0], dy, **same),
    ]


@public("nn.conv2d")
def conv2d_v1(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
    filters: Any = None,
) -> Any:
    """A 2-D convolution: [N, H, W, C] and a filter [h, w, C, out] -> [N, H', W', out].

    Args:
      input: the images.
      filter: the filter; `filters` is its newer name.
      strides: one step, one for height and width, or one for each axis.
      padding: "SAME", "VALID", or a list of (before, after) for each of the four axes.
      use_cudnn_on_gpu: kept in the graph.
      data_format: "NHWC" or "NCHW".
      dilations: as strides: the distance of the filter's entries.
      name: the operation's name.

    Raises:
      ValueError: an argument has the wrong length, or the filter does not fit the input.
    """
    filter = arguments.renamed("filters", filters, "filter", filter)
    padding, paddings = arguments.explicit_padding(padding)
    data_format = data_format or "NHWC"
    channel = 1 if data_format.startswith("NC") else 3
    return conv2d(
        input,
        filter,
        arguments.per_axis(strides, 2, channel, "strides"),
        padding,
        use_cudnn_on_gpu,
        paddings,
        data_format,
        arguments.per_axis(dilations, 2, channel, "dilations"),
        name,
    )


@public("nn.conv2d_backprop_filter")
def conv2d_backprop_filter_v1(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
) -> Any:
    """The gradient of `tf.nn.conv2d` for a filter of shape `filter_sizes`."""
    padding, paddings = arguments.explicit_padding(padding)
    return conv2d_backprop_filter(
        input,
        filter_sizes,
        out_backprop,
        strides,
        padding,
        use_cudnn_on_gpu,
        paddings,
        data_format,
        dilations,
        name,
    )


@public("nn.conv2d_backprop_input")
def conv2d_backprop_input_v1(
    input_sizes: Any,
    filter: Any = None,
    out_backprop: Any = None,
    strides: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool = True,
    data_format: str = "NHWC",
    dilations: Any = (1, 1, 1, 1),
    name: str | None = None,
    filters: Any = None,
) -> Any:
    """The gradient of `tf.nn.conv2d` for an input of shape `input_sizes`."""
    filter = arguments.renamed("filters", filters, "filter", filter)
    padding, paddings = arguments.explicit_padding(padding)
    return conv2d_backprop_input(
        input_sizes,
        filter,
        out_backprop,
        strides,
        padding,
        use_cudnn_on_gpu,
        paddings,
        data_format,
        dilations,
        name,
    )


@public("nn.conv1d")
def conv1d(
    value: Any = None,
    filters: Any = None,
    stride: Any = None,
    padding: Any = None,
    use_cudnn_on_gpu: bool | None = None,
    data_format: str | None = None,
    name: str | None = None,
    input: Any = None,
    dilations: Any = None,
) -> Any:
    """A 1-D convolution: [N, W, C] and filters [w, C, out] -> [N, W', out], by Conv2D on images of
    height 1.

    Args:
      value: the signals; `input` is its newer name.
      filters: the filter.
      stride: the step.
      padding: "SAME" or "VALID".
      use_cudnn_on_gpu: kept in the graph.
      data_format: "NWC" (the default) or "NCW".
      name: the operation's name.
      dilations: the distance of the filter's entries.

    Raises:
      ValueError: `data_format` is another.
    """
    value = arguments.renamed("input", input, "value", value)
    with scopes.name_scope(name, "conv1d", [value, filters]) as name:
        data_format, start, channel = arguments.one_dimensional(data_format)
        strides = [1, *arguments.per_axis(stride, 1, channel, "stride")]
        dilations = [1, *arguments.per_axis(dilations, 1, channel, "dilations")]
        value = array_ops.expand_dims(value, start)
        filters = array_ops.expand_dims(filters, 0)
        result = conv2d(
            value,
            filters,
            strides,
            padding,
            use_cudnn_on_gpu=use_cudnn_on_gpu,
            data_format=data_format,
            dilations=dilations,
            name=name,
        )
        return array_ops.squeeze(result, [start])
