"""`Operation`: a node of a graph.

Holds its name, inputs, attrs, device and outputs, in plain Python; protocol messages are made when asked for. Making
one
is the graph's business (`Graph.create_op`).
"""
from __future__ import annotations

from typing import Any

from rekindle._src import site
from rekindle._src.graph import attrs as attr_forms
from rekindle._src.graph import proto, scopes
from rekindle._src.graph.signatures import Signature
from rekindle._src.graph.tensor import Tensor
from rekindle._src.names import public


@public("Operation")
class Operation:
    """A node of a graph: takes tensors, makes tensors, when a session runs it."""

    __slots__ = ("_graph", "_id", "_name", "type", "_inputs", "_control_inputs", "_control_outputs", "_attrs",
                 "outputs", "_device", "site", "_original_op", "_control_flow_context", "signature", "_colocated",
                 "_input_types_val", "_turn", "__dict__", "__weakref__")

    def __init__(self, graph: Any, number: int, name: str, signature: Signature, inputs: list[Tensor],
                 control_inputs: list[Operation], attrs: dict[str, Any], output_types: list[Any]) -> None:
        self._graph = graph
        self._id = number
        self._turn: float = number  # among the operations of a step that are ready, the least goes first
        self._name = name
        self.type = signature.name
        self.signature = signature
        self._inputs = inputs
        self._control_inputs = control_inputs
        self._control_outputs: list[Operation] = []
        self._attrs = attrs
        self._device = ""
        self._original_op: Operation | None = None
        self._control_flow_context: Any = None
        self._colocated: dict[str, Any] | None = None
        self.site = site.user_frames()
        self.outputs = [Tensor(self, i, dtype) for i, dtype in enumerate(output_types)]
        for tensor in inputs:
            tensor._consumers.append(self)
        for other in control_inputs:
            other._control_outputs.append(self)

    @property
    def graph(self) -> Any:
        """The graph that holds it."""
        return self._graph

    @property
    def name(self) -> str:
        """The full name, unique in the graph."""
        return self._name

    @property
    def device(self) -> str:
        """The device that was asked for, "" if none."""
        return self._device

    @property
    def inputs(self) -> InputList:
        """The tensors that it takes."""
        return InputList(self._inputs)

    @property
    def _input_types(self) -> list[Any]:
        """What the op takes: of a reference that it only reads, the type without it."""
        if not any(t.dtype._is_ref_dtype for t in self._inputs):
            return [t.dtype for t in self._inputs]
        refs: list[bool] = []
        for arg in self.signature.inputs:
            listed = self._attrs[arg.type_list_attr] if arg.type_list_attr is not None else ()
            count = self._attrs[arg.number_attr] if arg.number_attr is not None else 1
            refs += [arg.is_ref] * (count if arg.type_list_attr is None else len(listed))
        return [t.dtype if is_ref else t.dtype.base_dtype for t, is_ref in zip(self._inputs, refs, strict=True)]

    @property
    def control_inputs(self) -> list[Operation]:
        """The operations that must have run before it."""
        return list(self._control_inputs)

    @property
    def _control_outputs_list(self) -> list[Operation]:
        return self._control_outputs

    @property
    def op_def(self) -> Any:
        """The OpDef of its type."""
        return op_def(self.signature)

    @property
    def node_def(self) -> Any:
        """The NodeDef, as a GraphDef holds it."""
        node = proto.NodeDef(name=self._name, op=self.type, device=self._device)
        node.input.extend(t._as_node_def_input() for t in self._inputs)
        node.input.extend(sorted("^" + op._name for op in self._control_inputs))
        kinds = self.signature.attr
        for key, value in self._attrs.items():
            kind = kinds[key].type if key in kinds else ""
            node.attr[key].CopyFrom(attr_forms.to_proto(kind, value))
        return node

    @property
    def _node_def(self) -> Any:
        return self.node_def

    @property
    def traceback(self) -> list[Any]:
        """The user's frames that made it: (filename, line number, function, source line), outermost first."""
        return site.frames(self.site)

    @property
    def traceback_with_start_lines(self) -> list[Any]:
        """`traceback`, each with the first line of its function."""
        return [(*frame, frame[1]) for frame in self.traceback]

    def get_attr(self, name: str) -> Any:
        """The value of an attr: Python scalars and lists, DType, or the protocol message for shapes and tensors.

        Raises:
          ValueError: it has no such attr.
        """
        if name not in self._attrs:
            raise ValueError(f"Operation '{self._name}' has no attr named '{name}'.")
        value = self._attrs[name]
        if isinstance(value, proto.AttrValue):
            return _untyped(value)
        kind = self.signature.attr[name].type
        if kind in ("shape", "tensor", "list(shape)", "list(tensor)"):
            make = attr_forms.shape_to_proto if "shape" in kind else attr_forms.tensor_proto
            return [make(x) for x in value] if kind.startswith("list") else make(value)
        return list(value) if isinstance(value, list) else value

    def colocation_groups(self) -> list[bytes]:
        """The groups that must be on one device with it: b"loc:@name"."""
        default = [b"loc:@" + self._name.encode()]
        held = self._attrs.get("_class")
        found = [x for x in held.list.s if x.startswith(b"loc:@")] if held is not None else []
        return found or default

    def values(self) -> tuple[Tensor, ...]:
        """The outputs."""
        return tuple(self.outputs)

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Run it in `session` or the default session.

        Raises:
          ValueError: there is no session, or it runs another graph.
        """
        scopes.session_for(self._graph, session, "execute operation", "run").run(self, feed_dict)

    def _set_attr(self, name: str, value: Any) -> None:
        if name in self.signature.attr:
            value = attr_forms.from_proto(self.signature.attr[name].type, value)
        self._attrs[name] = value
        self._graph.touch()

    def _clear_attr(self, name: str) -> None:
        self._attrs.pop(name, None)
        self._graph.touch()

    def _set_device(self, device: Any) -> None:
        self._device = _device_text(device)

    _set_device_from_string = _set_device

    def _update_input(self, index: int, tensor: Tensor) -> None:
        if not isinstance(tensor, Tensor):
            raise TypeError(f"tensor must be a Tensor: {type(tensor)}")
        old = self._inputs[index]
        old._consumers.remove(self)
        self._inputs[index] = tensor
        tensor._consumers.append(self)
        self._graph.touch()

    def _add_control_inputs(self, ops: list[Operation]) -> None:
        for op in ops:
            if not isinstance(op, Operation):
                raise TypeError(f"op must be an Operation: {op}")
            if op not in self._control_inputs:
                self._control_inputs.append(op)
                op._control_outputs.append(self)
        self._graph.touch()

    def _add_control_input(self, op: Operation) -> None:
        self._add_control_inputs([op])

    def _remove_all_control_inputs(self) -> None:
        for op in self._control_inputs:
            op._control_outputs.remove(self)
        self._control_inputs = []
        self._graph.touch()

    def _get_control_flow_context(self) -> Any:
        return self._control_flow_context

    def _set_control_flow_context(self, context: Any) -> None:
        self._control_flow_context = context

    @property
    def _is_stateful(self) -> bool:
        return self.signature.stateful

    @property
    def _id_value(self) -> int:
        return self._id

    def __str__(self) -> str:
        return str(self.node_def)

    def __repr__(self) -> str:
        return f"<tf.Operation '{self._name}' type={self.type}>"


class InputList(list):
    """The inputs of an operation: a list of tensors that is not to be changed."""

    def __setitem__(self, *_: Any) -> None:
        raise TypeError("'_InputList' object does not support item assignment")

    append = extend = insert = pop = remove = __setitem__  # type: ignore[assignment]


def _untyped(value: Any) -> Any:
    held = value.WhichOneof("value")
    if held is None:
        return []
    if held != "list":
        return getattr(value, held)
    for field in ("s", "i", "f", "b", "type", "shape", "tensor", "func"):
        found = list(getattr(value.list, field))
        if found:
            return found
    return []


def _device_text(device: Any) -> str:
    if device is None:
        return ""
    return device if isinstance(device, str) else device.to_string()


def op_def(signature: Signature) -> Any:
    """A signature as an OpDef message."""
    out = proto.OpDef(name=signature.name, is_stateful=signature.stateful, is_commutative=signature.commutative,
                      is_aggregate=signature.aggregate,
                      allows_uninitialized_input=signature.allows_uninitialized_input)
    for args, field in ((signature.inputs, out.input_arg), (signature.outputs, out.output_arg)):
        for arg in args:
            field.add(name=arg.name, type_attr=arg.type_attr or "", number_attr=arg.number_attr or "",
                      type_list_attr=arg.type_list_attr or "", is_ref=arg.is_ref,
                      type=0 if arg.dtype is None else arg.dtype.as_datatype_enum)
    for attr in signature.attrs:
        one = out.attr.add(name=attr.name, type=attr.type, has_minimum=attr.minimum is not None,
                           minimum=attr.minimum or 0)
        if attr.allowed:
            kind = "list(" + attr.type.removeprefix("list(").removesuffix(")") + ")"
            one.allowed_values.CopyFrom(attr_forms.to_proto(kind, list(attr.allowed)))
        if repr(attr.default) != "REQUIRED":
            one.default_value.CopyFrom(attr_forms.to_proto(attr.type, attr.default))
    return out
