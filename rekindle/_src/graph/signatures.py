"""The signatures of all ops of TensorFlow 1.15.5: arguments, attrs, defaults, allowed values, statefulness.

Holds `Signature` and `signature(op type)`. The facts stand in op_table.json, one line an op; a signature is made when
it
is first asked for. Holds nothing of what an op does: that is in its block below `rekindle/_src/ops`.
"""
from __future__ import annotations

import functools
import json
import pathlib
from dataclasses import dataclass
from typing import Any

from google.protobuf import text_format

from rekindle._src import errors
from rekindle._src.graph import dtypes, proto, tensor_value
from rekindle._src.graph.dtypes import DType

REQUIRED: Any = type("Required", (), {"__repr__": lambda self: "REQUIRED"})()


@dataclass(frozen=True, slots=True)
class Arg:
    """One input or output of an op: of a fixed type, of the type in an attr, or a list of tensors."""

    name: str
    dtype: DType | None = None
    type_attr: str | None = None
    number_attr: str | None = None
    type_list_attr: str | None = None
    is_ref: bool = False

    @property
    def is_list(self) -> bool:
        """True if the argument is a list of tensors."""
        return self.number_attr is not None or self.type_list_attr is not None


@dataclass(frozen=True, slots=True)
class Attr:
    """One attr of an op; `default` is REQUIRED where there is none."""

    name: str
    type: str
    default: Any = REQUIRED
    allowed: tuple[Any, ...] = ()
    minimum: int | None = None


@dataclass(frozen=True, slots=True)
class Signature:
    """What the registry of TensorFlow 1.15.5 says of one op."""

    name: str
    inputs: tuple[Arg, ...]
    outputs: tuple[Arg, ...]
    attrs: tuple[Attr, ...]
    stateful: bool
    commutative: bool
    aggregate: bool
    allows_uninitialized_input: bool
    deprecated_at: int | None
    attr: dict[str, Attr]
    inferred: frozenset[str]  # attrs that follow from the inputs
    parameters: tuple[str, ...]  # of the Python function: inputs, attrs to give, attrs with defaults


@functools.cache
def _table() -> dict[str, Any]:
    return json.loads((pathlib.Path(__file__).parent / "op_table.json").read_text())


def op_types() -> list[str]:
    """The names of all ops of TensorFlow 1.15.5, sorted."""
    return list(_table())


def is_known(op_type: str) -> bool:
    """True if TensorFlow 1.15.5 has the op."""
    return op_type in _table()


@functools.cache
def signature(op_type: str) -> Signature:
    """The signature of an op.

    Raises:
      NotFoundError: TensorFlow 1.15.5 has no such op.
    """
    facts = _table().get(op_type)
    if facts is None:
        raise errors.NotFoundError(
            None, None,
            f"Op type not registered '{op_type}' in binary running on localhost. Make sure the Op and Kernel are "
            "registered in the binary running in this process. Note that if you are loading a saved graph which used "
            "ops from tf.contrib, accessing (e.g.) `tf.contrib.resampler` should be done before importing the graph, "
            "as contrib ops are lazily registered when the module is first accessed.")
    return make_signature(op_type, facts)


def make_signature(name: str, facts: dict[str, Any]) -> Signature:
    """The signature that a line of the table spells."""
    inputs, outputs = (tuple(map(_arg, facts[side])) for side in ("in", "out"))
    attrs = tuple(map(_attr, facts["attr"]))
    inferred = frozenset(
        a for arg in inputs for a in (arg.type_attr, arg.number_attr, arg.type_list_attr) if a is not None)
    to_give = [a for a in attrs if a.name not in inferred]
    return Signature(
        name, inputs, outputs, attrs, facts.get("is_stateful", False), facts.get("is_commutative", False),
        facts.get("is_aggregate", False), facts.get("allows_uninitialized_input", False),
        facts.get("deprecated_at_graph_version"), {a.name: a for a in attrs}, inferred,
        tuple([a.name for a in inputs] + [a.name for a in to_give if a.default is REQUIRED]
              + [a.name for a in to_give if a.default is not REQUIRED]))


def _arg(facts: dict[str, Any]) -> Arg:
    dtype = dtypes.as_dtype(facts["type"]) if "type" in facts else None
    return Arg(facts["name"], dtype, facts.get("type_attr"), facts.get("number_attr"), facts.get("type_list_attr"),
               facts.get("is_ref", False))


def _attr(facts: dict[str, Any]) -> Attr:
    kind = facts["type"]
    default = _value(kind, facts["default"]) if "default" in facts else REQUIRED
    allowed = tuple(_value(kind.removeprefix("list(").removesuffix(")"), x) for x in facts.get("allowed", ()))
    return Attr(facts["name"], kind, default, allowed, facts.get("min"))


def _value(kind: str, value: Any) -> Any:
    """A value of the table in the form in which operations hold it."""
    if kind.startswith("list("):
        return [_value(kind[5:-1], x) for x in value]
    if kind == "type":
        return dtypes.as_dtype(value["type"] if isinstance(value, dict) else value)
    if kind == "shape":
        dims = value["shape"] if isinstance(value, dict) else value
        return None if dims is None else tuple(None if d == -1 else d for d in dims)
    if kind == "string":
        return value.encode()
    if kind == "tensor":
        return tensor_value.make_ndarray(text_format.Parse(value, proto.TensorProto()))
    return value
