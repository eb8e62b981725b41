"""Graph transforms for values of eight bits: weights quantized, values logged, ranges taken from such logs."""
from __future__ import annotations

import math
import re
from typing import Any

import numpy as np

from rekindle._src import tf_logging as logging
from rekindle._src.formats.files import open_file
from rekindle._src.formats.graph_import import import_graph_def
from rekindle._src.graph import dtypes, proto
from rekindle._src.graph.graph import Graph
from rekindle._src.graph.tensor_value import make_ndarray
from rekindle._src.rewrite.inference import node_name_from_input
from rekindle._src.rewrite.patterns import Call, bad, const_node, graph_of, rename_ports, transform

_SUFFIX = "__print__"
_RANGE = re.compile(r"^__requant_min_max:\[([^\[\]]*)\]\[([^\[\]]*)\]$")


@transform("quantize_weights")
def quantize_weights(graph_def: Any, call: Call) -> Any:
    """Give float constants of `minimum_size` elements (1024) or more eight bits an element, and a Dequantize.

    Raises:
      errors.InvalidArgumentError: a Const node lacks its type or value.
    """
    least = call.number("minimum_size", 1024)
    nodes = []
    for node in graph_def.node:
        for key in ("dtype", "value"):
            if node.op == "Const" and key not in node.attr:
                raise bad(f"No '{key}' attribute for Const node {node.name}")
        is_float = node.op == "Const" and node.attr["dtype"].type == dtypes.float32.as_datatype_enum
        values = make_ndarray(node.attr["value"].tensor) if is_float else None
        nodes += [node] if values is None or values.size < least else _quantized(node.name, values)
    return graph_of(nodes, graph_def)


def _quantized(name: str, values: np.ndarray) -> list[Any]:
    """The nodes of a constant in eight bits."""
    low, high = min(values.min(initial=0), np.float32(0)), max(values.max(initial=0), np.float32(0))
    if low == high:  # all are 0
        high = low + np.float32(1)
    scale = 256 / (float(high - low) * (256 / 255.0))
    steps = _rounded(values.astype(np.float64) * scale) - _rounded(np.float64(low) * scale)
    eight = dtypes.quint8
    stored = np.clip(steps, 0, 255).astype(np.uint8).view(eight.as_numpy_dtype)
    made = [
        const_node(f"{name}_quantized_const", stored, eight),
        const_node(f"{name}_quantized_min", np.asarray(low, np.float32)),
        const_node(f"{name}_quantized_max", np.asarray(high, np.float32)),
    ]
    node = proto.NodeDef(name=name, op="Dequantize", input=[one.name for one in made])
    node.attr["T"].type = eight.as_datatype_enum
    node.attr["mode"].s = b"MIN_FIRST"
    return [*made, node]


def _rounded(values: Any) -> Any:
    """Halves go away from zero, as in C."""
    return np.trunc(values + np.copysign(0.5, values))


@transform("insert_logging")
def insert_logging(graph_def: Any, call: Call) -> Any:
    """Print the values of nodes: of some ops, of names with some prefixes, or of all that others take."""
    message, first_n = call.one("message"), call.number("first_n", -1)
    show_op, show_name = call.flag("show_op", False), call.flag("show_name", False)
    summarize = call.number("summarize", 1024)
    used = _outputs_used(graph_def)
    types = _output_types(graph_def)
    nodes, ports = [], {}
    for node in graph_def.node:
        nodes.append(node)
        outputs = [index for index in used.get(node.name, ()) if index < len(types[node.name])]
        if not outputs or not _is_logged(node, call):
            continue
        name = node.name + _SUFFIX
        made = proto.NodeDef(name=name, op="Print", input=[f"{node.name}:{i}" for i in (0, *outputs)])
        said = (f";{node.op};" if show_op else "") + (f";{name};" if show_name else "") + message
        made.attr["message"].s = said.encode()
        made.attr["first_n"].i = first_n
        made.attr["summarize"].i = summarize
        made.attr["T"].type = types[node.name][0]
        made.attr["U"].list.type.extend(types[node.name][i] for i in outputs)
        nodes.append(made)
        ports[f"{node.name}:0"] = f"{name}:0"
    return rename_ports(graph_of(nodes, graph_def), ports, frozenset(one.removesuffix(":0") for one in ports.values()))


