"""Morphological dilation and erosion of images: Dilation2D, its backprops, `tf.nn.dilation2d`,
`tf.nn.erosion2d`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from rekindle._src.graph import infer, scopes
from rekindle._src.graph.opdef import op
from rekindle._src.names import public
from rekindle._src.ops import arguments, sliding, windows
from rekindle._src.ops import array as array_ops
from rekindle._src.ops import math as math_ops

_ATTRS = ("strides", "rates", "padding")


def _dilation_shape(c: Any) -> infer.Shape:
    x, w = infer.with_rank(c.shapes[0], 4), infer.with_rank(c.shapes[1], 3)
    strides, rates = c.attr("strides"), c.attr("rates")
    for name, values in (("stride", strides), ("rates", rates)):
        if len(values) != 4:
            raise ValueError(
                f"Dilation2D requires the {name} attribute to contain 4 values, but got: "
                f"{len(values)}"
            )
    if None in (x[1], x[2], w[0], w[1]):
        return (x[0], None, None, w[2])
    infer.merge_dim(x[3], w[2])
    extent = [
        windows.output_size(n, k, s, c.attr("padding"), r)
        for n, k, s, r in zip(x[1:3], w, strides[1:3], rates[1:3])
    ]
    return (x[0], *extent, w[2])


class _Window:
    """The places of a dilated window over an image: its axes, and each entry of the filter with its
    slices.
    """

    def __init__(
        self,
        x: torch.Tensor,
        w: torch.Tensor,
        strides: Sequence[int],
        rates: Sequence[int],
        padding: str,
    ) -> None:
        sizes = [(w.shape[i] - 1) * rates[i + 1] + 1 for i in (0, 1)]
        plan = windows.padding_of(x.shape[1:3], sizes, strides[1:3], padding)
        self.axes = [
            sliding.Axis(
                i + 1, sizes[i], strides[i + 1], x.shape[i + 1], plan.before[i], plan.output[i]
            )
            for i in (0, 1)
        ]
        self.shape = (x.shape[0], *plan.output, x.shape[3])
        self._rates, self._window = rates[1:3], w.shape[:2]

    def entries(self) -> Iterator[tuple[int, int]]:
        """Each (row, column) of the filter, in order."""
        return ((i, j) for i in range(self._window[0]) for j in range(self._window[1]))

    def inputs(self, x: torch.Tensor, i: int, j: int) -> torch.Tensor:
        """What the filter's entry (i, j) sees of the image, where it is inside."""
        rows, columns = self.axes
        return columns.inputs(rows.inputs(x, i * self._rates[0]), j * self._rates[1])

    def outputs(self, y: torch.Tensor, i: int, j: int) -> torch.Tensor:
        """The windows in which the filter's entry (i, j) is inside."""
        rows, columns = self.axes
        return columns.outputs(rows.outputs(y, i * self._rates[0]), j * self._rates[1])

    def best(self, x: torch.Tensor, w: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The greatest sum in each window, and the number of the first entry that gives it."""
        lowest = torch.finfo(x.dtype).min if x.is_floating_point() else torch.iinfo(x.dtype).min
        y = x.new_full(self.shape, lowest)
        which = torch.zeros(self.shape, dtype=torch.int64, device=x.device)
        for number, (i, j) in enumerate(self.entries()):
            part, chosen = self.outputs(y, i, j), self.outputs(which, i, j)
            candidate = self.inputs(x, i, j) + w[i, j]
            better = candidate > part
            torch.where(better, candidate, part, out=part)
            chosen.masked_fill_(better, number)
        return y, which


@op("Dilation2D", infer=_dilation_shape)
def dilation2d(input, filter, *, strides, rates, padding):
    """The greatest sum of input and filter in each window: [N, H, W, C] and [h, w, C] -> [N, H',
    W', C].
    """
    return _Window(input, filter, strides, rates, padding).best(input, filter)[0]


@dilation2d.gradient
def dilation2d_gradient(op, dy):
    same = arguments.attrs_of(op, *_ATTRS)
    return [
        dilation2d_backprop_input(op.inputs[0], op.inputs[1], dy, **same),
        dilation2d_backprop_filter(op.inputs[0], op.inputs[1], dy, **same),
    ]


@op("Dilation2DBackpropInput", infer=infer.same)
def dilation2d_backprop_input(input, filter, out_backprop, *, strides, rates, padding):
    """The gradient of Dilation2D's input: each window's goes to its first greatest entry."""
    window = _Window(input, filter, strides, rates, padding)
    which, dx = window.best(input, filter)[1], torch.zeros_like(input)
    for number, (i, j) in enumerate(window.entries()):
        taken = window.outputs(out_backprop, i, j).masked_fill(
            window.outputs(which, i, j) != number, 0
        )
        window.inputs(dx, i, j).add_(taken)
    return dx


@op("Dilation2DBackpropFilter", infer=lambda c: c.shapes[1])
def dilation2d_backprop_filter(input, filter, out_backprop, *, strides, rates, padding):
    """The gradient of Dilation2D's filter: the sum of the gradients of the windows in which an
    entry is the greatest.
    """
    window = _Window(input, filter, strides, rates, padding)
    which, dw = window.best(input, filter)[1], torch.zeros_like(filter)
    for number, (i, j) in enumerate(window.entries()):
        dw[i, j] = out_backprop.masked_fill(which != number, 0).sum((0, 1, 2))
    return dw


@public("nn.dilation2d")
def dilation2d_v1(
    input: Any,
    filter: Any = None,
    strides: Any = None,
    rates: Any = None,
    padding: Any = None,
    name: str | None = None,
    filters: Any = None,
    dilations: Any = None,
) -> Any:
    """The greatest sum of input and filter in each window: [N, H, W, C] and [h, w, C] -> [N, H',
    W', C].

    Args:
      input: the images.
      filter: the filter; `filters` is its newer name.
      strides: the steps, one for each of the four axes.
      rates: the distance of the filter's entries, one for each axis; `dilations` is its newer name.
      padding: "SAME" or "VALID".
      name: the operation's name.
    """
    filter = arguments.renamed("filters", filters, "filter", filter)
    rates = arguments.renamed("dilations", dilations, "rates", rates)
    return dilation2d(input, filter, strides, rates, padding, name)


@public("nn.erosion2d")
def erosion2d(
    value: Any, kernel: Any, strides: Any, rates: Any, padding: str, name: str | None = None
) -> Any:
    """The least difference of input and kernel in each window: [N, H, W, C] and [h, w, C] -> [N,
    H', W', C].
    """
    with scopes.name_scope(name, "erosion2d", [value, kernel]) as name:
        turned = math_ops.negative(value)
        return math_ops.negative(
            dilation2d(turned, array_ops.reverse_v2(kernel, [0, 1]), strides, rates, padding, name)
        )
