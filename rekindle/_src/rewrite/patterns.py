"""What graph transforms share: order, names of inputs, renaming, patterns of nodes, and their arguments.

A transform is a function `(GraphDef, Call) -> GraphDef`, registered by name with `@transform`.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from rekindle._src import errors
from rekindle._src import tf_logging as logging
from rekindle._src.graph import dtypes, proto
from rekindle._src.graph.dtypes import DType
from rekindle._src.graph.tensor_value import make_tensor_proto
from rekindle._src.rewrite.inference import node_name_from_input

_MERGE = ("Merge", "RefMerge")


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """One call of a transform: the model's inputs and outputs, and the arguments by name."""

    name: str
    inputs: list[str]
    outputs: list[str]
    parameters: dict[str, list[str]]

    def one(self, key: str, default: str = "") -> str:
        """An argument that is given once or not at all.

        Raises:
          errors.InvalidArgumentError: it is given more than once.
        """
        values = self.parameters.get(key, [default])
        if len(values) != 1:
            raise bad(f"Expected a single '{key}' parameter, but found {len(values)} occurrences")
        return values[0]

    def number(self, key: str, default: int) -> int:
        """An argument that is a whole number."""
        text = self.one(key, str(default))
        try:
            return int(text)
        except ValueError:
            raise bad(f"Couldn't interpret the {key} argument as a number:{text}") from None

    def flag(self, key: str, default: bool) -> bool:
        """An argument that is true, false, 1 or 0."""
        text = self.one(key, str(default).lower())
        if text not in ("true", "1", "false", "0"):
            said = f"Couldn't interpret the {key} argument as a boolean:{text} (expected true, false, 0 or 1)"
            raise bad(said)
        return text in ("true", "1")

    def required(self, keys: tuple[str, ...], said: str) -> list[str]:
        """The values of arguments that must be given once each."""
        if any(len(self.parameters.get(key, ())) != 1 for key in keys):
            raise bad(said)
        return [self.parameters[key][0] for key in keys]

    @property
    def kept(self) -> frozenset[str]:
        """Names of the nodes that are inputs or outputs."""
        return frozenset(node_name_from_input(one) for one in (*self.inputs, *self.outputs))


TRANSFORMS: dict[str, Callable[[Any, Call], Any]] = {}


def transform(name: str) -> Callable[[Callable[[Any, Call], Any]], Callable[[Any, Call], Any]]:
    """Register a transform."""

    def register(function: Callable[[Any, Call], Any]) -> Callable[[Any, Call], Any]:
        TRANSFORMS[name] = function
        return function

    return register


def bad(said: str) -> errors.InvalidArgumentError:
    """The error about an argument or a graph."""
    return errors.InvalidArgumentError(None, None, said)


def graph_of(nodes: Iterable[Any], like: Any = None) -> Any:
    """A GraphDef of nodes, with the versions of another."""
    out = proto.GraphDef() if like is None else proto.GraphDef(versions=like.versions)
    out.node.extend(nodes)
    return out


def edited(graph_def: Any, edit: Callable[[Any], None]) -> Any:
    """A copy of a GraphDef, `edit` called on each of its nodes."""
    out = graph_of(graph_def.node, graph_def)
    for node in out.node:
        edit(node)
    return out


def data_inputs(node: Any) -> list[str]:
    """The inputs of a node that are no control inputs."""
    return [one for one in node.input if not one.startswith("^")]


def renamed(text: str, names: dict[str, str]) -> str:
    """An input of a NodeDef with its node's name replaced: "^a", {"a": "b:1"} -> "^b".

    Raises:
      errors.InvalidArgumentError: the names go in a circle.
    """
    seen = set()
    while node_name_from_input(text) in names:
        name = node_name_from_input(text)
        if name in seen:
            raise bad(f"RenameNodeInputs argument contains a cycle for {name}")
        seen.add(name)
        target = names[name]
        if text.startswith("^"):
            text = "^" + node_name_from_input(target)
        else:
            text = target + text.removeprefix(name) if ":" not in target else target
    return text


def rename_inputs(graph_def: Any, names: dict[str, str]) -> Any:
    """A copy of a GraphDef whose nodes take other inputs."""

    def edit(node: Any) -> None:
        node.input[:] = [renamed(one, names) for one in node.input]

    return edited(graph_def, edit)


