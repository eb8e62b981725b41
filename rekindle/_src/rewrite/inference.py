"""The tool optimize_for_inference: batch norms folded into convolutions, resizes and pads fused.

Every function takes a GraphDef and gives a new one.
"""
from __future__ import annotations

import argparse
import collections
import os
import re
from typing import Any

import numpy as np

from rekindle._src import tf_logging as logging
from rekindle._src.formats.graph_files import read_message, write_graph, write_message
from rekindle._src.graph import attrs, dtypes, proto
from rekindle._src.graph.tensor_value import make_ndarray, make_tensor_proto
from rekindle._src.rewrite.flag_types import parsed, switch
from rekindle._src.rewrite.nodes import remove_training_nodes
from rekindle._src.rewrite.unused import strip_unused

#: op -> its inputs
INPUT_ORDER = {
    "BatchNormWithGlobalNormalization": ["conv_op", "mean_op", "var_op", "beta_op", "gamma_op"],
    "FusedBatchNorm": ["conv_op", "gamma_op", "beta_op", "mean_op", "var_op"],
}
#: op -> its attr that has the epsilon
EPSILON_ATTR = {
    "BatchNormWithGlobalNormalization": "variance_epsilon",
    "FusedBatchNorm": "epsilon",
}
_CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative")


def optimize_for_inference(
    input_graph_def: Any,
    input_node_names: list[str],
    output_node_names: list[str],
    placeholder_type_enum: Any,
    toco_compatible: bool = False,
) -> Any:
    """The GraphDef of what the outputs need, made faster.

    Args:
      input_graph_def: a GraphDef whose variables are constants.
      input_node_names: names of the nodes that are fed.
      output_node_names: names of the nodes to keep.
      placeholder_type_enum: the DataType number of the inputs, or a list with one for each.
      toco_compatible: do not fuse resizes and pads into convolutions.

    Raises:
      ValueError: the GraphDef is malformed.
    """
    ensure_graph_is_valid(input_graph_def)
    out = strip_unused(input_graph_def, input_node_names, output_node_names, placeholder_type_enum)
    out = remove_training_nodes(out, output_node_names)
    out = fold_batch_norms(out)
    if not toco_compatible:
        out = fuse_resize_and_conv(out, output_node_names)
    ensure_graph_is_valid(out)
    return out


def ensure_graph_is_valid(graph_def: Any) -> None:
    """Raise ValueError if a name comes twice, or an input is not there."""
    by_name = _by_name(graph_def)
    for node in graph_def.node:
        for text in node.input:
            if node_name_from_input(text) not in by_name:
                raise ValueError("Input for ", node.name, " not found: ", text)


