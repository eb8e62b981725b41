"""`tf.tools.graph_transforms`: GraphDefs rewritten by named transforms.

Holds the parser of their calls and `TransformGraph`. The transforms stand in transform_nodes.py,
transform_folding.py, transform_fusions.py and transform_ranges.py.
"""
from __future__ import annotations

import re
from typing import Any

from rekindle._src import errors
from rekindle._src import tf_logging as logging
from rekindle._src.compat import as_text
from rekindle._src.graph import proto
from rekindle._src.names import public
from rekindle._src.rewrite import (  # noqa: F401 - they register transforms
    transform_folding,
    transform_fusions,
    transform_nodes,
    transform_ranges,
)
from rekindle._src.rewrite.inference import node_name_from_input
from rekindle._src.rewrite.patterns import TRANSFORMS, Call, bad, graph_of

#: transforms of TensorFlow that are not here
_ABSENT = frozenset(("quantize_nodes", "sparsify_gather"))
_NAME = re.compile(r"\w+", re.ASCII)
_VALUE = re.compile(r'"((?:[^"\\]|\\.)*)"|([\w\-./]+)', re.ASCII)


@public("tools.graph_transforms.TransformGraph")
def transform_graph(input_graph_def: Any, inputs: list[str], outputs: list[str], transforms: list[str]) -> Any:
    """A GraphDef after transforms, one after the other.

    Args:
      input_graph_def: a GraphDef.
      inputs: names of the model's inputs.
      outputs: names of the model's outputs.
      transforms: calls, as `fold_constants(ignore_errors=true)`.

    Raises:
      errors.InvalidArgumentError: a transform is not known, or its arguments are wrong.
      errors.UnimplementedError: a transform of TensorFlow is not here.
      errors.InternalError: a transform left inputs without their nodes.
    """
    graph_def = graph_of(input_graph_def.node, input_graph_def)
    graph_def.library.CopyFrom(input_graph_def.library)
    inputs, outputs = [as_text(one) for one in inputs], [as_text(one) for one in outputs]
    for name, parameters in parse_calls(" ".join(as_text(one) for one in transforms)):
        graph_def = _applied(graph_def, Call(name, inputs, outputs, parameters))
    return graph_def


def _applied(graph_def: Any, call: Call) -> Any:
    if call.name in _ABSENT:
        here = ", ".join(sorted(TRANSFORMS))
        raise errors.UnimplementedError(None, None, f"Transform '{call.name}' is not supported; these are: {here}")
    if call.name not in TRANSFORMS:
        raise bad(f"Transform '{call.name}' not recognized.")
    ignore = call.parameters.get("ignore_errors", ["false"])[0].lower()
    if ignore not in ("true", "false"):
        raise bad(f"ignore_errors should be true or false, found {ignore}")
    logging.info("Applying %s", call.name)
    try:
        out = TRANSFORMS[call.name](graph_def, call)
    except (errors.OpError, ValueError) as error:
        if ignore == "false":
            raise
        logging.error("%s: Ignoring error %s", call.name, error)
        out = graph_of(graph_def.node, graph_def)
    out.library.CopyFrom(graph_def.library)
    names = {node.name for node in out.node}
    for node in out.node:
        for text in node.input:
            if node_name_from_input(text) not in names:
                logging.error("Invalid input %s for node %s", text, node.name)
                said = "Invalid graph with inputs referring to nonexistent nodes"
                raise errors.InternalError(None, None, said)
    return out


@public("tools.graph_transforms.TransformGraphWithStringInputs")
def transform_graph_with_string_inputs(
    graph_def_string: bytes, inputs_string: Any, outputs_string: Any, transforms_string: Any, status: Any = None
) -> bytes:
    """`TransformGraph` on bytes, names separated by commas, calls by blanks; `status` is not needed."""
    graph_def = proto.GraphDef.FromString(graph_def_string)
    names = [[one for one in as_text(text).split(",") if one] for text in (inputs_string, outputs_string)]
    return transform_graph(graph_def, *names, [as_text(transforms_string)]).SerializeToString()


def parse_calls(text: str) -> list[tuple[str, dict[str, list[str]]]]:
    """Calls of transforms: `a b(x=1, x=2, y="3,4")` -> [("a", {}), ("b", {"x": ["1", "2"], "y": ["3,4"]})].

    Raises:
      errors.InvalidArgumentError: it is not of that form.
    """
    calls: list[tuple[str, dict[str, list[str]]]] = []
    rest = text.lstrip(" \t\n\r\\")
    while rest:
        match = _NAME.match(rest)
        if match is None:
            raise bad(f"Looking for transform name, but found {rest}")
        name, rest = match[0], rest[match.end():]
        parameters: dict[str, list[str]] = {}
        if rest.startswith("("):
            rest, is_closed = _parse_parameters(rest[1:], parameters)
            if not is_closed:
                return calls
        calls.append((name, parameters))
        rest = rest.lstrip(" \t\n\r\\")
    return calls


def _parse_parameters(rest: str, parameters: dict[str, list[str]]) -> tuple[str, bool]:
    """Read `x=1, y=2)`; gives what follows, and whether it was closed."""
    while rest:
        if rest.startswith(")"):
            return rest[1:], True
        rest = rest.removeprefix(",").lstrip()
        match = _NAME.match(rest)
        if match is None:
            raise bad(f"Looking for parameter name, but found {rest}")
        key, rest = match[0], rest[match.end():]
        if not rest.startswith("="):
            raise bad(f"Looking for =, but found {rest}")
        match = _VALUE.match(rest[1:])
        if match is None:
            raise bad(f"Looking for parameter name, but found {rest[1:]}")
        parameters.setdefault(key, []).append(match[2] if match[1] is None else match[1])
        rest = rest[1 + match.end():].removeprefix('"').removeprefix("'")
    return rest, False


TransformGraph = transform_graph
TransformGraphWithStringInputs = transform_graph_with_string_inputs
