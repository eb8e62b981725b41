"""Graph transforms that compute: constants, batch norms and multiplications folded, weights rounded."""
from __future__ import annotations

from typing import Any

import numpy as np

from rekindle._src import errors
from rekindle._src.formats.graph_import import import_graph_def
from rekindle._src.graph import attrs, dtypes, proto
from rekindle._src.graph.graph import Graph
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.tensor import Tensor
from rekindle._src.graph.tensor_value import make_ndarray
from rekindle._src.rewrite.inference import fold_batch_norms as fold_into_convolutions
from rekindle._src.rewrite.inference import node_name_from_input
from rekindle._src.rewrite.patterns import Call, bad, const_node, data_inputs, edited, graph_of, needed, transform
from rekindle._src.run.session import Session

#: ops whose value follows from the shape of their input
_OF_SHAPES = ("Shape", "Size", "Rank", "ShapeN")
#: bytes of a constant that folding makes, unless said otherwise
_LARGEST = 10 * 1024 * 1024
#: what is fed, and dataflow that decides what runs
_KEPT = frozenset(
    "Const Placeholder PlaceholderV2 PlaceholderWithDefault Switch Merge Enter Exit NextIteration LoopCond RefSwitch "
    "RefMerge RefEnter RefExit RefNextIteration NoOp".split()
)


@transform("fold_constants")
def fold_constants(graph_def: Any, call: Call) -> Any:
    """Compute what follows from constants alone; keep what the outputs need.

    Raises:
      errors.InvalidArgumentError: no outputs are named, or an input is no placeholder.
      errors.NotFoundError: an input or output is not there.
    """
    if not call.outputs:
        raise bad("Must specify at least one target to fetch or execute.")
    present = {node.name for node in graph_def.node}
    for kind, names in (("FeedInputs", call.inputs), ("FetchOutputs", call.outputs)):
        missing = [one for one in names if node_name_from_input(one) not in present]
        if missing:
            raise errors.NotFoundError(None, None, f"{kind} node {missing[0]}: not found")
    if call.flag("clear_output_shapes", True):
        graph_def = edited(graph_def, lambda node: node.attr.pop("_output_shapes", None))
    with Graph().as_default() as graph:
        source = graph_of(graph_def.node, graph_def)
        source.library.CopyFrom(graph_def.library)
        import_graph_def(source, name="")
        names = _foldable(graph, call)
        frontier = _frontier(graph, names, call)
        values = _values(graph, frontier, call.number("max_constant_size_in_bytes", _LARGEST))
    return _without_unused(_replaced(graph_def, values), call)


def _foldable(graph: Graph, call: Call) -> set[Operation]:
    """The operations whose outputs follow from constants, these not included."""
    refused = {*call.parameters.get("exclude_op", ())}
    kept_names = {*call.parameters.get("exclude_node", ())} | {node_name_from_input(one) for one in call.inputs}
    found: set[Operation] = set()
    for op in graph.get_operations():
        if op.type in refused | _KEPT or op.name in kept_names or op.signature.stateful or not op.outputs:
            continue
        if any(arg.is_ref for arg in op.signature.inputs):
            continue
        follows = bool(op.inputs) and all(one.op.type == "Const" or one.op in found for one in op.inputs)
        if follows or op.type in _OF_SHAPES and all(one.shape.is_fully_defined() for one in op.inputs):
            found.add(op)
    return found


def _frontier(graph: Graph, names: set[Operation], call: Call) -> list[Tensor]:
    """The tensors of foldable operations that others, or the outputs, need."""
    outputs = {node_name_from_input(one) for one in call.outputs}
    return [
        tensor
        for op in graph.get_operations()
        if op in names
        for tensor in op.outputs
        if op.name in outputs or any(other not in names for other in tensor.consumers())
    ]


def _values(graph: Graph, tensors: list[Tensor], most: int) -> dict[str, np.ndarray]:
    """Values by the names of tensors; those too large or that cannot be computed are left out."""
    with Session(graph=graph) as session:
        try:
            found = dict(zip([one.name for one in tensors], session.run(tensors), strict=True))
        except errors.OpError:
            found = {}
            for one in tensors:
                try:
                    found[one.name] = session.run(one)
                except errors.OpError:
                    continue  # it stays as it is: it may not be reached when the model runs
    return {name: np.asarray(value) for name, value in found.items() if np.asarray(value).nbytes <= most}


