"""An op's signature as TensorFlow writes it in messages: `Op<name=Identity; signature=input:T -> ...>`."""
from __future__ import annotations

from typing import Any

from rekindle._src.graph import dtypes
from rekindle._src.graph.dtypes import DType
from rekindle._src.graph.signatures import REQUIRED, Arg, Attr, Signature

#: longer lists are written with their middle left out
_LONGEST = 15
_ENDS = 5
_SHORT = {"float32": "float", "float64": "double", "float16": "half"}


def op_text(facts: Signature) -> str:
    """The text of a signature."""
    inputs, outputs = (", ".join(map(_arg, side)) for side in (facts.inputs, facts.outputs))
    parts = [f"name={facts.name}", f"signature={inputs} -> {outputs}", *map(_attr, facts.attrs)]
    for flag in ("commutative", "aggregate", "stateful", "allows_uninitialized_input"):
        if getattr(facts, flag):
            parts.append(f"{flag if flag.startswith('allows') else 'is_' + flag}=true")
    return f"Op<{'; '.join(parts)}>"


def _arg(arg: Arg) -> str:
    if arg.type_list_attr is not None:
        return f"{arg.name}:"
    kind = arg.type_attr or (arg.dtype and _SHORT.get(arg.dtype.name, arg.dtype.name))
    kind = f"{arg.number_attr}*{kind}" if arg.number_attr else kind
    return f"{arg.name}:Ref({kind})" if arg.is_ref else f"{arg.name}:{kind}"


def _attr(attr: Attr) -> str:
    text = f"attr={attr.name}:{attr.type}"
    if attr.default is not REQUIRED:
        text += f",default={_value(attr.default)}"
    if attr.minimum is not None:
        text += f",min={attr.minimum}"
    if attr.allowed:
        text += f",allowed={_value(list(attr.allowed))}"
    return text


def _value(value: Any) -> str:
    if isinstance(value, DType):
        return dtypes.proto_name(value)
    if isinstance(value, list):
        texts = [_value(one) for one in value]
        if len(texts) > _LONGEST:
            texts[_ENDS:-_ENDS] = ["..."]
        return f"[{', '.join(texts)}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, bytes | str):
        text = value.decode() if isinstance(value, bytes) else value
        return '"' + text.encode("unicode_escape").decode() + '"'
    if value is None:
        return "<unknown>"
    if isinstance(value, tuple):
        return "[" + ",".join("?" if size is None else str(size) for size in value) + "]"
    return f"{value:g}" if isinstance(value, float) else str(value)
