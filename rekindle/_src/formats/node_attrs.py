"""The attrs of a NodeDef, read by what the registry says of the op, and refused as TensorFlow refuses them."""
from __future__ import annotations

import math
from typing import Any

from rekindle._src import errors
from rekindle._src.graph import attrs as attr_forms
from rekindle._src.graph import dtypes, proto
from rekindle._src.graph.op_text import op_text
from rekindle._src.graph.signatures import REQUIRED, Attr, Signature

_LARGEST = 2**63 - 1
_INT32 = 2**31
#: outputs that one operation may have; TensorFlow dies of more than memory holds
_MOST_OUTPUTS = 2**20
#: bytes of a TensorProto that an error shows
_SHOWN = 2000


def read_attrs(node: Any, facts: Signature) -> dict[str, Any]:
    """The attrs in their Python form, defaults filled in.

    Args:
      node: the NodeDef.
      facts: the signature of its op.

    Raises:
      ValueError: one is missing, unknown, of the wrong type, or has a value that the op does not allow.
      errors.InvalidArgumentError: a tensor cannot be read.
    """
    out: dict[str, Any] = {}
    where = f"; NodeDef: {{{{node {node.name}}}}}"
    for key in node.attr:
        if key not in facts.attr and not key.startswith("_"):
            raise ValueError(
                f"NodeDef mentions attr '{key}' not in {op_text(facts)}{where}. (Check whether your "
                "GraphDef-interpreting binary is up to date with your GraphDef-generating binary.)."
            )
    for attr in sorted(facts.attrs, key=lambda one: one.type != "type"):  # the types are checked first
        if attr.name in node.attr:
            out[attr.name] = _read(node, attr, f"{where}; ", facts)
        elif attr.default is not REQUIRED:
            out[attr.name] = attr.default
        else:
            raise ValueError(f"NodeDef missing attr '{attr.name}' from {op_text(facts)}{where}")
    for key in node.attr:
        if key not in facts.attr and key != "_output_shapes":
            out[key] = proto.AttrValue.FromString(node.attr[key].SerializeToString())
    _check_counts(node, facts, out)
    return out


def _read(node: Any, attr: Attr, where: str, facts: Signature) -> Any:
    held = node.attr[attr.name]
    for number in (*held.list.type, held.type) if "type" in attr.type else ():
        problem = _type_problem(number) if held.WhichOneof("value") in ("type", "list") else None
        if problem is not None and (number or held.WhichOneof("value") == "type"):
            raise ValueError(f"{problem}\n\t for attr '{attr.name}'\n\t{where}{op_text(facts)}")
    if attr.type == "shape":
        check_sizes(node, [one.size for one in held.shape.dim])
    try:
        value = attr_forms.from_proto(attr.type, held)
    except (ValueError, TypeError, MemoryError) as error:
        if attr.type != "tensor" or held.WhichOneof("value") != "tensor":
            raise ValueError(f"{error}\n\t for attr '{attr.name}'\n\t{where}{op_text(facts)}") from error
        check_sizes(node, [one.size for one in held.tensor.tensor_shape.dim], is_whole=True)
        said = f"Cannot parse tensor from proto: {_shown(held.tensor)}"
        raise errors.InvalidArgumentError(None, None, said) from None
    problem = _value_problem(attr, value)
    if problem is not None:
        raise ValueError(f"{problem}\n\t{where}{op_text(facts)}")
    return value


def _type_problem(number: int) -> str | None:
    try:
        found = dtypes.as_dtype(number)
    except TypeError:
        return "AttrValue has invalid DataType" + (f" enum: {number}" if number else "")
    return f"AttrValue must not have reference type value of {type_name(found)}" if found._is_ref_dtype else None


def _value_problem(attr: Attr, value: Any) -> str | None:
    """What is wrong with a value by the attr's own limits."""
    values = value if attr.type.startswith("list(") else [value]
    if attr.minimum is not None:
        if attr.type == "int" and value < attr.minimum:
            return f"Value for attr '{attr.name}' of {value} must be at least minimum {attr.minimum}"
        if attr.type != "int" and len(values) < attr.minimum:
            return f"Length for attr '{attr.name}' of {len(values)} must be at least minimum {attr.minimum}"
    for one in values if attr.allowed else ():
        if one not in attr.allowed:
            listed = ", ".join(map(_shown_value, attr.allowed))
            return f"Value for attr '{attr.name}' of {_shown_value(one)} is not in the list of allowed values: {listed}"
    return None


def _shown_value(value: Any) -> str:
    return f'"{value.decode(errors="replace")}"' if isinstance(value, bytes) else type_name(value)


def _check_counts(node: Any, facts: Signature, attrs: dict[str, Any]) -> None:
    """Refuse lists of more tensors than there can be."""
    for arg in (*facts.inputs, *facts.outputs):
        count = attrs[arg.number_attr] if arg.number_attr is not None else 0
        if count >= _INT32:
            raise ValueError(f"Attr {arg.number_attr} has value {count} out of range for an int32")
        if arg in facts.inputs and count > len(node.input):
            raise ValueError(
                f"NodeDef expected {count} inputs '{arg.name}' do not match {len(node.input)} inputs specified; "
                f"{op_text(facts)}; NodeDef: {{{{node {node.name}}}}}"
            )
        if count > _MOST_OUTPUTS:
            raise ValueError(f"Attr {arg.number_attr} of node '{node.name}' asks for {count} tensors")


def check_sizes(node: Any, sizes: list[int], is_whole: bool = False) -> None:
    """Raise ValueError unless a tensor can have that shape; with `is_whole` it must be known."""
    what = None
    if min(sizes, default=0) < -1:
        what = "has dimensions with values below -1 (where -1 means unknown)"
    if is_whole and min(sizes, default=0) < 0:
        what = "is not fully defined"
    if what is None and min(sizes, default=0) >= 0 and math.prod(sizes) > _LARGEST:
        what = "is too large (more than 2**63 - 1 entries)"
    if what is not None:
        listed = ",".join(map(str, sizes))
        raise ValueError(f"Shape [{listed}] {what} for '{node.name}' (op: '{node.op}') with input shapes: .")


def _shown(tensor: Any) -> str:
    """A TensorProto as text; a long one without its values."""
    if tensor.ByteSize() <= _SHOWN:
        return str(tensor)
    head = proto.TensorProto(dtype=tensor.dtype, tensor_shape=tensor.tensor_shape)
    return f"{head}# {tensor.ByteSize()} bytes"


def type_name(dtype: Any) -> str:
    """A type as TensorFlow's C++ names it: float, double, half, int32, float_ref."""
    name = str(dtype.base_dtype.name)
    name = {"float32": "float", "float64": "double", "float16": "half"}.get(name, name)
    return name + ("_ref" if dtype._is_ref_dtype else "")