def _by_name(graph_def: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for node in graph_def.node:
        if node.name in found:
            raise ValueError("Duplicate node names detected for ", node.name)
        found[node.name] = node
    return found


def node_name_from_input(node_name: str) -> str:
    """The node that an input names: "^x" and "x:1" -> "x"."""
    return re.sub(r":\d+$", "", node_name.removeprefix("^"))


def node_from_map(node_map: dict[str, Any], name: str) -> Any:
    """The node that an input names.

    Raises:
      ValueError: there is none.
    """
    found = node_map.get(node_name_from_input(name))
    if found is None:
        raise ValueError(f"No node named '{name}' found in map.")
    return found


def values_from_const(node_def: Any) -> np.ndarray:
    """The value of a Const node.

    Raises:
      ValueError: it is another op.
    """
    if node_def.op != "Const":
        raise ValueError(f"Node named '{node_def.name}' should be a Const op for values_from_const.")
    return make_ndarray(node_def.attr["value"].tensor)


def scale_after_normalization(node: Any) -> bool:
    """Whether a batch norm multiplies by gamma."""
    return node.op != "BatchNormWithGlobalNormalization" or node.attr["scale_after_normalization"].b


def fold_batch_norms(input_graph_def: Any) -> Any:
    """A GraphDef whose batch norms after convolutions are part of the weights, and a bias.

    Raises:
      ValueError: a name comes twice.
    """
    by_name = _by_name(input_graph_def)
    gone: set[str] = set()
    made: list[Any] = []
    for node in input_graph_def.node:
        parts = _foldable(node, by_name) if node.op in INPUT_ORDER else None
        if parts is not None:
            gone.update([node.name, *(one.name for one in parts.values())])
            made += _folded(node, parts)
    out = proto.GraphDef()
    out.node.extend(node for node in input_graph_def.node if node.name not in gone)
    out.node.extend(made)
    return out


def _foldable(node: Any, by_name: dict[str, Any]) -> dict[str, Any] | None:
    """The convolution before a batch norm, its weights and the statistics; None with a warning if
    these are not there or no constants."""
    parts = {
        role: node_from_map(by_name, text)
        for role, text in zip(INPUT_ORDER[node.op], node.input, strict=False)
    }
    conv = parts["conv_op"]
    if conv.op not in _CONVOLUTIONS:
        logging.warning("Didn't find expected Conv2D or DepthwiseConv2dNative input to '%s'", node.name)
        return None
    weights = parts["weights_op"] = node_from_map(by_name, conv.input[1])
    if weights.op != "Const":
        logging.warning(_NOT_CONST, "conv", conv.name, weights)
        return None
    shape = values_from_const(weights).shape
    channels = shape[3] if conv.op == "Conv2D" else shape[2] * shape[3]
    for role in ("mean_op", "var_op", "beta_op", "gamma_op"):
        name = role.removesuffix("_op")
        if parts[role].op != "Const":
            logging.warning(_NOT_CONST, name, node.name, parts[role])
            return None
        found = values_from_const(parts[role]).shape
        if found != (channels,):
            logging.warning(
                "Incorrect shape for %s, found %s, expected %s, for node %s", name, found, (channels,), node.name
            )
            return None
    return parts


_NOT_CONST = (
    "Didn't find expected %s Constant input to '%s', found %s instead. Maybe because freeze_graph wasn't run first?"
)


def _folded(node: Any, parts: dict[str, Any]) -> list[Any]:
    """The nodes in place of a convolution and its batch norm: weights, convolution, offset, sum."""
    conv, weights_op, mean_op = parts["conv_op"], parts["weights_op"], parts["mean_op"]
    mean, variance, beta, gamma = (values_from_const(parts[f"{one}_op"]) for one in ("mean", "var", "beta", "gamma"))
    # float64 as the square root of Python's numbers, which TensorFlow's tool takes
    scale = 1.0 / np.sqrt((variance + node.attr[EPSILON_ATTR[node.op]].f).astype(np.float64))
    if scale_after_normalization(node):
        scale = scale * gamma
    offset = -mean * scale + beta
    weights = values_from_const(weights_op)
    per_output = scale if conv.op == "Conv2D" else scale.reshape(weights.shape[2:])
    scaled = (weights * per_output).astype(weights.dtype)
    bias = proto.NodeDef(op="BiasAdd", name=node.name)
    bias.attr["T"].CopyFrom(conv.attr["T"])
    bias.attr["data_format"].CopyFrom(conv.attr["data_format"])
    bias.input.extend([conv.name, f"{conv.name}_bn_offset"])
    return [
        _const(weights_op.name, weights_op.attr["dtype"], scaled, weights.dtype.type),
        conv,
        _const(f"{conv.name}_bn_offset", mean_op.attr["dtype"], offset, mean.dtype.type),
        bias,
    ]


def _const(name: str, dtype: Any, value: np.ndarray, kind: Any) -> Any:
    node = proto.NodeDef(op="Const", name=name)
    node.attr["dtype"].CopyFrom(dtype)
    node.attr["value"].tensor.CopyFrom(make_tensor_proto(value, kind, value.shape))
    return node


def fuse_resize_and_conv(input_graph_def: Any, output_node_names: list[str]) -> Any:
    """A GraphDef whose convolutions resize and pad their input themselves.

    Args:
      input_graph_def: a GraphDef.
      output_node_names: names of the nodes to keep.

    Raises:
      ValueError: a name comes twice.
    """
    by_name = _by_name(input_graph_def)
    uses = collections.Counter(output_node_names)
    for node in input_graph_def.node:
        uses.update(node_name_from_input(text) for text in node.input)
    made: list[Any] = []
    for node in input_graph_def.node:
        if node.op != "Conv2D":
            continue
        source = node_from_map(by_name, node.input[0])
        pad = source if source.op == "MirrorPad" else None
        resize = node_from_map(by_name, pad.input[0]) if pad is not None else source
        resize = resize if resize.op == "ResizeBilinear" else None
        if pad is None and resize is None:
            continue
        uses[node.name] = 0
        uses.subtract([one.name for one in (pad, resize) if one is not None])
        made += _fused(node, pad, resize)
    out = proto.GraphDef()
    out.node.extend(node for node in input_graph_def.node if uses[node.name] >= 1)
    out.node.extend(made)
    return out


def _fused(conv: Any, pad: Any, resize: Any) -> list[Any]:
    """The nodes in place of a convolution of a resized or padded input."""
    made = []
    fused = proto.NodeDef(name=conv.name, op="FusedPadConv2D" if resize is None else "FusedResizeAndPadConv2D")
    if pad is not None:
        paddings, mode = pad.input[1], pad.attr["mode"]
    else:
        none = np.zeros((4, 2), np.int32)
        made.append(_const(f"{conv.name}_dummy_paddings", attrs.to_proto("type", dtypes.int32), none, dtypes.int32))
        paddings, mode = made[0].name, proto.AttrValue(s=b"REFLECT")
    if resize is not None:
        fused.input.extend([*resize.input[:2], paddings, conv.input[1]])
        fused.attr["resize_align_corners"].CopyFrom(resize.attr["align_corners"])
    else:
        fused.input.extend([pad.input[0], paddings, conv.input[1]])
    fused.attr["mode"].CopyFrom(mode)
    for attr in ("T", "strides", "padding"):
        fused.attr[attr].CopyFrom(conv.attr[attr])
    return [*made, fused]


def run_main(argv: list[str] | None = None) -> int:
    """The command line of optimize_for_inference."""
    parser = argparse.ArgumentParser(
        prog="optimize_for_inference", description="Removes what only training needs from a frozen GraphDef file."
    )
    parser.add_argument("--input", default="", help="TensorFlow 'GraphDef' file to load.")
    parser.add_argument("--output", default="", help="File to save the output graph to.")
    parser.add_argument("--input_names", default="", help="Input node names, comma separated.")
    parser.add_argument("--output_names", default="", help="Output node names, comma separated.")
    switch(parser, "--frozen_graph", True, "Whether the files are binary GraphDefs; otherwise they are text.")
    parser.add_argument(
        "--placeholder_type_enum",
        default=str(dtypes.float32.as_datatype_enum),
        help="The number of the DataType of the placeholders, or one for each, comma separated.",
    )
    switch(parser, "--toco_compatible", False, "Whether to keep to ops that TensorFlow Lite has.")
    flags = parsed(parser, argv)
    if not os.path.exists(flags.input):
        print(f"Input graph file '{flags.input}' does not exist!")
        return -1
    types = [int(one) for one in flags.placeholder_type_enum.split(",")]
    out = optimize_for_inference(
        read_message(flags.input, proto.GraphDef, binary=flags.frozen_graph),
        flags.input_names.split(","),
        flags.output_names.split(","),
        types if len(types) > 1 else types[0],
        flags.toco_compatible,
    )
    if flags.frozen_graph:
        write_message(out, flags.output, make_folder=False)
    else:
        write_graph(out, os.path.dirname(flags.output), os.path.basename(flags.output))
    return 0
