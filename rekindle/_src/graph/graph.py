"""`Graph`: the operations of a program, in the order in which they were made, and the look-up of its elements.

Holds creation (`create_op`), look-up, feed and fetch bans, `as_graph_def`. What scopes do to new operations stands in
graph_scopes.py, collections in collections.py, what an op's inputs and attrs may be in opdef.py.
"""
from __future__ import annotations

import threading
from typing import Any

from rekindle._src.graph import attrs as attr_forms
from rekindle._src.graph import infer, proto, scopes, signatures
from rekindle._src.graph.collections import Collections
from rekindle._src.graph.graph_scopes import ScopeStacks, check_op_name
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.signatures import Signature
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public

GRAPH_DEF_VERSION = 134


@public("Graph")
class Graph(ScopeStacks, Collections):
    """A dataflow graph: append-only, so that the order of creation is a topological order (loops' back edges aside)."""

    _functional_flow = False  # cond and while_loop make If and While operations

    def __init__(self) -> None:
        ScopeStacks.__init__(self)
        Collections.__init__(self)
        self._lock = threading.RLock()
        self._operations: list[Operation] = []
        self._by_name: dict[str, Operation] = {}
        self._next_number = 0
        self._version = 0
        self._edits = 0
        self._finalized = False
        self._seed: int | None = None
        self._unfeedable: set[Tensor] = set()
        self._unfetchable: set[Operation] = set()
        self._functions: dict[str, Any] = {}
        self._graph_def_versions = proto.VersionDef(producer=GRAPH_DEF_VERSION)
        self._outer_graph: Any = None
        self._building_function = False
        self._handle_feeders: dict[str, Any] = {}
        self._session_caches: Any = None

    # What users ask of a graph.

    @property
    def version(self) -> int:
        """Grows with each operation."""
        return self._version

    @property
    def seed(self) -> int | None:
        """The graph-level random seed, None if not set."""
        return self._seed

    @seed.setter
    def seed(self, seed: int | None) -> None:
        self._seed = seed

    @property
    def finalized(self) -> bool:
        """True if nothing can be added any more."""
        return self._finalized

    @property
    def building_function(self) -> bool:
        """True while this graph is the body of a function."""
        return self._building_function

    @property
    def graph_def_versions(self) -> Any:
        """The VersionDef of its GraphDef."""
        return self._graph_def_versions

    @property
    def _last_id(self) -> int:
        return self._next_number

    def as_default(self) -> Any:
        """A context in which this graph is the default graph of the thread."""
        return scopes.graphs.pushed(self)

    def finalize(self) -> None:
        """Make the graph read-only."""
        self._finalized = True

    def _unsafe_unfinalize(self) -> None:
        self._finalized = False

    def _check_not_finalized(self) -> None:
        if self._finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")

    def touch(self) -> None:
        """Tell the sessions that an existing operation changed."""
        self._edits += 1

    @property
    def state(self) -> tuple[int, int]:
        """Changes whenever an operation is added or edited: what sessions key their programs on."""
        return self._next_number, self._edits

    # Creation.

    def create_op(self, op_type: str, inputs: Any = (), dtypes: Any = None, input_types: Any = None, name: Any = None,
                  attrs: dict[str, Any] | None = None, op_def: Any = None, compute_shapes: bool = True,
                  compute_device: bool = True) -> Operation:
        """Add an operation.

        Args:
          op_type: the op's type, as in "MatMul".
          inputs: its tensors, lists flattened.
          dtypes: the output types; default: what the op's signature says.
          input_types: not needed; accepted as in TensorFlow.
          name: the name to uniquify, or a scope name with a last "/" to take as it is; default: the type.
          attrs: attr name to AttrValue or Python value.
          op_def, compute_shapes, compute_device: accepted as in TensorFlow.

        Raises:
          TypeError: an input is no tensor.
          ValueError: the graph does not have an input, or the op's shape rule refuses the inputs.
          NotFoundError: there is no such op.
        """
        for i, tensor in enumerate(inputs):
            if not isinstance(tensor, Tensor):
                raise TypeError(f"Input #{i} is not a tensor: {tensor}")
        signature = self.signature(op_type)
        normal = {}
        for key, value in (attrs or {}).items():
            declared = signature.attr.get(key)
            normal[key] = value if declared is None else attr_forms.normal(declared, value, op_type)
        for attr in signature.attrs:
            if attr.name not in normal and attr.default is not signatures.REQUIRED:
                normal[attr.name] = attr.default
        if dtypes is None:
            dtypes = infer.output_types(signature, normal)
        return self.add(signature, list(inputs), normal, self._scoped(name or op_type), list(dtypes))

    def signature(self, op_type: str) -> Signature:
        """The signature of an op, or of a function of this graph's library."""
        function = self._functions.get(op_type)
        return signatures.signature(op_type) if function is None else function.signature

    def _scoped(self, name: str | bytes) -> str:
        if isinstance(name, bytes):
            name = name.decode()
        if name.endswith("/"):
            return name[:-1]
        check_op_name(name)
        return self.unique_name(name)

    def add(self, signature: Signature, inputs: list[Tensor], attrs: dict[str, Any], name: str,
            output_types: list[Any], controls: list[Operation] | None = None) -> Operation:
        """Add an operation whose inputs and attrs were checked already, under a name that is unique already.

        `controls` are what it waits for; default: what the scopes around say.

        Raises:
          ValueError: the op's shape rule refuses the inputs, or an input is of another graph.
          RuntimeError: the graph is finalized.
        """
        if self._finalized:
            self._check_not_finalized()
        for tensor in inputs:
            if tensor._op._graph is not self:
                raise ValueError(f"{tensor} must be from the same graph as {self}.")
        if controls is None:
            controls = self._control_inputs_for(inputs) if self._control_stack else []
        self._next_number += 1
        op = Operation(self, self._next_number, name, signature, inputs, controls, attrs, output_types)
        context = self._control_flow_context
        op._control_flow_context = context
        for tensor in inputs:
            other = tensor._op._control_flow_context
            if other is not None and other is not context:
                other.check_use(tensor._op, op)
        if context is not None:
            context.AddOp(op)
        if op.outputs or signature.name in infer.RULES:
            try:
                infer.set_shapes(op)
            except ValueError:
                self._drop(op)
                raise
        self._apply_scopes(op)
        self._operations.append(op)
        self._by_name[name] = op
        self._version = self._next_number
        return op

    def _drop(self, op: Operation) -> None:
        for tensor in op._inputs:
            tensor._consumers.remove(op)
        for other in op._control_inputs:
            other._control_outputs.remove(op)

    def _take_back(self, ops: list[Operation], number: int) -> None:
        """Remove the operations that were added last; the next one gets `number` + 1."""
        gone = set(ops)
        for op in reversed(ops):
            self._drop(op)
            del self._by_name[op.name]
        for controller in self._control_stack:
            controller.seen -= gone
        self._operations = [op for op in self._operations if op not in gone]
        self._next_number = self._version = number
        self.touch()

    # Look-up.

    def get_operations(self) -> list[Operation]:
        """All operations, in the order in which they were made."""
        return list(self._operations)

    def get_operation_by_name(self, name: str) -> Operation:
        """The operation with that name.

        Raises:
          TypeError: `name` is no string.
          KeyError: there is none.
        """
        if not isinstance(name, str):
            raise TypeError(f"Operation names are strings (or similar), not {type(name).__name__}.")
        return self.as_graph_element(name, allow_tensor=False)

    def get_tensor_by_name(self, name: str) -> Tensor:
        """The tensor with that name, as in "conv1/Conv2D:0".

        Raises:
          TypeError: `name` is no string.
          KeyError: there is none.
        """
        if not isinstance(name, str):
            raise TypeError(f"Tensor names are strings (or similar), not {type(name).__name__}.")
        return self.as_graph_element(name, allow_operation=False)

    def _get_operation_by_name_unsafe(self, name: str) -> Operation:
        return self.as_graph_element(name, allow_tensor=False)

    def _get_operation_by_tf_operation(self, op: Operation) -> Operation:
        return op

    def as_graph_element(self, obj: Any, allow_tensor: bool = True, allow_operation: bool = True) -> Any:
        """The tensor or operation that `obj` is, names, or stands for (`obj._as_graph_element()`).

        Raises:
          TypeError: `obj` is nothing of a graph.
          ValueError: it is of another graph, or is no well-formed name.
          KeyError: the graph has nothing of that name.
        """
        if not allow_tensor and not allow_operation:
            raise ValueError("allow_tensor and allow_operation can't both be False.")
        kinds = " or ".join(k for k, on in (("Tensor", allow_tensor), ("Operation", allow_operation)) if on)
        convert = getattr(obj, "_as_graph_element", None)
        if convert is not None:
            obj = convert()
        if isinstance(obj, bytes):
            obj = obj.decode()
        if isinstance(obj, str):
            return self._named(obj, allow_tensor, allow_operation)
        if isinstance(obj, Tensor) and allow_tensor or isinstance(obj, Operation) and allow_operation:
            if obj.graph is not self:
                kind = "Tensor" if isinstance(obj, Tensor) else "Operation"
                raise ValueError(f"{kind} {obj} is not an element of this graph.")
            return obj
        raise TypeError(f"Can not convert a {type(obj).__name__} into a {kinds}.")

    def _named(self, name: str, allow_tensor: bool, allow_operation: bool) -> Any:
        if ":" in name and allow_tensor:
            parts = name.split(":")
            if len(parts) != 2 or not parts[1].isdigit():
                raise ValueError(f"The name '{name}' looks a like a Tensor name, but is not a valid one. Tensor names "
                                 'must be of the form "<op_name>:<output_index>".')
            op, index = self._by_name.get(parts[0]), int(parts[1])
            if op is None:
                raise KeyError(f"The name '{name}' refers to a Tensor which does not exist. The operation, "
                               f"'{parts[0]}', does not exist in the graph.")
            if index >= len(op.outputs):
                raise KeyError(f"The name '{name}' refers to a Tensor which does not exist. The operation, "
                               f"'{parts[0]}', exists but only has {len(op.outputs)} outputs.")
            return op.outputs[index]
        if ":" in name:
            raise ValueError(f"Name '{name}' appears to refer to a Tensor, not a Operation.")
        op = self._by_name.get(name)
        if not allow_operation:
            if op is not None:
                raise ValueError(f"The name '{name}' refers to an Operation, not a Tensor. Tensor names must be of the "
                                 'form "<op_name>:<output_index>".')
            raise ValueError(f"The name '{name}' looks like an (invalid) Operation name, not a Tensor. Tensor names "
                             'must be of the form "<op_name>:<output_index>".')
        if op is None:
            raise KeyError(f"The name '{name}' refers to an Operation not in the graph.")
        return op

    # Feeds and fetches.

    def prevent_feeding(self, tensor: Tensor) -> None:
        """Refuse to feed `tensor`."""
        self._unfeedable.add(tensor)

    def is_feedable(self, tensor: Tensor) -> bool:
        """True if `tensor` may be fed."""
        return tensor not in self._unfeedable

    def prevent_fetching(self, op: Operation) -> None:
        """Refuse to fetch `op`."""
        self._unfetchable.add(op)

    def is_fetchable(self, tensor_or_op: Any) -> bool:
        """True if it may be fetched."""
        op = tensor_or_op.op if isinstance(tensor_or_op, Tensor) else tensor_or_op
        return op not in self._unfetchable

    # Functions.

    def _is_function(self, name: Any) -> bool:
        return (name.decode() if isinstance(name, bytes) else name) in self._functions

    def _get_function(self, name: Any) -> Any:
        return self._functions.get(name.decode() if isinstance(name, bytes) else name)

    def _add_function(self, function: Any) -> None:
        self._functions[function.name] = function
        own = self._graph_def_versions
        own.min_consumer = max(own.min_consumer, 12)  # older ones know no functions
        self.touch()

    # Files.

    def as_graph_def(self, from_version: int | None = None, add_shapes: bool = False) -> Any:
        """The graph as a GraphDef, with `_output_shapes` attrs if `add_shapes`."""
        return self._as_graph_def(from_version, add_shapes)[0]

    def _as_graph_def(self, from_version: int | None = None, add_shapes: bool = False) -> tuple[Any, int]:
        out = proto.GraphDef()
        out.versions.CopyFrom(self._graph_def_versions)
        for op in sorted(self._operations, key=lambda op: op._id):
            if from_version is not None and op._id <= from_version:
                continue
            node = op.node_def
            if add_shapes and op.outputs:
                shapes = [attr_forms.shape_to_proto(t._static_shape) for t in op.outputs]
                node.attr["_output_shapes"].list.shape.extend(shapes)
            out.node.append(node)
        for function in self._functions.values():
            out.library.function.append(function.definition)
            if function.grad_func_name:
                out.library.gradient.add(function_name=function.name, gradient_func=function.grad_func_name)
        return out, self._version


scopes.set_graph_class(Graph)
