"""Graph transforms on single nodes: attrs, devices, names, order, and nodes that go."""
from __future__ import annotations

from typing import Any

from rekindle._src.formats.graph_import import add_default_attrs
from rekindle._src.graph import dtypes, proto, signatures
from rekindle._src.rewrite.inference import node_name_from_input
from rekindle._src.rewrite.patterns import (
    Call,
    bad,
    data_inputs,
    edited,
    graph_of,
    in_order,
    needed,
    rename_inputs,
    transform,
)

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


@transform("add_default_attributes")
def add_default_attributes(graph_def: Any, call: Call) -> Any:
    """Give nodes those attrs with a default that they lack."""
    out = graph_of(graph_def.node, graph_def)
    add_default_attrs(out)
    return out


@transform("remove_attribute")
def remove_attribute(graph_def: Any, call: Call) -> Any:
    """Take an attr out of the nodes of an op, or of all nodes."""
    said = (
        "remove_attribute expects exactly one 'attribute_name' argument, e.g. "
        "remove_attribute(op_name=Mul, attribute_name=foo)"
    )
    (attribute,) = call.required(("attribute_name",), said)
    op_name = call.one("op_name", "*")
    return edited(graph_def, lambda node: op_name in ("*", node.op) and node.attr.pop(attribute, None))


@transform("rename_attribute")
def rename_attribute(graph_def: Any, call: Call) -> Any:
    """Give an attr another name in the nodes of an op, or of all nodes."""
    said = (
        "rename_attribute expects exactly one 'old_attribute_name' and one 'new_attribute_name' argument, e.g. "
        "rename_attribute(old_attribute_name=foo, new_attribute_name=bar)"
    )
    old, new = call.required(("old_attribute_name", "new_attribute_name"), said)
    op_name = call.one("op_name", "*")

    def edit(node: Any) -> None:
        if op_name in ("*", node.op) and old in node.attr:
            value = proto.AttrValue.FromString(node.attr[old].SerializeToString())
            del node.attr[old]
            node.attr[new].CopyFrom(value)

    return edited(graph_def, edit)


@transform("rename_op")
def rename_op(graph_def: Any, call: Call) -> Any:
    """Make the nodes of an op nodes of another."""
    said = (
        "rename_op expects exactly one 'old_op_name' and 'new_op_name' argument, e.g. "
        "rename_op(old_op_name=Mul, new_op_name=Multiply)"
    )
    old, new = call.required(("old_op_name", "new_op_name"), said)

    def edit(node: Any) -> None:
        node.op = new if node.op == old else node.op

    return edited(graph_def, edit)


@transform("remove_device")
def remove_device(graph_def: Any, call: Call) -> Any:
    """Leave the devices out."""
    return edited(graph_def, lambda node: node.ClearField("device"))


@transform("set_device")
def set_device(graph_def: Any, call: Call) -> Any:
    """Put all nodes, or with `if_default` those without a device, on one."""
    device, only_new = call.one("device"), call.flag("if_default", False)

    def edit(node: Any) -> None:
        if not only_new or not node.device:
            node.device = device

    return edited(graph_def, edit)


@transform("remove_control_dependencies")
def remove_control_dependencies(graph_def: Any, call: Call) -> Any:
    """Leave the control inputs out."""

    def edit(node: Any) -> None:
        node.input[:] = data_inputs(node)

    return edited(graph_def, edit)


@transform("sort_by_execution_order")
def sort_by_execution_order(graph_def: Any, call: Call) -> Any:
    """Put inputs before what takes them."""
    return graph_of(in_order(graph_def), graph_def)


@transform("obfuscate_names")
def obfuscate_names(graph_def: Any, call: Call) -> Any:
    """Give the nodes between inputs and outputs short names."""
    kept = {*call.inputs, *call.outputs}
    names: dict[str, str] = {}
    number = 0
    for node in graph_def.node:
        names[node.name] = node.name
        while node.name not in kept:
            names[node.name], number = _short(number), number + 1
            if names[node.name] not in kept:
                break

    def edit(node: Any) -> None:
        for index, text in enumerate(node.input):
            name = node_name_from_input(text)
            if name not in names:
                raise bad(f"No node named {name} for input to {node.name}")
            mark, rest = ("^", "") if text.startswith("^") else ("", text[len(name):])
            node.input[index] = mark + names[name] + rest
        node.name = names[node.name]

    return edited(graph_def, edit)