def _replaced(graph_def: Any, values: dict[str, np.ndarray]) -> Any:
    """The graph with constants in place of nodes: under their names, of several outputs with a number."""
    single = {node_name_from_input(name) for name in values}
    several = {node_name_from_input(name) for name in values if not name.endswith(":0")}
    names: dict[str, str] = {}
    nodes = []
    for node in graph_def.node:
        if node.name not in single:
            nodes.append(node)
            continue
        for key in [key for key in values if node_name_from_input(key) == node.name]:
            index = key.rpartition(":")[2]
            name = f"{node.name}/folded_{index}" if node.name in several else node.name
            names[f"{node.name}:{index}"] = name
            nodes.append(const_node(name, values[key]))
        if node.name in several:
            nodes.append(node)

    def edit(node: Any) -> None:
        for index, text in enumerate(node.input):
            key = text if ":" in text else f"{text}:0"
            node.input[index] = names.get(key, text)

    return edited(graph_of(nodes, graph_def), edit)


def _without_unused(graph_def: Any, call: Call) -> Any:
    """What the outputs need, and the inputs; these must be placeholders."""
    inputs = frozenset(node_name_from_input(one) for one in call.inputs)
    kept = needed(graph_def, call.outputs, inputs) | inputs

    def edit(node: Any) -> None:
        if node.name not in inputs or node.op == "Placeholder":
            return
        if node.op != "PlaceholderWithDefault":
            raise bad(
                f"Input '{node.name}' was expected to be a Placeholder or PlaceholderWithDefault op, but was {node.op}"
            )
        node.op = "Placeholder"
        del node.input[:]

    return edited(graph_of((node for node in graph_def.node if node.name in kept), graph_def), edit)


@transform("fold_batch_norms")
def fold_batch_norms(graph_def: Any, call: Call) -> Any:
    """Multiply weights by what the result is multiplied by: mul(conv(x, w), c) -> conv(x, w c).

    Raises:
      errors.InvalidArgumentError: the factors are not one for each column.
    """
    by_name = {node.name: node for node in graph_def.node}
    uses: dict[str, int] = dict.fromkeys((node_name_from_input(one) for one in call.outputs), 1)
    for node in graph_def.node:
        for text in node.input:
            uses[node_name_from_input(text)] = uses.get(node_name_from_input(text), 0) + 1
    made: dict[str, Any] = {}
    gone: set[str] = set()
    for node in graph_def.node:
        parts = _multiplied(node, by_name)
        if parts is None or any(uses[one.name] > 1 for one in parts):
            continue
        conv, weights, factors = parts
        made[weights.name] = const_node(weights.name, _scaled(conv, weights, factors))
        made[node.name] = proto.NodeDef.FromString(conv.SerializeToString())
        made[node.name].name = node.name
        gone |= {conv.name, factors.name}
    return graph_of((made.get(node.name, node) for node in graph_def.node if node.name not in gone), graph_def)


def _multiplied(node: Any, by_name: dict[str, Any]) -> tuple[Any, Any, Any] | None:
    """(convolution, weights, factors) of a Mul node, None if it multiplies something else."""
    if node.op != "Mul" or len(data_inputs(node)) != 2:
        return None
    conv, factors = (by_name[node_name_from_input(one)] for one in data_inputs(node))
    if conv.op not in ("Conv2D", "MatMul", "DepthwiseConv2dNative") or factors.op != "Const":
        return None
    weights = by_name[node_name_from_input(data_inputs(conv)[1])]
    return (conv, weights, factors) if weights.op == "Const" else None


def _scaled(conv: Any, weights: Any, factors: Any) -> np.ndarray:
    values, scale = (make_ndarray(one.attr["value"].tensor) for one in (weights, factors))
    columns = values.shape[-1] * (values.shape[-2] if conv.op == "DepthwiseConv2dNative" else 1)
    if scale.shape != (columns,):
        raise bad(f"Mul constant input to batch norm has bad shape: {list(scale.shape)}")
    return (values.reshape(-1, columns) * scale).reshape(values.shape).astype(values.dtype)


@transform("fold_old_batch_norms")
def fold_old_batch_norms(graph_def: Any, call: Call) -> Any:
    """Make the batch norms after convolutions that are one op part of the weights, and a bias."""
    return graph_of(fold_into_convolutions(graph_def).node, graph_def)


@transform("round_weights")
def round_weights(graph_def: Any, call: Call) -> Any:
    """Give float constants of 16 elements or more at most `num_steps` different values."""
    steps = call.number("num_steps", 256)

    def edit(node: Any) -> None:
        if node.op != "Const" or node.attr["dtype"].type != dtypes.float32.as_datatype_enum:
            return
        values = make_ndarray(node.attr["value"].tensor)
        if values.size < 16:
            return
        low, high = values.min(), max(values.max(), np.finfo(np.float32).tiny)
        if low == high:
            high = low + 1 if abs(low) < 1e-6 else 2 * low
        width = np.float32((high - low) / steps)
        rounded = low + width * (np.floor((values - low) / width) + np.float32(0.5))
        node.attr["value"].CopyFrom(attrs.to_proto("tensor", rounded.astype(np.float32)))

    return edited(graph_def, edit)