def _is_logged(node: Any, call: Call) -> bool:
    ops, prefixes = call.parameters.get("op"), call.parameters.get("prefix")
    return (ops is None or node.op in ops) and (prefixes is None or node.name.startswith(tuple(prefixes)))


def _outputs_used(graph_def: Any) -> dict[str, list[int]]:
    """The numbers of the outputs that others take, by node."""
    found: dict[str, set[int]] = {}
    for text in (text for node in graph_def.node for text in node.input):
        index = text.rpartition(":")[2] if ":" in text else "0"
        if not index.isdigit():
            raise bad(f"Couldn't understand output number in {text}")
        found.setdefault(node_name_from_input(text), set()).add(int(index))
    return {name: sorted(indices) for name, indices in found.items()}


def _output_types(graph_def: Any) -> dict[str, list[int]]:
    """The types of the outputs of each node."""
    source = graph_of(graph_def.node, graph_def)
    source.library.CopyFrom(graph_def.library)
    with Graph().as_default() as graph:
        import_graph_def(source, name="")
    return {op.name: [one.dtype.base_dtype.as_datatype_enum for one in op.outputs] for op in graph.get_operations()}


@transform("freeze_requantization_ranges")
def freeze_requantization_ranges(graph_def: Any, call: Call) -> Any:
    """Put the ranges that a log has of RequantizationRange nodes in their place, as constants.

    Raises:
      errors.InvalidArgumentError: no file is named, it has no ranges, or it has some of other nodes.
      errors.NotFoundError: there is no such file.
    """
    path = call.one("min_max_log_file")
    if not path:
        raise bad("You must pass a file name to min_max_log_file")
    low, high = (_percentile(call, key) for key in ("min_percentile", "max_percentile"))
    ranges = _logged_ranges(path)
    if not ranges:
        raise bad("No min/max range logs were found in the log file")
    missing = sorted(ranges.keys() - {node.name for node in graph_def.node})
    for name in missing:
        logging.warning("Node from log not found in graph: %s", name)
    if missing:
        raise bad("Nodes were found in the log file that aren't present in the graph")
    nodes, ports = [], {}
    for node in graph_def.node:
        if node.name not in ranges:
            nodes.append(node)
            continue
        if node.op != "RequantizationRange":
            raise bad(f"Node is expected to be a RequantizationRange op: {node.name}, but is: {node.op}")
        mins, maxs = (sorted(one) for one in zip(*ranges[node.name], strict=True))
        places = max(0, math.floor(len(mins) * low + 0.5)), min(len(maxs) - 1, math.floor(len(maxs) * (1 - high) + 0.5))
        for i, (key, value) in enumerate(zip(("min", "max"), (mins[places[0]], maxs[places[1]]), strict=True)):
            nodes.append(const_node(f"{node.name}/frozen_{key}", np.asarray(value, np.float32)))
            ports[f"{node.name}:{i}"] = f"{nodes[-1].name}:0"
    return rename_ports(graph_of(nodes, graph_def), ports)


def _percentile(call: Call, key: str) -> float:
    text = call.one(key, "5")
    try:
        return float(text) / 100
    except ValueError:
        raise bad(f"Couldn't interpret the {key} argument as a number:{text}") from None


def _logged_ranges(path: str) -> dict[str, list[tuple[float, float]]]:
    """The (least, most) that lines `...;name__print__;__requant_min_max:[0][1]` of a log tell, by node."""
    with open_file(path, "rb") as file:
        lines = file.read().decode(errors="replace").split("\n")
    found: dict[str, list[tuple[float, float]]] = {}
    for line in lines:
        parts = line.split(";")
        for name, text in zip(parts, parts[1:], strict=False):
            match = _RANGE.match(text)
            if match is None or not name.endswith(_SUFFIX):
                continue
            try:
                limits = float(match[1]), float(match[2])
            except ValueError:
                continue  # such a line tells no range, as in TensorFlow
            found.setdefault(name.removesuffix(_SUFFIX), []).append(limits)
    return found