def _short(number: int) -> str:
    text = ""
    while True:
        number, digit = divmod(number, len(_DIGITS))
        text = _DIGITS[digit] + text
        if not number:
            return text


@transform("remove_nodes")
def remove_nodes(graph_def: Any, call: Call) -> Any:
    """Leave out the nodes of some ops; what takes them takes their first input."""
    if "op" not in call.parameters:
        raise bad("remove_nodes expects at least one 'op'argument, e.g. remove_nodes(op=Identity)")
    most = call.number("max_inputs", 1)
    for op in call.parameters["op"]:
        gone = {
            node.name: data_inputs(node)[0].removesuffix(":0")
            for node in graph_def.node
            if node.op == op and node.name not in call.kept and 1 <= len(data_inputs(node)) <= most
        }
        kept = graph_of((node for node in graph_def.node if node.name not in gone), graph_def)
        graph_def = rename_inputs(kept, gone)
    return graph_def


@transform("merge_duplicate_nodes")
def merge_duplicate_nodes(graph_def: Any, call: Call) -> Any:
    """Keep one of nodes that compute the same of the same inputs.

    Raises:
      errors.NotFoundError: an op is not known.
    """
    while True:
        first: dict[bytes, str] = {}
        gone: dict[str, str] = {}
        for node in graph_def.node:
            if signatures.signature(node.op).stateful:
                continue
            key = proto.NodeDef.FromString(node.SerializeToString())
            key.input[:] = [one.removesuffix(":0") for one in key.input]
            if node.name not in {*call.inputs, *call.outputs}:
                key.name = ""
            kept = first.setdefault(key.SerializeToString(deterministic=True), node.name)
            if kept != node.name:
                gone[node.name] = kept
        if not gone:
            return graph_def
        kept_nodes = graph_of((node for node in graph_def.node if node.name not in gone), graph_def)
        graph_def = rename_inputs(kept_nodes, gone)


@transform("strip_unused_nodes")
def strip_unused_nodes(graph_def: Any, call: Call) -> Any:
    """Keep what the outputs need of the inputs; inputs that are no placeholders become such."""
    inputs = frozenset(node_name_from_input(one) for one in call.inputs)
    kept = needed(graph_def, call.outputs, inputs) | inputs
    nodes = []
    for node in graph_def.node:
        if node.name not in kept:
            continue
        if node.name in inputs and node.op != "Placeholder":
            node = _placeholder(node.name, call)
        nodes.append(node)
    return graph_of(nodes)


def _placeholder(name: str, call: Call) -> Any:
    node = proto.NodeDef(name=name, op="Placeholder")
    for key, first, second in (("type", "float", "quint8"), ("shape", '"2,2,1"', '"1"')):
        default = call.parameters.get(key, [""])
        if len(default) != 1:
            raise bad(f"You must pass no more than one default '{key}' to strip_unused_nodes")
        names, values = call.parameters.get("name", []), call.parameters.get(f"{key}_for_name", [])
        if (names or values) and len(values) != len(names):
            raise bad(
                f"You must pass a '{key}_for_name' arg for every 'name', e.g. strip_unused_nodes(name=foo, "
                f"{key}_for_name={first}, name=bar, {key}_for_name={second})"
            )
        text = dict(zip(names, values, strict=False)).get(name, default[0])
        if key == "type":
            node.attr["dtype"].type = _type(text or "float")
        else:
            node.attr["shape"].shape.SetInParent()
            for size in _sizes(text):
                node.attr["shape"].shape.dim.add(size=size)
    return node


def _type(text: str) -> int:
    try:
        return int(dtypes.as_dtype(text).as_datatype_enum)
    except TypeError:
        raise bad(f"Couldn't understand type argument '{text}'") from None


def _sizes(text: str) -> list[int]:
    try:
        return [int(one) for one in text.split(",") if one]
    except ValueError:
        raise bad(f"Could parse as shape: '{text}'") from None