def in_order(graph_def: Any) -> list[Any]:
    """The nodes so that inputs come first, back edges of loops aside.

    Raises:
      errors.InvalidArgumentError: an input is not there, or nodes are in a cycle.
    """
    nodes = list(graph_def.node)
    index = {node.name: number for number, node in enumerate(nodes)}
    pending, followers, ready = [], [[] for _ in nodes], []
    for number, node in enumerate(nodes):
        controls = len(node.input) - len(data_inputs(node))
        pending.append(controls + 1 if node.op in _MERGE else len(node.input))
        if not node.input:
            ready.append(number)
        for text in node.input:
            name = node_name_from_input(text)
            if name not in index:
                raise bad(f"Node '{node.name}': Unknown input node '{text}'")
            followers[index[name]].append(number)
    out = []
    while ready:
        number = ready.pop()
        out.append(nodes[number])
        for other in followers[number]:
            pending[other] -= 1
            if not pending[other]:
                ready.append(other)
    if len(out) < len(nodes):
        raise bad(f"{len(nodes) - len(out)} nodes in a cycle")
    return out


def needed(graph_def: Any, outputs: Iterable[str], stops: frozenset[str]) -> set[str]:
    """Names of the nodes that outputs need; what `stops` need is left out.

    Raises:
      errors.InvalidArgumentError: a node is not there.
    """
    by_name = {node.name: node for node in graph_def.node}
    found: set[str] = set()
    waiting = [node_name_from_input(one) for one in outputs]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        if name in stops:
            continue
        if name not in by_name:
            raise bad(f"Input node {name} not found in graph")
        waiting += [node_name_from_input(one) for one in by_name[name].input]
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class Pattern:
    """Nodes to look for: the ops of one ("Conv2D|MatMul", "*" for any) and, if given, the patterns of its inputs."""

    ops: str
    inputs: tuple[Pattern, ...] = ()

    def matched(self, node: Any, by_name: dict[str, Any], taken: set[str]) -> list[Any] | None:
        """The nodes of a match, each before those of its inputs; None where there is none or a node is taken."""
        if node.name in taken or self.ops != "*" and node.op not in self.ops.split("|"):
            return None
        found = [node]
        texts = data_inputs(node)
        if self.inputs and len(texts) != len(self.inputs):
            return None
        for text, pattern in zip(texts, self.inputs, strict=False):
            below = pattern.matched(by_name[node_name_from_input(text)], by_name, taken)
            if below is None:
                return None
            found += below
        return found


def replaced(graph_def: Any, pattern: Pattern, make: Callable[..., list[Any]]) -> Any:
    """A copy of a GraphDef with `make(*nodes)` in place of each match; a match of which others need more stays.

    Args:
      graph_def: the GraphDef; every input of a node is in it.
      pattern: what to look for; no node belongs to two matches.
      make: gives the nodes that replace those of a match.
    """
    by_name = {node.name: node for node in graph_def.node}
    matches: dict[str, list[Any]] = {}
    taken: set[str] = set()
    for node in in_order(graph_def):  # which of two matches with a common node comes first depends on this order
        found = pattern.matched(node, by_name, taken)
        if found is not None:
            matches[node.name] = found
            taken |= {one.name for one in found}
    users: dict[str, set[str]] = {}
    for node in graph_def.node:
        for text in node.input:
            users.setdefault(node_name_from_input(text), set()).add(node.name)
    out = []
    for node in graph_def.node:
        if node.name in matches:
            out += _replacement(matches[node.name], users, make)
        elif node.name not in taken:
            out.append(node)
    return graph_of(out, graph_def)


def _replacement(nodes: list[Any], users: dict[str, set[str]], make: Callable[..., list[Any]]) -> list[Any]:
    """What replaces the nodes of a match: these themselves where others need what would be gone."""
    inside = {one.name for one in nodes}
    wanted = {name for name in inside if users.get(name, set()) - inside}
    made = make(*nodes)
    lost = sorted(wanted - {one.name for one in made})
    if not lost:
        return made
    logging.warning("Expected %s to be preserved; the nodes below %s stay.", ", ".join(lost), nodes[0].name)
    return list({one.name: one for one in nodes}.values())


def rename_ports(graph_def: Any, ports: dict[str, str], skipped: frozenset[str] = frozenset()) -> Any:
    """A copy of a GraphDef whose nodes, those `skipped` aside, take other tensors: {"a:1": "b:0"}."""

    def edit(node: Any) -> None:
        if node.name not in skipped:
            node.input[:] = [ports.get(one if ":" in one else f"{one}:0", one) for one in node.input]

    return edited(graph_def, edit)


def const_node(name: str, value: np.ndarray, dtype: DType | None = None) -> Any:
    """A Const node."""
    dtype = dtype or dtypes.as_dtype(value.dtype)
    node = proto.NodeDef(name=name, op="Const")
    node.attr["dtype"].type = dtype.as_datatype_enum
    node.attr["value"].tensor.CopyFrom(make_tensor_proto(value, dtype, value.shape))
    return node
