"""Functions of a library and graphs: a FunctionDef of the graph of its body, and the other way.

Holds `definition_of` and `body_of`. Building the graph of a Python function stands in
state/function.py, running bodies in run/functions.py.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from rekindle._src import errors
from rekindle._src.graph import attrs as attr_forms
from rekindle._src.graph import infer, proto
from rekindle._src.graph.graph import Graph
from rekindle._src.graph.opdef import arg_width
from rekindle._src.graph.operation import Operation
from rekindle._src.graph.signatures import REQUIRED, Signature
from rekindle._src.graph.tensor import Tensor

# A body as a FunctionDef.


class _Names:
    """The names of a FunctionDef: results first, then arguments, then nodes, each once."""

    def __init__(self) -> None:
        self._used: dict[str, int] = {}

    def take(self, name: str) -> str:
        """The name, with "_0", "_1", ... where it is taken."""
        if name not in self._used:
            self._used[name] = 0
            return name
        while True:
            candidate = f"{name}_{self._used[name]}"
            self._used[name] += 1
            if candidate not in self._used:
                self._used[candidate] = 0
                return candidate

    def argument(self, name: str) -> str:
        """The name of an argument or result: lower case letters, digits, underscores."""
        text = "".join(c.lower() if c.isascii() and c.isalnum() else "_" for c in name)
        start = next((i for i, c in enumerate(text) if c.isalpha()), None)
        return self.take("unknown" if start is None else text[start:])


def definition_of(
    name: str, operations: list[Operation], inputs: list[Tensor], outputs: list[Tensor],
    out_names: list[str] | None = None, description: str = "", effects: Any = (),
) -> Any:
    """The FunctionDef whose arguments are `inputs` and whose results are `outputs`; `effects` run in any case."""
    out = proto.FunctionDef()
    out.signature.name = name
    out.signature.description = description
    names = _Names()
    refer: dict[Tensor, str] = {}
    results = []
    for i, tensor in enumerate(outputs):
        result = names.take(out_names[i]) if out_names else names.argument(tensor.op.name)
        out.signature.output_arg.add(name=result, type=tensor.dtype.as_datatype_enum)
        results.append(result)
    for i, tensor in enumerate(inputs):
        argument = names.argument(tensor.op.name)
        out.signature.input_arg.add(name=argument, type=tensor.dtype.as_datatype_enum)
        refer[tensor] = argument
        out.arg_attr[i].SetInParent()
    made = {t.op for t in inputs}
    nodes = [op for op in operations if op not in made]
    out.signature.is_stateful = any(op.signature.stateful for op in nodes)
    own = {op: names.take(op.name) for op in nodes}
    for op in nodes:
        at = 0
        for arg in op.signature.outputs:
            for i in range(arg_width(arg, op._attrs)):
                refer[op.outputs[at]] = f"{own[op]}:{arg.name}:{i}"
                at += 1
    for op in nodes:
        node = op.node_def
        node.name = own[op]
        waits = ["^" + (refer[o.outputs[0]] if o in made else own.get(o, o.name)) for o in op._control_inputs]
        node.input[:] = [refer[t] for t in op._inputs] + sorted(waits)
        out.node_def.append(node)
    for result, tensor in zip(results, outputs, strict=True):
        out.ret[result] = refer[tensor]
    for op in effects:
        out.signature.control_output.append(own[op])
        out.control_ret[own[op]] = own[op]
    return out


# A FunctionDef as a graph.


@dataclasses.dataclass(slots=True)
class Body:
    """The graph of a function: what goes in, what comes out, and what runs in any case."""

    graph: Graph
    inputs: list[Tensor]
    outputs: list[Tensor]
    effects: list[Operation]


def body_of(
    definition: Any, attrs: dict[str, Any], functions: dict[str, Any], graph: Graph | None = None, given: Any = ()
) -> Body:
    """The graph of a function for the attrs of a call of it.

    Args:
      definition: the FunctionDef.
      attrs: the attrs of the call.
      functions: the library.
      graph: an empty graph to build in; default: a new one with this library.
      given: (shape, element) of each argument: what is known of it, and of the elements of a list.

    Raises:
      InvalidArgumentError: the function calls itself, or a type that it needs is not given.
    """
    _refuse_recursion(definition.signature.name, functions)
    if graph is None:
        graph = Graph()
        graph._functions = functions
    return _Builder(definition, attrs, graph, list(given)).build()


def _refuse_recursion(name: str, functions: dict[str, Any]) -> None:
    path: list[str] = []
    done: set[str] = set()

    def visit(one: str) -> None:
        if one in path:
            chain = " -> ".join([*path[path.index(one) :], one])
            raise errors.InvalidArgumentError(
                None, None, f"Function {one} calls itself ({chain}): recursive functions cannot run"
            )
        if one in done or one not in functions:
            return
        path.append(one)
        for node in functions[one].definition.node_def:
            visit(node.op)
            for value in node.attr.values():
                if value.WhichOneof("value") == "func":
                    visit(value.func.name)
        path.pop()
        done.add(one)

    visit(name)


class _Builder:
    """The state of one `body_of`."""

    def __init__(self, definition: Any, attrs: dict[str, Any], graph: Graph, arguments: list[Any]) -> None:
        self.definition = definition
        self.given = attrs
        self.graph = graph
        self.arguments = arguments
        self.tensors: dict[str, list[Tensor]] = {}  # "node:argument" or "argument"
        self.made: dict[str, Operation] = {}

    def build(self) -> Body:
        """All nodes, inputs before those that take them."""
        inputs: list[Tensor] = []
        for arg in self.definition.signature.input_arg:
            types = self._types(arg)
            held = [self._placeholder(arg.name, i, t) for i, t in enumerate(types)]
            self.tensors[arg.name] = held
            inputs.extend(held)
        left = list(self.definition.node_def)
        back: list[tuple[Operation, int, str]] = []
        while left:
            later = [node for node in left if not self._try(node, back)]
            if len(later) == len(left):
                raise errors.InvalidArgumentError(
                    None, None,
                    f"Function {self.definition.signature.name}: the inputs of node "
                    f"{later[0].name} are not there",
                )
            left = later
        for op, index, text in back:
            op._update_input(index, self._tensor(text))
        outputs = [
            tensor
            for arg in self.definition.signature.output_arg
            for tensor in self._results(arg)
        ]
        effects = [
            op for op in self.made.values()
            if op.signature.stateful or op.name in self.definition.control_ret.values()
        ]
        return Body(self.graph, inputs, outputs, effects)

    def _results(self, arg: Any) -> list[Tensor]:
        """The tensors of one result; a list where the node's argument is one."""
        text = self.definition.ret[arg.name]
        count = len(self._types(arg))
        if count == 1:
            return [self._tensor(text)]
        return self.tensors[text.rsplit(":", 1)[0] if text.count(":") == 2 else text][:count]

    def _types(self, arg: Any) -> list[Any]:
        if arg.type_list_attr:
            return [attr_forms.dtypes.as_dtype(t) for t in self._given(arg.type_list_attr).list.type]
        one = self._given(arg.type_attr).type if arg.type_attr else arg.type
        count = self._given(arg.number_attr).i if arg.number_attr else 1
        return [attr_forms.dtypes.as_dtype(one)] * count

    def _given(self, name: str) -> Any:
        if name not in self.given:
            raise errors.InvalidArgumentError(
                None, None,
                f"Attr {name} is not found from {self.definition.signature.name}'s call",
            )
        return self.given[name]

    def _placeholder(self, name: str, index: int, dtype: Any) -> Tensor:
        name = name if not index else f"{name}_{index}"
        shape, element = self.arguments.pop(0) if self.arguments else (None, None)
        made = self.graph.create_op("Placeholder", [], attrs={"dtype": dtype, "shape": shape}, name=name).outputs[0]
        if element is not None:
            made._element = element  # type: ignore[attr-defined]
        return made

    def _tensor(self, text: str) -> Tensor:
        parts = text.split(":")
        if len(parts) == 3:
            return self.tensors[f"{parts[0]}:{parts[1]}"][int(parts[2])]
        if len(parts) == 2 and parts[0] in self.tensors:
            return self.tensors[parts[0]][int(parts[1])]
        return self.tensors[text][0]

    def _is_there(self, text: str) -> bool:
        if text.startswith("^"):
            return text[1:] in self.made or text[1:] in self.tensors
        return text.split(":")[0] in self.made or text.split(":")[0] in self.tensors

    def _try(self, node: Any, back: list[tuple[Operation, int, str]]) -> bool:
        """Make a node if its inputs are there (the back edges of loops aside)."""
        missing = [t for t in node.input if not self._is_there(t)]
        is_ring = node.op in ("Merge", "RefMerge") and len(missing) < len(node.input)
        if missing and not is_ring:
            return False
        if missing and not all(self._is_next(text) for text in missing):
            return False
        data = [t for t in node.input if not t.startswith("^")]
        there = [t for t in data if t not in missing]
        inputs = [self._tensor(there[0] if t in missing else t) for t in data]
        waits = [self.made[t[1:]] for t in node.input if t.startswith("^") and t[1:] in self.made]
        facts = self.graph.signature(node.op)
        attrs = self._attrs(node, facts)
        op = self.graph.add(
            facts, inputs, attrs, self.graph.unique_name(node.name),
            infer.output_types(facts, attrs), controls=waits,
        )
        op._device = node.device
        back.extend((op, i, t) for i, t in enumerate(data) if t in missing)
        self.made[node.name] = op
        at = 0
        for arg in facts.outputs:
            width = arg_width(arg, attrs)
            self.tensors[f"{node.name}:{arg.name}"] = op.outputs[at : at + width]
            at += width
        return True

    def _is_next(self, text: str) -> bool:
        name = text.split(":")[0]
        return any(
            n.name == name and n.op in ("NextIteration", "RefNextIteration")
            for n in self.definition.node_def
        )

    def _attrs(self, node: Any, facts: Signature) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for attr in facts.attrs:
            if attr.name in node.attr:
                value = node.attr[attr.name]
                if value.WhichOneof("value") == "placeholder":
                    value = self._given(value.placeholder)
                out[attr.name] = attr_forms.from_proto(attr.type, value)
            elif attr.default is not REQUIRED:
                out[attr.name] = attr.default
        for key, value in node.attr.items():
            if key not in facts.attr:
                out[key] = proto.AttrValue.FromString(value.SerializeToString())
        return out
