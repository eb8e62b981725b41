"""Graph transforms that put one op in place of several, and ops of older versions in place of newer ones."""
from __future__ import annotations

from typing import Any

import numpy as np

from rekindle._src.graph import dtypes, proto
from rekindle._src.graph.tensor_value import make_ndarray
from rekindle._src.rewrite.patterns import (
    Call,
    Pattern,
    bad,
    const_node,
    data_inputs,
    edited,
    graph_of,
    rename_ports,
    replaced,
    transform,
)

_ANY = Pattern("*")
_RESIZE = Pattern("ResizeBilinear")
#: ops of TensorArrays whose second version has the same arguments
_ARRAY_OPS = frozenset(f"TensorArray{one}V3" for one in "Write Read Gather Scatter Concat Split Size Close".split())


def _fused(op: str, conv: Any, inputs: list[str], **attrs: Any) -> Any:
    """A fused convolution with the name, strides and padding of `conv`."""
    node = proto.NodeDef(name=conv.name, op=op, input=inputs)
    for key, value in attrs.items():
        node.attr[key].CopyFrom(value)
    for key in ("T", "padding", "strides"):
        node.attr[key].CopyFrom(conv.attr[key])
    return node


@transform("fuse_resize_pad_and_conv")
def fuse_resize_pad_and_conv(graph_def: Any, call: Call) -> Any:
    """Conv2D(MirrorPad(ResizeBilinear(x))) -> FusedResizeAndPadConv2D(x)."""

    def make(conv: Any, pad: Any, resize: Any, sizes: Any, weights: Any) -> list[Any]:
        inputs = [*data_inputs(resize)[:2], data_inputs(pad)[1], data_inputs(conv)[1]]
        attrs = {"resize_align_corners": resize.attr["align_corners"], "mode": pad.attr["mode"]}
        return [weights, sizes, _fused("FusedResizeAndPadConv2D", conv, inputs, **attrs)]

    return replaced(graph_def, Pattern("Conv2D", (Pattern("MirrorPad", (_RESIZE, _ANY)), _ANY)), make)


@transform("fuse_resize_and_conv")
def fuse_resize_and_conv(graph_def: Any, call: Call) -> Any:
    """Conv2D(ResizeBilinear(x)) -> FusedResizeAndPadConv2D(x), with no padding."""

    def make(conv: Any, resize: Any, weights: Any) -> list[Any]:
        sizes = const_node(f"{conv.name}_dummy_paddings", np.zeros((4, 2), np.int32))
        inputs = [*data_inputs(resize)[:2], sizes.name, data_inputs(conv)[1]]
        attrs = {"resize_align_corners": resize.attr["align_corners"], "mode": proto.AttrValue(s=b"REFLECT")}
        return [weights, sizes, _fused("FusedResizeAndPadConv2D", conv, inputs, **attrs)]

    return replaced(graph_def, Pattern("Conv2D", (_RESIZE, _ANY)), make)


@transform("fuse_pad_and_conv")
def fuse_pad_and_conv(graph_def: Any, call: Call) -> Any:
    """Conv2D(MirrorPad(x)) -> FusedPadConv2D(x)."""

    def make(conv: Any, pad: Any, x: Any, sizes: Any, weights: Any) -> list[Any]:
        inputs = [*data_inputs(pad), data_inputs(conv)[1]]
        return [weights, x, sizes, _fused("FusedPadConv2D", conv, inputs, mode=pad.attr["mode"])]

    return replaced(graph_def, Pattern("Conv2D", (Pattern("MirrorPad", (_ANY, _ANY)), _ANY)), make)


@transform("flatten_atrous_conv")
def flatten_atrous_conv(graph_def: Any, call: Call) -> Any:
    """BatchToSpaceND(Conv2D(SpaceToBatchND(x), w)) -> Conv2D(x, w with zeros between its elements).

    Raises:
      errors.InvalidArgumentError: the block's shape or the filter is no constant.
    """
    spread = Pattern("SpaceToBatchND", (_ANY, _ANY, _ANY))
    conv = Pattern("Conv2D|DepthwiseConv2dNative", (spread, _ANY))
    return replaced(graph_def, Pattern("BatchToSpaceND", (conv, _ANY, _ANY)), _flattened)


def _flattened(
    back: Any, conv: Any, spread: Any, x: Any, block: Any, paddings: Any, weights: Any, block_again: Any, crops: Any
) -> list[Any]:
    rows, columns = _constant(block).tolist()
    old = _constant(weights)
    height, width = old.shape[:2]
    new = np.zeros(((height - 1) * rows + 1, (width - 1) * columns + 1, *old.shape[2:]), np.float32)
    new[::rows, ::columns] = old
    made = proto.NodeDef(name=back.name, op=conv.op, device=conv.device, input=[x.name, weights.name])
    keys = ["T", "strides", "data_format", *(["use_cudnn_on_gpu"] if conv.op == "Conv2D" else [])]
    for key in keys:
        if key in conv.attr:
            made.attr[key].CopyFrom(conv.attr[key])
    made.attr["padding"].s = b"SAME"
    return [x, const_node(weights.name, new), made]


def _constant(node: Any) -> np.ndarray:
    if node.op != "Const":
        raise bad(f"No constant: node '{node.name}' is a {node.op}")
    return make_ndarray(node.attr["value"].tensor)


@transform("backport_concatv2")
def backport_concatv2(graph_def: Any, call: Call) -> Any:
    """ConcatV2(x, y, axis) -> Concat(axis, x, y), which programs before TensorFlow 1.0 know."""

    def edit(node: Any) -> None:
        if node.op == "ConcatV2":
            node.op = "Concat"
            node.input[:] = [node.input[-1], *node.input[:-1]]
            node.attr.pop("Tidx", None)

    return edited(graph_def, edit)


@transform("backport_tensor_array_v3")
def backport_tensor_array_v3(graph_def: Any, call: Call) -> Any:
    """The second version of TensorArrays in place of the third; a constant stands for their flow."""
    nodes, flows = [], {}
    for node in graph_of(graph_def.node).node:
        if node.op in ("TensorArrayV3", "TensorArrayGradV3"):
            flow = const_node(f"{node.name}/replacement_flow_node", np.float32(1.0)[...], dtypes.float32)
            flows[f"{node.name}:1"] = flow.name
            node.op = node.op.removesuffix("3") + "2"
            node.attr.pop("identical_element_shapes", None)  # an attr of the third version alone
            nodes += [node, flow]
            continue
        if node.op in _ARRAY_OPS:
            node.op = node.op.removesuffix("3") + "2"
        nodes.append(node)
    return rename_ports(graph_of(nodes, graph_def), flows)
