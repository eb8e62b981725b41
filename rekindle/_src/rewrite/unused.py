"""The tool strip_unused: a graph file without what its outputs do not need."""
from __future__ import annotations

import argparse
import os
from typing import Any

from rekindle._src.formats.graph_files import read_message, write_message
from rekindle._src.graph import dtypes, proto
from rekindle._src.rewrite.flag_types import parsed, switch
from rekindle._src.rewrite.nodes import extract_sub_graph


def strip_unused(
    input_graph_def: Any,
    input_node_names: list[str],
    output_node_names: list[str],
    placeholder_type_enum: Any,
) -> Any:
    """The GraphDef of what the outputs need, the input nodes as placeholders.

    Args:
      input_graph_def: a GraphDef.
      input_node_names: names of the nodes that are fed.
      output_node_names: names of the nodes to keep.
      placeholder_type_enum: the DataType number of the placeholders, or a list with one for each.

    Raises:
      ValueError: an input names a tensor.
      KeyError: an input is not in the graph.
    """
    for name in input_node_names:
        if ":" in name:
            raise ValueError(f"Name '{name}' appears to refer to a Tensor, not a Operation.")
    missing = set(input_node_names) - {node.name for node in input_graph_def.node}
    if missing:
        raise KeyError(f"The following input nodes were not found: {missing}")
    types = placeholder_type_enum
    out = proto.GraphDef()
    for node in input_graph_def.node:
        if node.name in input_node_names:
            one = types[input_node_names.index(node.name)] if isinstance(types, list) else types
            out.node.append(_placeholder(node, one))
        else:
            out.node.append(node)
    return extract_sub_graph(out, output_node_names)


def _placeholder(node: Any, dtype: int) -> Any:
    out = proto.NodeDef(op="Placeholder", name=node.name)
    out.attr["dtype"].type = dtype
    for attr in ("_output_shapes", "shape"):
        if attr in node.attr:
            out.attr[attr].CopyFrom(node.attr[attr])
    return out


def strip_unused_from_files(
    input_graph: str,
    input_binary: bool,
    output_graph: str,
    output_binary: bool,
    input_node_names: str,
    output_node_names: str,
    placeholder_type_enum: Any,
) -> int | None:
    """`strip_unused` from file to file; names are separated by commas.

    Returns:
      -1 if there is no such file, or no output is named.
    """
    if not os.path.exists(input_graph):
        print(f"Input graph file '{input_graph}' does not exist!")
        return -1
    if not output_node_names:
        print("You need to supply the name of a node to --output_node_names.")
        return -1
    graph_def = read_message(input_graph, proto.GraphDef, bool(input_binary))
    out = strip_unused(
        graph_def, input_node_names.split(","), output_node_names.split(","), placeholder_type_enum
    )
    write_message(out, output_graph, as_text=not output_binary, make_folder=False)
    print(f"{len(out.node)} ops in the final graph.")
    return None


def run_main(argv: list[str] | None = None) -> int | None:
    """The command line of strip_unused."""
    parser = argparse.ArgumentParser(prog="strip_unused", description="Removes unneeded nodes from a GraphDef file.")
    parser.add_argument("--input_graph", default="", help="TensorFlow 'GraphDef' file to load.")
    switch(parser, "--input_binary", False, "Whether the input files are in binary format.")
    parser.add_argument("--output_graph", default="", help="Output 'GraphDef' file name.")
    switch(parser, "--output_binary", True, "Whether to write a binary format graph.")
    parser.add_argument("--input_node_names", default="", help="Names of the input nodes, comma separated.")
    parser.add_argument("--output_node_names", default="", help="Names of the output nodes, comma separated.")
    parser.add_argument(
        "--placeholder_type_enum",
        type=int,
        default=dtypes.float32.as_datatype_enum,
        help="The number of the DataType of the placeholders.",
    )
    return strip_unused_from_files(**vars(parsed(parser, argv)))
