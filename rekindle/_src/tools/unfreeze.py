"""A frozen graph's weights taken out again: large constants become variables of a MetaGraphDef.

Holds `unfrozen`. The MetaGraphDef lists the variables, so `tf.train.import_meta_graph` gives a Saver that restores a
checkpoint of the weights.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rekindle._src import errors
from rekindle._src.graph import attrs, dtypes, proto, tensor_value
from rekindle._src.graph.collections import GraphKeys
from rekindle._src.graph.dtypes import DType

#: constants with fewer elements stay: shapes, axes and the like
_LEAST = 32
#: constants of more elements stay, too, where one value stands for many
_LARGEST_SPLAT = 1 << 20
Weights = dict[str, tuple[DType, np.ndarray]]


def unfrozen(graph: Any) -> tuple[Any, Weights]:
    """A MetaGraphDef of a GraphDef, its weights as variables; and the weights by name.

    Weights are the floating-point constants that a graph reads by an Identity `<name>/read`, as freezing leaves them,
    and others of at least 32 elements.

    Raises:
      errors.DataLossError: the value of a constant is damaged.
    """
    out = proto.MetaGraphDef()
    out.graph_def.CopyFrom(graph)
    reads = {node.name: node for node in graph.node if node.op == "Identity" and node.name.endswith("/read")}
    names = {node.name for node in graph.node}
    weights: Weights = {}
    made = []
    for node in out.graph_def.node:
        if node.op != "Const" or not _is_weight(node, reads):
            continue
        dtype, array = _value(node)
        weights[node.name] = dtype, array
        made += _as_variable(node, dtype, array.shape, names)
        _list(out, node.name)
    out.graph_def.node.extend(made)
    return out, weights


def _value(node: Any) -> tuple[DType, np.ndarray]:
    try:
        return dtypes.as_dtype(node.attr["dtype"].type), tensor_value.make_ndarray(node.attr["value"].tensor)
    except (TypeError, ValueError) as error:
        raise errors.DataLossError(None, None, f"The value of the constant '{node.name}': {error}") from None


def _is_weight(node: Any, reads: dict[str, Any]) -> bool:
    tensor = node.attr["value"].tensor
    try:
        dtype = dtypes.as_dtype(tensor.dtype)
    except TypeError:
        return False
    if not dtype.is_floating or not tensor.tensor_shape.dim:
        return False
    size = math.prod(one.size for one in tensor.tensor_shape.dim)
    if size > _LARGEST_SPLAT and tensor.ByteSize() < size:
        return False
    read = reads.get(f"{node.name}/read")
    return size >= _LEAST or read is not None and read.input[0] == node.name


def _as_variable(node: Any, dtype: DType, shape: tuple[int, ...], names: set[str]) -> list[Any]:
    """Make the node a variable in place; gives the nodes that read and initialise it."""
    name = node.name
    node.op = "VariableV2"
    node.ClearField("attr")
    for key, value in (("dtype", dtype), ("shape", shape), ("container", b""), ("shared_name", b"")):
        _set(node, key, value)
    kind = {"T": dtype}
    sizes = _constant(f"{name}/Initializer/shape", np.array(shape, np.int32), dtypes.int32)
    zero = _constant(f"{name}/Initializer/Const", np.zeros((), dtype.as_numpy_dtype), dtype)
    fill = _node(f"{name}/Initializer/zeros", "Fill", [sizes.name, zero.name], {**kind, "index_type": dtypes.int32})
    assign = _node(f"{name}/Assign", "Assign", [name, fill.name],
                   {**kind, "validate_shape": True, "use_locking": True})  # fmt: skip
    made = [sizes, zero, fill, assign]
    if f"{name}/read" not in names:
        made.append(_node(f"{name}/read", "Identity", [name], kind))
    return made


def _node(name: str, kind: str, inputs: list[str], values: dict[str, Any]) -> Any:
    out = proto.NodeDef(name=name, op=kind, input=inputs)
    for key, value in values.items():
        _set(out, key, value)
    return out


def _constant(name: str, array: np.ndarray, dtype: DType) -> Any:
    out = _node(name, "Const", [], {"dtype": dtype})
    out.attr["value"].tensor.CopyFrom(tensor_value.array_proto(array, dtype))
    return out


def _set(node: Any, key: str, value: Any) -> None:
    if isinstance(value, DType):
        node.attr[key].type = value.as_datatype_enum
    elif isinstance(value, bool):
        node.attr[key].b = value
    elif isinstance(value, bytes):
        node.attr[key].s = value
    else:
        node.attr[key].shape.CopyFrom(attrs.shape_to_proto(value))


def _list(message: Any, name: str) -> None:
    variable = proto.VariableDef(
        variable_name=f"{name}:0", initializer_name=f"{name}/Assign", snapshot_name=f"{name}/read:0", trainable=True
    )
    for key in (GraphKeys.GLOBAL_VARIABLES, GraphKeys.TRAINABLE_VARIABLES):
        message.collection_def[key].bytes_list.value.append(variable.SerializeToString())
