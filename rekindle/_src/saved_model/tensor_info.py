"""TensorInfo messages: what a signature says of a tensor, and the tensor that is meant."""
from __future__ import annotations

from typing import Any

from rekindle._src.graph import dtypes, meta_graph, proto, scopes
from rekindle._src.graph.shapes import TensorShape
from rekindle._src.graph.sparse import SparseTensor
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public

#: the DataType of what has none
INVALID = 0


@public("saved_model.build_tensor_info", "saved_model.utils.build_tensor_info")
def build_tensor_info(tensor: Any) -> Any:
    """The TensorInfo of a Tensor, variable or SparseTensor: name, dtype, shape.

    Raises:
      NotImplementedError: it is another composite tensor.
    """
    if not isinstance(tensor, SparseTensor) and not isinstance(getattr(tensor, "name", None), str):
        raise NotImplementedError(f"build_tensor_info: no TensorInfo of a {type(tensor).__name__}: {tensor}")
    made = proto.TensorInfo(
        dtype=dtypes.as_dtype(tensor.dtype).as_datatype_enum, tensor_shape=tensor.get_shape().as_proto()
    )
    if isinstance(tensor, SparseTensor):
        made.coo_sparse.values_tensor_name = tensor.values.name
        made.coo_sparse.indices_tensor_name = tensor.indices.name
        made.coo_sparse.dense_shape_tensor_name = tensor.dense_shape.name
    else:
        made.name = tensor.name
    return made


def build_tensor_info_from_op(op: Any) -> Any:
    """A TensorInfo that names an operation: no dtype, no shape."""
    return proto.TensorInfo(
        dtype=INVALID, tensor_shape=TensorShape(None).as_proto(), name=op.name
    )


@public("saved_model.get_tensor_from_tensor_info", "saved_model.utils.get_tensor_from_tensor_info")
def get_tensor_from_tensor_info(
    tensor_info: Any, graph: Any = None, import_scope: str | None = None
) -> Any:
    """The tensor that a TensorInfo means.

    Args:
      tensor_info: a TensorInfo.
      graph: the graph; default: the default graph.
      import_scope: the scope below which the names are.

    Raises:
      KeyError: the graph does not have it.
      ValueError: the TensorInfo is malformed.
      NotImplementedError: it means a composite tensor other than a SparseTensor.
    """
    graph = graph or scopes.get_default_graph()

    def named(name: str) -> Tensor:
        return graph.get_tensor_by_name(meta_graph.prepend_name_scope(name, import_scope))

    encoding = tensor_info.WhichOneof("encoding")
    if encoding == "name":
        return named(tensor_info.name)
    if encoding == "coo_sparse":
        parts = tensor_info.coo_sparse
        return SparseTensor(
            named(parts.indices_tensor_name),
            named(parts.values_tensor_name),
            named(parts.dense_shape_tensor_name),
        )
    if encoding == "composite_tensor":
        kind = tensor_info.composite_tensor.type_spec.type_spec_class
        name = proto.message("core/protobuf/struct", "TypeSpecProto").TypeSpecClass.Name(kind)
        raise NotImplementedError(f"get_tensor_from_tensor_info: no tensors of a {name}")
    raise ValueError(f"Invalid TensorInfo.encoding: {encoding}")


def get_element_from_tensor_info(
    tensor_info: Any, graph: Any = None, import_scope: str | None = None
) -> Any:
    """The operation or tensor that a TensorInfo names.

    Raises:
      KeyError: the graph does not have it.
    """
    graph = graph or scopes.get_default_graph()
    return graph.as_graph_element(meta_graph.prepend_name_scope(tensor_info.name, import_scope))
